"""Attrition: how many are lost in each arm, whether the draw could have made the difference, and whether it can bias the comparison."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from takeup import display
from takeup.describe.balance import treated_arms
from takeup.describe.omnibus import omnibus
from takeup.describe.selection import selection_tests
from takeup.describe.selection_ks import ks_tests
from takeup.describe.wwc import CAUTIOUS, OPTIMISTIC, Level, judge
from takeup.errors import DescribeError, EstimateError, Fault, collect, is_design, is_frame, listed, nearest
from takeup.estimate.columns import Floats, numeric
from takeup.results import NAN, Estimate, FrozenMap, Provenance, Result, ResultSet, Statistic, Test

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pandas import DataFrame

    from takeup.design import Design

DEFINITION = "Attrition: the share of those assigned without the outcome. Difference: treated less control."


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmAttrition(Result):
    """One arm: people assigned, people lost, and the share that is."""

    arm: str
    n: int
    n_lost: int

    @property
    def rate(self) -> float:
        """Share lost."""
        return self.n_lost / self.n


@dataclass(frozen=True, slots=True, kw_only=True)
class AttritionContrast(Result):
    """One treated arm against control.

    Attributes
    ----------
    difference : Estimate
        Of the shares lost, with the design's variance.
    test : Test
        Randomisation test of the same difference (of response, whose p-value is the same).
    overall : float
        Share lost in both arms together.
    conservative, liberal : {"low", "high"}
        Attrition by the boundary of the What Works Clearinghouse under cautious and optimistic assumptions.
    """

    arm: str
    difference: Estimate
    test: Test
    overall: float
    conservative: Level
    liberal: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class CellMean(Result):
    """A baseline column among the respondents, or the others, of one arm."""

    variable: str
    arm: str
    responded: bool
    mean: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attrition(Result):
    """Attrition by arm, its differences, and tests on baseline columns.

    Attributes
    ----------
    arms : tuple of ArmAttrition
        Control first.
    contrasts : tuple of AttritionContrast
        One a treated arm.
    p_value : float
        Randomisation p-value of the difference; with several treated arms of all differences together.
    baseline : tuple of Test
        By baseline column (and "joint" where there are several) and treated arm: term "respondents" tests that treated and control
        respondents are alike, and treated and control non-respondents too (internal validity for respondents); term "study population"
        that all four groups are alike (internal validity for everyone assigned).
    cells : tuple of CellMean
        Baseline means by arm and response.
    """

    arms: tuple[ArmAttrition, ...]
    contrasts: tuple[AttritionContrast, ...]
    p_value: float
    baseline: tuple[Test, ...] = ()
    cells: tuple[CellMean, ...] = ()
    definition: str = DEFINITION
    reason: str = ""
    provenance: Provenance = field(default_factory=Provenance)

    @property
    def rate(self) -> float:
        """Share lost in all arms together."""
        return sum(arm.n_lost for arm in self.arms) / sum(arm.n for arm in self.arms)

    @property
    def difference(self) -> float:
        """Treated less control share lost, where there is one treated arm; nan where there are several."""
        return self.contrasts[0].difference.estimate if len(self.contrasts) == 1 else NAN

    def to_frame(self) -> DataFrame:
        """One row an arm: people, lost, rate; for treated arms the difference, its interval, p-value and boundary."""
        from pandas import DataFrame

        by_arm = {contrast.arm: contrast for contrast in self.contrasts}
        rows = []
        for one in self.arms:
            row: dict[str, Any] = {"arm": one.arm, "n": one.n, "n_responded": one.n - one.n_lost, "n_lost": one.n_lost, "rate": one.rate}
            contrast = by_arm.get(one.arm)
            if contrast is not None:
                found = contrast.difference
                row |= {"difference": found.estimate, **{name: getattr(found, name) for name in ("std_error", "conf_low", "conf_high")}}
                row |= {"p_value": contrast.test.p_value, **{name: getattr(contrast, name) for name in ("overall", "conservative", "liberal")}}
            rows.append(row)
        return DataFrame(rows)

    def results(self) -> ResultSet:
        """Single statistics: share lost by arm and over all, differences, and baseline means by arm and response."""
        return ResultSet(tuple(self._statistics()))

    def _statistics(self) -> Iterator[Statistic]:
        common: dict[str, Any] = {"table": "attrition", "provenance": self.provenance}
        total, lost = sum(one.n for one in self.arms), sum(one.n_lost for one in self.arms)
        yield Statistic(variable="attrition", kind="share", value=self.rate, n=total, count=lost, **common)
        for one in self.arms:
            yield Statistic(variable="attrition", arm=one.arm, kind="share", value=one.rate, n=one.n, count=one.n_lost, **common)
        for contrast in self.contrasts:
            found = contrast.difference
            extra = {"std_error": found.std_error, "conf_low": found.conf_low, "conf_high": found.conf_high, "p_value": contrast.test.p_value,
                     "overall": contrast.overall, "conservative": contrast.conservative, "liberal": contrast.liberal}
            extra |= {"n_left_out": found.extra["n_left_out"]} if found.extra.get("n_left_out") else {}
            yield Statistic(variable="attrition", arm=contrast.arm, kind="difference", value=found.estimate, n=found.n, reason=found.reason,
                            extra=FrozenMap(extra), **common)
        for cell in self.cells:
            yield Statistic(variable=cell.variable, level="respondents" if cell.responded else "non-respondents", arm=cell.arm, kind="mean",
                            value=cell.mean, n=cell.n, reason="" if cell.n else "Nobody is in this group.", **common)

    @property
    def tests(self) -> ResultSet:
        """The randomisation tests of the differences and the tests on baseline columns."""
        return ResultSet((*(contrast.test for contrast in self.contrasts), *self.baseline))

    def _repr_html_(self) -> str:
        return display.frame("Attrition", self.to_frame(), notes=(self.definition, f"p = {display.probability(self.p_value)}."))


def attrition(
    frame: DataFrame, responded: str, design: Design, *, baseline: Sequence[str] = (), draws: int = 10_000, seed: int = 0, conf_level: float = 0.95,
    test: Literal["mean", "ks"] = "mean",
) -> Attrition:
    """Describe attrition by arm, and test whether it can bias the comparison.

    Parameters
    ----------
    frame : DataFrame, one row a unit of all that were assigned
    responded : 0/1 or boolean column, known for everyone: the outcome was measured
    baseline : numeric baseline columns, the outcome's own first of all
    draws, seed : of the randomisation test
    test : of the baseline columns: "mean", or "ks" for their whole distributions (Kolmogorov-Smirnov, by shuffling arms within response and block)

    Returns
    -------
    Attrition

    Raises
    ------
    DescribeError, EstimateError, DesignError
        Unusable columns, all at once; a frame that contradicts the design.

    Notes
    -----
    The difference is tested by re-drawing the trial with response held fixed. The tests on baseline columns are mean tests of Ghanem,
    Hirshleifer and Ortiz-Becerra (2023), Journal of Human Resources, section 4, with the design's variance and the HTZ reference of
    Tipton and Pustejovsky (2015), blocks as dummies; several columns are stacked, each in standard deviations, with units (clusters)
    as clusters. In small groups a strongly skewed column makes them reject too often (10 % instead of 5 % with exponential values, ten
    non-respondents an arm). A low p-value says that respondents (or everyone) can't be compared as they are; a high one doesn't prove that they can.
    The boundary is that of the What Works Clearinghouse (`describe.wwc`).

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1, 0] * 6, "before": range(12), "answered": [1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1]})
    >>> found = tu.attrition(trial, "answered", tu.Design("arm", 0), baseline=["before"])
    >>> [round(arm.rate, 3) for arm in found.arms], round(found.difference, 3), found.contrasts[0].liberal
    ([0.333, 0.167], -0.167, 'high')
    """
    if test not in {"mean", "ks"}:
        raise DescribeError(Fault(f'"{test}" is no test of baseline columns', "test", "mean, ks"))
    names = (baseline,) if isinstance(baseline, str) else tuple(baseline)
    is_frame(frame, DescribeError)
    is_design(design, DescribeError)
    design = replace(design, weights=None)  # weights are of those who answered
    response = _checked(frame, responded, names, design)
    assigned = frame[design.treatment]
    known = assigned.notna().to_numpy()
    frame, response, assigned = frame[known], response[known], assigned[known]
    labels = [design.control, *treated_arms(assigned, design)]
    masks = {str(label): (assigned == label).to_numpy(dtype=bool) for label in labels}
    arms = tuple(ArmAttrition(arm=arm, n=int(mask.sum()), n_lost=int((1 - response[mask]).sum())) for arm, mask in masks.items())
    contrasts = tuple(_contrast(frame, response, responded, design, label, draws=draws, seed=seed, conf_level=conf_level) for label in labels[1:])
    if len(contrasts) == 1:
        p_value, reason = contrasts[0].test.p_value, contrasts[0].test.reason
    else:
        joint = omnibus(frame, (response - response.mean())[:, None][:, : 0 if np.ptp(response) == 0 else 1], design, draws=draws, seed=seed)
        p_value, reason = joint.p_value, joint.reason
    by_label = (ks_tests(frame, response, names, design, label, seed=seed) if test == "ks" else selection_tests(frame, response, names, design, label)
                for label in labels[1:])
    tests = tuple(one for found in by_label for one in found)
    gone = f"{int((~known).sum())} rows without an arm were left out. " if not known.all() else ""
    return Attrition(
        arms=arms, contrasts=contrasts, p_value=p_value, baseline=tests, cells=_cells(frame, response, names, masks), reason=gone + reason,
        provenance=Provenance(seed=seed),
    )


def _contrast(
    frame: DataFrame, response: Floats, responded: str, design: Design, arm: object, *, draws: int, seed: int, conf_level: float,
) -> AttritionContrast:
    from takeup.estimate.difference import difference_in_means
    from takeup.infer.randomization import randomization_test

    lost = frame.assign(**{responded: 1.0 - response})
    found = difference_in_means(lost, responded, design, arm=arm, conf_level=conf_level)
    found = found.replace(outcome="attrition", estimand="difference in attrition")
    mine = ((frame[design.treatment] == arm) | (frame[design.treatment] == design.control)).to_numpy(dtype=bool)
    overall = float(1.0 - response[mine].mean())
    if np.ptp(response[mine]) == 0:
        who = "Nobody" if response[mine].all() else "Everybody"
        test = Test(outcome="attrition", arm=str(arm), n=int(mine.sum()), reason=f"{who} was lost in these arms, so there is nothing to test.")
    else:
        drawn = randomization_test(lost, responded, design, method="difference_in_means", draws=draws, seed=seed, arm=arm)
        test = drawn.tests()[0].replace(outcome="attrition", term="difference in attrition")
    treated, control = (float(1.0 - response[(frame[design.treatment] == label).to_numpy(dtype=bool)].mean()) for label in (arm, design.control))
    return AttritionContrast(
        arm=str(arm), difference=found, test=test, overall=overall, conservative=judge(overall, treated - control, CAUTIOUS),
        liberal=judge(overall, treated - control, OPTIMISTIC),
    )


def _cells(frame: DataFrame, response: Floats, names: Sequence[str], masks: dict[str, np.ndarray]) -> tuple[CellMean, ...]:
    found = []
    for name in names:
        values = numeric(frame[name], name)
        for arm, mask in masks.items():
            for answered in (True, False):
                mine = values[mask & (response == answered) & ~np.isnan(values)]
                mean = float(mine.mean()) if mine.size else math.nan
                found.append(CellMean(variable=name, arm=arm, responded=answered, mean=mean, n=int(mine.size)))
    return tuple(found)


def _checked(frame: DataFrame, responded: str, baseline: Sequence[str], design: Design) -> Floats:
    """Response as 0 and 1; every fault of the columns at once."""
    faults = [
        Fault(f'no column "{name}"', "frame", listed(map(str, frame.columns)), nearest(name, frame.columns))
        for name in dict.fromkeys((responded, *design.columns, *baseline)) if name not in frame.columns
    ]
    if responded in {*baseline, *design.columns}:
        faults.append(Fault("response is a column of its own, known after the baseline", responded))
    collect(DescribeError, faults)
    values = np.zeros(len(frame))
    for name in (responded, *baseline):
        try:
            column = numeric(frame[name], name)
        except EstimateError as error:
            faults += error.faults
            continue
        if name == responded:
            values = column
            absent, other = int(np.isnan(column).sum()), int((~np.isin(column[~np.isnan(column)], (0.0, 1.0))).sum())
            if absent:
                faults.append(Fault(f"{absent} rows have no value; response is known of everyone", name))
            if other:
                faults.append(Fault(f"{other} values are neither 0 nor 1", name, "0 and 1, or false and true"))
    assigned = frame[design.treatment]
    if not (assigned == design.control).any():
        faults.append(Fault("no row has the control value that the design names", design.treatment, remedy="Check control= in the design."))
    if not treated_arms(assigned, design):
        faults.append(Fault("no row is in a treated arm", design.treatment))
    collect(DescribeError, faults)
    return values
