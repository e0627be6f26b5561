"""Which numbers are withheld on their own account or with another, and what is left of them."""

import math

import pytest

from takeup.release.gate import gate
from takeup.release.rules import Rules
from takeup.release.suppress import is_withheld, made_of, nobody_or_everybody, rounded, row_of, said, too_small, withhold
from takeup.results import Bounds, ConfidenceSet, Estimate, FrozenMap, Provenance, ResultSet, Statistic, Test

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


def named(name, result):
    return result.replace(provenance=Provenance(id=name))


def test_a_mean_of_zeros_and_ones_reveals_whom_it_counts():
    mean = Statistic(table="attrition", variable="works", kind="mean", value=0.1, n=40)
    assert not too_small(mean, RULES)
    assert too_small(mean, RULES, frozenset({"works"}))
    estimate = Estimate(outcome="works", estimate=0.1, n=80, n_treated=40, n_control=40, extra=FrozenMap(mean_treated=0.5, mean_control=0.9))
    assert not too_small(estimate, RULES)
    assert too_small(estimate, RULES, frozenset({"works"}))
    adjusted = estimate.replace(extra=FrozenMap(mean_treated=0.5, mean_control=0.889))
    assert not too_small(adjusted, RULES, frozenset({"works"}))


def test_nobody_and_everybody():
    assert [nobody_or_everybody(share("x", count, 40)) for count in (0, 1, 39, 40)] == [True, False, False, True]
    assert not nobody_or_everybody(Statistic(table="balance", variable="age", kind="mean", value=0.0, n=40))


def test_what_is_made_of_a_withheld_cell_goes_with_it():
    gap = Statistic(table="balance", variable="marital", level="single", kind="standardized_difference", value=0.1, n=200)
    profile = Estimate(outcome="marital", term="single", estimand="complier mean", estimate=0.1)
    group = Estimate(outcome="y", term="marital: widowed", estimate=0.1, extra=FrozenMap(by="marital", level="widowed", reference="single"))
    other = Estimate(outcome="y", term="marital: married", estimate=0.1, extra=FrozenMap(by="marital", level="married"))
    spread = Statistic(table="balance", variable="age", arm="0", kind="sd", value=3.0, n=20)
    mean = Statistic(table="balance", variable="age", arm="0", kind="mean", value=30.0, n=20)
    sections = {"all": ResultSet((
        named("cell", share("single", 4, 100, "0")), named("other cell", share("single", 40, 100, "1")), named("gap", gap), named("profile", profile),
        named("group", group), named("other", other), named("mean", mean), named("spread", spread),
    ))}
    assert made_of(sections, {"cell"}) == {"gap", "profile", "group"}
    assert made_of(sections, {"mean"}) == {"spread"}
    assert made_of(sections, set()) == frozenset()


def test_the_numbers_of_a_group_go_with_its_size():
    def mean(name, level, arm=""):
        extra = FrozenMap(by="why", level=level)
        return named(name, Statistic(table="reasons", variable="months", arm=arm, kind="mean", value=4.0, n=9, extra=extra))

    box = Statistic(table="flow", variable="why", level="moved", kind="count", value=9.0, n=9, count=9)
    sections = {"all": ResultSet((named("box", box), mean("moved", "moved"), mean("work", "work"), mean("of an arm", "moved", "0")))}
    found = made_of(sections, {"box"})
    assert "moved" in found
    assert "of an arm" not in found


def test_a_part_of_a_mean_doesnt_follow_from_the_whole_and_the_other_part():
    def mean(name, n, level=""):
        return named(name, Statistic(table="attrition", variable="age", level=level, arm="0", kind="mean", value=30.0, n=n))

    parts = [mean("stayed", 91, "stayed"), mean("left", 9, "left")]
    assert made_of({"a": ResultSet((*parts, mean("whole", 100)))}, {"left"}) == {"stayed"}
    assert made_of({"a": ResultSet((*parts, mean("another", 120)))}, {"left"}) == frozenset()
    assert made_of({"a": ResultSet(tuple(parts))}, {"left"}) == frozenset()


def test_reasons_hold_no_small_count():
    told = said(Estimate(outcome="y", estimate=1.0,
                         reason="3 blocks (4 rows) left. 52 units in both arms, fewer than 60: no more. Tipton 2015."), RULES)
    assert told.reason == "3 blocks (fewer than 10 rows) left. 50 units in both arms, fewer than 60: no more. Tipton 2015."


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


def _of_centre(label, n, value=1.0, kind="mean"):
    extra = FrozenMap(by="centre", level=label)
    if kind == "mean":
        return Statistic(table="sites", variable="housing", wave="start", kind="mean", value=value, n=n, extra=extra,
                         provenance=Provenance(id=f"site.{label}.housing.start"))
    return Estimate(outcome="housing", estimand="change", term=label, estimate=value, n=n, extra=extra, evidence="before_after",
                    provenance=Provenance(id=f"site.{label}.housing"))


@pytest.mark.parametrize("kind", ["mean", "change"])
@pytest.mark.parametrize(("sizes", "withheld"), [
    ((3, 20, 30, 40), {"a", "b"}),  # one alone is the whole less the others
    ((3, 4, 30, 40), {"a", "b", "c"}),  # two hold seven together, fewer than ten
    ((6, 7, 30, 40), {"a", "b"}),
    ((20, 25, 30, 40), set()),
])
def test_the_mean_of_a_small_group_is_not_the_whole_less_the_others(kind, sizes, withheld):
    items = ResultSet(tuple(_of_centre(label, n, kind=kind) for label, n in zip("abcd", sizes, strict=True)))
    out = gate({"sites": items}, Rules(minimum_cell=10, round_counts_to=5))
    assert {item.extra["level"] for item in out["sites"] if is_withheld(item)} == withheld
