"""Numbers in the authors' words: what a placeholder becomes, what is refused, and which typed numbers are flagged."""

import pytest

from present import made_up
from report import briefs
from takeup.errors import ReportError
from takeup.present.numbers import MINUS
from takeup.present.text import plain
from takeup.present.wording import finding
from takeup.report.placeholders import NAMES, bound, typed
from takeup.report.words import blocks
from takeup.results import ResultSet


def spans(text, language="en", **changes):
    return bound(blocks(text, "meaning"), briefs.teller(language, **changes), "words/en/meaning.md")[0].spans


@pytest.mark.parametrize(("text", "language", "shown"), [
    ("{effect:depression}", "en", f"{MINUS}0.049"), ("{size:depression}", "en", "0.049"), ("{effect:depression}", "nl", f"{MINUS}0,049"),
    ("{low:employed} and {high:employed}", "en", "1 and 13"), ("{interval:depression}", "fr", f"{MINUS}0,143 à 0,045"),
    ("{treated:employed}, {control:employed}", "en", "33%, 26%"), ("{takeup}", "fr", "62\u00a0%"), ("{takeup:0}", "en", "0%"),
    ("{count:randomized}", "en", "899"), ("{count:allocated:1}", "en", "600"), ("{p:employed}", "en", "0.034"),
    ("{result:effect.depression:std_error:3}", "en", "0.048"), ("{result:compliance.received.1:value:percent}", "en", "62%"),
])
def test_a_placeholder_is_written_as_the_language_writes_numbers(text, language, shown):
    assert plain(spans(text, language)) == shown


@pytest.mark.parametrize("language", briefs.LANGUAGES)
@pytest.mark.parametrize("outcome", ["depression", "employed", "confidence"])
def test_a_placeholder_shows_what_the_sentence_shows_and_keeps_its_tie(outcome, language):
    estimate = next(item for item in made_up.effects() if item.provenance.id == f"effect.{outcome}")
    told = finding(estimate, made_up.labels(), language)
    sentence = {span.field: span for span in told.numbers if span.field}
    for name, field in (("size", "estimate"), ("treated", "mean_treated"), ("control", "mean_control")):
        (span,) = spans(f"{{{name}:{outcome}}}", language)
        assert (span.text, span.field, span.result_id) == (sentence[field].text.removeprefix(MINUS), field, f"effect.{outcome}")
        assert span.value == pytest.approx(estimate.estimate if field == "estimate" else estimate.extra[field], rel=1e-12)
    assert plain(spans(f"{{verdict:{outcome}}}", language)) == plain(told.says)
    assert plain(spans(f"{{numbers:{outcome}}}", language)) == plain(told.numbers)


def test_placeholders_stand_in_lists_headings_and_emphasis():
    made = bound(blocks("# {count:randomized} people\n\n- **{takeup}** came\n\n> {size:depression}", "meaning"), briefs.teller(), "here")
    assert made[0].text == "899 people"
    assert (made[1].items[0][0].text, made[1].items[0][0].strong) == ("62%", True)
    assert made[2].spans[0].result_id == "effect.depression"


def test_a_loss_is_written_with_a_true_minus_and_a_size_without():
    fewer = {"effects": ResultSet((made_up.estimate("employed", -0.0661, 0.0311, extra=made_up.MEANS["employed"]),))}
    assert plain(spans("{effect:employed} / {size:employed}", **fewer)) == f"{MINUS}6.6 / 6.6"


def test_everything_wrong_is_said_at_once_with_what_there_is():
    text = "{effct:employed} {effect:employd} {count:many} {result:effect.nothing:estimate} {result:effect.employed:colour} {cost:one} {effect}"
    with pytest.raises(ReportError) as caught:
        spans(text)
    faults = caught.value.faults
    assert len(faults) == 7
    assert {fault.where for fault in faults} == {"words/en/meaning.md"}
    assert [fault.remedy for fault in faults[:2]] == ['Did you mean "effect"?', 'Did you mean "employed"?']
    assert "randomized" in faults[2].remedy
    assert "says nothing of costs" in faults[5].remedy


def test_braces_that_name_nothing_are_left_alone():
    assert plain(spans("a { b } {1} {A:b}")) == "a { b } {1} {A:b}"


def test_every_placeholder_in_the_help_is_known():
    from takeup.report.placeholders import HELP, PLACE

    assert {match[1] for match in PLACE.finditer(HELP)} == set(NAMES)


@pytest.mark.parametrize(("text", "language", "flagged", "place"), [
    ("The difference was 0.049 points.", "en", "0.049", "{effect:depression}"), ("Het verschil was -0,049.", "nl", "-0,049", "{effect:depression}"),
    ("Of the 899 people", "en", "899", "{count:randomized}"), ("34 % of them, and 33% of us", "en", "33", "{treated:employed}"),
    ("7 in every 100 more", "en", "7", "{effect:employed}"), ("7 op de 100 meer", "nl", "7", "{effect:employed}"),
    ("op de 1.210 gezinnen", "nl", "1.210", "{count:assessed}"), ("1\u202f210 personnes", "fr", "1\u202f210", "{count:assessed}"),
    ("6.61 points more", "en", "6.61", "{effect:employed}"), ("6,6 procentpunten meer", "nl", "6,6", "{effect:employed}"),
    ("een verschil van -0,0493", "nl", "-0,0493", "{effect:depression}"),
])
def test_a_typed_number_that_equals_a_result_is_flagged_with_its_placeholder(text, language, flagged, place):
    (fault,) = typed(text, briefs.teller(language), f"words/{language}/meaning.md")
    assert f"the number {flagged} was typed" in fault.what
    assert place in fault.remedy


@pytest.mark.parametrize("text", [
    "7 sessions in 62 days", "see https://example.org/899/0.049", "{count:randomized} people", "in 1995", "version 1.720.3", "0.0491", "12/2023",
    "6.5 hours", "0.07",
])
def test_other_numbers_are_left_alone(text):
    assert typed(text, briefs.teller(), "here") == ()
