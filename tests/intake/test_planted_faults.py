"""Every planted fault gives one clear message that says where and what to do; all at once give all; no value of a cell is seen."""

from __future__ import annotations

import io
import pickle
import traceback
import zipfile

import pytest

from intake.planted import PLANTED, SECRETS, TOGETHER, Planted, write_study
from takeup.errors import PlanError, TakeupError
from takeup.intake.faults import DataError, FaultReport, StudyError, write_faults
from takeup.intake.trial import open_files


def caught(plan):
    with pytest.raises(TakeupError) as info:
        open_files(plan)
    return info.value


def everything(error: TakeupError) -> str:
    """All that the error shows anywhere."""
    report = error.report if isinstance(error, DataError) else FaultReport(faults=error.faults)
    with zipfile.ZipFile(io.BytesIO(report.to_xlsx())) as book:
        sheets = "".join(book.read(name).decode() for name in book.namelist())
    shown = "".join(traceback.format_exception(error))
    return "\n".join((str(error), repr(error), repr(error.faults), repr(report), report.to_text(), report.to_html(), sheets, shown))


def test_the_study_is_sound(tmp_path):
    plan, trial = open_files(write_study(tmp_path))
    assert plan.study == "villages"
    assert repr(trial) == "TrialData(120 units in 2 arms, 15 columns, 3 tables)"


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
def test_each_gives_one_clear_message(tmp_path, planted: Planted):
    plan = write_study(tmp_path)
    planted.plant(tmp_path)
    error = caught(plan)
    assert len(error.faults) == 1, str(error)
    for words in planted.says:
        assert words in str(error)
    seen = everything(error)
    assert not [secret for secret in SECRETS if secret in seen]


def test_all_at_once_give_all_messages_at_once(tmp_path):
    assert len(TOGETHER) >= 20
    plan = write_study(tmp_path)
    for planted in TOGETHER:
        planted.plant(tmp_path)
    error = caught(plan)
    assert isinstance(error, StudyError)
    assert isinstance(error, PlanError)
    messages = [str(fault) for fault in error.faults]
    missing = [planted.name for planted in TOGETHER if not any(all(words in message for words in planted.says) for message in messages)]
    assert missing == []
    assert len(messages) == len(TOGETHER)
    seen = everything(error)
    assert not [secret for secret in SECRETS if secret in seen]


def test_errors_can_be_sent_between_processes(tmp_path):
    plan = write_study(tmp_path)
    for planted in TOGETHER:
        planted.plant(tmp_path)
    error = caught(plan)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize("ending", ["txt", "html", "xlsx"])
def test_the_report_can_be_written(tmp_path, ending):
    plan = write_study(tmp_path)
    next(planted for planted in PLANTED if planted.name == "no category").plant(tmp_path)
    error = caught(plan)
    first, second = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
    write_faults(first, error)
    write_faults(second, error)
    assert first.read_bytes() == second.read_bytes()
    if ending != "xlsx":
        assert "column sex" in first.read_text() or "<td>sex</td>" in first.read_text()
