"""results.csv and release_log.csv: every result a row, numbers at full precision, nothing of what was withheld."""

import csv
import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takeup.build.sheets import cell, release_log_csv, results_csv
from takeup.errors import ReleaseError
from takeup.release.gate import gate
from takeup.release.rules import Rules
from takeup.results import ConfidenceSet, Estimate, FrozenMap, Provenance, ResultSet, Statistic


def named(name):
    return Provenance(id=name, plan_hash="f00", plan_path="outcomes[0]", version="0.1.0")


SECTIONS = {
    "flow": ResultSet((
        Statistic(table="flow", variable="randomized", kind="count", value=899.0, count=899, n=899, provenance=named("flow.randomized")),
    )),
    "effects": ResultSet((
        Estimate(outcome="calm", estimate=1 / 3, std_error=0.1, df=math.inf, n=899, n_treated=600, n_control=299, reason="HC2.",
                 extra=FrozenMap(mean_treated=2.5, count="x"), provenance=named("effect.calm")),
        Estimate(outcome="rare", estimate=0.2, n=12, n_treated=6, n_control=6, extra=FrozenMap(mean_treated=0.25), provenance=named("effect.rare")),
        ConfidenceSet(outcome="calm", intervals=((-math.inf, -1.5), (2.0, math.inf)), shape="two_rays", n=899, provenance=named("ar.calm")),
    )),
}


def rows(content):
    return {row["id"]: row for row in csv.DictReader(io.StringIO(content.decode()))}


@pytest.fixture(scope="module")
def released():
    return gate(SECTIONS, Rules(minimum_cell=10, round_counts_to=1))


def test_every_result_is_a_row_with_its_numbers_at_full_precision(released):
    found = rows(results_csv(released))
    assert list(found) == ["flow.randomized", "effect.calm", "effect.rare", "ar.calm"]
    calm = found["effect.calm"]
    assert float(calm["estimate"]) == 1 / 3
    assert (calm["section"], calm["type"], calm["df"], calm["p_value"], calm["n"]) == ("effects", "estimate", "inf", "", "899")
    assert calm["mean_treated"] == "2.5"
    assert calm["extra.count"] == "x"
    assert (calm["plan_hash"], calm["plan_path"], calm["pre_specified"]) == ("f00", "outcomes[0]", "")
    assert found["ar.calm"]["intervals"] == "[-inf, -1.5] [2.0, inf]"
    assert found["flow.randomized"]["value"] == "899.0"


def test_a_withheld_result_keeps_its_name_and_reason_only(released):
    rare = rows(results_csv(released))["effect.rare"]
    shown = {name: value for name, value in rare.items() if value}
    assert shown.pop("reason").startswith("Withheld:")
    assert shown == {
        "id": "effect.rare", "section": "effects", "type": "estimate", "outcome": "rare", "estimand": "ITT", "conf_level": "0.95",
        "evidence": "randomized", "plan_path": "outcomes[0]", "plan_hash": "f00", "version": "0.1.0",
    }


def test_columns_that_nothing_fills_are_left_out_and_the_rest_stand_in_their_order(released):
    head = results_csv(released).decode().splitlines()[0].split(",")
    assert head[:3] == ["id", "section", "type"]
    assert "trimmed_share" not in head
    assert head.index("estimate") < head.index("conf_low") < head.index("n") < head.index("mean_treated")


def test_the_log_is_written(released):
    found = list(csv.DictReader(io.StringIO(release_log_csv(released).decode())))
    assert [row["id"] for row in found if row["action"] == "withheld"] == ["effect.rare"]


def test_ungated_results_are_refused():
    with pytest.raises(ReleaseError):
        results_csv(SECTIONS)  # type: ignore[arg-type]
    with pytest.raises(ReleaseError):
        release_log_csv(SECTIONS)  # type: ignore[arg-type]


@given(st.floats(allow_nan=False))
def test_numbers_read_back_the_same(number):
    assert float(cell(number)) == number


@pytest.mark.parametrize("text", ["=1+1", "+32", "-2-3", "@SUM(A1)", "\tx"])
def test_no_text_is_a_formula(text):
    assert cell(text) == "'" + text


def test_numpy_numbers_are_plain():
    np = pytest.importorskip("numpy")
    assert cell(np.float64(0.1)) == "0.1"
