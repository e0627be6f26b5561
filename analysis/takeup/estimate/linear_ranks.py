"""Permutation tests of the sum of treated outcomes or ranks: the normal approximation, over blocks too, and the exact rank-sum test.

`randomization_test` draws or lists the trial's own assignments with any estimator; these are the textbook tests, whose distribution under
a draw of a fixed number of units a block is known without drawing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from takeup.errors import EstimateError, Fault, collect, listed
from takeup.estimate.arrays import arrays
from takeup.estimate.rank_tests import without_noise
from takeup.estimate.tails import Alternative, p_value
from takeup.results import FrozenMap, Test

if TYPE_CHECKING:
    from pandas import DataFrame

    from takeup.design import Design
    from takeup.estimate.arrays import Codes, Floats

Scores = Literal["ranks", "values"]
EXACT = 400
"""The most people for whom the distribution of a rank sum is counted out."""


def rank_test(
    frame: DataFrame, outcome: str, design: Design, *, scores: Scores = "ranks", exact: bool = False, alternative: Alternative = "two-sided",
    arm: object = None,
) -> Test:
    """Test that assignment changes nobody's outcome, from the sum of the treated units' ranks (Wilcoxon, Mann and Whitney) or outcomes.

    Parameters
    ----------
    frame : DataFrame, one row a unit
    outcome : column name
    scores : "ranks" (mid-ranks within the block, for ordinal or skewed outcomes) or "values" (the outcomes themselves)
    exact : count the distribution out instead of approximating it; ranks without blocks only
    alternative : "two-sided", "greater" (larger outcomes under treatment) or "less"
    arm : which treated arm, where there are several

    Returns
    -------
    Test
        `statistic` is the sum less its mean, over its standard deviation given the number treated in each block (divisor n - 1); `df` infinite.
        `extra`: sum, mean and sd; for ranks without blocks also mann_whitney_u and chance_larger, the chance that a treated unit has the larger
        outcome (ties count half). `exact` says whether the p-value is exact.

    Raises
    ------
    EstimateError
        Unknown or unusable columns, unknown options, an exact test with blocks, of values, or of more than 400 units.

    Notes
    -----
    A design's blocks are strata; sums of blocks are added up, which weights a block by its n1 n0 / n. Not for drawn clusters. Sources: Strasser and
    Weber (1999); Wilcoxon (1945); Mann and Whitney (1947); exact with ties by Streitberg and Roehmel (1986).

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1] * 5 + [0] * 5, "y": [5, 7, 6, 9, 8, 4, 5, 3, 2, 6]})
    >>> round(tu.rank_test(trial, "y", tu.Design("arm", 0), exact=True).p_value, 4)
    0.0397
    """
    collect(EstimateError, [
        Fault(f'"{value}" is unknown', name, listed(get_args(allowed)))
        for name, value, allowed in (("scores", scores, Scores), ("alternative", alternative, Alternative)) if value not in get_args(allowed)
    ])
    if design.draws_clusters:
        raise EstimateError(Fault("whole clusters were drawn, and this test takes units one by one", "design", remedy="Use tu.randomization_test."))
    data = arrays(frame, outcome, design, arm=arm)
    if exact and (scores != "ranks" or data.blocks is not None or data.n > EXACT):
        remedy = "Use tu.randomization_test, or exact=False."
        raise EstimateError(Fault("the exact distribution is counted for ranks of up to 400 units without blocks", "exact", remedy=remedy))
    blocks = np.zeros(data.n, dtype=np.int64) if data.blocks is None else data.blocks
    values = _ranks(data.y, blocks) if scores == "ranks" else data.y
    total, mean, variance = _moments(values, data.treated, blocks)
    extra: dict[str, Any] = {"sum": total, "mean": mean, "sd": math.sqrt(variance)}
    if scores == "ranks" and data.blocks is None:
        u = total - data.n_treated * (data.n_treated + 1) / 2
        extra |= {"mann_whitney_u": u, "chance_larger": u / (data.n_treated * data.n_control)}
    base = Test(outcome=outcome, arm=data.arm, term="treatment", n=data.n, df=math.inf, method=f"rank_test_{scores}", extra=FrozenMap(extra))
    if not variance > (1e-12 * max(1.0, float(np.abs(values).max()))) ** 2:
        return base.replace(reason="The outcome doesn't vary within any block that has both arms, so there is nothing to test.")
    z = (total - mean) / math.sqrt(variance)
    p = _exact_p(values, data.n_treated, total, alternative) if exact else p_value(z, math.inf, alternative)
    reason = "Exact given the ties." if exact else "Normal approximation, without continuity correction."
    return base.replace(statistic=z, p_value=p, exact=exact, reason=" ".join((reason, *data.notes)))


def _ranks(y: Floats, blocks: Codes) -> Floats:
    from scipy.stats import rankdata

    ranks = np.empty(y.size)
    for block in np.unique(blocks):
        here = blocks == block
        ranks[here] = rankdata(without_noise(y[here] - y[here].min()))
    return ranks


def _moments(values: Floats, treated: Floats, blocks: Codes) -> tuple[float, float, float]:
    """The sum of treated values less their block's mean on the scale of the values; its mean and variance over all draws."""
    n, n1 = np.bincount(blocks).astype(float), np.bincount(blocks, weights=treated)
    means = np.bincount(blocks, weights=values) / np.maximum(n, 1.0)
    squares = np.bincount(blocks, weights=(values - means[blocks]) ** 2)
    used = n > 1
    variance = float((n1 * (n - n1) / n * squares / (n - 1))[used].sum()) if used.any() else 0.0
    return float(values @ treated), float((n1 * means).sum()), variance


def _exact_p(ranks: Floats, n1: int, total: float, alternative: Alternative) -> float:
    """P of a rank sum at least as far out among all ways to choose n1 units: the distribution of twice the sum, unit by unit."""
    doubled = np.rint(2.0 * ranks).astype(np.int64)
    chance = np.zeros((n1 + 1, int(np.sort(doubled)[::-1][:n1].sum()) + 1))
    chance[0, 0] = 1.0
    for seen, rank in enumerate(doubled, start=1):
        for taken in range(min(seen, n1), 0, -1):  # the share of choices among the units seen so far: all stay below 1
            stay, take = (seen - taken) / seen, taken / seen
            moved = np.zeros(chance.shape[1])
            moved[rank:] = chance[taken - 1, : chance.shape[1] - rank]
            chance[taken] = (chance[taken] * stay if seen > taken else 0.0) + moved * take
    sums, observed, middle = np.arange(chance.shape[1]), round(2.0 * total), n1 * int(doubled.sum())
    n = ranks.size
    far = {"greater": sums >= observed, "less": sums <= observed, "two-sided": np.abs(sums * n - middle) >= abs(observed * n - middle)}[alternative]
    return min(1.0, float(chance[n1][far].sum()))
