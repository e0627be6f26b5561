"""Selective attrition by whole distributions: Kolmogorov-Smirnov tests by arm and response (Ghanem, Hirshleifer and Ortiz-Becerra 2023).

Mean tests miss a difference in spread or shape. Here the distribution of a baseline column among treated and control respondents, and among
treated and control non-respondents, is held against what re-shuffling gives; within blocks, so that the p-value is exact where units were
drawn one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.estimate.arrays import Codes, Floats, arrays
from takeup.estimate.columns import numeric
from takeup.results import Provenance, Test

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pandas import DataFrame

    from takeup.design import Design

SHUFFLES = 2_000
METHOD = "attrition, Kolmogorov-Smirnov test by arm and response"
TIE = 1e-9


def ks_tests(
    frame: DataFrame, response: Floats, baseline: Sequence[str], design: Design, arm: object, *, seed: int, shuffles: int = SHUFFLES,
) -> Iterator[Test]:
    """For each baseline column: are respondents alike (and non-respondents), and are all four groups.

    "respondents" shuffles the arms within response and block; the largest gap between the distributions of the two arms, over respondents and
    non-respondents, each scaled by the root of its size. "study population" shuffles arm and response together within blocks; the largest gap
    between the distribution of one of the four groups and that of all.
    """
    if not baseline:
        return
    present = "attrition"
    while present in frame.columns:
        present += "_"
    base = arrays(frame.assign(**{present: 0.0}), present, design, arm=arm)
    answered = response[base.rows].astype(np.int64)
    blocks = np.zeros(base.n, dtype=np.int64) if base.blocks is None else base.blocks
    treated = base.treated.astype(np.int64)
    for position, name in enumerate(baseline):
        column = numeric(frame[name], name)[base.rows]
        seen = np.flatnonzero(~np.isnan(column))
        for term, within, group in (("respondents", answered, treated), ("study population", np.zeros_like(answered), 2 * answered + treated)):
            common: dict[str, Any] = {"outcome": name, "arm": base.arm, "term": term, "n": int(seen.size), "method": METHOD}
            trouble = _trouble(column[seen], design, within[seen], group[seen])
            if trouble:
                yield Test(reason=trouble, **common)
                continue
            rng = np.random.default_rng([seed, position, len(term)])
            yield _shuffled(_Ordered.make(column[seen], within[seen], blocks[seen], group[seen]), rng, shuffles, seed, common)


def _trouble(values: Floats, design: Design, within: Codes, group: Codes) -> str:
    if design.draws_clusters:
        return "Whole clusters were drawn: shuffling people doesn't repeat the draw, so the mean tests are the ones to read."
    if values.size < 2 or np.ptp(values) == 0:
        return "The column doesn't vary among those observed, so there is nothing to test."
    if not any(np.unique(group[within == part]).size > 1 for part in np.unique(within)):
        return "Too few of the groups have members, so there is nothing to test."
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ordered:
    """Rows in the order of the column. `cells` are what labels are shuffled within, `parts` what distributions are compared within."""

    last: np.ndarray[Any, np.dtype[np.bool_]]
    cells: Codes
    parts: Codes
    group: Codes

    @classmethod
    def make(cls, values: Floats, parts: Codes, blocks: Codes, group: Codes) -> _Ordered:
        order = np.argsort(values, kind="stable")
        ordered = values[order]
        cells = np.unique(np.column_stack([parts, blocks])[order], axis=0, return_inverse=True)[1].ravel()
        return cls(last=np.r_[ordered[1:] != ordered[:-1], True], cells=cells, parts=parts[order], group=group[order])

    def statistic(self, group: Codes) -> float:
        """The largest scaled gap: each label's share of a cell is its weight, so that blocks of unequal shares don't look like an effect."""
        labels = np.unique(self.group)
        size = np.bincount(self.cells).astype(float)
        largest = 0.0
        for label in labels[-1:] if labels.size == 2 else labels:
            is_label = (group == label).astype(float)
            share = np.bincount(self.cells, weights=is_label) / size
            usable = (share > 0) & (share < 1)
            p = np.where(usable, share, 0.5)[self.cells]
            gap = np.where(usable[self.cells], (is_label - p) / (p * (1.0 - p)), 0.0)
            for part in np.unique(self.parts):
                here = self.parts == part
                used = here & usable[self.cells]
                if used.any():
                    n, spread = float(used.sum()), float((p * (1.0 - p))[used].mean())
                    reach = np.abs(np.cumsum(np.where(here, gap, 0.0)))[self.last].max() / n
                    largest = max(largest, float(reach * np.sqrt(n * spread)))
        return largest


def _shuffled(rows: _Ordered, rng: np.random.Generator, shuffles: int, seed: int, common: dict[str, Any]) -> Test:
    observed = rows.statistic(rows.group)
    order = np.argsort(rows.cells, kind="stable")
    edges = np.flatnonzero(np.diff(rows.cells[order])) + 1
    members = np.split(order, edges)
    above = 1
    for _ in range(shuffles):
        group = rows.group.copy()
        for cell in members:
            group[cell] = rng.permutation(group[cell])
        above += rows.statistic(group) >= observed * (1.0 - TIE)
    p = above / (shuffles + 1)
    return Test(statistic=observed, p_value=p, draws=shuffles, mc_error=float(np.sqrt(p * (1.0 - p) / (shuffles + 1))),
                reason=f"{shuffles:,} shuffles within {'response and block' if common['term'] == 'respondents' else 'blocks'}.",
                provenance=Provenance(seed=seed), **common)
