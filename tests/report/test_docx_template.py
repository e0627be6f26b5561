"""The brief in a ministry's own Word template: page, header, footer and styles are the ministry's, the content is the brief's."""

from io import BytesIO
from zipfile import ZipFile

import pytest

from report import briefs
from takeup.errors import ReportError
from takeup.report.docx import docx

office = pytest.importorskip("docx")


def ministry(place: str = "{brief}") -> bytes:
    """A letterhead as an office might have it: narrow page, a header, its own face, and words around the place of the brief."""
    from docx.shared import Mm, Pt

    document = office.Document()
    section = document.sections[0]
    section.page_width, section.left_margin, section.right_margin = Mm(200), Mm(40), Mm(25)
    section.header.paragraphs[0].text = "FOD Voorbeeld"
    section.footer.paragraphs[0].text = "Kenmerk 123"
    document.styles["Normal"].font.name, document.styles["Normal"].font.size = "Times New Roman", Pt(11)
    document.styles["Heading 1"].font.name = "Courier New"
    for text in ("Geachte lezer", place, "Met vriendelijke groeten"):
        document.add_paragraph(text)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def filled():
    return office.Document(BytesIO(docx(briefs.made("nl"), ministry())))


def test_the_ministry_keeps_its_page_header_footer_and_styles(filled):
    section = filled.sections[0]
    assert (section.header.paragraphs[0].text, section.footer.paragraphs[0].text) == ("FOD Voorbeeld", "Kenmerk 123")
    assert round(section.page_width.mm) == 200
    assert filled.styles["Normal"].font.name == "Times New Roman"
    assert filled.styles["Heading 1"].font.name == "Courier New"
    assert filled.styles["Message"].base_style.name == "Normal"
    assert filled.styles["Message"].font.name is None, "a style that was added is set in the ministry's face"


def test_the_brief_comes_where_its_place_is(filled):
    texts = [paragraph.text for paragraph in filled.paragraphs]
    assert texts[0] == "Geachte lezer"
    assert texts[-1] == "Met vriendelijke groeten"
    assert texts[2] == briefs.made("nl").title
    assert "{brief}" not in "".join(texts)
    assert not any(paragraph.paragraph_format.page_break_before for paragraph in filled.paragraphs), "the text flows as the template's page lets it"
    assert (len(filled.tables), len(filled.inline_shapes)) == (1, 1)


def test_tables_and_figures_fit_between_the_margins(filled):
    section = filled.sections[0]
    room = section.page_width - section.left_margin - section.right_margin
    assert filled.inline_shapes[0].width <= room
    assert sum(column.width for column in filled.tables[0].columns) <= room * 1.01


def test_without_a_place_it_comes_at_the_end_and_an_empty_page_doesnt_stay_empty():
    at_end = [paragraph.text for paragraph in office.Document(BytesIO(docx(briefs.made("fr"), ministry("Annexe")))).paragraphs]
    assert at_end[:3] == ["Geachte lezer", "Annexe", "Met vriendelijke groeten"]
    blank = BytesIO()
    empty = office.Document()
    empty.add_paragraph("")
    empty.save(blank)
    assert office.Document(BytesIO(docx(briefs.made("fr"), blank.getvalue()))).paragraphs[0].text == briefs.made("fr").kind


def test_a_template_file_of_word_is_taken_and_anything_else_refused():
    content = BytesIO()
    with ZipFile(BytesIO(ministry())) as source, ZipFile(content, "w") as target:
        for name in source.namelist():
            member = source.read(name)
            if name == "[Content_Types].xml":
                member = member.replace(b"wordprocessingml.document.main+xml", b"wordprocessingml.template.main+xml")
            target.writestr(name, member)
    dotx = content.getvalue()
    assert docx(briefs.made("nl"), dotx) == docx(briefs.made("nl"), ministry())
    for wrong in (b"%PDF-1.7", dotx.replace(b"[Content_Types].xml", b"[Content_Tipes].xml")):
        with pytest.raises(ReportError, match="Word document"):
            docx(briefs.made("nl"), wrong)


def test_the_same_bytes_every_time():
    assert docx(briefs.made("en"), ministry()) == docx(briefs.made("en"), ministry())
