"""Every page in a real browser: accessible by axe-core, in the light and the dark, on a phone, by keyboard, on paper and without scripts."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest

from browser.chromium import MISSING, browser, opened, violations

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {MISSING} (make test-browser installs what it can)")
PAGES = ["report.html", "consort.html", "codebook.html", "brief.en.html", "brief.nl.html", "brief.fr.html"]
UNFOLD = "document.querySelectorAll('details').forEach(item => item.open = true)"
SWITCHED = ["report.html", "consort.html", "codebook.html"]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    from browser.made import written

    return written(tmp_path_factory.mktemp("pages"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as running:
        yield running


def test_the_check_would_find_something(chromium: Any, tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text("<html><title>Bad</title><body><main><h1>Bad</h1><img src='data:,'><p style='color:#ccc'>pale</p></main>", encoding="utf-8")
    with opened(chromium, bad) as page:
        assert {line.partition(":")[0] for line in violations(page)} >= {"html-has-lang", "image-alt", "color-contrast"}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_axe_finds_nothing(chromium: Any, files: dict[str, Path], name: str, scheme: str) -> None:
    with opened(chromium, files[name], color_scheme=scheme) as page:
        page.evaluate(UNFOLD)
        assert violations(page) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", SWITCHED)
def test_axe_finds_nothing_in_the_other_languages(chromium: Any, files: dict[str, Path], name: str) -> None:
    with opened(chromium, files[name]) as page:
        for language in ("nl", "fr"):
            page.click(f"[data-language={language}]")
            assert page.evaluate("document.documentElement.lang") == language
            assert violations(page) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_a_phone_of_320_pixels_scrolls_down_only(chromium: Any, files: dict[str, Path], name: str) -> None:
    with opened(chromium, files[name], width=320, height=640, is_mobile=True, has_touch=True) as page:
        page.evaluate(UNFOLD)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert violations(page) == []


@pytest.mark.parametrize("name", SWITCHED)
def test_the_switch_shows_one_language_and_keeps_to_it(chromium: Any, files: dict[str, Path], name: str) -> None:
    with opened(chromium, files[name]) as page:
        shown = "[...document.querySelectorAll('article')].filter(a => !a.hidden).map(a => a.lang)"
        assert page.evaluate(shown) == ["en"]
        page.click("[data-language=fr]")
        assert page.evaluate(shown) == ["fr"]
        assert page.evaluate("document.querySelector('[data-language=fr]').getAttribute('aria-current')") == "true"
        page.reload()
        assert page.evaluate(shown) == ["fr"], "the language is in the address"


def test_a_table_is_sorted_and_filtered_by_keyboard_alone(chromium: Any, files: dict[str, Path]) -> None:
    with opened(chromium, files["report.html"]) as page:
        button = page.locator("#table-effects thead tr:last-child th button").nth(3)
        button.focus()
        page.keyboard.press("Enter")
        head = page.locator("#table-effects thead tr:last-child th").nth(3)
        assert head.get_attribute("aria-sort") == "ascending"
        page.keyboard.press("Space")
        assert head.get_attribute("aria-sort") == "descending"
        page.evaluate(UNFOLD)
        box = page.locator("#table-methods_other input")
        box.focus()
        page.keyboard.type("Lee")
        assert page.locator("#table-methods_other [role=status]").inner_text().startswith("2 of ")


def test_the_keyboard_reaches_every_control_and_shows_where_it_is(chromium: Any, files: dict[str, Path]) -> None:
    with opened(chromium, files["report.html"]) as page:
        reached, ringed = set(), True
        for _ in range(60):
            page.keyboard.press("Tab")
            tag, outline = page.evaluate("[document.activeElement.tagName, getComputedStyle(document.activeElement).outlineStyle]")
            reached.add(tag)
            ringed = ringed and (tag == "BODY" or outline != "none")
        assert {"A", "BUTTON"} <= reached
        assert ringed


def test_the_citation_and_a_finding_are_copied(chromium: Any, files: dict[str, Path]) -> None:
    with opened(chromium, files["report.html"], permissions=["clipboard-read", "clipboard-write"]) as page:
        page.locator("article:not([hidden]) > header .copy button").click()
        page.wait_for_function("document.querySelector('article:not([hidden]) > header .copy [role=status]').textContent !== ''")
        cite = page.evaluate("navigator.clipboard.readText()")
        assert "takeup" in cite
        assert cite == page.locator("article:not([hidden]) .cite").inner_text()
        page.locator("article:not([hidden]) .callout .copy button").first.click()
        page.wait_for_function("navigator.clipboard.readText().then(text => text.includes('(effect.depression)'))")
        finding = page.evaluate("navigator.clipboard.readText()")
        assert finding.startswith("Depressive symptoms: ")
        assert finding.endswith(cite)


def test_a_link_to_a_number_switches_the_language_and_unfolds_it(chromium: Any, files: dict[str, Path]) -> None:
    with opened(chromium, files["report.html"], fragment="#nl:flow.lost.endline.1") as page:
        target = page.locator("[id='nl:flow.lost.endline.1']")
        assert target.is_visible()
        assert page.evaluate("document.documentElement.lang") == "nl"


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_paper_shows_what_is_folded_and_no_control(chromium: Any, files: dict[str, Path], name: str) -> None:
    pypdf = pytest.importorskip("pypdf")
    with opened(chromium, files[name]) as page:
        sheets = pypdf.PdfReader(BytesIO(page.pdf(prefer_css_page_size=True))).pages
        text = " ".join(sheet.extract_text() for sheet in sheets)
    assert "Search in this table" not in text
    assert "Copy the citation" not in text
    assert "Nederlands" not in text
    if name.startswith("brief"):
        assert len(sheets) == 2
    if name == "report.html":
        assert "How each number was made" in text


@pytest.mark.parametrize("name", PAGES)
def test_without_scripts_all_of_it_can_be_read(chromium: Any, files: dict[str, Path], name: str) -> None:
    with opened(chromium, files[name], java_script_enabled=False) as page:
        articles = page.locator("article")
        assert articles.count() == (3 if name in SWITCHED else 1)
        assert all(articles.nth(place).is_visible() for place in range(articles.count()))
        assert page.locator("button").count() == 0
        if page.locator("details").count():
            page.locator("details > summary").first.click()
            assert page.locator("details").first.get_attribute("open") is not None, "what is folded opens without a script"
        else:
            assert page.locator("table, img").first.is_visible()


def test_words_may_be_broken_by_the_rules_of_their_language(chromium: Any, files: dict[str, Path]) -> None:
    with opened(chromium, files["report.html"]) as page:
        assert page.evaluate("getComputedStyle(document.querySelector('article[lang=nl] p')).hyphens") == "auto"
        assert page.evaluate("getComputedStyle(document.querySelector('article data')).hyphens") == "manual"
        assert page.evaluate("[...document.querySelectorAll('article')].every(a => a.lang)")


def test_every_figure_stands_with_its_table_and_its_description(chromium: Any, files: dict[str, Path]) -> None:
    with opened(chromium, files["report.html"]) as page:
        without = page.evaluate("[...document.querySelectorAll('article[lang=en] figure')].filter(f => !f.querySelector('img').alt || "
                                "!(f.querySelector('table') || f.closest('article').querySelector('.table'))).map(f => f.id)")
        assert without == []
