"""A result card as a page of HTML that prints on one sheet: no network, no script, a strict content policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.report.html import TEMPLATES, environment_of, sha256_of

if TYPE_CHECKING:
    from takeup.report.cards import Card


def card_html(card: Card) -> str:
    """The card as a complete page; every number carries its result's id and field."""
    from markupsafe import Markup

    css = "\n".join((TEMPLATES / name).read_text(encoding="utf-8") for name in ("report.css", "card.css"))
    page: str = environment_of().get_template("card.html.j2").render(
        card=card, css=Markup(css), css_hash=sha256_of(css),  # noqa: S704  # our own files
    )
    return page
