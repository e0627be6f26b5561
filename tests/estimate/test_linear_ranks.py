"""Rank sums and sums of outcomes under all draws: by listing them, and against SciPy."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import takeup as tu

DESIGN = tu.Design("arm", 0)


def trial(ties, seed=3, n1=6, n0=7):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=n1 + n0) + 0.8 * (np.arange(n1 + n0) < n1)
    return pd.DataFrame({"arm": [1] * n1 + [0] * n0, "y": np.round(y) if ties else y})


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_exact_by_listing_all_draws(ties, alternative):
    frame = trial(ties)
    ranks = stats.rankdata(frame["y"])
    sums = np.array([ranks[list(chosen)].sum() for chosen in itertools.combinations(range(13), 6)])
    observed, mean = ranks[:6].sum(), 6 * 7.0
    far = {"greater": sums >= observed - 1e-9, "less": sums <= observed + 1e-9, "two-sided": np.abs(sums - mean) >= abs(observed - mean) - 1e-9}
    found = tu.rank_test(frame, "y", DESIGN, exact=True, alternative=alternative)
    assert found.exact
    assert found.p_value == pytest.approx(far[alternative].mean(), rel=1e-12)
    assert (found.extra["mean"], found.extra["sd"]) == pytest.approx((sums.mean(), sums.std()), rel=1e-12)


@pytest.mark.parametrize("ties", [False, True])
def test_normal_approximation_is_scipys(ties):
    frame = trial(ties, n1=30, n0=41)
    one, other = (frame.loc[frame["arm"] == arm, "y"] for arm in (1, 0))
    expected = stats.mannwhitneyu(one, other, use_continuity=False, method="asymptotic")
    found = tu.rank_test(frame, "y", DESIGN)
    assert (found.p_value, found.extra["mann_whitney_u"]) == pytest.approx((expected.pvalue, expected.statistic), rel=1e-10)
    assert found.extra["chance_larger"] == pytest.approx(np.mean([(a > b) + 0.5 * (a == b) for a in one for b in other]))


def test_blocks_by_listing_all_draws():
    frame = trial(ties=True, n1=5, n0=5).assign(block=[0, 0, 1, 1, 1, 0, 0, 1, 1, 1])
    y, block = frame["y"].to_numpy(), frame["block"].to_numpy()
    inside = [np.flatnonzero(block == place) for place in (0, 1)]
    sums = np.array([y[[*a, *b]].sum() for a in itertools.combinations(inside[0], 2) for b in itertools.combinations(inside[1], 3)])
    found = tu.rank_test(frame, "y", tu.Design("arm", 0, draw="blocked", blocks="block"), scores="values")
    assert found.statistic == pytest.approx((y[:5].sum() - sums.mean()) / sums.std(), rel=1e-12)
    assert found.p_value == pytest.approx(math.erfc(abs(found.statistic) / math.sqrt(2)), rel=1e-12)


def test_no_variation_and_wrong_input():
    frame = trial(ties=False)
    assert tu.rank_test(frame.assign(y=2.0), "y", DESIGN).reason
    assert tu.rank_test(frame.assign(y=2.0), "y", DESIGN, exact=True).reason
    lone = frame.assign(block=range(13))
    assert tu.rank_test(lone, "y", tu.Design("arm", 0, draw="blocked", blocks="block")).reason
    with pytest.raises(tu.TakeupError, match="without blocks"):
        tu.rank_test(frame, "y", DESIGN, scores="values", exact=True)
    with pytest.raises(tu.TakeupError, match="clusters"):
        tu.rank_test(lone, "y", tu.Design("arm", 0, draw="clustered", clusters="block"))
    with pytest.raises(tu.TakeupError, match="scores"):
        tu.rank_test(frame, "y", DESIGN, scores="median")
