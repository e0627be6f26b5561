"""The same questions by other estimators, and the bounds that hold whoever is missing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import TakeupError
from takeup.estimate.choose import ESTIMATORS, Choice, estimator_function
from takeup.results import Bounds, Estimate, Result, ResultSet
from takeup.study.comparison import beside
from takeup.study.questions import Question, amounts, cells, counted, guarded, questions

if TYPE_CHECKING:
    from collections.abc import Callable

    from takeup.study.material import Material


def robustness(material: Material) -> ResultSet:
    """Per outcome: the estimators that weren't chosen, where they can differ, and the bounds where an outcome is missing."""
    out: list[Result] = []
    for item in questions(material):
        small = cells(item.frame, item.outcome, material.design, item.arm)
        large = amounts(item.frame, item.outcome, material.design, item.arm)
        for method, run in (*_estimators(material, item), *_bounds(material, item)):
            head = "bounds" if method in BOUNDS else "robust"
            out.append(material.stamp(counted(run(), small, large), f"{head}.{item.outcome.id}.{method}{item.end}", item.path))
        if material.plan.evidence == "comparison":
            out += [material.stamp(counted(found, small, large), f"robust.{item.outcome.id}.{method}{item.end}", path)
                    for method, found, path in beside(material, item)]
    return ResultSet(tuple(out))


def _estimators(material: Material, item: Question) -> list[tuple[str, Callable[[], Result]]]:
    """Other estimators by name; without covariates they are all the difference in means, and one of them is enough."""
    covariates = material.covariates(item.outcome)
    if item.choice is None or not covariates:
        return []
    methods: list[str] = [name for name in ESTIMATORS if name != item.choice.estimator]
    if item.outcome.kind == "binary":
        methods.append("logit")
    return [(method, lambda method=method: _by(material, item, method, covariates)) for method in methods]  # type: ignore[misc]


def _by(material: Material, item: Question, method: str, covariates: tuple[str, ...]) -> Estimate:
    """The effect by one other estimator."""
    level = material.plan.analyses.confidence
    options: dict[str, Any] = {"arm": item.arm, "conf_level": level}

    def run(_: Choice) -> Estimate:
        if method == "logit":
            from takeup.estimate.binary import binary

            found = binary(item.frame, item.outcome.id, material.design, covariates=covariates, model="logit", **options)
        else:
            adjusted = {} if method == "difference_in_means" else {"covariates": covariates}
            found = estimator_function(method)(item.frame, item.outcome.id, material.design, **adjusted, **options)  # type: ignore[arg-type]
        return found.replace(evidence=material.plan.evidence)

    return guarded(item, run, Estimate(outcome=item.outcome.id, arm=str(item.arm), estimate=math.nan, conf_level=level, method=method))


BOUNDS = ("lee", "manski", "kling_liebman")


def _bounds(material: Material, item: Question) -> list[tuple[str, Callable[[], Result]]]:
    """The ladder of bounds; none where every outcome was observed."""
    assigned = item.frame[material.design.treatment]
    in_arms = assigned.isin([item.arm, material.design.control]).to_numpy()
    if not np.isnan(item.frame[item.outcome.id].to_numpy(dtype=float)[in_arms]).any():
        return []
    methods = [name for name in BOUNDS if name != "manski" or _support(item) is not None]
    return [(method, lambda method=method: _bounded(material, item, method)) for method in methods]  # type: ignore[misc]


def _support(item: Question) -> tuple[float, float] | None:
    return (0.0, 1.0) if item.outcome.kind == "binary" else item.outcome.support


def _bounded(material: Material, item: Question, method: str) -> Bounds:
    from takeup.missing import bounds

    level = material.plan.analyses.confidence
    assigned = item.frame[material.design.treatment]
    frame = item.frame[assigned.isin([item.arm, material.design.control]).to_numpy()]
    call: Callable[..., Bounds] = getattr(bounds, f"{method}_bounds")
    options: dict[str, Any] = {"support": _support(item)} if method == "manski" else {}
    try:
        return call(frame, item.outcome.id, material.design, conf_level=level, **options)
    except TakeupError as error:
        return Bounds(outcome=item.outcome.id, arm=str(item.arm), lower=math.nan, upper=math.nan, conf_level=level, method=method, reason=str(error))
