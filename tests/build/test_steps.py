"""A build of a small study: which files are made, taken over or left out, and what its manifest tells."""

import json

import pytest
import yaml

from study.small import plan, write
from takeup.build import PARTS, build
from takeup.build.manifest import digest
from takeup.build.steps import part_of
from takeup.errors import BuildError, MeasureError
from takeup.study.standing import lock_plan

FEW = {"outcomes": [plan()["outcomes"][2]], "analyses": {"seed": 7, "draws": 199}}
"""One outcome and no subgroup: these tests are about files."""


@pytest.fixture
def path(tmp_path):
    return write(tmp_path, n=144, changed=FEW)


def manifest(report):
    return json.loads((report.out / "manifest.json").read_text(encoding="utf-8"))


def test_the_manifest_has_the_hash_of_every_file_in_and_out_and_no_place_or_time(path):
    lock_plan(path)
    report = build(path, only=["results", "codebook"], progress=False)
    found = manifest(report)
    assert set(report.files) == {"manifest.json", "results.csv", "release_log.csv", "codebook.html"}
    assert found["outputs"] == {name: digest((report.out / name).read_bytes()) for name in sorted(report.files) if name != "manifest.json"}
    names = [f"{folder}/{name}.{ending}" for folder, ending in (("data", "csv"), ("schemas", "yaml")) for name in ("units", "baseline", "endline")]
    assert set(found["inputs"]) == {"plan.yaml", "plan.lock", "words/en/background.md", *names}
    assert found["inputs"]["data/units.csv"] == digest((path.parent / "data" / "units.csv").read_bytes())
    assert (found["seed"], found["draws"], found["languages"]) == (7, 199, ["en", "nl"])
    assert str(path.parent) not in json.dumps(found)


def test_a_path_of_this_machine_is_named_by_its_last_part(path):
    whole = plan() | FEW
    whole["data"]["units"]["schema"] = str(path.parent / "schemas" / "units.yaml")
    path.write_text(yaml.safe_dump(whole, sort_keys=False))
    found = manifest(build(path, only=["results"], progress=False))
    assert "units.yaml" in found["inputs"]
    assert str(path.parent) not in json.dumps(found)


def test_parts_are_taken_over_from_a_build_of_the_same_origin_only(path):
    first = build(path, only=["results", "codebook"], progress=False)
    again = build(path, only=["results"], progress=False)
    assert (again.carried, again.files) == (1, first.files)
    text = path.read_text()
    path.write_text(text.replace("seed: 7", "seed: 8"))
    other = build(path, only=["results"], progress=False)
    assert (other.carried, set(other.files)) == (0, {"manifest.json", "results.csv", "release_log.csv"})


def test_a_file_that_was_changed_by_hand_isnt_taken_over(path):
    first = build(path, only=["results", "codebook"], progress=False)
    (first.out / "codebook.html").write_text("mine")
    assert build(path, only=["results"], progress=False).carried == 0


def test_an_outcome_that_cant_be_made_leaves_the_old_build(path):
    first = build(path, only=["results"], progress=False)
    before = {item.name: item.read_bytes() for item in first.out.iterdir()}
    path.write_text(path.read_text().replace("column: granted", "column: worry"))
    with pytest.raises(MeasureError, match="neither 0 nor 1"):
        build(path, only=["results"], progress=False)
    assert {item.name: item.read_bytes() for item in first.out.iterdir()} == before
    assert [item.name for item in path.parent.iterdir() if item.name.startswith(".")] == []


def test_every_part_has_its_files():
    names = {
        "results": "results.csv", "tables": "tables/effects.nl.csv", "figures": "figures/forest.svg", "html": "report.html", "pdf": "report.nl.pdf",
        "consort": "consort.html", "codebook": "codebook.html", "deviations": "deviations.html",
        "brief": "brief.nl.pptx",
    }
    assert {part: part_of(name) for part, name in names.items()} == {part: part for part in PARTS}


def test_unknown_names_are_said_together(path):
    with pytest.raises(BuildError) as caught:
        build(path, only=["tabels"], languages=["de"], progress=False)
    assert [fault.where for fault in caught.value.faults] == ["only", "language"]
