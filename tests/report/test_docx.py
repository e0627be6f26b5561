"""The Word document: native styles and tables, descriptions, two pages' worth, the same bytes, and an edit that keeps all of it."""

import re
from io import BytesIO
from zipfile import ZipFile

import pytest

from report import briefs
from takeup.errors import ReportError
from takeup.present.text import plain
from takeup.report import office as office_module
from takeup.report.docx import docx
from takeup.report.office import normalized

office = pytest.importorskip("docx")


@pytest.fixture(scope="module")
def content():
    return docx(briefs.made("nl"))


@pytest.fixture(scope="module")
def document(content):
    return office.Document(BytesIO(content))


def test_styles_are_native_and_no_paragraph_is_formatted_by_hand(document):
    styles = {paragraph.style.name for paragraph in document.paragraphs}
    assert {"Title", "Heading 1", "List Bullet", "Caption", "Message"} <= styles
    assert document.paragraphs[1].text == briefs.made("nl").title
    assert [run.font.size for paragraph in document.paragraphs for run in paragraph.runs if run.font.size] == []


def test_the_table_is_native_with_a_header_row_a_title_and_every_cell(document):
    (table,) = document.tables
    made = briefs.made("nl").table
    assert [cell.text for cell in table.rows[0].cells] == [column.title.replace("\u00ad", "") for column in made.columns]
    assert [[cell.text for cell in row.cells] for row in table.rows[1:]] == [[cell.text for cell in row.cells] for row in made.rows]
    xml = table._tbl.xml
    assert xml.count("<w:tblHeader/>") == 1
    assert f'w:tblCaption w:val="{made.title}"' in xml
    assert xml.count("<w:cantSplit/>") == len(table.rows)


def test_the_picture_has_its_description_and_the_language_is_set(document):
    (shape,) = document.inline_shapes
    assert shape._inline.docPr.get("descr") == briefs.made("nl").figure.alt
    languages = set(re.findall(r'<w:lang [^>]*w:val="([^"]+)"', document.styles.element.xml))
    assert languages == {"nl-BE"}
    core = document.core_properties
    assert (core.title, core.language, core.comments) == (briefs.made("nl").title, "nl-BE", "")


def test_the_second_page_begins_by_itself_and_the_sheet_is_a4(document):
    assert sum(bool(paragraph.paragraph_format.page_break_before) for paragraph in document.paragraphs) == 1
    section = document.sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    assert 'w:instr="PAGE"' in section.footer._element.xml


def test_every_number_is_between_bookmarks_named_after_its_result(document):
    names = re.findall(r'<w:bookmarkStart [^>]*w:name="([^"]+)"', document.element.xml)
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[A-Za-z_]\w{0,39}", name) for name in names)
    assert {"r_effect_depression_estimate", "r_flow_randomized_value", "r_compliance_received_1_value"} <= set(names)
    assert document.element.xml.count("<w:bookmarkEnd ") == len(names)


def test_a_link_of_the_authors_is_a_link():
    document = office.Document(BytesIO(docx(briefs.made("en"))))
    links = [relation.target_ref for relation in document.part.rels.values() if relation.reltype.endswith("/hyperlink")]
    assert links == ["https://example.org/a"]


def test_an_edit_keeps_the_structure(content):
    document = office.Document(BytesIO(content))
    document.paragraphs[1].text = "Titel van het ministerie"
    document.styles["Heading 1"].font.name = "Times New Roman"
    out = BytesIO()
    document.save(out)
    again = office.Document(BytesIO(out.getvalue()))
    assert [paragraph.style.name for paragraph in again.paragraphs] == [paragraph.style.name for paragraph in document.paragraphs]
    assert (len(again.tables), len(again.inline_shapes)) == (1, 1)


def test_the_same_bytes_every_time_and_no_clock_inside(content):
    assert content == docx(briefs.made("nl"))
    with ZipFile(BytesIO(content)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.namelist()[0] == "[Content_Types].xml"
    assert normalized(content) == content


@pytest.mark.parametrize("language", briefs.LANGUAGES)
def test_the_longest_words_are_all_there(language):
    made = briefs.longest(language)
    text = "\n".join(paragraph.text for paragraph in office.Document(BytesIO(docx(made))).paragraphs)
    assert text.count(briefs.PARAGRAPH[language].strip()) == 8
    assert plain(made.sources) in text


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(office_module, "find_spec", lambda _name: None)
    with pytest.raises(ReportError, match=r'DOCX files need the package python-docx.*pip install "takeup\[office\]"'):
        docx(briefs.made("nl"))
