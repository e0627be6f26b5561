"""The authors' own words: one Markdown file a section and language, read and checked before anything is worked out."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from takeup.errors import Fault, ReportError, TakeupError
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from takeup.plan.model import Plan

PLACEHOLDER = re.compile(r"\{[^{}]*\}")
PLACE = "words"
"""The folder, where no plan names another."""
LANGUAGES = ("en", "nl", "fr")
MOST = 2**20
"""Bytes of a file of words."""


def read_words(folder: Path, place: str, language: str) -> Mapping[str, str]:
    """Section -> Markdown in one language; empty where the authors wrote nothing in it.

    Raises
    ------
    ReportError
        A file that isn't text in UTF-8, or is larger than anything that somebody wrote.
    IntakeError
        One that lies outside the study's folders, also by a link: its text would stand in the report.
    """
    from takeup.intake.tables import confined

    found: dict[str, str] = {}
    home = folder / place / language
    for path in sorted(home.glob("*.md")) if home.is_dir() else []:
        where = Path(place, language, path.name).as_posix()
        if confined(folder, where, where).stat().st_size > MOST:
            raise ReportError(Fault("is too large", where, f"at most {MOST // 2**20} MB"))
        try:
            found[path.stem] = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise ReportError(Fault("isn't text in UTF-8", where, remedy="Save it as UTF-8.")) from None
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


def causal_faults(folder: Path, place: str) -> tuple[Fault, ...]:
    """The causal words that the authors of a before-after study wrote, each with its file and line."""
    from takeup.present.causal import causal_words

    faults: list[Fault] = []
    for language in LANGUAGES:
        for section, text in read_words(folder, place, language).items():
            for number, line in _lines(text):
                faults += [Fault(f'"{found.word}" says that something was brought about, which this study can\'t show',
                                 f"{place}/{language}/{section}.md, line {number}", "change, difference between the start and the end",
                                 "Say what changed, and not what made it change.") for found in causal_words(line)]
    return tuple(faults)


def plan_faults(plan: Plan) -> tuple[Fault, ...]:
    """The causal words in what the plan of a before-after study says to readers, each with its path."""
    from takeup.present.causal import causal_words

    return tuple(
        Fault(f'"{found.word}" says that something was brought about, which this study can\'t show', path, "change", "Say what changed.")
        for path, text in _texts(plan.model_dump(by_alias=True, exclude={"data", "design"}), "")
        for found in causal_words(text)
    )


def _texts(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Every text in plain values, with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            yield from _texts(item, f"{path}[{place}]")


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The paragraphs of a text, each with the number of its first line and without its placeholders."""
    plain = PLACEHOLDER.sub(" ", text)
    number = 1
    for block in plain.split("\n\n"):
        yield number, block
        number += block.count("\n") + 2


def _placed(error: TakeupError, language: str) -> list[Fault]:
    """Faults with the language in their place, which the readers of one text don't know."""
    return [Fault(fault.what, fault.where.replace("words/", f"words/{language}/", 1), fault.allowed, fault.remedy) for fault in error.faults]
