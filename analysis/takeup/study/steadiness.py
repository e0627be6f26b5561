"""Does a change hold under other assumptions: another level of clustering, weights for who answered, and whoever is missing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.errors import TakeupError
from takeup.estimate.change import change
from takeup.measure.outcomes import BASELINE
from takeup.results import Bounds, Estimate, FrozenMap, Result, ResultSet
from takeup.study.changes import mean_change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pandas import DataFrame

    from takeup.plan.model import Outcome
    from takeup.study.material import Material

WEIGHT = "takeup response weight"


def robustness(material: Material) -> ResultSet:
    """Per outcome: clustered by centre, weighted by the chance of answering, as if those missing hadn't changed; and worst-case bounds."""
    out: list[Result] = []
    for place, outcome in enumerate(material.plan.outcomes):
        for head, method, result in _others(material, outcome):
            out.append(material.stamp(result, f"{head}.{outcome.id}.{method}", f"outcomes[{place}]"))
    return ResultSet(tuple(out))


def _others(material: Material, outcome: Outcome) -> Iterator[tuple[str, str, Result]]:
    programme = material.plan.programme
    centre = None if programme is None or programme.centre is None else material.trial.resolve(programme.centre)
    if centre is not None and centre != material.trial.clusters:
        yield "robust", "by_centre", mean_change(material, outcome, clusters=centre).replace(method="by_centre")
    before, after = (material.frame[name] for name in (outcome.id + BASELINE, outcome.id))
    if not (before.notna() & after.isna()).any():
        return
    yield "robust", "weighted", _weighted(material, outcome)
    yield "robust", "unchanged", _unchanged(material, outcome)
    support = (0.0, 1.0) if outcome.kind == "binary" else outcome.support
    if support is not None:
        yield "bounds", "manski", _bounds(material, outcome, support)


def _weighted(material: Material, outcome: Outcome) -> Estimate:
    """Those who answered, weighted by one over their chance of answering given what was known at the start."""
    from takeup.missing.weights import response_weights

    own = outcome.id + BASELINE
    columns = [material.trial.resolve(name) for name in material.plan.analyses.balance]
    began = material.frame[material.frame[own].notna()]
    asked = began.assign(**{"takeup answered": began[outcome.id].notna().astype(float)})
    try:
        weights = response_weights(asked, "takeup answered", covariates=list(dict.fromkeys((own, *columns))))
    except TakeupError as error:
        return _nothing(material, outcome, "weighted", str(error))
    return _on(material, began.assign(**{WEIGHT: weights}), outcome, "weighted", weights=WEIGHT)


def _unchanged(material: Material, outcome: Outcome) -> Estimate:
    """All who were measured at the start, those without an answer at the end as they were."""
    own = outcome.id + BASELINE
    began = material.frame[material.frame[own].notna()]
    found = _on(material, began.assign(**{outcome.id: began[outcome.id].fillna(began[own])}), outcome, "unchanged")
    return found.replace(n_missing=int(began[outcome.id].isna().sum()))


def _on(material: Material, frame: DataFrame, outcome: Outcome, method: str, *, weights: str | None = None) -> Estimate:
    try:
        found = change(frame, outcome.id + BASELINE, outcome.id, clusters=material.trial.clusters, conf_level=material.plan.analyses.confidence,
                       better=outcome.better, weights=weights)
    except TakeupError as error:
        return _nothing(material, outcome, method, str(error))
    return found.replace(method=method, extra=FrozenMap())


def _bounds(material: Material, outcome: Outcome, support: tuple[float, float]) -> Bounds:
    from takeup.missing.change import change_bounds

    level = material.plan.analyses.confidence
    try:
        found = change_bounds(material.frame, outcome.id + BASELINE, outcome.id, support=support, clusters=material.trial.clusters, conf_level=level)
    except TakeupError as error:
        return Bounds(outcome=outcome.id, estimand="change", lower=math.nan, upper=math.nan, conf_level=level, method="manski", reason=str(error))
    return found


def _nothing(material: Material, outcome: Outcome, method: str, why: str) -> Estimate:
    return Estimate(outcome=outcome.id, estimand="change", term="change", estimate=math.nan, conf_level=material.plan.analyses.confidence,
                    method=method, reason=why, evidence="before_after")
