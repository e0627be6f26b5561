"""The chapter of roll-out: the synthetic districts of MISSION, their true effect, and what is told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import takeup as tu
from demo import mission_faults as faults
from takeup.demo.mission.parameters import read_parameters
from takeup.demo.mission.spread import rollout, true_overall
from takeup.errors import TakeupError

if TYPE_CHECKING:
    from pathlib import Path

DECLARED = tu.Rollout("district", "month", "centre_since", weights="families")
OUTCOME = "new_rights_per_100"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("rollout")
    faults.write_study(folder)
    return tu.open_study(folder / faults.STUDY)


def test_estimates_of_many_roll_outs_lie_around_the_truth() -> None:
    parameters = read_parameters()
    errors = [tu.group_time(rollout(seed, parameters), OUTCOME, DECLARED, draws=0).overall.estimate - true_overall(seed, parameters)
              for seed in range(30)]
    assert abs(np.mean(errors)) < 4 * np.std(errors) / np.sqrt(30)
    assert np.std(errors) < 1.0


def test_before_a_centre_opens_there_is_no_effect() -> None:
    parameters = read_parameters()
    found = tu.group_time(rollout(3, parameters.changed({"rollout.noise": 0.0})), OUTCOME, DECLARED, draws=0)
    early = [item.estimate for item in found.event_study if item.extra["event"] < 0]
    assert np.abs(early).max() < 0.05  # values are rounded to hundredths
    assert found.overall.estimate == pytest.approx(true_overall(3, parameters), abs=0.05)


def test_the_chapter_counts_families_and_names_places(study: Any) -> None:
    chapter = study.chapter("rollout")
    overall = next(item for item in chapter if item.term == "overall")
    table = study.trial.tables["rollout"]
    again = tu.group_time(table, OUTCOME, DECLARED, seed=study.plan.analyses.seed).overall
    assert (overall.estimate, overall.std_error) == (again.estimate, again.std_error)
    assert overall.n == table.drop_duplicates("district")["families"].sum()
    assert overall.extra["places"] == 12
    assert overall.evidence == "comparison"
    assert min(item.extra["event"] for item in chapter if "event" in item.extra) == -12


@pytest.mark.parametrize(("language", "title", "caveat"), [
    ("en", "What happened where it came later?", "No lot was drawn here"), ("nl", "Wat gebeurde er waar het later kwam?", "niet geloot"),
    ("fr", "Que s'est-il passé là où il est arrivé plus tard ?", "tirage au sort"),
])
def test_the_report_tells_of_it(study: Any, language: str, title: str, caveat: str) -> None:
    from takeup.present.figures import one_figure
    from takeup.present.tables import BUILDERS
    from takeup.report.programme import AFTERWARDS
    from takeup.report.sentences import Teller
    from takeup.report.spread import rollout as says

    released, labels = study.released(), study.labels()
    tell = Teller(released, labels, language)
    assert tell._(next(shown.title for shown in AFTERWARDS if shown.id == "rollout")) == title
    lines = ["".join(span.text for span in spans) for spans in says(tell)]
    assert "12" in lines[0]
    assert caveat in lines[1]
    table = BUILDERS["rollout"](released, labels, language)
    assert len(table.rows) == 1 + 12 + 18
    assert one_figure("rollout", released, labels, language).data.rows == table.rows


def test_a_column_that_is_not_there_is_said(tmp_path: Path) -> None:
    faults.write_study(tmp_path)
    plan = tmp_path / faults.STUDY / "plan.yaml"
    plan.write_text(plan.read_text(encoding="utf-8").replace("unit: district, period", "unit: distric, period"), encoding="utf-8")
    with pytest.raises(TakeupError, match=r'rollout.unit.*no column "distric".*Did you mean "district"'):
        tu.open_study(plan)


def test_a_table_that_is_not_there_is_said(tmp_path: Path) -> None:
    faults.write_study(tmp_path)
    plan = tmp_path / faults.STUDY / "plan.yaml"
    plan.write_text(plan.read_text(encoding="utf-8").replace("{table: rollout,", "{table: rolout,"), encoding="utf-8")
    with pytest.raises(TakeupError, match="rolout"):
        tu.open_study(plan)
