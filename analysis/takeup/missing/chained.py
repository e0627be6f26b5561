"""Chained equations on arrays: every incomplete variable is drawn given the others, turn by turn, for all imputations together.

The moments of all variables are kept as one matrix per imputation and only corrected for the rows that change, so a turn costs the
rows that are missing and not all of them. Each imputation draws from a stream of its own: the first k of m imputations are the k
imputations for the same seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]
Codes = np.ndarray[Any, np.dtype[np.int64]]

RIDGE = 1e-6
"""Share of the diagonal added to it, so that collinear predictors and more predictors than rows leave a solution."""
PRIOR_DF, PRIOR_VARIANCE = 2.0, 0.05
"""Of the variance of group intercepts, in units of the variable's own variance: weak, and proper with few groups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable of the model.

    Attributes
    ----------
    columns : where it stands in X: one column for a number, one less than its levels for a category
    missing, observed : positions of its rows
    normal : drawn from the normal distribution instead of from donors
    """

    columns: slice
    missing: Codes
    observed: Codes
    normal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """What a variable got in its last turn: the rows of its donors, or (for normal draws) its values, shape (m, missing)."""

    donors: Codes
    values: Floats


def chain(
    x: Floats, variables: list[Variable], groups: Codes | None, seeds: list[np.random.SeedSequence], *, iterations: int, donors: int,
) -> dict[int, Draw]:
    """Draw the missing values of each incomplete variable, by its position in `variables`.

    Parameters
    ----------
    x : (n, P) a column of ones first, then the variables scaled to unit variance, then other predictors; nan where missing
    groups : (n,) codes of groups with intercepts of their own (clusters, providers), or None
    seeds : one for each imputation
    donors : how many nearest donors one is drawn from
    """
    rngs = [np.random.Generator(np.random.SFC64(seed)) for seed in seeds]
    turns = sorted((k for k, one in enumerate(variables) if one.missing.size), key=lambda k: variables[k].missing.size)
    full = np.repeat(x[None], len(rngs), axis=0)
    for k in turns:
        one = variables[k]
        for filled, rng in zip(full, rngs, strict=True):
            filled[one.missing, one.columns] = x[one.observed[rng.integers(0, one.observed.size, one.missing.size)], one.columns]
    gram = full.transpose(0, 2, 1) @ full
    effects = {} if groups is None else {k: np.zeros((len(rngs), int(groups.max()) + 1)) for k in turns}
    last: dict[int, Draw] = {}
    for _ in range(iterations):
        for k in turns:
            last[k] = _turn(full, gram, variables[k], rngs, donors, groups, effects.get(k))
    return last


def _turn(
    full: Floats, gram: Floats, one: Variable, rngs: list[np.random.Generator], donors: int, groups: Codes | None, effect: Floats | None,
) -> Draw:
    """One variable drawn given all others; `full`, `gram` and `effect` are brought up to date."""
    absent = full[:, one.missing]
    seen_gram = gram - absent.transpose(0, 2, 1) @ absent
    others = np.r_[0 : one.columns.start, one.columns.stop : full.shape[2]]
    score = _scores(seen_gram, others, one)
    values = full[0, one.observed, one.columns]  # observed: the same in every imputation
    target = score @ values.T
    shift, pull = np.zeros((len(rngs), 0)), np.zeros((len(rngs), 1))
    if effect is not None and groups is not None:
        shift = effect[:, groups]
        pull = (full[:, one.observed].transpose(0, 2, 1) @ shift[:, one.observed, None])[:, others, 0]
        target = target - shift[:, one.observed]
    centre, fitted, sigma = _posterior(seen_gram, others, one, score, target, pull, rngs)
    wanted = _predictions(absent, fitted, others)
    if effect is not None and groups is not None:
        residual = target + shift[:, one.observed] - _predictions(full, fitted, others)[:, one.observed]
        effect[:] = _intercepts(residual, groups[one.observed], effect, sigma, rngs)
        shift = effect[:, groups]
        wanted = wanted + shift[:, one.missing]
    if one.normal:
        drawn = wanted + sigma[:, None] * np.stack([rng.standard_normal(one.missing.size) for rng in rngs])
        full[:, one.missing, one.columns] = drawn[:, :, None]
        chosen = Draw(donors=np.zeros((0, 0), dtype=np.int64), values=drawn)
    else:
        base = _predictions(full, centre, others) + (shift if shift.size else 0.0)
        picked = _nearest(base[:, one.observed], wanted, donors, rngs)
        full[:, one.missing, one.columns] = values[picked]
        chosen = Draw(donors=one.observed[picked], values=np.zeros((0, 0)))
    absent = full[:, one.missing]
    fresh = seen_gram[:, one.columns] + absent[:, :, one.columns].transpose(0, 2, 1) @ absent
    gram[:, one.columns] = fresh
    gram[:, :, one.columns] = fresh.transpose(0, 2, 1)
    return chosen


def _predictions(full: Floats, coefficients: Floats, others: Codes) -> Floats:
    """Linear predictions of all rows, shape (m, n): a weight of 0 on the variable's own columns costs less than leaving them out."""
    padded = np.zeros((len(full), full.shape[2]))
    padded[:, others] = coefficients
    return np.asarray((full @ padded[:, :, None])[:, :, 0])


def _posterior(
    gram: Floats, others: Codes, one: Variable, score: Floats, y: Floats, pull: Floats, rngs: list[np.random.Generator],
) -> tuple[Floats, Floats, Floats]:
    """Least-squares coefficients, and a draw of coefficients and residual standard deviation from their posterior (flat prior).

    `y` has the group intercepts taken off already, and `pull` is their cross-product with the predictors.
    """
    a = gram[:, others][:, :, others]
    b = (gram[:, others][:, :, one.columns] @ score[:, :, None])[:, :, 0] - pull
    ridged, root = _ridged(a, 1e-10)
    centre = np.asarray(np.linalg.solve(ridged, b[:, :, None])[:, :, 0])
    fitted_square = (centre[:, None] @ a @ centre[:, :, None])[:, 0, 0]
    rss = np.maximum((y**2).sum(axis=1) - 2.0 * (centre * b).sum(axis=1) + fitted_square, 0.0)
    free = max(one.observed.size - others.size, 1)
    sigma = np.sqrt(rss / np.array([rng.chisquare(free) for rng in rngs]))
    noise = np.stack([rng.standard_normal(others.size) for rng in rngs])
    drawn = centre + sigma[:, None] * np.linalg.solve(root.transpose(0, 2, 1), noise[:, :, None])[:, :, 0]
    return centre, np.asarray(drawn), np.asarray(sigma)


def _ridged(matrices: Floats, least: float) -> tuple[Floats, Floats]:
    """Cross-products (m, k, k) with a little more on the diagonal, and their Cholesky roots; with more where rounding leaves one without a root.

    A handful of rows may be imputed far away, and the products of such rows keep few digits of what they have to do with each other.
    """
    place = np.arange(matrices.shape[1])
    for ridge in (RIDGE, 1e-4, 1e-2):
        made = matrices.copy()
        made[:, place, place] = matrices[:, place, place] * (1.0 + ridge) + least
        try:
            return made, np.asarray(np.linalg.cholesky(made))
        except np.linalg.LinAlgError:
            continue
    made[:, place, place] = np.abs(matrices).sum(axis=2) + least  # no row can outweigh its diagonal: a root there is
    return made, np.asarray(np.linalg.cholesky(made))


def _scores(gram: Floats, others: Codes, one: Variable) -> Floats:
    """Numbers for the columns of a variable, shape (m, columns): 1 for a number or a yes or no; the first canonical variate of a category."""
    width = one.columns.stop - one.columns.start
    if width == 1:
        return np.ones((len(gram), 1))
    n = gram[:, :1, :1]
    centred = gram - gram[:, :, :1] @ gram[:, :1] / n
    a, b = centred[:, others[1:]][:, :, others[1:]], centred[:, others[1:]][:, :, one.columns]
    c = centred[:, one.columns, one.columns]
    if a.shape[1] == 0:
        return np.ones((len(gram), width))
    a, (_, root) = _ridged(a, 1e-8)[0], _ridged(c, 1e-8)
    left = np.linalg.solve(root, b.transpose(0, 2, 1))
    middle = left @ np.linalg.solve(a, left.transpose(0, 2, 1))
    first = np.linalg.eigh((middle + middle.transpose(0, 2, 1)) / 2.0)[1][:, :, -1]
    return np.asarray(np.linalg.solve(root.transpose(0, 2, 1), first[:, :, None])[:, :, 0])


def _intercepts(residual: Floats, groups: Codes, old: Floats, sigma: Floats, rngs: list[np.random.Generator]) -> Floats:
    """Group intercepts drawn given the residuals, and the variance between groups given the old ones, shape (m, groups)."""
    size = np.bincount(groups, minlength=old.shape[1]).astype(float)
    total = np.stack([np.bincount(groups, weights=row, minlength=old.shape[1]) for row in residual])
    chi = np.array([rng.chisquare(old.shape[1] + PRIOR_DF) for rng in rngs])
    between = ((old**2).sum(axis=1) + PRIOR_DF * PRIOR_VARIANCE) / chi
    within = np.maximum(sigma**2, 1e-12)
    precision = size / within[:, None] + 1.0 / between[:, None]
    noise = np.stack([rng.standard_normal(old.shape[1]) for rng in rngs])
    return np.asarray(total / within[:, None] / precision + noise / np.sqrt(precision))


def _nearest(base: Floats, wanted: Floats, donors: int, rngs: list[np.random.Generator]) -> Codes:
    """For each wanted prediction (m, wanted) one of the `donors` observed rows (m, observed) with the nearest, at random; shape (m, wanted).

    The nearest of a sorted list are a window of it, which is slid until neither end would do better. Equal predictions are in random
    order, so that none of them is preferred. All imputations go together: a call for each of them would cost more than the work.
    """
    m, n = base.shape
    k = min(donors, n)
    order = np.stack([rng.permutation(n) for rng in rngs])
    order = np.take_along_axis(order, np.argsort(np.take_along_axis(base, order, axis=1), axis=1, kind="stable"), axis=1)
    ordered = np.take_along_axis(base, order, axis=1)
    place = np.stack([np.searchsorted(row, asked) for row, asked in zip(ordered, wanted, strict=True)])
    first = (np.arange(m) * n)[:, None]
    start, last = np.clip(place - k, 0, n - k) + first, first + n - k
    flat = np.r_[ordered.ravel(), np.inf]  # what stands after the last row is never better
    for _ in range(k):
        start += (start < last) & (np.abs(flat[start + k] - wanted) < np.abs(flat[start] - wanted))
    return np.asarray(order.ravel()[start + np.stack([rng.integers(0, k, wanted.shape[1]) for rng in rngs])])
