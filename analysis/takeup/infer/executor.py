"""Spreading work over any `concurrent.futures.Executor`, with a progress bar and a clean stop; results don't depend on it.

Work is a function of (shared, first, last): it does items first..last-1 and is a function of the package, so that a process can import it.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

import numpy as np  # noqa: F401  # its BLAS must be there when the libraries are looked for
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # it has no types

from takeup.errors import Fault, InferError
from takeup.progress import notebook_bar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor, Future

T = TypeVar("T")
S_co = TypeVar("S_co", covariant=True)

PAYS_AFTER = 6.0
"""Seconds of work that remain when processes of our own are started: less is done before they have loaded."""
SHOW_AFTER = 1.0
"""Seconds of work before a progress bar appears."""
TASK_SECONDS = 0.5
MOST_TASKS = 16
"""Tasks for an executor that isn't ours: each carries the shared data."""


class Work(Protocol[S_co]):
    """What a task does."""

    def __call__(self, shared: Any, first: int, last: int, /) -> S_co:
        """Items first..last-1."""


_LIBRARIES = ThreadpoolController()
"""The BLAS that NumPy has loaded; looking for it takes longer than a small job."""


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """BLAS on one thread: more would change the last bits of a result and fight over the cores."""
    with _LIBRARIES.limit(limits=1, user_api="blas"):
        yield


def spread(work: Work[T], shared: Any, items: int, *, backend: Executor | None, label: str, per_item: int, stays: bool = False) -> list[T]:
    """Do all items, in order.

    Parameters
    ----------
    work : see the module
    shared : sent to each process once, or with each task of an executor that was given
    backend : any executor; None starts processes when that pays
    label, per_item : words and scale of the progress bar: draws in an item
    stays : keep to this process whatever takes long (what is shared can't be sent)

    Raises
    ------
    KeyboardInterrupt
        With how far it came; tasks that haven't started are dropped.
    """
    if backend is not None and not hasattr(backend, "submit"):
        raise InferError(Fault("this isn't an executor", "backend", "any concurrent.futures.Executor", "For Dask write client.get_executor()."))
    with Meter(label, items, per_item) as meter:
        if backend is not None and not stays:
            return _submitted(backend, work, items, -(-items // MOST_TASKS), meter, (shared,))
        start = time.perf_counter()
        done: list[T] = []
        for first in range(items):
            done.append(work(shared, first, first + 1))
            meter.add(1)
            each = (time.perf_counter() - start) / (first + 1)
            if not stays and _cores() > 1 and each * (items - first - 1) > PAYS_AFTER:
                return [*done, *_in_processes(work, shared, items, first + 1, each, meter)]
        return done


class Meter:
    """A bar with items per second, for what takes longer than a second; nothing where stderr isn't a terminal and this no notebook."""

    def __init__(self, label: str, total: int, scale: int) -> None:
        self._label, self._total, self._scale = label, total, scale
        self._start, self.done = time.perf_counter(), 0
        self._bar: Any = None
        self._cell = notebook_bar()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for bar in (self._bar, self._cell):
            if bar is not None:
                bar.stop()
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            done, total = self.done * self._scale, self._total * self._scale
            raise KeyboardInterrupt(f"Stopped after {done:,} of {total:,} {self._label}; nothing was kept.") from None

    def add(self, items: int) -> None:
        """Count items as done."""
        self.done += items
        if self._cell is not None:
            self._cell.show(self.done * self._scale, self._total * self._scale, self._said())
        elif self._bar is None and time.perf_counter() - self._start > SHOW_AFTER and self.done < self._total and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            self._bar = Progress(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn(),
                                 console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task(self._label, total=self._total, rate="")
            self._bar.start()
        if self._bar is not None:
            self._bar.update(self._task, completed=self.done, rate=self._said())

    def _said(self) -> str:
        rate = self.done * self._scale / max(time.perf_counter() - self._start, 1e-9)
        return f"{rate:,.0f} {self._label} a second"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _submitted(
    pool: Executor, work: Callable[..., T], items: int, each: int, meter: Meter, shared: tuple[Any, ...], start: int = 0,
) -> list[T]:
    from concurrent.futures import as_completed

    futures: dict[Future[T], int] = {}
    try:
        for first in range(start, items, each):
            futures[pool.submit(work, *shared, first, min(first + each, items))] = first
        for future in as_completed(futures):
            future.result()
            meter.add(min(each, items - futures[future]))
        return [future.result() for future in futures]
    except BaseException:
        for future in futures:
            future.cancel()
        raise


def _in_processes(work: Work[T], shared: Any, items: int, start: int, seconds: float, meter: Meter) -> list[T]:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    each = max(1, min(int(TASK_SECONDS / max(seconds, 1e-9)), -(-(items - start) // (2 * _cores()))))
    with _unnamed_main(), ProcessPoolExecutor(_cores(), mp_context=get_context("spawn"), initializer=_hold, initargs=(work, shared)) as pool:
        return _submitted(pool, _held, items, each, meter, (), start)


_HELD: list[Any] = []


def _hold(work: Work[Any], shared: Any) -> None:
    """In a new process: keep what is shared, and leave an interrupt to the parent."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _HELD[:] = [work, shared]


def _held(first: int, last: int) -> Any:
    work, shared = _HELD
    return work(shared, first, last)


@contextmanager
def _unnamed_main() -> Iterator[None]:
    """Keep new processes from running the user's script again.

    They import this package and nothing of the script, which may well lack a main guard.
    """
    main = sys.modules["__main__"]
    held: dict[str, Any] = {name: main.__dict__.pop(name) for name in ("__file__", "__spec__") if name in main.__dict__}
    main.__spec__ = None
    try:
        yield
    finally:
        main.__dict__.update(held)
