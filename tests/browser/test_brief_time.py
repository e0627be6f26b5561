"""Twelve briefs in under fifteen seconds of one processor: three languages, four formats, from the plan and the data."""

from __future__ import annotations

import resource
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from takeup.demo import demo, plan_path

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 15.0


@pytest.mark.slow
def test_twelve_files_in_time(tmp_path: Path) -> None:
    """Processor time, since what else a machine does is no fault of ours."""
    pytest.importorskip("docx")
    pytest.importorskip("pptx")
    demo("mission", tmp_path, 0)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    arguments = ["brief", str(plan_path("mission", tmp_path)), "--lang", "nl,fr,en", "--to", "html,pdf,docx,pptx", "--out", str(tmp_path / "out")]
    subprocess.run([sys.executable, "-m", "takeup.cli", *arguments], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    made = {path.name for path in (tmp_path / "out").glob("brief.*")}
    assert made == {f"brief.{language}.{form}" for language in ("nl", "fr", "en") for form in ("html", "pdf", "docx", "pptx")}
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < SECONDS
