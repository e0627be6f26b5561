"""A notebook that opens a plan and walks through its study, ready to run: the cells follow from what the plan names.

Two forms of one thing: an .ipynb file without outputs, and plain Python with cell marks (the percent form of jupytext).
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from takeup.errors import BuildError, Fault, listed, nearest
from takeup.plan.evidence import MAIN
from takeup.present.labels import in_language

if TYPE_CHECKING:
    from collections.abc import Iterator

    from takeup.plan.model import Plan
    from takeup.report.marks import Kind

ENDINGS = (".ipynb", ".py")
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
HEAD = """# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---
"""
SYNTHETIC = "**The data are synthetic: made by a program. No number here is a finding.**"
MARKS = {
    "final": "", "masked": "**The arms are drawn anew (a masked study): no number here is a finding.**",
    "mock": "**What comes after the draw is made up (a mock study): no number here is a finding.**",
}
ASKED = {"randomized": "What did the offer do?", "comparison": "How do the groups differ afterwards?", "before_after": "What changed?"}
EFFECTS = {
    "randomized": "The effect of the offer (ITT) comes first, by the estimator that the plan names; the variance follows from the draw, and "
                  "`.reason` says why.",
    "comparison": "Nobody drew lots. Differences between the groups are adjusted for what was measured before; what wasn't measured can still "
                  "be behind them.",
    "before_after": "There is no other group. A change is a change: it is no effect, for much else changed as well.",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: words or code."""

    kind: Literal["markdown", "code"]
    text: str


def write_notebook(plan_path: str | Path, *, out: str | Path | None = None, kind: Kind = "final") -> Path:
    """Write the notebook of a plan.

    Parameters
    ----------
    plan_path : str or Path
        The plan file, or its folder. Only the plan is read, not its data.
    out : str or Path, optional
        The file, .ipynb or .py; ``STUDY.ipynb`` beside the plan where none is given. One that is there is never replaced.
    kind : {"final", "masked", "mock"}
        How the notebook opens the study.

    Returns
    -------
    Path

    Raises
    ------
    PlanError
        What is wrong with the plan.
    BuildError
        The file is there already, its ending isn't known, or its folder isn't there.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import takeup as tu
    >>> with TemporaryDirectory() as folder:
    ...     truth = tu.demo("jobs2", folder)
    ...     write_notebook(f"{folder}/reports/jobs2/plan.yaml", out=f"{folder}/tour.py").name
    'tour.py'
    """
    from takeup.plan.read import read
    from takeup.study import plan_file

    path = plan_file(plan_path)
    plan = read(path)
    place = path.parent / f"{plan.study}.ipynb" if out is None else Path(out)
    if place.suffix not in ENDINGS:
        raise BuildError(Fault(f'a notebook isn\'t written as "{place.suffix}"', place.name, listed(ENDINGS), nearest(place.suffix, ENDINGS)))
    if not place.parent.is_dir():
        raise BuildError(Fault("this folder isn't there", str(place.parent), remedy="Make it first."))
    cells = notebook_cells(plan, _from(place.parent, path), kind)
    try:
        with place.open("x", encoding="utf-8", newline="\n") as file:
            file.write(percent(cells) if place.suffix == ".py" else ipynb(cells))
    except FileExistsError:
        remedy = "Give another name with --out."
        raise BuildError(Fault("this file is there already, perhaps with your own cells", place.name, remedy=remedy)) from None
    return place


def _from(folder: Path, path: Path) -> str:
    """The plan as it is called from the notebook's folder."""
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive
        return path.resolve().as_posix()


def notebook_cells(plan: Plan, path: str, kind: Kind = "final") -> tuple[Cell, ...]:
    """The cells for a plan that is found at `path`."""
    return tuple(_cells(plan, path, kind))


def _cells(plan: Plan, path: str, kind: Kind) -> Iterator[Cell]:
    head = [f"# {in_language(plan.title, 'en')}", SYNTHETIC if plan.about.synthetic else "", MARKS[kind],
            "Run the cells from top to bottom. Results hold no row of the data; a frame of people is for this room only."]
    yield Cell("markdown", "\n\n".join(part for part in head if part))
    options = "" if kind == "final" else f', kind="{kind}"'
    yield Cell("code", f"import takeup as tu\n\nstudy = tu.open_study({path!r}{options})\nstudy")
    yield Cell("markdown", "## Who takes part\n\nEvery unit's way from the first list to the analysis.")
    yield Cell("code", "study.flow()")
    if plan.evidence != "before_after":
        yield Cell("markdown", "## Were the arms alike at the start?\n\nDifferences are in standard deviations. "
                               "The test of all together is an alarm for a draw gone wrong, not a way to choose covariates."
                   if plan.evidence == "randomized" else "## How far apart were the groups at the start?\n\nDifferences are in standard deviations.")
        yield Cell("code", "study.balance()")
    yield Cell("markdown", "## Who is missing?")
    yield Cell("code", 'study.chapter("completers")' if plan.evidence == "before_after" else "study.attrition()")
    if plan.evidence != "before_after" and (plan.design.received is not None or plan.rights is not None):
        yield Cell("markdown", f"## Take-up\n\n{'Who took the programme up' if plan.design.received else 'Which rights people took up'}, and who "
                               "they are.")
        yield Cell("code", "study.takeup()")
    yield from _effects(plan)
    yield from _by_hand(plan)
    yield from _leaving(plan, path)


def _effects(plan: Plan) -> Iterator[Cell]:
    yield Cell("markdown", f"## {ASKED[plan.evidence]}\n\n{EFFECTS[plan.evidence]}")
    yield Cell("code", "effects = study.results()\neffects")
    main = _main(plan)
    yield Cell("code", f"print(effects[{main!r}].reason)")
    yield Cell("markdown", "The main line of each outcome, in the outcome's own units:")
    yield Cell("code", f'main = effects.where(lambda result: result.provenance.id.startswith("{MAIN[plan.evidence][1]}."))\nmain.plot()')
    yield Cell("markdown", "## The same by other roads")
    yield Cell("code", "study.robustness()")
    if plan.evidence == "before_after":
        yield Cell("markdown", "## How many improved, and how much of it may be regression to the mean")
        yield Cell("code", 'study.chapter("improved") + study.chapter("regression")')
    elif plan.analyses.subgroups:
        yield Cell("markdown", "## By group\n\nLook at the contrasts and the joint test, not at which group has a small p-value.")
        yield Cell("code", "study.subgroups()")


def _main(plan: Plan) -> str:
    """The outcome that a cell shows: the first primary one, else the first."""
    return next((outcome.id for outcome in plan.outcomes if outcome.role == "primary"), plan.outcomes[0].id)


def _by_hand(plan: Plan) -> Iterator[Cell]:
    """One estimate on the frame of people, to go on from."""
    outcome = next((one for one in plan.outcomes if one.has_baseline), None) if plan.evidence == "before_after" else plan.outcome(_main(plan))
    if outcome is None:
        return
    lines = [f"outcome = study.plan.outcome({outcome.id!r})", "people = study.material.asked(outcome, study.material.frame)"]
    if plan.evidence == "randomized":
        lines.append("tu.difference_in_means(people, outcome.id, study.material.design, arm=study.material.arms[0])")
    elif plan.evidence == "comparison":
        lines.append('tu.comparison(people, outcome.id, study.material.design, covariates=study.material.covariates(outcome), method="ancova")')
    else:
        lines.append('tu.change(people, f"{outcome.id}.baseline", outcome.id, clusters=study.trial.clusters)')
    yield Cell("markdown", "## By hand\n\nA study is the plan's way. Every step is also a function on a data frame: one row a unit, with the plan's "
                           "outcomes as columns. Results of such calls haven't passed the disclosure gate.")
    yield Cell("code", "\n".join(lines))


def _leaving(plan: Plan, path: str) -> Iterator[Cell]:
    yield Cell("markdown", "## What may leave\n\nTables and figures hold released results only: small cells are withheld, counts rounded, as the "
                           'plan says. `tu.write_tables(tables, "tables.docx")` writes them for Word; .xlsx, .tex and .csv do as well.')
    language = plan.languages[0]
    yield Cell("code", f'tables = study.tables("{language}")\ntables')
    yield Cell("code", 'tables["effects"] if "effects" in tables else next(iter(tables.values()))')
    yield Cell("code", "len(study.released().withheld())")
    yield Cell("markdown", f"## The report\n\n`takeup build {path}` writes the report, `takeup brief {path}` the two pages for a policy maker.")


def percent(cells: tuple[Cell, ...]) -> str:
    r"""The cells as Python text.

    >>> print(percent((Cell("markdown", "# A"), Cell("code", "1 + 1"))).partition("# ---\n\n")[2])
    # %% [markdown]
    # # A
    <BLANKLINE>
    # %%
    1 + 1
    <BLANKLINE>
    """
    shown = []
    for cell in cells:
        words = cell.kind == "markdown"
        lines = [f"# {line}".rstrip() for line in cell.text.split("\n")] if words else [cell.text]
        shown.append("\n".join(["# %% [markdown]" if words else "# %%", *lines, ""]))
    return "\n".join([HEAD, *shown])


def ipynb(cells: tuple[Cell, ...]) -> str:
    """The cells as a notebook file (format 4.5) without outputs; ids by place, so that the same plan gives the same bytes."""
    made: list[dict[str, Any]] = []
    for place, cell in enumerate(cells, start=1):
        lines = cell.text.splitlines(keepends=True)
        common = {"cell_type": cell.kind, "id": f"cell-{place:02d}", "metadata": {}, "source": lines}
        made.append(common if cell.kind == "markdown" else {**common, "execution_count": None, "outputs": []})
    whole = {"cells": made, "metadata": {"kernelspec": KERNEL, "language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"
