"""From a file's own names and codes to those of the schema, so that a raw export is never edited by hand.

One YAML file serves all tables of a study, a block a table::

    endline:
      columns: {depress2: depress, V17: income}       # name in the file: name in the schema
      values:
        income: {lt15k: under_15, 15t24k: 15_to_24}   # name in the schema: {code in the file: value in the schema}
        job: {9: null}                                # null: no answer
      drop: [name, phone]                             # columns that aren't read, or `others`: all that the schema doesn't know
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import Fault, IntakeError, listed, nearest
from takeup.intake.read import code_text
from takeup.plan.yamlfile import Document, Steps, load
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pandas import DataFrame, Series

    from takeup.intake.schema import TableSchema

OTHERS = "others"
_KEYS = ("columns", "values", "drop")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crosswalk:
    """How one table's file maps to its schema.

    Attributes
    ----------
    columns : name in the file -> name in the schema
    values : name in the schema -> (code in the file, as text -> value in the schema, None for no answer)
    drop : columns of the file that aren't read
    drop_others : whether every column that the schema doesn't know is left out
    """

    columns: Mapping[str, str] = field(default_factory=FrozenMap)
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=FrozenMap)
    drop: tuple[str, ...] = ()
    drop_others: bool = False
    file: str = ""

    def in_file(self, name: str) -> str:
        """How the file calls the schema's column `name`."""
        return next((theirs for theirs, ours in self.columns.items() if ours == name), name)


NONE = Crosswalk()


def read_crosswalk(path: Path, table: str, schema: TableSchema, tables: Sequence[str], *, name: str = "") -> tuple[Crosswalk, tuple[Fault, ...]]:
    """The part of a crosswalk file that is about one table; an empty crosswalk where it says nothing about it.

    Parameters
    ----------
    tables : names of the study's tables
    name : how messages call the file

    Returns
    -------
    crosswalk, faults
        As far as it can be read, and all that is wrong: unknown keys, names that the schema doesn't have, values that no category allows.

    Raises
    ------
    IntakeError
        The file isn't YAML.
    """
    name = name or path.name
    document = load(path, IntakeError, name=name)
    reader = _Reader(document, name, schema)
    crosswalk = reader.crosswalk(table, tables)
    return crosswalk, (*document.faults, *reader.faults)


class _Reader:
    def __init__(self, document: Document, name: str, schema: TableSchema) -> None:
        self.document = document
        self.name = name
        self.schema = schema
        self.faults: list[Fault] = []

    def crosswalk(self, table: str, tables: Sequence[str]) -> Crosswalk:
        data = self.document.data
        if not isinstance(data, dict):
            self._fault("must be a block of keys", (), listed(tables))
            return NONE
        for key in data:
            if key not in tables:
                self._fault(f'there is no table "{key}"', (key,), listed(tables), nearest(key, tables))
        body = data.get(table)
        if body is None:
            return NONE
        if not isinstance(body, dict):
            self._fault("must be a block of keys", (table,), listed(_KEYS))
            return NONE
        for key in body:
            if key not in _KEYS:
                self._fault(f'unknown key "{key}"', (table,), listed(_KEYS), nearest(key, _KEYS))
        drop = body.get("drop") or []
        if drop != OTHERS and not (isinstance(drop, list) and all(isinstance(item, str) for item in drop)):
            self._fault("must be a list of columns of the file", (table, "drop"), f"[name, phone], or {OTHERS}")
            drop = []
        return Crosswalk(
            columns=FrozenMap(self._columns(body.get("columns") or {}, (table, "columns"))),
            values=FrozenMap(self._values(body.get("values") or {}, (table, "values"))),
            drop=() if drop == OTHERS else tuple(drop), drop_others=drop == OTHERS, file=self.name,
        )

    def _columns(self, data: object, path: Steps) -> dict[str, str]:
        found: dict[str, str] = {}
        if not isinstance(data, dict):
            self._fault("must be a block of pairs", path, "name in the file: name in the schema")
            return found
        for theirs, ours in data.items():
            at = (*path, str(theirs))
            if ours not in self.schema.names:
                self._fault(f'"{ours}" is no field of the schema', at, listed(self.schema.names), nearest(ours, self.schema.names))
            elif ours in found.values():
                self._fault(f'two columns of the file are called "{ours}"', at, remedy="Keep one of them.")
            else:
                found[str(theirs)] = str(ours)
        return found

    def _values(self, data: object, path: Steps) -> dict[str, FrozenMap]:
        found: dict[str, FrozenMap] = {}
        if not isinstance(data, dict):
            self._fault("must be a block", path, "name in the schema: {code in the file: value in the schema}")
            return found
        for column, codes in data.items():
            at = (*path, str(column))
            if column not in self.schema.names:
                self._fault(f'"{column}" is no field of the schema', at, listed(self.schema.names), nearest(column, self.schema.names))
            elif not isinstance(codes, dict):
                self._fault("must be a block of pairs", at, "code in the file: value in the schema")
            else:
                self._allowed(column, codes, at)
                found[column] = FrozenMap({code_text(code): value for code, value in codes.items()})
        return found

    def _allowed(self, column: str, codes: Mapping[Any, Any], path: Steps) -> None:
        categories = [code_text(category.value) for category in self.schema.field(column).categories]
        for code, value in codes.items():
            if isinstance(value, list | dict):
                self._fault("must be one value", (*path, code))
            elif categories and value is not None and code_text(value) not in categories:
                self._fault(f'"{value}" is no category of {column}', (*path, code), listed(categories), nearest(value, categories))

    def _fault(self, what: str, path: Steps, allowed: str = "", remedy: str = "") -> None:
        where = self.document.where(path)
        self.faults.append(Fault(what, f"{self.name}: {where}" if where else self.name, allowed, remedy))


def apply_crosswalk(frame: DataFrame, crosswalk: Crosswalk, schema: TableSchema, file: str) -> tuple[DataFrame, list[Fault], tuple[str, ...]]:
    """Rename, drop and recode the columns of a file.

    Returns
    -------
    frame, faults, notes
        The columns under the schema's names, everything in the crosswalk that the file can't follow, and what was done in words.
    """
    own = [str(name) for name in frame.columns]
    faults = [
        Fault(f'the file has no column "{name}"', crosswalk.file or file, remedy=nearest(name, own) or f"Look at the header of {file}.")
        for name in (*crosswalk.columns, *crosswalk.drop) if name not in own
    ]
    renamed = {theirs: ours for theirs, ours in crosswalk.columns.items() if theirs in own}
    taken = [ours for theirs, ours in renamed.items() if ours in own and ours not in renamed and ours not in crosswalk.drop and theirs != ours]
    faults += [Fault(f'"{name}" is made from another column, and the file has a column of that name too', crosswalk.file,
                     remedy=f"Rename it, or drop: [{name}].") for name in taken]
    keep = [name for name in own if name not in crosswalk.drop and not (name in taken and name not in renamed)]
    out = frame[keep].rename(columns=renamed)
    if crosswalk.drop_others:
        out = out[[name for name in out.columns if name in schema.names]]
    out = out.assign(**{column: _recoded(out[column], codes) for column, codes in crosswalk.values.items() if column in out.columns})
    absent = [column for column in crosswalk.values if column not in out.columns]
    faults += [Fault(f'values are given for "{column}", which the file doesn\'t hold', crosswalk.file,
                     remedy=f"Name it under columns, or look at {file}.") for column in absent]
    done = ((len(renamed), "renamed"), (len(crosswalk.values) - len(absent), "recoded"), (len(own) - out.shape[1], "left out"))
    told = ", ".join(f"{count} {verb}" for count, verb in done if count)
    return out, faults, (f"Columns by {crosswalk.file}: {told}.",) if told else ()


def _recoded(column: Series, codes: Mapping[str, Any]) -> Series:
    """The column with its codes replaced; a code that the crosswalk doesn't name stays as it is, for the schema to judge."""
    import pandas as pd

    positions, uniques = pd.factorize(column.astype(object))
    values = np.empty(len(uniques) + 1, dtype=object)
    values[:-1] = [codes.get(code_text(value), value) for value in uniques]
    values[-1] = None
    return pd.Series(values[positions], index=column.index, dtype=object)
