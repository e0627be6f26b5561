"""The brief's office files in LibreOffice: opened, edited and saved they keep their structure; two pages, two slides."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from browser.soffice import SOFFICE, edited, run
from report import briefs
from takeup.report.docx import docx
from takeup.report.pptx import pptx

if TYPE_CHECKING:
    from pathlib import Path

office = pytest.importorskip("docx")
slides = pytest.importorskip("pptx")
pypdf = pytest.importorskip("pypdf")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(SOFFICE is None, reason="no LibreOffice here (make test-browser installs it)")]
TITLE = "Een titel van het ministerie"


def test_a_word_document_edited_and_saved_keeps_its_structure(tmp_path: Path) -> None:
    source, target = tmp_path / "brief.docx", tmp_path / "edited.docx"
    source.write_bytes(docx(briefs.made("nl")))
    found = f'search = document.createSearchDescriptor()\n  search.SearchString = "{briefs.made("nl").title}"\n  place = document.findFirst(search)\n'
    edited(source, target, found + f'  place.String = "{TITLE}"', "MS Word 2007 XML")
    before, after = office.Document(BytesIO(source.read_bytes())), office.Document(BytesIO(target.read_bytes()))
    texts = [paragraph.text for paragraph in after.paragraphs if paragraph.text]
    assert texts[1] == TITLE, "the edit is there"
    assert len(texts) == len([paragraph for paragraph in before.paragraphs if paragraph.text])

    def styles(document: object) -> list[str]:
        return [paragraph.style.name for paragraph in document.paragraphs if paragraph.text]  # type: ignore[attr-defined]

    assert styles(after) == styles(before)
    (table,), (shape,) = after.tables, after.inline_shapes
    assert [[cell.text for cell in row.cells] for row in table.rows] == [[cell.text for cell in row.cells] for row in before.tables[0].rows]
    assert "<w:tblHeader" in table._tbl.xml
    assert shape._inline.docPr.get("descr") == briefs.made("nl").figure.alt
    marks = [set(re.findall(r'<w:bookmarkStart [^>]*w:name="([^"]+)"', document.element.xml)) for document in (before, after)]
    assert marks[0] <= marks[1], "every number still leads to its result"


@pytest.mark.parametrize("language", briefs.LANGUAGES)
def test_word_and_slides_take_two_pages_each(tmp_path: Path, language: str) -> None:
    for name, content in (("long.docx", docx(briefs.longest(language))), ("long.pptx", pptx(briefs.longest(language)))):
        (tmp_path / name).write_bytes(content)
    run(tmp_path / "profile", "--convert-to", "pdf", "--outdir", str(tmp_path), str(tmp_path / "long.docx"))
    assert len(pypdf.PdfReader(tmp_path / "long.pdf").pages) == 2
    run(tmp_path / "profile", "--convert-to", "pdf", "--outdir", str(tmp_path), str(tmp_path / "long.pptx"))
    assert len(pypdf.PdfReader(tmp_path / "long.pdf").pages) == 2


def test_a_chart_of_the_slides_is_edited_as_a_chart(tmp_path: Path) -> None:
    source, target = tmp_path / "brief.pptx", tmp_path / "edited.pptx"
    source.write_bytes(pptx(briefs.made("en")))
    change = ("page = document.DrawPages(0)\n  For place = 0 To page.Count - 1\n    shape = page(place)\n"
              '    If shape.supportsService("com.sun.star.drawing.OLE2Shape") Then\n'
              "      inside = shape.Model.Data\n      rows = inside.Data\n      row = rows(0)\n      row(0) = 0.99\n      rows(0) = row\n"
              "      inside.Data = rows\n    End If\n  Next place")
    edited(source, target, change, "Impress MS PowerPoint 2007 XML")
    (chart,) = [shape.chart for shape in slides.Presentation(BytesIO(target.read_bytes())).slides[0].shapes if shape.has_chart]
    assert chart.plots[0].series[0].values[0] == pytest.approx(0.99)


def test_a_chart_of_the_slides_holds_its_workbook() -> None:
    calamine = pytest.importorskip("python_calamine")
    (chart,) = [shape.chart for shape in slides.Presentation(BytesIO(pptx(briefs.made("en")))).slides[0].shapes if shape.has_chart]
    rows = calamine.CalamineWorkbook.from_filelike(BytesIO(chart.part.chart_workbook.xlsx_part.blob)).get_sheet_by_index(0).to_python()
    inside = [row[place] for place in range(1, len(rows[0])) for row in rows[1:]]
    assert inside == pytest.approx([value for series in chart.plots[0].series for value in series.values])
