"""Degrees of freedom where providers serve the treated arm only, under a working model of what such trials look like.

Satterthwaite's degrees of freedom need a model of the residuals. The usual one, independent with one variance, is wrong on both counts here:
families of one provider share a part of their outcomes, and the arms differ in spread. With a handful of providers it promises about twice the
degrees of freedom there are. The model here is the heteroscedastic partially nested one of `partially_nested` (Candlish and others 2018,
model 5): a variance for each arm, as its residuals say, and `SHARED` as the part of it that a provider's units share. That part is a working
value and isn't estimated: a handful of providers can't tell it, and the estimate is low in just those trials whose variance is too low.

The variance itself is CR2 as ever; only its degrees of freedom change. Source: Imbens and Kolesar (2016), section 4, degrees of freedom of CR2
under a working correlation; Pustejovsky and Tipton (2018), equation 11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from takeup.estimate.vcov import group_sums, leverages, loadings, orthonormal

if TYPE_CHECKING:
    from takeup.estimate.arrays import Codes, Floats
    from takeup.estimate.vcov import Regression, SeType

SHARED = 0.05
"""Working intraclass correlation of a provider's units: the middle of what is plausible for case managers and therapists, 0.02 to 0.10."""
EXACT = 1e-10
"""1 - leverage below this: the row is fitted exactly and says nothing about the spread of its arm."""


def nested_df(fit: Regression, contrast: Floats, se_type: SeType, clusters: Codes, treated: Floats) -> float:
    """Satterthwaite degrees of freedom of contrast' b under the working model.

    Parameters
    ----------
    fit, contrast, se_type : as in `takeup.estimate.vcov.spread`
    clusters : (n,) codes: providers, and every other row alone
    treated : (n,) 1 in the treated arm, else 0

    Returns
    -------
    float
        nan where the model has no variation, so that nothing can be said.

    Notes
    -----
    With e = (I - H) u, Cov(u) = F and the variance the sum over clusters of (sum of a_i e_i)**2, the cluster sums have the covariance
    T = L'(I - H) F (I - H)' L, L the loadings a by cluster, and the degrees of freedom are trace(T)**2 / trace(T T). F is the identity
    plus a block for each provider, scaled, so that T = D + R K R' with D diagonal and R of 2k columns: memory is linear in the rows.
    """
    codes = np.unique(clusters, return_inverse=True)[1]
    a, z = loadings(fit, contrast, se_type, clusters), orthonormal(fit)
    wz = z if fit.weights is None else z * fit.weights[:, None]
    size = np.sqrt(_variances(fit, treated))

    def modelled(values: Floats) -> Floats:
        scaled = values * size[:, None]
        return np.asarray(size[:, None] * ((1.0 - SHARED) * scaled + SHARED * group_sums(scaled, codes)[codes]))

    spoken = modelled(wz)
    own = (1.0 - SHARED) * group_sums((a * size) ** 2, codes) + SHARED * group_sums(a * size, codes) ** 2
    factors = np.hstack([group_sums(spoken * a[:, None], codes), group_sums(z * a[:, None], codes)])
    eye = np.eye(z.shape[1])
    kernel = np.block([[0.0 * eye, -eye], [-eye, wz.T @ spoken]])
    low_rank = ((factors @ kernel) * factors).sum(axis=1)
    small = kernel @ (factors.T @ factors)
    trace = own.sum() + low_rank.sum()
    square = (own**2).sum() + 2.0 * (own * low_rank).sum() + (small * small.T).sum()
    return float(trace**2 / square) if square > 0 and trace > 0 else float("nan")


def _variances(fit: Regression, treated: Floats) -> Floats:
    """(n,) residual variance of each row's arm, residuals enlarged for what the fit took of them; in units of the larger."""
    left = 1.0 - leverages(fit)
    found = np.zeros(2)
    for arm in (0, 1):
        rows = (treated == arm) & (left > EXACT)
        if rows.any():
            found[arm] = float(np.mean(fit.residuals[rows] ** 2 / left[rows]))
    return np.asarray(found[treated.astype(np.int64)] / (found.max() or 1.0))
