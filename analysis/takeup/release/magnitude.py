"""Sums and means that a few people make most of, and numbers at the edge of a distribution: the rules for amounts.

Amounts may be negative (a debt, a standardised score): each person counts with the size of the own amount, whatever its sign.
Source: Hundepool et al. (2012), Statistical Disclosure Control, section 4.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.results import Estimate, Statistic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from takeup.release.rules import Rules
    from takeup.results import Result

LARGEST = "largest_amounts"
"""The name, among a result's extra numbers, of its largest amounts and their total (by arm where it has two): for the gate alone."""
EDGES = frozenset({"min", "max", "minimum", "maximum"})
INSIDE = EDGES | {"cut_lower", "cut_upper", "cells", "never_taker_mean", "always_taker_mean"}
"""Extra numbers that are single persons' (trimming quantiles are somebody's values) or of groups that may be small: they don't leave."""


def largest(values: ArrayLike, most: int = 2) -> tuple[float, ...]:
    """The `most` largest sizes, then the total of all sizes, as `LARGEST` holds them; missing values are left out.

    >>> largest([-100.0, 20.0, 5.0])
    (100.0, 20.0, 125.0)
    """
    sizes = np.abs(np.asarray(values, dtype=float))
    sizes = np.sort(sizes[~np.isnan(sizes)])[::-1]
    return (*(float(size) for size in sizes[:most]), float(sizes.sum()))


def concentrated(amounts: tuple[Any, ...], rules: Rules) -> bool:
    """Whether so few make most of a total (n, k), or the second largest could tell the largest too well (p%); of several totals, of any.

    >>> from takeup.release.rules import Rules
    >>> concentrated(largest([900, 50, 30, 20]), Rules()), concentrated(largest([30, 30, 20, 20, 10]), Rules())
    (True, False)
    """
    if amounts and isinstance(amounts[0], tuple):
        return any(concentrated(part, rules) for part in amounts)
    *sizes, total = amounts
    if not sizes or total <= 0:
        return False
    count, share = rules.dominance
    rest = total - sum(sizes[:2])
    return bool(sum(sizes[:count]) > share * total or rest < rules.p_percent * sizes[0])


def outermost(result: Result, rules: Rules) -> bool:
    """Whether a number is one person's at the edge: a minimum, a maximum, or a quantile with fewer than the minimum beyond it."""
    if not isinstance(result, Statistic) or result.kind != "quantile":
        return False
    at = result.extra.get("probability")
    return result.level in EDGES or at is None or min(at, 1.0 - at) * result.n < rules.cell


def few_df(result: Result, rules: Rules) -> bool:
    """Whether an estimate has fewer people beyond its two means than it must."""
    return isinstance(result, Estimate) and bool(result.n_treated or result.n_control) and result.n_treated + result.n_control - 2 < rules.df


def without_edges(extra: Mapping[str, Any], rules: Rules) -> dict[str, Any]:
    """Extra numbers less those that may be single persons'; the largest amounts are for the gate alone, whatever the profile."""
    return {key: value for key, value in extra.items() if key != LARGEST and (rules.open or key not in INSIDE)}
