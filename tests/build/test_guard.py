"""Planted causal words are caught in every format and language; a clean before-after study is built, a planted one isn't."""

import zipfile
from dataclasses import replace
from io import BytesIO

import pytest

from present import made_up
from report import briefs
from study import one_group
from takeup.build.guard import guard, guarded, texts
from takeup.build.steps import build
from takeup.errors import BuildError, ReportError
from takeup.present.figures.model import finished
from takeup.present.style import bare, drawing, house_style
from takeup.present.tables.model import Column, Row, Table, text_cell
from takeup.present.text import said
from takeup.report import export
from takeup.report.brief_html import brief_html
from takeup.report.brief_pdf import brief_pdf
from takeup.report.document import Bullets, Document, FigureBlock, Heading, Paragraph, TableBlock
from takeup.report.html import html
from takeup.report.pdf import pdf
from takeup.study import open_study

pypdf = pytest.importorskip("pypdf")
PLANTED = {"en": ("The groups led to more trust.", "led to"), "nl": ("Meer vertrouwen dankzij de groep.", "dankzij"),
           "fr": ("Plus de confiance grâce au groupe.", "grâce au")}
CLEAN = {"en": "Trust was higher at the end.", "nl": "Op het einde was er meer vertrouwen.", "fr": "À la fin, la confiance était plus grande."}


def table(text: str, language: str) -> Table:
    return Table(id="changes", title="Changes", columns=(Column(id="what", title="What"), Column(id="note", title="Note")),
                 rows=(Row(cells=(text_cell("Trust"), text_cell(text))),), notes=("A note.",), language=language)


def figure(drawn: str, told: str, language: str):
    with house_style():
        picture = drawing(1.0)
        axes = picture.add_axes((0, 0, 1, 1))
        bare(axes)
        axes.text(0.1, 0.5, drawn)
        return finished(picture, id_="changes", title="Changes", data=table("x", language), alt=told)


def document(text: str, language: str, *blocks) -> Document:
    return Document(title="Changes", language=language, blocks=(Heading(text="Changes", id="changes"), Paragraph(spans=said(text)), *blocks))


def made(form: str, text: str, language: str) -> dict[str, bytes]:
    """One file in which the text stands."""
    brief = replace(briefs.change(), language=language, lead=(Paragraph(spans=said(text)),)) if form in {"docx", "pptx", "brief pdf", "brief html"} \
        else None
    if form == "docx":
        pytest.importorskip("docx")
        from takeup.report.docx import docx

        return {"brief.docx": docx(brief)}
    if form == "pptx":
        pytest.importorskip("pptx")
        from takeup.report.pptx import pptx

        return {"brief.pptx": pptx(brief)}
    forms = {
        "html": lambda: ("report.html", html({language: document(text, language)})),
        "html list": lambda: ("report.html", html({language: document("x", language, Bullets(items=(said(text),)))})),
        "html table": lambda: ("report.html", html({language: document("x", language, TableBlock(table=table(text, language)))})),
        "html alt": lambda: ("report.html", html({language: document("x", language, FigureBlock(figure=figure("Trust", text, language)))})),
        "html figure": lambda: ("report.html", html({language: document("x", language, FigureBlock(figure=figure(text, "Trust", language)))})),
        "pdf": lambda: ("report.pdf", pdf(document(text, language))),
        "pdf table": lambda: ("report.pdf", pdf(document("x", language, TableBlock(table=table(text, language))))),
        "brief pdf": lambda: ("brief.pdf", brief_pdf(brief)), "brief html": lambda: ("brief.html", brief_html(brief)),
        "csv": lambda: ("tables/changes.csv", export.csv(table(text, language))),
        "xlsx": lambda: ("tables/changes.xlsx", export.xlsx(table(text, language))),
        "tex": lambda: ("tables/changes.tex", export.latex(table(text, language))),
        "svg drawn": lambda: ("figures/changes.svg", figure(text, "Trust", language).svg),
        "svg alt": lambda: ("figures/changes.svg", figure("Trust", text, language).svg),
        "figure pdf": lambda: ("figures/changes.pdf", figure(text, "Trust", language).pdf),
        "alt": lambda: ("figures/changes.txt", figure("Trust", text, language).alt),
        "json": lambda: ("manifest.json", f'{{"title": "{text}"}}'), "md": lambda: ("README.md", text),
    }
    name, content = forms[form]()
    return {name: content.encode() if isinstance(content, str) else content}


FORMS = ("html", "html list", "html table", "html alt", "html figure", "pdf", "pdf table", "docx", "pptx", "brief pdf", "brief html", "csv", "xlsx",
         "tex", "svg drawn", "svg alt", "figure pdf", "alt", "json", "md")


@pytest.mark.parametrize("language", list(PLANTED))
@pytest.mark.parametrize("form", FORMS)
def test_a_planted_word_is_caught_in_every_format_and_language(form, language):
    text, word = PLANTED[language]
    files = made(form, text, language)
    found = list(guarded(files))
    assert found, form
    assert all(word in fault.what.lower() for fault in found)
    assert all(fault.where.startswith(next(iter(files))) for fault in found)
    if language == "fr":
        assert list(guarded(made(form, CLEAN[language], language))) == []


@pytest.mark.parametrize("name", ["tables/effects.csv", "figures/impact.svg", "gevolgen_van.txt", "effets.fr.pdf.txt"])
def test_a_name_of_a_file_is_read_too(name):
    found = list(guarded({name: b""})) if not name.endswith("svg") else list(guarded({name: b"<svg></svg>"}))
    assert bool(found) is (name != "gevolgen_van.txt")  # parted by a sign it isn't the phrase


def test_workbooks_within_slides_are_read_and_cells_are_apart():
    inner = export.xlsx(table(PLANTED["en"][0], "en"))
    outer = BytesIO()
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("ppt/embeddings/chart.xlsx", inner)
    assert list(guarded({"brief.pptx": outer.getvalue()}))
    apart = replace(table("improved", "en"), rows=(Row(cells=(text_cell("The programme"), text_cell("improved"))),))
    assert list(guarded({"t.xlsx": export.xlsx(apart)})) == []


def test_a_study_with_a_comparison_isnt_read():
    files = {"x.csv": PLANTED["en"][0].encode()}
    guard(made_up.plan(), files)
    guard(made_up.plan(evidence="comparison"), files)
    with pytest.raises(BuildError, match=r"x\.csv"):
        guard(made_up.plan(evidence="before_after"), files)


def test_what_the_authors_and_the_plan_say_is_refused_when_the_study_is_opened(tmp_path):
    path = one_group.write(tmp_path, words={"nl/summary": "Een regel.\n\nHet programma hielp: {change:trust}.\n"})
    with pytest.raises(ReportError, match=r"words/nl/summary.md, line 3.*programma hielp|programma hielp.*"):
        open_study(path)
    labelled = one_group.plan()
    labelled["outcomes"][0]["label"]["fr"] = "L'effet sur la confiance"
    (tmp_path / "words/nl/summary.md").unlink()
    with pytest.raises(ReportError, match=r"outcomes\[0\].label.fr"):
        open_study(one_group.write(tmp_path, labelled))


def test_a_build_with_a_causal_word_in_a_schema_fails_and_leaves_nothing(tmp_path):
    """The labels of a schema are seen when they are shown: the build stops and says where."""
    path = one_group.write(tmp_path)
    schema = tmp_path / "schemas/people.yaml"
    schema.write_text(schema.read_text(encoding="utf-8").replace("Woning", "Invloed op de woning"), encoding="utf-8")
    with pytest.raises(BuildError, match=r"codebook.html.*"):
        build(path, out=tmp_path / "out", only=("codebook",), progress=False)
    assert not (tmp_path / "out").exists()


def test_every_output_of_a_clean_study_is_clean_in_three_languages(tmp_path):
    """The whole build: report, tables, codebook, briefs in Dutch, French and English, read back here once more."""
    small = one_group.plan()
    small["outcomes"] = [outcome for outcome in small["outcomes"] if outcome["id"] in {"trust", "doctor"}]
    small["programme"] = {"group": "circle", "left": "gone", "recruited_share": 0.4}
    path = one_group.write(tmp_path, small, {"nl/summary": "Het vertrouwen veranderde van {before:trust} naar {after:trust}.\n"})
    report = build(path, out=tmp_path / "out", only=("results", "tables", "html", "pdf", "codebook", "deviations", "brief"), progress=False)
    files = {name: (tmp_path / "out" / name).read_bytes() for name in report.files}
    assert {"report.html", "report.pdf", "report.fr.pdf", "report.en.pdf", "tables/changes.csv", "brief.nl.pdf"} <= set(files)
    assert not any("effect" in name for name in files)
    assert list(guarded(files)) == []
    read = sum(len(text) for name, content in files.items() for _, text in texts(name, content))
    assert read > 100_000  # it did read them
    page = files["report.html"].decode()
    first = page.index('<h2 id="design"') if '<h2 id="design"' in page else page.index('id="design"')
    assert "Wat dit onderzoek wel en niet kan tonen" in page
    assert first < page.index('id="found"')
