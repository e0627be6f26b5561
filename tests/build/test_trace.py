"""trace: from an id to the plan line, the estimator, the people and the files."""

import csv
import re

import pytest

from study.small import plan, write
from takeup.build import build
from takeup.build.trace import trace
from takeup.errors import BuildError

FEW = {"outcomes": plan()["outcomes"][1:3], "analyses": {"seed": 7, "draws": 199, "subgroups": [{"by": "home"}]}, "languages": ["en"]}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    made = write(tmp_path_factory.mktemp("trace"), n=144, changed={**FEW, "release": {"minimum_cell": 3, "round_counts_to": 1}})
    build(made, only=["results"], progress=False)
    return made


def rows(path):
    with (path.parent / "out" / "results.csv").open(newline="", encoding="utf-8") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def test_the_line_is_that_of_the_outcome_in_the_plan(path):
    lines = path.read_text().splitlines()
    for name in ("worry", "granted"):
        found = trace(f"effect.{name}.visit", path)
        number = int(found.plan_line.split("line ")[1].split(":")[0])
        assert f"id: {name}" in lines[number - 1]


def test_the_people_are_those_of_the_flow(path):
    found, told = trace("effect.granted.visit", path), rows(path)
    flow = {(row["variable"], row["level"], row["arm"]): row["value"].removesuffix(".0") for row in told.values() if row["section"] == "flow"}
    whole = "\n".join(found.people)
    assert f"randomized {flow['randomized', '', '']}" in whole
    for arm in ("usual", "visit"):
        assert f"arm {arm}: allocated {flow['allocated', '', arm]}" in whole
        assert f"analysed {flow['analysed', 'granted', arm]}" in whole
    assert "arm phone" not in whole
    own = told["effect.granted.visit"]
    assert f"n {own['n']}, n_treated {own['n_treated']}, n_control {own['n_control']}" in whole
    assert int(own["n_treated"]) == int(flow["analysed", "granted", "visit"])


def test_estimator_reason_inputs_and_label_are_told(path):
    text = "\n".join(trace("effect.worry.phone", path).lines())
    row = rows(path)["effect.worry.phone"]
    assert row["method"] in text
    assert row["reason"] in text
    assert row["estimate"] in text
    assert "exploratory" in text
    assert "data/endline.csv" in text
    assert "words/" not in text


def test_an_address_of_the_report_leads_to_the_same(path):
    assert trace("#nl:effect.worry.visit", path).id == "effect.worry.visit"
    assert trace("effect.worry.visit", path.parent) == trace("#effect.worry.visit", path)


def test_every_id_can_be_traced(path):
    for name in rows(path):
        found = trace(name, path)
        assert "line" in found.plan_line or found.plan_line.endswith("flow"), name
        assert found.lines()[0] == name


def test_an_unknown_id_is_said_with_the_nearest(path):
    with pytest.raises(BuildError, match=r'Did you mean "effect.worry.visit"'):
        trace("efect.worry.visit", path)


def test_a_changed_plan_is_said(path):
    text = path.read_text()
    path.write_text(text + "# a remark\n")
    assert any("has changed since" in note for note in trace("effect.worry.visit", path).notes)
    path.write_text(text)


def test_every_number_of_the_brief_leads_to_a_plan_line(tmp_path):
    """From a sentence a policy officer reads to the line that promised it."""
    made = write(tmp_path, n=144, changed={**FEW, "release": {"minimum_cell": 3, "round_counts_to": 1}})
    report = build(made, only=["results", "brief"], progress=False)
    page = next(name for name in report.files if name.startswith("brief") and name.endswith(".html"))
    named = set(re.findall(r'data-result="([^"]+)"', (report.out / page).read_text(encoding="utf-8")))
    assert any(name.startswith("effect.") for name in named)
    for name in named:
        found = trace(name, made)
        assert found.plan_line.startswith("plan.yaml"), name
        assert found.inputs
