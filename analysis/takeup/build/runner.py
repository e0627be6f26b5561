"""Builds a study anew and compares: copied into a replication folder as `replicate.py`, where it needs nothing but Python.

python replicate.py           makes an environment in .venv (needs a package index), builds, and says which file differs
python replicate.py --here    builds with the packages of the Python that runs it
python replicate.py --real    builds the study itself, once its data lie in place, rather than the stand-in
"""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

LEFT_OUT = ("manifest.json", "README.md", "ro-crate-metadata.json")
"""They name the versions of this environment."""


def environment(place: Path, wheel: str) -> str:
    """The Python of an environment with the very packages of requirements.txt, made where there is none."""
    home = place / ".venv"
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not (home / "ready").is_file():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "--require-hashes", "-r", str(place / "requirements.txt")], check=True)
        subprocess.run([*install, "--no-deps", str(place / wheel)], check=True)
        (home / "ready").write_text("", encoding="utf-8")
    return str(python)


def differences(out: Path, expected: dict[str, str]) -> list[str]:
    """The names of files that came out otherwise, weren't made, or weren't expected."""
    found = {path.relative_to(out).as_posix(): sha256(path.read_bytes()).hexdigest() for path in sorted(out.rglob("*")) if path.is_file()}
    return sorted(name for name in {*found, *expected} if name not in LEFT_OUT and found.get(name) != expected.get(name))


def main(arguments: list[str]) -> int:
    """Build and compare: 0 where every file is as expected, 1 where one isn't, 2 for wrong usage."""
    place = Path(__file__).resolve().parent
    settings: dict[str, Any] = json.loads((place / "replication.json").read_text(encoding="utf-8"))
    if set(arguments) - {"--here", "--real"}:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    which = "real" if "--real" in arguments or "stand-in" not in settings["plans"] else "stand-in"
    python = sys.executable if "--here" in arguments else environment(place, settings["wheel"])
    out = place / f"outputs-{which}"
    done = subprocess.run([python, "-m", "takeup.cli", "build", str(place / settings["plans"][which]), "--out", str(out)], check=False)
    if done.returncode:
        return 1
    expected = settings["expected"].get(which)
    if expected is None:
        sys.stdout.write("Built. No build of the authors' with these very inputs lay there to compare with.\n")
        return 0
    differ = differences(out, expected)
    sys.stdout.writelines(f"{name}: comes out otherwise\n" for name in differ)
    made = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["environment"]
    if differ and made != settings["environment"]:
        others = [name for name in {*made, *settings["environment"]} if made.get(name) != settings["environment"].get(name)]
        sys.stdout.write(f"Other versions than the authors': {', '.join(sorted(others))}.\n")
    sys.stdout.write(f"{which}: {len(expected) - len(differ)} of {len(expected)} files are the authors' own, byte for byte.\n")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
