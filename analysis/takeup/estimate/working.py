"""CR2 where analysis weights stand for known inverse variances: the working variance of a row is one over its weight.

Everywhere else weights stand for response or sampling and the working variance is the identity (`vcov`). This is R's
``clubSandwich::vcovCR(fit, cluster, type = "CR2", target = 1 / w)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import EstimateError, Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = np.ndarray[Any, np.dtype[np.float64]]
Codes = np.ndarray[Any, np.dtype[np.int64]]

LARGEST = 4_000
"""Rows of a cluster: a matrix of rows x rows is made of each, since its inverse root has no low rank to go through."""
SATURATED = 1e-10


def by_precision(z: Floats, weights: Floats, groups: Sequence[Codes], vector: Floats) -> Floats:
    """A_g v_g with A_g = D B_g^(-1/2) D, D the root of 1/w and B_g = D**2 (I - z_g z_g') D**2 (Pustejovsky and Tipton 2018, equation 4).

    Parameters
    ----------
    z : (n, k) orthonormal columns of root(w) x
    weights : (n,)
    groups : the rows of each cluster
    vector : (n,) what is adjusted
    """
    longest = max(rows.size for rows in groups)
    if longest > LARGEST:
        fault = Fault(f"a cluster has {longest:,} rows, at most {LARGEST:,} are possible under this variance", "se_type", remedy='Choose "CR2".')
        raise EstimateError(fault)
    out = np.empty_like(vector, dtype=np.float64)
    spread = weights.mean() / weights  # D**2; what all weights are multiplied by leaves A as it is
    for rows in groups:
        d = spread[rows]
        values, vectors = np.linalg.eigh((np.eye(rows.size) - z[rows] @ z[rows].T) * np.outer(d, d))
        safe = values > SATURATED * d.max() ** 2
        root = np.where(safe, 1.0 / np.sqrt(np.where(safe, values, 1.0)), 0.0)
        half = np.sqrt(d)
        out[rows] = half * (vectors @ (root * (vectors.T @ (half * vector[rows]))))
    return out
