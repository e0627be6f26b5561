"""Progress on stderr: silent where nobody looks at it, and for what takes less than a second."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AFTER = 1.0
"""Seconds of work before a bar is shown."""


@contextmanager
def steps(total: int, *, enabled: bool = True) -> Iterator[Callable[[str], None]]:
    """A bar over `total` steps; call what is given with a step's name as it begins.

    Examples
    --------
    >>> with steps(2, enabled=False) as begin:
    ...     begin("reading")
    ...     begin("writing")
    """
    if not (enabled and sys.stderr.isatty()):
        yield _nothing
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task("", total=total)
    begun = [0]

    def begin(name: str) -> None:
        bar.update(task, description=name, completed=begun[0])
        begun[0] += 1

    timer = Timer(AFTER, bar.start)
    timer.daemon = True
    timer.start()
    try:
        yield begin
    finally:
        timer.cancel()
        bar.stop()


def _nothing(name: str) -> None:
    """Nobody is looking."""
