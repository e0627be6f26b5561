"""The authors' own words: one Markdown file a section and language, read and checked before anything is worked out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from takeup.errors import Fault, ReportError, TakeupError
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


PLACE = "words"
"""The folder, where no plan names another."""
LANGUAGES = ("en", "nl", "fr")


def read_words(folder: Path, place: str, language: str) -> Mapping[str, str]:
    """Section -> Markdown in one language; empty where the authors wrote nothing in it.

    Raises
    ------
    ReportError
        A file that isn't text in UTF-8.
    """
    found: dict[str, str] = {}
    home = folder / place / language
    for path in sorted(home.glob("*.md")) if home.is_dir() else []:
        try:
            found[path.stem] = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise ReportError(Fault("isn't text in UTF-8", path.relative_to(folder).as_posix(), remedy="Save it as UTF-8.")) from None
    return FrozenMap(found)


def word_faults(folder: Path, place: str) -> tuple[Fault, ...]:
    """Everything in the authors' words that no report can hold, with its file."""
    from takeup.report.words import blocks, check_sections

    faults: list[Fault] = []
    for language in LANGUAGES:
        try:
            texts = read_words(folder, place, language)
        except TakeupError as error:
            faults += error.faults
            continue
        checks: list[Callable[[], object]] = [partial(check_sections, texts), *(partial(blocks, text, section) for section, text in texts.items())]
        for check in checks:
            try:
                check()
            except TakeupError as error:
                faults += _placed(error, language)
    return tuple(faults)


def _placed(error: TakeupError, language: str) -> list[Fault]:
    """Faults with the language in their place, which the readers of one text don't know."""
    return [Fault(fault.what, fault.where.replace("words/", f"words/{language}/", 1), fault.allowed, fault.remedy) for fault in error.faults]
