"""Ten thousand damaged studies: the page `docs/evidence/fuzz.md`.

Each case takes a sound study, plants one fault (`trust.mutations`, `trust.binary`; files of a real trial for those at random), and runs
`takeup check` on it. It survives if the command ends with 0 or 1 and its own words, says nothing that stands in a cell, and does what the fault's
class asks for. Run from the repository: ``make fuzz``, or ``PYTHONPATH=tests python
tests/trust/fuzz.py [CASES [FOLDER]]``; a run that keeps its cases in a folder goes on where it was stopped. A case is fixed by its number.
"""

from __future__ import annotations

import contextlib
import io
import json
import multiprocessing
import os
import random
import re
import shutil
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from trust import villages
from trust.binary import BINARY
from trust.mutations import MUTATIONS, damaged
from trust.villages import FIRST, NAMES, SECRETS, STUDY, Mutation

PAGE = Path(__file__).resolve().parents[2] / "docs" / "evidence" / "fuzz.md"
CASES = 10_000
ABOUT = (
    "A fault that must be *refused* is one that the message names with its file. One of form (*same*) changes no value: the study opens and "
    "every table holds what it held. Of bytes changed *at random* some make another allowed value, which no reader can know; the hash of the "
    "file in `manifest.json` does (each of these was looked up there), and `takeup verify` names the file. No value of a cell was said."
)
IDS = re.compile(rf"\b{str(FIRST)[:4]}\d{{4}}")


@dataclass(frozen=True, slots=True)
class Case:
    """What became of one damaged study."""

    kind: Mutation
    verdict: str
    """refused, same or other (it opened with other values)"""
    traceback: str = ""
    leaked: str = ""
    silent: bool = False

    @property
    def survived(self) -> bool:
        """Whether nothing is wrong with it."""
        return not (self.traceback or self.leaked or self.silent)


class Bench:
    """The sound studies, and what their tables hold."""

    def __init__(self, place: Path) -> None:
        import takeup as tu

        self.work, self.villages, self.jobs2 = place / "work" / "study", place / "villages", place / "jobs2"
        villages.write(self.villages)
        tu.demo("jobs2", self.jobs2)
        self.sound = tables(self.villages / STUDY / "plan.yaml")
        self.hashes, self.real = hashes(self.villages / STUDY / "plan.yaml"), hashes(self.jobs2 / "reports/jobs2/plan.yaml")

    def case(self, kind: Mutation, number: int) -> Case:
        """Plant one fault and see."""
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.jobs2 if kind is REAL else self.villages, self.work)
        rng = random.Random(number)
        where = kind.plant(self.work, rng)
        plan = self.work / ("reports/jobs2" if kind is REAL else STUDY) / "plan.yaml"
        code, said, broken = checked(plan)
        if broken or code not in {0, 1}:
            return Case(kind, "broken", broken or f"exit code {code}")
        leaked = next((word for word in (*SECRETS, *NAMES) if word in said), "") or next(iter(IDS.findall(said)), "")
        if code == 1:
            return Case(kind, "refused", leaked=leaked, silent=kind.expect == "same" or where not in said)
        alike = kind is not REAL and same(tables(plan), self.sound)
        unseen = kind.expect == "either" and not alike and hashes(plan) == (self.real if kind is REAL else self.hashes)
        silent = unseen or kind.expect == "refused" or (kind.expect in {"same", "caught"} and not alike)
        return Case(kind, "same" if alike else "other", leaked=leaked, silent=silent)


def hashes(plan: Path) -> dict[str, str]:
    """The hashes of its files that a build of a study would write to its manifest."""
    from takeup.build.manifest import inputs
    from takeup.study import open_study

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return inputs(open_study(plan), plan)


def tables(plan: Path) -> dict:
    """The tables of a study as they are read, names of people left out, rows and columns by name."""
    from takeup.intake.trial import open_files

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, trial = open_files(plan)
    bare = {name: trial.tables[name].drop(columns=["naam"], errors="ignore") for name in trial.tables}
    return {name: table.sort_values("id", ignore_index=True).sort_index(axis=1) for name, table in bare.items()}


def same(found: dict, sound: dict) -> bool:
    """Whether all tables hold the same values."""
    return all(found[name].astype(object).where(found[name].notna(), None).equals(sound[name].astype(object).where(sound[name].notna(), None))
               for name in sound)


def checked(plan: Path) -> tuple[int, str, str]:
    """Exit code and words of `takeup check`, and what broke where it didn't end by itself."""
    from takeup.cli import run

    said = io.StringIO()
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            warnings.simplefilter("error")
            code = run(["check", str(plan)])
    except BaseException:  # noqa: BLE001  # whatever it is, it is a finding
        return -1, said.getvalue(), traceback.format_exc()
    return code, said.getvalue(), said.getvalue() if "has a fault" in said.getvalue() or "Traceback" in said.getvalue() else ""


def _real(folder: Path, rng: random.Random) -> str:
    """A file of a real trial, or of its plan, damaged at random."""
    study, shared = folder / "reports/jobs2", folder / "data_schema/jobs2"
    path = rng.choice((*sorted((study / "data").glob("*.csv")), study / "plan.yaml", study / "crosswalk.yaml", *sorted(shared.glob("*.yaml"))))
    sound = path.read_bytes()
    while (now := damaged(sound, rng)) == sound:  # two equal lines exchanged, a byte by itself
        pass
    path.write_bytes(now)
    return ""


@cache
def _texts() -> tuple[str, ...]:
    """A thousand texts as hypothesis makes them."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import strategies as st

    found: list[str] = []

    @settings(max_examples=1000, database=None, derandomize=True, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
    @given(st.text(max_size=40))
    def draw(text: str) -> None:
        found.append(text.encode("utf-8", "ignore").decode())

    draw()
    return tuple(found)


def _any_text(folder: Path, rng: random.Random) -> str:
    """A cell of any text at all."""
    table = rng.choice(villages.TABLES)
    rows = villages.read(folder, table)
    row = rng.choice(rows[1:])
    row[rng.randrange(len(row))] = rng.choice(_texts())
    villages.put(folder, table, rows)
    return ""


REAL = Mutation("bytes", "of a real trial's files changed at random", "either", "the above; else the hash in the manifest", _real)
TEXT = Mutation("bytes", "a cell of any text (hypothesis)", "either", "the above; else the hash in the manifest", _any_text)
ALL = (*MUTATIONS, TEXT, REAL)


def plan_of(cases: int) -> list[Mutation]:
    """Which fault each case plants: one in ten in a binary file, which takes a process; of the rest a third at random."""
    binary = cases // 10
    wild = [kind for kind in ALL if kind.expect == "either"]
    rest = cases - binary
    loose, strict = rest // 3, rest - rest // 3
    named = [kind for kind in ALL if kind.expect != "either"]
    kinds = [kinds[i % len(kinds)] for kinds, many in ((named, strict), (wild, loose), (BINARY, binary)) for i in range(many)]
    random.Random(cases).shuffle(kinds)  # so that a run that is stopped has tried of everything
    return kinds


def run_part(cases: int, part: int, parts: int, keep: Path) -> None:
    """Every case of one part that isn't in its file yet; each becomes a line there."""
    kinds, file = plan_of(cases), keep / f"{cases}-{part}-of-{parts}.jsonl"
    done = {said["number"] for said in map(json.loads, file.read_text(encoding="utf-8").splitlines())} if file.exists() else set()
    with tempfile.TemporaryDirectory() as place, file.open("a", encoding="utf-8", buffering=1) as lines:
        bench = Bench(Path(place))
        for number in sorted(set(range(part, cases, parts)) - done):
            case = bench.case(kinds[number], number)
            lines.write(json.dumps({"number": number, **{name: getattr(case, name) for name in ("verdict", "traceback", "leaked", "silent")}}) + "\n")
            if not case.survived:
                sys.stderr.write(f"{number} {case.kind.topic}, {case.kind.name}: {case.verdict} {case.leaked} {case.traceback[-300:]}\n")


def read_cases(cases: int, keep: Path) -> list[Case]:
    """What the parts have written so far, in order."""
    kinds = plan_of(cases)
    said = [json.loads(line) for file in keep.glob(f"{cases}-*.jsonl") for line in file.read_text(encoding="utf-8").splitlines()]
    return [Case(kinds[item.pop("number")], **item) for item in sorted(said, key=lambda item: item["number"])]


def page(cases: list[Case]) -> str:
    """The table of all cases, by class of fault."""
    bad = Counter({"tracebacks": sum(bool(case.traceback) for case in cases), "accepted in silence": sum(case.silent for case in cases),
                   "values told": sum(bool(case.leaked) for case in cases)})
    lines = [
        "# Damaged files", "",
        f"Written by `make fuzz` (`tests/trust/fuzz.py`): {len(cases):,} studies, each with one fault planted, each given to `takeup check`. "
        f"Survived: {sum(case.survived for case in cases):,}. " + ", ".join(f"{name.capitalize()}: {count}" for name, count in bad.items()) + ".", "",
        ABOUT, "",
        "| Fault | | Must be | Cases | Refused | Same | Other values | Survived | Seen by |", "|---|---|---|---:|---:|---:|---:|---:|---|",
    ]
    groups: dict[Mutation, list[Case]] = {}
    for case in cases:
        groups.setdefault(case.kind, []).append(case)
    for kind in sorted(groups, key=[*ALL, *BINARY].index):
        group = groups[kind]
        count = Counter(case.verdict for case in group)
        lines.append(f"| {kind.topic} | {kind.name} | {kind.expect} | {len(group)} | {count['refused']} | {count['same']} | {count['other']} "
                     f"| {sum(case.survived for case in group)} | {kind.detector or 'nothing to see'} |")
    return "\n".join(lines) + "\n"


def main(cases: int = CASES, keep: str = "", parts: int = 0) -> int:
    """Run all, a part a processor, and write the page; 1 where a case didn't survive. What is in the folder `keep` isn't run again."""
    parts = parts or os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as place:
        folder = Path(keep or place)
        folder.mkdir(parents=True, exist_ok=True)
        with ProcessPoolExecutor(parts, mp_context=multiprocessing.get_context("spawn")) as pool:
            for part in [pool.submit(run_part, cases, part, parts, folder) for part in range(parts)]:
                part.result()
        found = read_cases(cases, folder)
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(found), encoding="utf-8")
    return 0 if len(found) == cases and all(case.survived for case in found) else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else CASES, *sys.argv[2:3]))
