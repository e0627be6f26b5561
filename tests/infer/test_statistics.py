"""Every statistic under every assignment equals one regression an assignment, by the textbook formula, for every scheme."""


import numpy as np
import pandas as pd
import pytest

import takeup as tu
from infer import brute
from takeup.infer.trial import trial_null

RNG = np.random.default_rng(3)


def units():
    frame = pd.DataFrame({"arm": [1] * 5 + [0] * 7, "y": RNG.exponential(size=12), "z": RNG.normal(size=12), "x": RNG.normal(size=12),
                          "c": [1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3], "w": RNG.uniform(0.5, 2, 12)})
    return frame.assign(m=frame["y"].mask(frame.index.isin([2, 8, 9])))


def blocks(block):
    frame = pd.DataFrame({"arm": [1, 1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0], "b": block, "y": RNG.exponential(size=12), "x": RNG.normal(size=12),
                          "w": RNG.uniform(0.5, 2, 12), "c": [1, 2, 3, 4] * 3})
    return frame.assign(m=frame["y"].mask(frame.index.isin([1, 9])))


def pairs():
    frame = pd.DataFrame({"b": np.repeat(range(7), 2), "arm": [1, 0] * 7, "y": RNG.exponential(size=14), "x": RNG.normal(size=14)})
    return frame.assign(m=frame["y"].mask(frame.index == 3))


def coins():
    return pd.DataFrame({"arm": [1, 0, 1, 0, 1, 0, 0, 1], "y": RNG.exponential(size=8), "x": RNG.normal(size=8), "p": RNG.uniform(0.3, 0.7, 8)})


def clusters():
    c = np.repeat(range(8), [2, 3, 1, 4, 2, 3, 2, 3])
    frame = pd.DataFrame({"c": c, "arm": np.array([1, 0, 0, 1, 1, 0, 0, 1])[c], "b": np.array([1, 1, 1, 1, 2, 2, 2, 2])[c],
                          "pair": np.array([1, 1, 2, 2, 3, 3, 4, 4])[c], "y": RNG.exponential(size=20), "x": RNG.normal(size=20),
                          "w": RNG.uniform(0.5, 2, 20)})
    return frame.assign(m=frame["y"].mask(frame.index.isin([3, 9, 5])))


SMALL, LARGE = [1] * 4 + [2] * 3 + [3] * 5, [1] * 6 + [2] * 6
UNIT, WEIGHTED, GROUPED = tu.Design("arm", 0), tu.Design("arm", 0, weights="w"), tu.Design("arm", 0, clusters="c")
BLOCK = tu.Design("arm", 0, draw="blocked", blocks="b")
BLOCK_WEIGHTED = tu.Design("arm", 0, draw="blocked", blocks="b", weights="w")
BLOCK_GROUPED = tu.Design("arm", 0, draw="blocked", blocks="b", clusters="c")
BLOCK_OWNED = tu.Design("arm", 0, draw="blocked", blocks="b", clusters="b")
PAIR = tu.Design("arm", 0, draw="pairs", blocks="b")
COIN, UNEVEN = tu.Design("arm", 0, draw="simple"), tu.Design("arm", 0, draw="simple", probability="p")
CLUSTER, CLUSTER_WEIGHTED = tu.Design("arm", 0, draw="clustered", clusters="c"), tu.Design("arm", 0, draw="clustered", clusters="c", weights="w")
BOTH = tu.Design("arm", 0, draw="blocked_clustered", clusters="c", blocks="b")
PAIR_OF_CLUSTERS = tu.Design("arm", 0, draw="pairs", clusters="c", blocks="pair")


def ancova(y, d, f, **how):
    return brute.ancova(y, d, **how) if 0 < d.sum() < d.size else (np.nan, np.nan)


def x(f):
    return f[["x"]].to_numpy()


def inverse(d, f):
    return np.where(d == 1, 1 / f["p"], 1 / (1 - f["p"]))


def b(f):
    return f["b"].to_numpy()


def c(f):
    return f["c"].to_numpy()


def w(f):
    return f["w"].to_numpy()


CASES = {
    "complete, alone": (units(), UNIT, "ancova", False, ancova),
    "complete, ancova": (units(), UNIT, "ancova", True, lambda y, d, f: ancova(y, d, f, x=x(f))),
    "complete, lin": (units(), UNIT, "lin", True, lambda y, d, f: brute.lin(y, d, x=x(f))),
    "complete, difference": (units(), UNIT, "difference_in_means", False, lambda y, d, _: brute.difference(y, d)),
    "weights, ancova": (units(), WEIGHTED, "ancova", True, lambda y, d, f: ancova(y, d, f, x=x(f), w=w(f))),
    "weights, lin": (units(), WEIGHTED, "lin", True, lambda y, d, f: brute.lin(y, d, x=x(f), w=w(f))),
    "weights, difference": (units(), WEIGHTED, "difference_in_means", False, lambda y, d, f: ancova(y, d, f, w=w(f))),
    "groups, ancova": (units(), GROUPED, "ancova", True, lambda y, d, f: ancova(y, d, f, x=x(f), clusters=c(f))),
    "groups, lin": (units(), GROUPED, "lin", True, lambda y, d, f: brute.lin(y, d, x=x(f), clusters=c(f))),
    "groups, difference": (units(), GROUPED, "difference_in_means", False, lambda y, d, f: ancova(y, d, f, clusters=c(f))),
    "blocked, alone": (blocks(SMALL), BLOCK, "ancova", False, lambda y, d, f: ancova(y, d, f, blocks=b(f))),
    "blocked, ancova": (blocks(SMALL), BLOCK, "ancova", True, lambda y, d, f: ancova(y, d, f, x=x(f), blocks=b(f))),
    "blocked, between": (blocks(SMALL), BLOCK, "difference_in_means", False, lambda y, d, f: brute.difference(y, d, blocks=b(f), between=True)),
    "blocked, difference": (blocks(LARGE), BLOCK, "difference_in_means", False, lambda y, d, f: brute.difference(y, d, blocks=b(f))),
    "blocked, lin": (blocks(LARGE), BLOCK, "lin", False, lambda y, d, f: brute.lin(y, d, blocks=b(f))),
    "blocked, weights": (blocks(LARGE), BLOCK_WEIGHTED, "ancova", True, lambda y, d, f: ancova(y, d, f, x=x(f), blocks=b(f), w=w(f))),
    "blocked, weights, difference": (blocks(LARGE), BLOCK_WEIGHTED, "difference_in_means", False,
                                     lambda y, d, f: brute.lin(y, d, blocks=b(f), w=w(f))),
    "blocked, groups": (blocks(LARGE), BLOCK_GROUPED, "ancova", True, lambda y, d, f: ancova(y, d, f, x=x(f), blocks=b(f), clusters=c(f))),
    "blocked, groups, difference": (blocks(LARGE), BLOCK_GROUPED, "difference_in_means", False,
                                    lambda y, d, f: brute.lin(y, d, blocks=b(f), clusters=c(f))),
    "blocked, owned": (blocks(LARGE), BLOCK_OWNED, "difference_in_means", False, lambda y, d, f: brute.difference(y, d, blocks=b(f), between=True)),
    "pairs, difference": (pairs(), PAIR, "difference_in_means", False, lambda y, d, f: brute.difference(y, d, blocks=b(f), between=True)),
    "pairs, ancova": (pairs(), PAIR, "ancova", True, lambda y, d, f: ancova(y, d, f, x=x(f), blocks=b(f))),
    "simple, ancova": (coins(), COIN, "ancova", True, lambda y, d, f: ancova(y, d, f, x=x(f))),
    "simple, difference": (coins(), COIN, "difference_in_means", False, ancova),
    "probabilities, ancova": (coins(), UNEVEN, "ancova", True, lambda y, d, f: ancova(y, d, f, x=x(f), w=inverse(d, f))),
    "probabilities, difference": (coins(), UNEVEN, "difference_in_means", False, lambda y, d, f: ancova(y, d, f, w=inverse(d, f))),
    "clustered, alone": (clusters(), CLUSTER, "ancova", False, lambda y, d, f: ancova(y, d, f, clusters=c(f))),
    "clustered, ancova": (clusters(), CLUSTER, "ancova", True, lambda y, d, f: ancova(y, d, f, x=x(f), clusters=c(f))),
    "clustered, lin": (clusters(), CLUSTER, "lin", True, lambda y, d, f: brute.lin(y, d, x=x(f), clusters=c(f))),
    "clustered, difference": (clusters(), CLUSTER, "difference_in_means", False, lambda y, d, f: ancova(y, d, f, clusters=c(f))),
    "clustered, weights": (clusters(), CLUSTER_WEIGHTED, "ancova", True, lambda y, d, f: ancova(y, d, f, x=x(f), clusters=c(f), w=w(f))),
    "clustered, weights, lin": (clusters(), CLUSTER_WEIGHTED, "lin", True, lambda y, d, f: brute.lin(y, d, x=x(f), clusters=c(f), w=w(f))),
    "both, ancova": (clusters(), BOTH, "ancova", True, lambda y, d, f: ancova(y, d, f, x=x(f), blocks=b(f), clusters=c(f))),
    "both, lin": (clusters(), BOTH, "lin", True, lambda y, d, f: brute.lin(y, d, x=x(f), blocks=b(f), clusters=c(f))),
    "both, difference": (clusters().drop(columns="m"), BOTH, "difference_in_means", False,
                         lambda y, d, f: brute.cluster_difference(y, d, c(f), b(f))),
    "pairs of clusters, ancova": (clusters(), PAIR_OF_CLUSTERS, "ancova", True,
                                  lambda y, d, f: ancova(y, d, f, x=x(f), clusters=c(f), blocks=f["pair"].to_numpy())),
    "pairs of clusters, difference": (clusters().drop(columns="m"), PAIR_OF_CLUSTERS, "difference_in_means", False,
                                      lambda y, d, f: brute.cluster_difference(y, d, c(f), f["pair"].to_numpy(), between=True)),
}


@pytest.mark.parametrize("name", CASES)
def test_every_assignment_gives_the_effect_and_variance_of_its_own_regression(name):
    frame, design, method, adjusted, statistic = CASES[name]
    listed = design.enumerate(frame)
    outcomes = [column for column in ("y", "z", "m") if column in frame]
    found = trial_null(frame, outcomes, design, covariates=["x"] if adjusted else (), method=method, studentized=True, draws=len(listed), seed=0,
                       interval=False, null=0.0, arm=None, backend=None)
    assert found.null.exact
    # arms of few rows with nearly equal x: their moments are all but singular, and the reference inverts them too
    rtol = 1e-6 if method == "lin" else 1e-9
    for place, outcome in enumerate(outcomes):
        part = frame[frame[outcome].notna()]
        effects, variances = brute.null(listed[:, part.index], lambda d, part=part, outcome=outcome: statistic(part[outcome].to_numpy(), d, part))
        assert (np.isnan(effects) == np.isnan(found.effects[place, 1:])).all()
        np.testing.assert_allclose(found.effects[place, 1:] * found.scale[place], effects, rtol=rtol, atol=1e-11)
        np.testing.assert_allclose(found.variances[place, 1:] * found.scale[place] ** 2, variances, rtol=rtol, atol=1e-12)


def test_the_observed_statistic_is_the_estimators():
    frame = units()
    for method in ("ancova", "lin", "difference_in_means"):
        test = tu.randomization_test(frame, "y", UNIT, covariates=["x"], method=method)
        estimate = getattr(tu, method)(frame, "y", UNIT, **({} if method == "difference_in_means" else {"covariates": ["x"]}))
        np.testing.assert_allclose([test.estimate, test.statistic], [estimate.estimate, estimate.statistic], rtol=1e-9)
