"""The brief as a Word document that a ministry can edit in its own template: native styles, tables, captions and descriptions, two A4 pages."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING, Any

from takeup.present.catalogue import LOCALES
from takeup.report.brief_fit import type_size
from takeup.report.document import FIXED_DATE, Block, Bullets, Callout, FigureBlock, Heading, Note, Paragraph, TableBlock
from takeup.report.docx_styles import TINTS, TONES, shade, styled
from takeup.report.docx_template import completed, opened, placed, text_width
from takeup.report.office import needed, normalized

if TYPE_CHECKING:
    from takeup.present.tables.model import Table
    from takeup.present.text import Span, Spans
    from takeup.report.brief import Brief
    from takeup.report.document import FigureBlock as Picture

MARGINS = {"left": 18, "right": 18, "top": 15, "bottom": 15}
PICTURE, MOST_NAME = 174, 40
"""Millimetres of a picture's width; characters of a bookmark's name."""


def docx(brief: Brief, template: bytes | None = None) -> bytes:
    """The brief as a DOCX file, the same bytes every time.

    Parameters
    ----------
    brief : Brief
    template : bytes, optional
        A Word document or template of the reader's own: its page, header, footer and styles are kept, and only the styles that it lacks are
        added. The brief comes where a paragraph holds ``{brief}``, else at the end. How many pages that takes is then the template's matter.

    Returns
    -------
    bytes
        Every number is a bookmark named after its result and field; tables have a repeated header row, a title and a description,
        the figure its description; the language is set for the spelling checker.

    Raises
    ------
    ReportError
        The package python-docx isn't installed; the authors' words are too long for two pages; the template isn't a Word document.
    """
    needed("docx", "DOCX")
    language = LOCALES[brief.language].replace("_", "-")
    document = _blank(brief, language) if template is None else opened(template)
    before = list(document.element.body)
    if template is not None:
        completed(document, language)
    core = document.core_properties
    core.title, core.subject, core.language = brief.title, brief.kind, language
    core.keywords = str(brief.meta["study"])
    if template is None:
        core.author, core.comments = "", ""
    core.created = core.modified = FIXED_DATE
    _Writer(document, brief, PICTURE if template is None else text_width(document)).write(ours=template is None)
    if template is not None:
        placed(document, before)
    out = BytesIO()
    document.save(out)
    return normalized(out.getvalue())


def _blank(brief: Brief, language: str) -> Any:
    """An empty document of ours: A4, its margins and styles."""
    import docx as office
    from docx.shared import Mm

    document = office.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    for side, size in MARGINS.items():
        setattr(section, f"{side}_margin", Mm(size))
    section.header_distance = section.footer_distance = Mm(8)
    styled(document, type_size(brief), language)
    return document


class _Writer:
    """Writes blocks at the end of a document."""

    def __init__(self, document: Any, brief: Brief, width: float) -> None:
        self.document, self.brief, self.width = document, brief, width
        self.names: set[str] = set()

    def write(self, *, ours: bool = True) -> None:
        """Both pages, the second begun by its first paragraph and a footer on each where the page is ours; in a template the text flows."""
        self.paragraph((), "Kind", text=self.brief.kind)
        self.paragraph((), "Title", text=self.brief.title)
        first, second = self.brief.pages()
        for block in first:
            self.block(block)
        place = len(self.document.paragraphs)
        for block in second:
            self.block(block, last=block is second[-1])
        if ours:
            self.document.paragraphs[place].paragraph_format.page_break_before = True
            self.footer()

    def block(self, block: Block, *, last: bool = False) -> None:
        """One block."""
        if isinstance(block, Heading):
            self.paragraph((), f"Heading {min(max(block.level - 1, 1), 3)}", text=block.text)
        elif isinstance(block, Paragraph):
            self.paragraph(block.spans, "Normal")
        elif isinstance(block, Note):
            self.paragraph(block.spans, "Sources" if last else "Warning")
        elif isinstance(block, Bullets):
            for item in block.items:
                self.paragraph(item, "List Number" if block.ordered else "List Bullet")
        elif isinstance(block, Callout):
            self.callout(block)
        elif isinstance(block, FigureBlock):
            self.picture(block)
        elif isinstance(block, TableBlock):
            self.table(block.table)

    def paragraph(self, spans: Spans, style: str, *, text: str = "", into: Any = None) -> Any:
        """A paragraph in a style; `text` for words without a result."""
        made = self.document.add_paragraph(style=style) if into is None else into
        if text:
            made.add_run(text)
        for span in spans:
            self.run(made, span)
        return made

    def run(self, paragraph: Any, span: Span) -> None:
        """A piece of a sentence: a link, a number between bookmarks, or words."""
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        if span.href:
            part = paragraph.part
            link = OxmlElement("w:hyperlink")
            link.set(qn("r:id"), part.relate_to(span.href, "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink",
                                                is_external=True))
            run = paragraph.add_run(span.text)
            run.underline = True
            link.append(run._r)  # noqa: SLF001  # the library has no other way to a link
            paragraph._p.append(link)  # noqa: SLF001
            return
        start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
        if span.result_id:
            name = self.bookmark(f"{span.result_id}_{span.field}")
            for element in (start, end):
                element.set(qn("w:id"), str(len(self.names)))
            start.set(qn("w:name"), name)
            paragraph._p.append(start)  # noqa: SLF001
        run = paragraph.add_run(span.text)
        run.bold, run.italic = span.strong or None, span.emphasis or None
        if span.result_id:
            paragraph._p.append(end)  # noqa: SLF001

    def bookmark(self, wanted: str) -> str:
        """A bookmark's name: letters, digits and lines, at most forty, each once."""
        name = base = re.sub(r"\W+", "_", f"r_{wanted}", flags=re.ASCII)[:MOST_NAME - 3]
        count = 1
        while name in self.names:
            count += 1
            name = f"{base}_{count}"
        self.names.add(name)
        return name

    def callout(self, block: Callout) -> None:
        """The message: three paragraphs with one shade and one line at their left."""
        self.tinted(self.paragraph((), "Message Label", text=f"{block.title} \u00b7 {block.badge}"), block.tone)
        for place, line in enumerate(block.lines):
            self.tinted(self.paragraph(line, "Message" if place == 0 else "Message Detail"), block.tone)

    def tinted(self, paragraph: Any, tone: str) -> None:
        """A line at the left in the colour of the verdict; the label's words in the same."""
        from docx.shared import RGBColor

        shade(paragraph.paragraph_format.element.get_or_add_pPr(), TINTS["message"], TONES[tone])
        if paragraph.style.name == "Message Label":
            paragraph.runs[0].font.color.rgb = RGBColor.from_string(TONES[tone])

    def picture(self, block: Picture) -> None:
        """The figure in line, with its title above and its description for a reader who can't see it."""
        from docx.shared import Mm

        self.paragraph((), "Caption", text=block.figure.title)
        holder = self.document.add_paragraph(style="Picture")
        shape = holder.add_run().add_picture(BytesIO(block.figure.png), width=Mm(min(PICTURE, self.width)))
        properties = shape._inline.docPr  # noqa: SLF001  # the library has no other way to the description
        properties.set("descr", block.figure.alt)
        properties.set("title", block.figure.title)
        properties.set("name", block.figure.id)

    def table(self, table: Table) -> None:
        """A native table: a title above, a header row that repeats, rows that don't break, notes below."""
        from docx.enum.text import WD_ALIGN_PARAGRAPH
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        self.paragraph((), "Caption", text=table.title)
        made = self.document.add_table(rows=1 + len(table.rows), cols=len(table.columns), style="Brief Table")
        made.autofit = False
        properties = made._tbl.tblPr  # noqa: SLF001
        for tag, text in (("w:tblCaption", table.title), ("w:tblDescription", " ".join((table.title, *table.notes)))):
            element = OxmlElement(tag)
            element.set(qn("w:val"), text)
            properties.append(element)
        widths = column_widths(table, min(PICTURE, self.width))
        for place, row in enumerate(made.rows):
            settings = row._tr.get_or_add_trPr()  # noqa: SLF001
            settings.append(OxmlElement("w:cantSplit"))
            if place == 0:
                settings.append(OxmlElement("w:tblHeader"))
            for index, (cell, column) in enumerate(zip(row.cells, table.columns, strict=True)):
                cell.width = widths[index]
                paragraph = cell.paragraphs[0]
                paragraph.style = self.document.styles["Table Head" if place == 0 else "Table Text"]
                if column.kind != "text":
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
                if place == 0:
                    paragraph.add_run(column.title.replace("\u00ad", ""))
                else:
                    self.cell(paragraph, table.rows[place - 1].cells[index])
        for column, wide in zip(made.columns, widths, strict=True):
            column.width = wide
        for note in table.notes:
            self.paragraph((), "Table Note", text=note)

    def cell(self, paragraph: Any, cell: Any) -> None:
        """A cell's text, a number between bookmarks."""
        from takeup.present.text import Span

        self.run(paragraph, Span(text=cell.text, result_id=cell.result_id, field=cell.fields.replace(" ", "_")))

    def footer(self) -> None:
        """What the brief was made from, and the page's number as a field."""
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        paragraph = self.document.sections[0].footer.paragraphs[0]
        paragraph.style = self.document.styles["Footer"]
        paragraph.add_run(f"takeup {self.brief.meta['version']} \u00b7 {str(self.brief.meta['plan_hash'])[:12]}\t")
        for field in ("PAGE", None, "NUMPAGES"):
            if field is None:
                paragraph.add_run("\u00a0/\u00a0")
                continue
            element = OxmlElement("w:fldSimple")
            element.set(qn("w:instr"), field)
            run = paragraph.add_run("1" if field == "PAGE" else "2")
            element.append(run._r)  # noqa: SLF001
            paragraph._p.append(element)  # noqa: SLF001


def column_widths(table: Table, total: float = 174.0) -> list[Any]:
    """The widths of a table's columns: numbers what they need, words the rest, the first of them a little more."""
    from docx.shared import Mm

    from takeup.present.style import text_width

    needs = [max([text_width(row.cells[place].text, 8.6) for row in table.rows]
                 + [max(text_width(word, 8.6, bold=True) for word in column.title.split(" "))]) * 25.4 + 5.0
             for place, column in enumerate(table.columns)]
    words = [place for place, column in enumerate(table.columns) if column.kind == "text"]
    left = max(total - sum(need for place, need in enumerate(needs) if place not in words), 40.0)
    shares = {place: needs[place] ** 0.7 for place in words}
    return [Mm(left * shares[place] / sum(shares.values())) if place in shares else Mm(need) for place, need in enumerate(needs)]
