"""The null distribution: one pass over the draws for all statistics at once, the same bits for any split of the work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from takeup.design.assign import chunk_size, pack, plane
from takeup.design.enumeration import MOST, Enumeration
from takeup.infer.batch import Batch, Scratch, batch_width
from takeup.infer.executor import one_blas_thread, spread

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from takeup.design.assign import Layout
    from takeup.design.scheme import Scheme

Floats = np.ndarray[Any, np.dtype[np.float64]]

LIST_COST = 20
"""With an accept rule, assignments are listed when there are at most this many times the draws before the rule."""


class Statistic(Protocol):
    """Effects and variances of some outcomes for a batch of draws."""

    @property
    def columns(self) -> int:
        """How many outcomes."""

    def __call__(self, batch: Batch) -> tuple[Floats, Floats]:
        """Effect and variance, shape (columns, width); nan where a draw doesn't define them."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """What a worker needs: how to draw, how often, and what to make of each draw.

    `listing` is there when all assignments are taken instead of draws.
    """

    scheme: Scheme
    place: Layout
    seed: int
    total: int
    listing: Enumeration | None
    statistics: tuple[Statistic, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Null:
    """Effects and variances under the observed assignment (column 0) and under the draws or all assignments (columns 1..).

    Attributes
    ----------
    effects, variances : (columns, 1 + draws)
    weights : (1 + draws,) what each column counts; the observed one counts where assignments are drawn, not where they are all listed
    exact : whether all assignments are listed
    """

    effects: Floats
    variances: Floats
    weights: Floats
    exact: bool

    @property
    def draws(self) -> int:
        """How many draws or assignments."""
        return int(self.effects.shape[1] - 1)


def listing(found: Scheme, draws: int) -> Enumeration | None:
    """All assignments, where there are no more of them than draws; else None."""
    before = found.count()
    if before > (draws if found.accept is None else min(LIST_COST * draws, MOST)):
        return None
    made = Enumeration(found)
    return made if made.count <= draws else None


def null_distribution(
    found: Scheme, place: Layout, statistics: tuple[Statistic, ...], *, draws: int, seed: int, backend: Executor | None = None, label: str = "draws",
) -> Null:
    """Evaluate `statistics` under the observed assignment and under `draws` others, or all of them when there are no more.

    Parameters
    ----------
    found : two-arm scheme
    place : its layout, that the statistics were made for
    """
    listed = listing(found, draws)
    total = 1 + (draws if listed is None else listed.count)
    job = Job(scheme=found, place=place, seed=seed, total=total, listing=listed, statistics=statistics)
    size = chunk_size(found, place.n_slots)
    parts = spread(evaluate, job, -(-total // size), backend=backend, label=label, per_item=size, stays=found.accept is not None)
    weights = np.full(total, 1.0)
    if listed is not None:
        weights[0], weights[1:] = 0.0, listed.probabilities() * listed.count
    return Null(effects=np.concatenate([effects for effects, _ in parts], axis=1), variances=np.concatenate([part for _, part in parts], axis=1),
                weights=weights, exact=listed is not None)


def evaluate(job: Job, first: int, last: int) -> tuple[Floats, Floats]:
    """Chunks first..last-1, shape (columns, draws) each."""
    size = chunk_size(job.scheme, job.place.n_slots)
    width = min(size, batch_width(job.place.n_slots))
    columns = sum(statistic.columns for statistic in job.statistics)
    stop = min(last * size, job.total)
    effects, variances = np.empty((columns, stop - first * size)), np.empty((columns, stop - first * size))
    scratch, done = Scratch(), 0
    with one_blas_thread():
        for chunk in range(first, last):
            bits = _chunk(job, chunk, size)
            for start in range(0, min(size, job.total - chunk * size), width):
                batch = Batch(bits[:, start : start + width], scratch)
                kept = min(width, job.total - chunk * size - start)
                row = 0
                for statistic in job.statistics:
                    effect, variance = statistic(batch)
                    effects[row : row + statistic.columns, done : done + kept] = effect[:, :kept]
                    variances[row : row + statistic.columns, done : done + kept] = variance[:, :kept]
                    row += statistic.columns
                done += kept
    return effects, variances


def _chunk(job: Job, chunk: int, size: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The bits of a chunk; the observed assignment is the first of all, so that it goes through the same arithmetic."""
    observed = job.scheme.assigned[None]
    if job.listing is None:
        bits = plane(job.scheme, job.place, job.seed, chunk)
        if chunk == 0:
            bits[:, 0] = pack(observed, job.place)[:, 0]
        return bits
    start = chunk * size - 1
    codes = job.listing.take(max(start, 0), start + size)
    if chunk == 0:
        codes = np.concatenate([observed.astype(np.int8), codes])
    fill = np.repeat(observed.astype(np.int8), size - codes.shape[0], axis=0)
    return pack(np.concatenate([codes, fill]), job.place)
