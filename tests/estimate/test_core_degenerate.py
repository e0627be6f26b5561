"""Small and broken trials: every core estimator answers with a number, with a reason, or with a TakeupError; never anything else."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import takeup as tu
from takeup.errors import TakeupError
from takeup.results import ConfidenceSet, Estimate

MAIN = ("estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high")
WHY = (
    "no degrees of freedom left", "one cluster only", "There is one", "no variation", "isn't identified", "fitted exactly", "can't be computed",
    "nothing to compare", "no standard error", "no compliers to speak of",
    "No row with a value", "Everybody received the same", "has no odds", "has no ratio",
    "no maximum", "no variance",
)
DRAWS = ("simple", "complete", "blocked", "clustered", "blocked_clustered", "pairs")


@st.composite
def trials(draw):
    """Up to 14 rows with few values, missing ones, constant columns, arms of one row or none, blocks and clusters of any size."""
    number = st.sampled_from([0.0, 1.0, 1.0, 2.5, -3.0, 1e6, math.nan])
    label = st.sampled_from(["a", "b", "c", "d"])
    row = st.tuples(number, st.sampled_from([0.0, 1.0, 1.0, math.nan]), st.sampled_from([0, 1]), label, label, number, label,
                    st.sampled_from([0.0, 1.0, math.nan]), st.sampled_from([0.2, 0.5, 0.7]), st.sampled_from([0.5, 1.0, 2.0, 0.0]))
    rows = draw(st.lists(row, min_size=0, max_size=14))
    frame = pd.DataFrame(rows, columns=["y", "won", "arm", "block", "cluster", "x", "kind", "came", "p", "w"])
    frame = frame.astype(dict.fromkeys(("y", "won", "x", "came", "p", "w"), float))
    flat = draw(st.sampled_from([None, None, None, "y", "won", "x", "kind", "block", "cluster", "arm", "came"]))
    if flat is not None and len(frame):
        frame[flat] = frame[flat].iloc[0]
    if draw(st.booleans()) and len(frame):  # whole clusters in one arm
        frame["arm"] = frame.groupby("cluster")["arm"].transform("first")
    if draw(st.booleans()):
        frame["came"] = draw(st.sampled_from([frame["arm"] * 1.0, frame["came"] * frame["arm"], frame["came"] * 3.5]))
    return frame


@st.composite
def designs(draw, *, received=False):
    kind = draw(st.sampled_from(DRAWS))
    return tu.Design(
        "arm", 0, draw=kind, received="came" if received else None,
        blocks="block" if kind in {"blocked", "blocked_clustered", "pairs"} or draw(st.booleans()) else None,
        clusters="cluster" if kind in {"clustered", "blocked_clustered"} or draw(st.booleans()) else None,
        nested_in=draw(st.sampled_from([None, None, "kind"])), weights=draw(st.sampled_from([None, None, "w"])),
        probability=draw(st.sampled_from([None, None, "p", 0.4])),
    )


def sound(call):
    """Either a TakeupError, or results in which every number that is missing is explained."""
    try:
        found = call()
    except TakeupError:
        return
    for result in [found] if isinstance(found, Estimate | ConfidenceSet) else list(found):
        if isinstance(result, ConfidenceSet):
            assert result.shape in {"interval", "ray", "two_rays", "line", "empty"}
            assert all(not math.isnan(limit) for interval in result.intervals for limit in interval)
            assert not math.isnan(result.df) or "Nothing is excluded" in result.reason
            continue
        if not isinstance(result, Estimate):
            continue
        for name in MAIN:
            value = getattr(result, name)
            assert isinstance(value, float), name
            assert not math.isinf(value) or name == "df" or (name == "conf_high" and "ratio" in result.estimand), (name, value)
            described = name in {"statistic", "p_value"} and result.method == "abadie_kappa"
            assert not math.isnan(value) or described or any(why in result.reason for why in WHY), (name, result)


OPTIONS = st.fixed_dictionaries({
    "covariates": st.sampled_from([(), ("x",), ("kind",), ("x", "kind")]),
    "se_type": st.sampled_from([None, None, "classical", "HC0", "HC1", "HC2", "HC3", "CR0", "CR1", "CR2", "CR3", "CR2_precision", "HC2_structural"]),
    "df": st.sampled_from([None, None, None, "bell_mccaffrey", "residual", "clusters", "normal"]),
})
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


@pytest.mark.parametrize("estimator", [tu.difference_in_means, tu.horvitz_thompson], ids=lambda function: function.__name__)
@given(frame=trials(), design=designs())
@MANY
def test_differences(estimator, frame, design):
    sound(lambda: estimator(frame, "y", design))


@pytest.mark.parametrize("estimator", [tu.ancova, tu.lin], ids=lambda function: function.__name__)
@given(frame=trials(), design=designs(), options=OPTIONS)
@MANY
def test_regressions(estimator, frame, design, options):
    sound(lambda: estimator(frame, "y", design, **options))


@pytest.mark.parametrize("model", ["linear", "logit"])
@pytest.mark.parametrize("scale", ["difference", "ratio", "odds_ratio"])
@given(frame=trials(), design=designs(), options=OPTIONS)
@MANY
def test_binary(model, scale, frame, design, options):
    sound(lambda: tu.binary(frame, "won", design, model=model, scale=scale, **options))


@pytest.mark.parametrize("estimator", [tu.cace, tu.anderson_rubin], ids=lambda function: function.__name__)
@given(frame=trials(), design=designs(received=True), options=OPTIONS)
@MANY
def test_instruments(estimator, frame, design, options):
    sound(lambda: estimator(frame, "y", design, **options))


@given(frame=trials(), design=designs(received=True))
@MANY
def test_compliance(frame, design):
    sound(lambda: tu.compliance(frame, design).results())
    sound(lambda: tu.complier_profile(frame, ["x", "kind"], design))
