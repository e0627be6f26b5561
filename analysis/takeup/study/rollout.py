"""The chapter of roll-out: after the trial the programme spread over places, some sooner than others; what changed where it came."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from takeup.design.rollout import Rollout
from takeup.errors import TakeupError
from takeup.estimate.staggered import METHOD, group_time
from takeup.results import Estimate, FrozenMap, ResultSet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pandas import DataFrame

    from takeup.plan.model import RolloutPlan
    from takeup.study.material import Material
    from takeup.study.takeup import Named

BEFORE = 12
"""Periods before adoption that are told: those long before compare a few places only."""


def rollout(material: Material) -> ResultSet:
    """The overall effect, and one by periods since adoption; empty where the plan tells of no roll-out."""
    stated = material.plan.rollout
    if stated is None or stated.table not in material.trial.tables:
        return ResultSet()
    table = material.trial.tables[stated.table]
    seed = material.plan.analyses.seed
    return ResultSet(tuple(material.stamp(result, name, "rollout", seed) for name, result in _results(material, stated, table)))


def _results(material: Material, stated: RolloutPlan, table: DataFrame) -> Iterator[Named]:
    analyses = material.plan.analyses
    declared = Rollout(stated.unit, stated.period, stated.adopted, weights=stated.people)
    try:
        found = group_time(table, stated.outcome, declared, seed=analyses.seed, conf_level=analyses.confidence)
    except TakeupError as error:
        yield "rollout.overall", Estimate(outcome=stated.outcome, estimand="ATT", term="overall", estimate=math.nan, conf_level=analyses.confidence,
                                          method=METHOD, evidence="comparison", reason=str(error))
        return
    people = _people(table, stated)
    yield "rollout.overall", _counted(found.overall, people)
    for one in found.event_study:
        event = int(one.extra["event"])
        if event < -BEFORE:
            continue
        yield f"rollout.event.{'before' if event < 0 else 'after'}.{abs(event):02d}", _counted(one, people)


def _people(table: DataFrame, stated: RolloutPlan) -> int:
    """People who live in the places, where their number is recorded."""
    if stated.people is None:
        return 0
    return int(table.drop_duplicates(stated.unit)[stated.people].sum())


def _counted(found: Estimate, people: int) -> Estimate:
    """The places as clusters and the people in them as n: a place isn't a person, and the disclosure gate counts people."""
    extra = {**found.extra, "places": found.n, "places_with": found.n_treated, "places_without": found.n_control}
    return replace(found, n=people or found.n, n_treated=0, n_control=0, extra=FrozenMap(extra))
