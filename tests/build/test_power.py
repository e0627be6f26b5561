"""The size of a study as a command: from options, a plan, its baseline, a pilot; the page and its figure."""

import csv
import io

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from study.small import tables
from study.small import write as small
from takeup.build.power import answered, from_flags, from_plan, write_power
from takeup.cli import run


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    return small(tmp_path_factory.mktemp("power"), n=240, changed={"flow": {"planned": 300, "status": "status"}})


def test_options_are_those_of_tu_power(capsys):
    assert run(["power", "--n", "400", "--effect", "0.3", "--cluster-size", "20", "--icc", "0.05", "--power", "0.9"]) == 0
    said = capsys.readouterr().out
    assert f"power to find 0.3: {tu.power(0.3, 400, cluster_size=20, icc=0.05).power:.2f}" in said
    assert f"smallest effect found with power 0.90: {tu.mde(400, power=0.9, cluster_size=20, icc=0.05).effect:.3g}" in said
    assert f"{tu.sample_size(0.3, power=0.9, cluster_size=20, icc=0.05).n_whole:,} people would find it" in said
    assert run(["power", "--effect", "0.3"]) == 0
    assert f"{tu.sample_size(0.3).n_whole} people" in capsys.readouterr().out
    assert run(["power"]) == 1
    assert run(["power", "--n", "100", "--icc", "2"]) == 1
    assert "icc" in capsys.readouterr().err


def test_a_plan_and_its_baseline_answer(plan):
    question = from_plan(plan, {}, n=None, effect=None, wanted=0.8)[0]
    units, baseline = tables(240)["units"], tables(240)["baseline"]
    score = baseline[["q1", "q2", "q3", "q4", "q5"]].apply(pd.to_numeric, errors="coerce").sum(axis=1, skipna=False) * 4
    arm = units.set_index("id").loc[baseline["id"], "arm"].to_numpy()
    inside = score.groupby((arm != "usual").astype(int)).transform(lambda group: group - group.mean())
    sd = np.sqrt((inside**2).sum() / (score.notna().sum() - 2))
    assert question.study["sd"] == pytest.approx(sd, rel=0.01)  # three digits leave
    assert (question.n, question.effect) == (300, 5)
    assert dict(question.origin)["sd"] == "data"
    assert dict(question.origin)["correlation"] == "assumed"


def test_options_go_before_plan_and_data(plan):
    question = from_plan(plan, {"sd": 18.0, "correlation": 0.7}, n=120, effect=4, wanted=0.9)[0]
    assert (question.study["sd"], question.study["correlation"], question.n, question.effect, question.wanted) == (18.0, 0.7, 120, 4, 0.9)
    assert dict(question.origin)["sd"] == "said"


def test_nothing_measured_after_the_draw_is_opened(plan, tmp_path):
    copied = small(tmp_path, n=240, changed={"flow": {"planned": 300, "status": "status"}})
    (tmp_path / "data" / "endline.csv").write_bytes(b"\x00 not a table")
    assert from_plan(copied, {}, n=None, effect=None, wanted=0.8) == from_plan(plan, {}, n=None, effect=None, wanted=0.8)


def test_a_plan_without_data_is_answered_by_what_is_said(tmp_path):
    path = small(tmp_path, n=120)
    (tmp_path / "data" / "baseline.csv").unlink()
    question = from_plan(path, {"sd": 20.0}, n=200, effect=None, wanted=0.8)[0]
    assert dict(question.origin) == {"correlation": "assumed", "sd": "said"}


def test_few_people_at_baseline_stop_it(tmp_path):
    path = small(tmp_path, n=240, changed={"release": {"minimum_cell": 500}})
    with pytest.raises(tu.TakeupError, match="too few people to be shown"):
        from_plan(path, {}, n=None, effect=None, wanted=0.8)


def test_a_pilot_is_read(tmp_path, capsys):
    rng = np.random.default_rng(3)
    town = np.repeat(np.arange(20), 15)
    frame = pd.DataFrame({"town": town, "y": rng.normal(0, 2, 300) + rng.normal(0, 1, 20)[town], "x": rng.normal(size=300)})
    frame["y"] += frame["x"]
    frame.to_csv(tmp_path / "pilot.csv", index=False)
    assert run(["power", "--pilot", str(tmp_path / "pilot.csv"), "--outcome", "y", "--covariates", "x", "--clusters", "town", "--effect", "1"]) == 0
    expected = tu.sample_size(1.0, frame=frame, design=tu.Design("arm", 0, draw="clustered", clusters="town"), outcome="y", covariates=["x"])
    assert f"{expected.n_whole:,} people would find it" in capsys.readouterr().out


def test_families_and_simulation_stand_beside_the_formula():
    one = from_flags({"sd": 1.0}, n=120, effect=0.5, wanted=0.8)
    sizes = answered((one, one), family="holm", correlation=0.3, simulations=300)
    assert sizes.family.all < sizes.answers[0].chance.power < sizes.family.any
    simulated = sizes.answers[0].simulated
    assert abs(simulated.power - sizes.answers[0].chance.power) < 4 * simulated.mc_error
    with pytest.raises(tu.TakeupError, match="isn't simulated"):
        answered((from_flags({"post": 2, "correlation": 0.5}, n=120, effect=0.5, wanted=0.8),), simulations=10)


def test_page_figure_and_numbers_agree(tmp_path):
    sizes = answered((from_flags({"sd": 20.0, "attrition": 0.1, "provider_size": 12, "provider_icc": 0.05}, n=150, effect=5, wanted=0.8),))
    names = write_power(sizes, tmp_path, ("en", "nl", "fr"))
    assert set(names) == {path.name for path in tmp_path.iterdir()}
    page = (tmp_path / "power.html").read_text(encoding="utf-8")
    assert all(words in page for words in ("How many?", "Hoeveel?", "Combien ?", "Twice as many providers", "Dubbel zoveel hulpverleners"))
    curve = list(csv.reader(io.StringIO((tmp_path / "power-curve.csv").read_text(encoding="utf-8-sig"))))
    row = curve[-1]
    said = {"sd": 20.0, "attrition": 0.1, "provider_size": 12, "provider_icc": 0.05}
    assert float(row[1]) == pytest.approx(tu.power(float(row[0]), 150, **said).power, rel=1e-9)
    assert (tmp_path / "power-curve.png").read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in (tmp_path / "power-curve.svg").read_bytes()
