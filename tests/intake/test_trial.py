"""A trial opened: the frame of units, the design, the links and the ledger agree with the files, and nothing shows a value."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from intake.planted import cell, edit, write_study
from takeup.errors import IntakeError
from takeup.intake.links import Link
from takeup.intake.trial import open_files, open_trial
from takeup.plan.read import read

ROOT = Path(__file__).parents[2]


def changed(tmp_path, *changes):
    plan = write_study(tmp_path)
    for change in changes:
        change(tmp_path)
    return open_files(plan)[1]


def refused(tmp_path, *changes):
    with pytest.raises(IntakeError) as info:
        changed(tmp_path, *changes)
    return [str(fault) for fault in info.value.faults]


def plan_edit(**changes):
    """Set keys of the plan by their path, joined with two underscores; None removes."""

    def plant(folder):
        file = folder / "reports" / "villages" / "plan.yaml"
        data = yaml.safe_load(file.read_text())
        for path, value in changes.items():
            *steps, last = path.split("__")
            node = data
            for step in steps:
                node = node.setdefault(step, {})
            if value is None:
                node.pop(last)
            else:
                node[last] = value
        file.write_text(yaml.safe_dump(data, sort_keys=False))

    return plant


def test_the_frame_of_units_holds_what_the_files_say(tmp_path):
    trial = changed(tmp_path)
    units = trial.units
    folder = tmp_path / "reports" / "villages" / "data"
    people = pd.read_csv(folder / "people.csv")
    endline = pd.read_csv(folder / "endline.csv", sep=";", decimal=",").set_index("id")
    assert list(units["id"]) == list(people["id"])
    assert list(units.columns) == ["id", "village", "district", "arm", "came", "drawn_on", "age", "sex",
                                   "baseline.day", "baseline.income", "baseline.trust", "endline.day", "endline.income", "endline.trust", "work"]
    expected = endline["inc"].where(endline["inc"] != -9).reindex(people["id"]).to_numpy()
    np.testing.assert_array_equal(units["endline.income"].to_numpy(dtype=float), expected)
    expected = endline["work"].map({"Y": 1, "N": 0}).reindex(people["id"]).to_numpy()
    np.testing.assert_array_equal(units["work"].to_numpy(dtype=float, na_value=np.nan), expected)
    assert str(units["work"].dtype) == "Int64", "whole numbers stay whole where a unit has no row"
    assert str(units["baseline.trust"].dtype) == "int64"
    assert list(units["sex"].cat.categories) == ["f", "m"]


def test_the_design_stands_on_the_columns_of_the_units(tmp_path):
    trial = changed(tmp_path)
    design, units = trial.design, trial.units
    assert (design.treatment, design.control, design.blocks, design.clusters, design.received) == ("arm", "usual", "district", "village", "came")
    assert {str(units[name].dtype) for name in ("arm", "district", "village")} == {"string"}
    assert (units[design.treatment] == design.control).sum() == 60
    assert trial.resolve("people.age") == "age"
    assert trial.field("baseline.income").minimum == 0
    money, works, _ = read(tmp_path / "reports" / "villages").outcomes
    assert trial.outcome_column(money, "baseline") == "baseline.income"
    assert trial.outcome_column(works, "endline") == "work"
    with pytest.raises(IntakeError, match="no table of the wave later"):
        trial.outcome_column(money, "later")


def test_links_and_notes_count(tmp_path):
    trial = changed(tmp_path)
    assert trial.links == (Link(table="baseline", wave="baseline", rows=120, linked=120, unlinked=0, without=0),
                           Link(table="endline", wave="endline", rows=112, linked=112, unlinked=0, without=8))
    assert "endline: 8 of 120 units have no row in it." in trial.notes
    assert any("decimal sign is a comma" in note and note.startswith("endline (data/endline.csv): 112 rows") for note in trial.notes)
    assert trial.codes["endline"]["income"] == {"-9": 16}


def test_the_ledger_follows_everybody(tmp_path):
    ledger = changed(tmp_path, cell("endline", 3, 2, ""), cell("endline", 3, 3, ""), cell("endline", 3, 4, "")).ledger  # a date is left
    assert ledger.arms == ("usual", "offer")
    assert ledger.waves == ("endline",)
    assert ledger.reasons == ("no_record",)
    lost = {arm: ledger.lost("endline", arm) for arm in ledger.arms}
    assert sum(count for reasons in lost.values() for count in reasons.values()) == 8
    assert int(ledger.followed.sum()) == 112
    assert ledger.count(np.ones(120, dtype=bool)) == (120, 12)
    assert int(ledger.analysed["income_after"].sum()) == 112 - 16 - 1
    with pytest.raises(ValueError, match="read-only"):
        ledger.arm[0] = 1
    with pytest.raises(IntakeError, match="another number of units"):
        ledger.with_analysed({"x": [True]})


def test_a_record_without_an_answer_is_lost_with_another_reason(tmp_path):
    edits = [edit("endline.yaml", "type: date, constraints: {required: true}", "type: date")]
    edits += [cell("endline", 3, column, "") for column in (1, 2, 3, 4)]
    ledger = changed(tmp_path, *edits).ledger
    assert ledger.reasons == ("no_answer", "no_record")
    assert int(ledger.followed.sum()) == 111


def test_reasons_come_from_the_column_of_the_plan(tmp_path):
    def with_status(folder):
        file = folder / "reports" / "villages" / "data" / "people.csv"
        lines = file.read_text().splitlines()
        status = ["moved" if i in (0, 15) else "refused" if i == 30 else "" for i in range(120)]
        lines = [f"{lines[0]},left", *(f"{line},{why}" for line, why in zip(lines[1:], status, strict=True))]
        lines.append("2001,V00,D0,,,2020-03-10,40,f,not_eligible")
        lines.append("2002,V00,D0,,,2020-03-10,40,f,refused")
        file.write_text("\n".join(lines) + "\n")

    change = (with_status, plan_edit(flow__status="left"),
              edit("people.yaml", "primaryKey: id", "  - {name: left, categories: [moved, refused, not_eligible]}\nprimaryKey: id"))
    trial = changed(tmp_path, *change)
    ledger = trial.ledger
    assert len(trial.units) == 120
    assert set(ledger.reasons) == {"moved", "refused", "no_record"}
    assert (ledger.assessed, dict(ledger.excluded)) == (122, {"not_eligible": 1, "refused": 1})
    assert "2 rows have no arm; they count as assessed, not randomised." in trial.notes
    total = [ledger.lost("endline", arm) for arm in ledger.arms]
    assert sum(reasons.get("moved", 0) for reasons in total) == 2


def test_baseline_rows_of_people_who_were_never_drawn_count_as_assessed(tmp_path):
    def more(folder):
        file = folder / "reports" / "villages" / "data" / "baseline.csv"
        file.write_text(file.read_text() + "8472915,2020-02-01,1000.5,3\n")

    links = edit("baseline.yaml", "\nforeignKeys: [{fields: id, reference: {resource: people, fields: id}}]", "")
    trial = changed(tmp_path, more, links)
    assert trial.links[0].unlinked == 1
    assert (trial.ledger.assessed, dict(trial.ledger.excluded)) == (121, {"not_randomized": 1})


def test_the_numbers_of_the_plan_and_of_the_file_must_agree(tmp_path):
    assert changed(tmp_path / "a", plan_edit(flow__assessed=130, flow__excluded={"moved": 4, "refused": 6})).ledger.assessed == 130
    assert changed(tmp_path / "b", plan_edit(flow__assessed=130)).ledger.excluded == {"unknown": 10}
    found = refused(tmp_path / "c", plan_edit(flow__assessed=130, flow__excluded={"moved": 4}))
    assert found == [("flow.assessed: 130 assessed less 4 left out make 126, and the data hold 120 randomised units. "
                     "Correct the numbers under flow, or the file.")]
    assert "more than were assessed" in refused(tmp_path / "d", plan_edit(flow__assessed=100))[0]


@pytest.mark.parametrize(("changes", "words"), [
    ([cell("people", 10, 3, "")], "column arm: 1 unit has no arm (row 10)"),
    ([cell("people", 10, 2, "")], "column district: 1 unit has none (row 10)"),
    ([plan_edit(design__arms={"usual": "x", "other": "y"})], '"other" is no category of the treatment'),
    ([edit("people.yaml", "categories: [{value: usual, label: Care as usual}, {value: offer, label: An offer}]", "title: Arm"),
      cell("people", 10, 3, "X1"), plan_edit(design__draw="blocked")], "column arm: 1 unit is in an arm that the plan doesn't name (row 10)"),
    ([cell("baseline", 10, 1, "2020-04-01")], "column day: 1 unit was measured at baseline after the day of the draw (row 10)"),
    ([edit("people.yaml", "primaryKey: id", "title: People"), cell("people", 10, 0, "1001")],
     "one row a unit"),
    ([plan_edit(design__probability="age")], "design.probability"),
    ([edit("people.yaml", "{name: age, type: integer", "{name: age, type: number"), plan_edit(design__probability="age", analyses__covariates=[])],
     "no chance of treatment between 0 and 1"),
    ([edit("baseline.yaml", "resource: people", "resource: peple")], "foreignKeys points to peple"),
])
def test_what_makes_rows_no_trial(tmp_path, changes, words):
    assert words in "\n".join(refused(tmp_path, *changes))


def test_a_unit_in_two_arms(tmp_path):
    def twice(folder):
        file = folder / "reports" / "villages" / "data" / "people.csv"
        line = file.read_text().splitlines()[9]
        file.write_text(file.read_text() + line.replace(",offer,", ",usual,").replace(",V00,", ",V05,") + "\n")

    found = refused(tmp_path, twice, plan_edit(design__draw="blocked"))
    assert any("1 unit stands in more than one arm (rows 10 and 122)" in message for message in found)


def test_no_row_no_control_no_treatment(tmp_path):
    def only(arm):
        def plant(folder):
            file = folder / "reports" / "villages" / "data" / "people.csv"
            lines = file.read_text().splitlines()
            file.write_text("\n".join([lines[0], *(line for line in lines[1:] if arm in line)]) + "\n")

        return plant

    assert any("holds no row of data" in message for message in refused(tmp_path / "a", only("nothing")))
    assert any("design.control: no unit is in the control arm" in message for message in refused(tmp_path / "b", only("offer")))
    assert any("no unit is in a treated arm" in message for message in refused(tmp_path / "c", only("usual")))


def test_providers_in_the_control_arm_are_noted(tmp_path):
    trial = changed(tmp_path, plan_edit(design__nested_in="sex", analyses__balance=["age"], analyses__subgroups=[]))
    assert "60 units of the control arm have a provider (sex), which should exist in treated arms only." in trial.notes


def test_paths_stay_inside_the_study(tmp_path):
    plan = write_study(tmp_path / "study")
    data = tmp_path / "study" / "reports" / "villages" / "data" / "people.csv"
    elsewhere = tmp_path / "elsewhere" / "people.csv"
    elsewhere.parent.mkdir()
    shutil.move(data, elsewhere)
    data.symlink_to(elsewhere)
    with pytest.raises(IntakeError, match="lies outside the study's folders"):
        open_files(plan)
    assert len(open_files(plan, allow=[elsewhere.parent])[1].units) == 120
    data.unlink()
    data.mkdir()
    with pytest.raises(IntakeError, match="is a folder, where a file is needed"):
        open_files(plan)


def test_treatment_drawn_for_villages_in_a_table_of_their_own(tmp_path):
    def split(folder):
        study, shared = folder / "reports" / "villages" / "data", folder / "data_schema" / "villages"
        people = pd.read_csv(study / "people.csv")
        people.groupby("village", sort=False)[["district", "arm", "drawn_on"]].first().reset_index().to_csv(study / "places.csv", index=False)
        people.drop(columns=["district", "arm", "drawn_on"]).to_csv(study / "people.csv", index=False)
        schema = yaml.safe_load((shared / "people.yaml").read_text())
        moved = [field for field in schema["fields"] if field["name"] in {"district", "arm", "drawn_on"}]
        schema["fields"] = [field for field in schema["fields"] if field not in moved]
        (shared / "people.yaml").write_text(yaml.safe_dump(schema))
        (shared / "places.yaml").write_text(yaml.safe_dump({"fields": [{"name": "village"}, *moved], "primaryKey": "village"}))

    trial = changed(tmp_path, split, plan_edit(data__places={"file": "data/places.csv", "schema": "../../data_schema/villages/places.yaml"}))
    assert (trial.units["arm"] == "usual").sum() == 60
    assert trial.ledger.arms == ("usual", "offer")


def test_nothing_can_be_changed_from_outside(tmp_path):
    trial = changed(tmp_path)
    for frame in (trial.units, trial.tables["people"]):
        frame["age"] = 0
    units = trial.units
    units.loc[0, "age"] = -1
    assert trial.units["age"].min() >= 20
    assert trial.tables["people"]["age"].min() >= 20
    with pytest.raises(AttributeError):
        trial.notes = ()


def test_nothing_shows_a_value_or_an_id(tmp_path):
    trial = changed(tmp_path, cell("people", 5, 6, "83"), cell("baseline", 5, 2, "847291"))
    for part in (trial, trial.ledger, trial.tables, trial.links, trial.codes, trial.notes):
        for shown in (repr(part), str(part)):
            assert not [secret for secret in ("847291", "1004", "1005", "V03", "2020-03") if secret in shown]
    assert repr(trial.ledger) == "Ledger(120 randomised to 2 arms; 112 followed up at endline)"
    assert repr(trial.tables) == "Tables(people: 120 rows, baseline: 120 rows, endline: 112 rows)"
    assert len(pickle.loads(pickle.dumps(trial)).units) == 120


@pytest.mark.parametrize(("study", "n"), [("jobs2", 899), ("thornton", 2830)])
def test_the_real_trials_open(study, n):
    folder = ROOT / "reports" / study
    trial = open_trial(read(folder), folder)
    assert len(trial.units) == n


def test_the_same_trial_from_other_kinds_of_files(tmp_path):
    pytest.importorskip("pyarrow")
    pyreadstat = pytest.importorskip("pyreadstat")
    expected = changed(tmp_path / "csv").units

    def convert(folder):
        study = folder / "reports" / "villages" / "data"
        people = pd.read_csv(study / "people.csv")
        people["drawn_on"] = pd.to_datetime(people["drawn_on"]).dt.date
        pyreadstat.write_sav(people, str(study / "people.sav"), column_labels={"age": "Age in years"})
        pd.read_csv(study / "baseline.csv", parse_dates=["day"]).to_parquet(study / "baseline.parquet")
        for name in ("people", "baseline"):
            (study / f"{name}.csv").unlink()

    named = [edit("plan.yaml", f"data/{name}.csv", f"data/{name}.{kind}") for name, kind in (("people", "sav"), ("baseline", "parquet"))]
    trial = changed(tmp_path / "other", convert, *named)
    pd.testing.assert_frame_equal(trial.units, expected)
    assert trial.field("age").title == "Age in years"
