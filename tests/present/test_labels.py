from present import made_up
from takeup.present.labels import in_language, spoken


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
