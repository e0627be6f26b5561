"""A result card as a PDF of one page: PDF/A-2a and PDF/UA-1, the largest type in which the page holds it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from takeup.errors import Fault, ReportError
from takeup.present.catalogue import LOCALES, words
from takeup.report.cards import MASK
from takeup.report.pdf import compiled

if TYPE_CHECKING:
    from takeup.present.tables.model import Cell
    from takeup.report.cards import Card, CardPart, Line

TEMPLATE = Path(__file__).parent / "templates" / "card.typ"
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
    own, every = card.heads
    return {
        "title": card.title, "subtitle": card.subtitle, "kind": card.kind, "warning": card.warning, "lang": language, "region": region,
        "footer": " \u00b7 ".join(part for part in (f"takeup {card.meta.get('version', '')}", str(card.meta.get("study", "")), plan) if part),
        "keywords": [str(card.meta.get("study", ""))], "own": own, "every": every, "colon": "\u00a0: " if card.language == "fr" else ": ",
        "legend": legend(card), "facts": [{"own": _cell(mine), "every": _cell(all_), "words": said} for mine, all_, said in card.facts],
        "parts": [_part(part) for part in card.parts], "notes": list(card.notes), "too_long": FULL,
    }


def legend(card: Card) -> str:
    """What the marks of the picture are."""
    _ = words(card.language)
    return _("\u25cb start  \u25cf end; grey: all centres") if card.level else _("\u25cb start  \u25cf end")


def _part(part: CardPart) -> dict[str, Any]:
    return {"title": part.title, "own": list(part.own), "every": list(part.every), "drawn": part.drawn, "lines": [_line(line) for line in part.lines]}


def _line(line: Line) -> dict[str, Any]:
    marks = None if line.marks is None else [None if math.isnan(mark) else round(min(max(mark, 0.0), 1.0), 4) for mark in line.marks]
    return {"name": line.name, "unit": line.unit, "own": [_cell(cell) for cell in line.own], "every": [_cell(cell) for cell in line.every],
            "marks": marks}


def _cell(cell: Cell) -> dict[str, Any]:
    return {"text": cell.text, "masked": cell.text == MASK}
