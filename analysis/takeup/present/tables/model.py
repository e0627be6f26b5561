"""A table as values: what it says, not how it looks. Every format is made from this one object.

A cell holds the text a reader sees and the value a machine reads, with the id and field of the result both come from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from takeup import display
from takeup.present.catalogue import words
from takeup.present.numbers import Kind, id_of, numbers, value_of
from takeup.present.reasons import translated
from takeup.release.suppress import is_withheld

if TYPE_CHECKING:
    from collections.abc import Iterable

    from takeup.results import Result

Value = float | int | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell.

    Attributes
    ----------
    text : str
        What a reader sees, in the table's language.
    value : number, str or None; a tuple of them where the column has parts
        The same for a machine, at full precision. None where there is nothing.
    result_id, fields : str
        The result the cell shows and its fields, parted by a space where there are several.
    digits : int
        Decimals shown, for a number format.
    scale : float
        What the value was multiplied by in the text.
    note : str
        Why there is no number.
    href : str
        Where the text leads.
    """

    text: str
    value: Value | tuple[Value, ...] = None
    result_id: str = ""
    fields: str = ""
    digits: int = 0
    scale: float = 1.0
    note: str = ""
    href: str = ""

    @property
    def values(self) -> tuple[Value, ...]:
        """The value, always as a tuple."""
        return self.value if isinstance(self.value, tuple) else (self.value,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its head, an optional head above it that it shares with its neighbours, and what its cells hold.

    `parts` names the columns it becomes in a data file, where one cell shows several numbers (the two limits of an interval).
    """

    id: str
    title: str
    kind: Kind = "text"
    group: str = ""
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row. `group` is a heading it stands under; `level` is how far its first cell is set in; `head` marks a row that only names those below."""

    cells: tuple[Cell, ...]
    group: str = ""
    level: int = 0
    head: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table with its title and notes; `sortable` where the order of rows carries no meaning."""

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    language: str = "en"
    sortable: bool = True

    def __post_init__(self) -> None:
        wrong = [position for position, row in enumerate(self.rows) if len(row.cells) != len(self.columns)]
        if wrong:
            raise ValueError(f"{self.id}: rows {wrong} don't have {len(self.columns)} cells")

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return not self.rows

    @property
    def grouped(self) -> bool:
        """Whether rows stand under headings."""
        return any(row.group for row in self.rows)

    def _repr_html_(self) -> str:
        names = [f"{column.group}: {column.title}" if column.group else column.title for column in self.columns]
        rows = [dict(zip(names, (cell.text for cell in row.cells), strict=True)) for row in self.rows]
        right = [name for name, column in zip(names, self.columns, strict=True) if column.kind != "text"]
        return display.table(self.title, names, rows, notes=self.notes, language=self.language, most=len(rows), right=right)

    def blocks(self) -> tuple[tuple[str, tuple[Row, ...]], ...]:
        """The rows by heading, in order."""
        found: list[tuple[str, list[Row]]] = []
        for row in self.rows:
            if not found or found[-1][0] != row.group:
                found.append((row.group, []))
            found[-1][1].append(row)
        return tuple((group, tuple(rows)) for group, rows in found)

    def heads(self) -> tuple[tuple[str, int], ...]:
        """The upper heads and how many columns each spans; empty when no column has one."""
        if not any(column.group for column in self.columns):
            return ()
        found: list[tuple[str, int]] = []
        for column in self.columns:
            if found and column.group and found[-1][0] == column.group:
                found[-1] = (column.group, found[-1][1] + 1)
            else:
                found.append((column.group, 1))
        return tuple(found)


def compact(table: Table) -> Table:
    """The table without the columns in which no row has anything (the first always stays)."""
    kept = [place for place in range(len(table.columns)) if place == 0 or any(row.cells[place].text for row in table.rows)]
    rows = tuple(replace(row, cells=tuple(row.cells[place] for place in kept)) for row in table.rows)
    return replace(table, columns=tuple(table.columns[place] for place in kept), rows=rows)


def text_cell(text: str, value: str | None = None) -> Cell:
    """A cell of words; `value` where a data file should hold more than the eye needs."""
    return Cell(text=text, value=text if value is None else value)


EMPTY = Cell(text="", value=None)


class Maker:
    """Makes cells in one language; what a table builder holds."""

    __slots__ = ("_", "language", "number")

    def __init__(self, language: str) -> None:
        self.language = language
        self._ = words(language)
        self.number = numbers(language)

    def cell(self, result: Result | None, name: str, kind: Kind = "number", digits: int = 0) -> Cell:
        """A cell with one field of a result; an empty cell for no result."""
        if result is None:
            return EMPTY
        span = self.number.of(result, name, kind, digits)
        value = span.value if span.value is not None and math.isfinite(span.value) else None
        shown: Value = int(value) if value is not None and kind == "integer" else value
        return Cell(text=span.text, value=shown, result_id=span.result_id, fields=name, digits=digits, scale=span.scale,
                    note=self.why(result, shown))

    def interval(self, result: Result | None, low: str = "conf_low", high: str = "conf_high", digits: int = 0, scale: float = 1.0) -> Cell:
        """A cell with the two limits of an interval."""
        if result is None:
            return EMPTY
        limits = (value_of(result, low), value_of(result, high))
        text = self._("withheld") if is_withheld(result) else self.number.interval(*limits, digits, scale)
        values = tuple(None if math.isnan(limit) else limit for limit in limits)
        return Cell(text=text, value=values, result_id=id_of(result), fields=f"{low} {high}", digits=digits, scale=scale,
                    note=self.why(result, values[0]))

    def why(self, result: Result, value: Value) -> str:
        """Why there is no number, in the reader's language; nothing where there is one."""
        return translated(str(getattr(result, "reason", "")), self.language) if value is None else ""

    def interval_title(self, levels: Iterable[float]) -> str:
        """The head of a column of confidence intervals, with their level where it is one and the same."""
        found = {round(level, 6) for level in levels}
        if len(found) != 1:
            return self._("Confidence interval")
        level = found.pop()
        digits = 0 if abs(level * 100 - round(level * 100)) < 1e-9 else 1
        return self._("{level} confidence interval", level=self.number.percent(level, digits))

    @property
    def limits(self) -> tuple[str, str]:
        """The names of an interval's two columns in a data file."""
        return self._("lower limit"), self._("upper limit")
