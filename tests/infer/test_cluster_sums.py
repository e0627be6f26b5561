"""Randomisation tests on sums by cluster against the same test on rows: the same draws, the same p."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.errors import InferError

pytest.importorskip("ibis")
pytest.importorskip("duckdb")

DESIGNS = {
    "clustered": tu.Design("arm", 0, draw="clustered", clusters="town"),
    "blocked": tu.Design("arm", 0, draw="blocked_clustered", clusters="town", blocks="region"),
    "pairs": tu.Design("paired", 0, draw="pairs", clusters="town", blocks="pair"),
}


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(5)
    town = np.sort(rng.integers(0, 24, 300))
    frame = pd.DataFrame({"town": town, "region": town // 8, "pair": town // 2, "arm": np.isin(town % 8, (0, 2, 5)).astype(int), "paired": town % 2})
    frame["months"] = 500 + rng.poisson(3, 300) + rng.normal(0, 1, 24)[town] + 0.5 * frame["arm"]
    frame.loc[rng.choice(300, 20, replace=False), "months"] = np.nan
    frame.loc[frame["town"] == 7, "months"] = np.nan
    return frame


@pytest.mark.parametrize("method", ["difference_in_means", "ancova"])
@pytest.mark.parametrize("name", DESIGNS)
def test_the_same_as_on_rows(frame, name, method):
    design = DESIGNS[name]
    for statistic in ("studentized", "estimate"):
        options = {"method": method, "statistic": statistic, "draws": 500, "seed": 11, "interval": True}
        found = tu.register_randomization_test(frame, "months", design, **options)
        expected = tu.randomization_test(frame, "months", design, **options)
        assert (found.p_value, found.draws, found.exact, found.n, found.reason) == (
            expected.p_value, expected.draws, expected.exact, expected.n, expected.reason)
        names = ("estimate", "statistic", "conf_low", "conf_high", "mc_error")
        np.testing.assert_allclose([getattr(found, one) for one in names], [getattr(expected, one) for one in names], rtol=1e-9, err_msg=statistic)


def test_what_sums_do_not_hold_is_refused(frame):
    with pytest.raises(InferError) as caught:
        tu.register_randomization_test(frame, "months", tu.Design("arm", 0, draw="blocked", blocks="region", weights="months"), method="lin")
    assert len(caught.value.faults) == 3
