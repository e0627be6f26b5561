"""No causal word leaves a before-after study: every file of a build is read as its reader would, in whatever format, and its name too."""

from __future__ import annotations

import base64
import re
import zipfile
from html import unescape
from html.parser import HTMLParser
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from takeup.errors import BuildError, Fault, collect
from takeup.present.causal import causal_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from takeup.plan.model import Plan

PLAIN = frozenset({"csv", "txt", "md", "json", "tex", "yaml", "bib"})
ZIPPED = frozenset({"xlsx", "docx", "pptx"})
READ_ATTRIBUTES = frozenset({
    "alt", "title", "aria-label", "aria-description", "id", "href", "name", "content", "summary", "label", "placeholder", "value", "data-result",
})
MOST = 20
"""Places told of one build; the rest is counted."""
ALLOWED = "change, difference between the start and the end"
REMEDY = "Say what changed, and not what made it change."


def guard(plan: Plan, files: Mapping[str, bytes]) -> None:
    """Refuse the files of a before-after study in which a causal word stands; files of another study pass unread.

    Raises
    ------
    BuildError
        Each word with its file and what stands around it.
    """
    if plan.evidence == "before_after":
        collect(BuildError, shortened(guarded(files)))


def guarded(files: Mapping[str, bytes]) -> Iterator[Fault]:
    """Every causal word in files, each once a file."""
    for name, content in files.items():
        told: set[str] = set()
        for place, text in ((name, name), *texts(name, content)):
            for found in causal_words(text):
                if found.word.lower() not in told:
                    told.add(found.word.lower())
                    what = f'"{found.word}" says that something was brought about, which this study can\'t show (\u2026{found.around}\u2026)'
                    yield Fault(what, place, ALLOWED, REMEDY)


def shortened(faults: Iterable[Fault]) -> list[Fault]:
    """The first faults, and how many more there are."""
    every = list(faults)
    more = len(every) - MOST
    return [*every[:MOST], *([Fault(f"{more} more such words")] if more > 0 else [])]


def texts(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    """What a reader of a file reads or hears, piece by piece, each with its place. Pictures of dots have nothing to read; their twins in SVG do."""
    ending = name.rpartition(".")[2].lower()
    if ending in PLAIN:
        yield name, content.decode("utf-8", errors="replace")
    elif ending in {"html", "htm"}:
        yield from _of_html(name, content.decode("utf-8", errors="replace"))
    elif ending == "svg":
        yield name, _of_svg(content.decode("utf-8", errors="replace"))
    elif ending == "pdf":
        yield from _of_pdf(name, content)
    elif ending in ZIPPED:
        yield from _of_zip(name, content)


class _Reader(HTMLParser):
    """The words of a page, and of its attributes that are read out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.line: list[str] = []
        self.pictures: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "style"}:
            self.hidden += 1
        if tag not in INLINE:
            self.ended()
        for key, value in attrs:
            if value and key in {"src", "href"} and value.startswith("data:image/svg+xml;base64,"):
                self.pictures.append(base64.b64decode(value.partition(",")[2]).decode("utf-8", errors="replace"))
            elif value and key in READ_ATTRIBUTES:
                self.pieces.append(value)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style"}:
            self.hidden -= 1
        if tag not in INLINE:
            self.ended()

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.line.append(data)

    def handle_comment(self, data: str) -> None:
        self.pieces.append(data)

    def ended(self) -> None:
        """A block ends, and its line with it."""
        if self.line:
            self.pieces.append("".join(self.line))
            self.line = []


INLINE = frozenset({"a", "abbr", "b", "em", "i", "span", "strong", "sub", "sup", "small", "code", "data", "time", "mark", "q"})


def _of_html(name: str, page: str) -> Iterator[tuple[str, str]]:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    reader.ended()
    yield from ((name, piece) for piece in reader.pieces if piece.strip())
    for picture in reader.pictures:
        yield f"{name}, a figure", _of_svg(picture)


def _of_svg(picture: str) -> str:
    """Title, description, text, and the comments in which the words that are drawn as outlines stand."""
    comments = re.findall(r"<!--(.*?)-->", picture, flags=re.DOTALL)
    without = re.sub(r"<style.*?</style>|<!--.*?-->", " ", picture, flags=re.DOTALL)
    return unescape(" \u2026 ".join([*comments, *re.findall(r">([^<>]+)<", without)]))


def _of_pdf(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    from pypdf import PdfReader

    reader = PdfReader(BytesIO(content))
    for key, value in (reader.metadata or {}).items():
        yield f"{name}, {key.strip('/')}", str(value)
    pages = [page.extract_text() for page in reader.pages]
    for place, page in enumerate(pages, start=1):
        yield f"{name}, page {place}", page
    yield f"{name}, over a page's end", "\n".join(f"{left[-120:]}\n{right[:120]}" for left, right in pairwise(pages))


def _of_zip(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    """Documents, slides and workbooks: every part of the archive that holds words, and files within the file."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for part in archive.namelist():
            inside = archive.read(part)
            if part.endswith((".xml", ".rels")):
                yield f"{name}, {part}", _of_xml(inside)
            elif part.rpartition(".")[2].lower() in ZIPPED | {"svg"}:
                yield from ((f"{name}, {place}", text) for place, text in texts(part, inside))


def _of_xml(part: bytes) -> str:
    """The words of an XML part, a line a paragraph or cell, and its descriptions of pictures and names of sheets."""
    lines: list[str] = []
    for element in ET.fromstring(part).iter():  # noqa: S314  # made by this build, not by somebody else
        tag = element.tag.rpartition("}")[2]
        if tag in {"p", "si", "c", "pt"}:
            lines.append(" | ")
        if element.text and tag in {"t", "v", "title", "subject", "description", "keywords", "lpstr", "f"}:
            lines.append(element.text)
        elif tag in {"tab", "br"}:
            lines.append(" ")
        lines += [f" | {value} | " for key, value in element.attrib.items() if key in {"descr", "title"} or (tag == "sheet" and key == "name")]
    return "".join(lines)
