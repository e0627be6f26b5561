"""Who the compliers are: means of baseline columns among them, by Abadie's weights."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from takeup.errors import DescribeError, Fault, is_design
from takeup.estimate.arrays import Arrays, Floats, arrays
from takeup.estimate.columns import numeric
from takeup.estimate.linear import ROUNDING, result
from takeup.estimate.rules import choose, complete_blocks
from takeup.estimate.vcov import group_sums
from takeup.results import NAN, Estimate, ResultSet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pandas import DataFrame, Series

    from takeup.design import Design

NO_COMPLIERS = 1e-10
"""A share of compliers below this is none."""
DESCRIBED = "A mean among compliers by Abadie's weights (2003); it is described, not tested."


def complier_profile(
    frame: DataFrame, columns: Sequence[str], design: Design, *, arm: object = None, conf_level: float = 0.95,
) -> ResultSet:
    """Means of baseline columns among compliers, beside those of everybody.

    Nobody can be pointed out as a complier, but their means can be had: units that can't be compliers (controls who received the
    programme, treated who didn't) get a negative weight that takes their like out of the whole.

    Parameters
    ----------
    frame : DataFrame, one row a unit
    columns : baseline columns; text and categories give one row a level
    design : `received` must be 0/1
    arm : which treated arm, where there are several

    Returns
    -------
    ResultSet of Estimate
        `outcome` the column, `term` the level; normal inference at the level of the draw. `extra`: mean_all, ratio (complier mean over
        mean_all), difference, standardized_difference (over the standard deviation of everybody).

    Raises
    ------
    EstimateError, DescribeError
        Unknown or unusable columns, a dose in place of 0/1.

    Notes
    -----
    Weight of a row: 1 - D (1 - Z) / (1 - p) - (1 - D) Z / p, with Z the assignment, D the programme received and p the probability of
    assignment: the declared one, or the share treated (of the block), whose estimation the standard error takes into account.
    Assumes monotonicity. A mean can fall outside the range of the column where compliers are few. Source: Abadie (2003), theorem 3.1.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1] * 4 + [0] * 4, "came": [1, 1, 0, 1, 0, 0, 0, 0], "age": [30, 34, 50, 32, 31, 35, 48, 30]})
    >>> found = tu.complier_profile(trial, ["age"], tu.Design("arm", 0, received="came"))["age"]
    >>> round(found.estimate, 2), round(found.extra["mean_all"], 2)
    (31.67, 36.25)
    """
    columns = (columns,) if isinstance(columns, str) else tuple(columns)
    column = received_column(design)
    whole = arrays(frame, column, design, arm=arm, needs=("received",), also=columns)
    data = complete_blocks(whole)
    if not np.isin(data.y, (0.0, 1.0)).all():
        raise DescribeError(Fault("holds a dose: there is no one group of compliers", column, remedy="Declare a 0/1 column as received."))
    return ResultSet(tuple(
        _profile(data, values, name, level, design, conf_level, _asked(whole, frame[name]))
        for name in columns for level, values in _levels(frame[name].iloc[data.rows], name)
    ))


def _asked(whole: Arrays, column: Series) -> tuple[int, int]:
    """Of the rows of both arms how many have a receipt and a value, and how many lack one of them."""
    known = int(column.iloc[whole.rows].notna().sum())
    return known, whole.n_missing + whole.n - known


def _levels(column: Series, name: str) -> list[tuple[str, Floats]]:
    """A column as numbers: itself, or 0/1 for each of its levels; nan where missing."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if is_numeric_dtype(column.dtype) or is_bool_dtype(column.dtype):
        return [("", numeric(column, name))]
    present = column.dropna().unique()
    levels = [level for level in getattr(column.dtype, "categories", sorted(present, key=str)) if level in set(present)]
    missing = column.isna().to_numpy()
    return [(str(level), np.where(missing, np.nan, (column == level).to_numpy(dtype=bool, na_value=False))) for level in levels]


def _profile(data: Arrays, x: Floats, name: str, level: str, design: Design, conf_level: float, asked: tuple[int, int]) -> Estimate:
    seen = ~np.isnan(x)
    part = complete_blocks(replace(data.take(seen), y=x[seen], outcome=name, n_missing=asked[1]))
    left = {"n_left_out": asked[0] - part.n} if asked[0] > part.n else {}

    def outcome(mean: float, std_error: float, reason: str, **extra: float) -> Estimate:
        extra = {**extra, **left}
        found = result(part, mean, std_error, math.inf, method="abadie_kappa", se_type="robust", conf_level=conf_level, estimand="complier mean",
                       term=level, reason=" ".join((reason, DESCRIBED, *part.notes)).strip(), extra=extra)
        return found.replace(statistic=NAN, p_value=NAN)

    if part.n == 0 or part.n_treated == 0 or part.n_control == 0:
        return outcome(NAN, NAN, "No row with a value has a counterpart in the other arm.")
    w = np.ones(part.n) if part.weights is None else part.weights
    kappa, slope, lean = _kappa(part, w)
    mean_all = float(np.average(part.y, weights=w))
    total = float((w * kappa).sum())
    if total <= NO_COMPLIERS * w.sum():
        return outcome(NAN, NAN, "There are no compliers to speak of: assignment doesn't move take-up.", mean_all=mean_all)
    mean = mean_all + float((w * kappa * (part.y - mean_all)).sum()) / total
    parts = w * kappa * (part.y - mean) + lean(w * slope * (part.y - mean))
    clusters = choose(part, design, fixed_effects=False).clusters
    parts = parts if clusters is None else group_sums(parts, clusters)
    deviation = float(np.sqrt(np.average((part.y - mean_all) ** 2, weights=w)))
    spread = float(np.sqrt((parts**2).sum() * parts.size / (parts.size - 1)) / total) if parts.size > 1 else NAN
    flat = not spread > ROUNDING * float(np.abs(part.y).max())
    return outcome(
        mean, NAN if flat else spread, "The values have no variation, so there is no standard error." if flat else "", mean_all=mean_all,
        ratio=mean / mean_all if mean_all != 0 else NAN, difference=mean - mean_all,
        standardized_difference=(mean - mean_all) / deviation if deviation > 0 else NAN,
    )


def _kappa(data: Arrays, w: Floats) -> tuple[Floats, Floats, Callable[[Floats], Floats]]:
    """Abadie's weights, their derivative by the probability of assignment, and what estimating that probability adds to a row.

    The third turns row contributions to a derivative into row contributions to the estimate: by block, their sum times the row's
    pull on the share treated; nothing where the probability is declared.
    """
    z, d = data.treated, data.received
    assert d is not None
    block = np.zeros(data.n, dtype=np.int64) if data.blocks is None else np.unique(data.blocks, return_inverse=True)[1]
    mass = np.bincount(block, weights=w)
    p = data.probability if data.probability is not None else (np.bincount(block, weights=w * z) / mass)[block]
    kappa = 1.0 - d * (1.0 - z) / (1.0 - p) - (1.0 - d) * z / p
    slope = -d * (1.0 - z) / (1.0 - p) ** 2 + (1.0 - d) * z / p**2
    pull = w * (z - p) / mass[block] if data.probability is None else np.zeros(data.n)
    return kappa, slope, lambda rows: np.asarray(np.bincount(block, weights=rows)[block] * pull)


def received_column(design: Design) -> str:
    """The column of what was received; an error where the design has none."""
    is_design(design, DescribeError)
    if design.received is None:
        raise DescribeError(Fault("compliance needs the design's received", "received", remedy="Declare received= in the design."))
    return design.received
