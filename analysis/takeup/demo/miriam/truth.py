"""What the synthetic MIRIAM was made with: changes and what comes back by itself, sites, and what MIRIAM adds in edition 1.0."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.demo.miriam.answers import group_parts
from takeup.demo.miriam.country import LAST, centre_parts
from takeup.demo.miriam.draws import normal
from takeup.demo.miriam.scores import (
    RIGHTS,
    SATISFACTION,
    SCORES,
    Score,
    after,
    answered_twice,
    before,
    expected,
    first_scores,
    mean_change,
    scores,
    second_moment,
    states,
    worth,
)
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from takeup.demo.miriam.editions import Editions
    from takeup.demo.mission.parameters import Parameters

Array = np.ndarray[Any, np.dtype[Any]]
POINTS = 4_000
SITUATION = "situation"
POPULATION_SEED, WOMEN = 20_240_621, 100_000
"""How many women stand for the population where there is no closed form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueChange:
    """The change of an outcome that the data were made with, in its units.

    Attributes
    ----------
    baseline : mean at the start of those who start
    change, change_starters : mean change of those who answered twice, and of all who started had they all answered
    returned : the part of `change` that would have come without any programme, because women were recruited at a low point
    moved : the part that the programme moved
    reliability : correlation of two measurements without a programme among all whom centres might recruit
    population_mean, population_sd : mean and standard deviation among those
    """

    outcome: str
    baseline: float
    change: float
    change_starters: float
    returned: float
    moved: float
    reliability: float
    population_mean: float
    population_sd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueDifference:
    """What MIRIAM adds in edition 1.0 for its women, and what their greater motivation, which no column says, adds to any comparison."""

    outcome: str
    added: float
    unmeasured: float


def truth(world: Editions) -> FrozenMap:
    """Of both studies: `changes` and `cohorts` by outcome, `sites` by centre and outcome, `differences` by outcome, `other_meaning` by item."""
    said = world.said
    odd = said["spread.other_meaning"]
    cohorts = {str(cohort): FrozenMap({name: row.change for name, row in true_changes(said, cohort).items()}) for cohort in world.cohorts}
    return FrozenMap({
        "changes": true_changes(said, LAST),
        "cohorts": FrozenMap(cohorts),
        "sites": true_sites(world), "differences": true_differences(said), "other_meaning": FrozenMap({f"emp_{odd['item']:02d}": -odd["shift"]}),
    })


@cache
def true_changes(said: Parameters, cohort: int) -> Mapping[str, TrueChange]:
    """The changes of a cohort by outcome; exact, by quadrature."""
    share = said["women.recruited"]
    _, weight = states(share)
    everyone = np.array((said["programme.core"], 1.0 - said["programme.core"]))[:, None] * weight
    found = {}
    for name, score in scores(said, cohort).items():
        change, returned = mean_change(score, said, score.shift), mean_change(score, said, 0.0)
        mean, sd, reliability = population(score, said["women.stability"])
        found[name] = TrueChange(
            outcome=name, baseline=float(score.points * (weight @ before(score, share))), change=change, returned=returned, moved=change - returned,
            change_starters=mean_change(score, said, score.shift, everyone), reliability=reliability, population_mean=mean, population_sd=sd,
        )
    found[SITUATION] = _situation(said, [found[name] for name in SATISFACTION])
    strength = said["earlier.strength"].get(cohort, 1.0)
    for name in RIGHTS:
        start, end, lost = said[f"having.{name}"]
        change = strength * (end - start)
        # alike before and after in those who neither gain nor lose: the correlation without a programme, in which as many gain as lose
        found[name] = TrueChange(outcome=name, baseline=start, change=change, change_starters=change, returned=0.0, moved=change,
                                 reliability=1.0 - lost / (1.0 - start), population_mean=start, population_sd=float(np.sqrt(start * (1.0 - start))))
    return FrozenMap(found)


def _situation(said: Parameters, six: list[TrueChange]) -> TrueChange:
    """The mean of the six satisfactions: means are means of means; how stable it is follows from very many women without a programme."""
    keep, common = said["women.stability"], said["women.shared_by_answers"]
    placed = [scores(said, LAST)[name] for name in SATISFACTION]

    def wave(before: Array | None, key: int) -> tuple[Array, Array]:
        fresh = normal((POPULATION_SEED, 90, key), WOMEN, 2 + len(placed))
        latent = fresh if before is None else keep * before + np.sqrt(1.0 - keep**2) * fresh
        codes = [
            np.clip(np.rint(score.location + score.scale * (
                score.pull * latent[:, 0] + score.rest * (np.sqrt(common) * latent[:, 1] + np.sqrt(1.0 - common) * latent[:, 2 + place]))),
                score.low, score.high)
            for place, score in enumerate(placed)
        ]
        return latent, np.mean(codes, axis=0)

    latent, first = wave(None, 0)
    second = wave(latent, 1)[1]

    def mean(field: str) -> float:
        return float(np.mean([getattr(row, field) for row in six]))

    return TrueChange(
        outcome=SITUATION, baseline=mean("baseline"), change=mean("change"), change_starters=mean("change_starters"), returned=mean("returned"),
        moved=mean("moved"), reliability=float(np.corrcoef(first, second)[0, 1]), population_mean=mean("population_mean"),
        population_sd=float(first.std()),
    )


def population(score: Score, stability: float) -> tuple[float, float, float]:
    """Mean, standard deviation and correlation of two measurements of a score among all whom centres might recruit, without a programme."""
    from scipy.special import ndtri

    z = ndtri((np.arange(POINTS) + 0.5) / POINTS)
    latent = score.location + score.scale * z
    if score.noise:
        first, square = expected(score, latent, 0.0), second_moment(score, latent, 0.0)
    else:
        first = np.clip(np.rint(latent), score.low, score.high)
        square = first**2
    mean = float(first.mean())
    variance = float((first**2).mean() - mean**2 + (square - first**2).mean() / score.items)
    later = expected(score, score.location + score.scale * stability * z, score.scale**2 * (1.0 - stability**2))
    return score.points * mean, score.points * float(np.sqrt(variance)), float((first * later).mean() - mean * later.mean()) / variance


def true_sites(world: Editions) -> Mapping[str, Mapping[str, float]]:
    """The expected change of each centre of the last cohort, with its own part and those of its groups; by the centre's number."""
    said, women = world.said, world.cohorts[LAST].women
    share, stability, weights = said["women.recruited"], said["women.stability"], answered_twice(said)
    sizes = np.bincount(women.group)
    found: dict[str, dict[str, float]] = {str(centre + 1): {} for centre in np.unique(women.centre_of)}
    for place, name in enumerate(SCORES):
        score = scores(said, LAST)[name]
        group = score.group * group_parts(said, (world.seed, 40, LAST, place), sizes.size)
        centre = score.centre * centre_parts(said, world.seed, world.land.n, place)[women.centre_of]
        start = (weights * before(score, share)).sum()
        changes = np.array([
            sum(float(row @ after(score, share, stability, score.shift * factor + more, among=False))
                for row, factor in zip(weights, worth(said), strict=True)) - start
            for more in group + centre
        ])
        for number, rows in found.items():
            here = women.centre_of == int(number) - 1
            rows[name] = float(score.points * np.average(changes[here], weights=sizes[here]))
    return FrozenMap({number: FrozenMap(rows) for number, rows in found.items()})


@cache
def true_differences(said: Parameters) -> Mapping[str, TrueDifference]:
    """What MIRIAM adds in edition 1.0, by outcome; exact, by quadrature."""
    share, stability = said["women.recruited"], said["women.stability"]
    _, weight = states(share)
    pull = said["first.motivation_moves"]
    found = {}
    for name, score in first_scores(said).items():
        lift, extra = pull * said["first.motivation"] * score.scale, (pull * score.scale) ** 2 + score.centre**2

        def mean(shift: float, more: float, score: Score = score, extra: float = extra) -> float:
            return float(score.points * (weight @ after(score, share, stability, shift, extra=extra + more, among=False)))

        usual = mean(lift, 0.0)
        found[name] = TrueDifference(outcome=name, added=mean(score.shift + lift, score.group**2) - usual, unmeasured=usual - mean(0.0, 0.0))
    for name in RIGHTS:
        if name in {"alimony_claimed", "training"}:
            start, end, other, other_end, lost = said[f"first.{name}"]
            # without MIRIAM its women would have gained and lost as the comparison group does
            gained = (other_end - other * (1.0 - lost)) / (1.0 - other)
            found[name] = TrueDifference(outcome=name, added=end - (start * (1.0 - lost) + (1.0 - start) * gained), unmeasured=0.0)
        else:
            found[name] = TrueDifference(outcome=name, added=0.0, unmeasured=0.0)
    return FrozenMap(found)
