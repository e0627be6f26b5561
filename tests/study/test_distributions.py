"""Bins: round edges that hold every value, counts that add up, no bin that shows a small group."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takeup.study.distributions import bins, counted, joined, nice_step

numbers = st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=1, max_size=60).map(np.array)


@given(numbers)
def test_every_value_lies_in_a_bin_and_is_counted_once(values):
    edges = bins(values)
    assert (np.diff(edges) > 0).all()
    assert edges.size <= 20
    slack = 1e-6 * (edges[1] - edges[0])  # multiples of a width are rounded
    assert edges[0] - slack <= values.min()
    assert values.max() <= edges[-1] + slack
    counts = counted(values, edges)
    assert counts.sum() == values.size
    by_hand = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]
    assert counts.tolist() == by_hand.tolist()


@pytest.mark.parametrize(("span", "step"), [(4, 0.25), (100, 10.0), (16, 1.0), (0, 1.0), (1, 0.1), (0.5, 0.05)])
def test_widths_are_round(span, step):
    assert nice_step(span) == pytest.approx(step)


def test_few_whole_numbers_have_a_bin_each():
    assert bins(np.array([1.0, 3.0, 5.0])).tolist() == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]
    assert bins(np.array([0.0, 1.0])).tolist() == [-0.5, 0.5, 1.5]


def test_a_support_sets_the_ends():
    edges = bins(np.array([1.2, 2.7]), (1.0, 5.0))
    assert (edges[0], edges[-1]) == (1.0, 5.0)
    assert np.allclose(np.diff(edges), 0.25)


@given(st.lists(numbers, min_size=1, max_size=4), st.integers(1, 15))
def test_after_joining_no_bin_shows_a_small_group_unless_one_is_left(groups, smallest):
    edges = joined(bins(np.concatenate(groups)), groups, smallest)
    assert (np.diff(edges) > 0).all()
    for values in groups:
        counts = counted(values, edges)
        assert counts.sum() == values.size
        assert edges.size == 2 or not ((counts > 0) & (counts < smallest)).any()


def test_joining_leaves_large_bins_alone():
    values = np.repeat([1.0, 2.0, 3.0, 4.0], [40, 40, 40, 3])
    assert joined(bins(values), [values], 10).tolist() == [0.5, 1.5, 2.5, 4.5]
