"""Many small regressions at once: the trial's own estimator and inference for a batch of simulated data sets.

HC2 and CR2 with Satterthwaite degrees of freedom as in `estimate.vcov`, written for stacks of data sets; clusters with at most one covariate
need their sums only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]

SATURATED = 1e-10
SINGULAR = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Fits:
    """Estimate, standard error and degrees of freedom of each data set, shape (sets,); nan where there is none."""

    estimate: Floats
    std_error: Floats
    df: Floats


def least_squares_hc2(x: Floats, y: Floats) -> Fits:
    """The last coefficient of y (sets, n) on x (sets, n, k), HC2 with Bell-McCaffrey degrees of freedom.

    A missing row is one of zeros in both.
    """
    bread = _inverse(np.swapaxes(x, 1, 2) @ x)
    beta = bread @ (np.swapaxes(x, 1, 2) @ y[..., None])
    residuals = y - (x @ beta)[..., 0]
    spread = x @ bread
    free = 1.0 - (spread * x).sum(axis=2)
    weight = spread[:, :, -1] * np.where(free > SATURATED, 1.0 / np.sqrt(np.maximum(free, SATURATED)), 0.0)
    variance = (weight**2 * residuals**2).sum(axis=1)
    return Fits(beta[:, -1, 0], np.sqrt(variance), _satterthwaite(weight**2, x * weight[..., None], bread))


def welch(y: Floats, treated: Floats) -> Fits:
    """Difference in means of y (sets, n), nan for missing, with Welch's standard error and degrees of freedom."""
    means, variances, sizes = [], [], []
    for arm in (treated == 1, treated == 0):
        there = arm & ~np.isnan(y)
        n = there.sum(axis=1).astype(float)
        mean = np.where(there, y, 0.0).sum(axis=1) / np.maximum(n, 1.0)
        squares = (np.where(there, y - mean[:, None], 0.0) ** 2).sum(axis=1)
        means.append(mean)
        variances.append(np.where(n > 1, squares / np.maximum(n - 1.0, 1.0) / np.maximum(n, 1.0), np.nan))
        sizes.append(n)
    whole = variances[0] + variances[1]
    below = variances[0] ** 2 / np.maximum(sizes[0] - 1, 1) + variances[1] ** 2 / np.maximum(sizes[1] - 1, 1)
    return Fits(means[0] - means[1], np.sqrt(whole), np.where(below > 0, whole**2 / np.where(below > 0, below, 1.0), np.nan))


@dataclass(frozen=True, slots=True, eq=False)
class ClusterSums:
    """What a regression on a constant, the arm and one covariate needs of G clusters, each (sets, G).

    Attributes
    ----------
    rows, treated : rows, and the arm (0 or 1)
    x, y, xx, xy : sums of the covariate, the outcome and their products
    """

    rows: Floats
    treated: Floats
    x: Floats
    y: Floats
    xx: Floats
    xy: Floats


def least_squares_cr2(sums: ClusterSums, *, covariate: bool) -> Fits:
    """The effect of the arm, CR2 with Satterthwaite degrees of freedom, exactly what the rows would give.

    In a cluster all regressors lie in the span of 1 and x, so I - H of the cluster is a 2 x 2 matrix there and its inverse square root
    has a closed form; residuals outside that span don't enter the score.
    """
    m, d, x, y, xx, xy = sums.rows, sums.treated, sums.x, sums.y, sums.xx, sums.xy
    if not covariate:  # a column of zeros next to a unit in the moments: it takes no part
        x, xx, xy = np.zeros_like(m), np.zeros_like(m), np.zeros_like(m)
    moments = np.empty((m.shape[0], 3, 3))
    for row, column, values in ((0, 0, m), (0, 1, d * m), (1, 1, d * m), (0, 2, x), (1, 2, d * x), (2, 2, xx)):
        moments[:, row, column] = moments[:, column, row] = values.sum(axis=1)
    moments[:, 2, 2] += 0.0 if covariate else 1.0
    bread = _inverse(moments)
    cross = np.stack([y.sum(axis=1), (d * y).sum(axis=1), xy.sum(axis=1)], axis=1)
    beta = (bread @ cross[..., None])[..., 0][:, :, None]
    b = bread[:, :, :, None]
    level = beta[:, 0] + beta[:, 1] * d
    left, right = y - level * m - beta[:, 2] * x, xy - level * x - beta[:, 2] * xx  # sums of e and of x e
    w0, w1 = _inverse_root(b, m, d, x, xx)
    variance = ((w0 * left + w1 * right) ** 2).sum(axis=1)
    k0, k1 = m * w0 + x * w1, x * w0 + xx * w1
    reach = np.stack([k0, d * k0, k1], axis=2)
    return Fits(beta[:, 1, 0], np.sqrt(variance), _satterthwaite(w0 * k0 + w1 * k1, reach, bread))


def _inverse_root(b: Floats, m: Floats, d: Floats, x: Floats, xx: Floats) -> tuple[Floats, Floats]:
    """(I - H_g)**(-1/2) applied to the direction of the arm's coefficient, in coordinates of (1, x)."""
    h00, h01, h11 = b[:, 0, 0] + d * (2.0 * b[:, 0, 1] + b[:, 1, 1]), b[:, 0, 2] + d * b[:, 1, 2], b[:, 2, 2]
    p00, p01 = 1.0 - h00 * m - h01 * x, -h00 * x - h01 * xx
    p10, p11 = -h01 * m - h11 * x, 1.0 - h01 * x - h11 * xx
    root = np.sqrt(np.maximum(p00 * p11 - p01 * p10, SATURATED))
    size = np.sqrt(np.maximum(p00 + p11 + 2.0 * root, SATURATED)) * root
    v0, v1 = b[:, 0, 1] + d * b[:, 1, 1], b[:, 2, 1]
    # the square root of P is (P + root I) / sqrt(trace + 2 root); its inverse is the adjugate over its determinant
    return ((p11 + root) * v0 - p01 * v1) / size, ((p00 + root) * v1 - p10 * v0) / size


def _satterthwaite(squares: Floats, reach: Floats, bread: Floats) -> Floats:
    """trace(P)**2 / trace(P P) of P = D - R B R', D diagonal `squares` (sets, n), R `reach` (sets, n, k)."""
    taken = ((reach @ bread) * reach).sum(axis=2)
    inner = bread @ (np.swapaxes(reach, 1, 2) @ reach)
    trace = squares.sum(axis=1) - taken.sum(axis=1)
    double = (squares**2).sum(axis=1) - 2.0 * (squares * taken).sum(axis=1) + (inner * np.swapaxes(inner, 1, 2)).sum(axis=(1, 2))
    return np.where(double > 0, trace**2 / np.where(double > 0, double, 1.0), np.nan)


def _inverse(moments: Floats) -> Floats:
    """Inverses of moment matrices; nan where a column follows from the others. Three columns have a closed form, which saves most of the time."""
    scale = np.sqrt(np.maximum(np.diagonal(moments, axis1=1, axis2=2), 1e-300))
    unit = moments / scale[:, :, None] / scale[:, None, :]
    if moments.shape[1] == 3:
        a, b, c = unit[:, 0, 1], unit[:, 0, 2], unit[:, 1, 2]
        made = np.empty_like(unit)
        made[:, 0, 0], made[:, 1, 1], made[:, 2, 2] = 1.0 - c * c, 1.0 - b * b, 1.0 - a * a
        made[:, 0, 1] = made[:, 1, 0] = b * c - a
        made[:, 0, 2] = made[:, 2, 0] = a * c - b
        made[:, 1, 2] = made[:, 2, 1] = a * b - c
        determinant = 1.0 + 2.0 * a * b * c - a * a - b * b - c * c
        good = determinant > SINGULAR
        made /= np.where(good, determinant, 1.0)[:, None, None]
    else:
        values, vectors = np.linalg.eigh(unit)
        good = values[:, 0] > SINGULAR
        made = (vectors / np.where(good[:, None], values, 1.0)[:, None, :]) @ np.swapaxes(vectors, 1, 2)
    return np.asarray(np.where(good[:, None, None], made / scale[:, :, None] / scale[:, None, :], np.nan))
