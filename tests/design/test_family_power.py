"""Power of a family, and what a change buys: against closed forms and a plain count."""

import math

import numpy as np
import pytest
from scipy.special import ndtr, ndtri
from scipy.stats import multivariate_normal

import takeup as tu
from takeup.design.family_power import family_power
from takeup.design.gains import CHANGES, gains


def _one(shift, alpha):
    cut = -ndtri(alpha / 2)
    return ndtr(shift - cut) + ndtr(-shift - cut)


@pytest.mark.parametrize("method", ["none", "bonferroni"])
def test_independent_outcomes_have_a_closed_form(method):
    shifts = [2.8, 2.0, 0.5]
    found = family_power(shifts, method=method, draws=200_000)
    chances = np.array([_one(shift, 0.05 if method == "none" else 0.05 / 3) for shift in shifts])
    error = 4 * math.sqrt(0.25 / 200_000)
    np.testing.assert_allclose(found.each, chances, atol=error)
    assert found.any == pytest.approx(1 - np.prod(1 - chances), abs=error)
    assert found.all == pytest.approx(np.prod(chances), abs=error)


def test_holm_and_bonferroni_find_one_alike_and_correlated_ones_agree_with_the_bivariate_normal():
    shifts, rho = [2.5, 2.0], 0.5
    cut = -ndtri(0.05 / 4)
    law = multivariate_normal(shifts, [[1, rho], [rho, 1]])
    neither = law.cdf([cut, cut], lower_limit=[-cut, -cut])
    for method in ("holm", "bonferroni"):
        assert family_power(shifts, correlation=rho, method=method, draws=200_000).any == pytest.approx(1 - neither, abs=0.005)


def test_the_family_wise_error_is_held_and_the_stepdown_wastes_less():
    null = {method: family_power([0.0] * 4, correlation=0.8, method=method, draws=100_000).any for method in ("holm", "romano_wolf", "none")}
    assert null["holm"] < 0.05
    assert null["none"] > 0.1
    assert null["romano_wolf"] == pytest.approx(0.05, abs=0.006)
    assert null["holm"] < null["romano_wolf"]


def test_everything_wrong_is_said():
    with pytest.raises(tu.TakeupError) as error:
        family_power([math.nan, 1.0], correlation=-1.5, alpha=2.0, method="fisher")
    assert {fault.where for fault in error.value.faults} == {"shifts", "method", "correlation", "alpha"}


def test_each_change_is_that_of_power_itself():
    study = {"sd": 20.0, "attrition": 0.2, "takeup": 0.7, "provider_size": 12, "provider_icc": 0.05, "comparisons": 2}
    found = {gain.change: gain for gain in gains(study, 200, effect=6)}
    assert set(found) <= set(CHANGES)
    assert found["as_planned"].power == tu.power(6, 200, **study).power
    assert found["more_people"].mde == tu.mde(250, **study).effect
    assert found["less_attrition"].needed == tu.sample_size(6, **{**study, "attrition": 0.1}).n_whole
    assert found["more_takeup"].power == tu.power(6, 200, **{**study, "takeup": 0.8}).power
    assert found["more_providers"].mde == tu.mde(200, **{**study, "provider_size": 6}).effect
    assert found["fewer_comparisons"].power > found["as_planned"].power
    assert all(gain.mde < found["as_planned"].mde for name, gain in found.items() if name != "as_planned")


def test_what_cant_be_answered_is_none():
    """A rate can't rise by more than there is room."""
    assert gains({"control_rate": 0.95}, 30, effect=0.04)[0].mde is None
