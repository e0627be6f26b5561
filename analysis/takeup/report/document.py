"""A document as neutral blocks: what is said, in which order, tied to which results. It knows no file format."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Literal

from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from takeup.present.figures.model import Figure
    from takeup.present.tables.model import Table
    from takeup.present.text import Spans

FIXED_DATE = datetime(2000, 1, 1, tzinfo=UTC)
"""The date inside every file made: a build is known by the hash of its plan, not by a clock, and PDF and XLSX must hold some date."""

Tone = Literal["better", "worse", "little", "unclear", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading. Level 2 is a chapter (the title is level 1); `id` is its anchor."""

    kind: ClassVar[str] = "heading"
    text: str
    level: int = 2
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Running text."""

    kind: ClassVar[str] = "paragraph"
    spans: Spans


@dataclass(frozen=True, slots=True, kw_only=True)
class Bullets:
    """A list of items; numbered where `ordered`."""

    kind: ClassVar[str] = "bullets"
    items: tuple[Spans, ...]
    ordered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A number that stands by itself, and what it counts."""

    number: Spans
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A few numbers in a row."""

    kind: ClassVar[str] = "facts"
    items: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Callout:
    """A finding set apart: its subject, the verdict in a few words, and the sentences."""

    kind: ClassVar[str] = "callout"
    title: str
    badge: str
    tone: Tone
    lines: tuple[Spans, ...]
    result_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A remark that a reader must not miss."""

    kind: ClassVar[str] = "note"
    spans: Spans


@dataclass(frozen=True, slots=True, kw_only=True)
class TableBlock:
    """A table."""

    kind: ClassVar[str] = "table"
    table: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureBlock:
    """A figure with its caption. Its data table is folded under it where a format can fold, unless the same table stands beside it."""

    kind: ClassVar[str] = "figure"
    figure: Figure
    caption: Spans = ()
    with_data: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """Blocks folded away under a title; on paper shown in full, or left out where they would fill pages."""

    kind: ClassVar[str] = "details"
    title: str
    blocks: tuple[Block, ...]
    on_paper: bool = True


Block = Heading | Paragraph | Bullets | Facts | Callout | Note | TableBlock | FigureBlock | Details


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole document in one language.

    Attributes
    ----------
    title, subtitle : str
    language : {"en", "nl", "fr"}
    blocks : tuple of blocks
    meta : FrozenMap
        study, plan_hash, version and the like, as text.
    """

    title: str
    language: str
    blocks: tuple[Block, ...]
    subtitle: str = ""
    meta: FrozenMap = field(default_factory=FrozenMap)

    def walk(self) -> Iterator[Block]:
        """Every block, folded ones included, in reading order."""
        yield from walk(self.blocks)

    def chapters(self) -> tuple[Heading, ...]:
        """The headings of the contents list."""
        return tuple(block for block in self.blocks if isinstance(block, Heading) and block.level == 2)


def walk(blocks: tuple[Block, ...]) -> Iterator[Block]:
    """The blocks and those folded inside them, in reading order."""
    for block in blocks:
        yield block
        if isinstance(block, Details):
            yield from walk(block.blocks)
