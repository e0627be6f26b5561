"""Simulated power against the closed forms, its own slow path, and the estimators it says it uses."""

import dataclasses
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.errors import DesignError, InferError
from takeup.infer import simulate

UNIT = tu.Design("arm", "c")
CLUSTER = tu.Design("arm", "c", draw="clustered", clusters="s")
BLOCK = tu.Design("arm", "c", draw="blocked", blocks="b")
PAIR = tu.Design("arm", "c", draw="pairs", blocks="b")


def near(found, expected, errors=4.0, slack=0.0):
    assert abs(found.power - expected) <= errors * found.mc_error + slack


@pytest.mark.parametrize(("effect", "n", "how"), [
    (0.5, 128, {}), (0.5, 128, {"correlation": 0.6}), (0.4, 150, {"r2": 0.3}), (0.5, 128, {"takeup": 0.7, "attrition": 0.2}),
    (0.0, 100, {}), (0.4, 120, {"alternative": "greater", "treated_share": 0.3}), (0.2, 240, {"control_rate": 0.3}),
])
def test_units_come_near_the_closed_form(effect, n, how):
    # slack: the closed form has normal residuals and a pooled variance, the analysis HC2, a drawn covariate and, with take-up, mixed outcomes
    near(tu.simulate_power(UNIT, effect, n, simulations=8000, seed=1, **how), tu.power(effect, n, **how).power, slack=0.012)


@pytest.mark.parametrize("how", [{}, {"correlation": 0.5}, {"correlation": 0.5, "attrition": 0.2}])
def test_clusters_come_near_the_closed_form(how):
    expected = tu.power(0.3, 600, cluster_size=20, icc=0.05, **how).power
    near(tu.simulate_power(CLUSTER, 0.3, 600, cluster_size=20, icc=0.05, simulations=8000, seed=2, **how), expected, slack=0.012)


@pytest.mark.parametrize("how", [{}, {"correlation": 0.5}, {"correlation": 0.5, "attrition": 0.3, "cluster_size_cv": 0.5}])
def test_sums_of_clusters_have_the_law_of_their_rows(how, monkeypatch):
    """The folded path draws sums; making every row and calling the estimator on a frame gives the same power and spread."""
    folded = tu.simulate_power(CLUSTER, 0.5, 96, cluster_size=8, icc=0.1, simulations=20_000, seed=3, **how)
    monkeypatch.setattr(simulate, "path_of", lambda *_: "frames")
    rows = tu.simulate_power(CLUSTER, 0.5, 96, cluster_size=8, icc=0.1, simulations=400, seed=4, **how)
    assert abs(folded.power - rows.power) < 4 * math.hypot(folded.mc_error, rows.mc_error)
    assert folded.extra["sd_estimate"] == pytest.approx(rows.extra["sd_estimate"], rel=4 / math.sqrt(2 * 400))
    assert folded.extra["mean_std_error"] == pytest.approx(rows.extra["mean_std_error"], rel=0.04)


@pytest.mark.parametrize("method", ["ancova", "difference_in_means", "lin"])
def test_the_batch_is_the_estimator_on_a_frame(method, monkeypatch):
    how = {"method": method, "correlation": 0.5, "attrition": 0.1, "simulations": 40, "seed": 5}
    batch = tu.simulate_power(UNIT, 0.5, 60, **how)
    # the same chunk and streams, one frame after the other
    monkeypatch.setattr(simulate, "CELLS", dict.fromkeys(simulate.CELLS, 64 * 60))
    again = tu.simulate_power(UNIT, 0.5, 60, **how)
    monkeypatch.setattr(simulate, "path_of", lambda *_: "frames")
    frames = tu.simulate_power(UNIT, 0.5, 60, **how)
    assert again.power == frames.power
    assert again.extra["mean_estimate"] == pytest.approx(frames.extra["mean_estimate"], rel=1e-9)
    assert again.extra["mean_std_error"] == pytest.approx(frames.extra["mean_std_error"], rel=1e-9)
    assert batch.simulations == 40


def test_blocks_pairs_providers_and_compliers_are_simulated():
    for design, how, expected in [
        (BLOCK, {"block_r2": 0.3}, tu.power(0.6, 100, block_r2=0.3)), (PAIR, {"block_r2": 0.3}, tu.power(0.6, 100, block_r2=0.3)),
        (tu.Design("arm", "c", nested_in="w"), {"provider_size": 10, "provider_icc": 0.1}, tu.power(0.6, 100, provider_size=10, provider_icc=0.1)),
        (tu.Design("arm", "c", received="r"), {"method": "cace", "takeup": 0.8}, tu.power(0.6, 100, takeup=0.8)),
    ]:
        near(tu.simulate_power(design, 0.6, 100, simulations=150, seed=6, **how), expected.power, slack=0.04)


def test_the_randomization_test_has_its_size_and_power():
    none = tu.simulate_power(UNIT, 0.0, 60, inference="randomization", draws=199, simulations=3000, seed=7)
    near(none, 0.05)
    some = tu.simulate_power(UNIT, 0.7, 60, inference="randomization", draws=199, simulations=2000, seed=8)
    near(some, tu.power(0.7, 60).power, slack=0.02)
    clusters = tu.simulate_power(CLUSTER, 0.0, 120, cluster_size=10, icc=0.2, correlation=0.3, attrition=0.1, inference="randomization", draws=199,
                                 simulations=1000, seed=9)
    near(clusters, 0.05)


def test_a_frame_lends_its_structure_and_its_outcome():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"b": np.repeat(range(8), 10), "x": rng.normal(size=80), "y": rng.exponential(size=80)})
    found = tu.simulate_power(BLOCK, 0.8, frame=frame, outcome="y", covariates=["x"], simulations=200, seed=1)
    assert found.n == 80
    assert found.n_treated == 40
    assert found.extra["mean_estimate"] == pytest.approx(0.8, abs=4 * found.extra["sd_estimate"] / math.sqrt(200))
    drawn = tu.randomize(frame, BLOCK, seed=1, arms={"c": 7, "t": 3})
    assert tu.simulate_power(BLOCK, 0.8, frame=drawn, outcome="y", simulations=5).n_treated == 24
    later = tu.simulate_power(UNIT, 0.5, frame=frame, outcome="y", correlation=0.8, simulations=3000, seed=1)
    plain = tu.simulate_power(UNIT, 0.5, frame=frame, outcome="y", simulations=3000, seed=1)
    ratio = later.extra["sd_estimate"] / plain.extra["sd_estimate"]
    assert ratio == pytest.approx(math.sqrt(1 - 0.8**2), rel=0.08)


def test_the_detectable_effect_has_the_power_asked_for():
    found = tu.simulate_power(UNIT, None, 128, simulations=2000, seed=3)
    assert found.power == pytest.approx(0.80, abs=0.003)
    assert abs(found.effect - tu.mde(128).effect) < 4 * found.extra["effect_mc_error"]
    assert tu.simulate_power(UNIT, None, 128, simulations=500, alternative="less").effect < 0


def test_a_curve_is_drawn_on_the_same_trials():
    curve = tu.simulate_power(UNIT, [0.0, 0.2, 0.4, 0.6], 100, simulations=1000)
    powers = [point.power for point in curve]
    assert powers == sorted(powers)
    assert [point.effect for point in curve] == [0.0, 0.2, 0.4, 0.6]
    assert curve[2].power == tu.simulate_power(UNIT, 0.4, 100, simulations=1000).power


def test_the_same_seed_gives_the_same_trials():
    first = tu.simulate_power(CLUSTER, 0.3, 400, cluster_size=10, icc=0.1, simulations=3000, seed=2)
    assert tu.simulate_power(CLUSTER, 0.3, 400, cluster_size=10, icc=0.1, simulations=3000, seed=2).to_dict() == first.to_dict()
    assert tu.simulate_power(CLUSTER, 0.3, 400, cluster_size=10, icc=0.1, simulations=3000, seed=3).extra != first.extra


def test_anything_with_a_design_will_do():
    fields = dict.fromkeys(("blocks", "clusters", "probability", "nested_in", "received", "weights"))
    plan = SimpleNamespace(design=SimpleNamespace(treatment="households.arm", control="c", draw="complete", **fields))
    expected = tu.simulate_power(UNIT, 0.5, 60, simulations=200).power
    assert tu.simulate_power(plan, 0.5, 60, simulations=200).power == expected
    assert tu.simulate_power(SimpleNamespace(design=UNIT), 0.5, 60, simulations=200).power == expected
    with pytest.raises(InferError, match="neither a design"):
        tu.simulate_power("plan.yaml", 0.5, 60)


def test_the_record_is_frozen_and_says_its_error():
    found = tu.simulate_power(UNIT, 0.5, 60, simulations=400)
    assert found.mc_error == pytest.approx(math.sqrt(found.power * (1 - found.power) / 400))
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.power = 1.0


def test_faults_come_together():
    with pytest.raises(InferError) as caught:
        tu.simulate_power(UNIT, 0.5, 60, icc=2.0, sd=-1.0, alpha=0.0, takeup=0.0, simulations=0)
    assert {fault.where for fault in caught.value.faults} == {"icc", "sd", "alpha", "takeup", "simulations"}


@pytest.mark.parametrize(("design", "args", "how", "error", "words"), [
    (UNIT, (0.5,), {}, InferError, "one of them"), (UNIT, (0.5, 40), {"outcome": "y"}, InferError, "columns of a frame"),
    (CLUSTER, (0.5, 40), {}, InferError, "needs their size"), (UNIT, (0.5, 40), {"icc": 0.1}, InferError, "names none"),
    (PAIR, (0.5, 41), {}, InferError, "even number"), (UNIT, (0.9, 40), {"control_rate": 0.3}, InferError, "out of"),
    (UNIT, (None, 4), {"control_rate": 0.5, "simulations": 50}, DesignError, "no effect is found"),
])
def test_what_cannot_be_simulated_is_refused(design, args, how, error, words):
    with pytest.raises(error, match=words):
        tu.simulate_power(design, *args, **how)
