"""Take-up tables by the engine against those of the study, on the same people."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from study import rights_made
from takeup.errors import MeasureError

if TYPE_CHECKING:
    from pathlib import Path

duckdb = pytest.importorskip("duckdb")
DATA = rights_made.tables(180, unknown=0.0)
DESIGN = tu.Design("arm", "usual", draw="blocked", blocks="batch")
NUMBERS = ("value", "estimate", "std_error", "df", "conf_low", "conf_high", "n", "n_treated", "n_control", "n_missing", "count", "lower", "upper")


def put(frame: pd.DataFrame, path: Path) -> Path:
    """Write a frame as Parquet by DuckDB."""
    with duckdb.connect() as session:
        session.register("frame", frame)
        session.execute(f"COPY (SELECT * FROM frame) TO '{path}' (FORMAT parquet)")
    return path


def numbers() -> pd.DataFrame:
    """The table of rights held as numbers, missing as missing."""
    rights = DATA["rights"].drop(columns=["since", "reason"])
    return rights.assign(**{name: pd.to_numeric(rights[name]) for name in (*rights_made.STAGES, "monthly_amount")})


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Any:
    stated = rights_made.plan()
    del stated["design"]["nested_in"]
    return tu.open_study(rights_made.write(tmp_path_factory.mktemp("study"), data=DATA, stated=stated))


@pytest.fixture
def catalogue(study: Any) -> Path:
    return study.folder / "schemas" / "catalogue.yaml"


def same(ours: Any, theirs: Any) -> None:
    for name in NUMBERS:
        if hasattr(ours, name):
            first, second = getattr(ours, name), getattr(theirs, name)
            assert (first is None) == (second is None)
            if first is not None and not (math.isnan(first) and math.isnan(second)):
                assert first == pytest.approx(second, rel=1e-6 if "euros" in ours.provenance.id else 1e-8)  # euros are kept in single precision


def test_a_table_of_rights_held_gives_the_studys_own_tables(study, catalogue, tmp_path):
    units = put(DATA["households"].sample(frac=1, random_state=2), tmp_path / "units.parquet")
    held = put(numbers().sample(frac=1, random_state=1), tmp_path / "held.parquet")
    found = tu.takeup_of_registers(tu.Registers(units=units, unit="id", held=held), DESIGN, catalogue)
    chapter = {item.provenance.id: item for item in study.chapter("takeup") if not item.provenance.id.startswith("causes")}
    assert {item.provenance.id for item in found} == set(chapter)
    for item in found:
        same(item, chapter[item.provenance.id])


def test_codes_for_no_answer_are_as_empty_cells(catalogue, tmp_path):
    units = put(DATA["households"], tmp_path / "units.parquet")
    holes = numbers()
    holes.loc[holes.index % 7 == 0, "receives"] = np.nan
    empty = put(holes, tmp_path / "empty.parquet")
    coded = put(holes.fillna(dict.fromkeys(rights_made.STAGES, -8)), tmp_path / "coded.parquet")
    told = tu.takeup_of_registers(tu.Registers(units=units, unit="id", held=coded, missing=(-9, -8)), DESIGN, catalogue)
    for ours, theirs in zip(told, tu.takeup_of_registers(tu.Registers(units=units, unit="id", held=empty), DESIGN, catalogue), strict=True):
        same(ours, theirs)
    with pytest.raises(MeasureError, match="missing="):
        tu.takeup_of_registers(tu.Registers(units=units, unit="id", held=coded), DESIGN, catalogue)


def test_causes_and_waiting_times_are_the_studys_own(study, catalogue, tmp_path):
    rights = DATA["rights"].assign(**{name: pd.to_numeric(DATA["rights"][name]) for name in (*rights_made.STAGES, "monthly_amount")})
    rights["since"] = pd.to_datetime(rights["since"])
    homes = DATA["households"].merge(DATA["endline"][["id", "asked_on"]], on="id", how="left")
    homes[["drawn_on", "asked_on"]] = homes[["drawn_on", "asked_on"]].apply(pd.to_datetime)
    registers = tu.Registers(units=put(homes.sample(frac=1, random_state=2), tmp_path / "units.parquet"), unit="id", drawn_on="drawn_on",
                             asked_on="asked_on", held=put(rights.sample(frac=1, random_state=1), tmp_path / "held.parquet"))
    found = {item.provenance.id: item for item in tu.takeup_of_registers(registers, DESIGN, catalogue)}
    theirs = {item.provenance.id: item for name in ("takeup", "waiting") for item in study.chapter(name)}
    wanted = [name for name in theirs if name.startswith(("causes", "waiting"))]
    assert len([name for name in wanted if name.startswith("waiting")]) > 8
    assert len([name for name in wanted if name.startswith("causes")]) > 4
    assert set(found) == set(theirs)
    for name in wanted:
        same(found[name], theirs[name])


def test_waiting_in_a_monthly_register_by_hand(catalogue, tmp_path):
    """Five people, drawn in month 10: one has a right already and gets another in 14, one gets it in 12, one another in 13, two nothing."""
    units = pd.DataFrame({"id": [1, 2, 3, 4, 5], "arm": ["usual", "manager", "manager", "usual", "manager"], "drawn": 10})
    rows = [(1, "uitpas", 10), (1, "uitpas", 12), (1, "course", 14), (2, "uitpas", 12), (2, "uitpas", 13), (3, "course", 13), (3, "uitpas", 40)]
    monthly = pd.DataFrame(rows, columns=["id", "right", "month"]).assign(amount=1.0)
    known = rights_made_ids(catalogue)
    monthly["right"] = monthly["right"].map({"uitpas": known[0], "course": known[1]})
    eligible = pd.DataFrame([(one, known[0]) for one in (1, 2, 3, 4, 5)], columns=["id", "right"])
    registers = tu.Registers(units=put(units, tmp_path / "u.parquet"), unit="id", monthly=put(monthly, tmp_path / "m.parquet"),
                             eligible=put(eligible, tmp_path / "e.parquet"))
    found = {item.provenance.id: item for item in tu.takeup_of_registers(registers, tu.Design("arm", "usual"), catalogue)}
    assert [found[f"waiting.{month:02d}.manager"].value for month in (1, 2, 3, 6)] == pytest.approx([0, 1 / 3, 2 / 3, 2 / 3])
    assert [found[f"waiting.{month:02d}.usual"].value for month in (3, 4, 6)] == [0.0, 0.5, 0.5]
    assert found["waiting.rmst"].estimate == pytest.approx(11 / 3 - 5)


def rights_made_ids(catalogue):
    from takeup.measure.rights_catalogue import read_catalogue

    return read_catalogue(catalogue).ids


def test_a_monthly_register_gives_the_same_rates_and_effects(study, catalogue, tmp_path):
    """Everybody is followed in a register, so the study is taken of those who answered."""
    rng = np.random.default_rng(0)
    stayed = set(DATA["endline"]["id"])
    homes = DATA["households"][DATA["households"]["id"].isin(stayed)]
    rights = numbers()[lambda frame: frame["id"].isin(stayed)]
    drawn = dict(zip(homes["id"], rng.integers(10, 20, len(homes)), strict=True))
    now = rights[rights["receives"] == 1]
    month = now["id"].map(drawn) + np.where(now["wave"] == "baseline", 0, 6)
    noise = pd.DataFrame({"id": list(drawn), "right": "course", "month": [value + 3 for value in drawn.values()], "amount": 1.0})  # between the waves
    monthly = pd.concat([pd.DataFrame({"id": now["id"], "right": now["right"], "month": month, "amount": now["monthly_amount"]}), noise])
    entitled = rights[(rights["wave"] == "baseline") & (rights["eligible"] == 1)][["id", "right"]]
    registers = tu.Registers(
        units=put(homes.assign(drawn=homes["id"].map(drawn)), tmp_path / "units.parquet"), unit="id",
        monthly=put(monthly.sample(frac=1, random_state=1), tmp_path / "monthly.parquet"), eligible=put(entitled, tmp_path / "eligible.parquet"),
    )
    found = {item.provenance.id: item for item in tu.takeup_of_registers(registers, DESIGN, catalogue)}
    chapter = {item.provenance.id: item for item in study.chapter("takeup")}
    wanted = [name for name in chapter if name.startswith(("takeup.effect", "takeup.new", "takeup.over_all")) or ".endline." in name]
    assert len(wanted) > 30
    for name in wanted:
        item = chapter[name]
        same(item.replace(n_missing=0) if hasattr(item, "n_missing") else item, found[name])


def test_what_does_not_fit_is_said_without_a_value(catalogue, tmp_path):
    units = put(DATA["households"], tmp_path / "units.parquet")
    with pytest.raises(MeasureError, match="either held, or monthly"):
        tu.Registers(units=units, unit="id", monthly="x")
    with pytest.raises(MeasureError, match="can't be read"):
        tu.takeup_of_registers(tu.Registers(units=units, unit="id", held=tmp_path / "none.parquet"), DESIGN, catalogue)
    strange = numbers()
    strange.loc[strange.index[0], "right"] = "bus_pass"
    held = put(strange, tmp_path / "held.parquet")
    with pytest.raises(MeasureError, match="1 row names a right") as caught:
        tu.takeup_of_registers(tu.Registers(units=units, unit="id", held=held), DESIGN, catalogue)
    assert "bus_pass" not in str(caught.value)
    with pytest.raises(MeasureError, match="a column isn't there"):
        tu.takeup_of_registers(tu.Registers(units=units, unit="household", held=held), DESIGN, catalogue)
