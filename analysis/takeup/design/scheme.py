"""`Scheme`: how one frame was drawn, as arrays: units, strata, arms and how many of each; checked, all faults at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from takeup.errors import DesignError, Fault, collect, is_design, is_frame, listed, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pandas import DataFrame, Series

    from takeup.design.bits import Source
    from takeup.design.declare import Design

Codes = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float64]]
Small = np.ndarray[Any, np.dtype[np.int8]]

MOST_ARMS = 100
"""More values than this in the treatment column are taken for a mistake (a dose, an id)."""


class Drawer(Protocol):
    """What draws where fixed numbers in strata (or coins) don't say it all."""

    def __call__(self, source: Source, size: int) -> Small:
        """Fresh arm codes of the units, shape (size, U)."""


class Redraw(Protocol):
    """How a trial was drawn, beyond the columns of its frame."""

    @property
    def said(self) -> str:
        """That in a sentence, for the reason of a test."""

    def applied(self, found: Scheme, frame: DataFrame) -> Scheme:
        """The scheme of the frame's rows with this draw in it; DesignError where the frame's units aren't those that were drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """What a draw needs, in arrays.

    Attributes
    ----------
    kind : "simple" (each unit by its own coin) or "fixed" (a fixed number of units in each arm of each stratum)
    labels : the arms, control first; arm codes are positions in it
    units : (rows,) the drawing unit of each row, codes 0..
    strata : (U,) the stratum of each unit, codes 0..
    assigned : (U,) arm code as assigned
    counts : (strata, arms) units by stratum and arm, kept by every draw of kind "fixed"
    shares : (U, arms) probability of each arm
    rows : (rows,) positions in the frame
    accept : re-randomisation rule on the arm codes of all rows of the frame, or None
    whole : (frame rows,) arm codes as assigned, of all rows of the frame, for `accept`
    arm_codes : codes in `whole` of this scheme's arms
    clustered : whether units are clusters of rows
    drawer : what draws in place of numbers and coins, or None
    """

    kind: Literal["simple", "fixed"]
    labels: tuple[Any, ...]
    units: Codes
    strata: Codes
    assigned: Codes
    counts: Codes
    shares: Floats
    rows: Codes
    accept: Callable[[np.ndarray], bool] | None
    whole: Small
    arm_codes: tuple[int, ...]
    clustered: bool
    drawer: Drawer | None = None

    @property
    def n_units(self) -> int:
        """How many units are drawn."""
        return int(self.strata.size)

    def contrast(self, code: int) -> Scheme:
        """The draw of one arm against control, given which units are in these two arms.

        The draw within them is again one with fixed numbers (or coins), whatever the other arms do: this is the conditional
        randomisation test, exact for the null that concerns these two arms only (Zhang and Zhao 2023, section 4).
        """
        if len(self.labels) == 2:
            return self
        if self.drawer is not None:
            raise DesignError(Fault("after minimisation or accepted balance two arms can't be drawn apart from the others", "redraw", "two arms"))
        keep = (self.assigned == 0) | (self.assigned == code)
        of_row = keep[self.units]
        strata, position = np.unique(self.strata[keep], return_inverse=True)
        pair = self.shares[keep][:, [0, code]]
        return replace(
            self, labels=(self.labels[0], self.labels[code]), units=np.cumsum(keep)[self.units[of_row]] - 1,
            strata=position.astype(np.int64), assigned=(self.assigned[keep] == code).astype(np.int64),
            counts=self.counts[strata][:, [0, code]], shares=pair / pair.sum(axis=1, keepdims=True), rows=self.rows[of_row],
            arm_codes=(self.arm_codes[0], self.arm_codes[code]),
        )

    def observed(self, row_codes: np.ndarray) -> Scheme:
        """The same draw with another assignment as the observed one; arm codes of the rows, constant within units."""
        codes = row_codes[first_rows(self.units)].astype(np.int64)
        whole = self.whole.copy()
        whole[self.rows] = row_codes
        return replace(self, assigned=codes, whole=whole)

    def accepts(self, unit_codes: np.ndarray) -> bool:
        """Whether the re-randomisation rule takes this assignment of the units, shape (U,)."""
        if self.accept is None:
            return True
        codes = self.whole.copy()
        codes[self.rows] = np.asarray(self.arm_codes, dtype=np.int8)[unit_codes[self.units]]
        return bool(self.accept(codes))

    def count(self) -> float:
        """How many assignments there are before `accept`; infinite past 2**63 for coins, and where a `drawer` draws."""
        if self.drawer is not None:
            return math.inf
        if self.kind == "simple":
            total = len(self.labels) ** self.n_units if self.n_units <= 63 else math.inf
            return total if total <= 2**63 else math.inf
        return math.prod(multinomial(row) for row in self.counts.tolist())


def multinomial(counts: list[int]) -> int:
    """The number of ways to give labels that occur `counts` times each."""
    total, ways = 0, 1
    for count in counts:
        total += count
        ways *= math.comb(total, count)
    return ways


def arms(frame: DataFrame, design: Design) -> tuple[Any, ...]:
    """The arms in the order of their codes: control, then the others sorted as text."""
    return _arms(frame[design.treatment], design.control)[0]


def _arms(column: Series, control: Any) -> tuple[tuple[Any, ...], Codes]:
    """The arms, control first, and the code of each row, -1 where it has none."""
    from pandas import factorize

    found, values = factorize(column)
    present = list(values)
    order = sorted(range(len(present)), key=lambda place: (present[place] != control, str(present[place])))
    shift = 0 if any(value == control for value in present) else 1  # control has code 0 even where no row is in it
    code_of = np.empty(len(present) + 1, dtype=np.int64)
    code_of[order] = np.arange(len(present)) + shift
    code_of[-1] = -1
    return (control, *(present[place] for place in order[1 - shift :])), code_of[found]


def scheme(frame: DataFrame, design: Design) -> Scheme:
    """Read how `frame` was drawn.

    Raises
    ------
    DesignError
        All that contradicts the design, at once: unknown columns, rows without an arm, block or cluster, arms that vary within a cluster,
        blocks that vary within a cluster or lack control, pairs without two members in different arms, probabilities outside (0, 1).
    """
    is_frame(frame, DesignError)
    is_design(design, DesignError)
    check_columns(frame, design, design.columns)
    units, blocks, missing = units_and_blocks(frame, design)
    labels, codes = _arms(frame[design.treatment], design.control)
    collect(DesignError, [*missing, *_arm_faults(codes, design, labels)])
    row_codes = codes.astype(np.int8)
    first = first_rows(units)
    assigned, strata = row_codes[first].astype(np.int64), blocks[first]
    counts = np.zeros((int(strata.max()) + 1, len(labels)), dtype=np.int64)
    np.add.at(counts, (strata, assigned), 1)
    shares, faults = _shares(frame, design, first, strata, counts)
    faults = [*_varying(units, row_codes, "arm", design.treatment), *varying_blocks(units, blocks, design), *faults]
    collect(DesignError, [*faults, *([] if faults else _stratum_faults(design, counts))])
    found = Scheme(
        kind="simple" if design.draw == "simple" else "fixed", labels=labels, units=units, strata=strata, assigned=assigned, counts=counts,
        shares=shares, rows=np.arange(len(frame)), accept=design.accept, whole=row_codes, arm_codes=tuple(range(len(labels))),
        clustered=design.draws_clusters,
    )
    if not found.accepts(assigned):
        raise DesignError(Fault("the assignment in the frame is refused by the design's accept rule", "accept"))
    return found if design.redraw is None else design.redraw.applied(found, frame)


def check_columns(frame: DataFrame, design: Design, names: tuple[str, ...]) -> None:
    """Refuse a frame without rows or without the columns that the design reads."""
    faults = [Fault(f'no column "{name}"', "frame", listed(map(str, frame.columns)), nearest(name, frame.columns))
              for name in names if name not in frame.columns]
    faults += [Fault(f'the column "{name}" stands in the frame more than once', "frame")
               for name in names if list(frame.columns).count(name) > 1]
    if len(frame) == 0:
        faults.append(Fault("the frame has no rows", "frame"))
    if design.draw == "none":
        faults.append(Fault("nothing was drawn, so there is no draw to list or to repeat", "draw", "how the arms were drawn",
                            "Infer from a model of the outcome (an estimate with its interval) instead."))
    if design.draw in {"complete", "clustered"} and design.blocks is not None:
        faults.append(Fault(f"blocks are declared, but a {design.draw} draw doesn't use them", "draw",
                            remedy='Say draw="blocked" (or "blocked_clustered"), or leave blocks out.'))
    collect(DesignError, faults)


def units_and_blocks(frame: DataFrame, design: Design) -> tuple[Codes, Codes, list[Fault]]:
    """The drawing unit and the stratum of each row, as codes in order of first appearance; labels that are missing."""
    faults: list[Fault] = []
    units = np.arange(len(frame))
    if design.draws_clusters and design.clusters is not None:
        units, missing = _labels(frame[design.clusters])
        faults += _missing(missing, design.clusters, "cluster")
    in_strata = design.blocks is not None and design.draw in {"blocked", "blocked_clustered", "pairs", "simple"}
    blocks = np.zeros(len(frame), dtype=np.int64)
    if in_strata and design.blocks is not None:
        blocks, missing = _labels(frame[design.blocks])
        faults += _missing(missing, design.blocks, "block")
    return units, blocks, faults


def varying_blocks(units: Codes, blocks: Codes, design: Design) -> Iterator[Fault]:
    """A fault where a drawing unit lies in several blocks."""
    return _varying(units, blocks, "block", design.blocks or "blocks")


def _varying(units: Codes, labels: np.ndarray[Any, Any], what: str, where: str) -> Iterator[Fault]:
    other = labels != labels[first_rows(units)][units]
    if other.any():
        yield Fault(f"the {what} varies within {np.unique(units[other]).size} clusters, but whole clusters are drawn", where, f"one {what} a cluster",
                    "Correct the data, or declare the draw that was made.")


def first_rows(units: Codes) -> Codes:
    """The first row of each unit (codes are in order of first appearance)."""
    return np.asarray(np.unique(units, return_index=True)[1], dtype=np.int64)


def _labels(column: Series) -> tuple[Codes, int]:
    from pandas import factorize

    codes, _ = factorize(column)
    return np.asarray(codes, dtype=np.int64), int((codes < 0).sum())


def _missing(count: int, name: str, what: str) -> Iterator[Fault]:
    if count:
        yield Fault(f"{count} rows have no {what}", name, f"a {what} for every row that was drawn")


def _arm_faults(codes: Codes, design: Design, labels: tuple[Any, ...]) -> Iterator[Fault]:
    missing = int((codes < 0).sum())
    if missing:
        yield Fault(f"{missing} rows have no arm", design.treatment, "an arm for every row that was drawn",
                    "Leave out the rows that weren't randomised.")
    if not (codes == 0).any():
        yield Fault("no row has the control value that the design names", design.treatment, remedy="Check control= in the design.")
    if len(labels) < 2:
        yield Fault("no row is in a treated arm", design.treatment)
    if len(labels) > MOST_ARMS:
        yield Fault(f"holds {len(labels)} different values", design.treatment, f"at most {MOST_ARMS} arms")
    if len(labels) > 2 and design.draw == "pairs":
        yield Fault(f"there are {len(labels)} arms", design.treatment, "two arms in a draw of pairs")
    if len(labels) > 2 and design.probability is not None:
        yield Fault("a probability of treatment is declared for several treated arms", "probability", "two arms")


def _stratum_faults(design: Design, counts: Codes) -> Iterator[Fault]:
    if design.draw == "simple":
        return
    where = design.blocks or design.treatment
    if design.draw == "pairs":
        uneven = int((counts.sum(axis=1) != 2).sum())
        if uneven:
            yield Fault(f"{uneven} pairs don't have two members", where, "two units (clusters, when they were drawn) a pair")
        same = int(((counts.sum(axis=1) == 2) & (counts.max(axis=1) == 2)).sum())
        if same:
            yield Fault(f"{same} pairs have both members in the same arm", where, "one treated and one control a pair")
        return
    remedy = "Give all rows that were drawn, with a missing outcome where a row isn't analysed."
    without = int((counts[:, 0] == 0).sum())
    if without:
        yield Fault(f"{without} blocks have no control", where, "control in every block", remedy)
    alone = int(((counts[:, 0] > 0) & (counts[:, 1:].sum(axis=1) == 0)).sum())
    if alone:
        yield Fault(f"{alone} blocks have nobody treated", where, "a treated arm in every block", remedy)


def _shares(frame: DataFrame, design: Design, first: Codes, strata: Codes, counts: Codes) -> tuple[Floats, list[Fault]]:
    """Probability of each arm by unit: the realised share of its stratum, or for coins the probability that is declared."""
    totals = counts.sum(axis=1, keepdims=True)
    realised = (counts / totals)[strata]
    if design.probability is None:
        return realised, []
    declared = declared_probability(frame, design)
    faults = []
    if np.isnan(declared).any() or (declared <= 0).any() or (declared >= 1).any():
        bad = int((~((declared > 0) & (declared < 1))).sum())
        faults.append(Fault(f"{bad} rows have no probability strictly between 0 and 1", str(design.probability)))
    of_unit = declared[first]
    if design.draw != "simple":
        low, high = np.full(counts.shape[0], np.inf), np.full(counts.shape[0], -np.inf)
        np.minimum.at(low, strata, of_unit)
        np.maximum.at(high, strata, of_unit)
        uneven = int((high - low > 1e-9).sum())
        if uneven:
            faults.append(Fault(f"the probability varies within {uneven} strata, but a {design.draw} draw gives all units of a stratum the same",
                                str(design.probability), remedy='Declare the strata as blocks, or draw="simple".'))
    return np.column_stack([1.0 - of_unit, of_unit]), faults


def declared_probability(frame: DataFrame, design: Design) -> Floats:
    """The declared P(treated) of each row; nan where it is missing or not a number."""
    if not isinstance(design.probability, str):
        return np.full(len(frame), float(design.probability or 0.0))
    from pandas import to_numeric

    return np.asarray(to_numeric(frame[design.probability], errors="coerce").to_numpy(dtype=float, na_value=np.nan), dtype=np.float64)
