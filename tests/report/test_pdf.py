"""The PDF: both standards, no warning, every word, the same bytes; text is never read as markup."""

import re
from io import BytesIO

import pytest

from present import made_up
from report import pages
from takeup.errors import ReportError
from takeup.present.catalogue import words
from takeup.present.figures import Figure
from takeup.present.style import text_width
from takeup.present.tables.model import Column, Row, Table, text_cell
from takeup.present.text import said
from takeup.report import pdf as pdf_module
from takeup.report.document import Document, FigureBlock, Heading, Paragraph, TableBlock
from takeup.report.full import full_report
from takeup.report.pdf import PAGE, TEXT_ROOM, _layout, breakable, pdf

pypdf = pytest.importorskip("pypdf")
MARKUP = 'A & B <x> #let x = 1 $5 *b* _c_ `d` @e \\ [f] = g // h "i"'


@pytest.fixture(scope="module")
def made():
    return pdf(pages.report())


@pytest.fixture(scope="module")
def text(made):
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(made)).pages).split())


def test_it_claims_both_standards_and_has_title_language_and_tags(made):
    reader = pypdf.PdfReader(BytesIO(made))
    catalog = reader.trailer["/Root"]
    assert catalog["/Lang"] == "en-GB"
    assert catalog["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in catalog
    assert catalog["/ViewerPreferences"]["/DisplayDocTitle"]
    metadata = catalog["/Metadata"].get_data().decode()
    assert re.search(r"pdfaid:part>2<", metadata)
    assert re.search(r"pdfaid:conformance>A<", metadata)
    assert re.search(r"pdfuaid:part>1<", metadata)
    assert reader.metadata.title == "A seminar for people who lost their job"


def test_all_fonts_are_the_figures_own_and_embedded(made):
    names = set()
    for page in pypdf.PdfReader(BytesIO(made)).pages:
        for font in page["/Resources"]["/Font"].values():
            names.add(font.get_object()["/BaseFont"].partition("+")[2])
    assert names <= {"DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique"}


def test_the_chapters_are_bookmarks(made):
    titles = [item.title for item in pypdf.PdfReader(BytesIO(made)).outline if not isinstance(item, list)]
    assert titles[:3] == ["What was found", "About the study", "Who took part"]
    assert titles[-1] == "CONSORT 2025 checklist"


def test_every_figure_has_its_description(made):
    reader = pypdf.PdfReader(BytesIO(made))
    descriptions = [str(found["/Alt"]) for number in range(1, len(reader.xref_objStm) + len(reader.xref.get(0, {})) + 1)
                    if isinstance(found := reader.get_object(number), dict) and "/Alt" in found]
    assert sum("Flow diagram of participants" in text for text in descriptions) == 1
    assert len(descriptions) >= 6


def test_the_numbers_of_the_page_stand_in_the_pdf(text):
    for piece in ("−0.049 scale points (95% confidence interval −0.143 to 0.045)", "899", "62% came to the seminar", "Lee bounds", "a" * 64):
        assert piece in text


def test_the_same_document_gives_the_same_bytes(made):
    assert pdf(pages.report()) == made


@pytest.mark.parametrize("language", ["nl", "fr"])
def test_other_languages_are_set_in_their_own(language):
    reader = pypdf.PdfReader(BytesIO(pdf(pages.report(language))))
    assert reader.trailer["/Root"]["/Lang"] == {"nl": "nl-BE", "fr": "fr-BE"}[language]


def test_nothing_an_author_writes_is_markup():
    outcomes = [{**made_up.PLAN["outcomes"][0], "label": MARKUP, "unit": MARKUP}, *made_up.PLAN["outcomes"][1:]]
    plan = made_up.plan(title=MARKUP, outcomes=outcomes)
    words = {"summary": "Text with #let, $x$ and @ref."}
    made = pdf(full_report(made_up.released(), plan, made_up.labels(plan), words, "en", figures=pages.drawn("en")))
    reader = pypdf.PdfReader(BytesIO(made))
    assert reader.metadata.title == MARKUP
    assert "Text with #let, $x$ and @ref." in " ".join(reader.pages[0].extract_text().split())


def test_a_warning_of_the_compiler_stops_the_report(monkeypatch, tmp_path):
    template = tmp_path / "bad.typ"
    template.write_text('#set document(title: "t")\n#set text(font: "No Such Face")\n= Title\nText')
    monkeypatch.setattr(pdf_module, "TEMPLATE", template)
    with pytest.raises(ReportError, match=r"(?i)typst warned"):
        pdf(Document(title="T", language="en", blocks=(Paragraph(spans=said("x")),)))
    template.write_text('#set document(title: "t")\n#unknown')
    with pytest.raises(ReportError, match="could not be made"):
        pdf(Document(title="T", language="en", blocks=(Paragraph(spans=said("x")),)))


def test_long_names_may_break_at_their_parts():
    assert breakable("robust.depression.difference_in_means") == "robust.\u200bdepression.\u200bdifference_\u200bin_\u200bmeans"
    assert breakable("short.name") == "short.name"
    assert breakable("words with. spaces and more") == "words with. spaces and more"


def wide(columns: int, text: str) -> Table:
    heads = (Column(id="name", title="Uitkomst"), *(Column(id=str(i), title="95%-betrouwbaarheids\u00adinterval", kind="interval")
                                                    for i in range(columns)))
    rows = tuple(Row(cells=(text_cell("Tevredenheid over de sociale diensten (punten op 10)"), *(text_cell(text),) * columns)) for _ in range(3))
    return Table(id="wide", title="Breed", columns=heads, rows=rows, language="nl")


@pytest.mark.parametrize("columns", [1, 4, 7, 9, 14])
@pytest.mark.parametrize("text", ["0,1", "-1.234,56 tot 7.890,12"])
def test_columns_never_take_more_than_the_page_and_text_keeps_room(columns, text):
    shown, size, widths, tight = _layout(wide(columns, text))
    assert shown == wide(columns, text)
    assert 5.8 <= size <= 7.8
    assert sum(widths) == pytest.approx(PAGE, abs=0.1)
    assert tight or widths[0] >= TEXT_ROOM
    document = Document(title="T", language="nl", blocks=(TableBlock(table=wide(columns, text)),))
    assert len(pypdf.PdfReader(BytesIO(pdf(document))).pages) == 1


def test_columns_of_text_share_the_page_by_their_length_and_none_is_narrower_than_its_longest_part():
    why = "De verschillende gezinnen van eenzelfde begeleider lijken op elkaar, dus staat elke begeleider voor een cluster. " * 3
    columns = tuple(Column(id=name, title=name) for name in ("Getal", "Methode", "Waarom"))
    row = Row(cells=(text_cell("effect.supplementary_support"), text_cell("Regressie met covariaten van de nulmeting (ANCOVA)"), text_cell(why)))
    _shown, size, widths, tight = _layout(Table(id="methods", title="Hoe", columns=columns, rows=(row,), language="nl"))
    assert widths[2] > PAGE / 2
    assert widths[0] >= text_width("supplementary_", size) * 72
    assert widths[1] >= text_width("covariaten", size) * 72
    assert not tight


def test_where_the_word_for_withheld_takes_too_much_room_a_sign_stands_for_it():
    hidden = words("nl")("withheld")
    columns = (Column(id="right", title="Recht"), *(Column(id=str(place), title="Na", kind="percent") for place in range(12)))
    row = Row(cells=(text_cell("Werkhervattingstoeslag voor eenoudergezinnen"), *(text_cell(hidden),) * 12))
    table = Table(id="rights", title="T", columns=columns, rows=(row,), notes=("Aandelen staan in %.",), language="nl")
    shown, _size, _widths, tight = _layout(table)
    assert {row.cells[1].text for row in shown.rows} == {"x"}
    assert shown.notes == ("Aandelen staan in %.", f"x: {hidden}")
    assert not tight
    assert _layout(wide(3, hidden))[0] == wide(3, hidden)


def test_a_row_and_its_heading_stay_on_one_page():
    lines = " ".join(["woorden"] * 120)
    rows = tuple(Row(cells=(text_cell(f"naam{place}"), text_cell(lines)), group=f"groep{place}") for place in range(12))
    table = Table(id="t", title="T", columns=(Column(id="a", title="Naam"), Column(id="b", title="Waarom")), rows=rows, language="nl")
    made = pdf(Document(title="T", language="nl", blocks=(TableBlock(table=table),)))
    pages_of = [page.extract_text() for page in pypdf.PdfReader(BytesIO(made)).pages]
    assert len(pages_of) > 2
    for place in range(12):
        (home,) = [page for page in pages_of if f"naam{place}\n" in page or f"naam{place} " in page]
        assert f"groep{place}" in home
        assert home.count("woor") == home.count("groep") * 120


def test_what_is_not_for_paper_is_left_out(text):
    assert "Every other number" not in text
    assert "effect.employed" in text.replace(" ", "")
    assert "robust.depression.lin" not in text.replace(" ", "").replace("\u200b", "")


def low_and_tall() -> tuple[Figure, Figure]:
    """Two made-up pictures: one of a sixth of a page, and one of most of it."""
    data = Table(id="d", title="D", columns=(Column(id="a", title="A"),), rows=(Row(cells=(text_cell("1"),)),))
    return tuple(Figure(id=name, title=name, png=b"", pdf=b"", data=data, alt=f"{name} picture", svg=(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="500" height="{height}"><rect width="500" height="{height}" fill="#ddd"/></svg>').encode())
        for name, height in (("low", 120), ("tall", 560)))


def on_pages(*blocks) -> list[str]:
    made = pdf(Document(title="T", language="en", blocks=blocks))
    return [page.extract_text() for page in pypdf.PdfReader(BytesIO(made)).pages]


def test_a_tall_figure_leaves_no_page_half_empty():
    _, tall = low_and_tall()
    before = tuple(Paragraph(spans=said("Before. " * 60)) for _ in range(6))
    after = TableBlock(table=wide(3, "0,1"))
    texts = on_pages(*before, FigureBlock(figure=tall), after)
    assert "Tevredenheid" in texts[0], "what follows fills the page that the figure doesn't fit on"
    assert "tall" in texts[1]
    texts = on_pages(*before, FigureBlock(figure=tall), Heading(text="Next", level=2), after)
    assert "Tevredenheid" not in texts[0], "a figure stays before the next chapter"
    assert texts[1].index("tall") < texts[1].index("Next") if "Next" in texts[1] else "Next" in texts[2]


def test_a_low_figure_stays_where_it_is_spoken_of():
    low, _ = low_and_tall()
    (text,) = on_pages(Paragraph(spans=said("Before.")), FigureBlock(figure=low), Paragraph(spans=said("After.")))
    assert text.index("Before.") < text.index("low") < text.index("After.")
