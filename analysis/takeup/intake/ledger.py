"""The ledger: every record's path from assessed to analysed, with the reason where it ends. It holds positions and counts, no id."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import Fault, IntakeError
from takeup.intake.read import code_text
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pandas import DataFrame, Series

    from takeup.intake.trial_checks import Material

Mask = np.ndarray[Any, np.dtype[np.bool_]]
Codes = np.ndarray[Any, np.dtype[np.int64]]
NO_RECORD, NO_ANSWER, UNKNOWN, NOT_RANDOMIZED = "no_record", "no_answer", "unknown", "not_randomized"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class Ledger:
    """The path of each randomised unit, in the order of the frame of units.

    Attributes
    ----------
    arms : labels, control first; `arm` (n,) positions in it
    received : (n,) programme taken up, nan where that isn't known; None where the plan names no column
    waves : waves after the draw; `followed` (waves, n)
    reasons : reasons to be lost; `reason` (waves, n) positions in it, -1 for those followed up
    analysed : outcome -> (n,) in the analysis of that outcome
    clusters : (n,) codes, None where the plan names none
    assessed : how many were assessed, None where nobody says
    excluded : reason -> how many left before the draw
    """

    arms: tuple[str, ...]
    arm: Codes
    received: np.ndarray[Any, np.dtype[np.float64]] | None
    waves: tuple[str, ...]
    followed: Mask
    reasons: tuple[str, ...]
    reason: Codes
    clusters: Codes | None = None
    assessed: int | None = None
    excluded: Mapping[str, int] = field(default_factory=FrozenMap)
    analysed: Mapping[str, Mask] = field(default_factory=FrozenMap)

    def __post_init__(self) -> None:
        for array in (self.arm, self.received, self.followed, self.reason, self.clusters, *self.analysed.values()):
            if array is not None:
                array.setflags(write=False)

    def __repr__(self) -> str:
        followed = ", ".join(f"{int(row.sum())} followed up at {wave}" for wave, row in zip(self.waves, self.followed, strict=True))
        return f"Ledger({self.n} randomised to {len(self.arms)} arms; {followed})"

    @property
    def n(self) -> int:
        """How many units were randomised."""
        return int(self.arm.size)

    def in_arm(self, arm: str) -> Mask:
        """(n,) whether a unit is in this arm."""
        found: Mask = self.arm == self.arms.index(arm)
        return found

    def lost(self, wave: str, arm: str) -> dict[str, int]:
        """How many of an arm were lost at a wave, by reason; reasons that don't occur are left out."""
        row = self.waves.index(wave)
        codes = self.reason[row][self.in_arm(arm) & ~self.followed[row]]
        counts = np.bincount(codes, minlength=len(self.reasons))
        return {name: int(count) for name, count in zip(self.reasons, counts, strict=True) if count}

    def count(self, units: Mask) -> tuple[int, int | None]:
        """How many units, and how many clusters they lie in."""
        return int(units.sum()), None if self.clusters is None else int(np.unique(self.clusters[units]).size)

    def with_analysed(self, analysed: Mapping[str, Any]) -> Ledger:
        """The same ledger with the units of each outcome's analysis.

        Parameters
        ----------
        analysed : outcome -> (n,) booleans, in the order of the units

        Raises
        ------
        IntakeError
            An array of another length than there are units.
        """
        masks = {name: np.array(mask, dtype=bool) for name, mask in analysed.items()}
        wrong = [name for name, mask in masks.items() if mask.shape != (self.n,)]
        if wrong:
            raise IntakeError(*(Fault("is about another number of units than were randomised", name, f"{self.n} values") for name in wrong))
        return replace(self, analysed=FrozenMap(masks))


def build_ledger(material: Material, units: DataFrame, kept: Mask, arms: tuple[str, ...], arm: Codes) -> Ledger:
    """Follow every row of the roster.

    Parameters
    ----------
    units : the frame of randomised units
    kept : (rows of the roster) whether the row was randomised
    arms, arm : labels, and each unit's position in them
    """
    plan, columns = material.plan, material.columns
    status = _status(material)
    held = {*columns.waves.values(), *(wave for outcome in plan.outcomes for wave in outcome.waves)}
    waves = tuple(wave for wave in columns.follow_ups if wave in held)
    known = material.roster[columns.unit][kept]
    rows = [_at_wave(material, wave, known, units) for wave in waves]
    followed = np.array([answered for _, answered in rows], dtype=bool).reshape(len(waves), len(units))
    told = status[kept]
    words = [np.where(answered, "", np.where(told != "", told, np.where(recorded, NO_ANSWER, NO_RECORD))) for recorded, answered in rows]
    reasons = tuple(sorted({str(word) for row in words for word in row if word}))
    reason = np.array([[reasons.index(word) if word else -1 for word in row] for row in words], dtype=np.int64).reshape(len(waves), len(units))
    assessed, excluded = _before_the_draw(material, status, kept)
    receipt = None if plan.design.received is None else units[columns.resolve(plan.design.received)]
    received = None if receipt is None else receipt.to_numpy(dtype=np.float64, na_value=np.nan).copy()
    return Ledger(
        arms=arms, arm=arm, received=received, waves=waves, followed=followed, reasons=reasons, reason=reason, assessed=assessed,
        excluded=excluded, clusters=_codes(units, columns.resolve(plan.design.clusters)) if plan.design.clusters else None,
        analysed=FrozenMap(_observed(material, units)),
    )


def _status(material: Material) -> np.ndarray[Any, np.dtype[Any]]:
    column = material.column(material.plan.flow.status)
    if column is None:
        return np.full(len(material.roster), "", dtype=object)
    return np.array(["" if gone else code_text(value) for gone, value in zip(column.isna(), column.astype(object), strict=True)], dtype=object)


def _at_wave(material: Material, wave: str, known: Series, units: DataFrame) -> tuple[Mask, Mask]:
    """Whether each unit has a row at the wave, and an answer in it."""
    columns = material.columns
    recorded = np.zeros(len(units), dtype=bool)
    answered = np.zeros(len(units), dtype=bool)
    tables = [table for table, its in columns.waves.items() if its == wave and table in material.frames and table != columns.roster]
    for table in tables:
        frame = material.frames[table]
        answers = frame.drop(columns=[columns.unit, *columns.schemas[table].primary_key], errors="ignore")
        full = frame[columns.unit][answers.notna().any(axis=1)]
        recorded |= known.isin(frame[columns.unit].dropna()).to_numpy(dtype=bool)
        answered |= known.isin(full.dropna()).to_numpy(dtype=bool)
    if not tables:
        for outcome in material.plan.outcomes:
            names = [name for name in (outcome.column, *outcome.items) if name and wave == outcome.follow_up]
            for name in names:
                place = columns.at_wave(name, wave, alone=len(outcome.waves) == 1)
                answered |= units[columns.names[place]].notna().to_numpy()
        recorded[:] = True
    return recorded, answered


def _before_the_draw(material: Material, status: Any, kept: Mask) -> tuple[int | None, FrozenMap]:
    """How many were assessed and why some weren't randomised: as the plan says, else as the rows without an arm do."""
    flow, randomized = material.plan.flow, int(kept.sum())
    seen: dict[str, int] = {}
    for word in status[~kept]:
        seen[word or UNKNOWN] = seen.get(word or UNKNOWN, 0) + 1
    baseline = [frame for table, frame in material.frames.items() if material.columns.waves.get(table) in material.columns.baseline]
    unknown = {value for frame in baseline if material.columns.unit in frame for value in frame[material.columns.unit].dropna()}
    unknown -= set(material.roster[material.columns.unit].dropna())
    if unknown:
        seen[NOT_RANDOMIZED] = len(unknown)
    if flow.excluded:
        return flow.assessed or randomized + sum(flow.excluded.values()), FrozenMap(dict(flow.excluded))
    if flow.assessed is not None:
        return flow.assessed, FrozenMap(seen if sum(seen.values()) == flow.assessed - randomized else {UNKNOWN: flow.assessed - randomized})
    return (randomized + sum(seen.values()), FrozenMap(seen)) if seen else (None, FrozenMap())


def _observed(material: Material, units: DataFrame) -> dict[str, Mask]:
    """Units whose outcome is observed at follow-up, for outcomes made of one column."""
    found = {}
    for outcome in material.plan.outcomes:
        if outcome.column is not None:
            place = material.columns.outcome(outcome, outcome.follow_up)
            found[outcome.id] = units[material.columns.names[place]].notna().to_numpy().copy()
    return found


def _codes(units: DataFrame, name: str) -> Codes:
    import pandas as pd

    return pd.factorize(units[name])[0].astype(np.int64)
