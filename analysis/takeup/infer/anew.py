"""Several arms that a procedure drew (minimisation, accepted balance): everybody is drawn anew into all arms.

What such a procedure does to two of its arms depends on who went into the others, so units of two arms can't be drawn again among each other.
Everybody is, and each draw compares the units that it puts into the arm and into control: exact for the null that no arm changes anything
(Simon and Simon 2011, Statistics and Probability Letters 81), and, studentised, valid in large samples for one arm without an effect.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.design.assign import chunk_cells, several_arms
from takeup.errors import Fault, InferError
from takeup.estimate.arrays import dummies
from takeup.estimate.linear import independent
from takeup.estimate.rules import assignment_weights
from takeup.infer.batched import least_squares_hc2
from takeup.infer.executor import one_blas_thread, spread
from takeup.infer.null import Null

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from takeup.design.scheme import Scheme, Small
    from takeup.estimate.arrays import Arrays

Floats = np.ndarray[Any, np.dtype[np.float64]]

SAID = "Everybody is drawn into all arms, so the null is that no arm changes anything; it has no interval."
ESTIMATORS = ("ancova", "difference_in_means", "lin")
CELLS = 2**18
"""Numbers of a column held at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """What a worker needs; the rows of each outcome are positions among the rows of the draw, whatever their arm."""

    found: Scheme
    code: int
    data: tuple[Arrays, ...]
    x: tuple[Floats, ...]
    y: tuple[Floats, ...]
    interacted: bool
    seed: int
    total: int


def drawn_anew(
    found: Scheme, code: int, whole: Sequence[Arrays], *, method: str, draws: int, seed: int, null: float, backend: Executor | None,
) -> tuple[Null, Floats]:
    """Effects and variances of one arm (`code`) against control under the observed assignment and under draws of all arms.

    Parameters
    ----------
    whole : the arrays of each outcome over the rows of all arms, `treated` for those of the arm

    Returns
    -------
    Null
        One row an outcome.
    scale : (outcomes,) 1, or 0 for an outcome that is the same for everybody

    Raises
    ------
    InferError
        Clusters, weights or another estimator.
    """
    first = whole[0]
    if method not in ESTIMATORS or (method == "difference_in_means" and first.blocks is not None):
        raise InferError(Fault(f'several arms that a procedure drew aren\'t compared by "{method}" here', "method", "ancova, lin",
                               "Blocks are then fixed effects." if method == "difference_in_means" else ""))
    if found.clustered or first.clusters is not None or assignment_weights(first, first.blocks)[0] is not None:
        raise InferError(Fault("several arms that a procedure drew are compared for units of one weight, drawn one by one", "design"))
    centred = [one.y - null * one.treated for one in whole]
    centred = [y - y.mean() for y in centred]
    constant = [np.sqrt((y**2).mean()) <= 1e-12 * np.abs(one.y).max(initial=0.0) for y, one in zip(centred, whole, strict=True)]
    job = Job(found=found, code=code, data=tuple(whole), x=tuple(_regressors(one, method) for one in whole), y=tuple(centred),
              interacted=method == "lin", seed=seed, total=1 + draws)
    size = chunk_cells(found)
    parts = spread(evaluate, job, -(-job.total // size), backend=backend, label="draws", per_item=size)
    effects, variances = (np.concatenate(side, axis=1) for side in zip(*parts, strict=True))
    effects[constant], variances[constant] = np.nan, np.nan
    return Null(effects=effects, variances=variances, weights=np.ones(job.total), exact=False), np.where(constant, 0.0, 1.0)


def evaluate(job: Job, first: int, last: int) -> tuple[Floats, Floats]:
    """Chunks first..last-1, (outcomes, draws) each; the observed assignment is the first of all."""
    effects, variances = [], []
    size = chunk_cells(job.found)
    with one_blas_thread():
        for chunk in range(first, last):
            codes = several_arms(job.found, job.seed, chunk)[: job.total - chunk * size]
            if chunk == 0:
                codes[0] = job.found.assigned
            width = max(1, CELLS // job.found.n_units)
            found = [_fitted(job, codes[start : start + width]) for start in range(0, len(codes), width)]
            effects += [one for one, _ in found]
            variances += [one for _, one in found]
    return np.concatenate(effects, axis=1), np.concatenate(variances, axis=1)


def _fitted(job: Job, codes: Small) -> tuple[Floats, Floats]:
    """Effect and HC2 variance of each outcome for some draws of the units, (outcomes, draws)."""
    effects, variances = np.empty((len(job.data), len(codes))), np.empty((len(job.data), len(codes)))
    place = np.full(int(job.found.rows.max()) + 1, -1)
    place[job.found.rows] = job.found.units
    for row, (one, x, y) in enumerate(zip(job.data, job.x, job.y, strict=True)):
        arm = codes[:, place[one.rows]]
        there, treated = ((arm == 0) | (arm == job.code))[..., None], (arm == job.code)[..., None].astype(np.float64)
        columns = np.broadcast_to(x, (*arm.shape, x.shape[1]))
        if job.interacted:
            middle = (columns[..., 1:] * there).sum(axis=1, keepdims=True) / np.maximum(there.sum(axis=1, keepdims=True), 1)
            columns = np.concatenate([columns, (columns[..., 1:] - middle) * treated], axis=2)
        fits = least_squares_hc2(np.concatenate([columns, treated], axis=2) * there, y * there[..., 0])
        both = (treated * there).any(axis=(1, 2)) & ((1.0 - treated) * there).any(axis=(1, 2))
        effects[row], variances[row] = (np.where(both, values, np.nan) for values in (fits.estimate, fits.std_error**2))
    return effects, variances


def _regressors(one: Arrays, method: str) -> Floats:
    """A constant, the blocks and the covariates, near 1 in size; those that follow from the others are left out."""
    parts = [np.ones((one.n, 1))]
    if one.blocks is not None:
        parts.append(dummies(one.blocks)[:, 1:])
    if method != "difference_in_means" and one.covariates.shape[1]:
        middle, size = one.covariates.mean(axis=0), one.covariates.std(axis=0)
        parts.append((one.covariates - middle) / np.where(size > 0, size, 1.0))
    x = np.column_stack(parts)
    return np.asarray(x[:, independent(x)])
