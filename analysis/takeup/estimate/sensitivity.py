"""How strong an unmeasured cause would have to be to explain a difference away: E-values and robustness values."""

from __future__ import annotations

import math

D_TO_LOG_RATIO = 0.91
"""A standardised difference d of a continuous outcome is a log risk ratio of about 0.91 d (Chinn 2000; VanderWeele and Ding 2017)."""


def e_value(ratio: float) -> float:
    """The E-value of a risk ratio: how strongly a cause must go with both group and outcome to explain it (VanderWeele and Ding 2017).

    >>> round(e_value(3.9), 2)
    7.26
    """
    if not (ratio > 0 and math.isfinite(ratio)):
        return math.nan
    above = ratio if ratio >= 1.0 else 1.0 / ratio
    return above + math.sqrt(above * (above - 1.0))


def e_value_of_limit(low: float, high: float) -> float:
    """The E-value of the limit of a risk ratio's interval that is nearer to 1; 1 where the interval holds 1.

    >>> round(e_value_of_limit(1.8, 8.7), 2)
    3.0
    """
    if low <= 1.0 <= high:
        return 1.0
    return e_value(low if low > 1.0 else high)


def partial_r2(statistic: float, df: float) -> float:
    """The share of the outcome's residual variance that goes with the group, from its t statistic."""
    return statistic**2 / (statistic**2 + df)


def robustness_value(statistic: float, df: float, alpha: float | None = None) -> float:
    """The share of the residual variance of both group and outcome that a cause must take up to bring the difference to zero.

    With `alpha`, to bring it to the brink of significance at that level (Cinelli and Hazlett 2020, equations 18 and 20; the second branch is
    where the bound on the outcome doesn't bind).

    >>> round(robustness_value(4.18, 783), 3), round(robustness_value(4.18, 783, 0.05), 3)
    (0.139, 0.076)
    """
    from scipy.special import stdtrit

    f = abs(statistic) / math.sqrt(df)
    threshold = 0.0
    if alpha is not None:
        if df <= 1:
            return math.nan
        threshold = abs(float(stdtrit(df - 1.0, alpha / 2.0))) / math.sqrt(df - 1.0)
    over = f - threshold
    if over <= 0:
        return 0.0
    if threshold > 0 and f > 1.0 / threshold:
        return (f**2 - threshold**2) / (1.0 + f**2)
    return 0.5 * (math.sqrt(over**4 + 4.0 * over**2) - over**2)
