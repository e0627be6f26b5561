"""Resampling in interactive time; `python benchmarks/resampling` measures it against its peers."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "resampling"))

import data  # lies in the folder named above
import targets

BUDGETS = {"one_outcome": 0.1, "twelve_outcomes": 0.4, "a_whole_trial": 1.0, "villages": 0.1, "wild_bootstrap": 0.1, "power_by_sums": 0.3}


def one_outcome():
    """200 people, 9,999 draws, HC2 and covariates."""
    material = data.units(200, 1)
    return lambda: targets.hc2(material, 9_999)


def twelve_outcomes():
    """1,000 people, 12 outcomes, with step-down."""
    material = data.units(1000, 12)
    return lambda: targets.hc2_stepdown(material, 9_999)


def a_whole_trial():
    """133 families, 12 outcomes with their baselines, 5 subgroups: 72 regressions a draw, 10,000 draws."""
    frame, outcomes, covariates = data.mission()
    return lambda: targets.tu.randomization_test(frame, outcomes, data.UNITS, covariates=covariates)


def villages():
    """119 villages drawn whole, CR1 for every draw."""
    material = data.thornton()
    return lambda: targets.cr1(material, 9_999)


def wild_bootstrap():
    """119 villages, 9,999 draws of signs."""
    material = data.thornton()
    return lambda: targets.wild(material, 9_999)


def power_by_sums():
    """5,000 simulated trials of 40 clusters of 25 people."""
    return lambda: targets.power((40, 25, 0.05, 0.5, 0.3), 5_000)
