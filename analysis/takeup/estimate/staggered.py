"""Roll-out: effects of a programme that units adopt at different times, cohort by cohort and period by period.

A two-way fixed-effects regression compares late adopters with early ones that are treated already, and can even have the wrong sign when
effects grow with time. Here every cohort is compared with units that don't have the programme yet, and with nothing else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from takeup.coefficients import InRegressionTables
from takeup.errors import EstimateError, Fault, collect, listed
from takeup.estimate.columns import Codes, Floats, codes, columns_exist, numeric
from takeup.estimate.tails import check_level, critical, p_value
from takeup.results import Estimate, FrozenMap, ResultSet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.figure import Figure
    from pandas import DataFrame

    from takeup.design.rollout import Rollout

METHOD = "group_time"
NEVER = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTime(InRegressionTables):
    """Effects by cohort and period, and what they add up to.

    Attributes
    ----------
    by_group_time : ResultSet
        ATT(g, t) for every cohort g and period t with a comparison; `extra` has cohort, period and event (periods since adoption).
    event_study : ResultSet
        By periods since adoption, cohorts weighted by their size; before adoption they say how far the cohorts ran apart. `extra` has event, the
        number of cohorts, and simultaneous_low and simultaneous_high, a band that holds all of them at once.
    overall : Estimate
        The mean over a cohort's treated periods, cohorts weighted by their size.
    """

    by_group_time: ResultSet
    event_study: ResultSet
    overall: Estimate

    def to_frame(self) -> DataFrame:
        """All of them in one frame."""
        return ResultSet((*self.by_group_time, *self.event_study, self.overall)).to_frame()

    def plot(self) -> Figure:
        """The event-study figure, for a notebook."""
        return self.event_study.plot()

    def _estimates(self) -> tuple[Estimate, ...]:
        return (*(one.replace(term=f"{one.extra['event']:+d} periods") for one in self.event_study), self.overall.replace(term="overall"))

    def _repr_html_(self) -> str:
        return self.overall._repr_html_() + self.event_study._repr_html_()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """y (units, periods), nan where not observed; cohort (units,) first treated period, inf for never; labels of periods; clusters and weights."""

    y: Floats
    cohort: Floats
    periods: Floats
    clusters: Codes
    weights: Floats
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """One ATT(g, t): its value, the influence of each unit (units,), and how many units it compares."""

    cohort: float
    period: float
    event: int
    estimate: float
    influence: Floats
    n_treated: int
    n_control: int


def group_time(
    frame: DataFrame, outcome: str, rollout: Rollout, *, controls: Literal["not_yet", "never"] = "not_yet", anticipation: int = 0,
    draws: int = 999, seed: int = 0, conf_level: float = 0.95,
) -> GroupTime:
    """Effects of a programme adopted at different times.

    Parameters
    ----------
    frame : DataFrame, one row a unit and period
    outcome : column name; effects are in its units
    controls : units without the programme yet (or ever), or only those that never get it
    anticipation : periods before adoption in which the programme may already change something
    draws : multiplier draws for the simultaneous band

    Returns
    -------
    GroupTime

    Raises
    ------
    EstimateError
        Unknown columns, periods that aren't whole numbers, a unit with two rows in a period, with two adoption periods or in two clusters;
        nobody to compare with.

    Notes
    -----
    ATT(g, t) is the change of cohort g from its last period without the programme (g - 1 - anticipation) to t, less the same change of the
    controls: units that adopt after both periods. It assumes that without the programme cohorts would have changed alike. Periods before adoption
    use the same base, so the period just before is 0 by construction. Standard errors are of the units' influences, added up by cluster,
    clusters less one degrees of freedom. Cohort sizes are taken as given: the districts are all there are (the R package `did` counts them as
    sampled, and has normal inference). The band is from Rademacher multipliers on the clusters' influences. Source: Callaway and Sant'Anna (2021),
    Journal of Econometrics 225, equations 2.2, 3.4 and 3.11, theorem 2 and algorithm 1.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> rows = [(d, t, a, d + t + (2.0 if t >= a else 0) + (d * t) % 3 / 10) for d, a in enumerate([3, 3, 4, 4, 9, 9]) for t in range(1, 6)]
    >>> found = tu.group_time(pd.DataFrame(rows, columns=["district", "month", "from", "rights"]), "rights", tu.Rollout("district", "month", "from"))
    >>> round(found.overall.estimate, 2)
    1.95
    """
    check_level(conf_level)
    if controls not in {"not_yet", "never"}:
        raise EstimateError(Fault(f'"{controls}" are no controls', "controls", "not_yet, never"))
    panel = _panel(frame, outcome, rollout)
    found = _cells(panel, controls, anticipation)
    if not found:
        fault = Fault("no cohort has units to compare it with", rollout.adopted, remedy="Some units must adopt later than others, or never.")
        raise EstimateError(fault)
    one_by_one = [_estimate(panel, outcome, f"ATT({cell.cohort:g}, {cell.period:g})", "ATT(g,t)", [cell], [1.0], conf_level,
                            cohort=cell.cohort, period=cell.period, event=cell.event) for cell in found]
    events = []
    for event in sorted({cell.event for cell in found}):
        here = [cell for cell in found if cell.event == event]
        sizes = [_size(panel, cell.cohort) for cell in here]
        shares = [size / sum(sizes) for size in sizes]
        events.append((event, here, shares))
    band = _band(panel, [(here, shares) for event, here, shares in events if event != -1 - anticipation], draws, seed, conf_level)
    study = [_banded(_estimate(panel, outcome, f"event {event}", "event study", here, shares, conf_level, event=event, cohorts=len(here)), band)
             for event, here, shares in events]
    overall = _overall(panel, outcome, found, conf_level)
    return GroupTime(by_group_time=ResultSet(tuple(one_by_one)), event_study=ResultSet(tuple(study)), overall=overall)


def _panel(frame: DataFrame, outcome: str, rollout: Rollout) -> _Panel:
    import pandas as pd

    columns_exist(frame, (outcome, *rollout.columns))
    period, adopted, values = (numeric(frame[name], name) for name in (rollout.period, rollout.adopted, outcome))
    unit, labels = pd.factorize(frame[rollout.unit])
    adopted = np.where(np.isnan(adopted), NEVER, adopted)
    weights = np.ones(len(frame)) if rollout.weights is None else numeric(frame[rollout.weights], rollout.weights)
    clusters = unit.astype(np.int64) if rollout.clusters is None else codes(frame[rollout.clusters], "clusters")
    whole = np.isfinite(period).all() and (period == np.round(period)).all()
    twice = int(frame.duplicated([rollout.unit, rollout.period]).sum())
    firsts = [pd.Series(column).groupby(unit).nunique(dropna=False).max() for column in (adopted, clusters, weights)]
    constant = zip((rollout.adopted, rollout.clusters, rollout.weights), firsts, strict=True)
    faults = [
        *([] if whole else [Fault("isn't a whole number everywhere", rollout.period, "whole numbers one apart", "Count months from some start.")]),
        *([Fault(f"{int((unit < 0).sum())} rows have no unit", rollout.unit)] if (unit < 0).any() else []),
        *([Fault(f"{twice} rows are of a unit and period that another row has", rollout.unit)] if twice else []),
        *(Fault("differs between the rows of a unit", str(name)) for name, most in constant if most > 1),
    ]
    collect(EstimateError, faults)
    periods = np.unique(period)
    if (np.diff(periods) != 1).any():
        raise EstimateError(Fault("has gaps: some periods have no row", rollout.period, listed(f"{value:g}" for value in periods)))
    y = np.full((len(labels), periods.size), np.nan)
    y[unit, np.searchsorted(periods, period)] = values
    first = np.unique(unit, return_index=True)[1]
    cohort, early = adopted[first], adopted[first] <= periods[0]
    notes = (f"{int(early.sum())} units had the programme from the first period on and can't be compared.",) if early.any() else ()
    keep = ~early
    return _Panel(y=y[keep], cohort=cohort[keep], periods=periods, clusters=np.unique(clusters[first][keep], return_inverse=True)[1].astype(np.int64),
                  weights=weights[first][keep], notes=notes)


def _cells(panel: _Panel, controls: str, anticipation: int) -> list[_Cell]:
    """Every ATT(g, t) that has units on both sides."""
    out = []
    for cohort in np.unique(panel.cohort[np.isfinite(panel.cohort)]):
        base = np.flatnonzero(panel.periods == cohort - 1 - anticipation)
        if not base.size or cohort > panel.periods[-1]:
            continue
        for place, period in enumerate(panel.periods):
            change = panel.y[:, place] - panel.y[:, base[0]]
            later = panel.cohort > max(period, panel.periods[base[0]]) + anticipation
            compared = np.isinf(panel.cohort) if controls == "never" else later & (panel.cohort != cohort)
            cell = _cell(panel, change, panel.cohort == cohort, compared, cohort, period)
            if cell is not None:
                out.append(cell)
    return out


def _cell(panel: _Panel, change: Floats, treated: Any, compared: Any, cohort: float, period: float) -> _Cell | None:
    seen = ~np.isnan(change)
    sides = [seen & treated, seen & compared]
    if not all(side.any() for side in sides):
        return None
    influence, means = np.zeros(change.size), []
    for side, sign in zip(sides, (1.0, -1.0), strict=True):
        weights = panel.weights[side] / panel.weights[side].sum()
        mean = float(weights @ change[side])
        influence[side] += sign * weights * (change[side] - mean)
        means.append(mean)
    return _Cell(cohort=float(cohort), period=float(period), event=round(period - cohort), estimate=means[0] - means[1], influence=influence,
                 n_treated=int(sides[0].sum()), n_control=int(sides[1].sum()))


def _size(panel: _Panel, cohort: float) -> float:
    return float(panel.weights[panel.cohort == cohort].sum())


def _estimate(
    panel: _Panel, outcome: str, term: str, estimand: str, found: list[_Cell], shares: Iterable[float], conf_level: float, **extra: Any,
) -> Estimate:
    """A weighted sum of cells with its clustered standard error."""
    shares = tuple(shares)
    value = sum(share * cell.estimate for share, cell in zip(shares, found, strict=True))
    influence = sum((share * cell.influence for share, cell in zip(shares, found, strict=True)), np.zeros(panel.cohort.size))
    number = int(np.unique(panel.clusters).size)
    alone = {cell.cohort for cell in found if np.unique(panel.clusters[panel.cohort == cell.cohort]).size == 1}
    std_error, reason = _clustered(panel, influence), "Influences of the units, added up by cluster."
    if not std_error > 1e-12 * max(1.0, float(np.nanmax(np.abs(panel.y)))):
        std_error, reason = math.nan, "The comparison has no variation (the base period compares with itself)."
    elif len(alone) == len({cell.cohort for cell in found}):
        std_error, reason = math.nan, "One cluster only adopted at a time: its own course can't be told from the effect, so there is no error."
    elif alone:
        reason += " A cohort of one cluster adds nothing to the error, which is then too small."
    df = float(number - 1)
    statistic = value / std_error if std_error > 0 else math.nan
    half = critical(conf_level, df) * std_error if df > 0 else math.nan
    return Estimate(
        outcome=outcome, estimand=estimand, term=term, estimate=value, std_error=std_error, df=df, statistic=statistic,
        p_value=p_value(statistic, df), conf_low=value - half, conf_high=value + half, conf_level=conf_level, n=int(panel.cohort.size),
        n_clusters=number, n_treated=max(cell.n_treated for cell in found), n_control=max(cell.n_control for cell in found), method=METHOD,
        evidence="comparison", se_type="influence, clustered", reason=" ".join((reason, *panel.notes)), extra=FrozenMap(extra),
    )


def _clustered(panel: _Panel, influence: Floats) -> float:
    """Root of the sum of squared influences of clusters, times G / (G - 1)."""
    sums = np.bincount(panel.clusters, weights=influence)
    return math.sqrt(float((sums**2).sum()) * sums.size / (sums.size - 1)) if sums.size > 1 else math.nan


def _overall(panel: _Panel, outcome: str, found: list[_Cell], conf_level: float) -> Estimate:
    """The mean of each cohort over its treated periods, cohorts by size (Callaway and Sant'Anna 2021, equation 3.11)."""
    treated = [cell for cell in found if cell.event >= 0]
    if not treated:
        raise EstimateError(Fault("no cohort is compared in a period with the programme", "rollout"))
    sizes = {cohort: _size(panel, cohort) for cohort in {cell.cohort for cell in treated}}
    number = {cohort: sum(cell.cohort == cohort for cell in treated) for cohort in sizes}
    shares = [sizes[cell.cohort] / sum(sizes.values()) / number[cell.cohort] for cell in treated]
    return _estimate(panel, outcome, "overall", "ATT", treated, shares, conf_level, cohorts=len(sizes))


def _band(panel: _Panel, lines: list[tuple[list[_Cell], list[float]]], draws: int, seed: int, conf_level: float) -> float:
    """The critical value of a band that holds all lines at once: the quantile of the largest |t| over Rademacher multipliers."""
    none = np.zeros(panel.cohort.size)
    together = [sum((share * cell.influence for share, cell in zip(shares, here, strict=True)), none) for here, shares in lines]
    sums = np.array([np.bincount(panel.clusters, weights=influence) for influence in together])
    errors = np.sqrt((sums**2).sum(axis=1))
    live = errors > 1e-12
    if not live.any() or draws < 1:
        return math.nan
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), size=(draws, sums.shape[1]))
    largest = np.abs(signs @ (sums[live] / errors[live, None]).T).max(axis=1)
    return max(float(np.quantile(largest, conf_level)), critical(conf_level, max(sums.shape[1] - 1, 1)))


def _banded(found: Estimate, quantile: float) -> Estimate:
    half = quantile * found.std_error
    return found.replace(extra=FrozenMap({**found.extra, "simultaneous_low": found.estimate - half, "simultaneous_high": found.estimate + half}))
