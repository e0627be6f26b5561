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

LONGEST = 4.0
"""Seconds a slow peer may take a turn: it then runs fewer replicates and its time is scaled (these loops are linear in them)."""


@dataclass(slots=True)
class Contestant:
    """Somebody's way to do a job. `work(data, replicates)`; `fixed` ones run the whole job in one go."""

    name: str
    work: Callable[[Any, int], object]
    probe: int = 0
    remark: str = ""
    times: list[float] = field(default_factory=list)
    run: int = 0

    def turn(self, data: Any, replicates: int) -> None:
        """Take a turn, and note the seconds for all replicates."""
        if not self.run:
            self.work(data, max(self.probe // 4, 2) if self.probe else replicates)  # loads and compiles what it needs
            self.run = replicates
            if self.probe:
                begun = process_time()
                self.work(data, self.probe)
                each = (process_time() - begun) / self.probe
                self.run = max(self.probe, min(replicates, int(LONGEST / each)))
        gc.collect()
        gc.disable()  # as timeit does: the garbage of one contestant isn't swept at the expense of the next
        begun = process_time()
        self.work(data, self.run)
        self.times.append((process_time() - begun) * replicates / self.run)
        gc.enable()

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
