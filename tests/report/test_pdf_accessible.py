"""The PDF files are what they claim to be, PDF/UA-1 and PDF/A-2a, as far as their structure shows it."""

from io import BytesIO

import pytest

from report import briefs, pages
from report.structure import faults, walk
from takeup.report.brief_pdf import brief_pdf
from takeup.report.pdf import pdf

pypdf = pytest.importorskip("pypdf")


@pytest.mark.parametrize("language", briefs.LANGUAGES)
def test_a_brief_has_the_structure_of_both_standards(language):
    assert faults(brief_pdf(briefs.made(language))) == []


@pytest.mark.parametrize("language", ["en", pytest.param("nl", marks=pytest.mark.slow), pytest.param("fr", marks=pytest.mark.slow)])
def test_a_report_has_the_structure_of_both_standards(language):
    made = pdf(pages.report(language))
    assert faults(made) == []
    kinds = [kind for kind, _, _ in walk(pypdf.PdfReader(BytesIO(made)).trailer["/Root"]["/StructTreeRoot"])]
    assert {"Document", "H1", "H2", "P", "Figure", "Table", "TR", "TH", "TD", "L", "LI"} <= set(kinds)


def test_the_check_sees_what_is_taken_away():
    from pypdf import PdfReader, PdfWriter
    from pypdf.generic import NameObject

    writer = PdfWriter(clone_from=PdfReader(BytesIO(brief_pdf(briefs.made("en")))))
    del writer.root_object[NameObject("/Lang")]
    for kind, element, _ in walk(writer.root_object["/StructTreeRoot"]):
        if kind == "Figure":
            del element[NameObject("/Alt")]
    out = BytesIO()
    writer.write(out)
    found = faults(out.getvalue())
    assert "has no language" in found
    assert "a figure has no description" in found
