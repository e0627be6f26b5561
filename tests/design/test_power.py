"""Power: against statsmodels, by simulation of the sampling variance, and by what must hold for any study."""

import math
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import takeup as tu
from takeup.design.sizing import WORKING_ICC
from takeup.errors import DesignError
from takeup.estimate.provider_df import SHARED


@pytest.mark.parametrize("share", [0.5, 0.3])
@pytest.mark.parametrize("alternative", ["two-sided", "greater"])
def test_t_power_is_that_of_statsmodels(share, alternative):
    from statsmodels.stats.power import TTestIndPower

    sides = {"two-sided": "two-sided", "greater": "larger"}[alternative]
    n, effect = 180, 0.42
    theirs = TTestIndPower().power(effect, nobs1=n * share, alpha=0.05, ratio=(1 - share) / share, alternative=sides)
    assert tu.power(effect, n, treated_share=share, alternative=alternative).power == pytest.approx(theirs, rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    effect=st.floats(0.05, 2.0), power=st.floats(0.2, 0.99), share=st.floats(0.1, 0.9), r2=st.floats(0.0, 0.9), takeup=st.floats(0.2, 1.0),
    size=st.one_of(st.none(), st.floats(2, 60)), icc=st.floats(0.0, 0.5), distribution=st.sampled_from(["t", "normal"]),
    alternative=st.sampled_from(["two-sided", "greater", "less"]),
)
def test_the_three_questions_answer_each_other(effect, power, share, r2, takeup, size, icc, distribution, alternative):
    effect = -effect if alternative == "less" else effect
    study = {"treated_share": share, "r2": r2, "takeup": takeup, "cluster_size": size, "icc": icc if size else 0.0, "distribution": distribution,
             "alternative": alternative}
    found = tu.sample_size(effect, power=power, **study)
    if found.df > 1.001:  # otherwise the smallest study there is has more power than was asked for
        assert tu.power(effect, found.n, **study).power == pytest.approx(power, rel=1e-6)
        assert tu.mde(found.n, power=power, **study).effect == pytest.approx(effect, rel=1e-6)
    assert found.n_treated + found.n_control == pytest.approx(found.n)
    assert found.n_whole >= found.n - 1e-6


@settings(max_examples=40, deadline=None)
@given(rate=st.floats(0.0, 0.9), power=st.floats(0.2, 0.95), n=st.integers(300, 5000), pooled=st.booleans(), share=st.floats(0.2, 0.8))
def test_rates_answer_each_other(rate, power, n, pooled, share):
    study = {"control_rate": rate, "pooled": pooled, "treated_share": share}
    try:
        effect = tu.mde(n, power=power, **study).effect
    except DesignError:
        return
    assert 0 < effect <= 1 - rate
    assert tu.power(effect, n, **study).power == pytest.approx(power, rel=1e-6)


def test_units_of_the_outcome_do_not_matter():
    assert tu.power(3.0, 90, sd=10.0).power == pytest.approx(tu.power(0.3, 90).power, rel=1e-12)
    assert tu.mde(90, sd=10.0).effect == pytest.approx(10 * tu.mde(90).effect, rel=1e-9)


def test_partially_nested_variance_is_that_of_simulated_trials():
    # provider effects in the treated arm only: the standard error behind the power, against the spread of simulated estimates
    rng = np.random.default_rng(5)
    providers, size, icc, control = 8, 12, 0.2, 96
    treated = rng.normal(0, math.sqrt(icc), (20_000, providers, 1)) + rng.normal(0, math.sqrt(1 - icc), (20_000, providers, size))
    estimates = treated.mean(axis=(1, 2)) - rng.normal(0, 1 / math.sqrt(control), 20_000)
    n = providers * size + control
    found = tu.power(0.3, n, provider_size=size, provider_icc=icc)
    variance = found.design_effect / (0.25 * n)
    assert variance == pytest.approx((1 + (size - 1) * icc) / (providers * size) + 1 / control, rel=1e-12)
    assert estimates.var() == pytest.approx(variance, rel=0.04)  # four Monte-Carlo errors of a variance at 20,000 draws


@pytest.mark.parametrize(("providers", "size", "controls"), [(5, 13, 65), (4, 6, 40), (12, 3, 18)])
def test_degrees_of_freedom_with_providers_are_those_of_the_test_that_the_design_chooses(providers, size, controls):
    rng = np.random.default_rng(providers)
    arms = [rng.standard_normal(providers * size), rng.standard_normal(controls)]
    frame = pd.DataFrame({"arm": np.repeat([1, 0], [providers * size, controls]), "y": np.concatenate([y / y.std(ddof=1) for y in arms]),
                          "provider": [*np.repeat(np.arange(providers), size), *[np.nan] * controls]})
    found = tu.power(0.5, len(frame), treated_share=providers * size / len(frame), provider_size=size, provider_icc=0.05)
    assert WORKING_ICC == SHARED
    assert found.df == pytest.approx(tu.ancova(frame, "y", tu.Design("arm", 0, nested_in="provider")).df, rel=1e-9)


def test_providers_of_one_are_people_and_attrition_takes_people_not_providers():
    study = {"provider_size": 13, "provider_icc": 0.05}
    assert tu.power(0.5, 128, provider_size=1).power == pytest.approx(tu.power(0.5, 128).power, rel=1e-12)
    plain = tu.power(0.6, 130, **study)
    assert tu.power(0.6, 130, **study, r2=0.3, correlation=0.5).df == plain.df == pytest.approx(2.6**2 / (1.6**2 / 4 + 1 / 64), rel=1e-12)
    lost = tu.power(0.6, 130, **study, attrition=0.2)
    assert lost.df == pytest.approx(2.47**2 / (1.47**2 / 4 + 1 / 51), rel=1e-12)  # five providers still, of 10.4; 52 controls
    assert math.isinf(tu.power(0.6, 130, **study, distribution="normal").df)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("more", [{}, {"treated_share": 0.3}, {"correlation": 0.5, "post": 2}, {"attrition": 0.2, "takeup": 0.8}])
def test_the_three_questions_answer_each_other_with_providers(alternative, more):
    study = {"provider_size": 12, "provider_icc": 0.1, "alternative": alternative, **more}
    effect = -0.5 if alternative == "less" else 0.5
    found = tu.sample_size(effect, **study)
    assert tu.power(effect, found.n, **study).power == pytest.approx(0.8, rel=1e-9)
    assert tu.mde(found.n, **study).effect == pytest.approx(effect, rel=1e-9)


def test_one_provider_cannot_be_told_from_the_programme():
    with pytest.raises(DesignError, match="degrees of freedom"):
        tu.power(0.5, 26, provider_size=13)
    assert tu.sample_size(3.0, provider_size=13).n >= 52  # two providers at least


def test_repeated_measures_factor_is_that_of_simulated_ancova():
    rng = np.random.default_rng(3)
    c, pre, post, n = 0.5, 2, 3, 4000
    covariance = np.full((pre + post, pre + post), c) + (1 - c) * np.eye(pre + post)
    values = rng.multivariate_normal(np.zeros(pre + post), covariance, n)
    x, y = values[:, :pre].mean(axis=1), values[:, pre:].mean(axis=1)
    residual = y - np.polyval(np.polyfit(x, y, 1), x)
    found = tu.power(0.3, 100, correlation=c, pre=pre, post=post).variance_factor
    assert residual.var() == pytest.approx(found, rel=0.1)  # four Monte-Carlo errors of a variance at 4,000 people


def test_mean_rate_of_unequal_arms_is_over_people():
    # the pooled test's null variance: Fleiss, Levin and Paik (2003), section 4.4, with the arms weighted by their people
    n, share, control, treated = 300, 1 / 3, 0.3, 0.45
    mean = share * treated + (1 - share) * control
    null = math.sqrt(mean * (1 - mean) * (1 / (n * share) + 1 / (n * (1 - share))))
    actual = math.sqrt(treated * (1 - treated) / (n * share) + control * (1 - control) / (n * (1 - share)))
    from scipy.stats import norm

    expected = norm.sf((norm.isf(0.025) * null - 0.15) / actual)
    assert tu.power(0.15, n, control_rate=control, treated_share=share).power == pytest.approx(expected, rel=1e-10)


def test_whole_people_arms_pairs_clusters_and_providers():
    exact = tu.sample_size(0.36)
    assert (math.ceil(exact.n), exact.n_whole) == (245, 246)  # an odd 245 would split a person between equal arms
    third = tu.sample_size(0.36, treated_share=0.3)
    assert third.n_whole == math.ceil(0.3 * third.n) + math.ceil(0.7 * third.n)
    clusters = tu.sample_size(0.36, cluster_size=10, icc=0.1)
    assert clusters.n_whole == 20 * math.ceil(clusters.clusters / 2)
    pairs = tu.sample_size(0.36, paired=True)
    assert pairs.n_whole == math.ceil(pairs.n)
    nested = tu.sample_size(0.36, provider_size=12, provider_icc=0.1)
    assert nested.n_whole == 12 * math.ceil(nested.n / 24) + math.ceil(nested.n / 2)
    assert tu.sample_size(0.36, distribution="normal", sd=0.36 * math.sqrt(25) / (1.959963984540054 + 0.8416212335729143)).n_whole == 100


def test_all_faults_come_at_once():
    with pytest.raises(DesignError) as caught:
        tu.power(0.3, 100, alpha=4, icc=-1, alternative="both", pre=1.5, takeup=0, cluster_size=3, provider_size=4)
    assert {fault.where for fault in caught.value.faults} == {"alpha", "icc", "alternative", "pre", "takeup", "provider_size"}


@pytest.mark.parametrize(
    "call",
    [
        lambda: tu.power(0.3, 100, icx=0.1), lambda: tu.power(0.3, 2), lambda: tu.power(math.nan, 100), lambda: tu.power("much", 100),
        lambda: tu.power(0.6, 100, control_rate=0.5), lambda: tu.mde(100, power=0.02), lambda: tu.mde(8, power=0.99, control_rate=0.9),
        lambda: tu.sample_size(0), lambda: tu.sample_size(0.3, alternative="less"), lambda: tu.sample_size(1e-9, power=0.999),
        lambda: tu.sample_size(0.3, power=0.04), lambda: tu.power(0.3, 100, correlation=-0.9, pre=2, post=2),
        lambda: tu.power(0.3, 100, design=tu.Design("arm", 0)),
    ],
)
def test_impossible_questions_are_refused(call):
    with pytest.raises(DesignError):
        call()


def test_a_result_is_frozen():
    with pytest.raises(FrozenInstanceError):
        tu.power(0.5, 128).n = 3


@pytest.fixture
def pilot():
    rng = np.random.default_rng(11)
    village = np.repeat(np.arange(24), 15)
    arm = (village % 2).astype(int)
    batch = rng.integers(0, 4, village.size)
    before = rng.normal(size=village.size)
    after = 2 * before + rng.normal(0, 1.5, 24)[village] + batch + rng.normal(0, 2, village.size) + 5 * arm
    return pd.DataFrame({"arm": arm, "village": village, "batch": batch, "before": before, "after": after})


def test_a_pilot_fills_in_what_is_left_out(pilot):
    import statsmodels.formula.api as smf

    design = tu.Design("arm", 0, draw="clustered", clusters="village", blocks="batch")
    read = tu.mde(600, frame=pilot, design=design, outcome="after", covariates=["before"]).extra
    table = smf.ols("after ~ C(arm)", pilot).fit()
    assert read["sd"] == pytest.approx(math.sqrt(table.mse_resid), rel=1e-10)
    within = smf.ols("after ~ C(arm) + before", pilot).fit()
    assert read["r2"] == pytest.approx(1 - within.ssr / table.ssr, rel=1e-10)
    blocks = smf.ols("after ~ C(arm) + C(batch)", pilot).fit()
    assert read["block_r2"] == pytest.approx(1 - blocks.mse_resid / table.mse_resid, rel=1e-10)
    assert (read["cluster_size"], read["cluster_size_cv"], read["treated_share"]) == (15.0, 0.0, 0.5)
    # one-way analysis of variance of villages within arms, equal sizes
    villages = smf.ols("after ~ C(village)", pilot).fit()
    between = (table.ssr - villages.ssr) / (24 - 2)
    assert read["icc"] == pytest.approx((between - villages.mse_resid) / (between + 14 * villages.mse_resid), rel=1e-10)


def test_what_is_given_wins_over_the_pilot(pilot):
    design = tu.Design("arm", 0, draw="clustered", clusters="village")
    found = tu.power(1.0, 600, frame=pilot, design=design, outcome="after", icc=0.0, sd=2.0)
    assert "icc" not in found.extra
    assert found.design_effect == 1.0


def test_a_baseline_before_the_draw_has_no_arms(pilot):
    design = tu.Design("arm", 0, draw="clustered", clusters="village")
    read = tu.mde(600, frame=pilot.drop(columns="arm"), design=design, outcome="before").extra
    assert "treated_share" not in read
    assert read["sd"] == pytest.approx(pilot["before"].std(), rel=1e-12)


def test_a_pilot_without_its_columns_is_refused(pilot):
    with pytest.raises(DesignError) as caught:
        tu.mde(600, frame=pilot, design=tu.Design("arm", 0, clusters="vilage"), outcome="afterr")
    assert len(caught.value.faults) == 2
