"""The pages of the made-up study as files, in three languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from present import made_up
from report import briefs, pages
from takeup.report.brief_html import brief_html
from takeup.report.codebook import codebook_html
from takeup.report.consort import consort_html
from takeup.report.html import html

if TYPE_CHECKING:
    from pathlib import Path

LANGUAGES = ("en", "nl", "fr")


def written(folder: Path) -> dict[str, Path]:
    """Every kind of page by its file's name."""
    labels = made_up.labels()
    made = {
        "report.html": html({language: pages.report(language) for language in LANGUAGES}),
        "consort.html": consort_html(made_up.released(), labels, dict.fromkeys(LANGUAGES, pages.WORDS)),
        "codebook.html": codebook_html(labels.plan, {"units": made_up.SCHEMA}, LANGUAGES),
        **{f"brief.{language}.html": brief_html(briefs.made(language)) for language in LANGUAGES},
    }
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")
    return {name: folder / name for name in made}
