"""Several instruments against linearmodels; complier means by hand."""

import numpy as np
import pandas as pd
import pytest

import takeup as tu

DESIGN = tu.Design("arm", 0, received="came")


def trial(seed=7, n=400):
    rng = np.random.default_rng(seed)
    arm, urban = rng.integers(0, 2, n), rng.integers(0, 2, n)
    kind = rng.random(n)
    came = ((kind < 0.1) | (arm == 1) & (kind < 0.4 + 0.4 * urban)).astype(int)
    y = 1.0 * came + 2.0 * (kind < 0.3) + urban + rng.normal(size=n)
    return pd.DataFrame({"arm": arm, "urban": urban, "came": came, "x": rng.normal(size=n), "village": rng.integers(0, 25, n), "y": y})


def parts(frame):
    exogenous = pd.DataFrame({"one": 1.0, "urban": frame["urban"], "x": frame["x"]})
    return frame["y"], exogenous, frame["came"], pd.DataFrame({"z": frame["arm"], "zu": frame["arm"] * frame["urban"]})


def ours(frame, design=DESIGN, **options):
    return tu.cace(frame, "y", design, covariates=["urban", "x"], interacted=["urban"], **options)


def test_estimate_sargan_and_hausman_are_those_of_linearmodels():
    from linearmodels.iv import IV2SLS

    fit = IV2SLS(*parts(trial())).fit(cov_type="unadjusted", debiased=True)
    found = ours(trial(), se_type="classical")
    assert (found.estimate, found.std_error) == pytest.approx((fit.params["came"], fit.std_errors["came"]), rel=1e-9)
    assert (found.extra["sargan"], found.extra["sargan_p"]) == pytest.approx((fit.sargan.stat, fit.sargan.pval), rel=1e-9)
    hausman = fit.wu_hausman()
    assert (found.extra["wu_hausman_f"], found.extra["wu_hausman_p"]) == pytest.approx((hausman.stat, hausman.pval), rel=1e-9)


@pytest.mark.parametrize("clustered", [False, True])
def test_hansen_is_that_of_two_step_gmm(clustered):
    from linearmodels.iv import IVGMM

    frame = trial()
    how = {"weight_type": "clustered", "clusters": frame["village"].to_numpy()} if clustered else {"weight_type": "robust"}
    fit = IVGMM(*parts(frame), **how).fit(iter_limit=2)
    design = tu.Design("arm", 0, received="came", clusters="village" if clustered else None)
    found = ours(frame, design)
    assert found.extra["hansen_j"] == pytest.approx(fit.j_stat.stat, rel=1e-7)
    assert found.extra["overidentification_df"] == 1


def test_the_joint_first_stage_is_statsmodels():
    import statsmodels.formula.api as smf

    fit = smf.ols("came ~ urban + x + arm + arm:urban", trial()).fit(cov_type="HC1", use_t=True)
    expected = fit.wald_test(np.eye(5)[[3, 4]], use_f=True, scalar=True)
    assert ours(trial(), se_type="HC1").extra["first_stage_f"] == pytest.approx(expected.statistic, rel=1e-9)


def test_means_of_compliers_are_ratios_of_differences():
    frame = trial()
    extra = tu.cace(frame, "y", DESIGN).extra
    one, other = frame[frame["arm"] == 1], frame[frame["arm"] == 0]
    share = one["came"].mean() - other["came"].mean()
    taken = ((one["y"] * one["came"]).mean() - (other["y"] * other["came"]).mean()) / share
    left = ((other["y"] * (1 - other["came"])).mean() - (one["y"] * (1 - one["came"])).mean()) / share
    assert (extra["complier_mean_treated"], extra["complier_mean_control"]) == pytest.approx((taken, left), rel=1e-9)


def test_a_column_that_is_no_covariate_is_named():
    with pytest.raises(tu.TakeupError, match="village"):
        tu.cace(trial(), "y", DESIGN, covariates=["urban"], interacted=["village"])
    alone = tu.cace(trial().assign(flat=1.0), "y", DESIGN, covariates=["urban", "flat"], interacted=["flat"])
    assert np.isnan(alone.extra["sargan"])


def test_structural_leverages_hold_for_several_instruments_too():
    rng = np.random.default_rng(8)
    frame = pd.DataFrame({"arm": np.arange(60) % 2, "keen": rng.integers(0, 2, 60)})
    frame["came"] = ((rng.random(60) < 0.3 + 0.3 * frame["keen"]) & (frame["arm"] == 1)).astype(int)
    frame["y"] = frame["came"] + frame["keen"] + rng.normal(size=60)
    found = {kind: tu.cace(frame, "y", tu.Design("arm", 0, received="came"), covariates=["keen"], interacted=["keen"], se_type=kind, df="residual")
             for kind in ("HC0", "HC2", "HC2_structural")}
    assert len({one.estimate for one in found.values()}) == 1
    assert len({one.std_error for one in found.values()}) == 3
