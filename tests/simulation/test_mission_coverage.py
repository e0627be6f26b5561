"""Five hundred trials that never were: 95 % intervals of every outcome of MISSION's plan hold the true effect as often as they say.

``python tests/simulation/test_mission_coverage.py`` writes the figures to `docs/evidence/mission_coverage.md`, in about ten minutes.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from simulation.mission_rights import MANY, asked_of, catalogue, summary, trials

if TYPE_CHECKING:
    from takeup.plan.model import Plan

TRIALS = 500
Interval = tuple[float, float, float]
ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "evidence" / "mission_coverage.md"
BOUND = 3.5 * np.sqrt(0.95 * 0.05 / TRIALS)
"""Monte-Carlo error of a coverage of 95 %; with fourteen outcomes one in a hundred runs would stray further."""


@cache
def plan() -> Plan:
    from takeup.plan.read import read

    return read(ROOT / "reports" / "mission" / "plan.yaml")


def intervals(seed: int) -> dict[str, tuple[float, float, float]]:
    """Estimate and interval of each outcome in one synthetic trial, analysed as the plan says: ANCOVA with blocks and the outcome's baseline."""
    import takeup as tu
    from takeup.demo.mission.amounts import amounts
    from takeup.demo.mission.tables import WAVES, households, survey
    from takeup.demo.mission.takes import RECEIVES
    from takeup.demo.mission.truth import RIGHTS
    from takeup.demo.mission.world import make_world

    world = make_world(133, seed, catalogue())
    roster, surveys = households(world), {wave: survey(world, wave) for wave in WAVES}
    eligible, worth = asked_of(roster, surveys["baseline"]), amounts(world)
    before, after = world.takes.baseline == RECEIVES, world.endline == RECEIVES
    values: dict[str, tuple[np.ndarray, np.ndarray | None]] = {}
    for outcome in plan().outcomes:
        if outcome.id in RIGHTS:
            place = catalogue().ids.index(RIGHTS[outcome.id])
            values[outcome.id] = (np.where(eligible[:, place], after[:, place], np.nan), before[:, place].astype(float))
        elif outcome.right == "n_new":
            values[outcome.id] = ((after & ~before).sum(axis=1).astype(float), None)
        elif outcome.right == "euros_per_month":
            values[outcome.id] = ((after * worth).sum(axis=1), (before * worth).sum(axis=1))
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


def truths() -> dict[str, float]:
    """The true effect on each outcome, in the population that families and case managers are drawn from."""
    from takeup.demo.mission.parameters import read_parameters
    from takeup.demo.mission.truth import population_effects

    return dict(population_effects(catalogue(), read_parameters()))


def run_all() -> list[dict[str, Interval]]:
    """Every trial's intervals."""
    with ProcessPoolExecutor(2) as pool:
        return list(pool.map(intervals, range(1, TRIALS + 1), chunksize=10))


def seen(found: list[dict[str, Interval]], name: str, effect: float) -> tuple[float, float, float, float]:
    """Share of trials with an interval, share of those that hold the effect, mean error of the estimate and its Monte-Carlo error."""
    limits = np.array([trial[name] for trial in found])
    known = ~np.isnan(limits[:, 1])
    covered = ((limits[known, 1] <= effect) & (effect <= limits[known, 2])).mean()
    return known.mean(), covered, limits[known, 0].mean() - effect, limits[known, 0].std() / np.sqrt(known.sum())


@pytest.mark.slow
def test_intervals_of_every_outcome_hold_the_truth() -> None:
    found = run_all()
    for name, effect in truths().items():
        known, covered, bias, error = seen(found, name, effect)
        assert known > 0.9, name  # tenants are few: in some trials hardly any block has both arms
        assert covered >= 0.95 - BOUND, (name, covered)
        assert abs(bias) < 4 * error, (name, bias)


HEAD = """# Do the intervals of MISSION's plan hold the truth?

Made by `tests/simulation/test_mission_coverage.py` (`make simulate`): {trials} synthetic trials of 133 families, each analysed as the plan says
(ANCOVA with the batches as fixed effects and the outcome's own baseline; case managers as clusters of the treated arm, every control family alone,
CR2 and Satterthwaite's degrees of freedom for providers in one arm). The true effect is known, as the data are made: it is that of the population
from which families and case managers come. Monte-Carlo error of a coverage of 95 %: {error:.1f} percentage points. "Error" is the mean of the
estimates less the true effect, with its Monte-Carlo error.

| outcome | true effect | error | trials with an interval | 95 % intervals that hold it |
| --- | --- | --- | --- | --- |
"""
MIDDLE = """
## Five case managers

Independent residuals of one variance are the usual model behind the degrees of freedom of CR2 (Bell and McCaffrey 2002). Here families of one case
manager share a part of whether a right is taken up, and the treated arm, a good part of which takes up, spreads more than the control arm. So most of
the variance lies in five clusters, while that model promises about twelve degrees of freedom; and the variance of an interval that comes out too
narrow isn't noticed. With `nested_in` the degrees of freedom therefore follow a model with a variance for each arm and a correlation of 0.05 within a
case manager. Below the same for the three most frequent rights over {many:,} trials (error of a coverage: {error:.1f}): the mean of the CR2 variances
against the variance of the estimates, and either rule. "Implied" are the degrees of freedom that fit the spread of the CR2 variances themselves.

| right | error | variance ratio | degrees of freedom: implied | independence | providers | coverage: independence | providers |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""
FOOT = """
Estimates are right on average, so the shortfall was none of bias, nor of what counts as the truth: intervals held the mean of the estimates no more
often. The standard error is the same under both rules. Intervals of the rental premium and of paid work hold the truth more often than they say: a
handful of families decide either, and degrees of freedom as few as these are cautious there. A correlation that is estimated from each trial does
worse (93.3 % for supplementary support): with five case managers it comes out below zero in half of the trials, and just in those whose variance is
too low. Four degrees of freedom (clusters less one) would be safe and wide (97 %). The mixed model (`partially_nested`) had 93 % for supplementary
support in 116 trials.
"""


def page(found: list[dict[str, Interval]], many: list[dict[str, float]]) -> str:
    """The tables of one run, with what they mean."""
    rows = []
    for name, effect in truths().items():
        known, covered, bias, error = seen(found, name, effect)
        digits = 1 if abs(effect) >= 10 else 3
        rows.append(f"| {name.replace('_', ' ')} | {effect:.{digits}f} | {bias:+.{digits}f} ({error:.{digits}f}) | {100 * known:.0f} % | "
                    f"{100 * covered:.1f} % |\n")
    more = [f"| {row['right']} | {row['bias']:+.3f} ({row['error']:.3f}) | {row['ratio']:.2f} | {row['implied']:.1f} | {row['df_plain']:.1f} | "
            f"{row['df']:.1f} | {100 * row['covered_plain']:.1f} % | {100 * row['covered']:.1f} % |\n" for row in many]
    error, smaller = (100 * np.sqrt(0.95 * 0.05 / count) for count in (TRIALS, MANY))
    return HEAD.format(trials=len(found), error=error) + "".join(rows) + MIDDLE.format(many=MANY, error=smaller) + "".join(more) + FOOT


if __name__ == "__main__":
    PAGE.write_text(page(run_all(), summary(trials(), truths())), encoding="utf-8")
