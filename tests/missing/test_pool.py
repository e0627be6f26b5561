"""Rubin's rules: limits, ratios, and what can't be pooled (the digits are in the parity tests)."""

import math

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.errors import MissingError
from takeup.missing.pool import barnard_rubin


def part(estimate, std_error=1.0, df=40.0, **more):
    return tu.Estimate(outcome="y", estimate=estimate, std_error=std_error, df=df, method="ancova", **more)


def test_nothing_imputed_is_the_complete_estimate():
    found = tu.pool([part(2.0)] * 5)
    # Barnard and Rubin's observed-data df of complete data: (df + 1) / (df + 3) df
    assert (found.estimate, found.std_error, found.extra["fmi"]) == (2.0, 1.0, pytest.approx(2 / (41 / 43 * 40 + 3)))
    assert found.df == pytest.approx(41 / 43 * 40)


def test_degrees_of_freedom_have_rubins_limit():
    assert barnard_rubin(0.5, 5, math.inf) == pytest.approx(16.0)
    assert barnard_rubin(0.5, 5, 1e12) == pytest.approx(16.0)
    assert barnard_rubin(0.0, 5, math.inf) == math.inf
    found = tu.pool([part(1.0, df=math.inf)] * 3)
    assert found.df == math.inf


def test_ratios_are_pooled_on_the_log_scale():
    rng = np.random.default_rng(1)
    frames = [pd.DataFrame({"arm": [0, 1] * 100, "y": rng.integers(0, 2, 200)}) for _ in range(4)]
    ratios = [tu.binary(frame, "y", tu.Design("arm", 0), scale="ratio") for frame in frames]
    found = tu.pool(ratios)
    logs = np.log([one.estimate for one in ratios])
    assert found.estimate == pytest.approx(math.exp(logs.mean()))
    assert math.log(found.conf_high) - logs.mean() == pytest.approx(logs.mean() - math.log(found.conf_low))


def test_an_unknown_part_is_said():
    found = tu.pool([part(1.0), part(2.0, math.nan)])
    assert math.isnan(found.std_error)
    assert "1 of 2" in found.reason


@pytest.mark.parametrize("parts", [[], [part(1.0)], [part(1.0), "x"], [part(1.0), part(1.0, term="other")], [part(1.0), part(1.0, conf_level=0.9)]])
def test_what_does_not_belong_together_is_refused(parts):
    with pytest.raises(MissingError):
        tu.pool(parts)
