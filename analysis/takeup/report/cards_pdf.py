"""A result card as a PDF of one page: PDF/A-2a and PDF/UA-1, the largest type in which the page holds it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from takeup.errors import Fault, ReportError
from takeup.present.catalogue import LOCALES, words
from takeup.report.cards import MASK
from takeup.report.typeset import compiled

if TYPE_CHECKING:
    from takeup.present.tables.model import Cell
    from takeup.report.cards import Card, CardPart, Line

TEMPLATE = Path(__file__).parent / "templates" / "card.typ"
MANY, LEAST, EACH, EDGES = 6, 4.3, 0.6, 0.9
"""With more columns than the first they are narrow; the narrowest column, a letter and the edges of a cell, in ems."""
WORD, BOLD = (0.56, 4.6, 6.8), 1.2
"""A letter of a title, and the widest that a word of it makes a narrow and another column: longer ones are broken; how much
wider a letter of a group's head is."""
FULL = "the card is too long for one page"


def card_pdf(card: Card) -> bytes:
    """The card as a PDF file, A4, of exactly one page. ReportError where its outcomes don't fit even in the smallest type."""
    try:
        return compiled(TEMPLATE, values(card))
    except ReportError as error:
        if FULL in str(error):
            raise ReportError(Fault(FULL, "outcomes", remedy="Name fewer outcomes in the plan, or give them shorter labels.")) from None
        raise


def values(card: Card) -> dict[str, Any]:
    """The card as plain values."""
    language, _, region = LOCALES[card.language].partition("_")
    _ = words(card.language)
    plan = _("plan {hash}", hash=str(card.meta["plan_hash"])[:12]) if card.meta.get("plan_hash") else ""
    return {
        "title": card.title, "subtitle": card.subtitle, "kind": card.kind, "warning": card.warning, "lang": language, "region": region,
        "footer": " \u00b7 ".join(part for part in (f"takeup {card.meta.get('version', '')}", str(card.meta.get("study", "")), plan) if part),
        "keywords": [str(card.meta.get("study", ""))], "beside": card.beside, "colon": "\u00a0: " if card.language == "fr" else ": ",
        "facts": [{"own": _cell(mine), "every": _cell(all_), "words": said} for mine, all_, said in card.facts],
        "parts": [_part(part) for part in card.parts], "notes": list(card.notes), "too_long": FULL,
    }


def _part(part: CardPart) -> dict[str, Any]:
    many = sum(len(group.titles) for group in part.groups) > MANY
    groups = [{"head": group.head, "titles": list(group.titles), "widths": _widths(part, at, many=many)} for at, group in enumerate(part.groups)]
    return {"title": part.title, "groups": groups, "legend": part.legend, "lines": [_line(line) for line in part.lines]}


def _widths(part: CardPart, at: int, *, many: bool) -> list[float]:
    """The columns of a group, so wide that no word of its head is broken."""
    group, letter = part.groups[at], WORD[0] * BOLD
    found = [_width(title, [line.cells[at][place].text for line in part.lines], many=many) for place, title in enumerate(group.titles)]
    head = letter * max(map(len, group.head.split()), default=0) + EDGES
    return [round(max(width, width * head / sum(found)), 2) for width in found]


def _width(title: str, texts: list[str], *, many: bool) -> float:
    """How wide a column is, in the size of its type: as its longest cell needs, and the longest word of its title where there is room."""
    letter, narrow, wide = WORD
    word = min(letter * max(map(len, title.split()), default=0) + EDGES, narrow if many else wide)
    return round(max(LEAST, word, EACH * max(map(len, texts), default=0) + EDGES), 2)


def _line(line: Line) -> dict[str, Any]:
    marks = None if line.marks is None else [None if math.isnan(mark) else round(min(max(mark, 0.0), 1.0), 4) for mark in line.marks]
    return {"name": line.name, "unit": line.unit, "cells": [_cell(cell) for group in line.cells for cell in group], "marks": marks}


def _cell(cell: Cell) -> dict[str, Any]:
    return {"text": cell.text, "masked": cell.text == MASK}
