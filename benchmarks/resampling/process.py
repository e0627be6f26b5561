"""What only a fresh process shows: cold start, and the memory of the largest job."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
ENVIRONMENT.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package is compiled once, not at each start

SMALL = """
import time
import numpy as np, pandas as pd
from takeup import Design, randomization_test
rng = np.random.default_rng(0)
frame = pd.DataFrame({"arm": rng.permutation([0, 1] * 250), "x": rng.normal(size=500), "y": rng.exponential(size=500)})
for turn in range(3):
    begun = time.perf_counter()
    randomization_test(frame, "y", Design("arm", 0), covariates=["x"], draws=10_000)
    print(time.perf_counter() - begun)
"""
ENGINE = "from takeup import Design, randomization_test"
"""`import takeup` loads a room when one of its names is first asked for; this asks for the engine's."""
LARGE = """
import resource, sys
import numpy as np, pandas as pd
rng = np.random.default_rng(0)
n, k, draws, groups = (int(number) for number in sys.argv[2:6])
frame = pd.DataFrame({"arm": rng.permutation([0, 1] * (n // 2)), **{f"x{j}": rng.normal(size=n) for j in range(3)},
                      **{f"y{j}": rng.exponential(size=n) for j in range(k)}})
import takeup as tu
design = tu.Design("arm", 0)
if groups:
    frame["cluster"] = np.arange(n) * groups // n
    frame["arm"] = rng.permutation(np.arange(groups) % 2)[frame["cluster"]]
    design = tu.Design("arm", 0, draw="clustered", clusters="cluster")
from takeup.infer import executor
executor.PAYS_AFTER = float(sys.argv[1])
def peak():
    with open("/proc/self/status") as status:  # of this program; getrusage would count what started it
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
own = peak()
tu.randomization_test(frame, [f"y{j}" for j in range(k)], design, covariates=["x0", "x1", "x2"], draws=draws)
print(own, peak(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def _python(code: str, *arguments: str) -> tuple[float, str]:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "job.py"
        script.write_text(code, encoding="utf-8")
        begun = perf_counter()
        done = subprocess.run([sys.executable, str(script), *arguments], capture_output=True, text=True, check=True, env=ENVIRONMENT)
        return perf_counter() - begun, done.stdout


def cold(turns: int = 5) -> dict[str, float]:
    """Median seconds: importing NumPy and takeup in a fresh process, the first and the second small job, and the whole process."""
    bare = statistics.median(_python("pass")[0] for _ in range(turns))
    numpy = statistics.median(_python("import numpy")[0] for _ in range(turns))
    ours = statistics.median(_python("import numpy, takeup")[0] for _ in range(turns))
    engine = statistics.median(_python(f"import numpy; {ENGINE}")[0] for _ in range(turns))
    runs = [_python(SMALL) for _ in range(turns)]
    first, second = ([float(run[1].split()[place]) for run in runs] for place in (0, 2))
    return {
        "python": bare, "import numpy": numpy - bare, "import takeup after it": ours - numpy, f"or {ENGINE}": engine - numpy,
        "first job, n = 500, 10,000 draws": statistics.median(first), "third job": statistics.median(second),
        "whole process with pandas": statistics.median(run[0] for run in runs),
    }


def imported() -> list[str]:
    """Heavy libraries that importing takeup and its engine loads (there should be none)."""
    heavy = "pandas|scipy|statsmodels|matplotlib|pydantic"
    return sorted(set(re.findall(heavy, _python(f"import sys; {ENGINE}; print(' '.join(m for m in sys.modules if '.' not in m))")[1])))


def _above(pays: str, n: int, k: int, draws: int, groups: int = 0) -> tuple[float, float]:
    """Megabytes above the data, and in each child."""
    own, peak, child = (int(number) / 1024 for number in _python(LARGE, pays, str(n), str(k), str(draws), str(groups))[1].split())
    return peak - own, child


def memory() -> dict[str, tuple[float, float]]:
    """Megabytes above the data, and above them in each child, for 100,000 rows, 12 outcomes, 10,000 draws: in one process, and in several."""
    return {name: _above(pays, 100_000, 12, 10_000) for name, pays in (("one process", "1e9"), ("processes of its own", "1.0"))}


def memory_growth() -> dict[str, list[tuple[int, float]]]:
    """Megabytes above the data in one process, around 10,000 rows, 12 outcomes and 1,000 draws."""
    return {
        "people (n)": [(n, _above("1e9", n, 12, 1000)[0]) for n in (10_000, 100_000, 1_000_000)],
        "outcomes (k)": [(k, _above("1e9", 10_000, k, 1000)[0]) for k in (1, 12, 100)],
        "draws": [(draws, _above("1e9", 10_000, 12, draws)[0]) for draws in (1000, 10_000, 100_000)],
        "clusters of 10,000 people": [(groups, _above("1e9", 10_000, 12, 1000, groups)[0]) for groups in (20, 100, 500)],
    }
