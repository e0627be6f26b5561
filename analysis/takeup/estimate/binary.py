"""Effects on an outcome that happens or doesn't: risk difference, risk ratio, odds ratio."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from takeup.errors import EstimateError, Fault, collect, listed
from takeup.estimate.arrays import Arrays, Floats, arrays, dummies
from takeup.estimate.linear import Fit, judged, least_squares, left_out, noted, result, spread_by_rule, thin
from takeup.estimate.rules import Inference, assignment_weights, choose
from takeup.estimate.tails import critical

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pandas import DataFrame

    from takeup.design import Design
    from takeup.estimate.vcov import Spread
    from takeup.results import Estimate

Scale = Literal["difference", "ratio", "odds_ratio"]
Model = Literal["linear", "logit"]
EDGE = 1e-12
"""A risk within this of 0 or 1 is 0 or 1 but for rounding."""
ESTIMAND = {"difference": "risk difference", "ratio": "risk ratio", "odds_ratio": "odds ratio"}


def binary(
    frame: DataFrame, outcome: str, design: Design, *, covariates: Sequence[str] = (), scale: Scale = "difference", model: Model = "linear",
    se_type: str | None = None, df: str | None = None, arm: object = None, conf_level: float = 0.95,
) -> Estimate:
    """Effect of assignment on a 0/1 outcome, as a difference or a ratio of risks.

    Both models give each arm a risk averaged over everybody's covariates (and blocks, which enter as dummies): a regression predicts
    each person's outcome in both arms, the predictions are averaged, and the averages are compared. The delta method carries the
    variance of the coefficients to the comparison.

    Parameters
    ----------
    frame : DataFrame, one row a unit
    outcome : column of 0 and 1 (or False and True)
    covariates : baseline columns, as in `ancova`
    scale : "difference" (probability points), "ratio" of risks, or "odds_ratio" (marginal, of the averaged risks)
    model : "linear" is least squares, as `ancova`; "logit" a logistic regression (g-computation)
    se_type : classical HC0 HC1 HC2 HC3 CR0 CR1 CR2; None leaves it to the design. With "logit" classical is the inverse information
        and CR1 has the factor G / (G - 1) only
    df : bell_mccaffrey nested residual clusters normal. None leaves it to the design; with "logit" and a `se_type` other than HC2 and CR2
        it is normal
    arm : which treated arm, where there are several
    conf_level : of the interval

    Returns
    -------
    Estimate
        For ratios `estimate` is the ratio and `std_error` is on its own scale; the interval, the statistic and the p-value come from
        the log scale, whose standard error is extra["log_std_error"]. `extra` always has risk_treated and risk_control with their
        standard errors and risk_covariance, per_100_treated, per_100_control, per_100_difference with per_100_low and per_100_high, and
        number_needed_to_treat (one over the difference; negative when the risk falls). A difference also has risk_ratio with
        risk_ratio_low and risk_ratio_high; "logit" also has conditional_log_odds_ratio and its standard error.

    Raises
    ------
    EstimateError
        Unknown or unusable columns, an outcome that isn't 0/1, unknown options.

    Notes
    -----
    Where no maximum of the likelihood exists (separation), or a risk of 0 or 1 leaves a ratio undefined, the numbers are nan and
    `reason` says so. Sources: Freedman (2008); Localio, Margolis and Berlin (2007); Negi and Wooldridge (2021).

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1] * 5 + [0] * 5, "work": [1, 1, 1, 0, 0, 1, 0, 0, 0, 1]})
    >>> design = tu.Design("arm", 0)
    >>> round(tu.binary(trial, "work", design).estimate, 3), round(tu.binary(trial, "work", design, scale="ratio").estimate, 3)
    (0.2, 1.5)
    """
    collect(EstimateError, [
        Fault(f'"{value}" is no {name}', name, listed(get_args(allowed)))
        for name, value, allowed in (("scale", scale, Scale), ("model", model, Model)) if value not in get_args(allowed)
    ])
    data = arrays(frame, outcome, design, covariates=covariates, arm=arm)
    if not np.isin(data.y, (0.0, 1.0)).all():
        raise EstimateError(Fault("holds other values than 0 and 1", outcome, "0 and 1, or False and True",
                                  "For an amount or a score use tu.ancova; a cut-off makes a score a yes or no."))
    if model == "logit" and df is None and se_type not in {None, "HC2", "CR2"}:
        df = "normal"
    risks, data, trouble = _risks(data, design, model, se_type, df)
    if risks is None:
        inference = choose(data, design, se_type=se_type, df=df)
        return result(data, np.nan, np.nan, np.nan, method=f"binary_{model}", se_type=inference.se_type, conf_level=conf_level,
                      estimand=ESTIMAND[scale], reason=" ".join((trouble, inference.reason, *data.notes)))
    return compare(data, risks, scale, conf_level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Risks:
    """Average risks under treatment and control, with their gradients by the k coefficients that were kept.

    `spread` and `trouble` are given where the fit's rows aren't at hand: the variance of a combination, and why there is none.
    """

    treated: float
    control: float
    by_treated: Floats
    by_control: Floats
    fit: Fit
    inference: Inference
    model: Model
    trouble: str | None = None
    spread: Callable[[Floats], Spread] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A comparison of two risks on the scale on which its interval is computed (a difference, or the log of a ratio)."""

    value: float
    std_error: float
    df: float
    trouble: str


def _risks(data: Arrays, design: Design, model: Model, se_type: str | None, df: str | None) -> tuple[Risks | None, Arrays, str]:
    """Fit and average; None and the reason where the model can't be had."""
    weights, words = assignment_weights(data, data.blocks)
    inference = choose(data, design, se_type=se_type, df=df)
    base = np.ones((data.n, 1)) if data.blocks is None else dummies(data.blocks)
    x = np.column_stack([base, data.covariates, data.treated])
    if model == "linear":
        fit: Fit | None = least_squares(x, data.y, weights)
    else:
        from takeup.estimate.gcomputation import logit

        fit = logit(x, data.y, weights)
    data = noted(data, words)
    if fit is None:
        return None, data, "The logistic regression has no maximum (separation): use the linear model, or fewer covariates or blocks."
    data = noted(data, left_out(fit, data.names, base.shape[1]))
    if not fit.kept[-1]:
        return None, data, "It isn't identified: assignment depends on the other columns, so that there is nothing left to compare."
    beta = fit.coefficients[fit.kept]
    risk, gradient = [], []
    for code in (1.0, 0.0):
        x[:, -1] = code
        eta = x[:, fit.kept] @ beta
        predicted, slope = (eta, np.ones(data.n)) if model == "linear" else _logistic(eta)
        risk.append(float(np.average(predicted, weights=data.weights)))
        gradient.append(np.asarray(np.average(x[:, fit.kept] * slope[:, None], axis=0, weights=data.weights)))
    risks = Risks(treated=risk[0], control=risk[1], by_treated=gradient[0], by_control=gradient[1], fit=fit, inference=inference, model=model)
    return risks, data, ""


def _logistic(eta: Floats) -> tuple[Floats, Floats]:
    from scipy.special import expit

    p = np.asarray(expit(eta))
    return p, p * (1.0 - p)


def compare(data: Arrays, risks: Risks, scale: Scale, conf_level: float) -> Estimate:
    """The comparison of two risks on the scale that was asked for."""
    r1, r0 = risks.treated, risks.control
    difference = _on(data, risks, r1 - r0, risks.by_treated - risks.by_control)
    if scale == "odds_ratio":
        ratio, edge = _log_ratio(data, risks, odds=True), "An average risk of 0 or 1 (or beyond, in the linear model) has no odds. "
    else:
        ratio, edge = _log_ratio(data, risks, odds=False), "An average risk of 0 (or below, in the linear model) has no ratio. "
    extra = {**_extra(data, risks, difference, conf_level), **({} if scale != "difference" else _ratio_extra(ratio, conf_level))}
    chosen = difference if scale == "difference" else ratio
    if chosen is None:
        chosen = Comparison(value=np.nan, std_error=np.nan, df=np.nan, trouble=edge.strip())
    reason = " ".join(part for part in (chosen.trouble, risks.inference.reason, *data.notes) if part)
    clusters = risks.inference.clusters
    found = result(
        data, chosen.value, chosen.std_error, chosen.df, method=f"binary_{risks.model}", se_type=risks.inference.se_type, conf_level=conf_level,
        estimand=ESTIMAND[scale], n_clusters=None if clusters is None else int(np.unique(clusters).size), reason=reason,
        extra=extra if scale == "difference" else {**extra, "log_std_error": chosen.std_error},
    )
    if scale == "difference":
        return found
    value = float(np.exp(chosen.value))
    return replace(found, estimate=value, std_error=value * chosen.std_error, conf_low=_exp(found.conf_low), conf_high=_exp(found.conf_high))


def _log_ratio(data: Arrays, risks: Risks, *, odds: bool) -> Comparison | None:
    """The log of the ratio of risks (or of odds), None where it isn't defined."""
    r1, r0 = risks.treated, risks.control
    if min(r1, r0) <= EDGE or (odds and max(r1, r0) >= 1.0 - EDGE):
        return None
    s1, s0 = (r1 * (1.0 - r1), r0 * (1.0 - r0)) if odds else (r1, r0)
    value = np.log(r1 / r0) - (np.log((1.0 - r1) / (1.0 - r0)) if odds else 0.0)
    return _on(data, risks, float(value), risks.by_treated / s1 - risks.by_control / s0)


def _on(data: Arrays, risks: Risks, value: float, gradient: Floats) -> Comparison:
    fit, inference = risks.fit, risks.inference
    trouble = thin(data, fit, inference) if risks.trouble is None else risks.trouble
    if trouble:
        return Comparison(value=value, std_error=np.nan, df=np.nan, trouble=trouble)
    found = spread_by_rule(fit, gradient, inference) if risks.spread is None else risks.spread(gradient)
    n, k = fit.regression.x.shape
    if risks.model == "logit" and inference.se_type == "classical":
        found = replace(found, variance=float(gradient @ fit.regression.bread @ gradient))
    if risks.model == "logit" and inference.se_type == "CR1":
        found = replace(found, variance=found.variance * (n - k) / (n - 1))
    std_error, df, trouble = judged(fit, found, inference, scale=1.0)
    return Comparison(value=value, std_error=std_error, df=df, trouble=trouble)


def _extra(data: Arrays, risks: Risks, difference: Comparison, conf_level: float) -> dict[str, Any]:
    low, high = _limits(difference, conf_level)
    extra: dict[str, Any] = {
        "risk_treated": risks.treated, "risk_control": risks.control,
        "risk_treated_std_error": _on(data, risks, risks.treated, risks.by_treated).std_error,
        "risk_control_std_error": _on(data, risks, risks.control, risks.by_control).std_error,
        "risk_covariance": _covariance(data, risks),
        "per_100_treated": 100.0 * risks.treated, "per_100_control": 100.0 * risks.control,
        "per_100_difference": 100.0 * difference.value, "per_100_low": 100.0 * low, "per_100_high": 100.0 * high,
        "number_needed_to_treat": 1.0 / difference.value if abs(difference.value) > EDGE else np.inf,
    }
    if risks.model == "logit":
        treatment = np.zeros(risks.by_treated.size)
        treatment[-1] = 1.0
        conditional = _on(data, risks, float(risks.fit.coefficients[-1]), treatment)
        extra |= {"conditional_log_odds_ratio": conditional.value, "conditional_log_odds_ratio_std_error": conditional.std_error}
    return extra


def _covariance(data: Arrays, risks: Risks) -> float:
    """Of the two average risks, from the variances of their sum and of their difference."""
    both, gap = (_on(data, risks, 0.0, risks.by_treated + sign * risks.by_control).std_error for sign in (1.0, -1.0))
    found = (both**2 - gap**2) / 4.0
    return found if not abs(found) < 1e-14 * both**2 else 0.0  # without covariates the arms share nothing but rounding


def _ratio_extra(ratio: Comparison | None, conf_level: float) -> dict[str, float]:
    if ratio is None:
        return {"risk_ratio": np.nan, "risk_ratio_low": np.nan, "risk_ratio_high": np.nan}
    low, high = _limits(ratio, conf_level)
    return {"risk_ratio": float(np.exp(ratio.value)), "risk_ratio_low": _exp(low), "risk_ratio_high": _exp(high)}


def _limits(found: Comparison, conf_level: float) -> tuple[float, float]:
    half = critical(conf_level, found.df) * found.std_error
    return found.value - half, found.value + half


def _exp(value: float) -> float:
    """The exponential of a limit; infinite where it is beyond what a number holds."""
    return float(np.exp(value)) if not value > 700.0 else float("inf")
