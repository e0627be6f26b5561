"""The Anderson-Rubin confidence set of the effect of receiving: right however little assignment moves take-up."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np

from takeup.estimate.cace import Stages, last, two_stages
from takeup.estimate.linear import ROUNDING, SEEN, degrees_of_freedom, spread_by_rule, thin
from takeup.estimate.tails import critical, p_value
from takeup.estimate.vcov import influence
from takeup.results import ConfidenceSet, FrozenMap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame

    from takeup.design import Design

Shape = Literal["interval", "ray", "two_rays", "line", "empty"]
Intervals = tuple[tuple[float, float], ...]
FLAT = 1e-12
"""A coefficient of the quadratic below this share of its terms is rounding error."""


def anderson_rubin(
    frame: DataFrame, outcome: str, design: Design, *, covariates: Sequence[str] = (), se_type: str | None = None, df: str | None = None,
    arm: object = None, conf_level: float = 0.95,
) -> ConfidenceSet:
    """All effects b of receiving for which assignment doesn't predict (outcome - b times what was received).

    The t statistic of assignment in that regression has a square that is a ratio of two quadratics in b, so the set is solved exactly:
    an interval when assignment moves take-up enough, else two rays or the whole line.

    Parameters
    ----------
    As in `cace`: `received` is needed, blocks enter as dummies, `se_type` and `df` choose the variance and the critical value.

    Returns
    -------
    ConfidenceSet
        `intervals` in units of the outcome (per unit of dose), `shape`. `extra`: estimate (2SLS), statistic and p_value (t of
        assignment in the regression of the outcome itself, so b = 0), critical_value (of the square of t). Where no variance
        can be had the set is the whole line and `reason` says why.

    Raises
    ------
    EstimateError
        As `cace`.

    Notes
    -----
    The test has its nominal size at any strength of the instrument (Anderson and Rubin 1949; Andrews, Stock and Sun 2019). An
    empty set needs take-up that assignment doesn't move and an outcome that it does: then assignment works through something else.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1] * 4 + [0] * 4, "came": [1, 1, 0, 1, 0, 0, 1, 0], "y": [9, 7, 4, 8, 5, 4, 8, 3]})
    >>> tu.anderson_rubin(trial, "y", tu.Design("arm", 0, received="came")).shape
    'line'
    """
    stages = two_stages(frame, outcome, design, covariates=covariates, se_type=se_type, df=df, arm=arm)
    data, inference = stages.data, stages.inference
    trouble, freedom = _trouble(stages)
    intervals: Intervals = ((-math.inf, math.inf),)
    shape: Shape = "line"
    extra: dict[str, float] = {}
    if not trouble:
        intervals, shape, extra = _solve(stages, critical(conf_level, freedom) ** 2)
        extra["p_value"] = p_value(extra["statistic"], freedom)
    clusters = None if inference.clusters is None else int(np.unique(inference.clusters).size)
    return ConfidenceSet(
        outcome=data.outcome, arm=data.arm, intervals=intervals, shape=shape, conf_level=conf_level, df=freedom, n=data.n, n_clusters=clusters,
        method="anderson_rubin", se_type=inference.se_type, extra=FrozenMap(extra),
        reason=" ".join(part for part in (trouble, inference.reason, *data.notes) if part),
    )


def _trouble(stages: Stages) -> tuple[str, float]:
    """Why there is no variance to test with (empty where there is), and the degrees of freedom."""
    fit, inference, data = stages.reduced, stages.inference, stages.data
    if not fit.kept[-1]:
        return "Nothing is excluded: assignment depends on the other columns, so that there is nothing left to compare.", math.nan
    trouble = thin(data, fit, inference)
    if trouble:
        return f"Nothing is excluded. {trouble}", math.nan
    found = spread_by_rule(fit, last(fit), inference)
    freedom = degrees_of_freedom(fit, found, inference)
    if not found.variance > (ROUNDING * float(np.abs(data.y).max())) ** 2:
        return "Nothing is excluded: the residuals of the outcome have no variation.", math.nan
    if found.share < SEEN or not freedom > 0:
        return "Nothing is excluded: rows or clusters that are fitted exactly hide the variance.", math.nan
    return "", freedom


def _solve(stages: Stages, bar: float) -> tuple[Intervals, Shape, dict[str, float]]:
    """The set {b: (g - b f)**2 <= bar Var(g - b f)}, with g and f the effects of assignment on outcome and take-up."""
    inference = stages.inference
    g, f = float(stages.reduced.coefficients[-1]), float(stages.first.coefficients[-1])
    on_y, on_d = (influence(fit.regression, last(fit), inference.se_type, inference.clusters) for fit in (stages.reduced, stages.first))
    received = stages.data.received
    assert received is not None
    # in units in which the outcome and what was received are about 1, so that rounding errors can be told by their size
    y_unit, d_unit = (max(float(np.abs(values).max()), 1e-300) for values in (stages.data.y, received))
    g, f, on_y, on_d = g / y_unit, f / d_unit, on_y / y_unit, on_d / d_unit
    yy, yd, dd = float(on_y @ on_y), float(on_y @ on_d), float(on_d @ on_d)
    intervals, shape = quadratic(f**2 - bar * dd, -2.0 * (g * f - bar * yd), g**2 - bar * yy, (f**2 + bar * dd, g**2 + bar * yy))
    scale = y_unit / d_unit
    extra = {"estimate": g / f * scale if abs(f) > FLAT else math.nan, "statistic": g / math.sqrt(yy), "critical_value": bar}
    return tuple((low * scale, high * scale) for low, high in intervals), shape, extra


def quadratic(a: float, b: float, c: float, sizes: tuple[float, float]) -> tuple[Intervals, Shape]:
    """Where a x**2 + b x + c <= 0; `sizes` are those of the terms that a and c are differences of.

    >>> quadratic(1.0, 0.0, -4.0, (1.0, 4.0))
    (((-2.0, 2.0),), 'interval')
    >>> quadratic(-1.0, 0.0, 4.0, (1.0, 4.0))[1], quadratic(-1.0, 0.0, -4.0, (1.0, 4.0))[1], quadratic(0.0, 2.0, -4.0, (1.0, 4.0))[1]
    ('two_rays', 'line', 'ray')
    """
    everything: tuple[Intervals, Shape] = ((-math.inf, math.inf),), "line"
    if abs(a) <= FLAT * sizes[0]:
        if abs(b) <= FLAT * 2.0 * math.sqrt(sizes[0] * sizes[1]) or sizes[0] <= FLAT**2:
            return everything if c <= FLAT * sizes[1] else ((), "empty")
        edge = -c / b
        return (((-math.inf, edge),) if b > 0 else ((edge, math.inf),)), "ray"
    square = b**2 - 4.0 * a * c
    if square < 0:
        if a > 0 and square >= -FLAT * sizes[0] * sizes[1]:  # a single point, but for rounding
            square = 0.0
        else:
            return ((), "empty") if a > 0 else everything
    q = -0.5 * (b + math.copysign(math.sqrt(square), b))  # the root that loses no digits; the other follows from the product
    low, high = sorted((q / a, c / q)) if q != 0 else (0.0, 0.0)
    return (((low, high),), "interval") if a > 0 else (((-math.inf, low), (high, math.inf)), "two_rays")
