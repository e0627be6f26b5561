"""What is wrong with the data, by file, column, row number and rule, and never by value; as text, HTML and a workbook."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from takeup.errors import Fault, IntakeError, PlanError, ReportError, TakeupError
from takeup.intake.read import counted, rows_in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

Rows = np.ndarray[Any, np.dtype[np.int64]]
MOST_ROWS_SHOWN = 200
_SHEET_ROWS = 1_048_575

_RULES = {
    "type": ("isn't {allowed}", "aren't {allowed}"),
    "required": ("is empty", "are empty"),
    "unique": ("repeats another", "repeat each other"),
    "primary_key": ("repeats the key of another row", "repeat the key of another row"),
    "minimum": ("is below the minimum", "are below the minimum"),
    "maximum": ("is above the maximum", "are above the maximum"),
    "category": ("is no category of the schema", "are no category of the schema"),
    "pattern": ("isn't written as the pattern asks", "aren't written as the pattern asks"),
    "min_length": ("is too short", "are too short"),
    "max_length": ("is too long", "are too long"),
    "date_order": ("lies before {allowed}", "lie before {allowed}"),
    "foreign_key": ("isn't found in {allowed}", "aren't found in {allowed}"),
}
_REMEDIES = {
    "type": "Correct the cells; if a code means that there is no answer, list it under missingValues.",
    "required": "Fill the cells, or take required: out of the schema if they may be empty.",
    "unique": "Look for a row that was entered twice.",
    "primary_key": "Look for a row that was entered twice; a key of several columns has none empty.",
    "minimum": "Correct the cells; if a code means that there is no answer, list it under missingValues.",
    "maximum": "Correct the cells; if a code means that there is no answer, list it under missingValues.",
    "category": "Correct the cells, map the code in a crosswalk, or add the category to the schema.",
    "date_order": "Correct one of the two dates.",
    "foreign_key": "Correct the cells, or add the rows that they point to.",
}


_SAID = frozenset({"type", "foreign_key", "date_order", "required", "unique", "primary_key"})
"""Rules whose words say what is allowed already."""


class BadCell(NamedTuple):
    """One cell that breaks a rule: where it is, not what it holds."""

    file: str
    row: int
    column: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class BadCells:
    """All cells of one column that break one rule.

    Attributes
    ----------
    column : as the schema calls it; `header` as the file does, where that differs
    rule : type, required, unique, primary_key, minimum, maximum, category, pattern, min_length, max_length, date_order or foreign_key
    rows : (cells,) row numbers as in the file, ascending
    allowed : what may stand there, in words
    """

    file: str
    column: str
    rule: str
    rows: Rows
    allowed: str = ""
    header: str = ""

    def __post_init__(self) -> None:
        self.rows.setflags(write=False)

    def __len__(self) -> int:
        return int(self.rows.size)

    def __repr__(self) -> str:
        return f"BadCells({self.file}, {self.column}, {self.rule}: {len(self)} cells)"

    def cells(self) -> Iterator[BadCell]:
        """Each cell as a record of its own."""
        return (BadCell(self.file, row, self.column, self.rule) for row in self.rows.tolist())

    @property
    def place(self) -> str:
        """The column as a message names it."""
        return f"{self.column} ({self.header} in the file)" if self.header and self.header != self.column else self.column

    @property
    def problem(self) -> str:
        """What is wrong, in words."""
        one, several = _RULES[self.rule]
        return counted(len(self), f"cell {one}", f"cells {several}").format(allowed=self.allowed)

    def fault(self) -> Fault:
        """The same as one message."""
        allowed = "" if self.rule in _SAID else self.allowed
        remedy = _REMEDIES.get(self.rule, "Correct the cells.")
        return Fault(f"{self.problem} ({rows_in_words(self.rows)})", f"{self.file}, column {self.place}", allowed, remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultReport:
    """Everything that is wrong with a study's files: `faults` in words, and `cells` where single cells are at fault."""

    faults: tuple[Fault, ...] = ()
    cells: tuple[BadCells, ...] = field(default=(), repr=False)

    @property
    def messages(self) -> tuple[Fault, ...]:
        """Faults of files and columns first, then one for each rule that cells break."""
        return (*self.faults, *(cells.fault() for cells in self.cells))

    def bad_cells(self) -> Iterator[BadCell]:
        """Every single cell, by file, row, column and rule."""
        return (cell for cells in self.cells for cell in cells.cells())

    def to_text(self) -> str:
        """One problem a line."""
        return "".join(f"{fault}\n" for fault in self.messages)

    def to_html(self) -> str:
        """A page of its own, without scripts or anything from elsewhere."""
        faults = "".join(f"<li>{_said(fault)}</li>" for fault in self.faults)
        rows = "".join(
            f"<tr><td>{escape(cells.file)}</td><td>{escape(cells.place)}</td><td>{escape(cells.problem)}</td><td>{escape(_limits(cells))}</td>"
            f"<td class=n>{len(cells):,}</td><td>{escape(_row_list(cells))}</td></tr>"
            for cells in self.cells
        )
        table = _TABLE.format(head=_HEAD, rows=rows) if rows else ""
        return _PAGE.format(body=(f"<ol>{faults}</ol>" if faults else "") + table, count=len(self.messages))

    def to_xlsx(self) -> bytes:
        """A workbook: the problems, and every single cell with its row number (up to what a sheet can hold).

        Raises
        ------
        ReportError
            XlsxWriter isn't installed.
        """
        try:
            import xlsxwriter
        except ImportError:
            raise ReportError(Fault("a workbook needs the package XlsxWriter", remedy='Install it with: pip install "takeup[office]".')) from None
        from datetime import datetime

        out = io.BytesIO()
        with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
            book.set_properties({"title": "Problems in the data", "created": datetime(2000, 1, 1)})  # noqa: DTZ001  # one date for the same bytes
            bold = book.add_format({"bold": True})
            _sheet(book.add_worksheet("Problems"), bold, ("Where", "What", "Allowed", "What to do"), (30, 60, 40, 60),
                   ((fault.where, fault.what, fault.allowed, fault.remedy) for fault in self.messages))
            if self.cells:
                every = (cell for cell, _ in zip(self.bad_cells(), range(_SHEET_ROWS), strict=False))
                _sheet(book.add_worksheet("Cells"), bold, ("File", "Row", "Column", "Rule"), (30, 10, 30, 15), every)
        return out.getvalue()


class DataError(IntakeError):
    """The data don't fit the plan, their schemas or each other. `report` holds everything, cell by cell."""

    def __init__(self, report: FaultReport) -> None:
        super().__init__(*report.messages)
        self.report = report

    def __reduce__(self) -> tuple[type[DataError], tuple[FaultReport]]:
        return DataError, (self.report,)


class StudyError(DataError, PlanError):
    """Both the plan and the data have faults: all of them, the plan's first."""

    def __reduce__(self) -> tuple[type[StudyError], tuple[FaultReport]]:
        return StudyError, (self.report,)


def write_faults(path: Path, found: TakeupError | Sequence[Fault]) -> None:
    """Write what was found to a file, by its ending: .html, .xlsx, or text for any other.

    Parameters
    ----------
    found : an error (cell by cell where it is a `DataError`), or faults; empty where nothing is wrong
    """
    report = found.report if isinstance(found, DataError) else FaultReport(faults=tuple(found.faults if isinstance(found, TakeupError) else found))
    kind = path.suffix.lower()
    content = report.to_xlsx() if kind == ".xlsx" else (report.to_html() if kind in {".html", ".htm"} else report.to_text()).encode()
    try:
        path.write_bytes(content)
    except OSError:
        raise ReportError(Fault("can't be written", path.name, remedy="Look whether the folder exists and may be written to.")) from None


_HEAD = "".join(f'<th scope="col">{name}</th>' for name in ("File", "Column", "Problem", "Allowed", "Cells", "Rows"))
_TABLE = "<table><caption>Cells that break a rule of their schema</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Problems in the data</title>
<style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}}
table{{border-collapse:collapse;width:100%}}caption{{text-align:left;font-weight:600;padding:.5rem 0}}
th,td{{text-align:left;vertical-align:top;padding:.35rem .75rem .35rem 0;border-bottom:1px solid #ccc}}.n{{text-align:right}}</style></head>
<body><main><h1>Problems in the data</h1>
<p>{count} problems. Rows are counted as a spreadsheet shows them: the header is row 1. No value of the data stands on this page.</p>
{body}</main></body></html>
"""


def _said(fault: Fault) -> str:
    where = f"<strong>{escape(fault.where)}</strong>: " if fault.where else ""
    rest = str(Fault(fault.what, "", fault.allowed, fault.remedy))
    return where + escape(rest)


def _limits(cells: BadCells) -> str:
    return "" if cells.rule in _SAID else cells.allowed


def _row_list(cells: BadCells) -> str:
    shown = ", ".join(map(str, cells.rows[:MOST_ROWS_SHOWN].tolist()))
    return shown if len(cells) <= MOST_ROWS_SHOWN else f"{shown} and {len(cells) - MOST_ROWS_SHOWN:,} more"


def _sheet(sheet: Any, bold: Any, head: tuple[str, ...], widths: tuple[int, ...], rows: Iterable[Iterable[object]]) -> None:
    for i, (name, width) in enumerate(zip(head, widths, strict=True)):
        sheet.set_column(i, i, width)
        sheet.write_string(0, i, name, bold)
    for j, row in enumerate(rows, start=1):
        for i, value in enumerate(row):
            if isinstance(value, int):
                sheet.write_number(j, i, value)
            else:
                sheet.write_string(j, i, str(value))
    sheet.freeze_panes(1, 0)
