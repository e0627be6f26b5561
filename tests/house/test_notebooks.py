"""Notebooks are kept as plain Python, without output, and run from top to bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jupytext
import pytest
from nbclient import NotebookClient

from house.repository import ROOT, name, tracked

if TYPE_CHECKING:
    from pathlib import Path

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))


def test_notebooks_are_kept_as_text() -> None:
    assert NOTEBOOKS
    assert not [name(path) for path in tracked() if path.suffix == ".ipynb"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")  # from the kernel's own libraries
@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_a_notebook_runs(path: Path, tmp_path: Path) -> None:
    notebook = jupytext.read(path)
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            assert output.get("name") != "stderr", output["text"]
