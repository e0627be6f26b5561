"""The validator against a plain one that looks at each cell in turn, on the same tables in every form a reader can give."""

from __future__ import annotations

import io
import re
from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from takeup.intake.check import check_table
from takeup.intake.schema import Category, Field, TableSchema

FIELDS = (
    Field(name="id", type="integer", unique=True),
    Field(name="count", type="integer", minimum=0, maximum=10, missing_values=(Category("-9", "refused"), Category("-8"))),
    Field(name="amount", type="number", minimum=-1.5, required=True),
    Field(name="word", type="string", categories=(Category("a"), Category("b")), required=True),
    Field(name="code", type="string", pattern="[A-Z]{2}", min_length=2, max_length=2),
    Field(name="item", type="integer", ordered=True, categories=(Category(0), Category(1), Category(2)), missing_values=(Category("99"),)),
    Field(name="kind", type="integer", categories=(Category(1), Category(2), Category(3))),
    Field(name="day", type="date", minimum=pd.Timestamp("2019-01-01").date(), maximum=pd.Timestamp("2019-12-31").date()),
    Field(name="ok", type="boolean"),
    Field(name="year", type="year"),
)
SCHEMA = TableSchema(name="t", fields=FIELDS)
CELLS = {
    "id": ["", "1", "2", "3", "4"], "count": ["", "-9", "-8", "0", "10", "11", "-1", "3.0", "2.5", "x", " 4 "],
    "amount": ["", "-1.5", "-1.6", "0.25", "1e3", "inf", "nan", "x", "1,5"], "word": ["", "a", "b", "A", " a", "c"],
    "code": ["", "AB", "ABC", "A", "ab"], "item": ["", "0", "1", "2", "3", "99", "-1"], "kind": ["", "1", "2", "3", "0"],
    "day": ["", "2019-01-01", "2018-12-31", "2020-01-01", "2019-02-30", "1/2/2019"],
    "ok": ["", "true", "FALSE", "1", "0", "yes"], "year": ["", "2019", "99999", "x"],
}
FRACTIONS = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")


def plain(rows: list[dict[str, str]]) -> set[tuple[int, str, str]]:
    """Cell by cell, in plain Python: row, column, rule."""
    found = set()
    for field in FIELDS:
        values: dict[int, object] = {}
        for row, cells in enumerate(rows, start=2):
            text = cells[field.name].strip()
            if text in {"", *(str(code.value) for code in field.missing_values)}:
                if field.required:
                    found.add((row, field.name, "required"))
                continue
            value = _value(field, text)
            if value is None:
                found.add((row, field.name, "type"))
                continue
            values[row] = value
            found |= {(row, field.name, rule) for rule, broken in _rules(field, value) if broken}
        if field.unique:
            found |= {(row, field.name, "unique") for row, value in values.items() if list(values.values()).count(value) > 1}
    return found


def _rules(field: Field, value) -> list[tuple[str, bool]]:
    text = str(value)
    return [
        ("category", bool(field.categories) and value not in {category.value for category in field.categories}),
        ("minimum", field.minimum is not None and value < field.minimum),
        ("maximum", field.maximum is not None and value > field.maximum),
        ("pattern", bool(field.pattern) and re.fullmatch(field.pattern, text) is None),
        ("min_length", field.min_length is not None and len(text) < field.min_length),
        ("max_length", field.max_length is not None and len(text) > field.max_length),
    ]


def _value(field: Field, text: str) -> object:
    if field.type == "string":
        return text
    if field.type == "boolean":
        return {"true": True, "1": True, "FALSE": False, "0": False}.get(text)
    if field.type == "date":
        try:
            return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007
        except ValueError:
            return None
    if not FRACTIONS.fullmatch(text):
        return None
    number = float(text)
    if field.type == "number":
        return number
    return int(number) if number.is_integer() and (field.type != "year" or number <= 9999) else None


def as_text(rows):
    """As a reader of text gives it: columns of text, columns of numbers where all cells are."""
    buffer = io.StringIO()
    pd.DataFrame(rows, columns=list(CELLS)).to_csv(buffer, index=False)
    buffer.seek(0)
    texts = {field.name: str for field in FIELDS if field.type in {"string", "date", "boolean"}}
    frame = pd.read_csv(buffer, keep_default_na=False, na_values=[""], dtype=texts, low_memory=False, skip_blank_lines=False)
    frame.index += 2
    return frame


def as_objects(rows):
    """As a workbook gives it: numbers as floats, empty cells as None."""

    def cell(name, text):
        kind = next(field.type for field in FIELDS if field.name == name)
        if text == "":
            return None
        return float(text) if kind in {"integer", "number", "year"} and FRACTIONS.fullmatch(text) else text

    frame = pd.DataFrame([{name: cell(name, text) for name, text in row.items()} for row in rows], columns=list(CELLS), dtype=object)
    frame.index += 2
    return frame


def as_categories(rows):
    """As Parquet may give it."""
    frame = pd.DataFrame(rows, columns=list(CELLS)).astype("category")
    frame.index += 2
    return frame


ROWS = st.lists(st.fixed_dictionaries({name: st.sampled_from(cells) for name, cells in CELLS.items()}), min_size=1, max_size=12)


@settings(max_examples=50, deadline=None)
@given(ROWS)
@pytest.mark.parametrize("form", [as_text, as_objects, as_categories])
def test_all_bad_cells_and_only_those_are_found(form, rows):
    checked = check_table(form(rows), SCHEMA, file="t.csv")
    found = [(cell.row, cell.column, cell.rule) for cells in checked.bad for cell in cells.cells()]
    assert len(set(found)) == len(found)
    assert set(found) == plain(rows)
    assert not checked.faults


@settings(max_examples=30, deadline=None)
@given(ROWS)
def test_values_and_missing_codes(rows):
    checked = check_table(as_text(rows), SCHEMA, file="t.csv")
    for field in FIELDS:
        for position, row in enumerate(rows):
            text = row[field.name].strip()
            gone = text in {"", *(str(code.value) for code in field.missing_values)}
            expected = None if gone else _value(field, text)
            if field.categories and field.nominal and expected not in {category.value for category in field.categories}:
                expected = None
            value = checked.frame[field.name].iloc[position]
            assert (expected is None) == bool(pd.isna(value))
            assert expected is None or pd.Timestamp(value).date() == expected if field.type == "date" else expected is None or value == expected
    refused = sum(row["count"] == "-9" for row in rows)
    assert checked.codes.get("count", {}).get("-9", 0) == refused


def test_types_of_the_checked_frame():
    cells = ("1", "3", "1", "a", "AB", "1", "2", "2019-05-05", "true", "2019")
    rows = [dict(zip(CELLS, cells, strict=True))] * 2
    whole = check_table(as_text([{**row, "id": str(i)} for i, row in enumerate(rows)]), SCHEMA, file="t.csv").frame
    assert {name: str(dtype) for name, dtype in whole.dtypes.items()} == {
        "id": "int64", "count": "int64", "amount": "float64", "word": "category", "code": "string", "item": "int64", "kind": "category",
        "day": "datetime64[us]", "ok": "bool", "year": "int64",
    }
    gaps = check_table(as_text([*rows, dict.fromkeys(CELLS, "")]), SCHEMA, file="t.csv").frame
    assert {name: str(gaps[name].dtype) for name in ("id", "count", "item", "ok", "year")} == {
        "id": "Int64", "count": "Int64", "item": "Int64", "ok": "boolean", "year": "Int64"}
    assert list(gaps["kind"].cat.categories) == [1, 2, 3]
    assert list(gaps["word"].cat.categories) == ["a", "b"]


def test_keys_of_several_columns():
    schema = TableSchema(name="t", fields=(Field(name="a", type="integer"), Field(name="b", type="string"), Field(name="c")), primary_key=("a", "b"),
                         unique_keys=(("b", "c"),))
    frame = pd.DataFrame({"a": [1, 1, 2, None], "b": ["x", "x", "x", "y"], "c": ["p", "q", "p", "p"]}, index=[2, 3, 4, 5])
    found = {(cells.column, cells.rule): cells.rows.tolist() for cells in check_table(frame, schema, file="t.csv").bad}
    assert found == {("a + b", "primary_key"): [2, 3, 5], ("b + c", "unique"): [2, 4]}


def test_codes_that_the_file_marks_as_missing():
    schema = TableSchema(name="t", fields=(Field(name="a", type="integer", maximum=5), Field(name="b"), Field(name="c", type="integer")))
    frame = pd.DataFrame({"a": [1.0, 97.0, 99.0, 98.5], "b": ["x", "z", "x", None], "c": [1, "a", "b", 2]}, index=[1, 2, 3, 4])
    checked = check_table(frame, schema, file="t.sav", missing={"a": ((97.0, 99.0),), "b": (("z", "z"),), "c": ("a", "b")})
    assert not checked.bad
    assert checked.frame["a"].isna().tolist() == [False, True, True, True]
    assert checked.codes["a"] == {"97 to 99": 3}
    assert checked.codes["c"] == {"a": 1, "b": 1}


@pytest.mark.parametrize(("match", "columns", "expected"), [
    ("equal", ["a", "b"], []), ("equal", ["b", "a"], []), ("equal", ["a"], ['no column "b"']), ("equal", ["a", "b", "c"], ["doesn't know c"]),
    ("subset", ["a", "b", "c"], []), ("subset", ["a", "c"], ['no column "b"']), ("superset", ["a"], []), ("superset", ["a", "c"], ["doesn't know c"]),
    ("partial", ["a", "c"], []), ("equal", ["c", "d"], ["not one column"]), ("equal", ["a", "bb"], ['Did you mean "bb"?']),
    ("equal", ["a", "b", "b"], ['two columns are called "b"']), ("equal", ["a", "b", "Zonne schijn 12"], ["doesn't know column 3"]),
])
def test_columns_that_differ(match, columns, expected):
    schema = TableSchema(name="t", fields=(Field(name="a"), Field(name="b")), fields_match=match)
    checked = check_table(pd.DataFrame([["x"] * len(columns)], columns=columns), schema, file="t.csv")
    said = [str(fault) for fault in checked.faults]
    assert len(said) == len(expected)
    assert all(words in message for words, message in zip(expected, said, strict=True))
    assert list(checked.frame.columns) == ["a", "b"]


def test_dates_in_other_ways_of_writing():
    fields = (Field(name="a", type="date", format="%d/%m/%Y"), Field(name="b", type="datetime"), Field(name="c", type="date"))
    schema = TableSchema(name="t", fields=fields)
    frame = pd.DataFrame({"a": ["30/11/2019", "11/30/2019"], "b": ["2019-11-30T10:00:00+02:00", "2019-11-30 10:00"],
                          "c": pd.to_datetime(["2019-11-30", "2019-11-30 10:00"], format="ISO8601")}, index=[2, 3])
    checked = check_table(frame, schema, file="t.csv")
    assert {(cells.column, *cells.rows.tolist()) for cells in checked.bad} == {("a", 3), ("c", 3)}
    assert checked.frame["b"].tolist() == [pd.Timestamp("2019-11-30 08:00"), pd.Timestamp("2019-11-30 10:00")]
    assert "30/11/2019" in str(checked.bad[0].fault())


def test_numbers_too_large_to_be_whole_and_large_whole_numbers():
    schema = TableSchema(name="t", fields=(Field(name="a", type="integer"), Field(name="b", type="integer")))
    frame = pd.DataFrame({"a": [1e300, 5.0], "b": [2**60 + 1, 3]}, index=[2, 3])
    checked = check_table(frame, schema, file="t.csv")
    assert [(cells.column, cells.rows.tolist()) for cells in checked.bad] == [("a", [2])]
    assert checked.frame["b"].iloc[0] == 2**60 + 1


def test_an_empty_table_has_typed_columns():
    checked = check_table(pd.DataFrame({name: [] for name in CELLS}), SCHEMA, file="t.csv")
    assert not checked.bad
    assert len(checked.frame) == 0
    assert str(checked.frame["amount"].dtype) == "float64"


def test_reprs_count_and_cells_hold_no_value():
    frame = pd.DataFrame({"a": ["Zonneschijn", "x"]}, index=[2, 3])
    checked = check_table(frame, TableSchema(name="t", fields=(Field(name="a", type="integer"),)), file="t.csv")
    assert repr(checked) == "Checked(2 rows, 1 rules broken, 0 faults of columns)"
    assert repr(checked.bad[0]) == "BadCells(t.csv, a, type: 2 cells)"
    assert next(iter(checked.bad[0].cells())) == ("t.csv", 2, "a", "type")
    with pytest.raises(ValueError, match="read-only"):
        checked.bad[0].rows[0] = 1
    assert isinstance(checked.bad[0].rows, np.ndarray)
