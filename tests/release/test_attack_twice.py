"""Successive releases, and a national table beside its centres, attacked with linear programs (`simulation.attack_twice`)."""

import pytest

from simulation import attack_twice


def assert_holds(outcomes):
    for kind in ("successive releases", "national and centres"):
        group = [item for item in outcomes if item.kind == kind]
        assert sum(item.told for item in group) == 0
        assert sum(item.without for item in group) == sum(item.protected for item in group) > len(group)
        assert sum(item.alone for item in group) > 0.2 * sum(item.protected for item in group)
        assert sum(item.withheld for item in group) < 0.5 * sum(item.results for item in group)


def test_no_group_is_told_by_two_tables_and_without_the_gate_all_are():
    assert_holds([attack_twice.trial(seed) for seed in range(48)])


def test_the_attack_notices_a_change_that_the_rest_of_the_table_gives_away(monkeypatch):
    from takeup.release import decide

    monkeypatch.setattr(decide, "_with_changes", lambda known, *_: known)
    assert sum(attack_twice.trial(seed).told for seed in (22, 26, 42)) == 3


@pytest.mark.slow
def test_five_hundred_systems():
    assert_holds(attack_twice.main(500))
