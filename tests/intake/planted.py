"""A small sound study, and faults to plant in it: for the tests of the intake, the build and the command line.

`write_study` makes a folder with a plan, three schemas, a crosswalk and three files of 120 people in 12 villages. Each `Planted`
changes it in one way that people do, and says what the one message must name. Values that stand in `SECRETS` are written into the
data by the faults; none may ever be seen again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECRETS = ("Zonneschijn", "8472915", "4711.25", "31,75")
"""Recognisable values that faults put into cells."""


@dataclass(frozen=True)
class Planted:
    """One fault.

    Attributes
    ----------
    name : its name in test ids
    plant : changes the study folder
    says : words that its message must hold: where it is, and what to do or what is allowed
    alone : it stops the reading of a whole file, so it can't be planted together with the others
    """

    name: str
    plant: Callable[[Path], None]
    says: tuple[str, ...]
    alone: bool = False


def write_study(folder: Path) -> Path:
    """Write the sound study; returns the plan's path."""
    study, shared = folder / "reports" / "villages", folder / "data_schema" / "villages"
    (study / "data").mkdir(parents=True)
    shared.mkdir(parents=True)
    (study / "plan.yaml").write_text(PLAN, encoding="utf-8")
    (study / "crosswalk.yaml").write_text(CROSSWALK, encoding="utf-8")
    for name, text in (("people", PEOPLE), ("baseline", BASELINE), ("endline", ENDLINE)):
        (shared / f"{name}.yaml").write_text(text, encoding="utf-8")
    people, baseline, endline = ["id,village,district,arm,came,drawn_on,age,sex"], ["id,day,income,trust"], ["id;day;inc;trust;work"]
    for i in range(120):
        village, person = i // 10, 1001 + i
        arm = "offer" if village % 4 < 2 else "usual"
        came = int(arm == "offer" and i % 3 > 0)
        people.append(f"{person},V{village:02d},D{village // 4},{arm},{came},2020-03-{10 + village % 4},{20 + i % 50},{'fm'[i % 2]}")
        baseline.append(f"{person},2020-02-{1 + i % 28:02d},{900 + 7 * (i % 31)}.5,{i % 11}")
        if i % 15:
            income = f"{950 + 9 * (i % 29)},25" if i % 7 else "-9"
            endline.append(f"{person};2021-03-{1 + i % 28:02d};{income};{(i * 7) % 11};{'YN'[i % 2]}")
    for name, rows in (("people", people), ("baseline", baseline), ("endline", endline)):
        (study / "data" / f"{name}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return study / "plan.yaml"


PLAN = """\
takeup: 1
study: villages
title: {en: Villages, nl: Dorpen}
evidence: randomized
data:
  people: {file: data/people.csv, schema: ../../data_schema/villages/people.yaml}
  baseline: {file: data/baseline.csv, schema: ../../data_schema/villages/baseline.yaml, measured_on: day}
  endline: {file: data/endline.csv, schema: ../../data_schema/villages/endline.yaml, crosswalk: crosswalk.yaml, measured_on: day}
design:
  unit: id
  treatment: arm
  control: usual
  draw: blocked_clustered
  blocks: district
  clusters: village
  received: came
  assigned_on: drawn_on
  arms: {usual: Care as usual, offer: An offer}
outcomes:
  - {id: income_after, column: income, waves: [baseline, endline], role: primary, family: money, smallest_effect: 20}
  - {id: works, column: work, kind: binary, role: primary, family: work, smallest_effect: 0.05}
  - {id: trust_after, column: trust, waves: [baseline, endline], family: life}
analyses:
  seed: 1
  draws: 199
  covariates: [age]
  balance: [age, sex, baseline.income]
  families: {money: holm}
  subgroups: [{by: sex}]
  family_labels: {money: {en: Money, nl: Geld}, work: {en: Work, nl: Werk}, life: {en: Life, nl: Leven}}
languages: [en, nl]
"""

CROSSWALK = """\
endline:
  columns: {inc: income}
  values:
    work: {Y: 1, N: 0}
"""

PEOPLE = """\
name: people
fields:
  - {name: id, type: integer, constraints: {required: true}, sensitive: true}
  - {name: village, type: string, constraints: {required: true, pattern: "V[0-9]{2}"}}
  - {name: district, type: string, categories: [D0, D1, D2]}
  - {name: arm, type: string, categories: [{value: usual, label: Care as usual}, {value: offer, label: An offer}]}
  - {name: came, type: integer, categories: [0, 1]}
  - {name: drawn_on, type: date}
  - {name: age, type: integer, constraints: {minimum: 18, maximum: 99}}
  - {name: sex, type: string, categories: [{value: f, label: {en: Woman, nl: Vrouw}}, {value: m, label: {en: Man, nl: Man}}]}
primaryKey: id
"""

BASELINE = """\
name: baseline
fields:
  - {name: id, type: integer}
  - {name: day, type: date}
  - {name: income, type: number, constraints: {minimum: 0}, missingValues: ["", {value: "-9", label: no answer}]}
  - {name: trust, type: integer, constraints: {minimum: 0, maximum: 10}}
primaryKey: id
foreignKeys: [{fields: id, reference: {resource: people, fields: id}}]
"""

ENDLINE = """\
name: endline
fields:
  - {name: id, type: integer}
  - {name: day, type: date, constraints: {required: true}}
  - {name: income, type: number, constraints: {minimum: 0}, missingValues: ["", {value: "-9", label: no answer}]}
  - {name: trust, type: integer, constraints: {minimum: 0, maximum: 10}}
  - {name: work, type: integer, categories: [{value: 0, label: {en: "No", nl: Nee}}, {value: 1, label: {en: "Yes", nl: Ja}}]}
primaryKey: id
"""


def edit(path: str, old: str, new: str) -> Callable[[Path], None]:
    """Replace a text that stands once in a file of the study (``plan.yaml``, ``data/people.csv``, ``people.yaml`` of the schemas)."""

    def plant(folder: Path) -> None:
        file = _file(folder, path)
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
        file.write_text(text.replace(old, new), encoding="utf-8")

    return plant


def cell(table: str, row: int, column: int, value: str) -> Callable[[Path], None]:
    """Put a value into a cell: `row` as a spreadsheet counts it, `column` from 0."""

    def plant(folder: Path) -> None:
        file = _file(folder, f"data/{table}.csv")
        mark = ";" if table == "endline" else ","
        rows = [line.split(mark) for line in file.read_text(encoding="utf-8").splitlines()]
        rows[row - 1][column] = value
        file.write_text("\n".join(mark.join(line) for line in rows) + "\n", encoding="utf-8")

    return plant


def _file(folder: Path, path: str) -> Path:
    study = folder / "reports" / "villages"
    return study / path if (study / path).is_file() else folder / "data_schema" / "villages" / path


def _again(path: str, row: int) -> Callable[[Path], None]:
    """Enter a row a second time, at the end."""

    def plant(folder: Path) -> None:
        file = _file(folder, path)
        lines = file.read_text(encoding="utf-8").splitlines()
        file.write_text("\n".join([*lines, lines[row - 1]]) + "\n", encoding="utf-8")

    return plant


def _remove(path: str) -> Callable[[Path], None]:
    return lambda folder: _file(folder, path).unlink()


PLANTED: tuple[Planted, ...] = (
    # the plan by itself
    Planted("unknown key", edit("plan.yaml", "  draws: 199", "  drawz: 199"), ("analyses.drawz (line", 'Did you mean "draws"?')),
    Planted("unknown word", edit("plan.yaml", "evidence: randomized", "evidence: randomised"),
            ("evidence (line 4)", "before_after", '"randomized"?')),
    Planted("key missing", edit("plan.yaml", "  seed: 1\n", ""), ("analyses.seed", "is missing", "whole number")),
    Planted("key twice", edit("plan.yaml", "  clusters: village\n", "  clusters: village\n  clusters: district\n"),
            ("design", '"clusters" stands twice', "on lines")),
    Planted("two sources", edit("plan.yaml", "id: works, column: work", "id: works, column: work, scale: who5"),
            ("outcomes[1] (line", "column and scale", "exactly one")),
    Planted("family unknown", edit("plan.yaml", "families: {money: holm}", "families: {mony: holm}"),
            ("analyses.families.mony", "money", "Did you mean")),
    Planted("limit", edit("plan.yaml", "  balance: [", "  confidence: 95\n  balance: ["), ("analyses.confidence", "less than 1")),
    Planted("language missing", edit("plan.yaml", "title: {en: Villages, nl: Dorpen}", "title: {en: Villages}"),
            ("title (line 3)", "no words in nl")),
    # the plan against the files
    Planted("column unknown", edit("plan.yaml", "  covariates: [age]", "  covariates: [aeg]"),
            ("analyses.covariates[0]", '"aeg"', 'Did you mean "age"?')),
    Planted("after the draw", edit("plan.yaml", "balance: [age, sex, baseline.income]", "balance: [age, sex, endline.income]"),
            ("analyses.balance[2]", "bias", 'Use "baseline.income".')),
    Planted("file missing", _remove("data/baseline.csv"), ("data.baseline.file", "no such file", "data/baseline.csv")),
    Planted("schema key", edit("people.yaml", "constraints: {minimum: 18, maximum: 99}", "constraints: {minimum: 18, maximun: 99}"),
            ("people.yaml: fields[6].constraints (line 9)", '"maximun"', 'Did you mean "maximum"?')),
    Planted("crosswalk name", edit("crosswalk.yaml", "inc: income}", "inc: income, wrk: werk}"),
            ("crosswalk.yaml: endline.columns.wrk", '"werk"', 'Did you mean "work"?')),
    # the data
    Planted("header", edit("data/endline.csv", "id;day;inc;trust;work", "id;day;inc;trsut;work"),
            ("data/endline.csv", 'no column "trust"', 'Did you mean "trsut"?')),
    Planted("not a number", cell("people", 9, 6, "Zonneschijn"), ("data/people.csv, column age", "row 9", "a whole number", "missingValues")),
    Planted("below the minimum", cell("people", 12, 6, "3"), ("data/people.csv, column age", "row 12", "18 or more")),
    Planted("no category", cell("people", 15, 7, "Zonneschijn"), ("data/people.csv, column sex", "row 15", "f, m")),
    Planted("pattern", cell("people", 17, 1, "Zonneschijn"), ("data/people.csv, column village", "row 17", "V[0-9]{2}")),
    Planted("decimal point", cell("endline", 4, 2, "4711.25"), ("data/endline.csv, column income (inc in the file)", "row 4", "a number")),
    Planted("cell required", cell("endline", 6, 1, ""), ("data/endline.csv, column day", "row 6", "Fill the cells")),
    Planted("date", cell("people", 20, 5, "31/12/2019"), ("data/people.csv, column drawn_on", "row 20", "2019-11-30")),
    # the trial
    Planted("unit twice", _again("data/people.csv", 26), ("data/people.csv, column id", "rows 26 and 122", "entered twice")),
    Planted("unit unknown", cell("endline", 30, 0, "8472915"), ("data/endline.csv, column id", "row 30", "not in data/people.csv")),
    Planted("cluster in two arms", cell("people", 35, 3, "offer"), ("data/people.csv, column arm", "1 cluster stands in more than one arm", "row")),
    Planted("cluster in two blocks", cell("people", 45, 2, "D2"), ("data/people.csv, column district", "more than one block", "one block a cluster")),
    Planted("endline before the draw", cell("endline", 50, 1, "2020-03-01"), ("data/endline.csv, column day", "row 50", "after drawn_on")),
    # those that stop the reading of a file
    Planted("no yaml", edit("plan.yaml", "title: {en: Villages, nl: Dorpen}", "title: {en: Villages, nl: Dorpen"),
            ("plan.yaml, line", "Check the quotes, brackets"), alone=True),
    Planted("ragged", edit("data/people.csv", "1042,", "1042,Zonneschijn,"), ("data/people.csv", "row 43", "8 cells a row"), alone=True),
    Planted("no header", edit("data/baseline.csv", "id,day,income,trust\n", ""),
            ("data/baseline.csv", "not one column", "row of column names"), alone=True),
    Planted("control unknown", edit("plan.yaml", "  control: usual", "  control: usuel"),
            ("design.control (line", "usual, offer", 'Did you mean "usual"?'), alone=True),
    Planted("outside", edit("plan.yaml", "file: data/people.csv", "file: ../../../people.csv"),
            ("data.people.file", "outside the study's folders"), alone=True),
)
TOGETHER = tuple(planted for planted in PLANTED if not planted.alone)
