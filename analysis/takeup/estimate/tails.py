"""Tail areas and quantiles of the t, normal and F distributions: always the tail itself, never one minus the rest.

`scipy.special` is used because it loads in a fraction of the time of `scipy.stats` and agrees with it to the last digits.
"""

from __future__ import annotations

import math
from typing import Literal

from takeup.errors import EstimateError, Fault

Alternative = Literal["two-sided", "greater", "less"]


def p_value(statistic: float, df: float, alternative: Alternative = "two-sided") -> float:
    """The p-value of a t statistic; normal where `df` is infinite.

    >>> round(p_value(2.0, 10), 6)
    0.073388
    """
    if math.isnan(statistic) or math.isnan(df):
        return math.nan
    if alternative == "two-sided":
        return min(1.0, 2.0 * _lower(-abs(statistic), df))
    return _lower(-statistic if alternative == "greater" else statistic, df)


def critical(conf_level: float, df: float) -> float:
    """The two-sided critical value of a confidence level, from t with `df` (normal where infinite)."""
    from scipy.special import ndtri, stdtrit

    check_level(conf_level)
    if math.isnan(df):
        return math.nan
    tail = (1.0 - conf_level) / 2.0
    return float(-ndtri(tail)) if math.isinf(df) else float(-stdtrit(df, tail))


def f_tail(statistic: float, df1: float, df2: float) -> float:
    """P(F > statistic); chi-square over `df1` where `df2` is infinite."""
    from scipy.special import chdtrc, fdtrc

    if math.isnan(statistic) or math.isnan(df1) or math.isnan(df2):
        return math.nan
    return float(chdtrc(df1, df1 * statistic)) if math.isinf(df2) else float(fdtrc(df1, df2, statistic))


def check_level(conf_level: float) -> None:
    """Refuse a confidence level outside (0, 1)."""
    if not 0.0 < conf_level < 1.0:
        raise EstimateError(Fault("a confidence level lies strictly between 0 and 1", "conf_level", remedy="Write 0.95 for 95 %."))


def _lower(statistic: float, df: float) -> float:
    from scipy.special import ndtr, stdtr

    return float(ndtr(statistic)) if math.isinf(df) else float(stdtr(df, statistic))
