"""Bounds on take-up where it isn't known who was eligible: the worst and the best case of who belongs to the eligible."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.missing.interval import imbens_manski
from takeup.results import Bounds, FrozenMap

if TYPE_CHECKING:
    from takeup.estimate.arrays import Floats

METHOD = "unknown_eligibility"


def eligibility_bounds(
    received: Floats, eligible: np.ndarray[Any, Any], treated: np.ndarray[Any, Any], *, outcome: str, arm: str = "", conf_level: float = 0.95,
) -> Bounds:
    """Lowest and highest difference in take-up among the eligible, whoever of the unknown were eligible.

    Parameters
    ----------
    received : (n,) 1, 0 or nan where receipt isn't known; those rows are left out
    eligible : (n,) 1, 0, or -1 where it isn't known
    treated : (n,) bool

    Returns
    -------
    Bounds
        `extra` holds the bounds of both arms' rates (rate_treated_low ...), and rows of unknown eligibility by arm
        (count_unknown_treated, count_unknown_control).

    Notes
    -----
    A rate is lowest when the unknown who don't receive belong to the eligible and those who receive don't, and highest the other way round;
    the difference is lowest when the treated arm is at its lowest and control at its highest. Sharp, and for the plain difference of the two
    rates: blocks aren't weighted. No assumption is made on who is unknown. Interval: Imbens and Manski (2004) with each end's binomial
    variance (divisor n - 1), the arms independent.

    Examples
    --------
    >>> import numpy as np
    >>> found = eligibility_bounds(np.array([1., 1, 0, 1, 0, 0]), np.array([1, 1, -1, 1, 1, -1]), np.array([True] * 3 + [False] * 3), outcome="y")
    >>> round(found.lower, 3), round(found.upper, 3)
    (0.167, 0.667)
    """
    seen = ~np.isnan(received)
    ends = {side: _rates(received[seen & rows], eligible[seen & rows]) for side, rows in (("treated", treated), ("control", ~treated))}
    (low1, n_low1), (high1, n_high1) = ends["treated"]
    (low0, n_low0), (high0, n_high0) = ends["control"]
    lower, upper = low1 - high0, high1 - low0
    se_lower, se_upper = _error((low1, n_low1), (high0, n_high0)), _error((high1, n_high1), (low0, n_low0))
    conf_low, conf_high, critical = imbens_manski(lower, upper, se_lower, se_upper, conf_level)
    inside = seen & (eligible != 0)
    unknown = seen & (eligible == -1)
    return Bounds(
        outcome=outcome, estimand="ITT", arm=arm, lower=lower, upper=upper, std_error_lower=se_lower, std_error_upper=se_upper, conf_low=conf_low,
        conf_high=conf_high, conf_level=conf_level, n=int(inside.sum()), n_treated=int((inside & treated).sum()),
        n_control=int((inside & ~treated).sum()), n_missing=int((~seen & (eligible != 0)).sum()), method=METHOD,
        reason="" if not math.isnan(lower + upper) else "An arm has nobody who was or may have been eligible with receipt known.",
        extra=FrozenMap(critical=critical, rate_treated_low=low1, rate_treated_high=high1, rate_control_low=low0, rate_control_high=high0,
                        count_unknown_treated=int((unknown & treated).sum()), count_unknown_control=int((unknown & ~treated).sum())),
    )


def _rates(received: Floats, eligible: np.ndarray[Any, Any]) -> tuple[tuple[float, int], tuple[float, int]]:
    """The lowest and the highest rate of one arm, each with the number of people it rests on."""
    sure, open_ = received[eligible == 1], received[eligible == -1]
    took, refused = int(open_.sum()), int(open_.size - open_.sum())
    yes, n = float(sure.sum()), sure.size
    low = (yes / (n + refused), n + refused) if n + refused else ((1.0, took) if took else (math.nan, 0))
    high = ((yes + took) / (n + took), n + took) if n + took else ((0.0, refused) if refused else (math.nan, 0))
    return low, high


def _error(first: tuple[float, int], second: tuple[float, int]) -> float:
    """Standard error of a difference of two rates."""
    parts = [rate * (1.0 - rate) / (n - 1) if n > 1 else math.nan for rate, n in (first, second)]
    return math.sqrt(sum(parts)) if not any(map(math.isnan, parts)) else math.nan
