"""A batch of assignments on its way to a statistic: packed bits unpacked panel by panel, units down and draws across.

In that layout a subset of units is a set of whole rows, and a number of a draw is broadcast along contiguous memory.
Panels keep the working arrays in cache; buffers are made once and used again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]
Bytes = np.ndarray[Any, np.dtype[np.uint8]]

PANEL_BYTES = 20
"""160 units: with 256 draws an array of a third of a megabyte, of which several stay in cache."""
SMALL_BYTES = 40
"""Up to 320 units are one panel."""
KEPT_CELLS = 2**18
"""A batch of up to so many cells is unpacked once and kept; a larger one is unpacked panel by panel at each visit."""
LINE_BYTES = 64
np.empty(2**22 - 2**12)
"""Never used: the C library of Linux takes the largest array that was let go (up to 32 MB) for what comes and goes, and keeps twice as much at
hand from then on. Otherwise results of a megabyte are handed back and asked for anew, page by page, at every call: a tenth of a small job."""
_SHIFTS = np.arange(8, dtype=np.uint64)[:, None]
_LOWEST = np.uint64(0x0101010101010101)
"""The lowest bit of each of eight bytes: eight draws are unpacked in one operation on a word."""


def batch_width(n_slots: int) -> int:
    """Draws worked on at once. It depends on the number of units only: BLAS rounds differently for other shapes."""
    return 512 if n_slots <= 160 else 256 if n_slots <= 4096 else 128


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """A run of bytes, and which of its unpacked rows are used."""

    start: int
    stop: int
    rows: slice | Ints

    @property
    def size(self) -> int:
        """Rows used."""
        return self.rows.stop - self.rows.start if isinstance(self.rows, slice) else int(self.rows.size)

    def is_as(self, other: Panel) -> bool:
        """Whether both are the same run of rows; two choices of single rows are compared as objects."""
        if isinstance(self.rows, slice) and isinstance(other.rows, slice):
            return (self.start, self.stop, self.rows) == (other.start, other.stop, other.rows)
        return self is other


def cut(slots: Ints, n_slots: int, *, whole: bool = False) -> tuple[tuple[Panel, slice], ...]:
    """Panels that hold `slots` (sorted, unless `whole`), each with its run of positions in `slots`.

    `whole` asks for one panel of everything, in the order given.
    """
    n_bytes = n_slots // 8
    if whole or n_bytes <= SMALL_BYTES:
        return ((Panel(0, n_bytes, _as_slice(slots)), slice(0, slots.size)),)
    found = []
    for start in range(0, n_bytes, PANEL_BYTES):
        stop = min(start + PANEL_BYTES, n_bytes)
        first, last = np.searchsorted(slots, [8 * start, 8 * stop])
        if last > first:
            found.append((Panel(start, stop, _as_slice(slots[first:last] - 8 * start)), slice(int(first), int(last))))
    return tuple(found)


def _as_slice(rows: Ints) -> slice | Ints:
    contiguous = rows.size > 0 and rows[-1] - rows[0] == rows.size - 1 and bool((np.diff(rows) == 1).all())
    return slice(int(rows[0]), int(rows[-1]) + 1) if contiguous else rows


class Scratch:
    """Named buffers that grow as needed and are used again: fresh large arrays cost more than what is done with them."""

    def __init__(self) -> None:
        self._held: dict[str, Floats] = {}
        self._shaped: dict[tuple[str, tuple[int, ...]], Floats] = {}

    def get(self, name: str, *shape: int) -> Floats:
        """An uninitialised array of this shape."""
        found = self._shaped.get((name, shape))
        if found is None:
            size = math.prod(shape)
            if name not in self._held or self._held[name].size < size:
                self._held[name] = _aligned(size)
                self._shaped = {key: view for key, view in self._shaped.items() if key[0] != name}
            found = self._shaped[name, shape] = self._held[name][:size].reshape(shape)
        return found


def _aligned(size: int) -> Floats:
    """Uninitialised numbers that begin with a line of the cache: products and sums over them take a third less time than where NumPy puts them."""
    spare = np.empty(size + LINE_BYTES // 8)
    start = -spare.ctypes.data % LINE_BYTES // 8
    return spare[start : start + size]


class Batch:
    """Assignments to two arms as bits, shape (bytes, width), the width a multiple of eight, and the buffers to work on them."""

    def __init__(self, bits: Bytes, scratch: Scratch) -> None:
        self.bits, self.scratch, self.width = bits, scratch, int(bits.shape[1])
        self._unpacked: tuple[int, int] | None = None
        self._cast: Panel | None = None

    def cells(self, panel: Panel) -> Floats:
        """0.0 and 1.0 of the panel's rows, shape (rows, width); not to be written to, and good until the next call."""
        made = self.scratch.get("cells", panel.size, self.width)
        if self._cast is None or not panel.is_as(self._cast):
            whole = self._bytes(panel)
            if isinstance(panel.rows, slice):
                made[...] = whole[panel.rows]
            else:
                taken = self.scratch.get("taken", panel.size, self.width // 8).view(np.uint8)
                made[...] = np.take(whole, panel.rows, axis=0, out=taken, mode="clip")
            self._cast = panel
        return made

    def own_cells(self, panel: Panel) -> Floats:
        """The same for whoever writes over them."""
        made = self.cells(panel)
        self._cast = None
        return made

    def _bytes(self, panel: Panel) -> Bytes:
        """The panel's bits as bytes of 0 and 1, shape (8 bytes, width)."""
        kept = 8 * self.bits.shape[0] * self.width <= KEPT_CELLS
        start, stop = (0, self.bits.shape[0]) if kept else (panel.start, panel.stop)
        words = self.scratch.get("bytes", stop - start, 8, self.width // 8).view(np.uint64)
        if self._unpacked != (start, stop):
            np.right_shift(self.bits[start:stop].view(np.uint64)[:, None], _SHIFTS, out=words)
            np.bitwise_and(words, _LOWEST, out=words)
            self._unpacked = (start, stop)
        return words.view(np.uint8).reshape(-1, self.width)[8 * (panel.start - start) : 8 * (panel.stop - start)]
