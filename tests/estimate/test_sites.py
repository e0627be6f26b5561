"""Sites: the fit against the likelihood written out with matrices, a balanced analysis of variance, statsmodels, and simulated truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.errors import EstimateError
from takeup.estimate.nested import nested


def made(seed, centres=20, sd_centre=0.8, sd_group=0.6, sd=1.5, most=4):
    """Centres with one to `most` groups of 5 to 13: values, groups, centres and each centre's true mean."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, most, centres)
    place_of_group = np.repeat(np.arange(centres), counts)
    sizes = rng.integers(5, 14, place_of_group.size)
    groups = np.repeat(np.arange(place_of_group.size), sizes)
    place = place_of_group[groups]
    truth = 1.2 + rng.normal(0, sd_centre, centres)
    y = truth[place] + rng.normal(0, sd_group, place_of_group.size)[groups] + rng.normal(0, sd, groups.size)
    return y, groups, place, truth


def dense(variances, y, groups, place):
    """-2 log restricted likelihood with the n x n covariance, and the generalised least squares mean with its variance."""
    v = sum(value * (key[:, None] == key).astype(float) for value, key in zip(variances, (place, groups, np.arange(y.size)), strict=True))
    inverse = np.linalg.inv(v)
    ones = np.ones(y.size)
    information = ones @ inverse @ ones
    mean = ones @ inverse @ y / information
    rest = y - mean
    value = (y.size - 1) * np.log(2 * np.pi) + np.linalg.slogdet(v)[1] + np.log(information) + rest @ inverse @ rest
    own = (place[None, :] == np.arange(place.max() + 1)[:, None]).astype(float)
    return value, mean, 1 / information, mean + variances[0] * own @ inverse @ rest


def test_the_criterion_and_the_predictions_are_those_of_the_whole_matrix():
    y, groups, place, _ = made(1)
    fit = nested(y, groups, place)
    value, mean, variance, predicted = dense(fit.variances, y, groups, place)
    assert fit.deviance == pytest.approx(value, rel=1e-10)
    assert (fit.mean, fit.std_error**2) == pytest.approx((mean, variance), rel=1e-8)
    assert fit.predicted == pytest.approx(predicted, rel=1e-8)
    for change in np.eye(3) * 0.02:
        assert dense(fit.variances + change, y, groups, place)[0] > value
        assert dense(np.maximum(fit.variances - change, 1e-9), y, groups, place)[0] > value


def test_statsmodels_finds_the_same_variances():
    import statsmodels.formula.api as smf

    y, groups, place, _ = made(1)
    fit = nested(y, groups, place)
    frame = pd.DataFrame({"y": y, "place": place, "team": groups})
    other = smf.mixedlm("y ~ 1", frame, groups="place", re_formula="1", vc_formula={"team": "0 + C(team)"}).fit(reml=True)
    assert -2 * other.llf == pytest.approx(fit.deviance, abs=1e-4)
    assert np.r_[other.cov_re.to_numpy().ravel(), other.vcomp, other.scale] == pytest.approx(fit.variances, rel=2e-3)  # its optimiser stops early


def test_balanced_data_give_the_estimates_of_the_analysis_of_variance():
    rng = np.random.default_rng(5)
    centres, teams, people = 10, 3, 8
    place, groups = np.repeat(np.arange(centres), teams * people), np.repeat(np.arange(centres * teams), people)
    y = rng.normal(0, 1, centres)[place] + rng.normal(0, 0.8, centres * teams)[groups] + rng.normal(0, 1, place.size)
    of_team, of_centre = (np.array([y[key == name].mean() for name in np.unique(key)]) for key in (groups, place))
    ms_rest = ((y - of_team[groups]) ** 2).sum() / (centres * teams * (people - 1))
    ms_team = people * ((of_team - np.repeat(of_centre, teams)) ** 2).sum() / (centres * (teams - 1))
    ms_centre = people * teams * ((of_centre - y.mean()) ** 2).sum() / (centres - 1)
    expected = [(ms_centre - ms_team) / (people * teams), (ms_team - ms_rest) / people, ms_rest]
    fit = nested(y, groups, place)
    assert min(expected) > 0
    assert fit.variances == pytest.approx(expected, rel=1e-6)
    assert fit.std_error == pytest.approx((ms_centre / y.size) ** 0.5, rel=1e-6)


def test_the_limits_are_where_the_profile_has_fallen_by_the_quantile():
    from scipy.optimize import minimize

    y, groups, place, _ = made(2, centres=12)
    fit = nested(y, groups, place)
    for side in (0, 1):
        fixed = fit.limits[1, side]
        found = minimize(lambda free, fixed=fixed: dense((abs(free[0]), fixed, abs(free[1])), y, groups, place)[0],
                         [fit.variances[0], fit.variances[2]], method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-7})
        assert found.fun - fit.deviance == pytest.approx(3.8414588, abs=2e-3)


def test_intervals_of_centres_cover_their_true_means_on_average():
    hits = []
    for seed in range(40):
        y, groups, place, truth = made(seed + 100, centres=40)
        fit = nested(y, groups, place)
        hits.append((np.abs(fit.predicted - truth) <= 1.959964 * fit.errors).mean())
    assert 0.92 < np.mean(hits) < 0.975  # variances are taken as known, so a little under 0.95 is expected


def test_shrunken_means_miss_the_truth_by_less_than_raw_ones():
    y, groups, place, truth = made(3, centres=44, sd_centre=0.4)
    fit = nested(y, groups, place)
    assert ((fit.predicted - truth) ** 2).mean() < 0.6 * ((fit.raw - truth) ** 2).mean()


def test_a_centre_of_few_people_is_drawn_further_to_the_average():
    frame = pd.DataFrame({"centre": ["a"] * 3 + ["b"] * 60 + ["c"] * 60 + ["d"] * 60, "change": 0.0})
    rng = np.random.default_rng(8)
    frame["change"] = rng.normal(0, 1, len(frame)) + frame["centre"].map({"a": 3.0, "b": 2.0, "c": 0.0, "d": -1.0})
    found = tu.sites(frame, "change", centre="centre")
    assert found["a"].extra["own_weight"] < 0.9 < found["b"].extra["own_weight"]
    assert [item.term for item in found][2:] == ["a", "b", "c", "d"]
    assert found["a"].n == 3
    assert "league table" in found["a"].reason


def test_pooled_is_the_meta_analysis_of_the_centres_own_means():
    y, groups, place, _ = made(4)
    frame = pd.DataFrame({"centre": place, "team": groups, "change": y})
    found = tu.sites(frame, "change", centre="centre", group="team")
    expected = tu.meta([(item.extra["raw"], item.extra["raw_error"]) for item in found[2:]])
    mine = found["pooled"]
    assert (mine.estimate, mine.std_error, mine.extra["tau2"]) == pytest.approx((expected.estimate, expected.std_error, expected.extra["tau2"]))
    assert mine.extra["tau2"] == pytest.approx(found["average"].extra["var_centre"], rel=0.35)  # the same variance, estimated another way


def test_a_centres_own_standard_error_holds_its_groups():
    y, groups, place, _ = made(4, sd_group=2.0)
    frame = pd.DataFrame({"centre": place, "team": groups, "change": y})
    with_groups, without = tu.sites(frame, "change", centre="centre", group="team")[5], tu.sites(frame, "change", centre="centre")[5]
    assert with_groups.extra["raw_error"] > 1.5 * without.extra["raw_error"]


@pytest.mark.parametrize(("values", "reason"), [([1.0] * 12, "no variation"), ([1.0, 2.0] * 6, "Three centres")])
def test_degenerate_data_give_nan_and_a_reason(values, reason):
    centres = [1] * 6 + [2] * 6 if "Three" in reason else [1] * 4 + [2] * 4 + [3] * 4
    found = tu.sites(pd.DataFrame({"centre": centres, "change": values}), "change", centre="centre")
    assert np.isnan(found["average"].std_error)
    assert reason in found["average"].reason


def test_nobody_with_a_measurement_is_an_error():
    with pytest.raises(EstimateError, match="nobody has the measurements"):
        tu.sites(pd.DataFrame({"centre": [1, 2], "change": [None, None]}, dtype="Float64"), "change", centre="centre")


def test_numbers_of_centres_and_groups_arent_numbers_of_people_for_the_gate():
    from takeup.release.gate import gate
    from takeup.release.rules import Rules
    from takeup.results import Provenance, ResultSet

    y, groups, place, _ = made(4, centres=22)
    found = tu.sites(pd.DataFrame({"centre": place, "team": groups, "change": y}), "change", centre="centre", group="team")["average"]
    item = found.replace(provenance=Provenance(id="sites.change"))
    released = gate({"sites": ResultSet((item,))}, Rules(minimum_cell=10, round_counts_to=5))["sites"]["average"]
    assert (released.extra["centres"], released.extra["groups"]) == (22, np.unique(groups).size)
    assert released.n % 5 == 0
