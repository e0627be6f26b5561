"""Bounds from call attempts: the arm that responds more gives up those who were hardest to reach (Behaghel and others 2015)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from takeup.errors import Fault, MissingError
from takeup.estimate.arrays import arrays
from takeup.estimate.columns import numeric
from takeup.estimate.rules import choose, complete_blocks
from takeup.missing.interval import imbens_manski
from takeup.missing.lee import arm_weights
from takeup.missing.trim import Sample, spread, trimmed_difference
from takeup.results import Bounds, FrozenMap

if TYPE_CHECKING:
    from pandas import DataFrame

    from takeup.design import Design


def call_attempt_bounds(
    frame: DataFrame, outcome: str, attempts: str, design: Design, *, arm: object = None, conf_level: float = 0.95,
) -> Bounds:
    """Bounds on the effect among those who answer within the attempts at which both arms respond alike.

    Parameters
    ----------
    frame : DataFrame, one row a unit of all that were assigned
    outcome : column name, missing where the unit didn't respond
    attempts : column with the number of attempts after which a respondent answered; only that of respondents is read
    arm : which treated arm, where there are several
    conf_level : of Imbens and Manski's interval

    Returns
    -------
    Bounds
        `trimmed_share` as in `lee_bounds`. The bounds are as wide as the group that the last attempt brings in: where an attempt makes both
        arms respond exactly alike they meet. ``extra``: attempts (of the better arm that count in full), im_critical.

    Raises
    ------
    MissingError, EstimateError
        Respondents without a number of attempts (how many), unusable columns.

    Notes
    -----
    In the better-responding arm respondents are kept in the order of their attempts; those of the attempt at which the other arm's
    response rate is passed are trimmed from the top and the bottom in turn, exactly. Assumes monotone selection, and that more effort
    reaches people in the same order in both arms. Source: Behaghel, Crepon, Gurgand and Le Barbanchon (2015), Review of
    Economics and Statistics 97, section III. Standard errors are sums of squared influences, by cluster where the design has clusters.

    Examples
    --------
    >>> import pandas as pd
    >>> from takeup.design import Design
    >>> from takeup.missing.bounds import call_attempt_bounds
    >>> trial = pd.DataFrame({"arm": [1] * 5 + [0] * 5, "y": [1, 2, 3, 4, 5, 1, 2, 3, None, None], "calls": [1, 1, 1, 2, 3, 1, 2, 3, 9, 9]})
    >>> found = call_attempt_bounds(trial, "y", "calls", Design("arm", 0))
    >>> found.lower, found.upper
    (0.0, 0.0)
    """
    data = complete_blocks(arrays(frame, outcome, design, arm=arm, keep_missing=True, also=(attempts,)))
    calls = numeric(frame[attempts], attempts)[data.rows]
    seen = ~np.isnan(data.y)
    unknown = int(np.isnan(calls[seen]).sum())
    if unknown:
        raise MissingError(Fault(f"{unknown} respondents have no number of attempts", attempts))
    weights, words = arm_weights(data, design)
    w = np.ones(data.n) if weights is None else weights
    arms = w * data.treated, w * (1 - data.treated)
    rates = [float(one[seen].sum() / one.sum()) for one in arms]
    up = rates[0] >= rates[1]
    rank = np.unique(np.where(seen, calls, 0.0), return_inverse=True)[1].ravel()
    sample = Sample(y=data.y, better=arms[0] if up else arms[1], worse=arms[1] if up else arms[0], rank=rank)
    top, bottom = trimmed_difference(sample, from_top=True), trimmed_difference(sample, from_top=False)
    sign = 1.0 if up else -1.0
    lower, upper = (top, bottom) if up else (bottom, top)
    clusters = choose(data, design, fixed_effects=False).clusters
    errors = spread(lower.influence, clusters), spread(upper.influence, clusters)
    ends = sign * lower.fractional + 0.0, sign * upper.fractional + 0.0  # never a negative zero
    low, high, c = imbens_manski(*ends, *errors, conf_level)
    better = sample.better / sample.better.sum()
    full = [call for call in np.unique(calls[seen]) if better[seen & (calls <= call)].sum() <= min(rates) + 1e-12]
    words = " ".join(("Assumes that assignment moves response in one direction only, and that effort reaches people in the same order in both arms.",
                      words, *data.notes)).strip()
    return Bounds(
        outcome=data.outcome, estimand="effect among those reached with equal response", arm=data.arm, lower=ends[0], upper=ends[1],
        std_error_lower=errors[0], std_error_upper=errors[1], conf_low=low, conf_high=high, conf_level=conf_level,
        trimmed_share=1.0 - min(rates) / max(rates), trimmed_arm="" if rates[0] == rates[1] else "treatment" if up else "control", n=data.n,
        n_treated=data.n_treated, n_control=data.n_control, n_missing=int((~seen).sum()), method="behaghel", reason=words,
        extra=FrozenMap(attempts=float(full[-1]) if full else math.nan, response_treated=rates[0], response_control=rates[1], im_critical=c),
    )
