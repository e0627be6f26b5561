"""verify: a second build, and what it says of the first."""

import shutil

import pytest

from study.small import plan, write
from takeup.build import build
from takeup.build.verify import changes, verify
from takeup.errors import BuildError

FEW = {"outcomes": [plan()["outcomes"][2]], "analyses": {"seed": 7, "draws": 199}, "languages": ["en"]}
PARTS = ("results", "codebook", "deviations")


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    path = write(tmp_path_factory.mktemp("first"), n=144, changed=FEW)
    build(path, only=PARTS, progress=False)
    return path


@pytest.fixture
def path(first, tmp_path):
    """A copy of the built study, elsewhere: no place is part of a build."""
    shutil.copytree(first.parent, tmp_path / "study")
    return tmp_path / "study" / "plan.yaml"


def contents(folder):
    return {item.relative_to(folder).as_posix(): item.read_bytes() for item in folder.rglob("*") if item.is_file()}


def test_the_same_study_elsewhere_comes_out_the_same_and_nothing_is_changed(path):
    before = contents(path.parent)
    found = verify(path, progress=False)
    assert found.holds
    assert found.same == 4
    assert contents(path.parent) == before


def test_a_file_changed_taken_away_or_added_is_named(path):
    out = path.parent / "out"
    (out / "codebook.html").write_text("mine")
    (out / "deviations.html").unlink()
    (out / "more.txt").write_text("more")
    found = verify(path, progress=False)
    assert found.touched == ("codebook.html", "deviations.html", "more.txt")
    assert found.differ == ()
    assert not found.holds


def test_a_manifest_that_doesnt_fit_the_inputs_is_caught(path):
    """A results.csv that was changed with its hash in the manifest passes the first comparison, and not the second."""
    from takeup.build.manifest import digest

    out = path.parent / "out"
    results, manifest = out / "results.csv", out / "manifest.json"
    old = digest(results.read_bytes())
    results.write_bytes(results.read_bytes().replace(b"0.", b"1.", 1))
    manifest.write_text(manifest.read_text().replace(old, digest(results.read_bytes())))
    found = verify(path, progress=False)
    assert (found.touched, found.differ) == ((), ("results.csv",))


def test_other_inputs_are_named_and_nothing_is_built(path):
    endline = path.parent / "data" / "endline.csv"
    endline.write_text("\n".join(endline.read_text().splitlines()[:-1]) + "\n")
    found = verify(path, progress=False)
    assert found.origin == ("inputs: data/endline.csv",)
    assert not found.holds


def test_no_build_and_another_kind_of_build_are_said(path):
    with pytest.raises(BuildError, match="holds no build"):
        verify(path, kind="masked", progress=False)
    with pytest.raises(BuildError, match="holds a final build"):
        verify(path, kind="mock", out=path.parent / "out", progress=False)


def test_a_masked_build_comes_out_the_same_by_its_own_mask(path):
    build(path, only=["results"], kind="masked", progress=False)
    assert verify(path, kind="masked", progress=False).holds


def test_changes_are_named_by_their_block():
    assert changes({"a": 1, "b": {"c": 1}}, {"a": 1, "b": {"c": 2}, "d": 0}) == ("b: c", "d")
