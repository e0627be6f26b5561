"""Tables as files from a notebook: the form follows from the ending, and what can't be written is said."""

from __future__ import annotations

import csv
import io

import pytest

import takeup as tu
from present import made_up
from takeup.present.tables import all_tables

EFFECTS = tu.ResultSet((
    tu.Estimate(outcome="wellbeing", term="treatment", estimate=3.25, std_error=1.5, conf_low=0.31, conf_high=6.19, p_value=0.03, n=120,
                method="ancova"),
    tu.Estimate(outcome="trust_50%_&", term="treatment", estimate=-0.125, std_error=0.25, conf_low=-0.61, conf_high=0.36, p_value=0.6, n=118),
))


def test_effects_become_a_table_at_full_precision(tmp_path):
    rows = list(csv.DictReader(io.StringIO(tu.write_tables(EFFECTS, tmp_path / "e.csv").read_text(encoding="utf-8"))))
    assert [float(row["Effect"]) for row in rows] == [3.25, -0.125]
    assert [float(row["95% confidence interval, lower limit"]) for row in rows] == [0.31, -0.61]
    assert [row["n"] for row in rows] == ["120", "118"]


@pytest.mark.parametrize("language", ["nl", "fr"])
def test_heads_follow_the_language(tmp_path, language):
    text = tu.write_tables(EFFECTS, tmp_path / "e.csv", language=language).read_text(encoding="utf-8")
    assert "Standard error" not in text


def test_excel_holds_numbers_and_a_sheet_a_table(tmp_path):
    calamine = pytest.importorskip("python_calamine")
    tables = all_tables(made_up.released(), made_up.labels(), "en")
    book = calamine.CalamineWorkbook.from_path(tu.write_tables(tables, tmp_path / "t.xlsx"))
    assert book.sheet_names == list(tables)
    sheet = calamine.CalamineWorkbook.from_path(tu.write_tables(EFFECTS, tmp_path / "e.xlsx")).get_sheet_by_index(0).to_python()
    assert 3.25 in sheet[3]


def test_word_and_latex(tmp_path):
    office = pytest.importorskip("docx")
    document = office.Document(tu.write_tables(EFFECTS, tmp_path / "e.docx", title="Effects"))
    assert document.tables[0].cell(1, 1).text == "3.250"
    assert document.paragraphs[0].text == "Effects"
    text = tu.write_tables(EFFECTS, tmp_path / "e.tex").read_text(encoding="utf-8")
    assert r"trust\_50\%\_\&" in text
    assert text.count("{") == text.count("}")


@pytest.mark.parametrize(("given", "name", "said"), [
    (tu.ResultSet(), "e.csv", "no table to write"), (EFFECTS, "e.doc", "isn't written as"), ([EFFECTS, EFFECTS], "e.csv", "one table"),
])
def test_what_cant_be_written_is_said_and_nothing_is(tmp_path, given, name, said):
    with pytest.raises(tu.TakeupError, match=said):
        tu.write_tables(given, tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("language", "head"), [("nl", "Toelichting: "), ("fr", "Notes\u00a0: "), ("en", "Notes: ")])
def test_the_notes_of_word_and_latex_are_headed_in_the_language(tmp_path, language, head):
    docx = pytest.importorskip("docx")
    tables = {name: table for name, table in all_tables(made_up.released(), made_up.labels(), language).items() if table.notes}
    document = docx.Document(tu.write_tables(tables, tmp_path / "t.docx", language=language))
    noted = [paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "Table Note" and paragraph.text]
    assert noted
    assert all(text.startswith(head) for text in noted)
    text = tu.write_tables(tables, tmp_path / "t.tex", language=language).read_text(encoding="utf-8")
    assert rf"\footnotesize {head.replace(chr(0xa0), '~')}" in text
