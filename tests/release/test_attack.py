"""What the gate let out, attacked with linear programs that know nothing of how the gate works (`simulation.attack`)."""

import pytest

from simulation import attack


def assert_holds(outcomes, systems):
    assert len(outcomes) == systems
    assert sum(item.told for item in outcomes) == 0
    assert sum(item.told_without for item in outcomes) == sum(item.protected for item in outcomes) > systems
    assert sum(item.withheld - item.small for item in outcomes) < 0.35 * sum(item.results for item in outcomes)


def test_no_protected_cell_is_told_and_without_the_gate_all_are():
    assert_holds([attack.trial(seed) for seed in range(30)], 30)


def test_the_attack_would_notice_a_gate_that_forgot_the_cells_that_go_with_it(monkeypatch):
    from takeup.release import decide

    monkeypatch.setattr(decide, "cheapest", lambda *_: frozenset())
    monkeypatch.setattr(decide, "intervals", lambda *_, **__: {})
    assert sum(attack.trial(seed).told for seed in range(1, 12, 2)) > 10


@pytest.mark.slow
def test_five_hundred_systems():
    assert_holds(attack.main(500), 500)
