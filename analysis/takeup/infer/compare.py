"""From a null distribution to p-values: studentising, ties, tails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from takeup.errors import Fault, InferError, listed

Floats = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]

Alternative = Literal["two-sided", "greater", "less"]
TwoSided = Literal["doubled", "absolute"]

TIE = 1e-9
"""Statistics closer than this share of the root mean square of their null distribution are equal. Rounding breaks ties that are exact in
theory, and a tolerance relative to the observed statistic fails where that is 0."""
NO_VARIANCE = 1e-12
"""A variance below this share of its mean over the draws is zero: the outcome is fitted exactly."""
NO_ERROR = 1e-10
"""So is a standard error below this share of the root mean square of the effects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tails:
    """Shares of the draws at least as extreme as the observed statistic, ties counted."""

    greater: float
    less: float
    absolute: float

    def p_value(self, alternative: Alternative, two_sided: TwoSided) -> float:
        """The p-value for an alternative; two-sided as twice the smaller tail, or by absolute value."""
        if alternative == "two-sided":
            return self.absolute if two_sided == "absolute" else float(np.minimum(1.0, 2.0 * np.minimum(self.greater, self.less)))
        return self.greater if alternative == "greater" else self.less


def check_options(**options: tuple[object, Any]) -> None:
    """Refuse a value that isn't among those of its type: name=(value, Literal type or tuple of values)."""
    faults = []
    for name, (value, allowed) in options.items():
        values = allowed if isinstance(allowed, tuple) else get_args(allowed)
        if value not in values:
            faults.append(Fault(f'"{value}" isn\'t known', name, listed(values)))
    if faults:
        raise InferError(*faults)


def studentized(effects: Floats, variances: Floats) -> Floats:
    """Effects over standard errors, shape (columns, draws); infinite where the outcome is fitted exactly, nan where undefined."""
    size = root_mean_square(effects)[:, None]
    floor = np.maximum(NO_VARIANCE * variances.mean(axis=1, keepdims=True), NO_ERROR**2 * size**2)
    if (variances > floor).all():  # nothing undefined (a nan compares false), nothing exact
        root = np.sqrt(variances)
        return np.divide(effects, root, out=root)
    there = np.isfinite(variances)
    usual = np.where(there, variances, 0.0).sum(axis=1, keepdims=True) / np.maximum(there.sum(axis=1, keepdims=True), 1)
    floor = np.maximum(NO_VARIANCE * usual, NO_ERROR**2 * size**2)
    plain, exact = there & (variances > floor), there & (variances <= floor) & (floor > 0)
    out: Floats = np.divide(effects, np.sqrt(np.where(plain, variances, 1.0)), out=np.full(effects.shape, np.nan), where=plain)
    out[exact] = np.where(np.abs(effects) > TIE * size, np.copysign(np.inf, effects), 0.0)[exact]
    return out


def root_mean_square(values: Floats) -> Floats:
    """Over the finite draws, shape (columns,)."""
    size = np.sqrt(np.einsum("...d,...d->...", values, values) / values.shape[-1])
    if np.isfinite(size).all():
        return np.asarray(size)
    there = np.isfinite(values)
    return np.asarray(np.sqrt((np.where(there, values, 0.0) ** 2).sum(axis=-1) / np.maximum(there.sum(axis=-1), 1)))


def tails(null: Floats, weights: Floats) -> Tails:
    """Compare the observed statistic, null[0], with all of them, null (1 + draws,); undefined ones are never extreme."""
    observed, total = null[0], weights.sum()
    if np.isnan(observed):
        return Tails(greater=np.nan, less=np.nan, absolute=np.nan)
    slack = TIE * float(root_mean_square(null))

    def share(extreme: Flags) -> float:  # a nan compares false
        return float(weighed(extreme, weights) / total)

    return Tails(greater=share(null >= observed - slack), less=share(null <= observed + slack), absolute=share(np.abs(null) >= abs(observed) - slack))


def beyond(null: Floats, weights: Floats) -> float:
    """Share of the draws larger in absolute value than the observed statistic, ties not counted."""
    slack = TIE * float(root_mean_square(null))
    return float(weighed(np.abs(null) > abs(null[0]) + slack, weights) / weights.sum())


def moments(statistics: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation over the draws that define the statistic, (outcomes, 1 + draws) to (outcomes,) each.

    >>> [part.tolist() for part in moments(np.array([[9.0, 1.0, 3.0, np.nan]]), np.array([0.0, 1.0, 1.0, 1.0]))]
    [[2.0], [1.0]]
    """
    with np.errstate(invalid="ignore"):  # an undefined draw, or an infinite one
        centre = (statistics @ weights) / weights.sum()
        width = np.sqrt(np.array([(row - middle) ** 2 @ weights for row, middle in zip(statistics, centre, strict=True)]) / weights.sum())
    for row in np.flatnonzero(~np.isfinite(width)):
        there = np.isfinite(statistics[row]) & (weights > 0)
        mass, known = weights[there], statistics[row, there]
        centre[row] = (mass @ known) / mass.sum() if mass.size else np.nan
        width[row] = np.sqrt((mass @ (known - centre[row]) ** 2) / mass.sum()) if mass.size else np.nan
    return centre, width


def absolute_shares(statistics: Floats, weights: Floats) -> Floats:
    """The weight of the draws whose size is at least the observed one's, for each row of (outcomes, 1 + draws); nan without an observed one."""
    reached = np.abs(statistics[:, 0]) - TIE * root_mean_square(statistics)
    # row by row: an array of the size of all the statistics takes longer to get than to fill
    extreme = np.array([np.abs(row) >= least for row, least in zip(statistics, reached, strict=True)])
    return np.where(np.isnan(reached), np.nan, weighed(extreme, weights) / weights.sum())


def weighed(extreme: Flags, weights: Floats) -> Floats:
    """The weight of the draws that are marked, over the last axis; a plain count where all but the observed one weigh the same."""
    if not (weights[1:] == weights[-1]).all():
        return np.asarray(extreme @ weights)
    rows = extreme.reshape(-1, weights.size)  # counted row by row: along an axis NumPy adds integers instead
    counts = np.array([np.count_nonzero(row[1:]) for row in rows]).reshape(extreme.shape[:-1])
    return np.asarray(weights[-1] * counts + weights[0] * extreme[..., 0])


def monte_carlo_error(p_value: float, draws: float, *, doubled: bool) -> float:
    """Standard error of a p-value from so many draws; 0 from infinitely many."""
    if np.isnan(p_value):
        return float("nan")
    tail = p_value / 2.0 if doubled else p_value
    return float((2.0 if doubled else 1.0) * np.sqrt(tail * (1.0 - tail) / draws))
