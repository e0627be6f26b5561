"""The true effects of a synthetic trial: both answers of each family are known, so nothing needs to be estimated."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.demo.mission.amounts import amounts
from takeup.demo.mission.world import World, make_world
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from takeup.demo.mission.parameters import Parameters
    from takeup.measure.rights_catalogue import Catalogue

Array = np.ndarray[Any, np.dtype[Any]]
POPULATION, POPULATION_SEED = 50_000, 20191130
"""How many families stand for the population when its effects are worked out."""
RIGHTS: Mapping[str, str] = FrozenMap({
    "supplementary_support": "aanvullende_steun", "employment_programme": "vdab_traject",
    "increased_reimbursement": "verhoogde_tegemoetkoming", "rental_premium": "huurpremie",
})
"""Outcomes of the plan that are the take-up of one right among those eligible at baseline."""
ANSWERS = ("employed", "trust_ocmw", "satisfaction_services", "life_satisfaction", "service_visits")
"""Outcomes of the plan that are one answer as it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueEffect:
    """The effect on an outcome that the data were made with, assigned against not assigned.

    Attributes
    ----------
    finite_sample : mean of the difference between the two answers of each enrolled family, one of which is never seen
    population : the same in the population that the families come from
    mean_control, mean_treated : means of the enrolled families if all were drawn to that arm
    n : enrolled families in whom the outcome exists (for a right, those eligible at baseline)
    """

    outcome: str
    finite_sample: float
    population: float
    mean_control: float
    mean_treated: float
    n: int


def true_effects(world: World) -> FrozenMap:
    """The true effect on each outcome of the plan, by its id."""
    population = population_effects(world.catalogue, world.parameters)
    found = {}
    for outcome, (control, treated, exists) in potential(world).items():
        low, high = control[exists], treated[exists]
        if not low.size:
            low = high = np.array([np.nan])
        found[outcome] = TrueEffect(
            outcome=outcome, finite_sample=float(np.mean(high - low)), population=population[outcome], mean_control=float(low.mean()),
            mean_treated=float(high.mean()), n=int(exists.sum()),
        )
    return FrozenMap(found)


@cache
def population_effects(catalogue: Catalogue, parameters: Parameters) -> Mapping[str, float]:
    """The effects in the population, from a great many families of it; worked out once for a set of parameters."""
    world = make_world(POPULATION, POPULATION_SEED, catalogue, parameters)
    return FrozenMap({name: float(np.mean((treated - control)[exists])) for name, (control, treated, exists) in potential(world).items()})


def potential(world: World) -> dict[str, tuple[Array, Array, Array]]:
    """For each outcome the values if drawn to control and to the case manager, and the families in whom it exists."""
    takes, catalogue = world.takes, world.catalogue
    everyone = np.ones(world.families.n, dtype=bool)
    before, control, treated = (takes.received(steps) for steps in (takes.baseline, takes.control, takes.treated))
    found: dict[str, tuple[Array, Array, Array]] = {}
    for outcome, name in RIGHTS.items():
        place = catalogue.ids.index(name)
        found[outcome] = (control[:, place].astype(float), treated[:, place].astype(float), takes.eligible[:, place])
    found["new_rights"] = ((control & ~before).sum(axis=1).astype(float), (treated & ~before).sum(axis=1).astype(float), everyone)
    worth = amounts(world)
    found["euros"] = ((control * worth).sum(axis=1), (treated * worth).sum(axis=1), everyone)
    without, guided = world.answers.control, world.answers.treated
    found["wellbeing"] = (4.0 * without["who5"].sum(axis=1), 4.0 * guided["who5"].sum(axis=1), everyone)
    found["deprivation"] = (without["msd"].sum(axis=1).astype(float), guided["msd"].sum(axis=1).astype(float), everyone)
    found["loneliness"] = (_lonely(without["djg"]), _lonely(guided["djg"]), everyone)
    for name in ANSWERS:
        found[name] = (without[name].astype(float), guided[name].astype(float), everyone)
    return found


def _lonely(items: Array) -> Array:
    """De Jong Gierveld: one point for each emotional item that isn't no, and for each social item that isn't yes."""
    points: Array = ((items[:, :3] > 1).sum(axis=1) + (items[:, 3:] < 3).sum(axis=1)).astype(float)
    return points
