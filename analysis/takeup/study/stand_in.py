"""A stand-in for data that may not travel: the same tables, columns and kinds of values, and nobody's answers.

Made from the plan, the schemas, and of each column its shape alone: how many people and groups there are, the rounded share of each code that
enough people have, a rounded mean and spread, the month around which its dates lie, the rounded share of empty cells. Columns are drawn one by
one, so no relation between them is kept but the order of dates and the design of the draw, which is made anew. No number of a person, no text and
no amount is one of the data; `overlaps` says so, or which column isn't so.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.results import FrozenMap
from takeup.study.mock import LOST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pandas import DataFrame, Series

    from takeup.intake.schema import Field, TableSchema
    from takeup.intake.trial import TrialData
    from takeup.plan.model import Plan
    from takeup.release.rules import Rules

STREAM = 301
"""Key of the streams; the seed is the plan's."""
TOOK_UP = 0.6
MANY = 20
"""With more distinct values a column of numbers is one of amounts."""
SPREAD = 14
"""Days around a column's middle."""
STEPS = ("knows", "applied", "granted", "receives")
"""The way to a right; none without the one before."""
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Maker:
    """What every table is made from."""

    plan: Plan
    trial: TrialData
    rules: Rules
    ids: Mapping[Any, Any]
    roster: DataFrame

    def stream(self, table: str) -> np.random.Generator:
        return np.random.default_rng([self.plan.analyses.seed, STREAM, sorted(self.trial.schemas).index(table)])


def stand_in(plan: Plan, trial: TrialData, rules: Rules) -> dict[str, DataFrame]:
    """The tables of a study's stand-in, by name; cells as a text file holds them.

    Parameters
    ----------
    plan, trial : the study
    rules : the disclosure rules: no code that fewer people have, no count that isn't rounded
    """
    import pandas as pd

    columns = trial.columns
    n = max(rules.rounded(len(trial.units)), 40)
    real = trial.units[columns.unit]
    ids = _new_ids(trial.schemas[columns.roster].field(columns.unit), real, n)
    roster = _design(plan, trial, n).assign(**{columns.unit: ids})
    maker = _Maker(plan, trial, rules, FrozenMap(), roster)
    out = {columns.roster: _table(maker, columns.roster, roster, np.arange(n))}
    made = out[columns.roster]
    for name, schema in trial.schemas.items():
        if name == columns.roster:
            continue
        stream = maker.stream(name)
        if name in columns.unit_tables:
            rows = np.flatnonzero(stream.random(n) >= LOST) if columns.after_the_draw(name) else np.arange(n)
            base = pd.DataFrame({columns.unit: made[columns.unit].to_numpy()[rows]})
        elif columns.unit in schema.names:
            base = _long(maker, name, made, stream)
        else:
            base = _keyed(maker, name)
        out[name] = _table(maker, name, base, np.arange(len(base)))
    _lookups(maker, out)
    return {name: _ordered(frame, trial.schemas[name]) for name, frame in out.items()}


def overlaps(plan: Plan, trial: TrialData, made: Mapping[str, DataFrame]) -> tuple[str, ...]:
    """The columns (``table.column``) in which a number of a person, a text or an amount of the data stands; none, if all is well."""
    found = []
    for name, frame in made.items():
        for item in trial.schemas[name].fields:
            real = trial.tables[name][item.name].dropna()
            if item.categories or not len(real) or _is_code(item, real, plan):
                continue
            own = item.name == trial.columns.unit or item.type == "string" or _amounts(item, real)
            if own and {str(value) for value in real} & {str(value) for value in frame[item.name] if value != ""}:
                found.append(f"{name}.{item.name}")
    return tuple(found)


def _is_code(item: Field, real: Series, plan: Plan) -> bool:
    """Whether a column of text holds codes of a list rather than words: the arm, the wave, the name of a right or of a place that many share."""
    named = {column.rpartition(".")[2] for column in (plan.design.treatment, plan.design.blocks, plan.design.clusters) if column}
    held = set(plan.rights.columns.values()) | {"right", "wave"} if plan.rights is not None else set()
    return item.name in held | {_bare(plan.design.treatment)} or (item.name in named and item.type != "string") or bool(
        item.type == "string" and item.pattern and real.nunique() * 20 <= len(real))


def _amounts(item: Field, real: Series) -> bool:
    return item.type == "number" and real.nunique() > MANY


def _new_ids(item: Field, real: Series, n: int) -> list[Any]:
    """Numbers of people that nobody has."""
    if item.type in {"integer", "number", "year"}:
        top = int(real.max())
        start = 10 ** len(str(abs(top))) + 1
        if isinstance(item.maximum, int | float) and start + n > item.maximum:
            taken = {int(value) for value in real}
            low = int(item.minimum) if isinstance(item.minimum, int | float) else 0
            return [value for value in range(low, int(item.maximum) + 1) if value not in taken][:n]
        return list(range(start, start + n))
    return _texts(item, real, n, np.random.default_rng(STREAM), unique=True)


def _design(plan: Plan, trial: TrialData, n: int) -> DataFrame:
    """Blocks, clusters, arms, receipt, provider and day of the draw, by the trial's own kind of draw, all drawn anew."""
    import pandas as pd

    design, stream = plan.design, np.random.default_rng([plan.analyses.seed, STREAM])
    frame, treatment = trial.units, _bare(design.treatment)
    arms = list(trial.ledger.arms)
    real = frame[str(trial.design.treatment)]
    labels = {str(value): value for value in real.dropna().unique()}
    shares = np.array([round(20 * float((real.astype(str) == arm).mean())) / 20 for arm in arms])
    shares = np.where(shares > 0, shares, 0.05)
    drawn = np.arange(n) if design.clusters is None else np.arange(n) * _groups(trial, design.clusters, n) // n
    units = int(drawn.max()) + 1
    if design.draw == "pairs":
        units -= units % 2
        drawn = np.minimum(drawn, units - 1)
    size = 2 if design.draw == "pairs" else max(len(arms) * 2, -(-units // _groups(trial, design.blocks, units)))
    block = np.minimum(np.arange(units) // size, max(units // size - 1, 0))
    arm = np.concatenate([stream.permutation(_shared(shares, int((block == one).sum()))) for one in range(int(block.max()) + 1)])
    out: dict[str, Any] = {treatment: [labels[arms[code]] for code in arm[drawn]]}
    for column, codes in ((design.blocks, block[drawn]), (design.clusters, drawn)):
        if column is not None:
            out[column] = _labels(trial, column, codes)
    treated = arm[drawn] != 0
    if design.nested_in is not None:
        provider = _labels(trial, design.nested_in, stream.integers(max(_groups(trial, design.nested_in, n), 2), size=n))
        out[design.nested_in] = [one if yes else "" for one, yes in zip(provider, treated, strict=True)]
    if design.received is not None:
        out[design.received] = (treated & (stream.random(n) < TOOK_UP)).astype(int)
    if isinstance(design.probability, str):
        out[design.probability] = 1.0 - shares[0] / shares.sum()
    return pd.DataFrame({name.rpartition(".")[2]: values for name, values in out.items()}, index=range(n))


def _bare(column: str | None) -> str:
    """A column's name without its table."""
    return str(column).rpartition(".")[2]


def _groups(trial: TrialData, column: str | None, most: int) -> int:
    """How many groups there are."""
    return 1 if column is None else min(int(trial.units[trial.resolve(column)].nunique()), max(most // 2, 1))


def _shared(shares: Any, size: int) -> Any:
    """Arms in proportion, each at least once."""
    counts = np.maximum(np.floor(shares / shares.sum() * size), 1).astype(int)
    counts[0] += size - counts.sum()
    return np.repeat(np.arange(shares.size), np.maximum(counts, 0))[:size]


def _labels(trial: TrialData, column: str, codes: Any) -> list[Any]:
    """Names of groups: the codes of the schema, else numbers or texts of their own."""
    item, real = trial.field(column), trial.units[trial.resolve(column)].dropna()
    if item.categories:
        values: list[Any] = [category.value for category in item.categories]
    elif item.type in {"integer", "number", "year"}:
        low = int(item.minimum) if isinstance(item.minimum, int | float) else 1
        values = list(range(low, low + int(codes.max()) + 1))
    else:
        values = _texts(item, real, int(codes.max()) + 1, np.random.default_rng(STREAM), unique=True)
    return [values[code % len(values)] for code in codes]


def _long(maker: _Maker, name: str, made: DataFrame, stream: np.random.Generator) -> DataFrame:
    """Rows of a table with several rows a unit: every combination of its other keys, or about as many as there were."""
    import pandas as pd

    trial, schema, unit = maker.trial, maker.trial.schemas[name], maker.trial.columns.unit
    real = trial.tables[name]
    ids = made[unit].to_numpy()
    keys = [key for key in schema.primary_key if key != unit]
    if unit in schema.primary_key and keys:
        levels = [[category.value for category in schema.field(key).categories] or sorted(real[key].dropna().unique()) for key in keys]
        grid = pd.MultiIndex.from_product([ids, *levels], names=[unit, *keys]).to_frame(index=False)
        share = min(1.0, len(real) / max(len(trial.units) * math.prod(map(len, levels)), 1))
        return grid if share > 0.9 else grid[stream.random(len(grid)) < round(share, 1) + 0.05].reset_index(drop=True)
    named = real[unit].dropna()
    if maker.plan.rights is not None and name == maker.plan.rights.contacts:
        ids = ids[(maker.roster[_bare(maker.plan.design.treatment)].astype(str) != str(maker.plan.design.control)).to_numpy()]
    if schema.field(unit).unique:
        return pd.DataFrame({unit: ids})
    each = max(round(len(named) / max(named.nunique(), 1)), 1)
    return pd.DataFrame({unit: np.repeat(ids, each)})


def _keyed(maker: _Maker, name: str) -> DataFrame:
    """Rows of a table that isn't about units: a place, a centre."""
    import pandas as pd

    schema, rows = maker.trial.schemas[name], len(maker.trial.tables[name])
    if len(schema.primary_key) != 1:
        return pd.DataFrame(index=range(rows))
    item, real = schema.field(schema.primary_key[0]), maker.trial.tables[name][schema.primary_key[0]]
    return pd.DataFrame({item.name: [category.value for category in item.categories][:rows] if item.categories else _new_ids(item, real, rows)})


def _lookups(maker: _Maker, out: dict[str, DataFrame]) -> None:
    """Units point to rows that there are."""
    for table, (column, key) in maker.trial.columns.lookups.items():
        roster = out[maker.trial.columns.roster]
        names = out[table][key].to_numpy()
        places = {value: place for place, value in enumerate(dict.fromkeys(roster[column]))}
        roster[column] = [names[places[value] % len(names)] for value in roster[column]]


def _table(maker: _Maker, name: str, base: DataFrame, rows: Any) -> DataFrame:
    """The columns of a table that aren't there yet, one by one."""
    schema, stream = maker.trial.schemas[name], maker.stream(name)
    columns: dict[str, Any] = {item: base[item].tolist() for item in base.columns if item in schema.names}
    status = (maker.plan.flow.status or "").rpartition(".")[2]
    for item in schema.fields:
        if item.name in columns:
            continue
        if item.name == status and not item.required:
            columns[item.name] = [""] * rows.size
        else:
            columns[item.name] = _column(maker, name, item, rows.size, stream)
    if set(STEPS) <= set(columns):
        for before, step in zip(("eligible", *STEPS), STEPS, strict=False):
            columns[step] = [now if str(then) == "1" else 0 for then, now in zip(columns.get(before, columns[step]), columns[step], strict=True)]
    return base.assign(**columns)[[*columns]]


def _column(maker: _Maker, table: str, item: Field, n: int, stream: np.random.Generator) -> list[Any]:
    """`n` cells of the column's shape."""
    real = maker.trial.tables[table][item.name]
    seen = real.dropna()
    gone = 0.0 if item.required or not len(real) else round(20 * float(real.isna().mean())) / 20
    if item.unique or maker.trial.schemas[table].primary_key == (item.name,):
        return _new_ids(item, seen, n)
    values = _values(maker, item, seen, n, stream)
    return ["" if empty else value for value, empty in zip(values, stream.random(n) < gone, strict=True)] if gone else values


def _values(maker: _Maker, item: Field, seen: Series, n: int, stream: np.random.Generator) -> list[Any]:
    coded = _is_code(item, seen, maker.plan)
    if item.categories or item.type == "boolean" or coded:
        options: list[Any] = [category.value for category in item.categories] or (sorted(seen.unique()) if coded else [True, False])
        counts = [int((seen == value).sum()) for value in options]
        weights = np.array([0 if maker.rules.small(count) else maker.rules.rounded(count) for count in counts], dtype=float)
        weights = weights if weights.sum() else np.ones(len(options))
        drawn = stream.choice(len(options), size=n, p=weights / weights.sum())
        words = {True: item.true_values[0], False: item.false_values[0]}
        return [words[options[place]] if item.type == "boolean" else options[place] for place in drawn]
    if not len(seen) or maker.rules.small(len(seen)):
        return [""] * n if not item.required else _texts(item, seen, n, stream) if item.type == "string" else [item.minimum or 0] * n
    if item.type == "string":
        return _texts(item, seen, n, stream)
    if item.type in {"date", "datetime"}:
        return _days(item, seen, n)
    return _numbers(item, seen, n, stream)


def _numbers(item: Field, seen: Series, n: int, stream: np.random.Generator) -> list[Any]:
    """Around a rounded mean, with a rounded spread, within the limits; amounts are none that there are."""
    values = seen.to_numpy(dtype=float)
    mean, spread = float(f"{values.mean():.1e}"), float(f"{values.std():.1e}")
    drawn = stream.normal(mean, spread, size=n)
    if isinstance(item.minimum, int | float) or values.min() >= 0:
        drawn = np.abs(drawn) if not isinstance(item.minimum, int | float) else np.maximum(drawn, float(item.minimum))
    if isinstance(item.maximum, int | float):
        drawn = np.minimum(drawn, float(item.maximum))
    if item.type != "number":
        return [int(value) for value in np.round(drawn)]
    digits = min(max((len(f"{value:.6f}".rstrip("0").partition(".")[2]) for value in values[:200]), default=0), 6)
    rounded = np.round(drawn, digits)
    if _amounts(item, seen):
        taken = {round(float(value), 6) for value in values}
        rounded = np.array([next(moved for moved in _moves(float(value), item) if round(moved, 6) not in taken) for value in rounded])
    return [float(value) for value in rounded]


def _moves(value: float, item: Field) -> Any:
    """A value and those near it, within the limits."""
    low = float(item.minimum) if isinstance(item.minimum, int | float) else -math.inf
    high = float(item.maximum) if isinstance(item.maximum, int | float) else math.inf
    yield value
    for step in range(1, 100_000):
        for moved in (value + step * 1.7e-4, value - step * 1.7e-4):
            if low <= moved <= high:
                yield round(moved, 5)


def _days(item: Field, seen: Series, n: int) -> list[str]:
    """Around the middle of the month that they lie around, each unit as late as in every other column, so that what follows still follows."""
    import pandas as pd

    middle = pd.Timestamp(seen.sort_values().iloc[len(seen) // 2]).normalize()
    first = middle.replace(day=1) + pd.Timedelta(days=middle.day // 10 * 10)
    bounds = [pd.Timestamp(limit) if limit is not None else None for limit in (item.minimum, item.maximum)]
    days = [first + pd.Timedelta(days=place % SPREAD) for place in range(n)]
    days = [max(day, bounds[0]) if bounds[0] is not None else day for day in days]
    days = [min(day, bounds[1]) if bounds[1] is not None else day for day in days]
    form = item.format or ("%Y-%m-%d" if item.type == "date" else "%Y-%m-%dT%H:%M:%S")
    return [day.strftime(form) for day in days]


def _texts(item: Field, real: Series, n: int, stream: np.random.Generator, *, unique: bool = False) -> list[str]:
    """Words of no meaning; where there is a pattern, of the form of the real ones, every digit and letter drawn anew."""
    taken = {str(value) for value in real}
    if not item.pattern:
        most = item.max_length or 20
        return [f"made up {place}"[-most:] if most >= 9 else f"{place:0{min(most, 6)}d}"[-most:] for place in range(1, n + 1)]
    shapes = sorted({re.sub(r"[0-9]", "0", value) for value in list(taken)[:500]}) or ["000000"]
    out: list[str] = []
    for _ in range(200 * n + 10_000):
        if len(out) == n:
            break
        shape = shapes[int(stream.integers(len(shapes)))]
        text = re.sub("0", lambda _: str(stream.integers(10)), shape)
        if text in taken:
            text = re.sub(r"[a-z]", lambda _: "abcdefghijklmnopqrstuvwxyz"[stream.integers(26)], text)
        if re.fullmatch(item.pattern, text) and text not in taken and not (unique and text in out):
            out.append(text)
    return out + [""] * (n - len(out))


def _ordered(frame: DataFrame, schema: TableSchema) -> DataFrame:
    return frame[[name for name in schema.names if name in frame.columns]]
