"""How strong an unmeasured cause would have to be to explain a difference away: E-values, robustness values, benchmarks, selection ratios."""

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


def with_benchmark(estimate: float, std_error: float, df: float, of_group: float, of_outcome: float, times: float = 1.0) -> float:
    """The estimate if an unmeasured cause were `times` as strong as a measured one.

    Parameters
    ----------
    estimate, std_error, df : of the group, in the regression with all covariates
    of_group, of_outcome : partial R2 of the measured cause with the group, given the other covariates; and with the outcome, given these and
        the group

    Returns
    -------
    float
        Moved towards zero, or beyond, by the greatest bias that such a cause can make; nan where it would tell the groups apart.

    Notes
    -----
    Cinelli and Hazlett (2020), section 4.4 and appendix: the bounds on the cause's partial R2 with the group and with the outcome.

    >>> round(with_benchmark(0.0973, 0.02325, 783, 0.009077, 0.10903), 4)
    0.0752
    """
    if not (of_group < 1 and of_outcome < 1 and times * of_group < 1):
        return math.nan
    with_group = times * of_group / (1.0 - of_group)
    shared = times * of_group**2 / ((1.0 - times * of_group) * (1.0 - of_group))
    if not (with_group < 1 and shared < 1):
        return math.nan
    with_outcome = min((math.sqrt(times) + math.sqrt(shared)) ** 2 / (1.0 - shared) * of_outcome / (1.0 - of_outcome), 1.0)
    bias = std_error * math.sqrt(df) * math.sqrt(with_outcome * with_group / (1.0 - with_group))
    return estimate - math.copysign(bias, estimate)


def selection_ratio(
    plain: float, plain_r2: float, adjusted: float, adjusted_r2: float, *, outcome_variance: float, group_variance: float, left_variance: float,
    most_r2: float,
) -> float:
    """How much more strongly than all covariates together what isn't measured would have to go with the group to bring the difference to zero.

    Parameters
    ----------
    plain, plain_r2 : difference and R2 of the regression of the outcome on the group alone
    adjusted, adjusted_r2 : of the regression with the covariates
    outcome_variance, group_variance : variances of outcome and group
    left_variance : variance of what the covariates leave of the group
    most_r2 : R2 of the regression that had everything in it; 1.3 times `adjusted_r2`, at most 1, is usual

    Returns
    -------
    float
        Oster's delta: 1 means as strongly as the covariates; negative where it would have to pull the other way than they do.

    Notes
    -----
    Oster (2019), Journal of Business & Economic Statistics 37, proposition 3, at a difference of zero.

    >>> round(selection_ratio(0.4, 0.04, 0.25, 0.2, outcome_variance=4.0, group_variance=0.25, left_variance=0.2, most_r2=0.26), 2)
    2.64
    """
    moved, room = plain - adjusted, most_r2 - adjusted_r2
    last = adjusted**3 * (left_variance * group_variance - left_variance**2)
    above = (
        adjusted * (adjusted_r2 - plain_r2) * outcome_variance * left_variance + adjusted * group_variance * left_variance * moved**2
        + 2.0 * adjusted**2 * left_variance * moved * group_variance + last
    )
    below = (
        room * outcome_variance * moved * group_variance + adjusted * room * outcome_variance * (group_variance - left_variance)
        + adjusted**2 * left_variance * moved * group_variance + last
    )
    return above / below if below != 0 and room > 0 else math.nan
