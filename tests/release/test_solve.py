"""How far cells can be told, and the cheapest numbers to keep back: against enumeration of all sets and of all tables."""

import itertools

import numpy as np
import pytest

from takeup.release.solve import Row, System, cheapest, components, intervals


def table(counts, widths):
    """A table with its margins, each cell and each margin a result."""
    counts = np.asarray(counts)
    rows, columns = counts.shape
    at = np.arange(counts.size).reshape(counts.shape)
    lines = [(f"row{i}", at[i], counts[i].sum()) for i in range(rows)]
    lines += [(f"column{j}", at[:, j], counts[:, j].sum()) for j in range(columns)]
    lines += [(f"{i}{j}", at[i, j:j + 1], counts[i, j]) for i in range(rows) for j in range(columns)]
    told = [Row(cells=tuple(map(int, cells)), weights=(1.0,) * len(cells), low=total, high=total, unit=name) for name, cells, total in lines]
    return System(caps=np.full(counts.size, 60.0), rows=tuple(told), widths=widths)


def cost_of(chosen, costs):
    return sum(costs.get(unit, 1.0) for unit in chosen)


def by_hand(system, withheld, costs):
    """The least cost over every set of further results that protects all cells."""
    free = sorted({row.unit for row in system.rows} - set(withheld))
    best = np.inf
    for size in range(len(free) + 1):
        for more in itertools.combinations(free, size):
            if cost_of(more, costs) < best:
                found = intervals(system, {*withheld, *more})
                if all(high - low >= system.widths[cell] - 1e-3 for cell, (low, high) in found.items()):
                    best = cost_of(more, costs)
    return best


@pytest.mark.parametrize("seed", range(4))
def test_no_set_of_numbers_is_cheaper(seed):
    rng = np.random.default_rng(seed)
    counts = rng.integers(5, 20, (2, 2))
    counts[0, 0] = 2
    system = table(counts, {0: 4.0})
    costs = {row.unit: float(rng.integers(1, 9)) for row in system.rows}
    chosen = cheapest(system, {"00"}, costs)
    assert "00" not in chosen
    found = intervals(system, {"00", *chosen})
    assert all(high - low >= 4.0 - 1e-3 for low, high in found.values())
    assert cost_of(chosen, costs) == pytest.approx(by_hand(system, {"00"}, costs))


def test_intervals_are_those_of_all_tables_with_the_same_margins():
    """A two-way table's extremes over the reals are whole numbers, so counting all tables gives them exactly."""
    counts = np.array([[2, 5, 4], [3, 1, 6]])
    system = table(counts, {0: 9.0, 4: 9.0})
    cells = {f"{i}{j}" for i in range(2) for j in range(3)}
    tables = []
    for first in itertools.product(range(12), repeat=3):
        second = counts.sum(axis=0) - first
        if sum(first) == counts[0].sum() and (second >= 0).all():
            tables.append((*first, *second))
    found = intervals(system, cells)
    for cell in (0, 4):
        values = [item[cell] for item in tables]
        assert found[cell] == pytest.approx((min(values), max(values)), abs=1e-3)


def test_what_is_shown_within_rounding_and_what_isnt():
    system = System(caps=np.array([50.0, 50.0]), widths={0: 4.0}, rows=(
        Row(cells=(0, 1), weights=(1.0, 1.0), low=20, high=20), Row(cells=(1,), weights=(1.0,), low=13, high=17, unit="b")))
    assert intervals(system, set())[0] == pytest.approx((3, 7), abs=1e-3)
    assert intervals(system, {"b"})[0] == pytest.approx((0, 20), abs=1e-3)
    assert cheapest(system, set(), {}) == frozenset()


def test_a_cell_that_is_always_known_takes_nothing_with_it_in_vain():
    system = System(caps=np.array([50.0, 50.0]), widths={0: 4.0}, rows=(
        Row(cells=(0,), weights=(1.0,), low=3, high=3), Row(cells=(0, 1), weights=(1.0, 1.0), low=20, high=20, unit="total")))
    assert cheapest(system, set(), {}) == frozenset()


def test_parts_that_share_nothing_are_looked_at_apart(capfd):
    system = System(caps=np.full(4, 30.0), widths={0: 4.0, 2: 4.0}, rows=tuple(
        row for first in (0, 2) for row in (
            Row(cells=(first, first + 1), weights=(1.0, 1.0), low=20, high=20),
            Row(cells=(first + 1,), weights=(1.0,), low=17, high=17, unit=f"u{first}"))))
    assert [members for members, _ in components(system)] == [(0, 1), (2, 3)]
    assert cheapest(system, set(), {}) == {"u0", "u2"}
    assert capfd.readouterr() == ("", "")
