"""The pages of whole studies, as a build writes them: every number's address, axe-core, and no English crumb in the other languages."""

from __future__ import annotations

import csv
import re
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest

from browser.chromium import MISSING, browser, opened, violations
from takeup.build import build
from takeup.build.cards import name_of
from takeup.demo import demo
from takeup.present.catalogue import words
from takeup.report.cards import card, editions, levels
from takeup.report.cards_html import card_html
from takeup.study import open_study

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(MISSING), reason=f"not installed: {MISSING} (make test-browser installs what it can)")]
ENGLISH = re.compile(r"\b(the|and|with|which|from|that|this|between|withheld|people|families)\b", flags=re.IGNORECASE)
NAMES = re.compile(r"\b\w+(?:\.\w+)+|What Works Clearinghouse|Table Schema|Registry of|AEA RCT Registry|https?://\S+|takeup", flags=re.IGNORECASE)


@pytest.fixture(scope="module", params=["jobs2", "mission", "miriam-1", "miriam-2024"])
def out(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    demo(request.param.partition("-")[0], folder, 0)
    plan = folder / "reports" / request.param / "plan.yaml"
    made = build(plan, progress=False, only=("results", "html", "consort", "codebook", "deviations", "brief")).out
    if request.param.startswith("miriam"):
        write_cards(plan, made)
    return made


def write_cards(plan: Path, out: Path) -> None:
    """A card of each kind (of all, of a centre or city, of an edition where there are others) in each language, beside the pages."""
    study = open_study(plan)
    released = study.released()
    subjects = [("", ""), (levels(released)[0], ""), *(("", year) for year in editions(released)[:1])]
    for language in study.plan.languages:
        for level, year in subjects:
            found = card(released, study.labels(), language, level, edition=year)
            (out / name_of(found, "html")).write_text(card_html(found), encoding="utf-8")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as running:
        yield running


def test_axe_finds_nothing_in_any_page_and_language(chromium: Any, out: Path) -> None:
    found = []
    for path in sorted(out.glob("*.html")):
        with opened(chromium, path) as page:
            for language in page.evaluate("[...document.querySelectorAll('[data-language]')].map(a => a.dataset.language)") or [""]:
                if language:
                    page.click(f"[data-language={language}]")
                page.evaluate("document.querySelectorAll('details').forEach(item => item.open = true)")
                found += [f"{path.name} {language}: {line}" for line in violations(page)]
    assert not found


def test_a_card_prints_on_one_sheet_and_can_be_read_on_a_phone(chromium: Any, out: Path) -> None:
    pypdf = pytest.importorskip("pypdf")
    for path in sorted(out.glob("card*.html")):
        with opened(chromium, path) as page:
            assert len(pypdf.PdfReader(BytesIO(page.pdf(prefer_css_page_size=True))).pages) == 1, path.name
        with opened(chromium, path, width=320, height=640, is_mobile=True, has_touch=True) as page:
            assert page.evaluate("document.documentElement.scrollWidth") <= 320
            assert violations(page) == []


def test_every_result_has_an_address(chromium: Any, out: Path) -> None:
    with (out / "results.csv").open(encoding="utf-8") as file:
        ids = sorted({row["id"] for row in csv.DictReader(file)})
    with opened(chromium, out / "report.html") as page:
        missing = page.evaluate("ids => ids.filter(id => !document.getElementById(id))", ids)
    assert ids
    assert missing == []


@pytest.mark.parametrize("language", ["nl", "fr"])
def test_no_english_crumb_in_another_language(chromium: Any, out: Path, language: str) -> None:
    """Words that English texts are full of and Dutch and French ones never have; names and references keep their language."""
    crumbs = []
    pages = [path for path in sorted(out.glob("*.html")) if path.name.count(".") == 1 or f".{language}." in path.name]
    for path in pages:
        with opened(chromium, path) as page:
            texts = page.evaluate("""language => [...document.querySelectorAll('p, li, td, th, h1, h2, h3, dt, dd, summary, figcaption, img')]
                .filter(node => node.closest('[lang]').lang === language && !node.closest('.cite') && !node.querySelector('p, li, td'))
                .map(node => node.alt ?? node.textContent.replace(/\\s+/g, ' ').trim())""", language)
        # a reference stays in its own language: the line that asks to cite it, and the line of sources, which ends with it
        said = [text for text in texts if "results.csv" not in text and not text.startswith(words(language)("Please cite"))]
        crumbs += [f"{path.name}: {text[:160]}" for text in said if len(ENGLISH.findall(NAMES.sub("", text))) > 1]
    assert not crumbs
