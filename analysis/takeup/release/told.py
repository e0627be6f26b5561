"""What the results of a study tell of how many people, tied together: the system that an attacker would write down.

A cell is the number of people of an arm who have something: a level of a variable, or the "yes" of a variable with two values; in a group
of the arm where the result's `by` and `level` name one, so that the groups of a two-way table add up to the arm. The same people told by
several tables are one cell. Levels that hold everybody add up to the arm, arms add up to all, the boxes of the flow add up;
differences and means of 0/1 outcomes tell of two cells at once. Relations are used where they hold in the data, since an attacker who
guesses right is the one to fear; he is taken to know how many people each share is of.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.release.paired import ties
from takeup.release.precision import looks_binary, width_of
from takeup.release.solve import Row, System
from takeup.results import Estimate, Statistic

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping

    from takeup.release.rules import Rules
    from takeup.results import Result, ResultSet

YES = ""
NO_GROUP = ("", "")
FLOW = "flow"
CLOSE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """So many people of so many, told by a result."""

    unit: str
    variable: str
    wave: str
    level: str
    arm: str
    people: int
    total: int
    group: tuple[str, str] = NO_GROUP


def told(item: Result, binary: frozenset[str], control: str) -> tuple[Told, ...]:
    """The people that one result tells of; nothing where it tells of none, or where it is a box of the flow."""
    if isinstance(item, Statistic) and item.table != FLOW and item.n > 0:
        people = people_of(item, binary)
        if people is None:
            return ()
        level = item.level
        if item.table == "non_takeup" or (item.table == "distribution" and level == "0" and item.variable in binary):
            people, level = item.n - people, YES
        elif item.table == "distribution" and level == "1" and item.variable in binary:
            level = YES
        group = (str(item.extra["by"]), str(item.extra["level"])) if {"by", "level"} <= set(item.extra) else NO_GROUP
        return (Told(unit=item.provenance.id, variable=item.variable, wave=item.wave, level=level, arm=item.arm, people=people, total=item.n,
                     group=group),)
    if isinstance(item, Estimate) and item.outcome in binary:
        sides = ((item.arm, item.extra.get("mean_treated"), item.n_treated), (control, item.extra.get("mean_control"), item.n_control))
        return tuple(
            Told(unit=item.provenance.id, variable=item.outcome, wave="", level=YES, arm=arm, people=round(mean * n), total=n)
            for arm, mean, n in sides if mean is not None and n > 0 and abs(mean * n - round(mean * n)) < CLOSE
        )
    return ()


def people_of(item: Statistic, binary: frozenset[str]) -> int | None:
    """How many people a share, or a mean of a variable with two values, tells of."""
    if item.kind == "share" and item.count is not None:
        return item.count
    if item.kind != "mean" or not math.isfinite(item.value):
        return None
    share = item.count is not None and abs(item.value * item.n - item.count) < CLOSE
    return round(item.value * item.n) if share or item.variable in binary else None


def binaries(sections: Mapping[str, ResultSet]) -> frozenset[str]:
    """The variables and outcomes with two values, known by their means: each is a whole number of people, and some lie between none and all.

    Of an outcome the means of one estimate are enough, since an adjusted one's needn't be whole.
    """
    means: dict[str, list[tuple[float, int]]] = {}
    two, beyond = set[str](), set[str]()
    for item in _all(sections):
        if isinstance(item, Statistic) and item.kind in {"mean", "share"} and item.table != FLOW and math.isfinite(item.value) and item.n:
            if item.kind == "mean" or not item.level:
                means.setdefault(item.variable, []).append((item.value, item.n))
        elif isinstance(item, Estimate) and {"mean_treated", "mean_control"} <= set(item.extra):
            pair = [(float(item.extra[name]), n) for name, n in (("mean_treated", item.n_treated), ("mean_control", item.n_control)) if n]
            two |= {item.outcome} if looks_binary(pair) else set()
            beyond |= {item.outcome} if any(not 0 <= mean <= 1 for mean, _ in pair) else set()
    bins: dict[str, set[str]] = {}
    for item in _all(sections):
        if isinstance(item, Statistic) and item.table == "distribution":
            bins.setdefault(item.variable, set()).add(item.level)
    two |= {name for name, levels in bins.items() if levels == {"0", "1"}}
    return frozenset((two - beyond) | {name for name, pairs in means.items() if looks_binary(pairs)})


def control_of(sections: Mapping[str, ResultSet]) -> str:
    """The arm that no effect is of; "control" where that doesn't tell it."""
    arms = {item.arm for item in _all(sections) if isinstance(item, Statistic) and item.arm}
    left = arms - {item.arm for item in _all(sections) if isinstance(item, Estimate)}
    return next(iter(left)) if len(left) == 1 else "control"


def system(sections: Mapping[str, ResultSet], rules: Rules, binary: frozenset[str]) -> System:
    """All that is told of people, as cells and rows; protected are the cells under the minimum, and those that all but so few have."""
    control = control_of(sections)
    every = [piece for item in _all(sections) for piece in told(item, binary, control)]
    draft = _Draft(rules, _families(every))
    for piece in every:
        draft.tell(piece)
    _levels(draft, every)
    _arms(draft, every)
    _groups(draft, every)
    _together(draft, sections, every, control)
    for pieces, weights, low, high, unit in ties(every, _all(sections), rules):
        draft.add(tuple(draft.of(piece) for piece in pieces), weights, low, high, unit)
    _flow(draft, [item for item in _all(sections) if isinstance(item, Statistic) and item.table == FLOW and item.kind == "count"])
    return draft.system()


def _all(sections: Mapping[str, ResultSet]) -> Iterator[Any]:
    return (item for results in sections.values() for item in results)


Key = tuple["Hashable", ...]


def _key(piece: Told) -> Key:
    if piece.level == YES:
        return piece.variable, YES, piece.arm, piece.people, piece.total, *piece.group
    return piece.variable, piece.wave, piece.level, piece.arm, piece.total, *piece.group


def _families(every: Iterable[Told]) -> dict[Key, Key]:
    """The first name of each "yes": variables with the same people in the same arms are one, whatever each table calls it."""
    groups: dict[tuple[str, str], set[tuple[str, int, int]]] = {}
    for piece in every:
        if piece.level == YES and piece.arm and piece.group == NO_GROUP:
            groups.setdefault((piece.variable, piece.wave), set()).add((piece.arm, piece.people, piece.total))
    first: dict[frozenset[tuple[str, int, int]], str] = {}
    names: dict[Key, Key] = {}
    for (variable, _), cells in groups.items():
        same = first.setdefault(frozenset(cells), variable) if len(cells) > 1 else variable
        for arm, people, total in cells:
            first_key = (same, YES, arm, people, total, *NO_GROUP)
            names.setdefault((variable, YES, arm, people, total, *NO_GROUP), names.get(first_key, first_key))
    return names


class _Draft:
    """A system under construction."""

    def __init__(self, rules: Rules, names: Mapping[Key, Key]) -> None:
        self.rules, self.names = rules, names
        self.cells: dict[Key, int] = {}
        self.people: list[int] = []
        self.caps: list[float] = []
        self.rows: dict[Row, None] = {}

    def cell(self, key: Key, people: int, cap: float) -> int:
        """The number of a cell, new where it hasn't been met."""
        name = self.names.get(key, key)
        if name not in self.cells:
            self.cells[name] = len(self.people)
            self.people.append(people)
            self.caps.append(cap)
        return self.cells[name]

    def of(self, piece: Told) -> int:
        """The cell of so many people of so many; of how many isn't known where those are too few themselves."""
        return self.cell(_key(piece), piece.people, math.inf if self.rules.small(piece.total) else piece.total)

    def tell(self, piece: Told) -> None:
        """What a result shows of a cell."""
        known = piece.group == NO_GROUP and not self.rules.small(piece.total)
        self.shown(self.of(piece), piece.people, piece.unit, piece.total if known else math.inf)

    def shown(self, cell: int, people: int, unit: str, total: float = math.inf) -> None:
        """A cell that a result shows, within its rounding."""
        low, high = self.rules.span(people, total)
        self.add((cell,), (1.0,), low, high, unit)

    def add(self, cells: tuple[int, ...], weights: tuple[float, ...], low: float, high: float, unit: str = "") -> None:
        """A row; the same one once."""
        self.rows[Row(cells=cells, weights=weights, low=low, high=high, unit=unit)] = None

    def system(self) -> System:
        """All of it, with the cells to protect."""
        small = {
            cell: float(self.rules.width) for cell, (people, cap) in enumerate(zip(self.people, self.caps, strict=True))
            if self.rules.small(people) or (math.isfinite(cap) and self.rules.small(cap - people))
        }
        most = max(self.people, default=0) + self.rules.cell
        return System(caps=np.array([min(cap, most) for cap in self.caps], dtype=np.float64), rows=tuple(self.rows), widths=small)


def _levels(draft: _Draft, every: Iterable[Told]) -> None:
    """The levels of a variable that hold everybody of an arm."""
    groups: dict[Key, dict[str, Told]] = {}
    for piece in every:
        if piece.level != YES:
            groups.setdefault((piece.variable, piece.wave, piece.arm, piece.total, piece.group), {})[piece.level] = piece
    for levels in groups.values():
        pieces = tuple(levels.values())
        total = pieces[0].total
        if len(pieces) > 1 and pieces[0].group == NO_GROUP and not draft.rules.small(total) and sum(piece.people for piece in pieces) == total:
            draft.add(tuple(draft.of(piece) for piece in pieces), (1.0,) * len(pieces), total, total)


def _groups(draft: _Draft, every: Iterable[Told]) -> None:
    """Two-way tables: the levels within a group make up the group, the groups of a level make up the level."""
    plain = {(piece.variable, piece.level, piece.arm, piece.people): piece for piece in every if piece.group == NO_GROUP}
    within: dict[Key, dict[str, Told]] = {}
    across: dict[Key, dict[str, Told]] = {}
    for piece in every:
        if piece.group != NO_GROUP:
            within.setdefault((piece.variable, piece.wave, piece.arm, piece.group, piece.total), {})[piece.level] = piece
            across.setdefault((piece.variable, piece.wave, piece.arm, piece.level, piece.group[0]), {})[piece.group[1]] = piece
    for levels in within.values():
        pieces = tuple(levels.values())
        total, (by, level) = pieces[0].total, pieces[0].group
        group = plain.get((by, level, pieces[0].arm, total)) or plain.get((by, YES, pieces[0].arm, total))
        size = draft.cell(("size", by, level, pieces[0].arm, total), total, math.inf) if group is None else draft.of(group)
        others = [] if group else [piece for (name, yes, arm, _), piece in plain.items() if (name, yes, arm) == (by, YES, pieces[0].arm)]
        for rest in others:
            if rest.total - rest.people == total:
                draft.add((size, draft.of(rest)), (1.0, 1.0), rest.total, rest.total)
        for piece in pieces:
            draft.shown(size, total, piece.unit)
            if piece.level == YES:
                draft.add((draft.of(piece), size), (-1.0, 1.0), 0.0, math.inf)
        if len(pieces) > 1 and sum(piece.people for piece in pieces) == total:
            draft.add((size, *(draft.of(piece) for piece in pieces)), (-1.0, *(1.0 for _ in pieces)), 0.0, 0.0)
    for groups in across.values():
        pieces = tuple(groups.values())
        whole = plain.get((pieces[0].variable, pieces[0].level, pieces[0].arm, sum(piece.people for piece in pieces)))
        if whole is not None:
            draft.add((draft.of(whole), *(draft.of(piece) for piece in pieces)), (-1.0, *(1.0 for _ in pieces)), 0.0, 0.0)


def _by_arm(every: Iterable[Told]) -> dict[tuple[str, str, str], dict[str, Told]]:
    groups: dict[tuple[str, str, str], dict[str, Told]] = {}
    for piece in every:
        if piece.group == NO_GROUP:
            groups.setdefault((piece.variable, piece.wave, piece.level), {}).setdefault(piece.arm, piece)
    return groups


def _arms(draft: _Draft, every: Iterable[Told]) -> None:
    """The arms that make up all; where a table has several populations of one variable, those of which the sums agree."""
    of_arms = [piece for piece in every if piece.arm]
    for piece in every:
        if piece.arm:
            continue
        peers: dict[str, Told] = {}
        for other in of_arms:
            same = (other.variable, other.wave, other.level, other.group) == (piece.variable, piece.wave, piece.level, piece.group)
            if same and _kin(piece.unit, other.unit):
                peers.setdefault(other.arm, other)
        if peers and sum(other.people for other in peers.values()) == piece.people and sum(other.total for other in peers.values()) == piece.total:
            draft.add((draft.of(piece), *(draft.of(other) for other in peers.values())), (-1.0, *(1.0 for _ in peers)), 0.0, 0.0)


def _kin(one: str, other: str) -> bool:
    """Whether two results stand in the same table: their ids start alike."""
    return one.split(".")[:2] == other.split(".")[:2]


def _together(draft: _Draft, sections: Mapping[str, ResultSet], every: Iterable[Told], control: str) -> None:
    """Numbers made of two arms' cells: means of all, differences."""
    rules = draft.rules
    subjects: dict[tuple[str, str], list[dict[str, Told]]] = {}
    for (variable, _, level), found in _by_arm(every).items():
        if control in found:
            subjects.setdefault((variable, level), []).append(found)
    for item in _all(sections):
        about = _subject(item)
        for cells in () if about is None else subjects.get(about, ()):
            if item.arm not in cells:
                continue
            treated, other = cells[item.arm], cells[control]
            pair, half = (draft.of(treated), draft.of(other)), 0.0 if rules.base == 1 else width_of(item) / 2
            both = treated.total + other.total
            everybody = item.extra.get("mean_all", math.nan)
            if abs((treated.people + other.people) / both - everybody) < CLOSE:
                draft.add(pair, (1.0, 1.0), (everybody - half) * both, (everybody + half) * both, item.provenance.id)
            for gap in _gaps(item):
                if abs(treated.people / treated.total - other.people / other.total - gap) < CLOSE:
                    weights = 1.0, -treated.total / other.total
                    draft.add(pair, weights, (gap - half) * treated.total, (gap + half) * treated.total, item.provenance.id)


def _subject(item: Result) -> tuple[str, str] | None:
    """The variable and level that a number on two arms is about."""
    if isinstance(item, Statistic):
        return (item.variable, item.level) if "difference" in item.kind else None
    if isinstance(item, Estimate):
        return (item.outcome, item.term if item.estimand == "complier mean" else YES)
    return None


def _gaps(item: Result) -> tuple[float, ...]:
    """The numbers of a result that could be a plain difference between two arms' shares."""
    if isinstance(item, Estimate):
        return (item.estimate,)
    assert isinstance(item, Statistic)
    return tuple(value for value in (item.value if item.kind == "difference" else None, item.extra.get("difference")) if value is not None)


def _flow(draft: _Draft, boxes: list[Statistic]) -> None:
    """The boxes of the flow, which add up: an arm's boxes to the arm, reasons to their box, analysed to followed up where all were."""
    at: dict[tuple[str, str, str, str], int] = {}
    for box in boxes:
        if math.isfinite(box.value):
            place = (box.variable, box.level, box.arm, box.wave)
            at[place] = draft.cell((FLOW, *place), int(box.value), math.inf)
            draft.shown(at[place], int(box.value), box.provenance.id)

    def whole(total: tuple[str, str, str, str], parts: list[tuple[str, str, str, str]]) -> None:
        present = [at[part] for part in parts if part in at]
        if total in at and len(present) == len(parts) > 0 and sum(draft.people[cell] for cell in present) == draft.people[at[total]]:
            draft.add((at[total], *present), (-1.0, *(1.0 for _ in present)), 0.0, 0.0)

    arms = list(dict.fromkeys(box.arm for box in boxes if box.arm))
    whole(("assessed", "", "", ""), [("excluded", "", "", ""), ("randomized", "", "", "")])
    whole(("randomized", "", "", ""), [("allocated", "", arm, "") for arm in arms])
    waves = list(dict.fromkeys(box.wave for box in boxes if box.wave))
    whole(("assessed", "", "", ""), [("excluded", "", "", ""), ("started", "", "", "")])
    whole(("started", "", "", ""), [("completed", "", "", ""), ("left", "", "", "")])
    for wave in waves:
        whole(("started", "", "", ""), [("followed_up", "", "", wave), ("lost", "", "", wave)])
    for arm in arms:
        whole(("allocated", "", arm, ""), [("received", "", arm, ""), ("not_received", "", arm, "")])
        for wave in waves:
            whole(("allocated", "", arm, ""), [("followed_up", "", arm, wave), ("lost", "", arm, wave)])
        for variable, level, _, wave in [place for place in at if place[0] == "analysed" and place[2] == arm]:
            for seen in waves:
                whole(("followed_up", "", arm, seen), [(variable, level, arm, wave)])
    for variable, _, arm, wave in [place for place in at if not place[1] and place[0] != "analysed"]:
        whole((variable, "", arm, wave), [place for place in at if place[1] and (place[0], place[2], place[3]) == (variable, arm, wave)])
