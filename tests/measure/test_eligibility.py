"""Rules of eligibility: the grammar, unknown values, explanations, and where a fault stands."""

import itertools
import operator
from contextlib import suppress

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takeup.errors import MeasureError
from takeup.measure.eligibility import eligible, explain, read_rule

PROFILE = pd.DataFrame({
    "lone_parent": [True, False, None, True], "income": [1000.0, None, None, None], "children": [1, 2, 3, 4],
    "housing": ["owner", "rent", "rent", None],
})


def answers(text, frame=PROFILE):
    return [None if pd.isna(value) else bool(value) for value in eligible(read_rule(text), frame)]


@pytest.mark.parametrize(("text", "expected"), [
    ("lone_parent", [True, False, None, True]),
    ("not lone_parent", [False, True, None, False]),
    ("children >= 3", [False, False, True, True]),
    ("income < 1.2 * 1400", [True, None, None, None]),
    ("income < 900 + 100 * children", [False, None, None, None]),
    ('housing in ["owner", "social"]', [True, False, False, None]),
    ('housing not in ["owner"]', [False, True, True, None]),
    ('housing == "rent" and children == 2', [False, True, False, False]),
    ("children - 1 > -1", [True, True, True, True]),
    ("true", [True] * 4),
])
def test_rules(text, expected):
    assert answers(text) == expected


def test_unknown_follows_kleene():
    known = pd.DataFrame(list(itertools.product([True, False, None], repeat=2)), columns=["a", "b"]).astype("boolean")
    for word, python in (("and", operator.and_), ("or", operator.or_)):
        assert eligible(read_rule(f"a {word} b"), known).equals(python(known.a, known.b))


def test_precedence():
    frame = pd.DataFrame(list(itertools.product([True, False], repeat=3)), columns=["a", "b", "c"])
    assert eligible(read_rule("a or b and not c"), frame).tolist() == (frame.a | (frame.b & ~frame.c)).tolist()


@pytest.mark.parametrize(("text", "place"), [
    ("income <", 9), ("income ! 3", 8), ("(income < 3", 12), ("income in [children]", 20), ("income children", 8), ("", 1),
    ("income not 3", 12), ("__import__('os')", 12), ("income ** 2", 9), ("income < 3; children", 11),
])
def test_a_fault_says_where(text, place):
    with pytest.raises(MeasureError, match=f"character {place}:") as caught:
        read_rule(text)
    assert caught.value.faults[0].remedy.endswith("^")


def test_unknown_columns_come_together_with_the_nearest():
    with pytest.raises(MeasureError) as caught:
        read_rule("lone_paren and incom < 3", ["lone_parent", "income"])
    assert [fault.remedy for fault in caught.value.faults] == ['Did you mean "lone_parent"?', 'Did you mean "income"?']


def test_text_against_number_is_an_error_without_the_value():
    with pytest.raises(MeasureError, match="compares text with a number") as caught:
        eligible(read_rule("housing < 3"), PROFILE)
    assert "owner" not in str(caught.value)


def test_explanation():
    answer, conditions = explain(read_rule("lone_parent and income < 1400"), {"lone_parent": True})
    assert answer is None
    assert [condition.met for condition in conditions] == [True, None]


def test_deep_nesting_is_refused():
    with pytest.raises(MeasureError, match="nested too deeply"):
        read_rule("(" * 5000 + "true" + ")" * 5000)


@given(st.text(max_size=60))
def test_any_text_is_a_rule_or_a_clear_error(text):
    with suppress(MeasureError):
        assert read_rule(text).columns is not None
