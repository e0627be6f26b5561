"""A mock build: the baseline is real, everything after the draw is made up, and the files of later waves are never opened."""

import json

import numpy as np
import pandas as pd
import pytest

from study.small import plan, write
from takeup.build import build
from takeup.errors import TakeupError
from takeup.study import open_study
from takeup.study.mock import answers

FEW = {"analyses": {"seed": 7, "draws": 199, "balance": ["baseline.worry", "age"]}, "languages": ["en"], "outcomes": plan()["outcomes"][:3]}


@pytest.fixture
def path(tmp_path):
    return write(tmp_path, n=144, changed=FEW)


def test_the_endline_is_never_opened(path):
    first = build(path, only=["results"], kind="mock", progress=False)
    before = (first.out / "results.csv").read_bytes()
    endline = path.parent / "data" / "endline.csv"
    endline.write_text("this was never a table\n")
    assert (build(path, only=["results"], kind="mock", progress=False).out / "results.csv").read_bytes() == before
    endline.unlink()
    second = build(path, only=["results"], kind="mock", progress=False)
    assert (second.out / "results.csv").read_bytes() == before
    said = json.loads((second.out / "manifest.json").read_text())
    assert (second.out.name, said["kind"]) == ("out-mock", "mock")
    assert "data/endline.csv" not in said["inputs"]
    assert set(pd.read_csv(second.out / "results.csv")["build"]) == {"mock"}


def test_the_baseline_is_real_and_the_answers_are_not(path):
    real, made_up = open_study(path), open_study(path, kind="mock")
    assert [item.value for item in made_up.balance() if hasattr(item, "value")] == [item.value for item in real.balance() if hasattr(item, "value")]
    assert made_up.material.frame["wellbeing.baseline"].equals(real.material.frame["wellbeing.baseline"])
    both = made_up.material.frame["worry"].notna() & real.material.frame["worry"].notna()
    assert both.any()
    assert not (made_up.material.frame["worry"][both] == real.material.frame["worry"][both]).any()
    assert made_up.hash == real.hash


def test_every_table_and_figure_is_in_its_place(path):
    real, made_up = open_study(path), open_study(path, kind="mock")
    assert set(real.tables()) <= set(made_up.tables())
    fixed = {name for name in real.figures() if not name.startswith("distribution_")}  # bins of a spread may be too small to show
    assert fixed <= set(made_up.figures())
    assert all(table.title.startswith("MOCK") for table in made_up.tables().values())


def test_made_up_answers_keep_to_the_plan():
    outcomes = {item["id"]: item for item in plan()["outcomes"]}
    from takeup.plan.model import Outcome

    worry, granted = Outcome(**outcomes["worry"]), Outcome(**outcomes["granted"])
    before = np.random.default_rng(0).uniform(0, 10, 4000)
    found = answers(worry, 4000, before, np.random.default_rng(1))
    assert (found.min(), found.max()) >= (0, 0)
    assert found.max() <= 10
    assert abs(np.corrcoef(before, found)[0, 1] - 0.5) < 0.08  # clipped at the ends of the support
    assert abs(found.mean() - before.mean()) < 0.2
    assert set(answers(granted, 50, None, np.random.default_rng(1))) == {0.0, 1.0}
    assert not np.isnan(answers(worry, 10, np.full(10, np.nan), np.random.default_rng(1))).any()


def test_made_up_answers_know_no_arm(path):
    """With a thousand made-up studies' worth of people no arm is ahead by more than chance allows."""
    frame = open_study(path, kind="mock").material.frame
    gaps = frame.groupby("arm")["worry"].mean()
    spread = frame["worry"].std() * np.sqrt(2 / (frame["worry"].notna().sum() / 3))
    assert (gaps.max() - gaps.min()) < 4 * spread


def test_faults_of_the_baseline_are_said_as_always(path):
    baseline = path.parent / "data" / "baseline.csv"
    baseline.write_text(baseline.read_text().replace("worry", "wory", 1))
    with pytest.raises(TakeupError, match="worry"):
        open_study(path, kind="mock")
