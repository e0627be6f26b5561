"""The chapter of editions: the same change in one cohort after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from takeup.describe.cohorts import cohorts as describe
from takeup.errors import TakeupError
from takeup.results import FrozenMap, ResultSet, Statistic
from takeup.study.programme import PATH, column, measured_twice

if TYPE_CHECKING:
    from takeup.study.material import Material


def cohorts(material: Material) -> ResultSet:
    """People and change by cohort, over all of them: `cohort.*`. Empty where the plan names no cohorts or there is one only."""
    by = column(material, "cohort")
    if by is None or material.everyone[by].nunique() < 2:
        return ResultSet()
    out = []
    for year, count in material.everyone[by].value_counts().sort_index().items():
        found = Statistic(table="cohorts", variable="women", level=str(year), kind="share", value=float(count) / len(material.everyone),
                          n=len(material.everyone), count=int(count))
        out.append(material.stamp(found, f"cohort.women.{year}", PATH))
    for outcome, before in measured_twice(material, "continuous"):
        try:
            results = describe(material.everyone, outcome.id, cohort=by, before=before, clusters=material.trial.clusters,
                               conf_level=material.plan.analyses.confidence)
        except TakeupError:
            continue  # nobody has both measurements: the chapter of changes says so
        out += [material.stamp(_of_group(item, by), f"cohort.{outcome.id}.{item.term}", PATH) for item in results]
    return ResultSet(tuple(out))


def _of_group(item: Any, by: str) -> Any:
    """An edition's change with what tells the edition apart, for the gate."""
    return item.replace(extra=FrozenMap({**item.extra, "by": by, "level": item.term})) if item.term.isdigit() else item
