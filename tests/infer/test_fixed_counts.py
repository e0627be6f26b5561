"""Fixed matrices say what sums block by block say, for every draw."""

import numpy as np
import pytest

from takeup.design.bits import Source
from takeup.infer.batch import Batch, Scratch
from takeup.infer.cells import cells
from takeup.infer.fixed_counts import fixed_counts

SIZES = (2, 5, 4, 2, 30, 4, 12)
TREATED = (1, 2, 2, 1, 11, 1, 12)  # the last block has one arm only: it leaves


def draws(width=64, seed=0):
    """Random assignments with these numbers, and unit after unit in the slots."""
    rng = np.random.default_rng(seed)
    columns = [np.concatenate([rng.permutation(np.arange(size) < ones) for size, ones in zip(SIZES, TREATED, strict=True)]) for _ in range(width)]
    units = np.column_stack(columns).astype(np.uint8)
    padded = np.zeros((-(-units.shape[0] // 8) * 8, width), dtype=np.uint8)
    padded[: units.shape[0]] = units
    return units, np.packbits(padded, axis=0, bitorder="little")


@pytest.mark.parametrize("owner", [None, np.arange(7), np.array([0, 0, 1, 1, 2, 3, 3]), np.zeros(7, dtype=int)])
@pytest.mark.parametrize("rows", [1.0, 3.0])
def test_equal_to_sums_by_block(owner, rows):
    units, bits = draws()
    blocks = np.repeat(np.arange(len(SIZES)), SIZES)
    y = np.random.default_rng(1).exponential(size=(blocks.size, 3))
    y = y - (np.stack([np.bincount(blocks, weights=column) for column in y.T]) / np.bincount(blocks)).T[blocks]
    slots, each = np.arange(blocks.size), np.full(blocks.size, rows)
    fixed = fixed_counts(y, each, blocks, units[:, 0].astype(float), slots, 8 * bits.shape[0], owner=owner, studentized=True)
    plain = cells(y, each, blocks, slots, 8 * bits.shape[0], owner=owner, studentized=True)
    for found, expected in zip(fixed(Batch(bits, Scratch())), plain(Batch(bits, Scratch())), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-13)


def test_one_block_in_panels():
    """More units than a panel holds: the parts of the only block are added up."""
    n, width = 1000, 64
    bits = Source(5, 0, 0).words(n // 8, width // 8).view(np.uint8).reshape(n // 8, width)
    units = np.unpackbits(bits, axis=0, bitorder="little")
    kept = np.sort(np.argsort(units.sum(axis=0), kind="stable")[:8])
    bits, ones = np.ascontiguousarray(bits[:, kept]), units[:, kept].sum(axis=0)
    y = np.random.default_rng(1).normal(size=(n, 2))
    y -= y.mean(axis=0)
    for place in range(8):
        treated = units[:, kept[place]].astype(float)
        assert ones[place] == treated.sum()
        fixed = fixed_counts(y, np.ones(n), np.zeros(n, dtype=int), treated, np.arange(n), n, owner=None, studentized=True)
        effect, variance = fixed(Batch(bits, Scratch()))
        first, second = y[treated == 1], y[treated == 0]
        np.testing.assert_allclose(effect[:, place], first.mean(axis=0) - second.mean(axis=0), rtol=1e-10, atol=1e-14)
        np.testing.assert_allclose(variance[:, place], first.var(axis=0, ddof=1) / len(first) + second.var(axis=0, ddof=1) / len(second), rtol=1e-10)
