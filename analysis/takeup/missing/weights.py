"""Weights for non-response: who answered speaks for those like them who didn't."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from takeup.errors import EstimateError, Fault, MissingError, collect
from takeup.estimate.columns import Floats, columns_exist, covariate_matrix, numeric
from takeup.estimate.gcomputation import logit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame, Series


def response_weights(frame: DataFrame, responded: str, *, covariates: Sequence[str]) -> Series:
    """One over the probability of response, from a logistic regression on what is known of everyone.

    Parameters
    ----------
    frame : DataFrame, one row a unit of all that were assigned
    responded : 0/1 or boolean column, observed for everyone
    covariates : columns of the regression: the arm, and baseline columns; text and categories become dummies, missing values are filled
        as everywhere (mean, with an indicator above 10 %)

    Returns
    -------
    Series
        1 / fitted probability for every row, in the order of the frame; those of respondents are the weights of an analysis
        (``Design(weights=...)``). `attrs` holds the regression's coefficients and std_errors by term, its log_likelihood, and notes.

    Raises
    ------
    MissingError, EstimateError
        Unusable columns; nobody responded; covariates that tell respondents and others apart completely (no finite weights).

    Notes
    -----
    Assumes that response doesn't depend on the outcome among people alike in the covariates. The weights are taken as known by the
    variances that use them, which errs on the wide side on average (Hirano, Imbens and Ridder 2003).

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"answered": [1, 1, 0, 1, 1, 0, 1, 0], "lone": [0, 0, 0, 0, 1, 1, 1, 1]})
    >>> tu.response_weights(trial, "answered", covariates=["lone"]).round(3).unique().tolist()
    [1.333, 2.0]
    """
    from pandas import Series

    columns = (covariates,) if isinstance(covariates, str) else tuple(covariates)
    columns_exist(frame, (responded, *columns))
    response = responses(frame, responded)
    if responded in columns:
        raise MissingError(Fault("response can't explain itself", "covariates"))
    if not response.any():
        raise MissingError(Fault("nobody responded, so there is nobody to weigh", responded))
    if response.all():
        return Series(1.0, index=frame.index, name="response_weight")
    values, names, notes = covariate_matrix(frame, columns)
    x = np.column_stack([np.ones(len(frame)), values])
    fit = logit(x, response)
    if fit is None:
        raise MissingError(Fault("the covariates tell respondents from the others completely, so some weights would be infinite", "covariates",
                                 remedy="Leave out the covariate (or merge the level) that does."))
    eta = x[:, fit.kept] @ fit.coefficients[fit.kept]
    result = Series(1.0 + np.exp(-eta), index=frame.index, name="response_weight")
    errors = np.full(x.shape[1], np.nan)
    errors[fit.kept] = np.sqrt(np.diag(fit.regression.bread))
    terms = ("(Intercept)", *names)
    result.attrs.update(
        coefficients=dict(zip(terms, map(float, fit.coefficients), strict=True)), std_errors=dict(zip(terms, map(float, errors), strict=True)),
        log_likelihood=float((response * eta).sum() - np.logaddexp(0.0, eta).sum()), notes=notes,
    )
    return result


def responses(frame: DataFrame, responded: str) -> Floats:
    """A response column as 0 and 1.

    Raises
    ------
    MissingError
        Missing values and values other than 0 and 1, as counts.
    """
    try:
        values = numeric(frame[responded], responded)
    except EstimateError as error:
        raise MissingError(*error.faults) from None
    absent = int(np.isnan(values).sum())
    other = int((~np.isin(values[~np.isnan(values)], (0.0, 1.0))).sum())
    faults = []
    if absent:
        faults.append(Fault(f"{absent} rows have no value; response is known of everyone", responded))
    if other:
        faults.append(Fault(f"{other} values are neither 0 nor 1", responded, "0 and 1, or false and true"))
    collect(MissingError, faults)
    return values
