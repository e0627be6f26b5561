"""Kaplan-Meier and restricted means against statsmodels, uncensored means, Greenwood's variance and the jackknife."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.errors import EstimateError
from takeup.estimate.survival import kaplan_meier, restricted_mean

RTOL = 1e-8


def waits(seed=0, n=150, *, tied=True):
    rng = np.random.default_rng(seed)
    event, censored = rng.exponential(5, n), rng.uniform(1, 12, n)
    event, censored = (np.ceil(event), np.ceil(censored)) if tied else (event, censored)
    return np.minimum(event, censored), (event <= censored).astype(float)


@pytest.mark.parametrize("tied", [True, False])
def test_curve_and_its_variance_are_those_of_statsmodels(tied):
    from statsmodels.duration.survfunc import SurvfuncRight

    time, event = waits(tied=tied)
    ours, theirs = kaplan_meier(time, event), SurvfuncRight(time, event)
    np.testing.assert_allclose(ours.times, theirs.surv_times)
    np.testing.assert_allclose(ours.survival, theirs.surv_prob, rtol=RTOL)
    kept = ours.survival > 0
    np.testing.assert_allclose(np.sqrt(ours.variance[kept]), theirs.surv_prob_se[kept], rtol=RTOL)
    assert ours.at(0.0) == 1.0
    assert np.isnan(ours.at(ours.last + 1)) == (ours.survival[-1] > 0)


def test_influences_give_greenwoods_variance_of_the_restricted_mean():
    time, event = waits(3)
    mean, influence = restricted_mean(time, event, 8.0)
    curve = kaplan_meier(time, event)
    inside = curve.times < 8
    area = np.concatenate([[1.0], curve.survival[inside]]) * np.diff(np.concatenate([[0.0], curve.times[inside], [8.0]]))
    right = area.sum() - np.cumsum(area)[:-1]
    d, y = curve.events[inside], curve.at_risk[inside]
    assert mean == pytest.approx(area.sum(), rel=RTOL)
    assert (influence**2).sum() / time.size**2 == pytest.approx((right**2 * d / (y * (y - d))).sum(), rel=RTOL)
    assert abs(influence.sum()) < 1e-9


def test_influences_are_close_to_the_jackknife():
    time, event = waits(5)
    mean, influence = restricted_mean(time, event, 8.0)
    without = np.array([restricted_mean(np.delete(time, i), np.delete(event, i), 8.0)[0] for i in range(time.size)])
    np.testing.assert_allclose(influence, time.size * mean - (time.size - 1) * without - mean, atol=0.05)  # equal to order 1 / n


def trial(seed=1, n=120):
    rng = np.random.default_rng(seed)
    time, event = waits(seed, n, tied=False)
    return pd.DataFrame({"arm": rng.permutation(np.repeat([0, 1], n // 2)), "time": time, "event": event, "block": np.arange(n) % 6,
                         "group": np.arange(n) // 4})


def test_without_censoring_it_is_the_difference_of_cut_off_means():
    frame = trial().assign(event=1.0)
    frame["cut"] = frame["time"].clip(upper=6.0)
    design = tu.Design("arm", 0)
    found = tu.restricted_mean_difference(frame, "time", "event", design, horizon=6)
    plain = tu.difference_in_means(frame, "cut", design)
    for name in ("estimate", "std_error", "df", "conf_low", "p_value"):
        assert getattr(found, name) == pytest.approx(getattr(plain, name), rel=RTOL)
    assert found.extra["horizon"] == 6


def test_the_designs_inference_is_used():
    frame = trial()
    plain = tu.restricted_mean_difference(frame, "time", "event", tu.Design("arm", 0), horizon=6)
    blocked = tu.restricted_mean_difference(frame, "time", "event", tu.Design("arm", 0, draw="blocked", blocks="block"), horizon=6)
    clustered = tu.restricted_mean_difference(frame, "time", "event", tu.Design("arm", 0, clusters="group"), horizon=6)
    assert plain.estimate == blocked.estimate == clustered.estimate
    assert len({plain.std_error, blocked.std_error, clustered.std_error}) == 3
    assert clustered.n_clusters == 30


def test_broken_input_is_refused_in_words():
    frame = trial()
    design = tu.Design("arm", 0)
    with pytest.raises(EstimateError, match="negative"):
        tu.restricted_mean_difference(frame.assign(time=-1.0), "time", "event", design)
    with pytest.raises(EstimateError, match="happened"):
        tu.restricted_mean_difference(frame.assign(event=2.0), "time", "event", design)
    with pytest.raises(EstimateError, match="horizon"):
        tu.restricted_mean_difference(frame, "time", "event", design, horizon=1000)
    with pytest.raises(EstimateError, match="no observed time"):
        tu.restricted_mean_difference(frame.assign(time=np.where(frame["arm"] == 1, np.nan, frame["time"])), "time", "event", design)
    nobody = tu.restricted_mean_difference(frame.assign(event=0.0), "time", "event", design)
    assert nobody.estimate == 0
    assert np.isnan(nobody.std_error)
    assert nobody.reason


@pytest.mark.slow
def test_intervals_cover():
    hits = 0
    for seed in range(600):
        frame = trial(seed, 100)
        found = tu.restricted_mean_difference(frame, "time", "event", tu.Design("arm", 0), horizon=6)
        hits += found.conf_low <= 0 <= found.conf_high
    assert 0.925 <= hits / 600 <= 0.975  # 95 % and about three Monte-Carlo errors
