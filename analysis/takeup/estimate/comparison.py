"""Two groups that were not drawn by lot: an adjusted difference, how alike the groups were made, and what could still explain it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from takeup.errors import EstimateError, Fault, listed, nearest
from takeup.estimate.arrays import Arrays, Codes, Floats, arrays, dummies
from takeup.estimate.balancing import balance_table, effective_size, entropy, overlap
from takeup.estimate.columns import columns_exist, numeric
from takeup.estimate.confounding import against_covariates
from takeup.estimate.linear import Fit, coefficient, least_squares, left_out, noted, result
from takeup.estimate.rules import Inference, nested_clusters
from takeup.estimate.sensitivity import (
    D_TO_LOG_RATIO,
    e_value,
    e_value_of_limit,
    partial_r2,
    robustness_value,
)
from takeup.estimate.tails import check_level
from takeup.results import Estimate, FrozenMap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame

    from takeup.design import Design

Method = Literal["overlap", "entropy", "ancova", "did"]
METHODS = ("overlap", "entropy", "ancova", "did")
POPULATION = {"overlap": "rows of either group that resemble the other (overlap weights)", "entropy": "the treated group",
              "ancova": "both groups", "did": "both groups"}
WORDS = {
    "overlap": "Each row is weighted by its probability of the other group (logistic regression), which balances the covariates' means exactly.",
    "entropy": "The comparison group is weighted to the means of the treated group (entropy balancing).",
    "ancova": "Least squares with the covariates entered additively.",
    "did": "Difference of the changes from before to after, with the other covariates entered additively; assumes that without the programme "
           "both groups would have changed alike.",
}
NOT_DRAWN = ("The groups were not drawn by lot: this is an adjusted difference, and whatever else sets them apart and isn't among the covariates "
             "is in it.")
NO_OVERLAP = {
    "overlap": "The covariates tell the groups apart without error, so they have no overlap and the difference can't be had.",
    "entropy": "No weights bring the comparison group to the means of the treated group, so the difference can't be had: they don't overlap.",
}


def comparison(
    frame: DataFrame, outcome: str, design: Design, *, covariates: Sequence[str], method: Method = "overlap", before: str | None = None,
    arm: object = None, conf_level: float = 0.95,
) -> Estimate:
    """Adjusted difference between groups that were not randomised.

    Parameters
    ----------
    frame : DataFrame, one row a unit
    outcome : column name, in any units; the estimate is in the same units
    design : names the groups and the level of the variance (`clusters`, `nested_in`, pairs); `blocks` are covariates here
    covariates : baseline columns that are made alike or entered additively
    method : "overlap" (weights from a logistic regression, for those who might be in either group), "entropy" (comparison group weighted to
        the treated), "ancova" (least squares), "did" (difference of changes)
    before : the outcome's baseline column, for "did"; the first covariate where it isn't given

    Returns
    -------
    Estimate
        `estimand` "adjusted difference", `evidence` "comparison". In `extra`: `balance` (name, standardised difference before, after
        weighting), `max_smd_before`, `max_smd_after`, `ess_treated` and `ess_control` (rows that the weights are worth), `e_value` and
        `e_value_limit` with the `risk_ratio` they are for, `partial_r2`, `robustness_value` and `robustness_value_limit`, `benchmark` (the covariate
        of which an unmeasured copy would move the difference most) and `benchmark_estimate` (what such a copy could leave of it),
        `selection_ratio`, `population`.

    Raises
    ------
    EstimateError
        Unknown or unusable columns, an unknown method, no covariates.

    Notes
    -----
    Assumes that groups alike in the covariates would have had the same outcomes (for "did": the same changes). The variance is that of the
    weighted regression, HC2 or CR2 by the design with Satterthwaite degrees of freedom, on residuals that carry the estimation of the
    weights. E-values of a continuous outcome take its difference over the pooled SD as a log risk ratio of 0.91 each; of a 0/1 outcome they
    take the adjusted risk of the comparison group as known. Robustness values, the benchmark and the selection ratio (Oster's delta, for an R2
    of 1.3 times that of the covariates) come from the additive regression.
    Sources: Li, Morgan and Zaslavsky (2018), JASA 113; Hainmueller (2012), Political Analysis 20; VanderWeele and Ding (2017), Annals of
    Internal Medicine 167; Cinelli and Hazlett (2020), JRSS B 82; Oster (2019), JBES 37.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> sites = pd.DataFrame({"arm": [1, 0] * 6, "before": [3, 4, 5, 6, 7, 6, 4, 5, 6, 3, 5, 7], "after": [6, 4, 7, 7, 9, 6, 6, 6, 9, 4, 7, 8]})
    >>> found = tu.comparison(sites, "after", tu.Design("arm", 0), covariates=["before"], method="entropy")
    >>> round(found.estimate, 2), found.evidence, found.extra["max_smd_after"] < 1e-8
    (1.67, 'comparison', True)
    """
    check_level(conf_level)
    covariates = (covariates,) if isinstance(covariates, str) else tuple(covariates)
    columns_exist(frame, [name for name in (outcome, *design.columns, *covariates, before) if name is not None])
    before = _check(method, outcome, covariates, before)
    data = _rows(frame, outcome, design, covariates, before, arm)
    z, names = data.covariates, data.names
    if data.blocks is not None and design.draw != "pairs":
        z, names = np.column_stack([dummies(data.blocks)[:, 1:], z]), ("blocks",) * (int(np.unique(data.blocks).size) - 1) + names
    base = np.ones(data.n) if data.weights is None else data.weights
    y = data.y if before is None else data.y - numeric(frame[before], before)[data.rows]
    inference = _inference(data, design, f"{NOT_DRAWN} {WORDS[method]}")
    extra: dict[str, Any] = {"population": POPULATION[method]}
    weights: Floats | None = None
    if method in {"overlap", "entropy"}:
        # covariates on a common scale, so that units don't matter to the search for weights
        middle, spread = z.mean(axis=0), z.std(axis=0)
        scaled = (z - middle) / np.where(spread > 1e-12 * np.maximum(np.abs(middle), 1e-300), spread, 1.0)
        balanced = (overlap if method == "overlap" else entropy)(scaled, data.treated, y, base)
        if balanced is None:
            extra |= _balance(z, names, data, base, None)
            return _finished(result(data, np.nan, np.nan, np.nan, method=f"comparison_{method}", se_type=inference.se_type, conf_level=conf_level,
                                    estimand="adjusted difference", reason=f"{NO_OVERLAP[method]} {inference.reason}", extra=extra))
        weights = balanced.weights
        fit = _weighted(data, y, scaled, weights, balanced.residuals)
    else:
        fit = least_squares(np.column_stack([np.ones(data.n), z, data.treated]), y, data.weights)
        data = noted(data, left_out(fit, names, 1))
    extra |= _balance(z, names, data, base, weights)
    found = coefficient(replace(data, y=y), fit, fit.kept.size - 1, inference, method=f"comparison_{method}", conf_level=conf_level,
                        estimand="adjusted difference", extra=extra)
    more = _sensitivity(found, data, y, (z, names), weights if weights is not None else base, conf_level)
    return _finished(found.replace(extra=FrozenMap({**extra, **more})))


def _check(method: str, outcome: str, covariates: tuple[str, ...], before: str | None) -> str | None:
    """The baseline column of a difference in differences, None for the other methods; errors for options that don't exist."""
    if method not in METHODS:
        raise EstimateError(Fault(f'"{method}" is no method', "method", listed(METHODS), nearest(method, METHODS)))
    if before is not None and method != "did":
        raise EstimateError(Fault('before= belongs to method "did"', "before", remedy="Put the column among the covariates."))
    if not covariates and before is None:
        raise EstimateError(Fault("a comparison that wasn't drawn by lot needs covariates", "covariates"))
    if outcome == before:
        raise EstimateError(Fault("the outcome can't be its own baseline", "before"))
    return (before or covariates[0]) if method == "did" else None


def _rows(frame: DataFrame, outcome: str, design: Design, covariates: tuple[str, ...], before: str | None, arm: object) -> Arrays:
    """The arrays; for a difference in differences of the rows with both measurements, without the baseline among the covariates."""
    if before is None:
        return arrays(frame, outcome, design, covariates=covariates, arm=arm)
    both = frame.assign(**{outcome: np.where(np.isnan(numeric(frame[before], before)), np.nan, numeric(frame[outcome], outcome))})
    return arrays(both, outcome, design, covariates=[name for name in covariates if name != before], arm=arm)


def _inference(data: Arrays, design: Design, words: str) -> Inference:
    """The variance at the level the design names."""
    level: Codes | None = None
    which = "HC2"
    if design.draw == "pairs" and data.blocks is not None:
        level, which = data.blocks, "CR2 by matched pair"
    elif data.clusters is not None:
        level, which = data.clusters, "CR2 by cluster"
    elif data.providers is not None:
        level, which = nested_clusters(data), "CR2 by provider, other rows alone"
    reason = f"{words} Variance: {which}, Satterthwaite degrees of freedom (Bell and McCaffrey 2002)."
    return Inference(se_type="HC2" if level is None else "CR2", df_rule="bell_mccaffrey", clusters=level, reason=reason)


def _weighted(data: Arrays, y: Floats, z: Floats, weights: Floats, residuals: Floats) -> Fit:
    """The difference of weighted means as a weighted regression on the balanced covariates and the group, with the residuals that carry the weights.

    After weighting the covariates are orthogonal to the group, so its coefficient is that difference; their columns count as leverage.
    """
    fit = least_squares(np.column_stack([np.ones(data.n), z, data.treated]), y, weights)
    return replace(fit, regression=replace(fit.regression, residuals=residuals))


def _balance(z: Floats, names: tuple[str, ...], data: Arrays, base: Floats, weights: Floats | None) -> dict[str, Any]:
    table = balance_table(z, names, data.treated, base, weights)
    found: dict[str, Any] = {"balance": table, "max_smd_before": max((abs(row[1]) for row in table), default=0.0)}
    used = base if weights is None else weights
    if weights is not None:
        found["max_smd_after"] = max((abs(row[2]) for row in table if row[2] is not None), default=0.0)
    return {**found, "ess_treated": effective_size(used[data.treated == 1]), "ess_control": effective_size(used[data.treated == 0])}


def _sensitivity(
    found: Estimate, data: Arrays, y: Floats, covariates: tuple[Floats, tuple[str, ...]], weights: Floats, conf_level: float,
) -> dict[str, Any]:
    """E-values and robustness values; left out where they have no meaning."""
    more: dict[str, Any] = {}
    if not found.std_error > 0:
        return more
    ratio = _risk_ratio(found, data, y, weights)
    if ratio is not None:
        more |= {"risk_ratio": ratio[0], "e_value": e_value(ratio[0]), "e_value_limit": e_value_of_limit(ratio[1], ratio[2])}
    plain = least_squares(np.column_stack([np.ones(data.n), covariates[0], data.treated]), y, data.weights)
    r = plain.regression
    if plain.kept[-1] and plain.df_residual > 1:
        w = np.ones(data.n) if data.weights is None else data.weights
        error = float(np.sqrt((w * r.residuals**2).sum() / plain.df_residual * r.bread[-1, -1]))
        if error > 1e-12 * max(float(np.abs(y).max()), 1e-300):
            t, df = float(plain.coefficients[-1]) / error, float(plain.df_residual)
            more |= {"partial_r2": partial_r2(t, df), "robustness_value": robustness_value(t, df),
                     "robustness_value_limit": robustness_value(t, df, 1.0 - conf_level), **against_covariates(plain, data.treated, y, covariates, w)}
    return more


def _risk_ratio(found: Estimate, data: Arrays, y: Floats, weights: Floats) -> tuple[float, float, float] | None:
    """The risk ratio that the difference stands for, and its limits; None where there is none."""
    if np.isin(data.y, (0.0, 1.0)).all():
        # the risk of the comparison group, adjusted: the mean of all less the difference's part in it
        risk = float(np.average(data.y - found.estimate * data.treated, weights=weights))
        ratios = tuple((risk + value) / risk if risk > 0 else -1.0 for value in (found.estimate, found.conf_low, found.conf_high))
        return (ratios[0], max(ratios[1], 0.0), ratios[2]) if risk > 0 and ratios[0] > 0 else None
    groups = [y[data.treated == value] for value in (0, 1)]
    room = sum(group.size - 1 for group in groups)
    sd = float(np.sqrt(sum(((group - group.mean()) ** 2).sum() for group in groups) / room)) if room > 0 else 0.0
    logs = [D_TO_LOG_RATIO * value / sd if sd > 0 else np.inf for value in (found.estimate, found.conf_low, found.conf_high)]
    return None if max(abs(value) for value in logs) > 300 else (float(np.exp(logs[0])), float(np.exp(logs[1])), float(np.exp(logs[2])))


def _finished(found: Estimate) -> Estimate:
    return found.replace(evidence="comparison")
