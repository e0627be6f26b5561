"""Assignment of units, effect by least squares with covariates entered additively: HC2 or CR1 for every draw.

With M the residual maker of covariates and blocks, r = M y, e = M d and S = e'e, a draw d has the effect r'd / S; HC2 follows from sums
over units of u r**2, u e r and a u with u = e**2 / (a S - e**2), a one less the leverage of the covariates (1 - leverage = a - e**2 / S).
All outcomes share the passes over the units; each costs two matrix products more.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.infer.batch import Panel, cut

if TYPE_CHECKING:
    from takeup.infer.batch import Batch
    from takeup.infer.partialled import Partialled

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]

VANISHED = 1e-10
"""A treatment whose part outside the covariates is smaller than this share of it can't be told from them."""
SATURATED = 1e-10
NO_MEANS = np.zeros((0, 0))


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """The fixed matrices of one panel of n rows, each contiguous.

    Attributes
    ----------
    panel : where the rows stand
    root : (n,) or None where all are 1
    first : (base + p, n) residuals and basis, and then a row of roots where S varies: their products with the draws
    projection : (n, p or p + 1) basis and, where every draw treats the same number of a block, the share treated
    residuals : (base, n) times -2 where HC2 is made
    squares : (columns + 1, n) squared residuals and a
    free : (n, 2) a and zeros: its product with S and another row is faster than a broadcast of a times S
    block : (n,) codes, `starts` of their runs

    `first`, `residuals` and `squares` may end in a row of zeros.
    """

    panel: Panel
    root: Floats | None
    first: Floats
    projection: Floats
    residuals: Floats
    squares: Floats
    free: Floats
    block: Ints
    starts: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Additive:
    """Effects and variances of `columns` outcomes that share rows and covariates.

    Attributes
    ----------
    columns : number of outcomes
    base : outcomes whose sums are made; the others are each of those before the last plus the last (for intervals: outcome plus dose)
    p : columns of the basis
    pieces : panels
    fixed : S before covariates where every draw treats the same number of each block, else nan
    block_sizes : (blocks,) rows, where the number treated varies; empty otherwise
    clusters : (rows,) starts of the runs of clusters, for CR1; None for HC2
    factor : small-sample factor of CR1
    largest, longest, least : the largest centred treatment and length of a row of the basis, the smallest a
    most : S before covariates is no larger
    studentized : whether variances are made
    """

    columns: int
    base: int
    p: int
    largest: float
    longest: float
    least: float
    most: float
    pieces: tuple[Piece, ...]
    fixed: float
    block_sizes: Floats
    clusters: Ints | None
    factor: float
    studentized: bool

    def __call__(self, batch: Batch) -> tuple[Floats, Floats]:
        """Effect and variance for each column and draw, shape (columns, width); nan where a draw can't tell them."""
        sums, whole, means = self._sums(batch)
        numerator, projected = self._with_last(sums[: self.base]), sums[self.base : self.base + self.p + 1]
        both = batch.scratch.get("both", 2, batch.width)
        s, taken = both
        np.add.reduce(np.square(projected[:-1]), axis=0, out=taken)
        np.subtract(whole, taken, out=s)
        lost = None
        if not (s.min() > VANISHED * self.most):
            lost = ~(s > VANISHED * np.maximum(whole, 1e-300))
            both[:, lost] = 1.0
        inverse = 1.0 / s
        effect = numerator * inverse
        if not self.studentized:
            variance = np.zeros_like(effect)
        elif self.clusters is None:
            variance = self._hc2(batch, projected, means, effect, both, inverse)
        else:
            variance = self._cr1(batch, projected, means, effect, s)
        if lost is not None and lost.any():
            effect[:, lost] = np.nan
            variance[:, lost] = np.nan
        return effect, variance

    def _with_last(self, sums: Floats) -> Floats:
        """Sums of all columns from those of the base: they are linear in the residuals."""
        return sums if self.base == self.columns else np.concatenate([sums, sums[: self.columns - self.base] + sums[-1]])

    def _sums(self, batch: Batch) -> tuple[Floats, Any, Floats]:
        """The first visit: every fixed row times the draws.

        Returns
        -------
        sums : (base + p + 1 or more, width) residuals and basis times the draws, and a row of ones
        whole : sum of squares of the treatment before covariates, a number or (width,)
        means : (blocks, width) share treated of each block where it varies
        """
        rows, ones = self.pieces[0].first.shape[0], self.base + self.p
        sums = batch.scratch.get("sums", max(rows, ones + 1), batch.width)
        made = sums[:rows]
        means = np.zeros((self.block_sizes.size, batch.width)) if self.block_sizes.size else NO_MEANS
        for place, piece in enumerate(self.pieces):
            cells = _scaled(batch, piece, batch.cells(piece.panel))
            if place == 0:
                np.matmul(piece.first, cells, out=made)
            else:
                made += piece.first @ cells
            if means.size:
                means[piece.block[piece.starts]] += np.add.reduceat(cells, piece.starts, axis=0)
        whole = sums[ones].copy() if isnan(self.fixed) else self.fixed
        if means.size:
            treated = means.copy()
            means /= self.block_sizes[:, None]
            whole = whole - np.einsum("bw,bw->w", treated, means)
        sums[ones] = 1.0
        return sums, whole, means

    def _treatment(self, batch: Batch, piece: Piece, projected: Floats, means: Floats) -> Floats:
        """What covariates leave of the treatment in a panel, e = M d; `projected` has a last row of ones."""
        left = _scaled(batch, piece, batch.own_cells(piece.panel))
        left -= np.matmul(piece.projection, projected[: piece.projection.shape[1]], out=batch.scratch.get("spare", *left.shape))
        if means.size:
            left -= np.take(means, piece.block, axis=0, out=batch.scratch.get("means", piece.panel.size, batch.width), mode="clip")
        return left

    def _hc2(self, batch: Batch, projected: Floats, means: Floats, effect: Floats, both: Floats, inverse: Floats) -> Floats:
        """The variance; `both` (2, width) holds S and what the covariates took of it, `inverse` is 1 / S."""
        s, taken = both
        # |e_i| is at most that of the centred treatment and of q_i'b: often enough to know that no row is fitted exactly
        safe = bool((self.least - 1e-6) * s.min() > (self.largest + self.longest * sqrt(taken.max())) ** 2)
        dropped: Any = 0.0
        first = batch.scratch.get("first", self.pieces[0].squares.shape[0], batch.width)
        second = batch.scratch.get("second", self.pieces[0].residuals.shape[0], batch.width)
        for place, piece in enumerate(self.pieces):
            left = self._treatment(batch, piece, projected, means)
            square = np.square(left, out=batch.scratch.get("spare", *left.shape))
            below = np.matmul(piece.free, both, out=batch.scratch.get("below", *left.shape))
            below -= square
            if not safe and below.min() <= SATURATED * s.max():
                # a row that is fitted exactly leaves the variance (generalized inverse)
                exact = below <= SATURATED * s
                dropped = dropped + np.where(exact, square, 0.0).sum(axis=0)
                square[exact], below[exact] = 0.0, 1.0
            u = np.divide(square, below, out=square)
            weighted = np.multiply(u, left, out=left)
            if place == 0:
                np.matmul(piece.squares, u, out=first)
                np.matmul(piece.residuals, weighted, out=second)
            else:
                first += piece.squares @ u
                second += piece.residuals @ weighted
        # (first + effect (second + effect (s (a'u - 1) + dropped))) / s
        variance = effect * (s * (first[self.columns] - 1.0) + dropped)
        variance += self._with_last(second[: self.base])
        variance *= effect
        variance += first[: self.columns]
        variance *= inverse
        return np.asarray(variance)

    def _cr1(self, batch: Batch, projected: Floats, means: Floats, effect: Floats, s: Floats) -> Floats:
        assert self.clusters is not None
        (piece,) = self.pieces
        left = self._treatment(batch, piece, projected, means)
        squares = np.add.reduceat(left**2, self.clusters, axis=0)
        variance = np.empty_like(effect)
        for column, row in enumerate(self._with_last(piece.residuals[: self.base])):
            product = np.multiply(left, row[:, None], out=batch.scratch.get("spare", *left.shape))
            scores = np.add.reduceat(product, self.clusters, axis=0)
            scores -= squares * effect[column]
            variance[column] = np.einsum("gc,gc->c", scores, scores)
        return np.asarray(self.factor * variance / s**2)


def _scaled(batch: Batch, piece: Piece, cells: Floats) -> Floats:
    if piece.root is None:
        return cells
    return np.multiply(cells, piece.root[:, None], out=batch.scratch.get("scaled", *cells.shape))


def additive(
    space: Partialled, residuals: Floats, slots: Ints, n_slots: int, *, base: int, fixed_share: Floats | None, clusters: Ints | None,
    studentized: bool,
) -> Additive:
    """Lay out the matrices of `Additive`.

    Parameters
    ----------
    space : covariates and blocks of the n rows
    residuals : (n, columns) what they leave of the outcomes
    slots : (n,) slot of each row
    base : how many of the columns stand for themselves; each further one is one of the first plus the last of these
    fixed_share : (n,) share treated in the row's block where no draw changes it, else None
    clusters : (n,) codes for CR1, else None
    """
    n, columns = residuals.shape
    order = np.argsort(slots if clusters is None else clusters, kind="stable")
    codes = space.blocks[order]
    weighted = bool((space.root != 1.0).any())
    root, q, r = space.root[order], space.q[order], residuals[order]
    free = space.annihilated()[order]
    n_blocks = space.mass.size
    in_runs = fixed_share is None and not weighted and n_blocks > 1 and _runs(codes) == n_blocks
    if fixed_share is None and not in_runs:
        # the intercept or block dummies join the basis
        q = np.column_stack([q, (codes[:, None] == np.arange(n_blocks)) * (root / np.sqrt(space.mass)[codes])[:, None]])
    share = np.zeros(n) if fixed_share is None else fixed_share[order] * root
    runs = None if clusters is None else np.flatnonzero(np.r_[True, np.diff(clusters[order]) != 0])
    groups = 0 if runs is None else runs.size
    used = n - space.rank - 1
    pieces = []
    for panel, part in cut(slots[order], n_slots, whole=clusters is not None):
        block = codes[part]
        first = _padded(np.column_stack([r[part, :base], q[part], *([root[part]] if fixed_share is None else [])]).T)
        pieces.append(Piece(
            panel=panel, root=root[part].copy() if weighted else None, first=first,
            projection=np.column_stack([q[part], *([] if fixed_share is None and q.shape[1] else [share[part]])]),
            residuals=_padded((r if clusters is not None else -2.0 * r)[part, :base].T),
            squares=_padded(np.column_stack([r[part] ** 2, free[part]]).T),
            free=np.column_stack([free[part], np.zeros(block.size)]), block=block, starts=np.flatnonzero(np.r_[True, np.diff(block) != 0]),
        ))
    return Additive(
        columns=columns, base=base, p=q.shape[1], pieces=tuple(pieces), largest=float(root.max()), longest=float(np.sqrt((q**2).sum(axis=1).max())),
        least=float(free.min()), most=float(space.mass.sum()),
        fixed=float("nan") if fixed_share is None else float((fixed_share * (1.0 - fixed_share)).sum()),
        block_sizes=space.mass if in_runs else np.zeros(0), clusters=runs,
        factor=groups / (groups - 1) * (n - 1) / used if groups > 1 and used > 0 else float("nan"), studentized=studentized,
    )


def _padded(rows: Floats) -> Floats:
    """Contiguous; a row of zeros goes with a number of rows that a product takes longer for than for one more (3, 7, 11 ...)."""
    return np.ascontiguousarray(np.concatenate([rows, np.zeros((1, rows.shape[1]))]) if rows.shape[0] % 4 == 3 else rows)


def _runs(codes: Ints) -> int:
    return int((np.diff(codes) != 0).sum()) + 1
