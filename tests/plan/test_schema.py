"""The JSON schema of a plan is generated, up to date, and accepts the repository's plans."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from takeup.errors import PlanError
from takeup.plan.schema import FILE, as_text, main, plan_schema
from takeup.plan.yamlfile import load

ROOT = Path(__file__).parents[2]


def test_the_file_follows_from_the_model():
    assert main(["--check", str(ROOT / FILE)]) == 0


def test_a_file_that_drifted_is_found_and_can_be_written(tmp_path, capsys):
    path = tmp_path / "folder" / "plan.schema.json"
    assert main(["--check", str(path)]) == 1
    assert "doesn't follow" in capsys.readouterr().err
    assert main([str(path)]) == 0
    assert main(["--check", str(path)]) == 0
    path.write_text(as_text().replace("seed", "sed"))
    assert main(["--check", str(path)]) == 1


@pytest.mark.parametrize("study", ["jobs2", "thornton"])
def test_it_accepts_sound_plans_and_refuses_unknown_keys(study):
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(plan_schema())
    data = json.loads(json.dumps(load(ROOT / "reports" / study / "plan.yaml", PlanError).data, default=str))
    assert not list(validator.iter_errors(data))
    data["outcomes"][0]["colunm"] = "x"
    assert list(validator.iter_errors(data))
