"""The analysis data for other programs: refused outside the secure room, without anybody's number, and the same numbers read back."""

from __future__ import annotations

import csv
import io
import warnings

import numpy as np
import pandas as pd
import pytest
import yaml

import takeup as tu
from study import small
from takeup.build.export_data import MARK, export_data
from takeup.errors import BuildError

FEW = {"analyses": {"seed": 7, "draws": 199}}


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """The small study with a note in the staff's own words, and codes as text with labels."""
    path = small.write(tmp_path_factory.mktemp("study"), n=144, changed=FEW)
    units = pd.read_csv(path.parent / "data" / "units.csv", dtype={"status": "string"}, keep_default_na=False)
    units["note"] = [f"asked for Kim{place}" for place in range(len(units))]
    units.to_csv(path.parent / "data" / "units.csv", index=False)
    schema = yaml.safe_load((path.parent / "schemas" / "units.yaml").read_text())
    schema["fields"].append({"name": "note", "type": "string"})
    (path.parent / "schemas" / "units.yaml").write_text(yaml.safe_dump(schema, sort_keys=False))
    return path


@pytest.fixture(scope="module")
def made(plan, tmp_path_factory):
    pytest.importorskip("pyreadstat")
    out = tmp_path_factory.mktemp("out") / "room"
    return {path.suffix or path.name: path for path in export_data(plan, out=out, secure_room=True) if path.name != "labels.csv"} | {
        "labels": out / "labels.csv"}


@pytest.fixture(scope="module")
def frame(plan):
    return tu.open_study(plan).material.frame


def read_dta(path):
    return pd.read_stata(path, convert_categoricals=False)


def read_sav(path):
    import pyreadstat

    return pyreadstat.read_sav(str(path))[0]


def read_csv(path):
    return pd.read_csv(path)


READERS = {".dta": read_dta, ".sav": read_sav, ".csv": read_csv}


@pytest.mark.parametrize("form", READERS)
def test_outcomes_read_back_in_every_program(made, frame, form):
    found = READERS[form](made[form])
    assert list(found["row"]) == list(range(1, len(frame) + 1))
    for name, here in (("wellbeing", "wellbeing"), ("wellbeing.baseline", "wellbeing_baseline"), ("granted", "granted"), ("age", "age")):
        np.testing.assert_allclose(found[here].astype(float), frame[name].astype(float), rtol=1e-12)


@pytest.mark.parametrize("form", READERS)
def test_nobodys_number_and_no_free_text_is_written(made, form):
    found = READERS[form](made[form])
    assert not {"id", "note"} & set(found.columns)
    assert b"Kim" not in made[form].read_bytes()
    assert all(dtype.kind in "iufM" for dtype in found.dtypes)


def test_an_effect_worked_out_elsewhere_is_the_same(made, plan):
    """From the Stata file alone: who was assigned what, and the outcome, in another library."""
    import statsmodels.formula.api as smf

    found = read_dta(made[".dta"])
    study = tu.open_study(plan)
    visit = study.results().where(outcome="granted", arm="visit", estimand="ITT")[0]
    with pd.io.stata.StataReader(made[".dta"]) as reader:
        arms = reader.value_labels()["arm"]
    codes = {words: code for code, words in arms.items()}
    rows = found[found["arm"].isin([codes["As usual"], codes["Visits"]])].assign(treated=lambda data: (data["arm"] == codes["Visits"]) * 1.0)
    fit = smf.ols("granted ~ treated + C(batch) + age", rows.dropna(subset=["granted", "age"])).fit()
    ours = tu.ancova(study.material.frame.dropna(subset=["age"]), "granted", study.material.design, covariates=["age"], arm="visit")
    assert fit.params["treated"] == pytest.approx(ours.estimate, rel=1e-9)
    assert visit.n >= int(fit.nobs)


def test_labels_come_from_the_schema_and_the_plan(made):
    import pyreadstat

    _data, about = pyreadstat.read_sav(str(made[".sav"]), metadataonly=True)
    assert about.file_label == MARK
    assert set(about.variable_value_labels["arm"].values()) == {"As usual", "Visits", "Phone calls"}
    assert about.column_names_to_labels["wellbeing"] == "Well-being"
    rows = list(csv.DictReader(io.StringIO(made["labels"].read_text(encoding="utf-8"))))
    assert {row["meaning"] for row in rows if row["column"] == "arm" and row["code"]} == {"As usual", "Visits", "Phone calls"}
    with pd.io.stata.StataReader(made[".dta"]) as reader:
        assert reader.data_label == MARK
        assert reader.variable_labels()["wellbeing"] == "Well-being"


def test_blocks_keep_who_belongs_together_and_lose_their_number(made, frame):
    found = read_csv(made[".csv"])
    pairs = set(zip(frame["batch"], found["batch"], strict=True))
    assert len(pairs) == frame["batch"].nunique() == found["batch"].nunique()


def test_what_was_left_out_is_said_and_git_keeps_out(made):
    text = made[".txt"].read_text(encoding="utf-8")
    assert text.startswith(MARK)
    assert "id: names a person" in text
    assert "note: free text" in text
    assert made[".gitignore"].read_text(encoding="utf-8") == "*\n"


def test_without_the_word_nothing_is_written(plan, tmp_path):
    with pytest.raises(BuildError, match="rows of people"):
        export_data(plan, out=tmp_path / "room")
    assert not list(tmp_path.iterdir())


def test_rows_dont_go_beside_released_results(plan, tmp_path):
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(BuildError) as raised:
        export_data(plan, to=["dta", "xls"], out=tmp_path, language="de", secure_room=True)
    assert all(part in str(raised.value) for part in ("released results", '"xls"', '"de"'))


def test_the_command_refuses_and_exports(plan, tmp_path, capsys):
    from takeup.cli import run

    assert run(["export-data", str(plan), "--to", "dta", "--out", str(tmp_path / "room")]) == 1
    assert "--secure-room" in capsys.readouterr().err
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run(["export-data", str(plan), "--to", "dta,csv", "--secure-room", "--out", str(tmp_path / "room")]) == 0
    assert "SECURE-ROOM_small.dta" in capsys.readouterr().out
    assert run(["notebook", str(plan), "--out", str(tmp_path / "n.ipynb")]) == 0
    assert (tmp_path / "n.ipynb").exists()


def test_names_are_short_and_each_once(tmp_path):
    from takeup.study.analysis_data import _named

    taken: dict[str, object] = {}
    for name in ("baseline.a_very_long_name_of_a_column_one", "baseline.a_very_long_name_of_a_column_two", "A", "a", "1st", "é.b"):
        taken[_named(name, taken)] = None
    assert all(len(name) <= 32 and name.isascii() and name[0].isalpha() for name in taken)
    assert len({name.lower() for name in taken}) == 6
