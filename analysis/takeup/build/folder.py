"""A folder that changes all at once: written beside its place, put there by one rename, the old one kept whole until then.

A build that is killed leaves its half-written folder behind under a name of its own; the next build on the same place removes it. A
folder that a living build still writes is known by the lock that its process holds on it, whatever the clock says.
"""

from __future__ import annotations

import ctypes
import json
import os
import secrets
import shutil
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from takeup.errors import BuildError, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MANIFEST = "manifest.json"
_EXCHANGE = 2
"""RENAME_EXCHANGE of Linux's renameat2: two names change places in one step."""
_HERE = -100
"""AT_FDCWD"""


@contextmanager
def replaced(out: Path, kind: str = "final") -> Iterator[Path]:
    """A folder to write in; when the block ends without an error it takes the place of `out`, which no build of another kind may hold.

    Raises
    ------
    BuildError
        `out` holds something that no build made, or can't be written.
    """
    out = out.resolve()
    check(out, kind)
    staging, lock = None, None
    try:
        with _said(out):
            sweep(out)
            staging, lock = _stage(out)
        yield staging
        with _said(out):
            _swap(staging, out)
    finally:
        if staging is not None:
            shutil.rmtree(staging, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder, by their names within it; BuildError where the disk refuses."""
    with _said(folder):
        for name, content in files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


def place_of(kind: str) -> str:
    """The name of the folder of a kind of build: `out`, `out-masked`, `out-mock`."""
    return "out" if kind == "final" else f"out-{kind}"


def check(out: Path, kind: str = "final") -> None:
    """Refuse a place whose name or contents say another kind of build, or that holds what no build made: it would be lost."""
    said = next((other for other in ("masked", "mock", "secure") if out.name.endswith(f"-{other}")), "final")
    if said != kind:
        what = f"its name {'says' if said != 'final' else 'does not say'} {said if said != 'final' else kind}, and the build is {kind}"
        ending = "a name without -masked, -mock or -secure at its end" if kind == "final" else f"a name that ends in -{kind}"
        raise BuildError(Fault(what, out.name, ending, "Choose another folder with --out."))
    if out.is_dir() and (made_by_build(out) or not any(out.iterdir())):
        held = kind_of(out)
        if held not in {kind, ""}:
            raise BuildError(Fault(f"holds a {held} build, which a {kind} one doesn't replace", out.name, remedy="Choose another folder with --out."))
        return
    if out.exists():
        what = "holds files that no build made, and a build replaces the whole folder" if out.is_dir() else "is a file"
        raise BuildError(Fault(what, out.name, "a folder that a build made, an empty one, or a new name", "Choose another folder with --out."))


def made_by_build(out: Path) -> bool:
    """Whether the folder has the manifest of a build."""
    try:
        return "takeup" in json.loads((out / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False


def kind_of(out: Path) -> str:
    """The kind of build that a folder holds; empty where it holds none. Builds from before there were kinds are final."""
    try:
        return str(json.loads((out / MANIFEST).read_text(encoding="utf-8")).get("kind", "final"))
    except (OSError, ValueError, AttributeError):
        return ""


def sweep(out: Path) -> None:
    """Remove what killed builds on this place left; put back an old folder that one of them had moved aside."""
    aside = sorted(out.parent.glob(f".{out.name}-previous-*"))
    if not out.exists() and aside:
        aside.pop().rename(out)
    for left in (*aside, *sorted(out.parent.glob(f".{out.name}-building-*"))):
        lock = _locked(left)
        if lock is not None:
            shutil.rmtree(left, ignore_errors=True)
            os.close(lock)


def _stage(out: Path) -> tuple[Path, int | None]:
    """A new folder beside `out`, with the lock of this process on it."""
    out.parent.mkdir(parents=True, exist_ok=True)
    while True:
        staging = out.parent / f".{out.name}-building-{secrets.token_hex(4)}"
        staging.mkdir()
        if sys.platform == "win32":
            return staging, None
        lock = _locked(staging)
        if lock is not None and staging.exists():
            return staging, lock


def _locked(folder: Path) -> int | None:
    """A lock of this process on a folder; None where a living one holds it, or it is gone."""
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        lock = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock


def _swap(staging: Path, out: Path) -> None:
    """Put `staging` in the place of `out`; what stood there is under the staging's name afterwards, or gone."""
    if not out.exists():
        staging.rename(out)
    elif not _exchanged(staging, out):
        aside = out.with_name(f".{out.name}-previous-{secrets.token_hex(4)}")
        out.rename(aside)
        try:
            staging.rename(out)
        except OSError:
            aside.rename(out)
            raise
        shutil.rmtree(aside, ignore_errors=True)


def _exchanged(first: Path, second: Path) -> bool:
    """Whether the system could exchange two names in one step."""
    if sys.platform != "linux":
        return False
    with suppress(OSError, AttributeError):
        return bool(ctypes.CDLL(None).renameat2(_HERE, os.fsencode(first), _HERE, os.fsencode(second), _EXCHANGE) == 0)
    return False


@contextmanager
def _said(folder: Path) -> Iterator[None]:
    """What the disk refuses, as a message that says what to do."""
    try:
        yield
    except OSError as error:
        what = os.strerror(error.errno) if error.errno else type(error).__name__
        remedy = "What stood there before is untouched. Make room, or choose another folder with --out."
        name = folder.name.partition("-building-")[0].removeprefix(".") if "-building-" in folder.name else folder.name
        raise BuildError(Fault(f"can't be written: {what}", name, remedy=remedy)) from error
