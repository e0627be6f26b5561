"""Tables of two arms by two outcomes: against SciPy, statsmodels and lists of all tables."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import takeup as tu
from takeup.estimate.exact_tables import conditional, unconditional

DESIGN = tu.Design("arm", 0)
TABLES = [(6, 10, 3, 12), (0, 8, 5, 9), (8, 8, 5, 9), (20, 31, 11, 40), (1, 5, 1, 5)]


def people(x1, n1, x0, n0):
    return pd.DataFrame({"arm": [1] * n1 + [0] * n0, "y": [1] * x1 + [0] * (n1 - x1) + [1] * x0 + [0] * (n0 - x0)})


def counts(x1, n1, x0, n0):
    return [[x1, n1 - x1], [x0, n0 - x0]]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
def test_fisher_is_scipys(table, alternative):
    found = tu.table_test(people(*table), "y", DESIGN, alternative=alternative)
    assert found.p_value == pytest.approx(stats.fisher_exact(counts(*table), alternative=alternative).pvalue, rel=1e-9)
    ratio = stats.contingency.odds_ratio(counts(*table))
    limits = ratio.confidence_interval(0.95, alternative=alternative)
    assert found.estimate == pytest.approx(ratio.statistic, rel=1e-7)
    assert (found.conf_low, found.conf_high) == pytest.approx((limits.low, limits.high), rel=1e-6)


@pytest.mark.parametrize("table", TABLES)
def test_barnard_is_scipys(table):
    expected = stats.barnard_exact(np.array(counts(*table)).T, pooled=True, n=200)
    found = tu.table_test(people(*table), "y", DESIGN, method="barnard")
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-5)  # SciPy searches the risk on its own grid
    assert found.p_value >= expected.pvalue * (1 - 1e-9)


def test_boschloo_by_a_list_of_all_tables():
    table = (6, 10, 3, 12)
    seen = conditional(*table, "two-sided", 0.95).p_value
    risks = np.linspace(0.001, 0.999, 4001)
    total = np.zeros_like(risks)
    for a, b in itertools.product(range(11), range(13)):
        if conditional(a, 10, b, 12, "two-sided", 0.95).p_value <= seen * (1 + 1e-7):
            total += stats.binom.pmf(a, 10, risks) * stats.binom.pmf(b, 12, risks)
    found = unconditional(*table, "boschloo")
    assert found.p_value == pytest.approx(total.max(), rel=1e-6)
    assert found.statistic == pytest.approx(seen)
    assert found.p_value <= seen  # Boschloo's test rejects wherever Fisher's does


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(("method", "correction"), [("chi_square", False), ("yates", True)])
def test_chi_square_is_scipys(table, method, correction):
    expected = stats.chi2_contingency(counts(*table), correction=correction)
    found = tu.table_test(people(*table), "y", DESIGN, method=method)
    assert (found.statistic, found.p_value) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-9, abs=1e-12)


def test_newcombe_is_statsmodels():
    from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

    found = tu.table_test(people(20, 31, 11, 40), "y", DESIGN, method="newcombe")
    assert (found.conf_low, found.conf_high) == pytest.approx(confint_proportions_2indep(20, 31, 11, 40, method="newcomb"), rel=1e-9)
    assert (found.extra["risk_treated_low"], found.extra["risk_treated_high"]) == pytest.approx(proportion_confint(20, 31, method="wilson"), rel=1e-9)


def test_mantel_haenszel_is_statsmodels():
    from statsmodels.stats.contingency_tables import StratifiedTable

    rng = np.random.default_rng(8)
    frame = pd.DataFrame({"arm": rng.integers(0, 2, 200), "place": rng.integers(0, 4, 200)})
    frame["y"] = (rng.random(200) < 0.3 + 0.2 * frame["arm"] + 0.1 * (frame["place"] == 1)).astype(int)
    tables = [np.array([[((part.arm == a) & (part.y == y)).sum() for y in (1, 0)] for a in (1, 0)]) for _, part in frame.groupby("place")]
    expected = StratifiedTable(tables)
    found = tu.table_test(frame, "y", tu.Design("arm", 0, draw="blocked", blocks="place"), method="mantel_haenszel")
    assert found.estimate == pytest.approx(expected.oddsratio_pooled, rel=1e-10)
    assert found.extra["log_std_error"] == pytest.approx(expected.logodds_pooled_se, rel=1e-10)
    assert found.statistic == pytest.approx(expected.test_null_odds().statistic, rel=1e-10)


@pytest.mark.parametrize("method", ["fisher", "barnard", "boschloo", "chi_square", "yates", "newcombe"])
@pytest.mark.parametrize("value", [0, 1])
def test_one_outcome_only_is_said(method, value):
    found = tu.table_test(people(4 * value, 4, 5 * value, 5), "y", DESIGN, method=method)
    assert found.reason or not math.isnan(found.p_value)


def test_faults():
    frame = people(6, 10, 3, 12)
    with pytest.raises(tu.TakeupError, match="two-sided"):
        tu.table_test(frame, "y", DESIGN, method="barnard", alternative="less")
    with pytest.raises(tu.TakeupError, match="method"):
        tu.table_test(frame, "y", DESIGN, method="fischer")
    with pytest.raises(tu.TakeupError, match="blocks"):
        tu.table_test(frame, "y", DESIGN, method="mantel_haenszel")
    with pytest.raises(tu.TakeupError, match="0 and 1"):
        tu.table_test(frame.assign(y=range(22)), "y", DESIGN)
