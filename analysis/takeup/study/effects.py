"""The chapter of effects: per outcome the ITT by the estimator of the rule, its randomisation test, its family's correction, the CACE."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from takeup.estimate.choose import Choice, estimate
from takeup.release.magnitude import LARGEST, largest
from takeup.results import ConfidenceSet, Estimate, FrozenMap, Result, ResultSet
from takeup.study.families import corrections
from takeup.study.questions import Question, amounts, cells, counted, guarded, questions
from takeup.study.redrawn import randomizations

if TYPE_CHECKING:
    from takeup.study.material import Material


def effects(material: Material) -> ResultSet:
    """All results of the chapter, question by question in plan order."""
    asked = questions(material)
    itt = {(item.outcome.id, item.arm): intention_to_treat(material, item) for item in asked}
    families = corrections(material, asked, itt)
    drawn = randomizations(material, asked)
    out: list[Result] = []
    for item in asked:
        key = (item.outcome.id, item.arm)
        found: list[tuple[str, Result | None]] = [
            ("effect", itt[key]), ("ratio", _ratio(material, item)), ("ri", drawn[key]), ("family", families.get(key)),
        ]
        if material.design.received is not None:
            found += [("cace", complier_effect(material, item)), ("ar", anderson_rubin_set(material, item))]
        small = cells(item.frame, item.outcome, material.design, item.arm)
        large = amounts(item.frame, item.outcome, material.design, item.arm)
        out.extend(
            material.stamp(counted(result, small, large), f"{head}.{item.outcome.id}{item.end}", item.path)
            for head, result in found if result is not None
        )
    return ResultSet(tuple(out))


def intention_to_treat(material: Material, item: Question) -> Estimate:
    """The effect of assignment, with the arms' means beside it; for a binary outcome also out of every hundred."""
    level = material.plan.analyses.confidence

    def run(choice: Choice) -> Estimate:
        found = estimate(item.frame, item.outcome.id, material.design, choice, arm=item.arm, conf_level=level)
        return found.replace(evidence=material.plan.evidence, extra=FrozenMap({**found.extra, **arm_means(material, item, found)}))

    return guarded(item, run, Estimate(outcome=item.outcome.id, arm=str(item.arm), estimate=math.nan, conf_level=level, method="itt"))


def arm_means(material: Material, item: Question, found: Estimate) -> dict[str, Any]:
    """Observed means of the rows that the estimate used, unadjusted: mean_treated, mean_control, sd_control; binary also counts and per_100.

    With them, for the gate alone, the largest amounts of each arm.
    """
    assigned = item.frame[material.design.treatment]
    values = item.frame[item.outcome.id]
    treated = values[(assigned == item.arm).to_numpy(dtype=bool, na_value=False)].dropna().to_numpy(dtype=float)
    control = values[(assigned == material.design.control).to_numpy(dtype=bool, na_value=False)].dropna().to_numpy(dtype=float)
    means: dict[str, Any] = {
        LARGEST: (largest(treated), largest(control)),
        "mean_treated": float(treated.mean()), "mean_control": float(control.mean()),
        "sd_control": float(control.std(ddof=1)) if control.size > 1 else math.nan,
    }
    if item.outcome.kind == "binary":
        means |= {
            "count_treated": int(treated.sum()), "count_control": int(control.sum()),
            "per_100_treated": 100 * means["mean_treated"], "per_100_control": 100 * means["mean_control"],
            "per_100_difference": 100 * found.estimate, "per_100_low": 100 * found.conf_low, "per_100_high": 100 * found.conf_high,
        }
    return means


def _ratio(material: Material, item: Question) -> Estimate | None:
    """The risk ratio beside the difference (CONSORT 2025, item 26)."""
    if item.outcome.kind != "binary":
        return None
    from takeup.estimate.binary import binary

    level = material.plan.analyses.confidence

    def run(choice: Choice) -> Estimate:
        found = binary(item.frame, item.outcome.id, material.design, covariates=choice.covariates, scale="ratio", arm=item.arm, conf_level=level)
        return found.replace(evidence=material.plan.evidence)

    empty = Estimate(outcome=item.outcome.id, estimand="risk ratio", arm=str(item.arm), estimate=math.nan, conf_level=level, method="ratio")
    return guarded(item, run, empty)


def complier_effect(material: Material, item: Question) -> Estimate:
    """The effect of taking the programme up, among those whom the draw made take it up."""
    from takeup.estimate.cace import cace

    level = material.plan.analyses.confidence

    def run(choice: Choice) -> Estimate:
        found = cace(item.frame, item.outcome.id, material.design, covariates=choice.covariates, arm=item.arm, conf_level=level)
        return found.replace(evidence=material.plan.evidence)

    empty = Estimate(outcome=item.outcome.id, estimand="CACE", arm=str(item.arm), estimate=math.nan, conf_level=level, method="2sls")
    return guarded(item, run, empty)


def anderson_rubin_set(material: Material, item: Question) -> ConfidenceSet:
    """The confidence set of the complier effect that stays valid when few were moved by the draw."""
    from takeup.estimate.anderson_rubin import anderson_rubin

    level = material.plan.analyses.confidence

    def run(choice: Choice) -> ConfidenceSet:
        return anderson_rubin(item.frame, item.outcome.id, material.design, covariates=choice.covariates, arm=item.arm, conf_level=level)

    unknown = ((math.nan, math.nan),)
    return guarded(item, run, ConfidenceSet(outcome=item.outcome.id, arm=str(item.arm), intervals=unknown, shape="line", conf_level=level))
