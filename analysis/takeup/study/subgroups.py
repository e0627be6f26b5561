"""For whom: effects by groups known before the draw, from one joint model an outcome and grouping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from takeup.errors import TakeupError
from takeup.results import Estimate, Result, ResultSet, Test
from takeup.study.material import slug
from takeup.study.questions import Amounts, amounts, cells, counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from takeup.plan.model import Outcome
    from takeup.study.material import Material


def subgroups(material: Material) -> ResultSet:
    """Per planned grouping and outcome that isn't exploratory: a row a level, a row a contrast, and the joint test."""
    plan = material.plan
    asked = [
        (group.by, outcome, arm, f"analyses.subgroups[{position}]") for position, group in enumerate(plan.analyses.subgroups)
        for outcome in plan.outcomes if outcome.role != "exploratory" for arm in material.arms
    ]
    return ResultSet(tuple(result for question in asked for result in _grouped(material, *question)))


def _grouped(material: Material, by: str, outcome: Outcome, arm: object, path: str) -> list[Result]:
    """One outcome by one grouping in one arm."""
    from takeup.estimate.subgroups import subgroups as by_group

    column, level = material.trial.resolve(by), material.plan.analyses.confidence
    covariates = tuple(name for name in material.covariates(outcome) if name != column)
    head = f"subgroup.{outcome.id}.{slug(by.rpartition('.')[2])}"
    frame = material.asked(outcome, material.frame)
    try:
        found = by_group(frame, outcome.id, column, material.design, covariates=covariates, conf_level=level, arm=arm)
    except TakeupError as error:
        found = ResultSet((Test(outcome=outcome.id, term=f"{by}: joint", arm=str(arm), method="subgroups", reason=str(error)),))
    sizes = _sizes(material, found, column, outcome, arm)
    large = _amounts(material, column, outcome, arm)
    told = [(counted(item, _revealed(item, sizes), _revealed(item, large)), f"{head}.{_tail(item)}{material.suffix(arm)}") for item in found]
    return [material.stamp(item, name, path) for item, name in told]


def _sizes(material: Material, found: ResultSet, column: str, outcome: Outcome, arm: object) -> dict[str, tuple[int, ...]]:
    """By level: people of each arm in it, and for a binary outcome those with and without it."""
    rows = {f"{level:g}" if isinstance(level, float) else str(level): part for level, part in material.frame.groupby(column, observed=True)}
    levels = [item for item in found if isinstance(item, Estimate) and "reference" not in item.extra]
    nobody = material.frame[:0]
    return {
        name: (item.n_treated, item.n_control, *cells(rows.get(name, nobody), outcome, material.design, arm))
        for item in levels for name in (item.extra["level"],)
    }


def _amounts(material: Material, column: str, outcome: Outcome, arm: object) -> dict[str, Amounts]:
    """By level: the largest amounts of each arm in it."""
    rows = {f"{level:g}" if isinstance(level, float) else str(level): part for level, part in material.frame.groupby(column, observed=True)}
    return {name: amounts(part, outcome, material.design, arm) for name, part in rows.items()}


def _revealed(item: Result, sizes: Mapping[str, tuple[Any, ...]]) -> tuple[Any, ...]:
    """The groups that a result could reveal: of its own level, of the two it compares, of all."""
    named = [item.extra[name] for name in ("level", "reference") if name in item.extra] if isinstance(item, Estimate) else list(sizes)
    return tuple(size for name in named for size in sizes.get(name, ()))


def _tail(item: Result) -> str:
    """The end of an id: the level, the level and the one it is held against, or "joint"."""
    if not isinstance(item, Estimate):
        return "joint"
    level = slug(item.extra["level"])
    return f"{level}-{slug(item.extra['reference'])}" if "reference" in item.extra else level
