"""Response weights: against statsmodels, and what they do to a biased sample."""

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.errors import MissingError, TakeupError


def people(n=400, seed=3):
    rng = np.random.default_rng(seed)
    lone, age = rng.integers(0, 2, n), rng.normal(40, 10, n)
    answered = rng.random(n) < 1 / (1 + np.exp(-(1.5 - 1.2 * lone + 0.02 * (age - 40))))
    return pd.DataFrame({"answered": answered, "lone": lone, "age": age, "kind": rng.choice(list("abc"), n), "y": 2 * lone + rng.normal(size=n)})


def test_weights_are_those_of_statsmodels():
    import statsmodels.formula.api as smf

    frame = people()
    fit = smf.logit("r ~ lone + age + C(kind)", frame.assign(r=frame["answered"].astype(int))).fit(disp=0, tol=1e-12)
    weights = tu.response_weights(frame, "answered", covariates=["lone", "age", "kind"])
    np.testing.assert_allclose(weights, 1 / fit.predict(), rtol=1e-7)
    assert weights.attrs["coefficients"]["kind[b]"] == pytest.approx(fit.params["C(kind)[T.b]"], rel=1e-6)
    assert weights.attrs["std_errors"]["age"] == pytest.approx(fit.bse["age"], rel=1e-6)
    assert weights.index.equals(frame.index)


def test_weights_undo_selection_on_what_is_known():
    frame = people(40_000)
    weights = tu.response_weights(frame, "answered", covariates=["lone"])
    seen = frame["answered"]
    truth = frame["y"].mean()
    assert abs(frame.loc[seen, "y"].mean() - truth) > 0.1
    assert np.average(frame.loc[seen, "y"], weights=weights[seen]) == pytest.approx(truth, abs=0.03)


def test_everybody_answered_needs_no_weights():
    assert (tu.response_weights(people().assign(answered=True), "answered", covariates=["lone"]) == 1).all()


def test_missing_covariates_are_filled_by_the_common_rule():
    frame = people()
    frame.loc[::5, "age"] = np.nan
    weights = tu.response_weights(frame, "answered", covariates=["age"])
    assert "age[missing]" in weights.attrs["coefficients"]
    assert weights.notna().all()


@pytest.mark.parametrize(
    "call",
    [
        lambda frame: tu.response_weights(frame.assign(answered=0), "answered", covariates=["lone"]),
        lambda frame: tu.response_weights(frame.assign(answered=frame["answered"].where(frame.index > 3)), "answered", covariates=["lone"]),
        lambda frame: tu.response_weights(frame.assign(answered=2), "answered", covariates=["lone"]),
        lambda frame: tu.response_weights(frame, "answered", covariates=["answered"]),
        lambda frame: tu.response_weights(frame.assign(answered="yes"), "answered", covariates=["lone"]),
        lambda frame: tu.response_weights(frame.assign(same=frame["answered"].astype(int)), "answered", covariates=["same"]),
    ],
)
def test_what_gives_no_weights_is_refused(call):
    with pytest.raises(MissingError):
        call(people())
    with pytest.raises(TakeupError):
        tu.response_weights(people(), "answered", covariates=["nowhere"])
