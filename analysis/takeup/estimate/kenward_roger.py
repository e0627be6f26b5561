"""Kenward and Roger's small-sample standard error and degrees of freedom of a random-intercept model, from sums over groups.

V is the residual variance e on the diagonal and the group variance g within groups, linear in both, so the terms with second derivatives
of V vanish; V^-1 times a group's column of ones is that column over e + n g, so products of V^-1, J and I stay in their span.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from takeup.estimate.vcov import group_sums

if TYPE_CHECKING:
    from takeup.estimate.arrays import Codes, Floats


def kenward_roger(x: Floats, groups: Codes, group_variance: float, residual_variance: float, contrast: Floats) -> tuple[float, float]:
    """Standard error and degrees of freedom of contrast' b (Kenward and Roger 1997, equations 4 and 6; for one contrast lambda is 1, m is 2 / A).

    Parameters
    ----------
    x : (n, k) regressors of full column rank
    groups : (n,) codes
    """
    g, e = group_variance, residual_variance
    sums, n = group_sums(x, groups), group_sums(np.ones(x.shape[0]), groups)
    squares = x.T @ x
    c = 1.0 / (e + n * g)

    def between(weights: Floats) -> Floats:
        return np.asarray((sums * weights[:, None]).T @ sums)

    phi = np.linalg.inv(squares / e - between(g * c / e))
    p = (-between(c**2), -(squares / e**2 + between((c**2 - e**-2) / n)))
    q_mixed = between(c**3)
    q = ((between(n * c**3), q_mixed), (q_mixed, squares / e**3 + between((c**3 - e**-3) / n)))
    traces = ((float((n**2 * c**2).sum()), float((n * c**2).sum())), (float((n * c**2).sum()), float(((n - 1) / e**2 + c**2).sum())))
    information = np.array([
        [0.5 * (traces[i][j] - 2.0 * np.trace(phi @ q[i][j]) + np.trace(phi @ p[i] @ phi @ p[j])) for j in (0, 1)] for i in (0, 1)
    ])
    w = np.linalg.inv(information)
    extra = sum(w[i, j] * (q[i][j] - p[i] @ phi @ p[j]) for i in (0, 1) for j in (0, 1))
    adjusted = phi + 2.0 * phi @ extra @ phi
    v = phi @ contrast
    slope = np.array([v @ p[i] @ v for i in (0, 1)]) / float(contrast @ v)
    a = float(slope @ w @ slope)
    variance = float(contrast @ adjusted @ contrast)
    return float(np.sqrt(variance)) if variance > 0 else float("nan"), 2.0 / a if a > 0 else float("nan")
