"""What each right is worth to each family, in euros a month, and since when it is received."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.demo.mission.families import generator

if TYPE_CHECKING:
    from takeup.demo.mission.world import World

Array = np.ndarray[Any, np.dtype[Any]]


def amounts(world: World) -> Array:
    """(n, rights) euros a month if it is received: gamma around the mean of the right, to a cent; 0 for services."""
    shape = world.parameters["steps.amount_shape"]
    means = [world.parameters.rights[name].amount for name in world.catalogue.ids]
    found = np.zeros((world.families.n, len(means)), dtype=np.float32)
    for position, mean in enumerate(means):
        if mean:
            found[:, position] = np.round(generator(world.seed, 40, position).gamma(shape, mean / shape, world.families.n), 2)
    return found


def received_since(world: World, asked: Array, block: slice, number: int) -> tuple[Array, Array]:
    """(block, rights) day since which a right is received, at baseline and at endline, meaningful only where it is received.

    Parameters
    ----------
    asked : (n,) day of the endline; a right that is new is received from a day between the draw and that one, sooner with a case manager
    block, number : the families of the block, and its number
    """
    families = world.families
    held = world.takes.received(world.takes.baseline[block])
    drawn, consent = families.drawn[block], families.consent[block]
    guided = (families.treated & families.accepts)[block]
    window = np.maximum((asked[block] - drawn).astype(int) - 15, 1)
    before = np.empty(held.shape, dtype="datetime64[D]")
    after = np.empty(held.shape, dtype="datetime64[D]")
    for position in range(held.shape[1]):
        rng = generator(world.seed, 41, number, position)
        before[:, position] = consent - rng.integers(30, 900, consent.size).astype("timedelta64[D]")
        share = rng.beta(1.3, np.where(guided, 1.9, 1.3))
        fresh = drawn + (14 + share * window).astype(int).astype("timedelta64[D]")
        after[:, position] = np.where(held[:, position], before[:, position], fresh)
    return before, after
