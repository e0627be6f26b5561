"""Which numbers are withheld: the rules, and an attacker with totals and margins."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takeup.release.rules import Rules
from takeup.release.suppress import derived_cells, is_withheld, rounded, row_of, too_small, withheld_rows, withhold
from takeup.results import Bounds, ConfidenceSet, Estimate, FrozenMap, Provenance, Statistic, Test

RULES = Rules(minimum_cell=10, round_counts_to=5)


def share(level, count, n, arm="", **fields):
    return Statistic(table="balance", variable="marital", level=level, arm=arm, kind="share", value=count / n, count=count, n=n, **fields)


@pytest.mark.parametrize(
    ("result", "small"),
    [
        (Estimate(outcome="y", estimate=1.0, n=30, n_treated=20, n_control=10), False),
        (Estimate(outcome="y", estimate=1.0, n=30, n_treated=21, n_control=9), True),
        (Estimate(outcome="y", estimate=1.0, n=9), True),
        (Estimate(outcome="y", estimate=1.0, n=200, n_treated=100, n_control=100, extra=FrozenMap(count_treated=4)), True),
        (Estimate(outcome="y", estimate=1.0, n=200, n_treated=100, n_control=100, extra=FrozenMap(covariates="x", mean_treated=4.0)), False),
        (Estimate(outcome="y", estimate=1.0, n=200, n_treated=100, n_control=100, extra=FrozenMap(n_trimmed=4)), False),
        (Test(outcome="y", p_value=0.2, n=9), True),
        (Test(outcome="y", p_value=0.2, n=90), False),
        (Bounds(outcome="y", lower=0, upper=1, n=100, n_treated=95, n_control=5), True),
        (ConfidenceSet(outcome="y", intervals=((0.0, 1.0),), shape="interval", n=8), True),
        (Statistic(table="balance", variable="age", kind="mean", value=30.0, n=9), True),
        (Statistic(table="balance", variable="age", kind="mean", value=30.0, n=10), False),
        (share("single", 9, 100), True),
        (share("single", 0, 100), False),
        (share("single", 95, 100), True),
        (Statistic(table="flow", variable="lost", kind="count", value=5.0, count=5, n=600), True),
        (Statistic(table="flow", variable="followed_up", kind="count", value=595.0, count=595, n=600), False),
    ],
)
def test_a_group_under_the_minimum(result, small):
    assert too_small(result, RULES) is small


def test_a_row_goes_whole_and_takes_the_next_smallest_with_it():
    cells = [share(level, n, 200, arm) for arm, sizes in (("0", (100, 60, 36, 4)), ("1", (90, 70, 20, 20)))
             for level, n in zip(("married", "single", "divorced", "widowed"), sizes, strict=True)]
    alone, together = withheld_rows(cells, RULES)
    assert {row[3] for row in alone} == {"widowed"}
    assert {row[3] for row in together} == {"divorced"}


def test_more_levels_go_until_the_withheld_sum_is_no_small_group():
    cells = [share(level, n, 200, "0") for level, n in (("a", 150), ("b", 44), ("c", 3), ("d", 3))]
    alone, together = withheld_rows(cells, RULES)
    assert {row[3] for row in alone} == {"c", "d"}
    assert {row[3] for row in together} == {"b"}


def test_variables_without_a_small_level_are_left_alone():
    cells = [share(level, n, 200, "0") for level, n in (("a", 150), ("b", 50))]
    assert withheld_rows(cells, RULES) == (frozenset(), frozenset())


def test_boxes_of_the_flow_stand_alone_and_their_reasons_dont():
    def box(arm, n, level=""):
        return Statistic(table="flow", variable="lost", level=level, arm=arm, kind="count", value=float(n), count=n, n=300)

    total = [box("0", 4), box("1", 40)]
    reasons = [box("1", 32, "moved"), box("1", 8, "died")]
    alone, together = withheld_rows([*total, *reasons], RULES)
    assert derived_cells([*total, *reasons], RULES) == frozenset()
    assert {row[3] for row in alone} == {"died"}
    assert {row[3] for row in together} == {"moved"}


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=2, max_size=6))
def test_totals_less_what_stays_never_give_a_small_cell(sizes):
    """The attacker knows both arms' totals and every level that stayed: what is left over is nobody, or a group that may be seen."""
    totals = [max(sum(size[arm] for size in sizes), 1) for arm in (0, 1)]
    cells = [share(str(level), size[arm], totals[arm], str(arm)) for level, size in enumerate(sizes) for arm in (0, 1)]
    alone, together = withheld_rows(cells, RULES)
    gone = {row[3] for row in alone | together}
    small = {str(level) for level, size in enumerate(sizes) if any(0 < people < 10 for people in size)}
    assert small <= gone
    if gone and len(gone) < len(sizes):
        assert len(gone) >= 2
        for arm in (0, 1):
            left_over = sum(sizes[int(level)][arm] for level in gone)
            assert left_over == 0 or left_over >= 10


@pytest.mark.parametrize(
    "result",
    [
        Estimate(outcome="y", estimate=1.5, std_error=0.5, df=8, p_value=0.1, conf_low=0.5, conf_high=2.5, n=9, n_treated=5, n_control=4, n_missing=3,
                 n_clusters=4, reason="HC2.", extra=FrozenMap(mean_treated=4.0, count_treated=3, rule="plan"), provenance=Provenance(id="effect.y")),
        Test(outcome="y", statistic=2.0, p_value=0.1, n=9, draws=999, mc_error=0.01),
        Bounds(outcome="y", lower=-1.0, upper=2.0, n=9, n_treated=5, n_control=4, trimmed_share=0.25),
        ConfidenceSet(outcome="y", intervals=((0.5, 1.5),), shape="interval", n=9),
        Statistic(table="balance", variable="age", kind="mean", value=31.0, n=9, count=3, extra=FrozenMap(low=1.0)),
    ],
)
def test_nothing_numeric_is_left_of_a_withheld_result(result):
    hidden = withhold(result, "too few.")
    row = hidden.to_dict()
    row.pop("conf_level", None)
    provenance = row.pop("provenance")
    assert hidden.reason == "Withheld: too few."
    assert is_withheld(hidden)
    assert not is_withheld(result)
    assert provenance == result.to_dict()["provenance"]

    def numbers(value):
        if isinstance(value, dict):
            return [n for item in value.values() for n in numbers(item)]
        if isinstance(value, tuple):
            return [n for item in value for n in numbers(item)]
        return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []

    assert all(math.isnan(number) or number == 0 for number in numbers(row))
    for name in ("outcome", "table", "variable", "level", "arm", "kind", "method"):
        assert getattr(hidden, name, None) == getattr(result, name, None)


def test_words_of_extra_stay():
    estimate = Estimate(outcome="y", estimate=1.0, extra=FrozenMap(rule="plan", mean_treated=3.0))
    assert dict(withhold(estimate, "x").extra) == {"rule": "plan"}


def test_counts_are_rounded_and_shares_follow_them():
    cell = rounded(share("single", 33, 101), RULES)
    assert (cell.count, cell.n) == (35, 100)
    assert cell.value == pytest.approx(0.35)
    box = rounded(Statistic(table="flow", variable="lost", kind="count", value=33.0, count=33, n=101), RULES)
    assert (box.value, box.count, box.n) == (35.0, 35, 100)
    estimate = rounded(Estimate(outcome="y", estimate=1.23, n=101, n_treated=52, n_control=49, n_missing=2, n_clusters=7,
                                extra=FrozenMap(count_treated=33, mean_treated=2.34, rule="plan")), RULES)
    assert (estimate.n, estimate.n_treated, estimate.n_control, estimate.n_missing, estimate.n_clusters) == (100, 50, 50, 0, 7)
    assert dict(estimate.extra) == {"count_treated": 35, "mean_treated": 2.34, "rule": "plan"}
    assert estimate.estimate == 1.23


def test_public_data_are_not_rounded():
    cell = share("single", 33, 101)
    assert rounded(cell, Rules(profile="public")) is cell


def test_the_row_of_a_statistic_doesnt_hold_its_arm():
    assert row_of(share("single", 9, 100, "0")) == row_of(share("single", 9, 100, "1")) == ("balance", "marital", "", "single")
