"""The real trials: copied from where the installation keeps them, byte for byte."""

from __future__ import annotations

from pathlib import Path

from takeup.errors import BuildError, Fault, collect
from takeup.results import FrozenMap

_PARTS = ("plan.yaml", "crosswalk.yaml", "data/*", "words/*/*.md")


def copy_study(name: str, folder: Path, seed: int = 0) -> FrozenMap:
    """Write the study `name` into `folder`. The truth of a real trial isn't known, and no seed changes its data.

    Raises
    ------
    BuildError
        The folder holds other files under these names; nothing was written then.
    """
    del seed
    home = _home()
    sources = [path for part in _PARTS for path in sorted((home / "reports" / name).glob(part)) if path.is_file()]
    sources += sorted((home / "data_schema" / name).glob("*.yaml"))
    contents = {folder / source.relative_to(home): source.read_bytes() for source in sources}
    collect(BuildError, (fault for target, content in contents.items() for fault in _other(target, content)))
    for target, content in contents.items():
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    return FrozenMap()


def _other(target: Path, content: bytes) -> list[Fault]:
    """A fault where a file of this name says something else."""
    if not target.exists() or (target.is_file() and target.read_bytes() == content):
        return []
    return [Fault("another file is there already", str(target), remedy="Choose an empty folder, or move that file away.")]


def _home() -> Path:
    """The folder that holds reports/ and data_schema/: in an installed package its own copy, in a checkout the repository."""
    room = Path(__file__).resolve().parent
    for home in (room / "studies", room.parents[2]):
        if (home / "reports").is_dir() and (home / "data_schema").is_dir():
            return home
    raise BuildError(Fault("the studies didn't come with this installation", "demo", remedy="Install takeup again from its wheel or its repository."))
