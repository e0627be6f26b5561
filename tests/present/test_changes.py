"""Tables and figures of a before-after study: each cell is its result, in three languages, and no percentage without its n."""

import pytest

from study import one_group
from takeup.present.causal import causal_words
from takeup.present.figures.improved import improved as improved_figure
from takeup.present.figures.participation import participation
from takeup.present.figures.regression import regression as regression_figure
from takeup.present.tables import all_tables
from takeup.present.tables.effects import effects
from takeup.study import open_study

MINE = ("flow", "changes", "improved", "limits", "answers", "everybody", "regression", "completers", "dropout", "published", "robustness", "bounds")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    made = one_group.plan()
    made["programme"].pop("centre")
    return open_study(one_group.write(tmp_path_factory.mktemp("circle"), made))


@pytest.mark.parametrize("language", ["en", "nl", "fr"])
def test_every_cell_is_a_field_of_the_result_that_it_names(study, language):
    released, labels = study.released(), study.labels()
    tables = all_tables(released, labels, language)
    assert set(MINE) <= set(tables)
    for name in MINE:
        for row in tables[name].rows:
            for cell in row.cells:
                if cell.result_id and cell.value is not None and " " not in cell.fields:
                    result = released.find(cell.result_id)
                    held = getattr(result, cell.fields, None)
                    assert cell.value == (held if held is not None else result.extra[cell.fields])
        said = " | ".join([tables[name].title, *tables[name].notes, *(cell.text for row in tables[name].rows for cell in row.cells)])
        assert causal_words(said) == (), said


def test_the_table_of_main_numbers_goes_by_the_name_of_the_evidence(study):
    assert effects(study.released(), study.labels(), "en").id == "changes"
    assert "effects" not in all_tables(study.released(), study.labels(), "en")


def test_percentages_of_different_people_are_starred_and_each_has_its_n(study):
    table = all_tables(study.released(), study.labels(), "en")["everybody"]
    row = table.rows[0]
    assert row.cells[0].text == "Has a GP *"
    assert [cell.fields for cell in row.cells[1:]] == ["value", "n", "value", "n"]
    assert "aren't of the same people" in table.notes[0]
    pairs = all_tables(study.released(), study.labels(), "en")["answers"]
    assert pairs.columns[-1].id == "n"
    assert {"withheld"} == {cell.text for cell, column in zip(pairs.rows[0].cells, pairs.columns, strict=True) if column.id in {"gained", "lost"}}


def test_published_numbers_are_held_against_their_n(study):
    told = {row.cells[0].text: [cell.text for cell in row.cells] for row in all_tables(study.released(), study.labels(), "en")["published"].rows}
    assert told["Claimed"][3] == "no"
    assert "35, 53, 70, 87, 88, 105, 106" in told["Trained"]


@pytest.mark.parametrize("draw", [participation, improved_figure, regression_figure])
def test_figures_say_their_numbers_in_words(study, draw):
    made = draw(study.released(), study.labels(), "nl")
    assert made.data.rows
    assert made.svg.startswith(b"<?xml")
    first = {"participation": "Gestart: 260", "improved": "Vertrouwen: slechter", "regression": "Vertrouwen: verandering"}[made.id]
    assert first in made.alt
    assert causal_words(made.alt) == ()
