"""Difference in means: Neyman, blocked, in pairs, clustered, blocked and clustered, weighted; the design says which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from takeup.estimate.arrays import Arrays, Codes, Floats, arrays, dummies
from takeup.estimate.linear import FEW_DF, ROUNDING, SEEN, coefficient, combination, least_squares, noted, result
from takeup.estimate.rules import Inference, assignment_weights, choose, complete_blocks
from takeup.estimate.vcov import group_sums, spread
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Callable

    from pandas import DataFrame

    from takeup.design import Design
    from takeup.results import Estimate

METHOD = "difference_in_means"


def difference_in_means(frame: DataFrame, outcome: str, design: Design, *, arm: object = None, conf_level: float = 0.95) -> Estimate:
    """Mean of the treated less mean of the controls, with the variance of the draw.

    ========================  ===============================================  =====================================
    draw                      variance                                         degrees of freedom
    ========================  ===============================================  =====================================
    units                     Neyman: each arm its own, divisor n - 1          Welch
    units in blocks           the same in each block, weights n_block / n      rows - 2 blocks
    pairs of units            between pair differences                         pairs - 1
    clusters                  CR2                                              Satterthwaite
    clusters in blocks        CR2 in each block, weights n_block / n           clusters - 2 blocks
    pairs of clusters         between pair totals (Imai, King and Nall 2009)   pairs - 1
    ========================  ===============================================  =====================================

    Parameters
    ----------
    frame : DataFrame, one row a unit
    outcome : column name; the estimate is in its units
    design : treatment, control, blocks, clusters, probability and weights are read
    arm : which treated arm, where there are several; the rows of that arm and control are used
    conf_level : of the interval

    Returns
    -------
    Estimate
        `extra` holds mean_treated and mean_control, whose difference is the estimate; for blocks also n_blocks and n_left_out,
        the rows of blocks (pairs) that have one arm only, which carry no comparison and leave it.

    Raises
    ------
    EstimateError
        Unknown or unusable columns, an arm without observed outcomes.

    Notes
    -----
    Where assignment probabilities are declared and differ between rows (of a block), means are weighted by one over the probability
    of the own arm; analysis weights multiply them, and blocks then count by their sum of weights. Weighted means have the HC2
    variance of the weighted regression, which is Neyman's when the weights are equal, with Welch's degrees of freedom (estimatr has
    rows - 2 there). A block with one unit (cluster) in an arm has
    no variance of its own: the variance is then taken between blocks, as in pairs, which errs on the wide side when effects differ
    between blocks. Clusters that cross blocks (providers who serve several) get CR2 over the whole with Satterthwaite degrees of freedom;
    where units alone in their block and arm hide too much of that variance, blocks enter as fixed effects with one effect for all.
    Sources: Neyman (1923); Gerber and Green (2012), equations 3.10 and 3.16; Imai, King and Nall (2009), equation 6;
    Bell and McCaffrey (2002).

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": ["t", "t", "t", "c", "c", "c"], "y": [5, 7, 9, 4, 4, 7]})
    >>> found = tu.difference_in_means(trial, "y", tu.Design("arm", "c"))
    >>> round(found.estimate, 3), round(found.std_error, 3), round(found.df, 3)
    (2.0, 1.528, 3.92)
    """
    whole = arrays(frame, outcome, design, arm=arm)
    data = complete_blocks(whole)
    if data.n == 0:
        return result(data, np.nan, np.nan, np.nan, method=METHOD, se_type="", conf_level=conf_level,
                      reason=" ".join(("No block has both arms, so there is nothing to compare.", *data.notes)))
    weights, words = assignment_weights(data, data.blocks)
    data = noted(data, words)
    inference = choose(data, design, fixed_effects=False)
    if data.blocks is not None:
        made = cells(data, weights)
        found = blocked(
            data, made, inference, design, conf_level, by_block=lambda clusters: _cr2_by_block(data, weights, clusters),
            crossing=lambda: _crossing(data, weights, made, inference, conf_level),
        )
        return found.replace(extra=FrozenMap(found.extra, n_blocks=int(np.unique(data.blocks).size), n_left_out=whole.n - data.n))
    if inference.clusters is not None:
        fit = least_squares(np.column_stack([np.ones(data.n), data.treated]), data.y, weights)
        return coefficient(data, fit, 1, inference, method=METHOD, conf_level=conf_level, extra=means(cells(data, weights)))
    return welch(data, cells(data, weights), conf_level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Block by arm: control in column 0, treated in column 1; one block where there are none.

    Attributes
    ----------
    n, mean, variance : (blocks, 2) rows, weighted mean, and variance of that mean (HC2; nan where one row holds all the weight)
    size : (blocks,) sum of weights, scaled to add up to 1
    """

    n: Floats
    mean: Floats
    variance: Floats
    size: Floats

    @property
    def differences(self) -> Floats:
        """Treated less control, by block."""
        return np.asarray(self.mean[:, 1] - self.mean[:, 0])


def cells(data: Arrays, weights: Floats | None) -> Cells:
    """Means by block and arm and their Neyman variances, shape (blocks, 2)."""
    w = np.ones(data.n) if weights is None else weights
    blocks = np.zeros(data.n, dtype=np.int64) if data.blocks is None else np.unique(data.blocks, return_inverse=True)[1]
    cell = 2 * blocks + data.treated.astype(np.int64)
    count = int(blocks.max()) + 1

    def total(values: Floats | None = None) -> Floats:
        return np.bincount(cell, weights=values, minlength=2 * count).astype(float)

    n, mass = total(), total(w)
    middle = total(data.y) / n  # means of deviations lose no digits to a large common level
    mean = middle + total(w * (data.y - middle[cell])) / mass
    share = w / mass[cell]
    free = np.where(1.0 - share > 1e-10, 1.0 - share, np.nan)
    variance = total(share**2 * (data.y - mean[cell]) ** 2 / free)
    by_block = mass.reshape(count, 2).sum(axis=1)
    return Cells(n=n.reshape(count, 2), mean=mean.reshape(count, 2), variance=variance.reshape(count, 2), size=by_block / by_block.sum())


def welch(data: Arrays, found: Cells, conf_level: float) -> Estimate:
    """The estimate of units drawn one by one, from the means and variances of the two arms."""
    variance, n = found.variance[0], found.n[0]
    whole = float(variance.sum())
    std_error, df = float(np.sqrt(whole)), np.nan
    reason = "Units were drawn one by one: Neyman's variance, each arm its own, with Welch's degrees of freedom."
    if np.isnan(whole):
        reason = f"There is one unit only in the {'control' if np.isnan(variance[0]) else 'treated'} arm, so that arm has no variance. " + reason
    elif std_error <= ROUNDING * float(np.abs(data.y).max()):
        std_error, reason = np.nan, "The outcome has no variation within the arms, so there is no standard error. " + reason
    else:
        shares = variance / whole  # squares of variances would underflow for outcomes in tiny units
        df = float(1.0 / (shares**2 / (n - 1)).sum())
        reason = _few(df) + reason
    return _estimate(data, found, std_error, df, "neyman", reason, conf_level)


def blocked(
    data: Arrays, found: Cells, inference: Inference, design: Design, conf_level: float, *, by_block: Callable[[Codes], Floats],
    crossing: Callable[[], Estimate],
) -> Estimate:
    """The estimate of a draw in blocks, by what its blocks, pairs and clusters allow.

    `by_block` gives the CR2 variance of each block's difference, nan where it has none; `crossing` the estimate for clusters that cross blocks.
    """
    assert data.blocks is not None
    clusters = inference.clusters
    contributions, blocks = found.size * found.differences, found.size.size
    if design.draw == "pairs":
        units = "" if data.clusters is None else " of clusters"
        reason = f"Drawn in pairs{units}: the variance is taken between pairs, pairs less one degrees of freedom."
        return _between(data, found, contributions, reason, "pairs", conf_level)
    if clusters is None:
        alone = (found.n < 2).any(axis=1)
        if alone.any():
            return _between(data, found, contributions, _alone(int(alone.sum()), "unit"), "between_blocks", conf_level)
        variance, df = float((found.size**2 * found.variance.sum(axis=1)).sum()), float(data.n - 2 * blocks)
        reason = "Units were drawn in blocks: Neyman's variance in each block, rows less two a block degrees of freedom."
        return _within(data, found, variance, df, reason, "neyman", conf_level)
    owner = _only_cluster(clusters, data.blocks)
    if owner is not None:
        reason = "Each block lies in one cluster: the variance is taken between clusters, clusters less one degrees of freedom."
        return _between(data, found, group_sums(contributions, owner), reason, "between_clusters", conf_level)
    if _only_cluster(data.blocks, clusters) is None:
        return crossing()
    variances = by_block(clusters)
    if np.isnan(variances).any():
        return _between(data, found, contributions, _alone(int(np.isnan(variances).sum()), "cluster"), "between_blocks", conf_level)
    df = float(np.unique(clusters).size - 2 * blocks)
    reason = "Clusters within blocks: CR2 in each block, clusters less two a block degrees of freedom."
    within = _within(data, found, float((found.size**2 * variances).sum()), df, reason, "CR2", conf_level)
    return within.replace(n_clusters=int(np.unique(clusters).size))


def _within(data: Arrays, found: Cells, variance: float, df: float, reason: str, se_type: str, conf_level: float) -> Estimate:
    std_error = float(np.sqrt(variance))
    if std_error <= ROUNDING * float(np.abs(data.y).max()):
        std_error, df, reason = np.nan, np.nan, "The outcome has no variation within the arms, so there is no standard error. " + reason
    elif df <= 0:
        std_error, df, reason = np.nan, np.nan, "There are no degrees of freedom left for a variance. " + reason
    return _estimate(data, found, std_error, df, se_type, _few(df) + reason, conf_level)


def _between(data: Arrays, found: Cells, parts: Floats, reason: str, se_type: str, conf_level: float) -> Estimate:
    """Variance between the parts that add up to the estimate, B / (B - 1) sum (part - mean)**2 (Imai, King and Nall 2009, equation 6)."""
    count = parts.size
    std_error, df = np.nan, np.nan
    if count < 2:
        reason = "There is one block only, so there is no variance between blocks. " + reason
    else:
        std_error, df = float(np.sqrt(count / (count - 1) * ((parts - parts.mean()) ** 2).sum())), float(count - 1)
        if std_error <= ROUNDING * float(np.abs(data.y).max()):
            std_error, df, reason = np.nan, np.nan, "The blocks don't differ in what they contribute, so there is no standard error. " + reason
    return _estimate(data, found, std_error, df, se_type, _few(df) + reason, conf_level)


def _crossing(data: Arrays, weights: Floats | None, found: Cells, inference: Inference, conf_level: float) -> Estimate:
    """Clusters that lie in several blocks: one regression with a mean for each block and arm, CR2 over the whole.

    Rows alone in their block and arm are fitted exactly and hide their part of the variance. Where they hide too much, blocks keep a mean of
    their own but share one effect, so that blocks weigh by their size times the share of either arm.
    """
    assert data.blocks is not None
    block = dummies(data.blocks)
    x = np.column_stack([block, block * data.treated[:, None]])
    contrast = np.concatenate([np.zeros(found.size.size), found.size])
    fit = least_squares(x, data.y, weights)
    data = noted(data, "The clusters lie in several blocks.")
    whole = combination(data, fit, contrast, inference, method=METHOD, conf_level=conf_level, extra=means(found))
    if not np.isnan(whole.std_error) or not (found.n < 2).any():
        return whole
    data = noted(data, "Some units are alone in their block and arm: blocks enter as fixed effects, with one effect for all.")
    shared = coefficient(data, least_squares(np.column_stack([block, data.treated]), data.y, weights), block.shape[1], inference, method=METHOD,
                         conf_level=conf_level, extra=means(found))
    if np.isnan(shared.std_error):
        return whole
    return shared.replace(extra=FrozenMap(shared.extra, mean_treated=shared.extra["mean_control"] + shared.estimate))


def _cr2_by_block(data: Arrays, weights: Floats | None, clusters: Codes) -> Floats:
    """CR2 variance of the difference in each block, nan where an arm has fewer than two clusters, shape (blocks,)."""
    assert data.blocks is not None
    order = np.argsort(data.blocks, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(data.blocks[order]) != 0])
    out = np.full(starts.size, np.nan)
    for position, rows in enumerate(np.split(order, starts[1:])):
        z, members = data.treated[rows], clusters[rows]
        if min(np.unique(members[z == value]).size for value in (0.0, 1.0)) < 2:
            continue
        fit = least_squares(np.column_stack([np.ones(rows.size), z]), data.y[rows], None if weights is None else weights[rows])
        seen = spread(fit.regression, np.array([0.0, 1.0]), "CR2", members)
        out[position] = seen.variance if seen.share >= SEEN else np.nan
    return out


def _only_cluster(clusters: Codes, blocks: Codes) -> Codes | None:
    """The cluster that each block lies in, blocks in the order of their codes; None where a block holds rows of several."""
    present, first, position = np.unique(blocks, return_index=True, return_inverse=True)
    owner = clusters[first]
    return owner if present.size and (owner[position] == clusters).all() else None


def _estimate(data: Arrays, found: Cells, std_error: float, df: float, se_type: str, reason: str, conf_level: float) -> Estimate:
    return result(
        data, float((found.size * found.differences).sum()), std_error, df, method=METHOD, se_type=se_type, conf_level=conf_level,
        n_clusters=data.n_clusters, reason=" ".join((reason, *data.notes)), extra=means(found),
    )


def means(found: Cells) -> dict[str, float]:
    """The two means whose difference is the estimate."""
    control, treated = (found.size[:, None] * found.mean).sum(axis=0)
    return {"mean_treated": float(treated), "mean_control": float(control)}


def _alone(count: int, unit: str) -> str:
    word = "1 block has" if count == 1 else f"{count} blocks have"
    return f"{word} one {unit} only in an arm: the variance is taken between blocks, blocks less one degrees of freedom."


def _few(df: float) -> str:
    return f"With {df:.1f} degrees of freedom the test and the interval are a rough guide. " if df < FEW_DF else ""
