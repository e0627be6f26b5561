"""The stacked regressions are the public estimators, data set by data set."""

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.infer.batched import ClusterSums, least_squares_cr2, least_squares_hc2, welch

RNG = np.random.default_rng(2)
SETS, N = 6, 40
CLUSTERS = np.repeat(range(10), [3, 4, 5, 1, 6, 2, 3, 4, 5, 7])
ARMS = np.array([1, 0, 1, 0, 1, 0, 0, 1, 1, 0])


def agrees(fits, place, estimate):
    ours = [fits.estimate[place], fits.std_error[place], fits.df[place]]
    np.testing.assert_allclose(ours, [estimate.estimate, estimate.std_error, estimate.df], rtol=1e-9)


@pytest.mark.parametrize("lost", [0.0, 0.2])
def test_units_drawn_one_by_one(lost):
    x, d = RNG.normal(size=(SETS, N)), (RNG.random((SETS, N)) < 0.4).astype(float)
    y = RNG.exponential(size=(SETS, N)) + x
    y[RNG.random((SETS, N)) < lost] = np.nan
    there = ~np.isnan(y)
    fits = least_squares_hc2(np.stack([np.ones((SETS, N)), x, d], axis=2) * there[..., None], np.nan_to_num(y))
    means = welch(y, d)
    for place in range(SETS):
        frame = pd.DataFrame({"arm": d[place].astype(int), "x": x[place], "y": y[place]})
        agrees(fits, place, tu.ancova(frame, "y", tu.Design("arm", 0), covariates=["x"]))
        agrees(means, place, tu.difference_in_means(frame, "y", tu.Design("arm", 0)))


@pytest.mark.parametrize("covariate", [True, False])
def test_clusters_from_their_sums(covariate):
    sets = [(RNG.normal(size=CLUSTERS.size), RNG.normal(size=10)[CLUSTERS] + RNG.exponential(size=CLUSTERS.size)) for _ in range(4)]

    def sums(values):
        return np.stack([np.bincount(CLUSTERS, weights=one) for one in values])

    d = np.tile(ARMS, (4, 1)).astype(float)
    fits = least_squares_cr2(ClusterSums(sums([np.ones(CLUSTERS.size)] * 4), d, sums([x for x, _ in sets]), sums([y for _, y in sets]),
                                         sums([x * x for x, _ in sets]), sums([x * y for x, y in sets])), covariate=covariate)
    design = tu.Design("arm", 0, draw="clustered", clusters="c")
    for place, (x, y) in enumerate(sets):
        frame = pd.DataFrame({"arm": ARMS[CLUSTERS], "c": CLUSTERS, "x": x, "y": y})
        agrees(fits, place, tu.ancova(frame, "y", design, covariates=["x"] if covariate else []))


def test_what_cannot_be_fitted_is_nan():
    d = np.ones((1, 8))
    assert np.isnan(least_squares_hc2(np.stack([np.ones((1, 8)), d], axis=2), RNG.normal(size=(1, 8))).estimate).all()
    assert np.isnan(welch(RNG.normal(size=(1, 3)), np.array([[1.0, 0.0, 0.0]])).std_error).all()
