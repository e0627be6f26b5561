"""Cost of one more: Fieller's set by inverting a test on a grid, its shapes, and the share of its intervals that cover."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.errors import EstimateError
from takeup.estimate.cost import fieller
from takeup.estimate.tails import critical

RTOL = 1e-8
DESIGN = tu.Design("arm", 0)


def trial(seed=0, n=120, *, effect=1.0):
    rng = np.random.default_rng(seed)
    arm = rng.permutation(np.repeat([0, 1], n // 2))
    hours = arm * rng.gamma(4, 2, n)
    return pd.DataFrame({"arm": arm, "euros": 50 * hours, "rights": rng.poisson(1.0, n) + arm * effect * hours / 8, "block": np.arange(n) % 5,
                         "manager": np.where(arm == 1, rng.integers(1, 7, n).astype(float), np.nan)})


@pytest.mark.parametrize("design", [DESIGN, tu.Design("arm", 0, draw="blocked", blocks="block"), tu.Design("arm", 0, nested_in="manager")])
def test_the_interval_holds_the_ratios_that_a_test_does_not_reject(design):
    """The witness: for each ratio r, the t test of euros - r * rights by the design itself."""
    frame = trial()
    found = tu.cost_per(frame, "rights", "euros", design)
    for ratio, kept in ((found.conf_low * 1.001, True), (found.conf_low * 0.999, False), (found.conf_high * 0.999, True),
                        (found.conf_high * 1.001, False)):
        test = tu.difference_in_means(frame.assign(net=frame["euros"] - ratio * frame["rights"]), "net", design)
        assert (abs(test.estimate / test.std_error) <= critical(0.95, found.df)) == kept
    assert found.estimate == pytest.approx(found.extra["cost"] / found.extra["effect"], rel=RTOL)


def test_the_covariance_is_that_of_the_arms():
    frame = trial()
    found = tu.cost_per(frame, "rights", "euros", DESIGN)
    by_arm = [np.cov(part["rights"], part["euros"])[0, 1] / len(part) for _, part in frame.groupby("arm")]
    assert found.extra["covariance"] == pytest.approx(sum(by_arm), rel=1e-6)


def test_shapes_of_fiellers_set():
    quantile = 2.0
    (low, high), shape = fieller(1.0, 100.0, 0.04, 25.0, 0.0, quantile)
    assert shape == "interval"
    assert low < 100 < high
    (low, high), shape = fieller(0.1, 100.0, 0.04, 25.0, 0.0, quantile)
    assert shape == "two_rays"
    assert low < 0 < high
    assert fieller(0.1, 1.0, 0.04, 25.0, 0.0, quantile)[1] == "line"
    assert fieller(0.5, 100.0, 0.0625, 25.0, 0.0, quantile)[1] == "ray"


def test_an_effect_that_may_be_none_has_an_interval_without_end_and_says_so():
    found = tu.cost_per(trial(effect=0.0), "rights", "euros", DESIGN)
    assert found.conf_high == np.inf
    assert found.extra["shape"] in {"two_rays", "line"}
    assert "can't be told from 0" in found.reason


def test_the_bootstrap_is_close_and_the_same_twice():
    frame = trial(n=400)
    found = [tu.cost_per(frame, "rights", "euros", tu.Design("arm", 0, draw="blocked", blocks="block"), draws=500, seed=4) for _ in range(2)]
    assert found[0] == found[1]
    assert found[0].extra["bootstrap_low"] == pytest.approx(found[0].conf_low, rel=0.1)  # another method, percentile, 500 draws
    assert found[0].extra["bootstrap_high"] == pytest.approx(found[0].conf_high, rel=0.1)


def test_units_of_the_cost_only_scale_it_and_missing_costs_are_refused():
    frame = trial()
    cents = tu.cost_per(frame.assign(euros=frame["euros"] * 100), "rights", "euros", DESIGN)
    whole = tu.cost_per(frame, "rights", "euros", DESIGN)
    assert cents.conf_low == pytest.approx(100 * whole.conf_low, rel=1e-6)
    frame.loc[3, "euros"] = np.nan
    with pytest.raises(EstimateError, match="1 units with an observed outcome have no cost"):
        tu.cost_per(frame, "rights", "euros", DESIGN)


@pytest.mark.slow
def test_intervals_cover_the_ratio():
    hits = sum(found.conf_low <= 400 <= found.conf_high for seed in range(600) for found in [tu.cost_per(trial(seed), "rights", "euros", DESIGN)])
    assert 0.925 <= hits / 600 <= 0.98  # true ratio: 50 euros an hour, an eighth of a right an hour
