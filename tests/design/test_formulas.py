"""Closed forms of power against statsmodels and simulation-free identities."""

import math

import pytest
from scipy import stats

import takeup as tu


def test_several_arms_is_statsmodels():
    from statsmodels.stats.power import FTestAnovaPower

    means, mean = (0.0, 0.3, 0.5, 0.1), 0.225
    found = tu.arms_power(means, 40, sd=1.5, alpha=0.01)
    f = math.sqrt(sum((value - mean) ** 2 for value in means) / 4) / 1.5
    assert found.effect == pytest.approx(f)
    assert found.power == pytest.approx(FTestAnovaPower().power(f, 160, 0.01, k_groups=4), rel=1e-8)


def test_two_arms_are_the_t_test():
    assert tu.arms_power([0.0, 0.4], 70).power == pytest.approx(tu.power(0.4, 140).power, rel=1e-8)
    assert tu.arms_power([0.2, 0.2], 70).power == pytest.approx(0.05)


def test_hayes_and_bennett_by_hand():
    z = stats.norm.isf(0.025) + stats.norm.isf(0.1)
    expected = 1 + z**2 * ((0.1 * 0.9 + 0.15 * 0.85) / 50 + 0.3**2 * (0.1**2 + 0.15**2)) / 0.05**2
    found = tu.clusters_for_rates(0.1, 0.15, cluster_size=50, between_cv=0.3, power=0.9)
    assert found.extra["clusters_per_arm"] == pytest.approx(expected, rel=1e-10)
    assert found.n_whole == 2 * math.ceil(expected) * 50


def test_bloom_is_a_sum_of_two_quantiles():
    expected = (stats.t.isf(0.025, 118) + stats.t.isf(0.1, 118)) * 2.0 * math.sqrt(1 / (0.4 * 0.6 * 120))
    assert tu.mde(120, power=0.9, sd=2.0, treated_share=0.4, distribution="bloom").effect == pytest.approx(expected, rel=1e-8)


def test_covariates_within_and_between_clusters():
    one = tu.mde(600, cluster_size=20, icc=0.1, r2=0.3)
    assert tu.mde(600, cluster_size=20, icc=0.1, r2=0.3, cluster_r2=0.3).effect == pytest.approx(one.effect, rel=1e-9)
    assert tu.mde(600, cluster_size=20, icc=0.1, r2=0.3, cluster_r2=0.6).effect < one.effect


def test_a_change_has_the_variance_of_a_difference():
    assert tu.power(0.3, 100, correlation=0.7, change=True).variance_factor == pytest.approx(0.6)
    assert tu.power(0.3, 100, correlation=0.5, change=True).variance_factor > tu.power(0.3, 100, correlation=0.5).variance_factor


@pytest.mark.parametrize(("call", "match"), [
    (lambda: tu.arms_power([1.0], 10), "two arms"), (lambda: tu.arms_power([1.0, 2.0], 1), "n_per_arm"),
    (lambda: tu.clusters_for_rates(0.2, 0.2, cluster_size=10, between_cv=0.1), "equal"),
    (lambda: tu.clusters_for_rates(1.2, 0.2, cluster_size=10, between_cv=0.1), "treated_rate"),
    (lambda: tu.power(0.2, 100, icc=0.1), r"Give cluster_size="), (lambda: tu.mde(100, provider_icc=0.1), r"Give provider_size="),
    (lambda: tu.power(0.2, 100, cluster_r2=0.5), "cluster_r2"), (lambda: tu.power(0.2, 100, change=True, pre=0), "earlier"),
])
def test_faults(call, match):
    with pytest.raises(tu.TakeupError, match=match):
        call()
