"""One outcome in one arm: what is asked, of which rows, by which estimator; and what stands there when it can't be answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from takeup.errors import TakeupError
from takeup.estimate.choose import Choice, choose
from takeup.release.magnitude import LARGEST, largest
from takeup.results import FrozenMap, Result

if TYPE_CHECKING:
    from collections.abc import Callable

    from pandas import DataFrame

    from takeup.design import Design
    from takeup.plan.model import Outcome
    from takeup.study.material import Material

R = TypeVar("R", bound=Result)

Amounts = tuple[tuple[float, ...], ...]

SMALLEST = "count_smallest_cell"
"""The name, among a result's extra numbers, of the smallest group that it could reveal."""


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


def cells(frame: DataFrame, outcome: Outcome, design: Design, arm: object) -> tuple[int, ...]:
    """How many people of each arm have a binary outcome and how many haven't; nothing for another outcome."""
    if outcome.kind != "binary":
        return ()
    out = []
    for side in (arm, design.control):
        values = frame[outcome.id][(frame[design.treatment] == side).to_numpy(dtype=bool, na_value=False)].dropna()
        out += [int(values.sum()), int(len(values) - values.sum())]
    return tuple(out)


def amounts(frame: DataFrame, outcome: Outcome, design: Design, arm: object) -> Amounts:
    """The largest amounts of an outcome in each arm and their total (`release.magnitude.largest`); nothing for a binary one."""
    if outcome.kind == "binary":
        return ()
    sides = [(frame[design.treatment] == side).to_numpy(dtype=bool, na_value=False) for side in (arm, design.control)]
    return tuple(largest(frame[outcome.id][rows].dropna().to_numpy(dtype=float)) for rows in sides)


def counted(result: R, smallest: tuple[int, ...], large: Amounts = ()) -> R:
    """The result with the smallest group it could reveal and the largest amounts in it, for the disclosure gate to read."""
    extra: dict[str, Any] = {SMALLEST: min((size for size in smallest if size), default=0)} if smallest else {}
    extra |= {LARGEST: large} if large else {}
    kept: FrozenMap = result.extra  # type: ignore[attr-defined]  # every kind of result has it
    return result.replace(extra=FrozenMap({**kept, **extra})) if extra else result


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
            out.append(Question(outcome=outcome, path=f"outcomes[{position}]", arm=arm, end=end, frame=material.asked(outcome, frame), choice=choice,
                                why_not=why_not))
    return tuple(out)


def guarded(item: Question, run: Callable[[Choice], R], empty: R) -> R:
    """The result, or where it can't be had the empty one with the reason: a report never stops in the middle."""
    if item.choice is None:
        return empty.replace(reason=item.why_not)
    try:
        return run(item.choice)
    except TakeupError as error:
        return empty.replace(reason=str(error))
