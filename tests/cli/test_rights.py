"""`takeup rights` says which rights a profile opens and why; `takeup demo` writes a synthetic study of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from takeup.cli import run

if TYPE_CHECKING:
    from pathlib import Path

PROFILE = "lone_parent: true\nchildren: 2\nnet_income: 1150\nwork_status: at_home\ntenure: private_rent\nrent: 550\ndebts: false\n"


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "profile.yaml"
    path.write_text(PROFILE, encoding="utf-8")
    return path


def test_open_unknown_and_closed_rights_with_their_reasons(profile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rights", str(profile)]) == 0
    open_, unknown, closed = capsys.readouterr().out.split("\n\n")
    assert open_.startswith("Open (")
    conditions = "    + work_status is one of unemployed_no_benefit, student, at_home\n    + net_income is less than 1200"
    assert f"minimum income [Income, Federal]\n{conditions}" in open_
    assert "source: Law of 26 May 2002" in open_
    assert unknown.startswith("Not known (")
    assert "needs: maintenance_unpaid" in unknown
    assert closed.startswith("Closed (")
    assert "debt mediation and budget help [Income, Local]\n    - debts" in closed


def test_names_of_rights_in_dutch(profile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rights", str(profile), "--language", "nl"]) == 0
    told = capsys.readouterr().out
    assert "leefloon [Inkomen, Federaal]" in told
    assert told.startswith("Open (")
    assert "    + net_income is minder dan 1200" in told
    assert "Niet bekend (" in told
    assert "nodig: maintenance_unpaid" in told


def test_the_whole_answer_in_french(profile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rights", str(profile), "--language", "fr"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("Ouverts (")
    assert "net_income est inférieur à 1200" in told
    assert "il faut : maintenance_unpaid" in told
    assert not [word for word in (" is less", "needs:", "Not known") if word in told]


def test_a_fact_that_does_not_exist_ends_with_a_message(profile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    profile.write_text("net_incom: 900\n", encoding="utf-8")
    assert run(["rights", str(profile)]) == 1
    assert 'Did you mean "net_income"?' in capsys.readouterr().err


def test_a_catalogue_of_ones_own(profile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = tmp_path / "rights.yaml"
    own.write_text("rights_catalogue: 1\nrights: []\n", encoding="utf-8")
    assert run(["rights", str(profile), "--catalogue", str(own)]) == 1
    assert "rights.yaml" in capsys.readouterr().err


def test_wrong_usage_has_its_own_code(profile: Path) -> None:
    assert run(["rights", str(profile), "--language", "de"]) == 2
    assert run(["demo", "mission", "--n", "0"]) == 2


def test_a_synthetic_study_of_any_size_lands_here_where_no_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["demo", "mission", "--n", "30", "--seed", "2"]) == 0
    assert run(["check", "reports/mission/plan.yaml"]) == 0
