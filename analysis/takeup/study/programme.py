"""What the chapters on the programme share: its columns and tables as the plan names them, attendance and months by unit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.measure.outcomes import baseline_of
from takeup.results import FrozenMap, Statistic

if TYPE_CHECKING:
    from pandas import DataFrame

    from takeup.estimate.arrays import Floats
    from takeup.plan.model import Outcome
    from takeup.study.material import Material

ATTENDED, RECIPIENTS, YEAR, PLACES = "attended", "recipients", "year", "places"
"""Columns of the tables of sessions, centres and participation."""
MONTH = 365.25 / 12.0
PATH = "programme"


def column(material: Material, part: str) -> str | None:
    """The frame's column of a part of the programme (`centre`, `group`, ...); None where the plan doesn't name it."""
    programme = material.plan.programme
    name = None if programme is None else getattr(programme, part)
    return None if name is None else material.trial.resolve(name)


def table(material: Material, part: str, *columns: str) -> DataFrame | None:
    """A table of the programme; None where the plan names none, or it lacks one of the columns."""
    programme = material.plan.programme
    name = None if programme is None else getattr(programme, part)
    if name is None or name not in material.trial.tables:
        return None
    found = material.trial.tables[name]
    return found if set(columns) <= set(found.columns) else None


def key(material: Material) -> str:
    """The name of the centre's column in the tables of centres and participation."""
    programme = material.plan.programme
    return "" if programme is None or programme.centre is None else programme.centre.rpartition(".")[2]


def measured_twice(material: Material, kind: str) -> tuple[tuple[Outcome, str], ...]:
    """The outcomes of a kind with the frame's column of their baseline."""
    pairs = ((outcome, baseline_of(outcome)) for outcome in material.plan.outcomes if outcome.kind == kind)
    return tuple((outcome, before) for outcome, before in pairs if before is not None)


def attendance(material: Material, frame: DataFrame) -> Floats | None:
    """By row of the frame the share of its sessions that a unit came to; nan without any. None where no sessions were recorded."""
    from takeup.describe.dose import attendance as of_log

    unit = material.trial.columns.unit
    log = table(material, "sessions", unit, ATTENDED)
    if log is None:
        return None
    share = of_log(log, unit=unit, attended=ATTENDED)["share"]
    found: Floats = share.reindex(frame[unit]).to_numpy(dtype=np.float64)
    return found


def months(material: Material, frame: DataFrame) -> Floats | None:
    """By row the months from start to end; None where the dates aren't recorded."""
    import pandas as pd

    start, end = column(material, "start"), column(material, "end")
    if start is None or end is None:
        return None
    days = (pd.to_datetime(frame[end]) - pd.to_datetime(frame[start])).dt.days
    found: Floats = days.to_numpy(dtype=np.float64, na_value=np.nan) / MONTH
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """A part of the people: a centre by its label, or everybody where it is empty. `rows` (n,) of the frame."""

    level: str
    by: str
    rows: np.ndarray[Any, np.dtype[np.bool_]]

    @property
    def extra(self) -> dict[str, Any]:
        """What tells the part apart, for the gate."""
        return {"by": self.by, "level": self.level} if self.level else {}

    def share(self, table_: str, variable: str, values: Floats, *, wave: str = "") -> Statistic:
        """The share of ones among those of the part who have a value (nan: none)."""
        seen = values[self.rows]
        seen = seen[~np.isnan(seen)]
        return Statistic(table=table_, variable=variable, wave=wave, kind="share", value=float(seen.mean()) if seen.size else math.nan, n=seen.size,
                         count=int(seen.sum()), reason="" if seen.size else "Nobody has a value.", extra=FrozenMap(self.extra))

    def mean(self, table_: str, variable: str, values: Floats, *, wave: str = "") -> Statistic:
        """The mean of those of the part who have a value."""
        seen = values[self.rows]
        seen = seen[~np.isnan(seen)]
        return Statistic(table=table_, variable=variable, wave=wave, kind="mean", value=float(seen.mean()) if seen.size else math.nan, n=seen.size,
                         reason="" if seen.size else "Nobody has a value.", extra=FrozenMap(self.extra))


def parts(frame: DataFrame, by: str) -> tuple[Within, ...]:
    """Everybody, then each value of a column in the order of its label."""
    labels = frame[by].astype("object")
    known = labels.notna().to_numpy(dtype=bool)
    spoken = np.array([str(value) if seen else "" for value, seen in zip(labels, known, strict=True)], dtype=object)
    return (Within(level="", by=by, rows=np.ones(len(frame), dtype=bool)),
            *(Within(level=str(name), by=by, rows=spoken == name) for name in sorted(set(spoken[known]), key=_natural)))


def _natural(label: str) -> tuple[int, float, str]:
    """Numbers in the order of their size, then words."""
    return (0, float(label), label) if label.isdigit() else (1, 0.0, label)
