"""`mixed` and the likelihood under it, held against dense matrices, statsmodels, closed forms of balanced designs and simulation."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from scipy import optimize, stats

import takeup as tu
from estimate.hostile import sound, trials
from takeup.errors import EstimateError
from takeup.estimate.reml import intraclass_interval, random_intercept, satterthwaite_df
from takeup.estimate.tails import p_value

DESIGN = tu.Design("arm", 0)
FLAT = 1e-6  # where a witness stops at its own tolerance


def made(seed: int = 1, groups: int = 12, size: int = 5, between: float = 1.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 2 * size, groups)
    group = np.repeat(np.arange(groups), sizes)
    x = rng.normal(size=group.size)
    arm = rng.integers(0, 2, group.size)
    y = 3 + 0.5 * x + 0.4 * arm + math.sqrt(between) * rng.normal(size=groups)[group] + rng.normal(size=group.size)
    return pd.DataFrame({"y": y, "x": x, "arm": arm, "site": group})


def dense(frame: pd.DataFrame, theta: np.ndarray, *, restricted: bool) -> float:
    """The log likelihood from n x n matrices, as it is written in a textbook."""
    x = np.column_stack([np.ones(len(frame)), frame.x, frame.arm])
    z = (frame.site.to_numpy()[:, None] == frame.site.to_numpy()[None]).astype(float)
    v = theta[1] * np.eye(len(frame)) + theta[0] * z
    inverse = np.linalg.inv(v)
    a = x.T @ inverse @ x
    r = frame.y - x @ np.linalg.solve(a, x.T @ inverse @ frame.y)
    value = np.linalg.slogdet(v)[1] + r @ inverse @ r + len(frame) * math.log(2 * math.pi)
    if restricted:
        value += np.linalg.slogdet(a)[1] - 3 * math.log(2 * math.pi)
    return float(-0.5 * value)


@pytest.mark.parametrize("criterion", ["REML", "ML"])
def test_maximum_and_satterthwaite_from_dense_matrices(criterion):
    frame = made()
    found = tu.mixed(frame, "y", DESIGN, group="site", covariates=["x"], criterion=criterion)
    theta = np.array([found.extra["var_group"], found.extra["var_residual"]])

    def deviance(t):
        return -2 * dense(frame, t, restricted=criterion == "REML")

    assert found.extra["loglik"] == pytest.approx(-0.5 * deviance(theta), rel=1e-10)
    best = optimize.minimize(lambda t: deviance(np.exp(t)), np.log([0.5, 0.5]), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11})
    assert theta == pytest.approx(np.exp(best.x), rel=1e-5)  # Nelder-Mead on a flat top

    def variance(t):
        x = np.column_stack([np.ones(len(frame)), frame.x, frame.arm])
        v = t[1] * np.eye(len(frame)) + t[0] * (frame.site.to_numpy()[:, None] == frame.site.to_numpy()[None])
        return np.linalg.inv(x.T @ np.linalg.solve(v, x))[2, 2]

    step = 1e-4 * theta
    unit = np.diag(step)
    hessian = np.array([[(deviance(theta + unit[i] + unit[j]) - deviance(theta + unit[i] - unit[j]) - deviance(theta - unit[i] + unit[j])
                          + deviance(theta - unit[i] - unit[j])) / (4 * step[i] * step[j]) for j in range(2)] for i in range(2)])
    slope = np.array([(variance(theta + unit[i]) - variance(theta - unit[i])) / (2 * step[i]) for i in range(2)])
    assert found.std_error**2 == pytest.approx(variance(theta), rel=1e-10)
    assert found.df == pytest.approx(2 * variance(theta) ** 2 / (slope @ (2 * np.linalg.inv(hessian)) @ slope), rel=1e-4)  # finite differences


def test_statsmodels_agrees_where_it_converges():
    import statsmodels.api as sm

    frame = made(seed=3)
    x = sm.add_constant(frame[["x", "arm"]])
    fit = sm.MixedLM(frame.y, x, groups=frame.site).fit(reml=True, method="powell", ftol=1e-14)
    found = tu.mixed(frame, "y", DESIGN, group="site", covariates=["x"])
    assert found.estimate == pytest.approx(fit.fe_params["arm"], rel=FLAT)
    assert found.extra["var_group"] == pytest.approx(float(fit.cov_re.iloc[0, 0]), rel=1e-4)
    assert found.extra["var_residual"] == pytest.approx(fit.scale, rel=1e-4)
    assert found.extra["loglik"] == pytest.approx(fit.llf, rel=1e-8)


def test_balanced_clusters_have_the_classical_answer():
    """Whole groups of equal size in one arm: the t test on group means, with G - 2 degrees of freedom, exactly."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"site": np.repeat(np.arange(10), 6), "arm": np.repeat([0, 1] * 5, 6)})
    frame["y"] = rng.normal(size=10)[frame.site] * 2 + rng.normal(size=60)
    found = tu.mixed(frame, "y", DESIGN, group="site")
    means = frame.groupby(["site", "arm"]).y.mean().reset_index()
    expected = stats.ttest_ind(means.y[means.arm == 1], means.y[means.arm == 0])
    assert found.df == pytest.approx(8, rel=1e-8)
    assert found.statistic == pytest.approx(expected.statistic, rel=1e-8)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-8)


def test_interval_of_the_icc_is_searles_when_balanced():
    rng = np.random.default_rng(6)
    g, m = 15, 4
    groups = np.repeat(np.arange(g), m)
    y = rng.normal(size=g)[groups] + rng.normal(size=g * m)
    means = y.reshape(g, m).mean(axis=1)
    f = m * means.var(ddof=1) / (((y.reshape(g, m) - means[:, None]) ** 2).sum() / (g * (m - 1)))
    low, high = ((f / stats.f.ppf(q, g - 1, g * (m - 1)) - 1) / m for q in (0.975, 0.025))
    assert intraclass_interval(np.ones((g * m, 1)), y, groups, 0.95) == pytest.approx((low / (1 + low), high / (1 + high)), rel=1e-8)


def test_a_variance_of_zero_gives_the_regression_and_says_so():
    frame = made(seed=2, between=0.0)
    frame["y"] -= frame.groupby("site").y.transform("mean")
    found = tu.mixed(frame, "y", DESIGN, group="site", covariates=["x"])
    plain = tu.ancova(frame, "y", DESIGN, covariates=["x"], se_type="classical")
    assert found.extra["icc"] == 0.0
    assert "estimated as zero" in found.reason
    assert (found.estimate, found.std_error, found.df) == pytest.approx((plain.estimate, plain.std_error, plain.df), rel=1e-8)


def test_order_labels_and_units_change_nothing():
    frame = made(seed=9)
    found = tu.mixed(frame, "y", DESIGN, group="site", covariates=["x"])
    moved = frame.sample(frac=1, random_state=1)
    moved["site"] = "s" + (100 - moved.site).astype(str)
    moved["y"] = 1e6 + 250 * moved.y
    other = tu.mixed(moved, "y", DESIGN, group="site", covariates=["x"])
    assert other.estimate == pytest.approx(250 * found.estimate, rel=1e-6)
    assert other.std_error == pytest.approx(250 * found.std_error, rel=1e-6)
    assert other.df == pytest.approx(found.df, rel=1e-6)
    assert other.extra["icc_low"] == pytest.approx(found.extra["icc_low"], rel=1e-6)


def test_blocks_are_fixed_effects_unless_the_groups_hold_them():
    frame = made(seed=4)
    frame["block"] = frame.site % 3
    by_block = tu.mixed(frame, "y", tu.Design("arm", 0, draw="blocked", blocks="block"), group="site")
    dummies = pd.get_dummies(frame.block, prefix="b", drop_first=True, dtype=float)
    by_hand = tu.mixed(frame.join(dummies), "y", DESIGN, group="site", covariates=list(dummies))
    assert by_block.estimate == pytest.approx(by_hand.estimate, rel=1e-8)
    as_group = tu.mixed(frame, "y", tu.Design("arm", 0, draw="blocked", blocks="site"), group="site")
    assert as_group.estimate == pytest.approx(tu.mixed(frame, "y", DESIGN, group="site").estimate, rel=1e-10)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda f: f.assign(y=1.0), "no variation"),
        (lambda f: f.assign(y=f.site.astype(float)), "no variation left within groups"),
        (lambda f: f.assign(site=range(len(f))), "independent"),
        (lambda f: f.assign(x=f.arm), "isn't identified"),
        (lambda f: f.assign(site=f.arm), "too few groups"),
        (lambda f: f.assign(site="one"), "take up all differences"),
        (lambda f: f.groupby("arm").head(1), "isn't identified"),
        (lambda f: pd.concat([f[f.arm == 1].head(2), f[f.arm == 0].head(1)]), "no degrees of freedom"),
    ],
)
def test_what_can_not_be_had_is_explained(change, why):
    found = tu.mixed(change(made()), "y", DESIGN, group="site", covariates=["x"])
    assert why in found.reason
    sound(lambda: found)


def test_refusals():
    frame = made()
    frame.loc[3, "site"] = np.nan
    with pytest.raises(EstimateError, match="1 rows have no value"):
        tu.mixed(frame, "y", DESIGN, group="site")
    with pytest.raises(EstimateError, match='Did you mean "site"'):
        tu.mixed(frame, "y", DESIGN, group="sites")
    with pytest.raises(EstimateError, match="no analysis weights"):
        tu.mixed(frame, "y", tu.Design("arm", 0, weights="x"), group="site")
    with pytest.raises(EstimateError, match="no criterion"):
        tu.mixed(frame, "y", DESIGN, group="site", criterion="reml")


@settings(max_examples=150, deadline=None)
@given(trials())
def test_no_trial_breaks_it(frame):
    sound(lambda: tu.mixed(frame, "y", DESIGN, group="group", covariates=["x"]))


@pytest.mark.slow
def test_the_icc_interval_covers():
    """Exact under normality, so 2,000 unbalanced draws with a covariate lie within 3 Monte-Carlo errors of 95 %."""
    rng = np.random.default_rng(11)
    hits, draws, ratio = 0, 2000, 0.25
    groups = np.repeat(np.arange(8), [2, 3, 4, 5, 6, 7, 8, 12])
    x = np.column_stack([np.ones(groups.size), rng.normal(size=groups.size)])
    for _ in range(draws):
        y = math.sqrt(ratio) * rng.normal(size=8)[groups] + rng.normal(size=groups.size)
        low, high = intraclass_interval(x, y, groups, 0.95)
        hits += low <= ratio / (1 + ratio) <= high
    assert abs(hits / draws - 0.95) < 3 * math.sqrt(0.95 * 0.05 / draws)


@pytest.mark.slow
def test_size_with_few_whole_groups():
    """Ten groups of eight drawn whole, ICC 0.1: the test keeps 5 % within Monte-Carlo error (2,000 draws)."""
    rng = np.random.default_rng(12)
    groups = np.repeat(np.arange(10), 8)
    x = np.column_stack([np.ones(80), groups % 2.0])
    rejections, draws = 0, 2000
    for _ in range(draws):
        y = math.sqrt(1 / 9) * rng.normal(size=10)[groups] + rng.normal(size=80)
        fit = random_intercept(x, y, groups)
        df = satterthwaite_df(fit, np.array([0.0, 1.0]))
        rejections += p_value(fit.coefficients[1] / math.sqrt(fit.covariance[1, 1]), df) < 0.05
    assert abs(rejections / draws - 0.05) < 3 * math.sqrt(0.05 * 0.95 / draws)
