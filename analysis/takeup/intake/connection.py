"""A connection to an engine, held as long as it is needed and closed whatever happens."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from takeup.errors import IntakeError
from takeup.intake.register import attempt, engine_library

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def held(source: Any) -> Iterator[Any]:
    """A source as it is; a connection string as a connection that is closed at the end, whatever happens."""
    if not (isinstance(source, str) and "://" in source):
        yield source
        return
    backend = attempt(lambda: engine_library().connect(source), "The engine can't be reached")
    try:
        yield backend
    finally:
        with suppress(IntakeError):
            attempt(backend.disconnect, "The engine can't be left")
