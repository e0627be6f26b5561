"""The result card: one page, its own numbers beside those of all, small ones masked, and masked ones not to be worked out from the others."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from report.cards_attack import means_told, told
from study import programme_made as made
from takeup.build.guard import guarded
from takeup.errors import ReportError
from takeup.release import decide
from takeup.release.gate import gate
from takeup.release.rules import Rules
from takeup.report.cards import MASK, card, levels
from takeup.report.cards_html import card_html
from takeup.report.cards_pdf import FULL, card_pdf, values
from takeup.results import ResultSet
from takeup.study import open_study

ROUNDED = Rules(minimum_cell=5, round_counts_to=5)
EXACT = Rules(minimum_cell=5, round_counts_to=1)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return open_study(made.write(tmp_path_factory.mktemp("circles")))


@pytest.fixture(scope="module")
def lonely(tmp_path_factory):
    """The same with one small centre only, which the others and the whole would tell."""
    tables = made.tables(5)
    tables["women"] = tables["women"].query("centre != 1 and centre != 3")
    kept = set(tables["women"]["woman"])
    for name in ("start", "finish", "sessions"):
        tables[name] = tables[name][tables[name]["woman"].isin(kept)]
    return open_study(made.write(tmp_path_factory.mktemp("lonely"), tables))


@pytest.fixture(scope="module")
def released(study):
    return gate({"sites": study.chapter("sites")}, ROUNDED)


def pages(content):
    return content.count(b"/Type /Page\n") + content.count(b"/Type /Page ") or content.count(b"/Type/Page")


def test_each_card_is_one_page_in_each_language(study, released):
    import io

    from pypdf import PdfReader

    for language in ("en", "nl", "fr"):
        for level in ("", "1", "9"):
            content = card_pdf(card(released, study.labels(), language, level))
            assert len(PdfReader(io.BytesIO(content)).pages) == 1


def test_a_card_that_cannot_fit_one_page_is_refused(study, released):
    found = card(released, study.labels(), "en", "9")
    long = replace(found, parts=tuple(replace(part, lines=part.lines * 30) for part in found.parts))
    with pytest.raises(ReportError, match=FULL):
        card_pdf(long)


def test_a_card_shows_the_centre_beside_all_of_them(study, released):
    own = card(released, study.labels(), "nl", "9")
    line = own.parts[0].lines[0]
    found = {item.provenance.id: item for item in released["sites"]}
    assert line.name == "Wonen"
    assert [cell.value for cell in line.cells[0][:3]] == [found[f"site.9.housing.{wave}"].value for wave in ("start", "end", "change")]
    assert line.cells[0][3].result_id == "site.9.housing"
    assert [cell.value for cell in line.cells[1]] == [found[f"sites.housing.{wave}"].value for wave in ("start", "end", "change")]
    whole = card(released, study.labels(), "nl")
    assert [group.head for group in whole.parts[0].groups] == [""]
    assert [cell.value for cell in whole.parts[0].lines[0].cells[0][:3]] == [cell.value for cell in line.cells[1]]


def test_the_card_of_all_shows_every_edition(study):
    both = gate({name: study.chapter(name) for name in ("sites", "cohorts")}, ROUNDED)
    part = card(both, study.labels(), "fr").parts[-1]
    assert part.groups[0].titles == ("2018", "2019", "2020", "2021", "2022", "2023")
    found = {item.provenance.id: item for item in both["cohorts"]}
    assert [cell.value for cell in part.lines[0].cells[0]] == [found[f"cohort.housing.{year}"].estimate for year in part.groups[0].titles]
    assert len(card(both, study.labels(), "fr", "9").parts) == 2


def test_numbers_of_few_women_are_masked_and_the_card_says_why(study, released):
    own = card(released, study.labels(), "en", "1")  # three women
    assert all(cell.text == MASK for part in own.parts for line in part.lines for cell in line.cells[0])
    assert own.facts[0][0].text == MASK
    assert all(mark is None for line in values(own)["parts"][0]["lines"] for mark in (line["marks"] or [None, None])[:2])
    assert any(note.startswith("x: withheld. Fewer than 5 women would be seen") for note in own.notes)
    assert own.withheld
    assert all(cell.text != MASK for line in own.parts[0].lines for cell in line.cells[1])


def test_no_causal_word_and_one_row_an_outcome_in_every_format(study, released):
    files = {}
    for language in ("en", "nl", "fr"):
        for level in ("", "1", "9"):
            found = card(released, study.labels(), language, level)
            files[f"card-{level}.{language}.html"] = card_html(found).encode()
            files[f"card-{level}.{language}.pdf"] = card_pdf(found)
    assert not list(guarded(files))
    assert files["card-9.nl.html"].decode().count('<tr><th scope="row">') == 4


def test_a_centre_that_is_not_there_and_a_study_without_centres_are_refused(study, released):
    with pytest.raises(ReportError, match="no such centre"):
        card(released, study.labels(), "en", "99")
    with pytest.raises(ReportError, match="there are cards of centres"):
        card(gate({"sites": ResultSet()}, ROUNDED), study.labels(), "en")
    assert levels(released) == tuple(str(number) for number in range(1, 17))


@pytest.mark.parametrize("rules", [ROUNDED, EXACT], ids=["rounded", "exact"])
def test_masked_numbers_cannot_be_worked_out_from_the_card_of_all_and_the_others(study, lonely, rules):
    for one in (study, lonely):
        found, hidden = told({"sites": one.chapter("sites")}, rules)
        assert (found, hidden > 5) == (0, True)
        found, hidden = means_told({"sites": one.chapter("sites")}, rules)
        assert (found, hidden > 5) == (0, True)


def test_the_attack_tells_them_where_nothing_goes_with_the_masked(lonely, monkeypatch):
    monkeypatch.setattr(decide, "cheapest", lambda *_: frozenset())
    monkeypatch.setattr(decide, "made_of", lambda *_: frozenset())
    assert told({"sites": lonely.chapter("sites")}, EXACT)[0] > 0
    assert means_told({"sites": lonely.chapter("sites")}, EXACT)[0] > 0


@pytest.mark.slow
def test_forty_four_centres_in_two_languages_in_under_a_minute(tmp_path):
    from pypdf import PdfReader

    from takeup.build.cards import make_cards

    plan = made.write(tmp_path, made.tables(3, 44))
    start = time.process_time()
    report = make_cards(plan, languages=("nl", "fr"), forms=("pdf",))
    assert time.process_time() - start < 60
    assert (report.centres, report.editions, len(report.files)) == (44, 5, 100)
    assert {len(PdfReader(report.out / name).pages) for name in report.files} == {1}
