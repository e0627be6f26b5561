"""GRIM against brute force, published cases and the percentages of a real report."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import pytest

import takeup as tu
from takeup.errors import MeasureError


def brute(value: str, n: int, *, percent: bool = True, items: int = 1) -> bool:
    """Whether some whole number gives the printed value under one of the two usual ways of rounding."""
    step = Decimal(1).scaleb(-len(value.partition(".")[2]))
    scale = 100 if percent else 1
    top = n * items * (1 if percent else 7)
    return any(
        (Decimal(scale * count) / Decimal(n * items)).quantize(step, rounding) == Decimal(value)
        for count in range(top + 1) for rounding in (ROUND_HALF_UP, ROUND_HALF_EVEN)
    )


@pytest.mark.parametrize("value", ["0", "5.7", "60.5", "51", "33.3", "99.9", "12.5", "100"])
def test_against_every_count(value):
    for n in range(1, 121):
        assert tu.grim(value, n).possible is brute(value, n), n


@pytest.mark.parametrize(("value", "items"), [("3.45", 1), ("3.45", 4), ("2.5", 3)])
def test_means_against_every_sum(value, items):
    for n in range(1, 41):
        assert tu.grim(value, n, items=items, percent=False).possible is brute(value, n, percent=False, items=items), n


def test_the_example_of_the_paper():
    """A mean of 5.19 can't come from 28 people's whole-number answers (Brown and Heathers 2017): 145/28 is 5.18, 146/28 is 5.21."""
    found = tu.grim("5.19", 28, percent=False)
    assert (found.possible, found.count) == (False, 145)
    assert tu.grim("5.18", 28, percent=False).possible


def test_two_published_percentages_have_no_number_of_people_in_common():
    """60.5 % and 5.7 % of one report of at most 118 people aren't of the same n."""
    claimed, trained = tu.grim_sizes("60.5", 118), tu.grim_sizes("5.7", 118)
    assert claimed == (38, 43, 76, 81, 86, 114)
    assert trained == (35, 53, 70, 87, 88, 105, 106)
    assert not set(claimed) & set(trained)


def test_decimals_are_read_from_the_text_or_told():
    assert tu.grim("60,5 %", 43).possible
    assert tu.grim(60.0, 7).possible is False
    assert tu.grim(57, 7).possible
    assert tu.grim("57", 7, decimals=1).possible is False


@pytest.mark.parametrize("wrong", [{"value": "many", "n": 5}, {"value": "nan", "n": 5}, {"value": "50", "n": 0}, {"value": "150", "n": 9},
                                   {"value": "50", "n": 5, "items": 0}])
def test_what_is_no_number_is_refused(wrong):
    with pytest.raises(MeasureError):
        tu.grim(**wrong)
