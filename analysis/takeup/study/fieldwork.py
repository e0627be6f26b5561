"""What those in the field look at each week: enrolment against the plan, balance, response, missing items, duplicates, outliers; counts only.

The arms are called A and B (and so on) in an order that the study's mask decides, so that nobody learns which arm answers better.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.describe.balance import balance
from takeup.results import FrozenMap, ResultSet, Statistic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pandas import DataFrame, Series

    from takeup.intake.schema import Field, TableSchema
    from takeup.study.material import Material

TABLES = ("enrolment", "balance", "response", "missing", "doubles", "outliers")
"""The parts of the page; the `table` of their statistics."""
FAR, LEAST_VALUES = 3.5, 10
"""An outlier: 0.6745 |x - median| / MAD above this (Iglewicz and Hoaglin 1993), in a column with at least so many different values."""


def fieldwork(material: Material, mask: int) -> ResultSet:
    """The numbers of the weekly page, not yet through the gate.

    Parameters
    ----------
    material : Material
    mask : the study's mask (`study.masked.mask_seed`), which decides the arms' letters
    """
    letters = masked_letters(material, mask)
    parts = (_enrolment(material), _balance(material, letters), _response(material, letters), _missing(material), _doubles(material),
             _outliers(material))
    return material.stamped([item for part in parts for item in part], "fieldwork", "data")


def masked_letters(material: Material, mask: int) -> dict[str, str]:
    """A letter for each arm, in an order that the mask decides."""
    arms = material.trial.ledger.arms
    order = np.random.default_rng(mask).permutation(len(arms))
    return {arms[place]: chr(ord("A") + position) for position, place in enumerate(order)}


def _enrolment(material: Material) -> Iterator[Statistic]:
    """How many were drawn by the end of each month, beside how many the plan says."""
    n, flow = len(material.trial.units), material.plan.flow
    yield _count("enrolment", "drawn", n, n)
    days = _days(material)
    if days is None:
        return
    months = days.dt.to_period("M")
    for month in sorted(months.unique()):
        by_then = int((months <= month).sum())
        expected: dict[str, float] = {}
        if flow.planned is not None and flow.enrolment is not None:
            start, end = flow.enrolment
            passed = (month.end_time.date() - start).days + 1
            expected = {"expected": flow.planned * float(np.clip(passed / ((end - start).days + 1), 0.0, 1.0))}
        yield _count("enrolment", "drawn_by", by_then, by_then, level=str(month), extra=expected)


def _days(material: Material) -> Series | None:
    """The day of the draw, or of enrolment, of each unit: the column the plan names, else the first date of a table without a wave."""
    import pandas as pd

    columns, trial = material.trial.columns, material.trial
    name = material.plan.design.assigned_on
    found = trial.resolve(name) if name else next(
        (columns.names[table, item.name] for table in columns.unit_tables if table not in columns.waves for item in columns.schemas[table].fields
         if item.type == "date" and (table, item.name) in columns.names), None)
    if found is None:
        return None
    return pd.to_datetime(trial.units[found]).dropna()


def _balance(material: Material, letters: dict[str, str]) -> Iterator[Statistic]:
    """Standardised differences without their sign, each arm against control by letter."""
    names = [material.trial.resolve(name) for name in material.plan.analyses.balance]
    if not names or len(material.trial.ledger.arms) < 2:
        return
    for row in balance(material.trial.units, names, material.design).rows:
        pair = sorted((letters[str(row.arm) if str(row.arm) in letters else material.trial.ledger.arms[1]], letters[material.trial.ledger.arms[0]]))
        value = abs(row.standardized_difference)
        yield Statistic(table="balance", variable=row.variable, level=row.level, arm=" / ".join(pair), kind="standardized_difference",
                        value=value, n=row.n, reason=row.reason)


def _response(material: Material, letters: dict[str, str]) -> Iterator[Statistic]:
    """Of those drawn, how many have a row at each wave, in all and by letter."""
    trial = material.trial
    for table, wave in trial.columns.waves.items():
        there = trial.units[trial.columns.unit].isin(trial.tables[table][trial.columns.unit]).to_numpy(dtype=bool)
        groups = [("", np.ones(there.size, dtype=bool))]
        groups += [(letters[arm], trial.ledger.in_arm(arm)) for arm in sorted(trial.ledger.arms, key=letters.__getitem__)]
        for letter, rows in groups:
            n, count = int(rows.sum()), int(there[rows].sum())
            yield Statistic(table="response", variable="answered", wave=wave, arm=letter, kind="share", value=count / n if n else float("nan"),
                            n=n, count=count)


def _filled(material: Material, *, waves: bool) -> Iterator[tuple[str, DataFrame, TableSchema]]:
    """The tables with rows; only those with answers at a wave, where `waves`."""
    trial = material.trial
    for table in trial.tables:
        if len(trial.tables[table]) and (table in trial.columns.waves if waves else table != trial.columns.roster):
            yield table, trial.tables[table], trial.schemas[table]


def _missing(material: Material) -> Iterator[Statistic]:
    """Cells without an answer, by column; columns that are complete aren't listed."""
    for table, frame, schema in _filled(material, waves=True):
        for item in schema.fields:
            count = int(frame[item.name].isna().sum())
            if count:
                yield Statistic(table="missing", variable=item.name, level=table, kind="share", value=count / len(frame), n=len(frame), count=count)


def _doubles(material: Material) -> Iterator[Statistic]:
    """Rows that are the same as another one in everything but the unit and the dates: an interview that was entered twice or copied."""
    unit = material.trial.columns.unit
    for table, frame, schema in _filled(material, waves=True):
        names = [item.name for item in schema.fields if item.name != unit and item.type not in {"date", "datetime"}]
        if len(names) >= 3:
            count = int(frame[names].duplicated(keep=False).sum())
            yield _count("doubles", "same_answers", count, len(frame), level=table)


def _outliers(material: Material) -> Iterator[Statistic]:
    """Numbers far from the middle of their column."""
    for table, frame, schema in _filled(material, waves=False):
        for item in schema.fields:
            count = _far(frame[item.name], item)
            if count is not None:
                yield _count("outliers", item.name, count, int(frame[item.name].notna().sum()), level=table)


def _far(column: Series, item: Field) -> int | None:
    """How many values are far out; None for a column that isn't a measured number."""
    if item.type not in {"integer", "number"} or item.categories or item.unique:
        return None
    values = column.dropna().to_numpy(dtype=float)
    if np.unique(values).size < LEAST_VALUES:
        return None
    distance = np.abs(values - np.median(values))
    middle = float(np.median(distance))
    return int((0.6745 * distance > FAR * middle).sum()) if middle > 0 else 0


def _count(table: str, variable: str, count: int, n: int, *, level: str = "", extra: dict[str, Any] | None = None) -> Statistic:
    return Statistic(table=table, variable=variable, level=level, kind="count", value=float(count), n=n, count=count, extra=FrozenMap(extra or {}))


