"""How much of each change regression to the mean alone could be."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.errors import TakeupError
from takeup.estimate.regression_to_mean import regression_to_mean
from takeup.measure.outcomes import BASELINE
from takeup.results import Bounds, FrozenMap, Result, ResultSet

if TYPE_CHECKING:
    from takeup.plan.model import Outcome
    from takeup.study.material import Material


def regression(material: Material) -> ResultSet:
    """Per measured outcome the bound, where the mean of all or the share recruited is known; a yes or no only by the share of all who have it."""
    out: list[Result] = []
    for place, outcome in enumerate(material.plan.outcomes):
        share = None if material.plan.programme is None else material.plan.programme.recruited_share
        share = None if outcome.kind == "binary" or outcome.index else share  # truncation is of a measured scale
        if outcome.population_mean is None and share is None:
            continue
        out.append(material.stamp(_bound(material, outcome, share), f"regression.{outcome.id}", f"outcomes[{place}]"))
    return ResultSet(tuple(out))


def _bound(material: Material, outcome: Outcome, share: float | None) -> Bounds:
    level = material.plan.analyses.confidence
    try:
        found = regression_to_mean(
            material.frame, outcome.id + BASELINE, outcome.id, stability=outcome.stability, population_mean=outcome.population_mean,
            recruited_share=share, better=outcome.better, clusters=material.trial.clusters, conf_level=level,
        )
    except TakeupError as error:
        return Bounds(outcome=outcome.id, estimand="regression to the mean", lower=math.nan, upper=math.nan, conf_level=level,
                      method="regression_to_mean", reason=str(error))
    return found.replace(extra=FrozenMap({key: value for key, value in found.extra.items() if not math.isnan(value)}))
