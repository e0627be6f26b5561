"""Bounds under unknown eligibility against every possible answer, by enumeration."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from takeup.missing.eligibility import eligibility_bounds


@pytest.mark.parametrize("seed", range(8))
def test_bounds_are_the_extremes_of_all_possible_answers(seed):
    rng = np.random.default_rng(seed)
    n = 14
    treated = np.arange(n) % 2 == 0
    received = rng.integers(0, 2, n).astype(float)
    received[rng.random(n) < 0.1] = np.nan
    eligible = rng.choice([1, 0, -1], n, p=[0.5, 0.1, 0.4])
    eligible[:2] = 1
    received[:2] = rng.integers(0, 2, 2)
    found = eligibility_bounds(received, eligible, treated, outcome="right")
    unknown = np.flatnonzero(eligible == -1)
    differences = []
    for answers in product((0, 1), repeat=unknown.size):
        filled = eligible.copy()
        filled[unknown] = answers
        rates = [received[(filled == 1) & side & ~np.isnan(received)].mean() for side in (treated, ~treated)]
        differences.append(rates[0] - rates[1])
    assert found.lower == pytest.approx(min(differences), rel=1e-8, abs=1e-12)
    assert found.upper == pytest.approx(max(differences), rel=1e-8, abs=1e-12)


def test_nothing_unknown_makes_a_point_and_nobody_a_reason():
    treated, ones = np.array([True, True, False, False]), np.ones(4, dtype=int)
    found = eligibility_bounds(np.array([1.0, 0, 0, 0]), ones, treated, outcome="right")
    assert found.lower == found.upper == 0.5
    empty = eligibility_bounds(np.array([np.nan, np.nan, 0, 0]), ones, treated, outcome="right")
    assert np.isnan(empty.lower)
    assert empty.reason
