"""A change of the plan is named by what it means, and reaches exactly the results that it can change."""

import copy

import pytest

from study.small import plan as small
from takeup.errors import PlanError
from takeup.plan.deviations import Standing, differences, explained, pre_specified, read_reasons
from takeup.plan.lock import locked
from takeup.plan.model import Plan


def changed(edit):
    said = copy.deepcopy(small())
    edit(said)
    return Plan.model_validate(said)


def outcome(said, name):
    return next(item for item in said["outcomes"] if item["id"] == name)


def drop(said):
    said["outcomes"] = [item for item in said["outcomes"] if item["id"] != "rare"]


CASES = {
    "outcome_added": (lambda said: said["outcomes"].append({"id": "new", "column": "granted"}), "outcomes.new"),
    "outcome_removed": (drop, "outcomes.rare"),
    "role": (lambda said: outcome(said, "rare").update(role="primary"), "outcomes.rare.role"),
    "family": (lambda said: outcome(said, "rare").update(family="life"), "outcomes.rare.family"),
    "better": (lambda said: outcome(said, "worry").update(better="higher"), "outcomes.worry.better"),
    "smallest_effect": (lambda said: outcome(said, "granted").update(smallest_effect=0.2), "outcomes.granted.smallest_effect"),
    "measure": (lambda said: outcome(said, "wellbeing").update(waves=["endline"]) or outcome(said, "life").update(waves=["endline"]),
                "outcomes.wellbeing.waves"),
    "correction": (lambda said: said["analyses"]["families"].update(takeup="holm"), "analyses.families.takeup"),
    "covariate_added": (lambda said: said["analyses"].update(covariates=["age", "home"]), "analyses.covariates.home"),
    "covariate_dropped": (lambda said: said["analyses"].update(covariates=[]), "analyses.covariates.age"),
    "estimator": (lambda said: said["analyses"].update(estimator="lin"), "analyses.estimator"),
    "confidence": (lambda said: said["analyses"].update(confidence=0.9), "analyses.confidence"),
    "draws": (lambda said: said["analyses"].update(draws=499), "analyses.draws"),
    "seed": (lambda said: said["analyses"].update(seed=8), "analyses.seed"),
    "balance": (lambda said: said["analyses"].update(balance=["age", "home"]), "analyses.balance.baseline.worry"),
    "subgroup_added": (lambda said: said["analyses"]["subgroups"].append({"by": "age"}), "analyses.subgroups.age"),
    "subgroup_removed": (lambda said: said["analyses"].update(subgroups=[]), "analyses.subgroups.home"),
    "subgroup_kind": (lambda said: said["analyses"]["subgroups"][0].update(kind="confirmatory"), "analyses.subgroups.home.kind"),
    "design": (lambda said: said["design"].update(received=None), "design.received"),
    "exclusion": (lambda said: said["flow"].update(excluded={"moved": 3}), "flow.excluded.moved"),
    "data": (lambda said: said["data"]["endline"].update(file="data/other.csv"), "data.endline.file"),
    "release": (lambda said: said["release"].update(minimum_cell=5), "release.minimum_cell"),
    "words": (lambda said: said.update(title="Another title"), "title"),
}


@pytest.mark.parametrize("change", CASES)
def test_each_change_has_its_kind_and_place(change):
    edit, place = CASES[change]
    found = differences(Plan.model_validate(small()), changed(edit))
    assert (place, change) in {(item.place, item.change) for item in found}
    assert {item.change for item in found} == {change}


def test_the_same_plan_written_otherwise_has_no_changes():
    said = {key: small()[key] for key in reversed(small())}
    said["analyses"]["confidence"] = 0.95
    assert differences(Plan.model_validate(small()), Plan.model_validate(said)) == ()


def test_words_for_a_reason_to_be_left_out_need_no_reason_of_their_own():
    left = {"assessed": 300, "excluded": {"refused": 8}}
    before, after = (changed(lambda said, words=words: said.update(flow=left | words)) for words in ({}, {"excluded_labels": {"refused": "refused"}}))
    (found,) = differences(before, after)
    assert (found.place, found.change, found.needs_reason) == ("flow.excluded_labels.refused", "words", False)


def test_files_are_compared_by_their_hashes():
    plan = Plan.model_validate(small())
    found = differences(plan, plan, {"a.yaml": "1", "b.yaml": "2"}, {"a.yaml": "1", "b.yaml": "3", "c.yaml": "4"})
    assert [(item.place, item.before, item.after) for item in found] == [("files.b.yaml", "2", "3"), ("files.c.yaml", "", "4")]


def standing(edit):
    return Standing(lock=locked(Plan.model_validate(small()), {}, time="2019-01-07T09:30:00Z"),
                    deviations=differences(Plan.model_validate(small()), changed(edit)))


def labels(edit):
    """Whether each of some results is pre-specified after a change."""
    plan, found = changed(edit), standing(edit)
    place = {item.id: f"outcomes[{position}]" for position, item in enumerate(plan.outcomes)}
    asked = {f"{head}.{name}": place[name] for head in ("effect", "ri", "family") for name in place}
    asked |= {"balance.age.usual.mean": "analyses.balance", "balance.omnibus": "analyses.balance", "flow.randomized": "flow"}
    return {name for name, path in asked.items() if pre_specified(plan, path, name, found)}


ALL = {f"{head}.{name}" for head in ("effect", "ri", "family") for name in ("wellbeing", "worry", "granted", "life")}
DESCRIBED = {"balance.age.usual.mean", "balance.omnibus", "flow.randomized"}


def test_without_changes_all_but_exploratory_outcomes_is_pre_specified():
    assert labels(lambda _: None) == ALL | DESCRIBED


def test_without_a_lock_nothing_is_pre_specified():
    plan = Plan.model_validate(small())
    assert not pre_specified(plan, "outcomes[0]", "effect.wellbeing", Standing())


@pytest.mark.parametrize(("change", "gone"), [
    ("seed", {name for name in ALL if name.startswith(("ri.", "family."))} | {"balance.omnibus"}),
    ("smallest_effect", {"effect.granted", "ri.granted", "family.granted"}),
    ("correction", {"family.granted"}),
    ("outcome_removed", {"family.granted"}),
    ("balance", {"balance.age.usual.mean", "balance.omnibus"}),
    ("exclusion", {"flow.randomized"}),
    ("covariate_dropped", ALL | DESCRIBED),
    ("words", set()),
    ("release", set()),
])
def test_a_change_reaches_what_it_can_change_and_no_more(change, gone):
    assert labels(CASES[change][0]) == (ALL | DESCRIBED) - gone


def test_an_index_follows_its_parts():
    kept = labels(lambda said: outcome(said, "worry").update(better="higher"))
    assert "effect.life" not in kept
    assert "effect.wellbeing" in kept


def test_an_added_outcome_is_exploratory_and_leaves_the_estimates_of_others():
    kept = labels(lambda said: said["outcomes"].append({"id": "new", "column": "granted", "family": "takeup"}))
    assert "effect.new" not in kept
    assert {"effect.granted", "effect.wellbeing"} <= kept
    assert "family.granted" not in kept


def reasons(tmp_path, text):
    path = tmp_path / "deviations.yaml"
    path.write_text(text, encoding="utf-8")
    return read_reasons(path)


def test_reasons_are_found_by_place_and_words_need_none(tmp_path):
    found = standing(lambda said: (said.update(title="Other"), said["analyses"].update(seed=8), drop(said))).deviations
    told = explained(found, reasons(tmp_path, "deviations:\n  - {change: analyses.seed, reason: {en: A slip, nl: Een vergissing}}\n"))
    assert {item.place for item in Standing(deviations=told).unexplained} == {"outcomes.rare"}
    assert next(item for item in told if item.place == "analyses.seed").reason["nl"] == "Een vergissing"


def test_a_reason_for_no_change_is_refused_with_the_nearest_place(tmp_path):
    found = standing(lambda said: said["analyses"].update(seed=8)).deviations
    with pytest.raises(PlanError, match=r'Did you mean "analyses.seed"'):
        explained(found, reasons(tmp_path, "deviations:\n  - {change: analysis.seed, reason: A slip}\n"))


@pytest.mark.parametrize(("text", "said"), [
    ("reasons: []\n", "one list"),
    ("deviations:\n  - {change: a}\n", "a change and a reason"),
    ("deviations:\n  - {change: a, reason: ''}\n", "a sentence"),
    ("deviations:\n  - {change: a, reason: {de: Grund}}\n", "a sentence"),
    ("deviations:\n  - {change: a, reason: x}\n  - {change: a, reason: y}\n", "already"),
])
def test_faulty_reasons_are_said(tmp_path, text, said):
    with pytest.raises(PlanError, match=said):
        reasons(tmp_path, text)


def test_no_file_is_no_reason(tmp_path):
    assert read_reasons(tmp_path / "deviations.yaml") == {}
