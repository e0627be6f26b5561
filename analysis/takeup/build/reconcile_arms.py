"""The n of the draw itself, of receipt, of weighting and of the roll-out, and of those whom a chapter has no answer of, held against the flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import Fault
from takeup.measure.outcomes import BASELINE
from takeup.results import Bounds, Estimate, Statistic, Test

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pandas import Series

    from takeup.build.reconcile_chapters import Counts, Mask
    from takeup.build.reconcile_rights import Pairs

REMEDY = "Please report it with the plan; no number of this build is to be used."


def _held(item: Any, expected: int, found: int, what: str) -> Iterator[Fault]:
    if expected != found:
        yield Fault(f"{what}: the flow leads to {expected}, the result says {found}", item.provenance.id, remedy=REMEDY)


def arms(counts: Counts) -> Iterator[Fault]:
    """What doesn't fit in the chapters that every study with arms has."""
    yield from _flow(counts)
    yield from _drawn(counts)
    yield from _received(counts)
    yield from _weighted(counts)
    yield from _grouped(counts)
    yield from _rollout(counts)


def _both(counts: Counts, item: Any, inside: Mask) -> int:
    """How many of a mask are in the two arms of a result."""
    return sum(counts.pair(item, inside))


def _flow(counts: Counts) -> Iterator[Fault]:
    """Boxes counted from the rows of the units: the draw, receipt, and those analysed."""
    material, everyone = counts.material, np.ones(len(counts.material.frame), dtype=bool)
    received = material.design.received
    took = None if received is None else (material.frame[received].astype("Float64") > 0).to_numpy(dtype=bool, na_value=False)
    for item in counts.sections["flow"]:
        inside = counts.arm(item.arm) if item.arm else everyone
        if item.variable in {"randomized", "allocated"}:
            yield from _held(item, int(inside.sum()), item.n, "the box isn't the units drawn")
        elif item.variable in {"received", "not_received"} and took is not None:
            yield from _held(item, int((inside & (took if item.variable == "received" else ~took)).sum()), item.n, "the box isn't those on record")
        elif item.variable == "analysed" and item.level:
            yield from _held(item, int((inside & counts.known(item.level)).sum()), item.n, "the box isn't those with the outcome")
        elif item.variable in {"followed_up", "lost"} and not item.level:
            here = _answered_at(counts, item.wave)
            if here is None:
                continue  # answers and people lie in one table, so which rows are empty can't be told apart from the outcomes' own columns
            box = inside & (here if item.variable == "followed_up" else ~here)
            yield from _held(item, int(box.sum()), item.n, "the box isn't those with, or without, an answer")
    yield from _exits(counts)


def _answered_at(counts: Counts, wave: str) -> Mask | None:
    """The units with any answer at a wave: a value in a table of it beside the keys, else in an outcome's column; None where those are items."""
    plan, trial, frame = counts.material.plan, counts.material.trial, counts.material.frame
    unit = trial.columns.unit
    tables = [name for name, its in trial.columns.waves.items() if its == wave and name in trial.tables and name != trial.columns.roster]
    if not tables:
        asked = [outcome for outcome in plan.outcomes if outcome.follow_up == wave]
        if any(outcome.items for outcome in asked):
            return None
        columns = [outcome.id for outcome in asked if outcome.id in frame.columns]
        return np.asarray(frame[columns].notna().to_numpy().any(axis=1)) if columns else np.zeros(len(frame), dtype=bool)
    found: Mask = np.zeros(len(frame), dtype=bool)
    for name in tables:
        table, keys = trial.tables[name], {unit, *trial.columns.schemas[name].primary_key}
        told = np.asarray(table[[column for column in table.columns if column not in keys]].notna().to_numpy().any(axis=1))
        found = found | frame[unit].isin(set(table[unit][told].dropna())).to_numpy(dtype=bool)
    return found


def _exits(counts: Counts) -> Iterator[Fault]:
    """Each reason to be left out before the draw or lost after it: together they make their box, and which one is wrong can't be told."""
    boxes = {(item.variable, item.level, item.arm, item.wave): item for item in counts.sections["flow"]}
    for (name, level, arm, wave), box in boxes.items():
        reasons = [item for key, item in boxes.items() if key[0] == name and key[1] and key[2:] == (arm, wave)]
        if name not in {"excluded", "lost"} or level or not reasons or sum(item.n for item in reasons) == box.n:
            continue
        for item in reasons:
            yield from _held(item, box.n, sum(one.n for one in reasons), "the reasons don't make the box")


def _drawn(counts: Counts) -> Iterator[Fault]:
    """The test of balance is of all who were drawn."""
    for item in counts.sections.get("balance", ()):
        if isinstance(item, Test) and item.n:
            yield from _held(item, int(counts.known(counts.material.design.treatment).sum()), item.n, "its n isn't the units drawn")


def _received(counts: Counts) -> Iterator[Fault]:
    """The share moved is of those whose receipt is known, the compliers' profile of those with the column as well."""
    received = counts.material.design.received
    for item in counts.sections.get("compliance", ()):
        if not isinstance(item, Estimate) or received is None or not item.n:
            continue
        columns = (received,) if item.provenance.id.startswith("compliance.") else (received, item.outcome)
        left = int(item.extra.get("n_left_out", 0))
        yield from _held(item, _both(counts, item, counts.known(*columns)), item.n + left, "its n isn't those whose receipt is known")
        whole = _both(counts, item, np.ones(len(counts.material.frame), dtype=bool))
        yield from _held(item, whole, item.n + left + item.n_missing, "its n and its missing don't make the two arms")


def _weighted(counts: Counts) -> Iterator[Fault]:
    """Standardised differences before and after weighting are of those with the outcome; differences of changes of those who answered twice."""
    for item in counts.sections.get("differences", ()):
        if isinstance(item, Statistic) and item.table == "weighting":
            inside = counts.known(str(item.extra["outcome"]))
            yield from _held(item, _both(counts, item, inside), item.n, "its n isn't those analysed in the two arms")
    for item in counts.sections.get("robustness", ()):
        if isinstance(item, Estimate) and item.provenance.plan_path.endswith(".waves") and item.n:
            twice = counts.known(item.outcome, item.outcome + BASELINE)
            treated, control = counts.pair(item, twice)
            yield from _held(item, treated, item.n_treated, "its n isn't those who answered twice, in the treated arm")
            yield from _held(item, control, item.n_control, "its n isn't those who answered twice, in the control arm")
            missing = _both(counts, item, ~twice)
            yield from _held(item, missing, item.n_missing, "its missing aren't those who didn't answer twice")


def _grouped(counts: Counts) -> Iterator[Fault]:
    """A joint test of groups is of all of them; those missing are the asked whose outcome or group isn't known."""
    material = counts.material
    for item in counts.sections.get("subgroups", ()):
        if not item.n or item.outcome not in counts.paths:
            continue
        group = material.plan.analyses.subgroups[int(item.provenance.plan_path.rpartition("[")[2][:-1])]
        inside = counts.known(item.outcome, material.trial.resolve(group.by))
        if isinstance(item, Test):
            yield from _held(item, _both(counts, item, inside), item.n, "its n isn't those analysed whose group is known")
        else:
            gone = _both(counts, item, counts.asked(item.outcome) & ~inside)
            yield from _held(item, gone, item.n_missing, "its missing aren't those asked less those analysed")


def _rollout(counts: Counts) -> Iterator[Fault]:
    """A roll-out's n is the people who live in the places of its table, each place once."""
    stated = counts.material.plan.rollout
    if stated is None or stated.table not in counts.material.trial.tables:
        return
    table = counts.material.trial.tables[stated.table]
    first = table.groupby(stated.unit, sort=False).first()
    people = len(first) if stated.people is None else int(first[stated.people].sum())
    for item in counts.sections.get("rollout", ()):
        if item.n:
            yield from _held(item, people, item.n, "its n isn't the people who live in the places")


def missing(counts: Counts, families: Pairs, rights: tuple[str, ...]) -> Iterator[Fault]:
    """Whom the chapters on rights have no answer of: of a right those entitled to it, else of both arms, less those in the number."""
    everyone = np.ones(families.size, dtype=bool)
    for name in ("takeup", "waiting", "mechanism", "cost"):
        for item in counts.sections.get(name, ()):
            if not isinstance(item, Estimate | Bounds) or not item.n:
                continue
            asked = everyone
            if name == "takeup" and item.outcome in rights:
                asked = families.entitled(item.outcome, unknown=isinstance(item, Bounds))
            elif name == "takeup" and item.outcome.partition("_")[0] in {"all", "domain", "level"}:
                asked = families.families(families.eligible & families.group(item.outcome))
            left = int(item.extra.get("n_left_out", 0))
            yield from _held(item, _both(counts, item, asked), item.n + left + item.n_missing, "its n and its missing don't make those asked")


def waiting(counts: Counts, families: Pairs) -> Iterator[Fault]:
    """Curves and means of waiting are of the arm less its exits: not heard of, a new right without a day, no day of the last interview."""
    days = _days(counts) if counts.sections.get("waiting") else None
    if days is None:
        return
    wait, exits = families.waited(*days)
    inside = ~np.logical_or.reduce(list(exits.values()))
    for item in counts.sections["waiting"]:
        if isinstance(item, Statistic):
            arm = counts.arm(item.arm)
            yield from _held(item, int((arm & inside).sum()), item.n, _less(exits, arm))
            got = int((arm & (wait <= item.extra["month"])).sum())
            yield from _held(item, got, item.count or 0, "its count isn't those with a new right by then")
        elif isinstance(item, Estimate) and item.n:
            left = int(item.extra.get("n_left_out", 0))
            arms_ = counts.arm(counts.treated(item)) | counts.arm(counts.control)
            yield from _held(item, int((arms_ & inside).sum()), item.n + left, _less(exits, arms_))
            if not left:
                yield from _held(item, counts.pair(item, inside)[0], item.n_treated, "its n of the treated arm isn't those of its curve")


def _days(counts: Counts) -> tuple[Series, Series] | None:
    """(units,) the days of the draw and of the last interview, the latter from the rows of its own table."""
    import pandas as pd

    material = counts.material
    plan, frame, unit, rights = material.plan, material.frame, material.trial.columns.unit, material.rights
    if plan.design.assigned_on is None or rights is None:
        return None
    drawn = pd.to_datetime(frame[material.trial.resolve(plan.design.assigned_on)]).dt.normalize()
    for name, table in plan.data.items():
        if (table.wave or name) == rights.held.waves[-1] and table.measured_on:
            rows = material.trial.tables[name]
            asked = rows.drop_duplicates(unit).set_index(unit)[table.measured_on.rpartition(".")[2]]
            return drawn, pd.to_datetime(frame[unit].map(asked)).dt.normalize()
    return None


def _less(exits: dict[str, Mask], arm: Mask) -> str:
    """What the n should be, with the exits by name."""
    told = ", ".join(f"{int((mask & arm).sum())} {name}" for name, mask in exits.items())
    return f"its n isn't the arm less those who leave it ({told})"
