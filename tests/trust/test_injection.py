"""Labels and words that would run in a reader's program: they arrive as the text that they are, in every format."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from html.parser import HTMLParser

import pytest

from study.small import plan, write
from takeup.build import build
from takeup.errors import ReportError

FORMULA = '=HYPERLINK("http://example.org","x")'
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"
TYPST = '#eval("1+1") $x$ *b* ] #read("plan.yaml")'
XML = "</w:t><w:instrText>DDEAUTO cmd</w:instrText>&amp;]]>"
HOSTILE = {"wellbeing": SCRIPT, "worry": FORMULA, "granted": TYPST, "life": XML}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    said = plan()
    outcomes = [{**item, "label": HOSTILE.get(item["id"], "Rare")} for item in said["outcomes"]]
    changed = {"outcomes": outcomes, "title": f"{SCRIPT} {TYPST}", "languages": ["en"], "analyses": {**said["analyses"], "draws": 99}}
    path = write(folder, changed=changed, n=144)
    (folder / "words" / "en" / "background.md").write_text(f"{TYPST}\n\n{FORMULA}\n", encoding="utf-8")
    return build(path, progress=False, only=("results", "tables", "html", "pdf", "consort", "codebook", "deviations", "brief", "figures"))


def test_words_with_markup_that_runs_are_refused(tmp_path):
    path = write(tmp_path)
    (tmp_path / "words" / "en" / "background.md").write_text(f"{SCRIPT}\n\n[x](javascript:alert(1))\n", encoding="utf-8")
    with pytest.raises(ReportError) as info:
        build(path, progress=False)
    assert len(info.value.faults) == 2
    assert "alert" not in str(info.value)


def files(made, ending):
    return {name: (made.out / name).read_bytes() for name in made.files if name.endswith(ending)}


class Tags(HTMLParser):
    """Everything in a page that could run or lead away."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.bad: list[str] = []
        self.scripts = 0
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.scripts += tag == "script"
        self.bad += [f"{tag} {name}" for name, value in attrs if name.startswith("on") or "javascript:" in (value or "")]
        if tag in {"iframe", "object", "embed", "form", "base"} or (tag == "img" and not str(dict(attrs).get("src")).startswith("data:")):
            self.bad.append(tag)


def test_pages_hold_no_script_but_their_own_under_a_strict_policy(made):
    pages = files(made, ".html")
    assert {"report.html", "consort.html", "codebook.html", "deviations.html", "brief.en.html"} <= set(pages)
    for name, content in pages.items():
        found = Tags(content.decode())
        assert found.bad == [], name
        assert found.scripts <= 1, name
        assert b"Content-Security-Policy" in content, name
        assert b"default-src 'none'" in content, name
        assert b"unsafe" not in re.search(rb'Content-Security-Policy"[^>]*>', content)[0], name


def test_no_cell_of_a_table_is_a_formula(made):
    for name, content in files(made, ".csv").items():
        cells = [cell for row in csv.reader(io.StringIO(content.decode("utf-8-sig"))) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "\t")) or re.match(r"-\D", cell)], name
    workbooks = files(made, ".xlsx")
    assert workbooks
    for name, content in workbooks.items():
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            sheets = b"".join(book.read(part) for part in book.namelist() if "worksheets/" in part)
            assert b"<f>" not in sheets, name
            assert b"<f " not in sheets, name
            assert b"hyperlink" not in sheets, name


@pytest.mark.parametrize("ending", [".docx", ".pptx"])
def test_office_files_hold_no_field_macro_or_outside_link(made, ending):
    pytest.importorskip({".docx": "docx", ".pptx": "pptx"}[ending])
    found = files(made, ending)
    assert found
    for name, content in found.items():
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            embedded = [part for part in book.namelist() if "embeddings" in part.lower()]
            assert not [part for part in book.namelist() if "vba" in part.lower()], name
            assert all(part.endswith(".xlsx") for part in embedded), name  # the numbers behind a chart of a slide
            for part in embedded:
                with zipfile.ZipFile(io.BytesIO(book.read(part))) as sheet:
                    cells = b"".join(sheet.read(inner) for inner in sheet.namelist() if "worksheets/" in inner)
                assert b"<f>" not in cells
                assert b"hyperlink" not in cells
            parts = b"".join(book.read(part) for part in book.namelist() if part.endswith((".xml", ".rels")))
        assert b"DDEAUTO cmd</w:instrText>" not in parts, name
        assert b"<script" not in parts, name
        assert b"javascript:" not in parts, name


def test_pictures_hold_no_script(made):
    for name, content in files(made, ".svg").items():
        assert b"<script" not in content, name
        assert b"onerror=" not in content or b"&lt;img" in content, name


def test_the_pdf_shows_the_words_and_runs_nothing(made):
    pypdf = pytest.importorskip("pypdf")
    for name, content in files(made, ".pdf").items():
        if name.startswith("figures"):
            continue
        reader = pypdf.PdfReader(io.BytesIO(content))
        assert b"/JavaScript" not in content, name
        assert b"/Launch" not in content, name
        text = re.sub(r"\s+", "", "".join(page.extract_text() for page in reader.pages))
        if name == "report.pdf":
            assert "#eval(" in text
            assert "takeup:1" not in text  # the plan's first line, that #read would have shown
