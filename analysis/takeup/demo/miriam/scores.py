"""How an answer comes about, and its exact expectation.

Latent values are rounded to codes, and their means are solved so that the codes have the means that were published. A woman's general state F
at the start lies below a bar, because those who are worst off are recruited. An answer's latent value is location + scale (pull F + rest U);
later both F and U keep only part of themselves, so the latent value drifts back to the location.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.demo.mission.parameters import Parameters, read_parameters
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Mapping

Array = np.ndarray[Any, np.dtype[Any]]
FILE = Path(__file__).with_name("parameters.yaml")
SATISFACTION = ("finances", "social", "housing", "mobility", "health", "leisure")
SCORES = (*SATISFACTION, "who5", "network", "empowerment")
RIGHTS = ("alimony_claimed", "gp", "dentist", "social_housing_list", "training")
CLASSES = ("core", "irregular")
NODES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One answer, or a score of several items: all in codes of an item, `points` times which is the score.

    Attributes
    ----------
    location, scale : mean and standard deviation of the latent value among all whom centres might recruit
    pull : its correlation with the general state
    shift : what the programme adds to the latent value of an average participant
    group, centre : standard deviations of what groups and centres add
    """

    name: str
    location: float
    scale: float
    pull: float
    items: int
    noise: float
    low: int
    high: int
    points: float
    group: float
    centre: float
    shift: float = 0.0

    @property
    def rest(self) -> float:
        """Weight of what doesn't go with the general state."""
        return float(np.sqrt(1.0 - self.pull**2))


def parameters() -> Parameters:
    """The parameters of MIRIAM's file."""
    return read_parameters(FILE)


def bar(share: float) -> float:
    """The general state below which women are recruited."""
    from scipy.special import ndtri

    return float(ndtri(share))


@cache
def states(share: float) -> tuple[Array, Array]:
    """Nodes and weights over the general state of those recruited, by Gauss and Legendre on the distribution function."""
    from scipy.special import ndtri

    place, weight = np.polynomial.legendre.leggauss(NODES)
    return ndtri(share * (place + 1.0) / 2.0), weight / 2.0


def spread_of_states(share: float) -> float:
    """Variance of the general state among those recruited."""
    state, weight = states(share)
    return float(weight @ state**2 - (weight @ state) ** 2)


def expected(score: Score, mean: Array, variance: float) -> Array:
    """The mean code of a latent value with this mean and variance, rounded and kept within the codes; item noise comes on top."""
    from scipy.special import ndtr

    bars = np.arange(score.low, score.high) + 0.5
    found: Array = score.low + ndtr((mean[..., None] - bars) / np.sqrt(variance + score.noise**2)).sum(axis=-1)
    return found


def second_moment(score: Score, mean: Array, variance: float) -> Array:
    """The mean of the square of a code, as `expected` is of the code."""
    from scipy.special import ndtr

    steps = np.arange(score.low, score.high)
    above = ndtr((mean[..., None] - steps - 0.5) / np.sqrt(variance + score.noise**2))
    found: Array = score.low**2 + above @ (2.0 * steps + 1.0)
    return found


def before(score: Score, share: float) -> Array:
    """The mean code at the start at each node of the general state."""
    state, _ = states(share)
    return expected(score, score.location + score.scale * score.pull * state, (score.scale * score.rest) ** 2)


def after(score: Score, share: float, stability: float, shift: float, *, extra: float = 0.0, among: bool = True) -> Array:
    """The mean code at the end at each node, with `shift` added to the latent value.

    Parameters
    ----------
    extra : further variance of the latent value
    among : whether what groups and centres add is part of the variance
    """
    state, _ = states(share)
    variance = score.scale**2 * (score.pull**2 * (1.0 - stability**2) + score.rest**2) + extra
    if among:
        variance += score.group**2 + score.centre**2
    return expected(score, score.location + score.scale * score.pull * stability * state + shift, variance)


def staying(said: Parameters) -> tuple[Array, Mapping[str, float]]:
    """(classes, nodes) chance to stay to the end, and the probit intercept of leaving by class."""
    from scipy.optimize import brentq
    from scipy.special import ndtr

    state, weight = states(said["women.recruited"])
    slope, wide = said["response.dropout_state"], np.sqrt(1.0 + said["response.dropout_group"] ** 2)
    bars = {
        name: float(brentq(lambda at, name=name: weight @ ndtr((at + slope * state) / wide) - said[f"response.dropout_{name}"], -6.0, 6.0))
        for name in CLASSES
    }
    return np.array([1.0 - ndtr((at + slope * state) / wide) for at in bars.values()]), FrozenMap(bars)


def answered_twice(said: Parameters) -> Array:
    """(classes, nodes) weights of those who answered at both moments; they sum to one."""
    _, weight = states(said["women.recruited"])
    shares = np.array((said["programme.core"], 1.0 - said["programme.core"]))
    found = shares[:, None] * weight * staying(said)[0]
    total: Array = found / found.sum()
    return total


def worth(said: Parameters) -> Array:
    """(classes,) what the programme moves in a class, over its mean."""
    return np.array([said[f"programme.worth_{name}"] for name in CLASSES])


def mean_change(score: Score, said: Parameters, shift: float, weights: Array | None = None) -> float:
    """The expected change of the score; among those who answered twice unless other (classes, nodes) weights are given."""
    share, stability = said["women.recruited"], said["women.stability"]
    used = answered_twice(said) if weights is None else weights
    later = np.stack([after(score, share, stability, shift * factor) for factor in worth(said)])
    return float(score.points * (used * (later - before(score, share))).sum())


@cache
def scores(said: Parameters, cohort: int) -> Mapping[str, Score]:
    """The scores of a cohort, with latent means and shifts such that means and changes are those of the parameters."""
    return FrozenMap({name: _moved(_placed(name, said), said, cohort) for name in SCORES})


@cache
def first_scores(said: Parameters) -> Mapping[str, Score]:
    """The scores of edition 1.0; the shift is what MIRIAM adds over usual guidance."""
    moves = said["first.moves"]
    found = {name: _placed(name, said) for name in SCORES}
    return FrozenMap({name: replace(score, shift=moves[name] / score.points) for name, score in found.items()})


@cache
def _placed(name: str, said: Parameters) -> Score:
    """A score whose mean at the start is that of the parameters."""
    from scipy.optimize import brentq

    row, share, stability = said[f"spread.{name}"], said["women.recruited"], said["women.stability"]
    points, items, noise, pull = row.get("points", 1), row.get("items", 1), row.get("noise", 0.0), row["pull"]
    here = spread_of_states(share)
    scale = np.sqrt(((row["sd"] / points) ** 2 - noise**2 / items) / (1.0 - pull**2 * (1.0 - here)))
    kept = pull**2 * ((1.0 - stability) ** 2 * here + 1.0 - stability**2) + (1.0 - pull**2) * 2.0 * (1.0 - stability)
    within = scale**2 * kept + 2.0 * noise**2 / items
    among = {level: said[f"programme.{level}_icc"] for level in ("group", "centre")}
    sds = {level: float(np.sqrt(within * icc / (1.0 - sum(among.values())))) for level, icc in among.items()}
    low, high = row["codes"]
    score = Score(name=name, location=0.0, scale=float(scale), pull=pull, items=items, noise=noise, low=low, high=high, points=points, **sds)
    _, weight = states(share)
    wanted = said[f"baseline.{name}"] / points
    place = brentq(lambda at: float(weight @ before(replace(score, location=at), share)) - wanted, low - 5.0, high + 5.0)
    return replace(score, location=float(place))


def _moved(score: Score, said: Parameters, cohort: int) -> Score:
    """A score whose change is that of the parameters."""
    from scipy.optimize import brentq

    if cohort >= 2023:
        wanted = said[f"change.{score.name}"]
    else:
        by_itself, strength = mean_change(score, said, 0.0), said["earlier.strength"].get(cohort, 1.0)
        wanted = by_itself + strength * (said[f"change_2022.{score.name}"] - by_itself)
    shift = brentq(lambda at: mean_change(score, said, at) - wanted, -3.0 * score.scale, 5.0 * score.scale)
    return replace(score, shift=float(shift))
