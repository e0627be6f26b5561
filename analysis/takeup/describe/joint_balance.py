"""All baseline columns at once by regression: does any of them tell the arms apart? The F test that referees ask for beside `balance`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from takeup.errors import EstimateError, Fault
from takeup.estimate.arrays import arrays, dummies
from takeup.estimate.linear import least_squares, thin
from takeup.estimate.rules import assignment_weights, choose
from takeup.estimate.wald import wald
from takeup.results import Test

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame

    from takeup.design import Design

RESPONSE = "assigned"


def balance_f_test(
    frame: DataFrame, columns: Sequence[str], design: Design, *, se_type: str | None = None, df: str | None = None, arm: object = None,
) -> Test:
    """Joint F test that no baseline column predicts assignment, from the regression of assignment on all of them (and on the blocks).

    Parameters
    ----------
    frame : DataFrame, one row a unit
    columns : baseline columns; text and categories become dummies, missing values are filled by rule as in `ancova`
    se_type, df : as in `ancova`
    arm : which treated arm, where there are several

    Returns
    -------
    Test
        `statistic` F on `df` and `df_denominator` degrees of freedom; with HC2 and CR2 the HTZ test.

    Raises
    ------
    EstimateError
        Unknown or unusable columns, unknown options, no columns.

    Notes
    -----
    `balance` gives the same question's answer by the trial's own draws, which is exact where this is an approximation, worst with many columns and
    few units. Source: Pustejovsky and Tipton (2018), section 3.2.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1, 0] * 6, "age": [30, 41, 25, 37, 52, 33, 29, 47, 38, 44, 36, 31], "boy": [0, 1] * 3 + [1, 0] * 3})
    >>> found = tu.balance_f_test(trial, ["age", "boy"], tu.Design("arm", 0), se_type="classical")
    >>> round(found.statistic, 3), found.df, found.df_denominator
    (0.311, 2.0, 9.0)
    """
    names = (columns,) if isinstance(columns, str) else tuple(columns)
    if not names:
        raise EstimateError(Fault("name at least one column", "columns"))
    response = RESPONSE
    while response in frame.columns:
        response += "_"
    data = arrays(frame.assign(**{response: 0.0}), response, design, covariates=names, arm=arm)
    base = np.ones((data.n, 1)) if data.blocks is None else dummies(data.blocks)
    fit = least_squares(np.column_stack([base, data.covariates]), data.treated, assignment_weights(data, data.blocks)[0])
    inference = choose(data, design, se_type=se_type, df=df)
    clusters = None if inference.clusters is None else int(np.unique(inference.clusters).size)
    test = Test(outcome="balance", term=", ".join(names), arm=data.arm, n=data.n, n_clusters=clusters, method="balance_f_test")
    first = base.shape[1]
    place = np.cumsum(fit.kept)[first:][fit.kept[first:]] - 1
    trouble = thin(data, fit, inference)
    if not trouble and not place.size:
        trouble = "No column varies within the blocks, so there is nothing to test."
    if trouble:
        return test.replace(reason=f"{trouble} {inference.reason}")
    rows = np.zeros((place.size, int(fit.kept.sum())))
    rows[np.arange(place.size), place] = 1.0
    found = wald(fit, rows, inference)
    return test.replace(statistic=found.statistic, df=found.df, df_denominator=found.df_denominator, p_value=found.p_value,
                        reason=" ".join(filter(None, (found.problem, inference.reason, *data.notes))))
