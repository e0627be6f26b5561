"""Readers: every kind of file gives the same table, says how it was read, and is refused with a reason when it can't be."""

from __future__ import annotations

import builtins
import datetime as dt
import sys

import numpy as np
import pandas as pd
import pytest

from takeup.errors import IntakeError
from takeup.intake.check import check_table
from takeup.intake.read import RawTable, code_text, read_table
from takeup.intake.schema import Category, Field, TableSchema
from takeup.plan.model import Table

SCHEMA = TableSchema(name="survey", fields=(
    Field(name="id", type="string"), Field(name="income", type="number"), Field(name="mood", type="integer", missing_values=(Category("-9"),)),
    Field(name="day", type="date"), Field(name="naam", type="string"),
))
ROWS = [("007", 1200.5, 3, "2019-11-30", "José"), ("008", None, -9, "2020-01-01", "de Wit, Ann"), ("009", -3.25, 0, None, 'zei "ja"')]


def reading(path, **spec):
    table = Table(file=path.name, schema="s.yaml", **spec)
    return read_table(path, table, name="survey", names=SCHEMA.names, texts=["id", "day", "naam"], numbers=["income"])


def csv(rows, mark=",", decimal=".", ends="\n", header="id,income,mood,day,naam"):
    def cell(value):
        text = "" if value is None else str(value).replace(".", decimal) if isinstance(value, float) else str(value)
        return '"' + text.replace('"', '""') + '"' if mark in text or '"' in text or "\n" in text else text

    return ends.join([header.replace(",", mark), *(mark.join(map(cell, row)) for row in rows)]) + ends


def typed(raw: RawTable):
    checked = check_table(raw.frame, SCHEMA, file=raw.file, missing=raw.missing, decimal=raw.decimal)
    assert not checked.bad, checked.bad
    assert not checked.faults
    return checked.frame


def same(raw: RawTable, first: int):
    frame = typed(raw)
    assert list(frame.index) == [first, first + 1, first + 2]
    assert list(frame["id"]) == ["007", "008", "009"]
    assert frame["income"].isna().tolist() == [False, True, False]
    assert frame["income"].dropna().tolist() == [1200.5, -3.25]
    assert frame["mood"].isna().tolist() == [False, True, False]
    assert frame["mood"].dropna().tolist() == [3, 0]
    assert frame["day"].dropna().tolist() == [pd.Timestamp("2019-11-30"), pd.Timestamp("2020-01-01")]
    assert list(frame["naam"]) == [row[4] for row in ROWS]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_text_files_are_recognised(tmp_path, mark, encoding, ends):
    decimal = "." if mark == "," else ","
    path = tmp_path / "survey.csv"
    path.write_bytes(csv(ROWS, mark, decimal, ends).encode(encoding))
    raw = reading(path)
    same(raw, 2)
    told = " ".join(raw.notes)
    assert {"utf-8": "UTF-8", "utf-8-sig": "UTF-8 (the file says so)", "cp1252": "Windows-1252", "utf-16": "UTF-16"}[encoding] in told
    assert {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}[mark] in told
    assert ("decimal sign is a comma" in told) == (decimal == ",")


def test_what_is_declared_is_taken(tmp_path):
    path = tmp_path / "survey.csv"
    path.write_bytes(csv(ROWS, ";", ",").encode("latin-1"))
    raw = reading(path, encoding="latin-1", delimiter="semicolon", decimal=",")
    same(raw, 2)
    assert raw.notes[0] == "The encoding is latin-1, as declared."
    with pytest.raises(IntakeError, match=r"isn't written in utf-8; line 2"):
        reading(path, encoding="utf-8")
    with pytest.raises(IntakeError, match="is no encoding"):
        reading(path, encoding="utf-9")
    with pytest.raises(IntakeError, match="one sign"):
        reading(path, delimiter="tabb")


def test_the_line_that_excel_knows_and_empty_rows_keep_the_row_numbers(tmp_path):
    path = tmp_path / "survey.csv"
    lines = csv(ROWS, ";").splitlines()
    path.write_text("\n".join(["sep=;", lines[0], lines[1], "", ";;;;", lines[2]]) + "\n")
    assert list(reading(path).frame.index) == [3, 6]


def test_a_line_break_inside_quotes_is_no_row(tmp_path):
    path = tmp_path / "survey.csv"
    path.write_text(csv([("1", 1.0, 1, None, "two\nlines"), ("2", 2.0, 1, None, "x")]))
    assert list(reading(path).frame.index) == [2, 3]


@pytest.mark.parametrize(("text", "words"), [
    ("id,income,mood,day,naam\n1,2,3,,x\n1,2,3\n1,2,3,,x,y\n4,5,6,,x\n", r"2 rows have more or fewer cells than the header \(rows 3 and 4\)"),
    ('id,income,mood,day,naam\n1,2,3,,"open\n2,3,4,,x\n', "a quote that is opened isn't closed"),
    ("id,id,mood,day,naam\n1,2,3,,x\n", "columns 1, 2 have the same name"),
    ("id,,mood,,naam\n1,2,3,,x\n", r"2 columns have no name in the header \(columns 2, 4\)"),
    ("", "is empty"), ("\n\n", "is empty"),
])
def test_text_files_that_are_no_table(tmp_path, text, words):
    path = tmp_path / "survey.csv"
    path.write_text(text)
    with pytest.raises(IntakeError, match=words):
        reading(path)


def test_a_quote_inside_a_cell_misleads_nobody(tmp_path):
    path = tmp_path / "survey.csv"
    path.write_text('id,income,mood,day,naam\n1,2,3,,5" nail\n2,2,3,,6" nail\n3,1,1,,plain\n')
    assert reading(path).frame["naam"].tolist() == ['5" nail', '6" nail', "plain"]


@pytest.mark.parametrize("content", [b"\x00\x01\x02id,income\n", b"id,income\n\x81\x8d\xff,1\n"])
def test_what_is_no_text_is_refused(tmp_path, content):
    path = tmp_path / "survey.csv"
    path.write_bytes(content)
    with pytest.raises(IntakeError, match=r"zero bytes|neither UTF-8 nor Windows-1252"):
        reading(path)


@pytest.mark.parametrize(("content", "declared", "words"), [
    ("id,income,mood,day,naam\n1,2,3,,é\n".encode() + "2,2,3,,é\n".encode("cp1252"), "", "mixes letters in UTF-8 with letters in Windows-1252"),
    (b"id,income,mood,day,naam\n1,2,3,,x\n", "utf-16", "isn't written in utf-16"),
])
def test_two_encodings_in_one_file_and_a_wrong_one_declared(tmp_path, content, declared, words):
    path = tmp_path / "survey.csv"
    path.write_bytes(content)
    with pytest.raises(IntakeError, match=words):
        reading(path, encoding=declared)


def workbook(path, rows, sheets=("Data",), lead=0):
    xlsxwriter = pytest.importorskip("xlsxwriter")
    with xlsxwriter.Workbook(path) as book:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for name in sheets:
            sheet = book.add_worksheet(name)
            for i, row in enumerate([SCHEMA.names, *rows]):
                for j, value in enumerate(row):
                    if i and j == 3 and value:
                        sheet.write_datetime(i + lead, j, dt.datetime.fromisoformat(value), day)
                    elif value is not None:
                        sheet.write(i + lead, j, value)


def test_workbooks(tmp_path):
    pytest.importorskip("python_calamine")
    path = tmp_path / "survey.xlsx"
    workbook(path, ROWS)
    raw = reading(path)
    same(raw, 2)
    assert raw.notes == ('Sheet "Data".',)
    workbook(path, ROWS, sheets=("Codes", "Data"), lead=3)
    same(reading(path, sheet="Data"), 5)
    assert reading(path).notes == ('Sheet "Codes", the first of 2.',)
    with pytest.raises(IntakeError, match=r'has no sheet "Date". Allowed: Codes, Data. Did you mean "Data"\?'):
        reading(path, sheet="Date")


def test_workbooks_with_cells_beyond_the_header_or_nothing(tmp_path):
    xlsxwriter = pytest.importorskip("xlsxwriter")
    path = tmp_path / "survey.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "income"])
        sheet.write_row(1, 0, [1, 2, "a remark"])
    with pytest.raises(IntakeError, match=r"1 rows? (have|has) cells beyond the last column with a name \(row 2\)"):
        reading(path)
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet()
    with pytest.raises(IntakeError, match="is empty"):
        reading(path)


def test_spss_files_keep_labels_and_user_missing_codes(tmp_path):
    pyreadstat = pytest.importorskip("pyreadstat")
    path = tmp_path / "survey.sav"
    frame = pd.DataFrame({"id": ["007", "008", "009"], "income": [1200.5, np.nan, -3.25], "mood": [3.0, 98.0, 0.0],
                          "day": [dt.date(2019, 11, 30), dt.date(2020, 1, 1), None], "naam": [row[4] for row in ROWS]})
    pyreadstat.write_sav(frame, str(path), column_labels=["Id", "Income", "Mood now", "Day", "Name"],
                         variable_value_labels={"mood": {0: "never", 3: "always", 98: "refused"}}, missing_ranges={"mood": [{"lo": 97, "hi": 99}]})
    raw = reading(path)
    same(raw, 1)
    assert raw.labels["mood"] == {"0": "never", "3": "always", "98": "refused"}
    assert raw.titles["mood"] == "Mood now"
    assert raw.missing["mood"] == ((97.0, 99.0),)
    assert "marks codes as missing" in raw.notes[-1]


def test_stata_files_keep_labels_and_extended_missing_codes(tmp_path):
    pyreadstat = pytest.importorskip("pyreadstat")
    path = tmp_path / "survey.dta"
    frame = pd.DataFrame({"id": ["007", "008", "009"], "income": [1200.5, np.nan, -3.25], "mood": [3, "a", 0],
                          "day": [dt.date(2019, 11, 30), dt.date(2020, 1, 1), None], "naam": [row[4] for row in ROWS]})
    labels = {"mood": {0: "never", 3: "always", "a": "refused"}}
    pyreadstat.write_dta(frame, str(path), variable_value_labels=labels, missing_user_values={"mood": ["a"]})
    raw = reading(path)
    same(raw, 1)
    assert raw.labels["mood"]["a"] == "refused"
    assert raw.missing["mood"] == ("a",)


def test_parquet_files(tmp_path):
    pytest.importorskip("pyarrow")
    path = tmp_path / "survey.parquet"
    frame = pd.DataFrame({"id": ["007", "008", "009"], "income": [1200.5, np.nan, -3.25], "mood": [3, -9, 0],
                          "day": pd.to_datetime(["2019-11-30", "2020-01-01", None]), "naam": pd.Categorical([row[4] for row in ROWS])})
    frame.to_parquet(path)
    same(reading(path), 1)


@pytest.mark.parametrize("kind", ["xlsx", "sav", "dta", "parquet"])
def test_damaged_files_are_refused_without_a_word_of_their_content(tmp_path, kind):
    path = tmp_path / f"survey.{kind}"
    path.write_bytes(b"Zonneschijn" * 40)
    with pytest.raises(IntakeError, match="is damaged or cut off") as info:
        reading(path)
    assert "Zonneschijn" not in str(info.value)
    path.write_bytes(b"")
    with pytest.raises(IntakeError, match="is empty"):
        reading(path)


def test_unknown_kinds_are_refused(tmp_path):
    path = tmp_path / "survey.savv"
    path.write_text("x")
    with pytest.raises(IntakeError, match=r'Did you mean ".sav"'):
        reading(path)


@pytest.mark.parametrize(("kind", "package"), [("xlsx", "python_calamine"), ("sav", "pyreadstat"), ("dta", "pyreadstat"), ("parquet", "pyarrow")])
def test_a_missing_package_is_named_with_the_extra_that_brings_it(tmp_path, monkeypatch, kind, package):
    path = tmp_path / f"survey.{kind}"
    path.write_bytes(b"x")
    genuine = builtins.__import__

    def without(name, *rest):
        if name.split(".")[0] == package:
            raise ImportError(name)
        return genuine(name, *rest)

    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(IntakeError, match=r'pip install "takeup\[io\]"'):
        reading(path)


def test_codes_are_the_same_however_a_file_holds_them():
    assert {code_text(value) for value in (1, 1.0, "1 ", np.float64(1), np.int8(1))} == {"1"}
    assert [code_text(value) for value in ("007", 2.5, True, 10**20, float("inf"))] == ["007", "2.5", "true", "1" + "0" * 20, "inf"]


def test_reprs_count(tmp_path):
    path = tmp_path / "survey.csv"
    path.write_text(csv(ROWS))
    assert repr(reading(path)) == "RawTable(survey: 3 rows, 5 columns)"
