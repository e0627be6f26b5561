"""The editions of the study of 2023-24: each cohort with its women, what they answer, and who enrolled again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.demo.miriam.answers import Answers, Asked, Two, answers, rights, shares_of
from takeup.demo.miriam.country import LAST, Country, country
from takeup.demo.miriam.draws import uniform
from takeup.demo.miriam.scores import SCORES, parameters, scores, worth
from takeup.demo.miriam.women import Women, numbers, recruit
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from takeup.demo.mission.parameters import Parameters

Array = np.ndarray[Any, np.dtype[Any]]
WOMEN = 1144
NAMES = {2018: "2.0", 2019: "2.0", 2020: "3.0", 2021: "2021-22", 2022: "2022-23", 2023: "2023-24"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Edition:
    """One cohort. `earlier` is the position in the cohort before of a woman who enrols again, -1 for the others; `number` who she is in the files."""

    women: Women
    answers: Answers
    rights: Mapping[str, Two]
    earlier: Array
    number: Array

    def __repr__(self) -> str:
        return f"Edition({self.women.n} synthetic women of {self.women.cohort})"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Editions:
    """All cohorts by year, and the country that they are from."""

    said: Parameters
    seed: int
    land: Country
    cohorts: Mapping[int, Edition]

    def __repr__(self) -> str:
        return f"Editions({len(self.cohorts)} synthetic cohorts, seed {self.seed})"


def make_editions(n: int = WOMEN, seed: int = 0, said: Parameters | None = None) -> Editions:
    """Make the cohorts up to 2023-24, with n women in the last one and in proportion before; the same seed gives the same women."""
    said = said or parameters()
    scale = n / WOMEN
    land = country(said, seed, min(scale, 581 / 44))
    sizes = {cohort: max(2, round(scale * women)) for cohort, women in said["size.women"].items()}
    sizes[LAST] = n
    order = numbers(sum(sizes.values()), seed)
    found: dict[int, Edition] = {}
    told = 0
    for cohort, size in sorted(sizes.items()):
        found[cohort] = edition(said, land, cohort, size, seed, found.get(cohort - 1), order[told : told + size])
        told += size
    return Editions(said=said, seed=seed, land=land, cohorts=MappingProxyType(found))


def edition(
    said: Parameters, land: Country, cohort: int, n: int, seed: int, before: Edition | None = None, number: Array | None = None, *,
    only: tuple[str, ...] = SCORES,
) -> Edition:
    """One cohort. Some women of the last two enrolled in the one before as well (`before`).

    Parameters
    ----------
    only : the scores that are asked; leaving some out changes no other
    """
    women = recruit(said, land, cohort, n, seed)
    earlier = np.full(n, -1)
    known: dict[str, Array] = {}
    if before is not None and cohort >= LAST - 1:
        earlier = _again(said, women, before.women, seed)
        women = _same(women, before.women, earlier)
        known = {name: np.where(earlier >= 0, rest[earlier], np.nan) for name, rest in before.answers.rest.items()}
    asked = Asked(state=women.state, moved=worth(said)[(~women.core).astype(int)], group=women.group, centre=women.centre,
                  groups=women.centre_of.size, centres=land.n, dutch=women.dutch, extra=np.zeros(n), known=FrozenMap(known))
    key = (seed, 40, cohort)
    return Edition(women=women, answers=answers(said, scores(said, cohort), asked, key, only), earlier=earlier,
                   rights=rights(said, shares_of(said, cohort, n), asked, key), number=np.arange(n) + 1 if number is None else number)


def _again(said: Parameters, women: Women, before: Women, seed: int) -> Array:
    """Positions in the cohort before of those who enrol again, in the same centre; each at most once."""
    found = np.full(women.n, -1)
    wanted = round(said["women.re_enrolled"] * women.n)
    order, past = np.argsort(uniform((seed, 31, women.cohort, 0), women.n)), np.argsort(uniform((seed, 31, women.cohort, 1), before.n))
    free: dict[int, list[int]] = {}
    for position in past[~before.left[past]]:
        free.setdefault(int(before.centre[position]), []).append(int(position))
    for position in order:
        waiting = free.get(int(women.centre[position]), [])
        if wanted and waiting:
            found[position] = waiting.pop()
            wanted -= 1
    return found


def _same(women: Women, before: Women, earlier: Array) -> Women:
    """Who enrols again is a year older, with the same children and language."""
    again = earlier >= 0

    def carried(now: Array, then: Array, years: int) -> Array:
        return np.where(again, then[earlier] + years, now)

    return replace(
        women, age=carried(women.age, before.age, 1), children=carried(women.children, before.children, 0),
        youngest=carried(women.youngest, before.youngest, 1), dutch=np.where(again, before.dutch[earlier], women.dutch),
    )
