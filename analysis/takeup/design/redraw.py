"""How a trial that `takeup randomize` drew is drawn again for inference: the same strata, the same coins, the same rule.

`Strata` are finer strata than the plan's (a batch, a hidden block); `Procedure` is a draw that numbers in strata can't describe:
minimisation, or batches of which only well-balanced assignments were accepted; `Hidden` is one that isn't known yet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.design.assign import labelled
from takeup.design.scheme import first_rows
from takeup.errors import DesignError, Fault

if TYPE_CHECKING:
    from pandas import DataFrame

    from takeup.design.bits import Source
    from takeup.design.scheme import Codes, Drawer, Floats, Scheme, Small

MOST_ROUNDS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Strata:
    """Units were drawn within strata that no column of the data names.

    Attributes
    ----------
    key : column of the drawing unit
    units : labels of the units, as text
    strata : (N,) the stratum of each
    """

    key: str
    units: tuple[str, ...]
    strata: Codes

    @property
    def said(self) -> str:
        """What inference keeps."""
        return "They keep the batches and the hidden blocks in which the trial was drawn."

    def applied(self, found: Scheme, frame: DataFrame) -> Scheme:
        """The scheme with these strata in place of its own; the probabilities stay those of the plan's blocks."""
        place = positions(self.key, self.units, found, frame)
        strata = np.unique(self.strata[place], return_inverse=True)[1].ravel().astype(np.int64)
        counts = np.zeros((int(strata.max()) + 1, len(found.labels)), dtype=np.int64)
        np.add.at(counts, (strata, found.assigned), 1)
        return replace(found, strata=strata, counts=counts)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Procedure:
    """Units were drawn by a procedure, in the order in which they came.

    Attributes
    ----------
    key, units : as in `Strata`
    draw : makes fresh assignments of all units, in that order
    """

    key: str
    units: tuple[str, ...]
    draw: Drawer

    @property
    def said(self) -> str:
        """What inference does."""
        if isinstance(self.draw, Minimization):
            return "Each draws the units anew by minimisation, in the order in which they came."
        return "Only assignments as well balanced as the trial's rule asked are drawn."

    def applied(self, found: Scheme, frame: DataFrame) -> Scheme:
        """The scheme with the procedure as its drawer."""
        return replace(found, drawer=Picked(self.draw, positions(self.key, self.units, found, frame)))


@dataclass(frozen=True, slots=True)
class Hidden:
    """Units were drawn within blocks that stay hidden until the seed is revealed: masks keep the plan's blocks, inference refuses."""

    said: str = "The blocks of the draw are hidden until its seed is revealed, so the draw can't be made again."
    remedy: str = "Once nobody is enrolled any more, run `takeup randomize PLAN --reveal`."

    def applied(self, found: Scheme, frame: DataFrame) -> Scheme:
        """The scheme as it is."""
        del frame
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Picked:
    """The codes of some units out of a procedure's."""

    draw: Drawer
    place: Codes

    def __call__(self, source: Source, size: int) -> Small:
        """Fresh arm codes, shape (size, U)."""
        return np.ascontiguousarray(self.draw(source, size)[:, self.place])


def positions(key: str, units: tuple[str, ...], found: Scheme, frame: DataFrame) -> Codes:
    """Where each drawing unit of a frame stands among the units that were drawn."""
    if key not in frame.columns:
        raise DesignError(Fault(f'no column "{key}", which says which unit was drawn when', "redraw"))
    where = {label: place for place, label in enumerate(units)}
    place = np.array([where.get(label_text(value), -1) for value in frame[key].iloc[found.rows].iloc[first_rows(found.units)]], dtype=np.int64)
    if (place < 0).any():
        raise DesignError(Fault(f"{int((place < 0).sum())} units aren't in the assignment file", key))
    return place


def label_text(value: Any) -> str:
    """A unit's label as the assignment file writes it: 12, 12.0 and "12" are one."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Minimization:
    """Each unit goes with probability `coin` to the arm that leaves the margins most even, else to one of the others; ties by chance.

    Pocock and Simon (1975, Biometrics 31): on each factor how the units of this unit's level spread over the arms, summed over the factors;
    equal shares.

    Attributes
    ----------
    levels : (N, factors) the level of each unit on each factor, in the order in which units came
    arms : how many
    measure : of the spread: "range", the largest number less the smallest, or "variance"
    """

    levels: Codes
    coin: float
    arms: int = 2
    measure: str = "range"

    def __call__(self, source: Source, size: int) -> Small:
        """Fresh arm codes, shape (size, N): unit i reads the i-th word of a draw, so that later units change nothing before them."""
        n, factors = self.levels.shape
        codes = np.empty((size, n), dtype=np.int8)
        numbers = np.zeros((factors, int(self.levels.max(initial=0)) + 1, self.arms, size), dtype=np.int32)
        column = np.arange(factors)
        uniform = (source.words(n, size) >> np.uint64(11)).astype(np.float64) * 2.0**-53
        for unit, level in enumerate(self.levels):
            # arms 1, 2, ... take their part of the unit interval in turn, control what is left
            parts = np.cumsum(self._chances(numbers[column, level])[1:], axis=0)
            codes[:, unit] = ((uniform[unit] >= parts).sum(axis=0) + 1) % self.arms
            for arm in range(self.arms):
                numbers[column, level, arm] += codes[:, unit] == arm
        return codes

    def _chances(self, here: np.ndarray[Any, np.dtype[np.int32]]) -> Floats:
        """Chance of each arm (arms, draws) of a unit whose levels have so many in each arm, (factors, arms, draws)."""
        if self.measure == "variance":
            uneven = here.sum(axis=0)  # one more in an arm adds its number to the variance, and what is the same for all arms
        else:
            top, other = here.max(axis=1), np.arange(self.arms)
            uneven = np.stack([(np.maximum(top, here[:, arm] + 1) - np.minimum(here[:, other != arm].min(axis=1), here[:, arm] + 1)).sum(axis=0)
                               for arm in other])
        best = uneven == uneven.min(axis=0)
        first = best / best.sum(axis=0)
        return np.asarray(first * self.coin + (1.0 - first) * (1.0 - self.coin) / (self.arms - 1))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """Units drawn together: which they are, their strata, the numbers by stratum and arm, and what an assignment is judged by.

    Attributes
    ----------
    place : (n,) positions among all units
    strata, counts : as in a `Scheme`, of these units
    z : (n, p) covariates, whitened
    threshold : the largest Mahalanobis distance between the arms that was accepted
    """

    place: Codes
    strata: Codes
    counts: Codes
    z: Floats
    threshold: float

    def candidates(self, source: Source, size: int) -> Small:
        """Assignments before the rule, shape (size, n)."""
        return labelled(self.strata, self.counts, source.words(size, self.place.size))

    def distance(self, codes: Small) -> Floats:
        """Mahalanobis distance of the arms' means from the mean of all, each weighted by its number, shape (draws,).

        For two arms that of Morgan and Rubin (2012, section 2.2) between them; for several the trace that they give for them.
        """
        distance = np.zeros(codes.shape[0])
        for arm in range(self.counts.shape[1]):
            within = (codes == arm).astype(np.float64)
            distance += ((within @ self.z) ** 2).sum(axis=1) / np.maximum(within.sum(axis=1), 1.0)
        return distance


@dataclass(frozen=True, slots=True, eq=False)
class Accepted:
    """Batches of which only assignments within a distance are taken, each batch by itself; `units` in all."""

    batches: tuple[Batch, ...]
    units: int

    def __call__(self, source: Source, size: int) -> Small:
        """Fresh arm codes, shape (size, N)."""
        codes = np.zeros((size, self.units), dtype=np.int8)
        for batch in self.batches:
            codes[:, batch.place] = accepted(batch, source, size)
        return codes


def accepted(batch: Batch, source: Source, size: int) -> Small:
    """The first `size` assignments of a batch that its rule takes, shape (size, n). DesignError where it takes next to none."""
    kept: list[Small] = []
    have = 0
    for _ in range(MOST_ROUNDS):
        codes = batch.candidates(source, max(size, 64))
        good = codes[batch.distance(codes) <= batch.threshold * (1.0 + 1e-9) + 1e-12]
        kept.append(good)
        have += good.shape[0]
        if have >= size:
            return np.concatenate(kept)[:size]
    raise DesignError(Fault("no assignment is balanced enough", "allocation.accept", remedy="Accept a larger share."))
