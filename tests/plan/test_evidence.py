"""The evidence that a plan claims decides what its design may hold."""

import pytest

from study import one_group, small
from takeup.errors import PlanError
from takeup.plan.evidence import MAIN
from takeup.plan.read import check
from takeup.plan.yamlfile import Document


def told(made):
    try:
        check(Document(made, {}))
    except PlanError as error:
        return [str(fault) for fault in error.faults]
    return []


def changed(base, **parts):
    made = base.plan()
    for name, value in parts.items():
        made[name] = {**made.get(name, {}), **value} if isinstance(value, dict) else value
    return made


def test_sound_plans_of_each_evidence_are_sound():
    assert told(one_group.plan()) == []
    assert told(small.plan()) == []
    families = {"life": "holm", "takeup": "bh"}
    compared = changed(small, evidence="comparison", design={"draw": "none"}, analyses={"families": families})
    assert told(compared) == []


@pytest.mark.parametrize(("part", "words"), [
    ({"design": {"treatment": "arm", "control": "usual"}}, ["design.treatment", "design.control", "one group"]),
    ({"design": {"arms": {"a": "A"}}}, ["design.arms"]),
    ({"design": {"blocks": "town"}}, ["design.blocks"]),
    ({"design": {"probability": 0.5}}, ["design.probability"]),
    ({"design": {"received": "came"}}, ["design.received"]),
    ({"design": {"draw": "complete"}}, ["design.draw", "nothing was drawn", "Write draw: none."]),
    ({"cost": {"hour": 50}}, ["cost", "can't stand in a before-after study"]),
])
def test_a_before_after_study_has_no_arms_and_nothing_that_goes_with_them(part, words):
    found = " ".join(told(changed(one_group, **part)))
    assert all(word in found for word in words), found


def test_a_change_needs_two_waves():
    made = one_group.plan()
    made["outcomes"][0]["waves"] = ["endline"]
    said = ("outcomes[0].waves: a change needs two waves. Allowed: the wave before and the wave after. "
            "Write waves: [baseline, endline].")
    assert told(made) == [said]


@pytest.mark.parametrize("name", ["treatment", "control"])
def test_a_trial_needs_its_arms_and_the_message_names_the_way_out(name):
    made = small.plan()
    del made["design"][name]
    assert [text for text in told(made) if text.startswith(f"design.{name}: is missing")], told(made)
    assert "evidence: before_after" in " ".join(told(made))


def test_a_trial_was_drawn_and_a_comparison_was_not():
    assert "a randomised trial was drawn" in " ".join(told(changed(small, design={"draw": "none"})))
    assert "weren't drawn" in " ".join(told(changed(small, evidence="comparison")))
    known = changed(small, evidence="comparison", design={"draw": "none", "probability": 0.5})
    assert "nobody knows the chance" in " ".join(told(known))


def test_rules_of_scoring_and_published_numbers_are_checked():
    made = one_group.plan()
    made["outcomes"][1]["items"] = []
    assert any("a rule scores items" in text for text in told(made))
    made = one_group.plan()
    made["published"][0]["value"] = "sixty"
    assert told(made)


def test_a_programme_names_tables_that_there_are():
    visits = told(changed(one_group, programme={"sessions": "visits"}))
    assert any(text.startswith('programme.sessions: there is no table "visits"') for text in visits)
    assert any("for a before-after study" in text for text in told(changed(small, programme={"analysed": 2023})))


def test_each_evidence_has_a_chapter_of_main_numbers_of_its_own():
    assert {chapter for chapter, _ in MAIN.values()} == {"effects", "differences", "changes"}
