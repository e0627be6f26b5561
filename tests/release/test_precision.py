"""Numbers on 0/1 values tell no more than the rounded counts beside them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takeup.release.precision import coarse, looks_binary, quotient, step
from takeup.release.rules import Rules
from takeup.results import Bounds, ConfidenceSet, Estimate, FrozenMap, Statistic, Test

RULES = Rules(minimum_cell=10, round_counts_to=5)
TWO = frozenset({"works"})


@given(st.integers(1, 100_000))
def test_a_step_is_at_most_one_persons_share_and_more_than_a_tenth(people):
    assert step(people) <= 1 / people + 1e-9
    assert step(people) * 10 > 1 / people


@given(st.integers(20, 400), st.integers(0, 400))
def test_nobody_reads_the_count_off_a_mean(n, people):
    """Every count that rounds alike gives the same mean, so the mean tells the rounded count and no more."""
    people = min(people, n)
    alike = [other for other in range(n + 1) if RULES.rounded(other) == RULES.rounded(people)]
    assert {quotient(other, n, RULES) for other in alike} == {quotient(people, n, RULES)}


def effect(**fields):
    values = np.repeat([1.0, 0.0], [21, 24])
    extra = FrozenMap(mean_treated=21 / 45, mean_control=11 / 49, sd_control=float(values.std()), per_100_treated=100 * 21 / 45,
                      per_100_difference=24.2, count_smallest_cell=11, q_value=0.12345, rule="plan", n_trimmed=3, n_used=42)
    return Estimate(outcome="works", estimate=21 / 45 - 11 / 49, std_error=0.0987654, p_value=0.0123456, statistic=2.23456, conf_low=0.0456789, n=94,
                    n_treated=45, n_control=49, extra=extra, **fields)


def test_an_effect_on_zeros_and_ones():
    found = coarse(effect(), RULES, TWO)
    assert (found.estimate, found.std_error, found.conf_low, found.p_value, found.statistic) == (0.24, 0.1, 0.05, 0.012, 2.2)
    assert found.extra["mean_treated"] == pytest.approx(20 / 45)
    assert found.extra["per_100_treated"] == pytest.approx(100 * 20 / 45)
    assert found.extra["sd_control"] == pytest.approx(math.sqrt(0.2 * 0.8))
    assert (found.extra["per_100_difference"], found.extra["q_value"], found.extra["rule"]) == (24.0, 0.12, "plan")
    assert found.extra["n_used"] == 40
    assert "n_trimmed" not in found.extra


def test_other_outcomes_keep_their_precision_but_for_shares_of_people():
    found = Estimate(outcome="age", estimate=1.23456, n=90, n_treated=45, n_control=45,
                     extra=FrozenMap(missing_share_treated=0.2345, sd_control=3.14159))
    kept = coarse(found, RULES, TWO)
    assert (kept.estimate, kept.extra["sd_control"]) == (1.23456, 3.14159)
    assert kept.extra["missing_share_treated"] == 0.23


@pytest.mark.parametrize(
    ("result", "name", "value"),
    [
        (Bounds(outcome="works", lower=0.123456, upper=0.234567, n=90, n_treated=45, n_control=45), "upper", 0.23),
        (ConfidenceSet(outcome="works", intervals=((0.123456, math.inf),), shape="ray", n=90), "intervals", ((0.12, math.inf),)),
        (Test(outcome="works", p_value=0.012345, conf_low=-0.123456, n=90), "conf_low", -0.12),
        (Statistic(table="attrition", variable="works", kind="difference", value=0.123456, n=90), "value", 0.12),
        (Statistic(table="attrition", variable="works", kind="mean", value=7 / 49, n=49), "value", 5 / 50),
        (Statistic(table="attrition", variable="works", kind="sd", value=0.3499, n=49), "value", 0.3),
    ],
)
def test_every_kind_of_result(result, name, value):
    found = getattr(coarse(result, RULES, TWO), name)
    assert found == (pytest.approx(value) if isinstance(value, float) else value)


def test_means_that_are_whole_numbers_of_people():
    assert looks_binary([(3 / 7, 7), (4 / 9, 9)])
    assert not looks_binary([(0.0, 7), (1.0, 9)])
    assert not looks_binary([(0.43, 7), (4 / 9, 9)])
    assert not looks_binary([(2.0, 7), (0.5, 8)])
    assert not looks_binary([(0.5, 8)])
