"""takeup cards: a card a centre and one of all of them, what it prints, what it refuses."""

from __future__ import annotations

import pytest

from study import programme_made as made
from takeup.cli import run


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    return made.write(tmp_path_factory.mktemp("circles"))


def test_cards_of_every_centre_and_of_all(plan, capsys):
    assert run(["cards", str(plan), "--lang", "nl,fr", "--to", "html"]) == 0
    assert "44 cards of 16 centres and 5 other editions in " in capsys.readouterr().out
    folder = plan.parent / "cards"
    heads = ("card", *(f"card-{number}" for number in range(1, 17)), *(f"card-edition-{year}" for year in range(2018, 2023)))
    assert {item.name for item in folder.iterdir()} == {"manifest.json"} | {f"{head}.{language}.html" for language in ("nl", "fr") for head in heads}
    page = (folder / "card-9.nl.html").read_text(encoding="utf-8")
    assert '<html lang="nl">' in page
    assert 'data-result="site.9.housing.start"' in page
    assert "default-src 'none'" in page


def test_an_unknown_language_and_format_are_refused_at_once(plan, capsys):
    assert run(["cards", str(plan), "--lang", "de", "--to", "docx"]) == 1
    said = capsys.readouterr().err
    assert 'no card is written in "de"' in said
    assert 'no card is made as "docx"' in said
