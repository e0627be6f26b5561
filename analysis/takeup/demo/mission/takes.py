"""Each family's way to each right: unknown, known, applied, granted, received; at baseline, and at endline in either arm.

A right's steps hang on one latent propensity and nest, so nobody receives what they didn't apply for. Families share part of it over
rights, it is stable over time, and in the treated arm families of one case manager share a part of it too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.demo.mission.families import Families, generator

if TYPE_CHECKING:
    from takeup.demo.mission.parameters import Parameters, Shares

Array = np.ndarray[Any, np.dtype[Any]]
NOTHING, KNOWS, APPLIED, GRANTED, RECEIVES = range(5)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Takes:
    """(n, rights) steps reached, 0 to 4: at baseline, and at endline if drawn to control or to the case manager.

    Attributes
    ----------
    eligible : (n, rights) eligible at baseline
    """

    eligible: Array
    baseline: Array
    control: Array
    treated: Array

    def received(self, steps: Array) -> Array:
        """(n, rights) whether the last step is reached."""
        last: Array = steps == RECEIVES
        return last


def take(parameters: Parameters, families: Families, rights: tuple[str, ...], eligible: Array, later: Array, seed: int) -> Takes:
    """The steps of every family and right.

    Parameters
    ----------
    eligible, later : (n, rights) eligible at baseline and at endline
    """
    shape = (families.n, len(rights))
    steps = {name: np.zeros(shape, dtype=np.uint8) for name in ("baseline", "control", "treated")}
    for position, name in enumerate(rights):
        rng = generator(seed, 10, position)
        found = _right(parameters, families, parameters.rights[name], rng)
        fresh = later[:, position] & (rng.random(families.n) < parameters["steps.newly_eligible"])
        known = np.minimum(found["control"], KNOWS)
        for moment, reached in found.items():
            outside = np.minimum(reached, KNOWS) if moment == "baseline" else np.where(fresh, found["plain"], known)
            if moment in steps:
                steps[moment][:, position] = np.where(eligible[:, position], reached, outside)
    return Takes(eligible=eligible, **steps)


def _right(parameters: Parameters, families: Families, shares: Shares, rng: np.random.Generator) -> dict[str, Array]:
    """Steps of one right as if everybody were eligible; "plain" is without any spill-over."""
    common, stable = parameters["steps.household"], parameters["steps.stability"]
    before = np.sqrt(common) * families.need + np.sqrt(1 - common) * rng.standard_normal(families.n)
    after = stable * before + np.sqrt(1 - stable**2) * rng.standard_normal(families.n)
    icc = parameters["programme.icc"]
    shared = np.sqrt(icc) * rng.standard_normal(families.managers)[families.case_manager - 1]
    guided = np.sqrt(1 - icc) * after + shared
    plain, reached = endline_shares(parameters, shares)
    spilled = plain + parameters["programme.spillover_strength"] * (reached - plain)
    untouched = _steps(after, plain)
    return {
        "baseline": _steps(before, ladder(parameters, shares.knows[0], shares.receives[0])),
        "plain": untouched,
        "control": np.where(families.spilled, _steps(after, spilled), untouched),
        "treated": np.where(families.accepts, _steps(guided, reached), untouched),
    }


def ladder(parameters: Parameters, knows: float, receives: float) -> Array:
    """Shares that know, applied, were granted and receive, from the first and the last."""
    between = np.array((1.0, parameters["steps.applied"], parameters["steps.granted"], 0.0))
    shares: Array = receives + (knows - receives) * between
    return shares


def endline_shares(parameters: Parameters, shares: Shares) -> tuple[Array, Array]:
    """(4,) shares of those whom nothing reached and of those whom the case manager reached.

    The file gives what each arm shows: control with its spill-over, treated with its refusals. With acceptance a, spill-over to a share
    c at strength s, and the gap g between reached and not: control = plain + c s g and treated = plain + a g.
    """
    control, treated = (ladder(parameters, shares.knows[i], shares.receives[i]) for i in (1, 2))
    spill = parameters["programme.spillover_share"] * parameters["programme.spillover_strength"]
    gap = (treated - control) / (parameters["programme.accepted"] - spill)
    plain = control - spill * gap
    return np.clip(plain, 1e-6, 1 - 1e-6), np.clip(plain + gap, 1e-6, 1 - 1e-6)


def _steps(propensity: Array, shares: Array) -> Array:
    """How many of the nested steps each propensity reaches."""
    from scipy.special import ndtri

    reached = np.zeros(propensity.size, dtype=np.uint8)
    for bar in -ndtri(shares):
        reached += propensity > bar
    return reached
