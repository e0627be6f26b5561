"""The attrition boundary of the What Works Clearinghouse, as a table with its source.

For each overall attrition (percent, by row from 0) the highest difference between the arms (percentage points) at which attrition
still counts as low, so that its bias is expected to stay within 0.05 standard deviations: under cautious (conservative) assumptions
on how response goes with the outcome, and under optimistic (liberal) ones.

Source: What Works Clearinghouse (2020), Standards Handbook, version 4.1, table II.1; the model behind it: Deke and Chiang (2017),
Evaluation Review 41. Between rows the boundary is interpolated; beyond its end attrition is high whatever the difference.
"""

from __future__ import annotations

import math
from typing import Literal

CAUTIOUS = (
    5.7, 5.8, 5.9, 5.9, 6.0, 6.1, 6.2, 6.3, 6.3, 6.3, 6.3, 6.2, 6.2, 6.1, 6.0, 5.9, 5.9, 5.8, 5.7, 5.5,
    5.4, 5.3, 5.2, 5.1, 4.9, 4.8, 4.7, 4.5, 4.4, 4.3, 4.1, 4.0, 3.8, 3.6, 3.5, 3.3, 3.2, 3.1, 2.9, 2.8,
    2.6, 2.5, 2.3, 2.1, 2.0, 1.8, 1.6, 1.5, 1.3, 1.2, 1.0, 0.9, 0.7, 0.6, 0.4, 0.3, 0.2, 0.0,
)
OPTIMISTIC = (
    10.0, 10.1, 10.2, 10.3, 10.4, 10.5, 10.7, 10.8, 10.9, 10.9, 10.9, 10.9, 10.9, 10.8, 10.8, 10.7, 10.6, 10.5, 10.3, 10.2,
    10.0, 9.9, 9.7, 9.5, 9.4, 9.2, 9.0, 8.8, 8.6, 8.4, 8.2, 8.0, 7.8, 7.6, 7.4, 7.2, 7.0, 6.7, 6.5, 6.3,
    6.0, 5.8, 5.6, 5.3, 5.1, 4.9, 4.6, 4.4, 4.2, 3.9, 3.7, 3.5, 3.2, 3.0, 2.8, 2.6, 2.3, 2.1, 1.9, 1.6,
    1.4, 1.1, 0.9, 0.7, 0.5, 0.3,
)
Level = Literal["low", "high"]


def boundary(overall: float, table: tuple[float, ...]) -> float:
    """The highest difference that counts as low at an overall attrition, both as shares; nan beyond the end of the table.

    >>> boundary(0.105, CAUTIOUS)
    0.0625
    """
    percent = 100.0 * overall
    if math.isnan(percent) or percent > len(table) - 1:
        return math.nan
    row = min(int(percent), len(table) - 2)
    return (table[row] + (percent - row) * (table[row + 1] - table[row])) / 100.0


def judge(overall: float, difference: float, table: tuple[float, ...]) -> Level:
    """Whether attrition is low or high."""
    limit = boundary(overall, table)
    return "high" if math.isnan(limit) or abs(difference) > limit + 1e-12 else "low"
