"""Three rights of MISSION over thousands of synthetic trials, by either rule for the degrees of freedom; for `test_mission_coverage.py`.

Only these rights' rules are read, which is some five times as fast as a whole trial.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from takeup.measure.rights_catalogue import Catalogue

MANY = 3000
ROOT = Path(__file__).resolve().parents[2]
FREQUENT = ("supplementary_support", "employment_programme", "increased_reimbursement")
RULES = ("bell_mccaffrey", "nested")


@cache
def catalogue() -> Catalogue:
    from takeup.measure.rights_catalogue import read_catalogue

    return read_catalogue(ROOT / "data_schema" / "mission" / "rights.yaml")


def asked_of(roster: pd.DataFrame, answers: pd.DataFrame, known: Catalogue | None = None) -> np.ndarray:
    """(n, rights) whether an interviewer could tell from the answers that a family is eligible at baseline."""
    from takeup.demo.mission.tables import known_profile
    from takeup.measure.rights_catalogue import eligibility

    rights = known or catalogue()
    found: np.ndarray = eligibility(rights, known_profile(roster, answers, rights.facts)).to_numpy(dtype=bool, na_value=False)
    return found


def frames(seed: int) -> dict[str, pd.DataFrame]:
    """What is analysed of each right in one trial: families eligible at baseline who answered at endline."""
    from takeup.demo.mission.tables import households, survey
    from takeup.demo.mission.takes import RECEIVES
    from takeup.demo.mission.truth import RIGHTS
    from takeup.demo.mission.world import make_world

    few = replace(catalogue(), rights=tuple(right for right in catalogue() if right.id in {RIGHTS[name] for name in FREQUENT}))
    world = make_world(133, seed, few)
    roster = households(world)
    eligible = asked_of(roster, survey(world, "baseline"), few)
    found = {}
    for name in FREQUENT:
        place = few.ids.index(RIGHTS[name])
        frame = roster[["arm", "batch", "case_manager"]].assign(
            y=(world.endline[:, place] == RECEIVES).astype(float), x=(world.takes.baseline[:, place] == RECEIVES).astype(float))
        found[name] = frame[eligible[:, place] & ~world.lost]
    return found


def fits(seed: int) -> dict[str, tuple[float, ...]]:
    """Of each right the estimate and its variance, and half the interval and its degrees of freedom by either rule."""
    import takeup as tu

    design = tu.Design("arm", "control", draw="blocked", blocks="batch", nested_in="case_manager")
    out = {}
    for name, frame in frames(seed).items():
        plain, ours = (tu.ancova(frame, "y", design, covariates=("x",), df=rule) for rule in RULES)
        out[name] = (ours.estimate, ours.std_error**2, plain.conf_high - plain.estimate, plain.df, ours.conf_high - ours.estimate, ours.df)
    return out


def trials(count: int = MANY) -> list[dict[str, tuple[float, ...]]]:
    """The fits of that many trials, from seed 1."""
    with ProcessPoolExecutor(2) as pool:
        return list(pool.map(fits, range(1, count + 1), chunksize=20))


def summary(found: list[dict[str, tuple[float, ...]]], truth: Mapping[str, float]) -> list[dict[str, Any]]:
    """One row a right: error of the estimates, ratio of mean variance to their variance, degrees of freedom, coverage by either rule."""
    rows = []
    for name in FREQUENT:
        values = np.array([trial[name] for trial in found])
        estimate, variance, plain, df_plain, ours, df = values[~np.isnan(values).any(axis=1)].T
        away = np.abs(estimate - truth[name])
        rows.append({
            "right": name.replace("_", " "), "bias": estimate.mean() - truth[name], "error": estimate.std() / np.sqrt(estimate.size),
            "ratio": variance.mean() / estimate.var(), "implied": 2.0 * variance.mean() ** 2 / variance.var(), "df_plain": np.median(df_plain),
            "df": np.median(df), "covered_plain": (away <= plain).mean(), "covered": (away <= ours).mean(),
        })
    return rows
