"""The real trials: copied from where the installation keeps them, byte for byte."""

from __future__ import annotations

from pathlib import Path

from takeup.errors import BuildError, Fault, collect
from takeup.results import FrozenMap

_PARTS = ("plan.yaml", "crosswalk.yaml", "data/*", "words/*/*.md")


def copy_study(name: str, folder: Path, seed: int = 0, n: int | None = None) -> FrozenMap:
    """Write the study `name` into `folder`. The truth of a real trial isn't known, and no seed changes its data.

    Raises
    ------
    BuildError
        The folder holds other files under these names (nothing was written then); or another size was asked for.
    """
    del seed
    if n is not None:
        raise BuildError(Fault("a real trial has the size that it had", "n", remedy="Leave n out, or take a synthetic study."))
    contents = {folder / place: content for place, content in study_files(name).items()}
    collect(BuildError, (fault for target, content in contents.items() for fault in other_file(target, content)))
    for target, content in contents.items():
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    return FrozenMap()


def study_files(name: str, parts: tuple[str, ...] = _PARTS) -> dict[str, bytes]:
    """The files of a study and its schemas, by their place in the layout of the repository."""
    source = home()
    paths = [path for part in parts for path in sorted((source / "reports" / name).glob(part)) if path.is_file()]
    paths += sorted((source / "data_schema" / name).glob("*.yaml"))
    return {path.relative_to(source).as_posix(): path.read_bytes() for path in paths}


def other_file(target: Path, content: bytes) -> list[Fault]:
    """A fault where a file of this name says something else."""
    if not target.exists() or (target.is_file() and target.read_bytes() == content):
        return []
    return [Fault("another file is there already", str(target), remedy="Choose an empty folder, or move that file away.")]


def home() -> Path:
    """The folder that holds reports/ and data_schema/: in an installed package its own copy, in a checkout the repository."""
    room = Path(__file__).resolve().parent
    for place in (room / "studies", room.parents[2]):
        if (place / "reports").is_dir() and (place / "data_schema").is_dir():
            return place
    raise BuildError(Fault("the studies didn't come with this installation", "demo", remedy="Install takeup again from its wheel or its repository."))
