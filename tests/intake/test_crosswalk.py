"""Crosswalks: names and codes of a raw export become the schema's, and every slip is said."""

from __future__ import annotations

import pandas as pd
import pytest

from takeup.errors import IntakeError
from takeup.intake.crosswalk import apply_crosswalk, read_crosswalk
from takeup.intake.schema import Category, Field, TableSchema

SCHEMA = TableSchema(name="s", fields=(
    Field(name="id", type="integer"), Field(name="mood", type="integer", categories=(Category(0), Category(1))),
    Field(name="work", categories=(Category("yes"), Category("no"))), Field(name="day", type="date"),
))
TABLES = ["units", "endline"]


def crosswalk(tmp_path, text, table="endline"):
    path = tmp_path / "crosswalk.yaml"
    path.write_text(text, encoding="utf-8")
    return read_crosswalk(path, table, SCHEMA, TABLES)


def applied(tmp_path, text, frame):
    walk, faults = crosswalk(tmp_path, text)
    assert not faults, faults
    return apply_crosswalk(frame, walk, SCHEMA, "data/endline.csv")


FULL = """
endline:
  columns: {V1: mood, V2: work, V3: day}
  values:
    mood: {1: 0, 2: 1, 9: null}
    work: {"1": yes, 2: no, ja: yes}
  drop: [name]
units: {}
"""


@pytest.mark.parametrize("codes", [[1, 2, 9, 3], [1.0, 2.0, 9.0, 3.0], ["1", " 2", "9", "3"]])
def test_names_and_codes_are_mapped_however_the_file_holds_them(tmp_path, codes):
    columns = {"id": [1, 2, 3, 4], "V1": codes, "V2": ["1", "2", "ja", None], "V3": "2019-11-30", "name": "Zonneschijn"}
    frame = pd.DataFrame(columns, index=[2, 3, 4, 5])
    out, faults, notes = applied(tmp_path, FULL, frame)
    assert not faults
    assert list(out.columns) == ["id", "mood", "work", "day"]
    assert out["mood"].tolist()[:2] == [0, 1]
    assert out["mood"].isna().tolist() == [False, False, True, False]
    assert out["mood"].iloc[3] == codes[3], "a code that isn't named stays, for the schema to judge"
    assert out["work"].tolist()[:3] == ["yes", "no", "yes"]
    assert list(out.index) == [2, 3, 4, 5]
    assert notes == ("Columns by crosswalk.yaml: 3 renamed, 2 recoded, 1 left out.",)
    assert list(frame.columns) == ["id", "V1", "V2", "V3", "name"]


def test_names_can_be_exchanged_and_the_rest_left_out(tmp_path):
    frame = pd.DataFrame({"id": [1], "mood": ["x"], "work": [1], "more": ["z"]})
    out, faults, _ = applied(tmp_path, "endline: {columns: {mood: work, work: mood}, drop: others}", frame)
    assert not faults
    assert out.to_dict("list") == {"id": [1], "work": ["x"], "mood": [1]}


def test_a_table_that_is_not_mentioned_is_left_as_it_is(tmp_path):
    walk, faults = crosswalk(tmp_path, FULL, "units")
    assert not faults
    frame = pd.DataFrame({"a": [1]})
    out, faults, notes = apply_crosswalk(frame, walk, SCHEMA, "f.csv")
    assert out.equals(frame)
    assert not faults
    assert not notes


@pytest.mark.parametrize(("text", "words"), [
    ("[1]", "must be a block of keys"), ("endlin: {}", 'Did you mean "endline"?'), ("endline: 3", "must be a block of keys"),
    ("endline: {colums: {}}", 'Did you mean "columns"?'), ("endline: {columns: [a]}", "a block of pairs"),
    ("endline: {columns: {V1: moood}}", 'Did you mean "mood"?'),
    ("endline: {columns: {V1: mood, V2: mood}}", 'two columns of the file are called "mood"'),
    ("endline: {values: {moood: {1: 0}}}", 'Did you mean "mood"?'), ("endline: {values: {mood: 3}}", "a block of pairs"),
    ("endline: {values: [a]}", "must be a block"), ("endline: {values: {mood: {1: 5}}}", '"5" is no category of mood'),
    ("endline: {values: {day: {1: [2]}}}", "must be one value"), ("endline: {drop: name}", "must be a list of columns"),
])
def test_a_fault_is_said_with_its_place(tmp_path, text, words):
    _, faults = crosswalk(tmp_path, text)
    assert len(faults) == 1
    assert words in str(faults[0])
    assert "crosswalk.yaml" in str(faults[0])


def test_what_the_file_cannot_follow(tmp_path):
    frame = pd.DataFrame({"id": [1], "V1": [1], "mood": [2]})
    walk, _ = crosswalk(tmp_path, "endline: {columns: {V1: mood, v2: work}, drop: [name], values: {day: {x: null}}}")
    _, faults, _ = apply_crosswalk(frame, walk, SCHEMA, "data/endline.csv")
    said = " ".join(map(str, faults))
    assert len(faults) == 4
    for words in ('the file has no column "v2"', 'no column "name"', '"mood" is made from another column', 'values are given for "day"'):
        assert words in said


def test_a_file_that_is_no_yaml_stops(tmp_path):
    with pytest.raises(IntakeError):
        crosswalk(tmp_path, "endline: [")
