"""The draw: every assignment equally likely, the same for a seed, and the trial drawn by the same function."""

import math
from collections import Counter
from itertools import combinations, permutations, product

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

import takeup as tu
from takeup.design import assign
from takeup.design.scheme import scheme
from takeup.errors import DesignError

COMPLETE = (pd.DataFrame({"arm": [1, 1, 1, 0, 0, 0, 0]}), {"draw": "complete"})
LARGE = (pd.DataFrame({"arm": [1, 1] + [0] * 18}), {"draw": "complete"})
BLOCKED = (pd.DataFrame({"arm": [1, 0, 0, 1, 0, 1, 0, 1], "b": [1, 1, 1, 2, 2, 2, 3, 3]}), {"draw": "blocked", "blocks": "b"})
PAIRS = (pd.DataFrame({"arm": [1, 0, 0, 1, 1, 0, 0, 1], "b": [4, 4, 2, 2, 3, 3, 1, 1]}), {"draw": "pairs", "blocks": "b"})
CLUSTERED = (pd.DataFrame({"arm": [1, 1, 0, 0, 0, 1, 0], "c": [1, 1, 2, 2, 3, 4, 5]}), {"draw": "clustered", "clusters": "c"})
BOTH = (pd.DataFrame({"arm": [1, 1, 0, 0, 0, 1, 1, 0], "c": [1, 1, 2, 2, 3, 4, 5, 6], "b": [1, 1, 1, 1, 1, 2, 2, 2]}),
        {"draw": "blocked_clustered", "clusters": "c", "blocks": "b"})
PAIRED_CLUSTERS = (pd.DataFrame({"arm": [1, 1, 0, 1, 0, 0], "c": [1, 1, 2, 3, 4, 4], "b": [1, 1, 1, 2, 2, 2]}),
                   {"draw": "pairs", "clusters": "c", "blocks": "b"})
SIMPLE = (pd.DataFrame({"arm": [1, 1, 0, 1]}), {"draw": "simple"})
UNEVEN = (pd.DataFrame({"arm": [1, 1, 0, 1], "p": [0.2, 0.9, 0.5, 0.61]}), {"draw": "simple", "probability": "p"})
THREE = (pd.DataFrame({"arm": [0, 0, 1, 1, 2, 2]}), {"draw": "complete"})
THREE_BLOCKED = (pd.DataFrame({"arm": [0, 0, 1, 2, 0, 1, 2], "b": [0, 0, 0, 0, 1, 1, 1]}), {"draw": "blocked", "blocks": "b"})
THREE_SIMPLE = (pd.DataFrame({"arm": [0, 0, 1, 2]}), {"draw": "simple"})
ALL = {"complete": COMPLETE, "large": LARGE, "blocked": BLOCKED, "pairs": PAIRS, "clustered": CLUSTERED, "blocked_clustered": BOTH,
       "paired_clusters": PAIRED_CLUSTERS, "simple": SIMPLE, "uneven": UNEVEN, "three": THREE,
       "three_blocked": THREE_BLOCKED, "three_simple": THREE_SIMPLE}
COUNTS = {"complete": 35, "large": 190, "blocked": 3 * 3 * 2, "pairs": 16, "clustered": 10, "blocked_clustered": 3 * 3, "paired_clusters": 4,
          "simple": 16, "uneven": 16, "three": 90, "three_blocked": 12 * 6, "three_simple": 81}


def design(more):
    return tu.Design("arm", 0, **more)


def by_hand(frame, more):
    """All assignments with their probabilities, by filtering every labelling of the rows."""
    plan = design(more)
    labels = sorted(frame["arm"].unique())
    own = frame["arm"].to_numpy()
    groups = frame[plan.blocks].to_numpy() if plan.blocks else np.zeros(len(frame))
    units = frame[plan.clusters].to_numpy() if plan.draws_clusters else np.arange(len(frame))
    first = {unit: np.flatnonzero(units == unit)[0] for unit in units}
    found = {}
    for codes in product(labels, repeat=len(frame)):
        row = np.array(codes)
        if any(row[place] != row[first[unit]] for place, unit in enumerate(units)):
            continue
        heads = sorted(first.values())
        if plan.draw != "simple" and any(Counter(row[heads][groups[heads] == g]) != Counter(own[heads][groups[heads] == g]) for g in set(groups)):
            continue
        share = {label: np.full(len(frame), (own == label).mean()) for label in labels}
        if plan.probability is not None:
            share = {0: 1 - frame["p"].to_numpy(), 1: frame["p"].to_numpy()}
        found[codes] = np.prod([share[label][place] for place, label in enumerate(codes)]) if plan.draw == "simple" else 1.0
    total = sum(found.values())
    return {codes: weight / total for codes, weight in found.items()}


@pytest.mark.parametrize("name", [name for name in ALL if name != "large"])
def test_the_list_is_the_one_made_by_hand(name):
    frame, more = ALL[name]
    listed = {tuple(row) for row in design(more).enumerate(frame).tolist()}
    assert listed == set(by_hand(frame, more))
    assert len(design(more).enumerate(frame)) == design(more).count(frame) == COUNTS[name]


def test_large_strata_are_listed_like_combinations():
    frame, more = LARGE
    listed = {tuple(np.flatnonzero(row)) for row in design(more).enumerate(frame)}
    assert listed == set(combinations(range(20), 2))


@pytest.mark.parametrize("name", ALL)
def test_draws_are_uniform_over_the_list(name):
    frame, more = ALL[name]
    n = 40_000
    drawn = Counter(map(tuple, design(more).draws(frame, n, seed=2).tolist()))
    expected = {tuple(row): 1 / COUNTS["large"] for row in design(more).enumerate(frame).tolist()} if name == "large" else by_hand(frame, more)
    assert set(drawn) <= set(expected)
    statistic = sum((drawn[codes] - n * p) ** 2 / (n * p) for codes, p in expected.items())
    assert chi2.sf(statistic, len(expected) - 1) > 0.001  # fixed seed; 12 tests


@pytest.mark.parametrize("name", ALL)
def test_the_first_draws_are_the_same_whatever_follows(name):
    frame, more = ALL[name]
    long = design(more).draws(frame, 5000, seed=11)
    assert (design(more).draws(frame, 37, seed=11) == long[:37]).all()
    assert not (design(more).draws(frame, 5000, seed=12) == long).all()
    assert long.shape == (5000, len(frame))


@pytest.mark.parametrize(("n", "treated"), [(65, 32), (133, 66), (200, 66), (1000, 100), (1000, 3), (3000, 1500)])
def test_long_rows_keep_the_number_treated_and_every_unit_its_share(n, treated):
    frame = pd.DataFrame({"arm": [1] * treated + [0] * (n - treated)})
    drawn = tu.Design("arm", 0).draws(frame, 3000, seed=5)
    assert (drawn.sum(axis=1) == treated).all()
    p = treated / n
    z = (drawn.mean(axis=0) - p) / math.sqrt(p * (1 - p) / 3000)
    assert chi2.sf((z**2).sum(), n - 1) > 0.001
    assert np.abs(np.corrcoef(drawn[:, : min(n, 20)].T)[0, 1:]).max() < 0.1


def test_mixed_strata_keep_their_counts():
    rng = np.random.default_rng(1)
    sizes, arm, block = [3, 3, 8, 17, 17, 40, 70, 2], [], []
    for number, size in enumerate(sizes):
        arm += rng.permutation([1] * max(size // 3, 1) + [0] * (size - max(size // 3, 1))).tolist()
        block += [number] * size
    order = rng.permutation(len(arm))
    frame = pd.DataFrame({"arm": arm, "b": block}).iloc[order]
    drawn = tu.Design("arm", 0, draw="blocked", blocks="b").draws(frame, 2000, seed=1)
    for number, size in enumerate(sizes):
        inside = drawn[:, (frame["b"] == number).to_numpy()]
        assert (inside.sum(axis=1) == max(size // 3, 1)).all()
        assert np.abs(inside.mean(axis=0) - max(size // 3, 1) / size).max() < 0.06


def test_coins_past_two_to_the_63_have_no_count():
    frame = pd.DataFrame({"arm": [0, 1] * 32})
    assert tu.Design("arm", 0, draw="simple").count(frame.iloc[:63]) == 2**63
    assert tu.Design("arm", 0, draw="simple").count(frame) == math.inf
    assert tu.Design("arm", 0).count(pd.DataFrame({"arm": [0, 1] * 500})) == math.comb(1000, 500)


def test_long_lists_are_refused():
    with pytest.raises(DesignError, match="at most 1,000,000"):
        tu.Design("arm", 0).enumerate(pd.DataFrame({"arm": [0, 1] * 15}))


def test_an_accept_rule_is_obeyed_by_draws_list_count_and_probabilities():
    frame = pd.DataFrame({"arm": [1, 0, 1, 0, 1, 0], "x": [1.0, 2.0, 3.0, 4.0, 5.0, 7.0]})
    x = frame["x"].to_numpy()

    def balanced(codes):
        return abs(x[codes == 1].mean() - x[codes == 0].mean()) < 1.4

    plan = tu.Design("arm", 0, accept=balanced)
    listed = plan.enumerate(frame)
    expected = {codes for codes in set(permutations([1, 1, 1, 0, 0, 0])) if balanced(np.array(codes))}
    assert {tuple(row) for row in listed.tolist()} == expected
    assert plan.count(frame) == len(expected)
    drawn = plan.draws(frame, 9000, seed=4)
    tally = Counter(map(tuple, drawn.tolist()))
    assert set(tally) == expected
    assert chi2.sf(sum((c - 9000 / len(expected)) ** 2 / (9000 / len(expected)) for c in tally.values()), len(expected) - 1) > 0.001
    same = np.where(frame["arm"] == 1, listed.mean(axis=0), 1 - listed.mean(axis=0))
    np.testing.assert_allclose(plan.probabilities(frame), same)
    assert (plan.draws(frame, 10, seed=4) == drawn[:10]).all()


def test_a_rule_that_cannot_be_met_stops(monkeypatch):
    monkeypatch.setattr(assign, "MOST_TRIES", 500)
    frame = pd.DataFrame({"arm": [1, 0] * 20})
    with pytest.raises(DesignError, match="in a row"):
        tu.Design("arm", 0, accept=lambda codes: codes.tolist() == frame["arm"].tolist()).draws(frame, 3, seed=0)


def test_probabilities_are_those_of_the_own_arm():
    frame = pd.DataFrame({"arm": [0, 0, 1, 2, 0, 1], "b": [1, 1, 1, 1, 2, 2]}, index=list("uvwxyz"))
    found = tu.Design("arm", 0, draw="blocked", blocks="b").probabilities(frame)
    assert found.index.tolist() == list("uvwxyz")
    np.testing.assert_allclose(found, [1 / 2, 1 / 2, 1 / 4, 1 / 4, 1 / 2, 1 / 2])
    frame, more = UNEVEN
    np.testing.assert_allclose(design(more).probabilities(frame), [0.2, 0.9, 0.5, 0.61])


def test_a_clustered_draw_gives_rows_of_a_cluster_one_arm():
    frame, more = BOTH
    drawn = design(more).draws(frame, 200, seed=0)
    for rows in frame.groupby("c").indices.values():
        assert (drawn[:, rows] == drawn[:, rows[:1]]).all()


@pytest.mark.parametrize("bad", [-1, 1.5, True, "1"])
def test_a_bad_seed_or_number_is_refused(bad):
    frame, more = COMPLETE
    with pytest.raises(DesignError, match="whole number"):
        design(more).draws(frame, 1, bad)
    with pytest.raises(DesignError, match="whole number"):
        design(more).draws(frame, bad, 1)


def test_the_trial_is_drawn_by_the_same_function():
    frame = pd.DataFrame({"id": range(12), "b": np.repeat([1, 2, 3], 4)})
    plan = tu.Design("arm", "control", draw="blocked", blocks="b")
    drawn = tu.randomize(frame, plan, seed=9)
    assert "arm" not in frame
    assert (drawn["arm"].eq("treated").groupby(drawn["b"]).sum() == 2).all()
    assert (plan.draws(drawn, 1, seed=9)[0] == drawn["arm"].eq("treated")).all()
    assert tu.randomize(frame, plan, seed=9)["arm"].tolist() == drawn["arm"].tolist()
    assert drawn.attrs["randomization"]["by_arm"] == {"control": 6, "treated": 6}


def test_shares_and_arms_are_kept():
    frame = pd.DataFrame({"id": range(60)})
    drawn = tu.randomize(frame, tu.Design("arm", "c"), seed=1, arms={"c": 1, "a": 2, "b": 3})
    assert drawn["arm"].value_counts().to_dict() == {"c": 10, "a": 20, "b": 30}
    assert tu.randomize(frame, tu.Design("arm", 0, probability=0.25), seed=1)["arm"].sum() == 15
    assert tu.randomize(frame, tu.Design("arm", "c"), seed=1, arms=["c", "x"])["arm"].value_counts().to_dict() == {"c": 30, "x": 30}


def test_places_that_do_not_divide_keep_every_share_and_the_total():
    frame = pd.DataFrame({"id": range(25), "b": np.repeat(range(5), 5)})
    plan = tu.Design("arm", 0, draw="blocked", blocks="b")
    shares = np.zeros(25)
    for seed in range(600):
        drawn = tu.randomize(frame, plan, seed=seed)
        assert drawn["arm"].sum() in {12, 13}
        assert drawn["arm"].groupby(drawn["b"]).sum().isin([2, 3]).all()
        shares += drawn["arm"].to_numpy() / 600
    assert drawn.attrs["randomization"]["misfits"] == 5
    assert np.abs(shares - 0.5).max() < 5 * math.sqrt(0.25 / 600)


def test_three_arms_of_four_in_blocks_get_the_odd_place_by_chance():
    frame = pd.DataFrame({"id": range(4)})
    tally = Counter()
    for seed in range(900):
        counts = tu.randomize(frame, tu.Design("arm", "a"), seed=seed, arms=["a", "b", "c"])["arm"].value_counts()
        assert sorted(counts) == [1, 1, 2]
        tally[counts.idxmax()] += 1
    assert chi2.sf(sum((count - 300) ** 2 / 300 for count in tally.values()), 2) > 0.001


def test_whole_clusters_and_pairs_are_drawn():
    frame = pd.DataFrame({"c": np.repeat(range(6), 3), "b": np.repeat([1, 2, 3], 6)})
    drawn = tu.randomize(frame, tu.Design("arm", 0, draw="pairs", blocks="b", clusters="c"), seed=2)
    assert drawn.groupby("c")["arm"].std().max() == 0
    assert (drawn.groupby(["b", "c"])["arm"].first().groupby("b").sum() == 1).all()


@pytest.mark.parametrize(("more", "arms", "words"), [
    ({}, ["x", "y"], "isn't among them"), ({}, ["control"], "two or more"), ({}, {"control": 1, "a": 0}, "above zero"),
    ({"probability": 0.3}, {"control": 1, "a": 1}, "Give one of them"), ({"draw": "pairs", "blocks": "b"}, ["control", "x", "y"], "two arms"),
    ({"draw": "pairs", "blocks": "b"}, None, "don't have two members"), ({"draw": "blocked", "blocks": "nowhere"}, None, 'no column "nowhere"'),
    ({"probability": "p"}, None, "varies within a stratum"),
])
def test_a_draw_that_cannot_be_made_says_why(more, arms, words):
    frame = pd.DataFrame({"id": range(9), "b": np.repeat([1, 2, 3], 3), "p": [0.5] * 8 + [0.4]})
    with pytest.raises(DesignError, match=words):
        tu.randomize(frame, tu.Design("arm", "control", **more), seed=0, arms=arms)


def test_assignments_are_never_overwritten():
    frame, more = COMPLETE
    with pytest.raises(DesignError, match="already holds assignments"):
        tu.randomize(frame, design(more), seed=0)


def test_bits_and_codes_are_each_other():
    frame, more = BOTH
    found = scheme(frame, design(more))
    place = assign.layout(found)
    codes = assign.unit_codes(assign.plane(found, place, 3, 0), place)
    assert (assign.unit_codes(assign.pack(codes, place), place) == codes).all()
