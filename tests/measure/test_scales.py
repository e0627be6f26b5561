"""Scores by hand, the published conversions and cut-offs, and what must hold for any answers."""

from itertools import pairwise, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import takeup as tu
from takeup.errors import MeasureError
from takeup.measure.catalogue import registry, scale_of
from takeup.measure.scales import classify, score_items

Q5 = ["q1", "q2", "q3", "q4", "q5"]


def answers(*rows, names=None):
    return pd.DataFrame(list(rows), columns=names or [f"q{i + 1}" for i in range(len(rows[0]))])


def test_each_published_rule_by_hand():
    one = answers([2, 1, 3, 2, 2, 3])  # De Jong Gierveld: emotional 2 1 3, social 2 2 3 -> 1 0 1 and 1 1 0
    items = list(one)
    assert tu.score(one, "djg6", items).tolist() == [4.0]
    assert tu.score(one, "djg6_emotional", items[:3]).tolist() == [2.0]
    assert tu.score(one, "djg6_social", items[3:]).tolist() == [2.0]
    assert tu.score(answers([5, 5, 5, 5, 5], [0, 0, 0, 0, 0]), "who5", Q5).tolist() == [100.0, 0.0]
    agree = answers([3] * 10)
    assert tu.score(agree, "rosenberg", list(agree)).tolist() == [15.0]
    assert tu.score(answers([0, 1, 2, 3] * 3), "ghq12", [f"q{i}" for i in range(1, 13)]).tolist() == [6.0]
    assert tu.score(answers([0, 1, 2, 3] * 3), "ghq12_likert", [f"q{i}" for i in range(1, 13)]).tolist() == [18.0]
    assert tu.score(answers([7]), "cantril", "q1").tolist() == [7.0]


@pytest.mark.parametrize(("scale", "negative"), [("rosenberg", [2, 5, 6, 8, 9]), ("rosenberg_1965", [3, 5, 8, 9, 10])])
def test_rosenberg_reverses_the_negative_items_of_its_own_order(scale, negative):
    best = answers([0 if i in negative else 3 for i in range(1, 11)])
    assert tu.score(best, scale, list(best)).tolist() == [30.0]


def test_swemwbs_goes_through_its_table_and_keeps_the_ends():
    lowest, highest, middle = answers([1] * 7), answers([5] * 7), answers([3] * 7)
    items = list(lowest)
    assert [tu.score(frame, "swemwbs", items)[0] for frame in (lowest, middle, highest)] == [7.0, 19.25, 35.0]
    table = scale_of("swemwbs").table
    assert len(table) == 29
    assert all(a < b for a, b in pairwise(table))


def test_missing_items_follow_the_scales_own_rule():
    nan = np.nan
    djg = answers([3, 3, 3, 1, 1, nan], [3, 3, 3, 1, nan, nan])
    assert tu.score(djg, "djg6", list(djg)).tolist()[0] == 5.0  # the missing one counts 0
    assert np.isnan(tu.score(djg, "djg6", list(djg))[1])
    phq = answers([2, 2, 2, 2, 2, 2, nan, nan], [2, 2, 2, 2, 2, nan, nan, nan])
    assert tu.score(phq, "phq8", list(phq)).tolist()[0] == 16.0  # prorated
    assert np.isnan(tu.score(phq, "phq8", list(phq))[1])
    who = answers([5, 5, 5, 5, nan])
    found = tu.score(who, "who5", Q5)
    assert found.isna().all()
    assert found.attrs == {"scale": "who5", "complete": 0, "partial": 0, "missing": 1}


def test_own_rule_reverses_prorates_and_rescales():
    frame = answers([4, 0, np.nan], [np.nan, 0, np.nan])
    rule = {"range": [0, 4], "reverse": ["q2"], "min_items": 2}
    assert tu.score(frame, {**rule, "score": "mean"}, list(frame)).tolist()[0] == 4.0
    assert tu.score(frame, {**rule, "score": "sum"}, list(frame)).tolist()[0] == 12.0
    assert tu.score(frame, {**rule, "score": "percent"}, list(frame)).tolist()[0] == 100.0
    assert tu.score(frame, {**rule, "score": "percent"}, list(frame)).isna().tolist() == [False, True]


def test_codes_that_run_the_other_way_are_turned_round_first():
    """The manual's syntax counts codes 2 and 3 of the emotional items and 1 and 2 of the social ones, with 1 no and 3 yes."""
    items = ["emptiness", "miss_people", "rejected", "rely_on", "trust", "close"]
    lonely = pd.DataFrame([[3, 2, 3, 1, 2, 1], [1, 1, 1, 3, 3, 3]], columns=items)
    assert tu.score(lonely, "djg6", items).tolist() == [6.0, 0.0]
    assert tu.score(4 - lonely, {"scale": "djg6", "turned": True}, items).tolist() == [6.0, 0.0]
    assert tu.score(4 - lonely, "djg6", items).tolist() != [6.0, 0.0]
    esteem = pd.DataFrame([[1, 4, 1, 1, 4, 4, 1, 4, 4, 1]], columns=[f"r{i}" for i in range(10)])  # 1 strongly agree
    assert tu.score(esteem, {"scale": "rosenberg", "range": [1, 4], "turned": True}, list(esteem)).tolist() == [30.0]
    with pytest.raises(tu.TakeupError, match="run the other way"):
        tu.score(lonely, {"scale": "djg6", "turned": "yes"}, items)


def test_other_code_numbers_are_shifted():
    form = answers([1, 2, 3, 4, 5, 1])
    assert tu.score(form, {"scale": "k6", "range": [1, 5]}, list(form)).tolist() == [10.0]
    with pytest.raises(MeasureError, match="another width"):
        tu.score(form, {"scale": "k6", "range": [1, 6]}, list(form))


def test_items_may_be_named():
    frame = answers([3, 1, 1, 1, 1, 1])
    named = dict(zip(scale_of("djg6").items, ["q2", "q3", "q1", "q4", "q5", "q6"], strict=True))
    assert tu.score(frame, "djg6", named)[0] == tu.score(frame, "djg6", ["q2", "q3", "q1", "q4", "q5", "q6"])[0]
    with pytest.raises(MeasureError) as caught:
        tu.score(frame, "djg6", {**{k: v for k, v in named.items() if k != "trust"}, "trusst": "q5"})
    assert len(caught.value.faults) == 2


def test_eq5d_needs_and_uses_a_value_set():
    frame = answers([1, 1, 1, 1, 1], [2, 1, 1, 3, np.nan], [5, 5, 5, 5, 5])
    with pytest.raises(MeasureError, match="value set"):
        tu.score(frame, "eq5d5l", Q5)
    steps = [0.0, -0.1, -0.2, -0.3, -0.4]
    additive = {"constant": 1.0, **dict.fromkeys(scale_of("eq5d5l").items, steps)}
    assert tu.score(frame, {"scale": "eq5d5l", "value_set": additive}, Q5)[[0, 2]].tolist() == pytest.approx([1.0, -1.0])
    every = {"".join(map(str, profile)): 1.0 + sum(steps[level - 1] for level in profile) for profile in product(range(1, 6), repeat=5)}
    pd.testing.assert_series_equal(
        tu.score(frame, {"scale": "eq5d5l", "value_set": every}, Q5), tu.score(frame, {"scale": "eq5d5l", "value_set": additive}, Q5)
    )
    for broken in ({}, {"11111": 1.0}, {"constant": 1.0}, {"constant": 1.0, **dict.fromkeys(scale_of("eq5d5l").items, steps[:4])}):
        with pytest.raises(MeasureError):
            tu.score(frame, {"scale": "eq5d5l", "value_set": broken}, Q5)


def test_bands_change_where_the_manual_says():
    cuts = {
        "who5": [(28, "likely_depression"), (32, "poor"), (48, "poor"), (52, "good")],
        "djg6": [(1, "not_lonely"), (2, "moderate"), (5, "severe")],
        "rosenberg": [(14, "low"), (15, "normal"), (25, "normal"), (26, "high")],
        "k6": [(7, "low"), (8, "moderate"), (12, "moderate"), (13, "serious")],
        "phq8": [(9, "mild"), (10, "moderate"), (15, "moderately_severe"), (20, "severe")],
        "msd13": [(4, "not_deprived"), (5, "deprived"), (7, "severe")],
        "child_deprivation17": [(2, "not_deprived"), (3, "deprived")],
        "ghq12": [(1, "none"), (2, "distress"), (4, "severe")],
        "satisfaction10": [(5, "low"), (6, "medium"), (8, "medium"), (9, "high")],
    }
    for scale, pairs in cuts.items():
        assert classify(pd.Series([float(value) for value, _ in pairs]), scale).tolist() == [name for _, name in pairs], scale
    labelled = classify(pd.Series([10.0, np.nan]), "who5", language="nl")
    assert labelled.isna().tolist() == [False, True]
    with pytest.raises(MeasureError):
        classify(pd.Series([1.0]), "cantril")
    with pytest.raises(MeasureError):
        classify(pd.Series([1.0]), "who5", language="xx")


def test_all_faults_at_once_and_no_value_is_shown():
    secret = 87654
    frame = answers([secret, 2, 3, 4, 1], [1, 2.5, 3, 4, 1])
    with pytest.raises(MeasureError) as caught:
        tu.score(frame, "who5", Q5)
    assert {fault.where for fault in caught.value.faults} == {"q1", "q2"}
    assert str(secret) not in str(caught.value)
    assert "2.5" not in str(caught.value)
    with pytest.raises(MeasureError) as caught:
        tu.score(frame, {"reverse": ["q9"], "score": "median", "min_items": 9, "weights": 1}, Q5)
    assert {fault.where for fault in caught.value.faults} == {"range", "reverse", "score", "min_items", "scale"}


@pytest.mark.parametrize(
    ("scale", "items"),
    [("who6", Q5), ("who5", Q5[:4]), ("who5", [*Q5[:4], "q9"]), ("who5", [*Q5[:4], "q1"]), ("who5", []), ({"scale": "who5", "min_items": 0}, Q5),
     ({"scale": "who5", "value_set": {"1": 1}}, Q5), ({"range": [4, 0]}, Q5), ({"range": 4}, Q5), ({"scale": "who5", "range": "05"}, Q5)],
)
def test_what_cannot_be_scored_is_refused(scale, items):
    with pytest.raises(MeasureError):
        tu.score(answers([1, 2, 3, 4, 5]), scale, items)


def test_text_is_refused_and_coded_categories_are_read():
    with pytest.raises(MeasureError, match="text"):
        tu.score(answers(["a", 1, 1, 1, 1]), "who5", Q5)
    coded = answers([1, 2, 3, 4, 5]).astype("Int8").astype({"q1": "category", "q2": "object"})
    assert tu.score(coded, "who5", Q5).tolist() == [60.0]


@pytest.mark.parametrize("name", sorted(registry()))
def test_every_scale_is_whole(name):
    scale = registry()[name]
    assert scale.id == name
    assert scale.source
    assert scale.terms
    assert set(scale.title) == set(scale.measures) == {"en", "nl", "fr"}
    assert all(set(band.label) == {"en", "nl", "fr"} for band in scale.bands)
    assert set(scale.reverse) <= set(scale.items)
    assert not scale.table or len(scale.table) == len(scale.items) * (scale.codes[1] - scale.codes[0]) + 1
    edges = [band.above for band in scale.bands]
    assert edges == sorted(edges, key=lambda edge: -np.inf if edge is None else edge)
    if scale.score == "value_set":
        return
    codes = np.arange(scale.codes[0], scale.codes[1] + 1)
    # the lowest and highest reachable score, found item by item, are the range that the file states
    base = np.full((len(codes), len(scale.items)), codes[0])
    ends = []
    for best in (np.argmin, np.argmax):
        each = np.empty(len(scale.items))
        for i in range(len(scale.items)):
            varied = base.copy()
            varied[:, i] = codes
            each[i] = codes[best(score_items(varied, scale))]
        ends.append(float(score_items(each[None, :], scale)[0]))
    assert tuple(ends) == scale.range


@given(st.lists(st.lists(st.one_of(st.none(), st.integers(0, 5)), min_size=5, max_size=5), min_size=1, max_size=8))
def test_any_answers_give_a_score_in_range_or_nan(rows):
    frame = pd.DataFrame(rows, columns=Q5, dtype="float64")
    scores = tu.score(frame, "who5", Q5)
    complete = frame.notna().all(axis=1)
    assert scores.notna().tolist() == complete.tolist()
    assert scores.dropna().between(0, 100).all()
    shuffled = frame.iloc[::-1]
    pd.testing.assert_series_equal(tu.score(shuffled, "who5", Q5[::-1]).sort_index(), scores)
