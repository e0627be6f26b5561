"""Tables as a Word document: native tables with heads that repeat, in styles that another template changes all at once."""

from __future__ import annotations

import re
import warnings
from io import BytesIO
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from takeup.present.catalogue import LOCALES, words
from takeup.present.style import text_width
from takeup.report.document import FIXED_DATE
from takeup.report.docx_styles import styled
from takeup.report.office import needed, normalized

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from takeup.present.tables.model import Table

SHORT, LONG, MARGIN = 210, 297, 18
"""Millimetres of an A4 sheet and its margins."""
UPRIGHT, WORDY = 7, 1.6
"""The most columns on an upright sheet, and how often its width the longest words of a row may be; wider tables lie."""
SIZE = 10.0
TEXT, PAD, MOST, TWIPS = 8.6, 4.0, 28.0, 1440 / 25.4
"""Points of a cell's words, millimetres beside them, millimetres that one long word may claim, and how Word counts a millimetre."""
INSET = 170
"""Twentieths of a point by which a row under another is set in."""
STYLES = ("Brief Table", "Table Head", "Table Text")


def docx_tables(*tables: Table) -> bytes:
    """Tables as one DOCX file, the same bytes every time; a table with more than seven columns stands on a sheet that lies.

    Returns
    -------
    bytes
        Each table has a caption in the style of captions, a head that repeats on every page, a description, and its notes below.

    Raises
    ------
    ReportError
        The package python-docx isn't installed.

    Examples
    --------
    >>> from takeup.present.tables.model import Column, Row, Table, text_cell
    >>> table = Table(id="t", title="T", columns=(Column(id="a", title="A"),), rows=(Row(cells=(text_cell("x"),)),))
    >>> docx_tables(table)[:2]
    b'PK'
    """
    needed("docx", "DOCX")
    import docx as office

    document = office.Document()
    language = LOCALES[tables[0].language].replace("_", "-") if tables else "en"
    styled(document, SIZE, language)
    core = document.core_properties
    core.title, core.author, core.comments, core.language = tables[0].title if len(tables) == 1 else "", "", "", language
    core.created = core.modified = FIXED_DATE
    lying: bool | None = None
    for table in tables:
        if lies(table) is not lying:
            _sheet(document, lying=lies(table), first=lying is None)
            lying = lies(table)
        _table(document, table)
    out = BytesIO()
    document.save(out)
    return normalized(out.getvalue())


def lies(table: Table) -> bool:
    """Whether a table needs a sheet that lies, or smaller letters."""
    longest = sum(max([0.0, *(_wide(row.cells[place].text) for row in table.rows)]) for place in range(len(table.columns)))
    return len(table.columns) > UPRIGHT or longest > WORDY * SHORT


def _sheet(document: Any, *, lying: bool, first: bool) -> None:
    """A4 upright or lying, from here on."""
    from docx.enum.section import WD_ORIENT
    from docx.shared import Mm

    section = document.sections[0] if first else document.add_section()
    section.orientation = WD_ORIENT.LANDSCAPE if lying else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = (Mm(LONG), Mm(SHORT)) if lying else (Mm(SHORT), Mm(LONG))
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(MARGIN)


def _table(document: Any, table: Table) -> None:
    """A caption, the table before the last section's marks, and its notes."""
    from docx.oxml import parse_xml

    _ = words(table.language)
    document.add_paragraph(table.title, style="Caption")
    document.element.body.insert_element_before(parse_xml(_xml(table, {name: document.styles[name].style_id for name in STYLES})), "w:sectPr")
    document.add_paragraph(_("{first}: {second}", first=_("Notes"), second=" ".join(table.notes)) if table.notes else "", style="Table Note")


def _xml(table: Table, styles: Mapping[str, str]) -> str:
    """The table in Word's own words: cell by cell the library takes a hundred times as long."""
    from docx.oxml.ns import nsdecls

    widths = [round(width * TWIPS) for width in column_widths(table, (LONG if lies(table) else SHORT) - 2.0 * MARGIN)]
    columns = table.columns
    lines = []
    if table.heads():
        lines.append(_line(((name, span, "center") for name, span in table.heads()), widths, styles["Table Head"], head=True))
    sides = ["right" if column.kind != "text" else "" for column in columns]
    lines.append(_line(((column.title, 1, side) for column, side in zip(columns, sides, strict=True)), widths, styles["Table Head"], head=True))
    for group, rows in table.blocks():
        if group:
            lines.append(_line([(group, len(columns), "")], widths, styles["Table Head"], keep=True))
        lines += [_line(((cell.text, 1, side) for cell, side in zip(row.cells, sides, strict=True)), widths, styles["Table Text"], level=row.level)
                  for row in rows]
    about = " ".join((table.title, *table.notes))
    settings = (
        f'<w:tblPr><w:tblStyle w:val="{styles["Brief Table"]}"/><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblLayout w:type="fixed"/>'
        f'<w:tblLook w:val="0020" w:firstRow="1" w:lastRow="0" w:firstColumn="0" w:lastColumn="0" w:noHBand="1" w:noVBand="1"/>'
        f'<w:tblCaption w:val={quoteattr(table.title)}/><w:tblDescription w:val={quoteattr(about)}/></w:tblPr>'
    )
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    return f"<w:tbl {nsdecls('w')}>{settings}<w:tblGrid>{grid}</w:tblGrid>{''.join(lines)}</w:tbl>"


def column_widths(table: Table, total: float) -> list[float]:
    """Millimetres of each column: numbers what they need, words the rest, but never less than their longest word."""
    least = column_needs(table)
    left = total - sum(least)
    if left <= 0:
        return [width * total / sum(least) for width in least]
    wanted = [max([width, *(_wide(row.cells[place].text) for row in table.rows)]) for place, width in enumerate(least)]
    room = [(want - width) ** 0.7 for want, width in zip(wanted, least, strict=True)]
    more = [left * part / sum(room) for part in room] if sum(room) else [left, *[0.0] * (len(least) - 1)]
    return [width + extra for width, extra in zip(least, more, strict=True)]


def column_needs(table: Table) -> list[float]:
    """Millimetres below which a column breaks a number, or a word that isn't very long."""
    out = []
    for place, column in enumerate(table.columns):
        texts = [row.cells[place].text for row in table.rows]
        pieces = [piece for text in texts for piece in text.split(" ")] if column.kind == "text" else texts
        widest = max([*(_wide(piece, bold=True) for piece in re.split("[ \u00ad]", column.title)), *map(_wide, pieces)])
        out.append(min(widest, MOST) if column.kind == "text" else widest)
    return out


def _wide(text: str, *, bold: bool = False) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a sign that our typeface lacks is as wide as its box
        return text_width(" ".join(text.split()), TEXT, bold=bold) * 25.4 + PAD


def _line(
    cells: Iterable[tuple[str, int, str]], widths: Sequence[int], style: str, *, head: bool = False, keep: bool = False, level: int = 0,
) -> str:
    """One row: words, columns spanned and side of each cell; the first is set in by its level. A row doesn't break, a head repeats."""
    out, start = [], 0
    for text, span, side in cells:
        wide = sum(widths[start: start + span])
        held = "<w:keepNext/>" if keep else ""
        inset = f'<w:ind w:left="{INSET * level}"/>' if level and not start else ""
        place = f'<w:jc w:val="{side}"/>' if side and text else ""
        merged = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
        pieces = (f'<w:t xml:space="preserve">{escape(piece)}</w:t>' for piece in text.split("\u00ad"))
        run = f"<w:r>{'<w:softHyphen/>'.join(pieces)}</w:r>" if text else ""
        out.append(f'<w:tc><w:tcPr><w:tcW w:w="{wide}" w:type="dxa"/>{merged}</w:tcPr>'
                   f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{held}{inset}{place}</w:pPr>{run}</w:p></w:tc>')
        start += span
    return f"<w:tr><w:trPr><w:cantSplit/>{'<w:tblHeader/>' if head else ''}</w:trPr>{''.join(out)}</w:tr>"
