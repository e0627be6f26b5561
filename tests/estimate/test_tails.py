"""Tail areas and quantiles against scipy.stats, also where one minus the rest would have no digit left."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from takeup.errors import EstimateError
from takeup.estimate.tails import check_level, critical, f_tail, p_value

RTOL = 1e-10


@pytest.mark.parametrize("df", [0.7, 1.0, 3.4, 30.0, 5000.0, math.inf])
@pytest.mark.parametrize("statistic", [-40.0, -2.5, 0.0, 1e-9, 0.3, 2.0, 12.0, 40.0])
def test_p_values(statistic, df):
    law = stats.norm if math.isinf(df) else stats.t(df)
    expected = {"two-sided": 2 * law.sf(abs(statistic)), "greater": law.sf(statistic), "less": law.cdf(statistic)}
    for alternative, value in expected.items():
        np.testing.assert_allclose(p_value(statistic, df, alternative), value, rtol=RTOL)


def test_the_far_tail_isn_t_zero():
    assert 0 < p_value(12.0, 500) < 1e-28
    assert 0 < f_tail(300.0, 2, 500) < 1e-70


@pytest.mark.parametrize("df", [1.0, 4.2, 100.0, math.inf])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
def test_critical_values(df, level):
    law = stats.norm if math.isinf(df) else stats.t(df)
    np.testing.assert_allclose(critical(level, df), law.isf((1 - level) / 2), rtol=RTOL)


@pytest.mark.parametrize(("df1", "df2"), [(1.0, 20.0), (3.0, 7.5), (4.0, math.inf)])
def test_f_tails(df1, df2):
    for statistic in (0.1, 1.0, 9.0):
        expected = stats.chi2(df1).sf(df1 * statistic) if math.isinf(df2) else stats.f(df1, df2).sf(statistic)
        np.testing.assert_allclose(f_tail(statistic, df1, df2), expected, rtol=RTOL)


def test_nothing_comes_of_nothing():
    assert math.isnan(p_value(math.nan, 3))
    assert math.isnan(p_value(1.0, math.nan))
    assert math.isnan(critical(0.95, math.nan))
    assert math.isnan(f_tail(1.0, 1, math.nan))
    assert p_value(0.0, 5) == 1.0
    for level in (0.0, 1.0, 95, -0.1):
        with pytest.raises(EstimateError, match="confidence level"):
            check_level(level)
