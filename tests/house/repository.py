"""What the house tests look at: the files that belong to the repository and the modules of the package."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "analysis" / "takeup"
NOT_OURS = {".git", ".venv", "out", "dist", "build", "__pycache__", "node_modules"}
TEXT = {
    ".py", ".md", ".yaml", ".yml", ".toml", ".txt", ".cfg", ".ini", ".csv", ".json", ".po", ".j2", ".typ", ".css", ".js", ".html",
    ".cff", ".lock", "",
}


@cache
def tracked() -> tuple[Path, ...]:
    """The files of the repository: those git knows and those it would add; without git, all that isn't built or installed."""
    asked = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=False)
    if asked.returncode == 0 and asked.stdout:
        names = [ROOT / name for name in asked.stdout.decode().split("\0") if name]
        return tuple(sorted(path for path in names if path.is_file()))
    found = (path for path in ROOT.rglob("*") if path.is_file())
    return tuple(sorted(path for path in found if not any(part in NOT_OURS or part.startswith(".out-") for part in path.relative_to(ROOT).parts)))


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def name(path: Path) -> str:
    """A file's name in the repository, for messages."""
    return path.relative_to(ROOT).as_posix()
