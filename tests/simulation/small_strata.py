"""Size of tests with the fixed effects of pairs and small strata, by the level of the variance, written to `docs/evidence/small_strata.md`.

Run from the repository: ``python tests/simulation/small_strata.py [TRIALS]`` (``make simulate`` does). Seeds are fixed, so every run gives the
same page.
"""

from __future__ import annotations

import math
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import takeup as tu

PAGE = Path(__file__).resolve().parents[2] / "docs" / "evidence" / "small_strata.md"
TRIALS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Strata of `clusters` clusters of `size` people, half of each stratum treated, nobody affected."""

    strata: int
    clusters: int
    size: int

    @property
    def name(self) -> str:
        """What is drawn."""
        what = "pairs" if self.clusters == 2 else f"strata of {self.clusters}"
        return f"{self.strata} {what}, {self.size} people a cluster"


WORLDS = tuple(World(strata=strata, clusters=clusters, size=size) for strata, clusters, size in (
    (10, 2, 5), (20, 2, 5), (40, 2, 5), (10, 4, 5), (10, 6, 5), (10, 8, 5),
))
COLUMNS = ("by default", "difference in means", "CR1 at the cluster", "HC1, nothing clustered")


def trial(world: World, draw: np.random.Generator) -> pd.DataFrame:
    """One trial: strata and clusters differ, assignment does nothing."""
    units = world.strata * world.clusters
    arm = np.concatenate([draw.permutation(np.arange(world.clusters) % 2) for _ in range(world.strata)])
    level = draw.normal(size=units) + np.repeat(draw.normal(size=world.strata), world.clusters)
    cluster = np.repeat(np.arange(units), world.size)
    return pd.DataFrame({"arm": arm[cluster], "y": level[cluster] + draw.normal(size=cluster.size), "cluster": cluster,
                         "stratum": cluster // world.clusters})


def p_values(world: World, frame: pd.DataFrame) -> list[float]:
    """One for each of `COLUMNS`: what the declared draw gives, then what is asked for against it."""
    draw = "pairs" if world.clusters == 2 else "blocked_clustered"
    declared = tu.Design("arm", 0, draw=draw, blocks="stratum", clusters="cluster")
    units = tu.Design("arm", 0, draw="blocked", blocks="stratum", clusters="cluster")
    return [
        tu.ancova(frame, "y", declared).p_value, tu.difference_in_means(frame, "y", declared).p_value,
        tu.ancova(frame, "y", units, se_type="CR1").p_value,
        tu.ancova(frame, "y", tu.Design("arm", 0, draw="blocked", blocks="stratum"), se_type="HC1").p_value,
    ]


def sizes(world: World, trials: int) -> np.ndarray:
    """Share of trials in which each column rejects at 5 %."""
    draw = np.random.default_rng(zlib.crc32(world.name.encode()))
    found = np.array([p_values(world, trial(world, draw)) for _ in range(trials)])
    return np.asarray((found < 0.05).mean(axis=0))


HEAD = """# Pairs and small strata

Made by `tests/simulation/small_strata.py` (`make simulate`); do not edit. Synthetic trials only.

Each cell: in how many of 100 trials (of {trials:,}) a test at 5 % rejects where nobody is affected. The Monte-Carlo standard error is
{error:.1f}, so {low:.1f} to {high:.1f} is as it should be. Half of the clusters of each stratum are treated and the regression has a fixed effect for
every stratum. The first two columns are what the declared draw chooses: the variance between pairs or strata. The third takes it between the
clusters that were drawn, as is often done.
"""
FOOT = """
With fixed effects for pairs the residuals of the two clusters mirror each other: taken for independent they show half of the variance, and the
test rejects three times as often as it says. In larger strata the fault shrinks with the number of clusters in a stratum. Source: de
Chaisemartin and Ramirez-Cuellar (2024), American Economic Journal: Applied Economics 16. The rule that takes the variance at the stratum up to
ten clusters is in `estimate/rules.py`; the reason of each estimate says so.
"""


def page(trials: int = TRIALS) -> str:
    """The whole page."""
    error = 100 * math.sqrt(0.05 * 0.95 / trials)
    rows = [f"| {world.name} | {' | '.join(f'{100 * share:.1f}' for share in sizes(world, trials))} |" for world in WORLDS]
    table = [f"| drawn | {' | '.join(COLUMNS)} |", f"| --- |{' ---: |' * len(COLUMNS)}", *rows]
    return "\n".join((HEAD.format(trials=trials, error=error, low=5 - 2 * error, high=5 + 2 * error), *table, FOOT))


if __name__ == "__main__":
    PAGE.write_text(page(int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS), encoding="utf-8")
