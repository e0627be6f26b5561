"""The weekly page: counts that are right, arms that nobody can tell, and no number of few people."""

import re

import numpy as np
import pandas as pd
import pytest

from study.small import write as small
from takeup.build.fieldwork import write_fieldwork
from takeup.intake.schema import Field
from takeup.release.gate import gate
from takeup.release.rules import Rules
from takeup.release.suppress import is_withheld
from takeup.report.fieldwork import fieldwork_document
from takeup.study import open_study
from takeup.study.fieldwork import _far, fieldwork, masked_letters


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = small(tmp_path_factory.mktemp("field"), n=240, changed={"flow": {"planned": 300, "status": "status"}})
    endline = path.parent / "data" / "endline.csv"
    lines = endline.read_text().splitlines()
    first = lines[1].split(",")
    lines[2] = ",".join([lines[2].split(",")[0], *first[1:]])  # an interview that was copied
    endline.write_text("\n".join(lines) + "\n")
    return open_study(path)


def test_response_counts_who_has_a_row(study):
    found = fieldwork(study.material, 1)
    ids = study.trial.units[study.trial.columns.unit]
    for wave in ("baseline", "endline"):
        there = ids.isin(study.trial.tables[wave]["id"])
        whole = next(item for item in found if item.table == "response" and item.wave == wave and not item.arm)
        assert (whole.count, whole.n) == (int(there.sum()), len(ids))
        parts = [item for item in found if item.table == "response" and item.wave == wave and item.arm]
        assert sum(item.count for item in parts) == whole.count
        assert [item.arm for item in parts] == ["A", "B", "C"]


def test_letters_follow_the_mask_and_no_arm_is_named(study):
    orders = {tuple(masked_letters(study.material, mask).items()) for mask in range(60)}
    assert len(orders) == 6
    names = set(study.trial.ledger.arms)
    assert not [item for item in fieldwork(study.material, 1) if names & {item.arm, item.level, *item.arm.split(" / ")}]


def test_missing_doubles_and_outliers_are_counted(study):
    found = fieldwork(study.material, 1)
    frame = study.trial.tables["endline"]
    for item in found.where(table="missing", level="endline"):
        assert item.count == int(frame[item.variable].isna().sum())
    doubles = next(item for item in found if item.table == "doubles" and item.level == "endline")
    answers = [name for name in frame.columns if name != "id"]
    same = sum(any(frame[answers].iloc[i].equals(frame[answers].iloc[j]) for j in range(len(frame)) if j != i) for i in range(2))
    assert doubles.count >= same == 2


def test_an_outlier_is_far_from_the_middle(study):
    values = pd.Series([*np.arange(40.0), 500.0, -300.0])
    assert _far(values, Field(name="x", type="number")) == 2
    assert _far(values.astype(str), Field(name="x", type="string")) is None
    assert _far(pd.Series([0.0, 1.0] * 10), Field(name="x", type="integer")) is None


def test_small_counts_dont_leave(study):
    released = gate({"fieldwork": fieldwork(study.material, 1)}, Rules.from_plan(study.plan.release))["fieldwork"]
    for before, after in zip(fieldwork(study.material, 1), released, strict=True):
        if before.count is not None and 0 < before.count < 10:
            assert is_withheld(after)
        elif after.count is not None:
            assert after.count % 5 == 0


def test_the_page_speaks_three_languages_and_shows_the_plan(study):
    page = write_fieldwork(study, study.folder / "plan.yaml").read_text(encoding="utf-8")
    text = re.sub(r"<[^>]*>", "", page.partition("<main")[2])
    assert "240 drawn, of 300 planned." in text
    assert all(words in text for words in ("Fieldwork", "Veldwerk", "Interviews that look the same", "Interviews die op elkaar lijken"))
    assert "As usual" not in text
    assert "Phone calls" not in text
    released = gate({"fieldwork": fieldwork(study.material, 1)}, Rules.from_plan(study.plan.release))
    french = fieldwork_document(released, study.labels(), "fr")
    assert [heading.text for heading in french.chapters()] == [
        "Recrutement", "Les bras se ressemblent-ils ?", "Qui a répondu", "Réponses manquantes", "Entretiens qui se ressemblent",
        "Nombres loin des autres"]
