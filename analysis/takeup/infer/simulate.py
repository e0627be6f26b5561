"""Simulated trials analysed: by cluster sums, in batches of rows, by randomisation tests, or one frame after the other."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from takeup.errors import TakeupError
from takeup.estimate.arrays import arrays
from takeup.infer.batched import ClusterSums, Fits, least_squares_cr2, least_squares_hc2, welch
from takeup.infer.compare import Alternative, tails
from takeup.infer.executor import one_blas_thread
from takeup.infer.trial import null_of
from takeup.infer.worlds import OUTCOME, Measured, World, assignments, measured, unit_assignments

if TYPE_CHECKING:
    from pandas import DataFrame

    from takeup.design import Design
    from takeup.estimate.arrays import Arrays

Floats = np.ndarray[Any, np.dtype[np.float64]]
Inference = Literal["design", "randomization"]
INFERENCES: tuple[str, ...] = get_args(Inference)
Path = Literal["folded", "batched", "randomization", "frames"]

POWER = 3
"""The key of the streams that outcomes are drawn from."""
CELLS = {"folded": 2**14, "batched": 2**16, "randomization": 2**18, "frames": 2**18}
"""Numbers held at once for each column of the simulated rows (or clusters): what is worked on many times fits the cache."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Task:
    """What a worker needs to simulate and analyse trials; `sets` of them in each chunk."""

    world: World
    design: Design
    method: str
    inference: str
    covariates: tuple[str, ...]
    alternative: Alternative
    path: Path
    seed: int
    simulations: int
    sets: int
    draws: int
    effect: float = 0.0

    @classmethod
    def of(cls, world: World, design: Design, *, inference: str, method: str, **more: Any) -> Task:
        """Choose the fastest way that gives the same numbers, and the size of a chunk, which depends on the trial only."""
        path: Path = "randomization" if inference == "randomization" else path_of(world, design, method)
        cells = int(world.clusters.max()) + 1 if path == "folded" and world.clusters is not None else len(world.frame)
        most = 64 if path == "frames" or design.accept is not None else 256 if path == "randomization" else 2048
        sets = max(1, min(most, CELLS[path] // cells))
        return cls(world=world, design=design, inference=inference, method=method, path=path, sets=sets, **more)

    @property
    def target(self) -> float:
        """The effect that the estimator is about: of assignment, or on compliers."""
        return self.effect if self.method == "cace" else self.effect * self.world.assumed.takeup


def path_of(world: World, design: Design, method: str) -> Path:
    """Which way a trial can be simulated and analysed without making frames."""
    assumed = world.assumed
    plain = design.blocks is None and design.nested_in is None and design.weights is None and not isinstance(design.probability, str)
    if not plain or assumed.provider_size is not None or method == "cace":
        return "frames"
    if design.clusters is None:
        return "batched"
    normal = assumed.control_rate is None and world.y0 is None and not world.fixed.shape[1] and assumed.r2 == 0.0 and assumed.takeup >= 1.0
    return "folded" if normal and design.draws_clusters and method in {"ancova", "difference_in_means"} else "frames"


def simulate(task: Task, first: int, last: int) -> Floats:
    """Chunks first..last-1: estimate, standard error, p-value and whether the interval holds the target, shape (4, trials)."""
    with one_blas_thread():
        return np.concatenate([_WAYS[task.path](task, chunk) for chunk in range(first, last)], axis=1)


def _rng(task: Task, chunk: int) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(task.seed, spawn_key=(POWER, chunk))))


def _tested(task: Task, fits: Fits) -> Floats:
    from scipy.special import stdtr

    known = np.isfinite(fits.std_error) & (fits.std_error > 0) & np.isfinite(fits.df) & (fits.df > 0)
    se, df = np.where(known, fits.std_error, 1.0), np.where(known, fits.df, 1.0)
    t = fits.estimate / se
    tail = {"two-sided": 2.0 * stdtr(df, -np.abs(t)), "greater": stdtr(df, -t), "less": stdtr(df, t)}[task.alternative]
    covered = 2.0 * stdtr(df, -np.abs(fits.estimate - task.target) / se) >= 0.05  # a tail costs less than a quantile
    return np.where(known, np.stack([fits.estimate, se, tail, covered.astype(float)]), np.nan)


def _folded(task: Task, chunk: int) -> Floats:
    """Clusters by their sums: means and, with m - 1 degrees of freedom, sums of squares and products of a baseline and an outcome."""
    world, rng, sets = task.world, _rng(task, chunk), task.sets
    assumed = world.assumed
    assert world.clusters is not None
    rows = np.broadcast_to(np.bincount(world.clusters), (sets, int(world.clusters.max()) + 1))
    treated = unit_assignments(world, task.seed, chunk, sets)
    m = (rng.binomial(rows, 1.0 - assumed.attrition) if assumed.attrition > 0 else rows).astype(np.float64)
    c, icc, sd = assumed.correlation, assumed.icc, assumed.sd
    other = math.sqrt(1.0 - c**2)

    spread = np.sqrt(icc + (1.0 - icc) / np.maximum(m, 1.0))

    def means() -> Floats:
        return rng.standard_normal(m.shape) * spread

    if c == 0.0:
        y, empty = sd * means() + task.effect * treated, np.zeros_like(m)
        return _tested(task, least_squares_cr2(ClusterSums(m, treated, empty, m * y, empty, empty), covariate=False))
    before, after = means(), means()
    y = sd * (c * before + other * after) + task.effect * treated
    square = 2.0 * rng.standard_gamma(np.maximum(m - 1.0, 0.0) / 2.0)
    product = c * square + other * np.sqrt(square) * rng.standard_normal(m.shape)
    sums = ClusterSums(m, treated, m * before, m * y, (1.0 - icc) * square + m * before**2, sd * (1.0 - icc) * product + m * before * y)
    return _tested(task, least_squares_cr2(sums, covariate=task.method == "ancova"))


def _batched(task: Task, chunk: int) -> Floats:
    """Units drawn one by one: the regressions of all trials of a chunk at once."""
    treated = assignments(task.world, task.seed, chunk, task.sets)
    found = measured(task.world, _rng(task, chunk), treated, task.effect)
    if task.method == "difference_in_means":
        return _tested(task, welch(found.y, treated))
    there = ~np.isnan(found.y)
    fixed = task.world.fixed
    covariates = np.concatenate([found.covariates, np.broadcast_to(fixed, (treated.shape[0], *fixed.shape))], axis=2)
    columns = [np.ones_like(treated)[..., None], covariates]
    if task.method == "lin":
        weight = there[..., None] / np.maximum(there.sum(axis=1), 1)[:, None, None]  # trials that lose everybody too
        centred = covariates - (covariates * weight).sum(axis=1, keepdims=True)
        columns = [np.ones_like(treated)[..., None], centred, centred * treated[..., None]]
    x = np.concatenate([*columns, treated[..., None]], axis=2) * there[..., None]
    return _tested(task, least_squares_hc2(x, np.where(there, found.y, 0.0)))


def _frames(task: Task, chunk: int) -> Floats:
    """Any design and estimator: the public function on a frame."""
    import takeup

    estimator = getattr(takeup, task.method)
    treated = assignments(task.world, task.seed, chunk, task.sets)
    found = measured(task.world, _rng(task, chunk), treated, task.effect)
    out = np.full((4, task.sets), np.nan)
    for place in range(min(task.sets, task.simulations - chunk * task.sets)):
        frame, covariates = _frame(task, found, place)
        how = {} if task.method == "difference_in_means" else {"covariates": covariates}
        try:
            one = estimator(frame, OUTCOME, task.design, **how)
        except TakeupError:
            continue  # an arm or a block that attrition emptied: the trial can't be analysed
        fits = Fits(np.array([one.estimate]), np.array([one.std_error]), np.array([one.df]))
        out[:, place] = _tested(task, fits)[:, 0]
    return out


def _frame(task: Task, found: Measured, place: int) -> tuple[DataFrame, tuple[str, ...]]:
    world, design = task.world, task.design
    label = np.empty(2, dtype=object)
    label[:] = world.found.labels
    columns: dict[str, Any] = {design.treatment: label[found.treated[place].astype(np.int64)], OUTCOME: found.y[place]}
    if design.received is not None:
        columns[design.received] = found.took[place]
    if design.nested_in is not None:
        provider = found.provider[place]
        columns[design.nested_in] = np.where(provider < 0, np.nan, provider)
    columns |= {name: found.covariates[place, :, column] for column, name in enumerate(found.names)}
    return world.frame.assign(**columns), (*found.names, *task.covariates)


def _randomization(task: Task, chunk: int) -> Floats:
    """The randomisation test of many data sets at once: outcomes of one assignment share its draws, and chunks differ in the assignment."""
    world = task.world
    treated = np.broadcast_to(assignments(world, task.seed, chunk, 1), (task.sets, len(world.frame)))
    found = measured(world, _rng(task, chunk), treated, task.effect)
    there = ~np.isnan(found.y)
    tested = np.flatnonzero((there & (treated == 1)).any(axis=1) & (there & (treated == 0)).any(axis=1)).tolist()
    out = np.full((4, task.sets), np.nan)
    if not tested:
        return out
    frame, _ = _frame(task, replace(found, y=np.nan_to_num(found.y)), 0)
    first = arrays(frame, OUTCOME, task.design, covariates=task.covariates, needs=("received",) if task.method == "cace" else ())
    data = [_one(first, found, place) for place in tested]
    null = null_of(data, world.found.observed(treated[0]), task.design, method=task.method, studentized=True, draws=task.draws,
                   seed=task.seed + 1 + chunk)
    p = [tails(row, null.null.weights).p_value(task.alternative, "doubled") for row in null.statistics]
    effects, variances = null.effects[:, 0] * null.scale, np.maximum(null.variances[:, 0], 0.0) * null.scale**2
    out[:3, tested] = effects, np.sqrt(variances), p
    return out


def _one(first: Arrays, found: Measured, place: int) -> Arrays:
    """The arrays of one data set of a chunk: its outcome, take-up and drawn covariates on the rows that have an outcome."""
    covariates = np.column_stack([found.covariates[place], first.covariates])
    names = (*(f"{name} {place}" for name in found.names), *first.names)
    data = replace(first, y=found.y[place], covariates=covariates, names=names, received=None if first.received is None else found.took[place])
    there = ~np.isnan(found.y[place])
    return data if there.all() else data.take(there)


_WAYS = {"folded": _folded, "batched": _batched, "frames": _frames, "randomization": _randomization}
