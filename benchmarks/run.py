"""Times what has a budget: `make bench`; `make bench ARGS=resampling` for what is named.

- Files `bench_*.py` have a mapping BUDGETS from the name of a function to seconds. The function prepares (untimed) and returns what is timed, a
  callable without arguments. The best of three runs counts: the others say how busy the machine was.
- Other files are scripts of their own, that end with a code other than 0 when they miss their target.
- Folders are larger comparisons; they are run when named, since they take minutes.
"""

from __future__ import annotations

import subprocess
import sys
from importlib import util
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

HERE = Path(__file__).parent
RUNS = 3


def load(path: Path) -> ModuleType:
    """A benchmark file as a module."""
    spec = util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def best(module: ModuleType, name: str) -> float:
    """Seconds of the best of three runs."""
    work = getattr(module, name)()
    times = []
    for _ in range(RUNS):
        begun = perf_counter()
        work()
        times.append(perf_counter() - begun)
    return min(times)


def timed(path: Path) -> bool:
    """Print a line a benchmark; whether all kept their budgets."""
    module = load(path)
    kept = True
    for name, budget in module.BUDGETS.items():
        seconds = best(module, name)
        kept = kept and seconds <= budget
        print(f"{path.stem}.{name:<40} {seconds:8.3f} s   budget {budget:g} s{'' if seconds <= budget else '   OVER'}", flush=True)
    return kept


def main(words: list[str]) -> int:
    """Run what is named, or all but the folders; 1 when something is over its budget."""
    files = [path for path in sorted(HERE.glob("*.py")) if path.name != "run.py"]
    folders = [path.parent for path in sorted(HERE.glob("*/__main__.py"))]
    chosen = [path for path in (*files, *folders) if any(word in path.stem for word in words)] if words else files
    kept = True
    for path in chosen:
        if path.name.startswith("bench_"):
            kept = timed(path) and kept
        else:
            print(f"{path.stem}:", flush=True)
            kept = subprocess.run([sys.executable, str(path)], check=False).returncode == 0 and kept
    return 0 if kept and chosen else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
