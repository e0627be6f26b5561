"""Several amounts were assigned (an incentive of 1, 2 or 3 euros): the effect of one more unit, among those who were assigned some."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from takeup.errors import EstimateError, Fault
from takeup.estimate.arrays import arrays, dummies
from takeup.estimate.columns import numeric
from takeup.estimate.linear import coefficient, least_squares, left_out, noted
from takeup.estimate.rules import assignment_weights, choose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame

    from takeup.design import Design
    from takeup.results import Estimate


def assigned_dose(
    frame: DataFrame, outcome: str, design: Design, *, dose: str, covariates: Sequence[str] = (), se_type: str | None = None, df: str | None = None,
    arm: object = None, conf_level: float = 0.95,
) -> Estimate:
    """Effect of one more unit of an amount that was assigned at random, next to the effect of being assigned any.

    Least squares of the outcome on assignment to the arm, the amount assigned (0 for controls), covariates and blocks; the estimate is the
    coefficient of the amount.

    Parameters
    ----------
    frame : DataFrame, one row a unit
    outcome : column name
    dose : column with the amount assigned, observed in every row; 0 for controls
    covariates, se_type, df, arm, conf_level : as in `ancova`

    Returns
    -------
    Estimate
        `term` is the dose's column; in units of the outcome per unit of the dose. extra["any"] is the effect of assignment at an amount near 0.

    Raises
    ------
    EstimateError
        Unknown or unusable columns; controls with an amount; unknown options.

    Notes
    -----
    Assumes that amounts were assigned at random among the treated and act in proportion. An amount that people chose is another matter: see
    `cace` with a dose received, and the dose ladder of a study. Source: Thornton (2008), American Economic Review 98, equation 1.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [0, 1, 1] * 4, "euros": [0, 1, 2] * 4, "y": [3, 5, 7, 4, 5, 8, 3, 6, 7, 2, 6, 8]})
    >>> found = tu.assigned_dose(trial, "y", tu.Design("arm", 0), dose="euros")
    >>> round(found.estimate, 3), round(found.extra["any"], 3)
    (2.0, 0.5)
    """
    data = arrays(frame, outcome, design, covariates=covariates, arm=arm, also=(dose,))
    amount = numeric(frame[dose], dose)[data.rows]
    if np.isnan(amount).any():
        raise EstimateError(Fault(f"{int(np.isnan(amount).sum())} rows have no amount", dose))
    if (amount[data.treated == 0] != 0).any():
        raise EstimateError(Fault("controls have an amount", dose, "0 for controls", "Write 0 where nothing was assigned."))
    weights, words = assignment_weights(data, data.blocks)
    inference = choose(data, design, se_type=se_type, df=df)
    base = np.ones((data.n, 1)) if data.blocks is None else dummies(data.blocks)
    fit = least_squares(np.column_stack([base, data.covariates, data.treated, amount]), data.y, weights)
    data = noted(data, words, left_out(fit, data.names, base.shape[1]))
    extra = {"any": float(fit.coefficients[-2])}
    return coefficient(data, fit, fit.kept.size - 1, inference, method="assigned_dose", conf_level=conf_level, term=dose, extra=extra)
