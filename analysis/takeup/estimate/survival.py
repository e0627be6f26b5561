"""Time until something happens: Kaplan-Meier curves by arm, and the difference in restricted mean time with the design's inference."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import EstimateError, Fault
from takeup.estimate.arrays import Floats, choose_arm
from takeup.estimate.columns import columns_exist, numeric
from takeup.estimate.difference import difference_in_means
from takeup.estimate.tails import check_level
from takeup.results import Estimate, FrozenMap

if TYPE_CHECKING:
    from pandas import DataFrame

    from takeup.design import Design

METHOD = "rmst"


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A Kaplan-Meier curve: a step at each time at which something happened.

    Attributes
    ----------
    times, survival, variance : (k,) the times in order, S just after each, and Greenwood's variance of S
    at_risk, events : (k,) people at risk just before, and to whom it happened then
    last : the largest time that was observed, event or not
    """

    times: Floats
    survival: Floats
    variance: Floats
    at_risk: Floats
    events: Floats
    last: float

    def at(self, time: float) -> float:
        """S at a time; nan past the last observed one while somebody is still waiting."""
        if time > self.last and (not self.survival.size or self.survival[-1] > 0):
            return math.nan
        place = int(np.searchsorted(self.times, time, side="right"))
        return 1.0 if place == 0 else float(self.survival[place - 1])


def kaplan_meier(time: Floats, event: Floats) -> Curve:
    """The curve of one group.

    Parameters
    ----------
    time : (n,) until the event or until observation ended, not negative
    event : (n,) 1 where it happened, 0 where observation ended first; who leaves at the time of an event was still at risk at it

    Notes
    -----
    Source: Kaplan and Meier (1958); Greenwood's variance.

    Examples
    --------
    >>> import numpy as np
    >>> [round(float(s), 3) for s in kaplan_meier(np.array([1., 2, 2, 3]), np.array([1., 1, 0, 1])).survival]
    [0.75, 0.5, 0.0]
    """
    times = np.unique(time[event == 1])
    events = np.array([(time[event == 1] == moment).sum() for moment in times], dtype=float) if times.size < 50 else _counted(time[event == 1], times)
    at_risk = time.size - np.searchsorted(np.sort(time), times, side="left").astype(float)
    survival = np.cumprod(1.0 - events / at_risk) if times.size else np.zeros(0)
    left = at_risk - events
    hazard = np.where(left > 0, events / (at_risk * np.maximum(left, 1.0)), 0.0)
    return Curve(times=times, survival=survival, variance=survival**2 * np.cumsum(hazard), at_risk=at_risk, events=events,
                 last=float(time.max()) if time.size else math.nan)


def _counted(values: Floats, times: Floats) -> Floats:
    return np.bincount(np.searchsorted(times, values), minlength=times.size).astype(float)


def restricted_mean(time: Floats, event: Floats, horizon: float) -> tuple[float, Floats]:
    """The mean time up to a horizon (area under the curve), and each unit's influence on it, (n,), which add up to 0.

    The mean of squared influences over n is the variance of the restricted mean; without censoring an influence is the unit's own time (up to the
    horizon) less the mean.
    """
    curve = kaplan_meier(time, event)
    inside = curve.times < horizon
    times, survival = curve.times[inside], curve.survival[inside]
    edges, heights = np.concatenate([[0.0], times, [horizon]]), np.concatenate([[1.0], survival])
    pieces = heights * np.diff(edges)
    mean = float(pieces.sum())
    rest = mean - np.cumsum(pieces)[:-1] if times.size else np.zeros(0)  # the area to the right of each step
    at_risk, events = curve.at_risk[inside], curve.events[inside]
    jump, drift = np.zeros(time.size), np.zeros(time.size)
    if times.size:
        place = np.clip(np.searchsorted(times, time), 0, times.size - 1)
        happened = (event == 1) & (time < horizon)
        left = np.maximum(at_risk - events, 0.0)
        # the product-limit form: a step of S is a factor 1 - d / Y, so its derivative carries the share that remains
        factor = np.where(left > 0, rest * at_risk / np.where(left > 0, left, 1.0), 0.0)
        jump[happened] = (factor / at_risk)[place[happened]]
        total = np.concatenate([[0.0], np.cumsum(factor * events / at_risk**2)])
        drift = total[np.searchsorted(times, time, side="right")]
    return mean, time.size * (drift - jump)


def restricted_mean_difference(
    frame: DataFrame, time: str, event: str, design: Design, *, horizon: float | None = None, arm: object = None, conf_level: float = 0.95,
) -> Estimate:
    """Difference between the arms in mean time until the event, up to a horizon (RMST).

    Parameters
    ----------
    frame : DataFrame, one row a unit
    time, event : columns: the time until the event or the end of observation, in any unit; 1 where it happened, 0 where it didn't
    horizon : in the same unit; the last time that both arms were observed to when left out

    Returns
    -------
    Estimate
        Treated less control in units of time: negative where the event comes sooner. `extra`: horizon, mean_treated, mean_control;
        n_left_out where blocks with one arm only left the test.

    Raises
    ------
    EstimateError
        Unknown or unusable columns, negative times, an arm without observed times, a horizon past what was observed.

    Notes
    -----
    Assumes that who left was as likely to have the event later as who stayed in the same arm. The estimate is the difference of the areas under the
    arms' Kaplan-Meier curves. Its standard error is the design's (blocks, clusters, providers), of the units' influences on those areas. Without
    blocks or clusters that is close to Greenwood's. Sources: Royston and Parmar (2013), BMC Medical Research Methodology 13:152; influence:
    Reid (1981), Annals of Statistics 9.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1, 0] * 4, "months": [1, 4, 2, 6, 3, 6, 6, 6], "got_it": [1, 1, 1, 0, 1, 1, 0, 0]})
    >>> found = tu.restricted_mean_difference(trial, "months", "got_it", tu.Design("arm", 0), horizon=6)
    >>> found.estimate
    -2.5
    """
    check_level(conf_level)
    columns_exist(frame, (time, event, *design.columns))
    until, happened = numeric(frame[time], time), numeric(frame[event], event)
    chosen = choose_arm(frame[design.treatment], design, arm)
    sides = [np.asarray((frame[design.treatment] == side).to_numpy(dtype=bool, na_value=False)) for side in (chosen, design.control)]
    known = ~np.isnan(until) & ~np.isnan(happened)
    _usable(until, happened, sides, known, time, event)
    last = min(float(until[known & side].max()) for side in sides)
    end = last if horizon is None else float(horizon)
    if not 0 < end <= last + 1e-9:
        raise EstimateError(Fault("lies past what was observed in both arms, or isn't positive", "horizon", remedy="Leave it out for the longest."))
    values: Any = np.full(len(frame), np.nan)
    means = []
    for side in sides:
        mean, influence = restricted_mean(until[known & side], happened[known & side], end)
        values[known & side] = mean + influence
        means.append(mean)
    found = difference_in_means(frame.assign(**{f"{METHOD} {time}": values}), f"{METHOD} {time}", design, arm=arm, conf_level=conf_level)
    left = {"n_left_out": found.extra["n_left_out"]} if found.extra.get("n_left_out") else {}
    shift = (means[0] - means[1]) - found.estimate  # what the weights of blocks change; the areas are the estimate
    return found.replace(
        outcome=time, estimand="RMST", term=event, estimate=means[0] - means[1], conf_low=found.conf_low + shift, conf_high=found.conf_high + shift,
        **_tested(means[0] - means[1], found), method=METHOD,
        extra=FrozenMap(horizon=end, mean_treated=means[0], mean_control=means[1], **left),
    )


def _tested(estimate: float, found: Estimate) -> dict[str, float]:
    from takeup.estimate.tails import p_value

    statistic = estimate / found.std_error if found.std_error > 0 else math.nan
    return {"statistic": statistic, "p_value": p_value(statistic, found.df)}


def _usable(until: Floats, happened: Floats, sides: list[Any], known: Any, time: str, event: str) -> None:
    if (until[known] < 0).any():
        raise EstimateError(Fault(f"{int((until[known] < 0).sum())} times are negative", time, remedy="Count from the draw."))
    if not np.isin(happened[known], (0.0, 1.0)).all():
        raise EstimateError(Fault("says whether it happened", event, "0 and 1"))
    if not all((known & side).any() for side in sides):
        raise EstimateError(Fault("an arm has no observed time", time))
