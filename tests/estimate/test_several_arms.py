"""Several arms at once, against SciPy, statsmodels and brute force."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import takeup as tu

DESIGN = tu.Design("arm", "none")


def trial(seed=2, n=90):
    rng = np.random.default_rng(seed)
    arm = rng.permutation(np.repeat(["none", "letter", "visit"], [n // 2, n // 4, n - n // 2 - n // 4]))
    return pd.DataFrame({"arm": arm, "x": rng.normal(size=n), "place": rng.integers(0, 12, n),
                         "y": rng.normal(size=n) + 0.5 * (arm == "visit") * (1 + rng.normal(size=n))})


def groups(frame):
    return [frame.loc[frame["arm"] == name, "y"].to_numpy() for name in ("none", "letter", "visit")]


def test_classical_is_the_analysis_of_variance():
    found, expected = tu.arms_test(trial(), "y", DESIGN, se_type="classical"), stats.f_oneway(*groups(trial()))
    assert (found.statistic, found.p_value) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-10)
    assert (found.df, found.df_denominator) == (2, 87)


def test_welch_is_statsmodels():
    from statsmodels.stats.oneway import anova_oneway

    found, expected = tu.arms_test(trial(), "y", DESIGN, method="welch"), anova_oneway(groups(trial()), use_var="unequal")
    assert (found.statistic, found.df_denominator) == pytest.approx((expected.statistic, expected.df_denom), rel=1e-10)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-10)


def test_robust_wald_with_covariates_is_statsmodels():
    import statsmodels.formula.api as smf

    fit = smf.ols("y ~ C(arm, Treatment('none')) + x", trial()).fit(cov_type="HC1", use_t=True)
    expected = fit.wald_test(np.eye(4)[1:3], use_f=True, scalar=True)
    found = tu.arms_test(trial(), "y", DESIGN, covariates=["x"], se_type="HC1")
    assert (found.statistic, found.p_value) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-9)


def test_with_two_arms_it_is_the_square_of_t():
    frame = trial()
    frame = frame[frame["arm"] != "letter"]
    one = tu.ancova(frame, "y", DESIGN, covariates=["x"])
    found = tu.arms_test(frame, "y", DESIGN, covariates=["x"])
    assert (found.statistic, found.df_denominator, found.p_value) == pytest.approx((one.statistic**2, one.df, one.p_value), rel=1e-9)


@pytest.mark.parametrize("seed", [1, 2])
def test_dunnett_is_scipys(seed):
    control, *treated = groups(trial(seed, 40))
    expected = stats.dunnett(*treated, control=control, rng=np.random.default_rng(1))
    found = tu.compare_arms(trial(seed, 40), "y", DESIGN)
    assert [one.statistic for one in found] == pytest.approx(expected.statistic, rel=1e-10)
    assert [one.p_value for one in found] == pytest.approx(expected.pvalue, abs=1e-3)  # SciPy integrates at random points


def test_tukey_is_scipys():
    names = ("none", "letter", "visit")
    expected = stats.tukey_hsd(*groups(trial()))
    interval = expected.confidence_interval(0.9)
    for one in tu.compare_arms(trial(), "y", DESIGN, method="tukey", conf_level=0.9):
        first, second = (names.index(name) for name in one.term.split(" - "))
        assert (one.estimate, one.p_value) == pytest.approx((expected.statistic[first, second], expected.pvalue[first, second]), rel=1e-9)
        assert (one.conf_low, one.conf_high) == pytest.approx((interval.low[first, second], interval.high[first, second]), rel=1e-8)


def test_three_treated_arms_and_one_comparison_of_dunnett():
    from takeup.estimate.several_arms import _Dunnett, _Tukey

    for df in (2.0, 9.0, 300.0):
        for t in (0.5, 2.0, 8.0):
            expected = 2 * stats.t.sf(t, df)
            assert _Dunnett(np.array([7.0, 4.0]), df).tail(t) == pytest.approx(expected, rel=1e-6)
            assert _Tukey(np.array([7.0, 4.0]), df).tail(t) == pytest.approx(expected, rel=1e-6)
    found = tu.compare_arms(trial().assign(arm=lambda one: one["arm"].where(one.index % 3 > 0, "both")), "y", DESIGN, method="tukey")
    assert len(found) == 6


def test_degenerate_and_wrong_input():
    frame = trial()
    flat = tu.compare_arms(frame.assign(y=1.0), "y", DESIGN)
    assert all(one.reason and np.isnan(one.p_value) for one in flat)
    assert tu.arms_test(frame.assign(y=1.0), "y", DESIGN).reason
    assert tu.arms_test(frame.assign(y=1.0), "y", DESIGN, method="welch").reason
    few = frame.groupby("arm").head(1)
    assert tu.arms_test(few, "y", DESIGN).reason
    assert tu.arms_test(few, "y", DESIGN, method="welch").reason
    assert all(one.reason for one in tu.compare_arms(few, "y", DESIGN))
    with pytest.raises(tu.TakeupError, match="one treated arm"):
        tu.compare_arms(frame[frame["arm"] != "visit"], "y", DESIGN)
    with pytest.raises(tu.TakeupError, match="no column"):
        tu.arms_test(frame, "y", tu.Design("group", "none"))
    with pytest.raises(tu.TakeupError, match="drawn one by one"):
        tu.arms_test(frame, "y", tu.Design("arm", "none", draw="blocked", blocks="place"), method="welch")
    with pytest.raises(tu.TakeupError, match="method"):
        tu.compare_arms(frame, "y", DESIGN, method="scheffe")
