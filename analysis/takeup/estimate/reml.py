"""Residual maximum likelihood for a random intercept, from sums over groups.

The model is y = X b + u[group] + e with var(u) = ratio * s2[last] and var(e) = s2[stratum]; groups live in the last residual stratum
(one stratum for an ordinary random intercept; control and treated for a partially nested trial). The covariance of a group of m rows is
s2 (I + ratio J), whose inverse is known, so the likelihood and its first two derivatives need only cross products and group sums: no
matrix grows with the rows. A variance of zero is a point like any other: the fit at ratio 0 is always a candidate.

Sources: Patterson and Thompson (1971) for the criterion; Satterthwaite degrees of freedom as in Giesbrecht and Burns (1985) and lmerTest
(Kuznetsova, Brockhoff and Christensen 2017, section 2); the exact interval of the ratio from Harville and Fenech (1985).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.estimate.linear import independent

if TYPE_CHECKING:
    from takeup.estimate.arrays import Codes, Floats

STEPS = 200
FAR = 18.0
"""Logarithms of variances and ratios beyond this (for an outcome of residual variance 1) mean that one of them runs to zero or infinity."""
FLAT = 1e-12
"""Residuals smaller than this share of the outcome count as no variation."""
STARTS = (0.05, 0.5, 5.0, 100.0)
"""Ratios times the mean group size at which the search starts; the lowest of the minima is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Cross products of z = [x, y] for k regressors.

    Attributes
    ----------
    squares : (S, k+1, k+1) by residual stratum
    counts : (S,) rows by stratum
    sums : (G, k+1) sums of z over the rows of each group
    sizes : (G,) rows of each group
    """

    squares: Floats
    counts: Floats
    sums: Floats
    sizes: Floats

    @property
    def k(self) -> int:
        """The number of regressors."""
        return int(self.sums.shape[1] - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomIntercept:
    """A fit.

    Attributes
    ----------
    coefficients : (K,) nan for columns dropped as collinear with earlier ones
    kept : (K,) bool
    covariance : (k, k) of the kept coefficients
    gradient : (m, k, k) its derivatives in the m free variance parameters
    spread : (m, m) covariance of those parameters: twice the inverse Hessian of -2 log likelihood
    residual_variances : (S,)
    group_variance : float, variance of the intercepts
    loglik : float
    problem : empty, or why there is no variance
    note : what is special about the fit (variance of zero, groups of one row)
    """

    coefficients: Floats
    kept: np.ndarray[Any, np.dtype[np.bool_]]
    covariance: Floats
    gradient: Floats
    spread: Floats
    residual_variances: Floats
    group_variance: float
    loglik: float
    problem: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Criterion:
    """-2 log likelihood without its constant, and its derivatives in (log variances, ratio)."""

    value: float
    gradient: Floats
    hessian: Floats
    beta: Floats
    inverse: Floats
    slopes: Floats  # (S + 1, k, k), derivatives of x' V^-1 x


def random_intercept(x: Floats, y: Floats, groups: Codes, strata: Codes | None = None, *, restricted: bool = True) -> RandomIntercept:
    """Fit y on x (n, K) with a random intercept by group (code -1: none) and a residual variance by stratum (codes 0..; groups in the last)."""
    strata = np.zeros(y.size, dtype=np.int64) if strata is None else strata
    kept = independent(x)
    q, r = np.linalg.qr(x[:, kept])
    n, k = q.shape
    start = q.T @ y
    residuals = y - q @ start
    scale = float(np.sqrt(residuals @ residuals / n))
    back = np.linalg.inv(r)

    def made(beta: Floats, problem: str, **parts: Any) -> RandomIntercept:
        coefficients = np.full(kept.size, np.nan)
        coefficients[kept] = back @ (start + beta)
        blank = {"covariance": np.full((k, k), np.nan), "gradient": np.zeros((0, k, k)), "spread": np.zeros((0, 0)),
                 "residual_variances": np.full(int(strata.max()) + 1, np.nan), "group_variance": float("nan"), "loglik": float("nan")}
        return RandomIntercept(coefficients=coefficients, kept=kept, problem=problem, **{**blank, **parts})

    if n <= k:
        return made(np.zeros(k), "There are no degrees of freedom left for a variance.")
    if scale <= FLAT * max(float(np.abs(y).max()), 1e-300):
        return made(np.zeros(k), "The residuals have no variation, so there is no standard error.")
    moments = _moments(np.column_stack([q * np.sqrt(n), residuals / scale]), groups, strata)
    free, note, problem = _identified(moments, n)
    theta, at = _minimum(moments, free=free, restricted=restricted)
    if theta is None or at is None:
        return made(np.zeros(k), problem or "The variances run to zero or without bound, so there is no standard error.")
    if problem:
        return made(at.beta * scale * np.sqrt(n), problem)
    ratio = float(theta[-1])
    inside = np.arange(theta.size if ratio > 0 else theta.size - 1)
    hessian = at.hessian[np.ix_(inside, inside)]
    if not _curved(hessian, moments.counts.size):
        return made(at.beta * scale * np.sqrt(n), "The variances can't be told apart with so few rows, so there is no standard error.")
    inner, root = at.inverse, back * np.sqrt(n)
    loglik = -0.5 * (at.value + (n - (k if restricted else 0)) * (np.log(2 * np.pi) + 2 * np.log(scale)))
    if restricted:  # the regressors here are q sqrt(n), the likelihood is that of x
        loglik += 0.5 * k * np.log(n) - float(np.log(np.abs(np.diag(r))).sum())
    variances = np.exp(theta[:-1]) * scale**2
    return made(
        at.beta * scale * np.sqrt(n), "", covariance=scale**2 * root @ inner @ root.T,
        gradient=np.array([-(scale**2) * root @ inner @ at.slopes[i] @ inner @ root.T for i in inside]),
        spread=2.0 * np.linalg.inv(hessian), residual_variances=variances,
        group_variance=ratio * float(variances[-1]), loglik=float(loglik),
        note=note or ("" if ratio > 0 else "The variance between groups is estimated as zero, so the fit is that of independent rows; "
                      "with few groups this happens by chance, and the degrees of freedom are then too many. "),
    )


def satterthwaite_df(fit: RandomIntercept, contrast: Floats) -> float:
    """Degrees of freedom of contrast' b: twice the squared variance over the variance of the variance."""
    slope = np.array([contrast @ part @ contrast for part in fit.gradient])
    variance = float(contrast @ fit.covariance @ contrast)
    spread = float(slope @ fit.spread @ slope)
    return 2.0 * variance**2 / spread if spread > 0 else float("nan")


def intraclass_interval(x: Floats, y: Floats, groups: Codes, conf_level: float) -> tuple[float, float]:
    """The exact interval of ratio / (1 + ratio) under normality (Harville and Fenech 1985), one residual stratum; nan where none exists.

    [(RSS(ratio) - RSS(inf)) / r] / [RSS(inf) / f] is F(r, f) at the true ratio and falls in it, RSS being the generalised
    residual sum of squares; r and f are the degrees of freedom between and within groups.
    """
    from scipy.special import fdtri

    q, _ = np.linalg.qr(x[:, independent(x)])
    residuals = y - q @ (q.T @ y)
    scale = float(np.sqrt(residuals @ residuals / y.size))
    if scale <= FLAT * max(float(np.abs(y).max()), 1e-300):
        return float("nan"), float("nan")
    moments = _moments(np.column_stack([q * np.sqrt(y.size), residuals / scale]), groups, np.zeros(y.size, dtype=np.int64))
    r, f, within = _between_within(moments, y.size)
    if r <= 0 or f <= 0 or within <= FLAT * y.size:
        return float("nan"), float("nan")

    def statistic(icc: float) -> float:
        return (_residual_sum(moments, icc / (1.0 - icc)) - within) / r / (within / f)

    tail = (1.0 - conf_level) / 2.0
    return _crossing(statistic, float(fdtri(r, f, 1.0 - tail))), _crossing(statistic, float(fdtri(r, f, tail)))


def _crossing(statistic: Any, level: float) -> float:
    from scipy.optimize import brentq

    top = 1.0 - 1e-9
    if statistic(0.0) <= level:
        return 0.0
    return 1.0 if statistic(top) >= level else float(brentq(lambda icc: statistic(icc) - level, 0.0, top, xtol=1e-14, rtol=1e-13))


def _moments(z: Floats, groups: Codes, strata: Codes) -> Moments:
    squares = np.array([z[strata == s].T @ z[strata == s] for s in range(int(strata.max()) + 1)])
    inside = np.flatnonzero(groups >= 0)
    order = inside[np.argsort(groups[inside], kind="stable")]
    ordered = groups[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if order.size else np.zeros(0, dtype=np.int64)
    sums = np.add.reduceat(z[order], starts, axis=0) if order.size else np.zeros((0, z.shape[1]))
    return Moments(squares=squares, counts=np.bincount(strata).astype(float), sums=sums, sizes=np.diff(np.r_[starts, order.size]).astype(float))


def _between_within(moments: Moments, n: int) -> tuple[int, int, float]:
    """Degrees of freedom between and within groups, and the residual sum of squares with a fixed effect for each group."""
    k = moments.k
    m = moments.squares.sum(axis=0) - (moments.sums / moments.sizes[:, None]).T @ moments.sums
    values, vectors = np.linalg.eigh(m[:k, :k])
    seen = values > 1e-9 * n
    part = vectors[:, seen].T @ m[:k, k]
    groups = moments.sizes.size
    rank = int(seen.sum())
    return groups + rank - k, n - groups - rank, max(float(m[k, k] - (part**2 / values[seen]).sum()), 0.0)


def _residual_sum(moments: Moments, ratio: float) -> float:
    k, weights = moments.k, ratio / (1.0 + ratio * moments.sizes)
    m = moments.squares.sum(axis=0) - (moments.sums * weights[:, None]).T @ moments.sums
    return float(m[k, k] - m[:k, k] @ np.linalg.solve(m[:k, :k], m[:k, k]))


def _identified(moments: Moments, n: int) -> tuple[bool, str, str]:
    """Whether the ratio can be estimated; a note; a problem that leaves no variance at all."""
    if moments.sizes.size == 0 or moments.sizes.max() < 2:
        return False, "No group has two rows, so a variance between groups can't be told from the residual and the rows count as independent. ", ""
    between, within, squares = _between_within(moments, n)
    if between <= 0:
        flat = _criterion(moments, np.zeros(moments.counts.size), 0.0, restricted=True).inverse
        tilted = _criterion(moments, np.zeros(moments.counts.size), 1.0, restricted=True).inverse
        if np.allclose(flat[-1, -1], tilted[-1, -1], rtol=1e-9):
            return False, "The regressors take up all differences between groups, so no variance between groups is estimated. ", ""
        return False, "", "The term can't be told apart from the differences between groups: there are too few groups for a variance."
    if within <= 0 or squares <= FLAT * n:
        return False, "", "There is no variation left within groups, so there is no standard error."
    return True, "", ""


def _curved(hessian: Floats, strata: int) -> bool:
    """Whether the criterion has a proper minimum: an arm that is fitted exactly leaves it flat in that arm's variance."""
    diagonal = np.diag(hessian)
    if not (diagonal > 0).all() or not (diagonal[:strata] > 1e-4).all():
        return False
    return bool(np.linalg.eigvalsh(hessian / np.sqrt(np.outer(diagonal, diagonal)))[0] > 1e-9)


def _minimum(moments: Moments, *, free: bool, restricted: bool) -> tuple[Floats | None, _Criterion | None]:
    """The lowest of the minima found from several starts and at ratio 0; `theta` is (log variances, ratio)."""
    found = [_descend(moments, None, restricted=restricted)]
    if free:
        found += [_descend(moments, float(np.log(start / moments.sizes.mean())), restricted=restricted) for start in STARTS]
    best: tuple[Floats | None, _Criterion | None] = (None, None)
    for theta, at in found:
        if theta is not None and at is not None and (best[1] is None or at.value < best[1].value - 1e-11 * moments.counts.sum()):
            best = theta, at
    return best


def _descend(moments: Moments, log_ratio: float | None, *, restricted: bool) -> tuple[Floats | None, _Criterion | None]:
    """Newton's method with halved steps on the log scale; None for the ratio keeps it at zero."""
    strata = moments.counts.size
    point = np.zeros(strata if log_ratio is None else strata + 1)
    if log_ratio is not None:
        point[-1] = log_ratio

    def at(p: Floats) -> _Criterion:
        return _criterion(moments, p[:strata], 0.0 if log_ratio is None else float(np.exp(p[-1])), restricted=restricted)

    now = at(point)
    for _ in range(STEPS):
        gradient, hessian = _free(now, point, strata)
        values, vectors = np.linalg.eigh(hessian)
        step = -vectors @ ((vectors.T @ gradient) / np.maximum(np.abs(values), 1e-8))
        step *= min(1.0, 3.0 / max(float(np.abs(step).max()), 1e-300))
        decrease = float(-gradient @ step)
        if decrease < 1e-8 and values.min() > 0:  # so close that the criterion's own rounding hides the gain: Newton alone
            point = point + step
            now = at(point)
            if decrease < 1e-20:
                break
            continue
        size, moved = 1.0, False
        while size > 1e-10 and not moved:
            trial = point + size * step
            if np.abs(trial).max() <= 2 * FAR:
                then = at(trial)
                moved = then.value <= now.value - 1e-4 * size * decrease
            size /= 2.0
        if not moved:
            break
        point, now = trial, then
        if np.abs(point).max() > FAR:
            return None, None
    theta = np.r_[point[:strata], 0.0 if log_ratio is None else np.exp(point[-1])]
    return theta, now


def _free(at: _Criterion, point: Floats, strata: int) -> tuple[Floats, Floats]:
    """Gradient and Hessian in the free parameters, the ratio on the log scale."""
    if point.size == strata:
        return at.gradient[:strata], at.hessian[:strata, :strata]
    chain = np.ones(point.size)
    chain[-1] = np.exp(point[-1])
    hessian = at.hessian * np.outer(chain, chain)
    hessian[-1, -1] += chain[-1] * at.gradient[-1]
    return at.gradient * chain, hessian


def _criterion(moments: Moments, log_variances: Floats, ratio: float, *, restricted: bool) -> _Criterion:
    k, strata, sums, sizes = moments.k, moments.counts.size, moments.sums, moments.sizes
    precision = np.exp(-log_variances)
    shrink = 1.0 / (1.0 + ratio * sizes)
    between = [precision[-1] * (sums * w[:, None]).T @ sums for w in (ratio * shrink, shrink**2, -2.0 * sizes * shrink**3)]
    parts = moments.squares * precision[:, None, None]
    parts[-1] -= between[0]
    whole = parts.sum(axis=0)
    first = np.concatenate([-parts, -between[1][None]])
    second = np.zeros((strata + 1, strata + 1, k + 1, k + 1))
    for s in range(strata):
        second[s, s] = parts[s]
    second[strata - 1, strata] = second[strata, strata - 1] = between[1]
    second[strata, strata] = -between[2]

    inverse = np.linalg.inv(whole[:k, :k])
    beta = inverse @ whole[:k, k]
    r = np.r_[-beta, 1.0]
    turned = first @ r
    value = float(moments.counts @ log_variances + np.log1p(ratio * sizes).sum() + r @ whole @ r)
    gradient = np.r_[moments.counts, (sizes * shrink).sum()] + turned @ r
    hessian = second @ r @ r - 2.0 * turned[:, :k] @ inverse @ turned[:, :k].T
    hessian[strata, strata] -= ((sizes * shrink) ** 2).sum()
    slopes = first[:, :k, :k]
    if restricted:
        spread = inverse @ slopes
        value += float(np.linalg.slogdet(whole[:k, :k])[1])
        gradient = gradient + np.trace(spread, axis1=1, axis2=2)
        hessian = hessian + np.einsum("ij,stji->st", inverse, second[:, :, :k, :k]) - np.einsum("sij,tji->st", spread, spread)
    return _Criterion(value=value, gradient=gradient, hessian=hessian, beta=beta, inverse=inverse, slopes=slopes)
