from takeup.present.labels import in_language
from takeup.present.text import Span, fill, in_row, joined, plain, said, strong, unbroken
from takeup.report.words import blocks


def test_a_number_keeps_its_tie_to_its_result_inside_a_sentence():
    number = Span(text="−0.05", result_id="effect.x", field="estimate", value=-0.05)
    spans = fill("A difference of {estimate} {unit}.", estimate=number, unit="points")
    assert plain(spans) == "A difference of −0.05 points."
    assert [span.result_id for span in spans if span.result_id] == ["effect.x"]


def test_a_value_with_braces_is_text_and_not_a_place():
    assert plain(fill("{who}", who="{n} <b>")) == "{n} <b>"


def test_lists_follow_the_language():
    items = [said("a"), said("b"), said("c")]
    assert [plain(in_row(items, language)) for language in ("en", "nl", "fr")] == ["a, b and c", "a, b en c", "a, b et c"]


def test_empty_sentences_leave_no_gap():
    assert plain(joined((), said("One."), (), said("Two."))) == "One. Two."
    assert all(span.strong for span in strong(said("x")))


def test_no_line_begins_with_a_sign_that_french_sets_apart():
    assert unbroken("Une femme : « oui » ; et lui ? Non !") == "Une femme\u00a0: «\u00a0oui\u00a0»\u00a0; et lui\u00a0? Non\u00a0!"
    assert unbroken("a :b, 10:30, https://x and : alone") == "a :b, 10:30, https://x and\u00a0: alone"
    assert in_language({"fr": "WHO-5 : calme"}, "fr") == "WHO-5\u00a0: calme"
    (block,) = blocks("Que fait-on ?", "programme")
    assert plain(block.spans) == "Que fait-on\u00a0?"
