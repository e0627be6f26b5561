"""Which statistic a trial gets, and its fixed matrices: from the arrays of the outcomes to the `Statistic` of the pass.

==================  ==========================================  =====================================================
method              drawn by unit                               drawn by cluster
==================  ==========================================  =====================================================
ancova, cace        HC2; CR1 where the design names clusters    CR1
lin                 HC2; CR1 likewise                           CR1
difference          Neyman, within blocks; between pairs;       CR1; within blocks arm by arm; between pairs
                    HC2 of weighted means
==================  ==========================================  =====================================================

CR1 rather than CR2 for every draw: against their own null distribution both give a valid test, and CR1 needs sums only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import Fault, InferError
from takeup.estimate.arrays import dummies
from takeup.estimate.linear import independent
from takeup.estimate.rules import assignment_weights
from takeup.infer.additive import additive
from takeup.infer.arms import arms
from takeup.infer.cells import cells
from takeup.infer.fixed_counts import fixed_counts
from takeup.infer.folded import folded
from takeup.infer.partialled import partialled

if TYPE_CHECKING:
    from takeup.design import Design
    from takeup.design.assign import Layout
    from takeup.design.scheme import Scheme
    from takeup.estimate.arrays import Arrays
    from takeup.infer.null import Statistic

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]

METHODS = ("ancova", "difference_in_means", "lin", "cace")
ROUNDING = 1e-12
"""An outcome that varies less than this share of its largest value is constant."""
MOST_PRODUCTS = 2**27
"""Products of regressors by row beyond this (a gigabyte) are refused."""


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Outcomes that share rows and covariates.

    Attributes
    ----------
    data : arrays of the first of them
    positions : their positions among the outcomes asked for
    y : (n, k) outcomes, less the hypothesised effect times the dose
    dose : (n,) what the hypothesised effect is per unit of: assignment, or the programme received
    """

    data: Arrays
    positions: tuple[int, ...]
    y: Floats
    dose: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """What the statistics of a group are made of: outcomes, and for an interval the dose and outcomes plus dose, in units near 1.

    Attributes
    ----------
    values : (n, k) or (n, 2 k + 1)
    scale : (k,) powers of two: outcome = values * scale; 0 for a constant outcome
    dose_scale : the same for the dose
    """

    values: Floats
    scale: Floats
    dose_scale: float


def columns(group: Group, *, interval: bool) -> Columns:
    """Centre and scale the outcomes (and the dose); scales are powers of two, which change no digit."""
    centred = group.y - group.y.mean(axis=0)
    size = np.sqrt((centred**2).mean(axis=0))
    constant = size <= ROUNDING * np.abs(group.y).max(axis=0)
    scale = np.where(constant, 0.0, 2.0 ** np.round(np.log2(np.where(constant, 1.0, size))))
    values = np.where(constant, 0.0, centred / np.where(constant, 1.0, scale))
    if not interval:
        return Columns(values=values, scale=scale, dose_scale=1.0)
    middle = group.dose - group.dose.mean()
    spread = float(np.sqrt((middle**2).mean()))
    dose_scale = 2.0 ** round(np.log2(spread)) if spread > 0 else 1.0
    dose = (middle / dose_scale)[:, None]
    return Columns(values=np.column_stack([values, dose, values + dose]), scale=scale, dose_scale=dose_scale)


def statistic(group: Group, values: Floats, design: Design, method: str, found: Scheme, place: Layout, *, studentized: bool) -> Statistic:
    """The statistic of one group for the draw `found` with its layout `place`; `values` (n, columns) as from `columns`."""
    data = group.data
    unit = np.full(int(found.rows.max()) + 1, -1)
    unit[found.rows] = found.units
    units = unit[data.rows]
    follows = bool(assignment_weights(data, data.blocks)[1])
    if method == "lin":
        return _arms(data, values, found, place, units, covariates=data.covariates, interacted=True, follows=follows, studentized=studentized)
    if method == "difference_in_means":
        return _difference(group, values, design, found, place, units, follows=follows, studentized=studentized)
    if follows:
        return _arms(data, values, found, place, units, covariates=data.covariates, interacted=False, follows=True, studentized=studentized)
    return _additive(group, values, data.covariates, data.blocks, found, place, units, studentized=studentized)


def _additive(
    group: Group, values: Floats, covariates: Floats, blocks: Ints | None, found: Scheme, place: Layout, units: Ints, *, studentized: bool,
) -> Statistic:
    data = group.data
    plain = covariates.shape[1] == 0 and blocks is None and data.weights is None and data.clusters is None
    if plain and not found.clustered:
        # HC2 of a regression on the treatment alone is Neyman's variance
        return _means(values - values.mean(axis=0), np.ones(data.n), np.zeros(data.n, dtype=np.int64), data.treated, units, found, place,
                      owner=None, studentized=studentized)
    space = partialled(covariates, blocks, data.weights)
    residuals = space.residuals(values)
    if found.clustered:
        present, clusters = np.unique(units, return_inverse=True)
        return folded(space, residuals, clusters, place.slot[present], place.n_slots, studentized=studentized)
    fixed = None
    if found.kind == "fixed" and data.weights is None and data.n == found.rows.size:
        fixed = (np.bincount(space.blocks, weights=data.treated) / space.mass)[space.blocks]
    base = min(values.shape[1], len(group.positions) + 1)  # the rest are outcome plus dose
    return additive(space, residuals, place.slot[units], place.n_slots, base=base, fixed_share=fixed, clusters=data.clusters,
                    studentized=studentized)


def _difference(
    group: Group, values: Floats, design: Design, found: Scheme, place: Layout, units: Ints, *, follows: bool, studentized: bool,
) -> Statistic:
    data = group.data
    nothing = np.zeros((data.n, 0))
    if data.blocks is None and not follows:
        return _additive(group, values, nothing, None, found, place, units, studentized=studentized)
    blocks = np.zeros(data.n, dtype=np.int64) if data.blocks is None else np.unique(data.blocks, return_inverse=True)[1]
    owner = None if data.clusters is None or found.clustered else _owner(data.clusters, blocks)
    weighted = follows or (data.weights is not None and not found.clustered)
    if weighted or (data.clusters is not None and not found.clustered and owner is None):
        return _arms(data, values, found, place, units, covariates=nothing, interacted=True, follows=follows, studentized=studentized)
    weight = np.ones(data.n) if data.weights is None else data.weights / data.weights.mean()
    middle = np.column_stack([np.bincount(blocks, weights=weight * column) for column in values.T]) / np.bincount(blocks, weights=weight)[:, None]
    inside = (values - middle[blocks]) * weight[:, None]
    present, first, code = np.unique(units, return_index=True, return_inverse=True)
    totals: Floats = np.column_stack([np.bincount(code, weights=column) for column in inside.T])
    rows: Floats = np.bincount(code, weights=weight).astype(np.float64)
    of_unit = blocks[first]
    if design.draw == "pairs" or (owner is None and _alone(of_unit, data.treated[first])):
        owner = np.arange(int(blocks.max()) + 1)
    return _means(totals, rows, of_unit, data.treated[first], present, found, place, owner=owner, studentized=studentized)


def _means(
    totals: Floats, rows: Floats, blocks: Ints, treated: Floats, units: Ints, found: Scheme, place: Layout, *, owner: Ints | None, studentized: bool,
) -> Statistic:
    """Differences in means, by fixed matrices where every draw treats the same number of rows in each block."""
    strata = found.strata[units]
    whole = found.kind == "fixed" and found.drawer is None and units.size == found.strata.size
    alike = (rows == rows[np.unique(blocks, return_index=True)[1]][blocks]).all()
    if whole and alike and np.unique(np.column_stack([strata, blocks]), axis=0).shape[0] == np.unique(strata).size:
        return fixed_counts(totals, rows, blocks, treated, place.slot[units], place.n_slots, owner=owner, studentized=studentized)
    return cells(totals, rows, blocks, place.slot[units], place.n_slots, owner=owner, studentized=studentized)


def _alone(blocks: Ints, treated: Floats) -> bool:
    """Whether a block with both arms has one unit only in an arm: then there is no variance within it."""
    many, ones = np.bincount(blocks), np.bincount(blocks, weights=treated)
    return bool((((ones == 1) | (many - ones == 1)) & (ones > 0) & (ones < many)).any())


def _owner(clusters: Ints, blocks: Ints) -> Ints | None:
    """The cluster that holds each block, or None where a block holds rows of several."""
    first = np.unique(blocks, return_index=True)[1]
    owner = clusters[first]
    return owner if (owner[blocks] == clusters).all() else None


def _arms(
    data: Arrays, values: Floats, found: Scheme, place: Layout, units: Ints, *, covariates: Floats, interacted: bool, follows: bool,
    studentized: bool,
) -> Statistic:
    base = np.ones((data.n, 1))
    if data.blocks is not None:
        base = np.column_stack([base, dummies(data.blocks)[:, 1:]])
    middle = covariates.mean(axis=0) if covariates.shape[1] else np.zeros(0)
    spread = np.sqrt(((covariates - middle) ** 2).mean(axis=0)) if covariates.shape[1] else np.ones(0)
    x = np.column_stack([base, (covariates - middle) / np.where(spread > 0, spread, 1.0)])
    x = x[:, independent(x)]
    if x.shape[1] * (x.shape[1] + 1) // 2 * (data.n if not found.clustered else place.n_slots) > MOST_PRODUCTS:
        raise InferError(Fault(f"{x.shape[1]} blocks and covariates by arm in {data.n} rows take too much memory", "method",
                               remedy='Use method="ancova" or fewer of them.'))
    weight = np.ones(data.n) if data.weights is None else data.weights / data.weights.mean()
    weights = (weight, weight)
    if follows:
        assert data.probability is not None
        weights = (weight / (1.0 - data.probability), weight / data.probability)
    if found.clustered:
        present, clusters = np.unique(units, return_inverse=True)
        return arms(x, values, weights, place.slot[present], place.n_slots, interacted=interacted, clusters=clusters, drawn_whole=True,
                    studentized=studentized)
    return arms(x, values, weights, place.slot[units], place.n_slots, interacted=interacted, clusters=data.clusters, drawn_whole=False,
                studentized=studentized)
