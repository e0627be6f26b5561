"""Exact distributions of 2 x 2 tables, on counts: conditional on both margins (Fisher), or on the sizes of the arms only (Barnard, Boschloo)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from takeup.estimate.tails import Alternative

Floats = np.ndarray[Any, np.dtype[np.float64]]
TIE = 1e-7
"""Tables whose probability is within this share of that of the table seen count as equally likely, as in R."""
SAME_Z = 1e-9
GRID = 4_000
"""Nuisance risks that are tried before the best of them are refined."""
PEAKS = 5
LARGEST = 4_000_000
"""The most tables that an unconditional test lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional:
    """The conditional maximum likelihood odds ratio, its interval and p-values; nan where the outcome doesn't vary."""

    estimate: float
    low: float
    high: float
    p_value: float
    p_mid: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Unconditional:
    """The ordering statistic of the table seen, the p-value, and the common risk at which it is largest."""

    statistic: float
    p_value: float
    nuisance: float


def conditional(x1: int, n1: int, x0: int, n0: int, alternative: Alternative, conf_level: float) -> Conditional:
    """Fisher's test of x1 of n1 against x0 of n0, with both margins fixed.

    >>> found = conditional(3, 4, 1, 4, "two-sided", 0.95)
    >>> round(found.p_value, 4), round(found.estimate, 3)
    (0.4857, 6.408)
    """
    successes = x1 + x0
    low, high = max(0, successes - n0), min(n1, successes)
    support = np.arange(low, high + 1)
    logs = _log_choose(n1, support) + _log_choose(n0, successes - support) - _log_choose(n1 + n0, np.array([successes]))
    chance = np.exp(logs)
    seen = chance[x1 - low]
    at_most, at_least = float(chance[: x1 - low + 1].sum()), float(chance[x1 - low :].sum())
    two = float(chance[chance <= seen * (1 + TIE)].sum())
    p = {"less": at_most, "greater": at_least, "two-sided": two}[alternative]
    if low == high:
        return Conditional(estimate=math.nan, low=0.0, high=math.inf, p_value=1.0, p_mid=1.0)

    def tilted(log_odds: float) -> Floats:
        weights = logs + log_odds * support
        weights = np.exp(weights - weights.max())
        return np.asarray(weights / weights.sum())

    tail = (1 - conf_level) / (2 if alternative == "two-sided" else 1)
    estimate = 0.0 if x1 == low else math.inf if x1 == high else _root(lambda t: float(support @ tilted(t)) - x1)
    lower = 0.0 if alternative == "less" or x1 == low else _root(lambda t: float(tilted(t)[support >= x1].sum()) - tail)
    upper = math.inf if alternative == "greater" or x1 == high else _root(lambda t: float(tilted(t)[support <= x1].sum()) - tail)
    p_mid = min(1.0, two) - float(seen) / 2 if alternative == "two-sided" else math.nan
    return Conditional(estimate=estimate, low=lower, high=upper, p_value=min(1.0, p), p_mid=p_mid)


def unconditional(x1: int, n1: int, x0: int, n0: int, order: Literal["barnard", "boschloo"]) -> Unconditional:
    """The largest chance, over the common risk, of a table at least as far out as x1 of n1 against x0 of n0 (two-sided).

    >>> round(unconditional(7, 12, 8, 15, "barnard").p_value, 3)
    0.831
    """
    from scipy.optimize import minimize_scalar

    statistic = _pooled_z(n1, n0) if order == "barnard" else -_fisher_p(n1, n0)
    seen = float(statistic[x1, x0])
    extreme = (np.abs(statistic) >= abs(seen) - SAME_Z if order == "barnard" else statistic >= seen * (1 + TIE)).astype(np.float64)

    def chance(risks: Floats) -> Floats:
        return np.asarray(((extreme.T @ _binomial(n1, risks)) * _binomial(n0, risks)).sum(axis=0))

    grid = np.linspace(1e-4, 1 - 1e-4, GRID)
    values = chance(grid)
    inner = np.r_[-np.inf, values, -np.inf]
    peaks = np.flatnonzero((inner[1:-1] >= inner[:-2]) & (inner[1:-1] >= inner[2:]))
    peaks = peaks[np.argsort(-values[peaks], kind="stable")][:PEAKS]
    found = [(float(values[peak]), float(grid[peak])) for peak in peaks]

    def unlikely(risk: float) -> float:
        return -float(chance(np.array([risk]))[0])

    for peak in map(int, peaks):
        limits = (float(grid[max(0, peak - 1)]), float(grid[min(GRID - 1, peak + 1)]))
        near: Any = minimize_scalar(unlikely, bounds=limits, method="bounded", options={"xatol": 1e-12})
        found.append((float(-near.fun), float(near.x)))
    best = max(value for value, _ in found)
    where = min(risk for value, risk in found if value >= best * (1 - 1e-9))  # the chance may be symmetric: the lower of two equal peaks
    return Unconditional(statistic=abs(seen) if order == "boschloo" else seen, p_value=min(1.0, best), nuisance=where)


def _root(excess: Any) -> float:
    from scipy.optimize import brentq

    return math.exp(brentq(excess, -30.0, 30.0, xtol=1e-14, rtol=1e-14))


def _log_choose(n: int, k: Any) -> Floats:
    from scipy.special import gammaln

    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))


def _binomial(n: int, risks: Floats) -> Floats:
    """P(k of n) by risk, shape (n + 1, risks)."""
    from scipy.special import xlog1py, xlogy

    k = np.arange(n + 1)[:, None]
    return np.asarray(np.exp(_log_choose(n, k) + xlogy(k, risks) + xlog1py(n - k, -risks)))


def _pooled_z(n1: int, n0: int) -> Floats:
    """The pooled z of every table, shape (n1 + 1, n0 + 1); 0 where the outcome doesn't vary."""
    a, b = np.arange(n1 + 1)[:, None], np.arange(n0 + 1)[None, :]
    p = (a + b) / (n1 + n0)
    spread = np.sqrt(p * (1 - p) * (1 / n1 + 1 / n0))
    return np.asarray(np.divide(a / n1 - b / n0, spread, out=np.zeros((n1 + 1, n0 + 1)), where=spread > 0))


def _fisher_p(n1: int, n0: int) -> Floats:
    """Fisher's two-sided p of every table, shape (n1 + 1, n0 + 1)."""
    out = np.ones((n1 + 1, n0 + 1))
    for successes in range(n1 + n0 + 1):
        support = np.arange(max(0, successes - n0), min(n1, successes) + 1)
        chance = np.exp(_log_choose(n1, support) + _log_choose(n0, successes - support) - _log_choose(n1 + n0, np.array([successes])))
        order = np.argsort(chance, kind="stable")
        sums = np.cumsum(chance[order])
        last = np.searchsorted(chance[order], chance * (1 + TIE), side="right") - 1
        out[support, successes - support] = np.minimum(1.0, sums[last])
    return out
