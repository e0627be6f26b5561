"""A folder that runs a study anew on any machine: plan, schemas, words, takeup itself, the versions of everything else, a runner, and data.

Data that may not travel are replaced by a stand-in (`study.stand_in`), in a copy of the study of its own, which says in its title what it is.
"""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import zipfile
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import TYPE_CHECKING, Any

from takeup.build.manifest import environment, inputs, origin
from takeup.build.papers import AUTHORS, readme
from takeup.build.runner import LEFT_OUT
from takeup.errors import BuildError, Fault
from takeup.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from takeup.plan.model import Plan
    from takeup.study import Study

RUNNER, SETTINGS, REQUIREMENTS = "replicate.py", "replication.json", "requirements.txt"
LOCK = "requirements.lock"
EXTRAS = ("io", "office")
PREFIX = {"en": "STAND-IN DATA", "nl": "VERVANGENDE GEGEVENS", "fr": "DONNÉES DE REMPLACEMENT"}
STAND_IN = (
    "The data may not travel. In their place `stand-in/` holds made-up tables of the same form: every column is drawn by itself, from the schema and "
    "the column's rounded shape. They show that the programs run from data to report; no number that comes out is a finding. `study/` holds plan, "
    "lock, schemas and words of the study itself; whoever is given its data puts them there, under the names of the list below."
)
WITH_DATA = "The data are in this folder, under `study/`, as the study used them."
INSTRUCTIONS = (
    "1. Python {python} or a later 3.11 to 3.13 is needed, and a package index for the first run.\n"
    "2. Run `python replicate.py`. It makes an environment with the versions of `requirements.txt`, each checked by its hash, and takeup from "
    "`{wheel}`, builds {what}, and says which file isn't the authors' own, byte for byte.\n{real}"
)
REAL = "3. With the data in place, `python replicate.py --real` does the same for the study itself.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replication:
    """What was made.

    Attributes
    ----------
    out : Path
    files : int
        Files in the folder.
    expected : int
        Outputs whose bytes a run is compared with.
    stand_in : bool
        Whether the data are made up.
    """

    out: Path
    files: int
    expected: int
    stand_in: bool


def replicate(plan_path: str | Path, *, out: str | Path | None = None, with_data: bool = False, progress: bool = True) -> Replication:
    """Write the folder.

    Parameters
    ----------
    plan_path : the plan's file or folder
    out : the folder to write, new or empty; ``replication`` beside the plan where none is given
    with_data : the data may travel; otherwise a stand-in takes their place

    Raises
    ------
    BuildError
        There is something in the folder; the stand-in can't be made, or holds a value of the data; the list of versions didn't come along.
    TakeupError
        What `build` raises.
    """
    from takeup.study import open_study, plan_file

    path = plan_file(plan_path)
    place = (path.parent / "replication" if out is None else Path(out)).resolve()
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise BuildError(Fault("holds something already", place.name, "a new folder, or an empty one", "Choose another with --out."))
    study = open_study(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(mkdtemp(prefix=f".{place.name}-building-", dir=place.parent))
    try:
        expected = _fill(staging, study, path, with_data=with_data, progress=progress)
        if place.exists():
            place.rmdir()
        staging.chmod(0o755)
        staging.rename(place)
    except OSError as error:
        raise BuildError(Fault("can't be written", place.name, remedy="Make room, or choose another folder with --out.")) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    files = sum(item.is_file() for item in place.rglob("*"))
    return Replication(out=place, files=files, expected=expected, stand_in=not with_data)


def _fill(folder: Path, study: Study, path: Path, *, with_data: bool, progress: bool) -> int:
    """Everything into the folder; how many outputs a run is compared with."""
    texts, data = study_files(study, path)
    inside = {f"study/{name}": content for name, content in (texts | (data if with_data else {})).items()}
    home = _place_in_study(study, path)
    plans = {"real": f"study/{home}"}
    if not with_data:
        inside |= {f"stand-in/{name}": content for name, content in stand_in_files(study, path, texts).items()}
        plans["stand-in"] = f"stand-in/{home}"
    _write(folder, inside)
    which = "real" if with_data else "stand-in"
    expected: dict[str, Any] = {which: _built(folder / plans[which], progress=progress)}
    if not with_data and (known := _known(study, path)):
        expected["real"] = known
    name, wheel = own_wheel()
    settings = {"takeup": __version__, "plans": plans, "wheel": name, "environment": environment(), "expected": expected}
    what = "the study" if with_data else "the stand-in"
    steps = INSTRUCTIONS.format(python=environment()["python"], wheel=name, what=what, real="" if with_data else REAL)
    text = readme(study, origin(study, path, study.plan.languages), tuple(expected[which]), available=WITH_DATA if with_data else STAND_IN,
                  instructions=steps)
    _write(folder, {
        name: wheel, REQUIREMENTS: requirements().encode(), SETTINGS: (json.dumps(settings, indent=2) + "\n").encode(), "README.md": text.encode(),
        RUNNER: Path(__file__).with_name("runner.py").read_bytes(), "LICENSE.txt": f"{study.plan.about.licence or AUTHORS}\n".encode(),
    })
    return len(expected[which])


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _place_in_study(study: Study, path: Path) -> str:
    """Where a file of the study lies, from the folder that holds all its files."""
    from takeup.intake.tables import study_root

    root, file = study_root(study.folder), path.resolve()
    if not file.is_relative_to(root):
        what = f'"{path.name}" lies outside the study\'s folders, so it can\'t go along'
        raise BuildError(Fault(what, "plan", remedy="Move it to the plan's folder."))
    return file.relative_to(root).as_posix()


def study_files(study: Study, path: Path) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """All files that the study rests on, those with rows of data apart, by their place in the study's folders."""
    rows = {(study.folder / table.file).resolve() for table in study.plan.data.values()}
    found = [study.folder / name for name in inputs(study, path)]
    texts: dict[str, bytes] = {}
    data: dict[str, bytes] = {}
    for file in found:
        kept = data if file.resolve() in rows else texts
        kept[_place_in_study(study, file)] = file.read_bytes()
    return texts, data


def stand_in_files(study: Study, path: Path, texts: Mapping[str, bytes]) -> dict[str, bytes]:
    """The study with made-up tables: a plan that says so, CSV files, and the schemas, words and catalogue as they are.

    Raises
    ------
    BuildError
        A value of the data stands in the made-up tables.
    """
    import yaml

    from takeup.release.rules import Rules
    from takeup.study.stand_in import overlaps, stand_in

    made = stand_in(study.plan, study.trial, Rules.from_plan(study.plan.release))
    if held := overlaps(study.plan, study.trial, made):
        what = f"the stand-in would hold values of the data, in {', '.join(held)}"
        raise BuildError(Fault(what, "stand-in", remedy="Widen the limits of these columns in their schemas, or take the folder without them."))
    home = _place_in_study(study, path)
    place = home.rpartition("/")[0]
    known = {f"{place}/{path.name}".lstrip("/"), *(name for name in texts if name.rpartition("/")[0] == place and not name.endswith(".md"))}
    schemas = {_place_in_study(study, study.folder / table.schema_) for table in study.plan.data.values()}
    catalogue = {_place_in_study(study, study.folder / study.plan.rights.catalogue)} if study.plan.rights is not None else set()
    kept = {name: content for name, content in texts.items() if name not in known or name in schemas | catalogue}
    said = yaml.safe_dump(stand_in_plan(study.plan), sort_keys=False, allow_unicode=True, width=150)
    tables = {f"{place}/data/{name}.csv".lstrip("/"): frame.to_csv(index=False, lineterminator="\n").encode() for name, frame in made.items()}
    return {**kept, **tables, home: said.encode()}


def stand_in_plan(plan: Plan) -> dict[str, Any]:
    """The plan on made-up tables: what is known of the real ones only (the flow before the draw, the record of the draw, exceptions) left out."""
    said: dict[str, Any] = plan.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    title = said["title"]
    titles = title if isinstance(title, dict) else dict.fromkeys(plan.languages, title)
    said["title"] = {language: f"{PREFIX[language]}: {words}" for language, words in titles.items()}
    said["about"] = {**said.get("about", {}), "synthetic": True}
    for name, table in said["data"].items():
        for key in ("crosswalk", "sheet", "encoding", "delimiter", "decimal"):
            table.pop(key, None)
        table["file"] = f"data/{name}.csv"
    for part, keys in (("flow", ("assessed", "excluded", "excluded_labels")), ("release", ("exceptions",)), ("design", ("assignment",))):
        for key in keys:
            said.get(part, {}).pop(key, None)
    return {key: value for key, value in said.items() if value != {}}


def _built(plan_path: Path, *, progress: bool) -> dict[str, str]:
    """The hashes of what a build of the folder's own study gives."""
    from takeup.build.steps import build
    from takeup.build.verify import read_manifest

    with TemporaryDirectory() as there:
        made = build(plan_path, out=Path(there) / "out", progress=progress)
        outputs: dict[str, str] = read_manifest(made.out)["outputs"]
    return {name: value for name, value in outputs.items() if name not in LEFT_OUT}


def _known(study: Study, path: Path) -> dict[str, str]:
    """The hashes of the build that stands beside the plan, where its inputs and code are those of today and it is whole."""
    from takeup.build.steps import PARTS, part_of
    from takeup.build.verify import read_manifest

    try:
        said = read_manifest(path.parent / "out")
    except BuildError:
        return {}
    outputs: dict[str, str] = said.pop("outputs")
    now = json.loads(json.dumps(origin(study, path, study.plan.languages)))
    whole = {part_of(name) for name in outputs} >= set(PARTS) - {"brief"}
    return {name: value for name, value in outputs.items() if name not in LEFT_OUT} if said == now and whole else {}


def requirements() -> str:
    """The exact versions of what takeup needs, with their hashes, from the list that came with it."""
    from takeup.demo.real import home

    source = home() / LOCK
    if not source.is_file():
        raise BuildError(Fault("the list of exact versions didn't come with this installation", LOCK, remedy="Install takeup from its wheel again."))
    wanted = set[str]()
    waiting: list[tuple[str, tuple[str, ...]]] = [("takeup", EXTRAS)]
    while waiting:
        name, extras = waiting.pop()
        new = [item for item in _needs(name, extras) if item not in wanted]
        wanted |= set(new)
        waiting += [(item, ()) for item in new]
    blocks = re.split(r"\n(?=\S)", source.read_text(encoding="utf-8").strip())
    return "\n".join(block for block in blocks if _plain(re.split(r"[=\s\[]", block, maxsplit=1)[0]) in wanted) + "\n"


def _needs(name: str, extras: Iterable[str]) -> list[str]:
    """The names of what a package needs, on any system, with some of its extras."""
    try:
        lines = distribution(name).requires or []
    except PackageNotFoundError:
        return []
    out = []
    for line in lines:
        extra = re.search(r"""extra\s*==\s*['"]([^'"]+)['"]""", line)
        if extra is None or extra[1] in extras:
            out.append(_plain(re.split(r"[\s;<>=!~\[(]", line, maxsplit=1)[0]))
    return out


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def own_wheel() -> tuple[str, bytes]:
    """The takeup that runs here, as a wheel: its name and content, the same bytes for the same code."""
    room = Path(__file__).resolve().parents[1]
    files = {f"takeup/{path.relative_to(room).as_posix()}": path.read_bytes() for path in sorted(room.rglob("*"))
             if path.is_file() and "__pycache__" not in path.parts and path.relative_to(room).parts[:2] != ("demo", "studies")}
    head = f"takeup-{__version__}.dist-info"
    about = distribution("takeup")
    for name in ("METADATA", "entry_points.txt"):
        files[f"{head}/{name}"] = (about.read_text(name) or "").encode()
    files[f"{head}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: takeup\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    hashes = {name: base64.urlsafe_b64encode(sha256(content).digest()).rstrip(b"=").decode() for name, content in files.items()}
    rows = [f"{name},sha256={hashes[name]},{len(content)}" for name, content in files.items()]
    files[f"{head}/RECORD"] = "\n".join([*rows, f"{head}/RECORD,,"]).encode() + b"\n"
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, content in files.items():
            wheel.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return f"takeup-{__version__}-py3-none-any.whl", held.getvalue()
