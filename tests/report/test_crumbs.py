"""No English crumb in a Dutch or a French page: the pages of all five studies as a build writes them, sentences, cells and what appears on hovering.

Words that English texts are full of and Dutch and French ones never have. Names of works, of columns and of files keep their language.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lxml import html

from takeup.build import build
from takeup.demo import demo, plan_path
from takeup.intake.schema import read_schema
from takeup.plan.read import read
from takeup.report.codebook import codebook_html

if TYPE_CHECKING:
    from collections.abc import Iterator

STUDIES = {"jobs2": "jobs2", "thornton": "thornton", "mission": "mission", "miriam-1": "miriam", "miriam-2024": "miriam"}
WORDS = frozenset(re.findall(r"\w+", """
the and with which from that this between withheld people families are was were has have been not no each every only than of by is it its other others
both one two left there their they what who where because so fewer rows weighted missing degrees freedom draws drawn how why arm arms blocks units
treated standard error"""))
SHARED = {"fr": {"arm", "standard", "error", "test"}, "nl": {"is", "it", "of", "the", "was", "were", "standard", "arm", "arms", "who", "have"}}
NAMES = re.compile(r"\b\w+(?:[._-]\w+)*\.\w+\b|\b\w+(?:_\w+)+\b|WHO-5|What Works Clearinghouse|Table Schema|Registry of|AEA RCT Registry|https?://\S+",
                   flags=re.IGNORECASE)
CITED = ("Citeer als", "Gelieve te citeren", "À citer", "National Institute of Mental Health")


def said(page: Path, language: str) -> Iterator[str]:
    """The texts of a page in a language: each run of text with its neighbours in line, and what stands in attributes."""
    for node in html.fromstring(page.read_bytes()).iter():
        if not isinstance(node.tag, str) or _apart(node) or node.xpath("string(ancestor-or-self::*[@lang][1]/@lang)") != language:
            continue
        yield from (str(node.get(name)) for name in ("title", "alt", "aria-label") if node.get(name))
        if node.tag in {"p", "li", "td", "th", "h1", "h2", "h3", "h4", "dt", "dd", "summary", "figcaption", "caption", "text", "tspan"}:
            yield _text(node)


def _apart(node: Any) -> bool:
    return any(one.tag in {"script", "style", "code", "pre", "cite", "kbd"} or "cite" in (one.get("class") or "").split()
               for one in (node, *node.iterancestors()))


def _text(node: Any) -> str:
    """The element's text without that of blocks in it, of code, and of what is in another language."""
    parts = [node.text or ""]
    for child in node:
        inline = isinstance(child.tag, str) and child.tag not in {"p", "li", "td", "ul", "ol", "table", "script", "style", "code", "pre", "cite"}
        if inline and "cite" not in (child.get("class") or "").split() and not child.get("lang"):
            parts.append(_text(child))
        parts.append(child.tail or "")
    return re.sub(r"\s+", " ", " ".join(parts)).strip()


def crumbs(text: str, language: str) -> list[str]:
    """The English words in a text that is in another language."""
    words = re.findall(r"[^\W\d_]+", NAMES.sub(" ", text).lower().replace("\u2019", "'"))
    if any(name in text for name in CITED):
        return []
    return [word for word in words if word in WORDS and word not in SHARED[language]]


@pytest.mark.parametrize(("text", "language", "count"), [
    ("Rows or clusters that are fitted exactly hide 3% of the variance.", "nl", 1),
    ("Rijen die precies passen, verbergen 3% van de variantie.", "nl", 0),
    ("The plan names ANCOVA.", "fr", 1), ("Le plan cite l'ANCOVA ; voir effect.the.of et results.csv.", "fr", 0),
])
def test_crumbs_are_seen_and_names_are_none(text: str, language: str, count: int) -> None:
    assert bool(crumbs(text, language)) == bool(count)


def test_texts_attributes_and_other_languages_are_told_apart(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text('<html lang="fr"><body><div lang="nl">'
                    '<p title="Why">Een <b>vet</b> woord <span lang="en">the word</span></p><cite>The Work</cite></div><p>The end</p></body></html>')
    assert list(said(page, "nl")) == ["Why", "Een vet woord"]


@pytest.mark.parametrize("study", STUDIES)
def test_no_english_crumb_in_the_codebook_of_a_study(study: str, tmp_path: Path) -> None:
    path = Path(__file__).parents[2] / "reports" / study / "plan.yaml"
    plan = read(path)
    schemas = {name: read_schema(path.parent / table.schema_) for name, table in plan.data.items()}
    page = tmp_path / "codebook.html"
    page.write_text(codebook_html(plan, schemas, ("en", "nl", "fr")), encoding="utf-8")
    texts = {language: list(said(page, language)) for language in ("en", "nl", "fr")}
    assert min(map(len, texts.values())) > 40
    assert any(crumbs(text, "nl") for text in texts["en"])
    names = re.compile(rf"\b({'|'.join(plan.data)})\b|\w+ =")  # names of tables and columns and codes stay as they are
    columns = {name for schema in schemas.values() for name in schema.names}
    found = {language: [text for text in texts[language] if text not in columns and crumbs(names.sub("", text), language)]
             for language in ("nl", "fr")}
    assert found == {"nl": [], "fr": []}


@pytest.mark.slow
@pytest.mark.parametrize("study", STUDIES)
def test_no_english_crumb_in_the_pages_of_a_study(study: str, tmp_path: Path) -> None:
    demo(STUDIES[study], tmp_path, 0)
    out = build(plan_path(study, tmp_path), progress=False, only=("results", "html", "consort", "deviations", "brief")).out
    found = {}
    for language in ("nl", "fr"):
        texts = {(path.name, text) for path in sorted(out.glob("*.html")) for text in said(path, language)}
        assert len(texts) > 100
        found[language] = sorted((name, text[:160]) for name, text in texts if crumbs(text, language))
    assert found == {"nl": [], "fr": []}
