"""A million households: written, and made into take-up tables, in under 2 GB. The benchmark measures, the test judges."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

pytest.importorskip("duckdb")
pytest.importorskip("pyarrow")
BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "takeup_million.py"


def benchmark() -> ModuleType:
    found = importlib.util.spec_from_file_location("takeup_million", BENCHMARK)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_a_million_households_in_under_two_gigabytes(capsys: pytest.CaptureFixture[str]) -> None:
    """Monthly registers, and the synthetic MISSION: every step in a process of its own, its peak read from the system."""
    module = benchmark()
    kept = module.main([])
    said = capsys.readouterr().out
    with capsys.disabled():
        sys.stdout.write(said)
    assert kept == 0, said
    assert "of waiting times" in said
