"""What tells a masked report, a mock one and the one of the secure room from the final one: on the page, in every table and figure, in every file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from takeup.present.catalogue import mark, words
from takeup.present.style import watermarked
from takeup.present.text import said
from takeup.report.document import Block, Details, Document, FigureBlock, Note, TableBlock
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from takeup.present.figures.model import Figure
    from takeup.present.tables.model import Table

Kind = Literal["final", "masked", "mock", "secure"]
KINDS: tuple[Kind, ...] = ("final", "masked", "mock", "secure")
_SHORT = {"final": "", "masked": mark("MASKED"), "mock": mark("MOCK"), "secure": mark("SECURE ROOM")}
_LONG = {
    "final": "",
    "masked": mark("MASKED: the arms in this report are drawn anew by chance. No number here is a finding."),
    "mock": mark("MOCK: the answers after the draw in this report are made up. No number here is a finding."),
    "secure": mark("SECURE ROOM: nothing here has passed the disclosure gate. It doesn't leave this room."),
}
SYNTHETIC = mark("SYNTHETIC DATA")
MADE_UP = mark("These data are made up by a computer: no conclusion about a real programme can be drawn from them.")


def short_mark(kind: Kind, language: str) -> str:
    """The word across a page; nothing for a final report."""
    return words(language)(_SHORT[kind])


def long_mark(kind: Kind, language: str) -> str:
    """The sentence at the top of a page; nothing for a final report."""
    return words(language)(_LONG[kind])


def marked_pictures(kind: Kind, language: str, *, synthetic: bool) -> AbstractContextManager[None]:
    """Figures drawn in here have the kind of their build across them; those of a synthetic study say so faintly, wherever they are taken to."""
    if kind == "final" and synthetic:
        return watermarked(words(language)(SYNTHETIC), faint=True)
    return watermarked(short_mark(kind, language))


def synthetic_table(table: Table, language: str) -> Table:
    """A table that leaves the report, with a note that its data are synthetic."""
    return replace(table, notes=(words(language)(MADE_UP), *table.notes))


def _marked_title(title: str, kind: Kind, language: str) -> str:
    _ = words(language)
    return _("{first}: {second}", first=short_mark(kind, language), second=title)


def marked_table(table: Table, kind: Kind, language: str) -> Table:
    """The table with the mark in its title and its notes."""
    if kind == "final":
        return table
    return replace(table, title=_marked_title(table.title, kind, language), notes=(long_mark(kind, language), *table.notes))


def marked_figure(figure: Figure, kind: Kind, language: str) -> Figure:
    """The figure with the mark in its title, its description and its data; `style.watermarked` puts it across the picture."""
    if kind == "final":
        return figure
    return replace(figure, title=_marked_title(figure.title, kind, language), alt=f"{long_mark(kind, language)} {figure.alt}",
                   data=marked_table(figure.data, kind, language))


def marked_document(document: Document, kind: Kind) -> Document:
    """The document with the mark in its title (which a printed page repeats), at its top and in its tables."""
    if kind == "final":
        return document
    language = document.language
    top = Note(spans=said(long_mark(kind, language), strong=True))
    return replace(document, title=_marked_title(document.title, kind, language),
                   blocks=(top, *(_marked(block, kind, language) for block in document.blocks)),
                   meta=FrozenMap({**document.meta, "kind": kind, "watermark": short_mark(kind, language)}))


def _marked(block: Block, kind: Kind, language: str) -> Block:
    if isinstance(block, TableBlock):
        return replace(block, table=marked_table(block.table, kind, language))
    if isinstance(block, Details):
        return replace(block, blocks=tuple(_marked(inner, kind, language) for inner in block.blocks))
    if isinstance(block, FigureBlock) and not block.figure.title.startswith(short_mark(kind, language)):
        return replace(block, figure=marked_figure(block.figure, kind, language))
    return block
