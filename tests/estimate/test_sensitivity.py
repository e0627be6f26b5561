"""E-values and robustness values held against published ones."""

from __future__ import annotations

import math

import pytest

from takeup.estimate.sensitivity import e_value, e_value_of_limit, partial_r2, robustness_value


def test_e_values_of_vanderweele_and_ding():
    """Their examples: RR 3.9 (1.8 to 8.7) has E-value 7.26 and 3.0 for the limit; RR 0.80 (0.71 to 0.91) has 1.81 and 1.43."""
    assert round(e_value(3.9), 2) == 7.26
    assert round(e_value_of_limit(1.8, 8.7), 2) == 3.0
    assert round(e_value(0.80), 2) == 1.81
    assert round(e_value_of_limit(0.71, 0.91), 2) == 1.43
    assert e_value_of_limit(0.9, 1.2) == 1.0
    assert e_value(1.0) == 1.0
    assert math.isnan(e_value(0.0))


def test_robustness_values_of_cinelli_and_hazlett():
    """Their Darfur example: t = 4.18 with 783 degrees of freedom: RV 13.9 %, at the 5 % level 7.6 %, partial R2 2.2 %."""
    assert round(robustness_value(4.184, 783), 3) == 0.139
    assert round(robustness_value(4.184, 783, 0.05), 3) == 0.076
    assert round(partial_r2(4.184, 783), 3) == 0.022


@pytest.mark.parametrize("t", [0.5, 2.0, 9.0])
def test_a_confounder_of_that_strength_takes_the_difference_away(t):
    """The bias bound sqrt(R2y R2d / (1 - R2d)) times se sqrt(df) equals the estimate when both shares are the robustness value."""
    df = 40.0
    share = robustness_value(t, df)
    assert math.sqrt(share * share / (1 - share)) * math.sqrt(df) == pytest.approx(t, rel=1e-10)


def test_below_the_brink_the_value_is_zero():
    assert robustness_value(1.0, 100, 0.05) == 0.0
    assert math.isnan(robustness_value(3.0, 1.0, 0.05))
