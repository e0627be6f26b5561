"""For whom: effects by groups known before the draw, from one joint model an outcome and grouping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.errors import TakeupError
from takeup.results import Result, ResultSet, Test
from takeup.study.material import slug
from takeup.study.questions import cells, counted

if TYPE_CHECKING:
    from takeup.study.material import Material


def subgroups(material: Material) -> ResultSet:
    """Per planned grouping and outcome that isn't exploratory: a row a level, a row a contrast, and the joint test."""
    from takeup.estimate.subgroups import subgroups as by_group

    plan = material.plan
    out: list[Result] = []
    for position, group in enumerate(plan.analyses.subgroups):
        by, path = material.trial.resolve(group.by), f"analyses.subgroups[{position}]"
        name = slug(group.by.rpartition(".")[2])
        for outcome in plan.outcomes:
            if outcome.role == "exploratory":
                continue
            covariates = tuple(name for name in material.covariates(outcome) if name != by)
            for arm in material.arms:
                head = f"subgroup.{outcome.id}.{name}{material.suffix(arm)}"
                frame = material.of_arm(arm)
                try:
                    found = by_group(frame, outcome.id, by, material.design, covariates=covariates, conf_level=plan.analyses.confidence)
                except TakeupError as error:
                    found = ResultSet((Test(outcome=outcome.id, term=group.by, arm=str(arm), method="subgroups", reason=str(error)),))
                small = tuple(size for _, rows in frame.groupby(by, observed=True) for size in cells(rows, outcome, material.design, arm))
                out.extend(material.stamp(counted(result, small), f"{head}.{slug(result.term)}", path) for result in found)
    return ResultSet(tuple(out))
