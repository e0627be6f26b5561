"""Ordinary and weighted least squares, and the two regressions of a trial: ANCOVA and Lin's interacted estimator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from takeup.errors import EstimateError, Fault
from takeup.estimate.arrays import Arrays, Floats, arrays, dummies
from takeup.estimate.rules import Inference, choose
from takeup.estimate.tails import critical, p_value
from takeup.estimate.vcov import Regression, covariance, satterthwaite
from takeup.results import Estimate, FrozenMap

if TYPE_CHECKING:
    from pandas import DataFrame

    from takeup.design import Design

DEPENDENT = 1e-9
"""A column whose part outside the earlier columns is smaller than this share of it counts as collinear."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A least-squares fit.

    Attributes
    ----------
    coefficients : (K,) nan for columns dropped as collinear with earlier ones
    kept : (K,) bool
    regression : what the variances need, for the k kept columns
    """

    coefficients: Floats
    kept: np.ndarray[Any, np.dtype[np.bool_]]
    regression: Regression

    @property
    def df_residual(self) -> int:
        n, k = self.regression.x.shape
        return int(n - k)


def least_squares(x: Floats, y: Floats, weights: Floats | None = None) -> Fit:
    """Fit y on the columns of x by QR; a column that depends on earlier ones is dropped, as R's lm does."""
    root = None if weights is None else np.sqrt(weights)
    scaled_x, scaled_y = (x, y) if root is None else (x * root[:, None], y * root)
    kept = independent(scaled_x)
    q, r = np.linalg.qr(scaled_x[:, kept])
    inverse = np.linalg.inv(r)
    beta = inverse @ (q.T @ scaled_y)
    coefficients = np.full(x.shape[1], np.nan)
    coefficients[kept] = beta
    residuals = y - x[:, kept] @ beta
    return Fit(
        coefficients=coefficients, kept=kept,
        regression=Regression(x=x[:, kept], residuals=residuals, bread=inverse @ inverse.T, weights=weights),
    )


def independent(x: Floats) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which columns don't depend on earlier ones, shape (K,)."""
    norms = np.sqrt((x**2).sum(axis=0))
    kept: np.ndarray[Any, np.dtype[np.bool_]] = np.asarray(norms > 0)
    while kept.any():
        columns = np.flatnonzero(kept)
        if columns.size > x.shape[0]:
            kept[columns[x.shape[0]:]] = False
            continue
        diagonal = np.abs(np.diag(np.linalg.qr(x[:, columns] / norms[columns], mode="r")))
        dependent = np.flatnonzero(diagonal < DEPENDENT)
        if dependent.size == 0:
            break
        kept[columns[dependent[0]]] = False
    return kept


def coefficient(
    data: Arrays, fit: Fit, position: int, inference: Inference, *, method: str, conf_level: float,
    estimand: str = "ITT", term: str = "treatment", extra: dict[str, Any] | None = None,
) -> Estimate:
    """One coefficient of a fit as an `Estimate`, with the variance and degrees of freedom that `inference` names."""
    reason = " ".join((inference.reason, *data.notes))
    if not fit.kept[position]:
        return result(data, float("nan"), float("nan"), float("nan"), method=method, se_type=inference.se_type, conf_level=conf_level, estimand=estimand,
                      term=term, reason="The coefficient isn't identified: its column depends on the others. " + reason, extra=extra)
    contrast = np.zeros(int(fit.kept.sum()))
    contrast[int(fit.kept[:position].sum())] = 1.0
    value = float(fit.coefficients[position])
    if fit.df_residual <= 0 or (inference.clusters is not None and np.unique(inference.clusters).size < 2):
        return result(data, value, float("nan"), float("nan"), method=method, se_type=inference.se_type, conf_level=conf_level, estimand=estimand, term=term,
                      reason="There are no degrees of freedom left for a variance. " + reason, extra=extra)
    variance = float(contrast @ covariance(fit.regression, inference.se_type, inference.clusters) @ contrast)
    df = degrees_of_freedom(fit, contrast, inference)
    std_error = float(np.sqrt(max(variance, 0.0)))
    scale = float(np.abs(data.y).max()) if data.n else 0.0
    if std_error <= 1e-12 * max(scale, 1e-300):
        std_error, reason = float("nan"), "The residuals have no variation, so there is no standard error. " + reason
    return result(data, value, std_error, df, method=method, se_type=inference.se_type, conf_level=conf_level, estimand=estimand, term=term,
                  n_clusters=None if inference.clusters is None else int(np.unique(inference.clusters).size), reason=reason, extra=extra)


def degrees_of_freedom(fit: Fit, contrast: Floats, inference: Inference) -> float:
    """The degrees of freedom of a contrast by the rule that was chosen."""
    if inference.df_rule == "bell_mccaffrey":
        return satterthwaite(fit.regression, contrast, inference.se_type, inference.clusters)
    if inference.df_rule == "clusters":
        assert inference.clusters is not None
        return float(np.unique(inference.clusters).size - 1)
    return float("inf") if inference.df_rule == "normal" else float(fit.df_residual)


def result(
    data: Arrays, estimate: float, std_error: float, df: float, *, method: str, se_type: str, conf_level: float, estimand: str = "ITT",
    term: str = "treatment", reason: str = "", n_clusters: int | None = None, extra: dict[str, Any] | None = None,
) -> Estimate:
    """An `Estimate` from a number, its standard error and degrees of freedom: statistic, p-value and interval from the t distribution."""
    statistic = estimate / std_error if std_error > 0 else float("nan")
    half = critical(conf_level, df) * std_error
    return Estimate(
        outcome=data.outcome, estimand=estimand, term=term, arm=data.arm, estimate=estimate, std_error=std_error, df=df, statistic=statistic,
        p_value=p_value(statistic, df), conf_low=estimate - half, conf_high=estimate + half, conf_level=conf_level, n=data.n,
        n_treated=data.n_treated, n_control=data.n_control, n_clusters=n_clusters, n_missing=data.n_missing, method=method, se_type=se_type,
        reason=reason, extra=FrozenMap(extra or {}),
    )


def ancova(
    frame: DataFrame, outcome: str, design: Design, *, covariates: Sequence[str] = (), blocks: Literal["fixed"] | None = "fixed",
    se_type: str | None = None, df: str | None = None, arm: object = None, conf_level: float = 0.95,
) -> Estimate:
    """Effect of assignment by least squares with covariates entered additively (analysis of covariance).

    Parameters
    ----------
    frame : DataFrame, one row a unit
    outcome : column name, in any units; the estimate is in the same units
    covariates : baseline columns; text and categories become dummies, missing values are filled by rule
    blocks : "fixed" puts the design's blocks in as dummies; None leaves them out
    se_type : classical HC0 HC1 HC2 HC3 CR0 CR1 CR2; None leaves it to the design
    df : bell_mccaffrey residual clusters normal; None leaves it to the design
    arm : which treated arm, where there are several

    Returns
    -------
    Estimate
        `term` "treatment"; `reason` says why this variance.

    Raises
    ------
    EstimateError
        Unknown or unusable columns, unknown options.

    Notes
    -----
    Assumes assignment as declared. With blocks of unequal shares the fixed effects weight blocks by their variance of
    treatment; use `lin` for the average effect. Source: Lin, Green and Coppock (2016), Standard Operating Procedures.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1, 0] * 4, "before": [3, 4, 5, 6, 7, 8, 9, 9], "after": [5, 4, 7, 7, 8, 8, 11, 9]})
    >>> round(tu.ancova(trial, "after", tu.Design("arm", 0), covariates=["before"]).estimate, 3)
    1.529
    """
    if blocks not in {"fixed", None}:
        raise EstimateError(Fault('blocks= is "fixed" or None', "blocks"))
    data = arrays(frame, outcome, design, covariates=covariates, arm=arm)
    use_blocks = blocks == "fixed" and data.blocks is not None
    inference = choose(data, design, se_type=se_type, df=df, fixed_effects=use_blocks)
    base = dummies(data.blocks) if use_blocks and data.blocks is not None else np.ones((data.n, 1))
    x = np.column_stack([base, data.covariates, data.treated])
    fit = least_squares(x, data.y, data.weights)
    return coefficient(data, fit, x.shape[1] - 1, inference, method="ancova", conf_level=conf_level)


def lin(
    frame: DataFrame, outcome: str, design: Design, *, covariates: Sequence[str] = (), se_type: str | None = None, df: str | None = None,
    arm: object = None, conf_level: float = 0.95,
) -> Estimate:
    """Effect of assignment with covariates and block dummies centred and fully interacted with treatment (Lin 2013).

    Parameters, errors and options as in `ancova`. Consistent for the average effect whatever the true regression, and
    for blocks of unequal shares.

    Notes
    -----
    Columns are centred at their (weighted) means over the rows analysed. Source: Lin (2013), Annals of Applied Statistics 7, section 4.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1, 0] * 4, "before": [3, 4, 5, 6, 7, 8, 9, 9], "after": [5, 4, 7, 7, 8, 8, 11, 9]})
    >>> tu.lin(trial, "after", tu.Design("arm", 0), covariates=["before"]).method
    'lin'
    """
    data = arrays(frame, outcome, design, covariates=covariates, arm=arm)
    inference = choose(data, design, se_type=se_type, df=df)
    parts = [data.covariates] if data.blocks is None else [dummies(data.blocks)[:, 1:], data.covariates]
    z = np.column_stack(parts)
    centred = z - np.average(z, axis=0, weights=data.weights)
    treated = data.treated[:, None]
    x = np.column_stack([np.ones(data.n), data.treated, centred, centred * treated])
    fit = least_squares(x, data.y, data.weights)
    return coefficient(data, fit, 1, inference, method="lin", conf_level=conf_level)
