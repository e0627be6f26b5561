"""Exact tests for pairs: signed ranks, signs and McNemar's, on arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from takeup.estimate.arrays import Floats

EXACT = 300
"""Up to this many non-zero differences the signed-rank distribution is counted out; above it the normal approximation serves."""
TIE = 1e-9
"""Differences closer than this share of the largest one are ties: sums of items carry rounding noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRank:
    """Wilcoxon's test: V is the sum of the ranks of the positive differences, zeros dropped, ties at mid-ranks.

    `p_value` is exact given the ties where `exact` is true; `z` and `p_normal` are the normal approximation without continuity correction,
    `p_corrected` has it (R's wilcox.test). `p_pratt` is exact with zeros ranked and then dropped (Pratt 1959); nan where not counted out.
    """

    statistic: float
    p_value: float
    z: float
    p_normal: float
    p_corrected: float
    p_pratt: float
    n_zero: int
    exact: bool


def signed_rank(differences: Floats) -> SignedRank:
    """Wilcoxon's signed-rank test, two-sided (Wilcoxon 1945; exact with mid-ranks as in Streitberg and Roehmel 1986).

    >>> signed_rank(np.array([1.0, 2.0, 3.0, -0.5])).p_value
    0.25
    """
    from scipy.stats import rankdata

    steady = without_noise(differences)
    moved = steady[steady != 0]
    zeros = int(steady.size - moved.size)
    if moved.size == 0:
        return SignedRank(statistic=0.0, p_value=1.0, z=0.0, p_normal=1.0, p_corrected=1.0, p_pratt=1.0, n_zero=zeros, exact=True)
    ranks = rankdata(np.abs(moved))
    statistic = float(ranks[moved > 0].sum())
    centre, spread = float(ranks.sum()) / 2.0, math.sqrt(float((ranks**2).sum())) / 2.0
    away = statistic - centre
    p_normal, p_corrected = (min(1.0, math.erfc(max(abs(away) - less, 0.0) / spread / math.sqrt(2.0))) for less in (0.0, 0.5))
    exact = moved.size <= EXACT
    with_zeros = rankdata(np.abs(steady))[steady != 0]
    pratt = _exact_tail(with_zeros, float(with_zeros[moved > 0].sum())) if exact else math.nan
    return SignedRank(
        statistic=statistic, p_value=_exact_tail(ranks, statistic) if exact else p_normal, z=away / spread, p_normal=p_normal,
        p_corrected=p_corrected, p_pratt=pratt, n_zero=zeros, exact=exact,
    )


def without_noise(differences: Floats) -> Floats:
    """Differences with rounding noise taken out, in units of the largest one: equal ones become equal, zero becomes zero."""
    largest = float(np.abs(differences).max(initial=0.0))
    return np.asarray(np.round(differences / largest / TIE) * TIE) if largest > 0 else np.zeros_like(differences)


def sign_test(positive: int, moved: int) -> float:
    """Two-sided p of `positive` signs among `moved`, each as likely as not: exact binomial.

    >>> round(sign_test(13, 15), 6)
    0.007385
    """
    from scipy.special import bdtr

    return min(1.0, 2.0 * float(bdtr(min(positive, moved - positive), moved, 0.5))) if moved else 1.0


def binomial_interval(count: int, n: int, conf_level: float) -> tuple[float, float]:
    """Clopper and Pearson's (1934) interval of a share."""
    from scipy.special import betaincinv

    tail = (1.0 - conf_level) / 2.0
    low = 0.0 if count == 0 else float(betaincinv(count, n - count + 1, tail))
    high = 1.0 if count == n else float(betaincinv(count + 1, n - count, 1.0 - tail))
    return low, high


def mcnemar(up: int, down: int) -> dict[str, float]:
    """McNemar's (1947) test that as many rise from 0 to 1 as fall: exact, mid-p, and chi-square without and with (Edwards 1948) correction.

    >>> found = mcnemar(23, 4)
    >>> round(found["mcnemar_p"], 6), round(found["mcnemar_chi2"], 3)
    (0.000311, 13.37)
    """
    from scipy.special import chdtrc, comb

    moved = up + down
    exact = sign_test(up, moved)
    point = float(comb(moved, up)) * 0.5**moved if moved < 1000 else 0.0
    chi2, corrected = ((max(abs(up - down) - less, 0)) ** 2 / moved if moved else 0.0 for less in (0, 1))
    return {"mcnemar_p": exact, "mcnemar_midp": min(1.0, exact - point) if moved else 1.0, "mcnemar_chi2": chi2,
            "mcnemar_chi2_p": float(chdtrc(1, chi2)) if moved else 1.0, "mcnemar_corrected": corrected,
            "mcnemar_corrected_p": float(chdtrc(1, corrected)) if moved else 1.0}


def hodges_lehmann(differences: Floats) -> float:
    """The median of the means of all pairs (Walsh averages), for up to 2,000 differences; nan above."""
    n = differences.size
    if n == 0 or n > 2000:
        return float("nan")
    i, j = np.triu_indices(n)
    return float(np.median((differences[i] + differences[j]) / 2.0))


def _exact_tail(ranks: Floats, statistic: float) -> float:
    """P(|V - centre| >= |observed - centre|), each sign a fair coin: the distribution of twice the rank sum by convolution."""
    doubled = np.rint(2.0 * ranks).astype(np.int64)
    weights = np.zeros(int(doubled.sum()) + 1)
    weights[0] = 1.0
    reach = 0
    for rank in doubled:
        weights[rank : reach + rank + 1] += weights[: reach + 1].copy()
        weights[: reach + rank + 1] *= 0.5
        reach += int(rank)
    low = min(round(2.0 * statistic), reach - round(2.0 * statistic))
    return min(1.0, 2.0 * float(weights[: low + 1].sum()))
