"""The randomisation test as a whole: every scheme against one regression an assignment, and what a user may rely on."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from infer import brute
from takeup.errors import DesignError, EstimateError, InferError

RNG = np.random.default_rng(12)
UNIT = tu.Design("arm", 0)


def units(n=12, treated=5, seed=1):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"arm": rng.permutation([1] * treated + [0] * (n - treated)), "x": rng.normal(size=n), "y": rng.exponential(size=n),
                         "z": rng.integers(0, 3, n).astype(float)})


def listed(frame, design, statistic, outcome="y", weights=None):
    """(greater, less, absolute) by enumeration."""
    y = frame[outcome].to_numpy()
    effects, variances = brute.null(design.enumerate(frame), lambda d: statistic(y, d))
    observed = statistic(y, frame["arm"].to_numpy(dtype=float))
    return brute.p_values(effects / np.sqrt(variances), observed[0] / math.sqrt(observed[1]), weights)


@pytest.mark.parametrize("outcome", ["y", "z"])
@pytest.mark.parametrize(("method", "statistic"), [
    ("ancova", lambda frame: lambda y, d: brute.ancova(y, d, x=frame[["x"]].to_numpy())),
    ("lin", lambda frame: lambda y, d: brute.lin(y, d, x=frame[["x"]].to_numpy())),
    ("difference_in_means", lambda _: brute.difference),
])
def test_exact_p_values_are_those_by_enumeration(method, statistic, outcome):
    frame = units()
    greater, less, absolute = listed(frame, UNIT, statistic(frame), outcome)
    for how, expected in (({"alternative": "greater"}, greater), ({"alternative": "less"}, less), ({"two_sided": "absolute"}, absolute),
                          ({}, min(1.0, 2 * min(greater, less)))):
        found = tu.randomization_test(frame, outcome, UNIT, covariates=["x"], method=method, **how)
        assert found.exact
        assert found.draws == math.comb(12, 5)
        assert found.p_value == pytest.approx(expected, abs=1e-12)
        assert found.mc_error == 0.0


def test_the_lady_tasting_tea():
    frame = pd.DataFrame({"arm": [1, 0, 0, 1, 1, 0, 1, 0], "y": [1, 0, 0, 1, 1, 0, 1, 0]})
    found = tu.randomization_test(frame, "y", UNIT, alternative="greater")
    assert found.p_value == pytest.approx(1 / 70)  # Fisher (1935), chapter 2
    assert found.statistic == math.inf


def test_unequal_coins_weigh_their_assignments():
    frame = pd.DataFrame({"arm": [1, 0, 1, 1, 0, 0, 1], "y": RNG.exponential(size=7), "p": [0.5, 0.3, 0.7, 0.6, 0.4, 0.35, 0.8]})
    design = tu.Design("arm", 0, draw="simple", probability="p")
    p = frame["p"].to_numpy()
    assignments = design.enumerate(frame)
    weights = np.where(assignments == 1, p, 1 - p).prod(axis=1)

    def weighted(y, d):
        return brute.ancova(y, d, w=np.where(d == 1, 1 / p, 1 / (1 - p))) if 0 < d.sum() < 7 else (np.nan, np.nan)

    expected = listed(frame, design, weighted, weights=weights)
    found = tu.randomization_test(frame, "y", design, two_sided="absolute")
    assert found.draws == 128
    assert found.p_value == pytest.approx(expected[2], abs=1e-12)
    assert "2 of them leave the statistic undefined" in found.reason


def test_a_rule_restricts_the_assignments():
    frame = units(n=10, treated=5, seed=4)
    x = frame["x"].to_numpy()

    def balanced(codes):
        return abs(x[codes == 1].mean() - x[codes == 0].mean()) <= abs(x[frame["arm"] == 1].mean() - x[frame["arm"] == 0].mean()) + 1e-9

    design = tu.Design("arm", 0, accept=balanced)
    found = tu.randomization_test(frame, "y", design, two_sided="absolute")
    assert found.exact
    assert found.draws == design.count(frame) < math.comb(10, 5)
    assert found.p_value == pytest.approx(listed(frame, design, brute.difference)[2], abs=1e-12)
    drawn = tu.randomization_test(frame, "y", design, two_sided="absolute", draws=found.draws - 1, seed=2)
    assert not drawn.exact
    assert abs(drawn.p_value - found.p_value) <= 6 * drawn.mc_error


def test_two_of_three_arms_are_drawn_among_each_other():
    frame = pd.DataFrame({"arm": ["a", "b", "c"] * 4, "y": RNG.normal(size=12)})
    design = tu.Design("arm", "c")
    with pytest.raises(EstimateError, match="arm="):
        tu.randomization_test(frame, "y", design)
    found = tu.randomization_test(frame, "y", design, arm="a", two_sided="absolute")
    part = frame[frame["arm"] != "b"].assign(arm=lambda f: (f["arm"] == "a").astype(int))
    assert found.draws == 70
    assert found.arm == "a"
    assert found.p_value == pytest.approx(listed(part, UNIT, brute.difference)[2], abs=1e-12)
    shifted = frame.assign(y=frame["y"].where(frame["arm"] != "b", 1e6))
    assert tu.randomization_test(shifted, "y", design, arm="a").p_value == tu.randomization_test(frame, "y", design, arm="a").p_value


def test_draws_come_near_the_exact_p():
    frame = units(n=16, treated=6)
    exact = tu.randomization_test(frame, ["y", "z"], UNIT, covariates=["x"])
    drawn = tu.randomization_test(frame, ["y", "z"], UNIT, covariates=["x"], draws=4000, seed=8)
    assert exact.exact
    assert not drawn.exact
    assert (np.abs(drawn.p_value - exact.p_value) < 5 * drawn.mc_error).all()


def test_the_observed_draw_counts():
    frame = pd.DataFrame({"arm": [1] * 20 + [0] * 20, "y": [10.0 + i for i in range(20)] + [float(i) / 20 for i in range(20)]})
    found = tu.randomization_test(frame, "y", UNIT, draws=199, two_sided="absolute")
    assert found.p_value == pytest.approx(1 / 200)


def test_several_outcomes_share_their_draws_whatever_is_missing():
    frame = units(n=60, treated=30)
    gap = frame.assign(w=frame["z"].mask(frame.index < 9))
    together = tu.randomization_test(gap, ["y", "w", "z"], UNIT, covariates=["x"], draws=999, seed=3)
    for name in ("y", "w", "z"):
        alone = tu.randomization_test(gap, name, UNIT, covariates=["x"], draws=999, seed=3)
        assert alone.p_value == together[name].p_value
        assert alone.statistic == pytest.approx(together[name].statistic, rel=1e-12)
    assert together.n.tolist() == [60, 51, 60]
    assert together["w"].n == 51
    assert [row.outcome for row in together.tests()] == ["y", "w", "z"]
    assert list(together.to_frame()["p_value"]) == together.p_value.tolist()
    assert "<table" in together._repr_html_()


def test_each_outcome_may_have_its_own_covariates():
    frame = units(n=40, treated=20)
    together = tu.randomization_test(frame, ["y", "z"], UNIT, covariates={"y": ["x"]}, draws=499)
    assert together["y"].p_value == tu.randomization_test(frame, "y", UNIT, covariates=["x"], draws=499).p_value
    assert together["z"].p_value == tu.randomization_test(frame, "z", UNIT, draws=499).p_value
    with pytest.raises(InferError, match='"v"'):
        tu.randomization_test(frame, ["y", "z"], UNIT, covariates={"v": ["x"]})


def test_the_hypothesised_effect_is_taken_off():
    frame = units()
    moved = frame.assign(y=frame["y"] + 2.5 * frame["arm"])
    base = tu.randomization_test(frame, "y", UNIT, covariates=["x"])
    again = tu.randomization_test(moved, "y", UNIT, covariates=["x"], null=2.5)
    assert again.p_value == base.p_value
    assert again.statistic == pytest.approx(base.statistic)


def test_units_of_the_outcome_change_nothing():
    frame = units()
    base = tu.randomization_test(frame, "y", UNIT, covariates=["x"], interval=True)
    for factor in (1e-90, 1e80):
        scaled = tu.randomization_test(frame.assign(y=frame["y"] * factor), "y", UNIT, covariates=["x"], interval=True)
        assert scaled.p_value == base.p_value
        assert scaled.conf_low / factor == pytest.approx(base.conf_low, rel=1e-9)


@pytest.mark.parametrize("method", ["ancova", "lin", "difference_in_means", "cace"])
@pytest.mark.parametrize("how", [{}, {"two_sided": "absolute"}, {"alternative": "greater"}, {"alternative": "less"}, {"statistic": "estimate"}])
def test_the_interval_is_where_fresh_tests_change_their_mind(method, how):
    frame = units(n=14, treated=6)
    frame["took"] = frame["arm"] * [1, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1, 1] + 0.0
    design = tu.Design("arm", 0, received="took")
    found = tu.randomization_test(frame, "y", design, covariates=["x"], method=method, interval=True, **how)
    width = min(found.conf_high, 1e3) - max(found.conf_low, -1e3)
    for limit, outward in ((found.conf_low, -1), (found.conf_high, 1)):
        if math.isinf(limit):
            assert how.get("alternative") == ("less" if outward < 0 else "greater")
            continue
        inside, outside = (tu.randomization_test(frame, "y", design, covariates=["x"], method=method, null=null, **how).p_value
                           for null in (limit - outward * 1e-6 * width, limit + outward * 1e-6 * width))
        assert inside > 0.05 >= outside


def test_the_interval_holds_the_whole_set_that_a_grid_finds():
    frame = units(n=14, treated=6, seed=9)
    found = tu.randomization_test(frame, "y", UNIT, covariates=["x"], interval=True)
    width = found.conf_high - found.conf_low
    for null in np.linspace(found.conf_low - width, found.conf_high + 1.01 * width, 61):
        p = tu.randomization_test(frame, "y", UNIT, covariates=["x"], null=float(null)).p_value
        assert (p > 0.05) == (found.conf_low < null < found.conf_high)


def test_too_few_assignments_give_no_limits():
    found = tu.randomization_test(units(n=6, treated=2), "y", UNIT, interval=True)
    assert (found.conf_low, found.conf_high) == (-math.inf, math.inf)


def test_the_complier_test_is_the_reduced_form_at_the_null():
    frame = units(n=14, treated=7)
    frame["took"] = frame["arm"] * (frame["x"] > -0.5)
    design = tu.Design("arm", 0, received="took")
    cace = tu.randomization_test(frame, "y", design, method="cace")
    assert cace.p_value == tu.randomization_test(frame, "y", design).p_value
    away = tu.randomization_test(frame, "y", design, method="cace", null=1.5)
    reduced = tu.randomization_test(frame.assign(y=frame["y"] - 1.5 * frame["took"]), "y", design)
    assert away.p_value == reduced.p_value


@pytest.mark.parametrize(("change", "words"), [({"y": 4.0}, "same value in all rows"), ({"copy": None}, "covariates explain the arm")])
def test_what_has_no_statistic_says_why(change, words):
    frame = units()
    frame["copy"] = 1 - frame["arm"]
    covariates = ["copy"] if "copy" in change else []
    frame = frame.assign(**{name: value for name, value in change.items() if value is not None})
    found = tu.randomization_test(frame, ["y", "z"], UNIT, covariates=covariates, interval=True)
    assert math.isnan(found["y"].p_value)
    assert math.isnan(found["y"].conf_low)
    assert words in found.reason
    assert covariates or not math.isnan(found["z"].p_value)


def test_one_treated_unit_is_tested():
    frame = pd.DataFrame({"arm": [1] + [0] * 19, "y": [9.0, *np.arange(19.0)]})
    found = tu.randomization_test(frame, "y", UNIT, statistic="estimate", two_sided="absolute")
    expected = np.mean([abs(v - (frame["y"].sum() - v) / 19) >= abs(9 - 171 / 19) - 1e-9 for v in frame["y"]])
    assert found.p_value == pytest.approx(expected)


@pytest.mark.parametrize("wrong", [{"method": "ols"}, {"statistic": "t"}, {"alternative": "both"}, {"two_sided": "equal"}, {"draws": 0},
                                   {"draws": 1.5}])
def test_unknown_options_are_refused(wrong):
    with pytest.raises(InferError):
        tu.randomization_test(units(), "y", UNIT, **wrong)


def test_all_bad_columns_are_named_at_once():
    with pytest.raises(EstimateError) as caught:
        tu.randomization_test(units().assign(t="a"), ["nothing", "t", "y"], UNIT)
    assert {fault.where for fault in caught.value.faults} == {"frame", "t"}
    with pytest.raises(InferError, match="more than once"):
        tu.randomization_test(units(), ["y", "y"], UNIT)
    with pytest.raises(InferError, match="no outcome"):
        tu.randomization_test(units(), [], UNIT)


def test_a_draw_that_cannot_be_repeated_is_refused():
    frame = units().assign(c=[1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6])
    with pytest.raises(DesignError, match="varies within"):
        tu.randomization_test(frame, "y", tu.Design("arm", 0, draw="clustered", clusters="c"))


def test_results_are_frozen_and_hold_no_rows():
    found = tu.randomization_test(units(), ["y", "z"], UNIT)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.draws = 3
    with pytest.raises(ValueError, match="read-only"):
        found.p_value[0] = 0.0
    assert all(np.size(value) <= 2 for value in found.to_dict().values() if isinstance(value, np.ndarray))


@pytest.mark.slow
@pytest.mark.parametrize(("treated", "n"), [(5, 30), (6, 60), (40, 200)])
def test_size_is_five_percent_with_skewed_outcomes(treated, n):
    """Under the sharp null the test is exact: with 2,000 trials the share of p <= .05 lies within 3.3 standard errors."""
    rng = np.random.default_rng(treated)
    trials = 2000
    frame = pd.DataFrame(rng.lognormal(sigma=1.5, size=(n, trials)), columns=[f"y{j}" for j in range(trials)])
    rejected = 0
    for start in range(0, trials, 50):
        frame["arm"] = rng.permutation([1] * treated + [0] * (n - treated))
        names = [f"y{j}" for j in range(start, start + 50)]
        p = tu.randomization_test(frame[[*names, "arm"]], names, UNIT, draws=999, seed=start, method="difference_in_means").p_value
        rejected += (p <= 0.05).sum()
    share = rejected / trials
    # outcomes of one loop share their assignment and draws but are independent, so rejections are
    assert abs(share - 0.05) < 3.3 * math.sqrt(0.05 * 0.95 / trials)


@pytest.mark.slow
def test_a_two_stage_statistic_with_fixed_take_up_would_reject_too_often():
    """Why "cace" doesn't refit two stages with the observed take-up: without any effect that test rejects far more than 5 %."""
    rng = np.random.default_rng(6)
    n, trials, rejected, ours = 60, 400, 0, 0
    for _ in range(trials):
        arm = rng.permutation(np.repeat([0, 1], n // 2))
        took = arm * (rng.random(n) < 0.35)
        y = rng.normal(size=n) + 1.5 * took * 0
        draws = np.array([arm, *(rng.permutation(arm) for _ in range(199))]).astype(float)
        z = draws - draws.mean(axis=1, keepdims=True)
        slope = (z @ y) / np.where(np.abs(z @ took) < 1e-9, 1e-9, z @ took)
        e = (y - y.mean())[None, :] - slope[:, None] * (took - took.mean())[None, :]
        t = np.abs((z @ y) / np.sqrt((z**2 * e**2).sum(axis=1)))
        rejected += (t >= t[0] - 1e-12).mean() <= 0.05
        frame = pd.DataFrame({"arm": arm, "took": took, "y": y})
        ours += tu.randomization_test(frame, "y", tu.Design("arm", 0, received="took"), method="cace", draws=199).p_value <= 0.05
    assert abs(ours / trials - 0.05) < 3.3 * math.sqrt(0.05 * 0.95 / trials)
    assert rejected / trials > 0.08
