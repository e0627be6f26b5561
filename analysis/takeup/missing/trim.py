"""Trimmed means and their influence, on arrays: what the bounds that trim the better-responding arm share.

Two versions of each trimmed mean: up to the quantile y_q, the smallest y with F(y) >= q (Lee 2009), which keeps all or none of a tied
value; and exactly the share that is kept, with a fraction of one unit, for ties and small samples.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from takeup.estimate.vcov import group_sums

Floats = np.ndarray[Any, np.dtype[np.float64]]
Codes = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Two arms with missing outcomes.

    Attributes
    ----------
    y : (n,) nan where the unit didn't respond
    better, worse : (n,) weight of the unit in the arm that responds more (and is trimmed), and in the other; 0 elsewhere
    rank : (n,) how hard it was to reach: units with a higher rank are trimmed first (call attempts), 0 for all where unknown
    """

    y: Floats
    better: Floats
    worse: Floats
    rank: Codes

    @property
    def responded(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Whether the outcome is observed, shape (n,)."""
        return ~np.isnan(self.y)

    @property
    def rates(self) -> tuple[float, float]:
        """Response rates of the better and the worse arm."""
        seen = self.responded
        return float(self.better[seen].sum() / self.better.sum()), float(self.worse[seen].sum() / self.worse.sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Trimmed:
    """One bound: better arm trimmed less worse arm.

    Attributes
    ----------
    value, fractional : float
        With the mean up to the quantile, and with the mean of exactly the share kept.
    kept : int
        Units kept by the quantile.
    cut : float
        The trimming quantile.
    variance, variance_population : float
        Lee's (2009, proposition 3) over n, with n - 1 variances and with those over n.
    influence : (n,) whose sum of squares is the variance without those corrections
    """

    value: float
    fractional: float
    kept: int
    cut: float
    variance: float
    variance_population: float
    influence: Floats


def trimmed_difference(sample: Sample, *, from_top: bool) -> Trimmed:
    """Trim the better arm from the top (lower bound) or from the bottom (upper bound) until it responds as little as the other."""
    sign = 1.0 if from_top else -1.0
    y, seen = sign * sample.y, sample.responded
    better, worse = sample.better / sample.better.sum(), sample.worse / sample.worse.sum()
    rate = float(worse[seen].sum())
    m0 = float(worse[seen] @ y[seen]) / rate
    mine = np.flatnonzero(seen & (better > 0))
    order = mine[np.lexsort((y[mine], sample.rank[mine]))]
    mass = np.cumsum(better[order])
    slack = 1e-9 * better[order].max()
    edge = _first(mass, rate - slack)  # the last unit kept, perhaps in part
    cut = y[order[edge]]
    before = float(mass[edge - 1]) if edge else 0.0
    exact = (float(better[order[:edge]] @ y[order[:edge]]) + (rate - before) * cut) / rate
    inner = np.zeros(y.size)
    inner[order[: edge + 1]] = y[order[: edge + 1]] - cut
    influence = better * (inner - rate * (exact - cut)) / rate + (cut - exact) / rate * worse * (seen - rate)
    influence -= worse * np.where(seen, y - m0, 0.0) / rate
    # Lee's quantile is that of y itself, so trimming from the bottom looks for it from the other end
    at = edge if from_top else order.size - 1 - _first(np.cumsum(better[order[::-1]]), float(mass[-1]) - rate - slack)
    quantile, rank = y[order[at]], sample.rank[order[at]]
    keep = np.zeros(y.size, dtype=bool)
    keep[mine] = (sample.rank[mine] < rank) | ((sample.rank[mine] == rank) & (y[mine] <= quantile))
    mean = float(better[keep] @ y[keep] / better[keep].sum())
    return Trimmed(
        value=float(sign * (mean - m0)) + 0.0, fractional=float(sign * (exact - m0)) + 0.0, kept=int(keep.sum()), influence=sign * influence,
        cut=float(sign * quantile) + 0.0, variance=_lee_variance(sample, y, keep, quantile, mean, ddof=1),
        variance_population=_lee_variance(sample, y, keep, quantile, mean, ddof=0),
    )


def _first(mass: Floats, least: float) -> int:
    """The first position at which the mass reaches `least`."""
    return min(int(np.searchsorted(mass, least)), mass.size - 1)


def share_variance(sample: Sample) -> float:
    """Variance of the share trimmed, n times (Lee 2009, proposition 3)."""
    a1, a0 = sample.rates
    share = float((sample.better > 0).mean())
    return (a0 / a1) ** 2 * ((1.0 - a1) / (share * a1) + (1.0 - a0) / ((1.0 - share) * a0))


def _lee_variance(sample: Sample, y: Floats, keep: np.ndarray, cut: float, mean: float, *, ddof: int) -> float:
    """Variance of a bound (Lee 2009, proposition 3, without the term for the share treated), units independent and of equal weight."""
    seen = sample.responded
    n = y.size
    others = y[seen & (sample.worse > 0)]
    if keep.sum() < 2 or others.size < 2:
        return math.nan
    a1, a0 = sample.rates
    p = 1.0 - a0 / a1
    responding = float((seen & (sample.better > 0)).mean())
    gap = (cut - mean) / (1.0 - p)
    trimmed = (float(y[keep].var(ddof=ddof)) + (cut - mean) ** 2 * p) / (responding * (1.0 - p)) + gap**2 * share_variance(sample)
    return (trimmed + float(others.var(ddof=ddof)) * n / others.size) / n


def spread(influence: Floats, clusters: Codes | None) -> float:
    """Standard error from influences: of units, or of clusters with G / (G - 1)."""
    if clusters is None:
        return math.sqrt(float((influence**2).sum()))
    totals = group_sums(influence, clusters)
    return math.sqrt(float((totals**2).sum()) * totals.size / (totals.size - 1)) if totals.size > 1 else math.nan
