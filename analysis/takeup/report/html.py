"""A document as one self-contained page: no network, a strict content policy, readable on a phone, on paper and without scripts."""

from __future__ import annotations

import base64
import hashlib
import math
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from takeup.errors import Fault, ReportError
from takeup.present.catalogue import words
from takeup.report.document import Bullets, Callout, Document, Facts, FigureBlock, Note, Paragraph, TableBlock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jinja2 import Environment

    from takeup.present.tables.model import Cell, Table
    from takeup.present.text import Span, Spans

TEMPLATES = Path(__file__).parent / "templates"
NAMES = {"en": "English", "nl": "Nederlands", "fr": "Français"}


class Anchors:
    """Which element of a page carries the id of a result: its first cell in a table, else its first number in a sentence.

    The first language has the plain ids, the others have theirs after the language, `nl:effect.depression`.
    """

    def __init__(self, document: Document, *, plain: bool) -> None:
        self._start = "" if plain else f"{document.language}:"
        self._cells: dict[tuple[str, int, int], str] = {}
        self._spans: dict[int, str] = {}
        self._ids: set[str] = set()
        tables = [(block.table.id, block.table) for block in document.walk() if isinstance(block, TableBlock)]
        tables += [(f"{block.figure.id}-data", block.figure.data) for block in document.walk() if isinstance(block, FigureBlock) and block.with_data]
        for table_id, table in tables:
            self._take_cells(table_id, table)
        for spans in running_text(document):
            for span in spans:
                if span.result_id and span.result_id not in self._ids:
                    self._ids.add(span.result_id)
                    self._spans[id(span)] = self._start + span.result_id

    def _take_cells(self, table_id: str, table: Table) -> None:
        for row_index, row in enumerate(table.rows):
            for column_index, cell in enumerate(row.cells):
                if cell.result_id and cell.result_id not in self._ids:
                    self._ids.add(cell.result_id)
                    self._cells[table_id, row_index, column_index] = self._start + cell.result_id

    def cell(self, table_id: str, row: int, column: int) -> str:
        """The id of a cell, empty where another element has it."""
        return self._cells.get((table_id, row, column), "")

    def inline(self, span: Span) -> str:
        """The id of a number in running text, empty where another element has it."""
        return self._spans.get(id(span), "")

    def own(self, name: str) -> str:
        """The id of a chapter, a table or a figure in this language."""
        return self._start + name

    def link(self, href: str) -> str:
        """A link inside the page led to this language; any other as it is."""
        return f"#{self._start}{href[1:]}" if href.startswith("#") else href

    def known(self, result_id: str) -> bool:
        """Whether a result stands on the page."""
        return result_id in self._ids


def running_text(document: Document) -> Iterator[Spans]:
    """Every sentence of a document that isn't in a table."""
    for block in document.walk():
        if isinstance(block, Paragraph | Note):
            yield block.spans
        elif isinstance(block, Bullets):
            yield from block.items
        elif isinstance(block, Callout):
            yield from block.lines
        elif isinstance(block, Facts):
            yield from (fact.number for fact in block.items)


def html(documents: Mapping[str, Document]) -> str:
    """One page with a document in one or more languages.

    Parameters
    ----------
    documents : mapping of language to Document
        The first is shown at first; with more than one the page has a switch, and without scripts they stand one after the other.

    Returns
    -------
    str
        Complete HTML. Everything is inside: the style and script are allowed by their hashes, figures are data, nothing else may load.

    Raises
    ------
    ReportError
        No document, or a document under another language than its own.
    """
    if not documents:
        raise ReportError(Fault("a page needs at least one document", "documents"))
    wrong = [key for key, document in documents.items() if document.language != key]
    if wrong:
        raise ReportError(*(Fault(f'the document is in "{documents[key].language}"', f'documents["{key}"]') for key in wrong))
    from markupsafe import Markup

    environment = environment_of()
    article = environment.get_template("article.html.j2")
    articles = []
    for place, (language, document) in enumerate(documents.items()):
        made = article.render(document=document, anchors=Anchors(document, plain=place == 0), _=words(language))
        articles.append(Markup(made))  # noqa: S704  # made by an escaping template
    css, js = _asset("report.css"), _asset("report.js")
    page: str = environment.get_template("page.html.j2").render(
        documents=list(documents.values()), articles=articles, names=[NAMES[language] for language in documents],
        css=Markup(css), js=Markup(js), css_hash=sha256_of(css), js_hash=sha256_of(js),  # noqa: S704  # our own files
    )
    return page


@lru_cache(maxsize=1)
def environment_of() -> Environment:
    """The templates, everything that is put in them escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                              keep_trailing_newline=True)
    environment.filters["plain_number"] = plain_number
    environment.filters["data_uri"] = data_uri
    environment.filters["sort_value"] = sort_value
    return environment


@lru_cache(maxsize=4)
def _asset(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def sha256_of(text: str) -> str:
    """The hash by which a content policy allows a style or a script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def plain_number(value: float | None) -> str:
    """A number for a machine: shortest form that reads back to the same; empty for none.

    >>> plain_number(0.1), plain_number(float("nan"))
    ('0.1', '')
    """
    return "" if value is None or math.isnan(value) else repr(float(value)).removesuffix(".0")


def sort_value(cell: Cell) -> str:
    """What a cell is sorted by: its first number."""
    first = cell.values[0]
    return plain_number(float(first)) if isinstance(first, int | float) else ""


def data_uri(svg: bytes) -> str:
    """A picture as part of the page."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode("ascii")
