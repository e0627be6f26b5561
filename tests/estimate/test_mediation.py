"""`mediate` held against its identities, the generalised least squares of medsens, the bootstrap and a simulation of coverage."""

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
from takeup.estimate.arrays import arrays
from takeup.estimate.resample import resampled_weights

DESIGN = tu.Design("arm", 0)


def made(seed: int = 1, n: int = 200, a: float = 0.8, b: float = 0.5, sites: int = 20) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    site = np.arange(n) % sites
    arm = rng.integers(0, 2, n)
    x = rng.normal(size=n)
    m = 1 + a * arm + 0.4 * x + 0.5 * rng.normal(size=sites)[site] + rng.normal(size=n)
    y = 2 + 0.3 * arm + b * m - 0.2 * x + 0.5 * rng.normal(size=sites)[site] + rng.normal(size=n)
    return pd.DataFrame({"arm": arm, "x": x, "m": m, "y": y, "site": site})


def test_parts_add_up_and_total_is_the_ancova():
    frame = made()
    found = tu.mediate(frame, "y", "m", DESIGN, covariates=["x"])
    plain = tu.ancova(frame, "y", DESIGN, covariates=["x"])
    assert [row.term for row in found] == ["acme", "ade", "total", "rho"]
    assert found["acme"].estimate + found["ade"].estimate == pytest.approx(found["total"].estimate, rel=1e-10)
    for name in ("estimate", "std_error", "df", "p_value"):
        assert getattr(found["total"], name) == pytest.approx(getattr(plain, name), rel=1e-10)
    assert (found["acme"].evidence, found["ade"].evidence, found["total"].evidence) == ("comparison", "comparison", "randomized")
    assert all("sequential ignorability" in found[name].reason for name in ("acme", "ade", "rho"))
    given_m = tu.ancova(frame, "y", DESIGN, covariates=["x", "m"])
    assert (found["ade"].estimate, found["ade"].std_error, found["ade"].df) == pytest.approx((given_m.estimate, given_m.std_error, given_m.df))


def acme_at(rho: float, frame: pd.DataFrame) -> float:
    """What medsens of the R package mediation does: both equations at once by generalised least squares with error correlation rho."""
    n = len(frame)
    first = np.column_stack([np.ones(n), frame.arm, frame.x])
    second = np.column_stack([first, frame.m])
    sd = np.ones(2)
    for _ in range(200):
        inverse = np.linalg.inv(np.array([[sd[0] ** 2, rho * sd[0] * sd[1]], [rho * sd[0] * sd[1], sd[1] ** 2]]))
        left = np.block([[inverse[0, 0] * first.T @ first, inverse[0, 1] * first.T @ second],
                         [inverse[1, 0] * second.T @ first, inverse[1, 1] * second.T @ second]])
        right = np.r_[first.T @ (inverse[0, 0] * frame.m + inverse[0, 1] * frame.y), second.T @ (inverse[1, 0] * frame.m + inverse[1, 1] * frame.y)]
        beta = np.linalg.solve(left, right)
        before, sd = sd, np.array([np.std(frame.m - first @ beta[:3]), np.std(frame.y - second @ beta[3:])])
        if np.abs(sd - before).max() < 1e-14:
            break
    return float(beta[1] * beta[6])


def test_rho_is_where_the_acme_of_medsens_is_zero():
    frame = made(seed=2)
    found = tu.mediate(frame, "y", "m", DESIGN, covariates=["x"])
    assert acme_at(0.0, frame) == pytest.approx(found["acme"].estimate, rel=1e-10)
    root = optimize.brentq(acme_at, -0.9, 0.9, args=(frame,), xtol=1e-12)
    assert found["rho"].estimate == pytest.approx(root, rel=1e-7)  # the witness iterates
    assert found["acme"].extra["rho"] == found["rho"].estimate
    assert found["rho"].extra["r2_residual"] == pytest.approx(root**2, rel=1e-6)


def test_interaction_averages_over_the_arms():
    frame = made(seed=3)
    found = tu.mediate(frame, "y", "m", DESIGN, covariates=["x"], interaction=True)
    acme, ade = found["acme"], found["ade"]
    assert acme.estimate == pytest.approx((acme.extra["acme_0"] + acme.extra["acme_1"]) / 2)
    assert ade.estimate == pytest.approx((ade.extra["ade_0"] + ade.extra["ade_1"]) / 2)
    assert acme.extra["acme_1"] + ade.extra["ade_0"] == pytest.approx(acme.extra["acme_0"] + ade.extra["ade_1"])
    assert len(found) == 3


def test_clusters_reach_both_regressions():
    frame = made(seed=4)
    design = tu.Design("arm", 0, clusters="site")
    found = tu.mediate(frame, "y", "m", design, covariates=["x"])["acme"]
    first = tu.ancova(frame, "m", design, covariates=["x"])
    assert (found.extra["a"], found.extra["a_se"]) == pytest.approx((first.estimate, first.std_error), rel=1e-10)
    assert found.std_error == pytest.approx(math.hypot(found.extra["b"] * found.extra["a_se"], found.extra["a"] * found.extra["b_se"]))
    assert (found.se_type, found.n_clusters) == ("CR2", 20)


def test_bootstrap_agrees_with_the_delta_method_and_repeats():
    frame = made(seed=5, n=400)
    found = tu.mediate(frame, "y", "m", DESIGN, covariates=["x"], bootstrap=500, seed=7)
    acme = found["acme"]
    width = acme.extra["bootstrap_high"] - acme.extra["bootstrap_low"]
    assert width == pytest.approx(acme.conf_high - acme.conf_low, rel=0.15)  # 500 draws
    assert acme.provenance.seed == 7
    again = tu.mediate(frame, "y", "m", DESIGN, covariates=["x"], bootstrap=500, seed=7)
    assert again["acme"].extra == acme.extra
    longer = list(resampled_weights(arrays(frame, "y", DESIGN), DESIGN, 6, 7))
    for one, other in zip(longer, resampled_weights(arrays(frame, "y", DESIGN), DESIGN, 3, 7), strict=False):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("design", "unit", "stratum"),
    [(tu.Design("arm", 0), None, ["arm"]), (tu.Design("arm", 0, draw="blocked", blocks="block"), None, ["arm", "block"]),
     (tu.Design("arm", 0, draw="clustered", clusters="site"), "site", ["arm"]), (tu.Design("arm", 0, draw="pairs", blocks="site"), "site", [])],
)
def test_resamples_follow_the_draw(design, unit, stratum):
    frame = made(n=80).assign(arm=lambda f: f.site % 2, block=lambda f: f.site // 5)
    if design.draw == "pairs":
        frame["arm"] = np.arange(80) // 20 % 2
    data = arrays(frame, "y", design)
    for counts in resampled_weights(data, design, 5, 1):
        frame["times"] = counts
        assert frame.times.sum() == 80
        if unit:
            assert (frame.groupby(unit).times.transform("first") == frame.times).all()
        if stratum:
            assert (frame.groupby(stratum).times.sum() == frame.groupby(stratum).size()).all()


def test_order_labels_and_units_change_nothing():
    frame = made(seed=6)
    design = tu.Design("arm", 0, clusters="site")
    found = tu.mediate(frame, "y", "m", design, covariates=["x"])
    moved = frame.sample(frac=1, random_state=4)
    moved = moved.assign(site="s" + moved.site.astype(str), y=3 * moved.y - 7, m=100 - 0.01 * moved.m)
    other = tu.mediate(moved, "y", "m", design, covariates=["x"])
    for name in ("acme", "ade", "total"):
        assert other[name].estimate == pytest.approx(3 * found[name].estimate, rel=1e-8)
        assert other[name].p_value == pytest.approx(found[name].p_value, rel=1e-7)
    assert other["rho"].estimate == pytest.approx(-found["rho"].estimate, rel=1e-8)


def test_missing_mediators_are_counted_and_trouble_is_explained():
    frame = made()
    frame.loc[[1, 2], "m"] = np.nan
    frame.loc[[2, 3], "y"] = np.nan
    found = tu.mediate(frame, "y", "m", DESIGN)
    assert (found["total"].n, found["total"].n_missing) == (197, 3)
    flat = tu.mediate(made().assign(m=1.0), "y", "m", DESIGN)
    assert "isn't identified" in flat["acme"].reason
    assert "can't be had" in flat["rho"].reason
    copy = tu.mediate(made().assign(m=lambda f: f.arm), "y", "m", DESIGN)
    assert "isn't identified" in copy["acme"].reason


def test_refusals():
    frame = made()
    with pytest.raises(EstimateError, match="2 problems"):
        tu.mediate(frame, "y", "y", DESIGN, bootstrap=10)
    with pytest.raises(EstimateError, match="no observed value"):
        tu.mediate(frame.assign(m=np.nan), "y", "m", DESIGN)
    with pytest.raises(EstimateError, match='Did you mean "m"'):
        tu.mediate(frame, "y", "mm", DESIGN)


@settings(max_examples=150, deadline=None)
@given(trials(20))
def test_no_trial_breaks_it(frame):
    sound(lambda: tu.mediate(frame, "y", "z", DESIGN, covariates=["x"]))
    sound(lambda: tu.mediate(frame, "y", "z", tu.Design("arm", 0, clusters="group"), interaction=True))


@pytest.mark.slow
def test_coverage_of_the_acme():
    """n 200, a 0.4, b 0.3: the delta interval falls a little short of 95 %, as a product is skewed (MacKinnon, Lockwood and Williams 2004)."""
    rng = np.random.default_rng(10)
    hits, draws = 0, 2000
    for _ in range(draws):
        arm = rng.permutation(np.repeat([0, 1], 100))
        m = 0.4 * arm + rng.normal(size=200)
        y = 0.2 * arm + 0.3 * m + rng.normal(size=200)
        found = tu.mediate(pd.DataFrame({"arm": arm, "m": m, "y": y}), "y", "m", DESIGN)["acme"]
        hits += found.conf_low <= 0.12 <= found.conf_high
    assert 0.915 < hits / draws < 0.965  # Monte-Carlo error 0.005


def test_a_variance_that_rounding_takes_below_nothing_is_nothing():
    frame = pd.DataFrame({"y": [0.0] * 5 + [1.0] + [0.0] * 4, "z": [0.0] * 5 + [1.0, 0.0, 0.0, -3.0, 1e7], "arm": [0, 0, 0, 0, 0, 1, 1, 0, 1, 0],
                          "group": list("aaabacbaaa")})
    for found in tu.mediate(frame, "y", "z", tu.Design("arm", 0, clusters="group"), interaction=True):
        assert not found.extra.get("acme_1_se", 0.0) < 0.0
