"""What page one says of the lock, the labels of outcomes, the page of deviations, and the marks of a report that isn't final."""

from dataclasses import replace

import pytest

from study.small import plan as small
from study.small import write
from takeup.plan.deviations import Standing, Unmasking, differences
from takeup.plan.lock import locked
from takeup.plan.model import Plan
from takeup.present.text import plain
from takeup.report.document import Bullets, Heading, Note, Paragraph, TableBlock
from takeup.report.marks import long_mark, marked_document, short_mark
from takeup.report.trust import CHANGES, change_line, deviations_document, first_page
from takeup.study import open_study
from takeup.study.standing import lock_plan

FEW = {"outcomes": [small()["outcomes"][1], small()["outcomes"][3]], "analyses": {"seed": 7, "draws": 199}, "languages": ["en", "nl"]}
LOCK = locked(Plan.model_validate(small()), {}, time="2019-01-07T09:30:00Z")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = write(tmp_path_factory.mktemp("trust"), n=144, changed=FEW)
    lock_plan(path)
    return open_study(path)


def said(standing, study, language="en"):
    (block,) = first_page(standing, study.labels(), language)
    return type(block), plain(block.spans)


def changed(**analyses):
    after = small()
    after["analyses"].update(analyses)
    return differences(Plan.model_validate(small()), Plan.model_validate(after))


def test_without_a_lock_page_one_says_so(study):
    kind, text = said(Standing(), study)
    assert kind is Note
    assert text.startswith("No plan was locked")


def test_a_plan_kept_to_the_letter_is_said_in_passing(study):
    kind, text = said(Standing(lock=LOCK, timing="before"), study)
    assert kind is Paragraph
    assert text == "The plan was locked on 7 January 2019, before the first measurement after the draw. Nothing was changed since."


@pytest.mark.parametrize(("timing", "words"), [("after", "had begun"), ("unknown", "nothing shows which came first")])
def test_a_late_lock_is_a_note(study, timing, words):
    kind, text = said(Standing(lock=LOCK, timing=timing), study)
    assert kind is Note
    assert words in text


def test_changes_are_counted_and_those_without_a_reason_named(study):
    found = changed(seed=8, covariates=[])
    told = (replace(found[0], reason="A slip"), *found[1:])
    kind, text = said(Standing(lock=LOCK, timing="before", deviations=told), study)
    assert kind is Note
    assert "1 change since has no reason: The seed changed (seed)." in text
    assert "1 change since has its reason" in text
    _, dutch = said(Standing(lock=LOCK, timing="before", deviations=told), study, "nl")
    assert "1 wijziging sindsdien heeft geen reden" in dutch
    assert "7 januari 2019" in dutch


def test_a_lock_after_unmasking_is_said(study):
    shown = (Unmasking(time="2018-05-01T08:00:00Z", plan_hash="a" * 64),)
    kind, text = said(Standing(lock=LOCK, timing="before", unmasked=shown), study)
    assert kind is Note
    assert "The arms had been shown before that." in text


def test_the_report_has_the_note_first_and_the_labels_at_the_effects(study):
    blocks = study.report("en").blocks
    place = next(place for place, block in enumerate(blocks) if isinstance(block, Heading) and block.id == "found")
    assert plain(blocks[place + 1].spans).startswith("The plan was locked on")
    effects = next(place for place, block in enumerate(blocks) if isinstance(block, Heading) and block.id == "effects")
    labels = blocks[effects + 1]
    assert isinstance(labels, Bullets)
    assert [plain(item) for item in labels.items] == ["Pre-specified: Worry", "Exploratory: Rare"]


def test_the_page_of_deviations_has_a_row_a_change(study):
    found = changed(seed=8, draws=499)
    page = deviations_document(Standing(lock=LOCK, deviations=found), study.released(), study.labels(), "en")
    table = next(block.table for block in page.blocks if isinstance(block, TableBlock) and block.table.id == "deviations_changes")
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["The number of draws changed", "draws", "199", "499", "No reason was given.", "analyses.draws"],
        ["The seed changed", "seed", "7", "8", "No reason was given.", "analyses.seed"],
    ]
    counts = next(block.table for block in page.blocks if isinstance(block, TableBlock) and block.table.id == "labels")
    whole = sum(int(cell.text) for row in counts.rows for cell in row.cells[1:])
    assert whole == sum(len(results) for results in study.sections().values())


def test_every_kind_of_change_has_its_words_in_every_language():
    from typing import get_args

    from takeup.plan.deviations import Change
    from takeup.present.catalogue import words

    assert set(CHANGES) == set(get_args(Change))
    for language in ("nl", "fr"):
        assert not [text for text in CHANGES.values() if words(language)(text) == text]


def test_a_change_in_one_line():
    (seed,) = changed(seed=8)
    assert change_line(seed) == "analyses.seed: the seed changed: 7 -> 8 [no reason]"


@pytest.mark.parametrize("kind", ["masked", "mock"])
@pytest.mark.parametrize("language", ["en", "nl"])
def test_a_mark_stands_at_the_top_in_the_title_and_in_every_table(study, kind, language):
    document = marked_document(study.report(language), kind)
    short = short_mark(kind, language)
    assert document.title.startswith(f"{short}: ")
    assert plain(document.blocks[0].spans) == long_mark(kind, language)
    tables = [block.table for block in document.walk() if isinstance(block, TableBlock)]
    assert tables
    assert all(table.title.startswith(f"{short}: ") for table in tables)
    assert document.meta["watermark"] == short


def test_a_final_document_is_left_as_it_is(study):
    document = study.report("en")
    assert marked_document(document, "final") is document
