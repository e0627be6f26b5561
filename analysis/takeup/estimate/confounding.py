"""What isn't measured, held against what is: the covariates as a yardstick for an unmeasured cause; on arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.estimate.linear import Fit, least_squares
from takeup.estimate.sensitivity import partial_r2, selection_ratio, with_benchmark

if TYPE_CHECKING:
    from takeup.estimate.arrays import Floats

MORE = 1.3
"""R2 with everything in the regression over that with the covariates, as Oster (2019) proposes from randomised trials."""
BLOCKS = "blocks"


def against_covariates(fit: Fit, treated: Floats, y: Floats, covariates: tuple[Floats, tuple[str, ...]], weights: Floats) -> dict[str, Any]:
    """The worst benchmark among the covariates, and Oster's delta.

    Parameters
    ----------
    fit : of y (n,) on a constant, the covariates z (n, p) with their names, and the group, which comes last
    weights : (n,)

    Returns
    -------
    dict
        `benchmark`, the covariate of which an unmeasured copy would move the difference most, with `benchmark_estimate`, what the copy could
        leave of it; `selection_ratio`. What can't be had is left out.
    """
    z, names = covariates
    of_group = least_squares(np.column_stack([np.ones(y.size), z]), treated, weights)
    shares = _partial(of_group, z.shape[1], weights), _partial(fit, z.shape[1], weights)
    estimate, df = float(fit.coefficients[-1]), float(fit.df_residual)
    error = _errors(fit, weights)[-1]
    moved = np.array([with_benchmark(estimate, error, df, *pair) for pair in zip(*shares, strict=True)])
    usable = np.array([name != BLOCKS for name in names], dtype=bool) & ~np.isnan(moved)
    found: dict[str, Any] = {}
    if usable.any():
        worst = int(np.argmax(np.where(usable, np.abs(moved - estimate), -1.0)))
        found = {"benchmark": names[worst], "benchmark_estimate": float(moved[worst])}
    ratio = _ratio(fit, of_group, treated, y, weights)
    return found if np.isnan(ratio) else {**found, "selection_ratio": ratio}


def _errors(fit: Fit, weights: Floats) -> Floats:
    """(K,) classical standard errors, nan for columns that were dropped."""
    found = np.full(fit.kept.size, np.nan)
    r = fit.regression
    found[fit.kept] = np.sqrt((weights * r.residuals**2).sum() / fit.df_residual * np.diag(r.bread))
    return found


def _partial(fit: Fit, covariates: int, weights: Floats) -> list[float]:
    """Partial R2 of each covariate; the constant comes first."""
    errors = _errors(fit, weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = fit.coefficients / errors
    return [partial_r2(float(value), float(fit.df_residual)) if np.isfinite(value) else float("nan") for value in t[1 : covariates + 1]]


def _ratio(fit: Fit, of_group: Fit, treated: Floats, y: Floats, weights: Floats) -> float:
    plain = least_squares(np.column_stack([np.ones(y.size), treated]), y, weights)

    def variance(values: Floats) -> float:
        return float(np.average((values - np.average(values, weights=weights)) ** 2, weights=weights))

    def r2(found: Fit) -> float:
        return 1.0 - variance(found.regression.residuals) / variance(y)

    adjusted_r2 = r2(fit)
    return selection_ratio(
        float(plain.coefficients[-1]), r2(plain), float(fit.coefficients[-1]), adjusted_r2, outcome_variance=variance(y),
        group_variance=variance(treated), left_variance=variance(of_group.regression.residuals), most_r2=min(1.0, MORE * adjusted_r2),
    )
