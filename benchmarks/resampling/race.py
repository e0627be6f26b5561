"""Side by side in one run: contestants take turns, the median of the turns counts, ratios are of medians.

Processor time is measured: everybody has one thread, and on a shared machine the clock on the wall shows the neighbours.
"""

from __future__ import annotations

import gc
import statistics
from dataclasses import dataclass, field
from time import process_time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LEAST = 0.1
"""Seconds a turn lasts at least: quick jobs are repeated within it, as timeit does, for a clock that ticks and for caches that a peer left cold."""
LONGEST = 4.0
"""Seconds a slow peer may take a turn: it then runs fewer replicates and its time is scaled (these loops are linear in them)."""


@dataclass(slots=True)
class Contestant:
    """Somebody's way to do a job: `work(data, replicates)`.

    Attributes
    ----------
    probe : replicates that are run to see how many fit a turn; 0 runs the whole job
    remark : what is to be said of its answer
    clocked : it returns the seconds that it took, by a clock of its own
    package : an R package that it needs
    """

    name: str
    work: Callable[[Any, int], object]
    probe: int = 0
    remark: str = ""
    clocked: bool = False
    package: str = ""
    times: list[float] = field(default_factory=list)
    run: int = 0

    def turn(self, data: Any, replicates: int) -> None:
        """Take a turn, and note the seconds for all replicates."""
        if not self.run:
            if not self.clocked:
                self.work(data, max(self.probe // 4, 2) if self.probe else replicates)  # loads and compiles what it needs
            self.run = replicates
            if self.probe:
                begun = process_time()
                self.work(data, self.probe)
                each = (process_time() - begun) / self.probe
                self.run = max(self.probe, min(replicates, int(LONGEST / each)))
        gc.collect()
        gc.disable()  # as timeit does: the garbage of one contestant isn't swept at the expense of the next
        self.times.append(self._once(data) * replicates / self.run)
        gc.enable()

    def _once(self, data: Any) -> float:
        """Seconds of one run, the mean of as many as fill a turn."""
        if self.clocked:
            return float(self.work(data, self.run))  # type: ignore[arg-type]
        begun, runs, spent = process_time(), 0, 0.0
        while spent < LEAST:
            self.work(data, self.run)
            runs, spent = runs + 1, process_time() - begun
        return spent / runs

    @property
    def seconds(self) -> float:
        """Median of the turns."""
        return statistics.median(self.times)


def race(data: Any, replicates: int, contestants: list[Contestant], turns: int) -> dict[str, Contestant]:
    """All contestants, taking turns."""
    for _ in range(turns):
        for one in contestants:
            one.turn(data, replicates)
    return {one.name: one for one in contestants}


def seconds(value: float) -> str:
    """A duration for a table."""
    return f"{value * 1e3:.3g} ms" if value < 1 else f"{value:.3g} s" if value < 120 else f"{value / 60:.3g} min"
