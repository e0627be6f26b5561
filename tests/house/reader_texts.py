"""Every text that a reader of a report may see, by language: catalogues, authors' words, and the labels of plans, schemas and rights."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import yaml
from babel.messages.pofile import read_po

from house.repository import PACKAGE, ROOT

LANGUAGES = ("en", "nl", "fr")
PLACES = re.compile(r"\{[^}]*\}|<[^>]*>|https?://\S+|`[^`]*`|\b\w+\.(?:csv|md|yaml|html|json)\b|\b[a-z]+(?:[_.][a-z0-9_]+)+\b")
"""What isn't a word of the language: places to fill, addresses, code, names of files and of columns."""


def texts(language: str) -> dict[str, str]:
    """Text by the place where it stands."""
    found: dict[str, str] = {}
    for path in sorted((PACKAGE / "present" / "lang").glob(f"{language}.*po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id:
                    made = message.id if language == "en" else message.string
                    for place, text in enumerate((made,) if isinstance(made, str) else made):
                        found[f"{path.name}: {str(message.id)[:60]} {place}"] = text
    for path in sorted((ROOT / "reports").glob(f"*/words/{language}/*.md")):
        found[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
    for path in [*sorted((ROOT / "reports").glob("*/plan.yaml")), *sorted((ROOT / "data_schema").glob("*/*.yaml")),
                 *sorted((PACKAGE / "measure" / "registry").glob("*.yaml"))]:
        for place, text in _spoken(yaml.safe_load(path.read_text(encoding="utf-8")), language):
            found[f"{path.relative_to(ROOT).as_posix()}: {place}"] = text
    return {place: _words_only(text) for place, text in found.items()}


def _spoken(value: object, language: str, place: str = "") -> Iterator[tuple[str, str]]:
    """The texts of one language in a tree of YAML."""
    if isinstance(value, Mapping):
        if value and set(value) <= set(LANGUAGES):
            if isinstance(value.get(language), str):
                yield place, value[language]
            return
        for key, part in value.items():
            if key != "citation":  # names of works and of those who made them
                yield from _spoken(part, language, f"{place}.{key}")
    elif isinstance(value, list):
        for position, part in enumerate(value):
            yield from _spoken(part, language, f"{place}[{position}]")


def _words_only(text: str) -> str:
    plain = PLACES.sub(" ", text.replace("\u00ad", "").replace("\u00a0", " ").replace("\u202f", " "))
    return plain.replace("\u2019", "'").replace("*", " ").replace("_", " ")
