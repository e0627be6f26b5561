"""The data files of the synthetic MISSION as an interviewer would have left them: one row a family, with codes where there is no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.demo.mission.families import CRITERIA, generator
from takeup.demo.mission.world import CHOICES, LEFT, World

if TYPE_CHECKING:
    from pandas import DataFrame, Series

Array = np.ndarray[Any, np.dtype[Any]]
REFUSED, UNKNOWN, NOT_APPLICABLE = -9, -8, -7
LAST_DAY = np.datetime64("2019-11-29")
"""The project ended on the last of November 2019."""
WHO5 = ("cheerful", "calm", "active", "rested", "interested")
DJG = ("emptiness", "miss_people", "rejected", "rely_on", "trust", "close")
MSD = ("arrears", "warm_home", "unexpected_expense", "protein", "holiday", "car", "furniture", "clothes", "shoes", "pocket_money", "leisure",
       "friends", "internet")
SINGLE = ("people_to_ask", "trust_ocmw", "trust_city", "trust_government", "satisfaction_services", "shame", "forms_hard")
WAVES = ("baseline", "endline")


def households(world: World) -> DataFrame:
    """The roster: consent, draw, case manager and family."""
    from pandas import DataFrame, Series

    families, traits = world.families, world.families.traits
    treated = families.treated
    holes = _Holes(world, 0)
    frame = {
        "household_id": identifiers(world), "consent_on": families.consent, "birth_on": families.birth, "batch": families.batch,
        "randomized_on": families.drawn, "arm": by_place(treated, ("control", "outreach")),
        "case_manager": Series(families.case_manager, dtype="Int64").mask(~treated),
        "accepted_case_manager": (treated & families.accepts).astype(int), "shared_worker": (~treated & families.spilled).astype(int),
        "left_reason": by_place(np.where(world.lost, 1 + world.left, 0), ("", *LEFT)),
        **{f"index_{name}": families.criteria[:, place].astype(int) for place, name in enumerate(CRITERIA)},
        "index_total": families.criteria.sum(axis=1), "lone_parent": traits["lone_parent"].astype(int), "children": traits["children"],
        "school_children": traits["school_children"], "mother_age": traits["mother_age"], "education": holes.choice("education", traits["education"]),
        "home_language": by_place(traits["home_language"], CHOICES["home_language"]), "interpreter": traits["interpreter"].astype(int),
    }
    return DataFrame(frame)


def identifiers(world: World) -> Array:
    """Household numbers, given in an order that tells nothing."""
    numbers: Array = generator(world.seed, 60).permutation(world.families.n) + 1
    return numbers


def asked(world: World, wave: str) -> Array:
    """(n,) day of the interview."""
    rng = generator(world.seed, 61, WAVES.index(wave))
    families = world.families
    if wave == "baseline":
        first: Array = np.minimum(families.consent + rng.integers(0, 5, families.n).astype("timedelta64[D]"), families.drawn)
        return first
    mean, spread = world.parameters["response.endline_days"]
    days = np.clip(np.rint(rng.normal(mean, spread, families.n)), 150, 220).astype(int)
    later: Array = np.minimum(families.drawn + days.astype("timedelta64[D]"), LAST_DAY)
    return later


def survey(world: World, wave: str) -> DataFrame:
    """The questionnaire at a wave, one row a family, those who were lost included."""
    from pandas import DataFrame

    families = world.families
    told = world.told if wave == "endline" else world.answers.baseline.__getitem__
    holes = _Holes(world, 1 + WAVES.index(wave))
    spoken = by_place(np.where(families.traits["interpreter"], 2, families.traits["home_language"] == 1), ("nl", "fr", "interpreter"))
    status = holes.choice("work_status", told("work_status"))
    rents, works = ~np.isnan(told("rent")), told("employed").astype(bool)
    frame: dict[str, Any] = {"household_id": identifiers(world), "asked_on": asked(world, wave), "asked_in": spoken}
    frame |= {f"who5_{name}": holes.number(told("who5")[:, place]) for place, name in enumerate(WHO5)}
    frame["life_satisfaction"] = holes.number(told("life_satisfaction"))
    frame |= {f"djg_{name}": holes.number(told("djg")[:, place]) for place, name in enumerate(DJG)}
    frame |= {name: holes.number(told(name)) for name in SINGLE}
    frame |= {f"msd_{name}": holes.number(told("msd")[:, place]) for place, name in enumerate(MSD)}
    return DataFrame({
        **frame, "work_status": status, "employed": holes.number(works), "hours": np.where(works, holes.number(told("hours")), NOT_APPLICABLE),
        "net_income": holes.number(told("net_income"), world.parameters["response.income_missing"]), "debts": holes.number(told("debts")),
        "tenure": holes.choice("tenure", told("tenure")), "rent": np.where(rents, holes.number(told("rent")), NOT_APPLICABLE),
        "health_problem": holes.number(told("health_problem")), "maintenance_unpaid": holes.number(told("maintenance_unpaid")),
        "wants_childcare": holes.number(told("wants_childcare")), "service_visits": holes.number(told("service_visits")),
    })


def by_place(codes: Array, words: tuple[str, ...]) -> Any:
    """Words by their places, kept as places: a column of a few words over many rows."""
    from pandas import Categorical, Index

    return Categorical.from_codes(codes.astype(np.int8), Index(words))


def known_profile(roster: DataFrame, answers: DataFrame, facts: tuple[str, ...]) -> DataFrame:
    """The facts of the rules as they were answered: missing where they weren't."""
    from pandas import DataFrame

    return DataFrame({name: _answered((answers if name in answers.columns else roster)[name]) for name in facts})


def _answered(column: Series) -> Series:
    from pandas.api.types import is_numeric_dtype

    if is_numeric_dtype(column.dtype):
        return column.astype("Float64").mask(column < 0)
    return column.astype("string").mask(column.isin([str(REFUSED), str(UNKNOWN)]))


class _Holes:
    """Answers with codes where there is none: refused or not known. One stream for a table, in the order in which columns are asked."""

    def __init__(self, world: World, table: int) -> None:
        self.rng = generator(world.seed, 62, table)
        self.share = world.parameters["response.item_missing"]

    def number(self, values: Array, share: float | None = None) -> Array:
        """Whole numbers, some of them replaced by a code; nan becomes "not known"."""
        whole = np.nan_to_num(values.astype(float), nan=UNKNOWN).astype(np.int32)
        return np.where(self._missing(whole.size, share), self._codes(whole.size), whole)

    def choice(self, name: str, codes: Array) -> Any:
        """The words of a choice, some of them replaced by a code."""
        words = CHOICES[name]
        gone, why = self._missing(codes.size, None), self._codes(codes.size)
        return by_place(np.where(gone, len(words) + (why == UNKNOWN), codes), (*words, str(REFUSED), str(UNKNOWN)))

    def _missing(self, size: int, share: float | None) -> Array:
        found: Array = self.rng.random(size) < (self.share if share is None else share)
        return found

    def _codes(self, size: int) -> Array:
        return np.where(self.rng.random(size) < 0.4, REFUSED, UNKNOWN).astype(np.int32)
