"""A table as a file: CSV and XLSX in which numbers stay numbers, LaTeX that compiles.

Text that a spreadsheet would run as a formula is made harmless in CSV and written as text in XLSX.
"""

from __future__ import annotations

import csv as csv_module
import re
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any

from takeup.errors import Fault, ReportError
from takeup.present.catalogue import words
from takeup.report.document import FIXED_DATE

if TYPE_CHECKING:
    from xlsxwriter import Workbook

    from takeup.present.tables.model import Cell, Column, Table, Value

LONG, NARROW = 40, 230.0
"""Rows of a table that still stands on one page of LaTeX, and millimetres (in the letters of the Word tables) that fit into its text's width."""
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
    r"""The table in LaTeX, as wide as the text; packages: array, booktabs, longtable, rotating, textcomp, fontenc (T1).

    Returns
    -------
    str
        A `table` float, a `sidewaystable` where its numbers need more than the width of the text, or a `longtable` where it has more than
        forty rows; everything escaped, with a label ``tab:ID``.
    """
    from takeup.report.table_docx import column_needs, lies

    turned = sum(column_needs(table)) > NARROW and len(table.rows) <= LONG
    place = "sidewaystable" if turned else "table"
    size = r"\scriptsize" if lies(table) else r"\small"
    caption = rf"\caption{{{escaped(table.title)}}}\label{{tab:{table.id.replace('_', '-')}}}"
    heads = [r"\toprule", *([_latex_heads(table)] if table.heads() else []),
             " & ".join(escaped(column.title) for column in table.columns) + r" \\", r"\midrule"]
    setting = rf"\setlength{{\tabcolsep}}{{3pt}}{size}"
    if len(table.rows) > LONG:
        lines = [r"\begingroup" + setting, rf"\begin{{longtable}}{{@{{}}{_latex_columns(table)}@{{}}}}", caption + r"\\", *heads, r"\endfirsthead",
                 *heads, r"\endhead", r"\bottomrule", r"\endlastfoot", *_latex_rows(table), r"\end{longtable}", *_latex_notes(table),
                 r"\endgroup", ""]
    else:
        lines = [rf"\begin{{{place}}}" + ("" if turned else "[htbp]"), r"\centering", caption, setting,
                 rf"\begin{{tabular}}{{@{{}}{_latex_columns(table)}@{{}}}}", *heads, *_latex_rows(table), r"\bottomrule", r"\end{tabular}",
                 *_latex_notes(table), rf"\end{{{place}}}", ""]
    return "\n".join(lines)


def _latex_columns(table: Table) -> str:
    """Columns as shares of the text's width, words ragged at the right and numbers at the left."""
    from takeup.report.table_docx import column_widths, lies

    widths = column_widths(table, 240.0 if lies(table) else 195.0)  # millimetres in the letters of the Word tables, which are wider
    sides = ["right" if column.kind == "text" else "left" for column in table.columns]
    return "".join(rf">{{\ragged{side}\arraybackslash}}p{{\dimexpr {width / sum(widths):.4f}\linewidth-2\tabcolsep\relax}}"
                   for side, width in zip(sides, widths, strict=True))


def _latex_rows(table: Table) -> list[str]:
    def shown(cell: Cell, column: Column) -> str:
        return re.sub(r"(\\_|\.)(?=\w{3})", r"\1\\allowbreak{}", escaped(cell.text)) if column.kind == "text" else escaped(cell.text)

    lines: list[str] = []
    for place, (group, rows) in enumerate(table.blocks()):
        if group:
            lines += [r"\addlinespace"] * (place > 0) + [rf"\multicolumn{{{len(table.columns)}}}{{@{{}}l}}{{\textit{{{escaped(group)}}}}} \\*"]
        lines += [r"\quad " * row.level + " & ".join(map(shown, row.cells, table.columns)) + r" \\" for row in rows]
    return lines


def _latex_notes(table: Table) -> list[str]:
    if not table.notes:
        return []
    _ = words(table.language)
    notes = escaped(_("{first}: {second}", first=_("Notes"), second=" ".join(table.notes)))
    return [rf"\par\smallskip\begin{{minipage}}{{\linewidth}}\footnotesize {notes}\end{{minipage}}\par"]


def _latex_heads(table: Table) -> str:
    cells, rules, place = [], [], 1
    for name, span in table.heads():
        cells.append(rf"\multicolumn{{{span}}}{{c}}{{{escaped(name)}}}" if name else " & ".join([""] * span))
        if name:
            rules.append(rf"\cmidrule(lr){{{place}-{place + span - 1}}}")
        place += span
    return " & ".join(cells) + r" \\" + "\n" + " ".join(rules)
