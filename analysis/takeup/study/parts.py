"""Numbers of a part of the people, a centre, a city or an edition: who stayed, how often they came, and every outcome at the start and at the end.

Each says whose it is (`by`, `level`), so that the gate knows which make up the whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from takeup.estimate.rank_tests import without_noise
from takeup.results import FrozenMap, Statistic
from takeup.study.programme import attendance, column, measured_twice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pandas import DataFrame

    from takeup.estimate.arrays import Floats
    from takeup.plan.model import Outcome
    from takeup.study.material import Material

STAYED, CAME = "stayed", "attendance"
START, END, MOVED, IMPROVED = "start", "end", "change", "improved"

Named = tuple[tuple[str, ...], Statistic]


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """A part of the people: a centre, a city or an edition by its label, everybody where it is empty; of one arm where it is named.

    `rows` (n,) of the frame.
    """

    level: str
    by: str
    rows: np.ndarray[Any, np.dtype[np.bool_]]
    arm: str = ""

    @property
    def extra(self) -> dict[str, Any]:
        """What tells the part apart, for the gate."""
        return {"by": self.by, "level": self.level} if self.level else {}

    def share(self, table_: str, variable: str, values: Floats, *, wave: str = "") -> Statistic:
        """The share of ones among those of the part who have a value (nan: none)."""
        seen = self._seen(values)
        return self._of(seen, "share", int(seen.sum()), table=table_, variable=variable, wave=wave)

    def mean(self, table_: str, variable: str, values: Floats, *, wave: str = "", unit: str = "") -> Statistic:
        """The mean of those of the part who have a value."""
        return self._of(self._seen(values), "mean", None, table=table_, variable=variable, wave=wave, unit=unit)

    def _seen(self, values: Floats) -> Floats:
        mine = values[self.rows]
        found: Floats = mine[~np.isnan(mine)]
        return found

    def _of(self, seen: Floats, kind: Literal["share", "mean"], count: int | None, **names: Any) -> Statistic:
        return Statistic(**names, arm=self.arm, kind=kind, value=float(seen.mean()) if seen.size else math.nan, n=seen.size, count=count,
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


def people(material: Material, frame: DataFrame, part: Within, table: str) -> Iterator[Named]:
    """Of those who began in a part, the share that stayed and the mean attendance, each where it was recorded."""
    left = column(material, "left")
    if left is not None:
        yield (STAYED,), part.share(table, STAYED, np.asarray(frame[left].isna(), dtype=np.float64))
    came = attendance(material, frame)
    if came is not None and not np.isnan(came[part.rows]).all():
        yield (CAME,), part.mean(table, CAME, came, unit="share")


def twice(material: Material, frame: DataFrame, part: Within, table: str) -> Iterator[Named]:
    """Every outcome of a part at the start and at the end, of those who have both; of one in numbers the change and the share that improved too."""
    for kind in ("continuous", "binary"):
        for outcome, before in measured_twice(material, kind):
            start, end = _pairs(frame, outcome, before)
            for wave, values in ((START, start), (END, end)):
                make = part.mean if kind == "continuous" else part.share
                yield (outcome.id, wave), make(table, outcome.id, values, wave=wave)
            if kind == "continuous":
                yield (outcome.id, MOVED), part.mean(table, outcome.id, end - start, wave=MOVED)
                sign = 1.0 if outcome.better == "higher" else -1.0
                better = (without_noise(np.nan_to_num(end - start)) * sign > 0).astype(np.float64)
                moved: Floats = np.where(np.isnan(end - start), np.nan, better)
                yield (outcome.id, IMPROVED), part.share(table, f"{outcome.id}.{IMPROVED}", moved)


def _pairs(frame: DataFrame, outcome: Outcome, before: str) -> tuple[Floats, Floats]:
    """Both measurements of those who have both, nan for the others."""
    start, end = (frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in (before, outcome.id))
    both = ~np.isnan(start) & ~np.isnan(end)
    return np.where(both, start, np.nan), np.where(both, end, np.nan)
