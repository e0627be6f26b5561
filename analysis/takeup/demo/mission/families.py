"""The families of the synthetic MISSION before anything happens to them: profile, consent, draw, case manager, principal stratum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from takeup.demo.mission.parameters import Parameters

Array = np.ndarray[Any, np.dtype[Any]]
CRITERIA = ("income", "education", "work", "stimulation", "housing", "health")
EDUCATION = ("lower_secondary", "upper_secondary", "higher")
LANGUAGE = ("nl", "fr", "other")
WORK = ("employed", "unemployed_benefit", "unemployed_no_benefit", "sick", "student", "at_home")
TENURE = ("owner", "private_rent", "social_rent", "hosted")
EMPLOYED = 0
MASTER = 91
"""Goes with every seed. Chosen so that seed 0 shows about what the parameters say; other seeds show how far 112 families may stray from it."""
DRAW_DAY = 2
"""Months from the birth to the draw: it is made on the first of the second month after."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Families:
    """n families, one value each in every array.

    Attributes
    ----------
    traits : flags, numbers and codes of choices (positions in `WORK` and so on) at baseline
    criteria : (n, 6) weak criteria of the deprivation index
    batch : month of the draw, from 1; treated : as drawn
    case_manager : from 1; those of control families are the ones they would have had
    accepts, spilled : whether a family would accept a case manager, and whether the practice would spill over to it in the control arm
    need : standard normal, how far a family is inclined to take up what it is entitled to
    birth, consent, drawn : dates
    """

    n: int
    traits: Mapping[str, Array]
    criteria: Array
    batch: Array
    treated: Array
    case_manager: Array
    managers: int
    accepts: Array
    spilled: Array
    need: Array
    birth: Array
    consent: Array
    drawn: Array


def generator(seed: int, *key: int) -> np.random.Generator:
    """The stream of one part: parts are told apart by key, so that changing one leaves the others as they were."""
    return np.random.default_rng(np.random.SeedSequence((MASTER, seed), spawn_key=key))


def enrol(parameters: Parameters, n: int, seed: int) -> Families:
    """Consenting families, n of them, drawn to two arms within monthly batches."""
    batch, treated = _draw(parameters, n, generator(seed, 0))
    month = _month(parameters, batch)
    when = generator(seed, 1)
    birth = month.astype("datetime64[D]") + (when.random(n) * _days(month)).astype("timedelta64[D]")
    consent = birth + when.integers(7, 26, n).astype("timedelta64[D]")
    stratum = generator(seed, 2)
    managers = max(int(parameters["programme.case_managers"]), round(n / 2 / parameters["programme.families_a_case_manager"]))
    return Families(
        n=n, **_profile(parameters, n, generator(seed, 3)), batch=batch, treated=treated, managers=managers,
        case_manager=stratum.permutation(np.arange(n) % managers) + 1, accepts=_accepts(parameters, treated, stratum),
        spilled=stratum.random(n) < parameters["programme.spillover_share"], need=stratum.standard_normal(n), birth=birth, consent=consent,
        drawn=(month + DRAW_DAY).astype("datetime64[D]"),
    )


def _accepts(parameters: Parameters, treated: Array, rng: np.random.Generator) -> Array:
    """Who would accept a case manager: the same share of either arm, to a family."""
    order = rng.random(treated.size)
    accepts = np.zeros(treated.size, dtype=bool)
    for arm in (False, True):
        members = np.flatnonzero(treated == arm)
        accepts[members[np.argsort(order[members])[:round(members.size * parameters["programme.accepted"])]]] = True
    return accepts


def _draw(parameters: Parameters, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Batches of nearly equal size, half of each treated; the odd family is treated in every other odd batch, so that the arms stay equal."""
    months = max(1, min(int(parameters["size.months"]), n // 4))
    sizes = np.full(months, n // months)
    sizes[rng.permutation(months)[:n % months]] += 1
    odd = np.cumsum(sizes % 2) % 2 * (sizes % 2)
    batch = np.repeat(np.arange(1, months + 1), sizes)
    places = np.concatenate([rng.permutation(size) for size in sizes])
    return batch, places < np.repeat(sizes // 2 + odd, sizes)


def _month(parameters: Parameters, batch: Array) -> Array:
    months = int(parameters["size.months"])
    first = np.datetime64(str(parameters["size.first_month"]), "M")
    spread: Array = first + ((batch - 1) * months // max(int(batch.max()), 1)).astype("timedelta64[M]")
    return spread


def _days(month: Array) -> Array:
    days: Array = ((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(int)
    return days


def _profile(parameters: Parameters, n: int, rng: np.random.Generator) -> dict[str, Any]:
    """Traits that hang together: the index first, then work, home and money."""
    total = 3 + rng.choice(4, n, p=parameters["families.index_total"])
    pull = np.array(parameters["families.index_weights"]) + rng.gumbel(size=(n, 6))
    criteria = np.argsort(np.argsort(-pull, axis=1), axis=1) < total[:, None]
    weak = dict(zip(CRITERIA, criteria.T, strict=True))
    lone = rng.random(n) < parameters["families.lone_parent"]
    more = np.minimum(rng.poisson(parameters["families.more_children"], n), 7)
    age, spread = parameters["families.mother_age"]
    education = _choice(rng, np.where(weak["education"][:, None], (0.75, 0.25, 0.0), (0.15, 0.50, 0.35)))
    language = _choice(rng, np.broadcast_to(parameters["families.home_language"], (n, 3)))
    nl, fr, other = parameters["families.home_language"]
    foreign = min(1.0, parameters["families.interpreter"] / (other + 0.25 * fr)) if other + fr else 0.0
    work = _choice(rng, np.where(weak["work"][:, None], (0.04, 0.31, 0.24, 0.10, 0.03, 0.28), (0.70, 0.12, 0.04, 0.05, 0.03, 0.06)))
    tenure = _choice(rng, np.broadcast_to(parameters["families.tenure"], (n, 4)))
    maintenance = rng.random(n) < np.where(lone, parameters["families.maintenance_unpaid"], 0.05)
    traits = {
        "lone_parent": lone, "children": 1 + more, "school_children": rng.binomial(more, 0.6),
        "mother_age": np.clip(np.rint(rng.normal(age, spread, n)), 17, 46).astype(int), "education": education, "home_language": language,
        "interpreter": rng.random(n) < foreign * np.array((0.0, 0.25, 1.0))[language], "work_status": work,
        "net_income": _income(parameters, rng, work == EMPLOYED, lone, weak["income"]), "tenure": tenure, "rent": _rent(rng, tenure),
        "debts": rng.random(n) < parameters["families.debts"], "health_problem": rng.random(n) < np.where(weak["health"], 0.75, 0.20),
        "maintenance_unpaid": maintenance, "wants_childcare": rng.random(n) < parameters["families.wants_childcare"],
    }
    del nl
    return {"traits": FrozenMap(traits), "criteria": criteria}


def _choice(rng: np.random.Generator, chances: Array) -> Array:
    """One of several for each row, by its chances."""
    below: Array = (rng.random(len(chances))[:, None] > np.cumsum(chances, axis=1)[:, :-1]).sum(axis=1)
    return below


def _income(parameters: Parameters, rng: np.random.Generator, employed: Array, lone: Array, weak: Array) -> Array:
    """Euros a month, to ten."""
    base, spread = parameters["families.net_income"]
    mean = base + 550 * employed - 220 * lone - 130 * weak
    euros: Array = np.rint(np.clip(mean * np.exp(rng.normal(0, spread, len(lone)) - spread**2 / 2), 300, 5000) / 10) * 10
    return euros


def _rent(rng: np.random.Generator, tenure: Array) -> Array:
    """Euros a month, to five; nan for those who don't rent."""
    mean = np.array((np.nan, 610.0, 340.0, np.nan))[tenure]
    euros: Array = np.rint(np.maximum(mean * np.exp(rng.normal(0, 0.14, tenure.size)), 120) / 5) * 5
    return euros
