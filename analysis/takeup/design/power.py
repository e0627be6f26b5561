"""How many, and how small an effect: power, smallest detectable effect and sample size in closed form.

One description of the study (`sizing`), three questions. Continuous outcomes are tested with t (non-central t, both tails when
two-sided); 0/1 outcomes and `distribution="normal"` with the normal, where the rejections in the wrong direction are left out, as
the textbook formulas and R's power.prop.test do. Simulated power, with the trial's own draw and estimator, is `infer.power`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Unpack

from takeup.design.sizing import LARGEST, Keywords, Sizing, number, read
from takeup.errors import DesignError, Fault, collect
from takeup.results import FrozenMap, Provenance, Result

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class Power(Result):
    """An effect, a number of people, and the chance of finding the one with the other.

    Attributes
    ----------
    effect : float
        In the outcome's units (rates for a 0/1 outcome); among compliers where take-up is below 1.
    n, n_treated, n_control : float
        People to recruit (pairs when paired), exact: a solved n is a real number.
    power : float
    clusters : float or None
    design_effect, variance_factor : float
        By clusters or providers, and by repeated measures.
    df : float
        Of the test, ``inf`` when it is normal.
    alpha : float
        The level of each comparison.
    n_whole : int
        The smallest number of people (pairs) that makes every arm, pair, cluster and provider whole.
    method : str
        The test and its convention, in words.
    """

    effect: float
    n: float
    power: float
    n_treated: float
    n_control: float
    clusters: float | None = None
    design_effect: float = 1.0
    variance_factor: float = 1.0
    df: float = math.inf
    alpha: float = 0.05
    n_whole: int = 0
    method: str = ""
    reason: str = ""
    extra: FrozenMap = field(default_factory=FrozenMap)
    provenance: Provenance = field(default_factory=Provenance)


def power(effect: float, n: float, **study: Unpack[Keywords]) -> Power:
    """The chance of rejecting "no effect" when the effect is `effect` and `n` people take part.

    Parameters
    ----------
    effect : in units of the outcome; for a 0/1 outcome the treated rate less the control rate
    n : people in all arms, before attrition; pairs when `paired`
    sd : of the outcome in each arm; of the differences when `paired`
    control_rate, pooled : a 0/1 outcome's rate among controls; whether the null variance is at the mean rate of all people (R's
        power.prop.test) or each arm's own
    treated_share, paired : share of people treated; n pairs, or n people before and after
    cluster_size, icc, cluster_size_cv : mean size of the clusters drawn, intraclass correlation, and the sizes' coefficient of variation
    provider_size, provider_icc : people per provider and their correlation, providers in the treated arm only
    r2, block_r2 : share of variance that covariates, and blocks, take away
    cluster_r2 : share of the variance between clusters that covariates take away; r2 is then that within clusters
    correlation, pre, post : between any two measurements, and their number before and after
    change : the outcome is the change from the mean before to the mean after, instead of ANCOVA, which never has more variance
    takeup : share in the treated less share in the control arm who take the programme up; `effect` is then the effect on compliers
    attrition : share lost before the outcome is measured, the same in both arms
    alpha, alternative, comparisons : level, direction, and the number of comparisons it is divided by (Bonferroni)
    distribution : "t" with n - 2 (clusters - 2, pairs - 1, with providers as below) degrees of freedom, "normal", or "bloom", the approximation by
        a sum of two quantiles of t (Bloom 1995)
    frame, design, outcome, covariates : a pilot or baseline from which keywords left out are read

    Returns
    -------
    Power

    Raises
    ------
    DesignError
        Keywords that are unknown, out of range or at odds with each other, all at once.

    Notes
    -----
    The variance of the estimate is sd**2 * variance_factor * (1 - r2) * (1 - block_r2) * design_effect / (share * (1 - share) * n).
    Design effect: 1 + ((1 + cv**2) * size - 1) * icc (Eldridge, Ashby and Kerry 2006, equation 3). Variance factor: McKenzie (2012,
    Journal of Development Economics 99, section 3). Assumes equal variances in the arms for a numeric outcome, and normal residuals.

    Providers in the treated arm only: the variance is that of Moerbeek and Wong (2008, Statistics in Medicine 27, 2850-2864). A mean over k
    providers has k - 1 degrees of freedom, one over c controls c - 1; Satterthwaite's combination, as Roberts and Roberts (2005, Clinical Trials 2,
    152-162) proposed it for these trials, is (a + b)**2 / (a**2 / (k - 1) + b**2 / (c - 1)), with b = 1 / n_control and
    a = (1 + (size - 1) * 0.05) / n_treated: the weights of the test that the design chooses, which can't know the correlation and takes 0.05.

    Examples
    --------
    >>> import takeup as tu
    >>> round(tu.power(0.5, 128).power, 4)
    0.8015
    """
    plan = read(study, [number("effect", effect, -math.inf, math.inf), number("n", n, 0, LARGEST)])
    collect(DesignError, plan.rate_faults(effect))
    if plan.df(n) <= 0:
        raise DesignError(Fault("leaves no degrees of freedom", "n", remedy="Ask for more people, clusters or providers."))
    return _answer(plan, effect, n, plan.power(effect, n))


def mde(n: float, *, power: float = 0.80, **study: Unpack[Keywords]) -> Power:
    """The smallest effect that `n` people find with the given power (minimum detectable effect).

    Parameters, errors and formulas as in `power`. The effect is positive (upwards for a 0/1 outcome), and negative when
    `alternative` is "less".

    Examples
    --------
    >>> import takeup as tu
    >>> round(tu.mde(200, sd=2.0, power=0.9).effect, 4)
    0.9213
    """
    plan = read(study, [number("n", n, 0, LARGEST), number("power", power, 0, 1)])
    if plan.df(n) <= 0:
        raise DesignError(Fault("leaves no degrees of freedom", "n", remedy="Ask for more people, clusters or providers."))
    sign = -1.0 if plan.alternative == "less" else 1.0
    largest = math.inf
    if plan.control_rate is not None:
        largest = (plan.control_rate if sign < 0 else 1.0 - plan.control_rate) / plan.takeup
    if power <= plan.power(0.0, n):
        raise DesignError(Fault("isn't above the level of the test", "power"))
    high = min(largest, max(plan.error(0.0, n, null=True) / plan.takeup, 1e-12))
    while plan.power(sign * high, n) < power and high < largest:
        high = min(largest, 2.0 * high)
    if plan.power(sign * high, n) < power:
        raise DesignError(Fault("no rate between 0 and 1 differs enough", "n", remedy="Ask for more people or less power."))
    effect = sign * _solve(lambda size: plan.power(sign * size, n) - power, 0.0, high)
    return _answer(plan, effect, n, power)


def sample_size(effect: float, *, power: float = 0.80, **study: Unpack[Keywords]) -> Power:
    """The number of people (pairs when paired) that finds `effect` with the given power.

    Parameters, errors and formulas as in `power`. `n` is exact, `n_whole` what to recruit. For a 0/1 outcome in two arms of one size `extra` has
    the n of two other tests: n_arcsine, and n_continuity (with continuity correction).

    Examples
    --------
    >>> import takeup as tu
    >>> found = tu.sample_size(0.3)
    >>> round(found.n, 2), found.n_whole
    (350.77, 352)
    """
    plan = read(study, [number("effect", effect, -math.inf, math.inf), number("power", power, 0, 1)])
    faults = plan.rate_faults(effect)
    if effect == 0 or (plan.alternative == "greater" and effect < 0) or (plan.alternative == "less" and effect > 0):
        faults.append(Fault("no number of people finds an effect of zero or against the alternative", "effect"))
    if power <= plan.level * (1.0 if plan.tails_counted == 2 or plan.alternative != "two-sided" else 0.5):
        faults.append(Fault("isn't above the level of the test", "power"))
    collect(DesignError, faults)
    low = plan.smallest()
    high = max(2.0 * low, 8.0)
    while plan.power(effect, high) < power:
        high *= 2.0
        if high > LARGEST:
            raise DesignError(Fault(f"more than {LARGEST:.0g} people would be needed", "effect"))
    n = low if plan.power(effect, low) >= power else _solve(lambda size: plan.power(effect, size) - power, low, high)
    found = _answer(plan, effect, n, plan.power(effect, n))
    if plan.control_rate is None or plan.treated_share != 0.5 or plan.spread != 1.0 or plan.alternative != "two-sided":
        return found
    from takeup.design.formulas import other_rate_tests

    others = other_rate_tests(n, plan.control_rate, plan.control_rate + effect * plan.takeup, plan.level, power)
    return found.replace(extra=FrozenMap({**found.extra, **others}))


def _answer(plan: Sizing, effect: float, n: float, chance: float) -> Power:
    share = 1.0 if plan.paired else plan.treated_share
    return Power(
        effect=effect, n=n, power=chance, n_treated=share * n, n_control=n if plan.paired else (1.0 - share) * n, clusters=plan.clusters(n),
        design_effect=plan.design_effect, variance_factor=plan.variance_factor, df=plan.df(n), alpha=plan.level, n_whole=plan.whole(n),
        method=plan.words(), extra=plan.read,
    )


def _solve(function: Callable[[float], float], low: float, high: float) -> float:
    from scipy.optimize import brentq

    return float(brentq(function, low, high, xtol=1e-14, rtol=1e-14, maxiter=500))
