"""Five hundred trials that never were: 95 % intervals of every outcome of MISSION's plan hold the true effect as often as they say."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

TRIALS = 500
ROOT = Path(__file__).parents[2]
BOUND = 3.5 * np.sqrt(0.95 * 0.05 / TRIALS)
"""Monte-Carlo error of a coverage of 95 %; with fourteen outcomes one in a hundred runs would stray further."""


def intervals(seed: int) -> dict[str, tuple[float, float, float]]:
    """Estimate and interval of each outcome in one synthetic trial, analysed as the plan says: ANCOVA with blocks and the outcome's baseline."""
    import takeup as tu
    from takeup.demo.mission.rows import material
    from takeup.demo.mission.tables import WAVES, households, survey
    from takeup.demo.mission.takes import RECEIVES
    from takeup.demo.mission.truth import RIGHTS
    from takeup.demo.mission.world import make_world
    from takeup.measure.rights_catalogue import read_catalogue
    from takeup.plan.read import read

    catalogue = read_catalogue(ROOT / "data_schema" / "mission" / "rights.yaml")
    plan = read(ROOT / "reports" / "mission" / "plan.yaml")
    world = make_world(133, seed, catalogue)
    roster, surveys = households(world), {wave: survey(world, wave) for wave in WAVES}
    found = material(world, roster, surveys)
    before, after = world.takes.baseline == RECEIVES, world.endline == RECEIVES
    values: dict[str, tuple[np.ndarray, np.ndarray | None]] = {}
    for outcome in plan.outcomes:
        if outcome.id in RIGHTS:
            place = catalogue.ids.index(RIGHTS[outcome.id])
            asked = found.eligible["baseline"][:, place] == 1
            values[outcome.id] = (np.where(asked, after[:, place], np.nan), before[:, place].astype(float))
        elif outcome.right == "n_new":
            values[outcome.id] = ((after & ~before).sum(axis=1).astype(float), None)
        elif outcome.right == "euros_per_month":
            values[outcome.id] = ((after * found.worth).sum(axis=1), (before * found.worth).sum(axis=1))
        else:
            columns = list(outcome.items) or [str(outcome.column)]
            answers = [surveys[wave][columns].where(surveys[wave][columns] >= 0) for wave in ("endline", "baseline")]
            scored = [tu.score(frame, outcome.scale, columns) if outcome.scale else frame[columns[0]] for frame in answers]
            values[outcome.id] = (scored[0].to_numpy(dtype=float, na_value=np.nan), scored[1].to_numpy(dtype=float, na_value=np.nan))
    design = tu.Design("arm", "control", draw="blocked", blocks="batch", nested_in="case_manager")
    out = {}
    for name, (now, then) in values.items():
        frame = roster[["arm", "batch", "case_manager"]].assign(y=np.where(world.lost, np.nan, now), **({} if then is None else {"x": then}))
        kept = frame[~np.isnan(frame["y"])] if name in RIGHTS else frame
        fit = tu.ancova(kept, "y", design, covariates=() if then is None else ("x",))
        out[name] = (fit.estimate, fit.conf_low, fit.conf_high)
    return out


@pytest.mark.slow
def test_intervals_of_every_outcome_hold_the_truth() -> None:
    from takeup.demo.mission.parameters import read_parameters
    from takeup.demo.mission.truth import population_effects
    from takeup.measure.rights_catalogue import read_catalogue

    truth = population_effects(read_catalogue(ROOT / "data_schema" / "mission" / "rights.yaml"), read_parameters())
    with ProcessPoolExecutor(2) as pool:
        trials = list(pool.map(intervals, range(1, TRIALS + 1), chunksize=10))
    for name, effect in truth.items():
        seen = np.array([trial[name] for trial in trials])
        known = ~np.isnan(seen[:, 1])
        assert known.mean() > 0.9, name  # tenants are few: in some trials hardly any block has both arms
        covered = ((seen[known, 1] <= effect) & (effect <= seen[known, 2])).mean()
        # Five case managers are few: Satterthwaite's degrees of freedom err on the wide side, so more than 95 % is no fault.
        assert covered >= 0.95 - BOUND, (name, covered)
        bias = seen[known, 0].mean() - effect
        assert abs(bias) < 4 * seen[known, 0].std() / np.sqrt(known.sum()), (name, bias)
