"""How large the type of a brief may be where the program that lays it out isn't ours.

It is measured with the typeface of the figures, which is wider than the usual sans serif faces, so a page set in one of these has room left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.errors import ReportError
from takeup.present.style import text_width, wrapped
from takeup.present.text import plain
from takeup.report.brief_pdf import too_long
from takeup.report.document import Block, Bullets, Callout, FigureBlock, Heading, Note, Paragraph, TableBlock

if TYPE_CHECKING:
    from takeup.present.tables.model import Table
    from takeup.report.brief import Brief

SIZES = (10.5, 10.0, 9.5, 9.0, 8.5, 8.0, 7.5, 7.0)
"""Points, the largest first."""
ROOM = 262.0 / 25.4 * 72.0
"""Points of height: A4 less margins and a line for the page's number."""
LEADING = 1.32


def type_size(brief: Brief, *, width: float = 174.0 / 25.4) -> float:
    """The largest size in points at which both pages hold their blocks, `width` inches wide. ReportError where none does."""
    pages = brief.pages()
    for size in SIZES:
        head = _text(brief.title, size * 1.75, width) + size * 3.0
        if all(sum(height(block, size, width, last=block is page[-1]) for block in page) + (head if place == 0 else 0.0) <= ROOM
               for place, page in enumerate(pages)):
            return size
    raise ReportError(too_long())


def height(block: Block, size: float, width: float, *, last: bool = False) -> float:
    """About how many points a block takes."""
    if isinstance(block, Heading):
        return _text(block.text, size * 1.2, width) + size * 1.4
    if isinstance(block, Paragraph):
        return _text(plain(block.spans), size, width) + size * 0.5
    if isinstance(block, Note):
        return _text(plain(block.spans), size * (0.75 if last else 1.0), width - 0.2) + size * 2.0
    if isinstance(block, Bullets):
        return sum(_text(plain(item), size, width - 0.25) + size * 0.4 for item in block.items)
    if isinstance(block, Callout):
        lines = [_text(plain(line), size * (1.3 if place == 0 else 1.0), width - 0.45) + size * 0.5 for place, line in enumerate(block.lines)]
        return sum(lines) + size * 5.0
    if isinstance(block, FigureBlock):
        return _picture(block.figure.png) * width * 72.0 + size * 3.5
    if isinstance(block, TableBlock):
        return _table(block.table, size * 0.85, width)
    return 0.0


def _picture(png: bytes) -> float:
    """A picture's height against its width, from its header."""
    wide, high = (int.from_bytes(png[start:start + 4], "big") for start in (16, 20))
    return high / wide


def _table(table: Table, size: float, width: float) -> float:
    """Numbers keep their width, words share what is left."""
    numbers = [max([text_width(row.cells[place].text, size) for row in table.rows] + [text_width(column.title, size, bold=True)])
               if column.kind != "text" else 0.0 for place, column in enumerate(table.columns)]
    texts = [place for place, column in enumerate(table.columns) if column.kind == "text"]
    each = max(width - sum(numbers) - 0.12 * len(table.columns), 1.0) / max(len(texts), 1)
    rows = [max([_text(row.cells[place].text, size, each) for place in texts] or [size * LEADING]) + size * 0.75 for row in table.rows]
    notes = sum(_text(note, size, width) + size * 0.4 for note in table.notes)
    return sum(rows) + notes + _text(table.title, size * 1.2, width) + size * 4.5


def _text(text: str, size: float, width: float) -> float:
    """The height of running text."""
    return max(len(wrapped(text, width * 0.98, size)), 1) * size * LEADING


