"""What R would run, where Rscript and the package are installed: coin's permutation tests and mice's imputations, by R's own clock.

Starting R and reading the data isn't counted; `.libPaths` and threads are left as they are (both packages use one).
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

TIMED = """
suppressPackageStartupMessages(library({package}))
data <- read.csv("{file}")
set.seed(1)
invisible({work})  # loads and compiles what it needs
used <- system.time(invisible({work}))
cat(sum(used[c("user.self", "sys.self")]))
"""


@cache
def has(package: str) -> bool:
    """Whether R and this package are here."""
    if shutil.which("Rscript") is None:
        return False
    return subprocess.run(["Rscript", "-e", f"library({package})"], capture_output=True, check=False).returncode == 0


def _seconds(package: str, frame, work: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "data.csv"
        frame.to_csv(file, index=False)
        script = Path(folder) / "job.R"
        script.write_text(TIMED.format(package=package, file=file, work=work), encoding="utf-8")
        return float(subprocess.run(["Rscript", str(script)], capture_output=True, text=True, check=True).stdout)


def coin(data, replicates) -> float:
    """Differences of means of all outcomes under permutation, within blocks where there are any."""
    frame, outcomes, _ = data
    within = " | factor(block)" if "block" in frame else ""
    return _seconds("coin", frame, f"independence_test({' + '.join(outcomes)} ~ factor(arm){within}, data = data, "
                                   f"distribution = approximate(nresample = {replicates}))")


def mice(method: str):
    """Twenty imputations of ten turns, all rows at once with the arm among the predictors."""

    def work(data, replicates) -> float:
        return _seconds("mice", data, f'mice(data, m = {replicates}, maxit = 10, method = "{method}", printFlag = FALSE)')

    return work
