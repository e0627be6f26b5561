"""Counts tied by linear relations: how far an attacker can close in on a cell, and the cheapest further numbers to keep back.

The attacker knows every relation, every number that is shown (a rounded one within its rounding) and that no count is negative. What he can
say of a cell is the smallest and largest value that agrees with all of it: two linear programs. What to keep back is a mixed-integer program:
each protected cell must have two such values far enough apart, where a number that is kept back no longer binds (Fischetti and
Salazar-Gonzalez 2000, sections 3-4). Keeping more back never narrows an interval, so cells that are safe already stay out of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

Floats = np.ndarray[Any, np.dtype[np.float64]]

SECONDS = 2.0
"""After this many seconds the best set found so far is taken; where there is none, everything in the component goes."""
TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``low <= sum of weights x cells <= high``: a relation that always holds (`unit` empty), or what the result with this id tells."""

    cells: tuple[int, ...]
    weights: tuple[float, ...]
    low: float
    high: float
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """Cells (numbered from 0), what is known of them, and which must not be known too well.

    Attributes
    ----------
    caps : (N,) largest value anybody would think of
    rows : tuple of Row
    widths : mapping of protected cells to how far apart their smallest and largest possible value must be, in people
    """

    caps: Floats
    rows: tuple[Row, ...]
    widths: Mapping[int, float]


Part = tuple[tuple[int, ...], System]
"""The numbers that the cells of a part have in the whole, and the part."""


def intervals(system: System, withheld: Collection[str]) -> dict[int, tuple[float, float]]:
    """The smallest and largest possible value of each protected cell, given all that isn't withheld."""
    return {members[cell]: bounds for members, part in components(system) for cell, bounds in _intervals(part, withheld).items()}


def cheapest(system: System, withheld: Collection[str], costs: Mapping[str, float]) -> frozenset[str]:
    """The further results to withhold, of least cost together, so that every protected cell is as uncertain as it must be.

    Parameters
    ----------
    system : System
    withheld : ids that go anyway
    costs : by id; 1 where an id isn't in it

    Returns
    -------
    frozenset of str
        Empty where nothing more need go. A cell that can't be protected even with everything withheld gets the widest interval there is.
    """
    more: set[str] = set()
    for _, part in components(system):
        found = _intervals(part, withheld)
        open_ = [cell for cell, (low, high) in found.items() if high - low < part.widths[cell] - TOLERANCE]
        free = sorted({row.unit for row in part.rows} - {""} - set(withheld))
        if open_ and free:
            widest = _intervals(part, {*withheld, *free})
            asked = {cell: min(part.widths[cell], widest[cell][1] - widest[cell][0]) for cell in open_}
            chosen = _chosen(System(caps=part.caps, rows=part.rows, widths=asked), free, withheld, costs)
            after = _intervals(part, {*withheld, *chosen})
            safe = all(after[cell][1] - after[cell][0] >= width - 2 * TOLERANCE for cell, width in asked.items())
            more |= chosen if safe else set(free)
    return frozenset(more)


def components(system: System) -> tuple[Part, ...]:
    """The parts that share no row, each with at least one protected cell."""
    parent = list(range(system.caps.size))

    def root(cell: int) -> int:
        while parent[cell] != cell:
            parent[cell] = parent[parent[cell]]
            cell = parent[cell]
        return cell

    for row in system.rows:
        for cell in row.cells[1:]:
            parent[root(cell)] = root(row.cells[0])
    members: dict[int, list[int]] = {root(cell): [] for cell in sorted(system.widths)}
    for cell in range(system.caps.size):
        if root(cell) in members:
            members[root(cell)].append(cell)
    rows: dict[int, list[Row]] = {head: [] for head in members}
    for row in system.rows:
        if root(row.cells[0]) in rows:
            rows[root(row.cells[0])].append(row)
    return tuple((tuple(members[head]), _part(system, members[head], rows[head])) for head in members)


def _part(system: System, members: Sequence[int], rows: Sequence[Row]) -> System:
    place = {cell: new for new, cell in enumerate(members)}
    moved = tuple(replace(row, cells=tuple(place[cell] for cell in row.cells)) for row in rows)
    return System(caps=system.caps[list(members)], rows=moved, widths={place[cell]: width for cell, width in system.widths.items() if cell in place})


def _intervals(part: System, withheld: Collection[str]) -> dict[int, tuple[float, float]]:
    low, high = np.zeros(part.caps.size), part.caps.copy()
    several = []
    for row in part.rows:
        if row.unit and row.unit in withheld:
            continue
        if row.weights == (1.0,):
            low[row.cells[0]], high[row.cells[0]] = max(low[row.cells[0]], row.low), min(high[row.cells[0]], row.high)
        else:
            several.append(row)
    linked = {cell for row in several for cell in row.cells}
    bind = _bind(several, low.size) if several else None
    alone = {cell for cell in part.widths if cell not in linked or low[cell] == high[cell]}
    return {
        cell: (float(low[cell]), float(high[cell])) if cell in alone
        else (_extreme(cell, 1.0, low, high, bind), _extreme(cell, -1.0, low, high, bind)) for cell in part.widths
    }


def _bind(rows: Sequence[Row], cells: int) -> Any:
    from scipy.optimize import LinearConstraint

    return LinearConstraint(_weights(rows, cells), [row.low - TOLERANCE for row in rows], [row.high + TOLERANCE for row in rows])


def _weights(rows: Sequence[Row], cells: int) -> Any:
    """The rows' weights as a sparse matrix."""
    from scipy.sparse import csr_matrix

    at = np.repeat(np.arange(len(rows)), [len(row.cells) for row in rows])
    columns = np.array([cell for row in rows for cell in row.cells], dtype=int)
    return csr_matrix((np.array([weight for row in rows for weight in row.weights]), (at, columns)), shape=(len(rows), cells))


def _extreme(cell: int, sign: float, low: Floats, high: Floats, bind: Any) -> float:
    """The smallest (sign 1) or largest (sign -1) value of a cell."""
    from scipy.optimize import Bounds, milp

    aim = np.zeros(low.size)
    aim[cell] = sign
    found = milp(aim, bounds=Bounds(low, high), constraints=bind)
    if found.x is None:  # what is shown contradicts itself by more than rounding: nothing is hidden by it, so the shown bounds alone count
        return float(low[cell] if sign > 0 else high[cell])
    return float(found.x[cell])


def _chosen(part: System, free: Sequence[str], withheld: Collection[str], costs: Mapping[str, float]) -> set[str]:
    """The cheapest of the `free` results that protect all cells of `part.widths`."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import block_diag, csr_matrix, hstack, vstack

    rows = [row for row in part.rows if row.unit not in withheld]
    size, copies = part.caps.size, 2 * len(part.widths)
    place = {unit: number for number, unit in enumerate(free)}
    reach = float(part.caps.max(initial=1.0)) * max((sum(map(abs, row.weights)) for row in rows), default=1.0) + 1.0
    owned = [(number, place[row.unit]) for number, row in enumerate(rows) if row.unit]
    loose = csr_matrix((np.full(len(owned), reach), ([number for number, _ in owned], [unit for _, unit in owned])), shape=(len(rows), len(free)))
    weights = block_diag([_weights(rows, size)] * copies)
    far = vstack([loose] * copies)
    low, high = (np.tile([getattr(row, name) for row in rows], copies) for name in ("low", "high"))
    apart = csr_matrix(
        ([value for _ in part.widths for value in (1.0, -1.0)],
         ([pair for pair in range(len(part.widths)) for _ in range(2)],
          [2 * pair * size + side * size + cell for pair, cell in enumerate(part.widths) for side in (0, 1)])),
        shape=(len(part.widths), copies * size),
    )
    none = csr_matrix((len(part.widths), len(free)))
    price = np.array([costs.get(unit, 1.0) for unit in free])
    found = milp(
        np.concatenate([np.zeros(copies * size), price]), integrality=np.concatenate([np.zeros(copies * size), np.ones(len(free))]),
        bounds=Bounds(0.0, np.concatenate([np.tile(part.caps, copies), np.ones(len(free))])),
        constraints=(
            LinearConstraint(hstack([weights, far]), low - TOLERANCE, np.inf), LinearConstraint(hstack([weights, -far]), -np.inf, high + TOLERANCE),
            LinearConstraint(hstack([apart, none]), np.array(list(part.widths.values())) - TOLERANCE, np.inf),
        ),
        options={"time_limit": SECONDS, "presolve": False},  # presolving a big-M program makes HiGHS write a line of its own to stdout
    )
    return set(free) if found.x is None else {unit for unit, gone in zip(free, found.x[copies * size:], strict=True) if gone > 0.5}
