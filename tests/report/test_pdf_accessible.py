"""The PDF files are what they claim to be, PDF/UA-1 and PDF/A-2a, as far as their structure shows it.

Beside the checks of this house a checker made elsewhere (outloud, Matterhorn's checkpoints and more) reads them.
"""

from io import BytesIO

import pytest

from report import briefs, pages
from report.structure import faults, walk
from takeup.report.brief_pdf import brief_pdf
from takeup.report.pdf import pdf

pypdf = pytest.importorskip("pypdf")


BESIDE = {"TBL-010", "TAG-002"}
"""Two of its opinions: it takes the headings of groups of rows for a shredded head, and a head repeated on the next page for lost prose."""


def found_elsewhere(made, tmp_path):
    outloud = pytest.importorskip("outloud", reason="the checker of PDF/UA isn't installed (extra browser)")
    path = tmp_path / "made.pdf"
    path.write_bytes(made)
    result = outloud.check(str(path), skip=BESIDE)
    assert result.stats["pages"]
    assert not [run.rule for run in result.runs if run.status == "crashed"]
    return [(finding.rule, finding.message) for finding in result.findings if finding.severity == "error"]


@pytest.mark.parametrize("language", briefs.LANGUAGES)
def test_a_brief_has_the_structure_of_both_standards(language, tmp_path):
    made = brief_pdf(briefs.made(language))
    assert faults(made) == []
    assert found_elsewhere(made, tmp_path) == []


@pytest.mark.parametrize("language", ["en", pytest.param("nl", marks=pytest.mark.slow), pytest.param("fr", marks=pytest.mark.slow)])
def test_a_report_has_the_structure_of_both_standards(language, tmp_path):
    made = pdf(pages.report(language))
    assert faults(made) == []
    assert found_elsewhere(made, tmp_path) == []
    kinds = [kind for kind, _, _ in walk(pypdf.PdfReader(BytesIO(made)).trailer["/Root"]["/StructTreeRoot"])]
    assert {"Document", "H1", "H2", "P", "Figure", "Table", "TR", "TH", "TD", "L", "LI"} <= set(kinds)


def test_the_check_sees_what_is_taken_away(tmp_path):
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
    assert {rule for rule, _ in found_elsewhere(out.getvalue(), tmp_path)} >= {"DOC-013", "FIG-001"}
