"""How much of an effect runs through a mediator: product of coefficients, the assumption it rests on, and how wrong that may be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import EstimateError, Fault, collect, is_design
from takeup.estimate.arrays import Arrays, Floats, arrays, choose_arm, dummies
from takeup.estimate.columns import columns_exist, numeric
from takeup.estimate.linear import Fit, coefficient, least_squares, noted, result, thin, uncertainty
from takeup.estimate.resample import resampled_weights
from takeup.estimate.rules import Inference, assignment_weights, choose
from takeup.estimate.tails import check_level
from takeup.estimate.vcov import covariance, influence
from takeup.results import Estimate, FrozenMap, Provenance, ResultSet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame

    from takeup.design import Design

ASSUMPTION = ("Rests on sequential ignorability: given the arm and the covariates, nothing else may drive both the mediator and the outcome. "
              "The draw of the trial doesn't secure this and no data can test it.")
SENSITIVITY = ("The correlation between what else drives the mediator and what else drives the outcome at which the ACME would be zero "
               "(Imai, Keele and Yamamoto 2010, theorem 4); a number to judge, so there is no standard error.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fits:
    """Three regressions on the same rows: mediator, outcome with the mediator, outcome without; `arm` is the column of treatment in all."""

    mediator: Fit
    outcome: Fit
    total: Fit
    arm: int
    interaction: bool


def mediate(
    frame: DataFrame, outcome: str, mediator: str, design: Design, *, covariates: Sequence[str] = (), conf_level: float = 0.95,
    interaction: bool = False, se_type: str | None = None, df: str | None = None, arm: object = None, bootstrap: int = 0, seed: int = 0,
) -> ResultSet:
    """Average causal mediation effect (ACME), average direct effect (ADE) and total effect, from linear regressions.

    Parameters
    ----------
    frame : DataFrame, one row a unit; rows without outcome or mediator are left out and counted
    outcome, mediator : column names; the results are in the outcome's units
    covariates : baseline columns that might drive both, additive in all regressions; the design's blocks enter as dummies
    interaction : let the mediator work differently in the two arms; the ACME and ADE are then averages over the arms
    se_type, df : as in `ancova`; None leaves them to the design
    bootstrap : number of resamples for percentile intervals, drawn as the design drew (clusters or units within arm and block)

    Returns
    -------
    ResultSet
        Rows "acme", "ade", "total" and, without interaction, "rho". `extra` of "acme": `a` (arm on mediator) and `b` (mediator on outcome)
        with `a_se`, `b_se`, `share_mediated` (ACME over ACME plus ADE), `std_error_joint` (with the sample covariance of a and b),
        `acme_0` and `acme_1` by arm and `interaction`, each with `_se`, where there is interaction.

    Raises
    ------
    EstimateError
        Unknown or unusable columns; a mediator that is the outcome, the arm or a covariate.

    Notes
    -----
    The standard error of the ACME is the delta method's with the design's variance of each regression; the two coefficients are uncorrelated
    under the assumption that identifies the ACME. ACME and ADE have `evidence` "comparison": the mediator wasn't drawn by lot.
    Sources: Imai, Keele and Yamamoto (2010), Statistical Science 25, theorems 2 and 4 (rho); Sobel (1982).

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1, 0] * 6, "knows": [3, 1, 4, 2, 5, 2, 4, 1, 3, 3, 5, 2], "takes": [5, 2, 7, 4, 9, 3, 6, 2, 6, 5, 8, 4]})
    >>> found = tu.mediate(trial, "takes", "knows", tu.Design("arm", 0))
    >>> [(row.term, round(row.estimate, 2)) for row in found]
    [('acme', 3.28), ('ade', 0.22), ('total', 3.5), ('rho', 0.93)]
    """
    check_level(conf_level)
    covariates = (covariates,) if isinstance(covariates, str) else tuple(covariates)
    is_design(design, EstimateError)
    columns_exist(frame, (outcome, mediator, *design.columns, *covariates))
    _allowed(outcome, mediator, covariates, design, bootstrap)
    data, m = _rows(frame, outcome, mediator, design, covariates, arm)
    weights, words = assignment_weights(data, data.blocks)
    data = noted(data, words)
    inference = choose(data, design, se_type=se_type, df=df, fixed_effects=data.blocks is not None)
    base = np.column_stack([np.ones((data.n, 1)) if data.blocks is None else dummies(data.blocks), data.covariates])
    fits = _fit(base, data, m, weights, interaction=interaction)
    rows = [_acme(data, m, fits, inference, conf_level), _ade(data, fits, inference, conf_level, base),
            coefficient(data, fits.total, fits.arm, inference, method="mediation", conf_level=conf_level, estimand="total", term="total")]
    if bootstrap:
        rows = _bootstrapped(rows, data, design, base, m, interaction=interaction, draws=bootstrap, seed=seed)
    if not interaction:
        rho = _rho(data, fits, conf_level)
        rows[0] = rows[0].replace(extra=FrozenMap({**rows[0].extra, "rho": rho.estimate}))
        rows.append(rho)
    return ResultSet(tuple(rows))


def _allowed(outcome: str, mediator: str, covariates: tuple[str, ...], design: Design, bootstrap: int) -> None:
    faults = []
    if mediator in {outcome, design.treatment, *covariates}:
        faults.append(Fault("the mediator can't be the outcome, the arm or a covariate too", "mediator"))
    if bootstrap and bootstrap < 100:
        faults.append(Fault("a percentile interval needs at least 100 resamples", "bootstrap"))
    collect(EstimateError, faults)


def _rows(frame: DataFrame, outcome: str, mediator: str, design: Design, covariates: tuple[str, ...], arm: object) -> tuple[Arrays, Floats]:
    """Arrays of the rows that have both outcome and mediator, and the mediator."""
    observed = ~np.isnan(numeric(frame[mediator], mediator))
    assigned = frame[design.treatment]
    chosen = choose_arm(assigned, design, arm)
    in_arms = ((assigned == chosen) | (assigned == design.control)).to_numpy(dtype=bool, na_value=False)
    if not (observed & in_arms).any():
        raise EstimateError(Fault("has no observed value in the two arms", mediator))
    part = frame[observed]
    data = arrays(part, outcome, design, covariates=covariates, arm=arm)
    return replace(data, n_missing=data.n_missing + int((in_arms & ~observed).sum())), numeric(part[mediator], mediator)[data.rows]


def _fit(base: Floats, data: Arrays, m: Floats, weights: Floats | None, *, interaction: bool) -> _Fits:
    plain = np.column_stack([base, data.treated])
    through = [plain, m, m * data.treated] if interaction else [plain, m]
    return _Fits(
        mediator=least_squares(plain, m, weights), outcome=least_squares(np.column_stack(through), data.y, weights),
        total=least_squares(plain, data.y, weights), arm=base.shape[1], interaction=interaction,
    )


def _contrast(fit: Fit, places: dict[int, float]) -> Floats | None:
    """A contrast of the kept coefficients; None where one of them was dropped."""
    whole = np.zeros(fit.kept.size)
    for place, value in places.items():
        whole[place] = value
    return None if any(not fit.kept[place] for place in places) else whole[fit.kept]


def _value(fit: Fit, places: dict[int, float]) -> float:
    return float(sum(fit.coefficients[place] * value for place, value in places.items()))


def _acme(data: Arrays, m: Floats, fits: _Fits, inference: Inference, conf_level: float) -> Estimate:
    """The product of a and b; with interaction b is the mediator's slope midway between the arms."""
    k = fits.arm
    slope = {k + 1: 1.0, k + 2: 0.5} if fits.interaction else {k + 1: 1.0}
    first, second = _contrast(fits.mediator, {k: 1.0}), _contrast(fits.outcome, slope)
    words = " ".join((ASSUMPTION, "Delta method with the variance of both regressions; normal inference.", inference.reason, *data.notes))

    def made(estimate: float, std_error: float, df: float, trouble: str, extra: dict[str, Any]) -> Estimate:
        found = result(data, estimate, std_error, df, method="mediation", se_type=inference.se_type, conf_level=conf_level, estimand="ACME",
                       term="acme", reason=f"{trouble} {words}".strip(), extra=extra,
                       n_clusters=None if inference.clusters is None else int(np.unique(inference.clusters).size))
        return found.replace(evidence="comparison")

    if first is None or second is None:
        return made(np.nan, np.nan, np.nan, "The ACME isn't identified: the arm or the mediator depends on the other columns.", {})
    a, b = _value(fits.mediator, {k: 1.0}), _value(fits.outcome, slope)
    ade = _value(fits.outcome, {k: 1.0})
    extra: dict[str, Any] = {"a": a, "b": b}
    if fits.interaction:
        extra |= _by_arm(fits, a, k)
    elif a * b + ade != 0:
        extra["share_mediated"] = a * b / (a * b + ade)
    trouble = thin(data, fits.outcome, inference)
    if not trouble:
        size_m, size_y = float(np.abs(m).max()), float(np.abs(data.y).max())
        a_se, _, trouble_a = uncertainty(fits.mediator, first, inference, scale=size_m)
        b_se, _, trouble_b = uncertainty(fits.outcome, second, inference, scale=size_y / size_m if size_m > 0 else 0.0)
        trouble = next((words_ for value, words_ in ((a_se, trouble_a), (b_se, trouble_b)) if not value > 0), "")
    if trouble:
        return made(a * b, np.nan, np.nan, trouble, extra)
    std_error = float(np.sqrt(b**2 * a_se**2 + a**2 * b_se**2))
    together = 0.0
    if inference.se_type != "classical":
        parts = (influence(fits.mediator.regression, first, inference.se_type, inference.clusters),
                 influence(fits.outcome.regression, second, inference.se_type, inference.clusters))
        together = float(parts[0] @ parts[1])
    joint = float(np.sqrt(max(std_error**2 + 2.0 * a * b * together, 0.0)))
    extra |= {"a_se": a_se, "b_se": b_se, "std_error_joint": joint}
    if fits.interaction:
        extra |= _errors_by_arm(fits, inference, a, a_se)
    if not std_error > 0:
        return made(a * b, np.nan, np.nan, "Both coefficients are zero, so there is no standard error.", extra)
    return made(a * b, std_error, float("inf"), "", extra)


def _by_arm(fits: _Fits, a: float, k: int) -> dict[str, float]:
    b, g = float(fits.outcome.coefficients[k + 1]), float(fits.outcome.coefficients[k + 2])
    return {"interaction": g, "acme_0": a * b, "acme_1": a * (b + g)}


def _errors_by_arm(fits: _Fits, inference: Inference, a: float, a_se: float) -> dict[str, float]:
    """The delta method of each arm's ACME, and the standard error of the interaction."""
    k, matrix = fits.arm, covariance(fits.outcome.regression, inference.se_type, inference.clusters)
    found = {}
    for name, places in (("acme_0", {k + 1: 1.0}), ("acme_1", {k + 1: 1.0, k + 2: 1.0}), ("interaction", {k + 2: 1.0})):
        at = _contrast(fits.outcome, places)
        assert at is not None
        b, b_se = _value(fits.outcome, places), float(np.sqrt(max(float(at @ matrix @ at), 0.0)))  # rounding may leave less than nothing
        found[f"{name}_se"] = b_se if name == "interaction" else float(np.sqrt(b**2 * a_se**2 + a**2 * b_se**2))
    return found


def _ade(data: Arrays, fits: _Fits, inference: Inference, conf_level: float, base: Floats) -> Estimate:
    """The arm's coefficient given the mediator; with interaction at the mediator's mean midway between the arms."""
    k, g = fits.arm, 0.0
    extra: dict[str, Any] = {}
    places = {k: 1.0}
    middle = np.append(base.mean(axis=0), 0.5)
    if fits.interaction and fits.mediator.kept[k] and fits.outcome.kept[k + 2]:
        mean = float(middle[fits.mediator.kept] @ fits.mediator.coefficients[fits.mediator.kept])
        a, g = float(fits.mediator.coefficients[k]), float(fits.outcome.coefficients[k + 2])
        direct = float(fits.outcome.coefficients[k])
        places, extra = {k: 1.0, k + 2: mean}, {"ade_0": direct + g * (mean - a / 2.0), "ade_1": direct + g * (mean + a / 2.0)}
    contrast = _contrast(fits.outcome, places)
    trouble = "The ADE isn't identified: its column depends on the others." if contrast is None else thin(data, fits.outcome, inference)
    value = _value(fits.outcome, places) if contrast is not None else np.nan
    std_error, df = np.nan, np.nan
    if contrast is not None and not trouble:
        std_error, df, trouble = uncertainty(fits.outcome, contrast, inference, scale=float(np.abs(data.y).max()))
        if g:  # the mean of the mediator is itself estimated
            spread = covariance(fits.mediator.regression, inference.se_type, inference.clusters)
            at = middle[fits.mediator.kept]
            std_error = float(np.sqrt(std_error**2 + g**2 * float(at @ spread @ at)))
    reason = " ".join(part for part in (trouble, ASSUMPTION, inference.reason, *data.notes) if part)
    clusters = None if inference.clusters is None else int(np.unique(inference.clusters).size)
    return result(data, value, std_error, df, method="mediation", se_type=inference.se_type, conf_level=conf_level, estimand="ADE", term="ade",
                  reason=reason, extra=extra, n_clusters=clusters).replace(evidence="comparison")


def _rho(data: Arrays, fits: _Fits, conf_level: float) -> Estimate:
    """ACME(rho) is a multiple of r - rho sqrt((1 - r**2) / (1 - rho**2)), r the correlation of the residuals of mediator and total: zero at r."""
    e1, e2 = fits.mediator.regression.residuals, fits.total.regression.residuals
    w = np.ones(data.n) if fits.total.regression.weights is None else fits.total.regression.weights
    size = float(np.sqrt((w * e1**2).sum() * (w * e2**2).sum()))
    flat = size <= 1e-24 * max(float(np.abs(data.y).max()), 1e-300)
    if flat or not fits.outcome.kept[fits.arm + 1]:
        rho, reason, extra = np.nan, f"The residuals have no variation, so rho can't be had. {ASSUMPTION}", {}
    else:
        rho = float((w * e1 * e2).sum()) / size
        unexplained = _unexplained(fits.mediator, w) * _unexplained(fits.outcome, w)
        reason, extra = f"{SENSITIVITY} {ASSUMPTION}", {"r2_residual": rho**2, "r2_total": rho**2 * unexplained}
    found = result(data, rho, np.nan, np.nan, method="mediation", se_type="", conf_level=conf_level, estimand="sensitivity", term="rho",
                   reason=reason, extra=extra)
    return found.replace(evidence="comparison")


def _unexplained(fit: Fit, w: Floats) -> float:
    """One minus R squared."""
    residuals = fit.regression.residuals
    fitted = fit.regression.x @ fit.coefficients[fit.kept]
    y = fitted + residuals
    whole = float((w * (y - (w * y).sum() / w.sum()) ** 2).sum())
    return float((w * residuals**2).sum()) / whole if whole > 0 else float("nan")


def _bootstrapped(
    rows: list[Estimate], data: Arrays, design: Design, base: Floats, m: Floats, *, interaction: bool, draws: int, seed: int,
) -> list[Estimate]:
    """The rows with percentile limits in `extra`, from resamples that follow the design."""
    values = np.full((draws, 3), np.nan)
    for i, counts in enumerate(resampled_weights(data, design, draws, seed)):
        drawn = counts > 0
        part = data.take(drawn)
        own, _ = assignment_weights(part, part.blocks)
        w = counts[drawn] if own is None else counts[drawn] * own
        fits = _fit(base[drawn], part, m[drawn], w, interaction=interaction)
        k = fits.arm
        if fits.mediator.kept[k] and fits.outcome.kept[k:].all():
            b = _value(fits.outcome, {k + 1: 1.0, k + 2: 0.5} if interaction else {k + 1: 1.0})
            acme, total = float(fits.mediator.coefficients[k]) * b, float(fits.total.coefficients[k])
            values[i] = acme, total - acme, total
    kept = values[~np.isnan(values).any(axis=1)]
    out = []
    for position, row in enumerate(rows):
        tail = (1.0 - row.conf_level) / 2.0
        low, high = np.quantile(kept[:, position], [tail, 1.0 - tail]) if kept.shape[0] >= 0.9 * draws else (np.nan, np.nan)
        words = f" Percentile limits from {kept.shape[0]} of {draws} resamples."
        if kept.shape[0] < 0.9 * draws:
            words = f" Only {kept.shape[0]} of {draws} resamples could be fitted, so percentile limits can't be had."
        extra = FrozenMap({**row.extra, "bootstrap_low": float(low), "bootstrap_high": float(high), "bootstrap_draws": kept.shape[0]})
        out.append(row.replace(extra=extra, reason=row.reason + words, provenance=Provenance(seed=seed)))
    return out
