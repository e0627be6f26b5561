"""The 581 centres, of which the larger take part more often, and the years in which each did."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.demo.miriam.draws import normal, shuffled, uniform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from takeup.demo.mission.parameters import Parameters

Array = np.ndarray[Any, np.dtype[Any]]
REGIONS = ("flanders", "wallonia", "brussels")
LARGEST = 9_000
LAST = 2023


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Country:
    """All centres, by position; a centre's number is its position and one.

    Attributes
    ----------
    region : position in `REGIONS`
    dutch : whether most of its work is in Dutch
    recipients : people with a minimum income
    taking_part : positions of the centres of each cohort, the largest first
    new : positions of those that take part in the last cohort and didn't the year before
    """

    region: Array
    dutch: Array
    recipients: Array
    taking_part: Mapping[int, Array]
    new: Array

    @property
    def n(self) -> int:
        """How many centres there are."""
        return int(self.recipients.size)


def country(said: Parameters, seed: int, scale: float = 1.0) -> Country:
    """The centres and their years, with `scale` times as many centres taking part as in the parameters."""
    from scipy.special import ndtri

    sizes = [said["country.centres"][name] for name in REGIONS]
    n = sum(sizes)
    median, spread = said["country.recipients"]
    ranked = median * np.exp(spread * ndtri((np.arange(n) + 0.5) / n))
    recipients = np.minimum(np.rint(ranked), LARGEST).astype(int)[shuffled((seed, 0), n)]
    region = _regions(recipients, sizes, seed)
    taking_part = _years(said, recipients, region, seed, scale)
    before = taking_part.get(LAST - 1, np.zeros(0, dtype=int))
    return Country(region=region, dutch=region == 0, recipients=recipients, taking_part=MappingProxyType(taking_part),
                   new=np.setdiff1d(taking_part[LAST], before))


def _regions(recipients: Array, sizes: list[int], seed: int) -> Array:
    """The nineteen of Brussels are large; the others are Flemish or Walloon by chance."""
    order = np.argsort(-recipients, kind="stable")
    brussels = order[np.argsort(uniform((seed, 1), 80))[: sizes[2]]]
    region = np.full(recipients.size, -1)
    region[brussels] = 2
    rest = np.flatnonzero(region < 0)[shuffled((seed, 2), recipients.size - sizes[2])]
    region[rest[: sizes[0]]], region[rest[sizes[0] :]] = 0, 1
    return region


def _years(said: Parameters, recipients: Array, region: Array, seed: int, scale: float) -> dict[int, Array]:
    """Who takes part in each cohort. Most of the last but one stay for the last; earlier cohorts are a part of the later ones."""
    wanted = {cohort: max(2, round(scale * number)) for cohort, number in said["size.centres"].items()}
    dutch, new = said["country.dutch_speaking_places"], max(1, round(scale * said["size.new_centres"]))
    # largest of log odds with Gumbel noise: a draw without replacement in which size pulls
    lure = said["country.size_pulls"] * np.log(recipients) - np.log(-np.log(uniform((seed, 3), recipients.size)))
    found = {LAST - 1: _half_dutch(lure, region, wanted[LAST - 1], dutch)}
    stayed = found[LAST - 1][shuffled((seed, 4), found[LAST - 1].size)][: max(wanted[LAST] - new, 1)]
    rest = lure.copy()
    rest[found[LAST - 1]] = -np.inf
    found[LAST] = np.concatenate([stayed, _half_dutch(rest, region, wanted[LAST] - stayed.size, dutch)])
    for cohort in sorted(set(wanted) - {LAST, LAST - 1}, reverse=True):
        # the pilots were cities
        pool = found[LAST - 1][np.argsort(-recipients[found[LAST - 1]], kind="stable")]
        found[cohort] = pool[: max(wanted[cohort], 2 * wanted[cohort] if cohort < LAST - 2 else 0)]
        found[cohort] = found[cohort][shuffled((seed, 5, cohort), found[cohort].size)][: wanted[cohort]]
    return {cohort: chosen[np.argsort(-recipients[chosen], kind="stable")] for cohort, chosen in sorted(found.items())}


def _half_dutch(lure: Array, region: Array, wanted: int, dutch: float) -> Array:
    """The most drawn of each language, so that the languages have their shares."""
    flemish = round(wanted * dutch)
    parts = []
    for here, number in ((region == 0, flemish), (region != 0, wanted - flemish)):
        members = np.flatnonzero(here)
        parts.append(members[np.argsort(-lure[members], kind="stable")[:number]])
    return np.concatenate(parts)


def centre_parts(said: Parameters, seed: int, n: int, key: int) -> Array:
    """(n,) standard normal parts of centres in one outcome, some of which is common to all outcomes."""
    common = said["programme.shared_by_outcomes"]
    found: Array = np.sqrt(common) * normal((seed, 10, 0), n) + np.sqrt(1.0 - common) * normal((seed, 10, 1 + key), n)
    return found
