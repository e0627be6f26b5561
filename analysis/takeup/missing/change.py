"""The mean change of all who started, whatever those who didn't answer at the end would have said: worst-case bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from takeup.errors import Fault, MissingError, collect
from takeup.estimate.columns import columns_exist, numeric
from takeup.missing.interval import imbens_manski
from takeup.results import Bounds, FrozenMap

if TYPE_CHECKING:
    from pandas import DataFrame


def change_bounds(
    frame: DataFrame, before: str, after: str, *, support: tuple[float, float], clusters: str | None = None, conf_level: float = 0.95,
) -> Bounds:
    """Worst-case bounds on the mean change of all who were measured at the start.

    Parameters
    ----------
    frame : DataFrame, one row a unit; rows without the first measurement are left out
    before, after : column names of the two measurements
    support : lowest and highest value that a measurement can have
    clusters : column of groups whose members share an environment, for the interval

    Returns
    -------
    Bounds
        `n` all who were measured at the start, `n_missing` those of them without the second measurement; they end at the lowest value in `lower`
        and at the highest in `upper`. `extra`: `unchanged`, the mean change if those without an answer hadn't changed at all.

    Raises
    ------
    MissingError, EstimateError
        A support that isn't two numbers in order, measurements outside it (their number), nobody measured at the start.

    Notes
    -----
    Assumes nothing but the support (Manski 1990). Interval: Imbens and Manski (2004), with the standard errors of the two filled-in means.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> group = pd.DataFrame({"start": [2.0, 4.0, 6.0, 4.0], "end": [5.0, 6.0, None, 6.0]})
    >>> found = tu.change_bounds(group, "start", "end", support=(0, 10))
    >>> found.lower, found.upper, found.extra["unchanged"]
    (0.25, 2.75, 1.75)
    """
    from takeup.estimate.change import change

    columns_exist(frame, [name for name in (before, after, clusters) if name is not None])
    low, high = support
    known = ~np.isnan(numeric(frame[before], before))
    began = frame[known]
    start, end = numeric(began[before], before), numeric(began[after], after)
    _check(start, end, low, high)
    gone = np.isnan(end)
    filled = began.assign(**{before: start})
    ends = [change(filled.assign(**{after: np.where(gone, value, end)}), before, after, clusters=clusters, conf_level=conf_level)
            for value in (low, high)]
    conf_low, conf_high, _critical = imbens_manski(ends[0].estimate, ends[1].estimate, ends[0].std_error, ends[1].std_error, conf_level)
    return Bounds(
        outcome=after, estimand="change", lower=ends[0].estimate, upper=ends[1].estimate, std_error_lower=ends[0].std_error,
        std_error_upper=ends[1].std_error, conf_low=conf_low, conf_high=conf_high, conf_level=conf_level, n=start.size, n_treated=start.size,
        n_missing=int(gone.sum()), method="manski", reason="Everybody without the second measurement at the lowest, then at the highest value.",
        extra=FrozenMap(unchanged=float(np.where(gone, 0.0, end - start).mean())),
    )


def _check(start: np.ndarray, end: np.ndarray, low: float, high: float) -> None:
    faults = [] if low < high else [Fault("the lowest value stands first and is below the highest", "support")]
    if not start.size:
        faults.append(Fault("nobody was measured at the start", "before"))
    elif low < high:
        odd = int(((start < low) | (start > high)).sum() + ((end < low) | (end > high)).sum())
        faults += [Fault(f"{odd} values lie outside the support", "support", f"{low:g} to {high:g}")] if odd else []
    collect(MissingError, faults)
