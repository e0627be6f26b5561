"""The authors' own words: a small part of Markdown, read into blocks. Raw HTML, images, tables and code are refused.

A study's folder holds one file a section and language, `words/<language>/<section>.md`. The names of the sections are fixed, so that a
checklist item can be held against them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from takeup.errors import Fault, ReportError, collect, listed, nearest
from takeup.present.text import Span, unbroken
from takeup.report.document import Block, Bullets, Heading, Note, Paragraph

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from markdown_it.token import Token

    from takeup.present.text import Spans

SECTIONS = (
    "summary", "background", "objectives", "programme", "setting", "eligibility", "involvement", "outcomes", "harms", "sample_size", "interim",
    "dates", "allocation",
    "blinding",
    "changes", "interpretation", "limits", "generalisability", "funding", "interests", "access",
    "theory", "providers", "materials", "developer", "incentives", "clusters", "consent",  # asked by the extensions of CONSORT
    "message", "meaning", "cost", "unknown",  # these four are for the brief
)
_ALLOWED = "headings, paragraphs, lists, quotes, emphasis, links (https, mailto)"
_REFUSED = {
    "html_block": "raw HTML", "html_inline": "raw HTML", "image": "an image", "fence": "code", "code_block": "code", "hr": "a rule",
}


def check_sections(words: Mapping[str, str]) -> None:
    """Raise ReportError for files that belong to no section."""
    collect(ReportError, (Fault(f'"{name}" is no section for the authors\' words', f"words/{name}.md", listed(SECTIONS, len(SECTIONS)),
                                nearest(name, SECTIONS))
                          for name in words if name not in SECTIONS))


def blocks(markdown: str, section: str, *, level: int = 3) -> tuple[Block, ...]:
    """Markdown as blocks; headings begin at `level`.

    Raises
    ------
    ReportError
        Everything in the text that isn't part of the small subset, each with its line.

    Examples
    --------
    >>> blocks("Two *words*.", "summary")[0].spans[1].emphasis
    True
    """
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark")
    reader.validateLink = _any_link  # type: ignore[method-assign]  # links are judged below, with a message
    tokens = reader.parse(markdown)
    collect(ReportError, _faults(tokens, section))
    out: list[Block] = []
    position = 0
    while position < len(tokens):
        block, position = _block(tokens, position, level)
        if block is not None:
            out.append(block)
    return tuple(out)


def _any_link(url: str) -> bool:
    del url
    return True


def _faults(tokens: list[Token], section: str) -> Iterator[Fault]:
    for token in tokens:
        for part in (token, *(token.children or ())):
            line = f"words/{section}.md, line {token.map[0] + 1}" if token.map else f"words/{section}.md"
            if part.type in _REFUSED:
                yield Fault(f"{_REFUSED[part.type]} can't be used here", line, _ALLOWED, "Write it in plain words.")
            if part.type == "link_open" and not str(part.attrGet("href")).startswith(("https://", "mailto:")):
                yield Fault("a link leads somewhere that isn't https or mailto", line, _ALLOWED)


def _block(tokens: list[Token], position: int, level: int) -> tuple[Block | None, int]:
    """The block that begins at this token, and where the next begins."""
    token = tokens[position]
    end = _closing(tokens, position)
    if token.type == "heading_open":
        text = "".join(span.text for span in inline(tokens[position + 1]))
        return Heading(text=text, level=min(level + int(token.tag[1]) - 1, 6)), end
    if token.type == "paragraph_open":
        return Paragraph(spans=inline(tokens[position + 1])), end
    if token.type in {"bullet_list_open", "ordered_list_open"}:
        return Bullets(items=_items(tokens, position, end), ordered=token.type == "ordered_list_open"), end
    if token.type == "blockquote_open":
        return Note(spans=_flat(tokens, position, end)), end
    return None, end


def _closing(tokens: list[Token], position: int) -> int:
    """The position after the token that closes this one."""
    if tokens[position].nesting != 1:
        return position + 1
    depth = 0
    for place in range(position, len(tokens)):
        depth += tokens[place].nesting
        if depth == 0:
            return place + 1
    return len(tokens)


def _items(tokens: list[Token], position: int, end: int) -> tuple[Spans, ...]:
    """The items of a list; a list inside an item becomes part of its text."""
    items = []
    place = position + 1
    while place < end - 1:
        after = _closing(tokens, place)
        if tokens[place].type == "list_item_open":
            items.append(_flat(tokens, place, after))
        place = after
    return tuple(items)


def _flat(tokens: list[Token], position: int, end: int) -> Spans:
    out: list[Span] = []
    for token in tokens[position:end]:
        if token.type == "inline":
            out.extend((Span(text=" "), *inline(token)) if out else inline(token))
    return tuple(out)


def inline(token: Token) -> Spans:
    """The text of a paragraph, a heading or an item."""
    out: list[Span] = []
    style = Span(text="")
    for child in token.children or ():
        if child.type == "text":
            out.append(replace(style, text=unbroken(child.content)))
        elif child.type in {"softbreak", "hardbreak"}:
            out.append(replace(style, text=" "))
        elif child.type == "code_inline":
            out.append(replace(style, text=child.content))
        elif child.type in {"em_open", "em_close"}:
            style = replace(style, emphasis=child.nesting == 1)
        elif child.type in {"strong_open", "strong_close"}:
            style = replace(style, strong=child.nesting == 1)
        elif child.type in {"link_open", "link_close"}:
            style = replace(style, href=str(child.attrGet("href")) if child.nesting == 1 else "")
    return tuple(span for span in out if span.text)


def sentence(text: str, where: str) -> Spans:
    """A line of the plan in which authors may use emphasis and links, as spans."""
    found = blocks(text, where)
    return tuple(span for block in found if isinstance(block, Paragraph | Note) for span in block.spans)
