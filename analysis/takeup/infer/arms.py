"""Regressions whose moments are sums by arm: Lin's interacted estimator, means in saturated cells, weights that follow the arm.

For every draw the moments of each arm a, N_a = sum w_a x x' and c_a = sum w_a x y, are one matrix product; the coefficients, the vector v with
effect = v'c and the leverages follow from small systems. The interacted form fits each arm alone and takes the difference
at the (weighted) mean of x; the additive form has common slopes and one effect.
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
Flags = np.ndarray[Any, np.dtype[np.bool_]]

SINGULAR = 1e-10
"""An eigenvalue of an arm's moments below this share of their trace in both arms: the arm can't be fitted."""
SATURATED = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One arm of a panel of n units (rows, or clusters of them).

    Attributes
    ----------
    moments : (q (q + 1) / 2, n) w x x'
    cross : (columns * q, n) w x y
    weight : (n,) w, the weight a row has when it is in this arm; not used of clusters
    """

    moments: Floats
    cross: Floats
    weight: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A panel with the matrices of both arms, (control, treated).

    Attributes
    ----------
    x : (n, q) and y : (columns, n), of rows; empty where clusters are folded
    spread : (q (q + 1) / 2 + columns * q + columns, n) x x' (off the diagonal doubled), x y and y**2: what sums of squared residuals need
    """

    panel: Panel
    sides: tuple[Side, Side]
    x: Floats
    y: Floats
    spread: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Both arms of every draw, after the small systems.

    Attributes
    ----------
    coefficients : (2, columns, q, width)
    direction : (2, q, width) v of each arm
    inverse : (2, q (q + 1) / 2, width) what gives leverages, off the diagonal doubled
    effect : (columns, width)
    lost : (width,) draws that can't be fitted
    """

    coefficients: Floats
    direction: Floats
    inverse: Floats
    effect: Floats
    lost: Flags


def solve(moments: Floats, cross: Floats, pairs: tuple[Ints, Ints], *, interacted: bool) -> Fit:
    """Solve the regressions of all draws.

    Parameters
    ----------
    moments : (2, q (q + 1) / 2, width), cross : (2, columns, q, width), control first; x starts with the constant
    """
    q, width = cross.shape[2], moments.shape[2]
    full = np.empty((2, width, q, q))
    full[:, :, pairs[0], pairs[1]] = moments.transpose(0, 2, 1)
    full[:, :, pairs[1], pairs[0]] = moments.transpose(0, 2, 1)
    c = cross.transpose(0, 3, 2, 1)  # arm, draw, q, column
    size = np.trace(full.sum(axis=0), axis1=1, axis2=2)
    if interacted:
        inverse, either = _inverse(full, size)
        lost = np.asarray(either[0] | either[1])
        b = inverse @ c
        middle = full[:, :, 0].sum(axis=0)
        v = (inverse @ (middle / middle[:, :1])[None, :, :, None])[..., 0]
        signed = np.stack([-v[0], v[1]])
        kernel = inverse
    else:
        both = np.empty((width, q + 1, q + 1))
        both[:, :q, :q] = full.sum(axis=0)
        both[:, :q, q] = both[:, q, :q] = full[1, :, :, 0]
        both[:, q, q] = full[1, :, 0, 0]
        joint, lost = _inverse(both, size)
        beta = joint @ np.concatenate([c.sum(axis=0), c[1, :, :1]], axis=1)
        v = joint[:, :, q]
        lift = np.zeros((2, q, q + 1))  # from the coefficients of (x, d) to those of x in each arm
        lift[:, :, :q] = np.eye(q)
        lift[1, 0, q] = 1.0
        b = lift[:, None] @ beta[None]
        signed = np.stack([v @ lift[0].T, v @ lift[1].T])
        kernel = lift[:, None] @ joint[None] @ lift[:, None].transpose(0, 1, 3, 2)
    doubled = np.where(pairs[0] == pairs[1], 1.0, 2.0)
    effect = np.einsum("adq,adqk->kd", signed, c)
    return Fit(
        coefficients=np.ascontiguousarray(b.transpose(0, 3, 2, 1)), direction=np.ascontiguousarray(signed.transpose(0, 2, 1)),
        inverse=np.ascontiguousarray((kernel[:, :, pairs[0], pairs[1]] * doubled).transpose(0, 2, 1)), effect=effect, lost=lost,
    )


def _inverse(full: Floats, size: Floats) -> tuple[Floats, Flags]:
    """Inverses, and which matrices have none: the smallest eigenvalue is nothing beside the size of the moments of both arms."""
    values, vectors = np.linalg.eigh(full)
    lost = np.asarray(~(values[..., 0] > SINGULAR * size))
    safe = np.where(lost[..., None], 1.0, values)
    return (vectors / safe[..., None, :]) @ np.swapaxes(vectors, -1, -2), lost


@dataclass(frozen=True, slots=True, eq=False)
class Arms:
    """The statistic: HC2 of rows drawn one by one, CR1 over clusters of them, or CR1 of clusters drawn whole.

    Attributes
    ----------
    columns : number of outcomes
    q : columns of x
    interacted, pairs : see `solve`
    pieces : panels
    totals : (q (q + 1) / 2 + columns * q,) sums of the control matrices over all units; those of the treated are taken off
    clusters : starts of the runs of clusters among the rows of the one panel, empty where clusters are folded; None for HC2
    factor : small-sample factor of CR1
    studentized : whether variances are made
    """

    columns: int
    q: int
    interacted: bool
    pairs: tuple[Ints, Ints]
    pieces: tuple[Piece, ...]
    totals: Floats
    clusters: Ints | None
    factor: float
    studentized: bool

    def __call__(self, batch: Batch) -> tuple[Floats, Floats]:
        """Effect and variance for each column and draw, shape (columns, width); nan where a draw can't be fitted."""
        fit = self._fit(batch)
        variance = np.zeros_like(fit.effect)
        if self.studentized:
            variance = self._hc2(batch, fit) if self.clusters is None else self._cr1(batch, fit)
        fit.effect[:, fit.lost] = np.nan
        variance[:, fit.lost] = np.nan
        return fit.effect, variance

    def _fit(self, batch: Batch) -> Fit:
        size, q = self.pairs[0].size, self.q
        sums = np.zeros((2, self.totals.size, batch.width))
        for piece in self.pieces:
            cells = batch.cells(piece.panel)
            for part, side in enumerate(piece.sides):
                if part and side is piece.sides[0]:
                    sums[1] = sums[0]
                    continue
                sums[part, :size] += side.moments @ cells
                sums[part, size:] += side.cross @ cells
        sums[0] = self.totals[:, None] - sums[0]
        return solve(sums[:, :size], sums[:, size:].reshape(2, self.columns, q, batch.width), self.pairs, interacted=self.interacted)

    def _hc2(self, batch: Batch, fit: Fit) -> Floats:
        size, q = self.pairs[0].size, self.q
        variance = np.zeros_like(fit.effect)
        for part in (0, 1):
            sums = np.zeros((size + self.columns * (q + 1), batch.width))
            for piece in self.pieces:
                cells, side = batch.cells(piece.panel), piece.sides[part]
                score = np.matmul(piece.x, fit.direction[part], out=batch.scratch.get("left", *cells.shape))
                score *= side.weight[:, None]
                np.multiply(score, score, out=score)
                score *= cells if part else 1.0 - cells
                free = np.matmul(side.moments.T, fit.inverse[part], out=batch.scratch.get("below", *cells.shape))
                np.subtract(1.0, free, out=free)
                if free.min() <= SATURATED:
                    exact = free <= SATURATED
                    score[exact], free[exact] = 0.0, 1.0
                sums += piece.spread @ np.divide(score, free, out=score)
            b = fit.coefficients[part]
            variance += np.einsum("kpc,pc->kc", b[:, self.pairs[0]] * b[:, self.pairs[1]], sums[:size])
            variance -= 2.0 * (b * sums[size : size + self.columns * q].reshape(self.columns, q, -1)).sum(axis=1)
            variance += sums[size + self.columns * q :]
        return np.maximum(variance, 0.0)

    def _cr1(self, batch: Batch, fit: Fit) -> Floats:
        """Scores of clusters: v'(c_g - N_g b) of the arm they are in, or the sum over their rows."""
        assert self.clusters is not None
        (piece,) = self.pieces
        cells = batch.cells(piece.panel)
        there = (1.0 - cells, cells)
        (left, right), q, variance = self.pairs, self.q, np.empty_like(fit.effect)
        for column in range(self.columns):
            scores = np.zeros_like(cells)
            for part, side in enumerate(piece.sides):
                v, b = fit.direction[part], fit.coefficients[part, column]
                if self.clusters.size:
                    scores += (piece.x @ v) * side.weight[:, None] * (piece.y[column][:, None] - piece.x @ b) * there[part]
                else:
                    products = v[left] * b[right] + np.where(left == right, 0.0, 1.0)[:, None] * v[right] * b[left]
                    scores += (side.cross[column * q : (column + 1) * q].T @ v - side.moments.T @ products) * there[part]
            if self.clusters.size:
                scores = np.add.reduceat(scores, self.clusters, axis=0)
            variance[column] = (scores**2).sum(axis=0)
        return variance * self.factor


def arms(
    x: Floats, y: Floats, weights: tuple[Floats, Floats], slots: Ints, n_slots: int, *, interacted: bool,
    clusters: Ints | None, drawn_whole: bool, studentized: bool,
) -> Arms:
    """Lay out the matrices of `Arms`.

    Parameters
    ----------
    x : (n, q) regressors of full rank, the constant first
    y : (n, columns)
    weights : what a row weighs when it is control, and when it is treated
    slots : (n,) slot of each row, or (G,) of each cluster when they are drawn whole
    clusters : (n,) codes for CR1, 0..G-1 when they are drawn whole
    """
    n, q = x.shape
    columns = y.shape[1]
    pairs = np.triu_indices(q)
    products = x[:, pairs[0]] * x[:, pairs[1]]
    crossed = (x[:, None, :] * y[:, :, None]).reshape(n, columns * q)
    spread = np.column_stack([products * np.where(pairs[0] == pairs[1], 1.0, 2.0), crossed, y**2])
    order = np.argsort(slots if clusters is None else clusters, kind="stable")
    starts = None if clusters is None else np.flatnonzero(np.r_[True, np.diff(clusters[order]) != 0])
    if drawn_whole:
        assert starts is not None
        by_slot = np.argsort(slots)
        parts = cut(slots[by_slot], n_slots, whole=True)

        def laid(values: Floats, part: slice) -> Floats:
            return np.ascontiguousarray(np.add.reduceat(values[order], starts, axis=0)[by_slot][part].T)
    else:
        parts = cut(slots[order], n_slots, whole=clusters is not None)

        def laid(values: Floats, part: slice) -> Floats:
            return np.ascontiguousarray(values[order][part].T)

    def side(weight: Floats, part: slice) -> Side:
        w = weight[:, None]
        return Side(moments=laid(w * products, part), cross=laid(w * crossed, part), weight=weight[order][part] if not drawn_whole else np.zeros(0))

    def sides(part: slice) -> tuple[Side, Side]:
        control = side(weights[0], part)
        return control, control if weights[0] is weights[1] else side(weights[1], part)

    pieces = tuple(
        Piece(panel=panel, sides=sides(part), x=np.zeros((0, q)) if drawn_whole else np.ascontiguousarray(x[order][part]),
              y=np.zeros((columns, 0)) if drawn_whole else laid(y, part), spread=np.zeros((0, 0)) if drawn_whole else laid(spread, part))
        for panel, part in parts
    )
    groups, used = 0 if starts is None else starts.size, n - (2 * q if interacted else q + 1)
    return Arms(
        columns=columns, q=q, interacted=interacted, pairs=(pairs[0], pairs[1]), pieces=pieces,
        totals=np.concatenate([(weights[0][:, None] * products).sum(axis=0), (weights[0][:, None] * crossed).sum(axis=0)]),
        clusters=np.zeros(0, dtype=np.int64) if drawn_whole else starts,
        factor=groups / (groups - 1) * (n - 1) / used if groups > 1 and used > 0 else float("nan"), studentized=studentized,
    )
