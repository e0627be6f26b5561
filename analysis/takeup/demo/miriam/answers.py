"""What the women answer at the start and at the end: codes of items, and rights that they have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.demo.miriam.country import centre_parts
from takeup.demo.miriam.draws import normal, uniform
from takeup.demo.miriam.scores import RIGHTS, SCORES, Score
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from takeup.demo.mission.parameters import Parameters

Array = np.ndarray[Any, np.dtype[Any]]
Two = tuple[Array, Array]
COMMON, LATER, SECOND = 900, 901, 1_000
"""Keys of what all answers share: parts of groups, the later general state; and of the first right."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """Codes by name at the start and at the end; (n,) for one item, (n, items) for several. `rest` is what a later enrolment remembers."""

    before: Mapping[str, Array]
    after: Mapping[str, Array]
    rest: Mapping[str, Array]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """Who answers: all that an answer depends on.

    Attributes
    ----------
    state : general state at the start; moved : (n,) what the programme moves, over its mean (0 where there is none)
    group, centre : positions (-1 where there is none), of which groups and centres there are `groups` and `centres`
    dutch : language of the questionnaire; extra : (n,) what else moves the latent value, in standard deviations of the answer
    known : by answer, what is remembered of an earlier enrolment (nan where there was none)
    """

    state: Array
    moved: Array
    group: Array
    centre: Array
    groups: int
    centres: int
    dutch: Array
    extra: Array
    known: Mapping[str, Array]


def answers(said: Parameters, scores: Mapping[str, Score], asked: Asked, key: tuple[int, ...], only: tuple[str, ...] = SCORES) -> Answers:
    """The answers to every score; the streams of each are its own, so that leaving some out changes no other.

    Parameters
    ----------
    key : the seed first; centres have the same parts under every key of a seed
    """
    told = {name: _one(said, scores[name], asked, (*key, SCORES.index(name))) for name in only}
    return Answers(before=FrozenMap({name: row[0] for name, row in told.items()}), after=FrozenMap({name: row[1] for name, row in told.items()}),
                   rest=FrozenMap({name: row[2] for name, row in told.items()}))


def parts(said: Parameters, key: tuple[int, ...], asked: Asked) -> Two:
    """(n,) standard normal parts of groups and of centres in one answer; 0 where a woman has none."""
    group, centre = group_parts(said, key, asked.groups), centre_parts(said, key[0], asked.centres, key[-1])
    return np.append(group, 0.0)[asked.group], np.append(centre, 0.0)[asked.centre]


def group_parts(said: Parameters, key: tuple[int, ...], n: int) -> Array:
    """(n,) standard normal parts of groups in one answer, some of which is common to all answers."""
    common = said["programme.shared_by_outcomes"]
    found: Array = np.sqrt(common) * normal((*key[:-1], COMMON), n) + np.sqrt(1.0 - common) * normal((*key, 0), n)
    return found


def _one(said: Parameters, score: Score, asked: Asked, key: tuple[int, ...]) -> tuple[Array, Array, Array]:
    n, keep = asked.state.size, said["women.stability"]
    fresh = np.sqrt(1.0 - keep**2)
    rest = _shared(said, key, 1, n)
    known = asked.known.get(score.name)
    if known is not None:
        rest = np.where(np.isnan(known), rest, keep * np.nan_to_num(known) + fresh * rest)
    state = keep * asked.state + fresh * normal((*key[:-1], LATER), n)  # one and the same for all answers
    later = keep * rest + fresh * _shared(said, key, 3, n)
    group, centre = parts(said, key, asked)
    moved = score.shift * asked.moved + score.group * group + score.centre * centre + score.scale * asked.extra
    first = score.location + score.scale * (score.pull * asked.state + score.rest * rest)
    second = score.location + score.scale * (score.pull * state + score.rest * later) + moved
    if score.items == 1:
        return _codes(score, first), _codes(score, second), later
    found = []
    for moment, value in enumerate((first, second)):
        item = value[:, None] + score.noise * normal((*key, 4 + moment), n, score.items)
        if score.name == "empowerment":
            odd = said["spread.other_meaning"]
            item[:, odd["item"] - 1] += np.where(asked.dutch, 0.5, -0.5) * odd["shift"]
        found.append(_codes(score, item))
    return found[0], found[1], later


def _shared(said: Parameters, key: tuple[int, ...], moment: int, n: int) -> Array:
    """(n,) standard normal parts of one answer that go with those of all other answers to some extent."""
    common = said["women.shared_by_answers"]
    found: Array = np.sqrt(common) * normal((*key[:-1], COMMON + 10 + moment), n) + np.sqrt(1.0 - common) * normal((*key, moment), n)
    return found


def _codes(score: Score, value: Array) -> Array:
    return np.clip(np.rint(value), score.low, score.high).astype(np.int64)


def rights(said: Parameters, shares: Mapping[str, tuple[Array, Array, float]], asked: Asked, key: tuple[int, ...]) -> Mapping[str, Two]:
    """Rights at the start and at the end.

    Parameters
    ----------
    shares : by right, (n,) shares at the start and at the end and the share of those who had it that lost it. Who gains it resembles her group.
    """
    from scipy.special import ndtri

    icc = said["programme.group_icc"]
    found = {}
    for place, name in enumerate(RIGHTS):
        one = (*key, SECOND + place)
        start, end, lost = shares[name]
        had = uniform((*one, 1), asked.state.size) < start
        gained = np.clip((end - start * (1.0 - lost)) / (1.0 - start), 1e-9, 1.0 - 1e-9)
        group = np.where(asked.group < 0, normal((*one, 2), asked.state.size), np.append(normal((*one, 0), asked.groups), 0.0)[asked.group])
        luck = np.sqrt(icc) * group + np.sqrt(1.0 - icc) * normal((*one, 3), asked.state.size)
        found[name] = (had, luck < np.where(had, ndtri(1.0 - lost), ndtri(gained)))
    return FrozenMap(found)


def shares_of(said: Parameters, cohort: int, n: int) -> Mapping[str, tuple[Array, Array, float]]:
    """The shares of a cohort's rights."""
    strength = said["earlier.strength"].get(cohort, 1.0)
    rows = {name: said[f"having.{name}"] for name in RIGHTS}
    return FrozenMap({name: (np.full(n, start), np.full(n, start + strength * (end - start)), lost) for name, (start, end, lost) in rows.items()})
