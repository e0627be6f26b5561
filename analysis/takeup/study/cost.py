"""The chapter of cost: hours and euros a family, the cost of one more right, and how it changes with what is assumed."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import TakeupError
from takeup.estimate.cost import cost_per
from takeup.measure.rights import composite
from takeup.results import Estimate, FrozenMap, ResultSet
from takeup.study.material import slug
from takeup.study.mechanism import contacts_of
from takeup.study.takeup import average, takers_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from takeup.estimate.arrays import Floats
    from takeup.plan.model import Cost
    from takeup.study.material import Material
    from takeup.study.takeup import Named

DRAWS = 2000


def cost(material: Material) -> ResultSet:
    """All results of the chapter; empty where the plan says nothing of costs, or no hours were logged."""
    stated = material.plan.cost
    hours = None if stated is None else hours_of(material, stated)
    if stated is None or hours is None:
        return ResultSet()
    return ResultSet(tuple(material.stamp(result, name, "cost", material.plan.analyses.seed if name.startswith("cost.per") else None)
                           for name, result in _results(material, stated, hours)))


def hours_of(material: Material, stated: Cost) -> Floats | None:
    """Logged hours of each unit: a column of the units, else the minutes of the log added up; a unit without contacts took none."""
    if stated.hours is not None:
        return np.asarray(material.frame[material.trial.resolve(stated.hours)].astype("Float64").to_numpy(dtype=float, na_value=math.nan))
    log = contacts_of(material)
    if log is None or "minutes" not in log.columns:
        return None
    minutes = log["minutes"].astype("Float64").to_numpy(dtype=float, na_value=0.0)
    return np.bincount(log["row"].to_numpy(dtype=np.int64), weights=minutes, minlength=len(material.frame)).astype(float) / 60.0


def euros_of(material: Material, stated: Cost, hours: Floats) -> Floats:
    """The cost of each unit in euros: hours, those beside them, and what each unit of a treated arm costs anyway."""
    treated = material.frame[material.design.treatment].isin(list(material.arms)).to_numpy(dtype=bool)
    return hours * (1.0 + stated.indirect) * stated.hour + np.where(treated, stated.fixed, 0.0)


def _outcome(material: Material, stated: Cost) -> tuple[str, Any]:
    """The outcome of which the cost of one more is told: the plan's, or new rights."""
    if stated.per is not None:
        return stated.per, material.frame[stated.per].to_numpy(dtype=float)
    takers = takers_of(material)
    if takers is None:
        first = material.plan.outcomes[0].id
        return first, material.frame[first].to_numpy(dtype=float)
    return "n_new", composite(takers.rights, "n_new", takers.after)


def _results(material: Material, stated: Cost, hours: Floats) -> Iterator[Named]:
    euros = euros_of(material, stated, hours)
    name, values = _outcome(material, stated)
    for arm in (material.design.control, *material.arms):
        rows = (material.frame[material.design.treatment] == arm).to_numpy(dtype=bool, na_value=False)
        yield f"cost.hours.{slug(arm)}", average("cost", "hours", arm, hours[rows])
        yield f"cost.euros.{slug(arm)}", average("cost", "euros", arm, euros[rows])
    for arm in material.arms:
        end = material.suffix(arm)
        yield f"cost.per{end}", _per(material, name, values, euros, arm, DRAWS)
        for what, side, changed in variants(stated):
            found = _per(material, name, values, euros_of(material, changed, hours), arm, 0)
            yield f"cost.sensitivity.{what}.{side}{end}", found.replace(term=what, extra=FrozenMap({**found.extra, "what": what, "side": side}))


def variants(stated: Cost) -> Iterator[tuple[str, str, Cost]]:
    """One assumption at a time at its lowest and its highest, the others as stated."""
    for what in ("hour", "indirect"):
        limits = getattr(stated, f"{what}_range")
        for side, value in zip(("low", "high"), limits or (), strict=False):
            yield what, side, stated.model_copy(update={what: value})


def _per(material: Material, name: str, values: Floats, euros: Floats, arm: object, draws: int) -> Estimate:
    frame = material.frame[list(material.design.columns)].assign(**{"of one": values, "in euros": euros})
    analyses = material.plan.analyses
    try:
        found = cost_per(frame, "of one", "in euros", material.design, arm=arm, conf_level=analyses.confidence, draws=draws, seed=analyses.seed)
    except TakeupError as error:
        found = Estimate(outcome=name, estimand="cost per unit", arm=str(arm), estimate=math.nan, conf_level=analyses.confidence, method="cost_per",
                         reason=str(error))
    return replace(found, outcome=name, term="cost", evidence=material.plan.evidence)
