"""The tables with several rows a family: rights held, services used, contacts; and the flow. Made in blocks, so that any n fits in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.demo.mission.amounts import amounts, received_since
from takeup.demo.mission.families import generator
from takeup.demo.mission.tables import UNKNOWN, WAVES, asked, by_place, households, identifiers, known_profile, survey
from takeup.demo.mission.takes import APPLIED, GRANTED, KNOWS, RECEIVES
from takeup.demo.mission.world import LEFT, World, blocks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pandas import DataFrame

Array = np.ndarray[Any, np.dtype[Any]]
SERVICES = ("ocmw", "child_health", "employment_service", "caw", "housing_company", "health_fund", "food_aid", "community_house", "school",
            "child_care")
SERVICE_SHARES = (0.26, 0.22, 0.13, 0.06, 0.06, 0.08, 0.07, 0.05, 0.04, 0.03)
REASONS: tuple[tuple[str, ...], ...] = (
    ("person_unaware", "administration_no_information"),
    ("administration_papers", "person_shame", "person_effort", "person_no_need", "person_distrust"),
    ("administration_pending", "administration_refused", "rule_conditions", "rule_means_test"),
    ("rule_waiting_list", "administration_pending"),
)
"""Reasons not to receive, by the last step that was reached."""
REASON_CODES = ("", *dict.fromkeys(name for names in REASONS for name in names))
REASON_SHARES: tuple[tuple[float, ...], ...] = ((0.5, 0.5), (0.35, 0.20, 0.20, 0.15, 0.10), (0.35, 0.25, 0.20, 0.20), (0.6, 0.4))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Material:
    """What the rows are made from, worked out once.

    Attributes
    ----------
    eligible : wave -> (n, rights) 1, 0 or `UNKNOWN`, as recorded
    need : (n,) unmet rights at baseline, standardised
    """

    world: World
    numbers: Array
    asked: Mapping[str, Array]
    eligible: Mapping[str, Array]
    worth: Array
    need: Array

    @property
    def blocks(self) -> Iterator[tuple[int, slice]]:
        """The families in blocks, each with its number."""
        return enumerate(blocks(self.world.families.n))


def material(world: World) -> Material:
    """Eligibility as an interviewer could tell it from the answers, and the days and amounts."""
    roster = households(world)
    eligible = {wave: _told(world, roster, survey(world, wave)) for wave in WAVES}
    # At endline who receives a right was plainly entitled to it. At baseline what isn't known stays so: knowing it only of those who receive
    # would select on the outcome.
    eligible["endline"] = np.where(world.takes.received(world.endline), 1, eligible["endline"]).astype(np.int8)
    lacking = (world.takes.eligible & (world.takes.baseline != RECEIVES)).sum(axis=1).astype(float)
    need = (lacking - lacking.mean()) / max(float(lacking.std()), 1e-9)
    return Material(world=world, need=need, numbers=identifiers(world), asked={wave: asked(world, wave) for wave in WAVES}, eligible=eligible,
                    worth=amounts(world))


def _told(world: World, roster: DataFrame, answers: DataFrame) -> Array:
    """(n, rights) eligible by what was answered: 1, 0 or `UNKNOWN`."""
    from takeup.measure.rights_catalogue import eligibility

    known = np.empty((world.families.n, len(world.catalogue)), dtype=np.int8)
    for rows in blocks(world.families.n):
        facts = known_profile(roster.iloc[rows], answers.iloc[rows], world.catalogue.facts)
        known[rows] = eligibility(world.catalogue, facts).astype("Int8").to_numpy(dtype=np.int8, na_value=UNKNOWN)
    return known


def rights_held(found: Material) -> Iterator[DataFrame]:
    """Rights held, block by block: baseline of all families, endline of those who answered."""
    from pandas import concat

    world = found.world
    for number, block in found.blocks:
        since = received_since(world, found.asked["endline"], block, number)
        parts = []
        for position, wave in enumerate(WAVES):
            steps = (world.takes.baseline if wave == "baseline" else world.endline)[block]
            there = np.ones(len(steps), dtype=bool) if wave == "baseline" else ~world.lost[block]
            rng = generator(world.seed, 70, number, position)
            parts.append(_rights(found, wave, block, there, (steps, since[position]), rng))
        yield concat(parts, ignore_index=True)


def _rights(found: Material, wave: str, block: slice, there: Array, state: tuple[Array, Array], rng: np.random.Generator) -> DataFrame:
    from pandas import DataFrame, Series

    steps, since = (part[there] for part in state)
    eligible, worth = found.eligible[wave][block][there], found.worth[block][there]
    receives = steps == RECEIVES
    share = found.world.parameters["response.right_missing"]

    def step(bar: int) -> Array:
        return np.where(rng.random(steps.shape) < share, UNKNOWN, steps >= bar).ravel()

    rights = found.world.catalogue.ids
    places = np.tile(np.arange(len(rights), dtype=np.int8), len(steps))
    return DataFrame({
        "household_id": np.repeat(found.numbers[block][there], len(rights)), "right": by_place(places, rights),
        "wave": by_place(np.full(places.size, WAVES.index(wave), dtype=np.int8), WAVES),
        "eligible": eligible.ravel(), "knows": step(KNOWS), "applied": step(APPLIED), "granted": step(GRANTED),
        "receives": receives.ravel().astype(np.int8), "since": Series(since.ravel()).mask(~receives.ravel()),
        "monthly_amount": Series(worth.ravel().astype(float).round(2)).mask(~receives.ravel()),
        "reason": by_place(_reasons(steps, eligible, rng).ravel(), REASON_CODES),
    })


def _reasons(steps: Array, eligible: Array, rng: np.random.Generator) -> Array:
    """The main reason of those who are eligible and don't receive, as its place among `REASON_CODES`; the empty one for others."""
    chance: Array = np.asarray(rng.random(steps.shape))
    found = np.zeros(steps.shape, dtype=np.int8)
    for last, names in enumerate(REASONS):
        shares = REASON_SHARES[last]
        here = (steps == last) & (eligible == 1)
        picks = np.minimum(np.searchsorted(np.cumsum(shares), chance[here]), len(names) - 1)
        found[here] = np.array([REASON_CODES.index(name) for name in names], dtype=np.int8)[picks]
    return found


def services(found: Material) -> Iterator[DataFrame]:
    """Services used: the visits of each family spread over services, those without a visit left out."""
    from pandas import DataFrame, concat

    world = found.world
    for number, block in found.blocks:
        parts = []
        for position, wave in enumerate(WAVES):
            rng = generator(world.seed, 71, number, position)
            visits = (world.answers.baseline["service_visits"] if wave == "baseline" else world.told("service_visits"))[block]
            there = np.ones(visits.size, dtype=bool) if wave == "baseline" else ~world.lost[block]
            spread = rng.multinomial(visits, SERVICE_SHARES)
            row, column = np.nonzero(spread * there[:, None])
            liking = np.clip(np.rint(rng.normal(5.6, 2.2, row.size)), 0, 10).astype(int)
            parts.append(DataFrame({
                "household_id": found.numbers[block][row], "service": np.array(SERVICES)[column], "wave": wave, "visits": spread[row, column],
                "satisfaction": np.where(rng.random(row.size) < world.parameters["response.item_missing"], UNKNOWN, liking),
            }))
        yield concat(parts, ignore_index=True)


def referrals(world: World) -> dict[str, int]:
    """How many were referred, and why those who weren't drawn were left out, for this number of families."""
    n, parameters = world.families.n, world.parameters
    referred = max(n, round(n * parameters["size.referred"] / parameters["size.enrolled"]))
    outside = referred - n
    away, refused = (round(outside * parameters[f"size.{name}"]) for name in ("not_reached", "refused"))
    return {"referred": referred, "not_reached": away, "refused": refused, "moved": outside - away - refused}


def flow(world: World) -> DataFrame:
    """Every referral; only those who were drawn have a household number."""
    from pandas import DataFrame, Series

    families, counts, rng = world.families, referrals(world), generator(world.seed, 72)
    outside = counts["referred"] - families.n
    outcome = np.repeat(["not_reached", "refused", "moved"], [counts[name] for name in ("not_reached", "refused", "moved")])
    others = rng.choice(families.birth, outside)
    referred = np.concatenate([families.birth, others]) + rng.integers(1, 7, counts["referred"]).astype("timedelta64[D]")
    frame = DataFrame({
        "household_id": Series(np.concatenate([identifiers(world), np.zeros(outside, dtype=int)]), dtype="Int64"),
        "referred_on": referred, "outcome": np.concatenate([np.full(families.n, "consented"), rng.permutation(outcome)]),
        "endline": np.concatenate([np.where(world.lost, np.array(LEFT)[world.left], "answered"), np.full(outside, "")]),
    })
    frame["household_id"] = frame["household_id"].mask(frame["household_id"] == 0)
    frame = frame.sort_values(["referred_on", "household_id"], kind="stable", ignore_index=True)
    frame.insert(0, "referral_id", np.arange(1, len(frame) + 1))
    return frame
