"""Size and coverage of every estimator over many synthetic trials, written to `docs/evidence/size_and_coverage.md`.

Run from the repository: ``python tests/simulation/coverage.py [REPLICATIONS]`` (``make simulate`` does). Seeds are fixed by cell and replication,
so the same table comes out of every run and of any number of workers.
"""

from __future__ import annotations

import math
import sys
import warnings
import zlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import takeup as tu  # the path above is for running this as a script
from simulation.worlds import World, worlds

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).resolve().parents[2] / "docs" / "evidence" / "size_and_coverage.md"
DRAWS = 199


@dataclass(frozen=True, slots=True)
class Method:
    """An estimator under test: how it is called, in which worlds it makes sense, and whether only its p-value is looked at."""

    call: Callable[[pd.DataFrame, tu.Design], Any]
    fits: Callable[[World], bool] = lambda _: True
    by_p: bool = False


def complier(frame: pd.DataFrame, design: tu.Design) -> tu.Estimate:
    return tu.cace(frame, "after", replace(design, received="received"), covariates=["before"])


def redrawn(frame: pd.DataFrame, design: tu.Design) -> Any:
    return tu.randomization_test(frame, "after", design, covariates=["before"], draws=DRAWS, seed=1)


NOTE = """
Where a cell leaves its band, and why:

- Skewed outcomes with one in six treated: the mean of a handful of skewed values has no t interval of the right size, whoever computes it. The
  randomisation test keeps its size under the sharp null; under the weak null with a doubled spread no test here does until n is large.
- Horvitz-Thompson uses normal inference, as its peers do: too short with few treated units or clusters.
- Ten clusters, two of them treated: CR2 with Satterthwaite degrees of freedom (about one) is very conservative. That is the price of two clusters.
- Six clusters: twenty assignments, so the smallest two-sided p of the randomisation test is 0.10 and it never rejects at 5 %.
- The mixed model assumes one residual variance: under the weak null with unequal arms it rejects too often. The default for clusters is CR2.
- Providers in one arm share outcomes by construction, so the sharp null that the randomisation test holds exactly isn't true there.
- Five providers in one arm: the degrees of freedom allow for units of one provider that are alike: cautious where they hardly are (weak null).
- The risk difference by the linear model with five treated of thirty: a rate near 0 or 1 among five people has hardly any variance to see.
"""

METHODS: dict[str, Method] = {
    "difference in means": Method(lambda f, d: tu.difference_in_means(f, "after", d)),
    "ANCOVA": Method(lambda f, d: tu.ancova(f, "after", d, covariates=["before"])),
    "Lin": Method(lambda f, d: tu.lin(f, "after", d, covariates=["before"])),
    "Horvitz-Thompson": Method(lambda f, d: tu.horvitz_thompson(f, "after", d), lambda w: w.providers is None),
    "risk difference": Method(lambda f, d: tu.binary(f, "yes", d)),
    "risk difference by logit": Method(lambda f, d: tu.binary(f, "yes", d, covariates=["before"], model="logit")),
    "CACE": Method(complier),
    "mixed model": Method(lambda f, d: tu.mixed(f, "after", d, group="site", covariates=["before"]), lambda w: w.clusters is not None),
    "partially nested": Method(lambda f, d: tu.partially_nested(f, "after", d, covariates=["before"]), lambda w: w.providers is not None),
    "randomisation test": Method(redrawn, by_p=True),
    "ANCOVA, HC1, normal": Method(lambda f, d: tu.ancova(f, "after", d, covariates=["before"], se_type="HC1", df="normal")),
}


def cell(world: World, replications: int) -> list[dict[str, object]]:
    """One row a method: how often the truth was missed or rejected, and in how many trials there was an answer."""
    answers, missed = dict.fromkeys(METHODS, 0), dict.fromkeys(METHODS, 0)
    for replication in range(replications):
        frame = world.frame(np.random.default_rng([zlib.crc32(world.name.encode()), replication]))
        for name, method in METHODS.items():
            if not method.fits(world):
                continue
            try:
                found = method.call(frame, world.design)
            except tu.TakeupError:
                continue
            if math.isnan(found.p_value if method.by_p else found.conf_low):
                continue
            answers[name] += 1
            missed[name] += found.p_value <= 0.05 if method.by_p else not found.conf_low <= world.truth <= found.conf_high
    return [{"world": world.name, "method": name, "answers": n, "missed": missed[name] / n if n else math.nan} for name, n in answers.items()]


def table(replications: int, workers: int) -> pd.DataFrame:
    with ProcessPoolExecutor(workers) as pool:
        rows = [row for part in pool.map(partial(cell, replications=replications), worlds()) for row in part]
    return pd.DataFrame(rows)


def page(found: pd.DataFrame, replications: int) -> str:
    error = 100 * math.sqrt(0.05 * 0.95 / replications)
    wide = found.pivot_table(index="world", columns="method", values="missed", sort=False, dropna=False)[list(METHODS)]
    lines = [
        "# Size and coverage\n\n",
        "Made by `tests/simulation/coverage.py` (`make simulate`); do not edit. Synthetic trials only.\n\n",
        f"Each cell: in how many of 100 trials (of {replications:,}) the 95 % interval missed the truth, which is zero: ",
        "how often the test rejects at 5 %. ",
        f"Nominal is 5.0; the Monte-Carlo standard error is {error:.1f}, so 5.0 give or take {2 * error:.1f} is as it should be. ",
        "Lower is conservative; higher is a fault of the method in that world. Sharp null: no effect for anybody; weak null: zero on average, ",
        f"twice the spread under treatment. The randomisation test uses {DRAWS} draws. The last column is what much software does by default. ",
        "An empty cell: the method isn't meant for that world, or gave no interval and said why.\n\n",
        f"| world | {' | '.join(wide.columns)} |\n| --- |{' ---: |' * len(wide.columns)}\n",
    ]
    for name, row in zip(wide.index, wide.to_numpy(), strict=True):
        lines.append(f"| {name} | {' | '.join('' if math.isnan(value) else f'{100 * value:.1f}' for value in row)} |\n")
    return "".join([*lines, NOTE])


if __name__ == "__main__":
    warnings.simplefilter("error")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(table(count, workers=int(sys.argv[2]) if len(sys.argv) > 2 else 2), count), encoding="utf-8")
