"""Reads the numbers of a page that name a result, so that they can be held against results.csv."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

MARKS = {"en": (",", "."), "nl": (".", ","), "fr": ("\u202f", ",")}
"""How each language parts thousands and writes the decimal sign."""


def number(language: str) -> re.Pattern[str]:
    """A number as the language writes it."""
    group, point = (re.escape(mark) for mark in MARKS[language])
    return re.compile(rf"[−-]?\d(?:\d|{group}(?=\d{{3}}))*(?:{point}\d+)?")


@dataclass(frozen=True)
class Shown:
    """One element of the page: which result and fields it shows, multiplied by what, and the text a reader sees."""

    id: str
    fields: tuple[str, ...]
    scale: float
    value: str
    text: str
    language: str = "en"

    @property
    def numbers(self) -> list[tuple[float, int]]:
        """The numbers in the text with their decimals."""
        group, point = MARKS[self.language]
        found = [match.replace("−", "-").replace(group, "").replace(point, ".") for match in number(self.language).findall(self.text)]
        return [(float(number), len(number.partition(".")[2])) for number in found]


class Page(HTMLParser):
    """Collects every element with a `data-result`."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.shown: list[Shown] = []
        self.language = "en"
        self._open: list[tuple[str, dict[str, str], list[str]]] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "article" and "lang" in found:
            self.language = found["lang"]
        if "data-result" in found:
            self._open.append((tag, found, []))

    def handle_data(self, data: str) -> None:
        for _, _, text in self._open:
            text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1][0] == tag:
            _, found, text = self._open.pop()
            self.shown.append(Shown(id=found["data-result"], fields=tuple(found["data-field"].split()), scale=float(found["data-scale"]),
                                    value=found.get("value", ""), text="".join(text).strip(), language=self.language))
