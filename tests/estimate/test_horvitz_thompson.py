"""Horvitz-Thompson over every assignment a draw can make: unbiased, and its variance estimate exactly as much too large as Young's bound says."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.errors import EstimateError

RTOL = 1e-8


def all_assignments(blocks, treated):
    options = [list(combinations(np.flatnonzero(blocks == block), treated)) for block in np.unique(blocks)]
    for chosen in product(*options):
        arm = np.zeros(blocks.size, dtype=int)
        arm[np.concatenate(chosen)] = 1
        yield arm


def over_all(strata, treated, size, seed=4, **design):
    """Estimates and variance estimates over all assignments of units of `size` rows, and the two potential outcomes of each unit."""
    random = np.random.default_rng(seed)
    blocks = np.asarray(strata)
    unit = np.repeat(np.arange(blocks.size), size)
    y0, y1 = random.normal(2, 1, unit.size), random.normal(3, 2, unit.size)
    found = []
    for arm in all_assignments(blocks, treated):
        frame = pd.DataFrame({"arm": arm[unit], "unit": unit, "block": blocks[unit], "y": np.where(arm[unit] == 1, y1, y0)})
        ours = tu.horvitz_thompson(frame, "y", tu.Design("arm", 0, **design))
        found.append((ours.estimate, ours.std_error**2))
    return np.array(found), np.bincount(unit, weights=y1 - y0), (y1 - y0).mean(), unit.size


@pytest.mark.parametrize(
    ("blocks", "treated", "size", "design"),
    [
        ([0] * 7, 3, 1, {}), ([0] * 6, 2, 3, {"draw": "clustered", "clusters": "unit"}),
        ([0, 0, 0, 0, 1, 1, 1, 1, 1], 2, 1, {"draw": "blocked", "blocks": "block"}),
        ([0, 0, 0, 0, 1, 1, 1, 1], 2, 2, {"draw": "blocked_clustered", "blocks": "block", "clusters": "unit"}),
    ],
    ids=["complete", "clustered", "blocked", "blocked_clustered"],
)
def test_exactly_unbiased_and_exactly_as_wide_as_youngs_bound(blocks, treated, size, design):
    found, effects, mean, rows = over_all(blocks, treated, size, **design)
    np.testing.assert_allclose(found[:, 0].mean(), mean, rtol=RTOL)
    excess = (effects**2).sum() / rows**2  # sum of (y1 - y0)**2 of the units' totals: what 2 y1 y0 <= y1**2 + y0**2 gives away
    np.testing.assert_allclose(found[:, 1].mean() - found[:, 0].var(), excess, rtol=RTOL)


@pytest.mark.parametrize(("blocks", "size", "clusters"), [([0, 0, 1, 1, 2, 2], 1, None), ([0, 0, 1, 1, 2, 2], 2, "unit")], ids=["units", "clusters"])
def test_pairs_are_unbiased_and_on_the_wide_side(blocks, size, clusters):
    found, _, mean, _ = over_all(blocks, 1, size, draw="pairs", blocks="block", clusters=clusters)
    np.testing.assert_allclose(found[:, 0].mean(), mean, rtol=RTOL)
    assert found[:, 1].mean() >= found[:, 0].var()


def test_a_coin_for_each_by_hand():
    frame = pd.DataFrame({"arm": [1, 1, 0, 0, 0], "y": [2.0, 3, 5, 7, 11], "p": [0.2, 0.5, 0.5, 0.25, 0.4], "k": [0, 0, 1, 1, 2]})
    parts = np.array([10, 6, -10, -28 / 3, -55 / 3])
    ours = tu.horvitz_thompson(frame, "y", tu.Design("arm", 0, draw="simple", probability="p"))
    np.testing.assert_allclose((ours.estimate, ours.std_error), (parts.sum() / 5, np.sqrt((parts**2).sum()) / 5), rtol=RTOL)
    assert ours.df == np.inf
    grouped = tu.horvitz_thompson(frame, "y", tu.Design("arm", 0, draw="simple", probability="p", clusters="k"))
    np.testing.assert_allclose(grouped.std_error, np.sqrt(16**2 + (10 + 28 / 3) ** 2 + (55 / 3) ** 2) / 5, rtol=RTOL)
    assert grouped.n_clusters == 3


def test_counts_of_the_draw_come_from_everybody_who_was_drawn():
    """A third arm and a missing outcome: probabilities are those of the draw, the mean is over the rows observed."""
    frame = pd.DataFrame({"arm": [0, 0, 0, 1, 1, 2, 2, 2, 2, 2], "y": [1.0, 2, np.nan, 4, 6, 0, 0, 0, 0, 0]})
    ours = tu.horvitz_thompson(frame, "y", tu.Design("arm", 0), arm=1)
    np.testing.assert_allclose(ours.estimate, ((4 + 6) / 0.2 - (1 + 2) / 0.3) / 9, rtol=RTOL)


def test_declared_probabilities_that_weren_t_drawn_are_taken_as_independent():
    frame = pd.DataFrame({"arm": [1, 1, 0, 0], "y": [2.0, 3, 5, 7]})
    ours = tu.horvitz_thompson(frame, "y", tu.Design("arm", 0, probability=0.4))
    simple = tu.horvitz_thompson(frame, "y", tu.Design("arm", 0, draw="simple", probability=0.4))
    assert ours.std_error == simple.std_error
    assert "independent draws" in ours.reason


def test_what_can_t_be():
    frame = pd.DataFrame({"arm": [1, 0, 1, 0, 1, 0], "y": [1.0, 2, 3, 4, 5, 6], "k": [0, 0, 1, 1, 2, 2], "b": [0, 0, 0, 0, 1, 1]})
    with pytest.raises(EstimateError, match="more than one arm"):
        tu.horvitz_thompson(frame, "y", tu.Design("arm", 0, draw="clustered", clusters="k"))
    mixed = frame.assign(arm=[1, 1, 0, 0, 1, 1], b=[0, 1, 0, 1, 0, 1])
    with pytest.raises(EstimateError, match="more than one block"):
        tu.horvitz_thompson(mixed, "y", tu.Design("arm", 0, draw="blocked_clustered", clusters="k", blocks="b"))
    assert "no variance" in tu.horvitz_thompson(frame.head(2), "y", tu.Design("arm", 0)).reason
    assert "no variation" in tu.horvitz_thompson(frame.assign(y=0.0), "y", tu.Design("arm", 0)).reason
    assert "nothing to compare" in tu.horvitz_thompson(frame.assign(b=frame["arm"]), "y", tu.Design("arm", 0, draw="blocked", blocks="b")).reason
