"""The commands lock, mock, build --masked, trace and verify: what they print and how they end."""

import json

import pytest

from study.small import plan as small
from study.small import write
from takeup.cli import run

FEW = {"outcomes": [small()["outcomes"][2]], "analyses": {"seed": 7, "draws": 199}, "languages": ["en"]}
ONLY = ["--only", "results"]


@pytest.fixture
def plan(tmp_path):
    return write(tmp_path, n=144, changed=FEW)


def test_a_plan_is_locked_changed_and_built(plan, capsys):
    assert run(["lock", str(plan)]) == 0
    assert "plan.yaml is locked at " in capsys.readouterr().out
    assert run(["lock", str(plan)]) == 1
    assert "--again" in capsys.readouterr().err
    plan.write_text(plan.read_text().replace("seed: 7", "seed: 8"))
    assert run(["build", str(plan), *ONLY]) == 0
    said = capsys.readouterr().out
    assert "changed since the lock: analyses.seed: the seed changed: 7 -> 8 [no reason]" in said
    assert "1 of these have no reason" in said


def test_mock_and_masked_say_that_no_number_is_a_finding(plan, capsys):
    assert run(["mock", str(plan), *ONLY]) == 0
    assert "(mock: no number is a finding)" in capsys.readouterr().out
    assert run(["build", str(plan), "--masked", *ONLY]) == 0
    assert "(masked: no number is a finding)" in capsys.readouterr().out
    assert {item.name for item in plan.parent.iterdir() if item.name.startswith("out")} == {"out-mock", "out-masked"}
    assert run(["trace", "effect.granted.visit", str(plan), "--masked"]) == 0
    assert "the number is no finding" in capsys.readouterr().out
    assert run(["trace", "effect.granted.visit", str(plan), "--masked", "--mock"]) == 2
    assert run(["trace", "effect.granted.visit", str(plan)]) == 1
    assert "Build the study first" in capsys.readouterr().err


def test_verify_ends_with_one_where_something_differs(plan, capsys):
    assert run(["build", str(plan), *ONLY]) == 0
    assert run(["verify", str(plan.parent)]) == 0
    assert "2 files come out the same" in capsys.readouterr().out
    (plan.parent / "out" / "results.csv").write_text("id\n")
    assert run(["verify", str(plan)]) == 1
    assert "results.csv: isn't as the manifest says" in capsys.readouterr().out


def test_a_lock_changed_by_hand_stops_a_build(plan, capsys):
    assert run(["lock", str(plan)]) == 0
    lock = plan.with_suffix(".lock")
    lock.write_text(lock.read_text().replace('"version": "', '"version": "9'))
    assert run(["build", str(plan), *ONLY]) == 1
    assert "was changed after the plan was locked" in capsys.readouterr().err


def test_signatures_made_before_and_after_the_lock_are_named_and_hashed(plan, capsys):
    plan.with_name("vouched.txt").write_text("a time stamp of the plan's hash")
    assert run(["lock", str(plan), "--signature", "nowhere.txt"]) == 1
    assert "there is no such file beside the plan" in capsys.readouterr().err
    assert run(["lock", str(plan), "--signature", "vouched.txt"]) == 0
    plan.with_name("plan.lock.asc").write_text("-----BEGIN PGP SIGNATURE-----")
    assert run(["build", str(plan), "--only", "deviations"]) == 0
    out = plan.parent / "out"
    page = (out / "deviations.html").read_text(encoding="utf-8")
    assert "Signature: vouched.txt" in page
    assert "Signature: plan.lock.asc" in page
    assert {"plan.lock", "plan.lock.asc", "vouched.txt"} <= set(json.loads((out / "manifest.json").read_text())["inputs"])
    plan.with_name("plan.lock.asc").write_text("another")
    assert run(["verify", str(plan)]) == 1
    assert "inputs: plan.lock.asc: has changed since the build" in capsys.readouterr().out


@pytest.mark.parametrize(("said", "day"), [
    ({"about": {"synthetic": True, "published": "2021-05-03"}}, "2021-05-03"),
    ({"registration": {"registry": "A", "id": "1", "date": "2018-03-19"}}, "2018-03-19"), ({}, None),
])
def test_the_crates_date_is_one_that_the_study_gives(tmp_path, said, day):
    from takeup.build.papers import crate, undated
    from takeup.study import open_study

    study = open_study(write(tmp_path, n=144, changed={**FEW, **said}))
    graph = json.loads(crate(study, {"plan_hash": "x", "inputs": {}, "takeup": "0"}, {}))["@graph"]
    assert next(item for item in graph if item["@id"] == "./").get("datePublished") == day
    assert (undated(study) is None) is (day is not None)


def test_check_says_what_to_set_where_archives_would_miss_the_date(tmp_path, capsys):
    plan = write(tmp_path, n=144, changed=FEW)
    assert run(["check", str(plan)]) == 0
    assert "about.published: no day stands in the plan" in capsys.readouterr().err
