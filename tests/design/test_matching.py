"""Pairs by Mahalanobis distance: the smallest total where every matching can be looked at, close to it elsewhere."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.design.matching import EXACT, _closest_first, _exchanged, covariates_of, matched_pairs, whitened


def _distances(x):
    z = whitened(x)
    return np.sqrt(((z[:, None] - z[None]) ** 2).sum(axis=2))


def _every_matching(units):
    if not units:
        yield ()
        return
    first, rest = units[0], units[1:]
    for other in rest:
        for more in _every_matching([unit for unit in rest if unit != other]):
            yield ((first, other), *more)


def _total(distance, codes):
    return sum(distance[tuple(np.flatnonzero(codes == pair))] for pair in range(codes.max() + 1))


@pytest.mark.parametrize("n", [2, 6, 8])
def test_small_lists_get_the_best_matching(n):
    x = np.random.default_rng(n).normal(size=(n, 3))
    distance = _distances(x)
    best = min(sum(distance[pair] for pair in pairs) for pairs in _every_matching(list(range(n))))
    codes, alone = matched_pairs(x)
    assert alone == 0
    assert _total(distance, codes) == pytest.approx(best, rel=1e-12)


def test_of_an_odd_number_the_one_whose_partner_would_be_farthest_is_left():
    x = np.random.default_rng(1).normal(size=(7, 2))
    distance = _distances(x)
    best = min(sum(distance[pair] for pair in pairs) for spare in range(7) for pairs in _every_matching([u for u in range(7) if u != spare]))
    codes, alone = matched_pairs(x)
    assert (alone, (codes < 0).sum()) == (1, 1)
    assert _total(distance, codes) == pytest.approx(best, rel=1e-12)


def test_exchanges_come_close_to_the_best_and_below_closest_first():
    """On lists where all matchings can be seen, exchange ends within a few percent of the best; greedy alone doesn't."""
    ratios, greedy = [], []
    for seed in range(60):
        x = np.random.default_rng(seed).normal(size=(12, 2))
        distance = _distances(x)
        codes, _ = matched_pairs(x)
        best = _total(distance, codes)
        first = _closest_first(distance)
        for partner, kept in ((first.copy(), greedy), (_exchanged(distance, first.copy()), ratios)):
            kept.append(distance[np.arange(12), partner].sum() / 2 / best)
    assert np.mean(ratios) < 1.03 < np.mean(greedy)


def test_no_exchange_of_partners_makes_it_better():
    x = np.random.default_rng(3).normal(size=(60, 4))
    distance, (codes, _) = _distances(x), matched_pairs(x)
    pairs = [tuple(np.flatnonzero(codes == pair)) for pair in range(30)]
    assert len(x) > EXACT
    for (a, b), (c, d) in combinations(pairs, 2):
        now = distance[a, b] + distance[c, d]
        assert min(distance[a, c] + distance[b, d], distance[a, d] + distance[b, c]) >= now - 1e-9


def test_distance_doesnt_depend_on_the_units_of_measurement():
    x = np.random.default_rng(0).normal(size=(40, 3))
    turned = x @ np.array([[2.0, 0.3, 0], [0, 5.0, -1], [0.1, 0, 9.0]]) + 7
    assert matched_pairs(x)[0].tolist() == matched_pairs(turned)[0].tolist()


def test_texts_and_empty_cells_become_numbers():
    x = covariates_of(pd.DataFrame({"age": ["30", "", "50"], "site": ["b", "a", "b"]}), ("age", "site"))
    assert x.tolist() == [[30.0, 0.0, 1.0], [40.0, 1.0, 0.0], [50.0, 0.0, 1.0]]


def test_a_column_that_isnt_there_is_said():
    with pytest.raises(tu.TakeupError, match='no column "age"'):
        covariates_of(pd.DataFrame({"site": ["a"]}), ("age",))
