"""Every number in every table is the field of the result it says it is."""

import math

import pytest

from present import made_up
from takeup.errors import ReleaseError
from takeup.present.numbers import numbers, value_of
from takeup.present.tables import BUILDERS, all_tables
from takeup.present.tables.model import Cell, Column, Row, Table, compact
from takeup.results import ResultSet

NAMES = ("flow", "baseline", "compliance", "complier_profile", "effects", "complier_effects", "robustness", "bounds", "attrition", "subgroups",
         "methods")


@pytest.fixture(scope="module")
def tables():
    return all_tables(made_up.released(), made_up.labels(), "en")


def cells(table):
    return [(column, cell) for row in table.rows for column, cell in zip(table.columns, row.cells, strict=True)]


def test_all_tables_are_made(tables):
    assert set(tables) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_value_is_the_field_of_its_result(tables, name):
    released = made_up.released()
    seen = 0
    for _, cell in cells(tables[name]):
        if not cell.result_id or cell.fields == "intervals":
            continue
        result = released.find(cell.result_id)
        for field, value in zip(cell.fields.split(), cell.values, strict=True):
            expected = value_of(result, field)
            if value == "inf":
                assert math.isinf(expected)
            else:
                assert (value is None and math.isnan(expected)) or value == expected
            seen += 1
    assert seen >= 3


@pytest.mark.parametrize("name", NAMES)
def test_each_text_is_the_value_rounded(tables, name):
    shown = numbers("en")
    for column, cell in cells(tables[name]):
        value = cell.values[0]
        if not cell.result_id or not isinstance(value, int | float) or column.kind in {"interval", "p_value"}:
            continue
        digits = 0 if column.kind == "integer" else cell.digits
        assert cell.text.rstrip("%") == shown.decimal(value * cell.scale, digits)


def test_effects_are_in_the_order_of_the_plan_by_family_with_the_ratio_below(tables):
    table = tables["effects"]
    assert [row.cells[0].text for row in table.rows] == [
        "Depressive symptoms (scale points)", "In work (%)", "In work: ratio of the shares", "Confidence in searching for work (scale points)",
    ]
    assert [row.group for row in table.rows] == ["Mental health", "Work", "Work", "Work"]
    estimate = table.rows[0].cells[[column.id for column in table.columns].index("estimate")]
    assert (estimate.text, estimate.value, estimate.result_id) == ("−0.049", -0.0493, "effect.depression")


def test_the_baseline_table_has_no_p_value_by_row(tables):
    assert all(column.kind != "p_value" for column in tables["baseline"].columns)
    assert "p\u00a0=\u00a00.717" in tables["baseline"].notes[1]


def test_a_withheld_number_is_said_to_be_and_has_no_value():
    small = ResultSet(tuple(item.replace(n_treated=4) if item.provenance.id == "effect.employed" else item for item in made_up.effects()))
    table = BUILDERS["effects"](made_up.released(effects=small), made_up.labels(), "en")
    row = next(row for row in table.rows if row.cells[0].text.startswith("In work (%)"))
    estimate = next(cell for cell in row.cells if cell.fields == "estimate")
    assert (estimate.text, estimate.value) == ("withheld", None)
    assert estimate.note.startswith("Withheld:")
    assert "0.0661" not in repr(table)


def test_results_that_did_not_pass_the_gate_are_refused():
    for build in BUILDERS.values():
        with pytest.raises(ReleaseError):
            build(made_up.sections(), made_up.labels(), "en")


@pytest.mark.parametrize("missing", list(made_up.SECTIONS))
def test_a_study_without_a_section_has_no_table_of_it_and_no_error(missing):
    some = all_tables(made_up.released(**{missing: ResultSet()}), made_up.labels(), "en")
    assert len(some) <= len(BUILDERS)


def test_several_arms_each_have_a_column_or_a_line():
    design = {**made_up.PLAN["design"], "arms": {0: "Booklet", 1: "Seminar", 2: "Coach"}}
    two = ResultSet(tuple(
        item.replace(arm=arm, provenance=made_up.named(f"{item.provenance.id}.{arm}")) for arm in ("1", "2") for item in made_up.effects()
    ))
    plan = made_up.plan(design=design)
    table = BUILDERS["effects"](made_up.released(effects=two), made_up.labels(plan), "en")
    assert [row.cells[1].text for row in table.rows[:2]] == ["Seminar", "Coach"]
    assert len(table.rows) == 8


def test_a_table_refuses_rows_of_another_length():
    with pytest.raises(ValueError, match="rows"):
        Table(id="t", title="T", columns=(Column(id="a", title="A"),), rows=(Row(cells=()),))


def test_columns_without_content_go_but_never_the_first():
    columns = tuple(Column(id=name, title=name) for name in "abc")
    table = Table(id="t", title="T", columns=columns, rows=(Row(cells=(Cell(text=""), Cell(text=""), Cell(text="x"))),))
    assert [column.id for column in compact(table).columns] == ["a", "c"]


def test_outcomes_with_the_same_attrition_share_one_note(tables):
    notes = [note for note in tables["attrition"].notes if "What Works" in note]
    assert len(notes) == 1
    assert notes[0].startswith("Depressive symptoms, In work, Confidence in searching for work: attrition is low")


def test_the_n_of_a_row_with_a_withheld_arm_is_withheld_too():
    """Else it would be the n of the other arms, under the head "n"."""
    from takeup.present.tables.attrition import _total
    from takeup.present.tables.model import Maker
    from takeup.release.suppress import withhold
    from takeup.results import Statistic

    shown = Statistic(table="attrition", variable="x", kind="mean", value=2.0, n=30, arm="a")
    hidden = withhold(Statistic(table="attrition", variable="x", kind="mean", value=2.0, n=3, arm="b"), "small")
    make = Maker("en")
    assert _total(make, {"a": shown, "b": hidden}).text == "withheld"
    assert _total(make, {"a": shown, "b": shown}).value == 60
