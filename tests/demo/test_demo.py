"""The studies to try: written whole, the same as in the repository, never over somebody's work."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import takeup as tu
from takeup import demo as room
from takeup.demo import STUDIES, demo, plan_path
from takeup.errors import BuildError
from takeup.plan.model import Plan

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", sorted(STUDIES))
def test_every_file_the_plan_names_is_written_as_it_is_in_the_repository(name: str, tmp_path: Path) -> None:
    demo(name, tmp_path)
    path = plan_path(name, tmp_path)
    plan = Plan.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    for table in plan.data.values():
        assert (path.parent / table.file).exists()
        for named in filter(None, ("" if plan.about.synthetic else table.file, table.schema_, table.crosswalk)):  # synthetic data aren't kept
            written = (path.parent / named).resolve()
            assert written.read_bytes() == (ROOT / written.relative_to(tmp_path.resolve())).read_bytes()
    for language in plan.languages:
        assert list((path.parent / plan.words / language).glob("*.md"))


def test_what_is_built_from_a_study_does_not_travel_with_it(tmp_path: Path) -> None:
    demo("jobs2", tmp_path)
    assert {path.name for path in (tmp_path / "reports" / "jobs2").iterdir()} == {"plan.yaml", "crosswalk.yaml", "data", "words"}


def test_a_real_trial_has_no_known_truth_and_no_seed_changes_it(tmp_path: Path) -> None:
    assert len(demo("thornton", tmp_path / "a", seed=1)) == 0
    demo("thornton", tmp_path / "b", seed=2)
    assert _contents(tmp_path / "a") == _contents(tmp_path / "b")


def test_twice_is_as_good_as_once(tmp_path: Path) -> None:
    demo("jobs2", tmp_path)
    before = _contents(tmp_path)
    demo("jobs2", tmp_path)
    assert _contents(tmp_path) == before


def test_an_edited_plan_is_never_overwritten_and_nothing_else_is_written(tmp_path: Path) -> None:
    path = plan_path("jobs2", tmp_path)
    path.parent.mkdir(parents=True)
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(BuildError, match="another file is there already"):
        demo("jobs2", tmp_path)
    assert _contents(tmp_path) == {"reports/jobs2/plan.yaml": b"mine"}


def test_a_study_that_does_not_exist_is_named_with_those_that_do(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"jobs2, thornton") as caught:
        demo("job2", tmp_path)
    assert 'Did you mean "jobs2"?' in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_the_room_and_the_function_share_a_name(tmp_path: Path) -> None:
    for number, call in enumerate((tu.demo, room, demo)):
        call("jobs2", tmp_path / str(number))
        assert plan_path("jobs2", tmp_path / str(number)).exists()


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
