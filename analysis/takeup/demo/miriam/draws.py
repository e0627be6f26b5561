"""Draws that stay the same: only uniform numbers are taken from the generator, everything else is computed from them."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
MASTER = 2113
"""Goes with every seed. Chosen so that seed 0 shows about what the parameters say; other seeds show how far such samples may stray."""


def uniform(key: tuple[int, ...], *shape: int) -> Array:
    """Uniform numbers between 0 and 1 of one part, neither of them included; parts are told apart by key, the seed first."""
    rng = np.random.default_rng(np.random.SeedSequence((MASTER, key[0]), spawn_key=key[1:]))
    return np.clip(rng.random(shape), 2.0**-54, 1.0 - 2.0**-53)


def normal(key: tuple[int, ...], *shape: int) -> Array:
    """Standard normal numbers, from uniform ones."""
    from scipy.special import ndtri

    found: Array = ndtri(uniform(key, *shape))
    return found


def shuffled(key: tuple[int, ...], n: int) -> Array:
    """The numbers from 0 to n - 1 in an order that tells nothing."""
    return np.argsort(uniform(key, n), kind="stable")


def poisson(key: tuple[int, ...], mean: float, n: int) -> Array:
    """Counts with this mean, from uniform numbers."""
    from scipy.special import pdtr

    below = pdtr(np.arange(60), mean)
    return np.searchsorted(below, uniform(key, n))


def pick(key: tuple[int, ...], shares: Array | tuple[float, ...], n: int) -> Array:
    """(n,) positions among the shares."""
    total = np.cumsum(np.asarray(shares, dtype=float))
    return np.searchsorted(total / total[-1], uniform(key, n))


def whole_parts(wanted: Array, total: int) -> Array:
    """Whole numbers near the wanted ones that add up to the total: the largest remainders are rounded up."""
    scaled = wanted * total / wanted.sum()
    parts: Array = np.floor(scaled).astype(int)
    order = np.argsort(parts - scaled, kind="stable")
    parts[order[: total - int(parts.sum())]] += 1
    return parts
