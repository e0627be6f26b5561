"""How much of the programme people got, and how the change goes along with it: a description, never a claim on more or fewer sessions."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import EstimateError, Fault
from takeup.estimate.change import change
from takeup.estimate.columns import codes, columns_exist, numeric
from takeup.estimate.slope import slope
from takeup.estimate.tails import check_level
from takeup.results import NAN, Estimate, FrozenMap, ResultSet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pandas import DataFrame

    from takeup.estimate.arrays import Codes, Floats

CORE = 2 / 3
"""Who came to at least this share of the sessions that she was invited to belongs to the core; others are irregular. Stated here and nowhere else."""
BANDS = (0.0, 0.25, 0.5, 0.85, 1.0)
"""Ends of the bands of attendance, beside the core's; a band holds its lower end, the last its upper one as well."""
STEP = 0.1
CAVEAT = ("Who came more often differs from who came less often in ways that aren't measured, and whoever fares better may come more: this describes "
          "who changed how, and doesn't say what more sessions would do.")


def dose(
    frame: DataFrame, outcome: str, *, attended: str, before: str | None = None, clusters: str | None = None, core: float = CORE,
    conf_level: float = 0.95,
) -> ResultSet:
    """Mean change by how often people came: core and irregular, by band of attendance, and along a straight line.

    Parameters
    ----------
    frame : DataFrame, one row a person
    outcome : column of the measurement, in any units
    attended : column with the share of sessions that a person came to, 0 to 1 (see `takeup.attendance`)
    before : column of the same measurement at the start; then it is the change that is described
    clusters : column of the groups whose members share an environment
    core : from this share on a person belongs to the core

    Returns
    -------
    ResultSet
        `term` "core" and "irregular"; "band" once a band of attendance that holds anybody (`extra` has `from_share` and `to_share`); "slope", the
        difference that goes along with ten percentage points more (`extra` has `per`). CR2 by cluster. Every `reason` holds the caveat.

    Raises
    ------
    EstimateError
        Unknown or unusable columns, shares outside 0 to 1, nobody with both.

    Notes
    -----
    Attendance isn't drawn: people who come more differ from those who don't. No number here is what the sessions do.

    Examples
    --------
    >>> import numpy as np, pandas as pd, takeup as tu
    >>> rng = np.random.default_rng(2)
    >>> women = pd.DataFrame({"came": rng.uniform(0, 1, 200), "start": rng.normal(5, 2, 200)})
    >>> women["end"] = women["start"] + women["came"] + rng.normal(0, 1, 200)
    >>> found = tu.dose(women, "end", before="start", attended="came")
    >>> round(found["core"].estimate, 1), round(found["irregular"].estimate, 1), round(found["slope"].estimate, 2)
    (0.8, 0.2, 0.12)
    """
    check_level(conf_level)
    columns_exist(frame, [name for name in (outcome, attended, before, clusters) if name is not None])
    share, values = numeric(frame[attended], attended), numeric(frame[outcome], outcome)
    start = np.zeros(values.size) if before is None else numeric(frame[before], before)
    if ((share < 0) | (share > 1)).any():
        raise EstimateError(Fault(f"{int(((share < 0) | (share > 1)).sum())} shares lie outside 0 to 1", attended))
    known = ~(np.isnan(share) | np.isnan(values) | np.isnan(start))
    if not known.any():
        raise EstimateError(Fault("nobody has both the measurements and an attendance", f"{outcome}, {attended}"))
    groups = None if clusters is None else codes(frame[clusters][known], "clusters")
    shared = {"outcome": outcome, "estimand": "mean" if before is None else "change", "conf_level": conf_level}
    parts = _Parts(start[known], values[known], share[known], groups, shared)
    classes = (parts.mean(parts.share >= core, "core", core, 1.0), parts.mean(parts.share < core, "irregular", 0.0, core))
    return ResultSet((*classes, *parts.bands(core), parts.line()))


class _Parts:
    """The people with both, and what is described of a part of them."""

    def __init__(self, start: Floats, values: Floats, share: Floats, groups: Codes | None, shared: dict[str, Any]) -> None:
        self.start, self.values, self.share, self.groups, self.shared = start, values, share, groups, shared

    def mean(self, inside: np.ndarray[Any, np.dtype[np.bool_]], term: str, low: float, high: float, by: str = "attendance") -> Estimate:
        """The mean of those inside; `by` names the whole that such parts make up."""
        from pandas import DataFrame

        extra = FrozenMap(from_share=low, to_share=high, by=by, level=f"{term} {low:.4f}-{high:.4f}")
        if not inside.any():
            return Estimate(term=term, estimate=NAN, method="change", reason="Nobody is in this part.", extra=extra, evidence="before_after",
                            **self.shared)
        part = DataFrame({"start": self.start[inside], "end": self.values[inside]})
        if self.groups is not None:
            part["group"] = self.groups[inside]
        found = change(part, "start", "end", clusters=None if self.groups is None else "group", conf_level=self.shared["conf_level"])
        return found.replace(term=term, extra=extra, reason=f"{CAVEAT} {found.reason}", n_treated=0, **self.shared)

    def bands(self, core: float) -> Iterator[Estimate]:
        """The mean by band of attendance."""
        for low, high in pairwise(sorted({*BANDS, core})):
            inside = (self.share >= low) & ((self.share < high) | (high == BANDS[-1]))
            if inside.any():
                yield self.mean(inside, "band", low, high, "core" if low >= core else "irregular")

    def line(self) -> Estimate:
        """The difference that goes along with ten percentage points more."""
        found = slope(self.values - self.start, self.share, self.groups, per=STEP, term="slope", **self.shared)
        return found.replace(estimand="association", reason=f"{CAVEAT} {found.reason}".strip())


def attendance(sessions: DataFrame, *, unit: str, attended: str) -> DataFrame:
    """The share of sessions that each person came to, from a list of persons and sessions.

    Parameters
    ----------
    sessions : DataFrame, one row a person and session she was invited to
    unit : column that names the person
    attended : column that says whether she came (0/1); rows without an entry don't count

    Returns
    -------
    DataFrame
        Indexed by person: `invited`, `came` (sessions), `share` (0 to 1).

    Raises
    ------
    EstimateError
        Unknown columns, other entries than 0 and 1.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> log = pd.DataFrame({"woman": [1, 1, 1, 2, 2], "came": [1, 1, 0, 1, 1]})
    >>> tu.attendance(log, unit="woman", attended="came")["share"].round(2).tolist()
    [0.67, 1.0]
    """
    columns_exist(sessions, [unit, attended])
    came = numeric(sessions[attended], attended)
    odd = int((~np.isin(came[~np.isnan(came)], (0.0, 1.0))).sum())
    if odd:
        raise EstimateError(Fault(f"{odd} entries are neither 0 nor 1", attended))
    known = sessions.assign(**{attended: came})[~np.isnan(came)].groupby(unit, sort=True)[attended]
    found = known.agg(["count", "sum"]).rename(columns={"count": "invited", "sum": "came"})
    return found.assign(share=found["came"] / found["invited"])
