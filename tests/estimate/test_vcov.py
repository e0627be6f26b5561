"""Variances against brute force (n x n matrices), statsmodels, and each other."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pytest

from takeup.errors import EstimateError
from takeup.estimate.vcov import Regression, covariance, group_sums, influence, leverages, loadings, satterthwaite, spread

RTOL = 1e-8
SE_TYPES = ("classical", "HC0", "HC1", "HC2", "HC3", "CR0", "CR1", "CR2")


def fit(x, y, weights=None) -> Regression:
    w = np.ones(y.size) if weights is None else weights
    bread = np.linalg.inv((x * w[:, None]).T @ x)
    return Regression(x=x, residuals=y - x @ (bread @ (x * w[:, None]).T @ y), bread=bread, weights=weights)


def sample(n=60, k=4, groups=9, seed=0, effects=False):
    draw = np.random.default_rng(seed)
    clusters = draw.integers(0, groups, n)
    treated = (draw.random(n) < 0.5).astype(float)
    dummies = (clusters[:, None] == np.unique(clusters)).astype(float)
    base = dummies if effects else np.column_stack([np.ones(n), draw.normal(size=(n, k - 2))])
    x = np.column_stack([base, treated])
    y = x @ draw.normal(size=x.shape[1]) + draw.normal(size=groups)[clusters] + draw.normal(size=n) * (1 + treated)
    return x, y, draw.uniform(0.3, 3.0, n), clusters.astype(np.int64)


def root_of_inverse(matrix, tolerance=1e-10):
    values, vectors = np.linalg.eigh(matrix)
    return vectors @ np.diag([value**-0.5 if value > tolerance else 0.0 for value in values]) @ vectors.T


def brute_cr2(model: Regression, clusters, contrast):
    """CR2 and its Satterthwaite degrees of freedom exactly as written, with n x n matrices."""
    n = model.residuals.size
    w = np.diag(np.ones(n) if model.weights is None else model.weights)
    annihilator = np.eye(n) - model.x @ model.bread @ model.x.T @ w
    scores, directions = [], []
    for group in np.unique(clusters):
        at = clusters == group
        block = annihilator[at] @ annihilator[at].T
        adjustment = root_of_inverse(block)
        weighted = model.x[at].T @ w[np.ix_(at, at)] @ adjustment
        scores.append(weighted @ model.residuals[at])
        directions.append(annihilator[at].T @ (weighted.T @ model.bread @ contrast))
    meat, p = np.array(scores), np.array(directions)
    gram = p @ p.T
    return model.bread @ meat.T @ meat @ model.bread, np.trace(gram) ** 2 / (gram**2).sum()


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize(
    "shape",
    [
        {"n": 60, "k": 4, "groups": 9},  # clusters larger than the rank
        {"n": 40, "k": 12, "groups": 15},  # clusters smaller than the rank
        {"n": 40, "k": 3, "groups": 40},  # many clusters of one row
        {"n": 60, "groups": 9, "effects": True},  # cluster fixed effects: I - H is singular in every cluster
    ],
    ids=["large", "small", "single", "singular"],
)
def test_cr2_and_satterthwaite_equal_brute_force(shape, weighted):
    x, y, weights, clusters = sample(**shape, seed=3)
    model = fit(x, y, weights if weighted else None)
    contrast = np.eye(x.shape[1])[-1]
    expected, df = brute_cr2(model, clusters, contrast)
    np.testing.assert_allclose(covariance(model, "CR2", clusters)[-1, -1], expected[-1, -1], rtol=RTOL)
    np.testing.assert_allclose(satterthwaite(model, contrast, "CR2", clusters), df, rtol=RTOL)
    if not shape.get("effects"):
        np.testing.assert_allclose(covariance(model, "CR2", clusters), expected, rtol=RTOL, atol=1e-12)


def test_cr2_with_a_leverage_of_one_survives():
    x, y, _, clusters = sample(seed=5)
    x = np.column_stack([x, np.arange(y.size) == 7]).astype(float)  # a dummy of its own for one row
    model = fit(x, y)
    contrast = np.eye(x.shape[1])[3]
    expected, df = brute_cr2(model, clusters, contrast)
    np.testing.assert_allclose(covariance(model, "CR2", clusters)[3, 3], expected[3, 3], rtol=RTOL)
    np.testing.assert_allclose(satterthwaite(model, contrast, "CR2", clusters), df, rtol=RTOL)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_hc2_is_cr2_with_every_row_its_own_cluster_when_unweighted(weighted):
    x, y, weights, _ = sample(seed=8)
    model = fit(x, y, weights if weighted else None)
    contrast = np.eye(x.shape[1])[-1]
    rows = np.arange(y.size)
    n = y.size
    w = np.diag(np.ones(n) if model.weights is None else model.weights)
    annihilator = np.eye(n) - x @ model.bread @ x.T @ w
    a = (w @ x @ model.bread @ contrast) / np.sqrt(1 - leverages(model))
    p = annihilator * a[:, None]
    gram = p @ p.T
    np.testing.assert_allclose(satterthwaite(model, contrast, "HC2"), np.trace(gram) ** 2 / (gram**2).sum(), rtol=RTOL)
    if not weighted:
        np.testing.assert_allclose(covariance(model, "HC2"), covariance(model, "CR2", rows), rtol=RTOL)
        np.testing.assert_allclose(satterthwaite(model, contrast, "CR2", rows), satterthwaite(model, contrast, "HC2"), rtol=RTOL)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("se_type", SE_TYPES)
def test_one_contrast_agrees_with_the_whole_matrix(se_type, weighted):
    x, y, weights, clusters = sample(seed=11)
    model = fit(x, y, weights if weighted else None)
    contrast = np.array([0.0, 1.0, -2.0, 0.5])
    whole = contrast @ covariance(model, se_type, clusters) @ contrast
    found = spread(model, contrast, se_type, clusters)
    np.testing.assert_allclose(found.variance, whole, rtol=RTOL)
    np.testing.assert_allclose((influence(model, contrast, se_type, clusters) ** 2).sum(), whole, rtol=RTOL)
    if se_type in {"HC2", "CR2"}:
        np.testing.assert_allclose(found.df, satterthwaite(model, contrast, se_type, clusters), rtol=RTOL)


def test_cr2_is_unbiased_under_the_working_model():
    """The expected variance under identity errors equals the true one, unless the contrast rests on rows fitted exactly."""
    x, y, weights, clusters = sample(seed=2)
    contrast = np.eye(4)[-1]
    for model in (fit(x, y), fit(x, y, weights)):
        a = loadings(model, contrast, "CR2", clusters)
        w = np.ones(y.size) if model.weights is None else model.weights
        annihilator = np.eye(y.size) - x @ model.bread @ (x * w[:, None]).T
        p = np.array([(annihilator[clusters == g].T @ a[clusters == g]) for g in np.unique(clusters)])
        np.testing.assert_allclose((p**2).sum(), ((w * (x @ model.bread @ contrast)) ** 2).sum(), rtol=RTOL)
        assert spread(model, contrast, "CR2", clusters).share == pytest.approx(1.0, rel=RTOL)
    uneven = np.exp(np.random.default_rng(1).normal(0, 1.5, y.size))
    assert spread(fit(x, y, uneven), contrast, "HC2").share == pytest.approx(1.0, rel=RTOL)  # biased, but nothing is hidden
    lone = np.column_stack([np.ones(6), [1.0, 0, 0, 0, 0, 0]])
    assert spread(fit(lone, np.arange(6.0)), np.eye(2)[1], "HC2").share == pytest.approx((1 / 5) / (1 + 1 / 5))


def test_against_statsmodels():
    sm = pytest.importorskip("statsmodels.api")
    x, y, weights, clusters = sample(seed=4)
    plain, weighted = sm.OLS(y, x).fit(), sm.WLS(y, x, weights=weights).fit()
    np.testing.assert_allclose(covariance(fit(x, y), "classical"), plain.cov_params(), rtol=RTOL)
    for name in ("HC0", "HC1", "HC2", "HC3"):
        np.testing.assert_allclose(covariance(fit(x, y), name), plain.get_robustcov_results(name).cov_params(), rtol=RTOL)
    np.testing.assert_allclose(covariance(fit(x, y, weights), "classical"), weighted.cov_params(), rtol=RTOL)
    for name in ("HC0", "HC1"):
        np.testing.assert_allclose(covariance(fit(x, y, weights), name), weighted.get_robustcov_results(name).cov_params(), rtol=RTOL)
    for model, ours in ((plain, fit(x, y)), (weighted, fit(x, y, weights))):
        robust = model.get_robustcov_results("cluster", groups=clusters, use_correction=True)
        np.testing.assert_allclose(covariance(ours, "CR1", clusters), robust.cov_params(), rtol=RTOL)
        bare = model.get_robustcov_results("cluster", groups=clusters, use_correction=False)
        np.testing.assert_allclose(covariance(ours, "CR0", clusters), bare.cov_params(), rtol=RTOL)


def test_ill_conditioned_regressors_keep_their_digits():
    """A year and its square, uncentred: the condition number is about 1e10 and the brute force is done on centred columns."""
    draw = np.random.default_rng(1)
    year, treated, clusters = draw.integers(1990, 2020, 200).astype(float), draw.integers(0, 2, 200).astype(float), draw.integers(0, 20, 200)
    y = treated + 0.1 * (year - 2000) + draw.normal(size=200)
    raw, centred = np.column_stack([np.ones(200), year, year**2, treated]), np.column_stack([np.ones(200), year - 2005, (year - 2005) ** 2, treated])
    from takeup.estimate.linear import least_squares

    last = np.eye(4)[3]
    ours, good = (spread(least_squares(x, y).regression, last, "CR2", clusters.astype(np.int64)) for x in (raw, centred))
    assert ours.variance == pytest.approx(good.variance, rel=1e-6)  # the columns themselves hold 6 digits less after centring
    assert ours.df == pytest.approx(good.df, rel=1e-6)


@pytest.mark.parametrize("se_type", ["CR0", "CR1", "CR2"])
def test_a_clustered_variance_needs_two_clusters(se_type):
    x, y, _, _ = sample()
    with pytest.raises(EstimateError, match="needs clusters"):
        covariance(fit(x, y), se_type)
    with pytest.raises(EstimateError, match="two clusters"):
        covariance(fit(x, y), se_type, np.zeros(y.size, dtype=np.int64))
    with pytest.raises(EstimateError, match="no variance"):
        covariance(fit(x, y), "HC4")


def test_sums_by_cluster():
    np.testing.assert_allclose(group_sums(np.array([1.0, 2.0, 4.0]), np.array([1, 0, 1])), [2.0, 5.0])


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_many_rows_take_linear_memory(weighted):
    """200,000 rows: 4,000 clusters of 5, 100 of 1,000 and 80,000 of one; a cluster x cluster matrix alone would take 51 GB."""
    n = 200_000
    clusters = np.concatenate([np.repeat(np.arange(4_000), 5), 4_000 + np.repeat(np.arange(100), 1_000), 4_100 + np.arange(80_000)])
    draw = np.random.default_rng(0)
    x = np.column_stack([np.ones(n), draw.normal(size=(n, 8)), clusters % 2])
    model = fit(x, draw.normal(size=n), draw.uniform(0.5, 2, n) if weighted else None)
    tracemalloc.start()
    started = time.perf_counter()
    found = spread(model, np.eye(10)[-1], "CR2", clusters.astype(np.int64))
    seconds, peak = time.perf_counter() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 100 < found.df < n
    assert peak < 30 * x.nbytes  # 16 MB times a constant
    assert seconds < 60  # about 1 s alone; the bound is for a loaded machine
