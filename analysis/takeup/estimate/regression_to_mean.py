"""How much of a change would have come without a programme, because people were taken in at a low point: regression to the mean, bounded."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from takeup.errors import EstimateError, Fault, collect
from takeup.estimate.columns import Codes, Floats, codes, columns_exist, numeric
from takeup.estimate.linear import least_squares
from takeup.estimate.tails import check_level, critical
from takeup.estimate.vcov import covariance, satterthwaite
from takeup.results import NAN, Bounds, FrozenMap

if TYPE_CHECKING:
    from pandas import DataFrame


def regression_to_mean(
    frame: DataFrame, before: str, after: str, *, stability: float | None = None, population_mean: float | None = None,
    recruited_share: float | None = None, better: Literal["higher", "lower"] = "higher", clusters: str | None = None, conf_level: float = 0.95,
) -> Bounds:
    """Bounds on the change that regression to the mean alone would give, in the outcome's units.

    Parameters
    ----------
    frame : DataFrame, one row a unit; rows without both measurements are left out
    before, after : column names of the two measurements
    stability : correlation of two measurements so far apart of people without a programme, strictly between 0 and 1. Left out: the
        correlation of the two columns, which selection makes too low, so that the bound errs on the wide side.
    population_mean : mean of all from whom these people were recruited
    recruited_share : share of those who could be recruited that was, where they were the worst off; strictly between 0 and 1
    better : whether a higher or a lower value is better, and so on which side the worst off are
    clusters : column of groups whose members share an environment, for the interval

    Returns
    -------
    Bounds
        `lower` and `upper` with 0 between or at an end: no regression at all, and the most that either road leads to. In `extra`: `change`,
        `correlation`, `stability`, and where they can be had `by_population`, `by_truncation` and `sd_population`. The interval adds the
        sampling error of the mean at the start. nan with a reason where neither road can be walked.

    Raises
    ------
    EstimateError
        Unknown columns, no complete pair, numbers outside their limits.

    Notes
    -----
    With a stability r, people whose mean at the start lies d below that of all are expected to come (1 - r) d closer: d is known from
    `population_mean`, or follows from having taken the lowest share p of a normal distribution, d = sd phi(z) / p with z its quantile
    (Davis 1976, American Journal of Epidemiology 104, equations 1-3). The sd of all is that of the people here over
    the root of 1 - z phi/p - (phi/p)^2, which truncation took from it. Who was recruited for another reason than this measurement is selected
    less than this, and the bound is then too wide.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> group = pd.DataFrame({"start": [3, 4, 2, 5, 4, 3], "end": [5, 4, 4, 6, 5, 6]})
    >>> found = tu.regression_to_mean(group, "start", "end", stability=0.6, population_mean=6.0)
    >>> round(found.lower, 2), round(found.upper, 2), round(found.extra["change"], 2)
    (0.0, 1.0, 1.5)
    """
    check_level(conf_level)
    _check(stability, recruited_share, better)
    columns_exist(frame, [name for name in (before, after, clusters) if name is not None])
    start, end = numeric(frame[before], before), numeric(frame[after], after)
    pairs = ~(np.isnan(start) | np.isnan(end))
    if not pairs.any():
        raise EstimateError(Fault("no row has both measurements", f"{before}, {after}"))
    groups = None if clusters is None else codes(frame[clusters][pairs], "clusters")
    start, end = start[pairs], end[pairs]
    observed = correlation(start, end)
    kept = observed if stability is None else stability
    roads = _roads(start, kept, population_mean, recruited_share, better)
    change = float((end - start).mean())
    extra = FrozenMap({"change": change, "correlation": observed, "stability": kept, **roads})
    size: dict[str, Any] = {"n": start.size, "n_treated": start.size, "n_missing": int((~pairs).sum())}
    found = [value for name, value in roads.items() if name.startswith("by_") and not math.isnan(value)]
    if not found:
        return Bounds(outcome=after, estimand="regression to the mean", lower=NAN, upper=NAN, conf_level=conf_level, method="regression_to_mean",
                      reason=_why_not(kept), extra=extra, **size)
    std_error, df = _error(start, groups)
    half = critical(conf_level, df) * (1.0 - kept) * std_error if std_error > 0 else NAN
    lower, upper = min(0.0, *found), max(0.0, *found)
    return Bounds(
        outcome=after, estimand="regression to the mean", lower=lower, upper=upper, conf_level=conf_level, method="regression_to_mean",
        conf_low=lower - half if lower < 0 else lower, conf_high=upper + half if upper > 0 else upper, reason=_why(stability), extra=extra, **size,
    )


def correlation(start: Floats, end: Floats) -> float:
    """Pearson's correlation; nan where one of the two doesn't vary."""
    if start.size < 2 or np.ptp(start) == 0 or np.ptp(end) == 0:
        return NAN
    return float(np.corrcoef(start, end)[0, 1])


def truncation(share: float) -> tuple[float, float]:
    """Of the lowest `share` of a standard normal: how far its mean lies below 0, and its standard deviation.

    >>> [round(value, 4) for value in truncation(0.5)]
    [0.7979, 0.6028]
    """
    from scipy.special import ndtri

    z = float(ndtri(share))
    ratio = math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi) / share
    return ratio, math.sqrt(max(1.0 - z * ratio - ratio * ratio, 0.0))


def _roads(start: Floats, kept: float, population_mean: float | None, recruited_share: float | None, better: str) -> dict[str, float]:
    """The expected change by the mean of all, and by truncation, where each can be had."""
    out: dict[str, float] = {}
    if population_mean is not None:
        out["by_population"] = (1.0 - kept) * (population_mean - float(start.mean()))
    if recruited_share is not None and start.size > 1:
        below, narrowed = truncation(recruited_share)
        sd = float(np.std(start, ddof=1)) / narrowed
        out["sd_population"] = sd
        out["by_truncation"] = (1.0 - kept) * sd * below * (1.0 if better == "higher" else -1.0)
    return out


def _error(start: Floats, groups: Codes | None) -> tuple[float, float]:
    """Standard error and degrees of freedom of the mean at the start."""
    if start.size < 2 or (groups is not None and np.unique(groups).size < 2):
        return NAN, NAN
    se_type: Literal["HC2", "CR2"] = "HC2" if groups is None else "CR2"
    fit = least_squares(np.ones((start.size, 1)), start)
    std_error = float(np.sqrt(covariance(fit.regression, se_type, groups)[0, 0]))
    if std_error <= 1e-12 * max(float(np.abs(start).max()), 1e-300):
        return NAN, NAN
    return std_error, satterthwaite(fit.regression, np.ones(1), se_type, groups)


def _check(stability: float | None, recruited_share: float | None, better: str) -> None:
    faults = [Fault("lies strictly between 0 and 1", name) for name, value in (("stability", stability), ("recruited_share", recruited_share))
              if value is not None and not 0.0 < value < 1.0]
    if better not in {"higher", "lower"}:
        faults.append(Fault(f'"{better}" is no direction', "better", "higher, lower"))
    collect(EstimateError, faults)


def _why(stability: float | None) -> str:
    if stability is not None:
        return "Stability from elsewhere."
    return "Stability is the correlation of the two measurements here, which selection makes too low: the bound is wide."


def _why_not(kept: float) -> str:
    if math.isnan(kept):
        return "One of the two measurements doesn't vary, so they have no correlation."
    return "Neither the mean of all who could be recruited nor the share of them that was is known."
