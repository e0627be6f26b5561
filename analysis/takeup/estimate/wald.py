"""Joint tests of several contrasts with the design's variance, on arrays.

With HC2 or CR2 the Wald statistic is referred to Hotelling's T-squared with estimated degrees of freedom: the HTZ test of Tipton and
Pustejovsky (2015, section 3.2; Pustejovsky and Tipton 2018, section 3.2). The covariance matrix of q contrasts counts as Wishart with eta
degrees of freedom, eta chosen so that the total variance of its elements under an identity working variance agrees; then
(eta - q + 1) / (eta q) W is F(q, eta - q + 1). For one contrast this is the Satterthwaite t test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from takeup.estimate.linear import degrees_of_freedom
from takeup.estimate.tails import f_tail
from takeup.estimate.vcov import Spread, covariance, group_sums, loadings, orthonormal, whitened

if TYPE_CHECKING:
    from takeup.estimate.arrays import Codes, Floats
    from takeup.estimate.linear import Fit
    from takeup.estimate.rules import Inference
    from takeup.estimate.vcov import Regression, SeType

SINGULAR = 1e-12
NOTHING = "There is no variation left from which to test the contrasts together, so there is no joint test."


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """F statistic, its degrees of freedom, p-value and, where they are nan, why."""

    statistic: float
    df: float
    df_denominator: float
    p_value: float
    problem: str = ""


def wald(fit: Fit, contrasts: Floats, inference: Inference) -> Joint:
    """Test that all contrasts (q, k) of the kept coefficients are zero."""
    q = contrasts.shape[0]
    variance = contrasts @ covariance(fit.regression, inference.se_type, inference.clusters) @ contrasts.T
    values = np.linalg.eigvalsh(variance)
    if not np.isfinite(values).all() or values[0] <= SINGULAR * max(values[-1], 0.0):
        return Joint(statistic=np.nan, df=float(q), df_denominator=np.nan, p_value=np.nan, problem=NOTHING)
    b = contrasts @ fit.coefficients[fit.kept]
    statistic = float(b @ np.linalg.solve(variance, b)) / q
    if inference.df_rule in {"bell_mccaffrey", "nested"}:
        eta = wishart_df(fit.regression, contrasts, inference.se_type, inference.clusters)
        denominator = eta - q + 1.0
        if not denominator > 0:
            few = f"{eta:.1f} degrees of freedom are too few for {q} contrasts at once, so there can't be a joint test."
            return Joint(statistic=np.nan, df=float(q), df_denominator=np.nan, p_value=np.nan, problem=few)
        statistic *= denominator / eta
    else:
        denominator = degrees_of_freedom(fit, Spread(variance=np.nan, df=np.nan, share=np.nan), inference)
    return Joint(statistic=statistic, df=float(q), df_denominator=denominator, p_value=f_tail(statistic, float(q), denominator))


def wishart_df(fit: Regression, contrasts: Floats, se_type: SeType, clusters: Codes | None) -> float:
    """Eta of the HTZ test: q (q + 1) over the sum of the variances of all elements of the normalised covariance matrix of q contrasts.

    Element (s, t) is e' P e with P = D + F[s] K F[t]', D diagonal by cluster and F of 2k columns (see vcov), so that the sums over
    pairs of clusters come down to products of 2k x 2k matrices.
    """
    whole = fit
    fit, unit = whitened(fit, se_type)
    z = orthonormal(fit)
    wz = z if fit.weights is None else z * fit.weights[:, None]
    eye = np.eye(z.shape[1])
    kernel = np.block([[0.0 * eye, -eye], [-eye, wz.T @ wz]])

    def summed(values: Floats) -> Floats:
        return group_sums(values, clusters) if se_type.startswith("CR") and clusters is not None else values

    def parts(rows: Floats) -> tuple[list[Floats], list[Floats]]:
        a = [loadings(whole, row, se_type, clusters) * unit for row in rows]
        return a, [np.hstack([summed(wz * one[:, None]), summed(z * one[:, None])]) for one in a]

    a, f = parts(contrasts)
    q = len(a)
    expected = np.array([[float((a[s] * a[t]).sum() + ((f[s] @ kernel) * f[t]).sum()) for t in range(q)] for s in range(q)])
    values, vectors = np.linalg.eigh(expected)
    if values[0] <= SINGULAR * values[-1]:
        return float("nan")
    a, f = parts(vectors @ np.diag(values**-0.5) @ vectors.T @ contrasts)
    cross = [[kernel @ (f[s].T @ f[t]) for t in range(q)] for s in range(q)]
    own = [[((f[s] @ kernel) * f[t]).sum(axis=1) for t in range(q)] for s in range(q)]
    d = [[summed(a[s] * a[t]) for t in range(q)] for s in range(q)]
    total = 0.0
    for s in range(q):
        for t in range(q):
            pairs = float(np.trace(cross[s][t] @ cross[t][s]) + np.trace(cross[t][s] @ cross[t][s]))
            total += pairs + float((d[s][s] * d[t][t] + d[s][s] * own[t][t] + d[t][t] * own[s][s]).sum())
            total += float((d[s][t] ** 2 + 2.0 * d[s][t] * own[s][t]).sum())
    return q * (q + 1) / total
