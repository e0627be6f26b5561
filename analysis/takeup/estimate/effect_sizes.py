"""Standardised mean changes of one group measured twice, and the intervals that come from the non-central t distribution."""

from __future__ import annotations

import math

import numpy as np

FAR_OUT = 1000.0
"""Beyond this t statistic the distribution function of the non-central t fails; the limit used there is good to about 2e-5."""


def change_sizes(
    before: np.ndarray, after: np.ndarray, *, std_error: float, df: float, conf_level: float,
) -> dict[str, float]:
    """Cohen's d of a change under its four usual denominators, with Hedges' correction and intervals.

    Denominators: dz the SD of the differences; dav the mean of the two SDs; dav_rms the root of the mean variance; drm the SD of the
    differences over the root of 2(1 - r) (Cumming 2012, chapter 11; Lakens 2013, equations 7-10). The limits of the
    noncentrality of mean / std_error, times std_error over the denominator, are exact for dz with independent rows and the approximation
    of Algina and Keselman (2003) for the others; with clusters `std_error` and `df` carry the clustering.
    """
    differences = after - before
    n = differences.size
    mean = float(differences.mean())
    sd_before, sd_after, sd_change = (_sd(values) for values in (before, after, differences))
    correlation = _correlation(before, after, sd_before, sd_after)
    correction = hedges_correction(n - 1)
    loosened = sd_change / math.sqrt(2.0 * (1.0 - correlation)) if correlation < 1.0 else math.nan  # nan compares false
    denominators = {"cohen_dz": sd_change, "dav": (sd_before + sd_after) / 2.0, "dav_rms": math.sqrt((sd_before**2 + sd_after**2) / 2.0),
                    "drm": loosened}
    low, high = noncentrality_interval(mean / std_error, df, conf_level) if std_error > 0 else (math.nan, math.nan)
    found = {"mean_before": float(before.mean()), "mean_after": float(after.mean()), "sd_before": sd_before, "sd_after": sd_after,
             "sd_change": sd_change, "correlation": correlation, "hedges_j": correction,
             "hedges_j_approximate": 1.0 - 3.0 / (4.0 * (n - 1) - 1.0) if n > 1 else math.nan}
    for name, denominator in denominators.items():
        usable = denominator > 0
        found[name] = mean / denominator if usable else math.nan
        found[f"{name}_low"] = low * std_error / denominator if usable else math.nan
        found[f"{name}_high"] = high * std_error / denominator if usable else math.nan
    found["cohen_dz_std_error"] = math.sqrt(1.0 / n + found["cohen_dz"] ** 2 / (2.0 * n))  # in large samples, of independent rows
    found["hedges_gz"], found["hedges_gav"] = correction * found["cohen_dz"], correction * found["dav"]
    found["d_baseline_sd"] = mean / sd_before if sd_before > 0 else math.nan
    return found


def hedges_correction(df: float) -> float:
    """The factor that takes the small-sample bias out of d, exact (Hedges 1981, equation 6e).

    >>> round(hedges_correction(44), 6)
    0.982841
    """
    if df < 2:
        return math.nan
    return math.exp(math.lgamma(df / 2.0) - math.lgamma((df - 1.0) / 2.0) - 0.5 * math.log(df / 2.0))


def noncentrality_interval(statistic: float, df: float, conf_level: float) -> tuple[float, float]:
    """The noncentralities under which the statistic is the upper and the lower tail of its t distribution (Steiger and Fouladi 1997)."""
    tail = (1.0 - conf_level) / 2.0
    return -_noncentrality(-statistic, df, tail), _noncentrality(statistic, df, tail)


def _noncentrality(statistic: float, df: float, tail: float) -> float:
    """The noncentrality at which P(T <= statistic) is `tail`."""
    from scipy.optimize import brentq
    from scipy.special import gammaincinv, nctdtr, ndtri

    def excess(noncentrality: float) -> float:
        return float(nctdtr(df, noncentrality, statistic)) - tail

    if math.isnan(statistic) or math.isnan(df):
        return math.nan
    if abs(statistic) > FAR_OUT:  # the normal part of T no longer counts: T is the noncentrality over a root of chi-square
        return statistic * math.sqrt(2.0 * float(gammaincinv(df / 2.0, 1.0 - tail if statistic > 0 else tail)) / df)
    step = math.sqrt(1.0 + statistic**2 / (2.0 * df))
    low = statistic - float(ndtri(tail)) * step
    high = low
    for _ in range(200):
        if excess(low) >= 0:
            break
        low -= step / 2.0
    for _ in range(200):
        if excess(high) <= 0:
            break
        high += step / 2.0
    if not (excess(low) >= 0 >= excess(high)):
        return math.nan
    return low if low == high else float(brentq(excess, low, high, xtol=1e-13, rtol=1e-13))


def _sd(values: np.ndarray) -> float:
    """Standard deviation; nan for one value, and zero where only rounding is left of it."""
    if values.size < 2:
        return math.nan
    sd = float(np.std(values, ddof=1))
    return sd if sd > 1e-12 * float(np.abs(values).max()) else 0.0


def _correlation(a: np.ndarray, b: np.ndarray, sd_a: float, sd_b: float) -> float:
    if not (sd_a > 0 and sd_b > 0):
        return math.nan
    value = float(((a - a.mean()) * (b - b.mean())).sum()) / (a.size - 1) / sd_a / sd_b
    return max(-1.0, min(1.0, value))
