"""Risk differences, ratios and odds ratios: against least squares, statsmodels, numerical derivatives and brute-force CR2; separation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import takeup as tu
from takeup.errors import EstimateError
from takeup.estimate.gcomputation import logit, separated

RTOL = 1e-8
ITERATIVE = 1e-6


def trial(n=300, seed=0) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame({"arm": np.arange(n) % 2, "x": draw.normal(size=n), "town": draw.choice(["a", "b", "c"], n), "cluster": np.arange(n) // 6,
                          "block": np.arange(n) // 100, "w": draw.uniform(0.5, 2, n)})
    return frame.assign(won=(draw.random(n) < expit(0.3 + frame["x"] + 0.8 * frame["arm"])) * 1)


DESIGN = tu.Design("arm", 0)


def test_the_linear_difference_is_ancova():
    frame = trial()
    for design in (DESIGN, tu.Design("arm", 0, clusters="cluster"), tu.Design("arm", 0, draw="blocked", blocks="block", weights="w")):
        ours = tu.binary(frame, "won", design, covariates=["x", "town"])
        expected = tu.ancova(frame, "won", design, covariates=["x", "town"])
        for name in ("estimate", "std_error", "df", "p_value", "conf_low", "conf_high", "n_clusters"):
            np.testing.assert_allclose(np.float64(getattr(ours, name) or 0), np.float64(getattr(expected, name) or 0), rtol=RTOL)
        assert ours.estimand == "risk difference"


def test_ratios_without_covariates_are_those_of_the_raw_risks():
    frame = trial()
    p0, p1 = frame.groupby("arm")["won"].mean()
    ratio, odds = (tu.binary(frame, "won", DESIGN, scale=scale, se_type="HC0", df="normal") for scale in ("ratio", "odds_ratio"))
    np.testing.assert_allclose((ratio.estimate, odds.estimate), (p1 / p0, p1 / (1 - p1) / (p0 / (1 - p0))), rtol=RTOL)
    np.testing.assert_allclose(ratio.extra["log_std_error"], np.sqrt((1 - p1) / (150 * p1) + (1 - p0) / (150 * p0)), rtol=RTOL)  # Katz
    np.testing.assert_allclose(odds.extra["log_std_error"], np.sqrt(sum(1 / (150 * p * (1 - p)) for p in (p0, p1))), rtol=RTOL)  # Woolf
    for found in (ratio, odds):
        np.testing.assert_allclose(found.std_error, found.estimate * found.extra["log_std_error"], rtol=RTOL)
        np.testing.assert_allclose(np.sqrt(found.conf_low * found.conf_high), found.estimate, rtol=RTOL)
        np.testing.assert_allclose(found.statistic, np.log(found.estimate) / found.extra["log_std_error"], rtol=RTOL)


def test_words_for_a_brief():
    found = tu.binary(trial(), "won", DESIGN, covariates=["x"])
    extra = found.extra
    np.testing.assert_allclose(extra["per_100_treated"] - extra["per_100_control"], extra["per_100_difference"], rtol=RTOL)
    np.testing.assert_allclose((extra["per_100_low"], extra["per_100_high"]), (100 * found.conf_low, 100 * found.conf_high), rtol=RTOL)
    np.testing.assert_allclose(extra["number_needed_to_treat"], 1 / found.estimate, rtol=RTOL)
    beside = tu.binary(trial(), "won", DESIGN, covariates=["x"], scale="ratio")
    assert (extra["risk_ratio"], extra["risk_ratio_low"], extra["risk_ratio_high"]) == (beside.estimate, beside.conf_low, beside.conf_high)


def glm(frame, weights=None):
    sm = pytest.importorskip("statsmodels.api")
    x = np.column_stack([np.ones(len(frame)), frame["x"], frame["arm"]])
    return x, sm.GLM(frame["won"], x, family=sm.families.Binomial(), var_weights=weights).fit(tol=1e-14)


def test_the_logit_is_statsmodels_fit():
    frame = trial()
    x, fit = glm(frame)
    ours = tu.binary(frame, "won", DESIGN, covariates=["x"], model="logit", se_type="classical")
    np.testing.assert_allclose(ours.extra["conditional_log_odds_ratio"], fit.params.iloc[2], rtol=ITERATIVE)
    np.testing.assert_allclose(ours.extra["conditional_log_odds_ratio_std_error"], fit.bse.iloc[2], rtol=ITERATIVE)
    risks = [fit.predict(np.column_stack([x[:, :2], np.full(300, arm)])).mean() for arm in (1, 0)]
    np.testing.assert_allclose((ours.extra["risk_treated"], ours.extra["risk_control"]), risks, rtol=ITERATIVE)
    assert ours.df == np.inf


@pytest.mark.parametrize("scale", ["difference", "ratio", "odds_ratio"])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_delta_method_by_numerical_derivatives(scale, weighted):
    """The gradient is taken numerically and the sandwich built as written: inverse information, scores, inverse information."""
    frame = trial()
    w = frame["w"].to_numpy() if weighted else np.ones(300)
    x, fit = glm(frame, w)
    beta = fit.params.to_numpy()

    def value(b):
        p1, p0 = (np.average(expit(np.column_stack([x[:, :2], np.full(300, arm)]) @ b), weights=w) for arm in (1, 0))
        return {"difference": p1 - p0, "ratio": np.log(p1 / p0), "odds_ratio": np.log(p1 / (1 - p1) * (1 - p0) / p0)}[scale]

    mu = expit(x @ beta)
    bread = np.linalg.inv((x * (w * mu * (1 - mu))[:, None]).T @ x)
    scores = x * (w * (frame["won"] - mu).to_numpy())[:, None]
    gradient = np.array([(value(beta + step) - value(beta - step)) / 2e-5 for step in np.eye(3) * 1e-5])
    expected = np.sqrt(gradient @ bread @ scores.T @ scores @ bread @ gradient)
    design = tu.Design("arm", 0, weights="w" if weighted else None)
    ours = tu.binary(frame, "won", design, covariates=["x"], model="logit", scale=scale, se_type="HC0")
    found = ours.std_error if scale == "difference" else ours.extra["log_std_error"]
    np.testing.assert_allclose(found, expected, rtol=1e-7)  # central differences hold about 9 digits


def test_cr2_of_a_logit_is_mccaffrey_and_bells():
    """The adjustment with the model's own variance as working variance, written out with n x n matrices on standardised rows."""
    frame = trial(60)
    x, fit = glm(frame)
    mu = np.asarray(fit.fittedvalues)
    root = np.sqrt(mu * (1 - mu))
    standard, residuals = x * root[:, None], (frame["won"].to_numpy() - mu) / root
    bread = np.linalg.inv(standard.T @ standard)
    annihilator = np.eye(60) - standard @ bread @ standard.T
    scores = []
    for group in frame["cluster"].unique():
        at = (frame["cluster"] == group).to_numpy()
        values, vectors = np.linalg.eigh(annihilator[np.ix_(at, at)])
        scores.append(standard[at].T @ vectors @ np.diag(values**-0.5) @ vectors.T @ residuals[at])
    expected = np.sqrt((bread @ np.array(scores).T @ np.array(scores) @ bread)[2, 2])
    ours = tu.binary(frame, "won", tu.Design("arm", 0, clusters="cluster"), covariates=["x"], model="logit")
    np.testing.assert_allclose(ours.extra["conditional_log_odds_ratio_std_error"], expected, rtol=ITERATIVE)
    assert ours.se_type == "CR2"
    assert 1 < ours.df < 10


def test_without_covariates_both_models_give_the_same_risks():
    frame = trial()
    linear, logistic = (tu.binary(frame, "won", DESIGN, model=model, se_type="HC0", df="normal") for model in ("linear", "logit"))
    for name in ("estimate", "std_error", "p_value"):
        np.testing.assert_allclose(getattr(logistic, name), getattr(linear, name), rtol=RTOL)


def test_separation_gives_a_reason():
    frame = trial(60).assign(split=lambda data: data["won"] * 2.0 + np.arange(60) / 1000)
    found = tu.binary(frame, "won", DESIGN, covariates=["split"], model="logit")
    assert "no maximum (separation)" in found.reason
    assert np.isnan(found.estimate)
    assert np.isfinite(tu.binary(frame, "won", DESIGN, covariates=["split"]).estimate)
    nobody = trial(60).assign(won=lambda data: data["won"] * data["arm"])
    assert "separation" in tu.binary(nobody, "won", DESIGN, model="logit").reason
    assert "separation" in tu.binary(nobody.assign(won=0), "won", DESIGN, model="logit").reason


def test_a_strong_predictor_isn_t_separation():
    draw = np.random.default_rng(0)
    x = np.column_stack([np.ones(2000), draw.normal(size=2000) * 6])
    y = (draw.random(2000) < expit(2 * x[:, 1])) * 1.0
    assert np.abs(x @ logit(x, y).coefficients).max() > 12
    assert not separated(x, y)
    assert separated(x, (x[:, 1] > 0.3) * 1.0)
    assert separated(x, np.where(x[:, 1] == 0.3, draw.integers(0, 2, 2000), x[:, 1] > 0.3) * 1.0)


def test_a_ratio_of_nothing():
    frame = trial(80).assign(won=lambda data: data["won"] * data["arm"])
    difference, ratio = tu.binary(frame, "won", DESIGN), tu.binary(frame, "won", DESIGN, scale="ratio")
    assert difference.estimate > 0
    assert np.isnan(difference.extra["risk_ratio"])
    assert np.isnan(ratio.estimate)
    assert "risk of 0" in ratio.reason
    assert ratio.extra["per_100_control"] == pytest.approx(0.0, abs=1e-12)
    everybody = tu.binary(frame.assign(won=1 - frame["won"]), "won", DESIGN, scale="odds_ratio")
    assert "has no odds" in everybody.reason


def test_collinear_blocks_and_thin_arms_give_reasons():
    frame = trial(60)
    whole = tu.binary(frame.assign(block=frame["arm"]), "won", tu.Design("arm", 0, draw="blocked", blocks="block"), model="logit")
    assert "isn't identified" in whole.reason
    one = frame[(frame["arm"] == 0) | (frame.index == 1)]
    assert "one unit only in the treated arm" in tu.binary(one, "won", DESIGN, covariates=["x"]).reason


def test_what_isn_t_binary_or_an_option():
    frame = trial(40)
    with pytest.raises(EstimateError, match="other values than 0 and 1"):
        tu.binary(frame.assign(won=frame["x"]), "won", DESIGN)
    with pytest.raises(EstimateError) as caught:
        tu.binary(frame, "won", DESIGN, scale="relative", model="probit")
    assert len(caught.value.faults) == 2
    assert tu.binary(frame.assign(won=frame["won"] == 1), "won", DESIGN).estimate == tu.binary(frame, "won", DESIGN).estimate
