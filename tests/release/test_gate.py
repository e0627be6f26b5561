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
        "balance.marital.single.0": "complementary", "balance.marital.widowed.0": "minimum cell",
        "balance.marital.widowed.gap": "complementary", "effect.rare": "minimum cell",
    }
    assert [item.provenance.id for item in released["balance"]] == [item.provenance.id for item in study()["balance"]]


def test_the_log_says_what_was_checked_and_holds_no_count_of_people():
    log = gate(study(), RULES).log
    assert [(entry.section, entry.action) for entry in log if not entry.id] == [
        ("balance", "rounded"), ("balance", "released"), ("effects", "rounded"), ("effects", "released"),
    ]
    assert {entry.reason for entry in log if entry.rule == "checked"} == {"4 of 7 results released.", "1 of 2 results released."}


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


def share(count, n, arm, kind="share", name="works"):
    return Statistic(table="balance", variable=name, arm=arm, kind=kind, value=count / n, count=count if kind == "share" else None, n=n,
                     provenance=Provenance(id=f"balance.{name}.{arm or 'all'}.{kind}"))


def test_without_levels_a_cell_goes_with_what_it_could_be_worked_out_from():
    found = ResultSet((share(4, 100, "0"), share(40, 100, "1"), share(44, 200, ""), share(1, 200, "1", "standardized_difference")))
    exact = gate({"balance": found}, Rules(minimum_cell=10, round_counts_to=1))
    assert {entry.id: entry.rule for entry in exact.withheld()} == {
        "balance.works.0.share": "minimum cell", "balance.works.all.share": "complementary",
        "balance.works.1.standardized_difference": "complementary",
    }
    rounded = gate({"balance": found}, Rules(minimum_cell=5, round_counts_to=5))
    assert {entry.id: entry.rule for entry in rounded.withheld()} == {
        "balance.works.0.share": "minimum cell", "balance.works.1.standardized_difference": "complementary",
    }


def test_what_a_profile_and_a_difference_tell_is_counted_in():
    """The mean of all in the profile, or the plain difference, gives an arm's withheld count from the other's."""
    cells = (share(4, 100, "0"), share(40, 100, "1"))
    profile = Estimate(outcome="works", estimand="complier mean", arm="1", estimate=0.4, n=200, n_treated=100, n_control=100,
                       extra=FrozenMap(mean_all=0.22), provenance=Provenance(id="complier.works"))
    plain = Estimate(outcome="works", estimand="ITT", arm="1", estimate=0.36, n=200, n_treated=100, n_control=100,
                     provenance=Provenance(id="effect.works"))
    rules = Rules(minimum_cell=10, round_counts_to=1)
    for told in (profile, plain):
        released = gate({"balance": ResultSet(cells), "effects": ResultSet((told,))}, rules)
        hidden = {entry.id for entry in released.withheld()}
        assert "balance.works.0.share" in hidden
        assert hidden & {told.provenance.id, "balance.works.1.share"}


def test_a_number_that_two_tables_tell_is_kept_back_in_both():
    """Support is called by the right in one table and by the outcome in another: the same people."""
    def under(name):
        return (share(52, 100, "0", name=name), share(96, 100, "1", name=name), share(148, 200, "", name=name))

    released = gate({"balance": ResultSet(under("right")), "takeup": ResultSet(under("outcome"))}, Rules(minimum_cell=10, round_counts_to=1))
    hidden = {entry.id for entry in released.withheld()}
    assert hidden == {f"balance.{name}.{arm}.share" for name in ("right", "outcome") for arm in ("1", "all")} or hidden == {
        f"balance.{name}.{arm}.share" for name in ("right", "outcome") for arm in ("1", "0")}


def flow(lost):
    def box(variable, n, arm="", **place):
        name = ".".join(part for part in ("flow", variable, arm) if part)
        return Statistic(table="flow", variable=variable, kind="count", value=float(n), count=n, n=n, arm=arm, provenance=Provenance(id=name),
                         **place)

    return ResultSet((
        box("randomized", 200), box("allocated", 100, "0"), box("allocated", 100, "1"),
        box("followed_up", 100 - lost, "0", wave="end"), box("lost", lost, "0", wave="end"),
        box("followed_up", 70, "1", wave="end"), box("lost", 30, "1", wave="end"),
    ))


def test_a_small_box_of_the_flow_doesnt_follow_from_its_neighbours():
    exact = gate({"flow": flow(4)}, Rules(minimum_cell=10, round_counts_to=1))
    assert {entry.id for entry in exact.withheld()} == {"flow.lost.0", "flow.followed_up.0"}
    rounded = gate({"flow": flow(4)}, Rules(minimum_cell=5, round_counts_to=5))
    assert {entry.id for entry in rounded.withheld()} == {"flow.lost.0"}


def test_an_exception_has_a_reason_and_stands_in_the_log():
    sections = {"flow": flow(4)}
    released = gate(sections, RULES, exceptions={"flow.lost.0": "The committee published it in its decision."})
    assert released.find("flow.lost.0").value == 5.0
    assert [(entry.id, entry.verdict) for entry in released.review() if entry.rule == "exception"] == [("flow.lost.0", "review")]
    with pytest.raises(ReleaseError) as caught:
        gate(sections, RULES, exceptions={"flow.lost.0": " ", "flow.lots.0": "why not"})
    assert len(caught.value.faults) == 2


def test_every_rule_has_its_verdict():
    amounts = Statistic(table="cost", variable="euros", kind="mean", value=50.0, n=40, extra=FrozenMap(largest_amounts=(900.0, 60.0, 1000.0)),
                        provenance=Provenance(id="amounts"))
    plain = amounts.replace(variable="visits", extra=FrozenMap(largest_amounts=(40.0, 35.0, 1000.0), maximum=40.0), provenance=Provenance(id="plain"))
    edge = Statistic(table="cost", variable="hours", kind="quantile", value=3.0, n=40, extra=FrozenMap(probability=0.99),
                     provenance=Provenance(id="edge"))
    middle = edge.replace(variable="days", extra=FrozenMap(probability=0.5), provenance=Provenance(id="middle"))
    few = Estimate(outcome="y", estimate=1.0, n=21, n_treated=11, n_control=10, provenance=Provenance(id="few"))
    nobody = share(0, 40, "0", name="nobody")
    sections = {"all": ResultSet((amounts, plain, edge, middle, few, nobody))}
    released = gate(sections, Rules(minimum_cell=10, minimum_df=20))
    assert {entry.id: entry.rule for entry in released.withheld()} == {"amounts": "dominance", "edge": "outermost", "few": "minimum df"}
    assert {entry.id: entry.verdict for entry in released.log if entry.id} == {
        "amounts": "fail", "edge": "fail", "few": "fail", "balance.nobody.0.share": "review"}
    assert dict(released.find("plain").extra) == {}
    strict = gate(sections, Rules(profile="strict"))
    assert strict.find("balance.nobody.0.share").reason == "Withheld: it is nobody or everybody of a group."


def test_public_data_leave_as_they_are():
    sections = {**study(), "flow": flow(4), "more": ResultSet((share(4, 100, "0"),))}
    released = gate(sections, Rules(profile="public"))
    assert {name: released[name] for name in released} == sections
    assert not released.withheld()
    assert not released.review()
