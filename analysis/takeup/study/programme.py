"""What the chapters on the programme share: its columns and tables as the plan names them, attendance and months by unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from takeup.measure.outcomes import baseline_of

if TYPE_CHECKING:
    from pandas import DataFrame

    from takeup.estimate.arrays import Floats
    from takeup.plan.model import Outcome
    from takeup.study.material import Material

ATTENDED, RECIPIENTS, YEAR, PLACES = "attended", "recipients", "year", "places"
"""Columns of the tables of sessions, centres and participation."""
MONTH = 365.25 / 12.0
PATH = "programme"


def column(material: Material, part: str) -> str | None:
    """The frame's column of a part of the programme (`centre`, `group`, ...); None where the plan doesn't name it."""
    programme = material.plan.programme
    name = None if programme is None else getattr(programme, part)
    return None if name is None else material.trial.resolve(name)


def table(material: Material, part: str, *columns: str) -> DataFrame | None:
    """A table of the programme; None where the plan names none, or it lacks one of the columns."""
    programme = material.plan.programme
    name = None if programme is None else getattr(programme, part)
    if name is None or name not in material.trial.tables:
        return None
    found = material.trial.tables[name]
    return found if set(columns) <= set(found.columns) else None


def key(material: Material) -> str:
    """The name of the centre's column in the tables of centres and participation."""
    programme = material.plan.programme
    return "" if programme is None or programme.centre is None else programme.centre.rpartition(".")[2]


def measured_twice(material: Material, kind: str) -> tuple[tuple[Outcome, str], ...]:
    """The outcomes of a kind with the frame's column of their baseline."""
    pairs = ((outcome, baseline_of(outcome)) for outcome in material.plan.outcomes if outcome.kind == kind)
    return tuple((outcome, before) for outcome, before in pairs if before is not None)


def attendance(material: Material, frame: DataFrame) -> Floats | None:
    """By row of the frame the share of its sessions that a unit came to; nan without any. None where no sessions were recorded."""
    from takeup.describe.dose import attendance as of_log

    unit = material.trial.columns.unit
    log = table(material, "sessions", unit, ATTENDED)
    if log is None:
        return None
    share = of_log(log, unit=unit, attended=ATTENDED)["share"]
    found: Floats = share.reindex(frame[unit]).to_numpy(dtype=np.float64)
    return found


def months(material: Material, frame: DataFrame) -> Floats | None:
    """By row the months from start to end; None where the dates aren't recorded."""
    import pandas as pd

    start, end = column(material, "start"), column(material, "end")
    if start is None or end is None:
        return None
    days = (pd.to_datetime(frame[end]) - pd.to_datetime(frame[start])).dt.days
    found: Floats = days.to_numpy(dtype=np.float64, na_value=np.nan) / MONTH
    return found
