"""The draw as a command: batches, the sealed record, the commitment, the certificate; and what the analysis says of a draw that isn't the plan's."""

import csv
import json
import math
import re
import shutil
import stat
from hashlib import sha256

import pytest
import yaml

import takeup as tu
from takeup.build import build
from takeup.cli import run
from takeup.design.redraw import Accepted, Minimization

PLAN = {
    "takeup": 1, "study": "visits", "title": {"en": "Visits", "nl": "Bezoeken", "fr": "Visites"}, "evidence": "randomized",
    "data": {"assignment": {"file": "assignment.csv", "schema": "assignment.yaml"}, "endline": {"file": "people.csv", "schema": "endline.yaml"}},
    "design": {"unit": "id", "treatment": "arm", "control": "letter", "draw": "blocked", "blocks": "assignment.office",
               "arms": {"letter": "A letter", "visit": "A visit"}, "assignment": "assignment.json", "allocation": {"block_sizes": [4, 6]}},
    "outcomes": [{"id": "worry", "column": "worry"}], "analyses": {"seed": 3, "draws": 199}, "languages": ["en", "nl", "fr"],
}
SCHEMAS = {
    "endline": {"name": "endline", "primaryKey": ["id"], "fields": [{"name": "id"}, {"name": "office"}, {"name": "worry", "type": "integer"},
                                                                   {"name": "age", "type": "integer"}]},
    "assignment": {"name": "assignment", "primaryKey": ["id"], "fields": [{"name": name} for name in ("id", "office", "batch", "arm")]},
}


@pytest.fixture
def home(tmp_path):
    write(tmp_path)
    return tmp_path


def write(folder, **design):
    said = {**PLAN, "design": {**PLAN["design"], **design}}
    (folder / "plan.yaml").write_text(yaml.safe_dump(said), encoding="utf-8")
    for name, schema in SCHEMAS.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(schema), encoding="utf-8")
    people(folder / "people.csv", 60)


def people(path, n):
    rows = [f"F{i:02d},{'AB'[i % 2]},{(7 * i) % 11},{20 + (13 * i) % 37}\n" for i in range(n)]
    path.write_text("id,office,worry,age\n" + "".join(rows), encoding="utf-8")
    return path


def rows(home):
    with (home / "assignment.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def draw(home, *more, n=40, code=0):
    listed = people(home / "list.csv", n)
    assert run(["randomize", str(home / "plan.yaml"), "--list", str(listed), *more]) == code


def test_a_draw_leaves_file_record_secret_and_certificate(home, capsys):
    draw(home, "--seed", "42")
    said = capsys.readouterr().out
    letter, visit = map(int, re.search(r"40 drawn in batch 1: letter (\d+), visit (\d+)\.", said).groups())
    assert letter + visit == 40
    assert abs(letter - visit) <= 6  # at most half of a block of six too many in each of two offices
    assert not any(row["id"] in said for row in rows(home))
    record, secret = (json.loads((home / f"assignment{end}.json").read_text()) for end in ("", ".secret"))
    assert record["commitment"] == sha256(f"42:{secret['salt']}".encode()).hexdigest()
    assert record["seed"] is None
    assert record["batches"][0]["version"] == tu.__version__
    assert record["batches"][0]["rows_hash"] == sha256((home / "assignment.csv").read_bytes()).hexdigest()
    assert stat.S_IMODE((home / "assignment.secret.json").stat().st_mode) == 0o600
    page = (home / "assignment.certificate.html").read_text(encoding="utf-8")
    assert all(words in page for words in ("Certificate of the draw", "Attest van de loting", "Certificat du tirage au sort", record["commitment"]))
    assert "42" not in page.partition("Commitment to the seed")[2].partition("</li>")[0].replace(record["commitment"], "")
    assert (home / "assignment.certificate.pdf").read_bytes().startswith(b"%PDF")


def test_a_second_draw_is_refused_and_changes_nothing(home, capsys):
    draw(home, "--seed", "42")
    before = {path.name: path.read_bytes() for path in home.iterdir()}
    for more, n, words in (((), 40, "the draw was made on"), (("--batch", "1"), 50, "was drawn and stands"),
                           (("--batch", "2"), 40, "everybody on the list was drawn already"), (("--batch", "2", "--seed", "43"), 50, "another seed")):
        draw(home, *more, n=n, code=1)
        assert words in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in home.iterdir() if path.name != "list.csv"} == {
        name: content for name, content in before.items() if name != "list.csv"}


def test_before_the_draw_the_check_says_how_to_draw(home, capsys, monkeypatch):
    monkeypatch.chdir(home.parent)
    assert run(["check", home.name]) == 1
    assert capsys.readouterr().err == f"design.assignment: nobody is drawn yet. Draw the trial: `takeup randomize {home.name} --list LIST`.\n"
    assert run(["randomize", home.name, "--commit"]) == 0
    assert run(["check", home.name]) == 1
    assert "nobody is drawn yet" in capsys.readouterr().err


def test_a_draw_whose_record_is_lost_is_never_drawn_over(home, capsys):
    draw(home, "--seed", "42")
    (home / "assignment.json").unlink()
    (home / "assignment.secret.json").unlink()
    before = (home / "assignment.csv").read_bytes()
    draw(home, "--seed", "7", code=1)
    assert run(["randomize", str(home / "plan.yaml"), "--commit"]) == 1
    assert capsys.readouterr().err.count("an assignment file is here, but not the record of its draw") == 2
    assert (home / "assignment.csv").read_bytes() == before


def test_a_list_that_cant_be_drawn_leaves_nothing_behind(home, capsys):
    listed = people(home / "list.csv", 40)
    lines = listed.read_text().splitlines()
    listed.write_text("\n".join([*lines, lines[3], "F99,,1,30"]) + "\n")
    assert run(["randomize", str(home / "plan.yaml"), "--list", str(listed)]) == 1
    said = capsys.readouterr().err
    assert "list.csv, column id: 1 row names a unit that is on the list already (row 42)" in said
    assert "list.csv, column office: 1 row is empty (row 43)" in said
    assert not list(home.glob("assignment.*.json"))
    draw(home, "--seed", "7")  # no seed was kept by the list that failed


def test_batches_leave_the_earlier_ones_untouched(home, capsys):
    draw(home, "--seed", "42")
    first = (home / "assignment.csv").read_bytes()
    draw(home, "--batch", "march", n=60)
    assert (home / "assignment.csv").read_bytes().startswith(first)
    assert "20 drawn in batch march" in capsys.readouterr().out.partition("40 drawn")[2]
    assert [row["batch"] for row in rows(home)] == ["1"] * 40 + ["march"] * 20
    again = home / "again"
    again.mkdir()
    write(again)
    shutil.copy(home / "assignment.secret.json", again)
    draw(again, "--batch", "1", n=40)
    draw(again, "--batch", "march", n=60)
    assert rows(again) == rows(home)


def test_reveal_closes_the_draw_and_anybody_can_make_it_again(home, capsys):
    draw(home, "--seed", "42")
    assert run(["randomize", str(home / "plan.yaml"), "--reveal"]) == 0
    assert "The seed 42 gives the 40 arms again." in capsys.readouterr().out
    (home / "assignment.secret.json").unlink()
    assert run(["randomize", str(home / "plan.yaml"), "--reveal"]) == 0
    draw(home, "--batch", "late", n=50, code=1)
    assert "the draw is closed" in capsys.readouterr().err


def test_commit_first_then_draw(home, capsys):
    assert run(["randomize", str(home / "plan.yaml"), "--commit", "--seed", "7"]) == 0
    promised = json.loads((home / "assignment.json").read_text())["commitment"]
    assert promised in capsys.readouterr().out
    draw(home)
    assert json.loads((home / "assignment.json").read_text())["commitment"] == promised
    assert run(["randomize", str(home / "plan.yaml"), "--commit"]) == 1


def test_wrong_usage_and_wrong_lists(home, capsys):
    assert run(["randomize", str(home / "plan.yaml")]) == 2
    assert run(["randomize", str(home / "plan.yaml"), "--reveal"]) == 1
    (home / "other.csv").write_text("id,place\nF1,A\n")
    assert run(["randomize", str(home / "plan.yaml"), "--list", str(home / "other.csv"), "--seed", "1"]) == 1
    assert 'the list has no column "office"' in capsys.readouterr().err
    (home / "other.csv").write_text("id,office,arm\nF1,A,visit\n")
    assert run(["randomize", str(home / "plan.yaml"), "--list", str(home / "other.csv")]) == 1
    assert "the list holds arms already" in capsys.readouterr().err
    write(home, assignment="")
    assert run(["randomize", str(home / "plan.yaml"), "--list", str(home / "people.csv")]) == 1
    assert "design.assignment" in capsys.readouterr().err


def test_a_batch_can_be_the_block(home, capsys):
    """MISSION's draw: the block is the batch of enrolment, so the list needn't name it; two batches are two blocks."""
    write(home, blocks="batch", allocation={})
    draw(home, "--seed", "1", "--batch", "2024-01")
    draw(home, "--batch", "2024-02", n=60)
    assert [row["batch"] for row in rows(home)] == ["2024-01"] * 40 + ["2024-02"] * 20
    assert sum(row["arm"] == "visit" for row in rows(home)[40:]) == 10
    assert "letter 20, visit 20" in capsys.readouterr().out


# --- the analysis holds the file against plan and data --------------------------------------------------------------------------


@pytest.fixture
def drawn(home):
    draw(home, "--seed", "42", n=60)
    assert run(["randomize", str(home / "plan.yaml"), "--reveal"]) == 0
    return home


def test_a_draw_that_fits_is_said_and_drawn_again_for_inference(drawn):
    study = tu.open_study(drawn)
    assert any("60 drawn in 1 batch, as the plan says; the seed is revealed, and gives the same arms again." in note for note in study.trial.notes)
    design = study.material.design
    frame = study.material.frame
    draws = design.draws(frame, 50, 1)
    by_block = {}
    for unit, stratum in zip(design.redraw.units, design.redraw.strata, strict=True):
        by_block.setdefault(int(stratum), []).append(frame["id"].tolist().index(unit))
    assert len(by_block) > 6
    for places in by_block.values():
        assert len(set(draws[:, places].sum(axis=1))) == 1


def test_inference_of_the_study_uses_the_hidden_blocks(drawn):
    study = tu.open_study(drawn)
    test = next(result for result in study.results() if result.provenance.id.startswith("ri."))
    plain = study.material.design
    again = tu.randomization_test(study.material.frame, "worry", plain, method="difference_in_means", draws=199, seed=1)
    assert 0 < test.p_value <= 1
    assert again.draws == 199
    assert "hidden blocks in which the trial was drawn" in test.reason


@pytest.mark.parametrize(("design", "kind"), [
    ({"draw": "complete", "blocks": None, "allocation": {"minimize": ["office"], "coin": 0.75}}, Minimization),
    ({"allocation": {"balance": ["age"], "accept": 0.02}}, Accepted),
    ({"draw": "complete", "blocks": None, "allocation": {"shares": {"letter": 2, "visit": 1}}}, None),
    ({"draw": "pairs", "blocks": "pair", "allocation": {"match": ["age"]}}, None),
])
def test_whatever_the_rule_the_analysis_draws_by_it(home, design, kind):
    write(home, **design)
    said = set(design["allocation"])
    names = ["id", *(["office"] if "minimize" in said or "draw" not in design else []), *(["age"] if {"balance", "match"} & said else []), "batch",
             *(["pair"] if "match" in said else []), "arm"]
    (home / "assignment.yaml").write_text(yaml.safe_dump({"name": "assignment", "primaryKey": ["id"], "fields": [{"name": name} for name in names]}))
    draw(home, "--seed", "5", n=36)
    draw(home, "--batch", "later", n=60)
    study = tu.open_study(home)
    frame, found = study.material.frame, study.material.design
    draws = found.draws(frame, 40, 2)
    if kind is not None:
        assert isinstance(found.redraw.draw, kind)
    if kind is Accepted:
        for batch in found.redraw.draw.batches:
            assert batch.distance(draws[:, batch.place]).max() <= batch.threshold + 1e-9
    if kind is None and "pair" in names:
        for places in frame.groupby("pair").indices.values():
            assert (draws[:, places].sum(axis=1) == 1).all()
    if kind is None and "pair" not in names:
        for batch, share in (("1", 12), ("later", 8)):
            assert (draws[:, (frame["batch"] == batch).to_numpy()].sum(axis=1) == share).all()
    assert study.results()["worry"].n == 60


def test_without_the_seed_hidden_blocks_are_said_to_be_unknown(home):
    draw(home, "--seed", "42", n=60)
    study = tu.open_study(home)
    assert any("blocks of the draw are hidden until its seed is revealed" in note and "--reveal" in note for note in study.trial.notes)
    test = next(result for result in study.results() if result.provenance.id.startswith("ri."))
    assert math.isnan(test.p_value)
    assert "hidden" in test.reason
    assert not math.isnan(study.results()["worry"].p_value)  # the estimate and its interval don't need the draw again
    made = build(home, only=("results",))
    assert any("Randomisation inference is left out" in str(fault) and "--reveal" in str(fault) for fault in made.complaints)
    masked = tu.open_study(home, kind="masked")  # its arms are drawn within the plan's own blocks, and so are those they are compared with
    assert next(result for result in masked.results() if result.provenance.id.startswith("ri.")).p_value > 0
    assert not build(home, kind="masked", only=("results",)).complaints


@pytest.mark.parametrize(("change", "words"), [
    (lambda home: _edit(home / "assignment.csv", "visit", "letter"), "aren't those that were drawn"),
    (lambda home: _edit(home / "assignment.json", '"seed": 42', '"seed": 43'), "was changed after the draw"),
    (lambda home: write(home, allocation={"block_sizes": [4]}), "isn't what was drawn"),
    (lambda home: write(home, allocation={"shares": {"letter": 1, "visit": 3}, "block_sizes": [4]}), "isn't what was drawn"),
    (lambda home: (home / "assignment.json").unlink(), "there is no such record, though people were drawn"),
    (lambda home: (home / "assignment.csv").unlink(), '"assignment.csv": there is no such file'),
])
def test_what_was_changed_after_the_draw_is_found(drawn, change, words):
    change(drawn)
    with pytest.raises(tu.TakeupError, match=words):
        tu.open_study(drawn)


def _edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_another_arm_and_a_stranger_in_the_data_are_found(drawn):
    """The data's own copy of the arms, not the assignment file."""
    said = yaml.safe_load((drawn / "plan.yaml").read_text())
    said["data"]["assignment"]["file"] = "entered.csv"
    (drawn / "plan.yaml").write_text(yaml.safe_dump(said))
    lines = (drawn / "assignment.csv").read_text().splitlines()
    lines[3] = lines[3].replace("visit", "letter") if "visit" in lines[3] else lines[3].replace("letter", "visit")
    lines[5] = lines[5].replace("F04", "G99")
    lines[9] = lines[9].rpartition(",")[0] + ","
    (drawn / "entered.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(tu.TakeupError) as error:
        tu.open_study(drawn)
    text = str(error.value)
    assert "1 unit stands in another arm than was drawn (row 4)" in text
    assert "1 unit has an arm but was never drawn (row 6)" in text
    assert "1 unit that was drawn has no arm in the data" in text
    assert "G99" not in text


def test_those_who_wait_for_the_next_batch_are_no_fault(home):
    """Enrolment goes on: the roster of people is ahead of the draw."""
    said = yaml.safe_load((home / "plan.yaml").read_text())
    said["data"]["roster"] = {"file": "roster.csv", "schema": "roster.yaml"}
    said["design"]["unit"] = "roster.id"
    (home / "plan.yaml").write_text(yaml.safe_dump(said))
    (home / "roster.yaml").write_text(yaml.safe_dump({"name": "roster", "primaryKey": ["id"], "fields": [{"name": "id"}]}))
    (home / "roster.csv").write_text("id\n" + "".join(f"F{i:02d}\n" for i in range(60)))
    draw(home, "--seed", "42", n=40)
    study = tu.open_study(home)
    assert len(study.trial.units) == 40
    assert any("20 rows have no arm" in note for note in study.trial.notes)
    assert any("20 units of the data were never drawn" in note and "--batch" in note for note in study.trial.notes)
