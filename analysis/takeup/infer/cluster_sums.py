"""Randomisation inference on a register where whole clusters were drawn: an engine folds rows into clusters, and clusters are drawn again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from takeup.errors import Fault, InferError, collect, listed
from takeup.estimate.sufficient import opened
from takeup.estimate.sums import MOST_CELLS, number, survey
from takeup.infer.randomization import randomization_test
from takeup.intake.connection import held
from takeup.intake.register import work_out

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from pandas import DataFrame

    from takeup.design import Design
    from takeup.estimate.sums import Survey
    from takeup.infer.compare import Alternative, TwoSided
    from takeup.infer.randomization import RandomizationTest, Which
    from takeup.intake.register import Register, Several

Method = Literal["difference_in_means", "ancova"]
ROWS = "takeup_rows"


def register_randomization_test(
    source: Any, outcome: str, design: Design, *, method: Method = "difference_in_means", statistic: Which = "studentized",
    alternative: Alternative = "two-sided", two_sided: TwoSided = "doubled", draws: int = 10_000, seed: int = 0, interval: bool = False,
    null: float = 0.0, units: Any = None, key: str | tuple[str, str] | None = None, table: str | None = None, several: Several = "refuse",
    absent: float | None = None, arm: object = None, conf_level: float = 0.95, backend: Executor | None = None,
) -> RandomizationTest:
    """Test of the sharp null on an outcome in a register, for a draw of whole clusters; no row of the register is loaded.

    Parameters
    ----------
    source, outcome, units, key, table, several, absent : as in `from_register`
    design : a draw of clusters, clusters in blocks or pairs of clusters
    method : "difference_in_means", or "ancova" (blocks as fixed effects); without covariates
    statistic, alternative, two_sided, draws, seed, interval, null, arm, conf_level, backend : as in `randomization_test`

    Returns
    -------
    RandomizationTest
        The same draws and p-value as `randomization_test` on the rows sorted by cluster; n counts rows.

    Raises
    ------
    InferError
        The design doesn't draw clusters, or has what sums by cluster don't hold.
    IntakeError, EstimateError, DesignError
        As in `from_register` and `randomization_test`.

    Notes
    -----
    Effects and CR1 variances of a clustered draw depend on rows through the size and the mean of each cluster only, so clusters stand in
    for rows, weighted by their size. Source: Su and Ding (2021), on cluster totals and averages.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> people = pd.DataFrame({"town": [1, 1, 2, 3, 3, 3, 4, 5, 6, 6], "months": [3, 5, 6, 4, 4, 5, 1, 2, 0, 3]})
    >>> people["arm"] = (people["town"] <= 3).astype(int)
    >>> test = tu.register_randomization_test(people, "months", tu.Design("arm", 0, draw="clustered", clusters="town"))
    >>> test.exact, test.draws, round(test.p_value, 2)
    (True, 20, 0.1)
    """
    collect(InferError, _faults(design, method))
    with held(source) as place:
        register, linked = opened(place, outcome, design, units=units, key=key, table=table, several=several, absent=absent)
        seen = survey(register, outcome, design, (), arm)
        frame, n = _clusters(register, outcome, design, seen)
    weighted = replace(design, weights=ROWS)
    found = randomization_test(frame, outcome, weighted, method=method, statistic=statistic, alternative=alternative, two_sided=two_sided,
                               draws=draws, seed=seed, interval=interval, null=null, arm=arm, conf_level=conf_level, backend=backend)
    reason = found.reason if linked is None else f"{found.reason} {linked.report.sentence()}"
    size = 1.0 if statistic == "estimate" else _rescaled(frame, outcome, design, seen, method, n)
    return replace(found, n=n, statistic=found.statistic * size, reason=reason)


def _clusters(register: Register, outcome: str, design: Design, seen: Survey) -> tuple[DataFrame, int]:
    """One row a cluster, in the order of its label: mean outcome and rows; and the rows of the two arms with an outcome."""
    table = register.table
    names = [str(name) for name in (design.blocks, design.clusters, design.treatment) if name is not None]
    y = (number(table[outcome]) - seen.mean) / seen.scale
    found = work_out(
        table.group_by(**{f"takeup_{place}": table[name] for place, name in enumerate(names)})
        .aggregate(takeup_sum=y.sum(), takeup_n=y.count()).limit(MOST_CELLS + 1)
    )
    if len(found) > MOST_CELLS:
        raise InferError(Fault(f"has more than {MOST_CELLS:,} clusters", str(design.clusters)))
    found = found.rename(columns={f"takeup_{place}": name for place, name in enumerate(names)}).sort_values(names[-2], ignore_index=True)
    rows = found["takeup_n"].to_numpy(dtype=float)
    total = found["takeup_sum"].to_numpy(dtype=float, na_value=np.nan)
    mean = np.where(rows > 0, seen.mean + seen.scale * total / np.where(rows > 0, rows, 1.0), np.nan)
    frame = found[names].assign(**{outcome: mean, ROWS: np.where(rows > 0, rows, 1.0)})  # a cluster without outcomes is drawn with the rest
    both = found[design.treatment].isin([seen.arm, design.control]).to_numpy()
    return frame, int(rows[both].sum())


def _rescaled(frame: DataFrame, outcome: str, design: Design, seen: Survey, method: Method, n: int) -> float:
    """CR1's factor counts rows: what the statistic of G clusters is multiplied by to be that of n rows."""
    kept = frame[frame[design.treatment].isin([seen.arm, design.control]) & frame[outcome].notna()]
    groups = len(kept)
    if design.blocks is not None and method == "difference_in_means":
        return 1.0  # arm by arm within blocks, or between pairs: these count clusters
    k = 1 + (1 if design.blocks is None else kept[design.blocks].nunique())
    if groups <= k or n <= k:
        return 1.0
    return float(np.sqrt(((groups - 1) / (groups - k)) / ((n - 1) / (n - k))))


def _faults(design: Design, method: str) -> list[Fault]:
    faults = []
    if method not in get_args(Method):
        faults.append(Fault(f'"{method}" isn\'t tested on sums', "method", listed(get_args(Method))))
    if not design.draws_clusters or design.clusters is None:
        faults.append(Fault(f"a {design.draw} draw isn't one of clusters", "draw", "clustered, blocked_clustered, pairs of clusters",
                            "Test on rows in memory."))
    faults += [
        Fault(f"the design's {role} needs rows", role, remedy="Test on rows in memory.")
        for role in ("weights", "accept") if getattr(design, role) is not None
    ]
    if isinstance(design.probability, str):
        faults.append(Fault("probabilities by unit can't be read from a register", "probability", remedy="Test on rows in memory."))
    return faults
