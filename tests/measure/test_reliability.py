"""Reliability: intervals by simulation, omega against statsmodels' factor model, degenerate items."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import takeup as tu
from takeup.errors import MeasureError


def items(n, loadings, seed):
    rng = np.random.default_rng(seed)
    trait = rng.normal(size=n)
    return pd.DataFrame({f"q{i}": loading * trait + rng.normal(size=n) for i, loading in enumerate(loadings)})


def test_omega_is_that_of_the_maximum_likelihood_factor_model():
    from statsmodels.multivariate.factor import Factor

    frame = items(300, [1.0, 0.7, 1.3, 0.4, 0.9], 8)
    theirs = Factor(endog=frame, n_factor=1, method="ml").fit(maxiter=2000, tol=1e-12)
    scale = frame.std().to_numpy()
    loadings, unique = np.abs(theirs.loadings[:, 0]) * scale, theirs.uniqueness * scale**2
    expected = loadings.sum() ** 2 / (loadings.sum() ** 2 + unique.sum())
    found = tu.mcdonald_omega(frame, list(frame))
    assert found.estimate == pytest.approx(expected, rel=1e-5)  # their optimiser's own tolerance
    np.testing.assert_allclose(found.extra["loadings"], loadings, rtol=1e-3)


def test_omega_is_alpha_when_loadings_are_equal_in_the_population_only():
    frame = items(200_000, [1.0, 1.0, 1.0, 1.0], 2)
    alpha, omega = tu.cronbach_alpha(frame, list(frame)), tu.mcdonald_omega(frame, list(frame))
    assert alpha.estimate == pytest.approx(0.8, abs=0.003)
    assert omega.estimate == pytest.approx(alpha.estimate, abs=1e-4)


def test_standard_errors_are_the_spread_of_repeated_samples():
    draws = [items(120, [1.0, 0.8, 0.6, 1.2], seed) for seed in range(400)]
    for function in (tu.cronbach_alpha, tu.mcdonald_omega):
        found = [function(frame, list(frame)) for frame in draws]
        spread = np.std([one.estimate for one in found])
        assert np.mean([one.std_error for one in found]) == pytest.approx(spread, rel=0.15)  # four Monte-Carlo errors at 400 samples


@pytest.mark.slow
def test_intervals_cover():
    population = items(400_000, [1.0, 0.8, 0.6, 1.2], 999)
    draws = [items(60, [1.0, 0.8, 0.6, 1.2], seed) for seed in range(2000)]
    truths = {tu.cronbach_alpha: tu.cronbach_alpha(population, list(population)).estimate,
              tu.mcdonald_omega: tu.mcdonald_omega(population, list(population)).estimate}
    for function, truth in truths.items():
        found = [function(frame, list(frame)) for frame in draws]
        cover = np.mean([one.conf_low <= truth <= one.conf_high for one in found])
        assert 0.93 <= cover <= 0.97


def test_units_and_order_do_not_matter_for_omega_nor_order_for_alpha():
    frame = items(80, [1.0, 0.7, 1.3, 0.4], 5)
    names = list(frame)
    scaled = frame * 10 + 3
    assert tu.cronbach_alpha(scaled, names[::-1]).estimate == pytest.approx(tu.cronbach_alpha(frame, names).estimate, rel=1e-10)
    assert tu.mcdonald_omega(scaled, names[::-1]).estimate == pytest.approx(tu.mcdonald_omega(frame, names).estimate, rel=1e-8)


def test_a_reverse_worded_item_is_named():
    frame = items(100, [1.0, 1.0, 1.0, -1.0], 6)
    assert "q3 correlates negatively" in tu.cronbach_alpha(frame, list(frame)).reason


@pytest.mark.parametrize("function", [tu.cronbach_alpha, tu.mcdonald_omega])
def test_degenerate_items_give_a_reason(function):
    frame = items(30, [1.0, 0.8, 0.6], 3)
    for broken in (frame.assign(q0=1.0), frame.head(2), frame.assign(q0=np.nan)):
        found = function(broken, list(broken))
        assert math.isnan(found.estimate)
        assert found.reason
    with pytest.raises(MeasureError):
        function(frame, ["q0"])
    with pytest.raises(MeasureError):
        function(frame, ["q0", "q9"])
    with pytest.raises(MeasureError):
        function(frame, list(frame), conf_level=1.5)


def test_a_heywood_case_has_a_reason():
    frame = items(60, [1.0, 0.1, 0.1], 1)
    frame["q0"] = frame["q1"] + frame["q2"]
    found = tu.mcdonald_omega(frame, list(frame))
    assert math.isnan(found.estimate)
    assert "uniqueness" in found.reason


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=1, max_size=12))
def test_any_answers_give_a_number_or_a_reason(rows):
    frame = pd.DataFrame(rows, columns=["a", "b", "c"], dtype="float64")
    for function in (tu.cronbach_alpha, tu.mcdonald_omega):
        found = function(frame, ["a", "b", "c"])
        assert found.reason or math.isfinite(found.estimate)


def test_minres_leaves_the_smallest_squares_off_the_diagonal():
    from scipy.optimize import least_squares

    rng = np.random.default_rng(3)
    trait = rng.normal(size=200)
    answers = pd.DataFrame({f"q{i}": (0.5 + 0.1 * i) * trait + rng.normal(size=200) for i in range(5)})
    r = np.corrcoef(answers.to_numpy(), rowvar=False)
    above = np.triu_indices(5, 1)
    best = least_squares(lambda b: (r - np.outer(b, b))[above], np.full(5, 0.5), xtol=1e-15, ftol=1e-15, gtol=1e-15).x
    found = tu.mcdonald_omega(answers, list(answers), method="minres")
    assert found.extra["loadings"] == pytest.approx(tuple(best), rel=1e-6)
    assert found.estimate == pytest.approx(1 - (1 - best**2).sum() / r.sum(), rel=1e-7)


def test_pairwise_alpha_uses_every_pair():
    rng = np.random.default_rng(4)
    answers = pd.DataFrame(rng.normal(size=(60, 3)) + rng.normal(size=(60, 1)), columns=["a", "b", "c"])
    whole = tu.cronbach_alpha(answers, ["a", "b", "c"])
    assert tu.cronbach_alpha(answers, ["a", "b", "c"], missing="pairwise").estimate == pytest.approx(whole.estimate, rel=1e-12)
    answers.loc[:9, "a"] = np.nan
    answers.loc[50:, "b"] = np.nan
    c = answers.cov().to_numpy()
    found = tu.cronbach_alpha(answers, ["a", "b", "c"], missing="pairwise")
    assert found.estimate == pytest.approx(1.5 * (1 - np.trace(c) / c.sum()), rel=1e-12)
    assert found.n == 60
    assert np.isnan(found.std_error)
    assert found.reason
    assert tu.cronbach_alpha(answers.assign(a=np.nan), ["a", "b", "c"], missing="pairwise").reason
    with pytest.raises(tu.TakeupError, match="missing"):
        tu.cronbach_alpha(answers, ["a", "b"], missing="listwise")
    with pytest.raises(tu.TakeupError, match="method"):
        tu.mcdonald_omega(answers, ["a", "b", "c"], method="pca")
