"""Assignment of whole clusters, effect by least squares with covariates entered additively, CR1 for every draw: rows are touched once.

With q_i the basis of the block-centred covariates, r_i the residual of the outcome and c_g = d_g less the mean of d in its block, the
treatment that covariates leave is e_i = c_g - q_i'b, b = sum_g d_g sum_i q_i. So everything follows from sums by cluster of
1, q, q q', r and q r, whatever the number of rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.infer.additive import VANISHED
from takeup.infer.batch import Panel, cut

if TYPE_CHECKING:
    from takeup.infer.batch import Batch
    from takeup.infer.partialled import Partialled

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True, eq=False)
class Folded:
    """Effects and CR1 variances of `columns` outcomes that share rows and covariates; G clusters.

    Attributes
    ----------
    panel : where the clusters stand, sorted by block
    mass : (G,) rows (weights) of each cluster
    block : (G,) code of its block; starts : (blocks,) first cluster of each; block_mass : (blocks,)
    basis : (p, G) sums of q
    products : (p (p + 1) / 2, G) sums of q q', off the diagonal doubled; pairs : their (row, column)
    residuals : (columns, G) sums of r
    crossed : (columns, G, p) sums of q r
    factor : G / (G - 1) (n - 1) / (n - k)
    """

    columns: int
    panel: Panel
    mass: Floats
    block: Ints
    starts: Ints
    block_mass: Floats
    basis: Floats
    products: Floats
    pairs: tuple[Ints, Ints]
    residuals: Floats
    crossed: Floats
    factor: float
    studentized: bool

    def __call__(self, batch: Batch) -> tuple[Floats, Floats]:
        """Effect and variance for each column and draw, shape (columns, width); nan where a draw can't tell them."""
        cells = batch.cells(self.panel)
        shape = cells.shape
        in_block = self._in_block(batch, cells)
        means = in_block / self.block_mass[:, None]
        b = self.basis @ cells
        whole = (in_block - in_block * means).sum(axis=0)
        left = whole - (b**2).sum(axis=0)
        lost = ~(left > VANISHED * np.maximum(whole, 1e-300))
        s = np.where(lost, 1.0, left)
        effect = self.residuals @ cells / s
        variance = np.zeros_like(effect)
        if self.studentized:
            inside = np.subtract(cells, means if self.starts.size == 1 else means[self.block], out=batch.scratch.get("inside", *shape))
            squares = self._squares(batch, inside, b)
            scores, part = batch.scratch.get("scores", *shape), batch.scratch.get("part", *shape)
            for column in range(self.columns):
                np.multiply(inside, self.residuals[column][:, None], out=scores)
                if b.shape[0]:
                    np.subtract(scores, np.matmul(self.crossed[column], b, out=part), out=scores)
                np.subtract(scores, np.multiply(squares, effect[column], out=part), out=scores)
                variance[column] = np.multiply(scores, scores, out=scores).sum(axis=0)
            variance *= self.factor / s**2
        effect[:, lost] = np.nan
        variance[:, lost] = np.nan
        return effect, variance

    def _in_block(self, batch: Batch, cells: Floats) -> Floats:
        """Rows treated in each block, shape (blocks, width)."""
        if self.starts.size == 1:
            return np.asarray(self.mass[None] @ cells)
        weighted = np.multiply(cells, self.mass[:, None], out=batch.scratch.get("part", *cells.shape))
        return np.asarray(np.add.reduceat(weighted, self.starts, axis=0))

    def _squares(self, batch: Batch, inside: Floats, b: Floats) -> Floats:
        """Sums by cluster of the squared treatment that covariates leave, shape (G, width)."""
        squares = np.multiply(inside, self.mass[:, None], out=batch.scratch.get("squares", *inside.shape))
        if b.shape[0]:
            part = batch.scratch.get("part", *inside.shape)
            squares -= np.matmul(self.basis.T, 2.0 * b, out=part)
            squares *= inside
            squares += np.matmul(self.products.T, b[self.pairs[0]] * b[self.pairs[1]], out=part)
            return squares
        return np.multiply(squares, inside, out=squares)


def folded(
    space: Partialled, residuals: Floats, clusters: Ints, slots: Ints, n_slots: int, *, studentized: bool,
) -> Folded:
    """Fold the n rows into clusters.

    Parameters
    ----------
    space : covariates and blocks of the rows
    residuals : (n, columns) what they leave of the outcomes
    clusters : (n,) codes 0..G-1; each cluster lies in one block
    slots : (G,) slot of each cluster
    """
    n, columns = residuals.shape
    p = space.q.shape[1]
    rows = np.argsort(clusters, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(clusters[rows]) != 0])
    block_of = space.blocks[rows][starts]
    order = np.lexsort((slots, block_of))
    block = block_of[order]

    def sums(values: Floats) -> Floats:
        return np.asarray(np.add.reduceat(values[rows], starts, axis=0)[order])

    root, q = space.root[:, None], space.q
    left, right = np.triu_indices(p)
    doubled = np.where(left == right, 1.0, 2.0)
    ((panel, _),) = cut(slots[order], n_slots, whole=True)
    groups, used = starts.size, n - space.rank - 1
    return Folded(
        columns=columns, panel=panel, mass=sums(root**2)[:, 0], block=block, starts=np.flatnonzero(np.r_[True, np.diff(block) != 0]),
        block_mass=space.mass, basis=np.ascontiguousarray(sums(root * q).T),
        products=np.ascontiguousarray((sums(q[:, left] * q[:, right]) * doubled).T),
        pairs=(left, right), residuals=np.ascontiguousarray(sums(root * residuals).T),
        crossed=np.stack([sums(q * residuals[:, [column]]) for column in range(columns)]),
        factor=groups / (groups - 1) * (n - 1) / used if groups > 1 and used > 0 else float("nan"), studentized=studentized,
    )
