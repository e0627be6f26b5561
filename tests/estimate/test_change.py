"""`change` held against scipy, brute force over all signs, and published values."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from scipy import stats

import takeup as tu
from estimate.hostile import sound, trials
from takeup.errors import EstimateError
from takeup.estimate.effect_sizes import hedges_correction, noncentrality_interval
from takeup.estimate.rank_tests import binomial_interval, hodges_lehmann, mcnemar, sign_test, signed_rank


def group(seed: int = 1, n: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    before = rng.integers(0, 40, n).astype(float)
    return pd.DataFrame({"before": before, "after": before + rng.integers(-8, 12, n), "site": np.arange(n) % 7})


def test_scipy_agrees_on_the_paired_t_and_the_tests():
    frame = group()
    found = tu.change(frame, "before", "after")
    t = stats.ttest_rel(frame.after, frame.before)
    interval = t.confidence_interval(0.95)
    assert (found.statistic, found.df, found.p_value) == pytest.approx((t.statistic, t.df, t.pvalue), rel=1e-10)
    assert (found.conf_low, found.conf_high) == pytest.approx((interval.low, interval.high), rel=1e-10)
    difference = frame.after - frame.before
    normal = stats.wilcoxon(difference, method="approx", correction=False)
    assert found.extra["wilcoxon_p_normal"] == pytest.approx(normal.pvalue, rel=1e-10)
    sign = stats.binomtest(int((difference > 0).sum()), int((difference != 0).sum()))
    assert found.extra["sign_p"] == pytest.approx(sign.pvalue, rel=1e-10)
    assert (found.evidence, found.estimand, found.n, found.n_missing) == ("before_after", "change", 40, 0)


def test_signed_rank_counts_all_signs():
    differences = np.array([1.0, 2.0, 2.0, -2.0, 5.0, 0.0, -0.5, 5.0, 3.0])
    moved = differences[differences != 0]
    ranks = stats.rankdata(np.abs(moved))
    centre = ranks.sum() / 2
    observed = ranks[moved > 0].sum()
    sums = [np.dot(ranks, signs) for signs in itertools.product((0, 1), repeat=moved.size)]
    expected = np.mean([abs(v - centre) >= abs(observed - centre) - 1e-9 for v in sums])
    found = signed_rank(differences)
    assert (found.statistic, found.p_value, found.n_zero) == pytest.approx((observed, expected, 1))
    assert signed_rank(differences / 3 * 0.1).p_value == found.p_value  # rounding noise must not break ties


def test_large_groups_take_the_normal_tail():
    differences = np.random.default_rng(3).normal(0.1, 1, 400)
    found = signed_rank(differences)
    assert not found.exact
    assert found.p_value == pytest.approx(stats.wilcoxon(differences, method="approx").pvalue, rel=1e-10)
    assert signed_rank(differences[:300]).p_value == pytest.approx(stats.wilcoxon(differences[:300], method="exact").pvalue, rel=1e-8)


def test_small_tests_against_scipy():
    assert binomial_interval(12, 42, 0.95) == pytest.approx(tuple(stats.binomtest(12, 42).proportion_ci(0.95)), rel=1e-10)
    assert (binomial_interval(0, 9, 0.9)[0], binomial_interval(9, 9, 0.9)[1]) == (0.0, 1.0)
    assert sign_test(5, 10) == 1.0
    found = mcnemar(23, 4)
    assert found["mcnemar_midp"] == pytest.approx(found["mcnemar_p"] - stats.binom.pmf(23, 27, 0.5), rel=1e-10)
    assert (found["mcnemar_corrected"], mcnemar(5, 5)["mcnemar_corrected"]) == (pytest.approx(18**2 / 27), 0.0)
    assert mcnemar(0, 0) == {"mcnemar_p": 1.0, "mcnemar_midp": 1.0, "mcnemar_chi2": 0.0, "mcnemar_chi2_p": 1.0, "mcnemar_corrected": 0.0,
                             "mcnemar_corrected_p": 1.0}
    assert hodges_lehmann(np.array([1.0, 4.0, 9.0])) == np.median([1, 4, 9, 2.5, 5, 6.5])


@pytest.mark.parametrize(("t", "df"), [(2.2, 14), (-6.0, 50), (0.0, 3), (25.0, 400), (0.3, 1)])
def test_noncentrality_puts_the_statistic_at_the_tails(t, df):
    low, high = noncentrality_interval(t, df, 0.95)
    assert stats.nct.sf(t, df, low) == pytest.approx(0.025, rel=1e-6)
    assert stats.nct.cdf(t, df, high) == pytest.approx(0.025, rel=1e-6)


@pytest.mark.parametrize("df", [2, 8, 50])
def test_noncentrality_is_smooth_where_the_limit_takes_over(df):
    inside, outside = (np.array(noncentrality_interval(t, df, 0.95)) / t for t in (999.9, 1000.1))
    assert outside == pytest.approx(inside, rel=5e-5)  # the limit leaves out terms of that size


def test_hedges_correction_is_near_its_approximation():
    assert hedges_correction(50) == pytest.approx(1 - 3 / (4 * 50 - 1), rel=1e-4)
    assert math.isnan(hedges_correction(1))


def test_clusters_of_equal_size_give_the_t_test_on_their_means():
    frame = group(n=42)
    found = tu.change(frame, "before", "after", clusters="site")
    means = (frame.after - frame.before).groupby(frame.site).mean()
    expected = stats.ttest_1samp(means, 0)
    assert (found.statistic, found.df, found.p_value) == pytest.approx((expected.statistic, 6, expected.pvalue), rel=1e-8)
    assert found.se_type == "CR2"
    assert found.n_clusters == 7
    assert "wilcoxon_p" not in found.extra
    alone = tu.change(frame.assign(site=range(42)), "before", "after", clusters="site")
    plain = tu.change(frame, "before", "after")
    assert alone.extra["cohen_dz_low"] == pytest.approx(plain.extra["cohen_dz_low"], rel=1e-8)
    assert alone.std_error == pytest.approx(plain.std_error, rel=1e-10)


def test_shares_direction_and_reliable_change():
    """Jacobson and Truax (1991): S_diff = sqrt(2) SD sqrt(1 - r); a change beyond 1.96 of it counts."""
    frame = group(seed=4)
    found = tu.change(frame, "before", "after", reliability=0.8)
    difference = frame.after - frame.before
    beyond = 1.959963984540054 * math.sqrt(2) * frame.before.std() * math.sqrt(0.2)
    assert found.extra["reliable_beyond"] == pytest.approx(beyond)
    assert found.extra["reliable_improved"] == (difference > beyond).mean()
    assert found.extra["share_improved"] == (difference > 0).mean()
    turned = tu.change(frame, "before", "after", better="lower")
    assert turned.extra["share_improved"] == found.extra["share_worse"]
    assert sum(found.extra[name] for name in ("share_improved", "share_worse", "share_same")) == pytest.approx(1)


def test_zero_one_measurements_get_mcnemar():
    frame = pd.DataFrame({"before": [0] * 30 + [1] * 20, "after": [1] * 12 + [0] * 18 + [0] * 4 + [1] * 16})
    found = tu.change(frame, "before", "after")
    assert (found.extra["mcnemar_up"], found.extra["mcnemar_down"]) == (12, 4)
    assert found.extra["mcnemar_p"] == pytest.approx(stats.binomtest(4, 16).pvalue)
    assert found.estimate == pytest.approx(8 / 50)


def test_order_and_units_change_nothing():
    frame = group(seed=6)
    found = tu.change(frame, "before", "after", clusters="site")
    moved = (frame[["before", "after"]] * 0.1 + 3).assign(site="s" + frame.site.astype(str)).sample(frac=1, random_state=3)
    other = tu.change(moved, "before", "after", clusters="site")
    assert other.estimate == pytest.approx(0.1 * found.estimate)
    assert other.p_value == pytest.approx(found.p_value, rel=1e-8)
    for name in ("cohen_dz", "dav", "dav_high", "drm_low", "share_improved"):
        assert other.extra[name] == pytest.approx(found.extra[name], rel=1e-8)
    assert tu.change(moved, "before", "after").extra["wilcoxon_p"] == tu.change(frame, "before", "after").extra["wilcoxon_p"]


def test_missing_halves_are_counted_and_faults_come_together():
    frame = group()
    frame.loc[[0, 5], "after"] = np.nan
    frame.loc[[5, 6], "before"] = np.nan
    assert (tu.change(frame, "before", "after").n, tu.change(frame, "before", "after").n_missing) == (37, 3)
    with pytest.raises(EstimateError, match="2 problems"):
        tu.change(frame, "befor", "aftr")
    with pytest.raises(EstimateError, match="2 problems"):
        tu.change(frame, "before", "after", reliability=1.2, better="up")
    with pytest.raises(EstimateError, match="no row has both"):
        tu.change(frame.assign(after=np.nan), "before", "after")


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (group().assign(after=lambda f: f.before + 1), "no variation"),
        (group().head(1), "no degrees of freedom"),
        (group().assign(before=0.1), "denominator without variation"),
    ],
)
def test_what_can_not_be_had_is_explained(frame, why):
    assert why in tu.change(frame, "before", "after").reason


@settings(max_examples=150, deadline=None)
@given(trials())
def test_no_group_breaks_it(frame):
    sound(lambda: tu.change(frame, "y", "z", reliability=0.7))
    sound(lambda: tu.change(frame, "y", "z", clusters="group"))
