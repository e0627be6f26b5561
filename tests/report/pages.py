"""A page read back: its elements with attributes and text, by the standard library's parser."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from present import made_up
from takeup.present.figures import all_figures
from takeup.report.full import full_report

if TYPE_CHECKING:
    from takeup.present.figures import Figure
    from takeup.report.document import Document

WORDS = {
    "background": "Losing a job can *harm* mental health; see <https://example.org/a>.\n\n- one\n- two",
    "limits": "Many people were **lost**.\n\n> Read this.",
}
VOID = {"meta", "img", "br", "input", "link", "hr"}


@cache
def drawn(language: str) -> dict[str, Figure]:
    """The figures of the made-up study, drawn once for all tests."""
    return all_figures(made_up.released(), made_up.labels(), language)


def report(language: str = "en", words: dict[str, str] | None = None, **changes) -> Document:
    labels = made_up.labels()
    return full_report(made_up.released(**changes), labels.plan, labels, WORDS if words is None else words, language, figures=drawn(language))


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    parent: Element | None = None
    text: str = ""
    children: list[Element] = field(default_factory=list)


class Reader(HTMLParser):
    """Every element of a page, in order; `problems` holds tags that don't close."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.problems: list[str] = []
        self._open: list[Element] = []
        self.feed(html)
        self.problems += [f"<{element.tag}> isn't closed" for element in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self._open[-1] if self._open else None)
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1].tag != tag:
            self.problems.append(f"</{tag}> without its start")
            return
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, tag: str = "", **attributes: str) -> list[Element]:
        wanted = {name.replace("_", "-"): value for name, value in attributes.items()}
        return [e for e in self.elements if (not tag or e.tag == tag) and all(e.attributes.get(name) == value for name, value in wanted.items())]
