"""The flow adds up, box by box, and agrees with counts made straight from the frame."""

from __future__ import annotations

import numpy as np
import pytest

from intake.planted import write_study
from takeup.describe.flow import flow
from takeup.errors import IntakeError
from takeup.intake.trial import open_files


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    plan = write_study(tmp_path_factory.mktemp("study"))
    text = plan.read_text().replace("outcomes:", "flow: {assessed: 135, excluded: {refused: 9, not_eligible: 6}}\noutcomes:")
    plan.write_text(text)
    return open_files(plan)


def value(results, variable, arm="", level="", wave=""):
    (found,) = results.where(variable=variable, arm=arm, level=level, wave=wave)
    assert found.value == found.count == found.n
    assert (found.table, found.kind) == ("flow", "count")
    return int(found.value)


def test_boxes_agree_with_the_frame(study):
    plan, trial = study
    results, units = flow(trial, plan), trial.units
    for arm in ("usual", "offer"):
        inside = units[units["arm"] == arm]
        assert value(results, "allocated", arm) == len(inside)
        assert value(results, "received", arm) == (inside["came"] == 1).sum()
        assert value(results, "followed_up", arm, wave="endline") == inside["endline.day"].notna().sum()
        assert value(results, "analysed", arm, "income_after") == inside["endline.income"].notna().sum()
        assert value(results, "analysed", arm, "works") == inside["work"].notna().sum()
        (box,) = results.where(variable="allocated", arm=arm)
        assert box.extra == {"clusters": inside["village"].nunique()}
    assert not results.where(variable="analysed", arm="usual", level=""), "outcomes are analysed on different units"


def test_the_flow_adds_up(study):
    plan, trial = study
    results = flow(trial, plan)
    assert value(results, "assessed") == value(results, "randomized") + value(results, "excluded") == 135
    assert value(results, "excluded") == value(results, "excluded", level="refused") + value(results, "excluded", level="not_eligible")
    assert value(results, "randomized") == sum(value(results, "allocated", arm) for arm in ("usual", "offer"))
    for arm in ("usual", "offer"):
        assert value(results, "allocated", arm) == value(results, "received", arm) + value(results, "not_received", arm)
        assert value(results, "allocated", arm) == value(results, "followed_up", arm, wave="endline") + value(results, "lost", arm, wave="endline")
        reasons = results.where(lambda result: bool(result.level), variable="lost", arm=arm)
        assert sum(result.count for result in reasons) == value(results, "lost", arm, wave="endline")


def test_the_analysis_can_be_given(study):
    plan, trial = study
    half = np.arange(120) % 2 == 0
    results = flow(trial, plan, {outcome.id: half for outcome in plan.outcomes})
    usual = (trial.units["arm"] == "usual").to_numpy(dtype=bool)
    assert value(results, "analysed", "usual") == value(results, "analysed", "usual", "works") == (usual & half).sum()
    with pytest.raises(IntakeError, match="120 values"):
        flow(trial, plan, {"works": half[:3]})
    assert trial.ledger.analysed.keys() == {"income_after", "works", "trust_after"}
