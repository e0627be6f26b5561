"""Times what has a budget: `make bench`, or `make bench ARGS=intake` for the files whose name holds a word.

Each file `bench_*.py` has a mapping BUDGETS from the name of a function to seconds. The function prepares (untimed) and returns what is timed, a
callable without arguments. The best of three runs counts: the others say how busy the machine was.
"""

from __future__ import annotations

import sys
from importlib import util
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

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


def main(words: list[str]) -> int:
    """Print a line a benchmark; 1 when one is over its budget."""
    over = 0
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        if words and not any(word in path.stem for word in words):
            continue
        module = load(path)
        for name, budget in module.BUDGETS.items():
            seconds = best(module, name)
            over += seconds > budget
            print(f"{path.stem}.{name:<40} {seconds:8.3f} s   budget {budget:g} s{'   OVER' if seconds > budget else ''}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
