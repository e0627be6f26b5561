"""A study rehearsed: the empty tables of a study that says it is synthetic, filled with answers that fit its schemas and say nothing.

Before the draw the people and their baseline; after it the programme and the endline, in which no arm differs from another. One person in
ten has no endline.
"""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import BuildError, Fault, collect
from takeup.intake.assignment import read_record, read_rows
from takeup.intake.columns import plan_columns
from takeup.intake.schema_file import read_table_schema
from takeup.plan.lock import lock_file, read_lock
from takeup.study.mock import LOST, made_up_cells

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from takeup.intake.columns import Columns
    from takeup.intake.schema import Field, TableSchema
    from takeup.plan.model import Plan

Rows = list[dict[str, Any]]

REHEARSAL = 201
"""Key of the streams; the seed is the plan's."""
FIRST_DAY = date(2024, 1, 8)
HALF_YEAR = 183
GROUP, CASELOAD = 24, 15
"""People in a block or cluster, and with a provider."""
TOOK_UP, KEPT = 0.7, 0.5
"""Share of the treated who take the offer up; share of the endline's answers that are those of the baseline."""


def rehearse(plan_path: Path) -> tuple[str, ...]:
    """Fill the empty tables that the study has come to.

    Returns
    -------
    tuple of str
        The tables that were filled.

    Raises
    ------
    PlanError, IntakeError, BuildError
        The plan or a schema can't be read; the study isn't marked as synthetic; nothing is empty.
    """
    from takeup.plan.read import read

    plan = read(plan_path)
    if not plan.about.synthetic:
        raise BuildError(Fault("the study isn't marked as synthetic, and made-up answers never mix with real ones", "about.synthetic",
                               remedy="A rehearsal is for a study that says `about: {synthetic: true}`."))
    home = plan_path.parent
    columns = plan_columns(plan, {name: read_table_schema(home / table.schema_) for name, table in plan.data.items()})
    strange = [name for name, table in plan.data.items() if not table.file.endswith(".csv")]
    collect(BuildError, [Fault("only CSV files are rehearsed", f"data.{name}.file") for name in strange])
    drawn = _drawn(plan, home)
    held = {name: _read(home / table.file) for name, table in plan.data.items()}
    draw = columns.find(str(plan.design.treatment))[0]
    later = {name for name in columns.unit_tables if columns.after_the_draw(name) or _programme(plan, columns, name)}
    filled = []
    for place, name in enumerate(columns.unit_tables):
        if held[name] or name == draw or (name in later) != (drawn is not None):
            continue
        stream = np.random.default_rng([plan.analyses.seed, REHEARSAL, place])
        ids = list(drawn or _people(plan, columns, held))
        rows = _filled(plan, columns, name, ids, held, drawn or {}, stream, _after_lock(plan_path))
        _write(home / plan.data[name].file, columns.schemas[name], rows)
        held[name] = rows
        filled.append(name)
    if not filled:
        what = "no table before the draw is empty" if drawn is None else "no table is empty"
        raise BuildError(Fault(what, "data", remedy="Run `takeup randomize` next." if drawn is None else ""))
    return tuple(filled)


def _drawn(plan: Plan, home: Path) -> dict[str, str] | None:
    """The arm of everybody who was drawn; None before the draw."""
    if not plan.design.assignment:
        raise BuildError(Fault("the plan doesn't say where the draw is kept", "design.assignment", "a path that ends in .json"))
    path = home / plan.design.assignment
    record = read_record(path)
    if record is None or not record.batches:
        return None
    frame = read_rows(path.parent / record.file, record)
    return dict(zip(frame[record.rule.unit], frame[record.rule.treatment], strict=True))


def _programme(plan: Plan, columns: Columns, table: str) -> bool:
    """Whether a table holds what happened in the programme."""
    names = columns.schemas[table].names
    return any(name is not None and name.rpartition(".")[2] in names for name in (plan.design.received, plan.design.nested_in))


def _people(plan: Plan, columns: Columns, held: Mapping[str, Rows]) -> Sequence[str]:
    """Those who are in a table already; else as many as are planned."""
    known = [held[name] for name in columns.unit_tables if held[name]]
    if known:
        return [row[columns.unit] for row in known[0]]
    n = plan.flow.planned or 200
    text = next(schema.field(columns.unit).type == "string" for schema in columns.schemas.values() if columns.unit in schema.names)
    return [f"P{number:0{len(str(n))}d}" if text else str(number) for number in range(1, n + 1)]


def _after_lock(plan_path: Path) -> date:
    """The day after the plan was locked: the made-up endline comes after the promise, as a real one does."""
    lock = read_lock(lock_file(plan_path))
    return FIRST_DAY if lock is None else date.fromisoformat(lock.time[:10]) + timedelta(days=1)


def _filled(plan: Plan, columns: Columns, table: str, ids: list[str], held: Mapping[str, Rows], arms: Mapping[str, str],
            stream: np.random.Generator, earliest: date) -> Rows:
    """The rows of one table; dates after the draw are not before `earliest`."""
    after = columns.after_the_draw(table)
    ids = [one for one, kept in zip(ids, stream.random(len(ids)) >= (LOST if after else 0.0), strict=True) if kept]
    schema = columns.schemas[table]
    cells = {item.name: ids if item.name == columns.unit else _cells(plan, item, ids, arms, stream, earliest if after else None)
             for item in schema.fields}
    rows = [dict(zip(cells, values, strict=True)) for values in zip(*cells.values(), strict=True)]
    before = {row[columns.unit]: row for name in columns.unit_tables if not columns.after_the_draw(name) and name in columns.waves
              for row in held[name]}
    if after:
        for row in rows:
            old = before.get(row[columns.unit], {})
            same = [name for name in row if name in old and schema.field(name).type not in {"date", "datetime"} and stream.random() < KEPT]
            row |= {name: old[name] for name in same}
    return rows


def _cells(plan: Plan, item: Field, ids: list[str], arms: Mapping[str, str], stream: np.random.Generator, after: date | None) -> list[Any]:
    n, design = len(ids), plan.design

    def named(column: str | None) -> bool:
        return column is not None and column.rpartition(".")[2] == item.name

    treated = np.array([arms.get(one) not in {None, str(design.control)} for one in ids])
    if named(design.received):
        return [int(one) for one in treated & (stream.random(n) < TOOK_UP)]
    if named(design.nested_in):
        providers = max(2, round(treated.sum() / CASELOAD))
        return [f"worker {stream.integers(1, providers + 1)}" if one else "" for one in treated]
    if named(design.blocks) or named(design.clusters):
        size = GROUP if named(design.blocks) else GROUP // 2
        return [f"{item.name} {number + 1}" for number in np.sort(stream.permutation(n) % max(2, n // size))]
    if item.type == "date":
        start = (plan.flow.enrolment or (FIRST_DAY,))[0]
        start = start if after is None else max(start + timedelta(days=HALF_YEAR), after)
        return [str(start + timedelta(days=int(day))) for day in np.sort(stream.integers(0, HALF_YEAR, n))]
    if item.name == "age" and item.type == "integer":
        return made_up_cells(replace(item, minimum=18, maximum=64), n, stream)
    return made_up_cells(item, n, stream)


def _read(path: Path) -> Rows:
    if not path.is_file():
        return []
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def _write(path: Path, schema: TableSchema, rows: Rows) -> None:
    out = io.StringIO()
    writer = csv.DictWriter(out, [item.name for item in schema.fields], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(out.getvalue(), encoding="utf-8")
