"""The same change in one edition after the other, and whether it goes up or down over the years."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import EstimateError, Fault
from takeup.estimate.change import change
from takeup.estimate.columns import codes, columns_exist, numeric
from takeup.estimate.slope import slope
from takeup.estimate.tails import check_level
from takeup.results import FrozenMap, ResultSet

if TYPE_CHECKING:
    from pandas import DataFrame

CAVEAT = "Editions differ in centres, in women and in the times: a line over the years doesn't say that the programme got better or worse."


def cohorts(
    frame: DataFrame, outcome: str, *, cohort: str, before: str | None = None, clusters: str | None = None, conf_level: float = 0.95,
) -> ResultSet:
    """Mean change by edition with its interval, and the straight line over the years.

    Parameters
    ----------
    frame : DataFrame, one row a person
    outcome : column of the measurement, in any units
    cohort : column with the year in which the person's edition began
    before : column of the same measurement at the start; then it is the change that is described
    clusters : column of the groups whose members share an environment

    Returns
    -------
    ResultSet
        One result an edition (`term` is the year, `extra` has `year`), CR2 by cluster; then `term` "trend", the difference from a year to the next.

    Raises
    ------
    EstimateError
        Unknown or unusable columns, nobody with the measurements and a year.

    Notes
    -----
    A description of editions, whose women and centres differ; the trend is the least-squares line through all people, clustered.

    Examples
    --------
    >>> import numpy as np, pandas as pd, takeup as tu
    >>> rng = np.random.default_rng(2)
    >>> women = pd.DataFrame({"year": np.repeat([2021, 2022, 2023], 60), "start": rng.normal(5, 2, 180)})
    >>> women["end"] = women["start"] + 1 + rng.normal(0, 1, 180)
    >>> found = tu.cohorts(women, "end", before="start", cohort="year")
    >>> [item.term for item in found], round(found["2022"].estimate, 1)
    (['2021', '2022', '2023', 'trend'], 0.7)
    """
    check_level(conf_level)
    columns_exist(frame, [name for name in (outcome, cohort, before, clusters) if name is not None])
    year, values = numeric(frame[cohort], cohort), numeric(frame[outcome], outcome)
    start = np.zeros(values.size) if before is None else numeric(frame[before], before)
    known = ~(np.isnan(year) | np.isnan(values) | np.isnan(start))
    if not known.any():
        raise EstimateError(Fault("nobody has the measurements and a year", f"{outcome}, {cohort}"))
    from pandas import DataFrame

    table = DataFrame({"start": start[known], "end": values[known], "year": year[known]})
    if clusters is not None:
        table["group"] = codes(frame[clusters][known], "clusters")
    shared: dict[str, Any] = {"outcome": outcome, "estimand": "mean" if before is None else "change", "conf_level": conf_level}
    out = []
    for name in np.unique(year[known]):
        part = table[table["year"] == name]
        found = change(part, "start", "end", clusters=None if clusters is None else "group", conf_level=conf_level)
        out.append(found.replace(term=f"{name:.0f}", n_treated=0, extra=FrozenMap(year=int(name), by="cohort", level=f"{name:.0f}"), **shared))
    groups = None if clusters is None else table["group"].to_numpy(dtype=np.int64)
    trend = slope(values[known] - start[known], year[known], groups, term="trend", **shared)
    out.append(trend.replace(estimand="association", reason=f"{CAVEAT} {trend.reason}".strip()))
    return ResultSet(tuple(out))
