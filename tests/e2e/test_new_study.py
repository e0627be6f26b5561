"""A new user's path in processes of its own, timed: from nothing to a report in ten minutes, no line of code."""

import csv
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "new-study.md"
MINUTES = 10


def commands() -> list[list[str]]:
    """The guide's commands, in its order."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [shlex.split(line)[1:] for block in blocks for line in block.splitlines() if line.startswith("takeup ")]


def test_the_guide_goes_the_whole_way():
    assert [words[0] for words in commands()] == ["new", "power", "randomize", "check", "mock", "lock", "rehearse", "check", "randomize", "build"]


@pytest.mark.slow
def test_ten_minutes_from_nothing_to_a_report(tmp_path):
    begun = time.monotonic()
    for words in commands():
        ended = subprocess.run([sys.executable, "-W", "error", "-m", "takeup.cli", *words], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, (words, ended.stderr)
    assert time.monotonic() - begun < 60 * MINUTES
    out = tmp_path / "visits" / "out"
    with (out / "results.csv").open(encoding="utf-8") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    assert float(rows["effect.who5"]["n"]) >= 100
    assert rows["effect.who5"]["pre_specified"] == "true"
    assert {"report.html", "report.pdf", "brief.nl.docx"} <= {path.name for path in out.rglob("*")}
    assert "made up by a computer" in (out / "report.html").read_text(encoding="utf-8")
