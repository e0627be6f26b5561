"""How a trial that `takeup randomize` drew is drawn again for inference: the same strata, the same coins, the same rule.

`Strata` are finer strata than the plan's (a batch, a hidden block); `Procedure` is a draw that numbers in strata can't describe:
minimisation, or batches of which only well-balanced assignments were accepted.
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
        if len(found.labels) != 2:
            raise DesignError(Fault("minimisation and accepted balance are drawn anew for two arms only", "redraw", "two arms"))
        return replace(found, drawer=Picked(self.draw, positions(self.key, self.units, found, frame)))


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
    """Each unit goes to the arm that leaves the margins more even, with probability `coin`; when both do, by a fair coin.

    Pocock and Simon (1975, Biometrics 31): the range of the numbers in the arms, summed over the factors; two arms, equal shares.

    Attributes
    ----------
    levels : (N, factors) the level of each unit on each factor, in the order in which units came
    """

    levels: Codes
    coin: float

    def __call__(self, source: Source, size: int) -> Small:
        """Fresh arm codes, shape (size, N): unit i reads the i-th word of a draw, so that later units change nothing before them."""
        n, factors = self.levels.shape
        codes = np.empty((size, n), dtype=np.int8)
        balance = np.zeros((size, factors, int(self.levels.max(initial=0)) + 1), dtype=np.int32)
        column = np.arange(factors)
        uniform = (source.words(n, size) >> np.uint64(11)).astype(np.float64) * 2.0**-53
        for unit in range(n):
            here = balance[:, column, self.levels[unit]]
            lean = np.sign((np.abs(here + 1) - np.abs(here - 1)).sum(axis=1))
            chance = np.where(lean == 0, 0.5, np.where(lean > 0, 1.0 - self.coin, self.coin))
            treated = uniform[unit] < chance
            codes[:, unit] = treated
            balance[:, column, self.levels[unit]] += np.where(treated, 1, -1)[:, None].astype(np.int32)
        return codes


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
        """Mahalanobis distance between the arms' means, shape (draws,), in units of its variance (Morgan and Rubin 2012, section 2.2)."""
        treated = codes.astype(np.float64)
        n1 = treated.sum(axis=1, keepdims=True)
        n = float(self.place.size)
        gap = treated @ self.z / np.maximum(n1, 1.0) - (1.0 - treated) @ self.z / np.maximum(n - n1, 1.0)
        return np.asarray((gap**2).sum(axis=1) * (n1 * (n - n1) / n)[:, 0])


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
