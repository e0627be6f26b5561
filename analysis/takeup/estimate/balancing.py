"""Weights that make two groups alike in their covariates, and how alike they are before and after; on arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from takeup.estimate.gcomputation import logit
from takeup.estimate.linear import least_squares

if TYPE_CHECKING:
    from takeup.estimate.arrays import Floats

STEPS = 200
BALANCED = 1e-8
"""Standardised means further apart than this after weighting mean that no weights exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balanced:
    """Weights and the residuals whose weighted sums are the estimate's influence.

    Attributes
    ----------
    weights : (n,), summing to the same in both groups
    residuals : (n,) of the outcome, with the estimation of the weights taken into account
    """

    weights: Floats
    residuals: Floats


def overlap(z: Floats, treated: Floats, y: Floats, base: Floats) -> Balanced | None:
    """Overlap weights from a logistic regression of the group on z (n, p): each row by the probability of the other group.

    None where the covariates separate the groups. They balance the means of z exactly (Li, Morgan and Zaslavsky 2018, theorem 3). With e
    the fitted probability the influence of a row is (treated - e)(u - x'd) over the sum of weights, u the outcome less its group's weighted
    mean and d the regression of u on x = [1, z] with weights e (1 - e): the stacked estimating equations of Li, Thomas and Li (2019)
    multiplied out, so that the fitted weights cost no more than another set of residuals.
    """
    x = np.column_stack([np.ones(y.size), z])
    fit = logit(x, treated, base)
    if fit is None:
        return None
    e = 1.0 / (1.0 + np.exp(-np.clip(x[:, fit.kept] @ fit.coefficients[fit.kept], -500.0, 500.0)))
    weights = base * np.where(treated == 1, 1.0 - e, e)
    if not all(weights[treated == arm].sum() > 0 for arm in (0, 1)):
        return None
    u = y - _group_means(y, treated, weights)
    inner = base * e * (1.0 - e)
    return Balanced(weights=weights, residuals=least_squares(x, u, inner).regression.residuals if (inner > 0).all() else u)


def entropy(z: Floats, treated: Floats, y: Floats, base: Floats) -> Balanced | None:
    """Entropy balancing: the least uneven weights under which the controls' means of z are those of the treated (Hainmueller 2012).

    None where no such weights exist. The influence of a row is its weight times u - (z - mean)'d, d the regression of u on z among the
    weighted controls (the stacked equations of mean, weights and difference; Zhao and Percival 2017, section 4).
    """
    group, controls = treated == 1, treated == 0
    share = base[group] / base[group].sum()
    away = z - share @ z[group]
    spread = np.sqrt((away[controls] ** 2).mean(axis=0))
    usable = spread > 1e-12 * max(float(np.abs(z).max(initial=0.0)), 1e-300)
    if (np.abs(away[controls][:, ~usable]) > 1e-9 * max(float(np.abs(z).max(initial=0.0)), 1e-300)).any():
        return None  # constant among the controls, at another value than the mean to be reached
    weights = np.zeros(y.size)
    weights[group] = share
    found = _tilt(away[controls][:, usable] / spread[usable], base[controls])
    if found is None:
        return None
    weights[controls] = found
    u = y - _group_means(y, treated, weights)
    d = least_squares(away[controls][:, usable], u[controls], found).coefficients if usable.any() else np.zeros(0)
    return Balanced(weights=weights, residuals=u - away[:, usable] @ np.nan_to_num(d))


def _tilt(away: Floats, base: Floats) -> Floats | None:
    """Weights proportional to base exp(away l) with weighted mean of `away` zero, by Newton's method on the convex dual; None if none exist."""
    parameters = np.zeros(away.shape[1])

    def dual(at: Floats) -> tuple[float, Floats]:
        exponent = np.log(base) + away @ at
        top = exponent.max()
        mass = np.exp(exponent - top)
        return float(top + np.log(mass.sum())), mass / mass.sum()

    value, weights = dual(parameters)
    for _ in range(STEPS):
        gradient = weights @ away
        if np.abs(gradient).max(initial=0.0) < 1e-14:
            break
        hessian = (away * weights[:, None]).T @ away - np.outer(gradient, gradient)
        step = -np.linalg.lstsq(hessian, gradient, rcond=1e-12)[0]
        size, slope = 1.0, float(gradient @ step)
        if np.abs(gradient).max() < 1e-7:  # so close that rounding hides the gain
            parameters = parameters + step
            value, weights = dual(parameters)
            continue
        while size > 1e-10:
            trial, found = dual(parameters + size * step)
            if trial <= value + 1e-4 * size * slope:
                break
            size /= 2.0
        if size <= 1e-10:
            break
        parameters, value, weights = parameters + size * step, trial, found
    return weights if np.abs(weights @ away).max(initial=0.0) < BALANCED else None


def _group_means(y: Floats, treated: Floats, weights: Floats) -> Floats:
    means = [float(np.average(y[treated == arm], weights=weights[treated == arm])) for arm in (0, 1)]
    return np.where(treated == 1, means[1], means[0])


def balance_table(
    z: Floats, names: tuple[str, ...], treated: Floats, before: Floats, after: Floats | None,
) -> tuple[tuple[str, float, float | None], ...]:
    """Name, standardised difference before and after weighting; the denominator is the root of the mean of both variances before."""
    rows = []
    for column, name in zip(z.T, names, strict=True):
        used = (before, before if after is None else after)
        means = [[float(np.average(column[treated == arm], weights=w[treated == arm])) for arm in (0, 1)] for w in used]
        spread = [np.average((column[treated == arm] - means[0][arm]) ** 2, weights=before[treated == arm]) for arm in (0, 1)]
        sd = float(np.sqrt((spread[0] + spread[1]) / 2.0))
        size = max(float(np.abs(column).max()), 1e-300)
        differences = [(m[1] - m[0]) / sd if sd > 1e-12 * size else 0.0 if abs(m[1] - m[0]) <= 1e-9 * size else float("nan") for m in means]
        rows.append((name, differences[0], None if after is None else differences[1]))
    return tuple(rows)


def effective_size(weights: Floats) -> float:
    """Kish's (1965) number of equally weighted rows that would carry as much."""
    return float(weights.sum() ** 2 / (weights**2).sum()) if (weights > 0).any() else 0.0
