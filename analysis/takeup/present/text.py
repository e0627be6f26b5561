"""Running text whose numbers keep their tie to a result: a sentence is a tuple of spans.

A number in a sentence is a field of a result. It carries the result's id, so that a reader can follow it to its row, its estimator and
its line in the plan, and so that a test can hold it against `results.csv`.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of a sentence.

    Attributes
    ----------
    text : what is shown
    result_id, field : the result and the field of it that `text` shows; empty for words
    value : the field's full value, None for words
    scale : what `value` was multiplied by before it was rounded (100 for "in every 100")
    strong, emphasis : how it is set
    href : where it leads
    """

    text: str
    result_id: str = ""
    field: str = ""
    value: float | None = None
    scale: float = 1.0
    strong: bool = False
    emphasis: bool = False
    href: str = ""


Spans = tuple[Span, ...]
_SPACED = re.compile(r"(?<=\S) (?=[:;?!»](?:\s|$|[.,)]))|(?<=«) ")


def unbroken(text: str) -> str:
    """The text with no-break spaces where French sets a space before a sign or within quotation marks, so that no line begins with one.

    Other languages set no such space, so it can be done to a text of any.

    >>> unbroken("Pourquoi ? Voir « effets » : 1") == "Pourquoi\u00a0? Voir «\u00a0effets\u00a0»\u00a0: 1"
    True
    """
    return _SPACED.sub("\u00a0", text)


def said(text: str, *, strong: bool = False) -> Spans:
    """Plain words as spans."""
    return (Span(text=text, strong=strong),) if text else ()


def fill(message: str, /, **fields: Span | Spans | str) -> Spans:
    """The message as spans, its places taken by spans or by plain text.

    >>> [span.text for span in fill("{n} of all", n=Span(text="3", result_id="flow.assessed"))]
    ['3', ' of all']
    """
    parts: list[Span] = []
    for literal, name, _, _ in string.Formatter().parse(message):
        parts.extend(said(literal))
        if name is not None:
            value = fields[name]
            parts.extend(said(value) if isinstance(value, str) else (value,) if isinstance(value, Span) else value)
    return tuple(parts)


def plain(spans: Spans) -> str:
    """The text alone, for alt texts, titles and tests."""
    return "".join(span.text for span in spans)


def strong(spans: Spans) -> Spans:
    """The same spans, set in bold."""
    return tuple(replace(span, strong=True) for span in spans)


def joined(*sentences: Spans) -> Spans:
    """Sentences one after the other with a space between; empty ones leave no gap."""
    parts: list[Span] = []
    for sentence in sentences:
        if sentence:
            parts.extend((Span(text=" "), *sentence) if parts else sentence)
    return tuple(parts)


def in_row(items: list[Spans], language: str) -> Spans:
    """Items as a list in running text, "a, b and c" in the language's own way."""
    from babel.lists import format_list

    from takeup.present.catalogue import LOCALES

    places = [f"{{item{place}}}" for place in range(len(items))]
    pattern = format_list(places, locale=LOCALES[language])
    return fill(pattern, **{f"item{place}": item for place, item in enumerate(items)})
