"""An attacker with two table systems that tell of each other: successive releases of one study, and a national table beside its centres' cards.

Successive: people join and answers change between two releases; the group that an attacker would see is the difference. National and centres:
every centre's table is part of the national one, so centres tell of each other. As in `simulation.attack`, linear programs over the people
of each arm, level (and centre), with everything that is shown; a group is told where he can be sure that it is there and under the minimum.

Run from the repository: ``PYTHONPATH=tests python tests/simulation/attack_twice.py [SYSTEMS]``; it writes `docs/evidence/disclosure_twice.md`.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simulation.attack import THRESHOLDS, _values
from takeup.build.sheets import results_csv
from takeup.release.gate import gate
from takeup.release.rules import Rules
from takeup.release.suppress import is_withheld
from takeup.results import FrozenMap, Provenance, ResultSet, Statistic

PAGE = Path(__file__).resolve().parents[2] / "docs" / "evidence" / "disclosure_twice.md"
ARMS = ("control", "a")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One system: groups to protect, told with the gate knowing of both tables, with each gated alone, without a gate; results and withheld ones."""

    kind: str
    protected: int
    told: int
    alone: int
    without: int
    withheld: int
    results: int


def share(name, variable, level, arm, people, total, group=None):
    """A share as a table has it."""
    extra = FrozenMap() if group is None else FrozenMap(by="centre", level=group)
    return Statistic(table="balance", variable=variable, level=level, arm=arm, kind="share", value=people / total, count=int(people), n=int(total),
                     extra=extra, provenance=Provenance(id=name))


def reach(aim, rows, lows, highs):
    """The smallest and largest value of a sum of unknowns."""
    from scipy.optimize import linprog

    lines, low, high = np.array(rows), np.array(lows, dtype=float) - 1e-6, np.array(highs, dtype=float) + 1e-6
    ends = [linprog(sign * aim, A_ub=np.vstack([lines, -lines]), b_ub=np.concatenate([high, -low]), bounds=(0, 2000)) for sign in (1.0, -1.0)]
    assert all(end.status == 0 for end in ends), [end.message for end in ends]
    return ends[0].fun, -ends[1].fun


def table(people, prefix="balance"):
    """Shares of each level, and of those with the other trait, by arm."""
    arms, levels, _ = people.shape
    out, places = [], {}
    for arm in range(arms):
        total = people[arm].sum()
        for level in range(levels):
            name = f"{prefix}.kind.l{level}.{ARMS[arm]}"
            out.append(share(name, "kind", f"l{level}", ARMS[arm], people[arm, level].sum(), total))
            places[name] = (arm, level, slice(None))
        name = f"{prefix}.works.{ARMS[arm]}"
        out.append(share(name, "works", "", ARMS[arm], people[arm, :, 1].sum(), total))
        places[name] = (arm, slice(None), 1)
    return out, places


def two_moments(rng, smallest):
    """People of each arm by level and another trait, and the same some time later: some answers changed, some people joined."""
    levels = int(rng.integers(3, 6))
    before = rng.multinomial(int(rng.integers(60, 200)), rng.dirichlet(np.full(2 * levels, 2.0)), size=2).reshape(2, levels, 2)
    moved = before.copy()
    for arm in range(2):
        for _ in range(rng.integers(0, 5)):
            level, other = rng.integers(levels, size=2)
            if moved[arm, level, 0]:
                moved[arm, level, 0] -= 1
                moved[arm, other, 0] += 1
        if rng.random() < 0.6:
            moved[arm] += rng.multinomial(int(rng.integers(smallest + 2, 4 * smallest)), rng.dirichlet(np.full(2 * levels, 0.5))).reshape(levels, 2)
    return before, moved


def mask_of(shape, place, half):
    """The unknowns of a cell at one of two moments."""
    out = np.zeros((2, *shape))
    out[(half, *place)] = 1.0
    return out.reshape(-1)


def known_of(moments, releases, places, rules):
    """What two releases tell, with how many people are in each arm at each moment."""
    rows, lows, highs = [], [], []
    for half, (people, shown) in enumerate(zip(moments, releases, strict=True)):
        told = [((arm, slice(None), slice(None)), people[arm].sum(), people[arm].sum()) for arm in range(2)]
        told += [(places[item.provenance.id], *_values(item.count, people[places[item.provenance.id][0]].sum(), rules))
                 for item in shown if not is_withheld(item)]
        for place, low, high in told:
            rows.append(mask_of(people.shape, place, half))
            lows.append(low)
            highs.append(high)
    return rows, lows, highs


def successive(seed):
    """Two releases of one study."""
    rng = np.random.default_rng([seed, 71])
    smallest, base = THRESHOLDS[seed % len(THRESHOLDS)]
    rules = Rules(minimum_cell=smallest, round_counts_to=base, minimum_df=0)
    before, moved = two_moments(rng, smallest)
    (first, places), (second, _) = table(before), table(moved)
    old = gate({"balance": ResultSet(tuple(first))}, rules)
    new = gate({"balance": ResultSet(tuple(second))}, rules, earlier=results_csv(old))
    alone = gate({"balance": ResultSet(tuple(second))}, rules)
    targets = [place for place in places.values() if 0 < abs(moved[place].sum() - before[place].sum()) < smallest]
    found = Counter()
    for what, releases, used in (("told", (old["balance"], new["balance"]), rules), ("alone", (old["balance"], alone["balance"]), rules),
                                 ("without", (first, second), None)):
        known = known_of((before, moved), releases, places, used)
        for place in targets:
            low, high = reach(mask_of(before.shape, place, 1) - mask_of(before.shape, place, 0), *known)
            found[what] += (low > 0.5 or high < -0.5) and max(abs(low), abs(high)) < smallest - 0.5
    return Outcome("successive releases", len(targets), found["told"], found["alone"], found["without"], len(new.withheld()), len(second))


def centres(seed):
    """A national table and a card for each centre, gated together."""
    rng = np.random.default_rng([seed, 72])
    smallest, base = THRESHOLDS[seed % len(THRESHOLDS)]
    rules = Rules(minimum_cell=smallest, round_counts_to=base, minimum_df=0)
    levels, places_n = int(rng.integers(2, 5)), int(rng.integers(3, 6))
    sizes = rng.integers(2 * smallest, 8 * smallest + 20, size=places_n)
    people = np.array([rng.multinomial(n, rng.dirichlet(np.full(levels, rng.choice([0.6, 2.0])))) for n in sizes])
    national = [share(f"national.kind.l{level}", "kind", f"l{level}", "all", people[:, level].sum(), people.sum()) for level in range(levels)]
    national += [share(f"national.centre.c{one}", "centre", f"c{one}", "all", people[one].sum(), people.sum()) for one in range(places_n)]
    cards = {one: [share(f"card.c{one}.kind.l{level}", "kind", f"l{level}", "all", people[one, level], people[one].sum(), f"c{one}")
                   for level in range(levels)] for one in range(places_n)}
    whole = gate({"national": ResultSet(tuple(national)), **{f"card{one}": ResultSet(tuple(items)) for one, items in cards.items()}}, rules)
    apart = [gate({"national": ResultSet(tuple(national))}, rules)["national"],
             *(gate({"card": ResultSet(tuple(items))}, rules)["card"] for items in cards.values())]
    cells = {f"card.c{one}.kind.l{level}": ((one,), (level,)) for one in range(places_n) for level in range(levels)}
    cells |= {f"national.kind.l{level}": (range(places_n), (level,)) for level in range(levels)}
    cells |= {f"national.centre.c{one}": ((one,), range(levels)) for one in range(places_n)}

    def mask(name):
        out = np.zeros(people.shape)
        out[np.ix_(*cells[name])] = 1.0
        return out.reshape(-1)

    small = [name for name in cells if 0 < mask(name) @ people.reshape(-1) < smallest]
    found = Counter()
    shown_by = {"told": [item for name in whole for item in whole[name]], "alone": [item for part in apart for item in part],
                "without": [*national, *(item for items in cards.values() for item in items)]}
    for what, shown in shown_by.items():
        used = None if what == "without" else rules
        rows, lows, highs = [np.ones(people.size)], [people.sum()], [people.sum()]
        for item in shown:
            if not is_withheld(item):
                total = None if item.provenance.id.startswith("card") else int(people.sum())
                low, high = _values(item.count, total, used)
                rows.append(mask(item.provenance.id))
                lows.append(low)
                highs.append(high)
        for name in small:
            low, high = reach(mask(name), rows, lows, highs)
            found[what] += high - low < smallest - 1 - 1e-3
    results = sum(len(items) for items in cards.values()) + len(national)
    return Outcome("national and centres", len(small), found["told"], found["alone"], found["without"], len(whole.withheld()), results)


def trial(seed):
    """One system of either kind."""
    return successive(seed // 2) if seed % 2 == 0 else centres(seed // 2)


def page(outcomes):
    """The table, by kind."""
    lines = [
        "# What two table systems tell of each other", "",
        f"Written by `tests/simulation/attack_twice.py`: {len(outcomes)} random systems. Successive releases: the group to protect is the people by",
        "which a cell changed. National and centres: cells of any of the tables under the minimum. Told is what an attacker with linear programs,",
        "who has all tables, can be sure of.", "",
        "| Tables | Systems | Protected groups | Told, gate knows both | Told, each gated alone | Told, gate off | Withheld | Results |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for kind in dict.fromkeys(item.kind for item in outcomes):
        group = [item for item in outcomes if item.kind == kind]
        sums = [sum(getattr(item, name) for item in group) for name in ("protected", "told", "alone", "without", "withheld", "results")]
        lines.append(f"| {kind} | {len(group)} | {' | '.join(map(str, sums))} |")
    return "\n".join(lines) + "\n"


def main(systems=500):
    """Attack so many and write the page."""
    outcomes = [trial(seed) for seed in range(systems)]
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(outcomes), encoding="utf-8")
    return outcomes


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
