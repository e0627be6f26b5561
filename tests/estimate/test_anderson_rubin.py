"""Anderson-Rubin sets against the test itself, value by value, in every shape; and the algebra of the quadratic."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import takeup as tu
from takeup.estimate.anderson_rubin import quadratic

RTOL = 1e-8
SHAPES = {"interval", "ray", "two_rays", "line", "empty"}


def trial(seed, strength, n=60) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame({"arm": np.arange(n) % 2, "x": draw.normal(size=n), "block": np.arange(n) // 20, "cluster": np.arange(n) // 5,
                          "w": draw.uniform(0.5, 2, n)})
    frame["came"] = (draw.normal(size=n) + strength * frame["arm"] > 0.5) * 1
    return frame.assign(y=frame["x"] + 2 * frame["came"] + frame["arm"] * draw.normal() + draw.normal(size=n))


HOW = {
    "plain": ({}, {}),
    "classical": ({}, {"se_type": "classical"}),
    "covariate": ({}, {"covariates": ["x"]}),
    "weighted": ({"weights": "w"}, {"se_type": "HC1"}),
    "blocked": ({"draw": "blocked", "blocks": "block"}, {"covariates": ["x"]}),
    "clustered": ({"clusters": "cluster"}, {"covariates": ["x"], "df": "normal"}),
    "clustered_cr1": ({"clusters": "cluster"}, {"se_type": "CR1"}),
}


def inside(found, value):
    return any(low <= value <= high for low, high in found.intervals)


@pytest.mark.parametrize("how", HOW)
@given(seed=st.integers(0, 500), strength=st.sampled_from([0.0, 0.2, 0.6, 2.0]))
@settings(max_examples=12, deadline=None)
def test_a_value_is_in_the_set_when_the_test_of_it_doesn_t_reject(how, seed, strength):
    """The set is {b: p-value of assignment in the regression of y - b received > 5 %}; the regression is `ancova` itself."""
    design, options = HOW[how]
    frame = trial(seed, strength)
    found = tu.anderson_rubin(frame, "y", tu.Design("arm", 0, received="came", **design), **options)
    assert found.shape in SHAPES
    plain = tu.Design("arm", 0, **design)

    def p_value(b):
        return tu.ancova(frame.assign(gap=frame["y"] - b * frame["came"]), "gap", plain, **options).p_value

    for b in np.r_[np.linspace(-9, 9, 13), 1e4, -1e4]:
        p = p_value(b)
        if abs(p - 0.05) > 1e-6:
            assert inside(found, b) == (p > 0.05), (b, p, found.intervals)
    for limit in (limit for interval in found.intervals for limit in interval if math.isfinite(limit)):
        assert p_value(limit) == pytest.approx(0.05, rel=1e-5)  # p-values near a limit move with the rounding of y - b received
    at_zero = tu.ancova(frame, "y", plain, **options)
    ours, theirs = (found.extra["statistic"], found.extra["p_value"], found.df), (at_zero.statistic, at_zero.p_value, at_zero.df)
    np.testing.assert_allclose(ours, theirs, rtol=RTOL)


def test_it_holds_the_estimate_and_every_shape_is_met():
    shapes = set()
    for seed in range(40):
        for strength in (0.0, 0.3, 2.0):
            frame = trial(seed, strength)
            design = tu.Design("arm", 0, received="came")
            found, effect = tu.anderson_rubin(frame, "y", design), tu.cace(frame, "y", design)
            shapes.add(found.shape)
            if not math.isnan(effect.estimate):
                assert inside(found, effect.estimate)
                np.testing.assert_allclose(found.extra["estimate"], effect.estimate, rtol=1e-7)  # a ratio of two effects, one near 0
    assert {"interval", "two_rays", "line"} <= shapes


def test_an_empty_set_needs_an_effect_without_take_up():
    frame = trial(3, 0.0).assign(came=0)
    design = tu.Design("arm", 0, received="came")
    nothing = tu.anderson_rubin(frame.assign(y=frame["x"]), "y", design)
    effect = tu.anderson_rubin(frame.assign(y=frame["x"] + 5 * frame["arm"]), "y", design)
    assert nothing.shape == "line"
    assert (effect.shape, effect.intervals) == ("empty", ())


def test_when_everybody_complies_it_is_the_interval_of_the_effect():
    frame = trial(5, 1.0).assign(came=lambda data: data["arm"])
    found = tu.anderson_rubin(frame, "y", tu.Design("arm", 0, received="came"), covariates=["x"], conf_level=0.9)
    effect = tu.ancova(frame, "y", tu.Design("arm", 0), covariates=["x"], conf_level=0.9)
    np.testing.assert_allclose(found.intervals, [(effect.conf_low, effect.conf_high)], rtol=RTOL)


@pytest.mark.parametrize(
    ("a", "b", "c", "shape", "intervals"),
    [
        (1.0, -3.0, 2.0, "interval", ((1.0, 2.0),)), (-1.0, 3.0, -2.0, "two_rays", ((-math.inf, 1.0), (2.0, math.inf))),
        (-1.0, 0.0, -1.0, "line", ((-math.inf, math.inf),)), (1.0, 0.0, 1.0, "empty", ()), (0.0, 2.0, -4.0, "ray", ((-math.inf, 2.0),)),
        (0.0, -2.0, -4.0, "ray", ((-2.0, math.inf),)), (0.0, 0.0, -1.0, "line", ((-math.inf, math.inf),)), (0.0, 0.0, 1.0, "empty", ()),
        (1.0, -2.0, 1.0, "interval", ((1.0, 1.0),)), (1.0, 0.0, 0.0, "interval", ((0.0, 0.0),)), (1e-3, -1e6, 1.0, "interval", ((1e-6, 1e9),)),
    ],
)
def test_quadratics(a, b, c, shape, intervals):
    found, name = quadratic(a, b, c, (max(abs(a), 1e-3), max(abs(c), 1e-3)))
    assert name == shape
    np.testing.assert_allclose(np.array(found), np.array(intervals), rtol=RTOL)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data.assign(y=3.0), "no variation"), (lambda data: data.assign(arm=(data.index == 4) * 1), "one unit only in the treated arm"),
        (lambda data: data.assign(x=data["arm"] * 2.0 + 1), "depends on the other columns"),
    ],
)
def test_without_a_variance_nothing_is_excluded(change, words):
    found = tu.anderson_rubin(change(trial(1, 1.0)), "y", tu.Design("arm", 0, received="came"), covariates=["x"])
    assert (found.shape, found.intervals) == ("line", ((-math.inf, math.inf),))
    assert "Nothing is excluded" in found.reason
    assert words in found.reason
