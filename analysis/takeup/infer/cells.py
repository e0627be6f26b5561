"""Difference in means for every draw, from sums over the treated of each block: Neyman's variance, or the variance between blocks.

A unit is a row or, where clusters are drawn, the total of its rows. With rows the variance within a block is s1**2 / n1 + s0**2 / n0;
with clusters it is the sum over clusters of (total - rows x mean)**2 / rows of the arm**2, times clusters / (clusters - 1), arm by arm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.infer.batch import Panel, cut

if TYPE_CHECKING:
    from takeup.infer.batch import Batch

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]

NOTHING = 1e-9
"""Rows (or their weights, of mean 1) below this are none."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Where units stand and what is summed over the treated ones.

    Attributes
    ----------
    panel, start : the panel, and the first of its rows
    matrices : (blocks, kinds, units): ones, rows, totals and, for variances, rows**2, rows * totals, totals**2
    """

    panel: Panel
    start: int
    matrices: Floats

    def sums(self, batch: Batch) -> Floats:
        """Sums over the treated, shape (blocks, kinds, width)."""
        blocks, _, units = self.matrices.shape
        cells = batch.cells(self.panel)[self.start : self.start + blocks * units]
        return np.asarray(self.matrices @ cells.reshape(blocks, units, batch.width))


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Block-size weighted differences in means of `columns` outcomes that share rows.

    Attributes
    ----------
    runs : blocks of equally many units, each run in one or more pieces (only a single block is cut)
    totals : for each run the sums over all its units, shape (blocks, kinds, 1)
    owner : (blocks,) codes of the groups of blocks between which the variance is taken; empty for the variance within blocks
    plain : whether every unit is one row
    studentized : whether variances are made
    """

    columns: int
    runs: tuple[tuple[Piece, ...], ...]
    totals: tuple[Floats, ...]
    owner: Ints
    plain: bool
    studentized: bool

    def __call__(self, batch: Batch) -> tuple[Floats, Floats]:
        """Difference and variance for each column and draw, shape (columns, width); blocks with one arm only leave a draw."""
        whole, effect, variance = np.zeros(batch.width), np.zeros((self.columns, batch.width)), np.zeros((self.columns, batch.width))
        parts: list[Floats] = []
        sizes: list[Floats] = []
        for run, total in zip(self.runs, self.totals, strict=True):
            treated = np.add.reduce([piece.sums(batch) for piece in run])
            control = total - treated
            size = np.where((treated[:, 1] > NOTHING) & (control[:, 1] > NOTHING), total[:, 1], 0.0)
            whole += size.sum(axis=0)
            part = size[:, None] * (self._means(treated) - self._means(control))
            effect += part.sum(axis=0)
            if self.owner.size:
                parts.append(part)
                sizes.append(size)
            elif self.studentized:
                variance += (size[:, None] ** 2 * (self._variances(treated) + self._variances(control))).sum(axis=0)
        whole[whole == 0] = np.nan
        effect /= whole
        if not self.studentized:
            return effect, variance
        return effect, variance / whole**2 if not parts else self._between(np.concatenate(parts) / whole, np.concatenate(sizes) > 0, effect)

    def _means(self, sums: Floats) -> Floats:
        return np.asarray(sums[:, 2 : 2 + self.columns] / np.maximum(sums[:, 1:2], NOTHING))

    def _variances(self, sums: Floats) -> Floats:
        """Variance of the mean of one arm of each block, 0 where one unit stands alone, shape (blocks, columns, width)."""
        k = self.columns
        units, rows, totals, squares = sums[:, 0:1], np.maximum(sums[:, 1:2], NOTHING), sums[:, 2 : 2 + k], sums[:, -k:]
        mean = totals / rows
        spread = squares - mean * totals if self.plain else squares - 2.0 * mean * sums[:, 3 + k : 3 + 2 * k] + mean**2 * sums[:, 2 + k : 3 + k]
        factor = np.where(units > 1.5, units / np.maximum(units - 1.0, 0.5), 0.0)
        return np.asarray(factor * np.maximum(spread, 0.0) / rows**2)

    def _between(self, parts: Floats, there: np.ndarray[Any, np.dtype[np.bool_]], effect: Floats) -> Floats:
        """B / (B - 1) sum (part - mean)**2 over the groups of blocks (Imai, King and Nall 2009, equation 6)."""
        groups = int(self.owner.max()) + 1
        if groups < self.owner.size:
            summed, present = np.zeros((groups, *parts.shape[1:])), np.zeros((groups, parts.shape[2]), dtype=bool)
            np.add.at(summed, self.owner, parts)
            np.logical_or.at(present, self.owner, there)
            parts, there = summed, present
        number = there.sum(axis=0)
        few = np.maximum(number, 2)
        spread = (parts**2).sum(axis=0) - effect**2 / few
        return np.where(number > 1, few / (few - 1) * np.maximum(spread, 0.0), np.nan)


def cells(
    totals: Floats, rows: Floats, blocks: Ints, slots: Ints, n_slots: int, *, owner: Ints | None, studentized: bool,
) -> Cells:
    """Lay out the matrices of `Cells`.

    Parameters
    ----------
    totals : (units, columns) outcome of each unit (summed over its rows), less its block's mean for each row
    rows : (units,) rows of each unit
    blocks : (units,) codes 0..
    slots : (units,) slot of each unit
    owner : (blocks,) groups between which the variance is taken, or None
    """
    plain = bool((rows == 1).all())
    columns = totals.shape[1]
    kinds = [np.ones(rows.size), rows, *totals.T]
    if studentized and owner is None:
        kinds += [] if plain else [rows**2, *(rows[:, None] * totals).T]
        kinds += [*(totals**2).T]
    stacked = np.stack(kinds)
    sizes = np.bincount(blocks)
    runs: list[tuple[Piece, ...]] = []
    order: Ints
    if sizes.size == 1:
        order = np.argsort(slots, kind="stable")
        runs.append(tuple(Piece(panel, 0, np.ascontiguousarray(stacked[:, order[part]])[None]) for panel, part in cut(slots[order], n_slots)))
        block_order = np.zeros(1, dtype=np.int64)
    else:
        order = np.lexsort((slots, blocks, sizes[blocks]))
        block_order = np.lexsort((np.arange(sizes.size), sizes))
        ((panel, _),) = cut(slots[order], n_slots, whole=True)
        start = 0
        for size in np.unique(sizes):
            number = int((sizes == size).sum())
            part = stacked[:, order[start : start + number * size]]
            matrices = np.ascontiguousarray(part.reshape(len(kinds), number, size).transpose(1, 0, 2))
            runs.append((Piece(panel, start, matrices),))
            start += number * int(size)
    summed = tuple(np.add.reduce([piece.matrices.sum(axis=2, keepdims=True) for piece in run]) for run in runs)
    groups = np.zeros(0, dtype=np.int64) if owner is None else np.unique(owner[block_order], return_inverse=True)[1]
    return Cells(columns=columns, runs=tuple(runs), totals=summed, owner=groups.astype(np.int64), plain=plain, studentized=studentized)
