"""The jackknife and the factors of clustered variances, by brute force."""

import numpy as np
import pytest

from takeup.errors import EstimateError
from takeup.estimate.linear import absorbing, least_squares
from takeup.estimate.vcov import covariance, satterthwaite, spread


def material(weighted, seed=4, n=60, groups=9):
    rng = np.random.default_rng(seed)
    clusters = rng.integers(0, groups, n)
    x = np.column_stack([np.ones(n), rng.normal(size=(n, 2)), (clusters % 2).astype(float)])
    y = x @ [1.0, 0.5, -1.0, 2.0] + rng.normal(size=groups)[clusters] + rng.normal(size=n)
    return x, y, clusters, rng.uniform(0.5, 2.0, n) if weighted else None


@pytest.mark.parametrize("weighted", [False, True])
def test_cr3_is_the_jackknife_that_leaves_out_one_cluster(weighted):
    x, y, clusters, weights = material(weighted)
    fit = least_squares(x, y, weights)
    total = np.zeros((4, 4))
    for group in np.unique(clusters):
        kept = clusters != group
        without = least_squares(x[kept], y[kept], None if weights is None else weights[kept]).coefficients
        total += np.outer(without - fit.coefficients, without - fit.coefficients)
    contrast = np.array([0.0, 1.0, 0.0, 1.0])
    assert covariance(fit.regression, "CR3", clusters) == pytest.approx(total, rel=1e-9)
    assert spread(fit.regression, contrast, "CR3", clusters).variance == pytest.approx(contrast @ total @ contrast, rel=1e-9)


@pytest.mark.parametrize(("kind", "factor"), [("CR1", 9 / 8 * 59 / 56), ("CR1G", 9 / 8), ("CR1p", 9 / 5)])
def test_factors_of_cr1(kind, factor):
    x, y, clusters, _ = material(weighted=False)
    fit = least_squares(x, y).regression
    assert covariance(fit, kind, clusters) == pytest.approx(factor * covariance(fit, "CR0", clusters), rel=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["CR0", "CR1", "CR1p", "CR2", "CR3"])
def test_satterthwaite_degrees_of_freedom_by_n_by_n_matrices(kind, weighted):
    x, y, clusters, weights = material(weighted)
    fit = least_squares(x, y, weights).regression
    contrast = np.array([0.0, 1.0, 0.0, 0.0])
    w = np.eye(len(y)) if weights is None else np.diag(weights)
    residual_maker = np.eye(len(y)) - x @ fit.bread @ x.T @ w
    rows = []
    for group in np.unique(clusters):
        unit = np.where(clusters == group, 1.0, 0.0)
        # the contribution of a cluster to the contrast is linear in the errors: the columns of identity are all errors there are
        rows.append([_contribution(fit, contrast, kind, clusters, unit, residual_maker[:, column]) for column in range(len(y))])
    omega = np.array(rows) @ np.array(rows).T
    assert satterthwaite(fit, contrast, kind, clusters) == pytest.approx(np.trace(omega) ** 2 / np.trace(omega @ omega), rel=1e-8)


def _contribution(fit, contrast, kind, clusters, unit, residuals):
    from takeup.estimate.vcov import loadings

    return float((loadings(fit, contrast, kind, clusters) * unit) @ residuals)


@pytest.mark.parametrize("kind", ["CR1", "CR3"])
def test_absorbed_blocks_give_what_dummies_give(kind):
    x, y, clusters, _ = material(weighted=False, groups=6, n=48)
    blocks = clusters // 2
    columns = x[:, 1:3]
    full = least_squares(np.column_stack([blocks[:, None] == np.unique(blocks), columns]), y).regression
    taken = absorbing(columns, y, blocks).regression
    a, b = (np.r_[np.zeros(width), 1.0] for width in (4, 1))
    groups = blocks
    if kind == "CR3":  # a block left out with its own dummy is left out whole: generalized inverse in both
        assert spread(full, a, kind, groups).variance == pytest.approx(spread(taken, b, kind, groups).variance, rel=1e-8)
    else:
        assert spread(full, a, kind, groups).variance == pytest.approx(spread(taken, b, kind, groups).variance, rel=1e-10)
    assert satterthwaite(full, a, kind, groups) == pytest.approx(satterthwaite(taken, b, kind, groups), rel=1e-8)


def test_hc1_has_no_satterthwaite_degrees_of_freedom():
    x, y, *_ = material(weighted=False)
    with pytest.raises(EstimateError):
        satterthwaite(least_squares(x, y).regression, np.array([0.0, 1.0, 0.0, 0.0]), "HC1")


def test_precision_weights_by_n_by_n_matrices():
    """Under errors of variance 1 / w the adjusted residuals of a cluster have its block of that variance, and the degrees of freedom are theirs."""
    x, y, clusters, weights = material(weighted=True)
    fit = least_squares(x, y, weights).regression
    n, contrast, phi = len(y), np.array([0.0, 1.0, 0.0, 1.0]), np.diag(1.0 / weights)
    maker = np.eye(n) - x @ fit.bread @ x.T @ np.diag(weights)
    rows = []
    for group in np.unique(clusters):
        at = np.flatnonzero(clusters == group)
        chol = np.diag(weights[at] ** -0.5)
        values, vectors = np.linalg.eigh(chol @ (maker[at] @ phi @ maker[at].T) @ chol)
        adjustment = chol @ vectors @ np.diag(values**-0.5) @ vectors.T @ chol
        assert adjustment @ (maker[at] @ phi @ maker[at].T) @ adjustment.T == pytest.approx(phi[np.ix_(at, at)], rel=1e-9, abs=1e-12)
        rows.append((fit.bread @ x[at].T @ np.diag(weights[at]) @ adjustment @ maker[at])[:, :].T @ contrast)
    found = spread(fit, contrast, "CR2_precision", clusters)
    p = np.array(rows)
    gram = p @ phi @ p.T
    assert found.variance == pytest.approx(float(((p @ y) ** 2).sum()), rel=1e-9)
    assert found.variance == pytest.approx(contrast @ covariance(fit, "CR2_precision", clusters) @ contrast, rel=1e-9)
    assert found.df == pytest.approx(np.trace(gram) ** 2 / np.trace(gram @ gram), rel=1e-8)
    assert found.share == pytest.approx(1.0, rel=1e-9)


def test_precision_weights_that_are_alike_or_absent_are_cr2():
    x, y, clusters, _ = material(weighted=False)
    contrast = np.array([0.0, 0.0, 0.0, 1.0])
    plain = spread(least_squares(x, y).regression, contrast, "CR2", clusters)
    for weights in (None, np.full(len(y), 3.0)):
        found = spread(least_squares(x, y, weights).regression, contrast, "CR2_precision", clusters)
        assert (found.variance, found.df) == pytest.approx((plain.variance, plain.df), rel=1e-9)


def test_precision_weights_refuse_a_cluster_too_large_for_its_matrix():
    x, y = np.ones((4_102, 1)), np.arange(4_102.0)
    with pytest.raises(EstimateError, match="at most 4,000"):
        covariance(least_squares(x, y, np.linspace(1, 2, len(y))).regression, "CR2_precision", np.r_[np.zeros(4_101, int), 1])
