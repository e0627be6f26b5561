"""The effect of one more unit of an amount assigned: against statsmodels."""

import numpy as np
import pandas as pd
import pytest

import takeup as tu


def trial(seed=1, n=120):
    rng = np.random.default_rng(seed)
    arm = rng.integers(0, 2, n)
    euros = arm * rng.integers(1, 4, n)
    return pd.DataFrame({"arm": arm, "euros": euros, "x": rng.normal(size=n), "village": np.arange(n) // 6, "y": 0.3 * euros + rng.normal(size=n)})


def test_it_is_the_coefficient_of_the_amount():
    import statsmodels.formula.api as smf

    fit = smf.ols("y ~ arm + euros + x", trial()).fit(cov_type="HC1", use_t=True)
    found = tu.assigned_dose(trial(), "y", tu.Design("arm", 0), dose="euros", covariates=["x"], se_type="HC1")
    assert (found.estimate, found.std_error, found.p_value) == pytest.approx((fit.params["euros"], fit.bse["euros"], fit.pvalues["euros"]), rel=1e-9)
    assert found.extra["any"] == pytest.approx(fit.params["arm"])
    assert found.term == "euros"


def test_one_amount_only_is_said():
    found = tu.assigned_dose(trial().assign(euros=lambda one: 2 * one["arm"]), "y", tu.Design("arm", 0), dose="euros")
    assert np.isnan(found.estimate)
    assert "identified" in found.reason


def test_faults():
    with pytest.raises(tu.TakeupError, match="controls have"):
        tu.assigned_dose(trial().assign(euros=1), "y", tu.Design("arm", 0), dose="euros")
    with pytest.raises(tu.TakeupError, match="no amount"):
        tu.assigned_dose(trial().assign(euros=lambda one: one["euros"].where(one["x"] > 0)), "y", tu.Design("arm", 0), dose="euros")
    with pytest.raises(tu.TakeupError, match="no column"):
        tu.assigned_dose(trial(), "y", tu.Design("arm", 0), dose="euro")
