"""A study before its answers are in: who takes part and the baseline are real, what comes after is made up from the plan and the schemas.

Tables of waves after the draw are never opened, whether they exist or not; stand-ins that fit their schemas take their place, one unit in ten
without a row. Outcomes are then drawn from the plan: around the real baseline where there is one, else over their support, with no difference
between arms. Take-up of rights after the draw is that of other units at baseline. What lies beside the baseline in one file (receipt of the
programme, the log of contacts) is shown as it is: keep such columns empty until the time has come. Where nobody is drawn yet, the
draw is made up too.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.design.allocation import BATCH, drawn, master_seed
from takeup.design.redraw import label_text
from takeup.errors import Fault, IntakeError, PlanError, TakeupError, listed, nearest
from takeup.intake.assignment import allocation_of, undrawn
from takeup.intake.columns import plan_columns
from takeup.intake.schema_file import schema_and_faults
from takeup.intake.tables import locate, open_table
from takeup.intake.trial import Tables, open_files, open_trial
from takeup.measure.outcomes import baseline_of
from takeup.plan.read import check
from takeup.plan.yamlfile import load
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pandas import DataFrame

    from takeup.intake.columns import Columns
    from takeup.intake.schema import Field, TableSchema
    from takeup.intake.trial import TrialData
    from takeup.plan.model import Outcome, Plan

LOST = 0.1
"""The share of units without a row in the stand-in, so that attrition has something to show."""
ROWS, ANSWERS, RIGHTS, DRAWN = 101, 102, 103, 104
"""Keys of the streams; the seed is the plan's."""
PERSISTENCE = 0.5
"""How far a made-up answer follows the real one at baseline."""


def open_mock(path: Path) -> tuple[Plan, TrialData]:
    """A plan and its trial with everything after the draw made up. PlanError and IntakeError as for the real ones."""
    plan = check(load(path, PlanError))
    folder = path.parent
    try:
        columns = plan_columns(plan, _schemas(plan, folder))
    except TakeupError:
        open_files(path)  # it says everything that is wrong
        raise
    absent = [name for name in columns.unit_tables if columns.after_the_draw(name)]
    roster = open_table(plan, columns.roster, folder)
    before = undrawn(plan, folder) and columns.find(str(plan.design.treatment))[0] != columns.roster
    if roster.frame is None or not (absent or before):
        return plan, _with_rights(plan, open_trial(plan, folder))
    ids, later = roster.frame[columns.unit].dropna().tolist(), _later(plan, roster.frame)
    with TemporaryDirectory() as place:
        made = {}
        for name in absent:
            dated = {} if plan.data[name].measured_on is None else {str(plan.data[name].measured_on).rpartition(".")[2]: later}
            made[name] = _stand_in(columns, name, ids, plan.analyses.seed, dated)
        if before:
            name = columns.find(str(plan.design.treatment))[0]
            made[name] = _made_up_draw(plan, columns, name, folder)
        tables = {}
        for name, content in made.items():
            target = Path(place) / f"{name}.csv"
            target.write_text(content, encoding="utf-8")
            said = {"file": str(target), "crosswalk": "", "encoding": "utf-8", "delimiter": ",", "decimal": ".", "sheet": ""}
            tables[name] = plan.data[name].model_copy(update=said)
        stood_in = plan.model_copy(update={"data": FrozenMap({**plan.data, **tables})})
        try:
            trial = open_trial(stood_in, folder, allow=[place], record=not before)
        except IntakeError as error:
            raise IntakeError(*(_named(fault, place) for fault in error.faults)) from None
        return plan, _with_rights(plan, trial)


def _named(fault: Fault, place: str) -> Fault:
    """A fault of a stand-in by the name of its table: its file is gone by the time that somebody reads it."""
    where = fault.where.replace(f"{place}/", "the stand-in for ")
    return fault if where == fault.where else Fault(fault.what, where, fault.allowed, "The schema asks for what can't be made up from it alone.")


def _later(plan: Plan, roster: DataFrame) -> str:
    """A day after the last draw, half a year on, for the date of a made-up measurement."""
    import pandas as pd

    name = str(plan.design.assigned_on or "").rpartition(".")[2]
    days = pd.to_datetime(roster[name]).dropna() if name in roster.columns else pd.Series(dtype="datetime64[ns]")
    return str((days.max() + pd.Timedelta(days=183)).date()) if len(days) else "2000-01-01"


def _schemas(plan: Plan, folder: Path) -> dict[str, TableSchema]:
    found = {}
    for name, table in plan.data.items():
        schema, _ = schema_and_faults(locate(folder, table.schema_, f"data.{name}.schema"), table.schema_)
        if schema is not None:
            found[name] = schema
    return found


def _stand_in(columns: Columns, table: str, ids: list[Any], seed: int, dated: Mapping[str, str]) -> str:
    """A CSV file that fits a schema: a row a unit, a tenth of them left out, every cell drawn from what its field allows.

    `dated` : columns that hold one and the same day
    """
    from io import StringIO

    fields = columns.schemas[table].fields
    stream = np.random.default_rng([seed, ROWS])
    kept = np.flatnonzero(stream.random(len(ids)) >= LOST)
    own = np.random.default_rng([seed, ROWS, sorted(columns.schemas).index(table)])
    cells = {item.name: [ids[row] for row in kept] if item.name == columns.unit else made_up_cells(item, kept.size, own) for item in fields}
    cells |= {name: [day] * kept.size for name, day in dated.items() if name in cells}
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(cells)
    writer.writerows(zip(*cells.values(), strict=True))
    return out.getvalue()


def _made_up_draw(plan: Plan, columns: Columns, table: str, folder: Path) -> str:
    """An assignment file of a draw that nobody made, by the plan's own scheme, for a study in which nobody is drawn yet."""
    import pandas as pd

    rule = allocation_of(plan)
    held = {name: open_table(plan, name, folder).frame for name in columns.unit_tables if name != table and not columns.after_the_draw(name)}
    units = held[columns.roster]
    assert units is not None
    people = pd.DataFrame({rule.unit: units[columns.unit]})
    for name in rule.reads[1:]:
        having = [frame for frame in held.values() if frame is not None and name in frame.columns]
        if name != BATCH and not having:
            known = dict.fromkeys(str(column) for frame in held.values() if frame is not None for column in frame.columns)
            raise IntakeError(Fault(f'no table before the draw has a column "{name}", by which it is made', "design", listed(known),
                                    nearest(name, known)))
        people[name] = "" if name == BATCH else people[rule.unit].map(having[0].drop_duplicates(columns.unit).set_index(columns.unit)[name])
    people = people.dropna(subset=rule.unit).astype(object).map(lambda value: "" if pd.isna(value) else label_text(value)).assign(**{BATCH: "1"})
    found = drawn(people, rule, master_seed(plan.analyses.seed, "mock"))
    people[rule.treatment] = list(found.arms)
    if rule.match:
        people[str(rule.blocks)] = list(found.pairs)
    people = people[people[rule.treatment].notna()]
    stream = np.random.default_rng([plan.analyses.seed, DRAWN])
    cells = {item.name: people[item.name].tolist() if item.name in people.columns else made_up_cells(item, len(people), stream)
             for item in columns.schemas[table].fields}
    return pd.DataFrame(cells).to_csv(index=False)


def made_up_cells(item: Field, n: int, stream: np.random.Generator) -> list[Any]:
    """`n` values that a field allows; empty where nothing can be made up and nothing has to be."""
    if item.categories:
        return [item.categories[place].value for place in stream.integers(len(item.categories), size=n)]
    if item.type in {"integer", "number"}:
        low = float(item.minimum) if isinstance(item.minimum, int | float) else 0.0
        high = float(item.maximum) if isinstance(item.maximum, int | float) else low + 10.0
        if item.unique:
            return list(range(int(low), int(low) + n))
        drawn: Any = stream.integers(int(low), int(high) + 1, size=n) if item.type == "integer" else np.round(stream.uniform(low, high, n), 2)
        return list(drawn.tolist())
    if item.type == "boolean":
        return [(item.true_values if one else item.false_values)[0] for one in stream.random(n) < 0.5]
    if not item.required:
        return [""] * n
    if item.type in {"date", "datetime", "year"}:
        return [item.minimum if item.minimum is not None else {"date": "2000-01-01", "year": "2000"}.get(item.type, "2000-01-01T00:00:00")] * n
    return [f"mock {row}" for row in range(n)]


def _with_rights(plan: Plan, trial: TrialData) -> TrialData:
    """The trial with the rights that each unit holds after the draw taken from another unit's baseline."""
    if plan.rights is None or plan.rights.held not in trial.tables:
        return trial
    table = trial.tables[plan.rights.held]
    wave = plan.rights.columns.get("wave", "wave")
    if wave not in table.columns:
        return trial
    import pandas as pd

    unit, before = trial.columns.unit, trial.columns.baseline[:1]
    first = table[table[wave].astype("object").isin(before).to_numpy(dtype=bool)]
    ids = trial.units[unit].to_numpy()
    other = dict(zip(ids, np.random.default_rng([plan.analyses.seed, RIGHTS]).permutation(ids), strict=True))
    moved = first.assign(**{unit: first[unit].map(other).astype(first[unit].dtype)}).dropna(subset=[unit])
    later = [moved.assign(**{wave: pd.Series(name, index=moved.index).astype(first[wave].dtype)}) for name in trial.columns.follow_ups]
    frames = {name: trial.tables[name] for name in trial.tables} | {plan.rights.held: pd.concat([first, *later], ignore_index=True)}
    return replace(trial, tables=Tables(frames))


def simulated(plan: Plan, trial: TrialData, frame: DataFrame) -> DataFrame:
    """The analysis frame with every outcome after the draw made up, no arm different from another; indices and rights follow from their parts."""
    waves = trial.ledger.waves
    made = {}
    for position, outcome in enumerate(plan.outcomes):
        if outcome.index or outcome.right is not None:
            continue
        stream = np.random.default_rng([plan.analyses.seed, ANSWERS, position])
        own = baseline_of(outcome)
        before = None if own is None else frame[own].to_numpy(dtype=float)
        values = answers(outcome, len(frame), before, stream)
        gone = stream.random(len(frame)) < LOST
        known = trial.ledger.followed[waves.index(outcome.follow_up)] if outcome.follow_up in waves else ~gone
        made[outcome.id] = np.where(known, values, np.nan)
    return frame.assign(**made)


def answers(outcome: Outcome, n: int, before: np.ndarray[Any, np.dtype[np.float64]] | None, stream: np.random.Generator) -> Any:
    """(n,) made-up values of an outcome; `before` (n,) are the real ones at baseline, nan where unknown."""
    known = np.array([]) if before is None else before[~np.isnan(before)]
    if outcome.kind == "binary":
        chance = float(np.clip(known.mean(), 0.05, 0.95)) if known.size else 0.5
        return (stream.random(n) < chance).astype(float)
    low, high = outcome.support or (-np.inf, np.inf)
    if known.size:
        center, spread = float(known.mean()), float(known.std()) or 1.0
    elif outcome.support is not None:
        center, spread = (low + high) / 2, (high - low) / 6
    else:
        center, spread = 0.0, 1.0
    noise = stream.normal(size=n)
    if before is None or not known.size:
        return np.clip(center + spread * noise, low, high)
    carried = np.where(np.isnan(before), center, before)
    return np.clip(center + PERSISTENCE * (carried - center) + spread * np.sqrt(1 - PERSISTENCE**2) * noise, low, high)
