"""Counts tied by linear relations: how far an attacker can close in on a cell, and the cheapest further numbers to keep back.

The attacker knows every relation, every number that is shown (a rounded one within its rounding) and that no count is negative. What he can
say of a cell is the smallest and largest value that agrees with all of it: two linear programs. What to keep back is an integer program: each
protected cell must have two such values far enough apart, where a number that is kept back no longer binds. It is solved by cuts: the dual
prices of a cell's two programs say which of the shown numbers hold it, and of those enough must go (Fischetti and Salazar-Gonzalez 2000,
sections 3-4). Keeping more back never narrows an interval, so cells that are safe already stay out of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

Floats = np.ndarray[Any, np.dtype[np.float64]]

ROUNDS = 40
"""After this many rounds of cuts what was chosen stays chosen, so that it ends soon, and what turns out needless comes back: no longer
the cheapest for sure. A count, not a time, so that the same results are withheld on every machine."""
TOLERANCE = 1e-5
PROBES = 12
"""So many solutions are tried for many cells at once before each is looked at alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``low <= sum of weights x cells <= high``: a relation that always holds (`unit` empty), or what the result with this id tells.

    `always` says that it is told whatever is withheld now: an earlier release told it.
    """

    cells: tuple[int, ...]
    weights: tuple[float, ...]
    low: float
    high: float
    unit: str = ""
    always: bool = False


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


def intervals(system: System, withheld: Collection[str], *, enough: bool = False) -> dict[int, tuple[float, float]]:
    """The smallest and largest possible value of each protected cell, given all that isn't withheld.

    With `enough` two possible values that are as far apart as they must be do, which is quicker where much is withheld.
    """
    return {members[cell]: bounds for members, part in components(system) for cell, bounds in _intervals(part, withheld, enough=enough).items()}


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
        found = _intervals(part, withheld, enough=True)
        open_ = [cell for cell, (low, high) in found.items() if high - low < part.widths[cell] - TOLERANCE]
        free = sorted({row.unit for row in part.rows if not row.always} - {""} - set(withheld))
        if open_ and free:
            widest = _intervals(part, {*withheld, *free})
            asked = {cell: min(part.widths[cell], widest[cell][1] - widest[cell][0]) for cell in open_}
            more |= _chosen(System(caps=part.caps, rows=part.rows, widths=asked), free, withheld, costs)
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


def _intervals(part: System, withheld: Collection[str], *, enough: bool = False) -> dict[int, tuple[float, float]]:
    known = _Known.of(part, withheld)
    if not enough:
        return {cell: known.interval(cell) for cell in part.widths}
    # Every solution that is met holds a possible value of every cell. Solutions that push many cells up and as many down settle most of them.
    seen = np.array([np.full(part.caps.size, np.inf), np.full(part.caps.size, -np.inf)])
    cells, widths = np.array(list(part.widths), dtype=np.int64), np.array(list(part.widths.values()))
    signs = np.random.default_rng(0)
    for _ in range(PROBES if cells.size > PROBES else 0):
        aim = np.zeros(part.caps.size)
        aim[cells] = signs.choice((-1.0, 1.0), cells.size) * (seen[1, cells] - seen[0, cells] < widths)
        if not aim.any():
            break
        known.met(aim, seen)
    wide = seen[1, cells] - seen[0, cells] >= widths
    return {int(cell): (float(seen[0, cell]), float(seen[1, cell])) if known_wide else known.interval(int(cell))
            for cell, known_wide in zip(cells, wide, strict=True)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What is known when some results are withheld: bounds of single cells, each with the row that gives it, and rows that bind several."""

    part: System
    low: Floats
    high: Floats
    lowest: dict[int, Row]
    highest: dict[int, Row]
    several: tuple[Row, ...]
    lines: Any
    limits: Floats

    @classmethod
    def of(cls, part: System, withheld: Collection[str]) -> _Known:
        low, high = np.zeros(part.caps.size), part.caps.copy()
        lowest: dict[int, Row] = {}
        highest: dict[int, Row] = {}
        several = []
        for row in part.rows:
            if row.unit and row.unit in withheld and not row.always:
                continue
            if row.weights != (1.0,):
                several.append(row)
                continue
            cell = row.cells[0]
            if row.low > low[cell]:
                low[cell], lowest[cell] = row.low, row
            if row.high < high[cell]:
                high[cell], highest[cell] = row.high, row
        lines = _weights(several, low.size)
        limits = np.array([*(row.high + TOLERANCE for row in several), *(TOLERANCE - row.low for row in several)])
        return cls(part=part, low=low, high=np.maximum(low, high), lowest=lowest, highest=highest, several=tuple(several), lines=lines, limits=limits)

    def interval(self, cell: int) -> tuple[float, float]:
        """The smallest and largest value of a cell."""
        low, high = float(self.low[cell]), float(self.high[cell])
        if not self.several or cell not in self.lines.indices or low == high:
            return low, high
        ends = []
        for sign in (1.0, -1.0):
            aim = np.zeros(self.low.size)
            aim[cell] = sign
            found = self.solution(aim)
            if found is None:  # what is shown contradicts itself by more than its rounding: only the cell's own bounds count
                return low, high
            ends.append(float(found[cell]))
        return ends[0], ends[1]

    def solution(self, aim: Floats) -> Floats | None:
        """Values of all cells that agree with what is known, the least by `aim`; None where none do."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        size = len(self.several)
        bind = LinearConstraint(self.lines, -self.limits[size:], self.limits[:size])
        # `milp` without whole numbers is the quickest way into HiGHS, and tells no prices
        found: Floats | None = milp(aim, bounds=Bounds(self.low, self.high), constraints=bind if size else ()).x
        return found

    def met(self, aim: Floats, seen: Floats) -> None:
        """Widen what was seen of each cell, the smallest and largest values (2, N), by the solutions at both ends of `aim`."""
        for sign in (1.0, -1.0):
            found = self.solution(sign * aim)
            if found is not None:
                seen[:] = np.minimum(seen[0], found), np.maximum(seen[1], found)

    def holding(self, cell: int, sign: float) -> dict[str, float]:
        """By how much at most the smallest (sign 1) or largest (sign -1) value of a cell could move for each result, were that withheld."""
        from scipy.optimize import linprog
        from scipy.sparse import vstack

        if not self.several or cell not in self.lines.indices or self.low[cell] == self.high[cell]:
            return self._alone(cell)
        aim = np.zeros(self.low.size)
        aim[cell] = sign
        bounded = np.isfinite(self.limits)
        lines: Any = vstack([self.lines, -self.lines]).tocsr()[bounded]
        bounds: Any = np.column_stack([self.low, self.high])
        found = linprog(aim, A_ub=lines, b_ub=self.limits[bounded], bounds=bounds, method="highs")
        if found.status != 0:
            return self._alone(cell)
        prices = np.zeros(self.limits.size)
        prices[bounded] = -found.ineqlin.marginals
        reach: dict[str, float] = {}
        for number, row in enumerate(self.several):
            above, below = prices[number], prices[number + len(self.several)]
            if row.unit and not row.always and above + below > TOLERANCE:
                reach[row.unit] = reach.get(row.unit, 0.0) + above * _above(row, self.part.caps) + below * _below(row, self.part.caps)
        for place, price in enumerate(found.lower.marginals):
            self._bound(reach, self.lowest.get(place), price)
        for place, price in enumerate(found.upper.marginals):
            self._bound(reach, self.highest.get(place), -price)
        return reach

    def _alone(self, cell: int) -> dict[str, float]:
        reach: dict[str, float] = {}
        for row in (self.lowest.get(cell), self.highest.get(cell)):
            self._bound(reach, row, 1.0)
        return reach

    def _bound(self, reach: dict[str, float], row: Row | None, price: float) -> None:
        """Add what a bound holds a cell by."""
        if row is not None and row.unit and not row.always and price > TOLERANCE:
            reach[row.unit] = reach.get(row.unit, 0.0) + price * float(self.part.caps[row.cells[0]])


def _weights(rows: Sequence[Row], cells: int) -> Any:
    """The rows' weights as a sparse matrix."""
    from scipy.sparse import csr_matrix

    at = np.repeat(np.arange(len(rows)), [len(row.cells) for row in rows]) if rows else np.zeros(0, dtype=int)
    columns = np.array([cell for row in rows for cell in row.cells], dtype=int)
    return csr_matrix((np.array([weight for row in rows for weight in row.weights]), (at, columns)), shape=(len(rows), cells))


def _above(row: Row, caps: Floats) -> float:
    """How far a row's sum could go beyond its upper end."""
    return max(sum(max(weight, 0.0) * float(caps[cell]) for cell, weight in zip(row.cells, row.weights, strict=True)) - row.high, 0.0)


def _below(row: Row, caps: Floats) -> float:
    """And below its lower end."""
    return max(row.low - sum(min(weight, 0.0) * float(caps[cell]) for cell, weight in zip(row.cells, row.weights, strict=True)), 0.0)


def _chosen(part: System, free: Sequence[str], withheld: Collection[str], costs: Mapping[str, float]) -> set[str]:
    """The cheapest of the `free` results that protect all cells of `part.widths`."""
    place = {unit: number for number, unit in enumerate(free)}
    price = np.array([costs.get(unit, 1.0) for unit in free])
    cuts: list[Floats] = []
    chosen: set[str] = set()
    rounds = 0
    while new := _cuts(part, {*withheld, *chosen}, place):
        cuts += new
        better = {free[number] for number in _master(cuts, price)}
        chosen = better if rounds < ROUNDS else chosen | better
        rounds += 1
    for unit in sorted(chosen, key=lambda name: (-costs.get(name, 1.0), name)) if rounds > ROUNDS else ():
        if not _lacking(_intervals(part, {*withheld, *chosen} - {unit}), part):
            chosen.discard(unit)
    return chosen


def _lacking(found: Mapping[int, tuple[float, float]], part: System) -> dict[int, float]:
    """The cells that are too well known, and by how much."""
    short = {cell: part.widths[cell] - (high - low) for cell, (low, high) in found.items()}
    return {cell: lack for cell, lack in short.items() if lack > 3 * TOLERANCE}


def _cuts(part: System, withheld: Collection[str], place: Mapping[str, int]) -> list[Floats]:
    """For each cell that is too well known: by which share of what it lacks each result's withholding could help, at most."""
    known = _Known.of(part, withheld)
    out = []
    for cell, lack in _lacking({cell: known.interval(cell) for cell in part.widths}, part).items():
        cut = np.zeros(len(place))
        for sign in (1.0, -1.0):
            for unit, most in known.holding(cell, sign).items():
                cut[place[unit]] += most / lack
        if cut.any():
            out.append(np.minimum(cut, 1.0))
    return out


def _master(cuts: Sequence[Floats], price: Floats) -> list[int]:
    """The cheapest results of which every cut has enough."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    enough = LinearConstraint(np.array(cuts), 1.0 - TOLERANCE, np.inf)
    found = milp(price, integrality=np.ones(price.size, dtype=np.intp), bounds=Bounds(0, 1), constraints=enough)
    return list(range(price.size)) if found.x is None else [int(number) for number in np.flatnonzero(found.x > 0.5)]
