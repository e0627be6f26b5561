"""Every word a reader sees, by language: gettext catalogues read from `lang/*.po` at run time.

English is the key. A message is a whole sentence with named places (``{n} people``), never a fragment to be glued to another.
``python -m takeup.present.catalogue`` brings the catalogues up to date with the messages in the source.
"""

from __future__ import annotations

import gettext
from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from takeup.errors import Fault, ReportError, listed, nearest
from takeup.plan.model import Language

if TYPE_CHECKING:
    from collections.abc import Iterator

    from babel.messages.catalog import Catalog

LANGUAGES: tuple[str, ...] = get_args(Language)
LOCALES = {"en": "en_GB", "nl": "nl_BE", "fr": "fr_BE"}
FOLDER = Path(__file__).parent / "lang"
_REASONS = "present/reason_sentences.py"
_ROOMS = (Path(__file__).parent, Path(__file__).parent.parent / "report")
_KEYWORDS = {"_": None, "mark": None, "raw": None, "plural": (1, 2)}
_FIXED = datetime(2000, 1, 1, tzinfo=UTC)


def mark(message: str) -> str:
    """Mark a message for the catalogue where it is written down, to be translated where it is used."""
    return message


class Words:
    """The messages of one language: call it with an English message and the values of its places.

    Examples
    --------
    >>> words("en")("{n} of {total}", n="3", total="10")
    '3 of 10'
    """

    __slots__ = ("_translations", "language")

    def __init__(self, language: str) -> None:
        from babel.messages.mofile import write_mo

        binary = BytesIO()
        write_mo(binary, read(language))
        binary.seek(0)
        self.language = language
        self._translations = gettext.GNUTranslations(binary)

    def __call__(self, message: str, /, **fields: object) -> str:
        """The message with its places filled."""
        return self.raw(message).format(**fields) if fields else self.raw(message)

    def raw(self, message: str) -> str:
        """The message in this language with its places still open, for `text.fill`."""
        return self._translations.gettext(message) if message else ""

    def plural(self, one: str, many: str, n: float, /, **fields: object) -> str:
        """The message for this number by the language's own rule (French counts nought as singular)."""
        return self._translations.ngettext(one, many, int(n)).format(**fields)

    def __repr__(self) -> str:
        return f"Words({self.language!r})"


@lru_cache(maxsize=8)
def words(language: str) -> Words:
    """The messages of a language.

    Raises
    ------
    ReportError
        A language there is no catalogue for.
    """
    if language not in LANGUAGES:
        raise ReportError(Fault(f'there are no words in "{language}"', "language", listed(LANGUAGES), nearest(language, LANGUAGES)))
    return Words(language)


def read(language: str) -> Catalog:
    """The catalogue files of a language as Babel holds them: the words of the pages, and the reasons of the numbers in a file of their own."""
    from babel.messages.pofile import read_po

    found: Catalog | None = None
    for path in files(language):
        if path.exists():
            with path.open("rb") as file:
                part = read_po(file, locale=LOCALES[language])
            if found is None:
                found = part
            else:
                for message in part:
                    if message.id:
                        found[message.id] = message
    if found is None:
        raise ReportError(Fault("there is no catalogue", f"lang/{language}.po", remedy="Install takeup again."))
    return found


def files(language: str) -> tuple[Path, Path]:
    """The two files of a language: all words, and the reasons that numbers give for themselves.

    >>> [path.name for path in files("nl")]
    ['nl.po', 'nl.reasons.po']
    """
    return FOLDER / f"{language}.po", FOLDER / f"{language}.reasons.po"


def extract() -> Iterator[tuple[str | tuple[str, str], str]]:
    """Every message in the source and the file it stands in."""
    from babel.messages.extract import extract_from_file

    for room in _ROOMS:
        for path in sorted(room.rglob("*")):
            method = {".py": "python", ".j2": "jinja2.ext:babel_extract"}.get(path.suffix)
            if method is None:
                continue
            options = {"silent": "false", "trimmed": "true"} if path.suffix == ".j2" else None
            for _, message, _, _ in extract_from_file(method, str(path), keywords=_KEYWORDS, options=options):
                if isinstance(message, tuple):
                    yield (message[0], message[1]), f"{room.name}/{path.relative_to(room).as_posix()}"
                else:
                    yield message, f"{room.name}/{path.relative_to(room).as_posix()}"


def update() -> None:
    """Write the messages of the source into all catalogues; translations are kept, messages no longer used go."""
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import write_po

    found = list(extract())
    for language in LANGUAGES:
        old = read(language) if files(language)[0].exists() else Catalog(locale=LOCALES[language])
        apart = {message for message, where in found if where == _REASONS} - {message for message, where in found if where != _REASONS}
        for path, reasons in zip(files(language), (False, True), strict=True):
            new = Catalog(locale=LOCALES[language], project="takeup", version="1", header_comment=f"# takeup: what a reader sees ({language}).",
                          fuzzy=False,
                          creation_date=_FIXED, revision_date=_FIXED, last_translator="takeup", language_team=language,
                          msgid_bugs_address="takeup", copyright_holder="takeup")
            for message, where in found:
                if (message in apart) == reasons:
                    kept = old.get(message)
                    new.add(message, kept.string if kept else None, locations=[(where, 0)], flags=kept.flags if kept else ())
            with path.open("wb") as file:
                write_po(file, new, include_lineno=False, sort_by_file=True, width=140)


if __name__ == "__main__":
    update()
