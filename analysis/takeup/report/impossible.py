"""Percentages in the authors' words that no number of people in the study can give (the GRIM check, `takeup.grim`)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from takeup.errors import Fault
from takeup.measure.grim import grim
from takeup.results import Estimate, Statistic

if TYPE_CHECKING:
    from takeup.report.sentences import Teller

PERCENT = re.compile(r"(?<![\w.,{:-])(\d{1,2}(?:[.,]\d+)?|100)[\s\u00a0\u202f]?(?:%|percent|procent|pour ?cent)")
PLACE = re.compile(r"\{[^{}]*\}|\(?https?://\S+")


def impossible(text: str, tell: Teller, where: str) -> tuple[Fault, ...]:
    """Each percentage in an author's Markdown that can't be a share of any of the study's numbers of people.

    Where counts are rounded, every number of people that would be shown alike is tried, so that only what is surely wrong is told.
    """
    sizes = people(tell)
    plain = PLACE.sub(" ", text)
    faults = {}
    for match in PERCENT.finditer(plain):
        if sizes and not any(grim(match[1], n).possible for n in sizes):
            faults[match[1]] = Fault(f"{match[0].strip()} was typed, and no number of people in this study gives that percentage", where,
                                     remedy="Look it up, say of how many people it is, or bind it to a result.")
    return tuple(faults.values())


def people(tell: Teller) -> tuple[int, ...]:
    """The numbers of people that the study's shares and estimates are of, with those that rounding makes look the same."""
    half = tell.released.rules.base // 2
    found = set()
    for name in tell.released:
        for item in tell.released[name]:
            if isinstance(item, Estimate | Statistic) and item.n:
                found |= set(range(max(1, item.n - half), item.n + half + 1))
    return tuple(sorted(found))
