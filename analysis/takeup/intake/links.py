"""How the tables of a study link: waves to the roster, foreign keys to their tables; in counts and row numbers, never by id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import Fault, listed
from takeup.intake.faults import BadCells
from takeup.intake.read import counted, rows_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pandas import DataFrame

    from takeup.intake.schema import TableSchema
    from takeup.intake.trial_checks import Material


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """How a table of units links to the roster, in counts.

    Attributes
    ----------
    rows, linked, unlinked : rows of the table, those whose unit the roster knows, and those whose unit it doesn't
    without : units of the roster that have no row in the table
    """

    table: str
    wave: str = ""
    rows: int
    linked: int
    unlinked: int
    without: int


def links(material: Material) -> tuple[tuple[Link, ...], tuple[Fault, ...]]:
    """How each table of units links to the roster; a row of a unit that the roster doesn't know is a fault, except before the draw."""
    unit, roster = material.columns.unit, material.roster
    known = roster[unit].dropna()
    found, faults = [], []
    for table, frame in material.frames.items():
        if table == material.columns.roster or unit not in frame.columns or not len(material.columns.schemas[table].fields):
            continue
        ids = frame[unit]
        strange = (~ids.isin(known) & ids.notna()).to_numpy(dtype=bool)
        wave = material.columns.waves.get(table, "")
        unlinked = int(strange.sum())
        linked = len(frame) - unlinked - int(ids.isna().sum())
        found.append(Link(table=table, wave=wave, rows=len(frame), linked=linked, unlinked=unlinked, without=int((~known.isin(ids)).sum())))
        pointed = any(key.fields == (unit,) for key in material.columns.schemas[table].foreign_keys)
        if strange.any() and not pointed and wave not in material.columns.baseline:
            rows = rows_in_words(frame.index.to_numpy()[strange])
            what = f"{counted(unlinked, 'row is of a unit', 'rows are of units')} not in {material.files[material.columns.roster]} ({rows})"
            where = f"{material.files[table]}, column {unit}"
            faults.append(Fault(what, where, remedy="Correct the ids, or add the units to the roster."))
        if table in material.columns.unit_tables and material.columns.schemas[table].primary_key != (unit,):
            twice = (ids.duplicated(keep=False) & ids.notna()).to_numpy(dtype=bool)
            if twice.any():
                rows = rows_in_words(frame.index.to_numpy()[twice])
                what = f"{counted(int(twice.sum()), 'row names', 'rows name')} a unit that has another row ({rows})"
                faults.append(Fault(what, f"{material.files[table]}, column {unit}", "one row a unit",
                                    "If several rows a unit are meant, let the primaryKey of the schema say so."))
    return tuple(found), tuple(faults)


def foreign_cells(
    frames: Mapping[str, DataFrame], schemas: Mapping[str, TableSchema], files: Mapping[str, str]
) -> tuple[list[BadCells], list[Fault]]:
    """Cells that point to a row of another table which isn't there, and keys that point to nothing the plan has."""
    bad: list[BadCells] = []
    faults: list[Fault] = []
    for table, frame in frames.items():
        for key in schemas[table].foreign_keys:
            target = key.table or table
            if target not in schemas or any(name not in schemas[target].names for name in key.references):
                faults.append(Fault(f"foreignKeys points to {target} ({listed(key.references)}), which isn't there", f"schema of {table}",
                                    f"a table of the plan ({listed(schemas)}) and its fields"))
            elif target in frames:
                hits = _dangling(frame, key.fields, frames[target], key.references)
                if hits.any():
                    rows = frame.index.to_numpy()[hits].astype(np.int64)
                    bad.append(BadCells(file=files[table], column=" + ".join(key.fields), rule="foreign_key", rows=rows, allowed=files[target]))
    return bad, faults


def _dangling(frame: DataFrame, fields: Sequence[str], target: DataFrame, references: Sequence[str]) -> Any:
    present = frame[list(fields)].notna().all(axis=1).to_numpy()
    if len(fields) == 1:
        return present & ~frame[fields[0]].isin(target[references[0]].dropna()).to_numpy(dtype=bool)
    from pandas import MultiIndex

    own = MultiIndex.from_frame(frame[list(fields)])
    return present & ~own.isin(MultiIndex.from_frame(target[list(references)]))
