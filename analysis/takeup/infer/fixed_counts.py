"""Difference in means where every draw treats the same number of rows in each block: effect and variance by fixed matrices.

With outcomes centred in their block, T_b the sum of a block's treated and Q_b that of their squares, m1 + m0 units of r rows:

effect    the sum over blocks of n_b / n (1 / m1 + 1 / m0) T_b / r, linear in the draw;
variance  within blocks the sum of (n_b / n)**2 (s1**2 / m1 + s0**2 / m0) / r**2, where (m1 - 1) s1**2 = Q_b - T_b**2 / m1: a part that is
          linear in the draw less a sum of squares of block sums; or between (groups of) blocks, from their own effects (Imai, King and Nall
          2009, equation 6), again a sum of squares.

`cells` says the same of any draw and any sizes; here nothing is divided and nothing is done block by block but those squares.
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


@dataclass(frozen=True, slots=True, eq=False)
class FixedCounts:
    """Block-size weighted differences in means of `columns` outcomes that share rows.

    Attributes
    ----------
    pieces : panels with their rows of `linear`: (columns or 2 columns, units), effects and the linear part of variances
    constant : (columns, 1) what the linear part is added to
    squared : runs of groups of equally many units: (groups, columns, units of each), and the first of their rows in the only panel;
        for a single group empty, its sum is `alone` times the effect
    alone : the factor of a single group
    between : how many groups the variance is taken between, nan for fewer than two; 0 for the variance within
    studentized : whether variances are made
    """

    columns: int
    pieces: tuple[tuple[Panel, Floats], ...]
    constant: Floats
    squared: tuple[tuple[Floats, int], ...]
    alone: float
    between: float
    studentized: bool

    def __call__(self, batch: Batch) -> tuple[Floats, Floats]:
        """Difference and variance for each column and draw, shape (columns, width)."""
        made = np.add.reduce([matrix @ batch.cells(panel) for panel, matrix in self.pieces])
        effect = made[: self.columns]
        if not self.studentized:
            return effect, np.zeros_like(effect)
        squares = (self.alone * effect) ** 2 if not self.squared else self._squares(batch)
        if self.between:
            return effect, np.maximum(squares - effect**2 / self.between, 0.0) * (self.between / (self.between - 1))
        return effect, np.maximum(self.constant + made[self.columns :] - squares, 0.0)

    def _squares(self, batch: Batch) -> Floats:
        cells = batch.cells(self.pieces[0][0])
        squares = np.zeros((self.columns, batch.width))
        for matrices, start in self.squared:
            groups, _, units = matrices.shape
            sums = np.matmul(matrices, cells[start : start + groups * units].reshape(groups, units, batch.width),
                             out=batch.scratch.get("sums", groups, self.columns, batch.width))
            squares += np.multiply(sums, sums, out=sums).sum(axis=0)
        return squares


def fixed_counts(
    totals: Floats, rows: Floats, blocks: Ints, treated: Floats, slots: Ints, n_slots: int, *, owner: Ints | None, studentized: bool,
) -> FixedCounts:
    """Lay out the matrices of `FixedCounts`.

    Parameters
    ----------
    totals : (units, columns) outcome of each unit (summed over its rows), less its block's mean for each row
    rows : (units,) rows of each unit, the same for all units of a block
    blocks : (units,) codes 0..
    treated : (units,) the observed assignment, for its counts
    slots : (units,) slot of each unit
    owner : (blocks,) groups between which the variance is taken, or None
    """
    columns, many = totals.shape[1], np.bincount(blocks).astype(np.float64)
    ones = np.bincount(blocks, weights=treated)
    each = np.bincount(blocks, weights=rows) / many
    both = (ones > 0) & (ones < many)
    share = np.where(both, many * each, 0.0)
    share = share / (share.sum() or np.nan)
    n1, n0 = np.where(both, ones, 1.0), np.where(both, many - ones, 1.0)
    weight = share * (1.0 / n1 + 1.0 / n0) / each
    within1, within0 = (share**2 * np.where(n > 1.5, n / np.maximum(n - 1.0, 0.5), 0.0) / (n * each) ** 2 for n in (n1, n0))
    of_group = blocks if owner is None else np.unique(owner, return_inverse=True)[1][blocks]
    sizes = np.bincount(of_group)
    effects = totals * weight[blocks][:, None]
    first = [effects]
    if studentized and owner is None:
        first.append(totals**2 * (within1 - within0)[blocks][:, None])
    linear = np.column_stack(first)
    root = np.sqrt(within1 / n1 + within0 / n0)
    squared: list[tuple[Floats, int]] = []
    whole = studentized and sizes.size > 1
    order: Ints = np.argsort(slots, kind="stable") if not whole else np.lexsort((slots, of_group, sizes[of_group]))
    if whole:
        factors = effects if owner is not None else totals * root[blocks][:, None]
        start = 0
        for size in np.unique(sizes):
            number = int((sizes == size).sum())
            part = factors[order[start : start + number * size]].reshape(number, size, columns)
            squared.append((np.ascontiguousarray(part.transpose(0, 2, 1)), start))
            start += number * int(size)
    pieces = tuple((panel, np.ascontiguousarray(linear[order[part]].T)) for panel, part in cut(slots[order], n_slots, whole=whole))
    groups = 0 if owner is None else int(np.unique(owner[both]).size)
    between = float("nan") if owner is not None and groups < 2 else float(groups)
    return FixedCounts(
        columns=columns, pieces=pieces, constant=(totals**2 * within0[blocks][:, None]).sum(axis=0)[:, None], squared=tuple(squared),
        alone=1.0 if owner is not None else float(root[0] / weight[0]) if weight[0] > 0 else float("nan"), between=between, studentized=studentized,
    )
