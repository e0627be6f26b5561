"""An attacker with linear programs on what the gate let out, and on what it would have let out without: `docs/evidence/disclosure.md`.

Each trial is drawn anew: arms of 40 to 150 people, a variable of several levels and one of two, tables of each by arm and of one within the
other, an effect and a profile of the first, and a flow with reasons. The attacker knows how many people are in each arm, how the tables are
made, the thresholds and the rounding, and every number that is shown. His unknowns are the people of each arm by both variables at once, so
that every table is a sum of them: another way to write it down than the gate's own.

Run from the repository: ``python tests/simulation/attack.py [SYSTEMS]``; ``make simulate`` runs it too. Seeds are fixed by the system's number.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from takeup.release.gate import gate
from takeup.release.rules import Rules
from takeup.release.suppress import is_withheld
from takeup.results import Estimate, FrozenMap, Provenance, ResultSet, Statistic

PAGE = Path(__file__).resolve().parents[2] / "docs" / "evidence" / "disclosure.md"
THRESHOLDS = ((10, 5), (10, 1), (5, 5), (5, 1), (3, 3), (3, 1))
FLOOR = 1e-3


@dataclass(frozen=True, slots=True)
class Cell:
    """People that a result tells of: a sum of the unknowns at `places`. `total` is known, or None where it is itself a count."""

    places: tuple[int, ...]
    people: int
    total: int | None


@dataclass(slots=True)
class World:
    """A trial's results, and what each of its ids tells."""

    sections: dict[str, list] = field(default_factory=dict)
    cells: dict[str, Cell] = field(default_factory=dict)
    sizes: dict[str, Cell] = field(default_factory=dict)
    sides: dict[str, tuple[Cell, Cell]] = field(default_factory=dict)
    people: list[int] = field(default_factory=list)
    sums: list[tuple[tuple[int, ...], int]] = field(default_factory=list)

    def unknown(self, people):
        self.people.append(int(people))
        return len(self.people) - 1

    def cell(self, places, total):
        return Cell(tuple(places), sum(self.people[place] for place in places), total)


def world(seed):
    """A trial by its number."""
    rng = np.random.default_rng([seed, 7])
    found = World()
    arms, levels = ["control", *"ab"[:rng.integers(1, 3)]], int(rng.integers(3, 6))
    sizes = {arm: int(rng.integers(40, 151)) for arm in arms}
    share = rng.dirichlet(np.full(2 * levels, rng.choice([0.4, 1.5])))
    at = {}
    for arm in arms:
        counts = rng.multinomial(sizes[arm], share).reshape(levels, 2)
        at |= {(arm, level, yes): found.unknown(counts[level, yes]) for level in range(levels) for yes in range(2)}
        found.sums.append((tuple(at[arm, level, yes] for level in range(levels) for yes in range(2)), sizes[arm]))
    sides = [(arm, [arm], sizes[arm]) for arm in arms]
    if rng.random() < 0.5:
        sides.append(("", arms, sum(sizes.values())))
    for arm, members, total in sides:
        for level in range(levels):
            _share(found, "balance", "kind", f"l{level}", arm, found.cell([at[a, level, yes] for a in members for yes in range(2)], total))
        yes_cell = found.cell([at[a, level, 1] for a in members for level in range(levels)], total)
        _share(found, "balance", "works", "", arm, yes_cell)
    if rng.random() < 0.6:
        _two_way(found, at, arms, levels)
    if rng.random() < 0.6:
        _effects(found, at, arms, levels, sizes, rng)
    _flow(found, arms, sizes, rng)
    return found


def _share(found, section, variable, level, arm, cell, size=None, group=None):
    n = cell.total if size is None else size.people
    name = ".".join(part for part in (section, variable, level, *(group or ()), arm or "all") if part)
    if not n:
        return
    extra = FrozenMap() if group is None else FrozenMap(by=group[0], level=group[1])
    found.sections.setdefault(section, []).append(Statistic(
        table=section, variable=variable, level=level, arm=arm, kind="share", value=cell.people / n, count=cell.people, n=n, extra=extra,
        provenance=Provenance(id=name)))
    found.cells[name] = cell
    if size is not None:
        found.sizes[name] = size


def _two_way(found, at, arms, levels):
    """The levels within those who work and those who don't."""
    for arm in arms:
        for yes in range(2):
            size = found.cell([at[arm, level, yes] for level in range(levels)], None)
            for level in range(levels):
                _share(found, "groups", "kind", f"l{level}", arm, found.cell([at[arm, level, yes]], None), size, ("works", str(yes)))


def _effects(found, at, arms, levels, sizes, rng):
    """The plain difference of those who work with both means, and the profile's mean of all, for each arm."""
    out = found.sections.setdefault("effects", [])
    for arm in arms[1:]:
        treated, control = (found.cell([at[side, level, 1] for level in range(levels)], sizes[side]) for side in (arm, "control"))
        means = treated.people / treated.total, control.people / control.total
        numbers = {"n": treated.total + control.total, "n_treated": treated.total, "n_control": control.total}
        out.append(Estimate(outcome="works", arm=arm, estimate=means[0] - means[1], provenance=Provenance(id=f"effect.{arm}"), **numbers,
                            extra=FrozenMap(mean_treated=means[0], mean_control=means[1]) if rng.random() < 0.5 else FrozenMap()))
        out.append(Estimate(outcome="works", arm=arm, estimand="complier mean", estimate=0.5, provenance=Provenance(id=f"complier.{arm}"), **numbers,
                            extra=FrozenMap(mean_all=(treated.people + control.people) / numbers["n"])))
        found.sides[f"effect.{arm}"] = found.sides[f"complier.{arm}"] = treated, control


def _flow(found, arms, sizes, rng):
    """Allocated, followed up, lost and why; how many were allocated isn't known but from the boxes."""
    def box(variable, places, arm="", level="", wave=""):
        name = ".".join(part for part in ("flow", variable, level, arm) if part)
        cell = found.cell(places, None)
        found.cells[name] = cell
        found.sections.setdefault("flow", []).append(Statistic(
            table="flow", variable=variable, level=level, arm=arm, wave=wave, kind="count", value=float(cell.people), count=cell.people,
            n=cell.people, provenance=Provenance(id=name)))

    everybody = []
    for arm in arms:
        lost = [int(rng.integers(0, 15)) for _ in range(rng.integers(1, 4))]
        stayed, gone = found.unknown(max(sizes[arm] - sum(lost), 0)), [found.unknown(people) for people in lost]
        box("allocated", [stayed, *gone], arm)
        box("followed_up", [stayed], arm, wave="end")
        box("lost", gone, arm, wave="end")
        if len(gone) > 1:
            for place, people in enumerate(gone):
                box("lost", [people], arm, f"r{place}", "end")
        everybody += [stayed, *gone]
    box("randomized", everybody)


def protected(found, smallest):
    """The ids whose people, or all but whose people, are fewer than the minimum."""
    def small(people):
        return 0 < people < smallest
    return [name for name, cell in found.cells.items() if small(cell.people) or (cell.total is not None and small(cell.total - cell.people))]


def attack(found, shown, rules, targets):
    """The width of what is possible for each target, given what is shown: two linear programs each."""
    from scipy.optimize import linprog

    rows, lows, highs = [], [], []

    def know(weights, low, high):
        line = np.zeros(len(found.people))
        for places, weight in weights:
            line[list(places)] += weight
        rows.append(line)
        lows.append(low)
        highs.append(high)

    for places, total in found.sums:
        know([(places, 1.0)], total, total)
    for name, result in shown.items():
        if name in found.cells:
            cell = found.cells[name]
            know([(cell.places, 1.0)], *_values(result.count, cell.total, rules))
        if name in found.sizes:
            know([(found.sizes[name].places, 1.0)], *_values(result.n, None, rules))
        if name in found.sides:
            _from_estimate(know, result, found.sides[name], rules)
    lines, low, high = np.array(rows), np.array(lows) - 1e-7, np.array(highs) + 1e-7
    system = {"A_ub": np.vstack([lines, -lines]), "b_ub": np.concatenate([high, -low]), "bounds": (0, 600)}
    widths = {}
    for name in targets:
        aim = np.zeros(len(found.people))
        aim[list(found.cells[name].places)] = 1.0
        ends = [linprog(sign * aim, **system) for sign in (1.0, -1.0)]
        assert all(end.status == 0 for end in ends), [end.message for end in ends]
        widths[name] = -ends[1].fun - ends[0].fun
    return widths


def _values(shown, total, rules):
    """The lowest and highest count that is shown as this one: tried one by one."""
    if rules is None or rules.base == 1:
        return shown, shown
    last = total if total is not None else shown + rules.base
    alike = [value for value in range(max(0, shown - rules.base), last + 1) if rules.base * int(value / rules.base + 0.5) == shown]
    values = [value for value in alike if not 0 < value < rules.cell and not (total and 0 < total - value < rules.cell)]
    return min(values), max(values)


def _from_estimate(know, result, sides, rules):
    """What a difference, two means and a mean of all tell of the arms' people."""
    treated, control = sides
    exact = rules is None or rules.base == 1
    half = 1e-9 if exact else 0.5 * 10.0 ** np.floor(np.log10(1 / min(treated.total, control.total)) + 1e-9)
    pair = [(treated.places, 1 / treated.total), (control.places, -1 / control.total)]
    if result.estimand == "ITT":
        know(pair, result.estimate - half, result.estimate + half)
    for cell, name, n in ((treated, "mean_treated", result.n_treated), (control, "mean_control", result.n_control)):
        if name in result.extra:
            know([(cell.places, 1.0)], *_values(round(result.extra[name] * n), cell.total, rules))
    if "mean_all" in result.extra:
        both, people = treated.total + control.total, result.extra["mean_all"] * result.n
        slack = 1e-6 if exact else max(rules.base / 2, half * both)
        know([(treated.places, 1.0), (control.places, 1.0)], people - slack, people + slack)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One system: cells to protect, those told with the gate and without, those that even the cells' own sums tell, numbers withheld of all."""

    thresholds: tuple[int, int]
    protected: int
    told: int
    told_without: int
    exact_without: int
    withheld: int
    small: int
    results: int
    seconds: float


def trial(seed):
    """Attack one system with the gate and without."""
    found = world(seed)
    smallest, base = THRESHOLDS[seed % len(THRESHOLDS)]
    rules = Rules(minimum_cell=smallest, round_counts_to=base, minimum_df=0)
    sections = {name: ResultSet(tuple(items)) for name, items in found.sections.items()}
    start = time.perf_counter()
    released = gate(sections, rules)
    seconds = time.perf_counter() - start
    every = {result.provenance.id: result for name in sections for result in released[name]}
    raw = {result.provenance.id: result for results in sections.values() for result in results}
    shown = {name: result for name, result in every.items() if not is_withheld(result)}
    targets = protected(found, smallest)
    width = smallest - 1 - FLOOR
    with_gate = attack(found, shown, rules, targets)
    without = attack(found, raw, None, targets)
    unfit = [name for name in targets if with_gate[name] < width]
    return Outcome(
        (smallest, base), len(targets), len(unfit), sum(wide < width for wide in without.values()), sum(wide < 0.5 for wide in without.values()),
        len(every) - len(shown), sum(name in targets for name in every), len(every), seconds,
    )


def page(outcomes):
    """The table of all systems, by thresholds."""
    lines = [
        "# What an attacker gets out of a release", "",
        f"Written by `tests/simulation/attack.py`: {len(outcomes)} random systems of linked tables (levels, arms, totals, a two-way table,",
        "effects, a profile, a flow with reasons). A cell is protected where it, or all but it, is under the minimum; it is told where the",
        "smallest and largest value that agree with everything shown (two linear programs) are closer together than the minimum cell less one.",
        "Also withheld: numbers of no small group that went so that no small group could be worked out, in percent of all results.",
        "",
        "| Minimum cell | Rounded to | Systems | Protected cells | Told, gate on | Told, gate off | Exactly, gate off | Also withheld | Results |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for thresholds in (*THRESHOLDS, None):
        group = [item for item in outcomes if thresholds in {item.thresholds, None}]
        if group:
            total = Counter()
            for item in group:
                total.update(protected=item.protected, told=item.told, without=item.told_without, exact=item.exact_without,
                             more=item.withheld - item.small, results=item.results)
            name = "all | " if thresholds is None else f"{thresholds[0]} | {thresholds[1]}"
            share = 100 * total["more"] / total["results"]
            lines.append(f"| {name} | {len(group)} | {total['protected']} | {total['told']} | {total['without']} | {total['exact']} | {share:.0f}% "
                         f"| {total['results']} |")
    return "\n".join(lines) + "\n"


def main(systems=500):
    """Attack so many systems and write the page."""
    outcomes = [trial(seed) for seed in range(systems)]
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(outcomes), encoding="utf-8")
    return outcomes


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
