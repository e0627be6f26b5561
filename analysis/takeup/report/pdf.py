"""A document as a PDF, the same bytes every time.

The template holds no text: all words and numbers go in as JSON, so nothing an author writes can be read as markup.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from takeup.present.catalogue import LOCALES, words
from takeup.present.style import text_width, wrapped
from takeup.report.document import Block, Bullets, Callout, Details, Document, Facts, FigureBlock, Heading, Note, Paragraph, TableBlock
from takeup.report.typeset import compiled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from takeup.present.tables.model import Table
    from takeup.present.text import Spans

TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
SIZES = ((5, 7.8), (7, 7.3), (9, 6.8), (99, 6.3), (99, 5.8))
"""Points of a table's type: the first for up to so many columns, smaller ones where it doesn't fit."""
PAGE, TEXT_ROOM = 487.0, 96.0
"""Points: the width of the text, and the least that a column of long text gets of it."""
SHORT, LONG_NAME, INSET = 54.0, 18, 9.0
"""A text column narrower than so many points keeps its width; a name of so many characters without a space may be broken; points beside a text."""
BROKEN = (7.0, 6.0, 5.0, 4.2)
"""Sizes of the type that a head may take whose words are broken; a word with a soft hyphen is broken there only."""
SIGN = "x"
"""Stands for a withheld number where its word leaves no room for the rest, as in the tables of statistical offices."""
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
        "contents": _("Contents") if len(document.chapters()) > 3 else "", "blocks": _blocks(document.blocks),
    }


def _printed(block: Block) -> bool:
    return not isinstance(block, Details) or block.on_paper


def _blocks(blocks: Sequence[Block]) -> list[dict[str, Any]]:
    """What is printed. A figure that more of its section follows may move to the top or the foot of a page, so that no page stays half empty."""
    made = [_block(block) for block in blocks if _printed(block)]
    follows = [one["kind"] for one in made[1:]] + [""]
    for one, kind in zip(made, follows, strict=True):
        if one["kind"] == "figure":
            one["floats"] = kind in {"table", "paragraph", "bullets"}
    return made


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
        inner = _blocks(block.blocks)
        if inner and inner[0].get("title") == block.title:  # the heading says it already
            inner[0]["title"] = ""
        out |= {"blocks": [{"kind": "heading", "level": 3, "text": block.title}, *inner]}
    return out


def _spans(spans: Spans) -> list[dict[str, Any]]:
    return [{"text": span.text, "strong": span.strong, "emphasis": span.emphasis, "href": span.href} for span in spans]


def _table(table: Table) -> dict[str, Any]:
    table, size, widths, tight = _layout(table)
    return {
        "title": table.title, "notes": list(table.notes), "heads": [{"text": text, "span": span} for text, span in table.heads()], "size": size,
        "columns": [{"title": column.title, "number": column.kind != "text"} for column in table.columns], "widths": widths, "tight": tight,
        "groups": [{"title": group, "rows": [{"level": row.level, "head": row.head, "cells": [breakable(cell.text) for cell in row.cells]}
                                             for row in rows]}
                   for group, rows in table.blocks()],
    }


def breakable(text: str) -> str:
    """A name made of parts (a result's id, a file) with places where a line may break."""
    if " " in text or len(text) < LONG_NAME:
        return text
    return "".join(f"{character}\u200b" if character in "._/" else character for character in text)


def _layout(table: Table) -> tuple[Table, float, list[float], bool]:
    """The largest type in which the columns of numbers leave room for the text, and points for each column.

    Where none does, the word for what is withheld becomes a sign; where that isn't enough, words of heads are broken (the last answer is true); and
    where that isn't either, all columns share the page by their content.
    """
    sizes = [size for most, size in SIZES if len(table.columns) <= most]
    for shown in (table, _signed(table)):
        for size in sizes:
            if widths := _widths(shown, size):
                return shown, size, widths, False
    size = sizes[-1]
    for shown, broken in product((table, _signed(table)), BROKEN):
        if widths := _widths(shown, size, broken):
            return shown, size, widths, True
    needed = [min(max(_needs(table, place, size), 18.0), 115.0) for place in range(len(table.columns))]
    return table, size, [round(PAGE * width / sum(needed), 2) for width in needed], True


def _signed(table: Table) -> Table:
    """With a sign, and its meaning below, for every cell that is withheld."""
    _ = words(table.language)
    hidden = _("withheld")
    if not any(cell.text == hidden for row in table.rows for cell in row.cells):
        return table
    rows = tuple(replace(row, cells=tuple(replace(cell, text=SIGN) if cell.text == hidden else cell for cell in row.cells)) for row in table.rows)
    return replace(table, rows=rows, notes=(*table.notes, _("{first}: {second}", first=SIGN, second=hidden)))


def _widths(table: Table, size: float, broken: float | None = None) -> list[float]:
    """Points for each column: numbers stay on one line and their heads may wrap; text shares what is left. Empty where too little is left.

    Where words of heads are broken, the head of a column of numbers asks for no more than so many sizes of the type.
    """
    needs = [_needs(table, place, size, None if column.kind == "text" else broken) for place, column in enumerate(table.columns)]
    text = [place for place, column in enumerate(table.columns) if column.kind == "text" and needs[place] >= SHORT] or [0]
    out = [round(need + INSET, 2) for need in needs]
    room = PAGE - sum(width for place, width in enumerate(out) if place not in text)
    if room < sum(min(out[place], TEXT_ROOM) for place in text):
        return []
    shares = _shared(room, [needs[place] for place in text], [_longest_part(table, place, size) for place in text])
    for place, width in zip(text, shares, strict=True):
        out[place] = round(width, 2)
    return out


def _shared(room: float, needs: list[float], least: list[float]) -> list[float]:
    """The room shared by columns of text, longer ones getting more, none less than its longest part."""
    weights = [need**0.75 for need in needs]
    widths: dict[int, float] = {}
    while True:
        free = [place for place in range(len(needs)) if place not in widths]
        left, total = room - sum(widths.values()), sum(weights[place] for place in free)
        shares = {place: left * weights[place] / total for place in free}
        narrow = {place: least[place] for place in free if shares[place] < least[place]}
        if not narrow or len(narrow) == len(free):
            return [widths.get(place, shares.get(place, 0.0)) for place in range(len(needs))]
        widths |= narrow


def _longest_part(table: Table, place: int, size: float) -> float:
    """The points that the longest word or part of a name in a column takes, so far as a column of text may ask for them."""
    parts = {part for row in table.rows for part in breakable(row.cells[place].text).replace("\u200b", " ").split()}
    longest = max((text_width(part, size) * 72 for part in parts), default=0.0)
    return min(max(longest, _head_width(table.columns[place].title, size) * 72) + INSET, TEXT_ROOM)


def _needs(table: Table, place: int, size: float, broken: float | None = None) -> float:
    """The points a column's longest cell and its head take."""
    longest = max((text_width(row.cells[place].text, size) for row in table.rows), default=0.0)
    title = table.columns[place].title
    head = _head_width(title, size)
    if broken is not None:
        parts = [part for word in title.split() if SOFT_HYPHEN in word for part in word.replace("-", SOFT_HYPHEN).split(SOFT_HYPHEN)]
        head = max(min(head, broken * size / 72), *(text_width(f"{part}-", size, bold=True) for part in parts), 0.0)
    return max(longest, head) * 72


def _head_width(title: str, size: float) -> float:
    """The narrowest width in inches in which a head takes no more than three lines; a soft hyphen is a place to break."""
    parts = title.replace(SOFT_HYPHEN, "- ")
    width = max((text_width(word, size, bold=True) for word in parts.split(" ")), default=0.0)
    while len(wrapped(parts, width, size, bold=True)) > HEAD_LINES:
        width *= 1.1
    return width
