"""A new study's folder: complete, valid as it stands, its workbooks hold people to the schema; made-up rows never mix with real ones."""

import csv
import io
import re
import zipfile

import pytest
import yaml
from click.testing import CliRunner

import takeup as tu
from takeup.build.new_study import Answers, measure_of, new_study, study_files
from takeup.build.power import from_plan
from takeup.build.rehearse import rehearse
from takeup.cli import run
from takeup.commands.before import new
from takeup.intake.schema_file import read_table_schema
from takeup.plan.read import read

SHAPES = {
    "complete": {}, "blocked": {"draw": "blocked", "blocks": "office"}, "clustered": {"draw": "clustered", "clusters": "village"},
    "blocked clusters": {"draw": "blocked_clustered", "blocks": "region", "clusters": "village"}, "pairs": {"draw": "pairs"},
    "hidden": {"draw": "blocked", "blocks": "office", "block_sizes": (4, 6)}, "provider": {"provider": "visitor"},
    "three arms": {"arms": (("usual", "As usual"), ("call", "A call"), ("visit", "A visit"))},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_drawn_checked_and_estimated(shape, tmp_path, capsys):
    answers = Answers(name="try_out", example=True, planned=96, measures=(measure_of("who5"), measure_of("works:binary")), **SHAPES[shape])
    names = new_study(answers, tmp_path)
    home = tmp_path / "try_out"
    plan = home / "plan.yaml"
    assert set(names) == {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}
    assert set(rehearse(plan)) == {"people", "baseline"}
    assert run(["check", str(plan)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("design.assignment: nobody is drawn yet. Draw the trial: `takeup randomize ")
    assert said.count("\n") == 1  # that the assignment file isn't there yet is no second problem
    assert len(tu.open_study(plan, kind="mock").material.frame) == 96  # a draw that is made up, like all that comes after it
    assert run(["randomize", str(plan), "--list", str(home / "data" / "people.csv"), "--seed", "3"]) == 0
    assert set(rehearse(plan)) == {"programme", "endline"}
    assert run(["randomize", str(plan), "--reveal"]) == 0
    assert run(["check", str(plan)]) == 0
    assert "gives the same arms again" in capsys.readouterr().out
    study = tu.open_study(plan)
    assert study.results()["who5"].n > 50


def test_the_size_of_a_study_before_its_draw_comes_from_its_baseline(tmp_path, capsys):
    assert run(["new", "early", "--folder", str(tmp_path), "--example", "--n", "96"]) == 0
    question = from_plan(tmp_path / "early" / "plan.yaml", {}, n=None, effect=None, wanted=0.8)[0]
    assert 10 < question.study["sd"] < 25  # of a WHO-5 score, read from the first interview
    assert dict(question.origin)["sd"] == "data"
    assert "treated_share" not in question.study
    said = (tmp_path / "early" / "data" / "people.csv").read_text()
    (tmp_path / "early" / "data" / "people.csv").write_text(said.splitlines()[0] + "\n")  # nobody is known: nothing is read, nothing breaks
    assert run(["power", str(tmp_path / "early")]) == 1
    assert "who5: an effect of 5 says nothing while nobody knows how much the outcome varies. Give its standard" in capsys.readouterr().err
    assert run(["power", str(tmp_path / "early"), "--sd", "20"]) == 0
    assert "sd 20 (said)" in capsys.readouterr().out


def test_providers_who_arent_there_yet_are_assumed_and_clusters_hold_theirs(tmp_path):
    assert run(["new", "early", "--folder", str(tmp_path), "--example", "--n", "96", "--provider", "visitor"]) == 0
    question = from_plan(tmp_path / "early" / "plan.yaml", {}, n=None, effect=None, wanted=0.8)[0]
    assert (question.study["provider_size"], question.origin["provider_size"], question.origin["provider_icc"]) == (15, "assumed", "assumed")
    assert run(["new", "whole", "--folder", str(tmp_path), "--example", "--n", "96", "--provider", "visitor", "--clusters", "village"]) == 0
    question = from_plan(tmp_path / "whole" / "plan.yaml", {}, n=None, effect=None, wanted=0.8)[0]
    assert {"cluster_size", "icc"} < set(question.study)
    assert not {"provider_size", "provider_icc"} & set(question.study)
    assert run(["power", str(tmp_path / "whole")]) == 0


def test_the_draw_of_a_new_study_is_changed_in_its_plan_alone(tmp_path):
    """Minimisation over a column that the assignment's schema doesn't name, in three arms; an odd one of the pairs waits, also in the mock."""
    answers = Answers(name="changed", example=True, planned=60, arms=SHAPES["three arms"]["arms"], measures=(measure_of("who5"),))
    new_study(answers, tmp_path)
    plan = tmp_path / "changed" / "plan.yaml"
    plan.write_text(plan.read_text().replace("draw: complete", "draw: complete\n  allocation: {minimize: [gender], coin: 0.9, measure: variance}"))
    rehearse(plan)
    listed = plan.parent / "data" / "people.csv"
    assert run(["randomize", str(plan), "--list", str(listed), "--seed", "3"]) == 0
    rehearse(plan)
    study = tu.open_study(plan)
    counts = study.material.frame.groupby("gender")["arm"].value_counts().unstack(fill_value=0)
    assert (counts.max(axis=1) - counts.min(axis=1)).max() <= 4
    assert {test.arm for test in study.results() if test.provenance.id.startswith("ri.") and 0 < test.p_value <= 1} == {"call", "visit"}
    new_study(Answers(name="odd", example=True, planned=61, draw="pairs", measures=(measure_of("who5"),)), tmp_path)
    rehearse(tmp_path / "odd" / "plan.yaml")
    assert len(tu.open_study(tmp_path / "odd" / "plan.yaml", kind="mock").material.frame) == 60
    plan = tmp_path / "odd" / "plan.yaml"
    plan.write_text(plan.read_text().replace("match: [age, gender]", "match: [age, gendr]"))
    with pytest.raises(tu.TakeupError, match=r'no table before the draw has a column "gendr".*Did you mean "gender"'):
        tu.open_study(plan, kind="mock")


def test_plan_schemas_and_codebook_are_valid_and_speak_three_languages(tmp_path):
    new_study(Answers(name="new_one", title="A title: with a colon", blocks="office", draw="blocked"), tmp_path)
    home = tmp_path / "new_one"
    plan = read(home / "plan.yaml")
    assert (plan.study, plan.title, plan.flow.planned, plan.about.synthetic) == ("new_one", "A title: with a colon", 200, False)
    schemas = {name: read_table_schema(home / table.schema_) for name, table in plan.data.items()}
    assert {"person_id", "office", "batch", "arm"} == set(schemas["assignment"].names)
    page = (home / "codebook.html").read_text(encoding="utf-8")
    assert all(words in page for words in ("First interview", "Eerste interview", "Premier entretien", "WHO-5-welzijnsindex", "bien-être OMS-5"))
    compile((home / "notebook.py").read_text(encoding="utf-8"), "notebook.py", "exec")
    assert "*.secret.json" in (home / ".gitignore").read_text()


def test_workbooks_have_lists_and_limits():
    from takeup.build.new_schemas import schemas

    answers = Answers(name="new_one", measures=(measure_of("who5"), measure_of("works:binary")))
    files = study_files(answers)
    for name, schema in schemas(answers).items():
        if name == "assignment":
            assert f"templates/{name}.xlsx" not in files
            continue
        header = next(csv.reader(io.StringIO(files[f"data/{name}.csv"].decode())))
        assert header == [field["name"] for field in schema["fields"]]
        with zipfile.ZipFile(io.BytesIO(files[f"templates/{name}.xlsx"])) as book:
            sheet = book.read("xl/worksheets/sheet1.xml").decode()
        rules = re.findall(r'<dataValidation type="(\w+)"', sheet)
        assert rules.count("list") == sum("categories" in field for field in schema["fields"])
        assert rules.count("date") == sum(field["type"] == "date" for field in schema["fields"])
        limited = [field for field in schema["fields"] if "minimum" in field.get("constraints", {}) and field["type"] == "integer"]
        assert rules.count("whole") == len(limited)
    assert study_files(answers) == files  # the same bytes


def test_made_up_rows_never_mix_with_real_ones(tmp_path, capsys):
    assert run(["new", "real_one", "--folder", str(tmp_path)]) == 0
    plan = tmp_path / "real_one" / "plan.yaml"
    assert run(["rehearse", str(plan)]) == 1
    assert "isn't marked as synthetic" in capsys.readouterr().err
    said = plan.read_text().replace("synthetic: false", "synthetic: true")
    plan.write_text(said)
    people = plan.parent / "data" / "people.csv"
    people.write_text(people.read_text() + "P1,2024-01-01,30,woman\n")
    assert rehearse(plan) == ("baseline",)
    assert people.read_text().count("\n") == 2
    with pytest.raises(tu.TakeupError, match="no table before the draw is empty"):
        rehearse(plan)


@pytest.mark.parametrize(("words", "fault"), [
    (["Bad Name"], "can't be the name of a study"), (["x", "--outcome", "who6"], 'Did you mean "who5"'),
    (["x", "--outcome", "a:5-1"], "can't be read"),
    (["x", "--arm", "same", "--arm", "same"], "two or more different arms"), (["x", "--draw", "clustered"], "needs clusters"),
    (["x", "--languages", "de"], "no language"), (["x", "--draw", "pairs", "--block-sizes", "4"], "doesn't go with"),
    (["x", "--outcome", "age:0-9,age:1-5"], "stands for two things"), (["x", "--block-sizes", "4,5"], "multiples of 2"),
])
def test_what_cant_be_used_is_said(words, fault, tmp_path, capsys):
    assert run(["new", *words, "--folder", str(tmp_path)]) == 1
    assert fault in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_folder_that_exists_is_left_alone(tmp_path, capsys):
    (tmp_path / "here").mkdir()
    assert run(["new", "here", "--folder", str(tmp_path)]) == 1
    assert "exists already" in capsys.readouterr().err


def test_what_no_option_says_is_asked_at_a_terminal(tmp_path, monkeypatch):
    monkeypatch.setattr("takeup.commands.before.at_a_terminal", lambda: True)
    typed = "Visits at home\nletter,visit\noffice\n-\nwho5,works:binary\n"
    asked = CliRunner().invoke(new, ["asked", "--folder", str(tmp_path), "--n", "80"], input=typed)
    assert asked.exit_code == 0, asked.output
    assert "How many are to be enrolled" not in asked.output  # an option said it
    plan = yaml.safe_load((tmp_path / "asked" / "plan.yaml").read_text())
    assert (plan["title"], plan["design"]["blocks"], plan["flow"]["planned"]) == ("Visits at home", "assignment.office", 80)
    assert list(plan["design"]["arms"]) == ["letter", "visit"]
    assert [outcome["id"] for outcome in plan["outcomes"]] == ["who5", "works"]
