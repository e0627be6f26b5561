"""Bounds on a mean change by brute force; the change with weights against its formula."""

import itertools

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.errors import EstimateError, MissingError

FRAME = pd.DataFrame({"start": [2.0, 4, 6, 4, np.nan, 1], "end": [5.0, 6, np.nan, 6, 7, np.nan], "group": [1, 1, 2, 2, 3, 3]})


def test_every_way_to_fill_in_lies_within():
    found = tu.change_bounds(FRAME, "start", "end", support=(0, 10))
    began = FRAME[FRAME["start"].notna()]
    gone = np.flatnonzero(began["end"].isna())
    means = []
    for filled in itertools.product(range(11), repeat=gone.size):
        end = began["end"].to_numpy(copy=True)
        end[gone] = filled
        means.append((end - began["start"].to_numpy()).mean())
    assert (found.lower, found.upper) == pytest.approx((min(means), max(means)))
    assert (found.n, found.n_missing) == (5, 2)
    assert found.extra["unchanged"] == pytest.approx(np.mean([3, 2, 0, 2, 0]))


def test_nobody_missing_is_the_change_itself():
    full = FRAME.dropna()
    found, plain = tu.change_bounds(full, "start", "end", support=(0, 10), clusters="group"), tu.change(full, "start", "end", clusters="group")
    assert (found.lower, found.upper) == (plain.estimate, plain.estimate)
    assert (found.conf_low, found.conf_high)[0] == pytest.approx(plain.estimate - 1.959963984540054 * plain.std_error)


def test_what_cannot_be_bounded_is_refused():
    with pytest.raises(MissingError, match="outside the support"):
        tu.change_bounds(FRAME, "start", "end", support=(0, 5))
    with pytest.raises(MissingError, match="lowest value stands first"):
        tu.change_bounds(FRAME, "start", "end", support=(10, 0))
    with pytest.raises(MissingError, match="nobody was measured"):
        tu.change_bounds(FRAME.assign(start=np.nan), "start", "end", support=(0, 10))


def test_a_weighted_change_is_the_weighted_mean_and_equal_weights_change_nothing():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"start": rng.normal(size=40), "end": rng.normal(0.5, size=40), "w": rng.uniform(0.5, 2, 40), "one": 3.0,
                          "group": np.repeat(np.arange(8), 5)})
    found = tu.change(frame, "start", "end", clusters="group", weights="w")
    assert found.estimate == pytest.approx(np.average(frame["end"] - frame["start"], weights=frame["w"]), rel=1e-12)
    same, plain = tu.change(frame, "start", "end", clusters="group", weights="one"), tu.change(frame, "start", "end", clusters="group")
    np.testing.assert_allclose([same.estimate, same.std_error, same.df], [plain.estimate, plain.std_error, plain.df], rtol=1e-8)
    with pytest.raises(EstimateError, match="positive"):
        tu.change(frame.assign(w=0.0), "start", "end", weights="w")
