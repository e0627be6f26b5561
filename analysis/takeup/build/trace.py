"""From the id of a number to where it comes from: the line of the plan, the estimator and its reason, the people, the files."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from takeup.build.folder import place_of
from takeup.build.manifest import digest
from takeup.build.verify import read_manifest
from takeup.errors import BuildError, Fault, PlanError, nearest
from takeup.plan.yamlfile import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from takeup.plan.yamlfile import Steps
    from takeup.report.marks import Kind

NUMBERS = ("estimate", "value", "lower", "upper", "std_error", "df", "statistic", "p_value", "p_adjusted", "conf_low", "conf_high", "conf_level")
LABELS = ("section", "type", "outcome", "estimand", "variable", "level", "wave", "arm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Where a number comes from.

    Attributes
    ----------
    id : str
    row : mapping
        Its row of results.csv, without what is empty.
    plan_line : str
        File, line and path of the part of the plan that asked for it.
    people : tuple of str
        The way from the randomised to its n, one line an arm.
    inputs : mapping of names to SHA-256
        The files that the build was made from.
    notes : tuple of str
        What a reader has to know of this trace.
    kind : {"final", "masked", "mock"}
    """

    id: str
    row: Mapping[str, str]
    plan_line: str
    people: tuple[str, ...]
    inputs: Mapping[str, str]
    notes: tuple[str, ...]
    kind: str

    def lines(self) -> tuple[str, ...]:
        """The trace as text."""
        row = self.row
        numbers = ", ".join(f"{name} {row[name]}" for name in NUMBERS if name in row)
        about = ", ".join(f"{name} {row[name]}" for name in LABELS if name in row)
        label = {"true": "pre-specified", "false": "exploratory"}.get(row.get("pre_specified", ""), "not labelled")
        out = [self.id, f"  about      {about}", f"  numbers    {numbers or 'none'}", f"  plan       {self.plan_line}", f"  label      {label}",
               f"  estimator  {', '.join(row[name] for name in ('method', 'se_type') if name in row) or 'a count or description'}"]
        out += [f"  reason     {row['reason']}"] if "reason" in row else []
        out += [f"  seed       {row['seed']}"] if "seed" in row else []
        out += [f"  people     {line}" for line in self.people]
        out += [f"  made by    takeup {row.get('version', '')}, {self.kind} build, plan {row.get('plan_hash', '')}"]
        out += [f"  input      {name}  {value}" for name, value in self.inputs.items() if not name.endswith(".md")]  # words make no number
        return (*out, *(f"  note       {note}" for note in self.notes))


def trace(result_id: str, plan_path: str | Path, *, out: str | Path | None = None, kind: Kind = "final") -> Trace:
    """Follow a number of a build back.

    Parameters
    ----------
    result_id : as it stands in results.csv, or as an address in the report has it (``nl:effect.depression``)
    plan_path : the plan's file or folder
    out : the folder of the build; its usual place where none is given

    Raises
    ------
    BuildError
        There is no build, or no result with this id in it.
    """
    from takeup.study import plan_file

    plan_path = plan_file(plan_path)
    place = (plan_path.parent / place_of(kind) if out is None else Path(out)).resolve()
    said = read_manifest(place)
    rows = _rows(place)
    wanted = re.sub(r"^(#?(en|nl|fr):|#)", "", result_id.strip())
    if wanted not in rows:
        raise BuildError(Fault(f'there is no result "{wanted}"', "results.csv", remedy=nearest(wanted, rows) or "Take an id from results.csv."))
    row = {name: value for name, value in rows[wanted].items() if value}
    changed = said["inputs"].get(plan_path.name) != digest(plan_path.read_bytes())
    notes = ["The plan has changed since this build: the line is that of the plan as it is now."] if changed else []
    notes += ["This number was withheld."] if row.get("reason", "").startswith("Withheld:") else []
    notes += [f"This is a {said.get('kind')} build: the number is no finding."] if said.get("kind", "final") in {"masked", "mock"} else []
    notes += ["This number hasn't passed the disclosure gate: it doesn't leave the secure room."] if said.get("kind") == "secure" else []
    if any(item.get("section") == "flow" for item in rows.values()):
        notes.append("Counts of people are as released: rounded by the plan's rules, empty where withheld.")
    return Trace(id=wanted, row=row, plan_line=_plan_line(plan_path, row.get("plan_path", "")), people=people(row, rows),
                 inputs=said["inputs"], notes=tuple(notes), kind=str(said.get("kind", "final")))


def _rows(place: Path) -> dict[str, dict[str, str]]:
    try:
        with (place / "results.csv").open(encoding="utf-8", newline="") as file:
            return {row["id"]: row for row in csv.DictReader(file)}
    except (OSError, KeyError):
        raise BuildError(Fault("has no results.csv", place.name, remedy="Build the study, results among its parts.")) from None


def _plan_line(plan_path: Path, path: str) -> str:
    """`plan.yaml, line 71: outcomes[0]`."""
    parts = tuple(int(part[1:-1]) if part.startswith("[") else part for part in re.findall(r"\[\d+\]|[^.\[\]]+", path))
    try:
        lines = load(plan_path, PlanError).lines
    except PlanError:
        return f"{plan_path.name} (not readable any more): {path}"
    steps: Steps = parts
    line = next((lines[steps[:size]] for size in range(len(steps), 0, -1) if steps[:size] in lines), None)
    return f"{plan_path.name}: {path or 'the whole plan'}" if line is None else f"{plan_path.name}, line {line}: {path}"


def _count(value: str) -> str:
    """A count as people write it."""
    return value.removesuffix(".0") or "(withheld)"


def people(row: Mapping[str, str], rows: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    """The way to the n of a result through the boxes of the flow, for the arm it is about and for control."""
    boxes = [item for item in rows.values() if item.get("section") == "flow"]

    def shown(variable: str, arm: str = "", level: str = "") -> list[str]:
        found = [item for item in boxes if item["variable"] == variable and item.get("arm", "") == arm and item.get("level", "") == level]
        return [" ".join((item["variable"].replace("_", " "), *(["at", item["wave"]] if item.get("wave") else []), _count(item["value"])))
                for item in found]

    out = [" > ".join((*shown("assessed"), *shown("randomized")))]
    arms = list(dict.fromkeys(item["arm"] for item in boxes if item.get("arm")))
    about = row.get("arm", "")
    for arm in [arm for arm in arms if not about or arm in {about, arms[0]}]:
        analysed = shown("analysed", arm, row.get("outcome", "")) or shown("analysed", arm)
        out.append(" > ".join((f"arm {arm}: {' > '.join(shown('allocated', arm))}", *shown("followed_up", arm), *analysed)))
    own = [f"{name} {row[name]}" for name in ("n", "n_treated", "n_control", "n_missing", "extra.n_left_out", "n_left_out", "count") if name in row]
    return (*(line for line in out if line), *([f"this result: {', '.join(own)}"] if own else []))
