"""A document as PDF by Typst: PDF/A-2a and PDF/UA-1 at once, every font embedded, no warning tolerated, the same bytes every time.

The template holds no text: all words and numbers go in as JSON, so nothing an author writes can be read as markup.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from takeup.errors import Fault, ReportError
from takeup.present.catalogue import LOCALES, words
from takeup.present.style import font_folder, text_width, wrapped
from takeup.report.document import FIXED_DATE, Block, Bullets, Callout, Details, Document, Facts, FigureBlock, Heading, Note, Paragraph, TableBlock

if TYPE_CHECKING:
    from typst import Fonts

    from takeup.present.tables.model import Table
    from takeup.present.text import Spans

TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
STANDARDS: list[Any] = ["a-2a", "ua-1"]
SIZES = ((5, 7.8), (7, 7.3), (9, 6.8), (99, 6.3))
"""Points of a table's type, by its number of columns."""
SHORT, LONG_NAME = 0.75, 18
"""A text column narrower than this many inches keeps its width; a name of this many characters without a space may be broken."""

HEAD_LINES = 3


def pdf(document: Document) -> bytes:
    """The document as a PDF file.

    Returns
    -------
    bytes
        A4, tagged, with title, language and bookmarks; figures as vectors with their descriptions.

    Raises
    ------
    ReportError
        Typst stopped or warned; what it said is in the message.
    """
    import typst

    data = json.dumps(content(document), ensure_ascii=False, allow_nan=False)
    try:
        made, warnings = typst.compile_with_warnings(
            TEMPLATE.read_bytes(), sys_inputs={"data": data}, font_paths=_fonts(), ignore_system_fonts=True, format="pdf",
            pdf_standards=STANDARDS, timestamp=int(FIXED_DATE.timestamp()),
        )
    except typst.TypstError as error:
        raise ReportError(Fault(f"the PDF could not be made: {error.diagnostic or error}", "report.pdf")) from error
    if warnings:
        raise ReportError(*(Fault(f"Typst warned: {warning}", "report.pdf") for warning in warnings))
    return bytes(made)


@lru_cache(maxsize=1)
def _fonts() -> Fonts:
    """The typeface of the figures and no other, whatever the machine has."""
    import typst

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[font_folder()])


def content(document: Document) -> dict[str, Any]:
    """The document as plain values for the template."""
    language, _, region = LOCALES[document.language].partition("_")
    _ = words(document.language)
    meta = document.meta
    plan = _("plan {hash}", hash=str(meta["plan_hash"])[:12]) if meta.get("plan_hash") else ""
    footer = " \u00b7 ".join(part for part in (f"takeup {meta.get('version', '')}", plan) if part)
    return {
        "title": document.title, "subtitle": document.subtitle, "lang": language, "region": region, "footer": footer,
        "keywords": [str(meta.get("study", ""))],
        "contents": _("Contents") if len(document.chapters()) > 3 else "", "blocks": [_block(block) for block in document.blocks],
    }


def _block(block: Block) -> dict[str, Any]:
    out: dict[str, Any] = {"kind": block.kind}
    if isinstance(block, Heading):
        out |= {"text": block.text, "level": block.level}
    elif isinstance(block, Paragraph | Note):
        out |= {"spans": _spans(block.spans)}
    elif isinstance(block, Bullets):
        out |= {"items": [_spans(item) for item in block.items], "ordered": block.ordered}
    elif isinstance(block, Facts):
        out |= {"items": [{"number": _spans(fact.number), "label": fact.label} for fact in block.items]}
    elif isinstance(block, Callout):
        out |= {"title": block.title, "badge": block.badge, "tone": block.tone, "lines": [_spans(line) for line in block.lines]}
    elif isinstance(block, TableBlock):
        out |= _table(block.table)
    elif isinstance(block, FigureBlock):
        out |= {"title": block.figure.title, "alt": block.figure.alt, "svg": block.figure.svg.decode("utf-8")}
    elif isinstance(block, Details):
        out |= {"blocks": [{"kind": "heading", "level": 3, "text": block.title}, *(_block(inner) for inner in block.blocks)]}
    return out


def _spans(spans: Spans) -> list[dict[str, Any]]:
    return [{"text": span.text, "strong": span.strong, "emphasis": span.emphasis, "href": span.href} for span in spans]


def _table(table: Table) -> dict[str, Any]:
    size = next(size for most, size in SIZES if len(table.columns) <= most)
    return {
        "title": table.title, "notes": list(table.notes), "heads": [{"text": text, "span": span} for text, span in table.heads()], "size": size,
        "columns": [{"title": column.title, "number": column.kind != "text"} for column in table.columns], "widths": _widths(table, size),
        "groups": [{"title": group, "rows": [{"level": row.level, "head": row.head, "cells": [breakable(cell.text) for cell in row.cells]}
                                             for row in rows]}
                   for group, rows in table.blocks()],
    }


def breakable(text: str) -> str:
    """A name made of parts (a result's id, a file) with places where a line may break."""
    if " " in text or len(text) < LONG_NAME:
        return text
    return "".join(f"{character}\u200b" if character in "._/" else character for character in text)


def _widths(table: Table, size: float) -> list[dict[str, float]]:
    """What each column needs: numbers stay on one line and their heads may wrap; text shares what is left by its length."""
    out: list[dict[str, float]] = []
    for place, column in enumerate(table.columns):
        cells = [row.cells[place].text for row in table.rows]
        words_ = _head_width(column.title, size)
        longest = max((text_width(text, size) for text in cells), default=0.0)
        if column.kind != "text" or longest < SHORT:
            out.append({"pt": max(words_, longest) * 72 + 9.0, "fr": 0.0})
        else:
            out.append({"pt": 0.0, "fr": min(max(longest, words_), 5.0) ** 0.75})
    if not any(width["fr"] for width in out):
        out[0] = {"pt": 0.0, "fr": 1.0}
    return out


def _head_width(title: str, size: float) -> float:
    """The narrowest width in inches in which a head takes no more than three lines."""
    width = max((text_width(word, size, bold=True) for word in title.split(" ")), default=0.0)
    while len(wrapped(title, width, size, bold=True)) > HEAD_LINES:
        width *= 1.1
    return width
