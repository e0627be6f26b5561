"""Several outcomes, one family: p-values corrected together, by the method the plan names."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.errors import InferError
from takeup.results import Estimate, FrozenMap, Test

if TYPE_CHECKING:
    from takeup.plan.model import Outcome
    from takeup.study.material import Material
    from takeup.study.questions import Question

LEFT = ("n_left_out",)
"""What the estimate's own n leaves out, so that the flow can be held against it."""


def corrections(
    material: Material, asked: tuple[Question, ...], itt: dict[tuple[str, object], Estimate],
) -> dict[tuple[str, object], Test]:
    """The p-values of each family corrected together: by the plan's method, else Holm, or sharpened q where all is exploratory."""
    families: dict[str, list[Question]] = {}
    for item in asked:
        families.setdefault(item.outcome.family, []).append(item)
    out: dict[tuple[str, object], Test] = {}
    for name, members in families.items():
        method = material.plan.analyses.families.get(name) or default_method([item.outcome for item in members])
        if method == "none":
            continue
        known = [item for item in members if not math.isnan(itt[item.outcome.id, item.arm].p_value)]
        adjusted, draws, reason = _adjusted(material, known, [itt[item.outcome.id, item.arm].p_value for item in known], method)
        for item, p_adjusted in zip(known, adjusted, strict=True):
            raw = itt[item.outcome.id, item.arm]
            out[item.outcome.id, item.arm] = Test(
                outcome=item.outcome.id, term=name, arm=str(item.arm), statistic=raw.statistic, p_value=raw.p_value, p_adjusted=p_adjusted,
                n=raw.n, draws=draws, method=method, reason=reason,
                extra=FrozenMap(members=len(known), **{name: raw.extra[name] for name in LEFT if raw.extra.get(name)}),
            )
    return out


def default_method(outcomes: list[Outcome]) -> str:
    """Holm for a family with something confirmatory in it, the sharpened q for an exploratory one."""
    return "sharpened_q" if all(outcome.role == "exploratory" for outcome in outcomes) else "holm"


def _adjusted(material: Material, members: list[Question], p_values: list[float], method: str) -> tuple[list[float], int | None, str]:
    if not members:
        return [], None, ""
    if len(members) == 1:
        return p_values, None, "One outcome in the family: nothing to correct for."
    from takeup.infer import multiplicity

    if method != "romano_wolf":
        adjusted = multiplicity.adjust(p_values, method)  # type: ignore[arg-type]  # the plan's model lets only its methods in
        return [float(p) for p in adjusted], None, f"{len(members)} p-values corrected together."
    analyses = material.plan.analyses
    out: dict[tuple[str, object], float] = {}
    for arm in dict.fromkeys(item.arm for item in members):
        choices = {item.outcome.id: item.choice for item in members if item.arm == arm and item.choice is not None}
        try:
            found = multiplicity.stepdown(
                material.frame, list(choices), material.design, covariates={name: choice.covariates for name, choice in choices.items()},
                draws=analyses.draws, seed=analyses.seed, arm=arm,
            )
        except InferError as error:  # a draw that can't be made again (yet)
            return [math.nan] * len(members), None, str(error)
        out |= {(name, arm): float(row.p_adjusted) for name, row in zip(choices, found, strict=True)}
    each = " arm by arm" if len({item.arm for item in members}) > 1 else ""
    reason = f"{len({item.outcome.id for item in members})} outcomes corrected together{each}, on the same draws."
    return [out[item.outcome.id, item.arm] for item in members], analyses.draws, reason
