"""The one function that draws: it randomises the trial, and re-randomises it for inference.

Assignments are drawn in chunks whose size depends on the number of units only; chunk c reads the stream addressed by
(seed, c). The first draws for a seed are therefore the same whatever is asked after them, and any chunk can be made alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.design.allot import Arms, allotted
from takeup.design.bits import SMALL, Bytes, Coins, Filler, Ints, Patterns, Source, Subsets
from takeup.design.enumeration import MOST, RUN, Enumeration
from takeup.design.scheme import Floats, Scheme, Small, arms, scheme
from takeup.errors import DesignError, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pandas import DataFrame, Series

    from takeup.design.declare import Design

__all__ = ["arms", "count", "draws", "enumerate_all", "probabilities", "randomize"]

DRAW = 0
"""The key of the streams that assignments are drawn from."""
CHUNK_CELLS = 2**20
MOST_TRIES = 100_000
"""So many assignments in a row that an accept rule refuses are taken for a rule that can't be met."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Where the bits of a two-arm scheme stand in a plane.

    Attributes
    ----------
    slot : (U,) slot of each unit
    fillers : what fills the plane, from its first byte on
    strata : for each filler the strata it draws, in the order of its runs of slots
    """

    slot: Ints
    fillers: tuple[Filler, ...]
    strata: tuple[Ints, ...]

    @property
    def n_bytes(self) -> int:
        return sum(filler.n_bytes for filler in self.fillers)

    @property
    def n_slots(self) -> int:
        return 8 * self.n_bytes


def layout(found: Scheme) -> Layout:
    """Give every unit of a two-arm scheme its slot: strata of the same size and number treated share a filler."""
    order = np.argsort(found.strata, kind="stable")
    if found.kind == "simple" or found.drawer is not None:
        slot = np.empty(found.n_units, dtype=np.int64)
        slot[order] = np.arange(found.n_units)
        return Layout(slot=slot, fillers=(Coins(found.shares[order, 1]),), strata=(np.arange(found.counts.shape[0]),))
    kinds, kind_of = np.unique(np.column_stack([found.counts.sum(axis=1), found.counts[:, 1]]), axis=0, return_inverse=True)
    slot = np.empty(found.n_units, dtype=np.int64)
    fillers: list[Filler] = []
    members: list[Ints] = []
    start = 0
    for kind, (size, chosen) in enumerate(kinds.tolist()):
        strata = np.flatnonzero(kind_of.ravel() == kind)
        filler: Filler = (Patterns if size <= SMALL else Subsets)(strata.size, size, chosen)
        slot[order[np.isin(found.strata[order], strata)]] = start + filler.slots()
        fillers.append(filler)
        members.append(strata)
        start += 8 * filler.n_bytes
    return Layout(slot=slot, fillers=tuple(fillers), strata=tuple(members))


def chunk_size(found: Scheme, n_slots: int) -> int:
    """Draws in a chunk: a power of two that makes about a million cells, from 128 to 2048; 64 where each is put before an accept rule."""
    if found.accept is not None:
        return 64
    return min(2048, max(128, 1 << (max(CHUNK_CELLS // n_slots, 1).bit_length() - 1)))


def plane(found: Scheme, place: Layout, seed: int, chunk: int, size: int | None = None) -> Bytes:
    """Chunk number `chunk` of the assignments to two arms as packed bits, shape (bytes, chunk size), or in chunks of another size."""
    source, size = Source(seed, DRAW, chunk), size or chunk_size(found, place.n_slots)
    if found.drawer is not None:
        return pack(found.drawer(source, size), place)
    if found.accept is None:
        return np.concatenate([filler.fill(source, size) for filler in place.fillers])
    accepted: list[Bytes] = []
    refused = 0
    while len(accepted) < size:
        bits = np.concatenate([filler.fill(source, size) for filler in place.fillers])
        for column, codes in zip(bits.T, unit_codes(bits, place), strict=True):
            if found.accepts(codes):
                accepted.append(column)
                refused = 0
                if len(accepted) == size:
                    break
            else:
                refused = _count_refusals(refused)
    return np.stack(accepted, axis=1)


def unit_codes(bits: Bytes, place: Layout) -> Small:
    """The bits of the units, shape (draws, units)."""
    cells = np.unpackbits(bits, axis=0, bitorder="little")
    return np.ascontiguousarray(cells[place.slot].T).view(np.int8)


def pack(codes: np.ndarray[Any, Any], place: Layout) -> Bytes:
    """Assignments (draws, units) of 0 and 1 as a plane."""
    cells = np.zeros((place.n_slots, codes.shape[0]), dtype=np.uint8)
    cells[place.slot] = codes.T
    return np.packbits(cells, axis=0, bitorder="little")


def chunk_cells(found: Scheme) -> int:
    """Draws in a chunk of assignments to several arms."""
    return min(64 if found.accept is not None else 4096, max(1, CHUNK_CELLS // found.n_units))


def several_arms(found: Scheme, seed: int, chunk: int) -> Small:
    """Chunk number `chunk` of the assignments to any number of arms, as arm codes, shape (chunk size, units).

    With fixed numbers the labels of a stratum are sorted by random keys (the stratum stands in the top bits, so that one sort serves
    all); a coin is one word compared with the cumulative shares.
    """
    size = chunk_cells(found)
    source, kept, refused = Source(seed, DRAW, chunk), np.zeros((0, found.n_units), dtype=np.int8), 0
    if found.drawer is not None:
        return found.drawer(source, size)
    while kept.shape[0] < size:
        codes = _labels(found, source, size)
        if found.accept is not None:
            taken = []
            for row, one in enumerate(codes):
                ok = found.accepts(one)
                taken += [row] if ok else []
                refused = 0 if ok else _count_refusals(refused)
            codes = codes[taken]
        kept = np.concatenate([kept, codes])
    return kept[:size]


def _labels(found: Scheme, source: Source, size: int) -> Small:
    words = source.words(size, found.n_units)
    if found.kind == "simple":
        limits = (np.minimum(np.cumsum(found.shares, axis=1)[:, :-1], 1.0 - 2.0**-53) * 2.0**64).astype(np.uint64)
        return np.asarray((words[:, :, None] >= limits).sum(axis=2), dtype=np.int8)
    return labelled(found.strata, found.counts, words)


def labelled(strata: Ints, counts: Ints, words: np.ndarray[Any, np.dtype[np.uint64]]) -> Small:
    """Arm codes (draws, units) with the numbers `counts` (strata, arms) in each stratum, ordered by random `words` (draws, units)."""
    order = np.argsort(strata, kind="stable")
    top = max(int(strata.max()).bit_length(), 1)
    labels = np.concatenate([np.repeat(np.arange(len(row)), row) for row in counts])
    keys = (strata[order].astype(np.uint64) << np.uint64(64 - top)) | labels.astype(np.uint64)
    mask = np.uint64((2 ** (64 - top) - 1) & ~0xFF)
    codes = np.empty(words.shape, dtype=np.int8)
    codes[:, order] = (np.sort((words & mask) | keys, axis=1) & np.uint64(0xFF)).astype(np.int8)
    return codes


def _count_refusals(refused: int) -> int:
    if refused + 1 >= MOST_TRIES:
        raise DesignError(Fault(f"refused {MOST_TRIES:,} assignments in a row", "accept", remedy="Loosen the rule."))
    return refused + 1


def chunks(found: Scheme, seed: int) -> Iterator[Small]:
    """Arm codes of the units, chunk after chunk without end."""
    place = layout(found) if len(found.labels) == 2 else None
    chunk = 0
    while True:
        yield several_arms(found, seed, chunk) if place is None else unit_codes(plane(found, place, seed, chunk), place)
        chunk += 1


def check_seed(seed: int) -> int:
    """A seed is a whole number that isn't negative."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise DesignError(Fault("a seed is a whole number, zero or more", "seed"))
    return int(seed)


def draws(frame: DataFrame, design: Design, n: int, seed: int) -> Small:
    """`n` assignments of the rows of `frame` by the trial's own scheme, shape (n, rows).

    The numbers treated are those of the frame, in every stratum; the first k of n draws are the k draws for the same seed.

    Raises
    ------
    DesignError
        A frame that contradicts the design, a negative `n` or seed, an accept rule that can't be met.
    """
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 0:
        raise DesignError(Fault("the number of draws is a whole number, zero or more", "n"))
    check_seed(seed)
    found = scheme(frame, design)
    out = np.empty((n, len(frame)), dtype=np.int8)
    done = 0
    for codes in chunks(found, seed):
        if done >= n:
            break
        part = codes[: n - done]
        out[done : done + part.shape[0]] = part[:, found.units]
        done += part.shape[0]
    return out


def count(frame: DataFrame, design: Design) -> float:
    """The number of possible assignments, exactly; infinite for coins past 2**63.

    With an accept rule they are listed and counted, which is refused above a million.
    """
    found = scheme(frame, design)
    return found.count() if found.accept is None else Enumeration(found).count


def enumerate_all(frame: DataFrame, design: Design) -> Small:
    """All possible assignments of the rows, shape (count, rows); refused above a million."""
    found = scheme(frame, design)
    listing = Enumeration(found)
    out = np.empty((listing.count, len(frame)), dtype=np.int8)
    for number, codes in enumerate(listing):
        out[number * RUN : number * RUN + codes.shape[0]] = codes[:, found.units]
    return out


def probabilities(frame: DataFrame, design: Design, *, n: int = 10_000, seed: int = 0) -> Series:
    """P(assigned to own arm) by row: declared, or the realised share of its stratum; under an accept rule listed, or from `n` draws."""
    from pandas import Series

    found = scheme(frame, design)
    own = own_probability(found) if found.accept is None and found.drawer is None else _under_rule(found, n, seed)
    return Series(own[found.units], index=frame.index, name="probability")


def own_probability(found: Scheme) -> Floats:
    """P(own arm) of each unit, shape (U,), without an accept rule."""
    return np.asarray(found.shares[np.arange(found.n_units), found.assigned])


def _under_rule(found: Scheme, n: int, seed: int) -> Floats:
    if found.count() <= MOST:
        listing = Enumeration(found)
        weights, same, start = listing.probabilities(), np.zeros(found.n_units), 0
        for codes in listing:
            same += weights[start : start + codes.shape[0]] @ (codes == found.assigned)
            start += codes.shape[0]
        return same
    same, done = np.zeros(found.n_units), 0
    for codes in chunks(found, seed):
        same += (codes[: n - done] == found.assigned).sum(axis=0)
        done += codes.shape[0]
        if done >= n:
            break
    return same / n


def randomize(frame: DataFrame, design: Design, seed: int, arms: Arms = None) -> DataFrame:
    """Draw the trial: a copy of `frame` with the assignment in the design's treatment column.

    Parameters
    ----------
    frame : one row a unit (or a member of a cluster), with the blocks and clusters of the design
    seed : whole number; the same seed gives the same assignment on every machine
    arms : labels with equal shares, or a mapping from label to share or ratio; None for control and one treated arm, in the shares of the
        design's probability or half and half

    Returns
    -------
    DataFrame
        `attrs["randomization"]` is the receipt: draw, seed, shares, units by arm, strata whose size doesn't divide (misfits).

    Raises
    ------
    DesignError
        Everything that keeps the draw from being made; also when the treatment column already holds assignments, which are never overwritten.

    Notes
    -----
    Places that don't divide within a stratum are given away by chance, so that every unit keeps its probability (Bruhn and McKenzie
    2011 call them misfits). Re-randomisation for inference then keeps the numbers as realised.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> families = pd.DataFrame({"family": range(8), "batch": [1, 1, 1, 1, 2, 2, 2, 2]})
    >>> drawn = tu.randomize(families, tu.Design("arm", "control", draw="blocked", blocks="batch"), seed=3)
    >>> drawn.groupby("batch")["arm"].value_counts().tolist()
    [2, 2, 2, 2]
    """
    from pandas import Series

    check_seed(seed)
    if design.treatment in frame.columns and bool(frame[design.treatment].notna().any()):
        raise DesignError(Fault("the treatment column already holds assignments", design.treatment, remedy="Drop the column to draw anew."))
    found, misfits = allotted(frame, design, arms, seed)
    codes = next(chunks(found, seed))[0]
    label = np.empty(len(found.labels), dtype=object)
    label[:] = found.labels
    drawn = frame.copy()
    drawn[design.treatment] = Series(label[codes[found.units]], index=frame.index).infer_objects()
    by_arm = np.bincount(codes, minlength=len(found.labels)).tolist()
    drawn.attrs["randomization"] = {
        "draw": design.draw, "seed": int(seed), "units": found.n_units, "strata": int(found.counts.shape[0]), "misfits": misfits,
        "by_arm": {str(name): number for name, number in zip(found.labels, by_arm, strict=True)},
    }
    return drawn
