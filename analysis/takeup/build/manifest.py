"""What went in and what came out, by hash: no time, no place, so that two builds of the same thing have the same manifest."""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePath
from platform import python_version
from typing import TYPE_CHECKING, Any

from takeup.build.folder import MANIFEST
from takeup.intake.assignment import assignment_file, undrawn
from takeup.plan.deviations import FILE
from takeup.plan.lock import lock_file
from takeup.release.earlier import FOLDER, release_files
from takeup.study.standing import LOG
from takeup.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from takeup.study import Study

LIBRARIES = ("babel", "linearmodels", "matplotlib", "numpy", "pandas", "python-docx", "python-pptx", "scipy", "statsmodels", "typst")
"""Those whose version can change a number or a byte of the outputs."""


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return sha256(content).hexdigest()


def inputs(study: Study, plan_path: Path) -> dict[str, str]:
    """The hash of every file that the study was read from, by the name that the plan gives it."""
    plan = study.plan
    made_up = {name for name in plan.data if study.kind == "mock" and study.trial.columns.after_the_draw(name)}  # these files aren't opened
    if nobody := study.kind == "mock" and undrawn(plan, study.folder):
        made_up |= {name for name, table in plan.data.items() if table.file == assignment_file(plan)}
    named = [name for key, table in plan.data.items() for name in ("" if key in made_up else table.file, table.schema_, table.crosswalk) if name]
    named += [plan.rights.catalogue] if plan.rights is not None else []
    named += [plan.design.assignment] if plan.design.assignment and not nobody else []
    files = {plan_path.name: plan_path} | {_named(name): study.folder / name for name in named}
    signed = [plan_path.with_name(name) for name in study.standing.signatures]
    beside = [lock_file(plan_path), *signed, plan_path.with_name(FILE), *([plan_path.with_name(LOG)] if study.kind in {"final", "secure"} else [])]
    files |= {path.name: path for path in beside if path.is_file()}
    if study.kind == "final":
        files |= {path.relative_to(study.folder).as_posix(): path for path in release_files(study.folder / FOLDER)}
    words = study.folder / plan.words
    files |= {f"{_named(plan.words)}/{path.relative_to(words).as_posix()}": path for path in sorted(words.glob("*/*.md"))}
    return {name: digest(files[name].read_bytes()) for name in sorted(files)}


def _named(name: str) -> str:
    """A path as the plan writes it; of an absolute one the last part only, since the rest is this machine's."""
    return PurePath(name).name if PurePath(name).is_absolute() else PurePath(name).as_posix()


@cache
def code() -> str:
    """The hash of the package's own files, so that a changed line shows even where the version doesn't."""
    room = Path(__file__).resolve().parents[1]
    kept = {".py", ".po", ".yaml", ".html", ".css", ".js", ".typ", ".json", ".j2"}
    files = sorted(path for path in room.rglob("*") if path.suffix in kept and path.relative_to(room).parts[0] != "demo")
    return digest(b"\n".join(f"{path.relative_to(room).as_posix()}:{digest(path.read_bytes())}".encode() for path in files))


def environment() -> dict[str, str]:
    """Python's version and those of the libraries that can change an output."""
    found = {"python": python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def origin(study: Study, plan_path: Path, languages: Sequence[str]) -> dict[str, Any]:
    """All that decides the outputs."""
    return {
        "takeup": __version__,
        "kind": study.kind,
        "study": study.plan.study,
        "plan_hash": study.hash,
        "seed": study.plan.analyses.seed,
        "draws": study.plan.analyses.draws,
        "languages": list(languages),
        "code": code(),
        "environment": environment(),
        "inputs": inputs(study, plan_path),
    }


def manifest(came_from: Mapping[str, Any], outputs: Mapping[str, bytes]) -> bytes:
    """The manifest's file: the origin, and the hash of each output."""
    whole = {**came_from, "outputs": {name: digest(outputs[name]) for name in sorted(outputs)}}
    return (json.dumps(whole, indent=2, ensure_ascii=False) + "\n").encode()


def carried(out: Path, came_from: Mapping[str, Any], keep: Callable[[str], bool]) -> dict[str, bytes]:
    """The files of an earlier build of the very same origin, those that `keep` says yes to; none where anything differs."""
    try:
        earlier = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
        outputs: dict[str, str] = earlier.pop("outputs")
        if earlier != json.loads(json.dumps(came_from)):
            return {}
        kept = {name: (out / name).read_bytes() for name in outputs if keep(name)}
    except (OSError, ValueError, KeyError, AttributeError):
        return {}
    return {name: content for name, content in kept.items() if digest(content) == outputs[name]}
