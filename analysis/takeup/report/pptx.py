"""The brief as two slides, 16:9: a native chart and a native table that stay editable, and notes for the speaker with the method."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from takeup.errors import ReportError
from takeup.present.catalogue import LOCALES, words
from takeup.present.style import text_width, wrapped
from takeup.present.text import plain, said
from takeup.report.brief import shortened
from takeup.report.brief_pdf import too_long
from takeup.report.document import FIXED_DATE, Bullets, Note, Paragraph
from takeup.report.docx_styles import ACCENT, INK, SOFT, TONES
from takeup.report.office import needed, normalized
from takeup.report.pptx_shapes import add_chart, add_table, described, line_under, widened, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from takeup.present.text import Spans
    from takeup.report.brief import Brief, Part

WIDE, HIGH, EDGE = 13.333, 7.5, 0.55
TOP, BOTTOM, LEFT, GUTTER = 1.85, 6.95, 5.75, 0.45
"""Inches: where the columns begin and end, the width of the left one, and the space between the two."""
SIZES = (16.0, 15.0, 14.0, 13.0, 12.0, 11.5, 11.0, 10.5, 10.0, 9.5, 9.0)
ROWS = 6
"""Rows of the table on a slide; the brief on paper has more."""
LEADING, READABLE, LEAST = 1.2, 12.0, 2
"""The height of a line against its type, the smallest type that a room can read, and the lines that every part keeps."""


def pptx(brief: Brief) -> bytes:
    """The brief as a PPTX file of two slides, the same bytes every time.

    Raises
    ------
    ReportError
        The package python-pptx isn't installed; the words are too long for the slides.
    """
    needed("pptx", "PPTX")
    import pptx as office

    show = office.Presentation()
    widened(show, WIDE, HIGH)
    core = show.core_properties
    core.title, core.subject, core.author, core.last_modified_by, core.comments = brief.title, brief.kind, "", "", ""
    core.language, core.keywords = _tag(brief), str(brief.meta["study"])
    core.created = core.modified = core.last_printed = FIXED_DATE.replace(tzinfo=None)
    core.revision = 1
    _first(show, brief)
    _second(show, brief)
    out = BytesIO()
    show.save(out)
    return normalized(out.getvalue())


def _tag(brief: Brief) -> str:
    return LOCALES[brief.language].replace("_", "-")


def _first(show: Any, brief: Brief) -> None:
    """The message, what it means, and the chart."""
    _ = words(brief.language)
    card = brief.message[0]
    slide = _slide(show, brief, plain(card.lines[0]), f"{card.title} \u00b7 {card.badge}", TONES[card.tone])
    lines: list[tuple[Spans, str]] = [(brief.warning, "strong")] if brief.warning else []
    lines += [(block.spans, "plain") for block in brief.lead if isinstance(block, Paragraph)]
    for place, item in enumerate(brief.message):
        lines += [(line, "plain") for line in (item.lines if place else item.lines[1:])]
    _column(slide, brief, [lines, _told(brief.meaning)], EDGE, LEFT)
    left = EDGE + LEFT + GUTTER
    if brief.chart is not None:
        add_chart(slide, brief.chart, left, TOP, WIDE - EDGE - left, BOTTOM - TOP - 0.1, _tag(brief))
    elif brief.figure is not None:
        from pptx.util import Inches

        picture = slide.shapes.add_picture(BytesIO(brief.figure.png), Inches(left), Inches(TOP + 0.2), width=Inches(WIDE - EDGE - left))
        described(picture, brief.figure.title, brief.figure.alt)
    full = [plain(spans) for spans, _kind in _told(brief.meaning)]
    _notes(slide, brief, [*full, _("Method"), *(plain(spans) for spans in brief.method)])


def _second(show: Any, brief: Brief) -> None:
    """The outcomes in a table; how sure, what it cost, what isn't known."""
    _ = words(brief.language)
    slide = _slide(show, brief, _("How sure is this, and what do we not know?"), brief.title, ACCENT)
    parts = [part for part in (brief.sure, brief.cost, brief.unknown) if part.blocks]
    wide = 6.35 if len(brief.table.rows) else 0.0
    if wide:
        add_table(slide, shortened(brief.table, ROWS), EDGE, TOP, wide, BOTTOM - TOP, _tag(brief))
    left = EDGE + wide + GUTTER if wide else EDGE
    _column(slide, brief, [_told(part) for part in parts], left, WIDE - EDGE - left)
    full = [plain(spans) for part in parts for spans, _kind in _told(part)]
    _notes(slide, brief, [*full, _("Where the numbers come from"), plain(brief.sources)])


def _slide(show: Any, brief: Brief, title: str, over: str, colour: str) -> Any:
    """A slide with its title in the native place, a line over it, and a foot."""
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
    from pptx.util import Inches

    slide = show.slides.add_slide(show.slide_layouts[5])
    holder = slide.shapes.title
    holder.left, holder.top, holder.width, holder.height = Inches(EDGE), Inches(0.68), Inches(WIDE - 2 * EDGE), Inches(0.98)
    holder.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    size = next((size for size in (28.0, 26.0, 24.0, 22.0, 20.0, 18.0, 16.0)
                 if len(wrapped(title, WIDE - 2 * EDGE - 0.3, size, bold=True)) * size * LEADING <= 0.96 * 72), 15.0)
    written(holder.text_frame, [([(title, True, False)], size, INK)], _tag(brief))
    holder.text_frame.paragraphs[0].alignment = PP_ALIGN.LEFT
    label = slide.shapes.add_textbox(Inches(EDGE), Inches(0.28), Inches(WIDE - 2 * EDGE), Inches(0.4))
    label.name = "Label"
    size = next((size for size in (14.0, 13.0, 12.0, 11.0, 10.0) if text_width(over, size, bold=True) <= WIDE - 2 * EDGE - 0.3), 10.0)
    shown = wrapped(over, WIDE - 2 * EDGE - 0.5, size, bold=True)
    written(label.text_frame, [([(shown[0] + (" \u2026" if len(shown) > 1 else ""), True, False)], size, colour)], _tag(brief))
    line_under(slide, EDGE, TOP - 0.13, WIDE - 2 * EDGE, ACCENT)
    foot = slide.shapes.add_textbox(Inches(EDGE), Inches(7.02), Inches(WIDE - 2 * EDGE), Inches(0.32))
    foot.name = "Foot"
    made = f"{brief.title} \u00b7 {brief.kind} \u00b7 takeup {brief.meta['version']} \u00b7 {str(brief.meta['plan_hash'])[:12]}"
    lines = wrapped(made, WIDE - 2 * EDGE - 0.4, 9.0)
    written(foot.text_frame, [([(lines[0] + (" \u2026" if len(lines) > 1 else ""), False, False)], 9.0, SOFT)], _tag(brief))
    return slide


def _told(part: Part) -> list[tuple[Spans, str]]:
    """What a part says, line by line: its heading, a bullet or running text."""
    out: list[tuple[Spans, str]] = [(said(part.title), "heading")] if part.blocks else []
    for block in part.blocks:
        if isinstance(block, Bullets):
            out += [(item, "bullet") for item in block.items]
        elif isinstance(block, Paragraph | Note):
            out.append((block.spans, "plain"))
    return out


def _column(slide: Any, brief: Brief, parts: list[list[tuple[Spans, str]]], left: float, width: float) -> None:
    """A box of text in the largest type that fits its place.

    Where even readable type doesn't fit, the last lines of the longest part stay off the slide; the notes have all of them. ReportError
    where that doesn't help either.
    """
    from pptx.util import Inches

    kept = [list(part) for part in parts if part]
    room, wide = (BOTTOM - TOP) * 72, width - 0.25
    while _height([line for part in kept for line in part], READABLE, wide) > room and max(map(len, kept)) > LEAST:
        max(kept, key=lambda part: (len(part) > LEAST, _height(part, READABLE, wide))).pop()
    lines = [line for part in kept for line in part]
    size = next((size for size in SIZES if _height(lines, size, wide) <= room), None)
    if size is None:
        raise ReportError(too_long())
    box = slide.shapes.add_textbox(Inches(left), Inches(TOP), Inches(width), Inches(BOTTOM - TOP))
    paragraphs = []
    for spans, kind in lines:
        runs = [(span.text, span.strong or kind in {"heading", "strong"}, span.emphasis) for span in spans]
        paragraphs.append((runs, size * (1.1 if kind == "heading" else 1.0), ACCENT if kind == "heading" else INK, kind))
    written(box.text_frame, paragraphs, _tag(brief))


def _height(lines: Sequence[tuple[Spans, str]], size: float, width: float) -> float:
    """About how many points the lines take."""
    total = 0.0
    for spans, kind in lines:
        wide = width - (0.25 if kind == "bullet" else 0.0)
        taken = len(wrapped(plain(spans), wide * 0.98, size, bold=kind in {"heading", "strong"}))
        total += max(taken, 1) * size * LEADING * (1.1 if kind == "heading" else 1.0) + size * (0.9 if kind == "heading" else 0.35)
    return total


def _notes(slide: Any, brief: Brief, lines: list[str]) -> None:
    """Notes for the speaker: the title, what the slide says in full, and the method or the sources."""
    bound = [span for card in brief.message for line in card.lines for span in line if span.result_id]
    numbers = "; ".join(dict.fromkeys(f"{span.text} = {span.result_id}, {span.field}" for span in bound))
    frame = slide.notes_slide.notes_text_frame
    written(frame, [([(text, False, False)], 12.0, INK) for text in (brief.title, *lines, numbers) if text], _tag(brief))
