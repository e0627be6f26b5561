"""A masked build: the arms drawn anew within the design, marked in every file, never taken for the final one; unmasking is logged."""

import csv
import io
import json
import stat
import zipfile

import numpy as np
import pytest

from study.small import plan, write
from takeup.build import build
from takeup.build.stamp import stamped
from takeup.errors import BuildError
from takeup.study import open_study
from takeup.study.masked import donors, mask_file, mask_seed, masked
from takeup.study.standing import LOG, lock_plan

FEW = {"outcomes": [plan()["outcomes"][1]], "analyses": {"seed": 7, "draws": 199, "balance": ["age"]}, "languages": ["en"]}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write(tmp_path_factory.mktemp("masked"), n=144, changed=FEW)


@pytest.fixture(scope="module")
def study(path):
    return open_study(path)


@pytest.fixture(scope="module")
def built(path):
    return build(path, kind="masked", progress=False)


def test_donors_are_a_permutation_within_strata_that_brings_the_arm_along():
    rng = np.random.default_rng(1)
    strata = np.repeat(np.arange(5), 12)
    real = np.concatenate([rng.permutation([0] * 5 + [1] * 4 + [2] * 3) for _ in range(5)])
    drawn = np.concatenate([rng.permutation([0] * 5 + [1] * 4 + [2] * 3) for _ in range(5)])
    found = donors(real, drawn, strata, rng)
    assert sorted(found) == list(range(60))
    assert (real[found] == drawn).all()
    assert (strata[found] == strata).all()


def test_donors_are_used_evenly_where_numbers_differ():
    found = donors(np.array([0, 0, 0, 0, 1, 1]), np.array([1, 1, 1, 1, 0, 0]), np.zeros(6, dtype=int), np.random.default_rng(0))
    assert sorted(np.bincount(found[:4], minlength=6)[4:]) == [2, 2]
    assert len(set(found[4:])) == 2


def test_the_mask_keeps_the_design_and_everything_but_the_arms(study):
    trial = masked(study.trial, study.plan, 5)
    before, after = study.trial.units, trial.units
    moved = ["arm", "came"]
    assert after.drop(columns=moved).equals(before.drop(columns=moved))
    assert not after["arm"].equals(before["arm"])
    assert after["arm"].dtype == before["arm"].dtype
    assert after.groupby("batch")["arm"].value_counts().sort_index().equals(before.groupby("batch")["arm"].value_counts().sort_index())
    assert after.groupby("arm")["came"].sum().equals(before.groupby("arm")["came"].sum())
    assert [trial.ledger.arms[code] for code in trial.ledger.arm] == after["arm"].tolist()
    assert np.array_equal(trial.ledger.received, after["came"].to_numpy(dtype=float))
    again = masked(study.trial, study.plan, 5).units
    assert again.equals(after)
    assert not masked(study.trial, study.plan, 6).units["arm"].equals(after["arm"])


def test_masks_tell_nothing_of_the_effect(study):
    """Over many masks the difference between arms averages out, though an effect was planted."""
    real = study.trial.units["arm"]
    values = np.random.default_rng(3).normal(size=real.size) + 3.0 * (real == "visit").to_numpy()

    def gap(arm):
        return values[(arm == "visit").to_numpy()].mean() - values[(arm == "usual").to_numpy()].mean()

    gaps = np.array([gap(masked(study.trial, study.plan, seed).units["arm"]) for seed in range(60)])
    assert abs(gaps.mean()) < 4 * gaps.std() / np.sqrt(gaps.size)
    assert gap(real) > 2.5


def test_the_mask_is_drawn_once_for_its_owners_eyes_and_stands_in_no_output(path, built):
    seed = mask_seed(path)
    assert mask_seed(path) == seed
    assert stat.S_IMODE(mask_file(path).stat().st_mode) == 0o600
    told = {str(seed).encode(), f"{seed:x}".encode(), f"{seed:032x}".encode()}
    for name in built.files:
        content = (built.out / name).read_bytes()
        assert not [text for text in told if text in content], name
    assert ".plan.mask" not in json.loads((built.out / "manifest.json").read_text())["inputs"]


def test_a_faulty_mask_is_said(tmp_path):
    (tmp_path / ".plan.mask").write_text("not a number")
    with pytest.raises(BuildError, match="mask can't be read"):
        mask_seed(tmp_path / "plan.yaml")


def test_every_file_of_a_masked_build_says_so(built):
    said = json.loads((built.out / "manifest.json").read_text())
    assert (built.out.name, said["kind"], built.kind) == ("out-masked", "masked", "masked")
    for name in built.files:
        content = (built.out / name).read_bytes()
        if name.endswith(".csv"):
            rows = list(csv.reader(io.StringIO(content.decode())))
            assert rows[0][-1] == "build", name
            assert {row[-1] for row in rows[1:]} <= {"masked"}, name
        elif name.endswith((".xlsx", ".docx", ".pptx")):
            with zipfile.ZipFile(io.BytesIO(content)) as inside:
                assert any(b"MASKED" in inside.read(part) for part in inside.namelist()), name
        elif name.endswith(".png"):
            assert content != b""  # the picture is checked below, with its vector twin
        elif name != "manifest.json":
            assert b"MASKED" in content or name.endswith(".pdf"), name
    assert (built.out / "report.html").read_text().count("MASKED") > 10


def test_figures_have_the_mark_across_them(path, built):
    final = build(path, only=["figures"], out=path.parent / "plain", progress=False)
    names = [name for name in built.files if name.startswith("figures/") and name.endswith((".svg", ".png", ".pdf"))]
    assert names
    plain = {name: (final.out / name).read_bytes() for name in names}
    for name in names:
        assert (built.out / name).read_bytes() != plain[name]
        if name.endswith(".svg"):
            assert b"MASKED" not in plain[name]


def test_masked_and_final_never_take_each_others_place(path, built):
    final = build(path, only=["results"], progress=False)
    assert (final.out.name, final.kind) == ("out", "final")
    with pytest.raises(BuildError, match="does not say masked"):
        build(path, only=["results"], kind="masked", out=final.out, progress=False)
    with pytest.raises(BuildError, match="says masked"):
        build(path, only=["results"], out=built.out, progress=False)
    moved = final.out.rename(path.parent / "x-masked")
    with pytest.raises(BuildError, match="holds a final build"):
        build(path, only=["results"], kind="masked", out=moved, progress=False)


def test_unmasking_is_logged_once_for_each_plan(tmp_path):
    path = write(tmp_path, n=144, changed=FEW)
    log = tmp_path / LOG
    first = build(path, only=["results"], progress=False)
    assert not log.exists()  # nothing was masked
    build(path, only=["results"], kind="masked", progress=False)
    assert not log.exists()
    second = build(path, only=["results", "deviations"], progress=False)
    third = build(path, only=["results", "deviations"], progress=False)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["plan_hash"] for line in lines] == [open_study(path).hash]
    assert lines[0]["time"].endswith("Z")
    assert (second.out / "results.csv").read_bytes() == (third.out / "results.csv").read_bytes()
    assert lines[0]["plan_hash"] in (third.out / "deviations.html").read_text()
    assert first.standing.unmasked == ()
    lock_plan(path)
    assert open_study(path).standing.after_unmasking or open_study(path).standing.lock.time == lines[0]["time"]


@pytest.mark.parametrize("ask", [lambda study: study.results(), lambda study: study.sections(), lambda study: study.released()])
def test_a_notebook_that_asks_for_results_is_logged_before_it_sees_any(tmp_path, monkeypatch, ask):
    path = write(tmp_path, n=144, changed=FEW)
    log = tmp_path / LOG
    open_study(path).flow()
    assert not log.exists()  # nothing was masked
    mask_seed(path)
    open_study(path, kind="masked").flow()
    study = open_study(path)
    assert len(study.material.arms) == 2
    assert not log.exists()  # opened, and no result was asked for
    import takeup.study.effects as chapter

    whole = chapter.effects

    def looked(material):
        assert log.exists(), "worked out before it was logged"
        return whole(material)

    monkeypatch.setattr(chapter, "effects", looked)
    ask(open_study(path))
    ask(open_study(path))
    assert [json.loads(line)["plan_hash"] for line in log.read_text().splitlines()] == [study.hash]
    assert open_study(path).standing.unmasked[0].plan_hash == study.hash


def test_no_result_is_seen_where_the_log_cant_be_written(tmp_path):
    path = write(tmp_path, n=144, changed=FEW)
    mask_seed(path)
    study = open_study(path)
    (tmp_path / LOG).mkdir()
    with pytest.raises(BuildError, match="no arms are shown without it"):
        study.results()


def test_a_design_without_another_assignment_isnt_masked(study):
    alone = study.trial.units.groupby("batch").head(1).index
    few = study.trial.units.loc[alone].assign(batch=range(len(alone)))
    from dataclasses import replace

    trial = replace(study.trial, frame=few.reset_index(drop=True))
    with pytest.raises(BuildError, match="can't be masked"):
        masked(trial, study.plan, 1)


def test_final_files_but_results_are_left_as_they_are():
    assert stamped("a.html", b"<body>x", "final", "en") == b"<body>x"
    assert stamped("tables/a.csv", b"x\n1\n", "final", "en") == b"x\n1\n"
    assert stamped("results.csv", b"x\n1\n", "final", "en") == b"x,build\n1,final\n"


def test_the_log_of_contacts_goes_with_the_arm(tmp_path):
    import takeup as tu

    tu.demo("mission", tmp_path, 0)
    study = open_study(tmp_path / "reports" / "mission")
    trial = masked(study.trial, study.plan, 11)

    def by_arm(data):
        arm = data.units.set_index("household_id")["arm"]
        return data.tables["contacts"]["household_id"].map(arm).value_counts().to_dict()

    assert by_arm(trial) == by_arm(study.trial)
    assert trial.units.groupby("arm")["case_manager"].value_counts().equals(study.trial.units.groupby("arm")["case_manager"].value_counts())
    assert list(trial.tables["contacts"].columns) == list(study.trial.tables["contacts"].columns)
    assert not trial.units["arm"].equals(study.trial.units["arm"])
