"""Many studies on one page: each built when something in it changed, their released effects put side by side and averaged.

What a study's build rests on is known by one hash: plan, data, schemas, words, code, libraries. Where the hash is the one of the last time, its
results.csv is read as it stands.
"""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from takeup.build.folder import write
from takeup.build.manifest import code, digest, environment
from takeup.errors import BuildError, EstimateError, Fault, collect
from takeup.plan.evidence import MAIN
from takeup.results import Estimate, FrozenMap

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from takeup.plan.model import Outcome, Plan
    from takeup.report.document import Document

CACHE = "portfolio.json"
FORM = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One outcome of one study, as it was released.

    Attributes
    ----------
    study, title, outcome, label : ids, and the words for them (as in the plan)
    measure : what it is a measurement of: a scale, a right, or the outcome's id; lines with the same measure can be compared in its units
    estimate : the released result
    sd : standard deviation by which it becomes a standardised effect; nan where none was released
    sign : 1 where higher is better, -1 where lower is
    primary : whether it is the first primary outcome of its study
    """

    study: str
    title: Any
    outcome: str
    label: Any
    measure: str
    estimate: Estimate
    sd: float
    sign: float
    primary: bool

    @property
    def standardized(self) -> Estimate | None:
        """The effect in standard deviations, positive where it is for the better; None where it can't be had."""
        if not (self.sd > 0 and math.isfinite(self.estimate.std_error)):
            return None
        unit = self.sign / self.sd
        ends = sorted((self.estimate.conf_low * unit, self.estimate.conf_high * unit))
        return self.estimate.replace(estimate=self.estimate.estimate * unit, std_error=self.estimate.std_error / self.sd, conf_low=ends[0],
                                     conf_high=ends[1], outcome="standardized", arm="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """The studies' lines, the average of their first primary outcomes, that of each measure that several studies have; which were built anew."""

    lines: tuple[Line, ...]
    average: Estimate | None
    by_measure: Mapping[str, Estimate]
    rebuilt: tuple[str, ...]
    kept: tuple[str, ...]


def portfolio(plan_paths: Sequence[Path], out: Path, *, languages: tuple[str, ...] = ("en",), progress: bool = True) -> Portfolio:
    """Build what changed, read what was released, average, and write the page.

    Parameters
    ----------
    plan_paths : plan files, or their folders
    out : the folder of the page; its cache lies there too

    Raises
    ------
    TakeupError
        What is wrong with any study, by its name; two plans of the same study.
    """
    from takeup.study import plan_file

    paths = [plan_file(path) for path in plan_paths]
    before = _remembered(out)
    known: dict[str, Any] = {}
    lines: list[Line] = []
    rebuilt: list[str] = []
    kept: list[str] = []
    for path in paths:
        plan = _plan(path)
        if plan.study in known:
            raise BuildError(Fault(f'two plans are of the study "{plan.study}"', path.name, "each study once"))
        key, content, anew = _results(path, plan, before.get(plan.study, {}), progress=progress)
        (rebuilt if anew else kept).append(plan.study)
        known[plan.study] = {"key": key, "results": digest(content)}
        lines += study_lines(plan, content)
    found = Portfolio(lines=tuple(lines), average=_average(line.standardized for line in lines if line.primary),
                      by_measure=FrozenMap(_by_measure(lines)), rebuilt=tuple(rebuilt), kept=tuple(kept))
    _write(found, known, out, languages)
    return found


def study_lines(plan: Plan, results: bytes) -> list[Line]:
    """The main line of each outcome of a study, from its results.csv; withheld ones have no number and stay out."""
    first = next((outcome.id for outcome in plan.outcomes if outcome.role == "primary"), plan.outcomes[0].id)
    head = MAIN[plan.evidence][1]
    out: list[Line] = []
    for row in csv.DictReader(io.StringIO(results.decode("utf-8"))):
        parts = row["id"].split(".")
        if parts[0] != head or len(parts) < 2 or not row.get("estimate") or not row.get("std_error"):
            continue
        outcome = next((one for one in plan.outcomes if one.id == row["outcome"]), None)
        if outcome is None or any(line.outcome == outcome.id for line in out):
            continue  # of several arms the first stands for the study: averaging dependent lines would count its controls twice
        out.append(Line(study=plan.study, title=plan.title, outcome=outcome.id, label=outcome.label or outcome.id, measure=_measure(outcome),
                        estimate=_estimate(row), sd=_sd(row), sign=1.0 if outcome.better == "higher" else -1.0, primary=outcome.id == first))
    return out


def _measure(outcome: Outcome) -> str:
    return outcome.scale or outcome.right or outcome.id


def _number(row: Mapping[str, str], name: str) -> float:
    try:
        return float(row.get(name) or "nan")
    except ValueError:
        return math.nan


def _estimate(row: Mapping[str, str]) -> Estimate:
    evidence: Any = row["evidence"]
    n = _number(row, "n")
    return Estimate(outcome=row["outcome"], estimand=row.get("estimand", ""), term=row.get("term", ""), arm=row.get("arm", ""),
                    estimate=_number(row, "estimate"), std_error=_number(row, "std_error"), df=_number(row, "df"),
                    conf_low=_number(row, "conf_low"), conf_high=_number(row, "conf_high"), conf_level=_number(row, "conf_level"),
                    n=0 if math.isnan(n) else int(n), method=row.get("method", ""), evidence=evidence)


def _sd(row: Mapping[str, str]) -> float:
    """The controls' standard deviation; of a 0/1 outcome that of their rate; of a change that by which its released effect size divides."""
    sd = _number(row, "sd_control")
    if math.isnan(sd) and row.get("dav"):
        size, change = _number(row, "dav"), _number(row, "estimate")
        sd = abs(change / size) if size else math.nan
    if math.isnan(sd):
        rate = _number(row, "mean_control")
        sd = math.sqrt(rate * (1.0 - rate)) if 0.0 < rate < 1.0 and row.get("per_100_control") else math.nan
    return sd


def _average(estimates: Iterable[Estimate | None]) -> Estimate | None:
    """The random-effects average; it carries the weakest evidence among them."""
    from takeup.estimate.meta import meta

    usable = [estimate for estimate in estimates if estimate is not None and estimate.std_error > 0]
    if len(usable) < 2:
        return None
    try:
        return meta(usable)
    except EstimateError:
        return None


def _by_measure(lines: Sequence[Line]) -> dict[str, Estimate]:
    """Averages in a measure's own units, where several studies have it."""
    out = {}
    for measure in dict.fromkeys(line.measure for line in lines):
        chosen = {line.study: line for line in reversed([line for line in lines if line.measure == measure])}
        found = _average(line.estimate.replace(outcome=measure, arm="") for line in chosen.values())
        if found is not None:
            out[measure] = found
    return out


def _plan(path: Path) -> Plan:
    from takeup.plan.read import read

    return read(path)


def content_key(path: Path, plan: Plan) -> str:
    """The hash of everything that a study's build rests on, without opening the data as a study.

    Raises
    ------
    BuildError
        A file that the plan names and that isn't there.
    """
    home = path.parent
    named = [name for table in plan.data.values() for name in (table.file, table.schema_, table.crosswalk) if name]
    named += [plan.rights.catalogue] if plan.rights is not None else []
    named += [plan.design.assignment] if plan.design.assignment else []
    collect(BuildError, [Fault("there is no such file", f"{plan.study}: {name}") for name in named if not (home / name).is_file()])
    files = {name: home / name for name in named} | {path.name: path}
    beside = (path.with_suffix(".lock"), path.with_name("deviations.yaml"))
    files |= {extra.name: extra for extra in beside if extra.is_file()}
    for folder in (plan.words, "released"):
        files |= {one.relative_to(home).as_posix(): one for one in sorted((home / folder).rglob("*")) if one.is_file()}
    said = [f"{name}:{digest(files[name].read_bytes())}" for name in sorted(files)]
    return sha256("\n".join([*said, code(), json.dumps(environment(), sort_keys=True)]).encode()).hexdigest()


def _results(path: Path, plan: Plan, before: Mapping[str, str], *, progress: bool) -> tuple[str, bytes, bool]:
    """The hash of a study, its released results, and whether it was built anew for them."""
    from takeup.build.steps import build

    key, place = content_key(path, plan), path.parent / "out" / "results.csv"
    if before.get("key") == key and place.is_file():
        content = place.read_bytes()
        if digest(content) == before.get("results"):
            return key, content, False
    build(path, progress=progress)
    return content_key(path, plan), place.read_bytes(), True


def _remembered(out: Path) -> dict[str, Any]:
    try:
        said = json.loads((out / CACHE).read_text(encoding="utf-8"))
        return dict(said["studies"]) if said["portfolio"] == FORM else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _write(found: Portfolio, known: Mapping[str, Any], out: Path, languages: tuple[str, ...]) -> None:
    from takeup.present.figures.portfolio import portfolio_forest
    from takeup.report.export import csv as as_csv
    from takeup.report.html import html
    from takeup.report.portfolio import portfolio_document

    documents: dict[str, Document] = {language: portfolio_document(found, language) for language in languages}
    files = {"portfolio.html": html(documents).encode(), CACHE: (json.dumps({"portfolio": FORM, "studies": known}, indent=2) + "\n").encode()}
    figure = portfolio_forest(found, languages[0])
    if figure is not None:
        data = as_csv(figure.data)
        files |= {"forest.svg": figure.svg, "forest.png": figure.png, "forest.pdf": figure.pdf,
                  "forest.csv": data if isinstance(data, bytes) else data.encode()}
    out.mkdir(parents=True, exist_ok=True)
    write(out, files)
