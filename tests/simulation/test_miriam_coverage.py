"""Five hundred editions that never were: clustered intervals hold the change, and the bound on regression to the mean what comes back by itself."""

from __future__ import annotations

import numpy as np
import pytest

from simulation.miriam import ASKED, table

EDITIONS = 500
ERROR = np.sqrt(0.95 * 0.05 / EDITIONS)
"""Monte-Carlo error of a coverage of 95 %."""


@pytest.mark.slow
def test_intervals_hold_the_change_and_bounds_what_comes_back() -> None:
    found = table(EDITIONS, 2)
    for name, row in found.iterrows():
        # eleven outcomes, most of them alike: three and a half errors are passed in one run of two hundred
        assert abs(row["centre"] - 0.95) < 3.5 * ERROR, (name, row["centre"])
        assert abs(row["bias"]) < 4 * row["width.centre"] / 3.92 / np.sqrt(EDITIONS), (name, row["bias"])
        assert row["alone"] < row["group"] + ERROR, name
    for name in ASKED:
        row = found.loc[name]
        assert abs(row["group, these centres"] - 0.95) < 3.5 * ERROR, (name, row["group, these centres"])
        # the bound errs on the wide side, so more than 95 % is no fault
        assert row["population.limit"] > 0.95 - 3.5 * ERROR, (name, row["population.limit"])
        assert row["truncation.point"] > 0.99, name
    assert found["alone"].mean() < 0.90
