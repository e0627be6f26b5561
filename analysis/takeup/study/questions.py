"""One outcome in one arm: what is asked, of which rows, by which estimator; and what stands there when it can't be answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from takeup.errors import TakeupError
from takeup.estimate.choose import Choice, choose
from takeup.results import Result

if TYPE_CHECKING:
    from collections.abc import Callable

    from pandas import DataFrame

    from takeup.plan.model import Outcome
    from takeup.study.material import Material

R = TypeVar("R", bound=Result)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One outcome in one arm.

    Attributes
    ----------
    path : the outcome's place in the plan, ``outcomes[0]``
    arm : the treated arm, as it stands in the frame
    end : what the ids of its results end in, where there are several arms
    frame : the rows of this arm and control
    choice : the estimator and its covariates; None where there is none, and `why_not` says why
    """

    outcome: Outcome
    path: str
    arm: object
    end: str
    frame: DataFrame
    choice: Choice | None
    why_not: str = ""

    def __repr__(self) -> str:
        return f"Question({self.outcome.id}, {self.arm}: {len(self.frame)} units)"


def questions(material: Material) -> tuple[Question, ...]:
    """The outcomes in plan order, each against each treated arm."""
    out = []
    for position, outcome in enumerate(material.plan.outcomes):
        covariates = material.covariates(outcome)
        for arm in material.arms:
            frame, choice, why_not = material.of_arm(arm), None, ""
            try:
                choice = choose(frame, outcome.id, material.design, covariates=covariates, arm=arm, estimator=material.plan.analyses.estimator)
            except TakeupError as error:
                why_not = str(error)
            end = material.suffix(arm)
            out.append(Question(outcome=outcome, path=f"outcomes[{position}]", arm=arm, end=end, frame=frame, choice=choice, why_not=why_not))
    return tuple(out)


def guarded(item: Question, run: Callable[[Choice], R], empty: R) -> R:
    """The result, or where it can't be had the empty one with the reason: a report never stops in the middle."""
    if item.choice is None:
        return empty.replace(reason=item.why_not)
    try:
        return run(item.choice)
    except TakeupError as error:
        return empty.replace(reason=str(error))
