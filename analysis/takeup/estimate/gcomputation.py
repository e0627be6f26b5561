"""A logistic regression as the arrays that a variance needs, and whether it exists at all."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from takeup.estimate.linear import Fit, independent
from takeup.estimate.vcov import Regression

if TYPE_CHECKING:
    from takeup.estimate.arrays import Floats

FAR = 12.0
"""Linear predictors beyond this (odds of 160,000 to one) are looked into: the fit may be running off to infinity."""
POLISH = 8
"""Most Newton steps taken after the fit has converged, until the score is rounding error."""


def logit(x: Floats, y: Floats, weights: Floats | None = None) -> Fit | None:
    """Maximum likelihood of a logistic regression of y (0/1) on x; None where it doesn't exist (separation, also to rounding).

    The returned regression is the weighted least-squares problem of the last step, on rows divided by their standard deviation: its
    sandwich variances are those of the logistic model, its HC2 and CR2 those for generalized linear models with the model's own
    variance as working variance (McCaffrey and Bell 2006; Pustejovsky and Tipton 2018, section 5).
    """
    kept = independent(x if weights is None else x * np.sqrt(weights)[:, None])
    design = x[:, kept]
    beta = _maximum(design, y, weights)
    if beta is None:
        return None
    mu = _probability(design @ beta)
    root = np.sqrt(mu * (1.0 - mu))
    if not (root > 0).all():  # a fitted probability of exactly 0 or 1: separated to the last digit
        return None
    w = np.ones(y.size) if weights is None else weights
    standard = design * root[:, None]
    bread = np.asarray(np.linalg.inv((standard * w[:, None]).T @ standard), dtype=np.float64)
    coefficients = np.full(x.shape[1], np.nan)
    coefficients[kept] = beta
    return Fit(coefficients=coefficients, kept=kept, regression=Regression(x=standard, residuals=(y - mu) / root, bread=bread, weights=weights))


def _maximum(x: Floats, y: Floats, weights: Floats | None) -> Floats | None:
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM
    from statsmodels.tools.sm_exceptions import PerfectSeparationError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they warn of (separation, no convergence) is looked into below
        try:
            fitted = GLM(y, x, family=Binomial(), var_weights=weights).fit(maxiter=100, tol=1e-12, tol_criterion="deviance")
        except (PerfectSeparationError, np.linalg.LinAlgError, ValueError):
            return None
        beta = np.asarray(fitted.params, dtype=float)
    if not np.isfinite(beta).all():
        return None
    if (np.abs(x @ beta).max() > FAR or not fitted.converged) and separated(x, y):
        return None
    w = np.ones(y.size) if weights is None else weights
    for _ in range(POLISH):
        mu = _probability(x @ beta)
        score = x.T @ (w * (y - mu))
        step = np.linalg.lstsq((x * (w * mu * (1.0 - mu))[:, None]).T @ x, score, rcond=None)[0]
        beta = beta + step
        if np.abs(x @ step).max() < 1e-13:
            break
    return np.asarray(beta)


def separated(x: Floats, y: Floats) -> bool:
    """Whether some combination of the columns never contradicts the outcome, so that no maximum exists (Albert and Anderson 1984).

    A linear programme: the largest sum of (2 y - 1) x b over b in a box, none of them negative; 0 when only b = 0 will do.
    """
    from scipy.optimize import linprog

    signed = x / np.abs(x).max(axis=0) * (2.0 * y - 1.0)[:, None]
    signed = np.unique(signed, axis=0)
    found = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(signed.shape[0]), bounds=(-1.0, 1.0), method="highs")
    return bool(found.fun is None or found.fun < -1e-7)


def _probability(eta: Floats) -> Floats:
    from scipy.special import expit

    return np.asarray(expit(eta))
