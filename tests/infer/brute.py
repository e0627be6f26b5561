"""Randomisation tests the long way: one regression an assignment, by the textbook formula, nothing shared with the engine."""

import numpy as np


def ols(y, x, w=None):
    root = np.ones(len(y)) if w is None else np.sqrt(w)
    xs, ys = x * root[:, None], y * root
    inverse = np.linalg.inv(xs.T @ xs)
    b = inverse @ xs.T @ ys
    return b, ys - xs @ b, xs, inverse


def hc2(y, x, position, w=None):
    b, e, xs, inverse = ols(y, x, w)
    h = ((xs @ inverse) * xs).sum(axis=1)
    free = np.where(1 - h > 1e-9, 1 - h, np.inf)
    return b[position], (inverse @ (xs.T * (e**2 / free)) @ xs @ inverse)[position, position]


def cr1(y, x, position, clusters, w=None):
    b, e, xs, inverse = ols(y, x, w)
    n, k = x.shape
    groups = np.unique(clusters)
    scores = np.array([xs[clusters == g].T @ e[clusters == g] for g in groups])
    factor = len(groups) / (len(groups) - 1) * (n - 1) / (n - k)
    return b[position], factor * (inverse @ scores.T @ scores @ inverse)[position, position]


def dummies(codes):
    return (np.asarray(codes)[:, None] == np.unique(codes)).astype(float)


def ancova(y, d, *, x=None, blocks=None, clusters=None, w=None):
    base = np.ones((len(y), 1)) if blocks is None else dummies(blocks)
    matrix = np.column_stack([base] + ([] if x is None else [x]) + [d])
    if np.linalg.matrix_rank(matrix) < matrix.shape[1]:
        return np.nan, np.nan
    return hc2(y, matrix, -1, w) if clusters is None else cr1(y, matrix, -1, clusters, w)


def lin(y, d, *, x=None, blocks=None, clusters=None, w=None):
    parts = ([] if blocks is None else [dummies(blocks)[:, 1:]]) + ([] if x is None else [x])
    z = np.column_stack([np.zeros((len(y), 0)), *parts])
    z = z - np.average(z, axis=0, weights=w)
    matrix = np.column_stack([np.ones(len(y)), d, z, z * d[:, None]])
    if np.linalg.matrix_rank(matrix, tol=1e-8) < matrix.shape[1]:
        return np.nan, np.nan
    return hc2(y, matrix, 1, w) if clusters is None else cr1(y, matrix, 1, clusters, w)


def difference(y, d, *, blocks=None, between=False):
    """Neyman within blocks, or the variance between them."""
    blocks = np.zeros(len(y)) if blocks is None else np.asarray(blocks)
    parts, variance, total = [], 0.0, 0
    for b in np.unique(blocks):
        inside = blocks == b
        one, zero = y[inside & (d == 1)], y[inside & (d == 0)]
        if len(one) == 0 or len(zero) == 0:
            continue
        total += inside.sum()
        parts.append(inside.sum() * (one.mean() - zero.mean()))
        if not between:
            variance += inside.sum() ** 2 * sum(arm.var(ddof=1) / len(arm) if len(arm) > 1 else 0.0 for arm in (one, zero))
    if total == 0:
        return np.nan, np.nan
    parts = np.array(parts) / total
    if between:
        return parts.sum(), len(parts) / (len(parts) - 1) * ((parts - parts.mean()) ** 2).sum()
    return parts.sum(), variance / total**2


def cluster_difference(y, d, clusters, blocks, *, between=False):
    """Means of rows by arm within blocks; variance over cluster totals, arm by arm, or between blocks."""
    parts, variance = [], 0.0
    for b in np.unique(blocks):
        inside = blocks == b
        arms = {}
        for arm in (1, 0):
            rows = inside & (d == arm)
            mean, n = y[rows].mean(), rows.sum()
            members = np.unique(clusters[rows])
            squares = sum(((y[clusters == g] - mean).sum() / n) ** 2 for g in members)
            arms[arm] = mean, len(members) / (len(members) - 1) * squares if len(members) > 1 else 0.0
        parts.append(inside.sum() / len(y) * (arms[1][0] - arms[0][0]))
        variance += (inside.sum() / len(y)) ** 2 * (arms[1][1] + arms[0][1])
    parts = np.array(parts)
    if between:
        return parts.sum(), len(parts) / (len(parts) - 1) * ((parts - parts.mean()) ** 2).sum()
    return parts.sum(), variance


def null(assignments, statistic):
    """Effects and variances of a statistic (d -> effect, variance), shape (2, assignments)."""
    return np.array([statistic(np.asarray(d, dtype=float)) for d in assignments]).T


def p_values(values, observed, weights=None):
    """Shares (greater, less, absolute), ties counted; undefined statistics are never extreme."""
    weights = np.full(len(values), 1 / len(values)) if weights is None else weights
    slack = 1e-9 * np.sqrt(np.nanmean(np.where(np.isfinite(values), values, np.nan) ** 2))
    with np.errstate(invalid="ignore"):
        flags = values >= observed - slack, values <= observed + slack, np.abs(values) >= abs(observed) - slack
    return tuple(float(weights[flag].sum()) for flag in flags)
