from io import BytesIO

import pytest

from present import made_up
from report import pages
from takeup.report.consort import ITEMS, chapter_title, checklist, checklists, consort_html
from takeup.report.consort_extensions import CLUSTER, SPI, extensions
from takeup.report.html import html
from takeup.report.table_docx import docx_tables
from takeup.report.words import SECTIONS
from takeup.results import ResultSet


def statuses(words=None, plan=None, **changes):
    table = checklist(made_up.released(**changes), made_up.labels(plan), words or {}, "en")
    return {row.cells[0].text: row.cells[2].value for row in table.rows}


def test_the_forty_two_items_are_there_in_order():
    numbers = [item.number for item in ITEMS]
    assert len(numbers) == len(set(numbers)) == 42
    assert [int("".join(c for c in number if c.isdigit())) for number in numbers] == sorted(int("".join(c for c in number if c.isdigit()))
                                                                                            for number in numbers)
    assert {int("".join(c for c in number if c.isdigit())) for number in numbers} == set(range(1, 31))


def test_nothing_is_claimed_that_is_not_there():
    found = statuses()
    assert found["22a"] == found["25"] == found["26"] == "filled"
    assert found["3"] == found["4"] == "pointed"
    assert found["6"] == found["17a"] == found["27"] == found["29"] == "authors"
    nothing = statuses(flow=ResultSet(), balance=ResultSet(), compliance=ResultSet(), robustness=ResultSet(), subgroups=ResultSet())
    assert {nothing[item] for item in ("22a", "22b", "24a", "25")} == {"authors"}
    assert nothing["28"] == "not_applicable"


def test_the_authors_words_meet_items():
    found = statuses({"background": "Why.", "allocation": "By lot.", "interpretation": " "})
    assert found["6"] == found["17a"] == found["18"] == "filled"
    assert found["29"] == "authors"


def test_a_share_without_its_ratio_leaves_item_26_open():
    effects = ResultSet(tuple(item for item in made_up.effects() if not item.provenance.id.startswith("ratio.")))
    assert statuses(effects=effects)["26"] == "authors"


def test_registration_and_title_are_read_from_the_plan():
    plan = made_up.plan(registration=None, title="A randomised trial of a seminar")
    assert statuses(plan=plan)["2"] == "authors"
    assert statuses(plan=plan)["1a"] == "filled"
    assert statuses()["1a"] == "authors"


def test_every_link_of_the_page_of_its_own_leads_into_the_report():
    written = dict.fromkeys(("background", "harms", "allocation", "interpretation", "sample_size", "changes"), "Text.")
    report = pages.Reader(html({"en": pages.report(words=written)}))
    ids = {element.attributes.get("id") for element in report.elements}
    page = pages.Reader(consort_html(made_up.released(), made_up.labels(), {"en": written}))
    links = [link.attributes["href"] for link in page.all("a")]
    assert links
    assert all(link.startswith("report.html#") and link.partition("#")[2] in ids for link in links)


def test_the_page_says_how_many_items_are_left():
    page = pages.Reader(consort_html(made_up.released(), made_up.labels(), {"en": {}, "nl": {}}))
    left = sum(value == "authors" for value in statuses().values())
    assert f"{left} of 42 items are left to the authors." in page.all("p")[1].text or any(f"{left} of 42" in p.text for p in page.all("p"))
    assert [article.attributes["lang"] for article in page.all("article")] == ["en", "nl"]


def test_a_social_programme_has_its_own_items_and_a_draw_of_clusters_more():
    plain = extensions(made_up.released(), made_up.labels(), {"theory": "Why."}, "en")
    assert [table.id for table in plain] == ["consort_spi"]
    found = {row.cells[0].text: row.cells[2].value for row in plain[0].rows}
    assert found["2b"] == found["13a"] == found["15"] == "filled"
    assert found["26a"] == found["5b"] == "authors"
    design = {**made_up.PLAN["design"], "draw": "clustered", "clusters": "age"}
    both = extensions(made_up.released(), made_up.labels(made_up.plan(design=design)), {}, "nl")
    assert [table.id for table in both] == ["consort_spi", "consort_cluster"]
    assert "clusters" in both[1].title


def test_every_item_of_the_extensions_leads_to_a_chapter_and_to_words_that_can_be_written():
    for item in (*SPI, *CLUSTER):
        assert not item.chapter or chapter_title(item.chapter, "fr")
        assert set(item.own) <= set(SECTIONS)
        assert item.test is not None or item.own


def test_the_checklist_is_a_word_file_too_with_every_item_and_the_extensions():
    docx = pytest.importorskip("docx")
    tables = checklists(made_up.released(), made_up.labels(), {}, "fr")
    document = docx.Document(BytesIO(docx_tables(*tables)))
    assert len(document.tables) == len(tables) >= 2
    items = [row.cells[0].text for row in document.tables[0].rows]
    assert [item.number for item in ITEMS] == [text for text in items if text in {item.number for item in ITEMS}]
