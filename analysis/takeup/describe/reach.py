"""Which centres take part, by their size, and how many of those whom the programme is meant for could find a place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import EstimateError, Fault, collect
from takeup.estimate.columns import columns_exist, numeric
from takeup.results import NAN, FrozenMap, ResultSet, Statistic

if TYPE_CHECKING:
    from pandas import DataFrame

    from takeup.estimate.arrays import Floats

BAR = 7
"""Centres in one bar of the figure."""
LARGEST = (6, 20, 50)
"""Of so many largest centres it is said how many take part."""
SMALLER = "smaller_half"
TABLE = "reach"


def reach(
    centres: DataFrame, *, size: str, taking_part: str, places: str | None = None, expected_share: float = 0.2, bar: int = BAR,
) -> ResultSet:
    """Participation of centres ordered by size, and the people expected against the places offered.

    Parameters
    ----------
    centres : DataFrame, one row a centre, those that don't take part too
    size : column with the people who receive a minimum income there
    taking_part : column that says whether the centre takes part (0/1)
    places : column with the places it offers; missing where it takes no part
    expected_share : share of those people whom the programme is meant for
    bar : centres in one bar

    Returns
    -------
    ResultSet of Statistic
        `variable` "bar" (`extra`: `first` and `last` place in the order of size, `centres`, `taking_part`), "largest_6", "largest_20",
        "largest_50", "smaller_half", "all": shares of centres that take part. "pool" and "places" for the centres that take part, "pool_all" for
        all, and "cover", places over the pool of those that take part. Sizes count people, bars count centres: the gate's minimum of people
        doesn't concern those, so their `n` is 0 and `extra` has the number of centres.

    Raises
    ------
    EstimateError
        Unknown columns, missing sizes or participation, entries other than 0 and 1, an impossible share.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> all_of_them = pd.DataFrame({"recipients": range(700, 0, -10), "joins": [1] * 20 + [0] * 50, "seats": [15.0] * 20 + [None] * 50})
    >>> found = tu.reach(all_of_them, size="recipients", taking_part="joins", places="seats")
    >>> {item.variable: round(item.value, 2) for item in found if item.variable in ("largest_6", "smaller_half", "pool", "cover")}
    {'largest_6': 1.0, 'smaller_half': 0.0, 'pool': 2420.0, 'cover': 0.12}
    """
    columns_exist(centres, [name for name in (size, taking_part, places) if name is not None])
    people, joins = numeric(centres[size], size), numeric(centres[taking_part], taking_part)
    seats = None if places is None else numeric(centres[places], places)
    _check(people, joins, expected_share, bar, size, taking_part)
    order = np.argsort(-people, kind="stable")
    people, joins = people[order], joins[order]
    out = []
    for number, first in enumerate(range(0, joins.size, bar), start=1):
        part = joins[first:first + bar]
        out.append(_share("bar", part, wave=f"{number:03d}", first=first + 1, last=first + part.size))
    out += [_share(f"largest_{most}", joins[:most]) for most in LARGEST if most <= joins.size]
    out += [_share(SMALLER, joins[-(joins.size // 2):] if joins.size > 1 else joins), _share("all", joins)]
    pool, whole = expected_share * float(people[joins == 1].sum()), expected_share * float(people.sum())
    out += [_count("pool", pool, expected_share), _count("pool_all", whole, expected_share)]
    if seats is not None:
        offered = float(np.nansum(np.where(joins == 1, seats[order], 0.0)))
        out += [_count("places", offered, expected_share),
                Statistic(table=TABLE, variable="cover", kind="share", value=offered / pool if pool > 0 else NAN,
                          reason="" if pool > 0 else "No centre takes part.", extra=FrozenMap(expected_share=expected_share))]
    return ResultSet(tuple(out))


def _check(people: Floats, joins: Floats, expected_share: float, bar: int, size: str, taking_part: str) -> None:
    faults = []
    if not people.size:
        faults.append(Fault("there are no centres", size))
    for values, name in ((people, size), (joins, taking_part)):
        if np.isnan(values).any():
            faults.append(Fault(f"{int(np.isnan(values).sum())} centres have no value", name))
    odd = int((~np.isin(joins[~np.isnan(joins)], (0.0, 1.0))).sum())
    if odd:
        faults.append(Fault(f"{odd} entries are neither 0 nor 1", taking_part))
    if not 0.0 < expected_share <= 1.0:
        faults.append(Fault("a share lies between 0 and 1", "expected_share"))
    if bar < 1:
        faults.append(Fault("a bar holds at least one centre", "bar"))
    collect(EstimateError, faults)


def _share(variable: str, joins: Floats, wave: str = "", **extra: Any) -> Statistic:
    return Statistic(table=TABLE, variable=variable, wave=wave, kind="share", value=float(joins.mean()) if joins.size else NAN, unit="centres",
                     reason="" if joins.size else "There are no centres.",
                     extra=FrozenMap(extra, centres=int(joins.size), taking_part=int(joins.sum())))


def _count(variable: str, value: float, expected_share: float) -> Statistic:
    return Statistic(table=TABLE, variable=variable, kind="count", value=float(round(value)), unit="people",
                     extra=FrozenMap(expected_share=expected_share))
