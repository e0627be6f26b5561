"""Ordinary and weighted least squares, and the two regressions of a trial: ANCOVA and Lin's interacted estimator."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from takeup.errors import EstimateError, Fault
from takeup.estimate.arrays import Arrays, Codes, Floats, arrays, dummies
from takeup.estimate.provider_df import nested_df
from takeup.estimate.rules import Inference, assignment_weights, choose, complete_blocks
from takeup.estimate.tails import critical, p_value
from takeup.estimate.vcov import Regression, Spread, satterthwaite, spread
from takeup.results import Estimate, FrozenMap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame

    from takeup.design import Design

DEPENDENT = 1e-9
"""A column whose part outside the earlier columns is smaller than this share of it counts as collinear."""
DUMMIES = 200
"""With more blocks than this their means are taken out of an unweighted ANCOVA, so that memory stays linear in the rows."""
SEEN = 0.9
"""HC2 and CR2 are reported when they can see this share of the variance; the rest sits in rows or clusters that are fitted exactly."""
FAR = 100.0
"""A mean beyond this many times the largest deviation from it is taken out before a fit."""
ROUNDING = 1e-12
"""A standard error below this share of the largest outcome is rounding error."""
FEW_DF = 4.0
"""Below this the t distribution is a poor guide to a robust test (Tipton 2015)."""


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
        """Rows less coefficients."""
        return int(self.regression.residuals.size - self.regression.columns)


def least_squares(x: Floats, y: Floats, weights: Floats | None = None) -> Fit:
    """Fit y on the columns of x by QR; a column that depends on earlier ones is dropped, as R's lm does."""
    root = None if weights is None else np.sqrt(weights)
    scaled_x, scaled_y = (x, y) if root is None else (x * root[:, None], y * root)
    kept = independent(scaled_x)
    q, r = np.linalg.qr(scaled_x[:, kept])
    inverse = np.linalg.inv(r)
    coefficients = np.full(x.shape[1], np.nan)
    level = _level(x[:, kept], y, inverse, q, root)
    if level is None:
        beta = inverse @ (q.T @ scaled_y)
        residuals = y - x[:, kept] @ beta
    else:  # y is far from 0 for its spread: what is added to it everywhere would take digits from all that differs
        mean, constant = level
        beta = inverse @ (q.T @ (y - mean if root is None else (y - mean) * root))
        residuals = y - mean - x[:, kept] @ beta
        beta = beta + mean * constant
    coefficients[kept] = beta
    return Fit(
        coefficients=coefficients, kept=kept,
        regression=Regression(x=x[:, kept], residuals=residuals, bread=inverse @ inverse.T, weights=weights),
    )


def _level(x: Floats, y: Floats, inverse: Floats, q: Floats, root: Floats | None) -> tuple[float, Floats] | None:
    """The mean of an outcome that lies far from 0 for its spread, and the coefficients that make a constant; None without need or way."""
    mean = float(y.mean()) if y.size else 0.0
    spread = float(np.abs(y - mean).max()) if y.size else 0.0
    if not abs(mean) > FAR * spread or spread == 0.0:
        return None
    constant = inverse @ (q.T @ (np.ones(y.size) if root is None else root))
    constant = np.where(np.abs(constant) > DEPENDENT * np.abs(constant).max(), constant, 0.0)
    return (mean, constant) if float(np.abs(x @ constant - 1.0).max()) < DEPENDENT else None


def within(columns: Floats, blocks: Codes) -> Floats:
    """Columns less their means by block, (n, k); what is constant within blocks but for rounding becomes 0."""
    sizes = np.bincount(blocks)
    deviations = columns - (np.stack([np.bincount(blocks, weights=column) for column in columns.T], axis=1) / sizes[:, None])[blocks]
    lost = np.sqrt((deviations**2).sum(axis=0)) < DEPENDENT * np.sqrt((columns**2).sum(axis=0))
    return np.where(lost, 0.0, deviations)


def absorbing(x: Floats, y: Floats, blocks: Codes) -> Fit:
    """The fit with a dummy for each block, without making the dummies: their means are taken out first (Frisch and Waugh 1933)."""
    fit = least_squares(within(x, blocks), within(y[:, None], blocks)[:, 0])
    return replace(fit, regression=replace(fit.regression, absorbed=blocks))


def independent(x: Floats) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which columns don't depend on earlier ones, shape (K,). One QR of x holds all dependences; the search works on its R."""
    norms = np.sqrt((x**2).sum(axis=0))
    kept: np.ndarray[Any, np.dtype[np.bool_]] = np.asarray(norms > 0)
    r: Floats = np.asarray(np.linalg.qr(x[:, kept] / norms[kept]).R) if kept.any() else np.zeros((0, 0))
    position = np.cumsum(kept) - 1
    while kept.any():
        columns = np.flatnonzero(kept)
        part = r[:, position[columns]]
        dependent = np.flatnonzero(np.abs(np.diag(np.linalg.qr(part, mode="r"))) < DEPENDENT)
        if dependent.size:
            kept[columns[dependent[0]]] = False
        else:
            kept[columns[part.shape[0]:]] = False
            break
    return kept


def coefficient(
    data: Arrays, fit: Fit, position: int, inference: Inference, *, method: str, conf_level: float,
    estimand: str = "ITT", term: str = "treatment", extra: dict[str, Any] | None = None,
) -> Estimate:
    """One coefficient of a fit as an `Estimate`, with the variance and degrees of freedom that `inference` names."""
    contrast = np.zeros(fit.kept.size)
    contrast[position] = 1.0
    return combination(data, fit, contrast, inference, method=method, conf_level=conf_level, estimand=estimand, term=term, extra=extra)


def combination(
    data: Arrays, fit: Fit, contrast: Floats, inference: Inference, *, method: str, conf_level: float,
    estimand: str = "ITT", term: str = "treatment", extra: dict[str, Any] | None = None,
) -> Estimate:
    """A linear combination of all K coefficients of a fit, contrast of shape (K,), as an `Estimate`."""
    kept = contrast[fit.kept]
    identified = not np.any(contrast[~fit.kept] != 0)
    value = float(kept @ fit.coefficients[fit.kept]) if identified else float("nan")
    std_error, df, trouble = float("nan"), float("nan"), thin(data, fit, inference)
    if not identified:
        trouble = "It isn't identified: its column depends on the others, so that there is nothing left to compare."
    if not trouble:
        std_error, df, trouble = uncertainty(fit, kept, inference, scale=float(np.abs(data.y).max()))
    reason = " ".join(part for part in (trouble, inference.reason, *data.notes) if part)
    clusters = None if inference.clusters is None else int(np.unique(inference.clusters).size)
    return result(data, value, std_error, df, method=method, se_type=inference.se_type, conf_level=conf_level, estimand=estimand,
                  term=term, n_clusters=clusters, reason=reason, extra=extra)


def thin(data: Arrays, fit: Fit, inference: Inference) -> str:
    """Why this fit can't have the variance that was chosen; empty where it can."""
    if fit.df_residual <= 0:
        return "There are no degrees of freedom left for a variance: as many coefficients as rows."
    if inference.se_type == "classical":
        return ""
    if inference.clusters is not None and np.unique(inference.clusters).size < 2:
        return "There is one cluster only, so there is no variance between clusters."
    for name, arm in (("treated", 1.0), ("control", 0.0)):
        rows = data.treated == arm
        units = rows.sum() if inference.clusters is None else np.unique(inference.clusters[rows]).size
        if units < 2:
            what = "unit" if inference.clusters is None else "cluster"
            return f"There is one {what} only in the {name} arm, so the variance within that arm can't be estimated."
    return ""


def uncertainty(fit: Fit, contrast: Floats, inference: Inference, *, scale: float) -> tuple[float, float, str]:
    """Standard error and degrees of freedom of a contrast of the kept coefficients, and what is wrong with them (empty where nothing is).

    `scale` is the size of the outcome: a standard error that is rounding error at that size is none.
    """
    return judged(fit, spread_by_rule(fit, contrast, inference), inference, scale=scale)


def spread_by_rule(fit: Fit, contrast: Floats, inference: Inference) -> Spread:
    """The variance of a contrast of the kept coefficients, with the degrees of freedom of the rule where it is Satterthwaite's."""
    found = spread(fit.regression, contrast, inference.se_type, inference.clusters)
    if inference.treated is not None and inference.clusters is not None:
        return replace(found, df=nested_df(fit.regression, contrast, inference.se_type, inference.clusters, inference.treated))
    if inference.df_rule == "bell_mccaffrey" and np.isnan(found.df) and inference.clusters is not None:
        return replace(found, df=satterthwaite(fit.regression, contrast, inference.se_type, inference.clusters))
    return found


def judged(fit: Fit, found: Spread, inference: Inference, *, scale: float) -> tuple[float, float, str]:
    """The same from a variance that was computed already."""
    df = degrees_of_freedom(fit, found, inference)
    std_error = float(np.sqrt(max(found.variance, 0.0)))
    if not std_error > ROUNDING * scale:
        return float("nan"), df, "The residuals have no variation, so there is no standard error."
    if found.share < SEEN:
        trouble = f"Rows or clusters that are fitted exactly hide {1 - found.share:.0%} of the variance, so no standard error is given."
        return float("nan"), df, trouble
    if not df > 0:
        return std_error, float("nan"), "The degrees of freedom can't be computed, so there is neither a test nor an interval."
    if df < FEW_DF:
        return std_error, df, f"With {df:.1f} degrees of freedom the test and the interval are a rough guide (Tipton 2015)."
    return std_error, df, ""


def degrees_of_freedom(fit: Fit, found: Spread, inference: Inference) -> float:
    """The degrees of freedom of a contrast by the rule that was chosen."""
    if inference.df_rule in {"bell_mccaffrey", "nested"}:
        return found.df
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
    se_type : classical HC0 HC1 HC2 HC3 CR0 CR1 CR2; also CR1G and CR1p (other factors than Stata's), CR3 (jackknife) and CR2_precision (the
        design's weights are known inverse variances, as R's clubSandwich with ``target = 1 / w``; CR2 takes them for response or sampling
        weights, as estimatr does); None leaves it to the design
    df : bell_mccaffrey nested residual clusters normal; None leaves it to the design
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
    Assumes assignment as declared. With blocks of unequal shares the fixed effects weight blocks by their variance of treatment; use `lin` for
    the average effect. Providers in one arm: CR2, df by `provider_df`. Source: Lin, Green and Coppock (2016), Standard Operating Procedures.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1, 0] * 4, "before": [3, 4, 5, 6, 7, 8, 9, 9], "after": [5, 4, 7, 7, 8, 8, 11, 9]})
    >>> round(tu.ancova(trial, "after", tu.Design("arm", 0), covariates=["before"]).estimate, 3)
    1.462
    """
    if blocks not in {"fixed", None}:
        raise EstimateError(Fault('blocks= is "fixed" or None', "blocks"))
    data = arrays(frame, outcome, design, covariates=covariates, arm=arm)
    fixed = data.blocks if blocks == "fixed" else None
    weights, words = assignment_weights(data, fixed)
    inference = choose(data, design, se_type=se_type, df=df, fixed_effects=fixed is not None)
    columns = np.column_stack([data.covariates, data.treated])
    if fixed is not None and weights is None and _many(fixed, inference):
        fit, first = absorbing(columns, data.y, fixed), 0
    else:
        base = np.ones((data.n, 1)) if fixed is None else dummies(fixed)
        fit, first = least_squares(np.column_stack([base, columns]), data.y, weights), base.shape[1]
    data = noted(data, words, left_out(fit, data.names, first))
    return coefficient(data, fit, fit.kept.size - 1, inference, method="ancova", conf_level=conf_level)


def _many(blocks: Codes, inference: Inference) -> bool:
    """Whether there are too many blocks for dummies and their means can be taken out instead."""
    pairs = np.unique(blocks).size
    adjusted = inference.se_type in {"CR2", "CR2_precision", "CR3"} or inference.df_rule in {"bell_mccaffrey", "nested"}
    if pairs <= DUMMIES or not adjusted or inference.clusters is None:
        return bool(pairs > DUMMIES)
    return bool(np.unique(np.column_stack([blocks, inference.clusters]), axis=0).shape[0] == pairs)  # each block in one cluster


def lin(
    frame: DataFrame, outcome: str, design: Design, *, covariates: Sequence[str] = (), se_type: str | None = None, df: str | None = None,
    arm: object = None, conf_level: float = 0.95,
) -> Estimate:
    """Effect of assignment with covariates and block dummies centred and fully interacted with treatment (Lin 2013).

    Parameters, errors and options as in `ancova`. Consistent for the average effect whatever the true regression, and
    for blocks of unequal shares.

    Notes
    -----
    Columns are centred at their (weighted) means over the rows analysed. Blocks that have one arm only leave the comparison, and
    `reason` says so. Dummies of pairs enter additively: a pair's own effect has no degree of freedom left, and pairs are all drawn
    with the same probability. Source: Lin (2013), Annals of Applied Statistics 7, section 4.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1, 0] * 4, "before": [3, 4, 5, 6, 7, 8, 9, 9], "after": [5, 4, 7, 7, 8, 8, 11, 9]})
    >>> tu.lin(trial, "after", tu.Design("arm", 0), covariates=["before"]).method
    'lin'
    """
    whole = arrays(frame, outcome, design, covariates=covariates, arm=arm)
    data = complete_blocks(whole)
    if data.n == 0:
        return result(data, float("nan"), float("nan"), float("nan"), method="lin", se_type="", conf_level=conf_level,
                      reason=" ".join(("No block has both arms, so there is nothing to compare.", *data.notes)))
    weights, words = assignment_weights(data, data.blocks)
    inference = choose(data, design, se_type=se_type, df=df, fixed_effects=False)
    additive = np.ones((data.n, 1)) if data.blocks is None or design.draw != "pairs" else dummies(data.blocks)
    parts = [data.covariates] if data.blocks is None or design.draw == "pairs" else [dummies(data.blocks)[:, 1:], data.covariates]
    z = np.column_stack(parts)
    mass = np.ones(data.n) if weights is None else weights
    centred = z - mass @ z / mass.sum()
    x = np.column_stack([additive, data.treated, centred, centred * data.treated[:, None]])
    fit = least_squares(x, data.y, weights)
    names = ("blocks",) * (z.shape[1] - len(data.names)) + data.names
    position = additive.shape[1]
    data = noted(data, words, left_out(fit, names + tuple(f"{name} by arm" for name in names), position + 1))
    extra = {"n_left_out": whole.n - data.n} if whole.n > data.n else {}
    return coefficient(data, fit, position, inference, method="lin", conf_level=conf_level, extra=extra)


def left_out(fit: Fit, names: Sequence[str], first: int) -> str:
    """The sentence on the columns, from position `first` on, that followed from earlier ones; labels of levels stay out of it."""
    shown = (name.split("[")[0] + (" by arm" if "[" in name and name.endswith(" by arm") else "") for name in names)
    lost = [name for name, kept in zip(shown, fit.kept[first:], strict=False) if not kept]
    return f"Left out, as they follow from other columns: {', '.join(dict.fromkeys(lost))}." if lost else ""


def noted(data: Arrays, *notes: str) -> Arrays:
    """The arrays with further sentences for the result's reason."""
    return replace(data, notes=(*data.notes, *(note.strip() for note in notes if note)))
