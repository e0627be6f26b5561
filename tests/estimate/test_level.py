"""An outcome that lies far from 0 for its spread keeps all its digits."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.estimate.linear import least_squares

LEVEL = 2.0**30
"""Whole numbers added to it are exact, so that nothing is lost before the fit."""


def trial(seed=1, n=160):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"arm": np.arange(n) % 2, "x": rng.normal(size=n), "b": np.arange(n) // 8, "w": rng.uniform(0.5, 2, n),
                         "came": (np.arange(n) % 2) * (rng.random(n) < 0.7), "y": rng.integers(-9, 9, n).astype(float)}).astype({"came": int})


DESIGNS = [tu.Design("arm", 0), tu.Design("arm", 0, draw="blocked", blocks="b"), tu.Design("arm", 0, weights="w"), tu.Design("arm", 0, clusters="b")]


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("estimator", [tu.ancova, tu.lin, tu.cace])
def test_adding_a_constant_changes_no_digit(estimator, design):
    frame = trial()
    if estimator is tu.cace:
        design = dataclasses.replace(design, received="came")
    here, there = (estimator(one, "y", design, covariates=["x"]) for one in (frame, frame.assign(y=frame["y"] + LEVEL)))
    assert (there.estimate, there.std_error, there.df) == pytest.approx((here.estimate, here.std_error, here.df), rel=1e-8)


def test_without_a_constant_in_the_regression_nothing_is_taken_out():
    x = np.array([[1.0, 0.0], [2.0, 1.0], [3.0, 0.0], [4.0, 1.0]])
    y = np.array([1000.0, 1000.1, 1000.0, 999.9])
    assert least_squares(x, y).coefficients == pytest.approx(np.linalg.lstsq(x, y)[0], rel=1e-12)
