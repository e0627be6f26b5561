"""Limits on the memory of this process (`ulimit -v`, a job scheduler's): native libraries end without a word, or never end, where they meet one."""

from __future__ import annotations

import os
import sys


def limited() -> bool:
    """Whether this process may take so much memory and no more; False where the system knows no such limit."""
    if sys.platform == "win32":
        return False
    import resource

    return any(resource.getrlimit(kind)[0] != resource.RLIM_INFINITY for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA))


def has_room(size: int) -> bool:
    """Whether the limit, where there is one, leaves so many bytes."""
    if not limited():
        return True
    import mmap

    try:
        mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except OSError:
        return False
    return True


def live_within() -> None:
    """Have the libraries live within the limit, where there is one: Arrow's own allocator would take a gigabyte of it at once."""
    if limited():
        os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
