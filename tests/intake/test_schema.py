"""Table Schemas (Data Package v2): read whole, and refused with every fault in its place."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from takeup.errors import IntakeError
from takeup.intake.schema import Category, ForeignKey, read_schema

ROOT = Path(__file__).parents[2]

FULL = """\
$schema: https://datapackage.org/profiles/2.0/tableschema.json
name: survey
title: {en: Survey, nl: Bevraging, fr: Enquête}
missingValues: ["", "NA"]
fieldsMatch: exact
fields:
  - name: id
    type: string
    constraints: {required: true, unique: true, pattern: "[A-Z]+", minLength: 2, maxLength: 5}
    sensitive: true
  - name: mood
    type: integer
    title: {en: Mood, nl: Stemming}
    unit: points
    categories: [{value: 0, label: {en: Never, nl: Nooit, fr: Jamais}}, {value: 1, label: Always}, {value: 2}]
    categoriesOrdered: true
    missingValues: [{value: "-9", label: {en: refused}}, {value: -8, label: don't know}]
  - {name: day, type: date, format: "%d/%m/%Y", constraints: {minimum: 2019-11-30}}
  - {name: ok, type: boolean, trueValues: [ja, oui], falseValues: [nee, non]}
  - {name: kind, type: string, constraints: {enum: [a, b]}}
primaryKey: [id, mood]
uniqueKeys: [[day, ok]]
foreignKeys: [{fields: [id], reference: {resource: units, fields: [id]}}]
"""


def written(tmp_path, text):
    path = tmp_path / "survey.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_everything_of_a_schema_is_read(tmp_path):
    schema = read_schema(written(tmp_path, FULL))
    assert schema.name == "survey"
    assert schema.title["nl"] == "Bevraging"
    assert schema.primary_key == ("id", "mood")
    assert schema.unique_keys == (("day", "ok"),)
    assert schema.foreign_keys == (ForeignKey(("id",), "units", ("id",)),)
    assert schema.fields_match == "equal"
    key, mood, day, ok, kind = schema.fields
    assert (key.required, key.unique, key.pattern, key.min_length, key.max_length, key.sensitive) == (True, True, "[A-Z]+", 2, 5, True)
    assert key.missing_values == (Category(""), Category("NA"))
    assert [category.value for category in mood.categories] == [0, 1, 2]
    assert mood.categories[0].label["fr"] == "Jamais"
    assert mood.missing_values == (Category("-9", {"en": "refused"}), Category("-8", "don't know"))
    assert mood.ordered
    assert (day.format, day.minimum) == ("%d/%m/%Y", date(2019, 11, 30))
    assert ok.true_values == ("ja", "oui")
    assert [category.value for category in kind.categories] == ["a", "b"]
    assert isinstance(hash(schema), int)
    with pytest.raises(IntakeError, match='Did you mean "mood"'):
        schema.field("moood")


def test_json_is_read_as_well(tmp_path):
    path = tmp_path / "units.json"
    path.write_text(json.dumps({"fields": [{"name": "id", "type": "integer"}]}))
    assert read_schema(path).name == "units"


def test_labels_without_order_are_told_from_scales(tmp_path):
    rows = """
fields:
- {name: a, type: integer, categories: [0, 1]}
- {name: b, type: integer, categories: [1, 2, 3]}
- {name: c, type: integer, categories: [1, 2, 3], categoriesOrdered: true}
- {name: d, type: string, categories: [x]}
- {name: e, type: number}
"""
    assert [field.nominal for field in read_schema(written(tmp_path, rows)).fields] == [False, True, False, True, False]


FAULTS = [
    ("fields: 3", "a schema needs a list of its columns"),
    ("felds: []", 'unknown key "felds"'),
    ("fields: [{name: 1a}]", "a field needs a name"),
    ("fields: [{name: a}, {name: a}]", 'the field "a" stands more than once'),
    ("fields: [{name: a, type: integr}]", 'fields[0].type (line 1): "integr"'),
    ("fields: [{name: a, typ: string}]", 'Did you mean "type"?'),
    ("fields: [{name: a, title: {de: x}}]", 'unknown language "de"'),
    ("fields: [{name: a, title: [x]}]", "words must be text"),
    ("fields: [{name: a, sensitive: yes}]", "fields[0].sensitive (line 1): must be true or false"),
    ("fields: [{name: a, type: integer, categories: [x]}]", "must itself be integer"),
    ("fields: [{name: a, categories: [x, x]}]", "a category stands twice"),
    ("fields: [{name: a, type: number, categories: [1, 2, 1.0]}]", "a category stands twice"),
    ("fields: [{name: a, categories: [{label: x}]}]", "has no value"),
    ("fields: [{name: a, categories: {x: y}}]", "must be a list of values"),
    ("fields: [{name: a, type: integer, constraints: {minimum: 5, maximum: 4}}]", "the minimum is above the maximum"),
    ("fields: [{name: a, constraints: {minimum: 5}}]", "doesn't fit a field of type string"),
    ("fields: [{name: a, type: date, constraints: {minimum: 5}}]", "a date such as 2019-11-30"),
    ("fields: [{name: a, constraints: {pattern: '['}}]", "isn't a regular expression"),
    ("fields: [{name: a, type: integer, constraints: {pattern: x}}]", "a field of type integer can't have it"),
    ("fields: [{name: a, constraints: {minLength: -1}}]", "a whole number, 0 or more"),
    ("fields: [{name: a, type: date, format: dd/mm/yyyy}]", "letters of strptime"),
    ("fields: [{name: a}]\nprimaryKey: b", 'names "b", which is no field'),
    ("fields: [{name: a}]\nprimaryKey: 3", "or a list of names"),
    ("fields: [{name: a}]\nforeignKeys: {a: b}", "must be a list"),
    ("fields: [{name: a}]\nforeignKeys: [{fields: a, reference: {resource: b}}]", "as many fields"),
    ("fields: [{name: a}]\nfieldsMatch: some", "isn't known"),
    ("fields: [{name: a}]\nname: a\nname: b", "stands twice"),
]


@pytest.mark.parametrize(("text", "words"), FAULTS)
def test_a_fault_is_said_once_with_its_place(tmp_path, text, words):
    with pytest.raises(IntakeError) as info:
        read_schema(written(tmp_path, text))
    assert words in str(info.value)
    assert "survey.yaml" in str(info.value)


def test_all_faults_come_at_once(tmp_path):
    with pytest.raises(IntakeError) as info:
        read_schema(written(tmp_path, "titel: x\nfields: [{name: a, type: integr, sensitive: 1}, {name: b, constraints: {max: 3}}]\nprimaryKey: c\n"))
    assert len(info.value.faults) == 5


@pytest.mark.parametrize("path", sorted((ROOT / "data_schema").glob("*/*.yaml")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_schemas_of_the_repository_are_sound(path):
    if path.name != "rights.yaml":
        read_schema(path)
