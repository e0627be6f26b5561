"""The chapter of centres: how far they differ, and what each shows of its own, beside all of them.

Every number of a centre says so (`by`, `level`), so that the gate knows which make up the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import TakeupError
from takeup.estimate.sites import AVERAGE, POOLED
from takeup.estimate.sites import sites as describe
from takeup.results import Estimate, Provenance, ResultSet, Statistic
from takeup.study.material import slug
from takeup.study.parts import parts, people, twice
from takeup.study.programme import PATH, column, measured_twice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from takeup.study.material import Material
    from takeup.study.parts import Within

TABLE, WOMEN = "sites", "women"


def sites(material: Material) -> ResultSet:
    """Centres by size, stayers, attendance and outcome: `site.CENTRE.*`, and `sites.*` for all of them. Empty where the plan names no centres."""
    by = column(material, "centre")
    if by is None or material.plan.programme is None:
        return ResultSet()
    out = [*_differences(material, by)]
    for part in parts(material.frame, by):
        out += _people(material, part)
        told = (*people(material, material.frame, part, TABLE), *twice(material, material.frame, part, TABLE))
        out += [named(item, part.level, *names) for names, item in told]
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
        yield named(Statistic(table=TABLE, variable=part.by, level=part.level, kind="share", value=float(part.rows.mean()), n=whole,
                              count=int(part.rows.sum())), part.level, WOMEN)
    else:
        yield named(Statistic(table=TABLE, variable=WOMEN, kind="count", value=float(whole), n=whole, count=whole), "", WOMEN)
