"""Cards of the other editions, and those of a comparison: one page each, no difference by place, and no masked number to be worked out."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from pypdf import PdfReader

import takeup as tu
from report.cards_attack import means_told, told
from study import programme_made as made
from takeup.build.guard import guarded
from takeup.build.reconcile import reconcile
from takeup.errors import BuildError, ReportError
from takeup.release import decide
from takeup.release.gate import gate
from takeup.release.rules import Rules
from takeup.report.cards import MASK, card, editions, levels
from takeup.report.cards_html import card_html
from takeup.report.cards_pdf import card_pdf
from takeup.results import FrozenMap, ResultSet
from takeup.study import open_study

ROUNDED = Rules(minimum_cell=5, round_counts_to=5)
EXACT = Rules(minimum_cell=5, round_counts_to=1)
PARTS = ("sites", "cohorts", "editions")
LANGUAGES = ("en", "nl", "fr")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return open_study(made.write(tmp_path_factory.mktemp("circles")))


@pytest.fixture(scope="module")
def young(tmp_path_factory):
    """All editions are what the study is about, so that they make up the whole; the first two were of a handful of women."""
    tables = made.tables(5)
    first = tables["women"]["edition"].map({2018: 3, 2019: 9}).fillna(10_000)
    tables["women"] = tables["women"][tables["women"].groupby("edition").cumcount() < first]
    kept = set(tables["women"]["woman"])
    for name in ("start", "finish", "sessions"):
        tables[name] = tables[name][tables[name]["woman"].isin(kept)]
    path = made.write(tmp_path_factory.mktemp("young"), tables)
    path.write_text(path.read_text(encoding="utf-8").replace("  analysed: 2023\n", ""), encoding="utf-8")
    return open_study(path)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    folder = tmp_path_factory.mktemp("miriam")
    tu.demo("miriam", folder, n=60)
    plan = folder / "reports" / "miriam-1" / "plan.yaml"
    plan.write_text(plan.read_text(encoding="utf-8").replace("draws: 9999", "draws: 499"), encoding="utf-8")
    return open_study(plan)


def parts_of(study, *names):
    return {name: study.chapter(name) for name in names}


def pages(found):
    return len(PdfReader(io.BytesIO(card_pdf(found))).pages)


def test_each_other_edition_has_a_card_of_one_page_without_a_causal_word(study):
    released = gate(parts_of(study, *PARTS), ROUNDED)
    assert editions(released) == ("2018", "2019", "2020", "2021", "2022")
    files = {}
    for language in LANGUAGES:
        for year in editions(released):
            found = card(released, study.labels(), language, edition=year)
            files[f"card-edition-{year}.{language}.html"] = card_html(found).encode()
            assert pages(found) == 1
    assert not list(guarded(files))


def test_an_edition_stands_beside_the_one_of_the_study(study):
    released = gate(parts_of(study, *PARTS), ROUNDED)
    found = card(released, study.labels(), "nl", edition="2021")
    by_id = {item.provenance.id: item for name in PARTS for item in released[name]}
    assert found.title == "Editie die in 2021 begon"
    assert [group.head for group in found.parts[0].groups] == ["Editie 2021", "Editie 2023"]
    own, beside = found.parts[0].lines[0].cells
    assert [cell.value for cell in own[:2]] == [by_id[f"edition.2021.housing.{wave}"].value for wave in ("start", "end")]
    assert own[2].value == by_id["cohort.housing.2021"].estimate
    assert own[3].value == (by_id["cohort.housing.2021"].conf_low, by_id["cohort.housing.2021"].conf_high)
    assert [cell.value for cell in beside] == [by_id[f"sites.housing.{wave}"].value for wave in ("start", "end", "change")]
    assert found.facts[0][0].value == by_id["cohort.women.2021"].count
    assert any(note.startswith("Edities verschillen") for note in found.notes)


def test_an_edition_of_a_handful_of_women_is_masked(young):
    released = gate(parts_of(young, *PARTS), ROUNDED)
    found = card(released, young.labels(), "en", edition="2018")
    assert found.beside == "All editions"
    assert all(cell.text == MASK for part in found.parts for line in part.lines for cell in line.cells[0])
    assert found.facts[0][0].text == MASK


@pytest.mark.parametrize("rules", [ROUNDED, EXACT], ids=["rounded", "exact"])
def test_masked_numbers_of_an_edition_cannot_be_worked_out_from_the_whole_and_the_others(young, rules):
    sections = parts_of(young, *PARTS)
    found, hidden = told(sections, rules, "editions")
    assert (found, hidden > 3) == (0, True)
    found, hidden = means_told(sections, rules, "cohorts", "editions")
    assert (found, hidden > 5) == (0, True)


def test_the_attack_tells_them_where_nothing_goes_with_the_masked(young, monkeypatch):
    monkeypatch.setattr(decide, "cheapest", lambda *_: frozenset())
    monkeypatch.setattr(decide, "made_of", lambda *_: frozenset())
    assert told(parts_of(young, *PARTS), EXACT, "editions")[0] > 0


@pytest.mark.parametrize("rules", [ROUNDED, EXACT], ids=["rounded", "exact"])
def test_masked_numbers_of_a_city_cannot_be_worked_out_from_the_whole_and_the_others(first, rules):
    sections = parts_of(first, "flow", "differences", "distributions", "places")
    found, hidden = told(sections, rules, "places", exact=False)
    assert (found, hidden > 5) == (0, True)
    assert means_told(sections, rules, "places")[0] == 0


def test_a_comparison_has_a_card_of_all_with_the_adjusted_difference_and_one_a_city_without_any(first):
    released = gate(parts_of(first, "flow", "differences", "places"), ROUNDED)
    assert levels(released) == ("a", "b", "c", "d", "e")
    found = card(released, first.labels(), "en")
    difference = released.find("difference.empowerment")
    groups, line = found.parts[0].groups, found.parts[0].lines[0]
    assert [group.head for group in groups] == ["MIRIAM", "Usual guidance", "Difference with the comparison group after adjustment"]
    assert [cell.value for cell in line.cells[2]] == [difference.estimate, (difference.conf_low, difference.conf_high)]
    assert line.cells[0][0].result_id == "places.miriam.empowerment.start"
    assert [line.name for line in found.parts[-1].lines] == ["City A", "City B", "City C", "City D", "City E"]
    city = card(released, first.labels(), "en", "b")
    assert city.title == "City B"
    shown = {cell.result_id for part in city.parts for line in part.lines for group in line.cells for cell in group}
    assert {name.partition(".")[0] for name in shown} <= {"place", "places"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_cards_of_a_comparison_have_one_page_and_speak_of_no_effect(first, language):
    released = gate(parts_of(first, "flow", "differences", "places"), ROUNDED)
    for level in ("", "b"):
        found = card(released, first.labels(), language, level)
        assert pages(found) == 1
        assert not list(guarded({f"card.{language}.html": card_html(found).encode()}))


def test_an_edition_that_is_not_there_is_refused(study):
    with pytest.raises(ReportError, match="no such edition"):
        card(gate(parts_of(study, *PARTS), ROUNDED), study.labels(), "en", edition="1999")


@pytest.mark.parametrize(("which", "name", "result"), [
    ("study", "editions", "edition.2021.housing.start"), ("first", "places", "place.b.miriam.women"),
    ("first", "places", "places.comparison.alimony.end"),
])
def test_one_woman_more_stops_the_build(request, which, name, result):
    found = request.getfixturevalue(which)
    other = ResultSet(tuple(replace(item, n=item.n + 1) if item.provenance.id == result else item for item in found.chapter(name)))
    with pytest.raises(BuildError, match=r"leads to \d+, the result says \d+") as info:
        reconcile(found.material, FrozenMap({**found.sections(), name: other}))
    assert {fault.where for fault in info.value.faults} == {result}
