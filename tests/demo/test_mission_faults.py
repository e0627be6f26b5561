"""What goes wrong in MISSION's files is said by name and place, or counted and left as it is; no value of the data is ever shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import takeup as tu
from demo import mission_faults as faults
from takeup.cli import run
from takeup.errors import IntakeError, MeasureError, TakeupError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    faults.write_study(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("spoil", "error", "says"), [
    (faults.right_not_in_catalogue, MeasureError, ("3 rows name a right that isn't in the catalogue", "rows", "Allowed: leefloon")),
    (faults.typo_in_rule, MeasureError, ('no column "debt"', 'Did you mean "debts"?', "character 1", "rights[4].rule (line")),
    (faults.rule_that_stops, MeasureError, ("expected a column, a number, a text or a bracket", "character 13", "^")),
    (faults.consent_before_birth, IntakeError, ("2 cells lie before birth_on (rows 2 and 3)", "column consent_on", "Correct one of the two dates")),
    (faults.family_in_both_arms, IntakeError, ("1 unit stands in more than one arm", "Look up in the record of the draw")),
], ids=lambda value: getattr(value, "__name__", ""))
def test_a_fault_is_said_with_its_place_and_what_to_do(
    spoil: Callable[[Path], None], error: type[TakeupError], says: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    spoil(folder)
    plan = folder / faults.STUDY / "plan.yaml"
    with pytest.raises(error) as caught:
        tu.open_study(plan).material  # noqa: B018  # opening the rights is what is tested
    for words in says:
        assert words in str(caught.value)
    for value in ("huurpremies", "2017-01-15"):
        assert value not in str(caught.value)
    assert run(["check", str(plan)]) == 1
    assert says[0] in capsys.readouterr().err


def test_a_right_received_without_being_eligible_is_counted_and_nothing_is_lost(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound = tu.open_study(folder / faults.STUDY)
    spoilt = faults.received_not_eligible(folder)
    study = tu.open_study(folder / faults.STUDY)
    assert len(study.trial.tables["rights"]) == len(sound.trial.tables["rights"])
    flagged = {result.arm: result.count for result in study.chapter("takeup") if result.provenance.id.startswith("takeup.not_entitled")}
    assert 1 <= sum(flagged.values()) <= spoilt
    assert not [result for result in sound.chapter("takeup") if result.provenance.id.startswith("takeup.not_entitled")]
    assert run(["check", str(folder / faults.STUDY / "plan.yaml")]) == 0
    assert f"{spoilt} rights of" in capsys.readouterr().out
    asked = "supplementary_support"  # take-up is asked of the eligible only, so it is as it was
    assert study.material.frame[asked].equals(sound.material.frame[asked])


def test_a_case_manager_in_the_control_arm_is_noted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    faults.case_manager_in_control(folder)
    study = tu.open_study(folder / faults.STUDY)
    note = "1 unit of the control arm has a provider (case_manager), which should exist in treated arms only."
    assert note in study.trial.notes
    assert run(["check", str(folder / faults.STUDY / "plan.yaml")]) == 0
    assert note in capsys.readouterr().out


def test_a_sound_study_has_no_flag(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(folder / faults.STUDY / "plan.yaml")]) == 0
    out = capsys.readouterr().out
    assert "without being eligible" not in out
    assert "control arm" not in out


def test_flags_are_told_in_the_report(folder: Path) -> None:
    from takeup.report.limits import limitations
    from takeup.report.sentences import Teller

    faults.case_manager_in_control(folder)
    faults.received_not_eligible(folder)
    study = tu.open_study(folder / faults.STUDY)
    (flag,) = study.chapter("flags")
    assert (flag.variable, flag.arm, flag.count) == ("provider_in_control", "control", 1)
    for language, mixed, entitled in (("en", "the arms may have mixed", "weren't entitled"), ("nl", "kunnen vermengd zijn", "geen recht hadden"),
                                      ("fr", "ont pu se mélanger", "n'avaient pas droit")):
        told = "\n".join("".join(span.text for span in spans) for spans in limitations(Teller(study.released(), study.labels(), language)))
        assert mixed in told
        assert entitled in told


def test_a_sound_study_has_no_flags(folder: Path) -> None:
    assert not len(tu.open_study(folder / faults.STUDY).chapter("flags"))
