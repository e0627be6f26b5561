"""The hash of a plan: the same for the same plan, however it is written; another for any other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import pytest

from plan.test_read import SOUND
from takeup.plan.freeze import canonical, plan_hash
from takeup.plan.model import Plan

PLAN = Plan.model_validate(SOUND)


def reordered(value):
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return [reordered(item) for item in value] if isinstance(value, list) else value


def test_order_of_keys_and_written_defaults_do_not_matter():
    data = reordered(deepcopy(SOUND))
    data["analyses"]["confidence"] = 0.95
    data["release"] = {"profile": "default"}
    assert plan_hash(Plan.model_validate(data)) == plan_hash(PLAN)


@pytest.mark.parametrize("change", [
    lambda d: d["analyses"].update(seed=2), lambda d: d["outcomes"].reverse(), lambda d: d["title"].update(en="Smal"),
    lambda d: d["design"].update(control="0", arms={"0": "Usual", "1": {"en": "Offer"}}), lambda d: d["outcomes"][0].update(role="primary"),
])
def test_any_promise_changes_the_hash(change):
    data = deepcopy(SOUND)
    data["outcomes"][2]["index"] = ["income", "mood"]
    change(data)
    assert plan_hash(Plan.model_validate(data)) != plan_hash(PLAN)


def test_the_files_it_rests_on_count_by_name_and_content():
    one = plan_hash(PLAN, {"a.yaml": b"1", "b.yaml": b"2"})
    assert one == plan_hash(PLAN, {"b.yaml": b"2", "a.yaml": b"1"})
    assert len({one, plan_hash(PLAN), plan_hash(PLAN, {"a.yaml": b"2", "b.yaml": b"1"}), plan_hash(PLAN, {"a.yaml": b"1"})}) == 4


CODE = """
from plan.test_read import SOUND
from takeup.plan.freeze import plan_hash
from takeup.plan.model import Plan
print(plan_hash(Plan.model_validate(SOUND)))
"""


def test_the_hash_does_not_depend_on_the_process():
    path = str(Path(__file__).parents[1])
    found = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path}
        found.add(subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True).stdout)
    assert found == {plan_hash(PLAN) + "\n"}


def test_the_canonical_form_reads_back():
    assert Plan.model_validate(json.loads(canonical(PLAN))).outcomes == PLAN.outcomes
