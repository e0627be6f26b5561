"""More than one instrument: assignment and its products with baseline columns, whether they agree, and whether take-up is endogenous at all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import EstimateError, Fault, collect, listed
from takeup.estimate.linear import Fit, coefficient, least_squares, noted, thin
from takeup.estimate.tails import f_tail
from takeup.estimate.vcov import group_sums, spread
from takeup.estimate.wald import wald

if TYPE_CHECKING:
    from collections.abc import Sequence

    from takeup.estimate.arrays import Floats
    from takeup.estimate.cace import Stages
    from takeup.results import Estimate


def wu_hausman(stages: Stages, first: Fit) -> dict[str, float]:
    """The test that take-up is as good as assigned: the first stage's residuals as one more column of the outcome's regression."""
    data = stages.data
    assert data.received is not None
    unknown = {"wu_hausman_f": np.nan, "wu_hausman_p": np.nan, "wu_hausman_df": np.nan}
    x = np.column_stack([stages.x[:, : stages.x.shape[1] - 1], data.received, first.regression.residuals])
    fit = least_squares(x, data.y, stages.weights)
    if not fit.kept[-1] or thin(data, fit, stages.inference):
        return unknown
    contrast = np.zeros(int(fit.kept.sum()))
    contrast[-1] = 1.0
    variance = spread(fit.regression, contrast, stages.inference.se_type, stages.inference.clusters).variance
    df = float(fit.df_residual) if stages.inference.clusters is None else float(np.unique(stages.inference.clusters).size - 1)
    if not variance > 0:
        return unknown
    statistic = float(fit.coefficients[-1]) ** 2 / variance
    return {"wu_hausman_f": statistic, "wu_hausman_p": f_tail(statistic, 1.0, df), "wu_hausman_df": df}


def unprojected(fitted: Fit, x: Floats, y: Floats) -> Fit:
    """A second stage fitted on projected regressors, with the residuals and the leverages of the regressors themselves, x (n, k)."""
    before = fitted.regression
    hat = ((x @ before.bread) * before.x).sum(axis=1) * (1.0 if before.weights is None else before.weights)
    return replace(fitted, regression=replace(before, residuals=y - x @ fitted.coefficients[fitted.kept], fitted_leverages=hat))


def several_instruments(stages: Stages, interacted: Sequence[str], extra: dict[str, float | str], conf_level: float) -> Estimate:
    """2SLS with assignment and its products with the columns `interacted` as instruments; assignment is the last column of `stages.x`."""
    data, inference, weights = stages.data, stages.inference, stages.weights
    assert data.received is not None
    names = (interacted,) if isinstance(interacted, str) else tuple(interacted)
    places = [place for place, label in enumerate(data.names) if label in names or label.split("[")[0] in names]
    absent = [name for name in names if not any(data.names[place].split("[")[0] == name for place in places)]
    collect(EstimateError, [Fault(f'"{name}" isn\'t among the covariates', "interacted", listed(data.names)) for name in absent])
    exogenous = stages.x[:, :-1]
    centred = data.covariates[:, places] - data.covariates[:, places].mean(axis=0)
    z = np.column_stack([exogenous, data.treated, centred * data.treated[:, None]])
    first = least_squares(z, data.received, weights)
    kept = np.flatnonzero(first.kept[exogenous.shape[1] :]) + exogenous.shape[1]
    place = np.cumsum(first.kept) - 1
    rows = np.zeros((kept.size, int(first.kept.sum())))
    rows[np.arange(kept.size), place[kept]] = 1.0
    strength = wald(first, rows, inference)
    projected = data.received - first.regression.residuals
    fitted = least_squares(np.column_stack([exogenous, projected]), data.y, weights)
    x = np.column_stack([exogenous, data.received])[:, fitted.kept]
    fit = unprojected(fitted, x, data.y)
    found: dict[str, Any] = {
        **extra, "instrument": ", ".join((str(extra["instrument"]), *(f"{extra['instrument']} x {name}" for name in names))),
        "first_stage_f": strength.statistic, "first_stage_df": strength.df, "first_stage_df_denominator": strength.df_denominator,
        "effective_f": np.nan, **wu_hausman(stages, first),
        **overidentification(stages, z[:, first.kept], x, fit.regression.residuals, kept.size - 1),
    }
    data = noted(data, "Several instruments: the estimate weights the compliers of each group by how strongly assignment moves them.")
    return coefficient(data, fit, fit.kept.size - 1, inference, method="cace", conf_level=conf_level, estimand="CACE", term="received", extra=found)


def overidentification(stages: Stages, z: Floats, x: Floats, residuals: Floats, more: int) -> dict[str, float]:
    """Sargan's test, and Hansen's J of two-step GMM under the design's variance, of whether the instruments tell the same effect."""
    from scipy.special import chdtrc

    if more < 1:
        return dict.fromkeys(("sargan", "sargan_p", "hansen_j", "hansen_j_p", "overidentification_df"), np.nan)
    w = np.ones(z.shape[0]) if stages.weights is None else stages.weights
    y = stages.data.y
    explained = z @ np.linalg.lstsq(z * np.sqrt(w)[:, None], residuals * np.sqrt(w), rcond=None)[0]
    sargan = float(w @ explained**2 / (w @ residuals**2) * z.shape[0])
    wz = z * w[:, None]
    scores = wz * residuals[:, None]
    if stages.inference.clusters is not None:
        scores = group_sums(scores, stages.inference.clusters)
    scale = np.sqrt((scores**2).sum(axis=0))
    scaled, moments = scores / scale, wz / scale  # columns in units of their own score, so that the weight matrix isn't nearly singular
    values = np.linalg.eigvalsh(scaled.T @ scaled)
    j = np.nan
    if values[0] > 1e-10 * values[-1]:
        inverse = np.linalg.inv(scaled.T @ scaled)
        a, b = moments.T @ x, moments.T @ y
        gap = b - a @ np.linalg.solve(a.T @ inverse @ a, a.T @ inverse @ b)
        j = float(gap @ inverse @ gap)
    return {"sargan": sargan, "sargan_p": float(chdtrc(more, sargan)), "hansen_j": j, "hansen_j_p": np.nan if np.isnan(j) else float(chdtrc(more, j)),
            "overidentification_df": float(more)}
