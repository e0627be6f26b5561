"""The chapter of waiting: how long after the draw families get their first new right, month by month, by arm."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import TakeupError
from takeup.estimate.survival import kaplan_meier, restricted_mean_difference
from takeup.measure.registers import MONTH
from takeup.measure.rights import newly
from takeup.results import Estimate, FrozenMap, ResultSet, Statistic
from takeup.study.material import slug
from takeup.study.takeup import takers_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pandas import DataFrame

    from takeup.study.material import Material
    from takeup.study.takeup import Named, Takers

SHORT = 0.1
"""The curves end with the month to which nine in ten of those still waiting were followed, in every arm."""
MONTHS, HAPPENED = "months to the first new right", "first new right"


def waiting(material: Material) -> ResultSet:
    """The curves and the difference in mean waiting time; empty where the day of the draw, of receipt or of the last interview isn't recorded."""
    takers = takers_of(material)
    days = _days(material) if takers is not None else None
    if takers is None or days is None or takers.rights.held.since is None:
        return ResultSet()
    frame = first_right(takers, *days)
    return ResultSet(tuple(material.stamp(result, name, "rights") for name, result in curves(takers, frame)))


def _days(material: Material) -> tuple[Any, Any] | None:
    """The day of the draw and of the last interview of each unit."""
    import pandas as pd

    plan, trial = material.plan, material.trial
    wave = "" if material.rights is None else material.rights.held.waves[-1]
    tables = [(name, table.measured_on) for name, table in plan.data.items() if (table.wave or name) == wave and table.measured_on]
    if plan.design.assigned_on is None or not tables:
        return None
    table, column = tables[0]
    names = trial.resolve(plan.design.assigned_on), trial.resolve(column if "." in str(column) else f"{table}.{column}")
    drawn, asked = (pd.to_datetime(material.frame[name]).to_numpy().astype("datetime64[D]") for name in names)
    return drawn, asked


def first_right(takers: Takers, drawn: Any, asked: Any) -> DataFrame:
    """The design's columns with the months from the draw to the first new right, and whether there was one by the last interview.

    Who got none is followed to the interview. Of whom nothing is known then, or who has a new right of which no day after the draw is known, there
    is no time.
    """
    held = takers.rights.held
    new = newly(held, takers.after) == 1
    waited = (held.since - drawn[:, None]).astype("timedelta64[D]").astype(float)
    waited[np.isnat(held.since) | ~new] = np.nan
    waited[waited < 0] = np.nan
    dated = ~np.isnan(waited)
    earliest = np.where(dated.any(axis=1), np.where(dated, waited, np.inf).min(axis=1), np.nan)
    followed = (asked - drawn).astype("timedelta64[D]").astype(float)
    followed[np.isnat(asked) | np.isnat(drawn)] = np.nan
    none = held.heard(takers.after) & ~new.any(axis=1)
    days = np.where(none, np.where(followed >= 0, followed, np.nan), earliest)
    columns = {MONTHS: days / MONTH, HAPPENED: np.where(np.isnan(days), np.nan, (~none).astype(float))}
    return takers.frame[list(takers.design.columns)].assign(**columns)


def curves(takers: Takers, frame: DataFrame) -> Iterator[Named]:
    """By arm and month the share with a first new right, and the difference in mean waiting time; `frame` as `first_right` makes it."""
    months, happened = frame[MONTHS].to_numpy(), frame[HAPPENED].to_numpy()
    known = ~np.isnan(months)
    followed = [months[known & (happened == 0) & takers.rows(arm)] for arm in takers.all_arms()]
    horizon = min((math.floor(np.quantile(part, SHORT)) for part in followed if part.size), default=0)
    for arm in takers.all_arms():
        rows = known & takers.rows(arm)
        if not rows.any():
            continue
        curve = kaplan_meier(months[rows], happened[rows])
        for month in range(int(horizon) + 1):
            events = int(((months[rows] <= month) & (happened[rows] == 1)).sum())
            left = curve.at(float(month))
            yield f"waiting.{month:02d}.{slug(arm)}", Statistic(
                table="waiting", variable="any_new", wave=f"{month:02d}", arm=str(arm), kind="mean", value=1.0 - left, n=int(rows.sum()),
                count=events, extra=FrozenMap(month=month), reason="" if not math.isnan(left) else "Nobody is followed so long.",
            )
    for arm in takers.arms:
        try:
            found = restricted_mean_difference(frame, MONTHS, HAPPENED, takers.design, horizon=float(horizon) or None, arm=arm,
                                               conf_level=takers.conf_level)
        except TakeupError as error:
            found = Estimate(outcome=MONTHS, estimand="RMST", arm=str(arm), estimate=math.nan, conf_level=takers.conf_level, method="rmst",
                             reason=str(error))
        yield f"waiting.rmst{takers.suffix(arm)}", found.replace(outcome="waiting", term="any_new", evidence=takers.evidence)
