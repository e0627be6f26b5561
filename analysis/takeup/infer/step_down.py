"""Step-down adjustment of a family of outcomes from their joint null distribution."""

from __future__ import annotations

from typing import Any

import numpy as np

from takeup.infer.compare import TIE, root_mean_square, weighed

Floats = np.ndarray[Any, np.dtype[np.float64]]


def max_t(statistics: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Step-down and single-step adjusted p-values from the joint null distribution.

    Parameters
    ----------
    statistics : (outcomes, 1 + draws), the observed ones first
    weights : (1 + draws,)

    Returns
    -------
    adjusted, single : (outcomes,) nan for an outcome without an observed statistic
    """
    known = np.flatnonzero(~np.isnan(statistics[:, 0]))
    adjusted, single = np.full(len(statistics), np.nan), np.full(len(statistics), np.nan)
    if not known.size:
        return adjusted, single
    order = known[np.argsort(-np.abs(statistics[known, 0]), kind="stable")]
    reached = np.abs(statistics[:, 0]) - TIE * root_mean_square(statistics)
    largest, total = np.full(statistics.shape[1], -np.inf), weights.sum()
    extreme = np.empty((order.size, statistics.shape[1]), dtype=bool)
    for place in range(order.size - 1, -1, -1):
        # over this outcome and those with smaller statistics; an undefined one is never the largest
        np.fmax(largest, np.abs(statistics[order[place]]), out=largest)
        np.greater_equal(largest, reached[order[place]], out=extreme[place])
    adjusted[order] = np.maximum.accumulate(weighed(extreme, weights) / total)
    single[order] = weighed(largest >= reached[order, None], weights) / total
    return adjusted, single


def min_p(statistics: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Step-down and single-step adjusted p-values by the smallest p-value (Westfall and Young 1993, algorithm 2.8), as `max_t`.

    Each draw's statistic is turned into its p-value within the same null distribution, so that outcomes with wider tails weigh no more.
    """
    known = np.flatnonzero(~np.isnan(statistics[:, 0]))
    adjusted, single = np.full(len(statistics), np.nan), np.full(len(statistics), np.nan)
    if not known.size:
        return adjusted, single
    p = np.ones((known.size, statistics.shape[1]))
    for place, outcome in enumerate(known):
        p[place] = _own_p(statistics[outcome], weights)
    order = np.argsort(p[:, 0], kind="stable")
    smallest = np.minimum.accumulate(p[order[::-1]], axis=0)[::-1]
    steps = ((smallest <= p[order, :1] * (1.0 + TIE)) @ weights) / weights.sum()
    adjusted[known[order]] = np.maximum.accumulate(steps)
    single[known] = ((smallest[0] <= p[:, :1] * (1.0 + TIE)) @ weights) / weights.sum()
    return adjusted, single


def _own_p(row: Floats, weights: Floats) -> Floats:
    """The two-sided p-value of every draw within its own null distribution, ties within the tolerance counted."""
    sizes = np.where(np.isnan(row), -np.inf, np.abs(row))
    order = np.argsort(sizes)
    above = np.concatenate([np.cumsum(weights[order][::-1])[::-1], [0.0]]) / weights.sum()
    return np.asarray(above[np.searchsorted(sizes[order], sizes - TIE * float(root_mean_square(row)))])
