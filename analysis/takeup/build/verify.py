"""Builds again and compares: the same inputs and the same code have to give the same bytes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

from takeup.build.folder import MANIFEST, place_of
from takeup.build.manifest import digest, origin
from takeup.build.papers import CRATE, README
from takeup.build.steps import PARTS, build, part_of
from takeup.errors import BuildError, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from takeup.report.marks import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a second build says of the first.

    Attributes
    ----------
    out : Path
    kind : {"final", "masked", "mock"}
    same : int
        Files whose bytes came out the same.
    touched : tuple of str
        Files in the folder that aren't as the manifest says: changed, taken away, or put there since.
    origin : tuple of str
        What has changed of that which decides the outputs (a data file, the plan, the code, a library); then nothing is built again.
    differ : tuple of str
        Files that came out otherwise than the manifest says.
    """

    out: Path
    kind: Kind
    same: int
    touched: tuple[str, ...] = ()
    origin: tuple[str, ...] = ()
    differ: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether everything is as it was."""
        return not (self.touched or self.origin or self.differ)


def verify(plan_path: str | Path, *, out: str | Path | None = None, kind: Kind = "final", progress: bool = True) -> Verified:
    """Compare the folder of a build with its manifest, and with a second build made beside it and thrown away.

    Parameters
    ----------
    plan_path : the plan's file or folder
    out : the folder of the build; its usual place where none is given
    kind : {"final", "masked", "mock"}

    Raises
    ------
    BuildError
        There is no such build, or it is of another kind.
    TakeupError
        What `build` raises.
    """
    from takeup.study import open_study, plan_file

    plan_path = plan_file(plan_path)
    place = (plan_path.parent / place_of(kind) if out is None else Path(out)).resolve()
    said = read_manifest(place)
    if said.get("kind", "final") != kind:
        raise BuildError(Fault(f"holds a {said.get('kind', 'final')} build", place.name, remedy="Name the kind, with --masked or --mock."))
    wanted: dict[str, str] = said.pop("outputs")
    found = {path.relative_to(place).as_posix(): digest(path.read_bytes()) for path in sorted(place.rglob("*")) if path.is_file()}
    found.pop(MANIFEST)
    touched = tuple(sorted(name for name in {*wanted, *found} if wanted.get(name) != found.get(name)))
    study = open_study(plan_path, kind=kind)
    now = json.loads(json.dumps(origin(study, plan_path, tuple(said["languages"]))))
    changed = changes(said, now)
    if changed:
        return Verified(out=place, kind=kind, same=0, touched=touched, origin=changed)
    again = _again(plan_path, kind, tuple(said["languages"]), wanted, progress=progress)
    differ = tuple(sorted(name for name in {*wanted, *again} if wanted.get(name) != again.get(name)))
    return Verified(out=place, kind=kind, same=len(wanted) - sum(name in wanted for name in differ), touched=touched, differ=differ)


def read_manifest(place: Path) -> dict[str, Any]:
    """The manifest of a build; BuildError where there is none."""
    try:
        said = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        said = None
    if not isinstance(said, dict) or not isinstance(said.get("outputs"), dict) or "takeup" not in said:
        raise BuildError(Fault("holds no build", place.name, remedy="Build the study first, or name its folder with --out."))
    return cast("dict[str, Any]", said)


def changes(before: Mapping[str, Any], after: Mapping[str, Any], head: str = "") -> tuple[str, ...]:
    """The names of what differs between two origins, those inside their blocks with the block's name before.

    >>> changes({"seed": 1, "inputs": {"a": "x", "b": "y"}}, {"seed": 1, "inputs": {"a": "z"}})
    ('inputs: a', 'inputs: b')
    """
    out: list[str] = []
    for key in dict.fromkeys((*before, *after)):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            out += changes(old, new, f"{key}: ")
        else:
            out.append(f"{head}{key}")
    return tuple(out)


def _again(plan_path: Path, kind: Kind, languages: tuple[str, ...], wanted: Mapping[str, str], *, progress: bool) -> dict[str, str]:
    """The hashes of a second build of the same parts."""
    whole = README in wanted and CRATE in wanted
    parts = () if whole else tuple(part for part in PARTS if any(part_of(name) == part for name in wanted))
    with TemporaryDirectory() as folder:
        made = build(plan_path, out=Path(folder) / place_of(kind), only=parts, languages=languages, progress=progress, kind=kind)
        return dict(read_manifest(made.out)["outputs"])
