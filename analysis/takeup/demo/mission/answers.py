"""What the families answer: scales, living conditions and work, at baseline and at endline in either arm.

Every answer is a latent value that is partly stable over time; the programme moves it directly and, for well-being, through the rights
that were newly received. Where families of one case manager share a part, it is of the treated arm only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.demo.mission.families import EMPLOYED, TENURE, Families, generator
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from takeup.demo.mission.parameters import Parameters
    from takeup.demo.mission.takes import Takes

Array = np.ndarray[Any, np.dtype[Any]]
Three = tuple[Array, Array, Array]
ZERO_TO_TEN = ("life_satisfaction", "trust_ocmw", "trust_city", "trust_government", "satisfaction_services", "shame", "forms_hard")
MOMENTS = ("baseline", "control", "treated")
SOCIAL = 3
"""The last three items of the loneliness scale are worded the other way round."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """Answers by name at baseline, and at endline if drawn to control or to the case manager.

    Items of a scale are (n, items): `who5`, `djg` and `msd`.
    """

    baseline: Mapping[str, Array]
    control: Mapping[str, Array]
    treated: Mapping[str, Array]


def work_and_home(parameters: Parameters, families: Families, seed: int) -> dict[str, Mapping[str, Array]]:
    """Work, money and home at the three moments: they need no rights, and later eligibility needs them."""
    rng, traits = generator(seed, 20), families.traits
    find, keep, effect = parameters["answers.employed"]
    before = traits["work_status"] == EMPLOYED
    chance, gap = np.where(before, keep, find), _gap(parameters, effect)
    luck = rng.random(families.n)
    spill = parameters["programme.spillover_strength"]
    now = {"baseline": before, "control": luck < chance + gap * spill * families.spilled, "treated": luck < chance + gap * families.accepts}
    hours = rng.choice((16.0, 19.0, 24.0, 30.0, 38.0), families.n)
    growth = np.exp(rng.normal(0.015, 0.07, families.n))
    debts = np.where(rng.random(families.n) < 0.1, ~traits["debts"], traits["debts"])
    tenure = np.where(rng.random(families.n) < 0.04, TENURE.index("social_rent"), traits["tenure"])
    rent = np.where(tenure == traits["tenure"], traits["rent"], 340.0)
    found: dict[str, Mapping[str, Array]] = {}
    for moment, employed in now.items():
        later = moment != "baseline"
        money = traits["net_income"] * growth + 450.0 * (employed.astype(float) - before) if later else traits["net_income"]
        status = np.where(employed, EMPLOYED, np.where(before, 1, traits["work_status"]))
        found[moment] = FrozenMap({
            "employed": employed, "work_status": status, "hours": np.where(employed, hours, np.nan),
            "net_income": np.rint(np.clip(money, 300, 9000) / 10) * 10, "debts": debts if later else traits["debts"],
            "tenure": tenure if later else traits["tenure"], "rent": rent if later else traits["rent"],
            "health_problem": traits["health_problem"], "maintenance_unpaid": traits["maintenance_unpaid"],
            "wants_childcare": traits["wants_childcare"],
        })
    return found


def answer(parameters: Parameters, families: Families, takes: Takes, living: Mapping[str, Mapping[str, Array]], seed: int) -> Answers:
    """Everything that is asked, with work and home as they are known already."""
    rng = generator(seed, 21)
    told: dict[str, dict[str, Array]] = {moment: dict(living[moment]) for moment in MOMENTS}

    def keep(name: str, values: Three) -> None:
        for moment, value in zip(MOMENTS, values, strict=True):
            told[moment][name] = value

    keep("who5", _wellbeing_items(parameters, families, takes, rng))
    keep("djg", _loneliness_items(_latent(parameters, families, "loneliness", rng), rng))
    keep("msd", _deprivation_items(parameters, _latent(parameters, families, "deprivation", rng), rng))
    for name in ZERO_TO_TEN:
        before, control, treated = (np.clip(np.rint(value), 0, 10).astype(np.int8) for value in _latent(parameters, families, name, rng))
        keep(name, (before, control, treated))
    keep("service_visits", _visits(parameters, families, rng))
    network = rng.poisson(3.0, families.n)
    later = np.maximum(network + rng.integers(-1, 2, families.n), 0)
    keep("people_to_ask", (network, later, later))
    return Answers(**{moment: FrozenMap(values) for moment, values in told.items()})


def _gap(parameters: Parameters, effect: float) -> float:
    """The effect on those reached, from the effect on those assigned: some refuse, and some controls get part of it."""
    spill = parameters["programme.spillover_share"] * parameters["programme.spillover_strength"]
    return float(effect) / float(parameters["programme.accepted"] - spill)


def _latent(parameters: Parameters, families: Families, name: str, rng: np.random.Generator) -> Three:
    """A value at baseline, and at endline in either arm."""
    said = parameters[f"answers.{name}"]
    mean, sd, stable, icc = said["mean"], said["sd"], parameters["answers.pre_post"], parameters["programme.icc"]
    before, fresh = rng.standard_normal(families.n), rng.standard_normal(families.n)
    after = stable * before + np.sqrt(1 - stable**2) * fresh
    # What is stable stays: case managers share part of what changed, so the spread is the same in both arms.
    managers = rng.standard_normal(families.managers)[families.case_manager - 1]
    change = np.sqrt(max(1 - stable**2 - icc, 0.0)) * fresh + np.sqrt(icc) * managers
    guided = np.where(families.accepts, stable * before + change, after)
    gap, start = _gap(parameters, said["direct"]), mean + said["trend"]
    spilled = gap * parameters["programme.spillover_strength"] * families.spilled
    return mean + sd * before, start + sd * after + spilled, start + sd * guided + gap * families.accepts


def _wellbeing_items(parameters: Parameters, families: Families, takes: Takes, rng: np.random.Generator) -> Three:
    """The five items of WHO-5, 0 to 5; rights that are newly received raise them."""
    before, control, treated = _latent(parameters, families, "wellbeing", rng)
    held = takes.received(takes.baseline).sum(axis=1)
    worth = parameters["answers.wellbeing"]["per_right"]
    control = control + worth * (takes.received(takes.control).sum(axis=1) - held)
    treated = treated + worth * (takes.received(takes.treated).sum(axis=1) - held)
    noise = parameters["answers.item_noise"]
    first, later = (noise * rng.standard_normal((families.n, 5)) for _ in range(2))
    pairs = ((before, first), (control, later), (treated, later))
    rounded = [np.clip(np.rint(value[:, None] / 20 + error), 0, 5).astype(np.int8) for value, error in pairs]
    return rounded[0], rounded[1], rounded[2]


def _loneliness_items(latent: Three, rng: np.random.Generator) -> Three:
    """Six items coded 1 no, 2 more or less, 3 yes; three are worded the other way round."""
    first, later = (0.9 * rng.standard_normal((latent[0].size, 6)) for _ in range(2))
    found = []
    for value, error in zip(latent, (first, later, later), strict=True):
        lonely = value[:, None] + error
        codes = (1 + (lonely > 0.1).astype(np.int8) + (lonely > 0.9)).astype(np.int8)
        codes[:, SOCIAL:] = 4 - codes[:, SOCIAL:]
        found.append(codes)
    return found[0], found[1], found[2]


def _deprivation_items(parameters: Parameters, latent: Three, rng: np.random.Generator) -> Three:
    """Thirteen items, 1 where it is lacking."""
    from scipy.special import ndtri

    bars = -ndtri(np.array(parameters["answers.deprivation_items"]))
    first = rng.standard_normal((latent[0].size, bars.size))
    later = 0.6 * first + 0.8 * rng.standard_normal(first.shape)
    lacks = [np.sqrt(0.3) * value[:, None] + np.sqrt(0.7) * error > bars for value, error in zip(latent, (first, later, later), strict=True)]
    return lacks[0].astype(np.int8), lacks[1].astype(np.int8), lacks[2].astype(np.int8)


def _visits(parameters: Parameters, families: Families, rng: np.random.Generator) -> Three:
    """Visits to services, negative binomial; those who are reached go more often."""
    mean, shape, ratio = parameters["answers.visits"]
    rate = rng.gamma(shape, mean / shape, families.n)
    more = rng.poisson(rate * _gap(parameters, ratio - 1))
    usual = rng.poisson(rate)
    some = rng.binomial(more, parameters["programme.spillover_strength"])
    return rng.poisson(rate), usual + some * families.spilled, usual + more * families.accepts
