"""Decisions on all results together that one result alone doesn't need."""

from takeup.release.decide import Decisions
from takeup.release.gate import gate
from takeup.release.rules import Rules
from takeup.results import Estimate, FrozenMap, Provenance, ResultSet, Statistic

EXACT = Rules(minimum_cell=10, round_counts_to=1)
ROUNDED = Rules(minimum_cell=10, round_counts_to=5)


def share(name, count, n, **fields):
    return Statistic(table="balance", variable="works", arm="0", kind="share", value=count / n, count=count, n=n,
                     provenance=Provenance(id=name), **fields)


def test_two_populations_that_differ_by_few_people():
    """Three people are in the one and not in the other: their answers are the difference."""
    sections = {"all": ResultSet((share("first", 40, 100), share("second", 38, 97), share("third", 30, 60)))}
    assert {entry.id: entry.rule for entry in gate(sections, EXACT).withheld()} == {"second": "differencing"}
    assert not gate(sections, ROUNDED).withheld()


def box(variable, n):
    return Statistic(table="flow", variable=variable, kind="count", value=float(n), count=n, n=n, arm="0",
                     wave="" if variable == "allocated" else "end", provenance=Provenance(id=variable))


def effect(n, missing):
    return Estimate(outcome="age", estimate=1.0, n=2 * n, n_treated=n, n_control=n, n_missing=missing, provenance=Provenance(id="effect"))


def test_an_exact_number_beside_an_effect_that_tells_a_box_is_for_a_person_to_look_at():
    def asked(n, missing, rules):
        sections = {"flow": ResultSet((box("allocated", 100), box("followed_up", 96), box("lost", 4))), "effects": ResultSet((effect(n, missing),))}
        return {entry.id for entry in gate(sections, rules).review() if entry.rule == "protection"}

    assert asked(96, 30, EXACT) == {"lost"}
    assert asked(70, 4, EXACT) == {"lost"}
    assert asked(70, 30, EXACT) == set()
    assert asked(96, 4, ROUNDED) == set()


def test_a_small_number_of_missing_leaves_as_none():
    assert [gate({"all": ResultSet((effect(60, missing),))}, ROUNDED).find("effect").n_missing for missing in (0, 4, 9, 11)] == [0, 0, 0, 10]


def test_costs_keep_the_analysis_and_give_up_what_is_made_of_others():
    """Either the profile or the other arm's share would do: the profile goes."""
    profile = Estimate(outcome="works", estimand="complier mean", arm="1", estimate=0.4, n=200, n_treated=100, n_control=100,
                       extra=FrozenMap(mean_all=0.5), provenance=Provenance(id="complier.works"))
    cells = (share("small", 4, 100), share("other", 96, 100).replace(arm="1"))
    found = Decisions.of({"balance": ResultSet(cells), "compliance": ResultSet((profile,))}, EXACT, None, {})
    assert set(found.gone) == {"small", "other", "complier.works"}
    cells = (share("small", 4, 100), share("other", 60, 100).replace(arm="1"))
    profile = profile.replace(extra=FrozenMap(mean_all=0.32))
    found = Decisions.of({"balance": ResultSet(cells), "compliance": ResultSet((profile,))}, EXACT, None, {})
    assert set(found.gone) == {"small", "other"} or set(found.gone) == {"small", "complier.works"}


def test_nothing_is_looked_at_where_nothing_is_kept_back():
    found = Decisions.of({"all": ResultSet((share("small", 4, 100),))}, Rules(profile="public"), None, {})
    assert (dict(found.gone), dict(found.look), found.binary) == ({}, {}, frozenset())
