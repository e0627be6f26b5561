"""The synthetic trial as a whole: families, what they would do in either arm, what they did, and who was lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.demo.mission.answers import Answers, answer, work_and_home
from takeup.demo.mission.families import EDUCATION, LANGUAGE, TENURE, WORK, Families, enrol, generator
from takeup.demo.mission.parameters import Parameters, read_parameters
from takeup.demo.mission.takes import Takes, take
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pandas import DataFrame

    from takeup.measure.rights_catalogue import Catalogue

Array = np.ndarray[Any, np.dtype[Any]]
CHOICES: Mapping[str, tuple[str, ...]] = FrozenMap({"education": EDUCATION, "home_language": LANGUAGE, "work_status": WORK, "tenure": TENURE})
LEFT = ("moved", "refused", "not_found")
BLOCK = 20_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class World:
    """A trial that never was: all that happened, and all that would have."""

    parameters: Parameters
    seed: int
    catalogue: Catalogue
    families: Families
    takes: Takes
    answers: Answers
    lost: Array
    left: Array

    def __repr__(self) -> str:
        return f"World({self.families.n} synthetic families, seed {self.seed})"

    @property
    def endline(self) -> Array:
        """(n, rights) steps reached at endline, in the arm as drawn."""
        return np.where(self.families.treated[:, None], self.takes.treated, self.takes.control)

    def told(self, name: str) -> Array:
        """An answer at endline, in the arm as drawn."""
        without, guided = self.answers.control[name], self.answers.treated[name]
        treated = self.families.treated
        return np.where(treated if without.ndim == 1 else treated[:, None], guided, without)


def make_world(n: int, seed: int, catalogue: Catalogue, parameters: Parameters | None = None) -> World:
    """Make a trial of n enrolled families.

    Parameters
    ----------
    n : int
    seed : int
        The same seed gives the same world; each part draws from a stream of its own.
    catalogue : Catalogue
        The rights, with the rules that say who is eligible.
    parameters : Parameters
        Those of the file when left out.
    """
    said = parameters or read_parameters()
    families = enrol(said, n, seed)
    living = work_and_home(said, families, seed)
    eligible = _eligible(catalogue, families.traits, {})
    later = _eligible(catalogue, families.traits, living["control"])
    takes = take(said, families, catalogue.ids, eligible, later, seed)
    answers = answer(said, families, takes, living, seed)
    lost, left = _lost(said, families, seed)
    return World(parameters=said, seed=seed, catalogue=catalogue, families=families, takes=takes, answers=answers, lost=lost, left=left)


def profile(traits: Mapping[str, Array], living: Mapping[str, Array]) -> DataFrame:
    """The facts that the rules read, in words."""
    from pandas import DataFrame

    facts = {**traits, **{name: value for name, value in living.items() if name in traits}}
    return DataFrame({name: np.array(CHOICES[name])[value] if name in CHOICES else value for name, value in facts.items()})


def blocks(n: int) -> Iterator[slice]:
    """The n families a block at a time, so that any number of them fits in memory."""
    for start in range(0, n, BLOCK):
        yield slice(start, min(start + BLOCK, n))


def _eligible(catalogue: Catalogue, traits: Mapping[str, Array], living: Mapping[str, Array]) -> Array:
    from takeup.measure.rights_catalogue import eligibility

    n = traits["tenure"].size
    decided = np.empty((n, len(catalogue)), dtype=bool)
    for rows in blocks(n):
        here = ({name: values[rows] for name, values in facts.items()} for facts in (traits, living))
        decided[rows] = eligibility(catalogue, profile(*here)).to_numpy(dtype=bool, na_value=False)
    return decided


def _lost(parameters: Parameters, families: Families, seed: int) -> tuple[Array, Array]:
    """Who is lost, equally many in each arm, and why; tenants and those with an interpreter more often, whatever their answers would be."""
    rng = generator(seed, 30)
    pull = 0.5 * (families.traits["tenure"] == TENURE.index("private_rent")) + 0.4 * families.traits["interpreter"]
    order = pull + rng.gumbel(size=families.n)
    lost = np.zeros(families.n, dtype=bool)
    for arm in (False, True):
        members = np.flatnonzero(families.treated == arm)
        wanted = round(members.size * parameters["response.lost"])
        lost[members[np.argsort(-order[members])[:wanted]]] = True
    return lost, rng.choice(3, families.n, p=(0.40, 0.35, 0.25))
