"""The report as a document: its order, its numbers, what it may and may not say."""

import re
from dataclasses import replace
from functools import cache

import pytest

from present import made_up
from report import pages
from takeup.errors import ReleaseError, ReportError
from takeup.present.causal import causal_words
from takeup.present.numbers import numbers, value_of
from takeup.present.tables.model import Column, Row, Table, text_cell
from takeup.present.text import plain
from takeup.report.document import Bullets, Callout, Details, FigureBlock, Heading, TableBlock
from takeup.report.full import full_report
from takeup.report.html import running_text
from takeup.report.methods import said_once
from takeup.results import FrozenMap, ResultSet

ORDER = ["found", "study", "people", "draw", "takeup", "effects", "robustness", "missing", "methods", "limits", "provenance", "consort"]


@pytest.fixture(scope="module")
def document():
    return pages.report()


def text_of(document) -> str:
    parts = [document.title, document.subtitle, *(plain(spans) for spans in running_text(document))]
    for block in document.walk():
        if isinstance(block, Heading):
            parts.append(block.text)
        if isinstance(block, Callout):
            parts += [block.title, block.badge]
        if isinstance(block, Details):
            parts.append(block.title)
        if isinstance(block, TableBlock | FigureBlock):
            table = block.table if isinstance(block, TableBlock) else block.figure.data
            parts += [table.title, *table.notes, *(column.title for column in table.columns),
                      *(cell.text for row in table.rows for cell in row.cells)]
        if isinstance(block, FigureBlock):
            parts += [block.figure.title, block.figure.alt]
    return "\n".join(parts)


def test_the_chapters_are_in_order(document):
    assert [heading.id for heading in document.chapters()] == ORDER


def test_the_first_chapter_says_what_was_found_with_its_certainty(document):
    card = next(block for block in document.blocks if isinstance(block, Callout))
    assert (card.title, card.tone, card.result_id) == ("Depressive symptoms", "little", "effect.depression")
    assert plain(card.lines[0]).startswith("The programme may have led to an improvement")
    assert document.blocks.index(card) < 4


def test_every_number_in_running_text_is_the_rounded_field_of_its_result(document):
    released, shown = made_up.released(), numbers("en")
    seen = 0
    for spans in running_text(document):
        for span in spans:
            if not span.result_id:
                continue
            result = released.find(span.result_id)
            assert span.value == value_of(result, span.field)
            text = re.sub(r"[^\d.,−]", "", span.text.replace("p\u00a0=\u00a0", ""))
            digits = len(text.partition(".")[2])
            assert shown.decimal(span.value * span.scale, digits) == text
            seen += 1
    assert seen > 25


def test_the_authors_words_stand_in_their_chapters(document):
    text = [plain(spans) for spans in running_text(document)]
    assert "Losing a job can harm mental health; see https://example.org/a." in text
    assert text.index("Many people were lost.") > text.index("Losing a job can harm mental health; see https://example.org/a.")


def test_methods_and_checklist_are_folded(document):
    folded = [block for block in document.blocks if isinstance(block, Details)]
    assert [block.title for block in folded] == ["Who took part because it was offered", "Methods, written from what was run",
                                                 "Each item, and where it is met"]


def test_the_methods_name_what_ran(document):
    text = text_of(document)
    for piece in ("A fixed number of units was drawn into each arm.", "Regression with baseline covariates (ANCOVA)", "HC2", "10,000 assignments",
                  "19950201",
                  "Bell and McCaffrey 2002", "Anderson-Rubin", "Lee bounds", "Work: Holm"):
        assert piece in text


def test_limitations_come_from_facts(document):
    text = text_of(document)
    assert "Depressive symptoms: up to 10.0% of an arm is missing." in text
    assert "raised take-up by 62 percentage points" in text
    withheld = len(made_up.released().withheld())
    assert withheld > 1
    assert f"{withheld} numbers were withheld" in text
    weak = ResultSet(tuple(item.replace(extra=FrozenMap(first_stage_f=6.2)) if item.provenance.id.startswith("cace") else item
                           for item in made_up.effects()))
    assert "F = 6.2" in text_of(pages.report(effects=weak))


def test_provenance_names_plan_seed_version_and_rules(document):
    text = text_of(document)
    assert "a" * 64 in text
    assert "19950201" in text
    assert "AEARCTR-0000000, 19 March 2024" in text
    assert document.meta["plan_hash"] == "a" * 64


def test_what_did_not_pass_the_gate_is_refused():
    labels = made_up.labels()
    with pytest.raises(ReleaseError):
        full_report(made_up.sections(), labels.plan, labels, {}, "en")


def test_labels_of_another_plan_are_refused():
    with pytest.raises(ReportError, match="another plan"):
        full_report(made_up.released(), made_up.plan(study="other"), made_up.labels(), {}, "en")


@cache
def before_after():
    plan = made_up.plan(evidence="before_after")
    changes = [
        made_up.estimate(outcome, value, 0.02, arm="", estimand="change", method="change", evidence="before_after", n=(818, 0), head="change",
                         extra=FrozenMap(cohen_dz=0.2))
        for outcome, value in (("depression", -0.05), ("employed", 0.06), ("confidence", 0.0))
    ]
    nothing = {name: ResultSet() for name in made_up.SECTIONS}
    labels = made_up.labels(plan)
    return full_report(made_up.released(changes=ResultSet(tuple(changes)), **nothing), plan, labels, {}, "en")


def test_an_uncontrolled_study_says_change_and_never_effect():
    text = text_of(before_after())
    assert causal_words(text) == ()
    assert before_after().chapters()[0].text == "What this study can and can't show"
    assert "The mean change was −0.050 scale points" in text
    assert "There is no control group." in text
    assert [heading.text for heading in before_after().chapters()].count("Changes") == 1


def test_a_comparison_says_difference_and_never_effect():
    plan = made_up.plan(evidence="comparison")
    released = made_up.released(effects=ResultSet(), differences=made_up.as_differences())
    text = text_of(full_report(released, plan, made_up.labels(plan), {}, "en"))
    visible = re.sub(r"\b(effect|ratio|robust|cace)\.\w+", "", text)
    assert not re.search(r"\beffects?\b|led to", visible, re.IGNORECASE)
    assert "The groups weren't formed by lot." in text


@pytest.mark.parametrize("missing", list(made_up.SECTIONS))
def test_a_study_without_a_section_still_has_a_report(missing):
    made = pages.report(**{missing: ResultSet()})
    assert made.chapters()[0].id in {"found", "study"}


@pytest.mark.parametrize("language", ["nl", "fr"])
def test_the_report_is_made_in_every_language(language):
    made = pages.report(language)
    assert [heading.id for heading in made.chapters()] == ORDER
    bullets = [plain(item) for block in made.walk() if isinstance(block, Bullets) for item in block.items]
    assert any("0,058" in item for item in bullets)


def test_figures_that_were_drawn_already_are_used():
    used = [block.figure for block in pages.report().walk() if isinstance(block, FigureBlock)]
    assert used == list(pages.drawn("en").values())


def test_figures_are_drawn_where_none_were_given():
    labels = made_up.labels()
    made = full_report(made_up.released(distributions=ResultSet(), effects=ResultSet()), labels.plan, labels, {}, "en")
    assert [block.figure.id for block in made.walk() if isinstance(block, FigureBlock)] == ["consort_flow", "love_plot", "takeup_by_arm"]


def test_many_outcomes_are_told_in_a_table_instead_of_sentences():
    more = [{**made_up.PLAN["outcomes"][1], "id": f"extra{place}", "label": f"Extra {place}"} for place in range(4)]
    plan = made_up.plan(outcomes=[*made_up.PLAN["outcomes"], *more])
    extra = tuple(made_up.estimate(f"extra{place}", 0.02 * place, 0.01, extra=made_up.MEANS["employed"]) for place in range(4))
    released = made_up.released(effects=ResultSet((*made_up.effects(), *extra)))
    made = full_report(released, plan, made_up.labels(plan), {}, "en", figures={})
    table = next(block.table for block in made.blocks if isinstance(block, TableBlock))
    assert (table.id, len(table.rows)) == ("summary", 6)
    assert [row.cells[1].text for row in table.rows[2:]] == ["Little or no difference", "Better, too little to matter", "Better, size uncertain",
                                                             "Better, size uncertain"]


def test_sentences_that_open_every_reason_are_said_once():
    columns = (Column(id="id", title="Number"), Column(id="reason", title="Why"))
    reasons = ("The plan names ANCOVA. Units were drawn one by one: HC2. One is missing.", "The plan names ANCOVA. Units were drawn one by one: HC2.")
    rows = tuple(Row(cells=(text_cell(f"effect.{place}"), text_cell(reason))) for place, reason in enumerate(reasons))
    table = Table(id="methods", title="T", columns=columns, rows=rows)
    told = said_once(table)
    assert [row.cells[-1].text for row in told.rows] == ["One is missing.", ""]
    assert told.notes == ("For all numbers here: The plan names ANCOVA. Units were drawn one by one: HC2.",)
    assert said_once(replace(table, rows=rows[:1])).rows == rows[:1]
    same = said_once(replace(table, rows=(rows[1], rows[1])))
    assert [column.id for column in same.columns] == ["id"]


@pytest.mark.parametrize(("language", "said"), [("en", "counts rounded to the nearest 5"), ("nl", "aantallen die op 5 zijn afgerond"),
                                                ("fr", "effectifs arrondis à 5 près")])
def test_rounded_percentages_beside_an_exact_difference_are_explained(language, said):
    outcomes = [{**made_up.PLAN["outcomes"][0], "role": "secondary"}, {**made_up.PLAN["outcomes"][1], "role": "primary"}]
    plan = made_up.plan(outcomes=outcomes)
    labels = made_up.labels(plan)
    kept = ResultSet(tuple(item for item in made_up.effects() if item.outcome != "confidence"))
    for profile, told in (("default", 1), ("public", 0)):
        made = full_report(made_up.released(profile, effects=kept), plan, labels, {}, language, figures={})
        cards = [" ".join(plain(line) for line in block.lines) for block in made.blocks if isinstance(block, Callout)]
        assert len(cards) == 1
        assert cards[0].count(said) == told
