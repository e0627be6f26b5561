"""What must not matter doesn't: the order of rows, the names of arms, blocks and clusters, the units of measurement."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import takeup as tu

RTOL = 1e-7  # numbers of one trial computed along two roads: each loses a digit or two of the 1e-8 held elsewhere to sums in another order
FIELDS = ("estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high")
FAST = settings(max_examples=12, deadline=None)

DESIGNS = {
    "complete": {},
    "weighted": {"weights": "w"},
    "probability": {"draw": "simple", "probability": "p"},
    "blocked": {"draw": "blocked", "blocks": "block"},
    "clustered": {"draw": "clustered", "clusters": "cluster"},
    "blocked_clustered": {"draw": "blocked_clustered", "clusters": "cluster", "blocks": "block"},
    "pairs": {"draw": "pairs", "blocks": "pair"},
    "pairs_of_clusters": {"draw": "pairs", "blocks": "cluster_pair", "clusters": "cluster"},
    "nested": {"nested_in": "provider"},
}
ESTIMATORS = {
    "difference_in_means": tu.difference_in_means,
    "horvitz_thompson": tu.horvitz_thompson,
    "ancova": lambda frame, outcome, design: tu.ancova(frame, outcome, design, covariates=["x", "kind"]),
    "lin": lambda frame, outcome, design: tu.lin(frame, outcome, design, covariates=["x"]),
    "cace": lambda frame, outcome, design: tu.cace(frame, outcome, design, covariates=["x"]),
}
CLUSTERED = {"clustered", "blocked_clustered", "pairs_of_clusters"}


def trial(seed: int, name: str) -> tuple[pd.DataFrame, tu.Design]:
    """72 units in 24 clusters of 3, 3 blocks of 8 clusters, 36 pairs; the arms follow the design's draw, take-up is two-sided."""
    draw = np.random.default_rng(seed)
    unit = np.arange(72)
    frame = pd.DataFrame({"cluster": unit // 3, "block": unit // 24, "pair": unit // 2, "cluster_pair": unit // 6})
    if name in CLUSTERED:
        arm = np.repeat(np.tile([0, 1], 12), 3)
    elif name == "pairs":
        arm = np.tile([0, 1], 36)
    else:
        arm = np.concatenate([draw.permutation(np.repeat([0, 1], [11 + b, 13 - b])) for b in range(3)])
    frame = frame.assign(
        arm=arm, x=draw.normal(size=72), kind=draw.choice(["k", "l", "m"], 72), w=draw.uniform(0.5, 2, 72), p=draw.uniform(0.3, 0.7, 72),
        provider=np.where(arm == 1, draw.integers(0, 6, 72), None), came=np.where(arm == 1, draw.random(72) < 0.8, draw.random(72) < 0.2) * 1.0,
    )
    frame["y"] = 3 + frame["x"] + frame["came"] + draw.normal(size=24)[frame["cluster"]] + draw.normal(size=72)
    return frame, tu.Design("arm", 0, received="came", **DESIGNS[name])


def same(ours, expected, *, factor=1.0, shift=0.0):
    np.testing.assert_allclose(ours.estimate, factor * expected.estimate + shift, rtol=RTOL, atol=1e-9 * abs(factor))
    np.testing.assert_allclose(ours.std_error, abs(factor) * expected.std_error, rtol=RTOL)
    np.testing.assert_allclose((ours.df, ours.p_value), (expected.df, expected.p_value), rtol=1e-5)  # a tail magnifies the rounding of its statistic
    limits = sorted((factor * expected.conf_low, factor * expected.conf_high))
    np.testing.assert_allclose((ours.conf_low, ours.conf_high), limits, rtol=RTOL, atol=1e-8 * abs(factor))
    assert (ours.n, ours.n_treated, ours.n_control, ours.n_clusters) == (expected.n, expected.n_treated, expected.n_control, expected.n_clusters)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("estimator", ESTIMATORS)
@given(seed=st.integers(0, 10_000), factor=st.sampled_from([-40.0, 0.01, 1.0, 250.0]), shift=st.sampled_from([0.0, -3.0, 1000.0]))
@FAST
def test_rows_names_and_units(estimator, design, seed, factor, shift):
    frame, how = trial(seed, design)
    call = ESTIMATORS[estimator]
    found = call(frame, "y", how)
    assert found.std_error > 0
    order = np.random.default_rng(seed).permutation(72)
    same(call(frame.iloc[order], "y", how), found)

    names = {column: dict(zip(range(72), order, strict=True)) for column in ("cluster", "block", "pair", "cluster_pair")}
    renamed = frame.assign(**{column: frame[column].map(mapping).map("{:03d}".format) for column, mapping in names.items()})
    renamed["provider"] = frame["provider"].map({code: "fedcba"[code] for code in range(6)})
    renamed["arm"] = frame["arm"].map({0: "usual", 1: "assist"})
    same(call(renamed, "y", tu.Design("arm", "usual", received="came", **DESIGNS[design])), found)

    move = 0.0 if estimator == "horvitz_thompson" else shift  # its one known fault: it isn't invariant to a constant
    same(call(frame.assign(y=factor * frame["y"] + move), "y", how), found, factor=factor)


@pytest.mark.parametrize("estimator", ["ancova", "lin", "cace"])
@given(seed=st.integers(0, 10_000))
@FAST
def test_units_of_covariates_don_t_matter(estimator, seed):
    frame, how = trial(seed, "blocked")
    same(ESTIMATORS[estimator](frame.assign(x=1e4 - 250 * frame["x"]), "y", how), ESTIMATORS[estimator](frame, "y", how))


@given(seed=st.integers(0, 10_000))
@FAST
def test_an_effect_per_euro_is_a_hundred_times_one_per_cent_of_a_euro(seed):
    frame, how = trial(seed, "clustered")
    per_one, per_hundred = tu.cace(frame, "y", how), tu.cace(frame.assign(came=100 * frame["came"]), "y", how)
    same(per_hundred, per_one, factor=0.01)
    sets = [tu.anderson_rubin(data, "y", how) for data in (frame, frame.assign(came=100 * frame["came"]))]
    assert sets[0].shape == sets[1].shape
    np.testing.assert_allclose(np.array(sets[1].intervals) * 100, sets[0].intervals, rtol=RTOL)


@pytest.mark.parametrize("model", ["linear", "logit"])
@given(seed=st.integers(0, 10_000))
@FAST
def test_counting_the_other_outcome_turns_risks_around(model, seed):
    frame, how = trial(seed, "complete")
    frame["won"] = (frame["y"] > frame["y"].median()) * 1
    scales = ("difference", "odds_ratio")
    won, lost = ([tu.binary(data, "won", how, model=model, scale=scale, covariates=["x"]) for scale in scales]
                 for data in (frame, frame.assign(won=1 - frame["won"])))
    same(lost[0], won[0], factor=-1.0)
    if np.isfinite(won[1].estimate):
        np.testing.assert_allclose(lost[1].estimate, 1 / won[1].estimate, rtol=RTOL)
        np.testing.assert_allclose(lost[1].p_value, won[1].p_value, rtol=1e-5)
