"""Sums that an engine makes of a register: counts, centres, cross-products by cell, and sums over rows once the fit is known.

The engine sees three queries: who is there and around what to centre (`survey`), cross-products by block, cluster and arm (`moments`), and,
only for HC0-HC3 with covariates, sums of squared loadings times squared residuals (`row_sums`). What comes back has a row a cell, never a
row a unit. Columns are centred and scaled before they are multiplied, so that a large common level costs no digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import EstimateError, Fault, collect
from takeup.estimate.arrays import choose_arm
from takeup.estimate.columns import LARGEST, MISSING_SHARE
from takeup.intake.register import MOST_ARMS, engine_library, in_memory, missing, work_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame

    from takeup.design import Design
    from takeup.intake.register import Register

Floats = np.ndarray[Any, np.dtype[np.float64]]
Codes = np.ndarray[Any, np.dtype[np.int64]]

MOST_CELLS = 5_000_000
"""Cells (cluster by block by arm) beyond this are refused: they would be held in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """How a covariate, the column `source`, enters: (value - mean) / scale, missing as the mean; `indicator`: 0/1 for missing, less its share."""

    name: str
    source: str
    mean: float
    scale: float
    indicator: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """The first look: which arms, how many rows, around what to centre.

    Attributes
    ----------
    arm : value of the treated arm that was chosen
    n_missing : rows of the two arms without an outcome
    mean, scale : of the outcome
    largest : the largest outcome in size; `binary`: all outcomes are 0 or 1
    columns : covariates as they enter; `notes` says what was done to them
    """

    arm: Any
    n_missing: int
    mean: float
    scale: float
    largest: float
    binary: bool
    columns: tuple[Column, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Cells of block, cluster and arm, in the order of their labels.

    Attributes
    ----------
    n, treated : (C,) rows, and 0 or 1
    blocks, clusters : (C,) codes or None
    labels : of the blocks, in the order of their codes
    products : (C, m, m) sums of products of (1, covariates, outcome), centred and scaled as the survey says
    """

    n: Floats
    treated: Floats
    blocks: Codes | None
    clusters: Codes | None
    products: Floats
    labels: tuple[Any, ...] = ()


def survey(register: Register, outcome: str, design: Design, covariates: Sequence[str], arm: object) -> Survey:
    """The first query; all faults of the columns at once."""
    table = register.table
    collect(EstimateError, missing(table, (outcome, *design.columns, *covariates), "register"))
    collect(EstimateError, [fault for name in (outcome, *covariates) for fault in _not_numeric(table, name)])
    y = number(table[outcome])
    seen = ~y.isnull()  # noqa: PD003  # Ibis
    asked = {"rows": table.count(), "observed": y.count(), "total": y.sum(), "low": y.min(), "high": y.max(), "large": (y.abs() > LARGEST).sum(),
             "others": ((y != 0.0) & (y != 1.0)).sum()}
    for role in ("blocks", "clusters"):
        name = getattr(design, role)
        asked[f"no_{role}"] = table.count() * 0 if name is None else (table[name].isnull() & seen).sum()  # noqa: PD003  # Ibis
    for place, name in enumerate(covariates):
        x = number(table[name])
        asked |= {f"n{place}": x.count(where=seen), f"total{place}": x.sum(where=seen), f"low{place}": x.min(where=seen),
                  f"high{place}": x.max(where=seen), f"large{place}": (x.abs() > LARGEST).sum()}
    found = work_out(table.group_by(takeup_arm=table[design.treatment]).aggregate(**asked).limit(MOST_ARMS + 1))
    if len(found) > MOST_ARMS:
        raise EstimateError(Fault(f"has more than {MOST_ARMS} different labels", design.treatment, remedy="Name the column of the arm."))
    chosen = choose_arm(found["takeup_arm"], design, arm)
    both = found[found["takeup_arm"].isin([chosen, design.control])].set_index("takeup_arm")
    collect(EstimateError, _faults(both, chosen, outcome, design, covariates))
    n = float(both["observed"].sum())
    mean, low, high = float(both["total"].sum()) / n, float(both["low"].min()), float(both["high"].max())
    columns, notes = _columns(both, covariates, n)
    return Survey(arm=chosen.item() if isinstance(chosen, np.generic) else chosen, n_missing=int(both["rows"].sum() - n), mean=mean,
                  scale=max(high - mean, mean - low) or 1.0, largest=max(abs(low), abs(high)), columns=columns, notes=notes,
                  binary=not both["others"].fillna(0).sum())


def rows(register: Register, outcome: str, design: Design, found: Survey) -> Any:
    """The rows that are analysed as an expression: t, block, cluster, x0.., y, centred and scaled."""
    table = register.table
    y = number(table[outcome])
    assigned = table[design.treatment]
    kept = table.filter(~y.isnull() & ((assigned == found.arm) | (assigned == design.control)))  # noqa: PD003  # Ibis
    out = {"t": indicator(kept[design.treatment] == found.arm), "y": (number(kept[outcome]) - found.mean) / found.scale}
    for role, name in (("block", design.blocks), ("cluster", design.clusters)):
        if name is not None:
            out[role] = kept[name]
    for place, one in enumerate(found.columns):
        x = number(kept[one.source])
        if one.indicator:
            out[f"x{place}"] = indicator(x.isnull()) - one.mean  # noqa: PD003  # Ibis
        else:
            out[f"x{place}"] = (x.fill_null(one.mean) - one.mean) / one.scale
    return kept.select(**out)


def moments(ready: Any, width: int) -> Moments:
    """The second query: sums of products by cell; `width` covariates."""
    from pandas import factorize

    names = [*(f"x{place}" for place in range(width)), "y"]
    asked = {"n": ready.count()}
    for right, name in enumerate(names, start=1):
        asked[f"p0_{right}"] = ready[name].sum()
        for left in range(1, right + 1):
            asked[f"p{left}_{right}"] = (ready[names[left - 1]] * ready[name]).sum()
    keys = [name for name in ("block", "cluster", "t") if name in ready.columns]
    cells = work_out(ready.group_by(*keys).aggregate(**asked).order_by(*keys).limit(MOST_CELLS + 1))
    if len(cells) > MOST_CELLS:
        raise EstimateError(Fault(f"has more than {MOST_CELLS:,} blocks and clusters by arm", "register", remedy="Estimate on rows in memory."))
    size = width + 2
    products = np.empty((len(cells), size, size))
    products[:, 0, 0] = cells["n"]
    for right in range(1, size):
        for left in range(right + 1):
            products[:, left, right] = products[:, right, left] = cells[f"p{left}_{right}"]
    codes = {role: np.asarray(factorize(cells[role])[0], dtype=np.int64) if role in keys else None for role in ("block", "cluster")}
    labels = tuple(cells["block"].unique()) if "block" in keys else ()
    return Moments(n=products[:, 0, 0].copy(), treated=cells["t"].to_numpy(dtype=float), blocks=codes["block"], clusters=codes["cluster"],
                   products=products, labels=labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSums:
    """Sums over rows for a variance by rows; a = loading of a row, d = its weight in the estimate, h = its leverage.

    Attributes
    ----------
    squares : sum of (a e)**2
    whole, seen : sums of d**2 and of a**2 (1 - h)
    fourth : sum of a**4 (1 - 2 h)
    by_block : (B, q + 1) sums by block of a**2 and of a**2 z
    outer : (q, q) sums of a**2 z z'
    """

    squares: float
    whole: float
    seen: float
    fourth: float
    by_block: Floats
    outer: Floats


def row_sums(
    ready: Any, centres: Floats, sizes: Floats, keys: Sequence[Any] | None, *, root: Floats, coefficients: Floats, base: Floats, direction: Floats,
    power: float, saturated: float,
) -> RowSums:
    """The third query.

    Parameters
    ----------
    ready : from `rows`
    centres : (B, k + 1) means by block of the k regressors (covariates, then treatment) and of the outcome; `sizes` (B,) rows
    keys : (B,) labels of the blocks; None where there are none
    root : (k, q) so that the q columns z = x root are orthonormal
    coefficients : (k,), 0 for columns that were left out; `base` (B,) + z' `direction` is the weight of a row in the estimate
    power : a = d (1 - h)**-power: 0, 1/2 (HC2) or 1 (HC3); where 1 - h is at most `saturated`, a is 0
    """
    ibis = engine_library()
    k, q = root.shape
    names = [*(f"x{place}" for place in range(k - 1)), "t", "y"]
    if keys is None:
        around: list[Any] = [float(value) for value in centres[0]]
        nothing = ready["t"] * 0.0  # a number alone may be a decimal to an engine, and decimals overflow
        ready = ready.select(*names, block=ibis.literal(0), inside=nothing + float(1.0 / sizes[0]), constant=nothing + float(base[0]))
    else:
        from pandas import DataFrame

        small = DataFrame({f"m{place}": centres[:, place] for place in range(k + 1)})
        small = small.assign(takeup_block=list(keys), inside=1.0 / sizes, constant=base)
        beside = in_memory(small)
        ready = ready.join(beside, ready["block"] == beside["takeup_block"])
        around = [ready[f"m{place}"] for place in range(k + 1)]
        ready = ready.select("block", "inside", "constant", *names, *(f"m{place}" for place in range(k + 1)))
        around = [ready[f"m{place}"] for place in range(k + 1)]
    step = ready.select("block", "inside", "constant", **{f"c{place}": ready[name] - around[place] for place, name in enumerate(names)})
    combined = {f"z{place}": _combined(step, root[:, place]) for place in range(q)}
    step = step.select("block", "inside", "constant", e=step[f"c{k}"] - _combined(step, coefficients), **combined)
    z = [step[f"z{place}"] for place in range(q)]
    lever = step["inside"]
    weight = step["constant"]
    for place in range(q):
        lever = lever + z[place] * z[place]
        weight = weight + z[place] * float(direction[place])
    step = step.select("block", "e", *(f"z{place}" for place in range(q)), h=lever, d=weight)
    free = 1.0 - step["h"]
    square = step["d"] * step["d"]
    safe = ibis.ifelse(free > saturated, free, ibis.null("float64"))
    step = step.mutate(a=square if power == 0 else (square / (safe if power == 0.5 else safe * safe)).fill_null(0.0))
    asked = {"squares": (step["a"] * step["e"] * step["e"]).sum(), "whole": (step["d"] * step["d"]).sum(), "b0": step["a"].sum(),
             "seen": (step["a"] * (1.0 - step["h"])).sum(), "fourth": (step["a"] * step["a"] * (1.0 - 2.0 * step["h"])).sum()}
    for right in range(q):
        asked[f"b{right + 1}"] = (step["a"] * step[f"z{right}"]).sum()
        asked |= {f"o{left}_{right}": (step["a"] * step[f"z{left}"] * step[f"z{right}"]).sum() for left in range(right + 1)}
    found = work_out(step.group_by("block").aggregate(**asked).order_by("block"))
    outer = np.array([[found[f"o{min(i, j)}_{max(i, j)}"].sum() for j in range(q)] for i in range(q)], dtype=float).reshape(q, q)
    totals = {name: float(found[name].sum()) for name in ("squares", "whole", "seen", "fourth")}
    return RowSums(**totals, by_block=found[[f"b{place}" for place in range(q + 1)]].to_numpy(dtype=float), outer=outer)


def number(column: Any) -> Any:
    """A column as a double, with what isn't a number missing."""
    kind = column.type()
    if kind.is_boolean():
        return column.cast("int32").cast("float64")
    if kind.is_floating() and _knows_nan(column):
        ibis = engine_library()
        return ibis.ifelse(column.isnan(), ibis.null("float64"), column.cast("float64"))
    return column.cast("float64")


def _knows_nan(column: Any) -> bool:
    """Whether the engine tells what isn't a number from what is missing (SQLite stores both as missing)."""
    ibis = engine_library()
    try:
        return bool(column.get_backend().has_operation(ibis.expr.operations.IsNan))
    except ibis.common.exceptions.IbisError:  # a table without an engine yet
        return True


def indicator(condition: Any) -> Any:
    """1 where a condition holds and 0 where it doesn't, as doubles (a bare 1.0 is a decimal to some engines)."""
    return condition.cast("int32").cast("float64")


def _combined(table: Any, factors: Floats) -> Any:
    total = table["inside"] * 0.0
    for place, factor in enumerate(factors):
        if factor != 0.0:
            total = total + table[f"c{place}"] * float(factor)
    return total


def _not_numeric(table: Any, name: str) -> list[Fault]:
    kind = table[name].type()
    if kind.is_numeric() or kind.is_boolean():
        return []
    return [Fault("holds text, dates or categories where numbers are needed", name, remedy="Give the register 0/1 columns for its labels.")]


def _faults(both: DataFrame, chosen: object, outcome: str, design: Design, covariates: Sequence[str]) -> list[Fault]:
    faults = [
        Fault(f"{int(both['observed'].get(value, 0))} rows with an observed outcome in the {name} arm, at least one is needed", outcome)
        for name, value in (("treated", chosen), ("control", design.control)) if not both["observed"].get(value, 0)
    ]
    for role in ("blocks", "clusters"):
        none = int(both[f"no_{role}"].sum())
        if none:
            faults.append(Fault(f"{none} rows have no value", f"{role} ({getattr(design, role)})"))
    for name, column in ((outcome, "large"), *((name, f"large{place}") for place, name in enumerate(covariates))):
        large = int(both[column].fillna(0).sum())
        if large:
            faults.append(Fault(f"{large} values are infinite or beyond {LARGEST:g}", name))
    for place, name in enumerate(covariates):
        if not both[f"n{place}"].sum():
            faults.append(Fault("has no observed value in the rows that are analysed", name, remedy="Leave it out of the covariates."))
    return faults


def _columns(both: DataFrame, covariates: Sequence[str], n: float) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """Covariates as they enter, missing values by the same rule as in memory."""
    columns, notes = [], []
    for place, name in enumerate(covariates):
        seen = float(both[f"n{place}"].sum())
        mean = float(both[f"total{place}"].sum()) / seen
        scale = max(float(both[f"high{place}"].max()) - mean, mean - float(both[f"low{place}"].min()))
        flat = scale <= 1e-12 * abs(mean)
        columns.append(Column(name=name, source=name, mean=mean, scale=1.0 if flat or scale == 0 else scale))
        share = 1.0 - seen / n
        if share > MISSING_SHARE:
            columns.append(Column(name=f"{name}[missing]", source=name, mean=share, scale=1.0, indicator=True))
            notes.append(f"{name}: {share:.0%} missing, replaced by its mean with an indicator.")
        elif seen < n:
            notes.append(f"{name}: {share:.1%} missing, replaced by its overall mean.")
    return tuple(columns), tuple(notes)
