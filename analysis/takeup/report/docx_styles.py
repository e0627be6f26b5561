"""The styles of a brief in Word: built-in ones under their own names where they exist, so that another template changes them all at once."""

from __future__ import annotations

from typing import Any

FACE = "Arial"
ACCENT, INK, SOFT, LINE = "0072B2", "1A1A1A", "555B63", "C9CED4"
TONES = {"better": "00724F", "worse": "A84300", "little": "4A4F57", "unclear": "7A5C00", "none": "5A5A5A"}
TINTS = {"message": "F4F6F8", "warning": "FFF6DF"}
STYLES: dict[str, dict[str, Any]] = {
    # name: size as a share of the text's, weight, colour, space before and after as shares of the size
    "Normal": {"size": 1.0, "before": 0.0, "after": 0.45},
    "Title": {"size": 1.75, "bold": True, "before": 0.0, "after": 0.4, "line": ACCENT},
    "Heading 1": {"size": 1.2, "bold": True, "colour": ACCENT, "before": 0.75, "after": 0.3, "keep": True},
    "Heading 2": {"size": 1.0, "bold": True, "before": 0.6, "after": 0.2, "keep": True},
    "Heading 3": {"size": 1.0, "bold": True, "before": 0.6, "after": 0.2, "keep": True},
    "List Bullet": {"size": 1.0, "before": 0.0, "after": 0.3},
    "List Number": {"size": 1.0, "before": 0.0, "after": 0.3},
    "Caption": {"size": 1.0, "bold": True, "colour": INK, "before": 0.6, "after": 0.25, "keep": True},
    "Footer": {"size": 0.75, "colour": SOFT, "before": 0.0, "after": 0.0},
    "Kind": {"size": 0.88, "bold": True, "colour": ACCENT, "before": 0.0, "after": 0.3, "new": True},
    "Message Label": {"size": 1.0, "bold": True, "before": 0.6, "after": 0.25, "new": True, "keep": True, "inset": True},
    "Message": {"size": 1.28, "bold": True, "before": 0.0, "after": 0.25, "new": True, "keep": True, "inset": True},
    "Message Detail": {"size": 1.0, "before": 0.0, "after": 0.3, "new": True, "inset": True},
    "Warning": {"size": 1.0, "before": 0.4, "after": 0.4, "new": True, "inset": True},
    "Picture": {"size": 1.0, "before": 0.0, "after": 0.2, "new": True},
    "Table Head": {"size": 0.84, "bold": True, "before": 0.12, "after": 0.12, "new": True},
    "Table Text": {"size": 0.84, "before": 0.12, "after": 0.12, "new": True},
    "Table Note": {"size": 0.75, "colour": SOFT, "before": 0.25, "after": 0.0, "new": True},
    "Sources": {"size": 0.74, "colour": SOFT, "before": 1.0, "after": 0.0, "new": True},
}


def styled(document: Any, size: float, language: str) -> None:
    """Set every style the brief uses; `size` is the text's in points, `language` that of the whole document."""
    from docx.enum.style import WD_STYLE_TYPE

    for name, look in STYLES.items():
        style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH) if look.get("new") else document.styles[name]
        if look.get("new"):
            style.base_style, style.quick_style = document.styles["Normal"], True
        _look(style, look, size)
    add_table_style(document)
    set_languages(document, language)
    shade(document.styles["Warning"].element.get_or_add_pPr(), TINTS["warning"], TONES["unclear"])


def _look(style: Any, look: dict[str, Any], size: float) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    points = round(size * look["size"] * 2) / 2
    style.font.size, style.font.bold, style.font.italic = Pt(points), look.get("bold", False), False
    style.font.color.rgb = RGBColor.from_string(look.get("colour", INK))
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for kind in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{kind}"), None)
    for kind in ("ascii", "hAnsi", "cs", "eastAsia"):
        fonts.set(qn(f"w:{kind}"), FACE)
    form = style.paragraph_format
    form.space_before, form.space_after = Pt(round(points * look["before"], 1)), Pt(round(points * look["after"], 1))
    form.line_spacing, form.keep_with_next = 1.08, look.get("keep", False)
    if look.get("inset"):
        form.left_indent = form.right_indent = Pt(size)
    if style.name in {"List Bullet", "List Number"}:
        form.left_indent, form.first_line_indent = Pt(size * 1.3), Pt(-size * 1.3)
        form.tab_stops.add_tab_stop(Pt(size * 1.3))
    settings = style.element.get_or_add_pPr()
    for old in settings.findall(qn("w:pBdr")) + settings.findall(qn("w:contextualSpacing")):
        settings.remove(old)
    if look.get("line"):
        _border(settings, "bottom", look["line"], 10, 4)
    if style.name == "Sources":
        _border(settings, "top", LINE, 4, 6)
    if style.name == "Footer":
        form.tab_stops.clear_all()
        from docx.enum.text import WD_TAB_ALIGNMENT
        from docx.shared import Mm

        form.tab_stops.add_tab_stop(Mm(174), WD_TAB_ALIGNMENT.RIGHT)


def _border(settings: Any, side: str, colour: str, width: int, space: int) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    borders = settings.find(qn("w:pBdr"))
    if borders is None:
        borders = OxmlElement("w:pBdr")
        settings.insert_element_before(borders, *_AFTER_BORDER)
    line = OxmlElement(f"w:{side}")
    for name, value in (("val", "single"), ("sz", str(width)), ("space", str(space)), ("color", colour)):
        line.set(qn(f"w:{name}"), value)
    borders.append(line)


_AFTER_BORDER = ("w:shd", "w:tabs", "w:suppressAutoHyphens", "w:kinsoku", "w:wordWrap", "w:overflowPunct", "w:topLinePunct", "w:autoSpaceDE",
                 "w:autoSpaceDN", "w:bidi", "w:adjustRightInd", "w:snapToGrid", "w:spacing", "w:ind", "w:contextualSpacing", "w:mirrorIndents",
                 "w:suppressOverlap", "w:jc", "w:textDirection", "w:textAlignment", "w:textboxTightWrap", "w:outlineLvl", "w:divId", "w:cnfStyle",
                 "w:rPr", "w:sectPr", "w:pPrChange")
"""The order that the schema of Word prescribes for what follows a paragraph's borders."""


def shade(settings: Any, fill: str, line: str) -> None:
    """A paragraph's shade, and a strong line at its left."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    _border(settings, "left", line, 32, 8)
    shading = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", fill)):
        shading.set(qn(f"w:{name}"), value)
    settings.insert_element_before(shading, *_AFTER_BORDER[1:])


def add_table_style(document: Any) -> None:
    """A table style with thin lines between rows and a strong one under the head."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    style = document.styles.add_style("Brief Table", WD_STYLE_TYPE.TABLE)
    style.base_style, style.quick_style = document.styles["Normal Table"], True
    style.element.append(parse_xml(
        f'<w:tblPr {nsdecls("w")}><w:tblStyleRowBandSize w:val="1"/><w:tblBorders><w:bottom w:val="single" w:sz="4" w:space="0" w:color="{LINE}"/>'
        f'<w:insideH w:val="single" w:sz="4" w:space="0" w:color="{LINE}"/></w:tblBorders><w:tblCellMar><w:left w:w="60" w:type="dxa"/>'
        f'<w:right w:w="60" w:type="dxa"/></w:tblCellMar></w:tblPr>'))
    style.element.append(parse_xml(
        f'<w:tblStylePr {nsdecls("w")} w:type="firstRow"><w:tcPr><w:tcBorders><w:bottom w:val="single" w:sz="8" w:space="0" w:color="{INK}"/>'
        f'</w:tcBorders></w:tcPr></w:tblStylePr>'))


def set_languages(document: Any, language: str) -> None:
    """The language of every style, in place of the template's English."""
    from docx.oxml.ns import qn

    for element in document.styles.element.iter(qn("w:lang")):
        element.set(qn("w:val"), language)
        element.set(qn("w:eastAsia"), language)
