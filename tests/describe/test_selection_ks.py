"""Kolmogorov-Smirnov tests of selective attrition: exact by listing, size by simulation, power where means are alike."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import takeup as tu
from takeup.describe.selection_ks import _Ordered, ks_tests

DESIGN = tu.Design("arm", 0)


def test_the_statistic_is_the_two_sample_one():
    rng = np.random.default_rng(1)
    x, group = np.round(rng.normal(size=40), 1), rng.integers(0, 2, 40)
    rows = _Ordered.make(x, np.zeros(40, dtype=int), np.zeros(40, dtype=int), group)
    n1, n0 = group.sum(), 40 - group.sum()
    expected = stats.ks_2samp(x[group == 1], x[group == 0]).statistic * np.sqrt(n1 * n0 / 40)
    assert rows.statistic(rows.group) == pytest.approx(expected, rel=1e-12)


def test_the_p_value_is_near_that_of_all_shuffles():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"arm": [1] * 6 + [0] * 6, "x": np.r_[rng.normal(1, 1, 6), rng.normal(0, 1, 6)]})
    (test, _) = ks_tests(frame, np.ones(12), ["x"], DESIGN, 1, seed=3, shuffles=4000)
    gaps = []
    for chosen in itertools.combinations(range(12), 6):
        one = np.isin(np.arange(12), chosen)
        gaps.append(stats.ks_2samp(frame["x"][one], frame["x"][~one]).statistic)
    seen = stats.ks_2samp(frame["x"][:6], frame["x"][6:]).statistic
    assert test.p_value == pytest.approx(np.mean(np.array(gaps) >= seen - 1e-9), abs=4 * test.mc_error)


def made(rng, effect):
    """Non-respondents of the treated arm are spread wider when `effect`; means stay alike."""
    arm, block = rng.permutation([0, 1] * 60), np.repeat([0, 1, 2], 40)
    answered = rng.random(120) < 0.7
    x = rng.normal(size=120) + block
    x = np.where(effect & (arm == 1) & ~answered, block + 3 * rng.choice([-1, 1], 120), x)
    return pd.DataFrame({"arm": arm, "block": block, "x": x, "answered": answered.astype(int)})


def p_values(frame, **how):
    found = tu.attrition(frame, "answered", tu.Design("arm", 0, draw="blocked", blocks="block"), baseline=["x"], draws=100, **how)
    return {test.term: test.p_value for test in found.baseline}


def test_it_sees_what_means_dont():
    frame = made(np.random.default_rng(5), effect=True)
    assert p_values(frame)["respondents"] > 0.05
    assert p_values(frame, test="ks")["respondents"] < 0.01
    assert p_values(frame, test="ks")["study population"] < 0.01


def test_its_size_is_its_level():
    rng = np.random.default_rng(6)
    rejected = []
    for _ in range(80):
        frame = made(rng, effect=False)
        tests = ks_tests(frame, frame["answered"].to_numpy(float), ["x"], tu.Design("arm", 0, draw="blocked", blocks="block"), 1, seed=1, shuffles=99)
        rejected.append([test.p_value <= 0.1 for test in tests])
    assert np.abs(np.mean(rejected, axis=0) - 0.1).max() < 4 * np.sqrt(0.1 * 0.9 / 80)


def test_what_cant_be_tested_is_said():
    frame = made(np.random.default_rng(7), effect=False)
    assert all(test.reason and np.isnan(test.p_value) for test in ks_tests(frame.assign(x=1.0), np.ones(120), ["x"], DESIGN, 1, seed=0))
    clustered = tu.Design("arm", 0, draw="clustered", clusters="village")
    villages = frame.assign(village=np.arange(120) // 10, arm=np.arange(120) // 10 % 2)
    assert all("clusters" in test.reason for test in ks_tests(villages, np.ones(120), ["x"], clustered, 1, seed=0))
    with pytest.raises(tu.TakeupError, match="ks"):
        p_values(frame, test="cdf")
