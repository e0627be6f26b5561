"""The validator: one pass over each column finds every cell that breaks a rule of the schema, and types the column on the way.

A column of numbers is judged as one array. Anything else is first reduced to its distinct values: the rules look at those, and
the verdict is spread over the rows. No message holds a value.

Types of the checked frame
--------------------------
text: ``string``; text with categories, and codes that are mere labels (`Field.nominal`): ``category`` of the values, in the
schema's order; integer, year: ``int64`` (``Int64`` where a cell is missing); number: ``float64``; boolean: ``bool`` (``boolean``
where a cell is missing); date, datetime: ``datetime64[us]``. A missing code and a cell that breaks its type are missing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import Fault, listed
from takeup.intake.cells import Typed, typed
from takeup.intake.faults import BadCells
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pandas import DataFrame

    from takeup.intake.schema import Field, TableSchema

Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Checked:
    """A table after the check.

    Attributes
    ----------
    frame : the typed columns, in the schema's order; the index is the row number as in the file
    bad : cells that break a rule
    faults : columns that are absent, unknown or repeated
    codes : how many cells hold each missing code, by column (a count, no row)
    """

    frame: DataFrame
    bad: tuple[BadCells, ...] = ()
    faults: tuple[Fault, ...] = ()
    codes: Mapping[str, Mapping[str, int]] = field(default_factory=FrozenMap)

    def __repr__(self) -> str:
        return f"Checked({len(self.frame)} rows, {len(self.bad)} rules broken, {len(self.faults)} faults of columns)"


def check_table(
    frame: DataFrame, schema: TableSchema, *, file: str, missing: Mapping[str, Sequence[Any]] | None = None, decimal: str = ".",
    headers: Mapping[str, str] | None = None,
) -> Checked:
    """Check and type one table against its schema.

    Parameters
    ----------
    frame : columns under the schema's names; the index is the row number as in the file
    file : how messages call the file
    missing : further codes and (low, high) ranges that mean "no answer", by column, as an SPSS or Stata file declares them
    decimal : decimal sign of numbers that are still text
    headers : how the file calls a column, where it differs

    Returns
    -------
    Checked
        With every fault found; nothing is raised.
    """
    import pandas as pd

    missing, headers = missing or {}, headers or {}
    rows = frame.index.to_numpy()
    names = list(frame.columns)
    columns: dict[str, Any] = {}
    bad: list[BadCells] = []
    codes: dict[str, Mapping[str, int]] = {}
    for item in schema.fields:
        present = names.count(item.name) == 1
        column = frame[item.name] if present else pd.Series([None] * len(frame), index=frame.index, dtype=object)
        cells = typed(column, item, missing=missing.get(item.name, ()), decimal=decimal)
        columns[item.name] = cells.series(item, frame.index)
        if cells.codes:
            codes[item.name] = FrozenMap(cells.codes)
        if present:
            bad += [
                BadCells(file=file, column=item.name, rule=rule, rows=rows[hits].astype(np.int64), allowed=allowed, header=headers.get(item.name, ""))
                for rule, hits, allowed in _broken(cells, item, key=schema.primary_key == (item.name,)) if hits.size
            ]
    checked = pd.DataFrame(columns, index=frame.index, copy=False)
    bad += [*_keys_repeat(checked, schema, file, rows), *_out_of_order(checked, schema, file, rows)]
    return Checked(frame=checked, bad=tuple(bad), faults=tuple(_columns_differ(names, schema, file, headers)), codes=FrozenMap(codes))


def _broken(cells: Typed, item: Field, *, key: bool) -> Iterator[tuple[str, Any, str]]:
    """Each rule, the positions of the cells that break it, and what is allowed."""
    yield "type", np.flatnonzero(cells.bad), _type_words(item)
    if item.required or key:
        yield "required", np.flatnonzero(cells.absent), ""
    if item.categories:
        yield "category", _where_level(cells, _uncategorised(cells, item)), listed((category.value for category in item.categories), 30)
    if item.minimum is not None:
        yield "minimum", _beyond(cells, item.minimum, below=True), f"{item.minimum} or more"
    if item.maximum is not None:
        yield "maximum", _beyond(cells, item.maximum, below=False), f"{item.maximum} or less"
    if cells.levels is not None:
        for rule, test, allowed in _text_rules(item):
            yield rule, _where_level(cells, np.fromiter((not test(text) for text in cells.levels), dtype=bool, count=len(cells.levels))), allowed
    if item.unique or key:
        yield ("primary_key" if key else "unique"), _repeated(cells), ""


def _text_rules(item: Field) -> Iterator[tuple[str, Any, str]]:
    if item.pattern:
        pattern = re.compile(item.pattern)
        yield "pattern", lambda text: pattern.fullmatch(text) is not None, f"text that fits {item.pattern}"
    if item.min_length is not None:
        low = item.min_length
        yield "min_length", lambda text: len(text) >= low, f"{low} characters or more"
    if item.max_length is not None:
        high = item.max_length
        yield "max_length", lambda text: len(text) <= high, f"{high} characters or fewer"


def _uncategorised(cells: Typed, item: Field) -> Mask:
    """Levels (or, for numbers, cells) that are no category."""
    allowed = [category.value for category in item.categories]
    if cells.levels is not None:
        known = set(allowed)
        return np.fromiter((level not in known for level in cells.levels), dtype=bool, count=len(cells.levels))
    outside = np.ones(cells.values.size, dtype=bool)
    for value in allowed:  # a comparison a category is faster than a search for the few that a field has
        outside &= cells.values != value
    return outside & ~cells.absent & ~cells.bad


def _where_level(cells: Typed, verdict: Mask) -> Any:
    """Positions of the cells whose level is at fault; `verdict` is by level, or by cell for a column of numbers."""
    if cells.levels is None:
        return np.flatnonzero(verdict)
    if not verdict.any():
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero(np.append(verdict, False)[cells.values])


def _beyond(cells: Typed, limit: Any, *, below: bool) -> Any:
    if cells.levels is not None:
        import pandas as pd

        bound = pd.Timestamp(limit)
        verdict = np.fromiter(((level < bound if below else level > bound) for level in cells.levels), dtype=bool, count=len(cells.levels))
        return _where_level(cells, verdict)
    hits = np.flatnonzero(cells.values < limit if below else cells.values > limit)
    return hits[~(cells.absent[hits] | cells.bad[hits])] if hits.size else hits


def _repeated(cells: Typed) -> Any:
    import pandas as pd

    present = np.flatnonzero(~(cells.absent | cells.bad))
    return present[pd.Series(cells.values[present]).duplicated(keep=False).to_numpy()]


def _keys_repeat(frame: DataFrame, schema: TableSchema, file: str, rows: Any) -> list[BadCells]:
    """Keys of several columns: no row without one, no two rows with the same."""
    found = []
    keys = ([(schema.primary_key, "primary_key")] if len(schema.primary_key) > 1 else []) + [(key, "unique") for key in schema.unique_keys if key]
    for key, rule in keys:
        part = frame[list(key)]
        empty = part.isna().any(axis=1).to_numpy()
        hits = part.duplicated(keep=False).to_numpy() & ~empty
        if rule == "primary_key":
            hits |= empty
        if hits.any():
            found.append(BadCells(file=file, column=" + ".join(key), rule=rule, rows=rows[hits].astype(np.int64)))
    return found


def _out_of_order(frame: DataFrame, schema: TableSchema, file: str, rows: Any) -> Iterator[BadCells]:
    """Dates that lie before the one that they should follow; the same day is in order."""
    for order in schema.date_order:
        for earlier, later in pairwise(order):
            if frame[earlier].dtype.kind == frame[later].dtype.kind == "M":
                hits = (frame[later] < frame[earlier]).to_numpy(dtype=bool, na_value=False)
                if hits.any():
                    yield BadCells(file=file, column=later, rule="date_order", rows=rows[hits].astype(np.int64), allowed=earlier)


def _columns_differ(names: Sequence[Any], schema: TableSchema, file: str, headers: Mapping[str, str]) -> Iterator[Fault]:
    """Columns that the schema asks for and the file lacks, or that the file has and the schema doesn't know."""
    absent = [name for name in schema.names if name not in names]
    extra = [name for name in names if name not in schema.names]
    if len(absent) == len(schema.names):
        yield Fault("not one column of the first row stands in the schema", file, listed(schema.names),
                    "Look whether the file has a row of column names, whether the delimiter is right, or whether it is another file.")
        return
    paired: set[str] = set()
    if schema.fields_match in {"equal", "subset"}:
        for name in absent:
            header = headers.get(name, name)
            like = get_close_matches(header, [str(item) for item in extra if str(item) not in paired], n=1)
            paired.update(like)
            yield Fault(f'there is no column "{header}"', file, remedy=f'Did you mean "{like[0]}"? Map it to {name} in a crosswalk.' if like
                        else f"Add the column, map it in a crosswalk, or take it out of the schema {schema.name}.")
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield Fault(f'two columns are called "{name}"', file, remedy="Keep one of them.")
    unknown = [str(name) for name in extra if str(name) not in paired] if schema.fields_match in {"equal", "superset"} else []
    shown = [name if re.fullmatch(r"[^\W\d]\w{0,59}", name) else f"column {list(names).index(name) + 1}" for name in unknown]
    if shown:
        yield Fault(f"the schema doesn't know {listed(shown)}", file,
                    remedy="Add them to the schema, leave them out with drop: in a crosswalk, or set fieldsMatch: subset in the schema.")


def _type_words(item: Field) -> str:
    words = {
        "integer": "a whole number", "number": "a number", "year": "a year", "string": "text", "datetime": "a date and time",
        "boolean": f"{listed(item.true_values)} or {listed(item.false_values)}", "date": "a date",
    }[item.type]
    if item.type in {"date", "datetime"}:
        return f"{words} such as {example_of(item)}"
    return words


def example_of(item: Field) -> str:
    """A date as the field writes it."""
    from datetime import datetime

    return datetime(2019, 11, 30, 14, 5).strftime(item.format or ("%Y-%m-%d" if item.type == "date" else "%Y-%m-%dT%H:%M:%S"))  # noqa: DTZ001
