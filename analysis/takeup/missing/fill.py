"""Bounds that fill in the missing outcomes: the worst case (Manski, Horowitz), or the arm's mean give or take (Kling and Liebman)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from takeup.errors import Fault, MissingError, collect
from takeup.estimate.arrays import Arrays, Floats, arrays
from takeup.estimate.difference import difference_in_means
from takeup.missing.interval import imbens_manski
from takeup.results import Bounds, Estimate, FrozenMap

if TYPE_CHECKING:
    from pandas import DataFrame

    from takeup.design import Design


def manski_bounds(
    frame: DataFrame, outcome: str, design: Design, *, support: tuple[float, float], scale: Literal["difference", "ratio"] = "difference",
    arm: object = None, conf_level: float = 0.95,
) -> Bounds:
    """Worst-case bounds: every missing outcome at the end of the scale that hurts, then helps, the treated arm.

    Parameters
    ----------
    frame : DataFrame, one row a unit of all that were assigned
    outcome : column name, missing where the unit didn't respond
    support : lowest and highest value the outcome can have, (0, 1) for a yes or no
    scale : "difference", or "ratio" of rates for a 0/1 outcome (Horowitz and Manski 2000)
    arm : which treated arm, where there are several
    conf_level : of Imbens and Manski's interval

    Returns
    -------
    Bounds
        In the outcome's units (a ratio where asked for). Standard errors are those of the difference in means, with the design's
        variance, on the filled-in outcome; of a ratio, on the log scale in ``extra``, which also has support, the missing shares and im_critical.

    Raises
    ------
    MissingError, EstimateError
        A support that isn't two numbers in order, outcomes outside it (their number), unusable columns.

    Notes
    -----
    Assumes nothing but the support. Sources: Manski (1990), American Economic Review 80; Horowitz and Manski (2000), Journal of the
    American Statistical Association 95, section 2. Interval: Imbens and Manski (2004).

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1, 1, 1, 1, 0, 0, 0, 0], "y": [1, 1, 0, None, 0, 1, 0, None]})
    >>> found = tu.manski_bounds(trial, "y", tu.Design("arm", 0), support=(0, 1))
    >>> found.lower, found.upper
    (0.0, 0.5)
    """
    data = arrays(frame, outcome, design, arm=arm, keep_missing=True)
    low, high = _support(data, support, scale)
    filled = [_filled(frame, data, outcome, treated, control) for treated, control in ((low, high), (high, low))]
    words = f"Every missing outcome at {low:g} or {high:g}, whichever is worse; nothing else is assumed."
    if scale == "ratio":
        from takeup.estimate.binary import binary

        return _ratio(data, [binary(part, outcome, design, scale="ratio", arm=arm, conf_level=conf_level) for part in filled], words, conf_level)
    ends = [difference_in_means(part, outcome, design, arm=arm, conf_level=conf_level) for part in filled]
    return _bounds(data, ends, "manski", words, conf_level, {"support": (low, high)})


def kling_liebman_bounds(
    frame: DataFrame, outcome: str, design: Design, *, sd: float = 0.25, arm: object = None, conf_level: float = 0.95,
) -> Bounds:
    """Bounds with the missing outcomes at their arm's observed mean, give or take `sd` of its standard deviations.

    Lower bound: missing treated at mean - sd x SD, missing controls at mean + sd x SD; upper bound the other way round.

    Parameters
    ----------
    frame, outcome, arm, conf_level : as in `manski_bounds`
    sd : how far, in standard deviations of the arm's observed outcomes

    Returns
    -------
    Bounds
        Standard errors on the filled-in outcome, which count the filled-in values as if they had been observed. ``extra``: sd, the means and
        standard deviations of the observed outcomes (observed_mean_treated, observed_sd_treated and of control), missing shares, im_critical.

    Raises
    ------
    MissingError, EstimateError
        A negative `sd`, unusable columns.

    Notes
    -----
    Source: Kling and Liebman (2004), Experimental Analysis of Neighborhood Effects on Youth, section 4; the usual values are 0.10, 0.25
    and 0.50. Interval: Imbens and Manski (2004).

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1, 1, 1, 1, 0, 0, 0, 0], "y": [6.0, 8.0, 7.0, None, 3.0, 5.0, 4.0, None]})
    >>> found = tu.kling_liebman_bounds(trial, "y", tu.Design("arm", 0), sd=0.5)
    >>> found.lower, found.upper
    (2.75, 3.25)
    """
    if not isinstance(sd, int | float) or isinstance(sd, bool) or not 0 <= sd < math.inf:
        raise MissingError(Fault("is a number of standard deviations, zero or more", "sd"))
    data = arrays(frame, outcome, design, arm=arm, keep_missing=True)
    spread = {treated: _moments(data.y[data.treated == treated], outcome) for treated in (1, 0)}
    ends = []
    for sign in (-1.0, 1.0):
        treated, control = (mean + side * sign * sd * deviation for (mean, deviation), side in ((spread[1], 1.0), (spread[0], -1.0)))
        ends.append(difference_in_means(_filled(frame, data, outcome, treated, control), outcome, design, arm=arm, conf_level=conf_level))
    words = f"Missing outcomes at their arm's mean give or take {sd:g} of its standard deviations; the standard errors take them as observed."
    names = ((1, "treated"), (0, "control"))
    moments = {f"observed_{what}_{name}": spread[side][place] for side, name in names for place, what in enumerate(("mean", "sd"))}
    return _bounds(data, ends, "kling_liebman", words, conf_level, {"sd": float(sd), **moments})


def _support(data: Arrays, support: object, scale: str) -> tuple[float, float]:
    faults = []
    ends = list(support) if isinstance(support, list | tuple) else []
    if len(ends) != 2 or not all(isinstance(end, int | float) and math.isfinite(end) for end in ends) or not ends[0] < ends[1]:
        raise MissingError(Fault("is the lowest and the highest value that the outcome can have", "support", "(low, high), both finite"))
    low, high = map(float, ends)
    slack = 1e-9 * (high - low)
    outside = int(((data.y < low - slack) | (data.y > high + slack)).sum())
    if outside:
        faults.append(Fault(f"{outside} values lie outside the support", data.outcome, f"{low:g} to {high:g}"))
    if scale not in {"difference", "ratio"}:
        faults.append(Fault(f'"{scale}" is no scale', "scale", "difference, ratio"))
    elif scale == "ratio" and (low < 0 or not np.isin(data.y[~np.isnan(data.y)], (0.0, 1.0)).all() or high > 1):
        faults.append(Fault("a ratio is of the rates of a 0/1 outcome", "scale"))
    collect(MissingError, faults)
    return low, high


def _filled(frame: DataFrame, data: Arrays, outcome: str, treated: float, control: float) -> DataFrame:
    """The frame with the outcome complete: `treated` and `control` where it's missing."""
    values = np.full(len(frame), np.nan)
    values[data.rows] = np.where(np.isnan(data.y), np.where(data.treated == 1, treated, control), data.y)
    return frame.assign(**{outcome: values})


def _moments(y: Floats, outcome: str) -> tuple[float, float]:
    seen = y[~np.isnan(y)]
    if seen.size < 2:
        raise MissingError(Fault("an arm has one observed outcome, so no standard deviation", outcome, remedy="Use tu.manski_bounds."))
    return float(seen.mean()), 0.0 if (seen == seen[0]).all() else float(seen.std(ddof=1))


def _bounds(data: Arrays, ends: list[Estimate], method: str, words: str, conf_level: float, extra: dict[str, Any]) -> Bounds:
    lower, upper = ends
    low, high, c = imbens_manski(lower.estimate, upper.estimate, lower.std_error, upper.std_error, conf_level)
    missing = np.isnan(data.y)
    shares = {"missing_share_treated": float(missing[data.treated == 1].mean()), "missing_share_control": float(missing[data.treated == 0].mean())}
    return Bounds(
        outcome=data.outcome, arm=data.arm, lower=lower.estimate, upper=upper.estimate, std_error_lower=lower.std_error,
        std_error_upper=upper.std_error, conf_low=low, conf_high=high, conf_level=conf_level, n=data.n, n_treated=data.n_treated,
        n_control=data.n_control, n_missing=int(missing.sum()), method=method, reason=f"{words} {lower.reason}".strip(),
        extra=FrozenMap(extra, im_critical=c, **shares),
    )


def _ratio(data: Arrays, ends: list[Estimate], words: str, conf_level: float) -> Bounds:
    """Bounds on the ratio of rates: the interval is made on the log scale, standard errors are on the ratio's own."""
    found = _bounds(data, ends, "horowitz_manski", words, conf_level, {"support": (0.0, 1.0)})
    lower, upper = (math.log(end.estimate) if end.estimate > 0 else math.nan for end in ends)
    log_lower, log_upper = (float(end.extra.get("log_std_error", math.nan)) for end in ends)
    low, high, c = imbens_manski(lower, upper, log_lower, log_upper, conf_level)
    return found.replace(
        estimand="ITT ratio", conf_low=math.exp(low), conf_high=math.exp(high),
        extra=FrozenMap(found.extra, im_critical=c, log_std_error_lower=log_lower, log_std_error_upper=log_upper),
    )
