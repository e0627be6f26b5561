"""What holds of every number, whatever its chapter: arms add up to the n, nobody is counted who isn't in it, and of nobody there is no number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from takeup.errors import Fault
from takeup.results import Bounds, Estimate, Statistic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from takeup.results import ResultSet

REMEDY = "Please report it with the plan; no number of this build is to be used."
OF_PLACES = "reach"
"""The table of places rather than of people: its numbers have no n."""
NEAR = 1e-9


def sums(sections: Mapping[str, ResultSet]) -> Iterator[Fault]:
    """What doesn't add up, result by result.

    >>> from takeup.results import Provenance, ResultSet, Statistic
    >>> odd = Statistic(table="flow", variable="lost", kind="share", value=0.5, n=10, count=4, provenance=Provenance(id="flow.lost"))
    >>> [fault.where for fault in sums({"flow": ResultSet((odd,))})]
    ['flow.lost']
    """
    for results in sections.values():
        for item in results:
            for what, expected, found in (*_of_arms(item), *_of_counts(item), *_of_nobody(item)):
                if expected != found:
                    yield Fault(f"{what}: the flow leads to {expected}, the result says {found}", item.provenance.id, remedy=REMEDY)


def _of_arms(item: Any) -> Iterator[tuple[str, int, int]]:
    if isinstance(item, Estimate | Bounds) and (item.n_treated or item.n_control):
        yield "its arms don't add up to its n", item.n_treated + item.n_control, item.n


def _of_counts(item: Any) -> Iterator[tuple[str, int, int]]:
    """A count of people is its own n; a share is its count of its n; nobody is counted twice."""
    if not isinstance(item, Statistic) or item.count is None:
        return
    if item.kind == "count":
        yield "its count isn't its n", item.n, item.count
        yield "its value isn't its n", item.n, round(item.value)
    elif item.kind == "share" and item.n and abs(item.value * item.n - item.count) > NEAR * item.n:
        yield "its count isn't its share of its n", round(item.value * item.n), item.count
    elif item.count > item.n:
        yield "it counts more people than its n", item.n, item.count


def _of_nobody(item: Any) -> Iterator[tuple[str, int, int]]:
    """A number that is one needs somebody; `n` is 0 where nothing was estimated."""
    if isinstance(item, Statistic):
        told = item.kind != "count" and item.table != OF_PLACES and not math.isnan(item.value)
    else:
        field = next((name for name in ("estimate", "lower", "p_value") if hasattr(item, name)), "")
        told = bool(field) and not math.isnan(getattr(item, field))
    if told and not item.n:
        yield "it is a number of nobody", 1, 0
