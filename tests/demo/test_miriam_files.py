"""The files of the synthetic MIRIAM: the same for a seed, fit for their schemas, and true to who left, came and enrolled again."""

from __future__ import annotations

import csv
import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pytest

import takeup as tu
from takeup.demo.miriam import tables as made
from takeup.demo.miriam.country import LAST
from takeup.demo.miriam.draws import whole_parts
from takeup.demo.miriam.editions import Editions, make_editions
from takeup.demo.miriam.first import make_first
from takeup.errors import BuildError
from takeup.plan.read import read

if TYPE_CHECKING:
    from pathlib import Path

HASHES = {
    "miriam-2024/participants": "a33cc158a8e20eee", "miriam-2024/endline": "826bd89eda90c5dc", "miriam-2024/sessions": "b6cf090aeb239773",
    "miriam-1/endline": "15eca67f0276d9db",
}


@pytest.fixture(scope="module")
def world() -> Editions:
    return make_editions()


def test_the_command_writes_both_studies_and_they_fit_their_schemas(tmp_path: Path) -> None:
    truth = tu.demo("miriam", tmp_path, n=150)
    assert set(truth) == {"changes", "cohorts", "sites", "differences", "other_meaning"}
    for study in ("miriam-2024", "miriam-1"):
        plan = tmp_path / "reports" / study / "plan.yaml"
        assert "Nobody answered these questions" in (plan.parent / "data" / "README.md").read_text(encoding="utf-8")
        trial = tu.open_study(plan).trial
        assert read(plan).about.synthetic
        assert len(trial.units) > 200


def test_same_seed_same_bytes_other_seed_other_bytes(tmp_path: Path) -> None:
    for folder, seed in (("a", 3), ("b", 3), ("c", 4)):
        tu.demo("miriam", tmp_path / folder, seed, n=100)
    a, b, c = (tmp_path / folder / "reports" for folder in "abc")
    names = [path.relative_to(a) for path in a.rglob("*.csv")]
    assert len(names) == 9
    assert all((a / name).read_bytes() == (b / name).read_bytes() for name in names)
    assert not any((a / name).read_bytes() == (c / name).read_bytes() for name in names if name.name != "participation.csv")


def test_files_of_seed_0_stay_as_they_are(world: Editions) -> None:
    """Draws are uniform numbers of PCG64 only; all else is computed and rounded, so other versions of numpy give the same files."""
    frames = {
        "miriam-2024/participants": made.participants(world), "miriam-2024/endline": made.survey(world, "endline"),
        "miriam-2024/sessions": made.sessions(world), "miriam-1/endline": made.first_survey(make_first(), "endline"),
    }
    seen = {name: hashlib.sha256(frame.to_csv(index=False, lineterminator="\n").encode()).hexdigest()[:16] for name, frame in frames.items()}
    assert seen == HASHES


def test_who_enrols_again_is_the_same_woman_a_year_later(world: Editions) -> None:
    frame = made.participants(world)
    again = frame[frame["re_enrolled"] == 1]
    before = frame.set_index("participant_id").loc[again["earlier_id"].astype(int)]
    assert len(again) == round(0.06 * 988) + round(0.06 * 1144)
    assert again["earlier_id"].is_unique
    assert (before["cohort"].to_numpy() == again["cohort"].to_numpy() - 1).all()
    assert (before["centre_id"].to_numpy() == again["centre_id"].to_numpy()).all()
    assert (before["age"].to_numpy() == again["age"].to_numpy() - 1).all()
    assert (before["language"].to_numpy() == again["language"].to_numpy()).all()


def test_nobody_comes_after_she_left_or_answers_at_the_end(world: Editions) -> None:
    people = made.participants(world).set_index("participant_id")
    log = made.sessions(world)
    assert (log["session_date"].to_numpy() <= people.loc[log["participant_id"], "end_date"].to_numpy()).all()
    assert not log.duplicated(["participant_id", "session_date", "kind"]).any()
    left = set(people.index[people["dropout_reason"] != ""])
    assert not left & set(made.survey(world, "endline")["participant_id"])
    assert set(log["participant_id"]) == set(people.index[people["cohort"] == LAST])


def test_an_edited_plan_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "reports" / "miriam-1" / "plan.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(BuildError, match="another file is there already"):
        tu.demo("miriam", tmp_path, n=100)
    assert not (tmp_path / "reports" / "miriam-2024").exists()


@pytest.mark.parametrize("n", [59, 20_001])
def test_too_few_or_too_many_women_are_refused(n: int, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="60 to 20000"):
        tu.demo("miriam", tmp_path, n=n)


def test_centres_are_named_by_nothing_but_a_number(tmp_path: Path) -> None:
    tu.demo("miriam", tmp_path, n=100)
    with (tmp_path / "reports" / "miriam-2024" / "data" / "centres.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 581
    assert all(row["centre_id"].isdigit() for row in rows)


def test_whole_parts_add_up_and_stray_by_less_than_one() -> None:
    wanted = np.array([0.2, 1.7, 3.4, 9.9])
    parts = whole_parts(wanted, 33)
    assert parts.sum() == 33
    assert (np.abs(parts - wanted * 33 / wanted.sum()) < 1).all()
