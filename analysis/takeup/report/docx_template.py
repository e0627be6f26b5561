"""A ministry's own Word template: its page, header, footer and styles stay; a brief brings only the styles that it lacks."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile, ZipInfo

from takeup.errors import Fault, ReportError
from takeup.report.docx_styles import ACCENT, SOFT, STYLES, TINTS, TONES, add_table_style, set_languages, shade

HERE = "{brief}"
"""A paragraph with this text is where the brief comes; without one it comes after what the template holds."""
TYPES = "[Content_Types].xml"
TEMPLATE_KIND, DOCUMENT_KIND = b"wordprocessingml.template.main+xml", b"wordprocessingml.document.main+xml"
EMU = 36_000.0
"""Units of the format in a millimetre."""
USUAL = 10.0
"""Points, where the template doesn't say how large its text is."""


def opened(content: bytes) -> Any:
    """A template (.docx or .dotx) as a document.

    Raises
    ------
    ReportError
        Something else than a Word document, or one with macros.
    """
    import docx as office

    allowed, remedy = "a Word document (.docx) or template (.dotx) without macros", "Save it from Word as one of these."
    try:
        with ZipFile(BytesIO(content)) as archive:
            members = {info.filename: archive.read(info) for info in archive.infolist()}
    except BadZipFile:
        raise ReportError(Fault("isn't a Word document", "template", allowed, remedy)) from None
    kinds = members.get(TYPES, b"")
    if b"macroEnabled" in kinds or not (TEMPLATE_KIND in kinds or DOCUMENT_KIND in kinds):
        raise ReportError(Fault("isn't a Word document that can be filled", "template", allowed, remedy))
    members[TYPES] = kinds.replace(TEMPLATE_KIND, DOCUMENT_KIND)
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        for name, member in members.items():
            archive.writestr(ZipInfo(name, (1980, 1, 1, 0, 0, 0)), member)
    return office.Document(BytesIO(packed.getvalue()))


def completed(document: Any, language: str) -> None:
    """Add the styles that the template lacks, in its own typeface; those that it has are left as they are."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Pt, RGBColor

    styles = document.styles
    there = {style.name for style in styles}
    usual = styles["Normal"].font.size
    size = usual.pt if usual is not None else USUAL
    for name, look in STYLES.items():
        if name in there:
            continue
        style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style, style.quick_style = styles["Normal"], True
        style.font.size, style.font.bold = Pt(round(size * look["size"] * 2) / 2), look.get("bold", False)
        if look.get("colour") in {ACCENT, SOFT}:
            style.font.color.rgb = RGBColor.from_string(look["colour"])
        form = style.paragraph_format
        form.space_before, form.space_after = Pt(round(size * look["before"], 1)), Pt(round(size * look["after"], 1))
        form.keep_with_next = look.get("keep", False)
        if look.get("inset"):
            form.left_indent = form.right_indent = Pt(size)
        if name == "Warning":
            shade(style.element.get_or_add_pPr(), TINTS["warning"], TONES["unclear"])
    if "Brief Table" not in there:
        add_table_style(document)
    set_languages(document, language)


def text_width(document: Any) -> float:
    """Millimetres between the margins of the last section, where the brief is written."""
    section = document.sections[-1]
    return float(section.page_width - section.left_margin - section.right_margin) / EMU


def placed(document: Any, before: list[Any]) -> None:
    """Move what was written to the paragraph that holds the place, or take an empty first paragraph away."""
    body = document.element.body
    made = [element for element in body if not any(element is other for other in before)]
    places = [paragraph for paragraph in document.paragraphs if paragraph.text.strip() == HERE]
    if places:
        anchor = places[0]._p  # noqa: SLF001  # the library has no other way to a place
        for element in made:
            anchor.addprevious(element)
        body.remove(anchor)
        return
    own = [element for element in before if element.tag.endswith("}p")]
    if len(own) == 1 and not "".join(own[0].itertext()).strip():
        body.remove(own[0])
