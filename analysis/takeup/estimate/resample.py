"""Resampling that follows the design: the units that were drawn, within the arms and blocks in which they were drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from takeup.estimate.rules import nested_clusters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from takeup.design import Design
    from takeup.estimate.arrays import Arrays, Codes, Floats


def resampled_weights(data: Arrays, design: Design, draws: int, seed: int) -> Iterator[Floats]:
    """How often each row is drawn, shape (n,), once a resample: units (clusters, providers) with replacement within arm and block.

    Pairs are resampled whole. Each resample has a seed of its own, addressed by its number, so that it is the same whatever comes before it.
    """
    units, strata = _units(data, design)
    rows_of = [np.flatnonzero(strata == stratum) for stratum in np.unique(strata)]
    for draw in range(draws):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(draw,)))
        times = np.zeros(strata.size)
        for members in rows_of:
            times[members] = rng.multinomial(members.size, np.full(members.size, 1.0 / members.size))
        yield times[units]


def _units(data: Arrays, design: Design) -> tuple[Codes, Codes]:
    """The unit of each row, and the stratum of each unit."""
    arm = data.treated.astype(np.int64)
    if design.draw == "pairs" and data.blocks is not None:
        _, units = np.unique(data.blocks, return_inverse=True)
        return units, np.zeros(int(units.max()) + 1, dtype=np.int64)
    level = data.clusters
    if level is None:
        level = nested_clusters(data) if data.providers is not None else np.arange(data.n)
    _, first, units = np.unique(level, return_index=True, return_inverse=True)
    whole = data.clusters is None or design.draws_clusters
    inside = arm if whole else np.zeros(data.n, dtype=np.int64)
    blocks = np.zeros(data.n, dtype=np.int64) if data.blocks is None else data.blocks
    _, strata = np.unique(np.column_stack([inside, blocks])[first], axis=0, return_inverse=True)
    return units, strata.ravel()
