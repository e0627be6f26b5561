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
    from collections.abc import Mapping

    from typst import Fonts

    from takeup.present.tables.model import Table
    from takeup.present.text import Spans

TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
STANDARDS: list[Any] = ["a-2a", "ua-1"]
SIZES = ((5, 7.8), (7, 7.3), (9, 6.8), (99, 6.3), (99, 5.8))
"""Points of a table's type: the first for up to so many columns, smaller ones where it doesn't fit."""
PAGE, TEXT_ROOM = 487.0, 96.0
"""Points: the width of the text, and the least that a column of long text gets of it."""
SHORT, LONG_NAME = 0.75, 18
"""A text column narrower than this many inches keeps its width; a name of this many characters without a space may be broken."""

HEAD_LINES = 3
SOFT_HYPHEN = "\u00ad"


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
    return compiled(TEMPLATE, content(document))


def compiled(template: Path, values: Mapping[str, Any]) -> bytes:
    """A template filled with plain values, as a PDF file of both standards. ReportError with what Typst said where it stopped or warned."""
    import typst

    data = json.dumps(values, ensure_ascii=False, allow_nan=False)
    try:
        made, warnings = typst.compile_with_warnings(
            template.read_bytes(), sys_inputs={"data": data}, font_paths=_fonts(), ignore_system_fonts=True, format="pdf",
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
        "watermark": str(meta.get("watermark", "")),
        "keywords": [str(meta.get("study", ""))],
        "contents": _("Contents") if len(document.chapters()) > 3 else "", "blocks": [_block(block) for block in document.blocks if _printed(block)],
    }


def _printed(block: Block) -> bool:
    return not isinstance(block, Details) or block.on_paper


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
        out |= {"blocks": [{"kind": "heading", "level": 3, "text": block.title}, *(_block(inner) for inner in block.blocks if _printed(inner))]}
    return out


def _spans(spans: Spans) -> list[dict[str, Any]]:
    return [{"text": span.text, "strong": span.strong, "emphasis": span.emphasis, "href": span.href} for span in spans]


def _table(table: Table) -> dict[str, Any]:
    size, widths = _layout(table)
    return {
        "title": table.title, "notes": list(table.notes), "heads": [{"text": text, "span": span} for text, span in table.heads()], "size": size,
        "columns": [{"title": column.title, "number": column.kind != "text"} for column in table.columns], "widths": widths,
        "tight": not any(width["pt"] for width in widths),
        "groups": [{"title": group, "rows": [{"level": row.level, "head": row.head, "cells": [breakable(cell.text) for cell in row.cells]}
                                             for row in rows]}
                   for group, rows in table.blocks()],
    }


def breakable(text: str) -> str:
    """A name made of parts (a result's id, a file) with places where a line may break."""
    if " " in text or len(text) < LONG_NAME:
        return text
    return "".join(f"{character}\u200b" if character in "._/" else character for character in text)


def _layout(table: Table) -> tuple[float, list[dict[str, float]]]:
    """The largest type in which the columns of numbers leave room for the text; where none does, all columns share the page by their content."""
    sizes = [size for most, size in SIZES if len(table.columns) <= most]
    for size in sizes:
        widths = _widths(table, size)
        flexible = sum(1 for width in widths if width["fr"])
        if sum(width["pt"] for width in widths) + flexible * TEXT_ROOM <= PAGE:
            return size, widths
    needed = [max(_needs(table, place, sizes[-1]), 0.25) for place in range(len(table.columns))]
    return sizes[-1], [{"pt": 0.0, "fr": round(min(width, 1.6), 3)} for width in needed]


def _widths(table: Table, size: float) -> list[dict[str, float]]:
    """What each column needs: numbers stay on one line and their heads may wrap; text shares what is left by its length."""
    out: list[dict[str, float]] = []
    for place, column in enumerate(table.columns):
        needs = _needs(table, place, size)
        if column.kind != "text" or needs < SHORT:
            out.append({"pt": round(needs * 72 + 9.0, 2), "fr": 0.0})
        else:
            out.append({"pt": 0.0, "fr": round(min(needs, 5.0) ** 0.75, 3)})
    if not any(width["fr"] for width in out):
        out[0] = {"pt": 0.0, "fr": 1.0}
    return out


def _needs(table: Table, place: int, size: float) -> float:
    """The inches a column's longest cell and its head take."""
    longest = max((text_width(row.cells[place].text, size) for row in table.rows), default=0.0)
    return max(longest, _head_width(table.columns[place].title, size))


def _head_width(title: str, size: float) -> float:
    """The narrowest width in inches in which a head takes no more than three lines; a soft hyphen is a place to break."""
    parts = title.replace(SOFT_HYPHEN, "- ")
    width = max((text_width(word, size, bold=True) for word in parts.split(" ")), default=0.0)
    while len(wrapped(parts, width, size, bold=True)) > HEAD_LINES:
        width *= 1.1
    return width
