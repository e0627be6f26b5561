"""The chapter of dose: how much of the programme people got, and how the change goes along with it. A description with its caveat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.describe.dose import CORE
from takeup.describe.dose import dose as describe
from takeup.errors import TakeupError
from takeup.results import Provenance, ResultSet
from takeup.study.parts import Within
from takeup.study.programme import PATH, YEAR, attendance, column, key, measured_twice, months, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from takeup.estimate.arrays import Floats
    from takeup.study.material import Material

TABLE = "dose"
SHARE, CLASS, MONTHS, NEW = "attendance", "core", "months", "new_centre"


def dose(material: Material) -> ResultSet:
    """Attendance, the core's share, months by whether the centre is new, and change by attendance: `dose.*`. Empty without sessions and dates."""
    made = [*_attendance(material), *_months(material), *_changes(material)]
    return ResultSet(tuple(material.stamp(item, item.provenance.id, PATH) for item in made))


def _named(item: Any, *names: str) -> Any:
    return item.replace(provenance=Provenance(id=".".join((TABLE, *names))))


def _all(material: Material) -> Within:
    return Within(level="", by="", rows=np.ones(len(material.frame), dtype=bool))


def _attendance(material: Material) -> Iterator[Any]:
    """Mean attendance, and the share of people in the core."""
    share = attendance(material, material.frame)
    if share is None:
        return
    everybody = _all(material)
    yield _named(everybody.mean(TABLE, SHARE, share), SHARE)
    yield _named(everybody.share(TABLE, CLASS, np.where(np.isnan(share), np.nan, share >= CORE)), CLASS)


def _months(material: Material) -> Iterator[Any]:
    """Mean months from start to end, in all centres, in those in their first year, and in the others."""
    long = months(material, material.frame)
    if long is None:
        return
    yield _named(_all(material).mean(TABLE, MONTHS, long), MONTHS)
    new = _new(material)
    if new is not None:
        for level, rows in (("new", new == 1), ("known", new == 0)):
            yield _named(Within(level=level, by=NEW, rows=rows).mean(TABLE, MONTHS, long), MONTHS, level)


def _new(material: Material) -> Floats | None:
    """1 for people of a centre that takes part for the first time in their edition's year, 0 for others; None where that isn't recorded."""
    by, cohort, name = column(material, "centre"), column(material, "cohort"), key(material)
    past = table(material, "participation", name, YEAR)
    if by is None or cohort is None or past is None:
        return None
    first = past.groupby(name)[YEAR].min()
    began = first.reindex(material.frame[by]).to_numpy(dtype=np.float64, na_value=np.nan)
    now = material.frame[cohort].to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isnan(began) | np.isnan(now), np.nan, began >= now)


def _changes(material: Material) -> Iterator[Any]:
    """The change of every outcome in numbers by attendance."""
    share = attendance(material, material.frame)
    if share is None:
        return
    frame = material.frame.assign(**{"share of sessions": share})
    for outcome, before in measured_twice(material, "continuous"):
        try:
            found = describe(frame, outcome.id, attended="share of sessions", before=before, clusters=material.trial.clusters,
                             conf_level=material.plan.analyses.confidence)
        except TakeupError:
            continue  # nobody has both: the chapter of changes says how many have the outcome
        for item in found:
            names = (outcome.id, item.term, f"{round(100 * item.extra['from_share']):03d}") if item.term == "band" else (outcome.id, item.term)
            yield _named(item, *names)
