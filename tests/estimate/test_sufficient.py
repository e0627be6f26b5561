"""Estimates from an engine's sums against the same estimators on rows in memory, for every variance and kind of draw."""

from __future__ import annotations

import re

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


def same(found, expected, atol=0.0):
    for name in WORDS:
        assert getattr(found, name) == getattr(expected, name), name
    numbers = [[getattr(one, name) for name in NUMBERS] for one in (found, expected)]
    np.testing.assert_allclose(*numbers, rtol=RTOL, atol=atol)
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


@pytest.mark.parametrize("name", DESIGNS)
def test_ancova_by_the_rule_of_the_design(frame, name):
    design, arm = DESIGNS[name]
    same(tu.from_register(frame, "y", design, covariates=COVARIATES, arm=arm), tu.ancova(frame, "y", design, covariates=COVARIATES, arm=arm))


@pytest.mark.parametrize("se_type", ["classical", "HC0", "HC1", "HC2", "HC3", "CR0", "CR1", "CR2"])
@pytest.mark.parametrize(("name", "covariates"), [("clusters", COVARIATES), ("blocked clusters", ()), ("crossing", ("age",))])
def test_every_variance(frame, name, covariates, se_type):
    design, arm = DESIGNS[name]
    same(tu.from_register(frame, "y", design, method="ancova", covariates=covariates, se_type=se_type, arm=arm),
         tu.ancova(frame, "y", design, covariates=covariates, se_type=se_type, arm=arm))


@pytest.mark.parametrize(("name", "covariates", "scale"), [
    ("units", (), "difference"), ("units", ("age", "born_here"), "ratio"), ("blocks", (), "odds_ratio"), ("blocks", ("age",), "difference"),
    ("clusters", ("age",), "ratio"), ("blocked clusters", (), "difference"),
])
def test_binary(frame, name, covariates, scale):
    design, arm = DESIGNS[name]
    same(tu.from_register(frame, "took", design, method="binary", scale=scale, covariates=covariates, arm=arm),
         tu.binary(frame, "took", design, scale=scale, covariates=covariates, arm=arm))


def test_pairs_of_clusters_whose_blocks_are_too_many_for_dummies():
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"pair": np.repeat(np.arange(210), 6), "cluster": np.repeat(np.arange(420), 3), "x": rng.normal(0, 1, 1260)})
    frame["arm"] = frame["cluster"] % 2
    frame["y"] = frame["x"] + rng.normal(0, 1, 1260) + rng.normal(0, 1, 210)[frame["pair"]]
    design = tu.Design("arm", 0, draw="pairs", blocks="pair", clusters="cluster")
    for se_type in ("CR2", "CR1", "HC2"):
        options = {"covariates": ["x"], "se_type": se_type}
        same(tu.from_register(frame, "y", design, **options), tu.ancova(frame, "y", design, **options))


@pytest.mark.parametrize("change", [
    {"y": 5.0}, {"y": 0.0}, {"y": [1.0, 2.0, 3.0, np.nan, 4.0, np.nan, np.nan, np.nan]}, {"x": 3.0}, {"x": [1.0, 1, 1, 1, 0, 0, 0, 0]},
], ids=["constant", "zero", "one control", "constant covariate", "covariate that is the arm"])
def test_degenerate_input_gives_the_same_reasons(change):
    frame = pd.DataFrame({"arm": [1] * 4 + [0] * 4, "y": [3.0, 4, 5, 7, 2, 2, 4, 3], "x": [1.0, 2, 2, 5, 3, 1, 4, 2]}).assign(**change)
    design = tu.Design("arm", 0)
    rounding = 1e-13  # an effect of 0 is rounding error on both sides
    same(tu.from_register(frame, "y", design), tu.difference_in_means(frame, "y", design), rounding)
    same(tu.from_register(frame, "y", design, covariates=["x"]), tu.ancova(frame, "y", design, covariates=["x"]), rounding)


def test_a_large_common_level_costs_no_digits():
    """Sums are made around the mean; least squares on rows isn't, and keeps 7 digits here, so the witness is the outcome without the level."""
    small = pd.DataFrame({"arm": [1] * 4 + [0] * 4, "y": [0.0, 1, 2, 3, 0, 2, 1, 0], "x": [1.0, 2, 2, 5, 3, 1, 4, 2]})
    design = tu.Design("arm", 0)
    found = tu.from_register(small.assign(y=small["y"] + 1e9), "y", design, covariates=["x"])
    expected = tu.ancova(small, "y", design, covariates=["x"])
    numbers = [[getattr(one, name) for name in NUMBERS] for one in (found, expected)]
    np.testing.assert_allclose(*numbers, rtol=RTOL)


@pytest.mark.parametrize("name", ["units", "clusters"])
def test_covariates_that_follow_from_others_are_left_out(frame, name):
    design, arm = DESIGNS[name]
    more = frame.assign(years=frame["age"] * 2 - 3, abroad=~frame["born_here"])
    covariates = ["age", "years", "born_here", "abroad"]
    found = tu.from_register(more, "y", design, covariates=covariates, arm=arm)
    assert "Left out, as they follow from other columns: years, abroad." in found.reason
    same(found, tu.ancova(more, "y", design, covariates=covariates, arm=arm))


def test_labels_of_any_type(frame):
    """Arms as categories or true and false, blocks and clusters as text, nullable numbers."""
    typed = frame.assign(arm=frame["arm"].astype("category"), whole=frame["whole"] == 1, cluster="c" + frame["cluster"].astype(str),
                         block=frame["block"].astype("Int64"), y=frame["y"].astype("Float64"))
    one = tu.Design("whole", False, draw="blocked_clustered", blocks="block", clusters="cluster")
    same(tu.from_register(typed, "y", one), tu.difference_in_means(typed, "y", one))
    two = tu.Design("arm", "control", draw="blocked", blocks="block")
    same(tu.from_register(typed, "y", two, covariates=["age"], arm="letter"), tu.ancova(typed, "y", two, covariates=["age"], arm="letter"))


def test_faults_come_at_once_without_a_value():
    frame = pd.DataFrame({"arm": [1, 0], "y": ["low", "secret"], "place": ["a", "b"]})
    with pytest.raises(EstimateError) as caught:
        tu.from_register(frame, "y", tu.Design("arm", 0), covariates=["place"])
    assert len(caught.value.faults) == 2
    assert "secret" not in str(caught.value)
    with pytest.raises(EstimateError, match="2 problems"):
        tu.from_register(frame, "y", tu.Design("arm", 0, weights="w", nested_in="coach"))
    with pytest.raises(EstimateError, match="Did you mean"):
        tu.from_register(frame.assign(y=[1, 2]), "y", tu.Design("arn", 0))
    with pytest.raises(EstimateError, match="at least one is needed"):
        tu.from_register(frame.assign(y=[1.0, np.nan]), "y", tu.Design("arm", 0))
    with pytest.raises(EstimateError, match="1 values are infinite"):
        tu.from_register(frame.assign(y=[1.0, np.inf]), "y", tu.Design("arm", 0))
    with pytest.raises(EstimateError, match="other values than 0 and 1"):
        tu.from_register(frame.assign(y=[1.0, 0.5]), "y", tu.Design("arm", 0), method="binary")


def test_names_of_columns_are_never_code(frame):
    """A name that would end a quoted identifier and drop a table is a name like any other."""
    strange = {"y": 'y"; DROP TABLE units; --', "whole": "arm' OR '1'='1", "cluster": "select", "age": 'a"ge'}
    renamed = frame.rename(columns=strange)
    design = tu.Design(strange["whole"], 0, draw="clustered", clusters=strange["cluster"])
    expected = tu.ancova(frame, "y", DESIGNS["clusters"][0], covariates=["age"])
    found = tu.from_register(renamed, strange["y"], design, covariates=[strange["age"]])
    np.testing.assert_allclose((found.estimate, found.std_error, found.df), (expected.estimate, expected.std_error, expected.df), rtol=RTOL)


def small_trial(rng) -> tuple[pd.DataFrame, tu.Design, tuple[str, ...]]:
    """A trial in which little is guaranteed: blocks with one arm, clusters of one, clusters across blocks, missing values."""
    n = int(rng.integers(6, 60))
    groups, blocks = int(rng.integers(2, max(3, n // 2))), int(rng.integers(1, 6))
    frame = pd.DataFrame({"cluster": rng.integers(0, groups, n)})
    frame["block"] = frame["cluster"] % blocks if rng.random() < 0.6 else rng.integers(0, blocks, n)
    frame["arm"] = rng.integers(0, 2, groups)[frame["cluster"]] if rng.random() < 0.5 else rng.integers(0, 2, n)
    frame["x"], frame["z"] = rng.normal(0, 10.0 ** rng.integers(-3, 4), n), rng.integers(0, 2, n)
    frame["y"] = rng.normal(0, 1, n) + frame["arm"] + 100.0 * rng.integers(0, 2)
    for name in ("x", "y"):
        if rng.random() < 0.5:
            frame.loc[rng.random(n) < 0.2, name] = np.nan
    draw = str(rng.choice(["simple", "complete", "blocked", "clustered", "blocked_clustered"]))
    design = tu.Design("arm", 0, draw=draw, blocks="block" if "blocked" in draw else None,
                       clusters="cluster" if "clustered" in draw or rng.random() < 0.3 else None)
    return frame, design, ((), ("x",), ("x", "z"))[rng.integers(0, 3)]


@pytest.mark.parametrize("seed", range(24))
def test_small_trials_of_any_shape(seed):
    frame, design, covariates = small_trial(np.random.default_rng(seed))
    pairs = (
        (lambda: tu.from_register(frame, "y", design), lambda: tu.difference_in_means(frame, "y", design)),
        (lambda: tu.from_register(frame, "y", design, method="ancova", covariates=covariates),
         lambda: tu.ancova(frame, "y", design, covariates=covariates)),
    )
    for ours, theirs in pairs:
        try:
            expected = theirs()
        except EstimateError as error:
            with pytest.raises(EstimateError, match=re.escape(str(error))):
                ours()
        else:
            found = ours()
            if np.isnan(expected.std_error):  # degrees of freedom of a variance that is 0 are a ratio of rounding errors
                found, expected = found.replace(df=0.0), expected.replace(df=0.0)
            same(found, expected, atol=1e-12)
