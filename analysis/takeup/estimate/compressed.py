"""Least squares and its variances from cross-products by cell, without the rows they are sums of.

A variance by cluster (CR0, CR1, CR2 and its Satterthwaite degrees of freedom) depends on the rows of a cluster only through X'X, X'y and
y'y: any rows with the same products give the same number. So each cell is replaced by the rows of a square root of its products, at most one
a column, and the ordinary functions do the rest. A variance by row (HC0-HC3) isn't of that kind: it needs sums over rows once the fit is
known, which are closed form where a cell's rows share all regressors, and one more query otherwise. Compare Wong, Forsell, Lewis, Mao
and Wardrop (2021), You Only Compress Once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.estimate.arrays import Arrays, Codes, Floats, dummies
from takeup.estimate.difference import Cells
from takeup.estimate.linear import DUMMIES, Fit, least_squares
from takeup.estimate.sums import Moments, RowSums, Survey
from takeup.estimate.vcov import SATURATED, Regression, Spread

if TYPE_CHECKING:
    from takeup.estimate.rules import Inference

VANISHED = 1e-6
"""A column whose part outside the earlier ones is smaller than this share of it counts as collinear: products hold half the digits of rows."""
POWER = {"HC2": 0.5, "HC3": 1.0}

RowQuery = Callable[..., RowSums]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summed(Arrays):
    """Arrays whose rows stand for many: `counts` (rows,) says how many. `y` holds the size of the largest outcome, no outcome."""

    counts: Floats

    @property
    def n(self) -> int:
        """Rows of the register."""
        return round(float(self.counts.sum()))

    @property
    def n_treated(self) -> int:
        """Rows of the register assigned to the arm."""
        return round(float((self.counts * self.treated).sum()))

    def take(self, keep: np.ndarray) -> Summed:
        """The same for a subset of rows."""
        part = Arrays.take(self, keep)
        assert isinstance(part, Summed)
        return replace(part, counts=self.counts[keep])


@dataclass(frozen=True, slots=True, kw_only=True)
class CompressedFit(Fit):
    """A fit whose rows stand for `rows` rows and whose columns, absorbed blocks among them, are `columns`."""

    rows: int
    columns: int

    @property
    def df_residual(self) -> int:
        """Rows of the register less coefficients."""
        return self.rows - self.columns


@dataclass(frozen=True, slots=True, kw_only=True)
class PseudoRows:
    """Rows that have the products of the cells: `one` (R,) in place of the constant, covariates (R, p), outcome (R,) in its units, centred."""

    data: Summed
    one: Floats
    covariates: Floats
    y: Floats

    @property
    def treated(self) -> Floats:
        """The column of treatment, (R,)."""
        return np.asarray(self.one * self.data.treated)


def pseudo_rows(found: Moments, survey: Survey, outcome: str, control: str) -> PseudoRows:
    """The rows of the square roots of the cells' products."""
    size = found.products.shape[1]
    values, vectors = np.linalg.eigh(found.products)
    root = np.sqrt(np.clip(values, 0.0, None))[:, :, None] * np.swapaxes(vectors, 1, 2)
    flat = root.reshape(-1, size)
    counts = np.zeros((found.n.size, size))
    counts[:, 0] = found.n

    def spread_out(codes: Codes | None) -> Codes | None:
        return None if codes is None else np.repeat(codes, size)

    data = Summed(
        outcome=outcome, arm=str(survey.arm), control=control, y=np.full(flat.shape[0], survey.largest), treated=np.repeat(found.treated, size),
        covariates=flat[:, 1:-1], names=tuple(one.name for one in survey.columns), blocks=spread_out(found.blocks),
        clusters=spread_out(found.clusters), providers=None, received=None, weights=None, probability=None,
        rows=np.arange(flat.shape[0]), n_missing=survey.n_missing, notes=survey.notes, counts=counts.ravel(),
    )
    return PseudoRows(data=data, one=flat[:, 0], covariates=flat[:, 1:-1], y=flat[:, -1] * survey.scale)


def complete(found: Moments) -> tuple[Moments, str]:
    """The cells of blocks that have both arms, and the sentence on those that left."""
    if found.blocks is None:
        return found, ""
    size = int(found.blocks.max()) + 1
    both = np.ones(size, dtype=bool)
    for side in (0.0, 1.0):
        both &= np.bincount(found.blocks[found.treated == side], minlength=size) > 0
    keep = both[found.blocks]
    if keep.all():
        return found, ""
    gone = int((~both).sum())
    word = "1 block" if gone == 1 else f"{gone} blocks"
    left = Moments(n=found.n[keep], treated=found.treated[keep], blocks=found.blocks[keep],
                   clusters=None if found.clusters is None else found.clusters[keep], products=found.products[keep], labels=found.labels)
    return left, f"{word} ({round(float(found.n[~keep].sum()))} rows) with one arm only left the comparison."


def cells(found: Moments, survey: Survey) -> Cells:
    """Means by block and arm and their Neyman variances from sums."""
    blocks = np.zeros(found.n.size, dtype=np.int64) if found.blocks is None else np.unique(found.blocks, return_inverse=True)[1]
    count = int(blocks.max()) + 1
    cell = 2 * blocks + found.treated.astype(np.int64)

    def total(values: Floats) -> Floats:
        return np.asarray(np.bincount(cell, weights=values, minlength=2 * count).reshape(count, 2), dtype=np.float64)

    n, sums, squares = total(found.n), total(found.products[:, 0, -1]), total(found.products[:, -1, -1])
    mean = sums / n
    inside = np.clip(squares - sums * mean, 0.0, None)
    variance = np.where(n > 1, inside / (n * np.where(n > 1, n - 1, 1.0)), np.nan) * survey.scale**2
    by_block = n.sum(axis=1)
    return Cells(n=n, mean=survey.mean + survey.scale * mean, variance=variance, size=by_block / by_block.sum())


def cluster_fit(rows: PseudoRows, base: Floats | None, columns: Floats, inference: Inference, *, absorbed: Codes | None = None) -> CompressedFit:
    """Least squares on pseudo-rows for a variance by cluster; `absorbed` blocks in place of `base`."""
    y = rows.y
    if absorbed is not None:
        columns, y = _less_block_means(columns, rows.one, absorbed), _less_block_means(y[:, None], rows.one, absorbed)[:, 0]
    x = columns if base is None else np.column_stack([base, columns])
    kept = separate(x)
    fit = least_squares(x[:, kept], y)
    coefficients = np.full(kept.size, np.nan)
    coefficients[kept] = fit.coefficients
    n, k = rows.data.n, int(kept.sum()) + (0 if absorbed is None else int(np.unique(absorbed).size))
    regression, here = fit.regression, y.size
    if inference.se_type == "CR1" and n > k and here > regression.columns:  # its factor counts rows: the residuals carry the difference
        factor = ((n - 1) / (n - k)) / ((here - 1) / (here - regression.columns))
        regression = replace(regression, residuals=regression.residuals * np.sqrt(factor))
    return CompressedFit(coefficients=coefficients, kept=kept, regression=regression, rows=n, columns=k)


def additive(rows: PseudoRows, inference: Inference) -> tuple[CompressedFit, int]:
    """The fit of an ANCOVA, blocks as dummies or absorbed where they are many; and the position of its first covariate."""
    blocks = rows.data.blocks
    columns = np.column_stack([rows.covariates, rows.treated])
    if blocks is None:
        return cluster_fit(rows, rows.one[:, None], columns, inference), 1
    count = np.unique(blocks).size
    if count > DUMMIES and (inference.se_type != "CR2" or inference.clusters is None or _each_in_one(blocks, inference.clusters)):
        return cluster_fit(rows, None, columns, inference, absorbed=blocks), 0
    return cluster_fit(rows, dummies(blocks) * rows.one[:, None], columns, inference), int(count)


def separate(x: Floats) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which columns don't depend on earlier ones, by what products can tell, shape (K,)."""
    norms = np.sqrt((x**2).sum(axis=0))
    kept: np.ndarray[Any, np.dtype[np.bool_]] = np.asarray(norms > 1e-9 * max(float(norms.max(initial=0.0)), 1e-300))
    while kept.any():
        columns = np.flatnonzero(kept)
        pivots = np.abs(np.diag(np.linalg.qr(x[:, columns] / norms[columns], mode="r")))
        dependent = np.flatnonzero(pivots < VANISHED)
        if not dependent.size:
            kept[columns[pivots.size:]] = False
            break
        kept[columns[dependent[0]]] = False
    return kept


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFit:
    """A fit for a variance by row: regressors are the covariates and treatment, less their means by block (over all, where there are none).

    Attributes
    ----------
    fit : the fit on a square root of the products
    root : (k, q) so that the q columns of regressors times root are orthonormal
    centres : (B, m) means by block of (covariates, treatment, outcome); sizes (B,)
    residual : sum of squared residuals, in units of the outcome
    """

    found: Moments
    survey: Survey
    fit: CompressedFit
    root: Floats
    centres: Floats
    sizes: Floats
    residual: float

    def spread(self, alpha: float, kappa: float, se_type: str, query: RowQuery) -> Spread:
        """The variance of alpha (mean outcome) + kappa (effect of treatment)."""
        n = float(self.sizes.sum())
        k = self.fit.columns
        direction = kappa * self.root[-1]
        base = np.full(self.sizes.size, alpha / n)
        whole = float(n * (alpha / n) ** 2 + direction @ direction)
        if se_type == "classical":
            variance = whole * self.residual / (n - k) if n > k else float("nan")
            return Spread(variance=variance, df=float("nan"), share=float("nan"))
        power = POWER.get(se_type, 0.0)
        sums = self._by_cell(base, direction, power) if self.found.products.shape[1] == 2 else query(self, base, direction, power)
        variance = sums.squares
        if se_type == "HC1":
            variance *= n / (n - k) if n > k else float("nan")
        if se_type != "HC2":
            return Spread(variance=variance, df=float("nan"), share=float("nan"))
        square = (sums.fourth + float((sums.outer**2).sum()) + 2.0 * float(((sums.by_block[:, 1:] ** 2).sum(axis=1) / self.sizes).sum())
                  + float((sums.by_block[:, 0] ** 2 / self.sizes**2).sum()))
        return Spread(variance=variance, df=sums.seen**2 / square if square > 0 else float("nan"),
                      share=sums.seen / sums.whole if sums.whole > 0 else float("nan"))

    def _by_cell(self, base: Floats, direction: Floats, power: float) -> RowSums:
        """What the query would say, where the rows of a cell share all regressors (block and arm)."""
        found, scale = self.found, self.survey.scale
        block = np.zeros(found.n.size, dtype=np.int64) if found.blocks is None else np.unique(found.blocks, return_inverse=True)[1]
        t = found.treated - self.centres[block, 0]
        z = t * self.root[0, 0]
        h = 1.0 / self.sizes[block] + z**2
        d = base[block] + z * direction[0]
        free = 1.0 - h
        a2 = np.where(free > SATURATED, d**2 / np.where(free > SATURATED, free, 1.0) ** (2.0 * power), 0.0) if power else d**2
        mean = found.products[:, 0, -1] / found.n
        inside = np.clip(found.products[:, -1, -1] - found.n * mean**2, 0.0, None) * scale**2
        gap = scale * (mean - self.centres[block, 1]) - t * float(np.nan_to_num(self.fit.coefficients[-1]))
        n = found.n

        def by_block(values: Floats) -> Floats:
            return np.asarray(np.bincount(block, weights=values, minlength=self.sizes.size), dtype=np.float64)

        return RowSums(
            squares=float((a2 * (inside + n * gap**2)).sum()), whole=float((n * d**2).sum()), seen=float((n * a2 * free).sum()),
            fourth=float((n * a2**2 * (1.0 - 2.0 * h)).sum()), by_block=np.column_stack([by_block(n * a2), by_block(n * a2 * z)]),
            outer=np.array([[float((n * a2 * z**2).sum())]]),
        )


def row_fit(found: Moments, survey: Survey) -> RowFit:
    """The fit of an ANCOVA for a variance by row."""
    size = found.products.shape[1]
    block = np.zeros(found.n.size, dtype=np.int64) if found.blocks is None else np.unique(found.blocks, return_inverse=True)[1]
    order = [*range(1, size - 1), size, size - 1]
    whole = np.zeros((int(block.max()) + 1, size + 1, size + 1))
    np.add.at(whole, block, _with_treatment(found))
    n = whole[:, 0, 0]
    sums = whole[:, 0][:, order]
    inside = (whole[:, order][:, :, order] - sums[:, :, None] * sums[:, None, :] / n[:, None, None]).sum(axis=0)
    values, vectors = np.linalg.eigh(inside)
    rows = np.sqrt(np.clip(values, 0.0, None))[:, None] * vectors.T
    rows[:, -1] *= survey.scale
    x, y = rows[:, :-1], rows[:, -1]
    raw = np.sqrt(np.einsum("bii->i", whole)[order][:-1])
    kept = separate(x)
    kept &= np.sqrt((x**2).sum(axis=0)) > VANISHED * np.where(raw > 0, raw, 1.0)
    fit = least_squares(x[:, kept], y)
    coefficients = np.full(kept.size, np.nan)
    coefficients[kept] = fit.coefficients
    root = np.zeros((kept.size, int(kept.sum())))
    root[kept] = np.linalg.inv(np.linalg.qr(x[:, kept], mode="r"))
    regression = Regression(x=x[:, kept], residuals=fit.regression.residuals, bread=fit.regression.bread)
    made = CompressedFit(coefficients=coefficients, kept=kept, regression=regression, rows=round(float(n.sum())), columns=int(kept.sum()) + n.size)
    return RowFit(found=found, survey=survey, fit=made, root=root, centres=sums / n[:, None], sizes=n,
                  residual=float((fit.regression.residuals**2).sum()))


def _with_treatment(found: Moments) -> Floats:
    """Products of (1, covariates, outcome, treatment) by cell: treatment is 0 or 1 for all rows of a cell."""
    size = found.products.shape[1]
    out = np.empty((found.n.size, size + 1, size + 1))
    out[:, :size, :size] = found.products
    out[:, size, :size] = out[:, :size, size] = found.products[:, 0] * found.treated[:, None]
    out[:, size, size] = found.n * found.treated
    return out


def _less_block_means(columns: Floats, one: Floats, blocks: Codes) -> Floats:
    """Columns of pseudo-rows less their projection on the blocks' dummies (Frisch and Waugh 1933)."""
    sizes = np.bincount(blocks, weights=one**2)
    means = np.stack([np.bincount(blocks, weights=one * column) for column in columns.T], axis=1) / np.where(sizes > 0, sizes, 1.0)[:, None]
    return np.asarray(columns - one[:, None] * means[blocks])


def _each_in_one(blocks: Codes, clusters: Codes) -> bool:
    return bool(np.unique(np.column_stack([blocks, clusters]), axis=0).shape[0] == np.unique(blocks).size)
