"""Estimates from an engine's sums against the same estimators on rows in memory, for every variance and kind of draw."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.errors import EstimateError

pytest.importorskip("ibis")
pytest.importorskip("duckdb")

RTOL = 1e-9
NUMBERS = ("estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high")
WORDS = ("outcome", "estimand", "term", "arm", "n", "n_treated", "n_control", "n_clusters", "n_missing", "method", "se_type", "reason", "conf_level")


def trial(n=240, seed=3) -> pd.DataFrame:
    """Units in 6 blocks of 5 clusters of unequal size, several arms, missing values, a large common level."""
    rng = np.random.default_rng(seed)
    cluster = np.sort(rng.integers(0, 30, n))
    frame = pd.DataFrame({"cluster": cluster, "block": cluster // 5, "pair": np.arange(n) // 2})
    frame["arm"] = rng.choice(["control", "coach", "letter"], n, p=[0.4, 0.4, 0.2])
    frame["whole"] = np.isin(cluster % 5, (0, 3)).astype(int)
    frame["paired"] = np.where(rng.random(n // 2) < 0.5, 0, 1)[frame["pair"]] ^ (np.arange(n) % 2)
    frame["age"] = rng.normal(40, 12, n).round(1)
    frame["income"] = rng.lognormal(7, 1, n)
    frame["born_here"] = rng.random(n) < 0.6
    frame["y"] = 1000.0 + frame["age"] * 0.2 + rng.normal(0, 5, n) * (1 + frame["whole"]) + rng.normal(0, 2, 30)[cluster]
    frame["took"] = (rng.random(n) < 0.3 + 0.2 * frame["whole"]).astype(int)
    frame.loc[rng.choice(n, 15, replace=False), "y"] = np.nan
    frame.loc[rng.choice(n, 12, replace=False), "age"] = np.nan
    frame.loc[rng.choice(n, 60, replace=False), "income"] = np.nan
    return frame


DESIGNS = {
    "units": (tu.Design("arm", "control"), "coach"),
    "blocks": (tu.Design("whole", 0, draw="blocked", blocks="block"), None),
    "pairs": (tu.Design("paired", 0, draw="pairs", blocks="pair"), None),
    "clusters": (tu.Design("whole", 0, draw="clustered", clusters="cluster"), None),
    "blocked clusters": (tu.Design("whole", 0, draw="blocked_clustered", blocks="block", clusters="cluster"), None),
    "providers": (tu.Design("arm", "control", clusters="cluster"), "coach"),
    "crossing": (tu.Design("paired", 0, draw="blocked", blocks="block", clusters="crossing"), None),
}
COVARIATES = ("age", "income", "born_here")


def same(found, expected):
    for name in WORDS:
        assert getattr(found, name) == getattr(expected, name), name
    numbers = [[getattr(one, name) for name in NUMBERS] for one in (found, expected)]
    np.testing.assert_allclose(*numbers, rtol=RTOL)
    assert set(found.extra) == set(expected.extra)
    for name in expected.extra:
        np.testing.assert_allclose(found.extra[name], expected.extra[name], rtol=RTOL, err_msg=name)


@pytest.fixture(scope="module")
def frame():
    made = trial()
    return made.assign(crossing=np.random.default_rng(9).integers(0, 12, len(made)))


@pytest.mark.parametrize("name", DESIGNS)
def test_differences_in_means(frame, name):
    design, arm = DESIGNS[name]
    same(tu.from_register(frame, "y", design, arm=arm), tu.difference_in_means(frame, "y", design, arm=arm))


@pytest.mark.parametrize("covariates", [(), COVARIATES])
@pytest.mark.parametrize("name", DESIGNS)
def test_ancova_by_the_rule_of_the_design(frame, name, covariates):
    design, arm = DESIGNS[name]
    same(tu.from_register(frame, "y", design, method="ancova", covariates=covariates, arm=arm),
         tu.ancova(frame, "y", design, covariates=covariates, arm=arm))


@pytest.mark.parametrize("se_type", ["classical", "HC0", "HC1", "HC2", "HC3", "CR0", "CR1", "CR2"])
@pytest.mark.parametrize("name", ["clusters", "blocked clusters", "crossing"])
def test_every_variance(frame, name, se_type):
    design, arm = DESIGNS[name]
    for covariates in ((), COVARIATES):
        same(tu.from_register(frame, "y", design, method="ancova", covariates=covariates, se_type=se_type, arm=arm),
             tu.ancova(frame, "y", design, covariates=covariates, se_type=se_type, arm=arm))


@pytest.mark.parametrize("scale", ["difference", "ratio", "odds_ratio"])
@pytest.mark.parametrize("name", ["units", "blocks", "clusters", "blocked clusters"])
def test_binary(frame, name, scale):
    design, arm = DESIGNS[name]
    for covariates in ((), ("age", "born_here")):
        same(tu.from_register(frame, "took", design, method="binary", scale=scale, covariates=covariates, arm=arm),
             tu.binary(frame, "took", design, scale=scale, covariates=covariates, arm=arm))
