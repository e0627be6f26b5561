"""Least squares, ANCOVA and Lin's estimator against statsmodels, against algebra, and at 200,000 rows."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.errors import EstimateError
from takeup.estimate.linear import independent, least_squares

RTOL = 1e-8


def trial(n=200, seed=0) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame({
        "arm": draw.permutation(np.repeat(["usual", "assist"], [n - n // 3, n // 3])), "before": draw.normal(50, 10, n),
        "age": draw.integers(18, 60, n), "town": draw.choice(["a", "b", "c"], n), "block": draw.integers(0, 4, n),
        "cluster": np.arange(n) // 8, "w": draw.uniform(0.5, 3, n),
    })
    return frame.assign(after=frame["before"] * 0.5 + (frame["arm"] == "assist") * 3 + draw.normal(0, 8, n) * (1 + (frame["arm"] == "assist")))


DESIGN = tu.Design("arm", "usual")


def model(frame, formula, weights=None):
    smf = pytest.importorskip("statsmodels.formula.api")
    data = frame.assign(t=(frame["arm"] == "assist").astype(float))
    return smf.ols(formula, data).fit() if weights is None else smf.wls(formula, data, weights=frame[weights]).fit()


def agrees(ours, fit, name="t"):
    np.testing.assert_allclose(
        (ours.estimate, ours.std_error, ours.statistic, ours.p_value, ours.conf_low, ours.conf_high),
        (fit.params[name], fit.bse[name], fit.tvalues[name], fit.pvalues[name], *fit.conf_int().loc[name]), rtol=RTOL,
    )
    assert ours.df == fit.df_resid


@pytest.mark.parametrize("se_type", ["HC0", "HC1", "HC2", "HC3"])
def test_ancova_is_least_squares(se_type):
    frame = trial()
    expected = model(frame, "after ~ before + age + C(town) + t").get_robustcov_results(se_type, use_t=True)
    ours = tu.ancova(frame, "after", DESIGN, covariates=["before", "age", "town"], se_type=se_type, df="residual")
    position = list(expected.model.exog_names).index("t")
    theirs = (expected.params[position], expected.bse[position], expected.pvalues[position])
    np.testing.assert_allclose((ours.estimate, ours.std_error, ours.p_value), theirs, rtol=RTOL)


def test_classical_blocks_and_weights():
    frame = trial()
    agrees(tu.ancova(frame, "after", DESIGN, covariates=["before"], se_type="classical"), model(frame, "after ~ before + t"))
    blocked = tu.Design("arm", "usual", draw="blocked", blocks="block")
    agrees(tu.ancova(frame, "after", blocked, covariates=["before"], se_type="classical"), model(frame, "after ~ C(block) + before + t"))
    agrees(tu.ancova(frame, "after", blocked, covariates=["before"], blocks=None, se_type="classical"), model(frame, "after ~ before + t"))
    weighted = tu.Design("arm", "usual", weights="w")
    agrees(tu.ancova(frame, "after", weighted, covariates=["before"], se_type="classical"), model(frame, "after ~ before + t", "w"))


def test_lin_is_the_interacted_regression_on_centred_columns():
    frame = trial()
    centred = frame.assign(b=frame["before"] - frame["before"].mean(), a=frame["age"] - frame["age"].mean())
    agrees(tu.lin(frame, "after", DESIGN, covariates=["before", "age"], se_type="classical"), model(centred, "after ~ t * (b + a)"))
    mean = np.average(frame["before"], weights=frame["w"])
    agrees(tu.lin(frame, "after", tu.Design("arm", "usual", weights="w"), covariates=["before"], se_type="classical"),
           model(frame.assign(b=frame["before"] - mean), "after ~ t * b", "w"))


def test_lin_without_covariates_is_the_block_weighted_difference():
    frame = trial()
    blocked = tu.Design("arm", "usual", draw="blocked", blocks="block")
    ours, difference = tu.lin(frame, "after", blocked), tu.difference_in_means(frame, "after", blocked)
    np.testing.assert_allclose((ours.estimate, ours.std_error), (difference.estimate, difference.std_error), rtol=RTOL)


def test_lin_predicts_both_arms_for_everybody():
    """Its estimate is the mean difference of the predictions of a regression in each arm."""
    frame = trial()
    ours = tu.lin(frame, "after", DESIGN, covariates=["before", "age", "town"]).estimate
    smf = pytest.importorskip("statsmodels.formula.api")
    means = [smf.ols("after ~ before + age + C(town)", frame[frame["arm"] == arm]).fit().predict(frame).mean() for arm in ("assist", "usual")]
    np.testing.assert_allclose(ours, means[0] - means[1], rtol=RTOL)


def test_several_arms_never_contaminate_each_other():
    frame = trial()
    third = frame.head(40).assign(arm="other", after=1e6)
    both = pd.concat([frame, third])
    for call in (tu.ancova, tu.lin):
        alone, beside = call(frame, "after", DESIGN, covariates=["before"]), call(both, "after", DESIGN, covariates=["before"], arm="assist")
        assert alone == beside


def test_collinear_columns_are_dropped_from_the_right_as_lm_does():
    x = np.array([[1.0, 0, 2, 2, 0, 1], [1, 1, 3, 4, 0, 0], [1, 0, 2, 2, 0, 1], [1, 1, 3, 5, 0, 2], [1, 1, 3, 5, 0, 3]])
    assert independent(x).tolist() == [True, True, False, True, False, True]
    fit = least_squares(x, np.arange(5.0))
    assert np.isnan(fit.coefficients).tolist() == [False, False, True, False, True, False]
    np.testing.assert_allclose(fit.regression.x @ fit.coefficients[fit.kept] + fit.regression.residuals, np.arange(5.0), rtol=RTOL, atol=1e-12)
    wide = np.random.default_rng(0).normal(size=(3, 6))
    wide[:, 1] = 2 * wide[:, 0]
    assert independent(wide).tolist() == [True, False, True, True, False, False]


def test_collinear_covariates_change_nothing_and_are_named():
    frame = trial()
    doubled = frame.assign(twice=2 * frame["before"] + 7, one=1.0)
    plain = tu.ancova(frame, "after", DESIGN, covariates=["before"])
    ours = tu.ancova(doubled, "after", DESIGN, covariates=["before", "twice", "one"])
    np.testing.assert_allclose((ours.estimate, ours.std_error, ours.df), (plain.estimate, plain.std_error, plain.df), rtol=RTOL)
    assert "Left out, as they follow from other columns: twice, one." in ours.reason
    several = tu.lin(doubled.assign(town="a"), "after", DESIGN, covariates=["before", "twice", "town"])
    np.testing.assert_allclose(several.estimate, tu.lin(frame, "after", DESIGN, covariates=["before"]).estimate, rtol=RTOL)


def test_reasons():
    frame = trial(30)
    blocked = tu.Design("arm", "usual", draw="blocked", blocks="block")
    whole = frame.assign(block=(frame["arm"] == "assist") * 1)
    assert "isn't identified" in tu.ancova(whole, "after", blocked).reason
    assert "nothing to compare" in tu.lin(whole, "after", blocked).reason
    one = frame[(frame["arm"] == "usual") | (frame.index == frame.index[frame["arm"] == "assist"][0])]
    for found in (tu.ancova(one, "after", DESIGN), tu.lin(one, "after", DESIGN), tu.ancova(one, "after", DESIGN, se_type="HC1")):
        assert "one unit only in the treated arm" in found.reason
        assert np.isfinite(found.estimate)
        assert np.isnan(found.std_error)
    assert np.isfinite(tu.ancova(one, "after", DESIGN, se_type="classical").std_error)  # a pooled variance can do it
    assert "no variation" in tu.ancova(frame.assign(after=5.1), "after", DESIGN, covariates=["before"]).reason
    few = frame.assign(cluster=np.where(frame["arm"] == "assist", 0, frame.index % 5 + 1))
    assert "one cluster only in the treated arm" in tu.ancova(few, "after", tu.Design("arm", "usual", draw="clustered", clusters="cluster")).reason
    small = pd.concat([part.head(3) for _, part in frame.groupby("arm")])
    assert "no degrees of freedom left" in tu.lin(small, "after", DESIGN, covariates=["before", "age"]).reason


def test_rows_fitted_exactly_don_t_pass_for_certainty():
    """A level with one person in each arm is fitted exactly by Lin's regression: that part of the variance isn't seen."""
    frame = pd.DataFrame({"arm": [0, 1] * 6, "y": [3.0, 4, 5, 9, 1, 2, 8, 4, 6, 5, 7, 7], "level": list("aabbccddeeee")})
    found = tu.lin(frame, "y", tu.Design("arm", 0), covariates=["level"])
    assert "fitted exactly" in found.reason
    assert np.isnan(found.p_value)


def test_options_that_don_t_exist():
    frame = trial(40)
    wrong = (({"se_type": "HC7"}, "no variance"), ({"df": "kenward"}, "no rule"), ({"blocks": "random"}, "blocks="), ({"conf_level": 95}, "level"))
    for options, words in wrong:
        with pytest.raises(EstimateError, match=words):
            tu.ancova(frame, "after", DESIGN, **options)


def test_probabilities_that_differ_are_weighted_for():
    frame = trial().assign(p=np.where(np.arange(200) % 2, 0.2, 0.5))
    ours = tu.ancova(frame, "after", tu.Design("arm", "usual", draw="simple", probability="p"), covariates=["before"], se_type="HC0")
    weight = np.where(frame["arm"] == "assist", 1 / frame["p"], 1 / (1 - frame["p"]))
    expected = model(frame.assign(v=weight), "after ~ before + t", "v").get_robustcov_results("HC0", use_t=True)
    np.testing.assert_allclose((ours.estimate, ours.std_error), (expected.params[2], expected.bse[2]), rtol=RTOL)
    assert "probability of the own arm" in ours.reason


def test_two_hundred_thousand_rows_in_thousands_of_clusters():
    n = 200_000
    draw = np.random.default_rng(0)
    cluster = np.concatenate([np.repeat(np.arange(100), 1_000), 100 + np.arange(100_000) // 20])
    frame = pd.DataFrame({"arm": cluster % 2, "x": draw.normal(size=n), "cluster": cluster, "y": draw.normal(size=n)})
    tracemalloc.start()
    started = time.perf_counter()
    found = tu.ancova(frame, "y", tu.Design("arm", 0, draw="clustered", clusters="cluster"), covariates=["x"])
    seconds, peak = time.perf_counter() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found.n, found.n_clusters, found.se_type) == (n, 5_100, "CR2")
    assert 0 < found.std_error < 0.02
    assert peak < 400e6  # a cluster x cluster matrix of one of the large clusters and all others would be 40 GB
    assert seconds < 30  # about 0.5 s alone; the bound is for a loaded machine


def pairs_of_rows(pairs, seed=0):
    draw = np.random.default_rng(seed)
    block = np.repeat(np.arange(pairs), 4)
    frame = pd.DataFrame({"block": block, "village": block // 3, "cluster": np.arange(4 * pairs) // 2, "x": draw.normal(size=4 * pairs)})
    frame["arm"] = np.concatenate([draw.permutation([0, 0, 1, 1]) for _ in range(pairs)])
    frame["constant"] = frame["block"] % 7 * 1.1
    return frame.assign(y=frame["x"] + draw.normal(size=pairs)[block] + draw.normal(size=4 * pairs))


@pytest.mark.parametrize("se_type", ["classical", "HC0", "HC1", "HC2", "HC3", "CR0", "CR1", "CR2"])
@pytest.mark.parametrize("clusters", ["block", "village", "cluster"])
def test_block_means_taken_out_are_block_dummies(se_type, clusters, monkeypatch):
    """The same numbers with and without dummies, also for clusters within blocks (where CR2 keeps the dummies)."""
    frame = pairs_of_rows(30)
    how = tu.Design("arm", 0, draw="blocked", blocks="block", clusters=clusters)
    options = {"covariates": ["x", "constant"], "se_type": se_type}
    dense = tu.ancova(frame, "y", how, **options)
    monkeypatch.setattr("takeup.estimate.linear.DUMMIES", 5)
    absorbed = tu.ancova(frame, "y", how, **options)
    for name in ("estimate", "std_error", "df", "p_value"):
        np.testing.assert_allclose(getattr(absorbed, name), getattr(dense, name), rtol=RTOL)
    assert absorbed.reason == dense.reason
    assert "constant" in absorbed.reason


def test_thousands_of_blocks_take_linear_memory():
    frame = pairs_of_rows(20_000)
    tracemalloc.start()
    found = [tu.ancova(frame, "y", tu.Design("arm", 0, draw="blocked", blocks="block", clusters=clusters), covariates=["x"])
             for clusters in (None, "village")]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [row.se_type for row in found] == ["HC2", "CR2"]
    assert peak < 100e6  # dummies alone would take 13 GB
    aside = tu.ancova(frame.assign(arm=frame["block"] % 2), "y", tu.Design("arm", 0, draw="blocked", blocks="block"))
    assert "isn't identified" in aside.reason
