from dataclasses import replace
from pathlib import Path

import pytest

from present import made_up
from takeup.intake.schema import Category, Field, TableSchema, read_schema
from takeup.plan.read import read
from takeup.present.flow import reason_words
from takeup.present.labels import Labels, in_language, spoken


def test_labels_come_from_the_plan_then_the_schema_then_the_name():
    labels = made_up.labels()
    assert labels.outcome("depression", "nl") == "Depressieve klachten"
    assert labels.unit("depression", "fr") == "points d'échelle"
    assert labels.variable("units.age", "fr") == "Âge"
    assert labels.variable("depression.baseline", "en") == "Depressive symptoms, baseline"
    assert labels.variable("household_income", "en") == "Household income"
    assert labels.arm("1", "fr") == "Séminaire"
    assert labels.control("nl") == "Brochure"
    assert labels.level("marital", "never", "fr") == "Jamais marié(e)"
    assert labels.level("marital", "not_in_schema", "en") == "Not in schema"
    assert labels.units("nl") == "mensen"


def test_a_yes_no_column_is_called_by_what_it_counts():
    labels = made_up.labels()
    assert labels.described("sex", "en") == "Sex: Woman"
    assert labels.described("age", "nl") == "Leeftijd (jaar)"
    assert labels.described("marital", "en") == "Marital status"


def test_words_missing_in_a_language_fall_back_to_english():
    assert in_language({"en": "Trust", "nl": "Vertrouwen"}, "fr") == "Trust"
    assert in_language({"nl": "Vertrouwen"}, "fr") == "Vertrouwen"
    assert in_language("Trust", "fr") == "Trust"
    assert spoken("a_b") == "A b"


def test_labels_that_lack_a_language_are_listed():
    outcomes = [{**made_up.PLAN["outcomes"][0], "label": {"en": "Depression"}}, *made_up.PLAN["outcomes"][1:]]
    missing = made_up.labels(made_up.plan(outcomes=outcomes, languages=["en"])).untranslated("nl")
    assert missing == ("plan.outcomes[0].label",)
    assert made_up.labels().untranslated("nl") == ()


def test_all_that_a_schema_says_is_held_against_the_language():
    field = Field(name="mood", title={"en": "Mood", "nl": "Stemming"}, description={"en": "Asked at home."}, unit={"nl": "punten"},
                  categories=(Category("a", {"en": "A", "nl": "A"}),), missing_values=(Category("-9", {"en": "refused"}),))
    schema = TableSchema(name="survey", title={"en": "Survey", "nl": "Bevraging"}, description={"nl": "Bij de start."}, fields=(field,),
                         missing_values=(Category(""), Category("-8", {"nl": "weet niet"})))
    labels = Labels(made_up.plan(), {"survey": schema})
    assert labels.untranslated("nl") == ("survey.mood.description", "survey.mood.missingValues[0]")
    assert labels.untranslated("fr") == (
        "survey.title", "survey.description", "survey.missingValues[1]", "survey.mood.title", "survey.mood.description", "survey.mood.unit",
        "survey.mood.categories[0]", "survey.mood.missingValues[0]")
    plain = replace(schema, title="Survey", description="Asked at home.", missing_values=(), fields=(Field(name="mood", description="How she is."),))
    assert Labels(made_up.plan(), {"survey": plain}).untranslated("fr") == ()


def test_a_reason_to_be_left_out_goes_by_its_words_and_one_without_is_complained_of():
    flow = {"assessed": 1210, "excluded": {"refused": 110, "no_papers": 201}}
    worded = {**flow, "excluded_labels": {"no_papers": {"en": "papers missing", "nl": "zonder papieren", "fr": "sans papiers"}}}
    assert reason_words(made_up.labels(made_up.plan(flow=worded)), "excluded", "no_papers", "nl") == "zonder papieren"
    bare = made_up.labels(made_up.plan(flow=flow))
    assert [reason_words(bare, "excluded", name, "fr") for name in ("no_papers", "refused")] == ["no papers", "a refusé"]
    assert bare.untranslated("fr") == ("plan.flow.excluded_labels.no_papers",)
    assert bare.untranslated("en") == ()


@pytest.mark.parametrize("study", ["jobs2", "thornton", "mission", "miriam-1", "miriam-2024"])
def test_the_studies_lack_no_word_in_any_language(study):
    path = Path(__file__).parents[2] / "reports" / study / "plan.yaml"
    plan = read(path)
    schemas = {name: read_schema(path.parent / table.schema_) for name, table in plan.data.items()}
    labels = Labels(plan, schemas)
    assert {language: labels.untranslated(language) for language in ("en", "nl", "fr")} == {"en": (), "nl": (), "fr": ()}
    only_one = {f"{name}.{field.name}" for name, schema in schemas.items() for field in schema.fields if field.description and
                isinstance(field.description, str)}
    assert not only_one


def test_a_family_goes_by_its_label_and_one_without_is_complained_of():
    analyses = {**made_up.PLAN["analyses"], "family_labels": {"health": {"en": "Health", "nl": "Gezondheid", "fr": "Santé"}}}
    outcomes = [{**outcome, "family": family} for outcome, family in zip(made_up.PLAN["outcomes"], ("health", "work", "work"), strict=True)]
    labels = made_up.labels(made_up.plan(outcomes=outcomes, analyses={**analyses, "families": {}}))
    assert labels.family("health", "fr") == "Santé"
    assert labels.family("work", "fr") == "Work"
    assert labels.family("all", "fr") == "Tous les résultats"
    assert labels.untranslated("nl") == ("plan.analyses.family_labels.work",)
    complaint = labels.complaint("fr")
    assert complaint is not None
    assert "plan.analyses.family_labels.work" in str(complaint)
    assert labels.complaint("en") is None


def test_the_repr_shows_no_word_of_the_study():
    assert repr(made_up.labels()) == "Labels('seminar', 1 tables)"
