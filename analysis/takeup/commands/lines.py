"""What commands share: paths as short as they can be said, and options that may be repeated or parted by commas."""

from __future__ import annotations

from pathlib import Path


def split(names: tuple[str, ...]) -> tuple[str, ...]:
    """Options that may be repeated or parted by commas.

    >>> split(("nl,fr", "en"))
    ('nl', 'fr', 'en')
    """
    return tuple(part.strip() for name in names for part in name.split(",") if part.strip())


def shown(path: Path) -> str:
    """A path as short as it can be said from here."""
    path = path.resolve()
    here = Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else str(path)
