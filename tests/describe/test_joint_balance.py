"""The joint F test of balance against statsmodels."""

import numpy as np
import pandas as pd
import pytest

import takeup as tu


def trial(seed=1, n=90):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"arm": rng.integers(0, 2, n), "age": rng.normal(40, 9, n), "place": rng.choice(["a", "b", "c"], n),
                         "wave": rng.integers(0, 4, n)})


@pytest.mark.parametrize(("se_type", "cov"), [("classical", "nonrobust"), ("HC1", "HC1"), ("HC2", "HC2")])
def test_it_is_the_wald_test_of_all_slopes(se_type, cov):
    import statsmodels.formula.api as smf

    fit = smf.ols("arm ~ age + C(place) + C(wave)", trial()).fit(cov_type=cov, use_t=True)
    names = [name for name in fit.params.index if name.startswith(("age", "C(place)"))]
    expected = fit.wald_test(np.eye(len(fit.params))[[list(fit.params.index).index(name) for name in names]], use_f=True, scalar=True)
    found = tu.balance_f_test(trial(), ["age", "place"], tu.Design("arm", 0, draw="blocked", blocks="wave"), se_type=se_type, df="residual")
    assert (found.statistic, found.p_value, found.df) == pytest.approx((expected.statistic, expected.pvalue, 3), rel=1e-9)


def test_nothing_to_test_is_said():
    assert tu.balance_f_test(trial().assign(age=1.0), ["age"], tu.Design("arm", 0)).reason
    assert tu.balance_f_test(trial().groupby("arm").head(1), ["age"], tu.Design("arm", 0)).reason
    with pytest.raises(tu.TakeupError, match="at least one"):
        tu.balance_f_test(trial(), [], tu.Design("arm", 0))
