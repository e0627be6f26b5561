"""Edition 1.0: women of MIRIAM and women with usual guidance in the same five cities.

Nobody drew them by lot; the former are worse off, have younger children, and are more motivated, which no column says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.demo.miriam.answers import Answers, Asked, Two, answers, rights
from takeup.demo.miriam.draws import normal, pick, poisson, uniform, whole_parts
from takeup.demo.miriam.scores import RIGHTS, SCORES, first_scores, parameters
from takeup.demo.miriam.women import numbers
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from takeup.demo.mission.parameters import Parameters

Array = np.ndarray[Any, np.dtype[Any]]
CITIES = ("a", "b", "c", "d", "e")
DUTCH = np.array((True, True, False, False, False))
"""Two of the five cities are Flemish."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class First:
    """Edition 1.0, by position: `miriam` says who took part; `group` is -1 in the comparison group."""

    said: Parameters
    seed: int
    miriam: Array
    city: Array
    cohort: Array
    group: Array
    age: Array
    children: Array
    youngest: Array
    start: Array
    end: Array
    answered: Array
    reason: Array
    number: Array
    answers: Answers
    rights: Mapping[str, Two]

    def __repr__(self) -> str:
        return f"First({self.miriam.size} synthetic women, seed {self.seed})"


def make_first(seed: int = 0, said: Parameters | None = None, *, times: int = 1, only: tuple[str, ...] = SCORES) -> First:
    """Make edition 1.0, or one in which there are `times` as many groups and women in the same five cities."""
    from scipy.special import ndtri

    said = said or parameters()
    key = (seed, 50)
    sizes = (times * said["first.miriam"], times * said["first.comparison"])
    n = sum(sizes)
    miriam = np.arange(n) < sizes[0]
    cohorts, cities = said["first.cohorts"], said["first.cities"]
    groups = times * cities * len(cohorts)
    place = np.repeat(np.arange(groups), whole_parts(np.ones(groups), sizes[0]))
    there = np.repeat(np.arange(cities), whole_parts(np.array(said["first.comparison_by_city"]), sizes[1]))
    city = np.concatenate([place % cities, there])
    cohort = np.array(cohorts)[np.concatenate([place // cities % len(cohorts), pick((*key, 0), (1.0, 1.0), sizes[1])])]
    group = np.where(miriam, np.concatenate([place, there]), -1)
    share = np.where(miriam, said["women.recruited"], said["first.comparison_state"])
    state = ndtri(share * uniform((*key, 1), n))
    age_mean, age_sd = said["women.age"]
    age = np.clip(np.rint(age_mean - 1.0 * miriam + age_sd * ndtri(uniform((*key, 2), n))), 18, 58).astype(int)
    youngest = np.clip(np.floor(7.0 * uniform((*key, 3), n) - said["first.younger_child"] * (miriam - 0.5)), 0, age - 17).astype(int)
    motivation = normal((*key, 4), n) + said["first.motivation"] * miriam
    asked = Asked(state=state, moved=miriam.astype(float), group=group, centre=city, groups=groups, centres=cities, dutch=DUTCH[city],
                  extra=said["first.motivation_moves"] * motivation, known=FrozenMap())
    start = np.array([f"{year}-10-05" for year in cohort], dtype="datetime64[D]") + np.floor(25 * uniform((*key, 5), n)).astype("timedelta64[D]")
    answered = uniform((*key, 6), n) < np.where(miriam, *said["first.answered"])
    length = np.where(answered, 420, np.rint(60 + 300 * uniform((*key, 7), n))).astype("timedelta64[D]")
    return First(
        said=said, seed=seed, miriam=miriam, city=city, cohort=cohort, group=group, age=age, youngest=youngest, start=start, end=start + length,
        children=1 + np.minimum(poisson((*key, 8), said["women.more_children"], n), 7), answered=answered, number=numbers(n, seed),
        reason=pick((*key, 9), tuple(said["response.reasons"].values()), n), answers=answers(said, first_scores(said), asked, (seed, 60, 1), only),
        rights=rights(said, first_shares(said, miriam), asked, (seed, 60, 1)),
    )


def first_shares(said: Parameters, miriam: Array) -> Mapping[str, tuple[Array, Array, float]]:
    """Shares of the rights at the start and at the end; where nothing was said on 1.0, everybody's are those of the start of a later edition."""
    found = {}
    for name in RIGHTS:
        if name in {"alimony_claimed", "training"}:
            start, end, other, other_end, lost = said[f"first.{name}"]
            found[name] = (np.where(miriam, start, other), np.where(miriam, end, other_end), lost)
        else:
            start, _, lost = said[f"having.{name}"]
            found[name] = (np.full(miriam.size, start), np.full(miriam.size, start), lost)
    return FrozenMap(found)
