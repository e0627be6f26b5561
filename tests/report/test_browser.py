"""The page in a real browser, where there is one."""

import pytest

from report import pages
from report.browser import CHROMIUM, Page
from takeup.report.html import html

pytest.importorskip("websocket")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(html({language: pages.report(language) for language in ("en", "nl")}), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def page(file):
    with Page() as opened:
        opened.open(file)
        yield opened


def column(place: int) -> str:
    return f"[...document.querySelectorAll('#table-effects tbody tr:not(.group)')].map(row => row.cells[{place}].textContent.trim())"


def test_nothing_violates_the_policy_and_nothing_is_fetched(page):
    assert page.logged == []
    assert all(url.startswith(("file:", "data:")) for url in page.requests)
    assert page.ask("[...document.images].every(image => image.naturalWidth > 0)")


def test_a_table_sorts_by_number_within_its_groups_and_says_so(page):
    head = "document.querySelectorAll('#table-effects thead tr:last-child th')[3]"
    page.ask(f"{head}.querySelector('button').click()")
    assert page.ask(f"{head}.getAttribute('aria-sort')") == "ascending"
    assert page.ask(column(3)) == ["−0.049", "0.058", "6.6", "1.25"]  # 0.058 < 0.066 < 1.25 by value
    page.ask(f"{head}.querySelector('button').click()")
    assert page.ask(f"{head}.getAttribute('aria-sort')") == "descending"
    assert page.ask(column(3)) == ["−0.049", "1.25", "6.6", "0.058"]


def test_a_long_table_filters_and_counts(page):
    box = "document.querySelector('#table-methods_other').querySelector('input')"
    page.ask(f"{box}.closest('details').open = true; {box}.value = 'Lee'; {box}.dispatchEvent(new Event('input'))")
    shown = page.ask("[...document.querySelectorAll('#table-methods_other tbody tr:not(.group)')].filter(row => !row.hidden).length")
    assert shown == 2
    assert page.ask("document.querySelector('#table-methods_other [role=status]').textContent").startswith("2 of ")


def test_one_language_is_shown_and_the_switch_changes_it(page):
    assert page.ask("[...document.querySelectorAll('article')].map(a => a.hidden)") == [False, True]
    page.ask("document.querySelector('[data-language=nl]').click()")
    assert page.ask("[...document.querySelectorAll('article')].map(a => a.hidden)") == [True, False]
    assert page.ask("document.documentElement.lang") == "nl"
    assert page.ask("document.title").startswith("Een seminarie")
    page.ask("document.querySelector('[data-language=en]').click()")


def test_a_link_to_a_folded_number_opens_its_fold(file):
    with Page() as opened:
        opened.open(file, "#flow.lost.endline.1")
        assert opened.ask("document.getElementById('flow.lost.endline.1').closest('details').open")


def test_a_phone_has_no_sideways_scroll(file):
    with Page(320, 640) as phone:
        phone.open(file)
        assert phone.ask("document.documentElement.scrollWidth") <= 320
        phone.ask("document.querySelectorAll('details').forEach(item => item.open = true)")
        assert phone.ask("document.documentElement.scrollWidth") <= 320


def test_without_scripts_everything_is_there(file, tmp_path):
    with Page(scripts=False) as plain:
        plain.open_plain(file)
        tree = plain.call("DOM.getDocument", depth=1)["root"]["nodeId"]
        articles = plain.call("DOM.querySelectorAll", nodeId=tree, selector="article")["nodeIds"]
        boxes = [plain.call("DOM.getBoxModel", nodeId=node)["model"]["height"] for node in articles]
        assert len(boxes) == 2
        assert all(height > 1000 for height in boxes)


def test_the_printed_page_shows_what_was_folded(page):
    pypdf = pytest.importorskip("pypdf")
    from io import BytesIO

    text = " ".join(part.extract_text() for part in pypdf.PdfReader(BytesIO(page.print())).pages)
    assert "How each number was made" in text
    assert "Search in this table" not in text
