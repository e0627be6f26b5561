"""Progress on a terminal's stderr or in a notebook's cell: silent where nobody looks at it, and for what takes less than a second."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from html import escape
from threading import Timer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AFTER = 1.0
"""Seconds of work before a bar is shown."""
APART = 0.2
"""Seconds between two messages to a notebook."""


@contextmanager
def steps(total: int, *, enabled: bool = True) -> Iterator[Callable[[str], None]]:
    """A bar over `total` steps; call what is given with a step's name as it begins.

    Examples
    --------
    >>> with steps(2, enabled=False) as begin:
    ...     begin("reading")
    ...     begin("writing")
    """
    if enabled and (bar := notebook_bar()) is not None:
        yield from _cell(bar, total)
        return
    if not (enabled and sys.stderr.isatty()):
        yield _nothing
        return
    yield from _terminal(total)


def _terminal(total: int) -> Iterator[Callable[[str], None]]:
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


def _cell(bar: NotebookBar, total: int) -> Iterator[Callable[[str], None]]:
    begun = [0]

    def begin(name: str) -> None:
        bar.show(begun[0], total, name)
        begun[0] += 1

    try:
        yield begin
    finally:
        bar.stop()


def notebook_bar() -> NotebookBar | None:
    """A bar under the running cell where this process is a notebook's kernel, None elsewhere.

    >>> notebook_bar() is None
    True
    """
    loaded = sys.modules.get("IPython")
    shell = loaded.get_ipython() if loaded is not None else None
    return NotebookBar() if getattr(shell, "kernel", None) is not None else None


class NotebookBar:
    """One output of a cell, changed in place and emptied at the end; no widget is needed, and a saved notebook keeps no trace of it.

    It speaks from the thread that works, for a kernel doesn't know which cell another thread's output belongs to.
    """

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._handle: Any = None

    def show(self, done: int, total: int, text: str) -> None:
        """How far the work is; nothing is said in its first second, and not more than five times a second after it."""
        now = time.perf_counter()
        if now - self._start < AFTER or (self._handle is not None and now - self._last < APART):
            return
        from IPython import display as show

        self._last = now
        words = f"{done} of {total}: {text}"
        bar = f'<label lang="en"><progress max="{total}" value="{done}">{done} of {total}</progress> {escape(text)}</label>'
        content = {"text/plain": words, "text/html": bar}
        if self._handle is None:
            draw: Any = show.display  # it has no types
            self._handle = draw(content, raw=True, display_id=True)
        else:
            self._handle.update(content, raw=True)

    def stop(self) -> None:
        """Empty the output."""
        if self._handle is not None:
            self._handle.update({"text/plain": ""}, raw=True)


def _nothing(name: str) -> None:
    """Nobody is looking."""
