"""The description of a study whose size is asked: keywords checked, defaults filled in, and the arithmetic of its variance and test."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from takeup.errors import DesignError, Fault, collect, listed, nearest
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame

    from takeup.design.declare import Design

LARGEST = 1e12
"""No study is larger than this."""
WORKING_ICC = 0.05
"""Correlation within providers by which the test's degrees of freedom weigh the arms, whatever the true one: `estimate.provider_df` says why."""


class Keywords(TypedDict, total=False):
    """The description of a study, as keywords; see `power`."""

    sd: float
    control_rate: float | None
    pooled: bool
    treated_share: float
    paired: bool
    cluster_size: float | None
    icc: float
    cluster_size_cv: float
    provider_size: float | None
    provider_icc: float
    r2: float
    block_r2: float
    correlation: float
    pre: int
    post: int
    takeup: float
    attrition: float
    alpha: float
    alternative: Literal["two-sided", "greater", "less"]
    comparisons: int
    distribution: Literal["t", "normal", "bloom"]
    cluster_r2: float | None
    change: bool
    frame: DataFrame | None
    design: Design | None
    outcome: str | None
    covariates: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizing:
    """The keywords with their defaults, and the arithmetic that the three questions share."""

    sd: float = 1.0
    control_rate: float | None = None
    pooled: bool = True
    treated_share: float = 0.5
    paired: bool = False
    cluster_size: float | None = None
    icc: float = 0.0
    cluster_size_cv: float = 0.0
    provider_size: float | None = None
    provider_icc: float = 0.0
    r2: float = 0.0
    block_r2: float = 0.0
    correlation: float = 0.0
    pre: int = 1
    post: int = 1
    takeup: float = 1.0
    attrition: float = 0.0
    alpha: float = 0.05
    alternative: str = "two-sided"
    comparisons: int = 1
    distribution: str = "t"
    cluster_r2: float | None = None
    change: bool = False
    read: FrozenMap = field(default_factory=FrozenMap)

    @property
    def level(self) -> float:
        """The level of each comparison."""
        return self.alpha / self.comparisons

    @property
    def normal(self) -> bool:
        """Whether the test is normal."""
        return self.distribution == "normal" or self.control_rate is not None

    @property
    def tails_counted(self) -> int:
        """Both tails of a two-sided t test, one of any other."""
        return 2 if self.alternative == "two-sided" and not self.normal and self.distribution == "t" else 1

    @property
    def variance_factor(self) -> float:
        """Variance with the repeated measures, relative to one later measurement."""
        c = self.correlation
        later = (1.0 + (self.post - 1) * c) / self.post
        if self.change:
            return later + (1.0 + (self.pre - 1) * c) / self.pre - 2.0 * c
        return later - (self.pre * c**2 / (1.0 + (self.pre - 1) * c) if self.pre else 0.0)

    @property
    def provider_effect(self) -> float:
        """Variance of a treated mean relative to people without providers."""
        return 1.0 if self.provider_size is None else 1.0 + (self.provider_size * (1.0 - self.attrition) - 1.0) * self.provider_icc

    @property
    def design_effect(self) -> float:
        """Variance with clusters or providers, relative to people drawn one by one."""
        if self.provider_size is not None:
            return self.provider_effect * (1.0 - self.treated_share) + self.treated_share
        if self.cluster_size is None:
            return 1.0
        return 1.0 + ((1.0 + self.cluster_size_cv**2) * self.cluster_size * (1.0 - self.attrition) - 1.0) * self.icc

    @property
    def spread(self) -> float:
        """Design effect times what covariates leave of the variance: of all of it, or within and between clusters apart."""
        if self.cluster_size is None or self.cluster_r2 is None:
            return self.design_effect * (1.0 - self.r2)
        size = (1.0 + self.cluster_size_cv**2) * self.cluster_size * (1.0 - self.attrition)
        return (1.0 - self.icc) * (1.0 - self.r2) + size * self.icc * (1.0 - self.cluster_r2)

    def clusters(self, n: float) -> float | None:
        """Clusters, where they were drawn."""
        return None if self.cluster_size is None else n / self.cluster_size

    def df(self, n: float) -> float:
        """Degrees of freedom of the test."""
        if self.normal:
            return math.inf
        if self.cluster_size is not None:
            return n / self.cluster_size - 2.0
        if self.provider_size is not None:
            return self._nested_df(n)
        return n * (1.0 - self.attrition) - (1.0 if self.paired else 2.0)

    def _nested_df(self, n: float) -> float:
        """Those of a treated mean over providers and a control mean over people, combined as the test does (see `power`)."""
        providers, kept = n * self.treated_share / (self.provider_size or 1.0), n * (1.0 - self.attrition)
        controls = (1.0 - self.treated_share) * kept
        if providers <= 1.0 or controls <= 1.0:
            return 0.0
        size = (self.provider_size or 1.0) * (1.0 - self.attrition)
        treated, control = (1.0 + (size - 1.0) * WORKING_ICC) / (self.treated_share * kept), 1.0 / controls
        return (treated + control) ** 2 / (treated**2 / (providers - 1.0) + control**2 / (controls - 1.0))

    def smallest(self) -> float:
        """The n that leaves one degree of freedom; with providers two of them and two controls."""
        if self.normal:
            return 1e-6
        if self.provider_size is not None:
            return 2.0 * max(self.provider_size / self.treated_share, 1.0 / ((1.0 - self.treated_share) * (1.0 - self.attrition)))
        return 3.0 * self.cluster_size if self.cluster_size is not None else (2.0 if self.paired else 3.0) / (1.0 - self.attrition)

    def error(self, effect: float, n: float, *, null: bool) -> float:
        """Standard error of the difference between the arms, at the null variance or at that of `effect`."""
        shrink = self.variance_factor * (1.0 - self.block_r2) / (n * (1.0 - self.attrition))
        share, kept = self.treated_share, self.sd**2
        if self.paired:
            return math.sqrt(kept * self.spread * shrink)
        if self.control_rate is None:
            return math.sqrt(kept * self.spread * shrink / (share * (1.0 - share)))
        control, treated = self.control_rate, self.control_rate + effect * self.takeup
        if null and self.pooled:
            control = treated = share * treated + (1.0 - share) * control
        nested, left = self.provider_size is not None, 1.0 - self.r2
        first = (self.provider_effect * left if nested else self.spread) * treated * (1.0 - treated) / share
        second = (left if nested else self.spread) * control * (1.0 - control) / (1.0 - share)
        return math.sqrt((first + second) * shrink)

    def power(self, effect: float, n: float) -> float:
        """The chance of rejecting."""
        shift = effect * self.takeup
        if self.alternative == "less":
            shift = -shift
        elif self.alternative == "two-sided":
            shift = abs(shift)
        tail = self.level / (2.0 if self.alternative == "two-sided" else 1.0)
        null, actual = self.error(effect, n, null=True), self.error(effect, n, null=False)
        if null <= 0.0 or actual <= 0.0:
            return 1.0 if shift > 0 else tail
        if self.normal:
            return _normal_power(shift, null, actual, tail)
        if self.distribution == "bloom":
            return _bloom_power(shift / actual, self.df(n), tail)
        return _t_power(shift / actual, self.df(n), tail, self.tails_counted)

    def rate_faults(self, effect: float) -> list[Fault]:
        """An effect that takes a rate out of [0, 1]."""
        if self.control_rate is None or 0.0 <= self.control_rate + effect * self.takeup <= 1.0:
            return []
        return [Fault("takes the treated rate out of [0, 1]", "effect", "an effect (times take-up) between -control_rate and 1 - control_rate")]

    def whole(self, n: float) -> int:
        """The smallest number of people (pairs) that leaves no arm, pair, cluster or provider in part."""
        if self.cluster_size is not None:
            clusters = n / self.cluster_size
            units = _up(clusters) if self.paired else _up(self.treated_share * clusters) + _up((1.0 - self.treated_share) * clusters)
            return _up(units * self.cluster_size)
        if self.paired:
            return _up(n)
        treated = self.treated_share * n
        if self.provider_size is not None:
            return _up(_up(treated / self.provider_size) * self.provider_size) + _up((1.0 - self.treated_share) * n)
        return _up(treated) + _up((1.0 - self.treated_share) * n)

    def words(self) -> str:
        """The test and its convention."""
        what = "paired differences" if self.paired else "difference in means" if self.control_rate is None else "difference in rates"
        if self.distribution == "bloom" and not self.normal:
            return f"{what}, t test, {self.alternative}, Bloom's (1995) sum of two quantiles of t"
        if not self.normal:
            tails = "both tails counted" if self.alternative == "two-sided" else "one tail"
            return f"{what}, t test, {self.alternative}, non-central t, {tails}"
        null = "" if self.control_rate is None else f", null variance {'at the mean rate' if self.pooled else 'of each arm'}"
        return f"{what}, normal test{null}, {self.alternative}, rejections in the wrong direction not counted"


def _normal_power(shift: float, null: float, actual: float, tail: float) -> float:
    from scipy.special import ndtr, ndtri

    return float(ndtr((shift + float(ndtri(tail)) * null) / actual))


def _bloom_power(ncp: float, df: float, tail: float) -> float:
    from scipy.special import stdtr, stdtrit

    return float(stdtr(df, ncp + float(stdtrit(df, tail)))) if df > 0 else 0.0


def _t_power(ncp: float, df: float, tail: float, tails_counted: int) -> float:
    from scipy.special import stdtrit

    if df <= 0:
        return 0.0
    cut = float(stdtrit(df, tail))  # the negative quantile: P(T > -cut | ncp) = P(T < cut | -ncp) keeps the digits of a small tail
    chance = _non_central(df, -ncp, cut)
    return chance + _non_central(df, ncp, cut) if tails_counted == 2 else chance


def _non_central(df: float, ncp: float, cut: float) -> float:
    """P(T < cut) for a negative cut; 0 where SciPy gives up, which it does only where the normal part alone has P(Z < -ncp) < 1e-12."""
    from scipy.special import nctdtr

    chance = float(nctdtr(df, ncp, cut))
    return 0.0 if math.isnan(chance) and ncp > 7 else chance


def _up(value: float) -> int:
    return math.ceil(value - 1e-9 * max(1.0, abs(value)))


def number(name: str, value: object, low: float, high: float, *, closed: bool = False) -> Fault | None:
    """The fault of a keyword that isn't a number between two limits."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        if low < value < high or (closed and low <= value <= high):
            return None
    elif hasattr(value, "__float__") and not isinstance(value, bool | str) and math.isfinite(float(value)):
        return number(name, float(value), low, high, closed=closed)
    limits = "a number" if math.isinf(low) else f"{low:g} to {high:g}" if closed else f"strictly between {low:g} and {high:g}"
    return Fault("isn't a number in range", name, limits)


_OPEN = {"sd": (0.0, LARGEST), "treated_share": (0.0, 1.0), "cluster_size": (0.0, LARGEST), "provider_size": (0.0, LARGEST), "alpha": (0.0, 1.0)}
_CLOSED = {
    "control_rate": (0.0, 1.0), "icc": (0.0, 1.0), "cluster_size_cv": (0.0, LARGEST), "provider_icc": (0.0, 1.0), "correlation": (-1.0, 1.0),
}
_BELOW_ONE = ("r2", "block_r2", "cluster_r2", "attrition")


def read(study: Keywords, faults: list[Fault | None]) -> Sizing:
    """The keywords checked, those left out read from the pilot where there is one."""
    given: dict[str, Any] = dict(study)
    known = {item.name for item in fields(Sizing)} - {"read"} | {"frame", "design", "outcome", "covariates"}
    found: list[Fault | None] = [
        Fault(f'"{name}" is no keyword', "power", listed(sorted(known)), nearest(name, known)) for name in given if name not in known
    ]
    pilot = {name: given.pop(name, None) for name in ("frame", "design", "outcome", "covariates")}
    if found:
        collect(DesignError, [fault for fault in (*faults, *found) if fault is not None])
    read: dict[str, float] = {}
    if pilot["frame"] is not None:
        from takeup.design.pilot import read_pilot

        read = {name: value for name, value in read_pilot(**pilot).items() if name not in given}
    elif any(pilot[name] is not None for name in ("design", "outcome", "covariates")):
        found.append(Fault("design=, outcome= and covariates= describe a pilot, which is missing", "frame"))
    plan = {**read, **given}
    found += [number(name, plan[name], *limits) for name, limits in _OPEN.items() if plan.get(name) is not None]
    found += [number(name, plan[name], *limits, closed=True) for name, limits in _CLOSED.items() if plan.get(name) is not None]
    found += [number(name, plan[name], -1e-300, 1.0) for name in _BELOW_ONE if plan.get(name) is not None]
    found += _options(plan)
    collect(DesignError, [fault for fault in (*faults, *found) if fault is not None])
    return Sizing(**plan, read=FrozenMap(read))


def _options(plan: dict[str, Any]) -> list[Fault | None]:
    faults: list[Fault | None] = []
    for name, allowed in (("alternative", ("two-sided", "greater", "less")), ("distribution", ("t", "normal", "bloom"))):
        if name in plan and plan[name] not in allowed:
            faults.append(Fault(f'"{plan[name]}" is unknown', name, listed(allowed), nearest(plan[name], allowed)))
    for name, least in (("pre", 0), ("post", 1), ("comparisons", 1)):
        if name in plan and (isinstance(plan[name], bool) or not isinstance(plan[name], int) or plan[name] < least):
            faults.append(Fault("is a whole number", name, f"{least} or more"))
    if "takeup" in plan and number("takeup", plan["takeup"], 0, 1 + 1e-12):
        faults.append(Fault("is a share of people", "takeup", "above 0, at most 1"))
    if plan.get("cluster_size") is not None and plan.get("provider_size") is not None:
        faults.append(Fault("a study has drawn clusters or nested providers, not both here", "provider_size", remedy="Use tu.simulate_power."))
    if plan.get("paired") and (plan.get("control_rate") is not None or plan.get("provider_size") is not None):
        faults.append(Fault("pairs are of a numeric outcome without providers here", "paired", remedy="Use tu.simulate_power."))
    if plan.get("cluster_r2") is not None and plan.get("cluster_size") is None:
        faults.append(Fault("is a share of the variance between clusters", "cluster_r2", remedy="Give cluster_size= and icc= as well."))
    for name, size in (("icc", "cluster_size"), ("cluster_size_cv", "cluster_size"), ("provider_icc", "provider_size")):
        if plan.get(name) and plan.get(size) is None:
            faults.append(Fault("says something of groups whose size isn't given", name, remedy=f"Give {size}= as well, or leave it out."))
    if plan.get("change") and plan.get("pre", 1) == 0:
        faults.append(Fault("a change needs an earlier measurement", "pre", "1 or more"))
    faults += _shrinking(plan)
    return faults


def _shrinking(plan: dict[str, Any]) -> list[Fault | None]:
    """Correlations between measurements that can't be, and variances they would make negative."""
    c, pre, post = plan.get("correlation", 0.0), plan.get("pre", 1), plan.get("post", 1)
    try:
        possible = 1.0 + (max(pre + post, 2) - 1) * c > 0.0 and (c < 1.0 or pre == 0)
    except TypeError:
        return []
    return [] if possible else [Fault("no set of measurements can have this correlation, or it leaves no variance", "correlation")]
