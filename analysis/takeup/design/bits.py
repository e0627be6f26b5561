"""Assignments to two arms as packed bits: fast, exact in law, and the same for a seed on every machine.

A plane is an array of bytes, shape (bytes, draws): bit k of byte b is slot 8 b + k, and every unit has a slot. Three fillers make one:
`Coins` (independent), `Subsets` (a fixed number of a large stratum) and `Patterns` (the same for strata of at most sixteen units).
Only the raw stream of a bit generator is read, which NumPy keeps the same over versions (NEP 19).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any, Protocol

import numpy as np

Words = np.ndarray[Any, np.dtype[np.uint64]]
Bytes = np.ndarray[Any, np.dtype[np.uint8]]
Ints = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float64]]

SMALL = 16
"""Strata up to this many units are drawn from a table of all their patterns."""
MEDIUM = 4096
"""Strata up to this many units are coins whose last sixteen units are looked up; larger ones are coins that are repaired."""
LITTLE = np.dtype("<u8")
"""Words in little-endian order, so that the bytes of a word hold its bits in order."""


class Source:
    """Raw random words of one addressed stream: the same key gives the same words."""

    def __init__(self, seed: int, *key: int) -> None:
        self._stream = np.random.SFC64(np.random.SeedSequence(seed, spawn_key=key))

    def words(self, *shape: int) -> Words:
        """Uniform 64-bit words."""
        raw = np.asarray(self._stream.random_raw(math.prod(shape)), dtype=np.uint64)
        return raw.astype(LITTLE, copy=False).reshape(shape)

    def below_each(self, bounds: Ints) -> Ints:
        """Uniform integers in [0, bound) for each bound up to 2**32, exactly."""
        found, missing = np.empty(bounds.size, dtype=np.int64), np.arange(bounds.size)
        while missing.size:
            product = self.words(-(-missing.size // 2)).view("<u4")[: missing.size].astype(np.uint64) * bounds[missing].astype(np.uint64)
            kept = (product & np.uint64(2**32 - 1)) >= (2**32 % bounds[missing]).astype(np.uint64)
            found[missing[kept]] = (product[kept] >> np.uint64(32)).astype(np.int64)
            missing = missing[~kept]
        return found

    def below(self, bound: int, size: int) -> Ints:
        """Uniform integers in [0, bound), exactly, by multiplication and rejection (Lemire 2019); `bound` up to 2**32.

        Short bounds use 16 random bits a number, others 32.
        """
        lane, width = (np.dtype("<u2"), 16) if bound <= 2**14 else (np.dtype("<u4"), 32)
        per_word, threshold = 64 // width, 2**width % bound
        found: list[Ints] = []
        missing = size
        while missing > 0:
            lanes = self.words(-(-missing // per_word)).view(lane)[:missing]
            product: np.ndarray[Any, Any] = lanes.astype(np.uint32 if width == 16 else np.uint64) * bound
            kept = product if threshold == 0 else product[(product & (2**width - 1)) >= threshold]
            found.append((kept >> width).astype(np.int64))
            missing -= kept.size
        return found[0] if len(found) == 1 else np.concatenate(found)


class Filler(Protocol):
    """What fills a run of bytes of a plane; a value, so that it can be compared and sent to another process."""

    @property
    def n_bytes(self) -> int:
        """Bytes taken."""

    def slots(self) -> Ints:
        """The slot of each unit, stratum after stratum, counted from the filler's first slot."""

    def fill(self, source: Source, draws: int) -> Bytes:
        """Fresh assignments, shape (n_bytes, draws)."""


@dataclass(frozen=True, slots=True, eq=False)
class Coins:
    """Each unit treated with its own probability, shape (units,), met to 2**-64; a dyadic one that all share costs a few bits only."""

    probabilities: Floats

    @property
    def n_bytes(self) -> int:
        """Bytes taken."""
        return -(-self.probabilities.size // 8)

    def slots(self) -> Ints:
        """The slot of each unit, stratum after stratum."""
        return np.arange(self.probabilities.size)

    def fill(self, source: Source, draws: int) -> Bytes:
        """Fresh assignments, shape (n_bytes, draws)."""
        units, first = self.probabilities.size, float(self.probabilities[0])
        if (first * 256).is_integer() and (self.probabilities == first).all():
            share = int(first * 256)
            shift = (share & -share).bit_length() - 1
            return _as_bytes(_coins(source, -(-units // 64), draws, share >> shift, 8 - shift), self.n_bytes)
        limits = (self.probabilities * 2.0**64).astype(np.uint64)
        return np.packbits(source.words(units, draws) < limits[:, None], axis=0, bitorder="little")


@dataclass(frozen=True, slots=True)
class Patterns:
    """`strata` strata of `size` <= 16 units, `chosen` treated in each: bytes looked up in a table of all their patterns.

    A stratum takes 2, 4, 8 or 16 bits, so that up to four share a byte.
    """

    strata: int
    size: int
    chosen: int

    @property
    def width(self) -> int:
        """Slots a stratum takes."""
        return next(width for width in (2, 4, 8, 16) if self.size <= width)

    @property
    def n_bytes(self) -> int:
        """Bytes taken."""
        return -(-self.strata * self.width // 8)

    def slots(self) -> Ints:
        """The slot of each unit, stratum after stratum."""
        return (np.arange(self.strata)[:, None] * self.width + np.arange(self.size)).ravel()

    def fill(self, source: Source, draws: int) -> Bytes:
        """Fresh assignments, shape (n_bytes, draws)."""
        table = _table(self.size, self.chosen, self.width)
        rows = self.n_bytes if self.width <= 8 else self.strata
        picked = table[source.below(table.size, rows * draws)].reshape(rows, draws)
        if self.width <= 8:
            return picked.astype(np.uint8)
        return np.ascontiguousarray(picked.astype("<u2")[:, :, None].view(np.uint8).transpose(0, 2, 1)).reshape(self.n_bytes, draws)


@dataclass(frozen=True, slots=True)
class Subsets:
    """`strata` strata of `size` units, `chosen` treated in each, every subset equally likely; each stratum starts at a byte.

    Given its count a string of coins is a uniform subset. In large strata coins whose count is near `chosen` are kept and repaired by flipping
    uniformly chosen units of the surplus value. In smaller ones the last sixteen units make up the count: coins for the others with count c
    are kept with a probability proportional to that of chosen - c among sixteen coins, which makes every subset equally likely.
    """

    strata: int
    size: int
    chosen: int

    @property
    def width(self) -> int:
        """Slots a stratum takes."""
        return 8 * -(-self.size // 8)

    @property
    def n_bytes(self) -> int:
        """Bytes taken."""
        return self.strata * self.width // 8

    def slots(self) -> Ints:
        """The slot of each unit, stratum after stratum."""
        return (np.arange(self.strata)[:, None] * self.width + np.arange(self.size)).ravel()

    def fill(self, source: Source, draws: int) -> Bytes:
        """Fresh assignments, shape (n_bytes, draws)."""
        if self.size <= MEDIUM and 0 < self.chosen < self.size:
            words = self._completed(source, self.strata * draws)
        else:
            words = self._near(source, self.strata * draws)
            _repair(words, _counts(words) - self.chosen, self.size, source)
        stratum_bytes = self.width // 8
        each = words.reshape(-1, self.strata, draws).transpose(1, 0, 2)
        return np.concatenate([_as_bytes(np.ascontiguousarray(one), stratum_bytes) for one in each])

    def _completed(self, source: Source, columns: int) -> Words:
        head = self.size - SMALL
        share, depth, _ = _dyadic(self.size, self.chosen)
        odds = share / (2**depth - share)
        chance = np.array([math.comb(SMALL, ones) * odds**ones for ones in range(SMALL + 1)])
        limits = np.minimum(chance / chance.max() * 2.0**64, 2.0**64 - 2.0**11).astype(np.uint64)
        tail = np.uint64(2 ** (head % 64) - 1)
        kept: list[Words] = []
        left: list[Ints] = []
        missing = columns
        while missing > 0:
            candidates = int(1.1 * missing * math.sqrt(self.size / SMALL)) + 64  # about one in sqrt(size / 16) is kept
            words = _coins(source, -(-self.size // 64), candidates, share, depth)
            words[head // 64] &= tail
            words[head // 64 + 1 :] = 0
            ones = self.chosen - _counts(words)
            within = (ones >= 0) & (ones <= SMALL)
            near = np.flatnonzero(within & (source.words(ones.size) < limits[np.where(within, ones, 0)]))[:missing]
            kept.append(words[:, near])
            left.append(ones[near])
            missing -= near.size
        words, ones = (kept[0], left[0]) if len(kept) == 1 else (np.concatenate(kept, axis=1), np.concatenate(left))
        table, starts = _by_count()
        pattern = table[starts[ones] + source.below_each(starts[ones + 1] - starts[ones])]
        words[head // 64] |= pattern << np.uint64(head % 64)
        if head % 64 > 64 - SMALL:
            words[head // 64 + 1] |= pattern >> np.uint64(64 - head % 64)
        return words

    def _near(self, source: Source, columns: int) -> Words:
        n_words = -(-self.size // 64)
        tail = np.uint64(2 ** ((self.size - 1) % 64 + 1) - 1)
        if self.chosen in {0, self.size}:
            words = np.full((n_words, columns), 2**64 - 1 if self.chosen else 0, dtype=LITTLE)
            words[-1] &= tail
            return words
        share, depth, deviation = _dyadic(self.size, self.chosen)
        window = math.isqrt(self.size) // 6
        trials_each = math.ceil(3.0 * max(deviation, 1.0) / (2 * window + 1))
        kept: list[Words] = []
        missing = columns
        while missing > 0:
            words = _coins(source, n_words, missing * trials_each, share, depth)
            words[-1] &= tail
            near = np.flatnonzero(np.abs(_counts(words) - self.chosen) <= window)[:missing]
            kept.append(words[:, near])
            missing -= near.size
        return kept[0] if len(kept) == 1 else np.concatenate(kept, axis=1)


def _counts(words: Words) -> Ints:
    return np.asarray(np.bitwise_count(words).sum(axis=0, dtype=np.uint32).astype(np.int64))


def _dyadic(size: int, chosen: int) -> tuple[int, int, float]:
    """Odd share / 2**depth near chosen / size, to within 0.6 standard deviations of the count, and that deviation."""
    deviation = math.sqrt(chosen * (size - chosen) / size)
    depth = 1
    while True:
        share = min(max(round(chosen * 2**depth / size), 1), 2**depth - 1)
        if abs(share * size / 2**depth - chosen) <= 0.6 * deviation:
            return share, depth, deviation
        depth += 1


def _coins(source: Source, n_words: int, columns: int, share: int, depth: int) -> Words:
    """Bits that are 1 with probability share / 2**depth (share odd), sixty-four at once: OR for a 1 of the share, AND for a 0, lowest bit first."""
    bits = source.words(n_words, columns)
    for place in range(1, depth):
        fresh = source.words(n_words, columns)
        np.bitwise_or(bits, fresh, out=bits) if share >> place & 1 else np.bitwise_and(bits, fresh, out=bits)
    return bits


def _repair(words: Words, surplus: Ints, size: int, source: Source) -> None:
    """Flip uniformly chosen units of the surplus value, in place, until every column has its count.

    As many places are proposed as there are units too many; one that has the surplus value is flipped, one proposed twice counts once.
    By symmetry the flipped units are a uniform subset of their number, so the column stays uniform over subsets.
    """
    unfinished = np.flatnonzero(surplus)
    while unfinished.size:
        column = np.repeat(unfinished, np.abs(surplus[unfinished]))
        place = source.below(size, column.size)
        held = words[place >> 6, column] >> (place & 63).astype(np.uint64) & np.uint64(1)
        key = np.sort((column * size + place)[(held == 1) == (surplus[column] > 0)])
        key = key[np.flatnonzero(np.diff(key, prepend=-1))]
        column, place = key // size, key % size
        np.bitwise_xor.at(words, (place >> 6, column), np.uint64(1) << (place & 63).astype(np.uint64))
        flipped = np.bincount(column, minlength=surplus.size)
        surplus = np.where(surplus > 0, surplus - flipped, surplus + flipped)
        unfinished = unfinished[surplus[unfinished] != 0]


def _as_bytes(words: Words, n_bytes: int) -> Bytes:
    """(words, draws) as (bytes, draws), the first `n_bytes` of them."""
    n_words, draws = words.shape
    return np.ascontiguousarray(words.view(np.uint8).reshape(n_words, draws, 8).transpose(0, 2, 1)).reshape(8 * n_words, draws)[:n_bytes]


@cache
def _by_count() -> tuple[Words, Ints]:
    """All patterns of sixteen units in the order of their number of ones, and where each number starts."""
    patterns = np.arange(2**SMALL, dtype=np.uint64)
    ones = np.bitwise_count(patterns)
    return patterns[np.argsort(ones, kind="stable")], np.concatenate([[0], np.cumsum(np.bincount(ones))]).astype(np.int64)


@cache
def _table(size: int, chosen: int, width: int) -> np.ndarray[Any, np.dtype[np.uint16]]:
    """All patterns of a byte (or of two, for a width of 16) that holds as many strata as fit."""
    one = np.array([sum(1 << place for place in places) for places in combinations(range(size), chosen)], dtype=np.uint16)
    table = one
    for _ in range(max(8 // width, 1) - 1):
        table = np.bitwise_or((table << np.uint16(width))[:, None], one[None, :]).ravel()
    table.flags.writeable = False
    return table
