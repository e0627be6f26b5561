"""Which column a name in the plan means."""

from __future__ import annotations

from copy import deepcopy

import pytest

from takeup.errors import IntakeError
from takeup.intake.columns import plan_columns
from takeup.intake.plan_checks import plan_faults
from takeup.intake.schema import Category, Field, ForeignKey, TableSchema
from takeup.plan.model import Plan

PLAN = {
    "takeup": 1, "study": "s", "title": "S", "evidence": "randomized",
    "data": {name: {"file": f"{name}.csv", "schema": f"{name}.yaml"} for name in ("people", "villages", "baseline", "endline", "contacts")},
    "design": {"unit": "id", "treatment": "arm", "control": 0, "clusters": "village"},
    "outcomes": [{"id": "money", "column": "income", "waves": ["baseline", "endline"]}, {"id": "job", "column": "work"}],
    "analyses": {"seed": 1},
}
WHOLE = Field(name="id", type="integer")
INCOME = Field(name="income", type="number")
SCHEMAS = {
    "people": TableSchema(name="people", primary_key=("id",), fields=(WHOLE, Field(name="village"), Field(name="age", type="integer")),
                          foreign_keys=(ForeignKey(("village",), "villages", ("name",)),)),
    "villages": TableSchema(name="villages", primary_key=("name",), fields=(
        Field(name="name"), Field(name="arm", type="integer", categories=(Category(0), Category(1))), Field(name="size", type="integer"))),
    "baseline": TableSchema(name="baseline", fields=(WHOLE, INCOME, Field(name="sex"))),
    "endline": TableSchema(name="endline", fields=(WHOLE, INCOME, Field(name="work", type="integer", categories=(Category(0), Category(1))))),
    "contacts": TableSchema(name="contacts", primary_key=("id", "day"), fields=(
        WHOLE, Field(name="day", type="date"), Field(name="minutes", type="number"))),
}


def nothing(data):
    """Leave the plan as it is."""


def plan(change=nothing):
    data = deepcopy(PLAN)
    change(data)
    return Plan.model_validate(data)


def columns(change=nothing, **schemas):
    return plan_columns(plan(change), {**SCHEMAS, **schemas})


def test_the_parts_of_a_study_are_recognised():
    found = columns()
    assert found.roster == "people"
    assert found.unit_tables == ("people", "baseline", "endline")
    assert found.lookups == {"villages": ("village", "name")}
    assert found.waves == {"baseline": "baseline", "endline": "endline"}
    assert found.follow_ups == ("endline",)
    assert set(found.names.values()) == {"id", "village", "age", "baseline.income", "sex", "endline.income", "work", "arm", "size"}


@pytest.mark.parametrize(("name", "expected"), [
    ("id", "id"), ("baseline.id", "id"), ("age", "age"), ("people.age", "age"), ("arm", "arm"), ("villages.arm", "arm"),
    ("endline.income", "endline.income"),
])
def test_names_are_resolved(name, expected):
    assert columns().resolve(name) == expected


@pytest.mark.parametrize(("name", "words"), [
    ("income", "baseline.income or endline.income"), ("aeg", 'Did you mean "age"?'), ("peple.age", 'Did you mean "people"?'),
    ("people.aeg", 'Did you mean "age"?'), ("minutes", "isn't one row a unit"), ("contacts.minutes", "primaryKey of its schema be id"),
])
def test_names_that_mean_nothing_or_too_much(name, words):
    with pytest.raises(IntakeError) as info:
        columns().resolve(name)
    assert words in str(info.value)


def test_an_outcome_is_found_at_its_waves():
    found, study = columns(), plan()
    money, job = study.outcomes
    assert found.outcome(money, "baseline") == ("baseline", "income")
    assert found.outcome(money, "endline") == ("endline", "income")
    assert found.outcome(job, "endline") == ("endline", "work")
    assert found.field("work").type == "integer"


def test_a_wave_may_have_another_table_name_and_several_tables():
    def change(data):
        data["data"]["baseline"]["wave"] = "start"
        data["data"]["contacts"]["wave"] = "month12"
        data["data"]["endline"]["wave"] = "month12"
        data["outcomes"] = [{"id": "money", "column": "income", "waves": ["start", "month12"]}, {"id": "job", "column": "work", "waves": ["month12"]}]

    found = columns(change, contacts=TableSchema(name="contacts", fields=(WHOLE, INCOME)))
    assert found.follow_ups == ("month12", "endline"), "a table called endline is one after the draw, whatever the outcomes say"
    assert found.baseline == ("start", "baseline")
    with pytest.raises(IntakeError, match="2 tables of the wave month12 have a column"):
        found.outcome(plan(change).outcomes[0], "month12")


def test_the_unit_or_a_table_of_units_is_missing():
    with pytest.raises(IntakeError, match=r'design.unit: no table has a column "idd"'):
        columns(lambda data: data["design"].update(unit="idd"))
    keyed = {name: TableSchema(name=name, fields=schema.fields, primary_key=("id", schema.fields[1].name))
             for name, schema in SCHEMAS.items() if "id" in schema.names}
    with pytest.raises(IntakeError, match="no table has one row a unit"):
        columns(**keyed)


FAULTS = [
    (lambda d: d["analyses"].update(covariates=["endline.income"]), "analyses.covariates[0]", "outcome money", 'Use "baseline.income"'),
    (lambda d: d["analyses"].update(balance=["work"]), "analyses.balance[0]", "belongs to the outcome job", "Take it out"),
    (lambda d: d["analyses"].update(subgroups=[{"by": "arm"}]), "analyses.subgroups[0].by", "it is the treatment", "before the draw"),
    (lambda d: d["design"].update(received="work") or d["analyses"].update(covariates=["work"]), "analyses.covariates[0]", "bias", ""),
    (lambda d: d["design"].update(received="sex"), "design.received", "of type string", "0 and 1"),
    (lambda d: d["design"].update(assigned_on="age"), "design.assigned_on", "of type integer", "a date"),
    (lambda d: d["design"].update(weights="agge"), "design.weights", 'Did you mean "age"?', ""),
    (lambda d: d["design"].update(control=3), "design.control", "no category of the treatment", "0, 1"),
    (lambda d: d["design"].update(arms={0: "a", 1: "b", 2: "c"}), "design.arms", '"2" is no category', "0, 1"),
    (lambda d: d["outcomes"][1].update(column="sex"), "outcomes[1].column", "of type string", "1 for yes"),
    (lambda d: d["outcomes"][1].update(column="wrk"), "outcomes[1].column", 'Did you mean "work"?', ""),
    (lambda d: d["outcomes"][0].update(column="age"), "outcomes[0].column", "no table of the wave", ""),
    (lambda d: d["outcomes"].append({"id": "mood", "scale": "who5", "items": ["work", "wrk"]}), "outcomes[2].items[1]", 'Did you mean "work"?', ""),
    (lambda d: d["flow"].update(status="sex"), "flow.status", "no categories", "lists the reasons"),
    (lambda d: d["data"]["endline"].update(measured_on="work"), "data.endline.measured_on", "of type integer", "a date"),
    (lambda d: d["data"]["endline"].update(measured_on="wrk"), "data.endline.measured_on", 'Did you mean "work"?', ""),
]


@pytest.mark.parametrize(("change", "where", "what", "allowed"), FAULTS, ids=[where for _, where, *_ in FAULTS])
def test_what_the_plan_asks_in_vain(change, where, what, allowed):
    def whole(data):
        data["flow"] = {}
        change(data)

    study = plan(whole)
    found = {str(fault) for fault in plan_faults(study, plan_columns(study, SCHEMAS)) if fault.where == where}
    assert found
    assert all(what in message and allowed in message for message in found)


def test_a_sound_plan_has_no_fault():
    study = plan(lambda data: data["analyses"].update(covariates=["baseline.income", "age", "size"], balance=["sex"], subgroups=[{"by": "sex"}]))
    assert plan_faults(study, plan_columns(study, SCHEMAS)) == []


def test_categories_of_an_outcome_that_are_no_numbers():
    codes = (Category(1), Category(2))
    for categories, words in ((codes, "aren't 0 and 1"), ((*codes, Category(3)), "labels without an order")):
        schemas = {**SCHEMAS, "endline": TableSchema(name="e", fields=(WHOLE, INCOME, Field(name="work", type="integer", categories=categories)))}
        assert words in str(plan_faults(plan(), plan_columns(plan(), schemas))[0])


def test_ids_of_different_types():
    schemas = {**SCHEMAS, "endline": TableSchema(name="e", fields=(Field(name="id"), *SCHEMAS["endline"].fields[1:]))}
    assert "different types in different tables (people: integer" in str(plan_faults(plan(), plan_columns(plan(), schemas))[0])
