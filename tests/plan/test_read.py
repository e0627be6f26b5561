"""Plan files: what is right is read into frozen values, what is wrong is said all at once, in plain words, with its place."""

from __future__ import annotations

import pickle
from copy import deepcopy

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from takeup.errors import PlanError
from takeup.plan.model import Plan
from takeup.plan.read import check, read, salvage
from takeup.plan.yamlfile import Document, parse

SOUND = {
    "takeup": 1, "study": "small", "title": {"en": "Small", "nl": "Klein"}, "evidence": "randomized",
    "data": {"units": {"file": "units.csv", "schema": "units.yaml"}, "baseline": {"file": "b.csv", "schema": "s.yaml"},
             "endline": {"file": "e.sav", "schema": "s.yaml"}},
    "design": {"unit": "id", "treatment": "arm", "control": 0, "draw": "blocked", "blocks": "site", "arms": {0: "Usual", 1: {"en": "Offer"}}},
    "outcomes": [{"id": "income", "column": "income", "waves": ["baseline", "endline"], "support": [0, 10]},
                 {"id": "mood", "scale": "who5", "items": ["q1"]}, {"id": "both", "index": ["income", "mood"]}],
    "analyses": {"seed": 1, "families": {"all": "holm"}, "subgroups": [{"by": "sex"}]},
}


def messages(change):
    """The messages that a changed plan gives."""
    data = deepcopy(SOUND)
    change(data)
    with pytest.raises(PlanError) as info:
        check(parse(yaml.safe_dump(data, sort_keys=False), PlanError, name="plan.yaml"))
    return [str(fault) for fault in info.value.faults]


def test_a_sound_plan_is_frozen_hashable_and_picklable():
    plan = check(Document(SOUND, {}))
    assert isinstance(hash(plan), int)
    assert pickle.loads(pickle.dumps(plan)) == plan
    assert plan.outcome("income").has_baseline
    assert plan.outcome("income").follow_up == "endline"
    with pytest.raises(KeyError):
        plan.outcome("nothing")
    for change in (lambda: setattr(plan, "study", "x"), lambda: plan.data.__setitem__("x", 1), lambda: plan.design.arms.update({2: "x"}),
                   lambda: plan.outcomes.append(1)):
        with pytest.raises((ValidationError, TypeError, AttributeError)):
            change()


def test_the_model_guards_itself_too():
    data = deepcopy(SOUND)
    data["outcomes"][0]["scale"] = "who5"
    with pytest.raises(ValidationError, match="exactly one thing"):
        Plan.model_validate(data)


def test_a_folder_stands_for_its_plan(tmp_path):
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(SOUND))
    assert read(tmp_path) == read(tmp_path / "plan.yaml") == read(str(tmp_path))
    with pytest.raises(PlanError, match="a plan is a block of keys"):
        check(Document([1], {}))


ONE_FAULT = [
    (lambda d: d.update(studdy="x"), ["studdy", 'Did you mean "study"?']),
    (lambda d: d.pop("title"), ["title", "is missing"]),
    (lambda d: d.update(study="Study 1"), ["study", "small letters", '"study_1" would do.']),
    (lambda d: d["title"].update(de="Klein"), ["title.de", "en, nl, fr"]),
    (lambda d: d.update(title=3), ["title", "must be text"]),
    (lambda d: d["data"]["units"].pop("schema"), ["data.units.schema", "is missing", "Table Schema"]),
    (lambda d: d["data"]["units"].update(decimal=";"), ["data.units.decimal", '".", ","']),
    (lambda d: d["design"].update(draw="bloked"), ["design.draw", "blocked_clustered", 'Did you mean "blocked"?']),
    (lambda d: d["design"].pop("blocks"), ["design.blocks", "a blocked draw needs blocks"]),
    (lambda d: d["design"].update(unit="house id"), ["design.unit", "crosswalk"]),
    (lambda d: d["design"].update(probability="50%"), ["design.probability", "a number"]),
    (lambda d: d["design"].update(probability=1), ["design.probability", "between 0 and 1"]),
    (lambda d: d["design"].update(control=2), ["design.control", "0, 1"]),
    (lambda d: d["outcomes"][0].pop("column"), ["outcomes[0]", "has none of them", "column or scale or rule or index or right"]),
    (lambda d: d["outcomes"][0].update(support=[10, 0]), ["outcomes[0].support", "[lowest, highest]"]),
    (lambda d: d["outcomes"][0].update(support=[1]), ["outcomes[0].support"]),
    (lambda d: d["outcomes"][0].update(waves=["baseline", "endlin"]), ["outcomes[0].waves[1]", 'Did you mean "endline"?']),
    (lambda d: d["outcomes"][0].update(waves=["endline", "endline"]), ["outcomes[0].waves", "twice"]),
    (lambda d: d["outcomes"][0].update(waves=[]), ["outcomes[0].waves", "is empty"]),
    (lambda d: d["outcomes"][0].update(column="baseline.income"), ["outcomes[0].column", 'Write "income"']),
    (lambda d: d["outcomes"][0].update(items=["q"]), ["outcomes[0].items", "only a scale has items"]),
    (lambda d: d["outcomes"][0].update(smallest_effect=0), ["outcomes[0].smallest_effect", "more than 0"]),
    (lambda d: d["outcomes"][0].update(smallest_effect="5 points"), ["outcomes[0].smallest_effect", "a number"]),
    (lambda d: d["outcomes"][0].update(kind="binary", smallest_effect=5), ["outcomes[0].smallest_effect", "five in a hundred"]),
    (lambda d: d["outcomes"][1].update(scale="who6"), ["outcomes[1].scale", 'there is no scale "who6"', 'Did you mean "who5"?']),
    (lambda d: d["outcomes"][1].update(id="income", index=[]) or d["outcomes"][2].update(index=["income"]), ["outcomes[1].id", "twice"]),
    (lambda d: d["outcomes"][2].update(index=["income", "moud"]), ["outcomes[2].index[1]", 'Did you mean "mood"?']),
    (lambda d: d["outcomes"][2].update(index=["both"]), ["outcomes[2].index", "itself"]),
    (lambda d: d.update(outcomes=[]), ["outcomes", "at least one"]),
    (lambda d: d["outcomes"].append("text"), ["outcomes[3]", "must be a block of keys"]),
    (lambda d: d["analyses"].update(seed="x"), ["analyses.seed", "a whole number"]),
    (lambda d: d["analyses"].update(covariates="age"), ["analyses.covariates", "must be a list"]),
    (lambda d: d["analyses"].update(covariates=["unit.age"]), ["analyses.covariates[0]", 'Did you mean "units"?']),
    (lambda d: d["analyses"]["families"].update(al="holm"), ["analyses.families.al", 'Did you mean "all"?']),
    (lambda d: d["analyses"]["families"].update(all="holms"), ["analyses.families.all", 'Did you mean "holm"?']),
    (lambda d: d["analyses"]["subgroups"].append({"by": "age", "sort": 1}), ["analyses.subgroups[1].sort", "by, kind, label"]),
    (lambda d: d.update(flow={"assessed": 10, "excluded": {"moved": 11}}), ["flow.excluded", "at most 10"]),
    (lambda d: d.update(flow={"excluded": {"moved": 3}, "excluded_labels": {"move": "moved away"}}), ["flow.excluded_labels.move", "moved"]),
    (lambda d: d.update(registration={"registry": "AEA", "id": "1", "date": "soon"}), ["registration.date", "2018-03-19"]),
    (lambda d: d.update(languages=["en", "fr"]), ["title", "no words in fr"]),
    (lambda d: d.update(release={"minimum_cell": 2.5}), ["release.minimum_cell", "a whole number"]),
]


@pytest.mark.parametrize(("change", "words"), ONE_FAULT, ids=[" ".join(words[:1]) + f" {i}" for i, (_, words) in enumerate(ONE_FAULT)])
def test_one_fault_gives_one_message(change, words):
    found = messages(change)
    said = [message for message in found if all(word in message for word in words)]
    assert len(said) == 1, found
    extra = 1 if words[-1] == "no words in fr" else 0  # an arm's words lack French too
    assert len(found) == 1 + extra, found


def test_all_faults_come_at_once_in_the_order_of_the_file():
    def change(data):
        data["studdy"] = 1
        data["design"]["draw"] = "bloked"
        data["outcomes"][0]["support"] = [10, 0]
        data["outcomes"][1]["role"] = "main"
        data["analyses"].pop("seed")

    found = messages(change)
    assert [message.split(" ")[0] for message in found] == ["design.draw", "outcomes[0].support", "outcomes[1].role", "analyses.seed", "studdy"]
    assert str(PlanError(*found)).startswith("5 problems were found.")


def test_what_is_left_of_a_faulty_plan_can_still_be_checked():
    data = deepcopy(SOUND)
    data["outcomes"][0]["role"] = "main"
    data["analyses"] = {"sed": 1, "covariates": ["age"]}
    data["title"] = {"de": "x"}
    rest, whole = salvage(parse(yaml.safe_dump(data), PlanError, name="plan.yaml"))
    assert whole
    assert rest is not None
    assert [outcome.id for outcome in rest.outcomes][1:] == ["mood", "both"] or rest.outcomes[1].id == "mood"
    assert rest.analyses.covariates == ("age",)
    data["design"].pop("unit")
    rest, whole = salvage(parse(yaml.safe_dump(data), PlanError, name="plan.yaml"))
    assert rest is not None
    assert not whole
    assert salvage(Document(3, {})) == (None, False)


LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.floats(allow_nan=False), st.text(max_size=5),
                   st.lists(st.integers(0, 2), max_size=2),
                   st.dictionaries(st.sampled_from(["en", "x", "id", "column"]), st.text(max_size=3), max_size=2))


def _places(data, path=()):
    yield path
    if isinstance(data, dict):
        for key in data:
            yield from _places(data[key], (*path, key))
    elif isinstance(data, list):
        for key, value in enumerate(data):
            yield from _places(value, (*path, key))


def _put(data, path, value):
    """Set a value at a path, if an earlier change left the path standing."""
    for step in path[:-1]:
        if not (isinstance(data, dict) and step in data) and not (isinstance(data, list) and isinstance(step, int) and step < len(data)):
            return
        data = data[step]
    if isinstance(data, dict) or (isinstance(data, list) and isinstance(path[-1], int) and path[-1] < len(data)):
        data[path[-1]] = value


PLACES = [path for path in _places(SOUND) if path]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), LEAVES), min_size=1, max_size=3))
def test_any_value_anywhere_gives_a_plan_or_a_plan_error(changes):
    data = deepcopy(SOUND)
    for path, value in changes:
        _put(data, path, value)
    document = Document(data, {})
    try:
        assert isinstance(check(document), Plan)
    except PlanError:
        salvage(document)
