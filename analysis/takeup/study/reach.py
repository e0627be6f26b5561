"""The chapter of reach: which centres take part, by their size, and places against the people the programme is meant for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from takeup.describe.reach import reach as describe
from takeup.results import FrozenMap, ResultSet, Statistic
from takeup.study.programme import PATH, PLACES, RECIPIENTS, YEAR, key, table

if TYPE_CHECKING:
    from takeup.study.material import Material


def reach(material: Material) -> ResultSet:
    """Participation over all centres in the analysed year (the last one where none is named), and in each year: `reach.*`."""
    name, programme = key(material), material.plan.programme
    every = table(material, "centres", name, RECIPIENTS) if name else None
    past = table(material, "participation", name, YEAR, PLACES) if name else None
    if every is None or past is None or programme is None:
        return ResultSet()
    years = sorted(int(year) for year in past[YEAR].dropna().unique())
    if not years:
        return ResultSet()
    year = programme.analysed if programme.analysed in years else years[-1]
    now = past[past[YEAR] == year].groupby(name)[PLACES].sum()
    places = now.reindex(every[name]).to_numpy(dtype=np.float64, na_value=np.nan)
    frame = every.assign(joins=every[name].isin(now.index).astype(float), seats=places)
    found = describe(frame, size=RECIPIENTS, taking_part="joins", places="seats", expected_share=programme.expected_share)
    out = [material.stamp(item.replace(extra=FrozenMap(item.extra, year=year)), f"reach.{item.variable}{item.wave and f'.{item.wave}'}", PATH)
           for item in found]
    for one in years:
        joined = past[past[YEAR] == one]
        count = int(joined[name].nunique())
        share = Statistic(table="reach", variable="year", level=str(one), kind="share", value=count / len(every), unit="centres",
                          extra=FrozenMap(centres=len(every), taking_part=count))
        seats = Statistic(table="reach", variable="places", level=str(one), kind="count", value=float(joined[PLACES].sum()), unit="people")
        out += [material.stamp(share, f"reach.year.{one}", PATH), material.stamp(seats, f"reach.places.{one}", PATH)]
    return ResultSet(tuple(out))
