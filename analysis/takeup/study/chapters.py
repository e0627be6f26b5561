"""Which chapters a study has: one list, in the order of a report. What the evidence can't carry isn't on its list.

A chapter is a function of the `Material`, named as the chapter, in the file beside it: `study/FILE.py`, `def NAME(material) -> ResultSet`. To add
one, write the function and add its line. The main numbers of a study stand in the chapter, and begin with the word, that `plan.evidence.MAIN`
names for its evidence: effects, differences or changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from takeup.results import Evidence, FrozenMap

if TYPE_CHECKING:
    from collections.abc import Mapping

TRIAL: tuple[Evidence, ...] = ("randomized",)
COMPARISON: tuple[Evidence, ...] = ("comparison",)
ARMS: tuple[Evidence, ...] = ("randomized", "comparison")
ONE_GROUP: tuple[Evidence, ...] = ("before_after",)
EVERY: tuple[Evidence, ...] = get_args(Evidence)


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter of results: its name, the file that makes it, and the evidence that can carry it."""

    name: str
    file: str
    evidence: tuple[Evidence, ...]


LIST = (
    Chapter("flow", "before", ARMS),
    Chapter("flow", "participation", ONE_GROUP),
    Chapter("balance", "before", ARMS),
    Chapter("attrition", "before", ARMS),
    Chapter("completers", "completers", ONE_GROUP),
    Chapter("compliance", "before", ARMS),
    Chapter("flags", "flags", ARMS),
    Chapter("takeup", "takeup", ARMS),
    Chapter("waiting", "waiting", ARMS),
    Chapter("effects", "effects", TRIAL),
    Chapter("differences", "comparison", COMPARISON),
    Chapter("changes", "changes", ONE_GROUP),
    Chapter("improved", "improved", ONE_GROUP),
    Chapter("regression", "regression", ONE_GROUP),
    Chapter("mechanism", "mechanism", ARMS),
    Chapter("cost", "cost", ARMS),
    Chapter("rollout", "rollout", ARMS),
    Chapter("robustness", "robustness", ARMS),
    Chapter("robustness", "steadiness", ONE_GROUP),
    Chapter("distributions", "distributions", EVERY),
    Chapter("subgroups", "subgroups", ARMS),
    Chapter("sites", "sites", ONE_GROUP),
    Chapter("places", "places", COMPARISON),
    Chapter("dose", "dose", ONE_GROUP),
    Chapter("cohorts", "cohorts", ONE_GROUP),
    Chapter("editions", "editions", ONE_GROUP),
    Chapter("invariance", "invariance", ONE_GROUP),
    Chapter("reach", "reach", ONE_GROUP),
)


def chapters(evidence: Evidence) -> Mapping[str, str]:
    """The chapters of a study with this evidence, in order, and the file that each is a function of.

    >>> "effects" in chapters("randomized"), "effects" in chapters("before_after"), chapters("before_after")["flow"]
    (True, False, 'participation')
    """
    return FrozenMap({chapter.name: chapter.file for chapter in LIST if evidence in chapter.evidence})


MOST = max(len(chapters(evidence)) for evidence in EVERY)
"""As many chapters as any study has."""
