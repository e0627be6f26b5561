"""Every n of the other chapters (who is missing, rights, waiting, mechanism, cost, groups) held against the flow, by counts of their own.

Rights are counted here from the rows of their table with pandas, not from the arrays that the chapters work with: two ways to the same people.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.build.reconcile_arms import arms, missing, waiting
from takeup.build.reconcile_rights import Pairs, pairs
from takeup.errors import Fault
from takeup.measure.outcomes import BASELINE
from takeup.measure.rights import COMPOSITES, STAGES
from takeup.results import Bounds, Estimate, Statistic
from takeup.study.mechanism import last_link

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pandas import DataFrame

    from takeup.build.reconcile import Path
    from takeup.results import ResultSet
    from takeup.study.material import Material

Mask = np.ndarray[Any, np.dtype[np.bool_]]
REMEDY = "Please report it with the plan; no number of this build is to be used."


@dataclass(frozen=True, slots=True)
class Counts:
    """Whom a result can be of, as masks over the units."""

    material: Material
    sections: Mapping[str, ResultSet]
    paths: Mapping[str, Mapping[str, Path]]
    """By outcome and arm, the way to its analysis."""
    _memo: dict[Any, Mask] = field(default_factory=dict)
    """What was counted once."""

    def once(self, key: Any, make: Callable[[], Any]) -> Mask:
        """The mask that `make` makes, made once."""
        if key not in self._memo:
            self._memo[key] = np.asarray(make(), dtype=bool)
        return self._memo[key]

    def arm(self, arm: object) -> Mask:
        """The units of an arm."""
        frame, design = self.material.frame, self.material.design
        return self.once(("arm", str(arm)), lambda: (frame[design.treatment].astype(str) == str(arm)).to_numpy(dtype=bool, na_value=False))

    def known(self, *columns: str) -> Mask:
        """The units with a value in each of the columns."""
        return self.once(columns, lambda: self.material.frame[list(columns)].notna().to_numpy().all(axis=1))

    def asked(self, outcome: str) -> Mask:
        """The units that an outcome is about."""
        frame = self.material.frame
        return self.once(("asked", outcome), lambda: frame.index.isin(self.material.asked(self.material.plan.outcome(outcome), frame).index))

    @property
    def control(self) -> str:
        """The arm that the others are held against."""
        return str(self.material.design.control)

    def treated(self, item: Any) -> str:
        """The treated arm of a result."""
        return str(item.arm or self.material.arms[0])

    def pair(self, item: Any, inside: Mask) -> tuple[int, int]:
        """How many of a mask are in the result's arm and in control."""
        return int((inside & self.arm(self.treated(item))).sum()), int((inside & self.arm(self.control)).sum())


def chapters(counts: Counts) -> Iterator[Fault]:
    """What doesn't fit, chapter by chapter."""
    yield from arms(counts)
    yield from _attrition(counts)
    yield from _groups(counts)
    rows = _rights(counts)
    if rows is not None:
        assert counts.material.rights is not None
        rights = counts.material.rights
        families = pairs(rows, _log(counts), rights.catalogue, len(counts.material.frame), rights.held.waves)
        yield from _takeup(counts, rows)
        yield from _over_rights(counts, families)
        yield from _mechanism(counts, rows, families)
        yield from missing(counts, families, rights.catalogue.ids)
        yield from waiting(counts, families)
    yield from _cost(counts, rows)
    yield from _places(counts)


def _wrong(item: Any, expected: int, found: int, what: str) -> Iterator[Fault]:
    if expected != found:
        yield Fault(f"{what}: the flow leads to {expected}, the result says {found}", item.provenance.id, remedy=REMEDY)


def _sides(item: Any, expected: tuple[int, int], what: str) -> Iterator[Fault]:
    """Both arms of an estimate, those that its estimator left out said apart."""
    left = int(item.extra.get("n_left_out", 0))
    if not item.n:
        return  # nothing was estimated, and `reason` says why
    if left:
        yield from _wrong(item, sum(expected), item.n + left, what)
        return
    yield from _wrong(item, expected[0], item.n_treated, f"{what}, in the treated arm")
    yield from _wrong(item, expected[1], item.n_control, f"{what}, in the control arm")


def _attrition(counts: Counts) -> Iterator[Fault]:
    """Shares lost are of all who were asked; the others' baseline is of those who have one."""
    frame = counts.material.frame
    for item in counts.sections.get("attrition", ()):
        name = item.provenance.id.split(".")[1]
        ways = counts.paths.get(name)
        if not isinstance(item, Statistic) or ways is None:
            continue
        arms = [item.arm] if item.arm else list(ways)
        arms += [counts.control] if item.kind == "difference" and item.arm != counts.control else []
        if item.kind in {"share", "difference"} and item.variable == "attrition":
            asked = sum(ways[arm].allocated - ways[arm].not_asked for arm in arms)
            yield from _wrong(item, asked, item.n + int(item.extra.get("n_left_out", 0)), "its n isn't those asked")
            if item.kind == "share":
                yield from _wrong(item, sum(ways[arm].missing for arm in arms), item.count or 0, "its count isn't those without an answer")
        elif item.kind == "mean" and name + BASELINE in frame.columns and item.variable.startswith(name):
            answered, asked_rows = counts.known(name), counts.asked(name)
            which = ~answered if any("non" in str(part) for part in (item.level, item.wave)) else answered
            inside = asked_rows & which & counts.known(name + BASELINE)
            yield from _wrong(item, int((inside & counts.arm(item.arm)).sum()), item.n, "its n isn't those with a baseline")


def _groups(counts: Counts) -> Iterator[Fault]:
    """Groups are of those analysed whose group is known; a contrast and a joint test of all of them."""
    material = counts.material
    for position, group in enumerate(material.plan.analyses.subgroups):
        values = material.frame[material.trial.resolve(group.by)]
        names = values.map(lambda value: f"{value:g}" if isinstance(value, float) else str(value), na_action="ignore")
        for item in counts.sections.get("subgroups", ()):
            if item.provenance.plan_path != f"analyses.subgroups[{position}]" or item.outcome not in counts.paths or not item.n:
                continue
            analysed = counts.known(item.outcome, str(values.name))
            if isinstance(item, Estimate) and "reference" not in item.extra:
                here = analysed & (names == str(item.extra["level"])).to_numpy(dtype=bool, na_value=False)
                yield from _sides(item, counts.pair(item, here), "its n isn't those analysed in the group")
            elif isinstance(item, Estimate):
                yield from _sides(item, counts.pair(item, analysed), "its n isn't those analysed whose group is known")


def _rights(counts: Counts) -> DataFrame | None:
    """The table of rights with the row of each unit, its own names; None for a study without rights."""
    rights = counts.material.plan.rights
    table = None if rights is None else _with_row(counts, rights.held)
    return None if table is None else table.assign(right=table["right"].astype(str), wave=table["wave"].astype(str))


def _log(counts: Counts) -> DataFrame | None:
    """The log of contacts with the row of each unit, where it tells of rights and actions."""
    rights = counts.material.plan.rights
    table = None if rights is None or rights.contacts is None else _with_row(counts, rights.contacts)
    return table if table is not None and {"right", "action"} <= set(table.columns) else None


def _with_row(counts: Counts, name: str) -> DataFrame | None:
    """A table of rights or contacts, its columns by takeup's names, with the row of each unit; None where there is no such table."""
    import pandas as pd

    material = counts.material
    if material.plan.rights is None or name not in material.trial.tables:
        return None
    table = material.trial.tables[name]
    table = table.rename(columns={given: own for own, given in material.plan.rights.columns.items() if given in table.columns})
    unit = material.trial.columns.unit
    row = pd.Index(material.frame[unit]).get_indexer(pd.Index(table[unit]))
    kept: DataFrame = table.assign(row=row)[row >= 0]
    return kept


def _of(rows: DataFrame, size: int, wave: str, column: str, right: str = "") -> np.ndarray[Any, np.dtype[np.float64]]:
    """(units,) what a right's rows say at a wave; nan where nothing."""
    here = rows[(rows["wave"] == wave) & (rows["right"] == right)]
    out = np.full(size, np.nan)
    out[here["row"].to_numpy(dtype=int)] = here[column].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    return out


def _answered(counts: Counts, rows: DataFrame) -> Mask:
    """The units of which any receipt is known after the draw."""
    held = counts.material.rights
    assert held is not None
    known = rows[(rows["wave"] == held.held.waves[-1]) & rows["receives"].notna()]
    out = np.zeros(len(counts.material.frame), dtype=bool)
    out[known["row"].to_numpy(dtype=int)] = True
    return out


def _takeup(counts: Counts, rows: DataFrame) -> Iterator[Fault]:
    """Rates are of the eligible with a known answer, effects of the same people, sums over all rights of those who answered."""
    rights = counts.material.rights
    assert rights is not None
    size, before, after = len(counts.material.frame), rights.held.before, rights.held.waves[-1]
    answered = _answered(counts, rows)
    found: dict[str, tuple[Mask, Mask, np.ndarray[Any, Any]]] = {}
    arms = {str(arm): counts.arm(arm) for arm in (counts.control, *counts.material.arms)}
    for right in rights.catalogue.rights:
        eligible = _of(rows, size, before, "eligible", right.id) == 1
        found[right.id] = (eligible, ~np.isnan(_of(rows, size, after, "receives", right.id)), _of(rows, size, before, "receives", right.id))
    for item in counts.sections.get("takeup", ()):
        name = item.variable if isinstance(item, Statistic) else item.outcome
        if name in COMPOSITES or item.provenance.id.startswith("takeup.over_all."):
            if isinstance(item, Estimate):
                yield from _sides(item, counts.pair(item, answered), "its n isn't those who answered")
            elif isinstance(item, Statistic) and item.table == "over_all":
                yield from _wrong(item, int((answered & arms[item.arm]).sum()), item.n, "its n isn't those who answered")
        if name not in found:
            continue
        eligible, known, then = found[name]
        if isinstance(item, Bounds):  # they take in those of whom nobody knows whether they were eligible
            maybe = eligible | np.isnan(_of(rows, size, before, "eligible", name))
            yield from _sides(item, counts.pair(item, maybe & known), "its n isn't the eligible and the maybe eligible with a known answer")
        if isinstance(item, Estimate):
            yield from _sides(item, counts.pair(item, eligible & known), "its n isn't the eligible with a known answer")
        elif isinstance(item, Statistic) and item.table in {"takeup", "non_takeup", "newly_obtained"}:
            inside = eligible & (known if item.wave == after or item.table != "takeup" else ~np.isnan(then))
            inside = inside & (then == 0) if item.table == "newly_obtained" else inside
            yield from _wrong(item, int((inside & arms[item.arm]).sum()), item.n, "its n isn't the eligible with a known answer")


def _over_rights(counts: Counts, families: Pairs) -> Iterator[Fault]:
    """Shares of a family's rights are of the families with a right to ask about: by group, stage and cause, before and after."""
    assert counts.material.rights is not None
    catalogue, before = counts.material.rights.catalogue, counts.material.rights.held.before
    labels = {"all", *(f"domain_{name}" for name in catalogue.domains), *(f"level_{name}" for name in catalogue.levels)}
    cascades = {"all": families.stages(), **{name: families.stages(name) for name in catalogue.domains}}
    gave = families.cause()
    for item in counts.sections.get("takeup", ()):
        name = item.variable if isinstance(item, Statistic) else item.outcome
        if isinstance(item, Estimate) and name in labels:
            yield from _sides(item, counts.pair(item, families.share(name)), "its n isn't the families with a known share of their rights")
        if not isinstance(item, Statistic):
            continue
        arm = counts.arm(item.arm)
        if item.table == "takeup" and name in labels:
            inside = families.share(name, before=item.wave == before)
            yield from _wrong(item, int((inside & arm).sum()), item.n, "its n isn't the families with a known share of their rights")
        elif item.table == "cascade":
            inside = cascades[str(item.extra["group"])]
            yield from _wrong(item, int((inside & arm).sum()), item.n, "its n isn't the families with a right whose every stage is known")
        elif item.table == "causes":
            yield from _wrong(item, int((gave & arm).sum()), item.n, "its n isn't the families that give a cause")
            named = int((families.cause(name, item.level) & arm).sum())
            yield from _wrong(item, named, item.count or 0, "its count isn't the families that give this cause")
        elif item.table in {"unknown_eligibility", "not_entitled", "partly_unknown"}:
            yield from _wrong(item, int((families.counted(item.table, name) & arm).sum()), item.n, "it isn't the number of such families")


def _element(counts: Counts, families: Pairs, item: Statistic) -> Iterator[Fault]:
    """Elements are of the families with a right that they lacked, their count of those for which the action was logged."""
    state, arm = str(item.extra["state"]), counts.arm(item.arm)
    yield from _wrong(item, int((families.element(state) & arm).sum()), item.n, "its n isn't the families with such a right")
    done = int((families.element(state, str(item.extra["action"])) & arm).sum())
    yield from _wrong(item, done, item.count or 0, "its count isn't the families for which this was done")


def _met(counts: Counts, item: Statistic) -> int:
    """Families of an arm with a contact of this sort in the log."""
    rights = counts.material.plan.rights
    log = None if rights is None or rights.contacts is None else _with_row(counts, rights.contacts)
    if log is None:
        return 0
    rows = log["row"][(log[item.variable].astype("object") == item.level).to_numpy(dtype=bool, na_value=False)]
    return int(counts.arm(item.arm)[rows.unique()].sum())


def _mechanism(counts: Counts, rows: DataFrame, families: Pairs) -> Iterator[Fault]:
    """Contacts are of the whole arm, stages of a chain of those with a right to ask about; its last link is the outcome's own effect."""
    everybody, answered = np.ones(len(counts.material.frame), dtype=bool), _answered(counts, rows)
    end = last_link(counts.material)
    for item in counts.sections.get("mechanism", ()):
        head, _, rest = item.provenance.id.partition(".")
        if isinstance(item, Statistic):
            whole = int(counts.arm(item.arm).sum())
            if head in {"dose", "contacts"}:
                yield from _wrong(item, whole, item.n, "its n isn't the whole arm")
                if head == "contacts":
                    yield from _wrong(item, _met(counts, item), item.count or 0, "its count isn't the families with such a contact")
            elif head == "elements":
                yield from _element(counts, families, item)
            elif item.n > whole or (item.count or 0) > item.n:
                yield from _wrong(item, whole, max(item.n, item.count or 0), "it tells of more people than the arm has")
        elif isinstance(item, Estimate) and (head == "dose" or rest.startswith("contact")):
            yield from _sides(item, counts.pair(item, everybody), "its n isn't the whole arm")
        elif isinstance(item, Estimate) and head == "chain" and item.outcome in STAGES and (end is None or item.outcome != end.id):
            yield from _sides(item, counts.pair(item, families.stages()), "its n isn't the families with a right whose every stage is known")
        elif isinstance(item, Estimate) and item.outcome in counts.paths and head == "chain":
            ways = counts.paths[item.outcome]
            yield from _sides(item, (ways[counts.treated(item)].analysed, ways[counts.control].analysed), "its n isn't those analysed")
        elif isinstance(item, Estimate) and item.outcome in counts.paths and item.n:
            inside = answered & counts.material.frame[item.outcome].notna().to_numpy()
            yield from _sides(item, counts.pair(item, inside), "its n isn't those with the outcome and known rights")


def _cost(counts: Counts, rows: DataFrame | None) -> Iterator[Fault]:
    """Hours and euros are of the whole arm, the cost of one more of those who have it known."""
    stated = counts.material.plan.cost
    if stated is None:
        return
    frame = counts.material.frame
    hours = np.ones(len(frame), dtype=bool)
    if stated.hours is not None:
        hours = frame[counts.material.trial.resolve(stated.hours)].notna().to_numpy()
    for item in counts.sections.get("cost", ()):
        if isinstance(item, Statistic):
            yield from _wrong(item, int((hours & counts.arm(item.arm)).sum()), item.n, "its n isn't the arm's people with hours on record")
        elif isinstance(item, Estimate) and not isinstance(item, Bounds):
            known = frame[item.outcome].notna().to_numpy() if item.outcome in frame.columns else None if rows is None else _answered(counts, rows)
            if known is not None:
                yield from _sides(item, counts.pair(item, hours & known), "its n isn't those who answered")


def _places(counts: Counts) -> Iterator[Fault]:
    """Numbers of a place are of the arm's people there; of outcomes, of those measured at the start and at the end."""
    frame = counts.material.frame
    for item in counts.sections.get("places", ()):
        inside = counts.arm(item.arm)
        if "level" in item.extra:
            inside = inside & (frame[item.extra["by"]].astype(str) == item.extra["level"]).to_numpy(dtype=bool, na_value=False)
        if item.level:
            here = inside & (frame[item.variable].astype(str) == item.level).to_numpy(dtype=bool, na_value=False)
            yield from _wrong(item, int(here.sum()), item.count or 0, "its count isn't the place's people")
        name = item.variable.partition(".")[0]
        if name in frame.columns and name + BASELINE in frame.columns:
            inside = inside & frame[[name, name + BASELINE]].notna().to_numpy().all(axis=1)
        if item.variable != "attendance":
            yield from _wrong(item, int(inside.sum()), item.n, "its n isn't those of the place and arm")
