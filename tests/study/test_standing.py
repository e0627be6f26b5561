"""When a plan was locked, against the first measurement after the draw; the log of unmasking; labels in a study."""

from types import SimpleNamespace

import pandas as pd
import pytest

from study.small import plan as small
from study.small import write
from takeup.errors import PlanError
from takeup.plan.lock import locked
from takeup.plan.model import Plan
from takeup.study import open_study
from takeup.study.standing import LOG, lock_plan, note_unmasking, timing, unmaskings


def dated(days):
    """A plan whose endline has a date of measurement, and a trial with these dates."""
    said = small()
    said["data"]["endline"]["measured_on"] = "endline.asked_on"
    tables = {"endline": pd.DataFrame({"asked_on": pd.to_datetime(days)})}
    return Plan.model_validate(said), SimpleNamespace(tables=tables, columns=SimpleNamespace(after_the_draw=lambda name: name == "endline"))


@pytest.mark.parametrize(("days", "told"), [
    (["2019-03-02", "2019-03-05"], "before"), (["2019-03-01"], "after"), (["2018-12-01", "2019-06-01"], "after"), ([None], "unknown"),
    ([], "unknown"),
])
def test_the_first_day_of_measurement_decides(days, told):
    plan, trial = dated(days)
    assert timing(locked(plan, {}, time="2019-03-01T12:00:00Z"), plan, trial) == told


def test_without_dates_nothing_is_claimed():
    plan = Plan.model_validate(small())
    _, trial = dated(["2019-03-02"])
    assert timing(locked(plan, {}, time="2019-03-01T12:00:00Z"), plan, trial) == "unknown"


def test_unmasking_is_noted_once_a_plan(tmp_path):
    path = tmp_path / "plan.yaml"
    assert note_unmasking(path, "a" * 64)
    assert not note_unmasking(path, "a" * 64)
    assert note_unmasking(path, "b" * 64)
    assert [item.plan_hash for item in unmaskings(path)] == ["a" * 64, "b" * 64]
    (tmp_path / LOG).write_text("somebody was here\n")
    with pytest.raises(PlanError, match="isn't the log"):
        unmaskings(path)


def test_results_are_labelled_by_the_lock(tmp_path):
    path = write(tmp_path, n=96, changed={"outcomes": small()["outcomes"][1:4], "analyses": {"seed": 7, "draws": 199}, "languages": ["en"]})
    assert {item.provenance.pre_specified for item in open_study(path).results()} == {False}
    lock_plan(path)
    told = {item.provenance.id: item.provenance.pre_specified for item in open_study(path).results()}
    assert told["effect.worry.visit"]
    assert told["cace.granted.phone"]
    assert not told["effect.rare.visit"]  # its role is exploratory
    path.write_text(path.read_text().replace("smallest_effect: 0.1", "smallest_effect: 0.2"))
    told = {item.provenance.id: item.provenance.pre_specified for item in open_study(path).results()}
    assert told["effect.worry.visit"]
    assert not told["effect.granted.visit"]


def test_reasons_without_a_lock_are_refused(tmp_path):
    path = write(tmp_path, n=24)
    (tmp_path / "deviations.yaml").write_text("deviations:\n  - {change: analyses.seed, reason: A slip}\n")
    with pytest.raises(PlanError, match="no plan was locked"):
        open_study(path)
