"""Complier average causal effect: two-stage least squares with assignment as the instrument."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from takeup.estimate.arrays import Arrays, Floats, arrays, dummies
from takeup.estimate.linear import ROUNDING, Fit, coefficient, least_squares, left_out, noted, result
from takeup.estimate.overidentified import several_instruments, unprojected, wu_hausman
from takeup.estimate.rules import Inference, assignment_weights, choose
from takeup.estimate.vcov import spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame

    from takeup.design import Design
    from takeup.results import Estimate

WEAK = 10.0
"""A first-stage F below this is called weak (Staiger and Stock 1997); the Anderson-Rubin set is then the one to read."""

DOSE = "What was received is a dose: effects are per unit of it, averaged over its steps (Angrist and Imbens 1995)."


def cace(
    frame: DataFrame, outcome: str, design: Design, *, covariates: Sequence[str] = (), se_type: str | None = None, df: str | None = None,
    arm: object = None, conf_level: float = 0.95, interacted: Sequence[str] = (),
) -> Estimate:
    """Effect of taking the programme up, among those who do because they were assigned to it (compliers).

    Two-stage least squares of the outcome on the programme received, with assignment as the instrument; blocks enter as dummies
    and covariates additively in both stages. Without covariates it is the effect of assignment divided by its effect on take-up.

    Parameters
    ----------
    frame : DataFrame, one row a unit; rows without the outcome or the programme received are left out
    outcome : column name; the estimate is in its units, per unit of dose where `received` is a dose
    design : `received` is needed
    covariates : baseline columns
    se_type : classical HC0 HC1 HC2 HC3 CR0 CR1 CR2; None leaves it to the design. HC2, HC3 and CR2 take leverages of the projected regressors,
        as R's estimatr; HC2_structural and HC3_structural take those of the fitted values, as ``vcovHC`` of an ``ivreg`` does (AER, sandwich)
    df : bell_mccaffrey nested residual clusters normal; None leaves it to the design
    arm : which treated arm, where there are several
    conf_level : of the interval
    interacted : covariates whose products with assignment are further instruments, where take-up is known to differ between groups

    Returns
    -------
    Estimate
        `estimand` "CACE". `extra`: first_stage (the effect of assignment on take-up), first_stage_f (its squared t with the same
        `se_type`), effective_f (Montiel Olea and Pflueger 2013: with one instrument the squared t with the design's robust variance),
        instrument (its name), itt (the effect of assignment from the same regression), and for a 0/1 programme complier_mean_treated and
        complier_mean_control, the mean outcomes of compliers in both arms (Katz, Kling and Liebman 2001), and never_taker_mean and
        always_taker_mean, those of treated units without and control units with the programme, where there are any.
        wu_hausman_f, with its p and df, is the test that take-up is as good as assigned. With `interacted` first_stage_f is that of all
        instruments together, and sargan (classical) and hansen_j (design's variance) with their p test whether the instruments agree.

    Raises
    ------
    EstimateError
        Unknown or unusable columns, `received` not declared, unknown options.

    Notes
    -----
    Assumes that assignment changes the outcome through take-up only, and that nobody takes the programme up because of being
    assigned to control. A numeric dose gives the average causal response, a weighted mean of effects of one more unit
    (Angrist and Imbens 1995); it says nothing on any one step of the dose. Sources: Imbens and Angrist (1994);
    Angrist, Imbens and Rubin (1996).

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1] * 4 + [0] * 4, "came": [1, 1, 0, 1, 0, 0, 1, 0], "y": [9, 7, 4, 8, 5, 4, 8, 3]})
    >>> found = tu.cace(trial, "y", tu.Design("arm", 0, received="came"))
    >>> round(found.estimate, 3), round(found.extra["first_stage"], 3)
    (4.0, 0.5)
    """
    stages = two_stages(frame, outcome, design, covariates=covariates, se_type=se_type, df=df, arm=arm)
    data, inference = stages.data, stages.inference
    assert data.received is not None
    extra: dict[str, float | str] = {"instrument": design.treatment, **first_stage(stages, design)}
    trouble = unmoved(stages)
    if trouble:
        return result(data, np.nan, np.nan, np.nan, method="cace", se_type=inference.se_type, conf_level=conf_level, estimand="CACE",
                      term="received", reason=" ".join((trouble, inference.reason, *data.notes)), extra=extra)
    extra["itt"] = float(stages.reduced.coefficients[-1])
    if interacted:
        return several_instruments(stages, interacted, extra, conf_level)
    extra |= {**complier_means(stages), **wu_hausman(stages, stages.first)}
    fit = second_stage(stages)
    strength = float(extra["first_stage_f"])
    if strength < WEAK:
        data = noted(data, f"Assignment moves take-up little (F {strength:.1f}): read the Anderson-Rubin set, not this interval.")
    return coefficient(data, fit, fit.kept.size - 1, inference, method="cace", conf_level=conf_level, estimand="CACE", term="received", extra=extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """The two regressions on assignment that an instrument gives, on the same rows and columns (assignment last).

    Attributes
    ----------
    x : (n, K) blocks or a constant, covariates, assignment
    first, reduced : programme received on x; outcome on x
    """

    data: Arrays
    x: Floats
    weights: Floats | None
    first: Fit
    reduced: Fit
    inference: Inference


def two_stages(
    frame: DataFrame, outcome: str, design: Design, *, covariates: Sequence[str], se_type: str | None, df: str | None, arm: object,
) -> Stages:
    """First stage and reduced form of the outcome, with the inference that the design (or the user) chose."""
    data = arrays(frame, outcome, design, covariates=covariates, arm=arm, needs=("received",))
    received = data.received
    assert received is not None
    if not np.isin(received, (0.0, 1.0)).all():
        data = noted(data, DOSE)
    weights, words = assignment_weights(data, data.blocks)
    inference = choose(data, design, se_type=se_type, df=df)
    base = np.ones((data.n, 1)) if data.blocks is None else dummies(data.blocks)
    x = np.column_stack([base, data.covariates, data.treated])
    first, reduced = least_squares(x, received, weights), least_squares(x, data.y, weights)
    data = noted(data, words, left_out(first, data.names, base.shape[1]))
    return Stages(data=data, x=x, weights=weights, first=first, reduced=reduced, inference=inference)


def first_stage(stages: Stages, design: Design) -> dict[str, float]:
    """The effect of assignment on take-up and its strength."""
    fit, inference = stages.first, stages.inference
    if not fit.kept[-1]:
        return {"first_stage": np.nan, "first_stage_f": np.nan, "effective_f": np.nan}
    share = float(fit.coefficients[-1])
    robust = inference if inference.se_type in {"HC2", "CR2", "HC2_structural"} else choose(stages.data, design)
    return {"first_stage": share, "first_stage_f": _squared_t(fit, share, inference), "effective_f": _squared_t(fit, share, robust)}


def second_stage(stages: Stages) -> Fit:
    """Outcome on the other columns and the programme received, which is projected on the instrument for the normal equations only."""
    data = stages.data
    assert data.received is not None
    projected = data.received - stages.first.regression.residuals
    fitted = least_squares(np.column_stack([stages.x[:, :-1], projected]), data.y, stages.weights)
    x = np.column_stack([stages.x[:, :-1], data.received])[:, fitted.kept]
    return unprojected(fitted, x, data.y)


def complier_means(stages: Stages) -> dict[str, float]:
    """Mean outcomes of compliers who take the programme up and who don't; empty for a dose."""
    data = stages.data
    assert data.received is not None
    if not np.isin(data.received, (0.0, 1.0)).all():
        return {}
    moved = float(stages.first.coefficients[-1])
    taken = float(least_squares(stages.x, data.y * data.received, stages.weights).coefficients[-1]) / moved
    found = {"complier_mean_treated": taken, "complier_mean_control": taken - float(stages.reduced.coefficients[-1]) / moved}
    mass = np.ones(data.n) if stages.weights is None else stages.weights
    for name, arm in (("never_taker_mean", 1.0), ("always_taker_mean", 0.0)):
        rows = (data.treated == arm) & (data.received != arm)
        if rows.any():
            found[name] = float(np.average(data.y[rows], weights=mass[rows]))
    return found


def _squared_t(fit: Fit, value: float, inference: Inference) -> float:
    if fit.df_residual <= 0 or (inference.clusters is not None and np.unique(inference.clusters).size < 2):
        return float("nan")
    variance = spread(fit.regression, last(fit), inference.se_type, inference.clusters).variance
    if variance <= (ROUNDING * value) ** 2:  # everybody complies: the first stage has no error
        return float("inf") if value != 0 else float("nan")
    return value**2 / variance


def last(fit: Fit) -> Floats:
    """The contrast of the last coefficient that was kept."""
    contrast = np.zeros(int(fit.kept.sum()))
    contrast[-1] = 1.0
    return contrast


def unmoved(stages: Stages) -> str:
    """Why there are no compliers to speak of; empty where take-up differs between the arms."""
    data, fit = stages.data, stages.first
    assert data.received is not None
    if not fit.kept[-1]:
        return "It isn't identified: assignment depends on the other columns, so that there is nothing left to compare."
    if np.ptp(data.received) == 0:
        return "Everybody received the same, so nothing tells the effect of receiving it."
    if abs(fit.coefficients[-1]) <= 1e-10 * np.abs(data.received).max():
        return "Assignment doesn't move take-up at all, so there are no compliers to speak of."
    return ""
