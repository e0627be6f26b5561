"""Cost of one more: the cost that assignment adds over the outcome that it adds, with Fieller's interval."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np

from takeup.errors import EstimateError, Fault
from takeup.estimate.arrays import arrays
from takeup.estimate.columns import columns_exist, numeric
from takeup.estimate.difference import difference_in_means
from takeup.estimate.resample import resampled_weights
from takeup.estimate.rules import assignment_weights, complete_blocks
from takeup.estimate.tails import check_level, critical
from takeup.results import Estimate, FrozenMap

if TYPE_CHECKING:
    from pandas import DataFrame

    from takeup.design import Design
    from takeup.estimate.arrays import Codes, Floats

Shape = Literal["interval", "ray", "two_rays", "line"]
METHOD = "cost_per"


def cost_per(
    frame: DataFrame, outcome: str, cost: str, design: Design, *, arm: object = None, conf_level: float = 0.95, draws: int = 0, seed: int = 0,
) -> Estimate:
    """Cost of one more unit of the outcome: difference in mean cost over difference in mean outcome.

    Parameters
    ----------
    frame : DataFrame, one row a unit
    outcome : column name, such as the number of new rights
    cost : column with the programme's cost of each unit, in euros; observed wherever the outcome is
    draws : resamples for a percentile interval besides, drawn as the design drew; 0 for none

    Returns
    -------
    Estimate
        In euros for one unit of the outcome. The interval is Fieller's: infinite ends where the outcome's difference can't be told from 0.
        `extra`: cost and effect (both differences) with cost_se, effect_se and covariance; shape ("interval", "ray", "two_rays", "line"), and
        the two inner ends of two rays; bootstrap_low and bootstrap_high.

    Raises
    ------
    EstimateError
        Unknown or unusable columns; a cost that is missing where the outcome is observed.

    Notes
    -----
    Differences are differences in means with the design's variance; their covariance is half of what the variance of their sum has over the sum of
    the variances, which is exact as all three are the same quadratic form. Degrees of freedom: the smaller of the two. `std_error` is the delta
    method's, for comparison only: the ratio is skewed. Source: Fieller (1954), Journal of the Royal Statistical Society B 16, section 2;
    Willan and O'Brien (1996), Health Economics 5.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1, 0] * 6, "rights": [3, 1, 4, 1, 2, 0, 3, 1, 3, 2, 4, 1], "euros": [600, 0, 700, 0, 500, 0] * 2})
    >>> found = tu.cost_per(trial, "rights", "euros", tu.Design("arm", 0))
    >>> round(found.estimate), round(found.conf_low), round(found.conf_high)
    (277, 187, 517)
    """
    check_level(conf_level)
    columns_exist(frame, (outcome, cost, *design.columns))
    euros, values = numeric(frame[cost], cost), numeric(frame[outcome], outcome)
    absent = int((np.isnan(euros) & ~np.isnan(values)).sum())
    if absent:
        raise EstimateError(Fault(f"{absent} units with an observed outcome have no cost", cost, remedy="A unit that cost nothing has cost 0."))
    scale = _scale(values, euros)
    parts = {"effect": values, "cost": np.where(np.isnan(values), np.nan, euros), "sum": values * scale + euros}
    found = {name: difference_in_means(frame.assign(**{f"{METHOD} {name}": column}), f"{METHOD} {name}", design, arm=arm, conf_level=conf_level)
             for name, column in parts.items()}
    effect, spent = found["effect"], found["cost"]
    spread = 0.0 if math.isnan(spent.std_error) else spent.std_error  # the same cost everywhere: it varies with nothing
    together = 0.0 if math.isnan(spent.std_error) else (found["sum"].std_error**2 - (scale * effect.std_error) ** 2 - spread**2) / (2 * scale)
    df = effect.df if math.isnan(spent.df) else min(effect.df, spent.df)
    ratio = spent.estimate / effect.estimate if effect.estimate else math.nan
    ends, shape = fieller(effect.estimate, spent.estimate, effect.std_error**2, spread**2, together, critical(conf_level, df))
    extra = {"cost": spent.estimate, "effect": effect.estimate, "cost_se": spread, "effect_se": effect.std_error, "covariance": together,
             "shape": shape}
    if shape == "two_rays":
        extra |= {"inner_low": ends[0], "inner_high": ends[1]}
    if draws:
        low, high = _percentiles(frame, outcome, euros, design, arm, conf_level, draws, seed)
        extra |= {"bootstrap_low": low, "bootstrap_high": high}
    variance = spread**2 - 2 * ratio * together + ratio**2 * effect.std_error**2
    delta = math.sqrt(max(variance, 0.0)) / abs(effect.estimate) if effect.estimate else math.nan
    limits = ends if shape == "interval" else (-math.inf, math.inf)
    return effect.replace(
        outcome=outcome, estimand="cost per unit", term=cost, estimate=ratio, std_error=delta, df=df, statistic=math.nan, p_value=math.nan,
        conf_low=limits[0], conf_high=limits[1], method=METHOD, reason=f"{_WORDS[shape]} {effect.reason}".strip(), extra=FrozenMap(extra),
    )


_WORDS = {
    "interval": "Fieller's interval.",
    "two_rays": "The outcome's difference can't be told from 0, so that Fieller's set has no end: one more may cost any amount outside two limits.",
    "ray": "The outcome's difference can't be told from 0, so that Fieller's set has one end only.",
    "line": "Neither difference can be told from 0, so that one more may cost any amount.",
}


def fieller(
    effect: float, cost: float, var_effect: float, var_cost: float, covariance: float, quantile: float
) -> tuple[tuple[float, float], Shape]:
    """Fieller's set of ratios cost / effect that a t test doesn't reject: its ends in order, and its shape.

    For two rays the ends are the inner ones: the set is what lies outside of them.
    """
    square = quantile**2
    a, b, c = effect**2 - square * var_effect, effect * cost - square * covariance, cost**2 - square * var_cost
    root = b**2 - a * c
    if math.isnan(root) or (a < 0 and root <= 0):
        return (-math.inf, math.inf), "line"
    if a == 0:
        return (-math.inf, math.inf), "line" if b == 0 else "ray"
    ends = sorted(((b - math.sqrt(max(root, 0.0))) / a, (b + math.sqrt(max(root, 0.0))) / a))
    return (ends[0], ends[1]), "interval" if a > 0 else "two_rays"


def _scale(values: Floats, euros: Floats) -> float:
    """What brings the outcome to the size of the cost, so that no digits are lost in their sum."""
    seen = ~np.isnan(values)
    size, cost = float(np.abs(values[seen]).max(initial=0.0)), float(np.abs(euros[seen]).max(initial=0.0))
    return cost / size if size > 0 and cost > 0 else 1.0


def _percentiles(
    frame: DataFrame, outcome: str, euros: Floats, design: Design, arm: object, conf_level: float, draws: int, seed: int,
) -> tuple[float, float]:
    """The percentile interval of the ratio over resamples; resamples in which an arm of a block is gone leave that block out."""
    data = complete_blocks(arrays(frame, outcome, design, arm=arm))
    weights = assignment_weights(data, data.blocks)[0]
    blocks = np.zeros(data.n, dtype=np.int64) if data.blocks is None else np.unique(data.blocks, return_inverse=True)[1]
    cell, spent = 2 * blocks + data.treated.astype(np.int64), euros[data.rows]
    ratios = []
    for times in resampled_weights(data, design, draws, seed):
        mass = times if weights is None else times * weights
        effect, cost = (_difference(values, cell, mass) for values in (data.y, spent))
        ratios.append(cost / effect if effect else math.nan)
    tail = (1.0 - conf_level) / 2.0
    low, high = np.nanquantile(ratios, [tail, 1.0 - tail])
    return float(low), float(high)


def _difference(values: Floats, cell: Codes, mass: Floats) -> float:
    """Difference in weighted means, blocks by their weight; blocks that lost an arm are left out."""
    size = 2 * (int(cell.max()) // 2 + 1)
    total, added = (np.bincount(cell, weights=part, minlength=size).reshape(-1, 2) for part in (mass, mass * values))
    whole = (total > 0).all(axis=1)
    means = added[whole] / total[whole]
    shares = total[whole].sum(axis=1) / total[whole].sum()
    return float(shares @ (means[:, 1] - means[:, 0]))
