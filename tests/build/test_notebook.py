"""The notebook of a plan: the same cells in both forms, never in the place of another file, and it runs for every kind of evidence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

import takeup as tu
from study import programme_made, small
from takeup.build.notebook import Cell, ipynb, notebook_cells, percent, write_notebook
from takeup.errors import BuildError, PlanError
from takeup.plan.read import read

if TYPE_CHECKING:
    from pathlib import Path

CELLS = (Cell("markdown", '# A title\n\nTwo lines, "quoted" and é.'), Cell("code", "x = 1\n\nx"), Cell("markdown", "* a\n* b"))


def run(path: Path) -> nbformat.NotebookNode:
    """A notebook after it has run in its own folder, with no word on stderr."""
    notebook = jupytext.read(path)
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}).execute()
    said = [output for cell in notebook.cells for output in cell.get("outputs", ()) if output.get("name") == "stderr"]
    assert not said
    return notebook


def texts(notebook: nbformat.NotebookNode) -> str:
    return json.dumps([cell.get("outputs", []) for cell in notebook.cells])


def test_both_forms_hold_the_same_cells_and_are_valid():
    first = nbformat.reads(ipynb(CELLS), as_version=4)
    nbformat.validate(first)
    second = jupytext.reads(percent(CELLS), fmt="py:percent")
    for notebook in (first, second):
        assert [(cell.cell_type, cell.source) for cell in notebook.cells] == [(cell.kind, cell.text) for cell in CELLS]
    assert not any(cell.get("outputs") for cell in first.cells)
    assert ipynb(CELLS) == ipynb(CELLS)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")  # from the kernel's own libraries
def test_the_notebook_of_a_trial_runs_where_it_stands(tmp_path):
    plan = small.write(tmp_path / "study", n=144)
    made = write_notebook(plan)
    assert made == plan.parent / "small.ipynb"
    shown = texts(run(made))
    study = tu.open_study(plan)
    assert study.results()["wellbeing"].reason.split(".")[0] in shown
    assert "image/png" in shown
    assert "synthetic" in made.read_text(encoding="utf-8")


def _before_after(folder: Path) -> Path:
    return programme_made.write(folder)


def _comparison(folder: Path) -> Path:
    tu.demo("miriam", folder)
    return folder / "reports" / "miriam-1" / "plan.yaml"


@pytest.mark.slow  # a programme's chapters take their time
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")
@pytest.mark.parametrize("write", [_before_after, _comparison], ids=["before_after", "comparison"])
def test_the_notebook_of_other_evidence_runs(write, tmp_path):
    plan = write(tmp_path / "study")
    assert "image/png" in texts(run(write_notebook(plan)))


@pytest.mark.parametrize("write", [_before_after, _comparison], ids=["before_after", "comparison"])
def test_what_the_evidence_cant_carry_isnt_asked(write, tmp_path):
    plan = read(write(tmp_path / "study"))
    code = "\n".join(cell.text for cell in notebook_cells(plan, "plan.yaml") if cell.kind == "code")
    words = "\n".join(cell.text for cell in notebook_cells(plan, "plan.yaml") if cell.kind == "markdown")
    assert "difference_in_means" not in code
    assert "effect of the offer" not in words
    assert ("study.balance()" in code) is (plan.evidence == "comparison")


def test_the_kind_of_study_is_said_and_opened(tmp_path):
    made = write_notebook(small.write(tmp_path, n=144), kind="masked", out=tmp_path / "n.py")
    text = made.read_text(encoding="utf-8")
    assert 'kind="masked"' in text
    assert "no number here is a finding" in text


def test_a_notebook_finds_its_plan_from_another_folder(tmp_path):
    plan = small.write(tmp_path / "study", n=144)
    (tmp_path / "notes").mkdir()
    text = write_notebook(plan, out=tmp_path / "notes" / "n.py").read_text(encoding="utf-8")
    assert "tu.open_study('../study/plan.yaml')" in text
    assert str(tmp_path) not in text


def test_a_file_that_is_there_stays(tmp_path):
    plan = small.write(tmp_path, n=144)
    (tmp_path / "n.ipynb").write_text("mine", encoding="utf-8")
    with pytest.raises(BuildError, match="there already"):
        write_notebook(plan, out=tmp_path / "n.ipynb")
    assert (tmp_path / "n.ipynb").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(("name", "said"), [("n.pdf", "isn't written as"), ("none/n.py", "isn't there")])
def test_what_cant_be_written_is_said(name, said, tmp_path):
    with pytest.raises(BuildError, match=said):
        write_notebook(small.write(tmp_path, n=144), out=tmp_path / name)


def test_a_plan_that_is_wrong_is_said(tmp_path):
    (tmp_path / "plan.yaml").write_text("takeup: 1\n", encoding="utf-8")
    with pytest.raises(PlanError):
        write_notebook(tmp_path)
