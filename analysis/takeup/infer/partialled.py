"""Covariates and blocks partialled out (Frisch and Waugh 1933, Lovell 1963), once for all draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from takeup.estimate.linear import DEPENDENT, independent

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True, eq=False)
class Partialled:
    """The space of covariates and blocks on n rows, scaled by the root of their weights.

    Attributes
    ----------
    root : (n,) square roots of the weights, scaled to mean square 1; ones where there are none
    blocks : (n,) codes 0.., all 0 where there are none
    mass : (blocks,) sum of squared roots
    q : (n, p) orthonormal basis of the scaled covariates, centred within blocks
    """

    root: Floats
    blocks: Ints
    mass: Floats
    q: Floats

    @property
    def rank(self) -> int:
        """Coefficients of covariates and blocks."""
        return int(self.mass.size + self.q.shape[1])

    def centred(self, values: Floats) -> Floats:
        """Values (n, k) less their weighted block means, scaled."""
        return _centred(values, self.root, self.blocks, self.mass)

    def residuals(self, values: Floats) -> Floats:
        """What covariates and blocks leave of the values, scaled, shape (n, k)."""
        left = self.centred(values)
        for _ in range(2):  # the second round removes what rounding left of the first
            left = left - self.q @ (self.q.T @ left)
        return left

    def annihilated(self) -> Floats:
        """One less the leverage of each row, shape (n,)."""
        return np.asarray(1.0 - self.root**2 / self.mass[self.blocks] - (self.q**2).sum(axis=1))


def partialled(covariates: Floats, blocks: Ints | None, weights: Floats | None) -> Partialled:
    """Prepare covariates (n, p) and blocks; columns that depend on earlier ones or on the blocks are dropped."""
    n = covariates.shape[0]
    root = np.ones(n) if weights is None else np.sqrt(weights / weights.mean())
    codes = np.zeros(n, dtype=np.int64) if blocks is None else np.unique(blocks, return_inverse=True)[1].astype(np.int64)
    mass: Floats = np.bincount(codes, weights=root**2).astype(np.float64)
    inside = _centred(covariates, root, codes, mass)
    norm = np.sqrt(((covariates * root[:, None]) ** 2).sum(axis=0))
    inside = inside[:, np.sqrt((inside**2).sum(axis=0)) > DEPENDENT * norm]
    return Partialled(root=root, blocks=codes, mass=mass, q=_basis(inside))


def _basis(columns: Floats) -> Floats:
    """An orthonormal basis of the columns (n, k), none of which vanishes."""
    if columns.shape[1] == 0:
        return columns
    q, r = np.linalg.qr(columns / np.sqrt((columns**2).sum(axis=0)))
    if columns.shape[1] > columns.shape[0] or (np.abs(np.diag(r)) < DEPENDENT).any():
        q = np.linalg.qr(columns[:, independent(columns)])[0]
    return np.asarray(q)


def _centred(values: Floats, root: Floats, blocks: Ints, mass: Floats) -> Floats:
    middle = values
    for _ in range(2):  # the second round removes what rounding left of the first
        weighted = middle * (root**2)[:, None]
        if mass.size == 1:
            middle = middle - weighted.sum(axis=0) / mass
        else:
            sums = np.array([np.bincount(blocks, weights=column) for column in weighted.T]).reshape(values.shape[1], mass.size)
            middle = middle - (sums / mass).T[blocks]
    return middle * root[:, None]
