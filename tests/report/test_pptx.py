"""The slides: 16:9, a native chart whose numbers are the results', a native table, notes with the method, the same bytes."""

import re
from io import BytesIO
from zipfile import ZipFile

import pytest

from present import made_up
from report import briefs
from takeup.errors import ReportError
from takeup.present.text import plain
from takeup.report import office as office_module
from takeup.report.pptx import ROWS, pptx
from takeup.results import ResultSet

office = pytest.importorskip("pptx")


def opened(content):
    return office.Presentation(BytesIO(content))


@pytest.fixture(scope="module")
def content():
    return pptx(briefs.made("fr"))


@pytest.fixture(scope="module")
def show(content):
    return opened(content)


def shares():
    """A brief of yes-or-no outcomes only."""
    outcomes = [{**outcome, "kind": "binary", "role": "primary", "smallest_effect": 0.05} for outcome in made_up.PLAN["outcomes"][1:]]
    effects = ResultSet(tuple(made_up.estimate(outcome["id"], 0.0661, 0.0311, extra=made_up.MEANS["employed"]) for outcome in outcomes))
    nothing = {name: ResultSet() for name in ("robustness", "attrition", "distributions", "subgroups")}
    return briefs.of(plan=made_up.plan(outcomes=outcomes), effects=effects, **nothing)


def test_there_are_two_slides_16_to_9_each_with_its_native_title(show):
    assert len(show.slides) == 2
    assert show.slide_width / show.slide_height == pytest.approx(16 / 9, rel=1e-3)
    assert show.slides[0].shapes.title.text == plain(briefs.made("fr").message[0].lines[0])


def test_the_chart_is_native_and_its_numbers_are_the_results(show):
    (frame,) = [shape for shape in show.slides[0].shapes if shape.has_chart]
    plot = frame.chart.plots[0]
    assert list(plot.categories) == ["Brochure", "Séminaire"]
    assert list(plot.series[0].values) == [made_up.MEANS["depression"]["mean_control"], made_up.MEANS["depression"]["mean_treated"]]
    assert frame.chart.part.chart_workbook.xlsx_part is not None
    assert frame._element.xpath(".//p:cNvPr")[0].get("descr") == briefs.made("fr").chart.alt


def test_several_shares_stand_side_by_side_by_arm():
    (frame,) = [shape for shape in opened(pptx(shares())).slides[0].shapes if shape.has_chart]
    plot = frame.chart.plots[0]
    assert [series.name for series in plot.series] == ["Booklet", "Seminar"]
    assert [tuple(series.values) for series in plot.series] == [(0.2603, 0.2603), (0.3264, 0.3264)]
    assert plot.data_labels.number_format == "0%"
    assert frame.chart.has_legend


def test_the_table_is_native_with_a_header_row(show):
    (frame,) = [shape for shape in show.slides[1].shapes if shape.has_table]
    made = briefs.made("fr").table
    assert frame.table.first_row
    assert len(made.rows) <= ROWS
    rows = [[cell.text for cell in row.cells] for row in frame.table.rows]
    assert rows == [[column.title.replace("\u00ad", "- ") for column in made.columns], *([cell.text for cell in row.cells] for row in made.rows)]
    assert made.title in frame._element.xpath(".//p:cNvPr")[0].get("descr")


def test_the_notes_tell_the_method_and_the_results_behind_the_numbers(show):
    notes = show.slides[0].notes_slide.notes_text_frame.text
    for sentence in briefs.made("fr").method:
        assert plain(sentence) in notes
    assert "effect.depression, estimate" in notes
    assert plain(briefs.made("fr").sources) in show.slides[1].notes_slide.notes_text_frame.text


def test_every_run_says_its_language(show):
    for slide in show.slides:
        xml = slide._element.xml
        assert set(re.findall(r'<a:rPr [^>]*lang="([^"]+)"', xml)) == {"fr-BE"}


@pytest.mark.parametrize("language", briefs.LANGUAGES)
def test_the_longest_words_stay_on_the_slide_or_go_to_the_notes(language):
    made = briefs.longest(language)
    show = opened(pptx(made))
    for slide in show.slides:
        for shape in slide.shapes:
            assert shape.left >= 0
            assert shape.left + shape.width <= show.slide_width
            assert shape.top + shape.height <= show.slide_height
    notes = "\n".join(slide.notes_slide.notes_text_frame.text for slide in show.slides)
    for part in (made.meaning, made.unknown):
        for block in part.blocks:
            for item in getattr(block, "items", ()):
                assert plain(item) in notes


def test_without_means_the_figure_stands_in_for_the_chart():
    shapes = list(opened(pptx(briefs.change())).slides[0].shapes)
    assert not any(shape.has_chart for shape in shapes)
    (picture,) = [shape for shape in shapes if shape.shape_type == 13]
    assert picture._element.xpath(".//p:cNvPr")[0].get("descr") == briefs.change().figure.alt


def test_the_same_bytes_every_time_the_workbook_inside_too(content):
    assert content == pptx(briefs.made("fr"))
    with ZipFile(BytesIO(content)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        (book,) = [name for name in archive.namelist() if name.endswith(".xlsx")]
        with ZipFile(BytesIO(archive.read(book))) as inner:
            assert {info.date_time for info in inner.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(office_module, "find_spec", lambda _name: None)
    with pytest.raises(ReportError, match=r'PPTX files need the package python-pptx.*pip install "takeup\[office\]"'):
        pptx(briefs.made("fr"))
