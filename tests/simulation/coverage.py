"""Size and coverage of every estimator over many synthetic trials, written to `docs/evidence/size_and_coverage.md`.

Run from the repository: ``python tests/simulation/coverage.py [REPLICATIONS]`` (``make simulate`` does). Seeds are fixed by cell and replication,
so the same table comes out of every run and of any number of workers.
"""

from __future__ import annotations

import math
import sys
import warnings
import zlib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import takeup as tu  # the path above is for running this as a script
from simulation.worlds import World, worlds

PAGE = Path(__file__).resolve().parents[2] / "docs" / "evidence" / "size_and_coverage.md"
Call = Callable[[pd.DataFrame, tu.Design], tu.Estimate]

ESTIMATORS: dict[str, Call] = {
    "difference in means": lambda f, d: tu.difference_in_means(f, "after", d),
    "ANCOVA": lambda f, d: tu.ancova(f, "after", d, covariates=["before"]),
    "Lin": lambda f, d: tu.lin(f, "after", d, covariates=["before"]),
    "risk difference, linear": lambda f, d: tu.binary(f, "yes", d),
    "risk difference, logit": lambda f, d: tu.binary(f, "yes", d, covariates=["before"], model="logit"),
    "CACE": lambda f, d: tu.cace(f, "after", dataclass_replace(d, received="received"), covariates=["before"]),
    "ANCOVA, HC1 and normal (as peers do)": lambda f, d: tu.ancova(f, "after", d, covariates=["before"], se_type="HC1", df="normal"),
}


def dataclass_replace(design: tu.Design, **changes: object) -> tu.Design:
    from dataclasses import replace

    return replace(design, **changes)


def cell(world: World, replications: int) -> list[dict[str, object]]:
    """One row an estimator: rejections of the truth, coverage, and how often there was no interval."""
    seen = {name: [0, 0, 0.0] for name in ESTIMATORS}
    for replication in range(replications):
        generator = np.random.default_rng([zlib.crc32(world.name.encode()), replication])
        frame = world.frame(generator)
        for name, call in ESTIMATORS.items():
            try:
                found = call(frame, world.design)
            except tu.TakeupError:
                continue
            if math.isnan(found.conf_low):
                continue
            seen[name][0] += 1
            seen[name][1] += not found.conf_low <= _truth(name, world) <= found.conf_high
            seen[name][2] += found.conf_high - found.conf_low
    return [{"world": world.name, "estimator": name, "intervals": k, "missed": missed / k if k else math.nan,
             "width": width / k if k else math.nan} for name, (k, missed, width) in seen.items()]


def _truth(name: str, world: World) -> float:
    """What the interval should hold: under the weak null too the average effect of assignment, and of receipt, is zero."""
    return 0.0 if name.startswith("risk") else world.truth


def table(replications: int, workers: int = 2) -> pd.DataFrame:
    with ProcessPoolExecutor(workers) as pool:
        rows = [row for part in pool.map(partial(cell, replications=replications), worlds()) for row in part]
    return pd.DataFrame(rows)


def page(found: pd.DataFrame, replications: int) -> str:
    error = math.sqrt(0.05 * 0.95 / replications)
    wide = found.pivot_table(index="world", columns="estimator", values="missed", sort=False, dropna=False)[list(ESTIMATORS)]
    lines = [
        "# Size and coverage\n\n",
        "Made by `tests/simulation/coverage.py` (`make simulate`); do not edit. Synthetic trials only.\n\n",
        f"Each cell: how often, of {replications:,} trials, the 95 % interval missed the truth (under a null: how often the test rejects at 5 %). ",
        f"Nominal is 5.0; the Monte-Carlo standard error is {100 * error:.1f}, so 5.0 give or take {200 * error:.1f} is as it should be. ",
        "A number below is conservative, above is a fault of the method in that world. The last column is the default of much software, for comparison.\n\n",
        f"| world | {' | '.join(wide.columns)} |\n| --- |{' ---: |' * len(wide.columns)}\n",
    ]
    lines += [f"| {name} | {' | '.join('–' if math.isnan(v) else f'{100 * v:.1f}' for v in row)} |\n" for name, row in zip(wide.index, wide.to_numpy(), strict=True)]
    return "".join(lines)


if __name__ == "__main__":
    warnings.simplefilter("error")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(table(count), count), encoding="utf-8")
