"""What slides are made of: text in runs, a chart with its workbook, a table, a line; each described for readers who can't see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from takeup.errors import ReportError
from takeup.present.style import arm_style, text_width, wrapped
from takeup.report.brief_pdf import too_long
from takeup.report.docx_styles import FACE, INK, LINE, SOFT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from takeup.present.tables.model import Column, Table
    from takeup.report.brief_figure import Chart

TABLE_SIZES = (13.0, 12.0, 11.0, 10.5, 10.0, 9.5, 9.0, 8.5, 8.0)


def widened(show: Any, wide: float, high: float) -> None:
    """Make a presentation 16:9, the placeholders of its layouts stretched along."""
    from pptx.util import Inches

    stretch = Inches(wide) / show.slide_width
    show.slide_width, show.slide_height = Inches(wide), Inches(high)
    for place in (show.slide_master, *show.slide_layouts):
        for shape in place.shapes:
            shape.left, shape.width, shape.top, shape.height = int(shape.left * stretch), int(shape.width * stretch), shape.top, shape.height


def described(shape: Any, name: str, text: str) -> None:
    """Give a shape its name and the description that a screen reader says."""
    properties = shape._element.xpath(".//p:cNvPr")[0]  # noqa: SLF001  # the library has no other way to the description
    properties.set("name", name)
    properties.set("descr", text)


def written(frame: Any, paragraphs: Sequence[tuple[Any, ...]], language: str) -> None:
    """Fill a text frame: paragraphs of (runs of (text, bold, italic), points, colour, kind)."""
    from pptx.dml.color import RGBColor
    from pptx.util import Pt

    frame.word_wrap = True
    for place, (runs, size, colour, *kind) in enumerate(paragraphs):
        paragraph = frame.paragraphs[0] if place == 0 else frame.add_paragraph()
        what = kind[0] if kind else ""
        if what == "bullet":
            _bullet(paragraph, size)
        paragraph.space_before = Pt(size * 0.55 if what == "heading" and place else 0)
        paragraph.space_after = Pt(size * 0.35 if kind else 0)
        for text, bold, italic in runs:
            run = paragraph.add_run()
            run.text = text
            font = run.font
            font.size, font.bold, font.italic, font.name = Pt(round(size * 2) / 2), bold, italic, FACE
            font.color.rgb = RGBColor.from_string(colour)
            run._r.get_or_add_rPr().set("lang", language)  # noqa: SLF001  # the library knows languages as numbers only


def _bullet(paragraph: Any, size: float) -> None:
    from pptx.oxml.xmlchemy import OxmlElement
    from pptx.util import Pt

    settings = paragraph._p.get_or_add_pPr()  # noqa: SLF001
    settings.set("marL", str(Pt(size)))
    settings.set("indent", str(-Pt(size)))
    mark = OxmlElement("a:buChar")
    mark.set("char", "\u2022")
    settings.append(mark)


def line_under(slide: Any, left: float, top: float, width: float, colour: str) -> None:
    """A line across, marked as decoration by having no description."""
    from pptx.dml.color import RGBColor
    from pptx.enum.shapes import MSO_CONNECTOR
    from pptx.util import Inches, Pt

    line = slide.shapes.add_connector(MSO_CONNECTOR.STRAIGHT, Inches(left), Inches(top), Inches(left + width), Inches(top))
    for style in line._element.xpath("./p:style"):  # noqa: SLF001  # the theme's shadow
        line._element.remove(style)  # noqa: SLF001
    line.line.color.rgb, line.line.width = RGBColor.from_string(colour), Pt(1.5)


def add_chart(slide: Any, chart: Chart, left: float, top: float, width: float, height: float, language: str) -> None:
    """A column chart with its own workbook: arms side by side in every outcome, or one column an arm where there is one outcome."""
    from pptx.chart.data import CategoryChartData
    from pptx.dml.color import RGBColor
    from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_LEGEND_POSITION
    from pptx.util import Inches, Pt

    share = "0\u00a0%" if language.startswith("fr") else "0%"
    pattern = share if chart.percent else "0." + "0" * chart.digits if chart.digits else "0"
    data = CategoryChartData(number_format=pattern)
    single = len(chart.categories) == 1
    if single:
        data.categories = [series.name for series in chart.series]
        data.add_series(chart.categories[0], [series.values[0] for series in chart.series])
    else:
        data.categories = list(chart.categories)
        for series in chart.series:
            data.add_series(series.name, list(series.values))
    frame = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(left), Inches(top), Inches(width), Inches(height), data)
    described(frame, chart.title, chart.alt)
    drawn = frame.chart
    drawn.font.size, drawn.font.name, drawn.font.color.rgb = Pt(13), FACE, RGBColor.from_string(INK)
    drawn.has_title = True
    title = chart.title if not single or not chart.percent else f"{chart.categories[0]} ({chart.title[:1].lower()}{chart.title[1:]})"
    written(drawn.chart_title.text_frame, [([(title, True, False)], 14.0, INK)], language)
    drawn.has_legend = not single
    if not single:
        drawn.legend.position, drawn.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    axis = drawn.value_axis
    axis.visible, axis.has_major_gridlines, axis.minimum_scale = False, False, 0.0
    if chart.percent:
        axis.maximum_scale = 1.0
    elif min(value for series in chart.series for value in series.values) < 0:
        axis.minimum_scale = None
    drawn.category_axis.format.line.color.rgb = RGBColor.from_string(LINE)
    plot = drawn.plots[0]
    plot.gap_width, plot.overlap, plot.has_data_labels, plot.vary_by_categories = 70, -5, True, False
    labels = plot.data_labels
    labels.number_format, labels.number_format_is_linked, labels.position = pattern, False, XL_LABEL_POSITION.OUTSIDE_END
    labels.font.size, labels.font.bold = Pt(18 if single else 15), True
    for place, series in enumerate(plot.series):
        for point in range(len(chart.series) if single else 1):
            fill = series.points[point].format.fill if single else series.format.fill
            fill.solid()
            fill.fore_color.rgb = RGBColor.from_string(arm_style(point if single else place).colour.lstrip("#").upper())


def add_table(slide: Any, table: Table, left: float, top: float, width: float, height: float, language: str) -> None:
    """A native table with a header row, in the largest type that fits; its notes in a box below. ReportError where it doesn't fit."""
    from pptx.util import Inches, Pt

    size, widths, rows = _laid_out(table, width, height - 0.55)
    frame = slide.shapes.add_table(1 + len(table.rows), len(table.columns), Inches(left), Inches(top + 0.05), Inches(width),
                                   Pt(sum(rows)))
    described(frame, table.title, " ".join((table.title, *table.notes)))
    made = frame.table
    made.first_row, made.horz_banding = True, False
    frame._element.xpath(".//a:tableStyleId")[0].text = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"  # noqa: SLF001  # "No Style, No Grid"
    for place, wide in enumerate(widths):
        made.columns[place].width = Inches(wide)
    for place in range(1 + len(table.rows)):
        made.rows[place].height = Pt(rows[place])
        for index, column in enumerate(table.columns):
            text = head(column) if place == 0 else table.rows[place - 1].cells[index].text
            _cell(made.cell(place, index), text, size, language, first=place == 0, right=column.kind != "text")
    box = slide.shapes.add_textbox(Inches(left), Inches(top + 0.1) + Pt(sum(rows)), Inches(width), Inches(0.4))
    notes = table.notes or ("",)
    written(box.text_frame, [([(note, False, False)], min(size, 10.0), SOFT) for note in notes], language)


def _laid_out(table: Table, width: float, height: float) -> tuple[float, list[float], list[float]]:
    """Type size, column widths in inches and row heights in points."""
    texts = [place for place, column in enumerate(table.columns) if column.kind == "text"]
    for size in TABLE_SIZES:
        needs = [max([text_width(row.cells[place].text, size) for row in table.rows] + [_word(head(column), size, bold=True)]) + 0.22
                 for place, column in enumerate(table.columns)]
        least = [max(_word(row.cells[place].text, size) for row in table.rows) + 0.2 for place in range(len(table.columns))]
        rest = width - sum(need for place, need in enumerate(needs) if place not in texts)
        shares = {place: needs[place] ** 0.7 for place in texts}
        widths = [rest * shares[place] / sum(shares.values()) if place in shares else need for place, need in enumerate(needs)]
        texts_ = [[head(column) for column in table.columns], *([cell.text for cell in row.cells] for row in table.rows)]
        rows = [max(len(wrapped(text, wide - 0.17, size, bold=place == 0)) for text, wide in zip(line, widths, strict=True))
                for place, line in enumerate(texts_)]
        heights = [max(lines, 1) * size * 1.2 + 6.0 for lines in rows]
        if all(wide >= least[place] for place, wide in enumerate(widths)) and sum(heights) <= height * 72:
            return size, widths, heights
    raise ReportError(too_long())


def head(column: Column) -> str:
    """A column's head with room to break where the catalogue allows it; slides don't know soft hyphens."""
    return column.title.replace("\u00ad", "- ")


def _word(text: str, size: float, *, bold: bool = False) -> float:
    """The width of the longest word in inches."""
    return max(text_width(word, size, bold=bold) for word in text.split(" "))


def _cell(cell: Any, text: str, size: float, language: str, *, first: bool, right: bool) -> None:
    from pptx.enum.text import PP_ALIGN
    from pptx.util import Inches, Pt

    cell.margin_left = cell.margin_right = Inches(0.06)
    cell.margin_top = cell.margin_bottom = Pt(2)
    written(cell.text_frame, [([(text, first, False)], size, INK)], language)
    cell.text_frame.paragraphs[0].alignment = PP_ALIGN.RIGHT if right else PP_ALIGN.LEFT
    _rule(cell, INK if first else LINE, 1.25 if first else 0.5)


def _rule(cell: Any, colour: str, width: float) -> None:
    """A line under a cell."""
    from pptx.oxml import parse_xml
    from pptx.oxml.ns import nsdecls
    from pptx.util import Pt

    settings = cell._tc.get_or_add_tcPr()  # noqa: SLF001  # the library has no borders of cells
    settings.insert(0, parse_xml(f'<a:lnB {nsdecls("a")} w="{int(Pt(width))}"><a:solidFill><a:srgbClr val="{colour}"/></a:solidFill></a:lnB>'))
