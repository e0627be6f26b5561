"""The repository says nothing about the machine it was written on, and its lock says nothing about where packages come from."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from house.repository import ROOT, TEXT, name, tracked

# Written in pieces, so that this file doesn't hold what it looks for.
PATHS = re.compile("(?<![A-Za-z0-9_.$~])/" + "(?:work|tmp|root|opt|mnt|Users|home/[a-z])" + r"(?=[/\s\"'`)]|$)|[A-Z]:\\\\?Users")
_HOSTS = (r"py" + r"pi\.(?:org|python|internal)", r"python" + r"hosted\.", r"index" + r"-url\s*=", r"conda" + r"\.anaconda", r"artifact" + r"ory")
HOSTS = re.compile("|".join(_HOSTS), re.IGNORECASE)
LOCK = ROOT / "requirements.lock"
TEXTS = [path for path in tracked() if path.suffix in TEXT]


@pytest.mark.parametrize("pattern", [PATHS, HOSTS], ids=["path of a machine", "host of a registry"])
def test_nothing_in_the_repository_names(pattern: re.Pattern[str]) -> None:
    hits = {}
    for path in TEXTS:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        found = [number for number, line in enumerate(lines, start=1) if pattern.search(line)]
        if found:
            hits[name(path)] = found
    assert not hits


def test_every_text_file_is_utf8_with_unix_line_ends() -> None:
    kinds = {".py", ".md", ".yaml", ".toml", ".po", ".j2", ".typ", ".css", ".js", ".cff", ".csv"}
    for path in TEXTS:
        if path.suffix in kinds and not path.is_relative_to(ROOT / "tests"):
            content = path.read_bytes()
            content.decode("utf-8")
            assert b"\r" not in content, name(path)


def _pins() -> dict[str, Version]:
    found = re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {canonicalize_name(package): Version(version) for package, version in found}


def test_the_lock_has_hashes_and_no_address() -> None:
    text = LOCK.read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-", re.sub(r"^\s+--hash=sha256:[0-9a-f]{64}", "", text, flags=re.MULTILINE), flags=re.MULTILINE)
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(entries) >= len(_pins()) > 50
    assert all("--hash=sha256:" in entry for entry in entries)


def test_the_lock_fits_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    asked = [Requirement(text) for text in (*project["dependencies"], *(text for extra in extras for text in extra))]
    pins = _pins()
    assert not [str(need) for need in asked if canonicalize_name(need.name) not in pins or pins[canonicalize_name(need.name)] not in need.specifier]


def test_no_other_lock() -> None:
    assert not {"uv.lock", "pylock.toml", "package-lock.json", "poetry.lock", "Pipfile.lock"} & {path.name for path in tracked()}
