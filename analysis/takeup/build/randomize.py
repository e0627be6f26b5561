"""The trial drawn: a list in, the assignment file with its sealed record and certificate out; earlier batches are never touched."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from takeup.design.allocation import BATCH, commitment, drawn, master_seed
from takeup.design.assign import check_seed
from takeup.design.redraw import label_text
from takeup.errors import BuildError, DesignError, Fault, collect, nearest
from takeup.intake.assignment import (
    BatchRecord,
    Record,
    allocation_of,
    as_bytes,
    differing,
    read_record,
    read_rows,
    redrawn,
    rows_as_bytes,
    rows_hash,
)
from takeup.intake.read import counted, rows_in_words
from takeup.plan.lock import now
from takeup.version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from pandas import DataFrame

    from takeup.design.allocation import Allocation
    from takeup.plan.model import Plan
    from takeup.report.document import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawReport:
    """What was done.

    Attributes
    ----------
    record : as it stands now
    new : units drawn just now
    before : units of the list that were drawn before and keep their arm
    files : what was written
    """

    record: Record
    new: int = 0
    before: int = 0
    files: tuple[Path, ...] = ()


def commit(plan_path: Path, seed: int | None = None) -> DrawReport:
    """Write down the commitment to a seed, before anybody is drawn.

    Parameters
    ----------
    seed : made up where it is left out

    Raises
    ------
    PlanError, DesignError, BuildError
        The plan says no draw or no `design.assignment`; a commitment exists already.
    """
    plan, place = _plan(plan_path)
    if read_record(place) is not None:
        raise BuildError(Fault("a seed is committed to already", place.name, remedy="It stands; draw with --list."))
    record, secret, salt = _committed(plan, place, seed)
    _keep(place, secret, salt)
    _replace(place, as_bytes(record))
    return DrawReport(record=record, files=(place, *_certificate(plan, place, record)))


def draw(plan_path: Path, list_path: Path, *, seed: int | None = None, batch: str = "") -> DrawReport:
    """Draw the units of a list that weren't drawn before, by the plan's own scheme.

    Parameters
    ----------
    list_path : a data file with a row a unit (or member of a cluster), in order of arrival
    seed : of the first draw; later ones use the same, from the secret file
    batch : name of the batch; needed from the second on

    Raises
    ------
    PlanError, IntakeError, DesignError, BuildError
        Whatever is wrong with plan, list and earlier files; a draw that was made already.
    """
    plan, place = _plan(plan_path)
    rule, record = allocation_of(plan), read_record(place)
    if record is None:
        record, secret, salt = _committed(plan, place, seed)
    else:
        secret, salt = _secret(place, record, seed)
    changed = differing(record.rule, rule)
    if record.batches and changed:
        raise DesignError(Fault(f"{', '.join(changed)} changed since the first draw", "design", remedy="Let the plan say the draw that was made."))
    record = replace(record, rule=rule)
    name = _batch_name(record, batch, place)
    target = place.with_name(record.file)
    earlier = read_rows(target, record) if record.batches else None
    arrivals, before, content = _arrivals(list_path, rule, earlier, name)
    whole = arrivals if earlier is None else _joined(earlier, arrivals, rule)
    found = drawn(whole.drop(columns=rule.treatment, errors="ignore"), rule, master_seed(secret, salt))
    known = 0 if earlier is None else len(earlier)
    if earlier is not None and list(found.arms[:known]) != earlier[rule.treatment].tolist():
        raise BuildError(Fault("earlier batches wouldn't come out as they did, so nothing was drawn", target.name, "the version that drew them",
                               f"Install takeup {record.batches[0].version}."))
    whole = _written(whole, rule, found.arms, found.pairs)
    made = BatchRecord(
        batch=name, time=now(), rows=len(whole), rows_hash=rows_hash(whole, len(whole)), list_hash=sha256(content).hexdigest(),
        arms={arm: int((whole[rule.treatment].iloc[known:] == arm).sum()) for arm in rule.arms}, notes=found.notes[name], version=__version__,
    )
    record = replace(record, batches=(*record.batches, made))
    _keep(place, secret, salt)
    _replace(target, rows_as_bytes(whole))
    _replace(place, as_bytes(record))
    return DrawReport(record=record, new=len(whole) - known, before=before, files=(target, place, *_certificate(plan, place, record)))


def reveal(plan_path: Path) -> DrawReport:
    """Put the seed into the record, once nobody is enrolled any more, and make the whole draw again from it.

    Raises
    ------
    PlanError, IntakeError, BuildError
        There is no draw or no secret; the seed isn't the one committed to, or doesn't give the draw again.
    """
    plan, place = _plan(plan_path)
    record = read_record(place)
    if record is None or not record.batches:
        raise BuildError(Fault("nothing was drawn yet", place.name, remedy="The seed is revealed after the last draw; draw with --list."))
    if record.seed is None:
        secret, salt = _secret(place, record, None)
        record = replace(record, seed=secret, salt=salt, revealed=now())
    if not redrawn(record, read_rows(place.with_name(record.file), record)):
        raise BuildError(Fault("the seed doesn't give this draw again", place.name, remedy="Put the files back from your records."))
    _replace(place, as_bytes(record))
    return DrawReport(record=record, files=(place, *_certificate(plan, place, record)))


def lines(made: DrawReport) -> tuple[str, ...]:
    """What was drawn, for the command line: how many in each arm, what didn't fit, the commitment."""
    from takeup.report.certificate import note_words

    batch = made.record.batches[-1]
    said = [f"{made.new} drawn in batch {batch.batch}: {', '.join(f'{arm} {count}' for arm, count in batch.arms.items())}."]
    if made.before:
        said.append(f"{made.before} on the list were drawn before and keep their arm.")
    said += [note_words(note, "en") for note in batch.notes]
    return (*said, f"{made.record.rule.algorithm}.", f"Commitment to the seed: {made.record.commitment}")


def _plan(plan_path: Path) -> tuple[Plan, Path]:
    """The plan, and where the record of its draw lies."""
    from takeup.plan.read import read

    plan = read(plan_path)
    if not plan.design.assignment.endswith(".json"):
        raise DesignError(Fault("the plan doesn't say where the record of the draw lies", "design.assignment", "a path that ends in .json",
                                "Add `assignment: data/assignment.json` to the design."))
    return plan, plan_path.parent / plan.design.assignment


def _secret_file(place: Path) -> Path:
    return place.with_suffix(".secret.json")


def _committed(plan: Plan, place: Path, seed: int | None) -> tuple[Record, int, str]:
    """A fresh record, its seed and salt: those of the secret file where there is one already. Refused where somebody was drawn before."""
    if place.with_suffix(".csv").exists():
        raise BuildError(Fault("an assignment file is here, but not the record of its draw", place.with_suffix(".csv").name,
                               remedy=f"Put {place.name} back from your records; what was drawn stands."))
    rule = allocation_of(plan)
    chosen, salt = secrets.randbits(63) if seed is None else check_seed(seed), secrets.token_hex(16)
    path = _secret_file(place)
    if path.exists():
        said = _read_secret(path)
        if seed is not None and said["seed"] != seed:
            raise BuildError(Fault("another seed is kept here already", path.name, remedy="Use that one (leave --seed out), or move the file away."))
        chosen, salt = said["seed"], said["salt"]
    return Record(study=plan.study, file=place.with_suffix(".csv").name, rule=rule, commitment=commitment(chosen, salt)), chosen, salt


def _keep(place: Path, seed: int, salt: str) -> None:
    """Write the secret file, before anything that rests on it, once a list was found fit to be drawn; never over another."""
    path = _secret_file(place)
    note = "Keep this file to yourself until enrolment ends; without it no further batch can be drawn and the seed can't be revealed."
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump({"seed": seed, "salt": salt, "note": note}, file, indent=2)
    except FileExistsError:
        if _read_secret(path) != {"seed": seed, "salt": salt}:
            raise BuildError(Fault("somebody else is drawing at this moment", path.name, remedy="Look at what was drawn; it stands.")) from None


def _secret(place: Path, record: Record, seed: int | None) -> tuple[int, str]:
    """The seed and its salt, from the record once revealed, else from the secret file; held against the commitment."""
    if record.seed is not None:
        raise BuildError(Fault("the seed was revealed, so the draw is closed", place.name, remedy="A new trial needs a new record."))
    path = _secret_file(place)
    if not path.is_file():
        raise BuildError(Fault("the secret of the draw isn't here", path.name, remedy="Whoever made the first draw has it."))
    said = _read_secret(path)
    if commitment(said["seed"], said["salt"]) != record.commitment:
        raise BuildError(Fault("isn't the seed that was committed to", path.name, remedy="Put back the file of the first draw."))
    if seed is not None and seed != said["seed"]:
        raise BuildError(Fault("another seed was committed to at the first draw", "--seed", remedy="Leave --seed out: one seed draws every batch."))
    return said["seed"], said["salt"]


def _read_secret(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return {"seed": check_seed(said["seed"]), "salt": str(said["salt"])}
    except (OSError, ValueError, KeyError, TypeError):
        raise BuildError(Fault("can't be read", path.name, remedy="Put the file back from your records.")) from None


def _batch_name(record: Record, batch: str, place: Path) -> str:
    """The name of the new batch; a second draw has to be asked for by a name of its own."""
    names = [item.batch for item in record.batches]
    if names and not batch:
        last = record.batches[-1]
        raise BuildError(Fault(f"the draw was made on {last.time[:10]} and stands", place.name,
                               remedy="Name a batch with --batch to draw those who came since; those who were drawn keep their arm."))
    if batch in names:
        raise BuildError(Fault(f'batch "{batch}" was drawn and stands', "--batch", f"a name other than {', '.join(names)}"))
    return batch.strip() or "1"


def _arrivals(list_path: Path, rule: Allocation, earlier: DataFrame | None, batch: str) -> tuple[DataFrame, int, bytes]:
    """The rows of a list that weren't drawn before, as text in the columns that the draw reads; how many were; the list's bytes."""
    from takeup.intake.read import read_table
    from takeup.plan.model import Table

    if not list_path.is_file():
        raise BuildError(Fault("there is no such file", list_path.name))
    spec = Table.model_validate({"file": list_path.name, "schema": "-"})
    raw = read_table(list_path, spec, name="list", names=rule.reads, texts=(*rule.reads, rule.treatment)).frame
    raw = raw.assign(**{BATCH: batch}) if rule.blocks == BATCH else raw  # the block is the batch itself
    collect(DesignError, _list_faults(raw, rule, list_path.name))
    frame = raw[list(rule.reads)].reset_index(drop=True)
    frame = frame.astype(object).where(frame.notna(), "").map(label_text).astype(str).assign(**{BATCH: batch})
    known = frozenset[str]() if earlier is None else frozenset(earlier[rule.unit])
    new = frame[[unit not in known for unit in frame[rule.unit]]].reset_index(drop=True)
    if new.empty:
        raise BuildError(Fault("everybody on the list was drawn already" if len(frame) else "nobody is on the list", list_path.name))
    return new, len(frame) - len(new), list_path.read_bytes()


def _list_faults(raw: DataFrame, rule: Allocation, name: str) -> list[Fault]:
    """What keeps a list from being drawn: columns that aren't there, arms that are, empty cells, people who stand on it twice."""
    there = ", ".join(map(str, raw.columns))
    faults = [Fault(f'the list has no column "{column}"', name, there, nearest(column, raw.columns)) for column in rule.reads
              if column not in raw.columns]
    if rule.treatment in raw.columns and raw[rule.treatment].notna().any():
        faults.append(Fault("the list holds arms already", f"{name}, column {rule.treatment}", "a list of people who aren't drawn yet",
                            "Remove the column, or leave out those who have an arm."))
    for column in dict.fromkeys((rule.unit, rule.key, *([rule.blocks] if rule.blocks in rule.reads else []))):
        if column not in raw.columns:
            continue
        cells = raw[column].astype("string").str.strip()
        empty = raw.index[cells.isna() | (cells == "")]
        if len(empty):
            faults.append(Fault(f"{counted(len(empty), 'row is', 'rows are')} empty ({rows_in_words(empty)})", f"{name}, column {column}",
                                "a value for everybody who is drawn"))
        twice = raw.index[raw[column].notna() & raw[column].map(label_text).duplicated()] if column == rule.unit else raw.index[:0]
        if len(twice):
            faults.append(Fault(f"{counted(len(twice), 'row names', 'rows name')} a unit that is on the list already ({rows_in_words(twice)})",
                                f"{name}, column {column}", "each unit once"))
    return faults


def _joined(earlier: DataFrame, arrivals: DataFrame, rule: Allocation) -> DataFrame:
    import pandas as pd

    return pd.concat([earlier.drop(columns=rule.treatment), arrivals], ignore_index=True).fillna("")


def _written(whole: DataFrame, rule: Allocation, arms: tuple[str | None, ...], pairs: tuple[str | None, ...]) -> DataFrame:
    """The assignment file: what the draw read, the batch, the pair, the arm; those who wait are left out."""
    frame = whole[list(rule.reads)].assign(**{BATCH: whole[BATCH]})
    if rule.match:
        frame[str(rule.blocks)] = list(pairs)
    frame[rule.treatment] = list(arms)
    return frame[frame[rule.treatment].notna()].reset_index(drop=True)


def _certificate(plan: Plan, place: Path, record: Record) -> tuple[Path, ...]:
    """The certificate beside the record, as one page in the plan's languages and as PDF in the first."""
    from takeup.report.certificate import certificate
    from takeup.report.html import html
    from takeup.report.pdf import pdf

    documents: dict[str, Document] = {language: certificate(plan, record, language) for language in plan.languages}
    paths = (place.with_suffix(".certificate.html"), place.with_suffix(".certificate.pdf"))
    _replace(paths[0], html(documents).encode())
    _replace(paths[1], pdf(documents[plan.languages[0]]))
    return paths


def _replace(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise BuildError(Fault(f"can't be written: {os.strerror(error.errno or 0)}", path.name)) from error
