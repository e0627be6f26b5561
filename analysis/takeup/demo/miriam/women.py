"""The women of one edition: centre, group, family, general state, attendance, and whether and why they left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.demo.miriam.country import LAST, Country
from takeup.demo.miriam.draws import normal, pick, poisson, shuffled, uniform, whole_parts
from takeup.demo.miriam.scores import CLASSES, staying

if TYPE_CHECKING:
    from takeup.demo.mission.parameters import Parameters

Array = np.ndarray[Any, np.dtype[Any]]
SMALL = 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Women:
    """n women of a cohort, by position.

    Attributes
    ----------
    centre : position in the country; group : position among the groups of the cohort; centre_of : (groups,) its centre
    dutch, age, children, youngest : language of the questionnaire and family
    state : general state at the start; core : whether she is one of the regular members; attendance : chance to come to a session
    start, end : days; left : whether she left early; reason : position among the reasons; answered : whether she answered at the end
    """

    cohort: int
    centre: Array
    group: Array
    centre_of: Array
    dutch: Array
    age: Array
    children: Array
    youngest: Array
    state: Array
    core: Array
    attendance: Array
    start: Array
    end: Array
    left: Array
    reason: Array
    answered: Array

    @property
    def n(self) -> int:
        """How many women there are."""
        return int(self.centre.size)


def recruit(said: Parameters, land: Country, cohort: int, n: int, seed: int) -> Women:
    """The n women of a cohort."""
    from scipy.special import betaincinv, ndtri

    key = (seed, 20, cohort)
    centre_of, sizes = groups(said, land, cohort, n, seed)
    group = np.repeat(np.arange(sizes.size), sizes)
    centre = centre_of[group]
    share = said["women.recruited"]
    state: Array = ndtri(share * uniform((*key, 1), n))
    core = uniform((*key, 2), n) < said["programme.core"]
    shapes = np.where(core[:, None], said["programme.attendance_core"], said["programme.attendance_irregular"])
    attendance = betaincinv(shapes[:, 0], shapes[:, 1], uniform((*key, 3), n))
    bars = np.array([staying(said)[1][name] for name in CLASSES])
    pull = np.where(core, bars[0], bars[1]) + said["response.dropout_state"] * state
    left = normal((*key, 4), n) < pull + said["response.dropout_group"] * normal((*key, 5), sizes.size)[group]
    first, last = _days(said, land, cohort, centre_of, seed)
    start = first[group]
    length = (last - start).astype(int)
    stopped = start + np.rint(length * (0.1 + 0.75 * uniform((*key, 6), n))).astype("timedelta64[D]")
    age_mean, age_sd = said["women.age"]
    age = np.clip(np.rint(age_mean + age_sd * ndtri(uniform((*key, 7), n))), 18, 58).astype(int)
    oldest = said["women.youngest_age"][0 if cohort < 2021 else 1]
    youngest = np.minimum(np.floor((oldest + 1) * uniform((*key, 8), n) ** (1.0 if cohort < 2021 else 1.6)).astype(int), age - 17)
    dutch = np.where(land.region[centre] == 2, uniform((*key, 9), n) < said["country.dutch_in_brussels"], land.dutch[centre])
    return Women(
        cohort=cohort, centre=centre, group=group, centre_of=centre_of, dutch=dutch, age=age,
        children=1 + np.minimum(poisson((*key, 10), said["women.more_children"], n), 7), youngest=youngest, state=state, core=core,
        attendance=attendance, start=start, end=np.where(left, stopped, last), left=left,
        reason=pick((*key, 11), tuple(said["response.reasons"].values()), n), answered=~left & (uniform((*key, 12), n) >= said["response.unasked"]),
    )


def groups(said: Parameters, land: Country, cohort: int, n: int, seed: int) -> tuple[Array, Array]:
    """The centre and the size of each group: one a centre, and more where there are more recipients."""
    centres = land.taking_part[cohort][: max(1, n // SMALL)]
    wanted = max(centres.size, round(n / said["size.group"]))
    number = np.ones(centres.size, dtype=int)
    root = np.sqrt(land.recipients[centres])
    while number.sum() < wanted:
        number[np.argmax(np.where(number < said["size.most_groups"], root / (number + 1), root / (number + 1) / 1e6))] += 1
    small = np.zeros(centres.size, dtype=bool)
    if cohort == LAST and centres.size > 10:
        small[-said["size.small_centres"] :] = True
    place = np.repeat(np.arange(centres.size), number)
    weight = np.where(small[place], 0.5, 1.0) * (10.0 + 5.0 * uniform((seed, 21, cohort), place.size))
    return centres[place], whole_parts(weight, n)


def _days(said: Parameters, land: Country, cohort: int, centre_of: Array, seed: int) -> tuple[Array, np.datetime64]:
    """The first day of each group, later in a centre's first year, and the last day."""
    opening = said["programme.first_day"]
    fresh = np.isin(centre_of, land.new) if cohort == LAST else ~np.isin(centre_of, land.taking_part.get(cohort - 1, np.zeros(0)))
    first = np.where(fresh, np.datetime64(f"{cohort}-{opening['first_year']}"), np.datetime64(f"{cohort}-{opening['returning']}"))
    jitter = np.floor(18.0 * uniform((seed, 22, cohort), centre_of.size)).astype("timedelta64[D]")
    return first + jitter, np.datetime64(f"{cohort + 1}-{said['programme.last_day']}")


def numbers(n: int, seed: int) -> Array:
    """(n,) participant numbers, in an order that tells nothing."""
    return shuffled((seed, 30), n) + 1
