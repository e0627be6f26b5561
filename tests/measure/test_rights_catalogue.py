"""The catalogue of rights: read whole, every fault at its place, and each rule held to eligibility worked out by hand."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pandas as pd
import pytest
import yaml

from takeup.errors import MeasureError
from takeup.intake.schema import read_schema
from takeup.measure.rights_catalogue import Catalogue, eligibility, opened, profile_frame, read_catalogue, read_profile
from takeup.present.rights_answers import rights_answers

FOLDER = Path(__file__).parents[2] / "data_schema" / "mission"
SMALL = """\
rights_catalogue: 1
title: {en: Rights, nl: Rechten, fr: Droits}
source: nobody
profile:
  - {name: lone, type: flag, title: {en: a, nl: a, fr: a}}
  - {name: income, type: number, title: {en: a, nl: a, fr: a}}
  - {name: home, type: choice, title: {en: a, nl: a, fr: a}, values: [rented, owned]}
domains: {money: {en: Money, nl: Geld, fr: Argent}}
levels: {local: {en: Local, nl: Lokaal, fr: Local}}
rights:
  - {id: grant, domain: money, level: local, label: {en: Grant, nl: Toelage, fr: Allocation}, source: a law, rule: 'lone and income < 1000.5'}
  - {id: rebate, domain: money, level: local, label: {en: Rebate, nl: Korting, fr: Remise}, source: a law, rule: 'home == "rented"'}
"""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return read_catalogue(FOLDER / "rights.yaml")


def small(folder: Path, *changes: tuple[str, str]) -> Path:
    """The small catalogue with some of its text changed."""
    text = SMALL
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "rights.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_catalogue_holds_every_domain_and_level(catalogue: Catalogue) -> None:
    assert len(catalogue) == 31
    assert {right.domain for right in catalogue} == {"income", "work", "education", "housing", "health", "children"}
    assert {right.level for right in catalogue} == {"federal", "flemish", "local"}
    for right in catalogue:
        assert set(right.labels) == {"en", "nl", "fr"}
        assert right.source
        assert catalogue.right(right.id) is right


def test_facts_are_columns_of_the_data_contract(catalogue: Catalogue) -> None:
    roster, survey = read_schema(FOLDER / "households.yaml"), read_schema(FOLDER / "survey.yaml")
    for fact in catalogue.profile:
        schema = roster if fact.name in roster.names else survey
        field = schema.field(fact.name)
        codes = [category.value for category in field.categories]
        if fact.kind == "choice":
            assert list(fact.values) == codes
        else:
            assert (codes == [0, 1]) == (fact.kind == "flag")


def test_every_fact_is_read_by_some_rule(catalogue: Catalogue) -> None:
    read = {column for right in catalogue for column in right.rule.columns}
    assert read == set(catalogue.facts)


def test_rules_against_eligibility_worked_out_in_python(catalogue: Catalogue) -> None:
    frame = pd.DataFrame({
        "lone_parent": [1, 0, 1], "children": [1, 2, 3], "school_children": [0, 1, 2], "mother_age": [17, 30, 40],
        "education": ["lower_secondary", "higher", "upper_secondary"], "home_language": ["nl", "fr", "other"],
        "net_income": [1150.0, 2600.0, 1650.0], "work_status": ["at_home", "employed", "unemployed_benefit"],
        "tenure": ["private_rent", "owner", "hosted"], "rent": [650.0, None, None], "debts": [0, 1, 0], "health_problem": [1, 0, 0],
        "maintenance_unpaid": [1, 0, 0], "wants_childcare": [0, 1, 1],
    })
    first = {"leefloon", "aanvullende_steun", "sociale_toeslag", "alimentatievoorschot", "voedselhulp", "vdab_traject", "artikel_60",
             "beroepsopleiding", "sociale_woning", "huurpremie", "huursubsidie", "huurwaarborg", "verwarmingstoelage", "sociaal_tarief",
             "verhoogde_tegemoetkoming", "inkomensvervangende_tegemoetkoming", "kraamzorg", "uitpas"}
    second = {"schuldbemiddeling", "taallessen", "kraamzorg", "inkomenstarief_opvang"}
    third = {"aanvullende_steun", "sociale_toeslag", "vdab_traject", "beroepsopleiding", "opvang_bij_opleiding", "werkhervattingstoeslag",
             "taallessen", "inburgering", "schooltoeslag", "sociale_woning", "huursubsidie", "verwarmingstoelage",
             "verhoogde_tegemoetkoming", "kraamzorg", "inkomenstarief_opvang", "halte_opvang", "uitpas"}
    found = eligibility(catalogue, frame)
    for row, expected in enumerate((first, second, third)):
        assert {right for right in catalogue.ids if found.loc[row, right] is True or bool(found.loc[row, right])} == expected
        answers = opened(catalogue, {name: None if pd.isna(value) else value for name, value in frame.iloc[row].items()})
        assert {answer.right.id for answer in answers if answer.eligible} == expected


def test_what_a_profile_leaves_out_is_neither_open_nor_closed(catalogue: Catalogue) -> None:
    answers = {answer.right.id: answer for answer in opened(catalogue, {"work_status": "employed", "children": 1})}
    assert answers["kraamzorg"].eligible is True
    assert answers["leefloon"].eligible is False  # decided by work alone
    assert answers["alimentatievoorschot"].eligible is None
    assert answers["alimentatievoorschot"].missing == ("lone_parent", "maintenance_unpaid", "net_income")


def test_the_explanation_shows_conditions_sources_and_names_in_the_language(catalogue: Catalogue) -> None:
    text = "\n".join(rights_answers(catalogue, opened(catalogue, {"debts": True, "net_income": 3000}), "fr"))
    assert "médiation de dettes et aide budgétaire [Revenu, Local]" in text
    assert "- net_income est inférieur à 2500" in text
    assert "il faut : " in text
    assert text.startswith("Ouverts (")
    assert "2500.0" not in text


def test_a_profile_is_checked_fact_by_fact_without_showing_values(catalogue: Catalogue) -> None:
    with pytest.raises(MeasureError) as caught:
        opened(catalogue, {"net_incom": 1, "tenure": "castle", "lone_parent": "perhaps", "net_income": "much"})
    assert len(caught.value.faults) == 4
    assert 'Did you mean "net_income"?' in str(caught.value)
    assert "castle" not in str(caught.value)


def test_a_profile_file_is_a_block_of_facts(tmp_path: Path) -> None:
    path = tmp_path / "profile.yaml"
    path.write_text("- one\n- two\n", encoding="utf-8")
    with pytest.raises(MeasureError, match="a profile is a block of facts"):
        read_profile(path)
    path.write_text("debts: true\nchildren: 2\n", encoding="utf-8")
    assert dict(read_profile(path)) == {"debts": True, "children": 2}


def test_facts_come_from_the_wave_before_the_draw(tmp_path: Path) -> None:
    catalogue = read_catalogue(small(tmp_path))
    units = pd.DataFrame({"lone": [1, 0], "baseline.income": [900.0, 900.0], "endline.income": [5000.0, 5000.0],
                          "baseline.home": pd.Categorical(["rented", None], ["rented", "owned"])})
    frame = profile_frame(catalogue, units)
    assert list(frame) == ["lone", "income", "home"]
    found = eligibility(catalogue, frame)
    assert found["grant"].tolist() == [True, False]
    assert found["rebate"].tolist() == [True, pd.NA]
    with pytest.raises(MeasureError, match='the rules read "income"'):
        profile_frame(catalogue, units.drop(columns="baseline.income"))


@pytest.mark.parametrize(("change", "says"), [
    (("'lone and income < 1000.5'", "'lone and incom < 1000.5'"),
     ("rights[0].rule (line 11), character 10", 'no column "incom"', 'Did you mean "income"?')),
    (("'lone and income < 1000.5'", "'lone and income <'"), ("character 18", "expected a column, a number", "^")),
    (('home == "rented"', 'home == "rentd"'), ('"home" is never "rentd"', 'Did you mean "rented"?', "rights[1].rule (line 12)")),
    (('home == "rented"', 'income == "rented"'), ('"income" is compared with text', "a number")),
    (('home == "rented"', "home == 3"), ('"home" is compared with a number', "rented, owned")),
    (("id: grant, domain: money", "id: grant, domain: mony"), ('"mony" is no domain', 'Did you mean "money"?')),
    (("id: rebate, domain: money, level: local", "id: rebate, domain: money, level: locl"), ('"locl" is no level',)),
    (("id: rebate", "id: grant"), ('"grant" stands more than once',)),
    (("fr: Remise", "fr: ''"), ("has no words in fr",)),
    (("source: a law, rule: 'lone", "rule: 'lone"), ("names no source",)),
    (("type: number", "type: numbr"), ('"numbr" is no type of fact', 'Did you mean "number"?')),
    (("rights_catalogue: 1", "rights_catalogue: 2"), ("which version of the form",)),
    (("levels: {local:", "levels: {regional:"), ('"regional" is no level of government',)),
    (("source: nobody", "sourc: nobody"), ('unknown key "sourc"', 'Did you mean "source"?')),
])
def test_each_fault_has_its_place_and_what_is_allowed(change: tuple[str, str], says: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(MeasureError) as caught:
        read_catalogue(small(tmp_path, change))
    for words in says:
        assert words in str(caught.value)


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    path = small(tmp_path, ("lone and income < 1000.5", "lone and incom < 1000.5"), ("id: rebate, domain: money", "id: rebate, domain: none"))
    with pytest.raises(MeasureError) as caught:
        read_catalogue(path)
    assert len(caught.value.faults) == 2


def test_rights_are_frozen_and_an_unknown_one_is_named_with_the_nearest(catalogue: Catalogue) -> None:
    with pytest.raises(FrozenInstanceError):
        catalogue.rights[0].domain = "work"  # type: ignore[misc]
    with pytest.raises(MeasureError, match='Did you mean "huurpremie"'):
        catalogue.right("huurpremies")


def test_reasons_are_at_three_levels() -> None:
    codes = [category.value for category in read_schema(FOLDER / "rights_held.yaml").field("reason").categories]
    assert {str(code).split("_", 1)[0] for code in codes} == {"rule", "administration", "person"}


def test_every_schema_speaks_three_languages() -> None:
    for path in sorted(FOLDER.glob("*.yaml")):
        if path.name == "rights.yaml":
            continue
        for item in yaml.safe_load(path.read_text(encoding="utf-8"))["fields"]:
            assert set(item["title"]) == {"en", "nl", "fr"}, (path.name, item["name"])
            for category in item.get("categories", ()):
                assert set(category["label"]) == {"en", "nl", "fr"}, (path.name, item["name"])
