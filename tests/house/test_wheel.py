"""What a user installs: the wheel has everything a study needs at run time, and works away from the repository."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from house.repository import PACKAGE, ROOT, name, tracked
from takeup import __version__
from takeup.demo import STUDIES

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as packed:
        return {entry: packed.read(entry) for entry in packed.namelist()}


def test_every_file_of_the_package_travels(contents: dict[str, bytes]) -> None:
    ours = {path.relative_to(PACKAGE.parent).as_posix(): path for path in tracked() if path.is_relative_to(PACKAGE)}
    assert {"takeup/py.typed", "takeup/version.py"} <= set(ours)
    assert not set(ours) - set(contents)
    assert not [entry for entry, path in ours.items() if contents[entry] != path.read_bytes()]


@pytest.mark.parametrize("study", sorted(STUDIES))
def test_every_file_of_a_study_travels(study: str, contents: dict[str, bytes]) -> None:
    # a study may be several, whose folders begin with its name
    parts = [(path, path.relative_to(ROOT).parts) for path in tracked() if path.is_relative_to(ROOT)]
    ours = [path for path, (*folders, _) in parts
            if len(folders) > 1 and folders[0] in {"reports", "data_schema"} and folders[1].split("-")[0] == study]
    assert any(path.name == "plan.yaml" for path in ours)
    assert not [name(path) for path in ours if contents.get(f"takeup/demo/studies/{name(path)}") != path.read_bytes()]


def test_nothing_else_travels(contents: dict[str, bytes]) -> None:
    assert not [entry for entry in contents if not re.match(r"takeup/|takeup-[^/]+\.dist-info/", entry)]
    assert not [entry for entry in contents if "/out/" in entry or "__pycache__" in entry or entry.endswith(".pyc")]


def test_metadata_name_the_licences_and_the_command(contents: dict[str, bytes]) -> None:
    about = f"takeup-{__version__}.dist-info"
    metadata = contents[f"{about}/METADATA"].decode()
    assert "License-Expression: MIT AND GPL-2.0-or-later" in metadata
    assert contents[f"{about}/licenses/LICENSE"] == (ROOT / "LICENSE").read_bytes()
    assert "takeup = takeup.cli:main" in contents[f"{about}/entry_points.txt"].decode()


def _installed(wheel: Path, folder: Path, extra: str = "") -> Path:
    """The wheel in a clean environment of its own, with the versions of the lock; the folder of its commands."""
    subprocess.run([sys.executable, "-m", "venv", str(folder / "env")], check=True)
    binaries = folder / "env" / ("Scripts" if sys.platform == "win32" else "bin")
    pins = re.findall(r"^[A-Za-z0-9][^\s\\]*==[^\\\n]*", (ROOT / "requirements.lock").read_text(encoding="utf-8"), flags=re.MULTILINE)
    (folder / "pins.txt").write_text("\n".join(pins), encoding="utf-8")
    install = [binaries / "python", "-m", "pip", "install", "--quiet", "--constraint", folder / "pins.txt", f"{wheel}{extra}"]
    subprocess.run(install, check=True, cwd=folder)
    return binaries


@pytest.mark.slow
def test_wheel_elsewhere(wheel: Path, tmp_path: Path) -> None:
    """In a clean environment with the core dependencies of the lock only, far from the checkout: a real study, from data to report."""
    binaries = _installed(wheel, tmp_path)
    subprocess.run([binaries / "takeup", "demo", "jobs2", "study"], check=True, cwd=tmp_path)
    plan = tmp_path / "study" / "reports" / "jobs2" / "plan.yaml"
    subprocess.run([binaries / "takeup", "build", plan], check=True, cwd=tmp_path)
    built = plan.parent / "out"
    assert {"report.html", "report.pdf", "results.csv", "manifest.json"} <= {path.name for path in built.iterdir()}
    assert "effect.depression" in (built / "results.csv").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_notebook_works_on_a_fresh_install(wheel: Path, tmp_path: Path) -> None:
    """`pip install takeup[notebooks]`, and nothing else: a study, its notebook, and every cell run by the kernel of that environment."""
    binaries = _installed(wheel, tmp_path, "[notebooks]")
    subprocess.run([binaries / "takeup", "demo", "jobs2", "study"], check=True, cwd=tmp_path)
    subprocess.run([binaries / "takeup", "notebook", "study/reports/jobs2/plan.yaml", "--out", "tour.ipynb"], check=True, cwd=tmp_path)
    run = [binaries / "jupyter", "execute", "--inplace", "tour.ipynb"]
    subprocess.run(run, check=True, cwd=tmp_path, env={**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"})
    cells = json.loads((tmp_path / "tour.ipynb").read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(cell["execution_count"] for cell in code)
    assert any("image/png" in output.get("data", {}) for cell in code for output in cell["outputs"])
