"""Rights as outcomes, held against loops over single people and rights."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from study import rights_made
from takeup.errors import MeasureError
from takeup.measure import rights as measure
from takeup.measure.rights_catalogue import read_catalogue

WAVES = ("baseline", "endline")


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Any:
    import yaml

    path = tmp_path_factory.mktemp("rights") / "catalogue.yaml"
    path.write_text(yaml.safe_dump(rights_made.catalogue()))
    return read_catalogue(path)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return rights_made.tables(60)["rights"].replace("", pd.NA).sample(frac=1, random_state=3)


@pytest.fixture(scope="module")
def rights(catalogue: Any, table: pd.DataFrame) -> measure.Rights:
    held = measure.held(pd.Series(np.arange(1, 61)), table, catalogue, unit="id", waves=WAVES)
    return measure.Rights(catalogue=catalogue, held=held)


def cell(table: pd.DataFrame, unit: int, right: str, wave: str, column: str) -> Any:
    found = table[(table["id"] == unit) & (table["right"] == right) & (table["wave"] == wave)][column]
    return None if found.empty or found.isna().all() else found.iloc[0]


def test_take_up_is_asked_of_those_eligible_before_the_draw(rights, table):
    values = measure.take_up(rights.held, "premium", "endline")
    everybody = measure.take_up(rights.held, "premium", "endline", among="all")
    for unit in range(1, 61):
        eligible, receives = cell(table, unit, "premium", "baseline", "eligible"), cell(table, unit, "premium", "endline", "receives")
        expected = np.nan if eligible != 1 or receives is None else float(receives)
        np.testing.assert_equal(values[unit - 1], expected)
        np.testing.assert_equal(everybody[unit - 1], np.nan if receives is None else float(receives))


def test_eligibility_after_the_draw_is_refused_with_the_reason(rights):
    with pytest.raises(MeasureError, match="no longer alike"):
        measure.take_up(rights.held, "premium", "endline", eligible_at="endline")


def test_the_plan_refuses_it_too_and_says_why(tmp_path):
    from takeup.errors import PlanError
    from takeup.plan.read import read

    stated = rights_made.plan()
    stated["outcomes"][0]["among"] = "eligible_at_endline"
    with pytest.raises(PlanError, match="may change who is eligible"):
        read(rights_made.write(tmp_path, 24, stated=stated))


@pytest.mark.parametrize(("part", "key", "value", "words"), [
    ("rights", "held", "right", 'Did you mean "rights"'), ("rights", "contacts", "log", 'no table "log"'),
    ("cost", "per", "suport", 'Did you mean "support"'), ("cost", "hour_range", [60, 40], "lowest value stands first"),
])
def test_a_plan_names_tables_and_outcomes_that_there_are(tmp_path, part, key, value, words):
    from takeup.errors import PlanError
    from takeup.plan.read import read

    stated = rights_made.plan()
    stated[part][key] = value
    with pytest.raises(PlanError, match=words):
        read(rights_made.write(tmp_path, 24, stated=stated))


def test_composites_are_sums_over_rights(rights, table):
    names = [name for name, _, _ in rights_made.RIGHTS]
    income = [name for name, domain, _ in rights_made.RIGHTS if domain == "income"]
    for unit in range(1, 61):
        answered = cell(table, unit, names[0], "endline", "receives") is not None
        for suffix, which in (("", names), ("_income", income)):
            new = [name for name in which
                   if cell(table, unit, name, "endline", "receives") == 1 and cell(table, unit, name, "baseline", "receives") == 0]
            euros = sum(float(cell(table, unit, name, "endline", "monthly_amount")) for name in which
                        if cell(table, unit, name, "endline", "receives") == 1)
            entitled = [name for name in which if cell(table, unit, name, "baseline", "eligible") == 1]
            held = [name for name in entitled if cell(table, unit, name, "endline", "receives") == 1]
            expected = {"n_new": len(new), "any_new": float(bool(new)), "euros_per_month": euros,
                        "share_held": len(held) / len(entitled) if entitled else np.nan}
            for name, value in expected.items():
                found = measure.composite(rights, name + suffix, "endline")[unit - 1]
                np.testing.assert_allclose(found, value if answered else np.nan)


def test_stages_only_fall_and_skipped_questions_are_not_unknown(rights):
    codes = {("knows", "endline"): [[1], [1], [-1], [0], [-1]], ("applied", "endline"): [[1], [0], [-1], [-1], [-1]],
             ("granted", "endline"): [[-1], [-1], [-1], [-1], [-1]], ("receives", "endline"): [[0], [0], [1], [0], [-1]]}
    held = measure.Held(rights=("one",), waves=WAVES, codes={key: np.array(value, dtype=np.int8) for key, value in codes.items()}, amounts={},
                        since=None, reasons=(), reason=None, answered={})
    at = {stage: measure.reached(held, stage, "endline")[:, 0].tolist() for stage in measure.STAGES[1:]}
    assert at == {"knows": [1, 1, 1, 0, -1], "applied": [1, 0, 1, 0, -1], "granted": [-1, 0, 1, 0, -1], "receives": [0, 0, 1, 0, -1]}


def test_unknown_is_never_counted_as_no(catalogue, table):
    hidden = table.copy()
    hidden.loc[hidden["wave"] == "endline", "receives"] = pd.NA
    held = measure.held(pd.Series(np.arange(1, 61)), hidden, catalogue, unit="id", waves=WAVES)
    rights = measure.Rights(catalogue=catalogue, held=held)
    for name in ("n_new", "any_new", "euros_per_month", "share_held"):
        assert np.isnan(measure.composite(rights, name, "endline")).all()


def test_faults_name_what_is_near_and_show_no_value(rights, catalogue, table):
    for name, near in (("premum", "premium"), ("n_nwe", "n_new"), ("n_new_incom", "n_new_income")):
        with pytest.raises(MeasureError, match=f'Did you mean "{near}"'):
            measure.outcome_values(rights, SimpleNamespace(right=name, among="eligible"), "endline")
    strange = table.assign(right=table["right"].where(table.index != table.index[4], "bus_pass"))
    with pytest.raises(MeasureError, match=r"1 row names a right that isn't in the catalogue \(row 6\)") as caught:
        measure.held(pd.Series([1, 2]), strange, catalogue, unit="id", waves=WAVES)
    assert "bus_pass" not in str(caught.value)
    with pytest.raises(MeasureError, match="neither 0 nor 1"):
        measure.held(pd.Series([1, 2]), table.assign(knows=7), catalogue, unit="id", waves=WAVES)
    with pytest.raises(MeasureError, match="nothing is new"):
        measure.composite(rights, "n_new", "baseline")
    with pytest.raises(MeasureError, match="says nothing of rights"):
        measure.outcome_values(None, SimpleNamespace(right="premium"), "endline")


def test_the_order_of_rows_and_units_does_not_matter(rights, catalogue, table):
    again = measure.held(pd.Series(np.arange(60, 0, -1)), table.sort_values(["wave", "id"]), catalogue, unit="id", waves=WAVES)
    for key, codes in rights.held.codes.items():
        np.testing.assert_array_equal(codes, again.codes[key][::-1])
