"""Whatever the data, a test is a number, a reason or an error of ours; never a warning or somebody else's exception."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import takeup as tu
from takeup.errors import TakeupError

VALUES = st.sampled_from([0.0, 1.0, 1.0 + 1e-15, -3.0, 1e9, 1e-300, 1e99, math.nan])
DESIGNS = {
    "complete": tu.Design("arm", 0, received="took"), "simple": tu.Design("arm", 0, draw="simple", received="took"),
    "groups": tu.Design("arm", 0, clusters="c", received="took"), "blocked": tu.Design("arm", 0, draw="blocked", blocks="b", received="took"),
    "pairs": tu.Design("arm", 0, draw="pairs", blocks="b", received="took"),
    "clustered": tu.Design("arm", 0, draw="clustered", clusters="c", received="took"),
    "weighted": tu.Design("arm", 0, weights="w", received="took"), "uneven": tu.Design("arm", 0, draw="simple", probability="p", received="took"),
}


@st.composite
def trials(draw):
    n = draw(st.integers(4, 10))

    def column(values):
        return draw(st.lists(values, min_size=n, max_size=n))

    return pd.DataFrame({
        "arm": column(st.integers(0, 1)), "y": column(VALUES), "z": column(st.floats(-5, 5)), "x": column(VALUES), "took": column(st.integers(0, 1)),
        "b": column(st.integers(0, 2)), "c": column(st.integers(0, 3)), "w": column(st.sampled_from([0.0, 0.5, 1.0, 1e6])),
        "p": column(st.sampled_from([0.2, 0.5, 0.9])),
    })


@settings(max_examples=120, deadline=None)
@given(trials(), st.sampled_from(sorted(DESIGNS)), st.sampled_from(["ancova", "lin", "difference_in_means", "cace"]),
       st.sampled_from(["studentized", "estimate"]), st.sampled_from(["two-sided", "greater"]))
def test_a_randomization_test_is_a_number_or_says_why_not(frame, design, method, statistic, alternative):
    try:
        found = tu.randomization_test(frame, ["y", "z"], DESIGNS[design], covariates=["x"], method=method, statistic=statistic,
                                      alternative=alternative, draws=40, interval=True)
    except TakeupError:
        return
    assert ((found.p_value > 0) & (found.p_value <= 1) | np.isnan(found.p_value)).all()
    for name in ("y", "z"):
        if math.isnan(found[name].p_value):
            assert name in found.reason
        elif not math.isnan(found[name].conf_low):
            assert found[name].conf_low <= found[name].conf_high


@settings(max_examples=80, deadline=None)
@given(trials(), st.sampled_from(sorted(DESIGNS)))
def test_a_family_is_adjusted_or_says_why_not(frame, design):
    try:
        found = tu.stepdown(frame, ["y", "z"], DESIGNS[design], draws=30)
    except TakeupError:
        return
    for test in found:
        assert math.isnan(test.p_adjusted) or test.p_value - 1e-12 <= test.p_adjusted <= 1.0
        assert not math.isnan(test.p_adjusted) or test.outcome in test.reason


@settings(max_examples=80, deadline=None)
@given(trials(), st.sampled_from(sorted(DESIGNS)), st.sampled_from(["rademacher", "webb"]), st.booleans())
def test_a_wild_bootstrap_is_a_number_or_says_why_not(frame, design, weights, covariate):
    try:
        found = tu.wild_bootstrap(frame, "y", DESIGNS[design], covariates=["x"] if covariate else [], weights=weights, draws=60)
    except TakeupError:
        return
    if math.isnan(found.p_value):
        assert found.reason
    else:
        assert 0 < found.p_value <= 1
        assert found.conf_low <= found.conf_high or math.isnan(found.conf_low)


STUDIES = {
    "complete": tu.Design("arm", "c", received="r"), "simple": tu.Design("arm", "c", draw="simple"), "groups": tu.Design("arm", "c", clusters="s"),
    "clustered": tu.Design("arm", "c", draw="clustered", clusters="s"), "blocked": tu.Design("arm", "c", draw="blocked", blocks="b"),
    "pairs": tu.Design("arm", "c", draw="pairs", blocks="b"), "nested": tu.Design("arm", "c", nested_in="w"),
    "both": tu.Design("arm", "c", draw="blocked_clustered", blocks="b", clusters="s"),
}


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(sorted(STUDIES)), st.integers(2, 60), st.sampled_from(["ancova", "lin", "difference_in_means", "cace"]),
       st.sampled_from(["design", "randomization"]), st.one_of(st.none(), st.integers(1, 9)), st.sampled_from([0.0, 0.1, 1.0]),
       st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.0, 0.5, 0.95]), st.sampled_from([1.0, 0.5, 0.1]), st.sampled_from([0.1, 0.5, 0.9]))
def test_simulated_power_is_a_share_whatever_is_lost(design, n, method, inference, size, icc, correlation, attrition, takeup, share):
    try:
        found = tu.simulate_power(STUDIES[design], 0.5, n, method=method, inference=inference, cluster_size=size, icc=icc, correlation=correlation,
                                  attrition=attrition, takeup=takeup, treated_share=share, simulations=8, draws=19, block_size=3,
                                  provider_size=3 if design == "nested" else None)
    except TakeupError:
        return
    assert 0.0 <= found.power <= 1.0
    assert found.extra["untested"] == 0 or "had no test" in found.reason


@pytest.mark.parametrize("factor", [1e-95, 1e90])
def test_extreme_units_are_no_trouble(factor):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"arm": [0, 1] * 15, "y": rng.normal(size=30) * factor, "x": rng.normal(size=30) / factor})
    base = frame.assign(y=frame["y"] / factor, x=frame["x"] * factor)
    for method in ("ancova", "lin"):
        found = [tu.randomization_test(one, "y", tu.Design("arm", 0), covariates=["x"], method=method, draws=300).p_value for one in (frame, base)]
        assert found[0] == found[1]
