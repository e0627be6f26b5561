"""The chapter of differences between groups that nobody drew: adjusted by weights, how alike the weights made the groups, and few clusters."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from takeup.errors import TakeupError
from takeup.estimate.comparison import comparison
from takeup.measure.outcomes import baseline_of
from takeup.results import Estimate, FrozenMap, Result, ResultSet, Statistic, Test
from takeup.study.effects import arm_means
from takeup.study.families import corrections
from takeup.study.questions import Question, amounts, cells, counted, questions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from takeup.design import Design
    from takeup.estimate.comparison import Method
    from takeup.plan.model import Outcome
    from takeup.study.material import Material

MAIN: Method = "overlap"
BESIDE: tuple[Method, ...] = ("entropy", "did")
"""The other ways to adjust. Least squares stands among the robustness checks of every study."""
UNWEIGHTED = "unweighted"
FEW = 12
"""With fewer clusters two signs make too few samples, so Webb's six points are drawn."""
AFTER_CHANGES = ".waves"
"""A difference of changes rests on those who answered twice, so its n isn't the one of the outcome's path."""


def differences(material: Material) -> ResultSet:
    """Per outcome: the adjusted difference, its family's correction and the wild bootstrap by group and by place; then the balance."""
    asked = questions(material)
    main = {(item.outcome.id, item.arm): adjusted(material, item, MAIN) for item in asked}
    families = corrections(material, asked, main)
    out: list[Result] = []
    for item in asked:
        key = (item.outcome.id, item.arm)
        small = cells(item.frame, item.outcome, material.design, item.arm)
        large = amounts(item.frame, item.outcome, material.design, item.arm)
        found: list[tuple[str, Result | None]] = [
            (f"difference.{item.outcome.id}{item.end}", main[key].replace(extra=_numbers(main[key].extra))),
            (f"family.{item.outcome.id}{item.end}", families.get(key)),
            *((f"wild.{item.outcome.id}.{level}{item.end}", _wild(material, item, design)) for level, design in levels(material.design)),
        ]
        out.extend(material.stamp(counted(result, small, large), name, item.path) for name, result in found if result is not None)
    return ResultSet((*out, *_balance(material, asked)))


def beside(material: Material, item: Question) -> Iterator[tuple[str, Estimate, str]]:
    """The same difference by the other ways to adjust: name, result and the path in the plan; for the chapter of robustness."""
    for method in BESIDE:
        if method == "did" and baseline_of(item.outcome) is None:
            continue
        found = adjusted(material, item, method)
        yield method, found.replace(extra=_numbers(found.extra)), item.path + (AFTER_CHANGES if method == "did" else "")


def adjusted(material: Material, item: Question, method: Method) -> Estimate:
    """The difference with the comparison group after adjustment, with the groups' means beside it."""
    level = material.plan.analyses.confidence
    covariates = material.covariates(item.outcome)
    before = baseline_of(item.outcome) if method == "did" else None
    try:
        found = comparison(item.frame, item.outcome.id, material.design, covariates=covariates, method=method, before=before, arm=item.arm,
                           conf_level=level)
        return found.replace(extra=FrozenMap({**found.extra, **arm_means(material, item, found)}))
    except TakeupError as error:
        return Estimate(outcome=item.outcome.id, estimand="adjusted difference", arm=str(item.arm), estimate=math.nan, conf_level=level,
                        method=f"comparison_{method}", evidence="comparison", reason=str(error))


def levels(design: Design) -> tuple[tuple[str, Design], ...]:
    """The levels at which women, or whoever they are, resemble each other: the design's own (groups), and the places that hold both groups.

    >>> from takeup import Design
    >>> [name for name, _ in levels(Design("arm", 0, draw="none", blocks="city", nested_in="group"))]
    ['group', 'place']
    """
    found = [("group", design)] if design.nested_in or design.clusters else []
    if design.blocks:
        found.append(("place", replace(design, nested_in=None, clusters=design.blocks)))
    return tuple(found)


def _wild(material: Material, item: Question, design: Design) -> Test:
    """The wild cluster bootstrap of the regression with the covariates, null imposed."""
    from takeup.infer.wild import wild_bootstrap

    analyses = material.plan.analyses
    few = design.clusters is not None and item.frame[design.clusters].nunique() < FEW
    try:
        return wild_bootstrap(
            item.frame, item.outcome.id, design, covariates=material.covariates(item.outcome), draws=analyses.draws,
            weights="webb" if few else "rademacher", seed=analyses.seed, arm=item.arm, conf_level=analyses.confidence,
        ).replace(arm=str(item.arm))
    except TakeupError as error:
        return Test(outcome=item.outcome.id, arm=str(item.arm), method="wild_bootstrap", reason=str(error))


def _numbers(extra: FrozenMap) -> FrozenMap:
    """An estimate's further numbers without its table of balance, which is told once for all."""
    return FrozenMap({name: value for name, value in extra.items() if name != "balance"})


def _balance(material: Material, asked: tuple[Question, ...]) -> Iterator[Statistic]:
    """How far apart the groups are in each covariate before weighting and after, among those whose first primary outcome is known."""
    first = next((item for item in asked if item.outcome.role == "primary"), asked[0])
    for arm in material.arms:
        item: Any = next(one for one in asked if one.outcome == first.outcome and one.arm == arm)
        for method in (MAIN, "entropy"):
            found = adjusted(material, item, method)
            for name, before, after in found.extra.get("balance", ()):
                if name == "blocks":
                    continue
                if method == MAIN:
                    yield _standardised(material, item.outcome, found, name, (UNWEIGHTED, before))
                if after is not None:
                    yield _standardised(material, item.outcome, found, name, (method, after))


def _standardised(material: Material, outcome: Outcome, found: Estimate, name: str, value: tuple[str, float]) -> Statistic:
    way, size = value
    made = Statistic(table="weighting", variable=name, arm=found.arm, wave=way, kind="standardized_difference", value=size, n=found.n,
                     unit="standard deviations", extra=FrozenMap(outcome=outcome.id))
    stamped: Statistic = material.stamp(made, f"weighting.{name}.{way}{material.suffix(found.arm)}", "analyses.covariates")
    return stamped
