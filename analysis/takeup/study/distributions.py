"""How an outcome is spread in each arm at each wave: shares of bins, wide enough to hold a group that may be seen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.measure.outcomes import baseline_of
from takeup.release.rules import Rules
from takeup.results import FrozenMap, Result, ResultSet, Statistic
from takeup.study.material import slug

if TYPE_CHECKING:
    from takeup.plan.model import Outcome
    from takeup.study.material import Material

MOST_BINS = 16
NICE = (1.0, 2.0, 2.5, 5.0, 10.0)

Floats = np.ndarray[Any, np.dtype[np.float64]]


def distributions(material: Material) -> ResultSet:
    """Per outcome, wave, arm and bin the share of people; the bins are the same in all arms and waves of an outcome."""
    out: list[Result] = []
    smallest = Rules.from_plan(material.plan.release).cell
    for position, outcome in enumerate(material.plan.outcomes):
        groups = _groups(material, outcome)
        observed = [values for values in groups.values() if values.size]
        if not observed:
            continue
        edges = joined(bins(np.concatenate(observed), outcome.support if outcome.kind == "continuous" else None), observed, smallest)
        if edges.size == 2 and np.unique(np.concatenate(observed)).size > 1:
            continue  # no two groups of it are large enough to be seen
        for (wave, arm), values in groups.items():
            counts = counted(values, edges)
            for place, count in enumerate(counts):
                side = f".{slug(arm)}" if arm else ""
                name = f"distribution.{outcome.id}.{slug(wave)}{side}.{place + 1:02d}"
                out.append(material.stamp(_share(outcome, wave, arm, edges, place, int(count), values.size), name, f"outcomes[{position}]"))
    return ResultSet(tuple(out))


def _groups(material: Material, outcome: Outcome) -> dict[tuple[str, str], Floats]:
    """The observed values by wave and arm."""
    own = baseline_of(outcome)
    columns = [*([] if own is None else [(outcome.waves[0], own)]), (outcome.follow_up, outcome.id)]
    out: dict[tuple[str, str], Floats] = {}
    for wave, column in columns:
        for arm, rows in material.groups():
            values = material.frame[column][rows]
            out[wave, arm] = np.asarray(values.dropna().to_numpy(dtype=float))
    return out


def _share(outcome: Outcome, wave: str, arm: str, edges: Floats, place: int, count: int, n: int) -> Statistic:
    low, high = float(edges[place]), float(edges[place + 1])
    return Statistic(
        table="distribution", variable=outcome.id, level=_label(low, high), arm=arm, wave=wave, kind="share",
        value=count / n if n else math.nan, count=count, n=n, extra=FrozenMap(low=low, high=high),
    )


def _label(low: float, high: float) -> str:
    """A bin around one whole number by that number, another by its edges."""
    if high - low == 1 and (low % 1) == 0.5:
        return f"{(low + high) / 2:g}"
    return f"{low:g}-{high:g}"


def bins(values: Floats, support: tuple[float, float] | None = None) -> Floats:
    """Edges: around each whole number where there are few, else at round numbers, so that they tell nobody's own value.

    Parameters
    ----------
    values : (n,) observed values
    support : lowest and highest possible value, where the plan says so

    Returns
    -------
    ndarray
        Increasing; every value lies within.
    """
    low, high = (float(values.min()), float(values.max())) if support is None else support
    low, high = min(low, float(values.min())), max(high, float(values.max()))
    if (values == np.round(values)).all() and high - low < MOST_BINS:
        return np.asarray(np.arange(math.floor(low), math.ceil(high) + 2) - 0.5, dtype=np.float64)
    step = nice_step(high - low)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return np.asarray(np.arange(first, max(last, first + 1) + 1) * step, dtype=np.float64)


def nice_step(span: float) -> float:
    """The smallest round width that needs no more than MOST_BINS bins.

    >>> nice_step(4.0), nice_step(100.0)
    (0.25, 10.0)
    """
    if span <= 1e-300:  # none, or below what a power of ten can divide
        return 1.0
    magnitude = 10.0 ** math.floor(math.log10(span / MOST_BINS))
    return next(step * magnitude for step in NICE if span / (step * magnitude) <= MOST_BINS + 1e-9)


def counted(values: Floats, edges: Floats) -> np.ndarray[Any, np.dtype[np.int64]]:
    """How many values fall in each bin, its lower edge counted in; the last bin holds its upper edge too."""
    inside = np.searchsorted(edges, values, side="right") - 1
    return np.bincount(np.clip(inside, 0, edges.size - 2), minlength=edges.size - 1).astype(np.int64)


def joined(edges: Floats, groups: list[Floats], smallest: int) -> Floats:
    """Edges with every bin that would show a group under the minimum joined to its smaller neighbour."""
    kept = edges
    while kept.size > 2:
        counts = np.array([counted(values, kept) for values in groups])
        small = np.flatnonzero(((counts > 0) & (counts < smallest)).any(axis=0))
        if small.size == 0:
            break
        total = counts.sum(axis=0)
        place = int(small[np.argmin(total[small])])
        left = place > 0 and (place == total.size - 1 or total[place - 1] <= total[place + 1])
        kept = np.delete(kept, place if left else place + 1)
    return kept
