"""The page: self-contained under a strict policy, every number tied to its result, nothing an author writes is markup."""

import base64
import hashlib
import re

import pytest

from present import made_up
from report import pages
from takeup.errors import ReportError
from takeup.present.numbers import MINUS, value_of
from takeup.present.text import said
from takeup.report.document import Document, Heading, Paragraph
from takeup.report.full import full_report
from takeup.report.html import html

HOSTILE = "A & B <script>alert(1)</script> \" ' {{ 7*7 }} = −1"


@pytest.fixture(scope="module")
def text():
    return html({language: pages.report(language) for language in ("en", "nl")})


@pytest.fixture(scope="module")
def page(text):
    return pages.Reader(text)


def test_it_is_well_formed_and_ids_are_unique(page):
    assert page.problems == []
    ids = [element.attributes["id"] for element in page.elements if "id" in element.attributes]
    assert len(ids) == len(set(ids))


def test_every_link_inside_the_page_leads_somewhere(page):
    ids = {element.attributes.get("id") for element in page.elements}
    links = [element.attributes["href"] for element in page.all("a")]
    assert [link for link in links if link.startswith("#") and link[1:] not in ids] == []
    assert {link for link in links if not link.startswith("#")} == {"https://example.org/a"}


def test_the_policy_allows_the_one_style_and_script_and_nothing_else(text, page):
    policy = page.all("meta", http_equiv="Content-Security-Policy")[0].attributes["content"]
    rules = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert (rules["base-uri"], rules["form-action"]) == ("'none'", "'none'")
    for tag, rule in (("style", "style-src"), ("script", "script-src")):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert rules[rule] == "'sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode() + "'"
    for element in page.elements:
        assert "style" not in element.attributes
        assert not any(name.startswith("on") for name in element.attributes)
        assert element.tag not in {"link", "iframe", "object", "embed", "form", "base"}
        assert element.attributes.get("src", "data:").startswith("data:")


def test_no_address_outside_is_loaded(text):
    without = re.sub(r'<a href="https://example\.org/a"[^>]*>.*?</a>', "", text)
    assert not re.search(r"(src|href|url)\s*[=(]\s*[\"']?(https?:)?//", without)


def test_every_number_is_the_rounded_field_of_its_result(page):
    released = made_up.released()
    seen = set()
    for element in page.elements:
        id_ = element.attributes.get("data-result")
        if id_ is None or element.attributes["data-field"] == "intervals":
            continue
        dutch = ancestor(element, "article").attributes["lang"] == "nl"
        values = [value_of(released.find(id_), name) for name in element.attributes["data-field"].split()]
        shown = read(element.text, dutch=dutch)
        scale = float(element.attributes["data-scale"] or "nan")
        if not shown or element.text.strip().startswith("p\u00a0<") or "<" in element.text:
            continue
        for value, (number, digits) in zip(values, shown, strict=True):
            assert abs(abs(value * scale) - abs(number)) <= 0.5000001 * 10**-digits, (id_, element.text)
        seen.add(id_)
    assert {"effect.depression", "ratio.employed", "ri.employed", "family.employed", "cace.depression", "flow.randomized", "compliance.received.1",
            "balance.omnibus", "robust.depression.lin", "bounds.employed.lee", "subgroup.depression.sex.1",
            "attrition.employed.attrition.1.difference"} <= seen


def ancestor(element, tag):
    while element.tag != tag:
        element = element.parent
    return element


def read(text: str, *, dutch: bool) -> list[tuple[float, int]]:
    """The numbers in a text with their decimals."""
    found = []
    for part in re.findall(rf"[{MINUS}]?\d[\d.,]*\d|[{MINUS}]?\d", text):
        plain = part.replace(".", "").replace(",", ".") if dutch else part.replace(",", "")
        found.append((float(plain.replace(MINUS, "-")), len(plain.partition(".")[2])))
    return found


def test_every_result_shown_in_the_text_has_an_anchor_in_each_language(page):
    ids = {element.attributes.get("id") for element in page.elements}
    shown = {element.attributes["data-result"] for element in page.elements if "data-result" in element.attributes}
    assert shown <= ids
    assert {f"nl:{name}" for name in shown} <= ids


def test_figures_have_descriptions_and_tables_have_heads(page):
    assert all(len(image.attributes["alt"]) > 30 for image in page.all("img"))
    assert len(page.all("img")) == 12
    for table in page.all("table"):
        assert table.attributes["aria-labelledby"]
    assert all(head.attributes.get("scope") in {"col", "colgroup", "row", "rowgroup"} for head in page.all("th"))


def test_languages_are_marked_and_can_be_switched(page):
    assert [article.attributes["lang"] for article in page.all("article")] == ["en", "nl"]
    assert [link.attributes["data-language"] for link in page.all("a") if "data-language" in link.attributes] == ["en", "nl"]
    assert len(page.all("h1")) == 2


def test_a_page_in_one_language_has_no_switch():
    page = pages.Reader(html({"fr": pages.report("fr")}))
    assert page.all("nav", **{"class": "languages"}) == []
    assert page.all("html")[0].attributes["lang"] == "fr"


def test_words_from_plan_and_authors_are_never_markup():
    outcomes = [{**made_up.PLAN["outcomes"][0], "label": HOSTILE, "unit": HOSTILE}, *made_up.PLAN["outcomes"][1:]]
    design = {**made_up.PLAN["design"], "arms": {0: HOSTILE, 1: "Seminar"}, "unit_label": HOSTILE}
    plan = made_up.plan(title=HOSTILE, outcomes=outcomes, design=design)
    labels = made_up.labels(plan)
    text = html({"en": full_report(made_up.released(), plan, labels, {"summary": "5 < 6 & {{ 7*7 }}"}, "en")})
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "{{ 7*7 }}" in text
    page = pages.Reader(text)
    assert page.problems == []
    assert page.all("h1")[0].text == HOSTILE


def test_the_same_document_gives_the_same_page(text):
    labels = made_up.labels()
    again = {language: full_report(made_up.released(), labels.plan, labels, pages.WORDS, language) for language in ("en", "nl")}
    assert html(again) == text


def test_a_document_under_another_language_is_refused():
    document = Document(title="T", language="en", blocks=(Heading(text="H", id="h"), Paragraph(spans=said("x"))))
    with pytest.raises(ReportError, match="en"):
        html({"nl": document})
    with pytest.raises(ReportError, match="at least one"):
        html({})
