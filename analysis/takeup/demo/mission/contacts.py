"""The log of the case managers: a row a contact. Families with more unmet rights ask for more, so the dose follows the demand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.demo.mission.families import generator
from takeup.demo.mission.rows import SERVICE_SHARES, SERVICES, Material
from takeup.demo.mission.tables import LAST_DAY
from takeup.demo.mission.takes import RECEIVES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pandas import DataFrame

Array = np.ndarray[Any, np.dtype[Any]]
CHANNELS = ("home_visit", "message", "phone", "office")
MINUTES = (65.0, 4.0, 12.0, 40.0)
ACTIONS = ("inform", "accompany", "apply", "advocate", "coordinate")
ACTION_SHARES = ((0.25, 0.15, 0.30, 0.15, 0.15), (0.65, 0.02, 0.13, 0.05, 0.15), (0.45, 0.02, 0.18, 0.15, 0.20), (0.15, 0.45, 0.20, 0.10, 0.10))
"""Shares of the actions in contacts through each channel."""
ABOUT_A_RIGHT = 0.55
WEIGHT_MOVED = 4.0
"""How much more contacts are about rights on which a family moved than about those it is entitled to and lacks."""


def contacts(found: Material) -> Iterator[DataFrame]:
    """The log, block by block: of families that were drawn to a case manager and accepted."""
    told = 0
    for number, block in found.blocks:
        frame = _block(found, block, generator(found.world.seed, 80, number), number)
        frame.insert(0, "contact_id", np.arange(told + 1, told + len(frame) + 1))
        told += len(frame)
        yield frame


def _block(found: Material, block: slice, rng: np.random.Generator, number: int) -> DataFrame:
    from pandas import DataFrame

    world, families = found.world, found.world.families
    row, channel = _how_many(found, block, rng)
    drawn = families.drawn[block][row]
    days = np.clip(rng.normal(world.parameters["programme.days"], world.parameters["programme.days_sd"], families.treated[block].size), 60, 270)[row]
    date = np.minimum(drawn + (2 + rng.beta(1.0, 1.3, row.size) * days).astype(int).astype("timedelta64[D]"), LAST_DAY)
    right, fresh = _about(found, block, row, rng)
    date = _before_receipt(found, block, (row, right, fresh, number), date, rng)
    action = _pick(rng, np.array(ACTION_SHARES)[channel])
    domains = np.array([item.domain for item in world.catalogue])
    names = np.array((*world.catalogue.ids, ""))
    by_family = rng.random(row.size) < np.where(channel == 0, 0.3, 0.55)
    partner = np.where(rng.random(row.size) < 0.35, rng.choice(SERVICES, row.size, p=SERVICE_SHARES), "")
    frame = DataFrame({
        "household_id": found.numbers[block][row], "case_manager": families.case_manager[block][row], "date": date,
        "initiator": np.where(rng.random(row.size) < 0.08, "service", np.where(by_family, "family", "case_manager")),
        "channel": np.array(CHANNELS)[channel],
        "minutes": np.maximum(1, np.rint(np.array(MINUTES)[channel] * rng.gamma(6.0, 1 / 6.0, row.size))).astype(int),
        "domain": np.where(right < 0, rng.choice(tuple(world.catalogue.domains), row.size), domains[right]), "right": names[right],
        "action": np.array(ACTIONS)[action], "partner": partner, "status": rng.choice(("done", "open", "dropped"), row.size, p=(0.6, 0.32, 0.08)),
        "structural_signal": (rng.random(row.size) < world.parameters["programme.structural_signals"]).astype(int),
    })
    return frame.sort_values(["date", "household_id"], kind="stable", ignore_index=True)


def _how_many(found: Material, block: slice, rng: np.random.Generator) -> tuple[Array, Array]:
    """The family (its place in the block) and channel of each contact. Whoever accepted was visited at least once."""
    world = found.world
    guided = (world.families.treated & world.families.accepts)[block]
    demand = world.parameters["programme.demand"]
    rate = guided * np.exp(demand * found.need[block] - demand**2 / 2)
    shape = world.parameters["programme.visits_shape"]
    counts = np.stack([
        guided + rng.poisson(rate * rng.gamma(shape, 1 / shape, rate.size) * (world.parameters["programme.visits"] - 1)),
        *(rng.poisson(rate * rng.gamma(3.0, 1 / 3.0, rate.size) * world.parameters[f"programme.{name}"]) for name in ("messages", "calls", "office")),
    ], axis=1)
    row = np.repeat(np.arange(rate.size), counts.sum(axis=1))
    return row, np.repeat(np.tile(np.arange(len(CHANNELS)), rate.size), counts.ravel())


def _about(found: Material, block: slice, row: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """The right of each contact (its place, -1 for none), and whether it was newly received."""
    takes = found.world.takes
    before, after = takes.baseline[block], found.world.endline[block]
    weight = (takes.eligible[block] & (before != RECEIVES)) + WEIGHT_MOVED * (after > before)
    sums = np.cumsum(weight, axis=1)
    total = sums[:, -1][row]
    right = (sums[row] <= (rng.random(row.size) * total)[:, None]).sum(axis=1)
    right = np.where((rng.random(row.size) < ABOUT_A_RIGHT) & (total > 0), np.minimum(right, weight.shape[1] - 1), -1)
    fresh = (right >= 0) & (after[row, right] == RECEIVES) & (before[row, right] != RECEIVES)
    return right, fresh


def _before_receipt(found: Material, block: slice, about: tuple[Array, Array, Array, int], date: Array, rng: np.random.Generator) -> Array:
    """Contacts about a right that was newly received come before the day of receipt, if there is a day between."""
    from takeup.demo.mission.amounts import received_since

    row, right, fresh, number = about
    since = received_since(found.world, found.asked["endline"], block, number)[1][row, right]
    drawn = found.world.families.drawn[block][row]
    lead = rng.integers(3, 45, row.size).astype("timedelta64[D]")
    return np.where(fresh & (date >= since), np.maximum(since - lead, drawn + np.timedelta64(1, "D")), date)


def _pick(rng: np.random.Generator, chances: Array) -> Array:
    below: Array = (rng.random(len(chances))[:, None] > np.cumsum(chances, axis=1)[:, :-1]).sum(axis=1)
    return below
