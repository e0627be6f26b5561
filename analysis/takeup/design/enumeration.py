"""All assignments of a scheme, numbered from 0: any run of them, without making the rest."""

from __future__ import annotations

import math
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.design.scheme import Floats, Scheme, Small, multinomial
from takeup.errors import DesignError, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 1_000_000
"""More assignments than this aren't listed."""
RUN = 4096
Ints = np.ndarray[Any, np.dtype[np.int64]]


class Enumeration:
    """The assignments of a scheme that its rule accepts, in a fixed order.

    Parameters
    ----------
    found : Scheme with at most a million assignments before `accept`

    Attributes
    ----------
    kept : numbers of the accepted assignments, or None where all are
    count : how many there are
    """

    def __init__(self, found: Scheme) -> None:
        total = found.count()
        if total > MOST:
            number = f"{total:,}" if total < math.inf else "more than 2**63"
            raise DesignError(Fault(f"there are {number} possible assignments", "design", f"at most {MOST:,} to list them", "Use draws instead."))
        self._scheme, self._total = found, int(total)
        self._ways = [multinomial(row) for row in found.counts.tolist()]
        self._members = [np.flatnonzero(found.strata == stratum) for stratum in range(found.counts.shape[0])]
        self._tables: dict[tuple[int, int], Ints] = {}
        self.kept = None if found.accept is None else np.array(
            [number for start in range(0, self._total, RUN) for number, codes in enumerate(self._codes(self._run(start)), start=start)
             if found.accepts(codes)], dtype=np.int64)
        self.count = self._total if self.kept is None else int(self.kept.size)

    def __iter__(self) -> Iterator[Small]:
        for start in range(0, self.count, RUN):
            yield self.take(start, start + RUN)

    def take(self, start: int, stop: int) -> Small:
        """Arm codes of assignments start..stop-1, shape (run, units)."""
        numbers = np.arange(start, min(stop, self.count)) if self.kept is None else self.kept[start:stop]
        return self._codes(numbers)

    def probabilities(self) -> Floats:
        """The probability of each assignment, shape (count,): equal unless coins have unequal sides."""
        shares = self._scheme.shares
        if self._scheme.kind == "fixed" or np.ptp(shares) == 0:
            return np.full(self.count, 1.0 / self.count)
        logs = np.concatenate([np.log(shares)[np.arange(shares.shape[0]), codes].sum(axis=1) for codes in self])
        weights = np.exp(logs - logs.max())
        return np.asarray(weights / weights.sum())

    def _run(self, start: int) -> Ints:
        return np.arange(start, min(start + RUN, self._total))

    def _codes(self, numbers: Ints) -> Small:
        found = self._scheme
        codes = np.zeros((numbers.size, found.n_units), dtype=np.int8)
        if found.kind == "simple":
            arms = len(found.labels)
            for unit in range(found.n_units):
                numbers, codes[:, unit] = np.divmod(numbers, arms)
            return codes
        for members, ways, counts in zip(self._members, self._ways, found.counts.tolist(), strict=True):
            numbers, digit = np.divmod(numbers, ways)
            codes[:, members] = self._stratum(digit, counts)
        return codes

    def _stratum(self, numbers: Ints, counts: list[int]) -> Small:
        """Codes within one stratum: the first treated arm picks its subset, the next one from what is left, and so on."""
        size = sum(counts)
        codes = np.zeros((numbers.size, size), dtype=np.int8)
        free = np.broadcast_to(np.arange(size), (numbers.size, size))
        for code, chosen in enumerate(counts[1:], start=1):
            left = free.shape[1]
            numbers, digit = np.divmod(numbers, math.comb(left, chosen))
            picked = self._subsets(left, chosen)[digit]
            np.put_along_axis(codes, np.take_along_axis(free, picked, axis=1), np.int8(code), axis=1)
            if code < len(counts) - 1:
                open_ = np.ones(free.shape, dtype=bool)
                np.put_along_axis(open_, picked, values=False, axis=1)
                free = free[open_].reshape(numbers.size, left - chosen)
        return codes

    def _subsets(self, size: int, chosen: int) -> Ints:
        """All subsets as positions, shape (ways, chosen); made once for each size."""
        if (size, chosen) not in self._tables:
            flat = chain.from_iterable(combinations(range(size), chosen))
            ways = math.comb(size, chosen)
            self._tables[size, chosen] = np.fromiter(flat, dtype=np.int64, count=ways * chosen).reshape(ways, chosen)
        return self._tables[size, chosen]
