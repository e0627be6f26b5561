"""How a trial's own list is drawn, batch by batch as people come: one function of the seed and of everybody on the list so far.

Drawing a new batch is drawing the whole list again: the streams are addressed so that those who came before keep their arm. Anybody
who has the seed can therefore make the whole draw again from the assignment file alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.design.allot import allotted
from takeup.design.assign import chunks
from takeup.design.bits import Source
from takeup.design.declare import Design
from takeup.design.matching import covariates_of, matched_pairs, whitened
from takeup.design.redraw import Accepted, Batch, Hidden, Minimization, Procedure, Strata, accepted, label_text
from takeup.design.scheme import first_rows
from takeup.errors import DesignError, Fault, collect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pandas import DataFrame, Series

    from takeup.design.scheme import Codes, Redraw, Small

BATCH = "batch"
"""The column of an assignment file that says in which batch a unit was drawn."""
HIDDEN, COINS, ACCEPT, LISTED = 11, 12, 13, 14
"""Keys of the streams."""
MISFITS, WAITING, JOINED = "misfits", "waiting", "joined"
"""What a batch may note, with a number: strata that don't divide by the shares (the places left over go by chance), units without a partner
who wait for the next batch, rows that came later and take the arm of their cluster."""
REFERENCE = 4000
"""Assignments by which the distance that is still accepted is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """The rules of a draw.

    Attributes
    ----------
    unit, treatment, blocks, clusters : columns of the list
    draw : as in `Design`
    arms, shares : labels, control first, and the share of each
    block_sizes : permuted blocks of these sizes within the blocks, in order of arrival; each size by chance
    match : columns by which pairs are built
    minimize, coin, measure : factors of a minimisation, the chance of the arm that it prefers, and how it measures uneven numbers
    balance, accept : columns whose means are compared, and the share of assignments that is accepted
    """

    unit: str
    treatment: str
    draw: str
    arms: tuple[str, ...]
    shares: tuple[float, ...]
    blocks: str | None = None
    clusters: str | None = None
    block_sizes: tuple[int, ...] = ()
    match: tuple[str, ...] = ()
    minimize: tuple[str, ...] = ()
    coin: float = 0.8
    measure: str = "range"
    balance: tuple[str, ...] = ()
    accept: float = 0.1

    @property
    def whole(self) -> bool:
        """Whether clusters are drawn."""
        return self.draw in {"clustered", "blocked_clustered"} or (self.draw == "pairs" and self.clusters is not None)

    @property
    def key(self) -> str:
        """The column of the drawing unit."""
        return self.clusters if self.whole and self.clusters is not None else self.unit

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns of a list that decide the draw, the unit first."""
        blocks = None if self.draw == "pairs" and self.match else self.blocks
        named = (self.unit, self.clusters if self.whole else None, blocks, *self.match, *self.minimize, *self.balance)
        return tuple(dict.fromkeys(name for name in named if name))

    @property
    def algorithm(self) -> str:
        """The draw in words, for the record and the certificate."""
        what = "clusters" if self.whole else "units"
        within = f" within {self.blocks}" if self.blocks and self.draw != "pairs" else ""
        if self.block_sizes:
            said = f"permuted blocks of hidden size ({', '.join(map(str, self.block_sizes))}) in order of arrival{within}"
        elif self.minimize:
            said = f"minimisation over {', '.join(self.minimize)} ({self.measure}, biased coin {self.coin:g})"
        elif self.draw == "pairs":
            said = "one of each pair" + (f"; pairs by Mahalanobis distance on {', '.join(self.match)}" if self.match else "")
        elif self.draw == "simple":
            said = "an independent coin for each"
        else:
            said = f"fixed numbers of {what}{within}, batch by batch"
        if self.balance:
            said += f"; re-randomised: the best {self.accept:.3g} by Mahalanobis distance on {', '.join(self.balance)}"
        return f"{said}; generator SFC64, keyed by SHA-256 of seed and salt"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """What a draw gives: the arm of each row of the list (None for one that waits), its pair, and what doesn't fit."""

    arms: tuple[str | None, ...]
    pairs: tuple[str | None, ...]
    notes: Mapping[str, tuple[str, ...]]


def master_seed(seed: int, salt: str) -> int:
    """The key of all streams: a seed that could be guessed isn't enough to know the draw beforehand."""
    return int.from_bytes(sha256(f"takeup:{seed}:{salt}".encode()).digest())


def commitment(seed: int, salt: str) -> str:
    """What is published before the draw and binds to the seed: SHA-256 of seed and salt, 64 hexadecimal digits."""
    return sha256(f"{seed}:{salt}".encode()).hexdigest()


def drawn(frame: DataFrame, rule: Allocation, master: int) -> Drawn:
    """Draw everybody on a list.

    Parameters
    ----------
    frame : in order of arrival, one row a unit (or a member of a cluster), with the columns that the rule reads and `batch`
    master : `master_seed`

    Raises
    ------
    DesignError
        Whatever keeps the list from being drawn, at once.

    Notes
    -----
    Whoever joins a cluster that was drawn before takes its arm. Of an odd number to be put in pairs one waits for the next batch.

    Examples
    --------
    >>> import pandas as pd
    >>> from takeup.design.allocation import Allocation, drawn
    >>> rule = Allocation(unit="id", treatment="arm", draw="complete", arms=("usual", "visit"), shares=(0.5, 0.5))
    >>> people = pd.DataFrame({"id": list("abcd"), "batch": ["1"] * 4})
    >>> sorted(drawn(people, rule, 7).arms)
    ['usual', 'usual', 'visit', 'visit']
    """
    _check(frame, rule)
    units = np.asarray(frame[rule.key].map(label_text).factorize()[0], dtype=np.int64)
    table = frame.iloc[first_rows(units)].reset_index(drop=True)
    batches = {str(label): np.flatnonzero((table[BATCH] == label).to_numpy()) for label in table[BATCH].unique()}
    notes: dict[str, list[str]] = {label: [] for label in map(str, frame[BATCH].unique())}
    pair_of: np.ndarray[Any, Any] = np.full(len(table), None, dtype=object)
    codes = np.full(len(table), -1, dtype=np.int64)
    if rule.block_sizes:
        codes[:] = hidden_blocks(table, rule, master)[0]
    elif rule.minimize:
        codes[:] = _minimization(table, rule)(Source(master, COINS), 1)[0]
    else:
        for number, (label, place) in enumerate(batches.items()):
            part = table.iloc[place].reset_index(drop=True)
            if rule.match:
                known = part[rule.blocks].tolist() if rule.blocks in part.columns else [""] * len(part)
                pair_of[place] = known if all(isinstance(pair, str) and pair for pair in known) else _pairs(part, rule, label, notes[label])
            kept = place[[pair is not None for pair in pair_of[place]]] if rule.match else place
            if kept.size:
                codes[kept] = _one_batch(table.iloc[kept].reset_index(drop=True), rule, pair_of[kept], master, number, notes[label])
    for label, place in batches.items():
        later = int((np.isin(units, place) & (frame[BATCH].astype(str) != label).to_numpy()).sum())
        if later:
            notes[label].append(f"{JOINED} {later}")
    arms: list[str | None] = [rule.arms[code] if code >= 0 else None for code in codes[units]]
    return Drawn(arms=tuple(arms), pairs=tuple(pair_of[units]), notes={label: tuple(said) for label, said in notes.items()})


def redraw_of(frame: DataFrame, rule: Allocation, master: int | None) -> Redraw | None:
    """How the drawn list is drawn again for inference; None where the plan's own columns say it all.

    Parameters
    ----------
    frame : the assignment file
    master : None while the seed is secret: hidden blocks are then unknown (`Hidden`)
    """
    units = np.asarray(frame[rule.key].map(label_text).factorize()[0], dtype=np.int64)
    table = frame.iloc[first_rows(units)].reset_index(drop=True)
    labels = tuple(table[rule.key].map(label_text))
    if rule.minimize:
        return Procedure(key=rule.key, units=labels, draw=_minimization(table, rule))
    if rule.block_sizes:
        if master is None:
            return Hidden()
        return Strata(key=rule.key, units=labels, strata=hidden_blocks(table, rule, master)[1])
    if rule.balance:
        batches = [np.flatnonzero((table[BATCH] == label).to_numpy()) for label in table[BATCH].unique()]
        made = tuple(_as_drawn(table.iloc[place], rule, place, number) for number, place in enumerate(batches))
        return Procedure(key=rule.key, units=labels, draw=Accepted(made, len(table)))
    if rule.draw in {"simple", "pairs"} or len(table[BATCH].unique()) == 1:
        return None
    within = table[BATCH] if rule.blocks is None else table[BATCH] + "\x1f" + table[rule.blocks]
    return Strata(key=rule.key, units=labels, strata=np.asarray(within.factorize()[0], dtype=np.int64))


def hidden_blocks(table: DataFrame, rule: Allocation, master: int) -> tuple[Codes, Codes]:
    """Arm and block of each unit, (n,) each: in every stratum permuted blocks follow each other, each of a size that chance gives it."""
    ratio = whole_ratio(rule.shares)
    label = np.repeat(np.arange(len(ratio)), ratio)
    strata = _strata(table, rule)
    arms, blocks, number = np.empty(len(table), dtype=np.int64), np.empty(len(table), dtype=np.int64), 0
    for stratum in strata.unique():
        place = np.flatnonzero((strata == stratum).to_numpy())
        key = [int(word) for word in np.frombuffer(sha256(stratum.encode()).digest(), dtype="<u4")]
        source, done = Source(master, HIDDEN, *key), 0
        while done < place.size:
            size = rule.block_sizes[int(source.below(len(rule.block_sizes), 1)[0])]
            order = np.tile(label, size // label.size)[np.argsort(source.words(size), kind="stable")]
            here = place[done : done + size]
            arms[here], blocks[here] = order[: here.size], number
            done += size
            number += 1
    return arms, blocks


def whole_ratio(shares: tuple[float, ...]) -> tuple[int, ...]:
    """Shares as the smallest whole numbers in the same ratio; empty where there are none up to 100.

    >>> whole_ratio((0.5, 0.5)), whole_ratio((0.25, 0.75))
    ((1, 1), (1, 3))
    """
    for total in range(len(shares), 101):
        sizes = [share / sum(shares) * total for share in shares]
        if all(abs(size - round(size)) < 1e-9 and round(size) > 0 for size in sizes):
            return tuple(round(size) for size in sizes)
    return ()


def _check(frame: DataFrame, rule: Allocation) -> None:
    there = ", ".join(map(str, frame.columns))
    faults = [Fault(f'the list has no column "{name}"', "list", there) for name in rule.reads if name not in frame.columns]
    collect(DesignError, faults)
    for name in dict.fromkeys((rule.unit, rule.key, *([rule.blocks] if rule.blocks in rule.reads else []))):
        empty = int((frame[name].isna() | (frame[name].astype("string").str.strip() == "")).sum())
        if empty:
            faults.append(Fault(f"{empty} rows are empty", name, "a value for everybody who is drawn"))
    double = int(frame[rule.unit].map(label_text).duplicated().sum())
    if double:
        faults.append(Fault(f"{double} rows name a unit that is on the list already", rule.unit, "each unit once"))
    ratio = whole_ratio(rule.shares)
    if rule.block_sizes and (not ratio or any(size % sum(ratio) for size in rule.block_sizes)):
        faults.append(Fault("a size of the permuted blocks doesn't hold the arms in their ratio", "design.allocation.block_sizes",
                            f"multiples of {sum(ratio) or 'the ratio'}"))
    if rule.minimize and len(set(rule.shares)) > 1:
        faults.append(Fault("minimisation gives the arms equal shares", "design.allocation.shares"))
    collect(DesignError, faults)


def _design(rule: Allocation) -> Design:
    """The draw of one batch at the level of the units that are drawn."""
    draw: Any = {"clustered": "complete", "blocked_clustered": "blocked"}.get(rule.draw, rule.draw)
    return Design(rule.treatment, rule.arms[0], draw=draw, blocks=rule.blocks if draw in {"blocked", "pairs", "simple"} else None)


def _one_batch(part: DataFrame, rule: Allocation, pairs: Any, master: int, number: int, notes: list[str]) -> Small:
    if rule.match:
        part = part.assign(**{str(rule.blocks): pairs})
    shares = None if rule.draw == "pairs" else dict(zip(rule.arms, rule.shares, strict=True))
    given = tuple(rule.arms) if shares is None else shares
    found, misfits = allotted(part.drop(columns=rule.treatment, errors="ignore"), _design(rule), given, _batch_seed(master, number))
    order = [found.labels.index(label) for label in rule.arms]
    if misfits:
        notes.append(f"{MISFITS} {misfits}")
    if rule.balance:
        batch = _batch(part, rule, np.arange(len(part)), found.strata, found.counts[:, order], number)
        return np.asarray(accepted(batch, Source(master, ACCEPT, number), 1)[0], dtype=np.int8)
    codes = next(chunks(found, _batch_seed(master, number)))[0]
    return np.asarray(np.argsort(order)[codes], dtype=np.int8)


def _as_drawn(part: DataFrame, rule: Allocation, place: Codes, number: int) -> Batch:
    """A batch of the assignment file: its strata, and the numbers in them as they came out."""
    within = part[BATCH] if rule.blocks is None else part[rule.blocks]
    strata = np.asarray(within.factorize()[0], dtype=np.int64)
    counts = np.zeros((int(strata.max()) + 1, len(rule.arms)), dtype=np.int64)
    np.add.at(counts, (strata, part[rule.treatment].map(label_text).map(rule.arms.index).to_numpy()), 1)
    return _batch(part, rule, place, strata, counts, number)


def _batch(part: DataFrame, rule: Allocation, place: Codes, strata: Codes, counts: Codes, number: int) -> Batch:
    """A batch with the distance that its rule still accepts: a quantile over a run of assignments that is the same for everybody."""
    plain = Batch(place=place, strata=strata, counts=counts, z=whitened(covariates_of(part, rule.balance)), threshold=np.inf)
    reference = np.sort(plain.distance(plain.candidates(Source(0, LISTED, number), REFERENCE)))
    limit = float(reference[max(int(np.ceil(rule.accept * REFERENCE)) - 1, 0)])
    return Batch(place=place, strata=strata, counts=counts, z=plain.z, threshold=limit)


def _pairs(part: DataFrame, rule: Allocation, label: str, notes: list[str]) -> list[str | None]:
    codes, alone = matched_pairs(covariates_of(part, rule.match))
    if alone:
        notes.append(f"{WAITING} {alone}")
    return [f"{label}-{code + 1}" if code >= 0 else None for code in codes]


def _minimization(table: DataFrame, rule: Allocation) -> Minimization:
    levels = np.column_stack([np.asarray(table[name].astype(str).factorize()[0], dtype=np.int64) for name in rule.minimize])
    return Minimization(levels=levels, coin=rule.coin, arms=len(rule.arms), measure=rule.measure)


def _strata(table: DataFrame, rule: Allocation) -> Series:
    if rule.blocks is None or rule.blocks not in table.columns:
        return table[BATCH].map(lambda _: "")
    return table[rule.blocks].astype(str)


def _batch_seed(master: int, number: int) -> int:
    return int.from_bytes(sha256(f"{master}:{number}".encode()).digest()[:16])
