"""The texts that readers see are spelt as hunspell's dictionaries of the three languages say, names and terms of the field apart.

The lists of words beside this file are short and sorted; a word that is no longer needed is taken out.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from house.reader_texts import texts

HUNSPELL = shutil.which("hunspell")
DICTIONARIES = {"en": "en_GB", "nl": "nl_NL", "fr": "fr_FR"}
WORDS = Path(__file__).parent / "words"
EDGES = "-.'\u2019"
"""Signs that hunspell leaves at a word's ends."""


def _known(dictionary: str) -> bool:
    if HUNSPELL is None:
        return False
    asked = subprocess.run([HUNSPELL, "-l", "-i", "utf-8", "-d", dictionary], input="a", capture_output=True, text=True, check=False)
    return asked.returncode == 0 and "Can't open" not in asked.stderr


def _listed(name: str) -> set[str]:
    return set((WORDS / f"{name}.txt").read_text(encoding="utf-8").split("\n")) - {""}


def _unknown(lines: list[str], language: str) -> set[str]:
    asked = subprocess.run([str(HUNSPELL), "-l", "-i", "utf-8", "-d", DICTIONARIES[language]], input="\n".join(lines), capture_output=True, text=True,
                           check=True, encoding="utf-8")
    return {word.strip(EDGES) for word in asked.stdout.split()} - {""}


def _misspelt(lines: list[str], language: str) -> set[str]:
    """The words of lines that are neither in the dictionary, with or without the signs at their ends, nor in a list."""
    return _unknown(sorted(_unknown(lines, language)), language) - _listed("names") - _listed(language)


needs = {language: pytest.mark.skipif(not _known(dictionary), reason=f"hunspell has no {dictionary} here (make test-words installs it)")
         for language, dictionary in DICTIONARIES.items()}


@pytest.mark.parametrize("language", [pytest.param(language, marks=needs[language]) for language in DICTIONARIES])
def test_no_word_is_misspelt(language: str) -> None:
    found = texts(language)
    wrong = _misspelt(list(found.values()), language)
    assert not {word: next((place for place, text in found.items() if word in text), "") for word in sorted(wrong)}


@pytest.mark.parametrize(("language", "wrong"), [
    pytest.param("en", "The famlies received it.", marks=needs["en"]), pytest.param("nl", "De gezinnnen kregen het.", marks=needs["nl"]),
    pytest.param("fr", "Les familes l'ont reçu.", marks=needs["fr"]),
])
def test_a_slip_is_seen(language: str, wrong: str) -> None:
    assert len(_misspelt([wrong], language)) == 1


@pytest.mark.parametrize("name", ["names", *DICTIONARIES])
def test_the_lists_are_sorted_and_hold_no_word_twice(name: str) -> None:
    lines = (WORDS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    assert lines == sorted(set(lines), key=lambda word: (word.lower(), word))
