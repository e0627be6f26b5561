"""The confidence interval of something that is only known to lie between two bounds."""

from __future__ import annotations

import math

from takeup.estimate.tails import check_level, critical


def imbens_manski(lower: float, upper: float, se_lower: float, se_upper: float, conf_level: float) -> tuple[float, float, float]:
    """Low end, high end and critical value of the interval that covers the effect itself (not the whole of its bounds).

    The critical value c solves Phi(c + (upper - lower) / max(se)) - Phi(-c) = level: two-sided where the bounds meet, one-sided where they
    are far apart (Imbens and Manski 2004, Econometrica 72, equation 6). Ends that can't be had are nan.
    """
    from scipy.special import ndtr

    check_level(conf_level)
    largest = max(se_lower, se_upper)
    if math.isnan(se_lower + se_upper + lower + upper):
        return math.nan, math.nan, math.nan
    if largest <= 0.0:
        return lower, upper, math.nan
    gap = max(upper - lower, 0.0) / largest
    low, high = 0.0, critical(conf_level, math.inf)
    for _ in range(200):  # the left side rises with c: halve until the ends meet
        middle = 0.5 * (low + high)
        if ndtr(middle + gap) - ndtr(-middle) < conf_level:
            low = middle
        else:
            high = middle
        if high - low <= 1e-15 * high:
            break
    c = 0.5 * (low + high)
    return lower - c * se_lower, upper + c * se_upper, c
