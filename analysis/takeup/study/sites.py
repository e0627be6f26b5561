"""The chapter of centres: how far they differ, and what each shows of its own, beside all of them.

Every number of a centre says so (`by`, `level`), so that the gate knows which make up the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import TakeupError
from takeup.estimate.rank_tests import without_noise
from takeup.estimate.sites import AVERAGE, POOLED
from takeup.estimate.sites import sites as describe
from takeup.results import Estimate, Provenance, ResultSet, Statistic
from takeup.study.material import slug
from takeup.study.programme import PATH, Within, attendance, column, measured_twice, parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from takeup.estimate.arrays import Floats
    from takeup.plan.model import Outcome
    from takeup.study.material import Material

TABLE, STAYED, CAME = "sites", "stayed", "attendance"
WOMEN = "women"
START, END, MOVED, IMPROVED = "start", "end", "change", "improved"


def sites(material: Material) -> ResultSet:
    """Centres by size, stayers, attendance and outcome: `site.CENTRE.*`, and `sites.*` for all of them. Empty where the plan names no centres."""
    by = column(material, "centre")
    if by is None or material.plan.programme is None:
        return ResultSet()
    out = [*_differences(material, by)]
    for part in parts(material.frame, by):
        out += [*_people(material, part), *_twice(material, part)]
    return ResultSet(tuple(material.stamp(item, item.provenance.id, PATH) for item in out))


def named(item: Any, part: str, *names: str) -> Any:
    """A result with its id: of a centre, or of all where that is empty."""
    head = f"site.{slug(part)}" if part else "sites"
    return item.replace(provenance=Provenance(id=".".join((head, *names))))


def _differences(material: Material, by: str) -> Iterator[Any]:
    """The mixed model of every outcome in numbers: the average, the pooled centres, each centre."""
    group, level = column(material, "group"), material.plan.analyses.confidence
    for outcome, before in measured_twice(material, "continuous"):
        try:
            found = describe(material.frame, outcome.id, before=before, centre=by, group=group, conf_level=level)
        except TakeupError as error:
            found = ResultSet((Estimate(outcome=outcome.id, estimand="change", term=AVERAGE, estimate=np.nan, conf_level=level, method="sites",
                                        evidence="before_after", reason=str(error)),))
        for item in found:
            if item.term in {AVERAGE, POOLED}:
                yield named(item, "", outcome.id, *((POOLED,) if item.term == POOLED else ()))
            else:
                yield named(item, item.term, outcome.id)


def _people(material: Material, part: Within) -> Iterator[Any]:
    """How many began there, and of them the share that stayed and the mean attendance."""
    whole = len(material.frame)
    if part.level:
        share = Statistic(table=TABLE, variable=part.by, level=part.level, kind="share", value=float(part.rows.mean()), n=whole,
                          count=int(part.rows.sum()))
        yield named(share, part.level, WOMEN)
    else:
        yield named(Statistic(table=TABLE, variable=WOMEN, kind="count", value=float(whole), n=whole, count=whole), "", WOMEN)
    left = column(material, "left")
    if left is not None:
        stayed: Floats = np.asarray(material.frame[left].isna(), dtype=np.float64)
        yield named(part.share(TABLE, STAYED, stayed), part.level, STAYED)
    came = attendance(material, material.frame)
    if came is not None:
        yield named(part.mean(TABLE, CAME, came), part.level, CAME)


def _twice(material: Material, part: Within) -> Iterator[Any]:
    """Every outcome at the start and the end, of those who have both; of one in numbers the change and the share that improved as well."""
    for kind in ("continuous", "binary"):
        for outcome, before in measured_twice(material, kind):
            start, end = _pairs(material, outcome, before)
            for wave, values in ((START, start), (END, end)):
                make = part.mean if kind == "continuous" else part.share
                yield named(make(TABLE, outcome.id, values, wave=wave), part.level, outcome.id, wave)
            if kind == "continuous":
                yield named(part.mean(TABLE, outcome.id, end - start, wave=MOVED), part.level, outcome.id, MOVED)
                sign = 1.0 if outcome.better == "higher" else -1.0
                better = (without_noise(np.nan_to_num(end - start)) * sign > 0).astype(np.float64)
                moved: Floats = np.where(np.isnan(end - start), np.nan, better)
                yield named(part.share(TABLE, f"{outcome.id}.{IMPROVED}", moved), part.level, outcome.id, IMPROVED)


def _pairs(material: Material, outcome: Outcome, before: str) -> tuple[Floats, Floats]:
    """Both measurements of those who have both, nan for the others."""
    start, end = (material.frame[name].to_numpy(dtype=np.float64) for name in (before, outcome.id))
    both = ~np.isnan(start) & ~np.isnan(end)
    return np.where(both, start, np.nan), np.where(both, end, np.nan)
