"""In the five studies no n stands in a table that nothing holds: each is changed by one, and the build says which it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

import takeup as tu
from takeup.build.reconcile import reconcile
from takeup.errors import BuildError
from takeup.results import ResultSet

STUDIES = {"jobs2": ("jobs2", None), "thornton": ("thornton", None), "mission": ("mission", 120), "miriam-2024": ("miriam", 260),
           "miriam-1": ("miriam", 260)}
FIELDS = ("n", "n_treated", "n_control", "n_missing", "count", "n_clusters")
HELD = {"n", "n_treated", "n_control", "n_missing", "count"}
IN_TABLES = {"draws", "taking_part", "centres", "n_clusters"}
"""Whole numbers in tables that aren't people: draws are the plan's, the others are held as well."""


SLOW = ("mission",)
"""Its chapters are in `test_reconcile_chapters` too, in the fast suite."""


@pytest.fixture(scope="module", params=[pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in STUDIES])
def study(request, tmp_path_factory):
    name, n = STUDIES[request.param]
    folder = tmp_path_factory.mktemp("every")
    tu.demo(name, folder, 0, n=n) if n else tu.demo(name, folder)
    plan = folder / "reports" / request.param / "plan.yaml"
    text = plan.read_text(encoding="utf-8")
    for draws in ("10000", "9999", "4999"):
        text = text.replace(f"draws: {draws}", "draws: 99")
    plan.write_text(text, encoding="utf-8")
    return tu.open_study(plan)


def named(study, chapters, field):
    """Which results of these chapters have the field, and which of them a build names when each of them is one too many."""
    sections, ids = dict(study.sections()), set()

    def planted(item):
        value = getattr(item, field, None)
        if not value or (field == "n_clusters" and item.provenance.id.split(".")[0] not in {"change", "robust", "cohort"}):
            return item
        ids.add(item.provenance.id)
        return replace(item, **{field: value + 1})

    for chapter in chapters:
        sections[chapter] = ResultSet(tuple(planted(item) for item in sections[chapter]))
    if not ids:
        return ids, ids
    with pytest.raises(BuildError) as info:
        reconcile(study.material, sections)
    return ids, {fault.where for fault in info.value.faults}


def test_the_study_itself_reconciles(study):
    reconcile(study.material, study.sections())


@pytest.mark.parametrize("field", FIELDS)
def test_one_too_many_anywhere_is_named(study, field):
    """The flow by itself, since everything hangs on it; n_missing of trimmed bounds is held to a range, not to one number."""
    chapters = [name for name in study.sections() if name != "flow"]
    if study.plan.evidence != "before_after" and field == "n_clusters":
        return  # no table of a trial shows it
    for part in (["flow"], chapters):
        ids, found = named(study, part, field)
        left = {name for name in ids - found if not (field == "n_missing" and name.endswith(".lee"))}
        assert not left


def test_one_alone_is_named_in_every_chapter(study):
    for chapter, results in study.sections().items():
        ids = [item.provenance.id for item in results if getattr(item, "n", 0)]
        if not ids:
            continue
        wrong = ids[len(ids) // 2]
        changed = ResultSet(tuple(item.replace(n=item.n + 1) if item.provenance.id == wrong else item for item in results))
        with pytest.raises(BuildError) as info:
            reconcile(study.material, {**study.sections(), chapter: changed})
        assert wrong in {fault.where for fault in info.value.faults}, chapter


@pytest.mark.slow
def test_every_whole_number_of_a_table_or_figure_is_one_of_those_held(study):
    """A cell shows a field that is held, of one result; only the sums over arms of `attrition` are of several."""
    tables = {**study.tables("en"), **{name: figure.data for name, figure in study.figures("en").items()}}
    assert tables
    for name, table in tables.items():
        for row in table.rows:
            for cell, column in zip(row.cells, table.columns, strict=True):
                if column.kind != "integer" or not isinstance(cell.value, int):
                    continue
                of_flow = cell.result_id.split(".")[0] in {"flow", "reach"} and cell.fields == "value"
                known = set(cell.fields.split()) <= HELD | IN_TABLES and cell.result_id
                assert of_flow or known or (name == "attrition" and not cell.result_id), (name, column.id, cell)
