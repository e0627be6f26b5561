"""Notebooks are kept as plain Python, without output, pair with an .ipynb file, and run from top to bottom.

Four tours of each study, all twelve run by `make test`, so in continuous integration too (some 100 s on one core; `make notebooks` runs only these).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import jupytext
import pytest
from nbclient import NotebookClient

from house.repository import ROOT, name, tracked

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*/*.py"))
STUDIES = ("jobs2", "miriam", "mission")
TOURS = ("1_plan_and_power", "2_data_and_measures", "3_estimates_and_inference", "4_report_and_brief")
SYNTHETIC = {"miriam", "mission"}


def _tour(path: Path) -> str:
    return path.relative_to(FOLDER).with_suffix("").as_posix()


def test_every_study_has_its_four_tours() -> None:
    assert {_tour(path) for path in NOTEBOOKS} == {f"{study}/{tour}" for study in STUDIES for tour in TOURS}


def test_notebooks_are_kept_as_text() -> None:
    assert not [name(path) for path in tracked() if path.suffix == ".ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=_tour)
def test_text_and_notebook_hold_the_same(path: Path) -> None:
    """There and back: the .ipynb file that it pairs with has the same cells, no outputs, and gives the same text."""
    text = path.read_text(encoding="utf-8")
    notebook = jupytext.reads(text, fmt="py:percent")
    assert notebook.metadata["jupytext"]["formats"] == "ipynb,py:percent"
    assert not [cell for cell in notebook.cells if cell.get("outputs") or cell.get("execution_count")]
    again = jupytext.reads(jupytext.writes(jupytext.reads(jupytext.writes(notebook, fmt="ipynb"), fmt="ipynb"), fmt="py:percent"), fmt="py:percent")
    assert [(cell.cell_type, cell.source) for cell in again.cells] == [(cell.cell_type, cell.source) for cell in notebook.cells]
    assert text.partition("# ---\n\n")[2] == jupytext.writes(notebook, fmt="py:percent").partition("# ---\n\n")[2]


@pytest.mark.parametrize("path", [path for path in NOTEBOOKS if path.parent.name in SYNTHETIC], ids=_tour)
def test_synthetic_data_say_so_before_the_first_number(path: Path) -> None:
    first = jupytext.read(path).cells[0]
    assert first.cell_type == "markdown"
    assert "synthetic" in first.source
    assert "No number is a finding" in first.source


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")  # from the kernel's own libraries
@pytest.mark.parametrize("path", NOTEBOOKS, ids=_tour)
def test_a_notebook_runs(path: Path, tmp_path: Path) -> None:
    notebook = jupytext.read(path)
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            assert output.get("name") != "stderr", output["text"]
    assert not list(tmp_path.iterdir())  # what a tour writes goes to a folder of its own


@pytest.mark.parametrize("path", NOTEBOOKS, ids=_tour)
def test_links_between_tours_lead_somewhere(path: Path) -> None:
    for cell in jupytext.read(path).cells:
        if cell.cell_type == "markdown":
            for part in cell.source.split("](")[1:]:
                target = part.partition(")")[0]
                assert "://" in target or (path.parent / target).exists(), target
