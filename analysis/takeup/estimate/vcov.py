"""Variances of a linear fit and their degrees of freedom, on arrays.

Heteroscedastic (HC0-HC3), clustered (CR0, CR1, CR2) and classical, with the Satterthwaite degrees of freedom of Bell and
McCaffrey (2002) and Pustejovsky and Tipton (2018, section 3) for HC2 and CR2 under an identity working variance.

The variance of one contrast c'b is a sum of squares, sum over g of (sum over i in g of a_i e_i)**2, with g the clusters (rows where
nothing clusters), e the residuals and a the `loadings`, which don't depend on the outcome. Memory is linear in the number of rows:
I - H of a cluster is the identity minus a matrix of low rank, so its inverse square root is applied through whichever of the two is
smaller, and no n x n matrix is made.

Conventions: CR1 has Stata's factor G/(G-1) (N-1)/(N-k), CR1G the factor G/(G-1) and CR1p G/(G-k), as clubSandwich's CR1 and CR1p; CR3
is the delete-one-cluster jackknife about the estimate itself, without a factor (Bell and McCaffrey 2002). With weights, HC2 and HC3 use
the leverages of the weighted fit (as estimatr does) and CR2 keeps the identity working variance (as clubSandwich does by default for lm).
Two conventions of other packages have names of their own and are never chosen by a design: CR2_precision takes the weights for known
inverse variances (clubSandwich with target = 1 / w; see `working`), and HC2_structural and HC3_structural take the leverages of a two-stage
fit from its fitted values, diag(X (X^'X^)^-1 X^') with X^ the projected X (R's AER with sandwich), where HC2 takes those of X^ (estimatr).
A direction with leverage 1 leaves the variance (generalized inverse), as in clubSandwich; `Spread.share` says how much that cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from takeup.errors import EstimateError, Fault, listed
from takeup.estimate.working import by_precision

Floats = np.ndarray[Any, np.dtype[np.float64]]
Codes = np.ndarray[Any, np.dtype[np.int64]]

SeType = Literal["classical", "HC0", "HC1", "HC2", "HC3", "CR0", "CR1", "CR1G", "CR1p", "CR2", "CR3", "CR2_precision", "HC2_structural",
                 "HC3_structural"]
DfRule = Literal["bell_mccaffrey", "nested", "residual", "clusters", "normal"]
SATURATED = 1e-10
"""1 - leverage below this counts as 0."""
CHUNK = 4_000_000
"""Numbers held at once while clusters of one size are adjusted together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """What a variance needs of a fit: y = x b + residuals, b = bread x' W y.

    Attributes
    ----------
    x : (n, k) regressors of full column rank (for 2SLS the projected ones)
    residuals : (n,) of the structural equation
    bread : (k, k), the inverse of x' W x
    weights : (n,) or None
    absorbed : (n,) codes of blocks whose means were taken out of x and of the outcome (unweighted), or None; their dummies count as
        columns. CR2 then needs every block to lie in one cluster.
    fitted_leverages : (n,) derivatives of the fitted values by their own outcomes where x isn't what the outcome is fitted on (2SLS), or None
    """

    x: Floats
    residuals: Floats
    bread: Floats
    weights: Floats | None = None
    absorbed: Codes | None = None
    fitted_leverages: Floats | None = None

    @property
    def columns(self) -> int:
        """Coefficients of the fit, those of absorbed blocks too."""
        return int(self.x.shape[1]) + (0 if self.absorbed is None else int(np.unique(self.absorbed).size))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The variance of one contrast.

    Attributes
    ----------
    variance : float
    df : Satterthwaite degrees of freedom for HC2 and CR2 (and their namesakes), nan for the others (see `satterthwaite`)
    share : the part of the variance that isn't in rows or clusters that are fitted exactly, under an identity working variance:
        1 unless such rows matter for the contrast (nan where df is nan)
    """

    variance: float
    df: float
    share: float


def covariance(fit: Regression, se_type: SeType, clusters: Codes | None = None) -> Floats:
    """The covariance matrix of the coefficients, shape (k, k).

    Raises
    ------
    EstimateError
        For an unknown `se_type`, and for a clustered one without clusters or with fewer than two.
    """
    _check(se_type, clusters)
    if se_type == "classical":
        n, k = fit.residuals.size, fit.columns
        squares = fit.residuals**2 if fit.weights is None else fit.weights * fit.residuals**2
        return np.asarray(fit.bread * (squares.sum() / (n - k) if n > k else np.nan))
    scores = _weighted(fit, fit.x) * adjust(fit, fit.residuals, se_type, clusters)[:, None]
    if se_type.startswith("CR") and clusters is not None:
        scores = group_sums(scores, clusters)
    return np.asarray(fit.bread @ (scores.T @ scores) @ fit.bread * _factor(fit, se_type, clusters))


def spread(fit: Regression, contrast: Floats, se_type: SeType, clusters: Codes | None = None) -> Spread:
    """The variance of contrast' b, its Satterthwaite degrees of freedom and the share of it that can be seen; errors as `covariance`."""
    a = loadings(fit, contrast, se_type, clusters)
    variance = float((_by_group(a * fit.residuals, se_type, clusters) ** 2).sum())
    if not se_type.startswith(("HC2", "CR2")):
        return Spread(variance=variance, df=float("nan"), share=float("nan"))
    trace, square = _moments(fit, a, se_type, clusters)
    whole = float(((_direction(fit, contrast) * whitened(fit, se_type)[1]) ** 2).sum())
    seen = trace if se_type.startswith("CR2") else float((a**2 * (1.0 - _hat(fit, se_type))).sum())  # unless weighted the same
    return Spread(variance=variance, df=trace**2 / square if square > 0 else float("nan"), share=seen / whole if whole > 0 else float("nan"))


def satterthwaite(fit: Regression, contrast: Floats, se_type: SeType = "HC2", clusters: Codes | None = None) -> float:
    """Degrees of freedom of contrast' b under HC2 or a clustered variance (Pustejovsky and Tipton 2018, equation 11, identity working variance)."""
    if not has_satterthwaite(se_type):
        raise EstimateError(Fault("Satterthwaite degrees of freedom belong to HC2 and to clustered variances", "se_type"))
    trace, square = _moments(fit, loadings(fit, contrast, se_type, clusters), se_type, clusters)
    return float(trace**2 / square) if square > 0 else float("nan")


def loadings(fit: Regression, contrast: Floats, se_type: SeType, clusters: Codes | None = None) -> Floats:
    """What residuals are multiplied by before they are summed by cluster (or not at all) and squared into a variance, shape (n,)."""
    _check(se_type, clusters)
    if se_type == "classical":
        n, k = fit.residuals.size, fit.columns
        size = np.sqrt(float(contrast @ fit.bread @ contrast) / (n - k)) if n > k else np.nan
        return np.full(n, size) if fit.weights is None else np.asarray(size * np.sqrt(fit.weights))
    direction = _direction(fit, contrast)
    adjusted = jackknife(fit, direction, clusters, transposed=True) if se_type == "CR3" else adjust(fit, direction, se_type, clusters)
    return np.asarray(adjusted * np.sqrt(_factor(fit, se_type, clusters)))


def influence(fit: Regression, contrast: Floats, se_type: SeType, clusters: Codes | None = None) -> Floats:
    """Contributions whose squares add up to the variance of contrast' b: one a cluster for CR0-CR2, else one a row.

    They are linear in the residuals, so that products of two fits' contributions add up to a covariance.
    """
    return _by_group(loadings(fit, contrast, se_type, clusters) * fit.residuals, se_type, clusters)


def adjust(fit: Regression, vector: Floats, se_type: SeType, clusters: Codes | None = None) -> Floats:
    """A v: the vector multiplied by the adjustment that HC2, HC3 (by row) or CR2 (by cluster) gives to residuals, shape (n,)."""
    if se_type == "CR2" and clusters is not None:
        return _by_cluster(orthonormal(fit), fit.weights, clusters, vector)
    if se_type == "CR2_precision" and clusters is not None:
        if fit.weights is None:
            return adjust(fit, vector, "CR2", clusters)
        order, starts = _sorted(clusters)
        return by_precision(orthonormal(fit) * np.sqrt(fit.weights)[:, None], fit.weights, np.split(order, starts[1:]), vector)
    if se_type == "CR3":
        return jackknife(fit, vector, clusters)
    if se_type.startswith(("HC2", "HC3")):
        root = _inverse_root(1.0 - _hat(fit, se_type))
        return np.asarray(vector * (root if se_type.startswith("HC2") else root**2))
    return vector


def whitened(fit: Regression, se_type: SeType) -> tuple[Regression, Floats]:
    """The fit in units in which the working variance is the identity, and what loadings and directions are multiplied by, shape (n,) or (1,)."""
    if se_type != "CR2_precision" or fit.weights is None:
        return fit, np.ones(1)
    root = np.sqrt(fit.weights)
    return Regression(x=fit.x * root[:, None], residuals=fit.residuals * root, bread=fit.bread), 1.0 / root


def _hat(fit: Regression, se_type: SeType) -> Floats:
    return fit.fitted_leverages if fit.fitted_leverages is not None and se_type.endswith("_structural") else leverages(fit)


def jackknife(fit: Regression, vector: Floats, clusters: Codes | None, *, transposed: bool = False) -> Floats:
    """Residuals of each cluster as if it had been left out of the fit, (I - H_gg)^-1 v_g (or its transpose), through matrices of k x k."""
    assert clusters is not None
    z = orthonormal(fit)
    wz = _weighted(fit, z)
    left, right = (wz, z) if transposed else (z, wz)
    out = vector.astype(np.float64, copy=True)
    for rows in np.split(np.argsort(clusters, kind="stable"), _sorted(clusters)[1][1:]):
        values, vectors = np.linalg.eigh(np.eye(z.shape[1]) - z[rows].T @ wz[rows])
        inverse = np.where(values > SATURATED, 1.0 / np.where(values > SATURATED, values, 1.0), 0.0)  # generalized where a cluster is fitted exactly
        out[rows] += left[rows] @ (vectors @ (inverse * (vectors.T @ (right[rows].T @ vector[rows]))))
    return out


def leverages(fit: Regression) -> Floats:
    """Diagonal of the hat matrix, shape (n,)."""
    h = (orthonormal(fit) ** 2).sum(axis=1)
    if fit.absorbed is not None:
        h = h + 1.0 / np.bincount(fit.absorbed)[fit.absorbed]
    return np.asarray(h if fit.weights is None else h * fit.weights)


def orthonormal(fit: Regression) -> Floats:
    """The columns z of x r with z' W z the identity, shape (n, k): x bread x' is z z', which loses fewer digits than the bread itself."""
    if fit.weights is None:
        return np.asarray(np.linalg.qr(fit.x)[0])
    r: Floats = np.asarray(np.linalg.qr(fit.x * np.sqrt(fit.weights)[:, None]).R)
    return np.asarray(np.linalg.solve(r.T, fit.x.T).T)


def group_sums(values: Floats, clusters: Codes) -> Floats:
    """Sums of rows by cluster, clusters in the order of their codes; shape (G,) or (G, k)."""
    order, starts = _sorted(clusters)
    return np.asarray(np.add.reduceat(values[order], starts, axis=0))


def check_se_type(se_type: str) -> None:
    """Refuse a variance that doesn't exist."""
    if se_type not in get_args(SeType):
        raise EstimateError(Fault(f'"{se_type}" is no variance', "se_type", listed(get_args(SeType), most=20)))


def has_satterthwaite(se_type: str) -> bool:
    """Whether a variance has Satterthwaite degrees of freedom."""
    return se_type.startswith(("HC2", "CR"))


def _check(se_type: str, clusters: Codes | None) -> None:
    check_se_type(se_type)
    if se_type.startswith("CR"):
        if clusters is None:
            raise EstimateError(Fault(f"{se_type} needs clusters", "se_type", remedy="Declare clusters= in the design, or choose HC2."))
        if np.unique(clusters).size < 2:
            raise EstimateError(Fault(f"{se_type} needs at least two clusters", "clusters"))


def _weighted(fit: Regression, values: Floats) -> Floats:
    if fit.weights is None:
        return values
    return np.asarray(values * (fit.weights if values.ndim == 1 else fit.weights[:, None]))


def _direction(fit: Regression, contrast: Floats) -> Floats:
    """W x bread c: the weight of each outcome in the estimate, shape (n,)."""
    return _weighted(fit, np.asarray(fit.x @ (fit.bread @ contrast)))


def _by_group(values: Floats, se_type: str, clusters: Codes | None) -> Floats:
    return group_sums(values, clusters) if se_type.startswith("CR") and clusters is not None else values


def _factor(fit: Regression, se_type: SeType, clusters: Codes | None) -> float:
    n, k = fit.residuals.size, fit.columns
    if se_type == "HC1":
        return n / (n - k) if n > k else float("nan")
    if se_type == "CR1" and clusters is not None:
        groups = np.unique(clusters).size
        return groups / (groups - 1) * (n - 1) / (n - k) if n > k else float("nan")
    if se_type in {"CR1G", "CR1p"} and clusters is not None:
        groups = np.unique(clusters).size
        less = 1 if se_type == "CR1G" else k
        return groups / (groups - less) if groups > less else float("nan")
    return 1.0


def _moments(fit: Regression, a: Floats, se_type: SeType, clusters: Codes | None) -> tuple[float, float]:
    """trace(P) and trace(P P) of the quadratic form e' P e in which the variance is written.

    P = D + F K F' with D diagonal and F of 2k columns, so nothing larger than 2k x 2k is made.
    """
    fit, unit = whitened(fit, se_type)
    a = a * unit
    z = orthonormal(fit)
    wz = _weighted(fit, z)
    d, u, b = a**2, wz * a[:, None], z * a[:, None]
    if se_type.startswith("CR") and clusters is not None:
        d, u, b = group_sums(d, clusters), group_sums(u, clusters), group_sums(b, clusters)
    eye = np.eye(z.shape[1])
    kernel = np.block([[0.0 * eye, -eye], [-eye, wz.T @ wz]])
    factors = np.hstack([u, b])
    diagonal = ((factors @ kernel) * factors).sum(axis=1)
    small = kernel @ (factors.T @ factors)
    blocks = 0.0
    if fit.absorbed is not None and se_type.startswith("HC2"):  # under CR2 a block lies in one cluster, where the loadings add up to 0
        within = a / np.sqrt(np.bincount(fit.absorbed))[fit.absorbed]
        diagonal = diagonal - within**2
        blocks = 2.0 * (group_sums(u * within[:, None], fit.absorbed) ** 2).sum() + (group_sums(within**2, fit.absorbed) ** 2).sum()
    square = (d**2).sum() + 2.0 * (d * diagonal).sum() + (small * small.T).sum() + blocks
    return float(d.sum() + diagonal.sum()), float(square)


def _by_cluster(z: Floats, weights: Floats | None, clusters: Codes, vector: Floats) -> Floats:
    """A_g v_g for every cluster, A_g the inverse square root of its block of (I-H)(I-H)'; clusters of one size at once."""
    order, starts = _sorted(clusters)
    sizes = np.diff(np.r_[starts, order.size])
    middle = None if weights is None else (z * (weights**2)[:, None]).T @ z
    out = np.empty_like(vector)
    for size in np.unique(sizes):
        step = max(1, CHUNK // int(size * max(size if size <= 2 * z.shape[1] else 0, 2 * z.shape[1])))
        first = starts[sizes == size]
        for begin in range(0, first.size, step):
            rows = order[first[begin:begin + step, None] + np.arange(size)]
            out[rows] = _stack(z[rows], None if weights is None else weights[rows], middle, vector[rows])
    return out


def _stack(z: Floats, w: Floats | None, middle: Floats | None, v: Floats) -> Floats:
    """The adjustment for a stack of clusters of one size: z (g, s, k), w and v (g, s)."""
    size, k = z.shape[1:]
    zt = np.swapaxes(z, 1, 2)
    if w is None or middle is None:
        if size <= k:
            return _root_times(np.eye(size) - z @ zt, v)
        share, vectors = np.linalg.eigh(zt @ z)
        inner = np.swapaxes(vectors, 1, 2) @ (zt @ v[:, :, None])
        return np.asarray(v + (z @ (vectors @ (_beyond_identity(share)[:, :, None] * inner)))[:, :, 0])
    wz = z * w[:, :, None]
    if size <= 2 * k:
        cross = wz @ zt
        return _root_times(np.eye(size) - cross - np.swapaxes(cross, 1, 2) + z @ middle @ zt, v)
    q, r = np.linalg.qr(np.concatenate([z, wz], axis=2))
    kernel = np.block([[middle, -np.eye(k)], [-np.eye(k), np.zeros((k, k))]])
    values, vectors = np.linalg.eigh(r @ kernel @ np.swapaxes(r, 1, 2))
    left = q @ vectors
    inner = np.swapaxes(left, 1, 2) @ v[:, :, None]
    return np.asarray(v + (left @ ((_inverse_root(1.0 + values) - 1.0)[:, :, None] * inner))[:, :, 0])


def _root_times(matrices: Floats, v: Floats) -> Floats:
    """Inverse square roots (generalized) of a stack of matrices (g, s, s), times vectors (g, s)."""
    if matrices.shape[1] == 1:
        return np.asarray(_inverse_root(matrices[:, 0]) * v)
    values, vectors = np.linalg.eigh(matrices)
    inner = np.swapaxes(vectors, 1, 2) @ v[:, :, None]
    return np.asarray((vectors @ (_inverse_root(values)[:, :, None] * inner))[:, :, 0])


def _beyond_identity(share: Floats) -> Floats:
    """((1 - t)**-0.5 - 1) / t for eigenvalues t of z_g' z_g: 1/2 at t = 0, and -1/t where 1 - t counts as 0."""
    t = np.clip(share, 0.0, 1.0)
    small, full = t < 1e-300, 1.0 - t <= SATURATED
    safe = np.where(small | full, 0.5, t)
    inside = np.expm1(-0.5 * np.log1p(-safe)) / safe
    return np.asarray(np.where(full, -1.0 / np.where(full, t, 1.0), np.where(small, 0.5, inside)))


def _sorted(clusters: Codes) -> tuple[Codes, Codes]:
    order = np.argsort(clusters, kind="stable")
    ordered = clusters[order]
    return order, np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])


def _inverse_root(values: Floats) -> Floats:
    safe = values > SATURATED
    return np.where(safe, 1.0 / np.sqrt(np.where(safe, values, 1.0)), 0.0)
