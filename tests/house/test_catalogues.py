"""The catalogues of words: each can be read, and a translation keeps what its sentence has to be filled with."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from babel.messages.pofile import read_po

from house.repository import PACKAGE

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

LANGUAGES = ("en", "nl", "fr")
PARTS = ("", ".reasons")  # all words; and the reasons that numbers give for themselves
FOLDER = PACKAGE / "present" / "lang"


def _catalogue(language: str, part: str = "") -> Catalog:
    with (FOLDER / f"{language}{part}.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def _forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _blanks(text: str) -> Counter[str]:
    return Counter(re.findall(r"\{(\w*)[^}]*\}|%\((\w+)\)s", text))


def test_there_is_a_catalogue_a_language_and_no_other() -> None:
    assert {Path(path).stem for path in FOLDER.glob("*.po")} == {language + part for language in LANGUAGES for part in PARTS}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_their_blanks_and_their_edges(language: str, part: str) -> None:
    wrong = []
    for message in _catalogue(language, part):
        source = _forms(message.id)
        for form, translated in zip((source * 2)[:8], _forms(message.string), strict=False):
            if form and translated and (set(_blanks(form)) != set(_blanks(translated)) or form[:1].isspace() != translated[:1].isspace()):
                wrong.append(form)
    assert not wrong


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_fuzzy_or_left_over(language: str, part: str) -> None:
    catalogue = _catalogue(language, part)
    assert not [message.id for message in catalogue if message.id and message.fuzzy]
    assert not catalogue.obsolete
