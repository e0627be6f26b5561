"""`comparison` held against statsmodels, direct optimisation, stacked estimating equations with numerical derivatives, and simulation."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from scipy import optimize

import takeup as tu
from estimate.hostile import sound, trials
from parity.oracle import frame as reference_frame
from parity.oracle import reference
from takeup.errors import EstimateError
from takeup.estimate.balancing import effective_size, entropy, overlap

DESIGN = tu.Design("arm", 0)
METHODS = ("overlap", "entropy", "ancova", "did")


def made(seed: int = 1, n: int = 160, sites: int = 20) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    site = np.arange(n) % sites
    x = rng.normal(size=n)
    before = 0.5 * x + rng.normal(size=n)
    arm = (rng.uniform(size=n) < 1 / (1 + np.exp(0.3 - 0.7 * x - 0.4 * before))).astype(int)
    y = 1 + before + 0.5 * x + 0.4 * arm * (1 + x) + 0.4 * rng.normal(size=sites)[site] + rng.normal(size=n)
    kind = np.where(rng.uniform(size=n) < 0.4, "a", "b")
    return pd.DataFrame({"arm": arm, "x": x, "before": before, "kind": kind, "y": y, "site": site})


def parts(frame: pd.DataFrame):
    z = frame[["x", "before"]].to_numpy()
    return z, frame.arm.to_numpy(float), frame.y.to_numpy(), np.ones(len(frame))


def test_overlap_weights_are_those_of_the_logistic_regression():
    import statsmodels.api as sm

    frame = made()
    z, t, y, base = parts(frame)
    e = sm.Logit(t, sm.add_constant(z)).fit(disp=0, tol=1e-14).predict()
    w = np.where(t == 1, 1 - e, e)
    found = tu.comparison(frame, "y", DESIGN, covariates=["x", "before"])
    assert found.estimate == pytest.approx(np.average(y[t == 1], weights=w[t == 1]) - np.average(y[t == 0], weights=w[t == 0]), rel=1e-8)
    assert overlap(z, t, y, base).weights == pytest.approx(w, rel=1e-6)
    assert found.extra["max_smd_after"] < 1e-10
    assert found.extra["ess_control"] == pytest.approx(effective_size(w[t == 0]), rel=1e-6)


def test_entropy_weights_are_the_least_uneven():
    frame = made(seed=2)
    z, t, y, base = parts(frame)
    w = entropy(z, t, y, base).weights
    controls, goal = z[t == 0], z[t == 1].mean(axis=0)
    dual = optimize.minimize(lambda p: np.log(np.exp((controls - goal) @ p).sum()), np.zeros(2), method="BFGS", options={"gtol": 1e-10})
    expected = np.exp((controls - goal) @ dual.x)
    assert w[t == 0] == pytest.approx(expected / expected.sum(), rel=1e-5)  # the witness's own tolerance
    found = tu.comparison(frame, "y", DESIGN, covariates=["x", "before"], method="entropy")
    assert found.estimate == pytest.approx(y[t == 1].mean() - w[t == 0] @ y[t == 0], rel=1e-8)
    assert found.extra["max_smd_after"] < 1e-8


def stacked(equations, theta: np.ndarray, position: int) -> float:
    """Sandwich variance of one parameter from equations(theta) of shape (n, p), the Jacobian by central differences."""
    step = 1e-6
    jacobian = np.column_stack([(equations(theta + step * one).sum(axis=0) - equations(theta - step * one).sum(axis=0)) / (2 * step)
                                for one in np.eye(theta.size)])
    bread = np.linalg.inv(jacobian)
    scores = equations(theta) @ bread.T
    return float((scores[:, position] ** 2).sum())


def test_overlap_residuals_carry_the_estimation_of_the_weights():
    """Logistic scores, two weighted means and their difference, stacked: the plain sandwich of Li, Thomas and Li (2019)."""
    import statsmodels.api as sm

    z, t, y, base = parts(made(seed=3))
    x = sm.add_constant(z)
    gamma = sm.Logit(t, x).fit(disp=0, tol=1e-14).params
    found = overlap(z, t, y, base)
    means = [np.average(y[t == arm], weights=found.weights[t == arm]) for arm in (0, 1)]

    def equations(theta):
        e = 1 / (1 + np.exp(-x @ theta[:3]))
        return np.column_stack([x * (t - e)[:, None], (1 - t) * e * (y - theta[3]), t * (1 - e) * (y - theta[3] - theta[4])])

    influence = np.where(t == 1, 1.0, -1.0) * found.weights * found.residuals / found.weights[t == 1].sum()
    theta = np.r_[gamma, means[0], means[1] - means[0]]
    assert (influence**2).sum() == pytest.approx(stacked(equations, theta, 4), rel=1e-6)  # numerical derivatives


def test_entropy_residuals_carry_the_estimation_of_the_weights():
    z, t, y, base = parts(made(seed=4))
    found = entropy(z, t, y, base)
    goal = z[t == 1].mean(axis=0)
    tilt, *_ = np.linalg.lstsq(np.column_stack([np.ones((t == 0).sum()), z[t == 0]]), np.log(found.weights[t == 0]), rcond=None)
    mean = found.weights[t == 0] @ y[t == 0]

    def equations(theta):
        w = (1 - t) * np.exp(np.clip(tilt[0] + z @ theta[2:4], -50, 50))
        return np.column_stack([t[:, None] * (z - theta[:2]), w[:, None] * (z - theta[:2]), w * (y - theta[4]), t * (y - theta[4] - theta[5])])

    theta = np.r_[goal, tilt[1:], mean, y[t == 1].mean() - mean]
    assert np.abs(equations(theta).sum(axis=0)).max() < 1e-6
    influence = np.where(t == 1, 1.0, -1.0) * found.weights * found.residuals
    assert (influence**2).sum() == pytest.approx(stacked(equations, theta, 5), rel=1e-6)  # numerical derivatives


def test_ancova_and_did_are_the_regressions_of_a_trial():
    frame = made(seed=5)
    for design in (DESIGN, tu.Design("arm", 0, clusters="site")):
        ours = tu.comparison(frame, "y", design, covariates=["x", "before", "kind"], method="ancova")
        theirs = tu.ancova(frame, "y", design, covariates=["x", "before", "kind"])
        assert (ours.estimate, ours.std_error, ours.df) == pytest.approx((theirs.estimate, theirs.std_error, theirs.df), rel=1e-10)
        did = tu.comparison(frame, "y", design, covariates=["before", "x"], method="did")
        change = tu.ancova(frame.assign(change=frame.y - frame.before), "change", design, covariates=["x"])
        assert (did.estimate, did.std_error, did.df) == pytest.approx((change.estimate, change.std_error, change.df), rel=1e-10)
        assert tu.comparison(frame, "y", design, covariates=["x"], before="before", method="did").estimate == did.estimate


def test_change_score_of_jobs2_from_r():
    """The reference has residual degrees of freedom, ours are Satterthwaite's; estimate and standard error are the same."""
    found = tu.comparison(reference_frame("jobs2"), "depress2", tu.Design("treat", 0), covariates=["depress1"], method="did")
    assert found.estimate == pytest.approx(reference("jobs2/change_score_hc2", "estimate"), rel=1e-8)
    assert found.std_error == pytest.approx(reference("jobs2/change_score_hc2", "std_error"), rel=1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_words_and_labels(method):
    found = tu.comparison(made(), "y", tu.Design("arm", 0, clusters="site"), covariates=["before", "x", "kind"], method=method)
    assert (found.evidence, found.estimand, found.se_type, found.n_clusters) == ("comparison", "adjusted difference", "CR2", 20)
    assert "effect" not in found.reason.lower()
    assert "not drawn by lot" in found.reason
    assert found.extra["robustness_value_limit"] <= found.extra["robustness_value"]
    assert [row[0] for row in found.extra["balance"]] == (["x", "kind[b]"] if method == "did" else ["before", "x", "kind[b]"])
    x = next(row for row in found.extra["balance"] if row[0] == "x")
    frame = made()
    a, b = frame.x[frame.arm == 1], frame.x[frame.arm == 0]
    assert x[1] == pytest.approx((a.mean() - b.mean()) / math.sqrt((a.var(ddof=0) + b.var(ddof=0)) / 2), rel=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_order_labels_and_units_change_nothing(method):
    frame = made(seed=6)
    design = tu.Design("arm", 0, clusters="site")
    found = tu.comparison(frame, "y", design, covariates=["before", "x", "kind"], method=method)
    moved = frame.sample(frac=1, random_state=4)
    moved = moved.assign(site="s" + moved.site.astype(str), kind="k" + moved.kind, x=1e4 - 7 * moved.x, y=10 * moved.y + 3,
                         before=10 * moved.before - 1)
    other = tu.comparison(moved, "y", design, covariates=["before", "x", "kind"], method=method)
    assert other.estimate == pytest.approx(10 * found.estimate, rel=1e-7)
    assert (other.std_error, other.df) == pytest.approx((10 * found.std_error, found.df), rel=1e-7)
    for name in ("e_value", "robustness_value", "ess_control"):
        assert other.extra[name] == pytest.approx(found.extra[name], rel=1e-7)


def test_binary_outcomes_have_a_risk_ratio_of_their_own():
    frame = made(seed=7).assign(y=lambda f: (f.y > 1).astype(float))
    found = tu.comparison(frame, "y", DESIGN, covariates=["x", "before"])
    z, t, y, base = parts(frame)
    w = overlap(z, t, y, base).weights
    risks = [np.average(y[t == arm], weights=w[t == arm]) for arm in (0, 1)]
    assert found.extra["risk_ratio"] == pytest.approx(risks[1] / risks[0], rel=1e-8)


def test_groups_without_overlap_are_explained():
    frame = made().assign(x=lambda f: f.x + 100 * f.arm)
    for method in ("overlap", "entropy"):
        found = tu.comparison(frame, "y", DESIGN, covariates=["x"], method=method)
        assert "can't be had" in found.reason
        assert "effect" not in found.reason.lower()
        assert math.isnan(found.estimate)


def test_base_weights_and_blocks_are_used():
    frame = made(seed=8)
    frame["copies"] = np.arange(len(frame)) % 3 + 1
    repeated = frame.loc[frame.index.repeat(frame.copies)]
    for method in ("overlap", "entropy"):
        weighted = tu.comparison(frame, "y", tu.Design("arm", 0, weights="copies"), covariates=["x", "before"], method=method)
        copied = tu.comparison(repeated, "y", DESIGN, covariates=["x", "before"], method=method)
        assert weighted.estimate == pytest.approx(copied.estimate, rel=1e-8)
    blocked = tu.comparison(frame, "y", tu.Design("arm", 0, draw="blocked", blocks="kind"), covariates=["x", "before"])
    assert blocked.estimate == pytest.approx(tu.comparison(frame, "y", DESIGN, covariates=["x", "before", "kind"]).estimate, rel=1e-8)


def test_refusals():
    frame = made()
    with pytest.raises(EstimateError, match='Did you mean "overlap"'):
        tu.comparison(frame, "y", DESIGN, covariates=["x"], method="overlaps")
    with pytest.raises(EstimateError, match="needs covariates"):
        tu.comparison(frame, "y", DESIGN, covariates=[])
    with pytest.raises(EstimateError, match="belongs to method"):
        tu.comparison(frame, "y", DESIGN, covariates=["x"], before="before")
    with pytest.raises(EstimateError, match="own baseline"):
        tu.comparison(frame, "y", DESIGN, covariates=["x"], before="y", method="did")
    frame.loc[[0, 1], "before"] = np.nan
    did = tu.comparison(frame, "y", DESIGN, covariates=["before"], method="did")
    assert (did.n, did.n_missing) == (158, 2)


@settings(max_examples=100, deadline=None)
@given(trials(24))
def test_no_groups_break_it(frame):
    for method in METHODS:
        sound(lambda method=method: tu.comparison(frame, "y", DESIGN, covariates=["z", "x"], method=method))
    sound(lambda: tu.comparison(frame, "y", tu.Design("arm", 0, clusters="group"), covariates=["x", "level"]))


@pytest.mark.slow
@pytest.mark.parametrize("method", ["overlap", "entropy"])
def test_coverage_of_the_weighted_differences(method):
    """n 80 in two unlike groups, the difference the same for all: 95 % within three Monte-Carlo errors and a point of small-sample loss."""
    rng = np.random.default_rng(9)
    hits = used = 0
    for _ in range(1500):
        x = rng.normal(size=80)
        arm = (rng.uniform(size=80) < 1 / (1 + np.exp(-0.8 * x))).astype(int)
        frame = pd.DataFrame({"arm": arm, "x": x, "y": x + 0.5 * arm + rng.normal(size=80) * (1 + 0.5 * arm)})
        found = tu.comparison(frame, "y", DESIGN, covariates=["x"], method=method)
        used += found.std_error > 0
        hits += found.conf_low <= 0.5 <= found.conf_high
    assert used >= 1495
    assert 0.925 < hits / used < 0.97
