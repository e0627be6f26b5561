"""Importing takeup, and asking it for help, loads next to nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from house.repository import modules

HEAVY = [
    "pandas", "scipy", "matplotlib", "statsmodels", "linearmodels", "pyarrow", "duckdb", "ibis", "dask", "distributed",
    "xlsxwriter", "docx", "pptx", "typst", "jinja2", "pydantic", "yaml", "babel", "markdown_it", "pyreadstat", "python_calamine",
]


def _loaded(code: str) -> set[str]:
    """The heavy packages that a fresh interpreter has loaded after `code`."""
    report = f"\nimport sys\nprint('loaded:', *[name for name in {HEAVY!r} + ['numpy'] if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code + report], capture_output=True, text=True, check=True)
    return set(ran.stdout.rpartition("loaded:")[2].split())


def test_importing_takeup_loads_no_library() -> None:
    assert _loaded("import takeup") == set()


def test_listing_the_public_names_loads_no_library() -> None:
    assert _loaded("import takeup; dir(takeup); takeup.__all__") == set()


def test_results_and_design_load_numpy_at_most() -> None:
    assert _loaded("import takeup; takeup.Design('arm', 0); takeup.Estimate(outcome='y', estimate=1.0)") <= {"numpy"}


def test_help_loads_no_library() -> None:
    code = "from takeup.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit as done:\n    assert not done.code"
    assert _loaded(code) <= {"numpy"}


@pytest.mark.parametrize("room", ["design", "estimate", "infer", "missing", "describe", "measure", "release"])
def test_the_rooms_of_numbers_load_pandas_and_plots_only_when_used(room: str) -> None:
    names = [module for module in modules() if module.startswith(f"takeup.{room}")]
    assert names
    loaded = _loaded(f"import importlib\nfor name in {names!r}:\n    importlib.import_module(name)")
    assert loaded <= {"numpy", "yaml"}  # scales and rights are data, read by a small reader
