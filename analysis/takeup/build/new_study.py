"""A new study's folder: plan, schemas, codebook, empty templates, notebook and a page that says what to do next; complete enough to build."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from takeup.build.new_schemas import Measure, schemas
from takeup.errors import BuildError, Fault, collect, listed, nearest
from takeup.plan.consistency import known_scales

if TYPE_CHECKING:
    from pathlib import Path

NAME = re.compile(r"[a-z][a-z0-9_]*")
COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LANGUAGES = ("en", "nl", "fr")
DRAWS = ("simple", "complete", "blocked", "clustered", "blocked_clustered", "pairs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What somebody says of a study before there is one.

    Attributes
    ----------
    arms : value and words of each, control first
    measures : outcomes, the first one primary; those of both waves are adjusted for their baseline
    block_sizes : of permuted blocks of hidden size; empty for fixed numbers
    match : columns by which pairs are built
    planned : how many are to be enrolled
    example : whether the data will be made up
    """

    name: str
    title: str = ""
    languages: tuple[str, ...] = LANGUAGES
    unit: str = "person_id"
    arms: tuple[tuple[str, str], ...] = (("usual", "Usual services"), ("offer", "Offer"))
    draw: str = "complete"
    blocks: str = ""
    clusters: str = ""
    provider: str = ""
    block_sizes: tuple[int, ...] = ()
    measures: tuple[Measure, ...] = (Measure(scale="who5"),)
    planned: int = 200
    seed: int = 1
    example: bool = False


def measure_of(text: str) -> Measure:
    """An outcome as it is typed: ``who5`` (a scale), ``works:binary``, ``income:0-5000`` (a number within limits), ``:lower`` where less is better.

    >>> measure_of("worry:0-10:lower")
    Measure(scale='', id='worry', low=0.0, high=10.0, lower=True)
    """
    text, lower = (text.strip().removesuffix(":lower"), text.strip().endswith(":lower"))
    name, sep, kind = text.partition(":")
    if not sep:
        if name not in known_scales():
            raise BuildError(Fault(f'"{name}" is no scale', "--outcome", f"{listed(known_scales(), 20)}; or id:binary; or id:low-high",
                                   nearest(name, known_scales())))
        return Measure(scale=name)
    limits = re.fullmatch(r"(-?\d+(?:\.\d+)?)-(-?\d+(?:\.\d+)?)", kind)
    if not NAME.fullmatch(name) or not (kind == "binary" or (limits and float(limits[1]) < float(limits[2]))):
        raise BuildError(Fault(f'"{text}" can\'t be read as an outcome', "--outcome", "who5, works:binary, income:0-5000"))
    return Measure(id=name, low=float(limits[1]) if limits else 0.0, high=float(limits[2]) if limits else 1.0, binary=not limits,
                   lower=lower)


def new_study(answers: Answers, folder: Path) -> tuple[str, ...]:
    """Write a study's folder.

    Parameters
    ----------
    folder : the folder in which the study's own is made

    Returns
    -------
    tuple of str
        The files, by their names in the study's folder.

    Raises
    ------
    BuildError
        Answers that can't be used, all at once; a folder that exists already.
    """
    _check(answers)
    home = folder / answers.name
    if home.exists():
        raise BuildError(Fault("exists already", answers.name, remedy="Choose another name, or another folder with --folder."))
    files = study_files(answers)
    for name, content in files.items():
        target = home / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    (home / "codebook.html").write_bytes(_codebook(home))
    return (*files, "codebook.html")


def study_files(answers: Answers) -> dict[str, bytes]:
    """Every file of the folder but the codebook, which is made from them."""
    from takeup.build.templates import workbook
    from takeup.build.yaml_text import yaml_text

    made = schemas(answers)
    files: dict[str, str | bytes] = {"plan.yaml": plan_text(answers)}
    for name, schema in made.items():
        files[f"schema/{name}.yaml"] = yaml_text(schema)
        if name != "assignment":
            header = io.StringIO()
            csv.writer(header, lineterminator="\n").writerow([field["name"] for field in schema["fields"]])
            files[f"data/{name}.csv"] = header.getvalue()
            files[f"templates/{name}.xlsx"] = workbook(schema, answers.languages)
    files |= {"notebook.py": _notebook(answers), "README.md": _readme(answers),
              ".gitignore": "data/\nout/\nout-mock/\nout-masked/\nfieldwork.html\n*.secret.json\n.*.mask\n"}
    return {name: content.encode() if isinstance(content, str) else content for name, content in files.items()}


def plan_text(answers: Answers) -> str:
    """The plan file, with a comment where somebody still has to decide."""
    waves = {"baseline", "endline"}
    made_up = "true    # made-up people: set to false before the first real one" if answers.example else "false"
    lines = [
        "# The plan: the only file that decides a number. Change it until it says what you mean, then lock it: takeup lock plan.yaml",
        "takeup: 1", f"study: {answers.name}", f"title: {_quoted(answers.title or answers.name)}", "evidence: randomized", "",
        "about:", f"  synthetic: {made_up}",
        "", "data:",
        *(f"  {name}: {{file: data/{name}.csv, schema: schema/{name}.yaml{', measured_on: asked_on' if name in waves else ''}}}"
          for name in ("people", "assignment", "programme", "baseline", "endline")),
        "", "design:", f"  unit: people.{answers.unit}", "  treatment: arm", f"  control: {answers.arms[0][0]}", f"  draw: {answers.draw}",
    ]
    if answers.blocks:
        lines.append(f"  blocks: assignment.{answers.blocks}")
    elif answers.draw == "pairs":
        lines.append("  blocks: pair")
    lines += [f"  clusters: assignment.{answers.clusters}"] if answers.clusters else []
    lines += [f"  nested_in: {answers.provider}    # exists in the treated arms only"] if answers.provider else []
    lines += ["  received: received", "  assignment: data/assignment.json    # written by takeup randomize", "  arms:"]
    lines += [f"    {value}: {_quoted(label)}" for value, label in answers.arms]
    extra: dict[str, Any] = {"block_sizes": list(answers.block_sizes)} if answers.block_sizes else {}
    extra |= {"match": ["age", "gender"]} if answers.draw == "pairs" and not answers.blocks else {}
    lines += [f"  allocation: {json.dumps(extra).replace(chr(34), '')}"] if extra else []
    lines += ["", "flow:", f"  planned: {answers.planned}", "  # enrolment: [2027-01-01, 2027-12-31]    # first and last day, as planned", "",
              "outcomes:", "  # smallest_effect is the smallest difference for which somebody would act: yours to decide, before the data are in."]
    lines += [f"  - {_outcome(measure, answers.languages, primary=place == 0)}" for place, measure in enumerate(answers.measures)]
    lines += ["", "analyses:", f"  seed: {answers.seed}", "  draws: 2000", "  balance: [people.age, people.gender]", "",
              "release: {profile: default, minimum_cell: 5}", f"languages: [{', '.join(answers.languages)}]", ""]
    return "\n".join(lines)


def _outcome(measure: Measure, languages: tuple[str, ...], *, primary: bool) -> str:
    said = measure.label
    words = _quoted(said) if isinstance(said, str) else f"{{{', '.join(f'{one}: {_quoted(said[one])}' for one in languages)}}}"
    role = "primary" if primary else "secondary"
    known = f"id: {measure.name}, waves: [baseline, endline], role: {role}, better: {measure.better}, smallest_effect: {measure.smallest:g}"
    if measure.scale:
        return f"{{{known}, scale: {measure.scale}, items: [{', '.join(measure.columns)}],\n     label: {words}}}"
    kind = ", kind: binary" if measure.binary else f", support: [{measure.low:g}, {measure.high:g}]"
    return f"{{{known}, column: {measure.id}{kind}, label: {words}}}"


def _check(answers: Answers) -> None:
    faults = []
    if not NAME.fullmatch(answers.name):
        faults.append(Fault(f'"{answers.name}" can\'t be the name of a study', "NAME", "small letters, digits and _, beginning with a letter"))
    if answers.draw not in DRAWS:
        faults.append(Fault(f'"{answers.draw}" is no draw', "--draw", listed(DRAWS), nearest(answers.draw, DRAWS)))
    if answers.draw in {"blocked", "blocked_clustered"} and not answers.blocks:
        faults.append(Fault(f"a {answers.draw} draw needs blocks", "--blocks", remedy="Name their column, such as office."))
    if answers.draw in {"clustered", "blocked_clustered"} and not answers.clusters:
        faults.append(Fault(f"a {answers.draw} draw needs clusters", "--clusters", remedy="Name their column, such as village."))
    if answers.block_sizes and answers.draw not in {"complete", "blocked"}:
        faults.append(Fault(f"doesn't go with a {answers.draw} draw", "--block-sizes", "complete, blocked"))
    if any(size < 2 or size % len(answers.arms) for size in answers.block_sizes):
        faults.append(Fault(f"a block holds as many of each of the {len(answers.arms)} arms", "--block-sizes", f"multiples of {len(answers.arms)}"))
    for flag, name in (("--unit", answers.unit), ("--blocks", answers.blocks), ("--clusters", answers.clusters), ("--provider", answers.provider)):
        if name and not COLUMN.fullmatch(name):
            faults.append(Fault(f'"{name}" can\'t be the name of a column', flag, "letters, digits and _"))
    if len({value for value, _ in answers.arms}) < 2 or not all(re.fullmatch(r"[A-Za-z0-9_]+", value) for value, _ in answers.arms):
        faults.append(Fault("two or more different arms are needed, control first", "--arm", "usual, offer; or usual=Usual services"))
    strange = [language for language in answers.languages if language not in LANGUAGES]
    faults += [Fault(f'"{language}" is no language of a report', "--languages", listed(LANGUAGES)) for language in strange]
    names = [column for measure in answers.measures for column in measure.columns]
    names += [name for name in (answers.unit, answers.blocks, answers.clusters, answers.provider) if name]
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        faults.append(Fault(f"{listed(double)} stands for two things", "NAME", "a name of its own for each column"))
    collect(BuildError, faults)


def _codebook(home: Path) -> bytes:
    from takeup.intake.schema_file import read_table_schema
    from takeup.plan.read import read
    from takeup.report.codebook import codebook_html

    plan = read(home / "plan.yaml")
    return codebook_html(plan, {name: read_table_schema(home / table.schema_) for name, table in plan.data.items()}, plan.languages).encode()


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _notebook(answers: Answers) -> str:
    cells: list[tuple[str, str]] = [
        ("markdown", f"# {answers.title or answers.name}\n\nThe study opened by hand. All of it stands in the report that `takeup build` makes."),
        ("code", 'import takeup as tu\n\nstudy = tu.open_study("plan.yaml")\nstudy'),
        ("markdown", "## Who takes part"), ("code", "study.flow()"),
        ("markdown", "## Were the arms alike before the draw?"), ("code", "study.balance()"),
        ("markdown", "## What did the offer do?"), ("code", "study.results()"),
    ]
    head = "# ---\n# jupyter:\n#   jupytext:\n#     text_representation:\n#       extension: .py\n#       format_name: percent\n# ---\n"
    body = []
    for kind, text in cells:
        shown = "\n".join(f"# {line}".rstrip() for line in text.split("\n")) if kind == "markdown" else text
        body.append(f"# %%{' [markdown]' if kind == 'markdown' else ''}\n{shown}\n")
    return head + "\n" + "\n".join(body)


def _readme(answers: Answers) -> str:
    keys: dict[str, Any] = {"name": answers.name}
    return _README.format(**keys)


_README = """# {name}

What to do, in this order; every command is run in this folder.

1. Read `plan.yaml` and change it until it says what you mean. `codebook.html` shows every column.
2. Enrol people in `data/people.csv` and ask the questions of `data/baseline.csv` (or use the workbooks in `templates`, which only take valid
   answers, and save them as the files that the plan names).
3. `takeup randomize plan.yaml --list data/people.csv` draws them. Later arrivals: the same with `--batch NAME`.
4. `takeup check plan.yaml --fieldwork` each week: what is wrong with the files, and `fieldwork.html`.
5. `takeup mock plan.yaml` makes the report before the answers are known; `takeup lock plan.yaml` fixes what was promised.
6. When the endline is in: `takeup randomize plan.yaml --reveal`, then `takeup build plan.yaml`.

`takeup rehearse plan.yaml` fills empty tables with made-up answers, as long as the plan says `synthetic: true`.
Keep `data/assignment.secret.json` to yourself until enrolment ends.
"""
