"""`partially_nested` held against its two arms taken apart, dense matrices and simulation with five providers."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from scipy import optimize

import takeup as tu
from estimate.hostile import sound, trials
from takeup.errors import EstimateError

DESIGN = tu.Design("arm", 0, nested_in="manager")


def made(rng: np.random.Generator, providers: int = 5, size: int = 10, controls: int = 50, icc: float = 0.1, control_sd: float = 1.0) -> pd.DataFrame:
    treated = providers * size
    y = np.r_[np.repeat(rng.normal(size=providers) * math.sqrt(icc), size) + rng.normal(size=treated) * math.sqrt(1 - icc),
              rng.normal(size=controls) * control_sd]
    manager = np.r_[np.repeat(np.arange(providers), size).astype(float), np.full(controls, np.nan)]
    frame = pd.DataFrame({"arm": np.r_[np.ones(treated), np.zeros(controls)].astype(int), "manager": manager, "x": rng.normal(size=y.size)})
    return frame.assign(y=y + 0.5 * frame.x)


def test_without_covariates_the_arms_come_apart():
    """Then the treated mean is that of a random-intercept model of its own, the control mean an ordinary one, and the variances add."""
    import statsmodels.api as sm

    frame = made(np.random.default_rng(1), icc=0.4)
    frame = frame.drop(index=[0, 1, 2, 12])
    found = tu.partially_nested(frame, "y", DESIGN)
    treated, control = frame[frame.arm == 1], frame[frame.arm == 0].y
    fit = sm.MixedLM(treated.y, np.ones(len(treated)), groups=treated.manager).fit(reml=True, method="powell", ftol=1e-14)
    group, within = float(fit.cov_re.iloc[0, 0]), fit.scale
    sizes = treated.groupby("manager").size()
    variance = 1 / (sizes / (within + sizes * group)).sum() + control.var() / control.size
    assert found.estimate == pytest.approx(fit.fe_params.iloc[0] - control.mean(), rel=1e-6)
    assert found.std_error == pytest.approx(math.sqrt(variance), rel=1e-5)  # the witness's variances are good to about 1e-6
    assert found.extra["var_control"] == pytest.approx(control.var(), rel=1e-8)
    assert (found.extra["var_provider"], found.extra["var_treated"]) == pytest.approx((group, within), rel=1e-4)
    assert found.n_clusters == 5


def test_maximum_and_degrees_of_freedom_from_dense_matrices():
    frame = made(np.random.default_rng(4), icc=0.3, control_sd=1.5)
    x = np.column_stack([np.ones(len(frame)), frame.x, frame.arm])
    same = (frame.manager.to_numpy()[:, None] == frame.manager.to_numpy()[None]).astype(float)  # nan equals nothing
    arm = frame.arm.to_numpy()

    def parts(t):
        v = np.diag(np.where(arm == 1, t[1], t[2])) + t[0] * same
        inverse = np.linalg.inv(v)
        a = x.T @ inverse @ x
        return v, inverse, a

    def deviance(t):
        v, inverse, a = parts(t)
        r = frame.y - x @ np.linalg.solve(a, x.T @ inverse @ frame.y)
        return float(np.linalg.slogdet(v)[1] + np.linalg.slogdet(a)[1] + r @ inverse @ r)

    def variance(t):
        return np.linalg.inv(parts(t)[2])[2, 2]

    found = tu.partially_nested(frame, "y", DESIGN, covariates=["x"])
    theta = np.array([found.extra["var_provider"], found.extra["var_treated"], found.extra["var_control"]])
    options = {"xatol": 1e-8, "fatol": 1e-10, "maxiter": 5000}
    best = optimize.minimize(lambda t: deviance(np.exp(t)), np.zeros(3), method="Nelder-Mead", options=options)
    assert theta == pytest.approx(np.exp(best.x), rel=1e-4)  # Nelder-Mead on a flat top
    assert deviance(theta) <= best.fun + 1e-9
    unit = np.diag(1e-4 * theta)
    hessian = np.array([[(deviance(theta + a + b) - deviance(theta + a - b) - deviance(theta - a + b) + deviance(theta - a - b))
                         / (4 * a.max() * b.max()) for b in unit] for a in unit])
    slope = np.array([(variance(theta + a) - variance(theta - a)) / (2 * a.max()) for a in unit])
    assert found.std_error**2 == pytest.approx(variance(theta), rel=1e-9)
    assert found.df == pytest.approx(2 * variance(theta) ** 2 / (slope @ (2 * np.linalg.inv(hessian)) @ slope), rel=1e-4)  # finite differences


def test_no_difference_between_providers_gives_welch():
    """At a variance of zero and without covariates the model is two means with two variances: Welch's test, its df by Satterthwaite."""
    from scipy import stats

    frame = made(np.random.default_rng(2), control_sd=2.0)
    treated = frame.arm == 1
    frame.loc[treated, "y"] -= frame[treated].groupby("manager").y.transform("mean")
    found = tu.partially_nested(frame, "y", DESIGN)
    welch = stats.ttest_ind(frame.y[treated], frame.y[~treated], equal_var=False)
    assert "estimated as zero" in found.reason
    assert found.statistic == pytest.approx(welch.statistic, rel=1e-8)
    assert found.df == pytest.approx(welch.df, rel=1e-8)


def test_order_labels_units_and_labels_of_controls_change_nothing():
    frame = made(np.random.default_rng(3), icc=0.3)
    found = tu.partially_nested(frame, "y", DESIGN, covariates=["x"])
    moved = frame.sample(frac=1, random_state=2)
    moved["manager"] = ("m" + (9 - moved.manager).astype(str)).where(moved.arm == 1, "none")
    moved["y"] = 10 - 40 * moved.y
    other = tu.partially_nested(moved, "y", DESIGN, covariates=["x"])
    assert other.estimate == pytest.approx(-40 * found.estimate, rel=1e-6)
    assert (other.std_error, other.df) == pytest.approx((40 * found.std_error, found.df), rel=1e-6)
    assert "not used" in other.reason


def test_refusals_and_explanations():
    frame = made(np.random.default_rng(5))
    with pytest.raises(EstimateError, match="both arms"):
        tu.partially_nested(frame.assign(manager=1), "y", DESIGN)
    with pytest.raises(EstimateError, match="nested_in"):
        tu.partially_nested(frame, "y", tu.Design("arm", 0))
    one = tu.partially_nested(frame.assign(manager=np.where(frame.arm == 1, 1.0, np.nan)), "y", DESIGN)
    assert math.isnan(one.std_error)
    assert "too few groups" in one.reason
    flat = tu.partially_nested(frame.assign(y=frame.y.where(frame.arm == 1, 2.0)), "y", DESIGN)
    assert math.isnan(flat.std_error)
    assert "run to zero" in flat.reason


@settings(max_examples=150, deadline=None)
@given(trials())
def test_no_trial_breaks_it(frame):
    frame["group"] = frame.group.where(frame.arm == 1, None)
    sound(lambda: tu.partially_nested(frame, "y", tu.Design("arm", 0, nested_in="group"), covariates=["x"]))


@pytest.mark.slow
@pytest.mark.parametrize("icc", [0.0, 0.05, 0.2])
def test_size_and_coverage_at_five_providers(icc):
    """Five providers of ten, fifty controls, one covariate, no difference in truth; 2,000 draws, Monte-Carlo error 0.005.

    Neither road is exact with five providers. The mixed model is conservative when providers don't differ (it can only add variance)
    and slightly liberal at ICC 0.2, where the provider variance is estimated as zero in one draw out of nine; so is CR2. Both stay
    under 8 %, where the test that ignores providers rejects more than 8 % at ICC 0.2 and the gap widens with their size.
    """
    rng = np.random.default_rng(20191130)
    draws = 2000
    rejected = {"mixed": 0, "design": 0, "ignored": 0}
    for _ in range(draws):
        frame = made(rng, icc=icc)
        rejected["mixed"] += tu.partially_nested(frame, "y", DESIGN, covariates=["x"]).p_value < 0.05
        by_design = tu.ancova(frame, "y", DESIGN, covariates=["x"])
        rejected["design"] += not by_design.conf_low <= 0 <= by_design.conf_high
        rejected["ignored"] += tu.ancova(frame, "y", tu.Design("arm", 0), covariates=["x"]).p_value < 0.05
    size = {name: count / draws for name, count in rejected.items()}
    error = 3 * math.sqrt(0.05 * 0.95 / draws)
    assert size["mixed"] < (0.05 + error if icc < 0.1 else 0.08), size
    assert size["design"] < (0.05 + error if icc < 0.1 else 0.08), size
    assert size["mixed"] > 0.02, size
    if icc == 0.2:
        assert size["ignored"] > size["design"] + error, size
