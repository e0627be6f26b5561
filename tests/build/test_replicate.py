"""The replication folder: it runs without the machine that made it, and no value of the data goes along unless it may."""

import importlib
import json
import subprocess
import sys
import zipfile

import pytest

import takeup as tu
from takeup.build.replicate import replicate, requirements, stand_in_plan, study_files
from takeup.build.runner import differences
from takeup.cli import run
from takeup.errors import BuildError
from takeup.intake.trial import open_files
from takeup.plan.read import read
from takeup.release.rules import Rules
from takeup.study import open_study
from takeup.study.stand_in import overlaps, stand_in
from trust.villages import NAMES, STUDY, write

replicate_module = importlib.import_module("takeup.build.replicate")


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    return write(tmp_path_factory.mktemp("villages"))


@pytest.fixture(scope="module")
def folder(plan, tmp_path_factory):
    place = tmp_path_factory.mktemp("somewhere") / "replication"
    assert run(["lock", str(plan)]) == 0
    assert run(["replicate", str(plan), "--out", str(place)]) == 0
    return place


def test_it_holds_what_a_replicator_needs(folder):
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {"README.md", "replicate.py", "replication.json", "requirements.txt", "takeup-0.1.0-py3-none-any.whl", f"study/{STUDY}/plan.yaml",
            f"study/{STUDY}/plan.lock", f"study/{STUDY}/crosswalk.yaml", "study/data_schema/villages/people.yaml", f"stand-in/{STUDY}/plan.yaml",
            f"stand-in/{STUDY}/data/people.csv", "stand-in/data_schema/villages/people.yaml"} <= names
    assert not [name for name in names if name.startswith(f"study/{STUDY}/data")]
    text = (folder / "README.md").read_text(encoding="utf-8")
    for part in ("## Data availability and provenance statements", "## Dataset list", "## Computational requirements",
                 "## Description of programs", "## Instructions to replicators", "## List of tables, figures and programs", "python replicate.py",
                 "The data may not travel"):
        assert part in text
    with zipfile.ZipFile(folder / "takeup-0.1.0-py3-none-any.whl") as wheel:
        assert wheel.testzip() is None
        assert {"takeup/cli.py", "takeup-0.1.0.dist-info/RECORD"} <= set(wheel.namelist())


def test_no_value_of_the_data_is_in_it(folder, plan):
    _, trial = open_files(plan)
    ids = {str(value) for value in trial.units["id"]}
    incomes = {str(value) for value in trial.tables["baseline"]["income"].dropna()}
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix != ".whl":
            words = set(path.read_text(encoding="utf-8").replace(",", " ").replace('"', " ").split())
            assert not words & ids, path
            assert not words & set(NAMES), path
            assert not words & incomes, path


def test_it_runs_elsewhere_and_gives_the_same_bytes(folder, tmp_path):
    moved = tmp_path / "another place"
    folder.rename(moved)
    try:
        ended = subprocess.run([sys.executable, str(moved / "replicate.py"), "--here"], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert "files are the authors' own, byte for byte." in ended.stdout
        page = (moved / "outputs-stand-in" / "report.html").read_text(encoding="utf-8")
        assert "STAND-IN DATA: Villages" in page
        expected = json.loads((moved / "replication.json").read_text())["expected"]["stand-in"]
        assert differences(moved / "outputs-stand-in", expected) == []
        (moved / "outputs-stand-in" / "results.csv").write_text("changed", encoding="utf-8")
        assert differences(moved / "outputs-stand-in", expected) == ["results.csv"]
    finally:
        moved.rename(folder)


@pytest.mark.parametrize("name", ["jobs2", "thornton", "mission"])
def test_stand_ins_of_other_studies_pass_their_own_checks(tmp_path, name):
    tu.demo(name, tmp_path, 0, **({"n": 200} if name == "mission" else {}))
    plan, trial = open_files(tmp_path / "reports" / name / "plan.yaml")
    made = stand_in(plan, trial, Rules.from_plan(plan.release))
    assert overlaps(plan, trial, made) == ()
    study = open_study(tmp_path / "reports" / name / "plan.yaml")
    assert set(replicate_module.stand_in_files(study, tmp_path / "reports" / name / "plan.yaml", study_files(study, tmp_path / "reports" / name
                                                                                                     / "plan.yaml")[0])) >= {
        f"reports/{name}/data/{table}.csv" for table in plan.data}
    for table, frame in made.items():
        frame.to_csv(tmp_path / "reports" / name / f"{table}.csv", index=False)
    assert len(made[trial.columns.roster]) % Rules.from_plan(plan.release).base == 0


def test_a_stand_in_that_holds_a_value_is_refused(plan, monkeypatch):
    study = open_study(plan)
    genuine = stand_in(study.plan, study.trial, Rules())
    spoilt = {**genuine, "people": genuine["people"].assign(naam=[NAMES[0]] * len(genuine["people"]))}
    assert overlaps(study.plan, study.trial, spoilt) == ("people.naam",)
    monkeypatch.setattr("takeup.study.stand_in.stand_in", lambda *_: spoilt)
    with pytest.raises(BuildError, match=r"the stand-in would hold values of the data, in people\.naam"):
        replicate_module.stand_in_files(study, plan, {})


def test_the_plan_of_a_stand_in_says_what_it_is_and_leaves_out_what_is_of_the_real_people(plan):
    said = stand_in_plan(read(plan))
    assert said["title"] == {"en": "STAND-IN DATA: Villages", "nl": "VERVANGENDE GEGEVENS: Dorpen"}
    assert said["about"]["synthetic"] is True
    assert all("crosswalk" not in table for table in said["data"].values())


def test_a_folder_that_holds_something_stays_as_it_is(plan, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(BuildError, match="holds something already"):
        replicate(plan, out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_every_version_has_its_hash():
    blocks = requirements().strip().split("\n")
    names = [line for line in blocks if not line.startswith(" ")]
    assert {"numpy", "pandas", "pyreadstat", "python-docx", "typst", "tzdata"} <= {line.partition("==")[0] for line in names}
    assert "ipykernel" not in {line.partition("==")[0] for line in names}
    assert sum("--hash=sha256:" in line for line in blocks) >= len(names)
