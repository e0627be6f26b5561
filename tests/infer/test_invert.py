"""Limits of an interval against the closed form of a coefficient, and what has no limits."""

import math

import numpy as np
import pytest

from takeup.infer.invert import Lines, interval, lines

RNG = np.random.default_rng(4)
DRAWS = 999
A, B = np.concatenate([[0.4], RNG.normal(size=DRAWS)]), np.concatenate([[1.0], RNG.uniform(-0.5, 0.5, DRAWS)])
COEFFICIENT = Lines(a=A, b=B, square=None, cross=None, curve=None, weights=np.ones(DRAWS + 1))


def test_limits_of_a_coefficient_are_order_statistics():
    # a draw reaches the observed effect for t on one side of (0.4 - a) / (1 - b)
    crossings = np.sort((A[0] - A[1:]) / (1.0 - B[1:]))
    m = math.floor(0.025 * (DRAWS + 1))
    low, high = interval(COEFFICIENT, alternative="two-sided", two_sided="doubled", conf_level=0.95)
    assert low == pytest.approx(crossings[m - 1], rel=1e-12)
    assert high == pytest.approx(crossings[-m], rel=1e-12)
    one_sided = math.floor(0.05 * (DRAWS + 1))
    low, high = interval(COEFFICIENT, alternative="greater", two_sided="doubled", conf_level=0.95)
    assert (low, high) == (pytest.approx(crossings[one_sided - 1], rel=1e-12), math.inf)


def test_limits_by_absolute_value_are_order_statistics():
    # |a - t b| >= |0.4 - t| between (0.4 - a) / (1 - b) and (0.4 + a) / (1 + b), which holds 0.4
    ends = np.stack([(A[0] - A[1:]) / (1.0 - B[1:]), (A[0] + A[1:]) / (1.0 + B[1:])])
    m = math.floor(0.05 * (DRAWS + 1))
    low, high = interval(COEFFICIENT, alternative="two-sided", two_sided="absolute", conf_level=0.95)
    assert low == pytest.approx(np.sort(ends.min(axis=0))[m - 1], rel=1e-12)
    assert high == pytest.approx(np.sort(ends.max(axis=0))[-m], rel=1e-12)


def test_studentised_limits_are_where_a_grid_changes_its_mind():
    square, curve = RNG.uniform(0.5, 1.5, DRAWS + 1), RNG.uniform(0.0, 0.3, DRAWS + 1)
    cross = 0.5 * RNG.uniform(-1, 1, DRAWS + 1) * np.sqrt(square * curve)
    cross[0] = curve[0] = 0.0
    found = Lines(a=A, b=B, square=square, cross=cross, curve=curve, weights=np.ones(DRAWS + 1))
    low, high = interval(found, alternative="two-sided", two_sided="absolute", conf_level=0.95)

    def p(t):
        values = (A - t * B) / np.sqrt(square - 2 * t * cross + t**2 * curve)
        return (np.abs(values) >= abs(values[0]) - 1e-12).mean()

    width = high - low
    assert p(low - 1e-9 * width) <= 0.05 < p(low + 1e-9 * width)
    assert p(high + 1e-9 * width) <= 0.05 < p(high - 1e-9 * width)


def test_few_draws_or_repeats_of_the_observed_one_give_no_limits():
    few = Lines(a=A[:20], b=B[:20], square=None, cross=None, curve=None, weights=np.ones(20))
    assert interval(few, alternative="two-sided", two_sided="doubled", conf_level=0.95) == (-math.inf, math.inf)
    again = Lines(a=np.where(np.arange(DRAWS + 1) < 100, 0.4, A), b=np.where(np.arange(DRAWS + 1) < 100, 1.0, B), square=None, cross=None, curve=None,
                  weights=np.ones(DRAWS + 1))
    assert interval(again, alternative="two-sided", two_sided="absolute", conf_level=0.95) == (-math.inf, math.inf)


def test_undefined_draws_don_t_count():
    holes = np.where(np.arange(DRAWS + 1) % 7 == 3, np.nan, A)
    found = interval(Lines(a=holes, b=B, square=None, cross=None, curve=None, weights=np.ones(DRAWS + 1)), alternative="two-sided",
                     two_sided="doubled", conf_level=0.95)
    assert np.isfinite(found).all()
    missing = Lines(a=np.where(np.arange(DRAWS + 1) == 0, np.nan, A), b=B, square=None, cross=None, curve=None, weights=np.ones(DRAWS + 1))
    assert np.isnan(interval(missing, alternative="two-sided", two_sided="doubled", conf_level=0.95)).all()


def test_weak_compliance_leaves_the_set_open():
    """The observed first stage is no stronger than many a draw's: no effect, however large, is ever rejected."""
    square, curve = np.full(DRAWS + 1, 0.1), np.full(DRAWS + 1, 0.1)
    weak = Lines(a=A, b=np.concatenate([[0.05], B[1:]]), square=square, cross=np.zeros(DRAWS + 1), curve=curve, weights=np.ones(DRAWS + 1))
    assert interval(weak, alternative="two-sided", two_sided="absolute", conf_level=0.95) == (-math.inf, math.inf)


def test_the_covariance_comes_from_the_variance_of_a_sum():
    y, d = RNG.normal(size=(2, 50, 6))
    variances = np.stack([y.var(axis=0), d.var(axis=0), (y + d).var(axis=0)])
    found = lines(np.zeros((2, 6)), variances, np.ones(6))
    np.testing.assert_allclose(found.cross, ((y - y.mean(axis=0)) * (d - d.mean(axis=0))).mean(axis=0), rtol=1e-10)
