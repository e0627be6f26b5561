"""The catalogues and the studies use the agreed words of `docs/terms/glossary.md`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from babel.messages.pofile import read_po

from house.repository import PACKAGE, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

GLOSSARY = ROOT / "docs" / "terms" / "glossary.md"
ROW = re.compile(r"^\|(?P<en>[^|\n]+)\|(?P<nl>[^|\n]+)\|(?P<fr>[^|\n]+)\|(?P<not>[^|\n]*)\|$", flags=re.MULTILINE)
COLUMN = {"nl": 1, "fr": 2}


def _forms(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _terms() -> list[dict[str, str]]:
    rows = [match.groupdict() for match in ROW.finditer(GLOSSARY.read_text(encoding="utf-8"))]
    return [{key: value.strip() for key, value in row.items()} for row in rows if row["en"].strip() not in {"English", "---"}]


def _avoided(language: str) -> list[str]:
    found = [part.strip() for row in _terms() for part in row["not"].split(";")]
    return [form for part in found if part.startswith(f"{language}:") for form in _forms(part.partition(":")[2])]


def _messages(language: str) -> Iterator[tuple[str, str]]:
    for path in sorted((PACKAGE / "present" / "lang").glob(f"{language}.*po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id:
                    sources = (message.id,) if isinstance(message.id, str) else tuple(message.id)
                    made = (message.string,) if isinstance(message.string, str) else tuple(message.string)
                    yield from ((source, text) for source in sources[:1] for text in made)


def _plain(text: str) -> str:
    return text.replace("\u00ad", "").replace("\u00a0", " ").replace("\u202f", " ").replace("\u2019", "'").lower()


def _has(text: str, form: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(form.lower())}(?![\w-])", text) is not None


def test_every_term_has_all_three_languages() -> None:
    terms = _terms()
    assert len(terms) > 20
    assert all(row["en"] and row["nl"] and row["fr"] for row in terms)


@pytest.mark.parametrize("language", ["nl", "fr"])
def test_a_message_with_a_term_has_the_agreed_translation(language: str) -> None:
    terms, wrong, seen = _terms(), [], set()
    for source, text in _messages(language):
        for row in terms if text else ():  # an empty one is another test's fault
            if re.search(rf"(?<![\w-]){re.escape(row['en'])}s?(?![\w-])", re.sub(r"\{\w*\}", "", _plain(source))):
                seen.add(row["en"])
                if not any(form.lower() in _plain(text) for form in _forms(row[language])):
                    wrong.append((row["en"], source, text))
    assert not wrong
    assert len(seen) > 8, "the glossary says something of what the catalogues hold"


@pytest.mark.parametrize("language", ["nl", "fr"])
def test_a_word_to_avoid_stands_in_no_message_and_in_no_words_of_authors(language: str) -> None:
    texts = dict(_messages(language))
    texts |= {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in (ROOT / "reports").glob(f"*/words/{language}/*.md")}
    bare = {place: re.sub(r"\{[^}]*\}|<[^>]*>|https?://\S+", "", _plain(text)) for place, text in texts.items()}
    assert not [(form, place) for form in _avoided(language) for place, text in bare.items() if _has(text, form)]
