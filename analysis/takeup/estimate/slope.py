"""How one number goes along with another, person by person: a straight line with a variance clustered by group. A description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.estimate.linear import least_squares
from takeup.estimate.tails import critical, p_value
from takeup.estimate.vcov import covariance, satterthwaite
from takeup.results import NAN, Estimate, FrozenMap

if TYPE_CHECKING:
    from takeup.estimate.arrays import Codes, Floats

FLAT = 1e-12


def slope(y: Floats, x: Floats, clusters: Codes | None, *, per: float = 1.0, conf_level: float = 0.95, **labels: Any) -> Estimate:
    """The mean difference in y (n,) for every `per` more of x (n,): CR2 by cluster with Satterthwaite degrees of freedom, HC2 without clusters.

    `labels` are further fields of the `Estimate`; its `n` and `n_clusters` are counted here.
    """
    groups = None if clusters is None else int(np.unique(clusters).size)
    shared = {"evidence": "before_after", "method": "slope", "se_type": "HC2" if clusters is None else "CR2", "n": int(y.size), "n_clusters": groups,
              "conf_level": conf_level, **labels}
    if y.size < 4 or np.ptp(x) <= FLAT * max(float(np.abs(x).max(initial=0.0)), 1e-300):
        return Estimate(estimate=NAN, **{**shared, "reason": "Too few people, or all have the same value, so there is no line."})
    if groups is not None and groups < 3:
        return Estimate(estimate=NAN, **{**shared, "reason": "Three groups are needed for a variance between groups."})
    fit = least_squares(np.column_stack([np.ones(y.size), (x - x.mean()) / per]), y)
    value = float(fit.coefficients[1])
    variance = float(covariance(fit.regression, shared["se_type"], clusters)[1, 1])
    std_error = float(np.sqrt(max(variance, 0.0)))
    if not std_error > FLAT * max(float(np.abs(y).max()), 1e-300):
        return Estimate(estimate=value, **{**shared, "reason": "The values lie on the line, so there is no standard error."})
    df = satterthwaite(fit.regression, np.array([0.0, 1.0]), shared["se_type"], clusters)
    statistic, half = value / std_error, critical(conf_level, df) * std_error
    return Estimate(estimate=value, std_error=std_error, df=df, statistic=statistic, p_value=p_value(statistic, df), conf_low=value - half,
                    conf_high=value + half, **{"extra": FrozenMap(per=per), **shared})
