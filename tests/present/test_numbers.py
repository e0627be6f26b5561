import math
import re

import pytest

from present import made_up
from takeup.present.numbers import MINUS, effect_digits, numbers, spread_digits, value_of
from takeup.results import ConfidenceSet, Estimate, FrozenMap, Statistic

INF = math.inf


@pytest.mark.parametrize(("language", "shown"), [("en", "−1,234,567.89"), ("nl", "−1.234.567,89"), ("fr", "−1\u202f234\u202f567,89")])
def test_numbers_are_written_as_in_belgium(language, shown):
    assert numbers(language).decimal(-1234567.891, 2) == shown


@pytest.mark.parametrize(("language", "shown"), [("en", "62.5%"), ("nl", "62,5%"), ("fr", "62,5\u00a0%")])
def test_percentages(language, shown):
    assert numbers(language).percent(0.625, 1) == shown


def test_no_negative_zero_and_a_true_minus():
    assert numbers("en").decimal(-0.0004, 2) == "0.00"
    assert numbers("en").decimal(-0.4, 1) == MINUS + "0.4"


def test_a_number_reads_back_to_its_rounded_value():
    for value in (0.0, 1.005, -17.25, 123456.789, 0.0495):
        text = numbers("nl").decimal(value, 2).replace(".", "").replace(",", ".").replace(MINUS, "-")
        assert float(text) == round(value, 2)


@pytest.mark.parametrize(("p", "shown"), [(0.0004, "<\u00a00.001"), (0.0314, "0.031"), (1.0, "1.000"), (math.nan, "–")])
def test_p_values(p, shown):
    assert numbers("en").p_value(p) == shown


def test_p_in_a_sentence():
    assert numbers("en").p_equals(0.0314) == "p\u00a0=\u00a00.031"
    assert numbers("nl").p_equals(1e-9) == "p\u00a0<\u00a00,001"


def test_intervals_say_infinite_limits_in_words():
    en = numbers("en")
    assert en.interval(-0.143, 0.045, 2) == "−0.14 to 0.04"
    assert en.interval(-INF, 2, 1) == "2.0 or less"
    assert en.interval(2, INF, 1) == "2.0 or more"
    assert en.interval(-INF, INF, 1) == "any value"
    assert en.interval(math.nan, 1, 1) == "–"
    assert en.interval(0.005, 0.127, 1, scale=100) == "0.5 to 12.7"


@pytest.mark.parametrize(("intervals", "shape", "shown"), [
    (((-1.0, 2.0),), "interval", "−1.0 to 2.0"), (((-INF, -1.0), (2.0, INF)), "two_rays", "−1.0 or less, or 2.0 or more"),
    (((-INF, INF),), "line", "any value"), ((), "empty", "no value fits"), (((1.0, INF),), "ray", "1.0 or more"),
])
def test_confidence_sets(intervals, shape, shown):
    assert numbers("en").confidence_set(ConfidenceSet(outcome="y", intervals=intervals, shape=shape), 1) == shown


def test_a_set_that_could_not_be_had_is_a_dash():
    assert numbers("en").confidence_set(ConfidenceSet(outcome="y", intervals=((math.nan, math.nan),), shape="line", reason="No compliers."), 1) == "–"


def test_a_withheld_result_shows_no_number_in_any_field():
    few = Estimate(outcome="y", estimate=0.4, conf_low=0.1, conf_high=0.7, n=6, n_treated=3, n_control=3, provenance=made_up.named("effect.y"))
    from takeup.release.gate import gate
    from takeup.release.rules import Rules
    from takeup.results import ResultSet

    out = gate({"effects": ResultSet((few,))}, Rules()).find("effect.y")
    for field in ("estimate", "conf_low", "n", "n_treated"):
        span = numbers("en").of(out, field, "number", 2)
        assert span.text == "withheld"
        assert math.isnan(span.value)


def test_a_field_is_looked_up_among_the_further_numbers_too():
    result = Statistic(table="t", variable="v", kind="mean", value=2.0, n=20, extra=FrozenMap(mean_all=3.5, note="text"))
    assert value_of(result, "value") == 2.0
    assert value_of(result, "mean_all") == 3.5
    assert math.isnan(value_of(result, "note"))
    assert math.isnan(value_of(result, "nothing"))


def test_decimals_follow_the_standard_error():
    assert [effect_digits(se) for se in (0.0048, 0.048, 0.48, 4.8, 48.0, math.nan, 0.0, INF)] == [4, 3, 2, 1, 0, 2, 2, 2]
    assert [spread_digits(sd) for sd in (0.05, 0.5, 9.9, 10.6, 250.0, math.nan)] == [3, 2, 2, 1, 0, 2]


def test_every_language_has_the_same_digits():
    texts = [numbers(language).decimal(1234.5, 1) for language in ("en", "nl", "fr")]
    assert {re.sub(r"\D", "", text) for text in texts} == {"12345"}
