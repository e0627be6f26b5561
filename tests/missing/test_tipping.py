"""The tipping curve: linear in delta, by brute force at its crossing, and refusals."""

import math

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.errors import TakeupError
from takeup.missing.tipping import tipping_point

DESIGN = tu.Design("arm", "c")


@pytest.fixture(scope="module")
def trial():
    rng = np.random.default_rng(2)
    arm = np.arange(120) % 2
    before = rng.normal(size=120)
    y = before + 0.8 * arm + rng.normal(size=120)
    return pd.DataFrame({"arm": np.where(arm == 1, "t", "c"), "before": before, "y": np.where(rng.random(120) < 0.25, np.nan, y)})


def test_the_curve_moves_by_the_share_that_is_imputed(trial):
    curve = tipping_point(trial, "y", DESIGN, deltas=[-2, 0, 2], m=4, method="difference_in_means")
    share = trial.loc[trial["arm"] == "t", "y"].isna().mean()
    steps = np.diff([one.estimate for one in curve.estimates])
    assert steps == pytest.approx([2 * share, 2 * share])
    both = tipping_point(trial, "y", DESIGN, deltas=[0, 2], m=4, method="difference_in_means", moved="both")
    control = trial.loc[trial["arm"] == "c", "y"].isna().mean()
    assert both.estimates[1].estimate - both.estimates[0].estimate == pytest.approx(2 * (share + control))


def test_delta_zero_is_the_pooled_analysis(trial):
    curve = tipping_point(trial, "y", DESIGN, covariates=["before"], deltas=[0], m=5, seed=3)
    completed = tu.impute(trial, DESIGN, columns=["y", "before"], m=5, seed=3)
    plain = tu.pool([tu.ancova(one, "y", DESIGN, covariates=["before"]) for one in completed])
    assert curve.estimates[0] == plain
    assert math.isnan(curve.below)
    assert "same at every delta" in curve.reason


def test_the_conclusion_turns_at_the_tipping_point(trial):
    curve = tipping_point(trial, "y", DESIGN, covariates=["before"], m=5, deltas=np.linspace(-6, 6, 49))
    assert -6 < curve.below < 0
    just = tipping_point(trial, "y", DESIGN, covariates=["before"], m=5, deltas=[curve.below - 0.1, curve.below + 0.1])
    assert just.estimates[0].conf_low < 0 < just.estimates[1].conf_low
    frame = curve.to_frame()
    assert len(frame) == len(curve.results()) == 49
    assert curve.results()[0].term == "delta -6"


def test_default_steps_are_in_control_standard_deviations(trial):
    curve = tipping_point(trial, "y", DESIGN, m=2, moved="control")
    assert curve.deltas[-1] == pytest.approx(trial.loc[trial["arm"] == "c", "y"].std())
    assert len(curve.deltas) == 21
    assert curve.n_imputed == trial["y"].isna().sum()


@pytest.mark.parametrize("options", [{"moved": "none"}, {"deltas": []}, {"deltas": [np.nan]}, {"method": "logit"}, {"columns": ["x"]}, {"m": 1}])
def test_what_cannot_be_drawn_is_refused(trial, options):
    with pytest.raises(TakeupError):
        tipping_point(trial, "y", DESIGN, **options)
