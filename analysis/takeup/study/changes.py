"""The changes of a before-after study: per outcome the mean change in pairs, clustered by group, and the correction of its family."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.errors import TakeupError
from takeup.estimate.change import change
from takeup.measure.outcomes import BASELINE
from takeup.results import Estimate, FrozenMap, Result, ResultSet
from takeup.study.families import corrections
from takeup.study.questions import Question

if TYPE_CHECKING:
    from takeup.plan.model import Outcome
    from takeup.study.material import Material

KEPT = ("mean_before", "mean_after", "sd_before", "sd_after", "sd_change", "correlation", "cohen_dz", "cohen_dz_low", "cohen_dz_high", "dav",
        "dav_low", "dav_high", "hedges_gz", "hedges_gav")
"""What a change takes along of the numbers beside it; shares of people stand in results of their own, which the gate knows."""


def changes(material: Material) -> ResultSet:
    """All results of the chapter in plan order."""
    asked = tuple(Question(outcome=outcome, path=f"outcomes[{place}]", arm="", end="", frame=material.frame, choice=None)
                  for place, outcome in enumerate(material.plan.outcomes))
    main = {(item.outcome.id, item.arm): mean_change(material, item.outcome) for item in asked}
    families = corrections(material, asked, main)
    out: list[Result] = []
    for item in asked:
        key = (item.outcome.id, item.arm)
        out.append(material.stamp(main[key], f"change.{item.outcome.id}", item.path))
        if key in families:
            out.append(material.stamp(families[key], f"family.{item.outcome.id}", item.path))
    return ResultSet(tuple(out))


def mean_change(material: Material, outcome: Outcome, *, clusters: str | None = None, weights: str | None = None) -> Estimate:
    """The mean change of those with both measurements; clustered by the design's groups where no other column is named."""
    level = material.plan.analyses.confidence
    try:
        found = change(material.frame, outcome.id + BASELINE, outcome.id, clusters=clusters or material.trial.clusters, conf_level=level,
                       better=outcome.better, weights=weights)
    except TakeupError as error:
        return Estimate(outcome=outcome.id, estimand="change", term="change", estimate=math.nan, conf_level=level, method="change", reason=str(error),
                        evidence="before_after")
    return found.replace(extra=FrozenMap({name: found.extra[name] for name in KEPT if name in found.extra}))
