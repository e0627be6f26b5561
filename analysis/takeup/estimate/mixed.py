"""A random intercept: effect of assignment when rows share groups (visits of a person, pupils of a school)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from takeup.errors import EstimateError, Fault, is_design, listed
from takeup.estimate.arrays import Arrays, Codes, Floats, arrays, dummies
from takeup.estimate.columns import codes
from takeup.estimate.kenward_roger import kenward_roger
from takeup.estimate.linear import result
from takeup.estimate.reml import RandomIntercept, intraclass_interval, random_intercept, satterthwaite_df
from takeup.estimate.tails import check_level
from takeup.results import Estimate, FrozenMap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame

    from takeup.design import Design


def mixed(
    frame: DataFrame, outcome: str, design: Design, *, group: str, covariates: Sequence[str] = (), arm: object = None, conf_level: float = 0.95,
    criterion: Literal["REML", "ML"] = "REML", df: Literal["satterthwaite", "kenward_roger"] = "satterthwaite",
) -> Estimate:
    """Effect of assignment from a linear model with a random intercept by `group`, fitted by residual maximum likelihood.

    Parameters
    ----------
    frame : DataFrame, one row a measurement; several rows may belong to one unit or site
    outcome : column name, in any units; the estimate is in the same units
    group : column whose values share an intercept
    covariates : additive fixed effects, as in `ancova`; the design's blocks enter as dummies, unless a block lies within one group
    criterion : "REML", or "ML" for comparison with published fits
    df : "satterthwaite", as in lmerTest, or "kenward_roger", which also widens the standard error for the variances being estimated (REML only)

    Returns
    -------
    Estimate
        `n_clusters` is the number of groups. In `extra`: `var_group` and `var_residual`
        (squared units), `icc` (share of the variance between groups, given the fixed effects) with `icc_low` and `icc_high`
        (exact under normality), `loglik`, `coefficients` and `std_errors` of the fixed effects by name (treatment last), and `icc_anova`
        (one-way analysis of variance of the outcome, no fixed effects) with what it is made of: `mean_square_between`, `mean_square_within`,
        `group_size_anova` (the size that stands for groups of unequal size), `group_size_mean` and `group_size_cv`.

    Raises
    ------
    EstimateError
        Unknown or unusable columns; a group that isn't observed; analysis weights, which this model doesn't take.

    Notes
    -----
    Assumes normal intercepts and residuals of equal variance, and assignment as declared. Where the variance between groups is
    estimated as zero the fit is that of independent rows; `reason` says so.
    Source: Kuznetsova, Brockhoff and Christensen (2017), Journal of Statistical Software 82(13), section 2; interval of the ICC:
    Harville and Fenech (1985), Biometrics 41; Kenward and Roger (1997), Biometrics 53.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> visits = pd.DataFrame({"person": [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6], "arm": [1, 1, 0, 0] * 3,
    ...                        "score": [7, 8, 4, 6, 9, 9, 5, 4, 8, 6, 7, 6]})
    >>> found = tu.mixed(visits, "score", tu.Design("arm", 0), group="person")
    >>> round(found.estimate, 3), round(found.df, 2), round(found.extra["icc"], 2)
    (2.5, 4.0, 0.41)
    """
    check_level(conf_level)
    if criterion not in {"REML", "ML"}:
        raise EstimateError(Fault(f'"{criterion}" is no criterion', "criterion", listed(("REML", "ML"))))
    if df not in {"satterthwaite", "kenward_roger"} or (df == "kenward_roger" and criterion != "REML"):
        raise EstimateError(Fault(f'"{df}" isn\'t possible with {criterion}', "df", 'satterthwaite, or kenward_roger with criterion="REML"'))
    no_weights(design, "A mixed model")
    data = arrays(frame, outcome, design, covariates=covariates, arm=arm, also=(group,))
    groups = codes(frame[group].iloc[data.rows], "group")
    x, block_note = fixed_part(data, groups)
    fit = random_intercept(x, data.y, groups, restricted=criterion == "REML")
    low, high = intraclass_interval(x, data.y, groups, conf_level)
    residual = float(fit.residual_variances[0])
    extra = {
        "var_group": fit.group_variance, "var_residual": residual, "icc": share(fit.group_variance, residual), "icc_low": low, "icc_high": high,
        **intraclass_anova(data.y, groups), "loglik": fit.loglik, **_fixed_effects(data, fit, x.shape[1]),
    }
    rule = "Satterthwaite" if df == "satterthwaite" else "Kenward-Roger"
    reason = f'Random intercept by "{group}", {criterion}, {rule} degrees of freedom. {block_note}{_level_note(design, group)}'
    found = mixed_result(data, fit, reason, method="mixed", se_type=criterion, conf_level=conf_level, groups=int(np.unique(groups).size), extra=extra)
    if df == "satterthwaite" or not found.std_error > 0:
        return found
    contrast = np.zeros(int(fit.kept.sum()))
    contrast[-1] = 1.0
    std_error, degrees = kenward_roger(x[:, fit.kept], groups, fit.group_variance, residual, contrast)
    return result(data, found.estimate, std_error, degrees, method="mixed", se_type="REML, Kenward-Roger", conf_level=conf_level, reason=found.reason,
                  n_clusters=found.n_clusters, extra=extra)


def no_weights(design: Design, what: str) -> None:
    """Refuse analysis weights."""
    is_design(design, EstimateError)
    if design.weights is not None:
        raise EstimateError(Fault(f"{what} takes no analysis weights", "weights", remedy="Use ancova with the design's variance, or drop weights=."))


def fixed_part(data: Arrays, groups: Codes | None) -> tuple[Floats, str]:
    """The regressors, treatment last: intercept or block dummies, covariates, treatment."""
    base, note = np.ones((data.n, 1)), ""
    if data.blocks is not None:
        if groups is not None and _coarsens(groups, data.blocks):
            note = "Each block lies within one group, so the groups stand for the blocks. "
        else:
            base, note = dummies(data.blocks), "Blocks are fixed effects. "
    return np.column_stack([base, data.covariates, data.treated]), note


def mixed_result(
    data: Arrays, fit: RandomIntercept, reason: str, *, method: str, se_type: str, conf_level: float, groups: int, extra: dict[str, Any],
) -> Estimate:
    """The last coefficient of a fit as an `Estimate`."""
    reason = " ".join((reason.strip(), *data.notes))
    value, std_error, df = float(fit.coefficients[-1]), float("nan"), float("nan")
    if not fit.kept[-1]:
        reason = f"The coefficient isn't identified: its column depends on the others. {reason}"
    elif fit.problem:
        reason = f"{fit.problem} {reason}"
    else:
        contrast = np.zeros(fit.covariance.shape[0])
        contrast[-1] = 1.0
        std_error, df = float(np.sqrt(fit.covariance[-1, -1])), satterthwaite_df(fit, contrast)
        reason = f"{fit.note}{reason}"
    return result(data, value, std_error, df, method=method, se_type=se_type, conf_level=conf_level, reason=reason, n_clusters=groups, extra=extra)


def share(between: float, within: float) -> float:
    """The share of the variance that lies between groups."""
    return between / (between + within) if between + within > 0 else float("nan")


def _fixed_effects(data: Arrays, fit: RandomIntercept, columns: int) -> dict[str, FrozenMap]:
    """Coefficients and standard errors by name; those of blocks stay out, as do columns that follow from others."""
    names = (*(("(Intercept)",) if columns == len(data.names) + 2 else ()), *data.names, "treatment")
    errors = np.full(columns, np.nan)
    errors[fit.kept] = np.sqrt(np.diag(fit.covariance))
    shown = [(name, place) for name, place in zip(names, range(columns - len(names), columns), strict=True) if fit.kept[place]]
    return {"coefficients": FrozenMap({name: float(fit.coefficients[place]) for name, place in shown}),
            "std_errors": FrozenMap({name: float(errors[place]) for name, place in shown})}


def intraclass_anova(y: Floats, groups: Codes) -> dict[str, float]:
    """Intraclass correlation of y by the one-way analysis of variance, groups of unequal size (Donner 1986); nan with one group or none shared.

    >>> round(intraclass_anova(np.array([1.0, 2.0, 4.0, 6.0]), np.array([0, 0, 1, 1]))["icc_anova"], 4)
    0.8148
    """
    labels, position, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    n, g = y.size, labels.size
    if g < 2 or n <= g:
        return {"icc_anova": float("nan")}
    means = np.bincount(position, weights=y) / sizes
    between = float((sizes * (means - y.mean()) ** 2).sum()) / (g - 1)
    within = float(((y - means[position]) ** 2).sum()) / (n - g)
    size = (n - float((sizes**2).sum()) / n) / (g - 1)
    whole = between + (size - 1) * within
    return {
        "icc_anova": (between - within) / whole if whole > 0 else float("nan"), "mean_square_between": between, "mean_square_within": within,
        "group_size_anova": size, "group_size_mean": n / g, "group_size_cv": float(sizes.std(ddof=1)) * g / n,
    }


def _coarsens(groups: Codes, blocks: Codes) -> bool:
    """Whether each block lies within one group."""
    pairs = np.unique(np.column_stack([blocks, groups]), axis=0)
    return bool(pairs.shape[0] == np.unique(blocks).size)


def _level_note(design: Design, group: str) -> str:
    if design.draws_clusters and design.clusters != group:
        return f'Whole clusters ("{design.clusters}") were drawn, the intercept is at another level: hold this against ancova, which clusters there. '
    return ""
