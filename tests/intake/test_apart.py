"""Binary files are read in another process: what crashes it, keeps it busy or fills its memory is said in words, and nothing else happens."""

from __future__ import annotations

import datetime as dt
import io
import json
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from takeup.errors import IntakeError
from takeup.intake.apart import MOST_CELL, NO_MEMORY, REFUSED, _answer, _tagged, _untagged, read_apart
from takeup.intake.read import read_table
from takeup.plan.model import Table

MB = 2**20
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="limits of memory are POSIX's")


def workbook(path, cell="x", rows=3):
    xlsxwriter = pytest.importorskip("xlsxwriter")
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for row in range(rows):
            sheet.write_row(row, 0, ["id", "naam"] if row == 0 else [row, cell])


def bomb(path, megabytes=700):
    """A small workbook whose sheet unpacks to so much."""
    workbook(path)
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    head, tail = parts.pop("xl/worksheets/sheet1.xml").split(b"</sheetData>")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in parts.items():
            book.writestr(name, content)
        with book.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(head + b'<row r="4"><c r="A4" t="inlineStr"><is><t>')
            for _ in range(megabytes):
                sheet.write(b"A" * MB)
            sheet.write(b"</t></is></c></row></sheetData>" + tail)
    assert path.stat().st_size < 2 * MB


@POSIX
def test_a_workbook_that_unpacks_to_more_than_its_limit_is_refused(tmp_path):
    path = tmp_path / "bomb.xlsx"
    pytest.importorskip("python_calamine")
    bomb(path)
    with pytest.raises(IntakeError, match=r"bomb\.xlsx: (unpacks to more than is reasonable|is damaged)"):
        read_apart(path, "workbook", "bomb.xlsx", options={"sheet": ""}, memory=500 * MB)


def test_a_workbook_that_says_that_it_is_a_bomb_isnt_even_opened(tmp_path, monkeypatch):
    from takeup.intake import read

    path = tmp_path / "bomb.xlsx"
    bomb(path, 2)
    monkeypatch.setattr(read, "MOST_UNPACKED", MB)
    monkeypatch.setattr(read, "read_apart", lambda *_, **__: pytest.fail("was opened"))
    with pytest.raises(IntakeError, match="unpacks to more than is reasonable"):
        read_table(path, Table(file="bomb.xlsx", schema="s.yaml"), name="survey")


@POSIX
def test_a_parquet_file_that_unpacks_to_more_than_its_limit_is_refused(tmp_path):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    path = tmp_path / "bomb.parquet"
    text = pa.DictionaryArray.from_arrays(pa.array(np.zeros(20_000, dtype=np.int32)), pa.array(["A" * MB]))
    pq.write_table(pa.table({"id": range(20_000), "text": text}), path, compression="zstd", store_schema=False)
    assert path.stat().st_size < MB
    with pytest.raises(IntakeError, match=r"bomb\.parquet: (unpacks to more than is reasonable|is damaged)"):
        read_apart(path, "parquet", "bomb.parquet", memory=1200 * MB)


def test_a_reader_that_takes_too_long_is_stopped(tmp_path):
    pytest.importorskip("pyreadstat")
    path = tmp_path / "slow.sav"
    path.write_bytes(b"$FL2" * 100)
    with pytest.raises(IntakeError, match="takes too long to read"):
        read_apart(path, "sav", "slow.sav", options={"encoding": ""}, seconds=0.01)


@pytest.mark.parametrize("code", [-11, -6, -9, 1, REFUSED])
def test_a_reader_that_crashes_is_a_damaged_file(code):
    with pytest.raises(IntakeError, match=r"survey\.sav: is damaged or cut off, or isn't what its name says\. Export it again"):
        _answer(code, b"", "survey.sav", MB)


def test_a_reader_without_memory_says_so():
    with pytest.raises(IntakeError, match="at most 2 GB in memory"):
        _answer(NO_MEMORY, b"", "survey.sav", 2048 * MB)


@pytest.mark.parametrize("kind", ["sav", "dta"])
def test_files_cut_off_anywhere_are_refused(tmp_path, kind):
    """The C library may crash on them: it takes only its own process along."""
    pyreadstat = pytest.importorskip("pyreadstat")
    import pandas as pd

    path = tmp_path / f"survey.{kind}"
    frame = pd.DataFrame({"id": range(200), "naam": ["Zonneschijn"] * 200})
    getattr(pyreadstat, f"write_{kind}")(frame, str(path))
    whole = path.read_bytes()
    for end in (5, 200, len(whole) // 2, len(whole) - 200):
        path.write_bytes(whole[:end])
        with pytest.raises(IntakeError) as info:
            read_table(path, Table(file=path.name, schema="s.yaml"), name="survey")
        assert "Zonneschijn" not in str(info.value)


def test_a_cell_that_no_answer_fills_is_refused(tmp_path):
    pytest.importorskip("pyarrow")
    import pandas as pd

    path = tmp_path / "survey.parquet"
    pd.DataFrame({"id": [1, 2], "naam": ["x", "A" * (MOST_CELL + 1)]}).to_parquet(path)
    for place, content in ((path, None), (tmp_path / "survey.csv", f"id,naam\n1,x\n2,{'A' * (MOST_CELL + 1)}\n"),
                           (tmp_path / "quoted.csv", 'id,naam\n1,x\n2,"' + "A\n" * MOST_CELL + '"\n')):
        if content:
            place.write_text(content)
        with pytest.raises(IntakeError, match="holds a cell of more characters than any answer has"):
            read_table(place, Table(file=place.name, schema="s.yaml"), name="survey")


def test_a_text_file_of_one_endless_line_isnt_read_to_its_end(tmp_path, monkeypatch):
    path = tmp_path / "survey.csv"
    with path.open("wb") as file:
        file.write(b"id,naam\n1,")
        file.seek(3 * 2**30)
        file.write(b"\n")
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("was read whole"))
    with pytest.raises(IntakeError, match="holds a line of more than"):
        read_table(path, Table(file=path.name, schema="s.yaml"), name="survey")


def test_values_come_back_as_they_went():
    values = [dt.datetime(2019, 11, 30, 14, 5), dt.date(2020, 1, 1), dt.time(12, 30), dt.timedelta(hours=30), 1.0, 1, True, "é", None]  # noqa: DTZ001  # files have no time zone
    there = json.dumps([*values, np.float64(2.5)], default=_tagged)
    assert json.loads(there, object_hook=_untagged) == [*values, 2.5]


def test_nothing_lies_on_a_disk_or_in_the_arguments(tmp_path, monkeypatch):
    """The path goes in and the values come out by pipes."""
    import subprocess

    pytest.importorskip("pyreadstat")
    seen = {}

    def noted(arguments, **options):
        seen.update(options, arguments=arguments)
        return subprocess.CompletedProcess(arguments, 0, (2).to_bytes(8, "big") + b"{}", b"")

    path = tmp_path / "survey.sav"
    path.write_bytes(b"x")
    monkeypatch.setattr("takeup.intake.apart.subprocess.run", noted)
    read_apart(path, "sav", "survey.sav", options={"encoding": ""})
    assert str(tmp_path) not in " ".join(seen["arguments"])
    assert json.loads(seen["input"])["path"] == str(path)
    assert seen["capture_output"]
    assert io.BytesIO(seen["input"]).read()
