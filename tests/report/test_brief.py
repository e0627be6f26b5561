"""The brief: what it says is what the report says; two pages in HTML and PDF, in three languages, whatever the length of the words."""

import base64
import hashlib
import math
import re
from dataclasses import replace
from io import BytesIO

import pytest

from present import made_up
from report import briefs, pages
from takeup.errors import ReleaseError, ReportError
from takeup.present.causal import causal_words
from takeup.present.numbers import value_of
from takeup.present.text import plain
from takeup.present.wording import finding
from takeup.report.brief import ROWS, brief, shortened
from takeup.report.brief_fit import type_size
from takeup.report.brief_html import brief_html
from takeup.report.brief_parts import result_ids
from takeup.report.brief_pdf import brief_pdf
from takeup.report.document import Callout, FigureBlock, Heading
from takeup.report.html import running_text
from takeup.results import ResultSet

pypdf = pytest.importorskip("pypdf")
ENGLISH = re.compile(r"\b(the|and|with|were|people|what|how|this|by|from|that)\b", re.IGNORECASE)


def text_of(made):
    """Every word of a brief as its readers see it; the line of ids and versions left out."""
    document = made.document()
    parts = [made.title, made.kind, *(block.text for block in document.walk() if isinstance(block, Heading)),
             *(plain(spans) for spans in running_text(document) if spans is not made.sources)]
    for block in document.walk():
        if isinstance(block, Callout):
            parts += [block.title, block.badge]
        if isinstance(block, FigureBlock):
            parts += [block.figure.title, block.figure.alt]
    parts += [column.title for column in made.table.columns] + [cell.text for row in made.table.rows for cell in row.cells] + [*made.table.notes]
    return "\n".join(parts)


@pytest.mark.parametrize("language", briefs.LANGUAGES)
def test_the_message_comes_first_in_the_words_of_the_rule(language):
    made = briefs.made(language)
    estimate = next(item for item in made_up.effects() if item.provenance.id == "effect.depression")
    told = finding(estimate, made_up.labels(), language)
    first = made.pages()[0][0]
    assert isinstance(first, Callout)
    assert first.lines == (told.says, told.numbers)
    assert [heading.id for page in made.pages() for heading in page if isinstance(heading, Heading)] == ["meaning", "sure", "unknown"]


@pytest.mark.parametrize("language", briefs.LANGUAGES)
def test_every_number_is_a_field_of_a_released_result_and_its_id_is_listed(language):
    made, released = briefs.made(language), made_up.released()
    spans = [span for spans in running_text(made.document()) for span in spans if span.result_id]
    assert len(spans) > 10
    for span in spans:
        assert span.value == pytest.approx(value_of(released.find(span.result_id), span.field), rel=1e-12)
    ids = set(result_ids(made.document()))
    assert {"effect.depression", "compliance.received.1", "balance.omnibus"} <= ids
    assert all(id_ in plain(made.sources) for id_ in ids)


@pytest.mark.parametrize("language", ["nl", "fr"])
def test_no_english_word_is_left(language):
    assert ENGLISH.findall(text_of(briefs.made(language))) == []


def test_an_uncontrolled_study_says_change_and_never_effect():
    made = briefs.change()
    assert causal_words(text_of(made)) == ()
    assert text_of(made).index("There was no comparison group.") < text_of(made).index("Depressive symptoms")
    assert "There is no control group." in text_of(made)
    assert made.figure.title.endswith("where the change may lie")
    assert made.chart is None


def test_a_yes_or_no_outcome_is_shown_as_a_hundred_people():
    plan = made_up.plan(outcomes=[{**made_up.PLAN["outcomes"][1], "role": "primary"}])
    effects = ResultSet(tuple(item for item in made_up.effects() if item.outcome == "employed"))
    made = briefs.of(plan=plan, effects=effects, robustness=ResultSet(), attrition=ResultSet(), distributions=ResultSet(), subgroups=ResultSet())
    assert made.figure.alt == "In work: in every 100 people. Booklet: 26; Seminar: 33."
    drawn = made.figure.svg.decode()
    assert (drawn.count("fill: #5a5a5a; stroke"), drawn.count("fill: #0072b2; stroke")) == (26, 33)
    assert [cell.result_id for row in made.figure.data.rows for cell in row.cells[1:]] == ["effect.employed"] * 2
    assert [series.values for series in made.chart.series] == [(0.2603,), (0.3264,)]


def test_costs_are_told_where_the_plan_has_them():
    assert briefs.made().cost.blocks == ()
    plan = made_up.plan(cost={"hour": 45, "source": {"en": "Assumed.", "nl": "Aangenomen.", "fr": "Supposé."}})
    told = "\n".join(plain(item) for item in briefs.of(plan=plan, cost=briefs.costs()).cost.blocks[0].items)
    assert "In “Seminar” 17.7 hours and 1,192 euros a case on average; in “Booklet” 0 euros." in told
    assert "cost 867 euros (95% confidence interval 580 to 1,481)" in told
    assert "between 674 and 1,156 euros" in told
    assert told.endswith("Assumed.")
    endless = briefs.of(plan=plan, cost=briefs.costs(-math.inf, math.inf)).cost.blocks[0].items
    assert any("has no end" in plain(item) for item in endless)


def test_words_that_arent_written_in_a_language_fall_back_and_it_is_said():
    made = briefs.of("fr", {"en": {"meaning": "Many came."}})
    assert made.meaning.language == "en"
    assert plain(made.meaning.blocks[0].spans) == "Les auteurs n'ont écrit cette partie que dans une autre langue : anglais."
    assert [(fault.where, fault.what) for fault in made.complaints] == [("words/fr/meaning.md", "isn't written")]
    assert briefs.made("fr").complaints == ()


def test_a_label_that_isnt_written_in_a_language_is_complained_of():
    plan = made_up.plan(title={"en": "Only English"}, languages=["en"])
    (fault,) = briefs.of("nl", plan=plan).complaints
    assert (fault.what, fault.where) == ('has no words in "nl"', "plan.title")


def test_a_typed_number_is_a_complaint_and_a_wrong_placeholder_an_error():
    assert "{count:randomized}" in briefs.of(words={"en": {"unknown": "Of 899 people."}}).complaints[0].remedy
    with pytest.raises(ReportError) as caught:
        briefs.of("nl", {"nl": {"unknown": "{effect:rust}", "meaning": "<b>x</b>"}})
    assert {fault.where.partition(",")[0] for fault in caught.value.faults} == {"words/nl/meaning.md", "words/nl/unknown.md"}


def test_a_withheld_result_gives_no_number_and_no_figure():
    made = briefs.of(minimum_cell=1000)  # type: ignore[arg-type]
    assert (made.figure, made.chart) == (None, None)
    assert made.message[0].badge == "No result"
    assert "withheld" not in " ".join(plain(item) for item in made.meaning.blocks[0].items)


def test_results_that_didnt_pass_the_gate_are_refused():
    labels = made_up.labels()
    with pytest.raises(ReleaseError):
        brief(made_up.sections(), labels.plan, labels, {}, "en")
    with pytest.raises(ReportError, match="at least one outcome"):
        briefs.of(effects=ResultSet())


def test_a_masked_brief_says_so_on_every_part():
    labels = made_up.labels()
    made = brief(made_up.released(), labels.plan, labels, {}, "en", kind="masked")
    marked = (made.title, plain(made.warning), made.figure.title, made.table.title, made.chart.title)
    assert [text.startswith("MASKED: ") for text in marked] == [True] * 5


def test_a_long_table_ends_with_how_many_outcomes_are_left():
    table = briefs.made("fr").table
    many = replace(table, rows=table.rows * 4)
    assert len(shortened(many, ROWS).rows) == ROWS
    assert shortened(many, ROWS).notes[-1] == "3 autres résultats figurent dans le rapport complet."
    assert shortened(many, len(many.rows) - 1).notes[-1] == "1 autre résultat figure dans le rapport complet."


@pytest.mark.parametrize("language", briefs.LANGUAGES)
def test_the_pdf_has_two_pages_both_standards_and_every_word(language):
    content = brief_pdf(briefs.made(language))
    reader = pypdf.PdfReader(BytesIO(content))
    metadata = reader.trailer["/Root"]["/Metadata"].get_data().decode()
    assert len(reader.pages) == 2
    assert re.search(r"pdfaid:part>2<", metadata)
    assert re.search(r"pdfuaid:part>1<", metadata)
    assert reader.trailer["/Root"]["/Lang"].startswith(language)
    text = "".join("".join(page.extract_text() for page in reader.pages).replace("\u00ad", "").replace("-\n", "").split())
    message = "".join(plain(briefs.made(language).message[0].lines[0]).split())
    assert message.replace("-", "") in text.replace("-", "")
    assert content == brief_pdf(briefs.made(language))


@pytest.mark.parametrize("language", briefs.LANGUAGES)
def test_the_longest_words_in_earnest_fit_and_a_book_is_refused(language):
    made = briefs.longest(language)
    assert len(pypdf.PdfReader(BytesIO(brief_pdf(made))).pages) == 2
    assert type_size(made) >= 7.0
    book = briefs.of(language, {language: {"meaning": briefs.PARAGRAPH[language] * 60}})
    for render in (brief_pdf, brief_html):
        with pytest.raises(ReportError, match=r"too long for two pages.*Shorten"):
            render(book)


@pytest.mark.parametrize("language", briefs.LANGUAGES)
def test_the_page_is_one_file_under_a_strict_policy_with_every_number_tied(language):
    content = brief_html(briefs.made(language))
    page = pages.Reader(content)
    assert page.problems == []
    assert page.all("html")[0].attributes["lang"] == language
    assert page.all("script") == []
    style = page.all("style")[0].text
    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in page.all("meta")[1].attributes["content"]
    released = made_up.released()
    tied = [element for element in page.elements if "data-result" in element.attributes]
    assert {element.attributes["data-result"] for element in tied} >= {"effect.depression", "effect.employed", "flow.randomized"}
    for element in page.all("data"):
        result = released.find(element.attributes["data-result"])
        assert float(element.attributes["value"]) == pytest.approx(value_of(result, element.attributes["data-field"]), rel=1e-12)
    assert [image.attributes["alt"] for image in page.all("img")] == [briefs.made(language).figure.alt]
    assert len(page.all("div", **{"class": "page"})) == 2
    assert content == brief_html(briefs.made(language))
