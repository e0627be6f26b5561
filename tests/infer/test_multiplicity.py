"""Step-down and adjusted p-values: against their definitions, and what a family may rely on."""

import math
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import takeup as tu
from infer import brute
from takeup.errors import InferError
from takeup.infer.step_down import max_t, min_p

UNIT = tu.Design("arm", 0)
METHODS = ("holm", "hochberg", "bonferroni", "bh", "by", "sharpened_q")


def trial(seed=1, n=10, treated=4):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.exponential(size=(n, 3)), columns=["a", "b", "c"])
    return frame.assign(arm=[1] * treated + [0] * (n - treated), d=frame["a"] + rng.normal(size=n) * 0.3)


def closed_testing(statistics):
    """Max-T adjusted p-values by testing every set of hypotheses (Marcus, Peritz and Gabriel 1976): the largest p of the sets that hold one."""
    k = len(statistics)
    sizes = np.abs(statistics)
    adjusted = np.zeros(k)
    for members in product([0, 1], repeat=k):
        some = np.flatnonzero(members)
        if some.size:
            largest = sizes[some].max(axis=0)
            p = (largest >= largest[0] - 1e-9).mean()
            adjusted[some] = np.maximum(adjusted[some], p)
    return adjusted


def test_step_down_is_closed_testing():
    frame = trial()
    names = ["a", "b", "c", "d"]
    assignments = UNIT.enumerate(frame)

    def t(name, d):
        effect, variance = brute.difference(frame[name].to_numpy(), d)
        return effect / math.sqrt(variance)

    null = np.array([[t(name, d) for d in assignments] for name in names])
    observed = np.array([t(name, frame["arm"].to_numpy()) for name in names])
    expected = closed_testing(np.column_stack([observed, null]))[:, None]
    found = tu.stepdown(frame, names, UNIT)
    # closed_testing counts the observed column too; the list holds it once
    total = len(assignments)
    np.testing.assert_allclose([test.p_adjusted for test in found], (expected[:, 0] * (total + 1) - 1) / total, atol=1e-12)
    assert [test.outcome for test in found] == names
    assert all(test.p_adjusted >= test.p_value - 1e-12 for test in found)
    assert list(found.to_frame()["p_adjusted"]) == [test.p_adjusted for test in found]


def test_one_outcome_needs_no_adjustment():
    (alone,) = tu.stepdown(trial(), ["a"], UNIT)
    assert alone.p_adjusted == alone.p_value == tu.randomization_test(trial(), "a", UNIT, two_sided="absolute").p_value


def test_a_randomisation_test_adjusts_for_its_family_on_the_same_draws():
    frame, names = trial(n=40, treated=15).assign(flat=1.0), ["a", "b", "flat", "d"]
    for statistic in ("studentized", "estimate"):
        together = tu.randomization_test(frame, names, UNIT, statistic=statistic, draws=500, interval=True, family=True)
        apart = tu.stepdown(frame, names, UNIT, statistic=statistic, draws=500)
        np.testing.assert_array_equal(together.p_adjusted, [test.p_adjusted for test in apart])
        assert [test.p_adjusted for test in together.tests()][:2] == [apart[0].p_adjusted, apart[1].p_adjusted]
    assert np.isnan(tu.randomization_test(frame, "a", UNIT, draws=500).p_adjusted)


def test_an_outcome_without_a_statistic_takes_no_part():
    frame = trial().assign(flat=1.0)
    found = tu.stepdown(frame, ["a", "flat", "b"], UNIT)
    assert math.isnan(found["flat"].p_adjusted)
    assert "flat has the same value" in found["flat"].reason
    without = tu.stepdown(frame, ["a", "b"], UNIT)
    assert [found["a"].p_adjusted, found["b"].p_adjusted] == [test.p_adjusted for test in without]
    assert np.isnan(max_t(np.full((2, 5), np.nan), np.ones(5))[0]).all()


def test_missing_values_keep_the_draws_shared():
    frame = trial(n=40, treated=20)
    gaps = frame.assign(a=frame["a"].mask(frame.index < 5))
    full, some = (tu.stepdown(one, ["a", "b"], UNIT, draws=500, seed=3) for one in (frame, gaps))
    assert full["b"].p_value == some["b"].p_value
    assert some["a"].n == 35


def test_copies_of_an_outcome_cost_nothing():
    frame = trial()
    copies = frame.assign(a2=frame["a"] * 3 + 1, a3=-frame["a"])
    found = tu.stepdown(copies, ["a", "a2", "a3"], UNIT)
    assert {round(test.p_adjusted, 12) for test in found} == {round(found["a"].p_value, 12)}


def test_smallest_p_and_largest_t_agree_for_outcomes_of_one_shape():
    null = np.abs(np.random.default_rng(0).normal(size=(3, 4001)))
    np.testing.assert_allclose(min_p(null, np.ones(4001))[0], max_t(null, np.ones(4001))[0], atol=0.05)


def test_the_wild_family_is_the_bootstrap_of_each_outcome():
    rng = np.random.default_rng(5)
    c = np.repeat(range(9), 4)
    frame = pd.DataFrame({"c": c, "arm": (np.arange(9) % 2)[c], "a": rng.normal(size=36), "b": rng.exponential(size=36)})
    frame.loc[:3, "b"] = np.nan  # the first cluster is missing here
    design = tu.Design("arm", 0, draw="clustered", clusters="c")
    found = tu.stepdown(frame, ["a", "b"], design, resampling="wild")
    assert found[0].exact
    assert found[0].draws == 512
    for name in ("a", "b"):
        alone = tu.wild_bootstrap(frame, name, design, interval=False)
        assert found[name].p_value == pytest.approx(alone.p_value, abs=1e-12)
        assert found[name].statistic == pytest.approx(alone.statistic)
        assert found[name].p_adjusted >= found[name].p_value
    drawn = tu.stepdown(frame, ["a", "b"], design, resampling="wild", draws=400)
    assert not drawn[0].exact
    with pytest.raises(InferError, match="ANCOVA"):
        tu.stepdown(frame, ["a", "b"], design, resampling="wild", method="lin")


def rejected_by_two_stages(p, q):
    """The procedure of Benjamini, Krieger and Yekutieli (2006), definition 6, at level q: how many of the sorted p-values."""
    m, ordered = len(p), np.sort(p)

    def step_up(level):
        below = np.flatnonzero(ordered <= level * np.arange(1, m + 1) / m)
        return 0 if not below.size else int(below[-1]) + 1

    first = step_up(q / (1 + q))
    return first if first in {0, m} else step_up(q / (1 + q) * m / (m - first))


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=12))
def test_sharpened_q_is_where_the_two_stages_begin_to_reject(p):
    p = np.array(p)
    q = tu.adjust(p, "sharpened_q")
    for value, level in zip(p, q, strict=True):
        rank = int((p <= value).sum())
        if level < 1.0:
            assert rejected_by_two_stages(p, level * (1 + 1e-9) + 1e-15) >= rank
        if level > 1e-12:
            assert not any(rejected_by_two_stages(p, level * share) >= rank for share in (0.1, 0.5, 0.9, 1 - 1e-6))


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20), st.sampled_from(METHODS))
def test_adjusting_keeps_order_and_range(p, method):
    p = np.array(p)
    adjusted = tu.adjust(p, method)
    assert ((adjusted >= 0) & (adjusted <= 1)).all()
    assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= -1e-15).all()
    order = np.random.default_rng(0).permutation(p.size)
    np.testing.assert_array_equal(tu.adjust(p[order], method), adjusted[order])
    if method != "sharpened_q":
        assert (adjusted >= p - 1e-15).all()


@pytest.mark.parametrize("method", METHODS)
def test_missing_p_values_stay_missing_and_uncounted(method):
    adjusted = tu.adjust([0.01, math.nan, 0.2], method)
    assert math.isnan(adjusted[1])
    np.testing.assert_array_equal(adjusted[[0, 2]], tu.adjust([0.01, 0.2], method))
    assert tu.adjust([], method).size == 0


@pytest.mark.parametrize(("p", "method", "words"), [
    ([0.1], "hommer", "isn't known"), ([1.2], "holm", "between 0 and 1"), ([[0.1]], "holm", "one row"),
])
def test_what_cannot_be_adjusted_is_refused(p, method, words):
    with pytest.raises(InferError, match=words):
        tu.adjust(p, method)


@pytest.mark.slow
def test_the_family_wise_error_is_five_percent():
    """Sharp null on four related outcomes: the share of trials with any adjusted p <= .05, within 3.3 standard errors of at most 5 %."""
    rng = np.random.default_rng(3)
    trials, any_rejected = 1000, 0
    for seed in range(trials):
        common = rng.normal(size=(40, 1))
        frame = pd.DataFrame(np.exp(common + rng.normal(size=(40, 4))), columns=list("abcd")).assign(arm=rng.permutation([0, 1] * 20))
        any_rejected += any(test.p_adjusted <= 0.05 for test in tu.stepdown(frame, list("abcd"), UNIT, draws=199, seed=seed))
    assert abs(any_rejected / trials - 0.05) < 3.3 * math.sqrt(0.05 * 0.95 / trials)


@pytest.mark.parametrize("method", ["hommel", "sidak", "holm_sidak", "holm", "bonferroni"])
@pytest.mark.parametrize("seed", range(6))
def test_adjusted_p_values_are_those_of_statsmodels(method, seed):
    from statsmodels.stats.multitest import multipletests

    rng = np.random.default_rng(seed)
    p = rng.uniform(size=rng.integers(1, 12)) ** rng.integers(1, 4)
    name = {"holm_sidak": "holm-sidak"}.get(method, method)
    assert tu.adjust(p, method) == pytest.approx(multipletests(p, method=name)[1], rel=1e-10)


@pytest.mark.parametrize("method", ["sidak", "holm_sidak"])
def test_small_p_values_keep_their_digits(method):
    assert tu.adjust([1e-20, 0.5], method)[0] == pytest.approx(2e-20, rel=1e-12)
