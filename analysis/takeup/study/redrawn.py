"""Randomisation inference for every outcome, with the statistic of its own estimate; outcomes that share an estimator share one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.errors import TakeupError
from takeup.results import Test

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from takeup.study.material import Material
    from takeup.study.questions import Question

TERM = "randomization"


def randomizations(material: Material, asked: Iterable[Question]) -> Mapping[tuple[str, object], Test]:
    """The test of each outcome and arm, by the trial's own draw; all share the draws of the plan's seed."""
    passes: dict[tuple[object, str], list[Question]] = {}
    out: dict[tuple[str, object], Test] = {}
    for item in asked:
        if item.choice is None:
            out[item.outcome.id, item.arm] = _none(item, item.why_not)
        else:
            passes.setdefault((item.arm, item.choice.estimator), []).append(item)
    for members in passes.values():
        try:
            out |= _drawn(material, members)
        except TakeupError:  # one outcome that can't be tested doesn't take the others with it
            for item in members:
                try:
                    out |= _drawn(material, [item])
                except TakeupError as error:
                    out[item.outcome.id, item.arm] = _none(item, str(error))
    return out


def _drawn(material: Material, members: list[Question]) -> dict[tuple[str, object], Test]:
    """One pass over the draws for outcomes of one arm and one estimator."""
    from takeup.infer.randomization import randomization_test

    choices = {item.outcome.id: item.choice for item in members if item.choice is not None}
    method = next(iter(choices.values())).estimator
    analyses = material.plan.analyses
    found = randomization_test(
        material.frame, list(choices), material.design, covariates={name: choice.covariates for name, choice in choices.items()}, method=method,
        draws=analyses.draws, seed=analyses.seed, interval=True, arm=members[0].arm, conf_level=analyses.confidence,
    )
    tests = {test.outcome: test for test in found.tests()}
    return {(item.outcome.id, item.arm): tests[item.outcome.id].replace(term=TERM, arm=str(item.arm)) for item in members}


def _none(item: Question, reason: str) -> Test:
    return Test(outcome=item.outcome.id, term=TERM, arm=str(item.arm), method="randomization inference", reason=reason)
