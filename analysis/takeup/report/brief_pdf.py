"""The brief as a PDF of two pages: PDF/A-2a and PDF/UA-1, the largest type in which both pages hold their text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from takeup.errors import Fault, ReportError
from takeup.report.document import Document
from takeup.report.pdf import content
from takeup.report.typeset import compiled

if TYPE_CHECKING:
    from takeup.report.brief import Brief
    from takeup.report.document import Block

TEMPLATE = Path(__file__).parent / "templates" / "brief.typ"
FULL = "the brief is too long for two pages"


def brief_pdf(brief: Brief) -> bytes:
    """The brief as a PDF file, A4, of exactly two pages.

    Raises
    ------
    ReportError
        The authors' words are too long even in the smallest type, or Typst stopped or warned.
    """
    first, second = brief.pages()
    whole = content(brief.document())
    values: dict[str, Any] = {**whole, "contents": "", "blocks": [], "kind": brief.kind, "title": brief.title,
                              "pages": [_blocks(brief, first), _blocks(brief, second)], "too_long": FULL}
    try:
        return compiled(TEMPLATE, values)
    except ReportError as error:
        if FULL in str(error):
            raise ReportError(too_long()) from None
        raise


def too_long() -> Fault:
    """What to say where the words don't fit."""
    return Fault(FULL, "words", remedy="Shorten message.md, meaning.md, cost.md or unknown.md, or the texts about the study in the plan.")


def _blocks(brief: Brief, blocks: tuple[Block, ...]) -> list[dict[str, Any]]:
    """The blocks as plain values; a table keeps its own small type."""
    page = Document(title=brief.title, language=brief.language, blocks=blocks, meta=brief.meta)
    made: list[dict[str, Any]] = content(page)["blocks"]
    return made


