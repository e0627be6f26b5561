"""Dominance and p%, by sizes whatever the sign; the edges of a distribution."""

import math

import pytest
import yaml

from takeup.release.magnitude import LARGEST, concentrated, few_df, largest, outermost, without_edges
from takeup.release.rules import Rules
from takeup.results import Estimate, FrozenMap, Statistic

RULES = Rules(minimum_cell=10)


@pytest.mark.parametrize(
    ("values", "out"),
    [
        ([10.0] * 20, False),
        ([500.0, 450.0, *[1.0] * 10], True),  # two make 950 of 960
        ([100.0, 1.0, *[1.0] * 8], True),  # the rest, 8, is under a tenth of the largest: the second tells it to within 8
        ([100.0, 60.0, *[10.0] * 4], False),
        ([-500.0, 450.0, *[1.0] * 10], True),  # their sum is small and they are large
        ([-10.0, 10.0] * 10, False),
        ([0.0, 0.0], False),
        ([float("nan"), 3.0, 3.0, 3.0], False),
    ],
)
def test_a_total_that_few_make(values, out):
    assert concentrated(largest(values), RULES) is out


def test_the_thresholds_are_those_given():
    three = largest([40.0, 30.0, 20.0, 10.0], most=3)
    assert not concentrated(three, RULES)
    assert concentrated(three, Rules(dominance=(3, 0.85)))
    assert concentrated(three, Rules(p_percent=0.8))


@pytest.mark.parametrize(
    ("level", "probability", "out"), [("", 0.5, False), ("", 0.95, False), ("", 0.96, True), ("", 0.01, True), ("max", 0.5, True)])
def test_quantiles_with_too_few_beyond(level, probability, out):
    found = Statistic(table="t", variable="v", level=level, kind="quantile", value=1.0, n=200, extra=FrozenMap(probability=probability))
    assert outermost(found, RULES) is out


def test_a_quantile_that_doesnt_say_which_isnt_let_out():
    assert outermost(Statistic(table="t", variable="v", kind="quantile", value=1.0, n=200), RULES)
    assert not outermost(Statistic(table="t", variable="v", kind="mean", value=1.0, n=200), RULES)


def test_degrees_of_freedom_are_people_less_two_means():
    sizes = [few_df(Estimate(outcome="y", estimate=1.0, n=n, n_treated=n // 2, n_control=n - n // 2), RULES) for n in (11, 12)]
    assert sizes == [True, False]
    assert not few_df(Estimate(outcome="y", estimate=1.0, n=11, n_treated=6, n_control=5), Rules(profile="public"))
    assert not few_df(Estimate(outcome="y", estimate=1.0), RULES)


def test_single_persons_numbers_dont_leave_with_the_rest():
    extra = {"largest_amounts": (3.0, 2.0, 9.0), "maximum": 3.0, "mean_all": 1.0}
    assert without_edges(extra, RULES) == {"mean_all": 1.0}
    assert without_edges(extra, Rules(profile="public")) == {"maximum": 3.0, "mean_all": 1.0}


def test_amounts_of_a_real_build_go_through_the_rules_for_sums(tmp_path):
    """Two people with nearly all of it: what tells of them is withheld, in every chapter, and nothing else for that; the amounts never leave."""
    import pandas as pd

    from study.small import plan, schemas, tables, write
    from takeup.study import open_study

    said = plan()
    euros = {"id": "euros", "column": "euros", "family": "money", "label": "Euros"}
    changed = {"outcomes": [said["outcomes"][2], euros], "analyses": {**said["analyses"], "families": {}}, "languages": ["en"]}
    path = write(tmp_path, changed=changed)
    endline = tables()["endline"]
    arm = endline["id"].map(tables()["units"].set_index("id")["arm"])
    amounts = pd.Series(range(len(endline))) % 7 + 10.0
    visits = endline.index[arm == "visit"][:2]
    amounts[visits] = 60_000.0
    endline.assign(euros=amounts).to_csv(tmp_path / "data" / "endline.csv", index=False)
    schema = schemas()["endline"]
    schema["fields"].append({"name": "euros", "type": "number", "title": "Euros"})
    (tmp_path / "schemas" / "endline.yaml").write_text(yaml.safe_dump(schema, sort_keys=False), encoding="utf-8")
    study = open_study(path)
    released = study.released()
    gone = {entry.id for entry in released.withheld() if entry.rule == "dominance"}
    assert {"effect.euros.visit", "cace.euros.visit", "ri.euros.visit"} <= gone
    assert not [name for name in gone if "granted" in name or name.endswith("phone")]
    assert not [item.provenance.id for name in released for item in released[name] if LARGEST in item.extra]
    assert all(math.isnan(released.find(name).estimate) for name in ("effect.euros.visit", "cace.euros.visit"))
