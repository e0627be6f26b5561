"""The bound on coming back by itself, against a population in which nothing happens but that."""

import math

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.errors import EstimateError
from takeup.estimate.regression_to_mean import truncation


@pytest.mark.parametrize("share", [0.05, 0.375, 0.5, 0.9])
def test_truncation_is_that_of_the_lowest_of_a_normal(share):
    from scipy import stats

    z = stats.norm.ppf(share)
    mean, variance = stats.truncnorm.stats(-np.inf, z, moments="mv")
    below, narrowed = truncation(share)
    np.testing.assert_allclose([-below, narrowed], [mean, math.sqrt(variance)], rtol=1e-8)


@pytest.mark.parametrize(("kept", "share", "turn"), [(0.6, 0.375, 1.0), (0.3, 0.2, 1.0), (0.6, 0.375, -1.0)])
def test_where_nothing_happens_the_change_is_the_bound(kept, share, turn):
    """A population measured twice, the worst off of it recruited on the first: all the change is coming back."""
    rng = np.random.default_rng(5)
    first = rng.normal(size=400_000)
    second = kept * first + math.sqrt(1 - kept**2) * rng.normal(size=first.size)
    chosen = first <= np.quantile(first, share)
    frame = pd.DataFrame({"start": 6 + turn * 2 * first[chosen], "end": 6 + turn * 2 * second[chosen]})
    better = "higher" if turn > 0 else "lower"
    found = tu.regression_to_mean(frame, "start", "end", stability=kept, population_mean=6.0, recruited_share=share, better=better)
    change = found.extra["change"]
    # Monte-Carlo error of a mean of 80,000 or more: a few thousandths
    np.testing.assert_allclose([found.extra["by_population"], found.extra["by_truncation"]], change, atol=0.03)
    assert found.extra["sd_population"] == pytest.approx(2.0, abs=0.02)
    assert (found.lower, found.upper) == ((0.0, max(found.extra["by_population"], found.extra["by_truncation"])) if turn > 0 else
                                          (min(found.extra["by_population"], found.extra["by_truncation"]), 0.0))


def test_the_correlation_of_the_selected_is_too_low_and_the_bound_without_stability_wide():
    rng = np.random.default_rng(6)
    first = rng.normal(size=50_000)
    second = 0.6 * first + 0.8 * rng.normal(size=first.size)
    chosen = first <= np.quantile(first, 0.3)
    frame = pd.DataFrame({"start": first[chosen], "end": second[chosen]})
    known = tu.regression_to_mean(frame, "start", "end", stability=0.6, recruited_share=0.3)
    unknown = tu.regression_to_mean(frame, "start", "end", recruited_share=0.3)
    assert unknown.extra["stability"] < 0.6
    assert unknown.upper > known.upper
    assert "the bound is wide" in unknown.reason


def test_the_interval_is_that_of_the_mean_at_the_start():
    rng = np.random.default_rng(7)
    frame = pd.DataFrame({"start": rng.normal(4, 2, 60), "end": rng.normal(5, 2, 60), "group": np.repeat(np.arange(10), 6)})
    found = tu.regression_to_mean(frame, "start", "end", stability=0.5, population_mean=6.0, clusters="group")
    mean = tu.change(frame.assign(nought=0.0), "nought", "start", clusters="group")
    assert found.conf_high - found.upper == pytest.approx(0.5 * (mean.conf_high - mean.estimate), rel=1e-8)
    assert found.conf_low == 0.0


def test_what_cannot_be_bounded_says_why():
    frame = pd.DataFrame({"start": [1.0, 2, 3], "end": [2.0, 2, 4], "flat": 1.0})
    nothing = tu.regression_to_mean(frame, "start", "end")
    assert math.isnan(nothing.upper)
    assert "Neither the mean" in nothing.reason
    assert "no correlation" in tu.regression_to_mean(frame, "flat", "end", population_mean=3.0).reason
    with pytest.raises(EstimateError, match="strictly between 0 and 1"):
        tu.regression_to_mean(frame, "start", "end", stability=1.0)
    with pytest.raises(EstimateError, match="no row has both"):
        tu.regression_to_mean(frame.assign(end=np.nan), "start", "end")
    with pytest.raises(EstimateError, match="no direction"):
        tu.regression_to_mean(frame, "start", "end", better="up")
