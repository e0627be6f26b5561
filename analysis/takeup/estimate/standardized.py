"""The difference between two arms in standard deviations: Cohen's d, Hedges' g, Glass's delta."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.estimate.arrays import arrays
from takeup.estimate.effect_sizes import hedges_correction, noncentrality_interval
from takeup.estimate.linear import ROUNDING
from takeup.estimate.tails import check_level, p_value
from takeup.results import NAN, Estimate, FrozenMap

if TYPE_CHECKING:
    from pandas import DataFrame

    from takeup.design import Design


def standardized_difference(frame: DataFrame, outcome: str, design: Design, *, arm: object = None, conf_level: float = 0.95) -> Estimate:
    """Difference in means over the standard deviation within the arms (Cohen's d), to compare trials that measured on other scales.

    Parameters
    ----------
    frame : DataFrame, one row a unit
    outcome : column name
    arm : which treated arm, where there are several
    conf_level : of the intervals

    Returns
    -------
    Estimate
        `estimate` is d with the pooled standard deviation and n - 2 degrees of freedom, its interval from the non-central t distribution,
        `std_error` the large-sample one. `extra`: hedges_g with hedges_g_low and hedges_g_high (d times hedges_j, exact; hedges_j_approximate),
        glass_delta (over the control standard deviation), pooled_sd, and std_error_df with the degrees of freedom in place of n.

    Raises
    ------
    EstimateError
        Unknown or unusable columns.

    Notes
    -----
    Assumes equal variances and units drawn one by one: blocks, clusters and weights aren't used, and the estimate in the outcome's own units
    (`difference_in_means`, `ancova`) is the one to test. Sources: Cohen (1988); Hedges (1981), equations 6e and 8; Steiger and Fouladi (1997).

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1] * 6 + [0] * 6, "y": [5, 7, 6, 9, 8, 7, 4, 5, 7, 3, 6, 5]})
    >>> found = tu.standardized_difference(trial, "y", tu.Design("arm", 0))
    >>> round(found.estimate, 3), round(found.extra["hedges_g"], 3)
    (1.414, 1.305)
    """
    check_level(conf_level)
    data = arrays(frame, outcome, design, arm=arm)
    one, other = data.y[data.treated == 1], data.y[data.treated == 0]
    n1, n0, df = one.size, other.size, float(data.n - 2)
    common: dict[str, Any] = {
        "outcome": outcome, "estimand": "standardised difference", "term": "treatment", "arm": data.arm, "conf_level": conf_level, "n": data.n,
        "n_treated": n1, "n_control": n0, "n_missing": data.n_missing, "method": "standardized_difference", "se_type": "large sample",
    }
    squares = [float(((values - values.mean()) ** 2).sum()) for values in (one, other)]
    pooled = math.sqrt(sum(squares) / df) if df > 0 else NAN
    if not pooled > ROUNDING * float(np.abs(data.y).max()):
        return Estimate(estimate=NAN, reason="The outcome doesn't vary within the arms, so there is no standard deviation to measure in.", **common)
    gap = float(one.mean() - other.mean())
    d, root = gap / pooled, math.sqrt(1 / n1 + 1 / n0)
    low, high = (limit * root for limit in noncentrality_interval(d / root, df, conf_level))
    correction = hedges_correction(df)
    control = math.sqrt(squares[1] / (n0 - 1)) if n0 > 1 else 0.0
    extra = {
        "hedges_g": correction * d, "hedges_g_low": correction * low, "hedges_g_high": correction * high, "hedges_j": correction,
        "hedges_j_approximate": 1 - 3 / (4 * df - 1), "glass_delta": gap / control if control > 0 else NAN, "pooled_sd": pooled,
        "std_error_df": math.sqrt(root**2 + d**2 / (2 * df)),
    }
    return Estimate(
        estimate=d, std_error=math.sqrt(root**2 + d**2 / (2 * data.n)), df=df, statistic=d / root, p_value=p_value(d / root, df), conf_low=low,
        conf_high=high, reason="Interval from the non-central t distribution.", extra=FrozenMap(extra), **common,
    )
