"""Standardised differences: against SciPy's non-central t and by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import takeup as tu

DESIGN = tu.Design("arm", 0)
FRAME = pd.DataFrame({"arm": [1] * 9 + [0] * 14, "y": np.random.default_rng(5).normal(size=23) + np.repeat([0.7, 0.0], [9, 14])})


def test_d_is_the_difference_in_pooled_standard_deviations():
    one, other = (FRAME.loc[FRAME["arm"] == arm, "y"] for arm in (1, 0))
    pooled = np.sqrt((8 * one.var() + 13 * other.var()) / 21)
    found = tu.standardized_difference(FRAME, "y", DESIGN)
    assert found.estimate == pytest.approx((one.mean() - other.mean()) / pooled)
    assert found.extra["glass_delta"] == pytest.approx((one.mean() - other.mean()) / other.std())
    expected = stats.ttest_ind(one, other)
    assert (found.statistic, found.p_value) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-10)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_limits_leave_half_of_the_rest_in_each_tail(level):
    found = tu.standardized_difference(FRAME, "y", DESIGN, conf_level=level)
    root = np.sqrt(1 / 9 + 1 / 14)
    assert stats.nct.sf(found.statistic, 21, found.conf_low / root) == pytest.approx((1 - level) / 2, rel=1e-6)
    assert stats.nct.cdf(found.statistic, 21, found.conf_high / root) == pytest.approx((1 - level) / 2, rel=1e-6)


def test_no_variation_is_said():
    assert tu.standardized_difference(FRAME.assign(y=1.0), "y", DESIGN).reason
    assert tu.standardized_difference(FRAME.iloc[[0, 10]], "y", DESIGN).reason
    assert not np.isnan(tu.standardized_difference(FRAME.iloc[[0, 1, 10]], "y", DESIGN).estimate)
