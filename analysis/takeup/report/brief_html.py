"""The brief as one page of HTML that prints on two: no network, no script, a strict content policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.present.catalogue import words
from takeup.report.brief_fit import type_size
from takeup.report.html import TEMPLATES, Anchors, environment_of, sha256_of

if TYPE_CHECKING:
    from takeup.report.brief import Brief


def brief_html(brief: Brief) -> str:
    """The brief as a complete page.

    Returns
    -------
    str
        Every number is a `data` element with its result's id, field and full value; on paper it takes two A4 pages.

    Raises
    ------
    ReportError
        The authors' words are too long for two pages.
    """
    from markupsafe import Markup

    size = type_size(brief)
    css = "\n".join((TEMPLATES / name).read_text(encoding="utf-8") for name in ("report.css", "brief.css"))
    css += f"@media print {{ html {{ font-size: {size:.1f}pt; }} }}\n"
    page: str = environment_of().get_template("brief.html.j2").render(
        brief=brief, document=brief.document(), pages=brief.pages(), anchors=Anchors(brief.document(), plain=True), _=words(brief.language),
        css=Markup(css), css_hash=sha256_of(css),  # noqa: S704  # our own file and a number
    )
    return page
