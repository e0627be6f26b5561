"""The gate: the only maker of `Released`, with a log."""

import copy
import pickle
from dataclasses import replace

import pytest

from takeup.errors import ReleaseError
from takeup.release.gate import Released, gate, require
from takeup.release.rules import Rules
from takeup.results import Estimate, FrozenMap, Provenance, Result, ResultSet, Statistic

RULES = Rules(minimum_cell=10, round_counts_to=5)


def effect(name, n=100, **fields):
    named = Provenance(id=f"effect.{name}")
    return Estimate(outcome=name, estimate=0.5, std_error=0.1, n=n, n_treated=n // 2, n_control=n - n // 2, provenance=named, **fields)


def shares(levels, arm, n):
    return [Statistic(table="balance", variable="marital", level=level, arm=arm, kind="share", value=count / n, count=count, n=n,
                      provenance=Provenance(id=f"balance.marital.{level}.{arm}")) for level, count in levels.items()]


def study():
    marital = [*shares({"married": 60, "single": 36, "widowed": 4}, "0", 100), *shares({"married": 50, "single": 30, "widowed": 20}, "1", 100)]
    gap = Statistic(table="balance", variable="marital", level="widowed", kind="standardized_difference", value=0.5, n=200,
                    provenance=Provenance(id="balance.marital.widowed.gap"))
    return {"balance": ResultSet((*marital, gap)), "effects": ResultSet((effect("calm", 102), effect("rare", 12)))}


def test_what_passes_and_what_doesnt():
    released = gate(study(), RULES)
    assert released.find("effect.calm").estimate == 0.5
    assert released.find("effect.calm").n == 100
    assert released.find("effect.rare").reason == "Withheld: a group of fewer than 10 people could be seen."
    withheld = {entry.id: entry.rule for entry in released.withheld()}
    assert withheld == {
        "balance.marital.single.0": "complementary", "balance.marital.single.1": "complementary",
        "balance.marital.widowed.0": "minimum cell", "balance.marital.widowed.1": "minimum cell",
        "balance.marital.widowed.gap": "minimum cell", "effect.rare": "minimum cell",
    }
    assert [item.provenance.id for item in released["balance"]] == [item.provenance.id for item in study()["balance"]]


def test_the_log_says_what_was_checked_and_holds_no_count_of_people():
    log = gate(study(), RULES).log
    assert [(entry.section, entry.action) for entry in log if not entry.id] == [
        ("balance", "rounded"), ("balance", "released"), ("effects", "rounded"), ("effects", "released"),
    ]
    assert {entry.reason for entry in log if entry.rule == "checked"} == {"2 of 7 results released.", "1 of 2 results released."}


def test_the_input_is_left_as_it_was():
    before = study()
    gate(before, RULES)
    assert before == study()


def test_nobody_else_makes_released():
    with pytest.raises(ReleaseError, match="by the gate only"):
        Released(sections=FrozenMap(), log=(), rules=RULES)
    released = gate(study(), RULES)
    with pytest.raises((ReleaseError, TypeError, ValueError)):
        replace(released, sections=FrozenMap(study()))
    with pytest.raises(AttributeError):
        released.sections = FrozenMap()  # type: ignore[misc]


def test_a_copy_is_what_was_released():
    released = gate(study(), RULES)
    assert copy.copy(released) == released
    assert repr(pickle.loads(pickle.dumps(released))) == repr(released)


def test_require_refuses_everything_else():
    with pytest.raises(ReleaseError, match="dict hasn't passed"):
        require(study())
    released = gate(study(), RULES)
    assert require(released) is released


def test_every_result_needs_its_own_id_and_a_rule():
    class Odd(Result):
        pass

    nameless = effect("calm").replace(provenance=Provenance())
    with pytest.raises(ReleaseError) as caught:
        gate({"effects": ResultSet((effect("calm"), effect("calm"), nameless, Odd()))}, RULES)
    said = str(caught.value)
    assert "no rule for a Odd" in said
    assert "1 results have no id" in said
    assert '"effect.calm" stands 2 times' in said


def test_names_that_dont_exist():
    released = gate(study(), RULES)
    with pytest.raises(ReleaseError, match='Did you mean "effects"'):
        released["efects"]
    with pytest.raises(ReleaseError, match=r'Did you mean "effect\.calm"'):
        released.find("effect.clam")


def test_what_else_is_about_a_withheld_level_goes_with_it():
    profile = [
        Estimate(outcome="marital", term=level, estimand="complier mean", estimate=0.2, n=200, n_treated=100, n_control=100,
                 provenance=Provenance(id=f"complier.marital.{level}"))
        for level in ("married", "single", "widowed")
    ]
    group = [
        Estimate(outcome="calm", term=f"marital: {level}", estimate=0.2, n=60, n_treated=30, n_control=30,
                 extra=FrozenMap(by="marital", level=level, **more), provenance=Provenance(id=f"subgroup.{level}"))
        for level, more in (("married", {}), ("single", {}), ("married-x", {"reference": "widowed"}))
    ]
    released = gate({**study(), "compliance": ResultSet(tuple(profile)), "subgroups": ResultSet(tuple(group))}, RULES)
    kept = [item.provenance.id for name in ("compliance", "subgroups") for item in released[name] if not item.reason.startswith("Withheld")]
    assert kept == ["complier.marital.married", "subgroup.married"]


def test_without_levels_a_cell_goes_alone_with_what_is_derived_from_it():
    def share(count, n, arm, kind="share"):
        return Statistic(table="balance", variable="works", arm=arm, kind=kind, value=count / n, count=count if kind == "share" else None, n=n,
                         provenance=Provenance(id=f"balance.works.{arm or 'all'}.{kind}"))

    found = ResultSet((share(4, 100, "0"), share(40, 100, "1"), share(44, 200, ""), share(1, 200, "1", "standardized_difference")))
    released = gate({"balance": found}, RULES)
    assert {entry.id: entry.rule for entry in released.withheld()} == {
        "balance.works.0.share": "minimum cell", "balance.works.all.share": "complementary",
        "balance.works.1.standardized_difference": "complementary",
    }
