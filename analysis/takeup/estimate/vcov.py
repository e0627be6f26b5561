"""Variances of a linear fit and their degrees of freedom, on arrays.

Heteroscedastic (HC0-HC3), clustered (CR0, CR1, CR2) and classical, with the Satterthwaite degrees of freedom of Bell and
McCaffrey (2002) and Pustejovsky and Tipton (2018, section 3) for HC2 and CR2 under an identity working variance.
Memory is linear in the number of rows: I - H of a cluster is the identity minus a matrix of low rank, so its inverse
square root is applied through that rank and no n x n (nor cluster x cluster) matrix is made.

Conventions: CR1 has Stata's factor G/(G-1) (N-1)/(N-k). With weights, HC2 and HC3 use the leverages of the weighted fit
(as estimatr does) and CR2 keeps the identity working variance (as clubSandwich does by default for lm).
A direction with leverage 1 leaves the variance (generalized inverse), as in clubSandwich.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from takeup.errors import EstimateError, Fault, listed

Floats = np.ndarray[Any, np.dtype[np.float64]]
Codes = np.ndarray[Any, np.dtype[np.int64]]

SeType = Literal["classical", "HC0", "HC1", "HC2", "HC3", "CR0", "CR1", "CR2"]
DfRule = Literal["bell_mccaffrey", "residual", "clusters", "normal"]
SATURATED = 1e-10
"""1 - leverage below this counts as 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """What a variance needs of a fit: y = x b + residuals, b = bread x' W y.

    Attributes
    ----------
    x : (n, k) regressors of full column rank (for 2SLS the projected ones)
    residuals : (n,) of the structural equation
    bread : (k, k), the inverse of x' W x
    weights : (n,) or None
    """

    x: Floats
    residuals: Floats
    bread: Floats
    weights: Floats | None = None


def covariance(fit: Regression, se_type: SeType, clusters: Codes | None = None) -> Floats:
    """The covariance matrix of the coefficients, shape (k, k).

    Raises
    ------
    EstimateError
        For an unknown `se_type`, and for a clustered one without clusters or with fewer than two.
    """
    check_se_type(se_type)
    if se_type == "classical":
        n, k = fit.x.shape
        squares = fit.residuals**2 if fit.weights is None else fit.weights * fit.residuals**2
        return np.asarray(fit.bread * (squares.sum() / (n - k) if n > k else np.nan))
    scores = _cluster_scores(fit, se_type, clusters) if se_type.startswith("CR") else _row_scores(fit, se_type)
    return np.asarray(fit.bread @ (scores.T @ scores) @ fit.bread * _factor(fit, se_type, clusters))


def satterthwaite(fit: Regression, contrast: Floats, se_type: SeType = "HC2", clusters: Codes | None = None) -> float:
    """Degrees of freedom of contrast' b under HC2 or CR2 (Pustejovsky and Tipton 2018, equation 11, identity working variance).

    The quadratic form is P = D + F K F' with D diagonal and F of 2k columns, so trace(P)**2 / trace(P P) needs no
    matrix larger than 2k x 2k.
    """
    direction = fit.x @ (fit.bread @ contrast)
    weighted = direction if fit.weights is None else direction * fit.weights
    wx = fit.x if fit.weights is None else fit.x * fit.weights[:, None]
    if se_type == "CR2":
        if clusters is None:
            raise EstimateError(Fault("CR2 needs clusters", "se_type"))
        k, groups = fit.x.shape[1], list(_adjusted(fit, clusters, weighted))
        d = np.array([a @ a for _, a in groups])
        u = np.array([wx[rows].T @ a for rows, a in groups]).reshape(-1, k)
        b = np.array([fit.x[rows].T @ a for rows, a in groups]).reshape(-1, k)
    else:
        a = weighted * _inverse_root(1.0 - leverages(fit))
        d, u, b = a**2, wx * a[:, None], fit.x * a[:, None]
    middle = fit.bread @ (wx.T @ wx) @ fit.bread
    kernel = np.block([[np.zeros_like(fit.bread), -fit.bread], [-fit.bread, middle]])
    factors = np.hstack([u, b])
    diagonal = ((factors @ kernel) * factors).sum(axis=1)
    small = kernel @ (factors.T @ factors)
    trace, square = d.sum() + diagonal.sum(), (d**2).sum() + 2.0 * (d * diagonal).sum() + (small * small.T).sum()
    return float(trace**2 / square) if square > 0 else float("nan")


def adjust(fit: Regression, vector: Floats, se_type: SeType, clusters: Codes | None = None) -> Floats:
    """A v: the vector multiplied by the adjustment that HC2 (by row) or CR2 (by cluster) gives to residuals, shape (n,)."""
    if se_type != "CR2" or clusters is None:
        return np.asarray(vector * _inverse_root(1.0 - leverages(fit)))
    adjusted = np.empty_like(vector)
    for rows, part in _adjusted(fit, clusters, vector):
        adjusted[rows] = part
    return adjusted


def leverages(fit: Regression) -> Floats:
    """Diagonal of the hat matrix, shape (n,)."""
    h = ((fit.x @ fit.bread) * fit.x).sum(axis=1)
    return np.asarray(h if fit.weights is None else h * fit.weights)


def check_se_type(se_type: str) -> None:
    """Refuse a variance that doesn't exist."""
    if se_type not in get_args(SeType):
        raise EstimateError(Fault(f'"{se_type}" is no variance', "se_type", listed(get_args(SeType))))


def _factor(fit: Regression, se_type: SeType, clusters: Codes | None) -> float:
    n, k = fit.x.shape
    if se_type == "HC1":
        return n / (n - k) if n > k else float("nan")
    if se_type == "CR1" and clusters is not None:
        groups = np.unique(clusters).size
        return groups / (groups - 1) * (n - 1) / (n - k) if n > k else float("nan")
    return 1.0


def _row_scores(fit: Regression, se_type: SeType) -> Floats:
    residuals = fit.residuals if fit.weights is None else fit.residuals * fit.weights
    if se_type in {"HC2", "HC3"}:
        root = _inverse_root(1.0 - leverages(fit))
        residuals = residuals * (root if se_type == "HC2" else root**2)
    return np.asarray(fit.x * residuals[:, None])


def _cluster_scores(fit: Regression, se_type: SeType, clusters: Codes | None) -> Floats:
    if clusters is None:
        raise EstimateError(Fault(f"{se_type} needs clusters", "se_type", remedy="Declare clusters= in the design, or choose HC2."))
    if np.unique(clusters).size < 2:
        raise EstimateError(Fault(f"{se_type} needs at least two clusters", "clusters"))
    wx = fit.x if fit.weights is None else fit.x * fit.weights[:, None]
    if se_type == "CR2":
        return np.array([wx[rows].T @ e for rows, e in _adjusted(fit, clusters, fit.residuals)])
    order, starts = _sorted(clusters)
    return np.asarray(np.add.reduceat((wx * fit.residuals[:, None])[order], starts, axis=0))


def _adjusted(fit: Regression, clusters: Codes, vector: Floats) -> Iterator[tuple[Codes, Floats]]:
    """For each cluster its rows and A_g v_g, A_g the inverse square root of its block of (I-H)(I-H)'."""
    order, starts = _sorted(clusters)
    if fit.weights is None:
        root = np.linalg.cholesky(fit.bread)
        basis = fit.x @ root  # H = basis basis'
        for rows in np.split(order, starts[1:]):
            left, singular, _ = np.linalg.svd(basis[rows], full_matrices=False)
            inner = vector[rows]
            yield rows, inner + left @ ((_inverse_root(1.0 - singular**2) - 1.0) * (left.T @ inner))
        return
    wx = fit.x * fit.weights[:, None]
    middle = fit.bread @ (wx.T @ wx) @ fit.bread
    kernel = np.block([[middle, -fit.bread], [-fit.bread, np.zeros_like(fit.bread)]])
    for rows in np.split(order, starts[1:]):
        q, r = np.linalg.qr(np.hstack([fit.x[rows], wx[rows]]))
        values, vectors = np.linalg.eigh(r @ kernel @ r.T)
        left, inner = q @ vectors, vector[rows]
        yield rows, inner + left @ ((_inverse_root(1.0 + values) - 1.0) * (left.T @ inner))


def _sorted(clusters: Codes) -> tuple[Codes, Codes]:
    order = np.argsort(clusters, kind="stable")
    ordered = clusters[order]
    return order, np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])


def _inverse_root(values: Floats) -> Floats:
    safe = values > SATURATED
    return np.where(safe, 1.0 / np.sqrt(np.where(safe, values, 1.0)), 0.0)
