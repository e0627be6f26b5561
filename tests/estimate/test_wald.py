"""The HTZ test held against its definition written out with n x n matrices, simulation, and the Satterthwaite t test for one contrast."""

from __future__ import annotations

import numpy as np
import pytest

from takeup.estimate.linear import least_squares
from takeup.estimate.rules import Inference
from takeup.estimate.tails import p_value
from takeup.estimate.vcov import covariance, satterthwaite
from takeup.estimate.wald import wald, wishart_df

N, K = 30, 4
CONTRASTS = np.array([[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, -1.0]])


def trial(seed=1, weighted=False):
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(N), rng.normal(size=(N, 2)), rng.integers(0, 2, N)])
    clusters = rng.permutation(np.repeat(np.arange(8), [1, 2, 3, 4, 5, 6, 5, 4]))
    return least_squares(x, rng.normal(size=N), rng.uniform(0.5, 2, N) if weighted else None), clusters


def generalized_root(matrix):
    values, vectors = np.linalg.eigh(matrix)
    return vectors @ np.diag(np.where(values > 1e-10, 1 / np.sqrt(np.maximum(values, 1e-300)), 0)) @ vectors.T


def forms(fit, contrasts, clusters):
    """g[s][c]: the vector such that element (s, t) of the covariance matrix is the sum over clusters of (g[s][c]'e)(g[t][c]'e)."""
    regression = fit.regression
    w = np.eye(N) if regression.weights is None else np.diag(regression.weights)
    left = np.eye(N) - regression.x @ regression.bread @ regression.x.T @ w
    found = []
    for row in contrasts:
        direction = w @ regression.x @ regression.bread @ row
        parts = []
        for c in np.unique(clusters):
            rows = clusters == c
            block = (left @ left.T)[np.ix_(rows, rows)]
            parts.append(left[rows].T @ generalized_root(block) @ direction[rows])
        found.append(parts)
    return found


def by_definition(fit, contrasts, clusters):
    g = forms(fit, contrasts, clusters)
    q = len(contrasts)
    expected = np.array([[sum(a @ b for a, b in zip(g[s], g[t], strict=True)) for t in range(q)] for s in range(q)])
    values, vectors = np.linalg.eigh(expected)
    g = forms(fit, vectors @ np.diag(values**-0.5) @ vectors.T @ contrasts, clusters)
    total = sum((g[s][i] @ g[s][j]) * (g[t][i] @ g[t][j]) + (g[s][i] @ g[t][j]) * (g[t][i] @ g[s][j])
                for s in range(q) for t in range(q) for i in range(len(g[0])) for j in range(len(g[0])))
    return q * (q + 1) / total


@pytest.mark.parametrize("weighted", [False, True])
def test_eta_for_clusters_is_its_definition(weighted):
    fit, clusters = trial(weighted=weighted)
    assert wishart_df(fit.regression, CONTRASTS, "CR2", clusters) == pytest.approx(by_definition(fit, CONTRASTS, clusters), rel=1e-8)


def test_eta_for_rows_is_its_definition():
    fit, _ = trial()
    assert wishart_df(fit.regression, CONTRASTS, "HC2", None) == pytest.approx(by_definition(fit, CONTRASTS, np.arange(N)), rel=1e-8)


def test_eta_does_not_depend_on_how_the_hypothesis_is_written():
    fit, clusters = trial()
    other = np.array([[2.0, 1.0], [-1.0, 3.0]]) @ CONTRASTS
    assert wishart_df(fit.regression, other, "CR2", clusters) == pytest.approx(wishart_df(fit.regression, CONTRASTS, "CR2", clusters), rel=1e-8)


@pytest.mark.parametrize("se_type", ["HC2", "CR2"])
def test_one_contrast_is_the_t_test(se_type):
    fit, clusters = trial(seed=3)
    level = clusters if se_type == "CR2" else None
    found = wald(fit, CONTRASTS[:1], Inference(se_type=se_type, df_rule="bell_mccaffrey", clusters=level, reason=""))
    t = fit.coefficients[1] / np.sqrt(covariance(fit.regression, se_type, level)[1, 1])
    df = satterthwaite(fit.regression, CONTRASTS[0], se_type, level)
    assert (found.statistic, found.df, found.df_denominator) == pytest.approx((t**2, 1, df), rel=1e-8)
    assert found.p_value == pytest.approx(p_value(t, df), rel=1e-8)


def test_classical_is_the_f_test_of_statsmodels():
    import statsmodels.api as sm

    fit, _ = trial(seed=5)
    theirs = sm.OLS(fit.regression.x @ fit.coefficients + fit.regression.residuals, fit.regression.x).fit().f_test(CONTRASTS)
    found = wald(fit, CONTRASTS, Inference(se_type="classical", df_rule="residual", clusters=None, reason=""))
    assert (found.statistic, found.p_value) == pytest.approx((float(theirs.fvalue), float(theirs.pvalue)), rel=1e-8)
    assert found.df_denominator == N - K


def test_contrasts_that_repeat_each_other_are_explained():
    fit, clusters = trial()
    found = wald(fit, CONTRASTS[[0, 0]], Inference(se_type="CR2", df_rule="bell_mccaffrey", clusters=clusters, reason=""))
    assert np.isnan(found.p_value)
    assert "no joint test" in found.problem


@pytest.mark.slow
def test_size_with_few_clusters():
    """Twelve clusters, three contrasts: HTZ keeps its level where the chi-square test rejects several times as often."""
    rng = np.random.default_rng(7)
    clusters = np.repeat(np.arange(12), rng.integers(3, 9, 12))
    n = clusters.size
    x = np.column_stack([np.ones(n), rng.normal(size=12)[clusters], rng.normal(size=(n, 2))])
    contrasts = np.eye(4)[1:]
    htz = Inference(se_type="CR2", df_rule="bell_mccaffrey", clusters=clusters, reason="")
    normal = Inference(se_type="CR2", df_rule="normal", clusters=clusters, reason="")
    rejected, draws = np.zeros(2), 2000
    for _ in range(draws):
        fit = least_squares(x, 0.5 * rng.normal(size=12)[clusters] + rng.normal(size=n))
        rejected += [wald(fit, contrasts, rule).p_value < 0.05 for rule in (htz, normal)]
    size = rejected / draws
    assert size[0] < 0.05 + 3 * np.sqrt(0.05 * 0.95 / draws)
    assert size[1] > 3 * size[0]


@pytest.mark.parametrize("se_type", ["CR1", "CR2_precision", "CR3"])
def test_one_contrast_is_the_t_test_under_the_other_clustered_variances(se_type):
    rng = np.random.default_rng(3)
    x = np.column_stack([np.ones(60), rng.normal(size=(60, 2))])
    clusters = np.repeat(np.arange(10), 6)
    fit = least_squares(x, x @ [1.0, 2.0, 0.0] + rng.normal(size=60), rng.uniform(0.5, 2.0, 60))
    contrast = np.array([[0.0, 1.0, 0.0]])
    found = wald(fit, contrast, Inference(se_type=se_type, df_rule="bell_mccaffrey", clusters=clusters, reason=""))
    assert found.df_denominator == pytest.approx(satterthwaite(fit.regression, contrast[0], se_type, clusters), rel=1e-8)
