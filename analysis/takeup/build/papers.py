"""What goes with the outputs to an archive: README.md in the form of the AEA Data Editor, and the folder's description as an RO-Crate.

Both are made from the plan, the manifest and the names of the files; a place that only the authors can fill says so. No time is written that the
study doesn't give: the crate's date is the plan's `about.published`, else the later of lock and registration. Where there is none of them the crate
has no date, `undated` says what to set, and `takeup check` shows it.

Sources: Vilhuber and others (2020), A template README for social science replication packages; RO-Crate Metadata Specification 1.1.
"""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from takeup.build.manifest import digest
from takeup.errors import Fault
from takeup.present.labels import in_language
from takeup.report.marks import long_mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from takeup.plan.model import Plan
    from takeup.study import Study

CONTEXT = ["https://w3id.org/ro/crate/1.1/context", {"sha256": "http://schema.org/sha256"}]
"""The terms of RO-Crate 1.1, and one of schema.org that it lacks."""
README, CRATE = "README.md", "ro-crate-metadata.json"
AUTHORS = "*For the authors to fill.*"
OVERVIEW = (
    "The files in this folder were made by one command from a plan and {n} data tables with takeup {version}. The plan's hash is `{hash}`. "
    "A replicator should expect it to run for some minutes."
)
PROGRAMS = (
    "There are no programs but takeup itself: every estimator, table and figure is named in the plan, and `results.csv` says of every result which "
    "method made it and why (columns `method`, `se_type`, `reason`), and which part of the plan asked for it (`plan_path`)."
)
AVAILABLE = (
    "The outputs in this folder passed a disclosure gate and hold no row of data; `release_log.csv` says what was withheld. The data files aren't in "
    "this folder."
)
RANDOM = (
    "All random numbers follow from the seed {seed}, written in the plan (`analyses.seed`); {draws} draws. The same inputs give the same bytes."
)
MEDIA = {
    ".csv": "text/csv", ".html": "text/html", ".json": "application/json", ".md": "text/markdown", ".pdf": "application/pdf", ".png": "image/png",
    ".svg": "image/svg+xml", ".tex": "application/x-tex", ".txt": "text/plain",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def papers(study: Study, came_from: Mapping[str, Any], outputs: Mapping[str, bytes]) -> dict[str, bytes]:
    """README.md and ro-crate-metadata.json for a build.

    Parameters
    ----------
    came_from : what `manifest.origin` gives
    outputs : the files of the build by name
    """
    text = readme(study, came_from, tuple(outputs)).encode()
    return {README: text, CRATE: crate(study, came_from, {**outputs, README: text})}


def readme(study: Study, came_from: Mapping[str, Any], names: tuple[str, ...], *, available: str = AVAILABLE, instructions: str = "") -> str:
    """The README, in English, in the order of the template; `available` and `instructions` are those of a build where they aren't given."""
    plan = study.plan
    title = in_language(plan.title, "en")
    parts = [
        f"# {title}", *([f"**{long_mark(study.kind, 'en')}**"] if study.kind != "final" else []),
        "## Overview", OVERVIEW.format(n=len(plan.data), version=came_from["takeup"], hash=came_from["plan_hash"]),
        "## Data availability and provenance statements", *_availability(plan, available), "## Dataset list", _datasets(plan, came_from),
        "## Computational requirements", *_requirements(plan, came_from), "## Description of programs", PROGRAMS,
        "## Instructions to replicators", instructions or _instructions(study, came_from), "## List of tables, figures and programs", _tables(names),
        "## References", in_language(plan.about.citation, "en") or AUTHORS,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _availability(plan: Plan, available: str) -> list[str]:
    about = plan.about
    if about.synthetic:
        rights = "The data are made up by a program; nobody's answers are in them."
    else:
        rights = ("- [ ] The authors certify that they have legitimate access to and permission to use the data.\n"
                  "- [ ] The authors certify that they have permission to redistribute the data.\n\n" + AUTHORS)
    return ["### Statement about rights", rights, "### License for data", about.licence or AUTHORS, "### Summary of availability",
            available, "### Details on each data source", in_language(about.source, "en") or AUTHORS]


def _datasets(plan: Plan, came_from: Mapping[str, Any]) -> str:
    lines = ["| Table | File | Schema | SHA-256 |", "|---|---|---|---|"]
    for name, table in plan.data.items():
        known = {PurePosixPath(key).name: value for key, value in came_from["inputs"].items()}
        found = came_from["inputs"].get(table.file, known.get(PurePosixPath(table.file).name, "not opened"))
        lines.append(f"| {name} | `{PurePosixPath(table.file).name}` | `{PurePosixPath(table.schema_).name}` | `{found}` |")
    return "\n".join(lines)


def _requirements(plan: Plan, came_from: Mapping[str, Any]) -> list[str]:
    versions = "\n".join(f"- {name} {version}" for name, version in came_from["environment"].items())
    return ["### Software requirements", f"- takeup {came_from['takeup']} (hash of its code `{came_from['code']}`)\n{versions}",
            "### Controlled randomness", RANDOM.format(seed=plan.analyses.seed, draws=plan.analyses.draws),
            "### Memory, runtime, storage requirements", "A laptop is enough; one processor is used. " + AUTHORS]


def _instructions(study: Study, came_from: Mapping[str, Any]) -> str:
    option = {"final": "takeup build plan.yaml", "masked": "takeup build plan.yaml --masked", "mock": "takeup mock plan.yaml",
              "secure": "takeup build plan.yaml --secure-room"}[study.kind]
    if tuple(came_from["languages"]) != study.plan.languages:
        option += "".join(f" --language {language}" for language in came_from["languages"])
    return (f"1. Install takeup {came_from['takeup']} with the versions above.\n2. Put the plan, the data files and the schemas in place, under the "
            f"names of the list above.\n3. Run `{option}`.\n4. Run `takeup verify plan.yaml{'' if study.kind == 'final' else f' --{study.kind}'}`: "
            "it builds again and says which file differs, if any.\n5. Run `takeup trace ID` with an id of `results.csv` to see where a number comes "
            "from.")


def _tables(names: tuple[str, ...]) -> str:
    lines = ["| Table or figure | File | Command |", "|---|---|---|"]
    for name in names:
        folder, _, file = name.partition("/")
        if (folder == "tables" and file.endswith(".csv")) or (folder == "figures" and file.endswith(".svg")):
            lines.append(f"| {PurePosixPath(file).stem} | `{name}` | `takeup build --only {folder}` |")
    return "\n".join(lines)


def crate(study: Study, came_from: Mapping[str, Any], outputs: Mapping[str, bytes]) -> bytes:
    """The RO-Crate's metadata file: the folder, each file with its hash, and the run that made them."""
    plan = study.plan
    names = sorted(outputs)
    root: dict[str, Any] = {
        "@id": "./", "@type": "Dataset", "name": in_language(plan.title, "en"), "identifier": came_from["plan_hash"],
        "description": " ".join(filter(None, (long_mark(study.kind, "en"), in_language(plan.about.intervention, "en")))) or "Outputs of a trial.",
        "hasPart": [{"@id": name} for name in names], "mentions": {"@id": "#build"},
    }
    root["license"] = {"@id": "#licence"}
    day = _day(study)
    if day:
        root["datePublished"] = day
    licence = {"@id": "#licence", "@type": "CreativeWork", "name": plan.about.licence or "No licence is stated",
               "description": "Under which the authors of the plan give these outputs (about.licence)." if plan.about.licence else
               "The plan names no licence (about.licence): ask the authors before using these outputs."}
    inputs = [{"@id": f"#input-{place}", "@type": "CreativeWork", "name": name, "sha256": value}
              for place, (name, value) in enumerate(came_from["inputs"].items())]
    run = {"@id": "#build", "@type": "CreateAction", "name": f"{study.kind} build", "instrument": {"@id": "#takeup"},
           "object": [{"@id": item["@id"]} for item in inputs], "result": [{"@id": name} for name in names]}
    software = {"@id": "#takeup", "@type": "SoftwareApplication", "name": "takeup", "softwareVersion": came_from["takeup"]}
    about = {"@id": CRATE, "@type": "CreativeWork", "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"}, "about": {"@id": "./"}}
    files = [{"@id": name, "@type": "File", "encodingFormat": MEDIA.get(PurePosixPath(name).suffix, "application/octet-stream"),
              "contentSize": str(len(outputs[name])), "sha256": digest(outputs[name])} for name in names]
    graph = {"@context": CONTEXT, "@graph": [about, root, licence, *files, run, software, *inputs]}
    return (json.dumps(graph, indent=2, ensure_ascii=False) + "\n").encode()


def _day(study: Study) -> str:
    """The day that stands for the publication; empty where the study gives none."""
    if study.plan.about.published:
        return study.plan.about.published.isoformat()
    locked = study.standing.lock.time[:10] if study.standing.lock else ""
    return max(locked, study.plan.registration.date.isoformat() if study.plan.registration else "")


def undated(study: Study) -> Fault | None:
    """What archives will miss: RO-Crate 1.1 asks for a date, and the study gives none. None where it does."""
    if _day(study):
        return None
    return Fault("no day stands in the plan, a lock or a registration, and archives ask for one in ro-crate-metadata.json", "about.published",
                 "a date such as 2024-06-30", "Write the day of publication, lock the plan, or name its registration.")
