"""Multiple imputation by chained equations, arm by arm, with the outcome, the blocks and the clusters of the design."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from takeup.errors import EstimateError, Fault, MissingError, collect, is_design, is_frame, listed, nearest
from takeup.estimate.columns import numeric
from takeup.missing.chained import Draw, Variable, chain
from takeup.missing.pool import pool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame, Series

    from takeup.design import Design

__all__ = ["impute", "pool"]

Floats = np.ndarray[Any, np.dtype[np.float64]]
Codes = np.ndarray[Any, np.dtype[np.int64]]
CELLS = 20_000_000
"""Imputations are made in batches of at most this many numbers, to bound memory; their streams don't depend on it."""
ROWS_PER_BLOCK = 10
"""Blocks enter as dummies when there are this many rows for each in every arm, else as groups with a common distribution."""


def impute(
    frame: DataFrame, design: Design, *, columns: Sequence[str], m: int = 20, seed: int = 0, iterations: int = 10,
    method: Literal["pmm", "normal"] = "pmm", donors: int = 5,
) -> list[DataFrame]:
    """Complete the columns m times, each arm by itself.

    Parameters
    ----------
    frame : DataFrame, one row a unit
    design : arms; its blocks enter every model, its clusters (or providers) as intercepts with a common distribution
    columns : the variables of the model, complete and incomplete, outcome included: what is left out can't inform the others
    m : imputations
    iterations : turns of the chain
    method : "pmm" takes the value of one of the `donors` rows with the nearest prediction, so that no impossible value appears;
        "normal" draws numbers (0/1 columns and categories still have donors)

    Returns
    -------
    list of DataFrame
        m copies of the frame with no missing value in the columns, for any estimator; `pool` combines their estimates.

    Raises
    ------
    MissingError
        Unknown columns, rows without an arm, a column without an observed value in an arm: all at once.

    Notes
    -----
    Assumes that given the columns, who is missing doesn't depend on the missing value. Imputing each arm by itself keeps every
    interaction with treatment (Sullivan and others 2018). Sources: van Buuren and Groothuis-Oudshoorn (2011), Journal of Statistical
    Software 45(3); predictive mean matching as their type 1; intercepts of clusters as in Snijders and Bosker (2012, chapter 9).
    The same seed gives the same bits for one version of NumPy, and the first k of m imputations are the k imputations.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1, 0] * 5, "before": [3, 4, 5, 6, 7, 8, 9, 9, 2, 3], "after": [5, 4, 7, None, 8, 8, None, 9, 4, 3]})
    >>> completed = tu.impute(trial, tu.Design("arm", 0), columns=["before", "after"], m=3)
    >>> [int(one["after"].isna().sum()) for one in completed]
    [0, 0, 0]
    """
    names = (columns,) if isinstance(columns, str) else tuple(columns)
    is_frame(frame, MissingError)
    is_design(design, MissingError)
    _check(frame, names, design, m=m, iterations=iterations, donors=donors, method=method, seed=seed)
    taken = {name: np.tile(np.arange(len(frame)), (m, 1)) for name in names}
    drawn = {name: np.full((m, len(frame)), np.nan) for name in names}
    for number, arm in enumerate(_arms(frame, design)):
        rows = np.flatnonzero((frame[design.treatment] == arm).to_numpy(dtype=bool))
        model = _model(frame.iloc[rows], names, design, method)
        batch = max(1, CELLS // max(model.x.size, 1))
        for start in range(0, m, batch):
            keys = range(start, min(m, start + batch))
            seeds = [np.random.SeedSequence(seed, spawn_key=(number, key)) for key in keys]
            found = chain(model.x, model.variables, model.groups, seeds, iterations=iterations, donors=donors)
            for position, draw in found.items():
                _keep(names[position], model, position, draw, rows, keys, taken, drawn)
    return [_completed(frame, names, {name: (taken[name][i], drawn[name][i]) for name in names}) for i in range(m)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """The arrays of one arm; `centre` and `scale` undo the scaling of each variable."""

    x: Floats
    variables: list[Variable]
    groups: Codes | None
    centre: list[float]
    scale: list[float]


def _model(part: DataFrame, names: Sequence[str], design: Design, method: str) -> _Model:
    parts: list[Floats] = [np.ones((len(part), 1))]
    variables, centre, scale = [], [], []
    start = 1
    for name in names:
        absent = part[name].isna().to_numpy()
        block, middle, spread, normal = _columns(part[name], absent)
        variables.append(Variable(
            columns=slice(start, start + block.shape[1]), missing=np.flatnonzero(absent), observed=np.flatnonzero(~absent),
            normal=normal and method == "normal",
        ))
        parts.append(block)
        centre.append(middle)
        scale.append(spread)
        start += block.shape[1]
    dummies, groups = _places(part, design)
    return _Model(x=np.column_stack([*parts, dummies]), variables=variables, groups=groups, centre=centre, scale=scale)


def _columns(column: Series, absent: np.ndarray) -> tuple[Floats, float, float, bool]:
    """A variable as columns with nan where it's missing, what was taken off and divided by, and whether it may be drawn as normal."""
    values = _numbers(column)
    if values is not None:
        seen = values[~absent]
        middle, spread = float(seen.mean()), float(seen.std())
        spread = spread if spread > 1e-12 * max(1e-300, float(np.abs(seen).max())) else 1.0
        return ((values - middle) / spread)[:, None], middle, spread, np.unique(seen).size > 2
    from pandas import factorize

    codes, levels = factorize(column)
    block = (codes[:, None] == np.arange(1, max(len(levels), 2))[None, :]).astype(float)
    block[absent] = np.nan
    return block, 0.0, 1.0, False


def _numbers(column: Series) -> Floats | None:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if is_numeric_dtype(column.dtype) or is_bool_dtype(column.dtype):
        return numeric(column, str(column.name))
    try:  # numbers in a column of any objects are numbers
        return numeric(column, str(column.name)) if column.dtype == object else None
    except EstimateError:
        return None


def _places(part: DataFrame, design: Design) -> tuple[Floats, Codes | None]:
    """Dummies of the blocks, and the groups that have intercepts: clusters, else providers, else blocks too small for dummies."""
    from pandas import factorize

    groups: Codes | None = None
    for name in (design.clusters, design.nested_in):
        if name is not None and groups is None:
            codes = factorize(part[name])[0]
            alone = codes < 0  # no provider: a group of one's own would explain the value itself, so those share none
            if not alone.all():
                groups = np.where(alone, codes.max() + 1, codes).astype(np.int64)
    dummies = np.zeros((len(part), 0))
    if design.blocks is not None:
        codes = np.asarray(factorize(part[design.blocks])[0], dtype=np.int64)
        levels = int(codes.max()) + 1
        if levels * ROWS_PER_BLOCK <= len(part):
            dummies = (codes[:, None] == np.arange(1, levels)[None, :]).astype(float)
        elif groups is None:
            groups = codes
    return dummies, groups


def _keep(
    name: str, model: _Model, position: int, draw: Draw, rows: Codes, keys: range, taken: dict[str, Codes], drawn: dict[str, Floats],
) -> None:
    """Put one variable's draws into the whole frame's positions."""
    at = rows[model.variables[position].missing]
    here = slice(keys.start, keys.stop)
    if model.variables[position].normal:
        drawn[name][here, at] = draw.values * model.scale[position] + model.centre[position]
    else:
        taken[name][here, at] = rows[draw.donors]


def _completed(frame: DataFrame, names: Sequence[str], found: dict[str, tuple[Codes, Floats]]) -> DataFrame:
    from pandas import Series

    made = {}
    for name in names:
        donors, values = found[name]
        if frame[name].isna().any():
            whole = Series(frame[name].array.take(donors), index=frame.index, name=name)
            new = ~np.isnan(values)
            made[name] = Series(np.where(new, values, numeric(whole, name)), index=frame.index, name=name) if new.any() else whole
    return frame.assign(**made)


def _arms(frame: DataFrame, design: Design) -> list[object]:
    return [design.control, *sorted((arm for arm in frame[design.treatment].unique() if arm != design.control), key=str)]


def _check(frame: DataFrame, names: Sequence[str], design: Design, **options: Any) -> None:
    wanted = (design.treatment, design.blocks, design.clusters, design.nested_in, *names)
    faults = [
        Fault(f'no column "{name}"', "frame", listed(map(str, frame.columns)), nearest(name, frame.columns))
        for name in dict.fromkeys(wanted) if name is not None and name not in frame.columns
    ]
    faults += [Fault(f'"{name}" is named more than once', "columns") for name in dict.fromkeys(names) if names.count(name) > 1]
    if not names:
        faults.append(Fault("no column is named", "columns"))
    if design.treatment in names:
        faults.append(Fault("the assignment is known, it isn't imputed", "columns"))
    for option, least in (("m", 1), ("iterations", 1), ("donors", 1), ("seed", 0)):
        value = options[option]
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            faults.append(Fault("is a whole number", option, f"{least} or more"))
    if options["method"] not in {"pmm", "normal"}:
        faults.append(Fault(f'"{options["method"]}" is no method', "method", "pmm, normal"))
    collect(MissingError, faults)
    for role in ("treatment", "blocks", "clusters"):
        name = getattr(design, role)
        if name is not None and frame[name].isna().any():
            faults.append(Fault(f"{int(frame[name].isna().sum())} rows have no value", f"{role} ({name})"))
    collect(MissingError, faults)
    if not (frame[design.treatment] == design.control).any():
        faults.append(Fault("no row has the control value that the design names", design.treatment))
    for name in names:
        try:
            _numbers(frame[name])
        except EstimateError as error:
            faults += error.faults
        bare = int((frame[name].notna().groupby(frame[design.treatment]).sum() == 0).sum())
        if bare:
            faults.append(Fault(f"has no observed value in {bare} arms", name, remedy="Leave it out of the columns."))
    collect(MissingError, faults)
