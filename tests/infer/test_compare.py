"""Ties, tails and what is undefined."""

import numpy as np
import pytest

from takeup.errors import InferError
from takeup.infer.compare import check_options, monte_carlo_error, studentized, tails


def test_ties_count_within_rounding():
    null = np.array([1.0, 1.0 - 1e-13, -1.0 + 1e-13, 0.3, 2.0])
    found = tails(null, np.ones(5))
    assert (found.greater, found.less, found.absolute) == (3 / 5, 4 / 5, 4 / 5)


def test_an_observed_zero_ties_with_rounding_error():
    null = np.array([0.0, 1e-17, -1e-17, 1.0, -1.0])
    found = tails(null, np.ones(5))
    assert (found.greater, found.less, found.absolute) == (4 / 5, 4 / 5, 1.0)


def test_undefined_draws_are_never_extreme():
    found = tails(np.array([1.0, np.nan, 2.0, -3.0]), np.ones(4))
    assert (found.greater, found.less, found.absolute) == (2 / 4, 2 / 4, 3 / 4)


def test_an_undefined_statistic_has_no_p():
    assert np.isnan(tails(np.array([np.nan, 1.0]), np.ones(2)).greater)


@pytest.mark.parametrize(("observed", "expected"), [(np.inf, (2 / 4, 1.0, 3 / 4)), (-np.inf, (1.0, 1 / 4, 3 / 4))])
def test_exact_fits_are_the_most_extreme(observed, expected):
    null = np.array([observed, np.inf, -np.inf, 0.5])
    found = tails(null, np.ones(4))
    if observed > 0:
        assert (found.greater, found.less, found.absolute) == expected
    else:
        assert (found.greater, found.less, found.absolute) == (1.0, 2 / 4, 3 / 4)


def test_weights_are_shares():
    found = tails(np.array([2.0, 2.0, 1.0, -2.0]), np.array([0.0, 1.0, 2.0, 1.0]))
    assert (found.greater, found.less, found.absolute) == (1 / 4, 1.0, 2 / 4)


def test_the_doubled_tail_stops_at_one():
    found = tails(np.array([0.0, 1.0, -1.0]), np.ones(3))
    assert found.p_value("two-sided", "doubled") == 1.0
    assert found.p_value("greater", "doubled") == found.greater


def test_no_variance_gives_infinite_or_zero_statistics():
    effects = np.array([[2.0, -1.0, 0.0, 1.0]])
    variances = np.array([[0.0, 1e-20, 0.0, 4.0]])
    assert studentized(effects, variances).tolist() == [[np.inf, -np.inf, 0.0, 0.5]]
    assert studentized(effects, np.zeros((1, 4))).tolist() == [[np.inf, -np.inf, 0.0, np.inf]]
    assert np.isnan(studentized(np.zeros((1, 4)), np.zeros((1, 4)))).all()


def test_monte_carlo_error_is_binomial():
    assert monte_carlo_error(0.05, 10_000, doubled=False) == pytest.approx(np.sqrt(0.05 * 0.95 / 10_000))
    assert monte_carlo_error(0.05, 10_000, doubled=True) == pytest.approx(2 * np.sqrt(0.025 * 0.975 / 10_000))
    assert monte_carlo_error(0.05, np.inf, doubled=True) == 0.0


def test_options_are_checked_together():
    with pytest.raises(InferError) as caught:
        check_options(method=("ols", ("ancova", "lin")), statistic=("t", ("studentized",)), alternative=("less", ("less",)))
    assert [fault.where for fault in caught.value.faults] == ["method", "statistic"]
