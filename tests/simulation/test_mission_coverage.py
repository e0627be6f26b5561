"""Five hundred trials that never were: 95 % intervals of every outcome of MISSION's plan hold the true effect as often as they say.

``python tests/simulation/test_mission_coverage.py`` writes the figures to `docs/evidence/mission_coverage.md`, in about a quarter of an hour.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

TRIALS = 500
Interval = tuple[float, float, float]
PAGE = Path(__file__).parents[2] / "docs" / "evidence" / "mission_coverage.md"
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


def run_all() -> tuple[list[dict[str, Interval]], dict[str, float]]:
    """Every trial's intervals, and the true effects."""
    from takeup.demo.mission.parameters import read_parameters
    from takeup.demo.mission.truth import population_effects
    from takeup.measure.rights_catalogue import read_catalogue

    truth = population_effects(read_catalogue(ROOT / "data_schema" / "mission" / "rights.yaml"), read_parameters())
    with ProcessPoolExecutor(2) as pool:
        return list(pool.map(intervals, range(1, TRIALS + 1), chunksize=10)), dict(truth)


def seen(trials: list[dict[str, Interval]], name: str, effect: float) -> tuple[float, float, float, float]:
    """Share of trials with an interval, share of those that hold the effect, mean error of the estimate and its Monte-Carlo error."""
    found = np.array([trial[name] for trial in trials])
    known = ~np.isnan(found[:, 1])
    covered = ((found[known, 1] <= effect) & (effect <= found[known, 2])).mean()
    return known.mean(), covered, found[known, 0].mean() - effect, found[known, 0].std() / np.sqrt(known.sum())


@pytest.mark.slow
def test_intervals_of_every_outcome_hold_the_truth() -> None:
    trials, truth = run_all()
    for name, effect in truth.items():
        known, covered, bias, error = seen(trials, name, effect)
        assert known > 0.9, name  # tenants are few: in some trials hardly any block has both arms
        assert covered >= 0.95 - BOUND, (name, covered)
        assert abs(bias) < 4 * error, (name, bias)


HEAD = """# Do the intervals of MISSION's plan hold the truth?

Made by `tests/simulation/test_mission_coverage.py` (`make simulate`): {trials} synthetic trials of 133 families, each analysed as the plan says
(ANCOVA with the batches as fixed effects and the outcome's own baseline; case managers as clusters of the treated arm, every control family alone,
CR2 and Satterthwaite's degrees of freedom). The true effect is known, as the data are made. Monte-Carlo error of a coverage of 95 %: {error:.1f}
percentage points. "Error" is the mean of the estimates less the true effect, with its Monte-Carlo error.

| outcome | true effect | error | trials with an interval | 95 % intervals that hold it |
| --- | --- | --- | --- | --- |
"""
FOOT = """
Twelve of the fourteen lie within Monte-Carlo error of 95 %, or above it. Two lie below, and that is no chance: over 1,977 trials (seeds up to 2,000)
the intervals of supplementary support held the truth in 93.0 % (error 0.6) and those of the employment programme in 93.7 % (0.5); the other twelve
in 94.3 to 97.8 %. Estimates are unbiased in all fourteen. The reason is sought in the five case managers: the families of one of them share a part of
whether a right is taken up. CR2 is unbiased where families are independent; with five clusters that share something its variance is some 6 % too
small for these two rights (mean of the squared errors against the variance of the estimates), and its degrees of freedom (12 in the middle) are those
of independent families. Well-being, where nothing is shared, covers 94.7 %. The mixed model (`partially_nested`) had 93 % for supplementary
support in 116 of these trials, so it is no way out. Read an interval of a right with five case managers as one of 93 rather than 95 %; the worlds
with five providers in `size_and_coverage.md` say the same of the size of tests.
"""


def page(trials: list[dict[str, Interval]], truth: dict[str, float]) -> str:
    """The table of one run, with what it means."""
    rows = []
    for name, effect in truth.items():
        known, covered, bias, error = seen(trials, name, effect)
        digits = 1 if abs(effect) >= 10 else 3
        rows.append(f"| {name.replace('_', ' ')} | {effect:.{digits}f} | {bias:+.{digits}f} ({error:.{digits}f}) | {100 * known:.0f} % | "
                    f"{100 * covered:.1f} % |\n")
    return HEAD.format(trials=len(trials), error=100 * np.sqrt(0.95 * 0.05 / len(trials))) + "".join(rows) + FOOT


if __name__ == "__main__":
    PAGE.write_text(page(*run_all()), encoding="utf-8")
