"""Power and size of studies that `power` doesn't describe: several arms at once, clusters with event rates, and rates by other textbook tests."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.design.power import Power
from takeup.design.sizing import LARGEST, number
from takeup.errors import DesignError, Fault, collect
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Sequence


def arms_power(means: Sequence[float], n_per_arm: float, *, sd: float = 1.0, alpha: float = 0.05) -> Power:
    """Power of the F test that all arms have the same mean (one-way analysis of variance, arms of one size).

    Parameters
    ----------
    means : mean of every arm, control included, in units of the outcome
    n_per_arm : people in each arm
    sd : of the outcome within every arm
    alpha : level of the test

    Returns
    -------
    Power
        `effect` is Cohen's f, the standard deviation of the means over `sd`; `n` counts all arms; `df` is the denominator's. `extra` has arms and
        df_numerator.

    Raises
    ------
    DesignError
        Numbers out of range, fewer than two arms, no degrees of freedom.

    Notes
    -----
    Non-central F with noncentrality n_per_arm times the sum of squared deviations of the means over sd**2. Source: Cohen (1988), chapter 8.

    Examples
    --------
    >>> import takeup as tu
    >>> round(tu.arms_power([0.0, 0.3, 0.5], 60).power, 4)
    0.6859
    """
    from scipy.special import fdtri, ncfdtr

    values = [float(value) for value in means]
    faults = [number("n_per_arm", n_per_arm, 1, LARGEST), number("sd", sd, 0, LARGEST), number("alpha", alpha, 0, 1)]
    faults += [number("means", value, -math.inf, math.inf) for value in values]
    if len(values) < 2:
        faults.append(Fault("an F test compares at least two arms", "means"))
    collect(DesignError, [fault for fault in faults if fault is not None])
    arms, mean = len(values), math.fsum(values) / len(values)
    spread = math.fsum((value - mean) ** 2 for value in values) / sd**2
    df1, df2 = arms - 1.0, arms * (n_per_arm - 1.0)
    chance = 1.0 - float(ncfdtr(df1, df2, n_per_arm * spread, float(fdtri(df1, df2, 1.0 - alpha)))) if spread > 0 else alpha
    whole = math.ceil(n_per_arm - 1e-9) * arms
    return Power(effect=math.sqrt(spread / arms), n=arms * n_per_arm, power=chance, n_treated=(arms - 1) * n_per_arm, n_control=n_per_arm, df=df2,
                 alpha=alpha, n_whole=whole, method="one-way analysis of variance, non-central F", extra=FrozenMap(arms=arms, df_numerator=df1))


def clusters_for_rates(
    treated_rate: float, control_rate: float, *, cluster_size: float, between_cv: float, power: float = 0.80, alpha: float = 0.05,
) -> Power:
    """Clusters per arm to compare two proportions where the true proportion varies between clusters (Hayes and Bennett 1999).

    Parameters
    ----------
    treated_rate, control_rate : proportions in the two arms
    cluster_size : people in a cluster
    between_cv : coefficient of variation of the true proportions between clusters of an arm
    power, alpha : of the two-sided test

    Returns
    -------
    Power
        `clusters` in both arms, exact, with Hayes and Bennett's one cluster more an arm for the t distribution; extra["clusters_per_arm"] is half of
        it, extra["clusters_per_arm_normal"] leaves that cluster out.

    Raises
    ------
    DesignError
        Numbers out of range, equal rates.

    Notes
    -----
    Source: Hayes and Bennett (1999), International Journal of Epidemiology 28, equation 2 (unmatched). Where clustering is known as an intraclass
    correlation, use `sample_size`.

    Examples
    --------
    >>> import takeup as tu
    >>> round(tu.clusters_for_rates(0.5, 0.4, cluster_size=30, between_cv=0.25).extra["clusters_per_arm"], 4)
    33.9326
    """
    from scipy.special import ndtri

    faults = [number("treated_rate", treated_rate, 0, 1, closed=True), number("control_rate", control_rate, 0, 1, closed=True),
              number("cluster_size", cluster_size, 0, LARGEST), number("between_cv", between_cv, 0, LARGEST, closed=True),
              number("power", power, 0, 1), number("alpha", alpha, 0, 1)]
    if treated_rate == control_rate:
        faults.append(Fault("no number of clusters tells equal rates apart", "treated_rate"))
    collect(DesignError, [fault for fault in faults if fault is not None])
    within = (treated_rate * (1 - treated_rate) + control_rate * (1 - control_rate)) / cluster_size
    between = between_cv**2 * (treated_rate**2 + control_rate**2)
    quantiles = float(ndtri(alpha / 2)) + float(ndtri(1 - power))
    plain = quantiles**2 * (within + between) / (treated_rate - control_rate) ** 2
    clusters = 2.0 * (plain + 1.0)
    n = clusters * cluster_size
    return Power(
        effect=treated_rate - control_rate, n=n, power=power, n_treated=n / 2, n_control=n / 2, clusters=clusters, alpha=alpha,
        design_effect=(within + between) / within if within > 0 else math.inf, n_whole=math.ceil(2 * math.ceil(plain + 1.0 - 1e-9) * cluster_size),
        method="difference in rates of clusters, normal test with one cluster more an arm",
        extra=FrozenMap(clusters_per_arm=plain + 1.0, clusters_per_arm_normal=plain),
    )


def other_rate_tests(n: float, control: float, treated: float, level: float, power: float) -> dict[str, float]:
    """Both arms together, of one size: n for the test of arcsine-transformed rates, and with Fleiss, Tytun and Ury's (1980) continuity correction.

    `n` is that of the normal test without correction.
    """
    from scipy.special import ndtri

    gap = abs(treated - control)
    h = 2.0 * math.asin(math.sqrt(treated)) - 2.0 * math.asin(math.sqrt(control))
    quantiles = float(ndtri(level / 2.0)) + float(ndtri(1.0 - power))
    per_arm = n / 2.0
    corrected = per_arm / 4.0 * (1.0 + math.sqrt(1.0 + 4.0 / (per_arm * gap))) ** 2
    return {"n_arcsine": 2.0 * 2.0 * (quantiles / h) ** 2, "n_continuity": 2.0 * corrected}
