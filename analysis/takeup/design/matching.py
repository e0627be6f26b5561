"""Pairs of units that are alike: Mahalanobis distance, and a matching in which no unit of two pairs gains by changing places."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import DesignError, Fault

if TYPE_CHECKING:
    from pandas import DataFrame

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]

MOST_UNITS = 4000
EXACT = 14
"""Up to this many units every matching is looked at."""


def covariates_of(frame: DataFrame, names: tuple[str, ...]) -> Floats:
    """Columns as numbers, shape (rows, p): texts as one column a value, an empty number as the mean with a column that says so.

    Raises
    ------
    DesignError
        A column that isn't there.
    """
    import pandas as pd

    absent = [name for name in names if name not in frame.columns]
    if absent:
        raise DesignError(*(Fault(f'the list has no column "{name}"', "allocation", ", ".join(map(str, frame.columns))) for name in absent))
    parts = []
    for name in names:
        numbers = pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        empty = frame[name].isna().to_numpy() | (frame[name].astype("string").str.strip() == "").fillna(value=True).to_numpy(dtype=bool)
        if np.isnan(numbers[~empty]).any():
            levels = sorted(set(frame[name][~empty].astype(str)))
            parts += [(frame[name].astype(str) == level).to_numpy(dtype=float) for level in levels[1:]]
        else:
            parts.append(np.where(empty, numbers[~empty].mean() if (~empty).any() else 0.0, numbers))
        if empty.any() and not empty.all():
            parts.append(empty.astype(float))
    return np.column_stack(parts) if parts else np.zeros((len(frame), 0))


def whitened(x: Floats) -> Floats:
    """The columns turned so that plain distance is Mahalanobis distance, shape (n, rank); columns that say nothing new drop out."""
    centred = x - x.mean(axis=0)
    scale = centred.std(axis=0)
    centred = centred[:, scale > 0] / scale[scale > 0]
    if centred.shape[0] < 2 or not centred.shape[1]:
        return np.zeros((x.shape[0], 0))
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    return np.asarray(left[:, values > 1e-9 * values[0]] * np.sqrt(x.shape[0] - 1.0))


def matched_pairs(x: Floats) -> tuple[Ints, int]:
    """Put units in pairs with a small total Mahalanobis distance within them.

    Parameters
    ----------
    x : (n, p) covariates

    Returns
    -------
    (n,) code of each unit's pair in order of first appearance, -1 for the one that has no partner; and how many have none (0 or 1).

    Notes
    -----
    Up to 14 units the smallest total is found. With more, the closest two are joined first and pairs are then reopened two at a time
    until no exchange of partners makes the total smaller (2-exchange): close to the optimal nonbipartite matching of Greevy, Lu, Silber
    and Rosenbaum (2004, Biostatistics 5), and stated as what it is. Of an odd number the unit is left over whose partner would be farthest.

    Examples
    --------
    >>> import numpy as np
    >>> from takeup.design.matching import matched_pairs
    >>> matched_pairs(np.array([[1.0], [9.0], [1.2], [8.8]]))[0].tolist()
    [0, 1, 0, 1]
    """
    n = x.shape[0]
    if n > MOST_UNITS:
        raise DesignError(Fault(f"{n:,} units are too many to be put in pairs at once", "match", f"at most {MOST_UNITS:,}"))
    z = whitened(x)
    squares = (z**2).sum(axis=1)
    distance = np.sqrt(np.maximum(squares[:, None] + squares[None] - 2.0 * z @ z.T, 0.0))
    partner = _smallest(distance) if n <= EXACT else _exchanged(distance, _closest_first(distance))
    codes, number = np.full(n, -1, dtype=np.int64), 0
    for unit in range(n):
        if partner[unit] >= 0 and codes[unit] < 0:
            codes[[unit, partner[unit]]] = number
            number += 1
    return codes, int((codes < 0).sum())


def _smallest(distance: Floats) -> Ints:
    """The partner of each unit in the matching with the smallest total; of an odd number one stays alone at no cost."""
    n = distance.shape[0]

    @cache
    def best(left: int, spare: int) -> tuple[float, tuple[tuple[int, int], ...]]:
        if not left:
            return 0.0, ()
        first = (left & -left).bit_length() - 1
        rest = left & (left - 1)
        options = []
        for other in range(first + 1, n):
            if rest >> other & 1:
                total, pairs = best(rest & ~(1 << other), spare)
                options.append((total + float(distance[first, other]), ((first, other), *pairs)))
        if spare:
            options.append(best(rest, 0))
        return min(options)

    partner = np.full(n, -1, dtype=np.int64)
    for one, other in best((1 << n) - 1, n % 2)[1]:
        partner[one], partner[other] = other, one
    return partner


def _closest_first(distance: Floats) -> Ints:
    n = distance.shape[0]
    partner = np.full(n, -1, dtype=np.int64)
    left, right = np.triu_indices(n, 1)
    for edge in np.argsort(distance[left, right], kind="stable"):
        one, other = left[edge], right[edge]
        if partner[one] < 0 and partner[other] < 0:
            partner[one], partner[other] = other, one
    return partner


def _exchanged(distance: Floats, partner: Ints) -> Ints:
    """Pairs reopened two at a time, the best exchange of each pair first, until none makes the total smaller."""
    alone = np.flatnonzero(partner < 0)
    for _ in range(50):
        better = False
        firsts = np.flatnonzero(partner > np.arange(partner.size))
        for one in firsts:
            others = np.flatnonzero(partner >= 0)
            others = others[(others != one) & (others != partner[one])]
            now = distance[one, partner[one]] + distance[others, partner[others]]
            then = distance[one, others] + distance[partner[one], partner[others]]
            gain = now - then
            if gain.size and gain.max() > 1e-12:
                other = others[int(gain.argmax())]
                a, b = partner[one], partner[other]
                partner[[one, other]], partner[[a, b]] = [other, one], [b, a]
                better = True
        for spare in alone:
            pairs = np.flatnonzero(partner >= 0)
            gain = distance[pairs, partner[pairs]] - distance[spare, partner[pairs]]
            if gain.size and gain.max() > 1e-12:
                leaving = pairs[int(gain.argmax())]
                other = partner[leaving]
                partner[[spare, other]], partner[leaving] = [other, spare], -1
                alone, better = np.array([leaving]), True
        if not better:
            break
    return partner
