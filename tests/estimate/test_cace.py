"""Complier effects: the ratio of two effects, linearmodels, brute force, and degenerate take-up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.errors import EstimateError

RTOL = 1e-8


def trial(n=240, seed=0) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame({"arm": np.arange(n) % 2, "x": draw.normal(size=n), "block": np.arange(n) // 60, "cluster": np.arange(n) // 8,
                          "w": draw.uniform(0.5, 2, n)})
    keen = draw.normal(size=n) + 0.5 * frame["x"]
    frame["came"] = (keen + 1.5 * frame["arm"] > 0.8) * 1
    return frame.assign(y=2 + frame["x"] + 3 * frame["came"] + keen + draw.normal(size=n), dose=frame["came"] * draw.integers(1, 6, n))


def design(**options):
    return tu.Design("arm", 0, received=options.pop("received", "came"), **options)


def test_without_covariates_it_is_one_effect_divided_by_the_other():
    frame = trial()
    found = tu.cace(frame, "y", design())
    effects = [tu.difference_in_means(frame, column, tu.Design("arm", 0)).estimate for column in ("y", "came")]
    np.testing.assert_allclose((found.extra["itt"], found.extra["first_stage"], found.estimate), (*effects, effects[0] / effects[1]), rtol=RTOL)
    assert (found.estimand, found.term, found.extra["instrument"]) == ("CACE", "received", "arm")


@pytest.mark.parametrize(("se_type", "theirs"), [("classical", "unadjusted"), ("HC0", "robust"), ("CR0", "clustered")])
@pytest.mark.parametrize("weighted", [False, True])
def test_against_linearmodels(se_type, theirs, weighted):
    iv = pytest.importorskip("linearmodels.iv")
    frame = trial().astype({"came": float}).assign(one=1.0)
    options = {"clusters": frame["cluster"]} if se_type == "CR0" else {}
    model = iv.IV2SLS(frame["y"], frame[["one", "x"]], frame["came"], frame["arm"], weights=frame["w"] if weighted else None)
    expected = model.fit(cov_type=theirs, debiased=se_type == "classical", **options)
    ours = tu.cace(frame, "y", design(weights="w" if weighted else None, clusters="cluster"), covariates=["x"], se_type=se_type)
    np.testing.assert_allclose((ours.estimate, ours.std_error), (expected.params["came"], expected.std_errors["came"]), rtol=RTOL)


@pytest.mark.parametrize("se_type", ["HC2", "HC3"])
def test_leverages_are_those_of_the_projected_regressors(se_type):
    frame = trial()
    z, x = np.column_stack([np.ones(240), frame["x"], frame["arm"]]), np.column_stack([np.ones(240), frame["x"], frame["came"]])
    projected = z @ np.linalg.solve(z.T @ z, z.T @ x)
    bread = np.linalg.inv(projected.T @ projected)
    residuals = frame["y"].to_numpy() - x @ (bread @ projected.T @ frame["y"].to_numpy())
    leverage = np.einsum("ij,jk,ik->i", projected, bread, projected)
    scores = projected * (residuals / (1 - leverage) ** (0.5 if se_type == "HC2" else 1.0))[:, None]
    expected = np.sqrt((bread @ scores.T @ scores @ bread)[2, 2])
    np.testing.assert_allclose(tu.cace(frame, "y", design(), covariates=["x"], se_type=se_type).std_error, expected, rtol=RTOL)


def test_structural_leverages_are_the_slopes_of_the_fitted_values():
    """The hat matrix of two-stage least squares, X (X^'X^)^-1 X^', by moving each outcome a little."""
    frame = trial(n=40)
    found = tu.cace(frame, "y", design(), covariates=["x"], se_type="HC2_structural", df="residual")
    x = np.column_stack([np.ones(40), frame["x"], frame["came"]])
    z = np.column_stack([np.ones(40), frame["x"], frame["arm"]])
    projected = z @ np.linalg.lstsq(z, x, rcond=None)[0]
    bread = np.linalg.inv(projected.T @ projected)
    hat = np.diag(x @ bread @ projected.T)
    residuals = frame["y"].to_numpy() - x @ (bread @ projected.T @ frame["y"].to_numpy())
    scores = projected * (residuals / np.sqrt(1 - hat))[:, None]
    assert found.std_error == pytest.approx(np.sqrt((bread @ scores.T @ scores @ bread)[-1, -1]), rel=1e-9)
    assert found.se_type == "HC2_structural"
    assert found.estimate == tu.cace(frame, "y", design(), covariates=["x"]).estimate


def test_blocks_enter_as_dummies():
    frame = trial()
    dummies = frame.assign(**{f"b{code}": (frame["block"] == code) * 1 for code in (1, 2, 3)})
    blocked = tu.cace(frame, "y", design(draw="blocked", blocks="block"), covariates=["x"], se_type="HC1")
    expected = tu.cace(dummies, "y", design(), covariates=["b1", "b2", "b3", "x"], se_type="HC1")
    np.testing.assert_allclose((blocked.estimate, blocked.std_error, blocked.df), (expected.estimate, expected.std_error, expected.df), rtol=RTOL)


@pytest.mark.parametrize("se_type", [None, "classical", "HC1", "CR1"])
def test_the_first_stage_is_an_ancova_of_what_was_received(se_type):
    frame = trial()
    clusters = "cluster" if se_type == "CR1" else None
    found = tu.cace(frame, "y", design(clusters=clusters), covariates=["x"], se_type=se_type)
    first = tu.ancova(frame, "came", tu.Design("arm", 0, clusters=clusters), covariates=["x"], se_type=se_type)
    robust = tu.ancova(frame, "came", tu.Design("arm", 0, clusters=clusters), covariates=["x"])
    ours = [found.extra[name] for name in ("first_stage", "first_stage_f", "effective_f")]
    np.testing.assert_allclose(ours, (first.estimate, first.statistic**2, robust.statistic**2), rtol=RTOL)


def test_a_dose_is_an_effect_per_unit():
    frame = trial()
    found = tu.cace(frame, "y", design(received="dose"))
    effects = [tu.difference_in_means(frame, column, tu.Design("arm", 0)).estimate for column in ("y", "dose")]
    np.testing.assert_allclose(found.estimate, effects[0] / effects[1], rtol=RTOL)
    assert "Angrist and Imbens 1995" in found.reason


def test_when_everybody_complies_it_is_the_effect_of_assignment():
    frame = trial().assign(came=lambda data: data["arm"])
    found, effect = tu.cace(frame, "y", design(), covariates=["x"]), tu.ancova(frame, "y", tu.Design("arm", 0), covariates=["x"])
    np.testing.assert_allclose((found.estimate, found.std_error, found.df), (effect.estimate, effect.std_error, effect.df), rtol=RTOL)
    assert found.extra["first_stage_f"] == np.inf


@pytest.mark.parametrize(
    ("came", "words"),
    [(0, "Everybody received the same"), (1, "Everybody received the same"),
     (lambda data: (data["cluster"] % 2), "Assignment doesn't move take-up at all")],
)
def test_take_up_that_assignment_doesn_t_move(came, words):
    found = tu.cace(trial().assign(came=came), "y", design())
    assert words in found.reason
    assert np.isnan(found.estimate)
    assert found.extra["first_stage"] == pytest.approx(0, abs=1e-12)


def test_a_weak_instrument_points_to_the_anderson_rubin_set():
    draw = np.random.default_rng(1)
    frame = trial().assign(came=draw.integers(0, 2, 240))
    found = tu.cace(frame, "y", design())
    assert found.extra["first_stage_f"] < 10
    assert "read the Anderson-Rubin set" in found.reason
    assert "Anderson-Rubin" not in tu.cace(trial(), "y", design()).reason


def test_rows_without_receipt_are_left_out_and_counted():
    frame = trial().astype({"came": float})
    frame.loc[[0, 1, 2], "came"] = np.nan
    frame.loc[3, "y"] = np.nan
    found = tu.cace(frame, "y", design())
    assert (found.n, found.n_missing) == (236, 4)
    with pytest.raises(EstimateError, match="received"):
        tu.cace(frame, "y", tu.Design("arm", 0))
