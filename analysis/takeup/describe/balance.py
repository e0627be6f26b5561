"""Baseline balance: described by standardised differences, and one test of all columns together by the trial's own draw.

No column gets a p-value of its own: with many columns some differ by chance, and a table of stars invites a choice of covariates
that the draw doesn't justify. The omnibus test asks one question: could this draw have made these differences?
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from takeup import display
from takeup.describe.omnibus import omnibus
from takeup.errors import DescribeError, EstimateError, Fault, collect, is_design, is_frame, listed, nearest
from takeup.estimate.columns import Floats, numeric
from takeup.results import NAN, FrozenMap, Provenance, Result, ResultSet, Statistic, Test

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pandas import DataFrame, Series

    from takeup.design import Design

DEFINITION = (
    "Standardised difference: treated mean less control mean, divided by the square root of the mean of the two arms' variances. "
    "Means and standard deviations (n - 1) are over the observed values and unweighted."
)
ALARM = 0.01
"""The omnibus test raises an alarm at this p-value (Lin, Green and Coppock 2016, SOP); it's never a gate and never chooses a covariate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceRow(Result):
    """One column (or one level of a category) in one treated arm and control.

    Attributes
    ----------
    variable, level, arm : str
        `level` is empty for a numeric column.
    kind : {"mean", "share"}
        What the two means are: means of a number, or shares of people (0/1 columns and levels).
    mean_treated, mean_control, sd_treated, sd_control, difference : float
        In the column's units.
    standardized_difference : float
        difference / sqrt((v1 + v0) / 2)
    variance_ratio : float
        v1 / v0
    n, n_treated, n_control, n_missing : int
        Observed rows in both arms, by arm, and rows of both arms without a value.
    reason : str
        Why a number is missing.
    """

    variable: str
    level: str = ""
    arm: str = ""
    kind: Literal["mean", "share"] = "mean"
    mean_treated: float = NAN
    mean_control: float = NAN
    sd_treated: float = NAN
    sd_control: float = NAN
    difference: float = NAN
    standardized_difference: float = NAN
    variance_ratio: float = NAN
    n: int = 0
    n_treated: int = 0
    n_control: int = 0
    n_missing: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance(Result):
    """A baseline table and the omnibus test.

    Attributes
    ----------
    rows : tuple of BalanceRow
        In the order of the columns asked for, levels in their own order, treated arms in turn.
    p_value, statistic : float
        Randomisation p-value of Hansen and Bowers' d' V^- d, and its value in the trial.
    df : int
        Rank of V: how many columns were tested that aren't functions of others or of the blocks.
    draws, exact : int, bool
        Draws used (every possible assignment when `exact`).
    alarm : bool
        p_value <= .01.
    definition : str
        What the standardised difference is.
    """

    rows: tuple[BalanceRow, ...]
    control: str
    p_value: float = NAN
    statistic: float = NAN
    df: int = 0
    draws: int = 0
    exact: bool = False
    n: int = 0
    definition: str = DEFINITION
    reason: str = ""
    extra: FrozenMap = field(default_factory=FrozenMap)
    provenance: Provenance = field(default_factory=Provenance)

    @property
    def alarm(self) -> bool:
        """Whether the omnibus p-value is at or below .01."""
        return self.p_value <= ALARM

    @property
    def test(self) -> Test:
        """The omnibus test as a result of its own."""
        return Test(
            outcome="balance", term="omnibus", statistic=self.statistic, df=float(self.df), p_value=self.p_value, n=self.n, draws=self.draws,
            exact=self.exact, mc_error=mc_error(self.p_value, self.draws, exact=self.exact), method="omnibus balance, randomisation inference",
            reason=self.reason, provenance=self.provenance,
        )

    def to_frame(self) -> DataFrame:
        """One row a column, level and treated arm."""
        from pandas import DataFrame

        return DataFrame([row.to_dict() for row in self.rows])

    def results(self) -> ResultSet:
        """The same as single statistics: the mean (share) and standard deviation of each arm and the standardised difference."""
        return ResultSet(tuple(self._statistics()))

    def _statistics(self) -> Iterator[Statistic]:
        seen: set[tuple[str, str]] = set()
        for row in self.rows:
            if (row.variable, row.level) not in seen:
                seen.add((row.variable, row.level))
                yield from self._arm(row, self.control, row.mean_control, row.sd_control, row.n_control)
            yield from self._arm(row, row.arm, row.mean_treated, row.sd_treated, row.n_treated)
            yield Statistic(
                table="balance", variable=row.variable, level=row.level, arm=row.arm, kind="standardized_difference",
                value=row.standardized_difference, n=row.n, unit="SD", reason=row.reason,
                extra=FrozenMap(difference=row.difference, n_missing=row.n_missing), provenance=self.provenance,
            )

    def _arm(self, row: BalanceRow, arm: str, mean: float, sd: float, n: int) -> Iterator[Statistic]:
        common: dict[str, Any] = {"table": "balance", "variable": row.variable, "level": row.level, "arm": arm, "n": n, "provenance": self.provenance}
        if row.kind == "share":
            yield Statistic(kind="share", value=mean, count=None if math.isnan(mean) else round(mean * n), **common)
        else:
            yield Statistic(kind="mean", value=mean, **common)
            yield Statistic(kind="sd", value=sd, **common)

    def _repr_html_(self) -> str:
        shown = ["variable", "level", "arm", "mean_treated", "mean_control", "standardized_difference", "n", "n_missing"]
        omnibus = f"Omnibus p = {display.probability(self.p_value)} ({self.draws} draws)."
        return display.frame("Balance", self.to_frame(), shown, notes=(omnibus, self.definition))


def balance(frame: DataFrame, columns: Sequence[str], design: Design, *, draws: int = 10_000, seed: int = 0) -> Balance:
    """Describe the arms at baseline, and test all columns together by the trial's own draw.

    Parameters
    ----------
    frame : DataFrame, one row a unit
    columns : baseline columns; numbers and booleans give one row, text and categories one row a level
    draws : re-randomisations for the omnibus test; all possible assignments are used when they are no more than this
    seed : of the re-randomisations

    Returns
    -------
    Balance

    Raises
    ------
    DescribeError
        Unknown or repeated columns, columns that can't be described, an arm without rows: all at once.

    Notes
    -----
    The statistic is d' V^- d with d the treated totals of the columns less their mean over the draws and V their covariance over the
    draws (Hansen and Bowers 2008, Statistical Science 23, equation 8, with the moments of the design's own draws in place of their
    formulas, so that clusters, blocks and acceptance rules need no formula). The observed draw is among the draws. A missing value
    becomes the column's mean and an indicator of its own, so who is missing is tested too.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1, 0] * 4, "age": [31, 28, 40, 35, 22, 27, 33, 30], "lone": list("yynynnyn")})
    >>> table = tu.balance(trial, ["age", "lone"], tu.Design("arm", 0))
    >>> table.to_frame()[["variable", "level", "difference"]].round(2).values.tolist()
    [['age', '', 1.5], ['lone', 'n', 0.0], ['lone', 'y', 0.0]]
    >>> table.exact, table.draws
    (True, 70)
    """
    columns = (columns,) if isinstance(columns, str) else tuple(columns)
    _check(frame, columns, design)
    if draws < 1:
        raise DescribeError(Fault("at least one draw is needed", "draws"))
    assigned = frame[design.treatment]
    arms = treated_arms(assigned, design)
    parts = [part for name in columns for part in _parts(frame[name], name)]
    is_control = (assigned == design.control).to_numpy(dtype=bool, na_value=False)
    masks = {arm: (assigned == arm).to_numpy(dtype=bool, na_value=False) for arm in arms}
    rows = tuple(_row(part, mask, is_control, str(arm)) for part in parts for arm, mask in masks.items())
    unassigned = int(assigned.isna().sum())
    note = f"{unassigned} rows without an arm were left out. " if unassigned else ""
    known = assigned.notna().to_numpy()
    test = omnibus(frame[known], _matrix([part.values[known] for part in parts]), design, draws=draws, seed=seed)
    return Balance(
        rows=rows, control=str(design.control), n=int(known.sum()), p_value=test.p_value, statistic=test.statistic, df=test.rank, draws=test.draws,
        exact=test.exact, reason=note + test.reason, provenance=Provenance(seed=seed),
    )


def treated_arms(assigned: Series, design: Design) -> list[object]:
    """The treated arms that occur, in order of their names."""
    return sorted((value for value in assigned.dropna().unique() if value != design.control), key=str)


def mc_error(p_value: float, draws: int, *, exact: bool) -> float:
    """Monte-Carlo standard error of a p-value from `draws` draws."""
    if exact or not draws or math.isnan(p_value):
        return 0.0 if exact else NAN
    return math.sqrt(p_value * (1.0 - p_value) / draws)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One number per unit: a column, or the 0/1 of one level; nan where missing."""

    variable: str
    level: str
    kind: Literal["mean", "share"]
    values: Floats


def _check(frame: DataFrame, columns: tuple[str, ...], design: Design) -> None:
    is_frame(frame, DescribeError)
    is_design(design, DescribeError)
    faults = [
        Fault(f'no column "{name}"', "columns", listed(map(str, frame.columns)), nearest(name, frame.columns))
        for name in dict.fromkeys((*design.columns, *columns)) if name not in frame.columns
    ]
    faults += [Fault(f'"{name}" is asked for twice', "columns") for name in dict.fromkeys(columns) if columns.count(name) > 1]
    if not columns:
        faults.append(Fault("no column to describe", "columns"))
    if design.treatment in columns:
        faults.append(Fault("the assignment itself can't be balanced", "columns"))
    collect(DescribeError, faults)
    assigned = frame[design.treatment]
    if not (assigned == design.control).any():
        faults.append(Fault("no row has the control value that the design names", design.treatment, remedy="Check control= in the design."))
    if not treated_arms(assigned, design):
        faults.append(Fault("no row is in a treated arm", design.treatment))
    for name in columns:
        try:
            _parts(frame[name], name)
        except EstimateError as error:
            faults += error.faults
    collect(DescribeError, faults)


def _parts(column: Series, name: str) -> list[_Part]:
    """A column as the numbers that are described: itself, or the 0/1 of each of its levels."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if is_numeric_dtype(column.dtype) or is_bool_dtype(column.dtype):
        values = numeric(column, name)
        observed = values[~np.isnan(values)]
        kind: Literal["mean", "share"] = "share" if observed.size and np.isin(observed, (0.0, 1.0)).all() else "mean"
        return [_Part(variable=name, level="", kind=kind, values=values)]
    categories = getattr(column.dtype, "categories", None)
    present = set(column.dropna().unique())
    levels = [level for level in categories if level in present] if categories is not None else sorted(present, key=str)
    missing = column.isna().to_numpy()
    if not levels:
        return [_Part(variable=name, level="", kind="mean", values=np.full(len(column), np.nan))]
    return [
        _Part(variable=name, level=str(level), kind="share", values=np.where(missing, np.nan, (column == level).to_numpy(dtype=bool, na_value=False)))
        for level in levels
    ]


def _row(part: _Part, is_treated: np.ndarray, is_control: np.ndarray, arm: str) -> BalanceRow:
    observed = ~np.isnan(part.values)
    x1, x0 = part.values[is_treated & observed], part.values[is_control & observed]
    mean1, mean0 = _mean(x1), _mean(x0)
    v1, v0 = _variance(x1), _variance(x0)
    scale = math.sqrt((v1 + v0) / 2.0) if not math.isnan(v1 + v0) else NAN
    reason = ""
    if not x1.size or not x0.size:
        reason = "An arm has no observed value."
    elif x1.size < 2 or x0.size < 2:
        reason = "An arm has one observed value: it has no variance."
    elif scale == 0.0:
        reason = "The column doesn't vary within the arms."
    return BalanceRow(
        variable=part.variable, level=part.level, arm=arm, kind=part.kind, mean_treated=mean1, mean_control=mean0, sd_treated=math.sqrt(v1),
        sd_control=math.sqrt(v0), difference=mean1 - mean0, standardized_difference=(mean1 - mean0) / scale if scale > 0 else NAN,
        variance_ratio=v1 / v0 if v0 > 0 else NAN, n=x1.size + x0.size, n_treated=x1.size, n_control=x0.size,
        n_missing=int((is_treated | is_control).sum()) - x1.size - x0.size, reason=reason,
    )


def _mean(x: Floats) -> float:
    return float(x.mean()) if x.size else NAN


def _variance(x: Floats) -> float:
    if x.size < 2:
        return NAN
    return 0.0 if (x == x[0]).all() else float(x.var(ddof=1))


def _matrix(columns: Sequence[Floats]) -> Floats:
    """All columns with missing values at their mean and flagged, each scaled to unit variance; constant columns left out."""
    filled: list[Floats] = []
    for values in columns:
        missing = np.isnan(values)
        if not missing.all():
            filled.append(np.where(missing, values[~missing].mean(), values))
        filled.append(missing.astype(float))
    x = np.column_stack(filled)
    x = x - x.mean(axis=0)
    sd = x.std(axis=0)
    varies = sd > 1e-12 * np.maximum(1e-300, np.abs(np.column_stack(filled)).max(axis=0))
    return np.asarray(x[:, varies] / sd[varies])
