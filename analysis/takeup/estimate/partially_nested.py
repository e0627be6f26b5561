"""Providers in the treated arm only (case managers, group leaders): a mixed model with a variance for each arm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from takeup.errors import EstimateError, Fault
from takeup.estimate.arrays import arrays
from takeup.estimate.mixed import fixed_part, mixed_result, no_weights, share
from takeup.estimate.reml import intraclass_interval, random_intercept
from takeup.estimate.tails import check_level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame

    from takeup.design import Design
    from takeup.results import Estimate


def partially_nested(
    frame: DataFrame, outcome: str, design: Design, *, covariates: Sequence[str] = (), arm: object = None, conf_level: float = 0.95,
) -> Estimate:
    """Effect of assignment when treated units share providers and controls share none, by a heteroscedastic mixed model.

    A random intercept for each provider in the treated arm, and a residual variance of its own for each arm, fitted by residual
    maximum likelihood. The design-based road is `ancova` with the same design: it clusters the treated arm by provider and takes
    each other unit as its own cluster (CR2).

    Parameters
    ----------
    frame : DataFrame, one row a unit
    outcome : column name, in any units; the estimate is in the same units
    design : declares `nested_in`, the provider's column; treated units without a provider stand alone
    covariates : additive fixed effects, as in `ancova`; the design's blocks enter as dummies

    Returns
    -------
    Estimate
        `df` by Satterthwaite's method; `n_clusters` is the number of providers. In `extra`: `var_provider`, `var_treated` and
        `var_control` (squared units), `icc_treated` (share of the treated arm's variance between providers) with
        `icc_treated_low` and `icc_treated_high` (exact under normality, from the treated arm alone), `provider_size`, `loglik`.

    Raises
    ------
    EstimateError
        Unknown or unusable columns, a design without `nested_in`, a provider found in both arms, analysis weights.

    Notes
    -----
    Assumes normal provider intercepts and residuals, and providers who are like draws from those who might serve. With few providers
    the variance between them is often estimated as zero by chance, and `reason` says when it is: simulations with five providers are in
    the tests of this file. Source: Candlish et al. (2018), BMC Medical Research Methodology 18:105, model 5; Roberts and Roberts (2005),
    Clinical Trials 2.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1] * 6 + [0] * 6, "manager": ["a", "a", "b", "b", "c", "c"] + [None] * 6,
    ...                       "score": [7, 8, 4, 6, 9, 9, 5, 4, 6, 3, 5, 6]})
    >>> found = tu.partially_nested(trial, "score", tu.Design("arm", 0, nested_in="manager"))
    >>> round(found.estimate, 3), found.n_clusters
    (2.333, 3)
    """
    check_level(conf_level)
    no_weights(design, "A mixed model")
    data = arrays(frame, outcome, design, covariates=covariates, arm=arm, needs=("nested_in",))
    assert data.providers is not None
    treated = data.treated == 1
    if np.intersect1d(data.providers[treated & (data.providers >= 0)], data.providers[~treated]).size:
        raise EstimateError(Fault("a provider occurs in both arms, but providers exist in the treated arm only", design.nested_in or "nested_in",
                                  remedy="Use mixed with group= when both arms share providers."))
    label_note = "Labels of providers in the control arm are not used. " if (data.providers[~treated] >= 0).any() else ""
    providers = np.where(treated, data.providers, -1)
    x, block_note = fixed_part(data, None)
    fit = random_intercept(x, data.y, providers, treated.astype(np.int64))
    served = providers >= 0
    low, high = float("nan"), float("nan")
    if served.any():
        low, high = intraclass_interval(x[served], data.y[served], providers[served], conf_level)
    control, within = (float(v) for v in fit.residual_variances)
    count = int(np.unique(providers[served]).size)
    extra = {
        "var_provider": fit.group_variance, "var_treated": within, "var_control": control,
        "icc_treated": share(fit.group_variance, within), "icc_treated_low": low, "icc_treated_high": high,
        "provider_size": float(served.sum()) / count if count else float("nan"), "loglik": fit.loglik,
    }
    reason = ("Providers exist in the treated arm only (partially nested): random intercept by provider in that arm, "
              f"a residual variance for each arm, REML, Satterthwaite degrees of freedom. {block_note}{label_note}")
    return mixed_result(data, fit, reason, method="partially_nested", se_type="REML", conf_level=conf_level, groups=count, extra=extra)
