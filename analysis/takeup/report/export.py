"""A table as a file: CSV and XLSX in which numbers stay numbers, LaTeX that compiles.

Text that a spreadsheet would run as a formula is made harmless in CSV and written as text in XLSX.
"""

from __future__ import annotations

import csv as csv_module
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any

from takeup.errors import Fault, ReportError
from takeup.present.catalogue import words
from takeup.report.document import FIXED_DATE

if TYPE_CHECKING:
    from xlsxwriter import Workbook

    from takeup.present.tables.model import Cell, Column, Table, Value

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet takes for a formula."""


def _heads(table: Table) -> list[str]:
    """One name a column of a data file: the upper head, the head and the part."""
    _ = words(table.language)
    names = [_("Under")] if table.grouped else []
    for column in table.columns:
        title = column.title.replace("\u00ad", "")  # a place to break a line, of no use to a machine
        name = f"{column.group}: {title}" if column.group else title
        names += [f"{name}, {part}" for part in column.parts] or [name]
    return [*names, _("Results")]


def _values(column: Column, cell: Cell) -> tuple[Value, ...]:
    """The values of a cell, one for each part of its column."""
    if not column.parts:
        return cell.values[:1]
    values = cell.values
    return values if len(values) == len(column.parts) else (None,) * len(column.parts)


def _records(table: Table) -> list[list[Value]]:
    """The rows of a data file; rows that only name those below are left out."""
    out = []
    for row in table.rows:
        if row.head:
            continue
        record: list[Value] = [row.group] if table.grouped else []
        for column, cell in zip(table.columns, row.cells, strict=True):
            record.extend(_values(column, cell))
        ids = dict.fromkeys(cell.result_id for cell in row.cells if cell.result_id)
        out.append([*record, " ".join(ids)])
    return out


def harmless(text: str) -> str:
    """Text that no spreadsheet runs: an apostrophe before what looks like a formula.

    >>> harmless("=1+1"), harmless("Depression")
    ("'=1+1", 'Depression')
    """
    return f"'{text}" if text.startswith(FORMULA) else text


def csv(table: Table) -> bytes:
    """The table as CSV: UTF-8, commas, points as decimals, full precision, one column for each limit of an interval.

    Returns
    -------
    bytes
        With a head; the last column holds the ids of the results in the row.
    """
    out = StringIO()
    writer = csv_module.writer(out, lineterminator="\n")
    writer.writerow([harmless(head) for head in _heads(table)])
    for record in _records(table):
        writer.writerow(["" if value is None else harmless(value) if isinstance(value, str) else repr(value) for value in record])
    return out.getvalue().encode("utf-8")


def xlsx(*tables: Table) -> bytes:
    """Tables as one workbook, a sheet each: numbers as numbers, the head frozen, filters on, notes below.

    Raises
    ------
    ReportError
        The package xlsxwriter isn't installed.
    """
    try:
        import xlsxwriter
    except ImportError as error:
        raise ReportError(Fault("XLSX files need the package xlsxwriter", "xlsx", remedy='Install it with pip install "takeup[office]".')) from error
    buffer = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"created": FIXED_DATE.replace(tzinfo=None), "title": tables[0].title if tables else "", "comments": "takeup"})
        taken: set[str] = set()
        for table in tables:
            _sheet(book, table, taken)
    return buffer.getvalue()


def _sheet(book: Workbook, table: Table, taken: set[str]) -> None:
    name = _sheet_name(table.id, taken)
    sheet = book.add_worksheet(name)
    bold = book.add_format({"bold": True, "font_size": 12})
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    note = book.add_format({"italic": True, "font_color": "#555555"})
    sheet.write_string(0, 0, table.title, bold)
    heads, records = _heads(table), _records(table)
    for place, text in enumerate(heads):
        sheet.write_string(2, place, text, head)
    formats = _formats(book, table)
    for row, record in enumerate(records, start=3):
        for place, value in enumerate(record):
            if isinstance(value, str):
                sheet.write_string(row, place, value)
            elif value is not None:
                sheet.write_number(row, place, value, formats[row - 3][place])
    sheet.freeze_panes(3, 1)
    if records:
        sheet.autofilter(2, 0, 2 + len(records), len(heads) - 1)
    for place, text in enumerate(table.notes):
        sheet.write_string(4 + len(records) + place, 0, text, note)
    for place in range(len(heads)):
        longest = max([len(str(record[place])) for record in records if isinstance(record[place], str)] or [0])
        sheet.set_column(place, place, min(max(longest + 1, 12 if place else 20), 60))
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(2)


def _sheet_name(name: str, taken: set[str]) -> str:
    """A sheet's name: at most 31 characters, each once."""
    short = name[:31]
    count = 1
    while short.lower() in taken:
        count += 1
        short = f"{name[:28]}_{count}"
    taken.add(short.lower())
    return short


def _formats(book: Workbook, table: Table) -> list[list[Any]]:
    """A number format for every value: as many decimals as the reader sees, shares as percentages."""
    made: dict[str, Any] = {}

    def of(pattern: str) -> Any:
        if pattern not in made:
            made[pattern] = book.add_format({"num_format": pattern})
        return made[pattern]

    out = []
    for row in table.rows:
        if row.head:
            continue
        record: list[Any] = [None] if table.grouped else []
        for column, cell in zip(table.columns, row.cells, strict=True):
            record.extend([of(pattern(column, cell))] * max(len(column.parts), 1))
        out.append([*record, None])
    return out


def pattern(column: Column, cell: Cell) -> str:
    """The number format of a cell. A scaled value is shown as a percentage, so that the number behind it stays the result's own."""
    if column.kind == "p_value":
        return "0.000"
    if column.kind == "integer":
        return "#,##0"
    decimals = "." + "0" * cell.digits if cell.digits else ""
    return f"0{decimals}%" if cell.scale == 100.0 else f"#,##0{decimals}"


_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%", "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}", "\u2212": r"\ensuremath{-}", "\u2013": "--",
    "\u2014": "---", "\u00a0": "~", "\u00ad": r"\-", "\u202f": r"\,",
    "\u201c": "``", "\u201d": "''", "\u2018": "`", "\u2019": "'", "\u221e": r"\ensuremath{\infty}", "\u2264": r"\ensuremath{\leq}",
    "\u2265": r"\ensuremath{\geq}",
    "\u2026": r"\ldots{}", "\u20ac": r"\texteuro{}", "\u00b1": r"\ensuremath{\pm}", "\u00d7": r"\ensuremath{\times}",
    "\u2190": r"\ensuremath{\leftarrow}",
    "\u2192": r"\ensuremath{\rightarrow}", "\n": " ",
}


def escaped(text: str) -> str:
    r"""Text for LaTeX: nothing in it is a command.

    >>> escaped("95% & more")
    '95\\% \\& more'
    """
    return "".join(_LATEX.get(character, character) for character in text)


def latex(table: Table) -> str:
    r"""The table as a LaTeX `table` float for the packages booktabs and textcomp, with T1 fonts.

    Returns
    -------
    str
        From ``\begin{table}`` to ``\end{table}``, everything escaped, with a label ``tab:ID``.
    """
    n = len(table.columns)
    align = "".join("l" if column.kind == "text" else "r" for column in table.columns)
    lines = [r"\begin{table}[htbp]", r"\centering", rf"\caption{{{escaped(table.title)}}}", rf"\label{{tab:{table.id.replace('_', '-')}}}", r"\small",
             rf"\begin{{tabular}}{{@{{}}{align}@{{}}}}", r"\toprule"]
    if table.heads():
        lines.append(_latex_heads(table))
    lines += [" & ".join(escaped(column.title) for column in table.columns) + r" \\", r"\midrule"]
    for place, (group, rows) in enumerate(table.blocks()):
        if group:
            lines += [r"\addlinespace"] * (place > 0) + [rf"\multicolumn{{{n}}}{{@{{}}l}}{{\textit{{{escaped(group)}}}}} \\"]
        lines += [" & ".join([r"\quad " * row.level + escaped(row.cells[0].text), *(escaped(cell.text) for cell in row.cells[1:])]) + r" \\"
                  for row in rows]
    lines += [r"\bottomrule", r"\end{tabular}"]
    if table.notes:
        name = escaped(words(table.language)("Notes"))
        notes = " ".join(escaped(note) for note in table.notes)
        lines.append(rf"\par\smallskip\begin{{minipage}}{{\linewidth}}\footnotesize {name}: {notes}\end{{minipage}}")
    return "\n".join([*lines, r"\end{table}", ""])


def _latex_heads(table: Table) -> str:
    cells, rules, place = [], [], 1
    for name, span in table.heads():
        cells.append(rf"\multicolumn{{{span}}}{{c}}{{{escaped(name)}}}" if name else " & ".join([""] * span))
        if name:
            rules.append(rf"\cmidrule(lr){{{place}-{place + span - 1}}}")
        place += span
    return " & ".join(cells) + r" \\" + "\n" + " ".join(rules)
