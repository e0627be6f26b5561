"""The Horvitz-Thompson estimator: outcomes divided by the probability of the own arm, whatever the outcome looks like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from takeup.errors import EstimateError, Fault
from takeup.estimate.arrays import Arrays, Codes, Floats, arrays
from takeup.estimate.columns import numeric
from takeup.estimate.linear import ROUNDING, result
from takeup.estimate.rules import complete_blocks
from takeup.estimate.vcov import group_sums

if TYPE_CHECKING:
    from pandas import DataFrame

    from takeup.design import Design
    from takeup.results import Estimate


def horvitz_thompson(frame: DataFrame, outcome: str, design: Design, *, arm: object = None, conf_level: float = 0.95) -> Estimate:
    """Effect of assignment from assignment probabilities alone, unbiased for the rows with an observed outcome.

    Each outcome is divided by the probability of the arm it was observed in; the sums over the arms are divided by the number of
    rows. The probability is the declared one, or the share of the draw's units (of the block) that got the arm.

    Parameters
    ----------
    frame : DataFrame, one row a unit, with every unit that was drawn: counts of the draw are taken from it
    outcome : column name; the estimate is in its units
    arm : which treated arm, where there are several
    conf_level : of the interval

    Returns
    -------
    Estimate
        Normal inference (`df` is inf). `extra` holds mean_treated and mean_control, whose difference is the estimate.

    Raises
    ------
    EstimateError
        Unknown or unusable columns, an arm without observed outcomes, an arm that varies within a drawn cluster.

    Notes
    -----
    The variance is estimated with Young's inequality in place of the products of a unit's two potential outcomes, which are never
    seen (Aronow and Samii 2017; Aronow and Middleton 2013). Simple draws: units (or the clusters the design names) are independent.
    Complete, blocked and clustered draws: joint probabilities of a fixed number drawn. Blocks with one unit in an arm, and pairs:
    between blocks. Where declared probabilities aren't the shares drawn, independence is assumed, which errs on the wide side.
    Neither estimate nor variance is invariant to a constant added to the outcome.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1, 1, 1, 0, 0, 0], "y": [5, 7, 9, 4, 4, 7]})
    >>> found = tu.horvitz_thompson(trial, "y", tu.Design("arm", 0, draw="simple", probability=0.5))
    >>> round(found.estimate, 3), round(found.std_error, 3)
    (2.0, 5.121)
    """
    data = complete_blocks(arrays(frame, outcome, design, arm=arm))
    if data.n == 0:
        return result(data, np.nan, np.nan, np.nan, method="horvitz_thompson", se_type="young", conf_level=conf_level,
                      reason=" ".join(("No block has both arms, so there is nothing to compare.", *data.notes)))
    drawn = _drawn(frame, data, design)
    signed = np.where(data.treated == 1, 1.0, -1.0) * data.y / drawn.probability * (1.0 if data.weights is None else data.weights)
    variance, reason = _variance(data, drawn, design, signed)
    std_error = float(np.sqrt(max(variance, 0.0))) / drawn.size
    if data.n_clusters == 1:
        std_error, reason = np.nan, "There is one cluster only, so there is no variance between clusters. " + reason
    elif np.isnan(std_error):
        reason = "There is one block only, with one unit in an arm, so there is no variance. " + reason
    elif std_error <= ROUNDING * float(np.abs(data.y).max()):
        std_error, reason = np.nan, "The outcome has no variation, so there is no standard error. " + reason
    treated, control = (float(signed[data.treated == code].sum() / drawn.size) for code in (1.0, 0.0))
    return result(
        data, treated + control, std_error, np.inf, method="horvitz_thompson", se_type="young", conf_level=conf_level, n_clusters=data.n_clusters,
        reason=" ".join((reason, *data.notes)), extra={"mean_treated": treated, "mean_control": -control},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What is known of the draw, for the rows analysed.

    Attributes
    ----------
    unit, block : (n,) codes of the unit that was drawn (the cluster, or the row) and of its block
    probability : (n,) of the arm the row is in
    units, own : (n,) units drawn in the block, and those of them that got the row's arm
    shares : whether the probabilities are the shares drawn, so that joint probabilities follow from the counts
    size : rows of all arms with an observed outcome (their sum of weights), in the blocks that are compared
    """

    unit: Codes
    block: Codes
    probability: Floats
    units: Floats
    own: Floats
    shares: bool
    size: float


def _drawn(frame: DataFrame, data: Arrays, design: Design) -> Drawn:
    """Counts come from all assigned rows, also those of other arms and those without an outcome: they were in the draw."""
    assigned, arms = frame[design.treatment].notna().to_numpy(), _labels(frame, design.treatment)
    block = _labels(frame, design.blocks) if design.blocks else np.zeros(len(frame), dtype=np.int64)
    unit = _labels(frame, design.clusters) if design.clusters and design.draws_clusters else np.arange(len(frame), dtype=np.int64)
    there = np.flatnonzero(assigned & (block >= 0) & (unit >= 0) & np.isin(block, block[data.rows]))
    members = there[np.unique(unit[there], return_index=True)[1]]  # one row for each unit that was drawn
    if design.draws_clusters:
        _whole(unit[there], arms[there], str(design.clusters), "arm")
        _whole(unit[there], block[there], str(design.clusters), "block")
    table = np.zeros((int(block.max()) + 1, int(arms.max()) + 1))
    np.add.at(table, (block[members], arms[members]), 1.0)
    units, own = table.sum(axis=1)[block[data.rows]], table[block[data.rows], arms[data.rows]]
    share, p = own / units, data.probability
    probability = share if p is None else np.where(data.treated == 1, p, 1.0 - p)
    observed = there[~np.isnan(numeric(frame[data.outcome], data.outcome)[there])]
    size = float(observed.size) if design.weights is None else float(np.nansum(numeric(frame[design.weights], design.weights)[observed]))
    return Drawn(
        unit=unit[data.rows], block=block[data.rows], probability=probability, units=units, own=own,
        shares=bool(np.allclose(probability, share, rtol=0.0, atol=1e-9)), size=size,
    )


def _whole(unit: Codes, label: Codes, column: str, what: str) -> None:
    """Refuse clusters that were drawn and yet hold rows of more than one arm or block."""
    pairs, units = np.unique(np.column_stack([unit, label]), axis=0).shape[0], np.unique(unit).size
    if pairs > units:
        raise EstimateError(Fault(f"clusters hold rows of more than one {what}, and whole clusters were drawn", column))


def _labels(frame: DataFrame, column: str) -> Codes:
    from pandas import factorize

    return np.asarray(factorize(frame[column])[0], dtype=np.int64)


def _variance(data: Arrays, drawn: Drawn, design: Design, signed: Floats) -> tuple[float, str]:
    """Variance of the sum of signed contributions, and why it is this one."""
    level = data.clusters if data.clusters is not None and not design.draws_clusters else drawn.unit
    joint = drawn.shares and design.draw != "simple" and (design.draws_clusters or data.clusters is None)
    if not joint:
        level = np.unique(level, return_inverse=True)[1]
        words = "Each unit by its own coin" if design.draw == "simple" else "Probabilities or clusters aren't those of a fixed number drawn"
        return float((group_sums(signed, level) ** 2).sum()), f"{words}: independent draws, Young's bound, normal inference."
    if (drawn.own < 2).any():
        parts = group_sums(signed, np.unique(drawn.block, return_inverse=True)[1])
        count = parts.size
        variance = count / (count - 1) * ((parts - parts.mean()) ** 2).sum() if count > 1 else np.nan
        return float(variance), "Blocks with one unit in an arm (pairs): the variance is taken between blocks, normal inference."
    # a drawn unit has one arm, so its total is the sum of its contributions
    unit = np.unique(drawn.unit, return_inverse=True)[1]
    first = np.unique(unit, return_index=True)[1]
    totals, arm, block = group_sums(signed, unit), data.treated[first], drawn.block[first]
    variance = 0.0
    for code in np.unique(block):
        here = block == code
        t, c = here & (arm == 1), here & (arm == 0)
        variance += _joint(totals[t], -totals[c], float(drawn.units[first][here][0]), float(drawn.own[first][t][0]), float(drawn.own[first][c][0]))
    return variance, "A fixed number was drawn: joint probabilities of that draw with Young's inequality, normal inference."


def _joint(treated: Floats, control: Floats, units: float, k1: float, k0: float) -> float:
    """Variance of a sum when k1 and k0 of the units in a block were drawn; totals are divided by their probability (Aronow and Samii 2017)."""

    def same_arm(totals: Floats, k: float) -> float:
        return float((totals**2).sum() + (1.0 - k * (units - 1.0) / (units * (k - 1.0))) * (totals.sum() ** 2 - (totals**2).sum()))

    return same_arm(treated, k1) + same_arm(control, k0) - 2.0 / units * float(treated.sum() * control.sum())
