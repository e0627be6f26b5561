"""The assignment file: who was drawn when and into which arm, with a sealed record beside it that says how. Read, and held against plan and data.

`assignment.csv` has a row a unit in order of arrival: the columns that the draw reads, the batch, the arm. `assignment.json` is its record:
the rules, the commitment to the seed, each batch with the hash of the rows up to it, and a seal over all of this. The seed and its salt
lie in `assignment.secret.json` until they are revealed.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass, field, fields
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from takeup.design.allocation import Allocation, commitment, drawn, master_seed, redraw_of
from takeup.design.redraw import Hidden, label_text
from takeup.errors import DesignError, Fault, IntakeError, TakeupError, collect
from takeup.intake.read import counted, rows_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pandas import DataFrame

    from takeup.design.scheme import Redraw
    from takeup.intake.trial_checks import Material
    from takeup.plan.model import Plan

FORM = 1
MOST_BYTES = 4_000_000
REMEDY = "Put the files back from your records; a draw is never mended by hand."


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRecord:
    """One batch: its name, when it was drawn, the rows of the file up to and including it, how many in each arm, what didn't fit."""

    batch: str
    time: str
    rows: int
    rows_hash: str
    list_hash: str
    arms: Mapping[str, int]
    notes: tuple[str, ...]
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The record of a draw.

    Attributes
    ----------
    study, file : name of the study, and of the assignment file beside the record
    rule : how it was drawn
    commitment : SHA-256 of "seed:salt", written down before the first draw
    batches : in the order in which they were drawn
    seed, salt, revealed : once they are revealed, and when; None and empty before
    """

    study: str
    file: str
    rule: Allocation
    commitment: str
    batches: tuple[BatchRecord, ...] = ()
    seed: int | None = field(default=None, repr=False)
    salt: str = field(default="", repr=False)
    revealed: str = ""

    @property
    def master(self) -> int | None:
        """The key of the streams, once the seed is revealed."""
        return None if self.seed is None else master_seed(self.seed, self.salt)


def allocation_of(plan: Plan) -> Allocation:
    """The rules of the draw as the plan says them; DesignError where it says no draw, or the arms aren't named."""
    design, more = plan.design, plan.design.allocation
    if design.treatment is None or design.draw == "none":
        raise DesignError(Fault("the plan says no draw", "design", remedy="Name treatment:, control: and draw:."))

    def bare(name: str | None) -> str | None:
        return None if name is None else name.rpartition(".")[2]

    named = [str(name) for name in (design.arms or more.shares)]
    labels = (str(design.control), *sorted(name for name in named if name != str(design.control)))
    if len(labels) < 2:
        raise DesignError(Fault("the arms aren't named", "design.arms", remedy="Give each arm a line under arms: with the words for it."))
    shares = {str(name): float(share) for name, share in more.shares.items()}
    if isinstance(design.probability, int | float) and not shares and len(labels) == 2:
        shares = {labels[0]: 1.0 - design.probability, labels[1]: float(design.probability)}
    given = [shares.get(name, 1.0 if not shares else 0.0) for name in labels]
    if min(given) <= 0:
        raise DesignError(Fault("some arms have no share", "design.allocation.shares", remedy="Name every arm, or leave shares out."))
    return Allocation(
        unit=str(bare(design.unit)), treatment=str(bare(design.treatment)), draw=design.draw, arms=labels,
        shares=tuple(share / sum(given) for share in given), blocks=bare(design.blocks), clusters=bare(design.clusters),
        block_sizes=more.block_sizes, match=tuple(str(bare(name)) for name in more.match), minimize=tuple(str(bare(name)) for name in more.minimize),
        coin=more.coin, measure=more.measure, balance=tuple(str(bare(name)) for name in more.balance), accept=more.accept,
    )


def as_bytes(record: Record) -> bytes:
    """The record's file: JSON, with a seal over all the rest so that a change by hand shows."""
    said = _plain(record)
    return (json.dumps({**said, "hash": _seal(said)}, indent=2, ensure_ascii=False) + "\n").encode()


def read_record(path: Path) -> Record | None:
    """The record in a file; None where there is no such file. IntakeError where it can't be used."""
    if not path.is_file():
        return None
    if path.stat().st_size > MOST_BYTES:
        raise IntakeError(Fault("is too large for a record", path.name, f"at most {MOST_BYTES // 1_000_000} MB"))
    try:
        said: Any = json.loads(path.read_bytes().decode("utf-8"))
        seal = said.pop("hash")
        if seal != _seal(said):
            raise IntakeError(Fault("was changed after the draw", path.name, remedy=REMEDY))
        if said.pop("assignment") != FORM:
            raise IntakeError(Fault("was made by a newer takeup", path.name, remedy="Install that version."))
        rules: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in said.pop("rule").items()}
        rule = Allocation(**rules)
        batches = tuple(BatchRecord(**{**item, "notes": tuple(item["notes"])}) for item in said.pop("batches"))
        said.pop("algorithm")
        return Record(rule=rule, batches=batches, **said)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise IntakeError(Fault("isn't a record that takeup made", path.name, remedy=REMEDY)) from None


def assignment_file(plan: Plan) -> str:
    """The assignment file as the plan would write its path; empty where the plan names no record."""
    return plan.design.assignment.removesuffix(".json") + ".csv" if plan.design.assignment.endswith(".json") else ""


def undrawn(plan: Plan, folder: Path) -> bool:
    """Whether the plan's draw is still to be made: neither an assignment file nor a record with a batch."""
    name = assignment_file(plan)
    if not name or (folder / name).exists():
        return False
    record = read_record(folder / plan.design.assignment)
    return record is None or not record.batches


def nobody_drawn(plan: Plan, roster: str, folder: Path) -> Fault:
    """That the draw is still to be made, and by which command; the list is the file of the units, where it isn't the assignment file itself."""
    file = plan.data[roster].file
    place = "" if folder.is_absolute() else f"{folder.as_posix()}/" if folder.parts else ""
    known = "LIST" if file == assignment_file(plan) else f"{place}{file}"
    return Fault("nobody is drawn yet", "design.assignment",
                 remedy=f"Draw the trial: `takeup randomize {place.rstrip('/') or 'PLAN'} --list {known}`.")


def rows_as_bytes(frame: DataFrame) -> bytes:
    """The assignment file: UTF-8, comma, one line feed a row."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(frame.columns)
    writer.writerows(frame.itertuples(index=False, name=None))
    return out.getvalue().encode()


def rows_hash(frame: DataFrame, rows: int) -> str:
    """SHA-256 of the header and the first `rows` rows as they are written."""
    return sha256(rows_as_bytes(frame.iloc[:rows])).hexdigest()


def read_rows(path: Path, record: Record) -> DataFrame:
    """The assignment file as text, held against the record's hashes.

    Raises
    ------
    IntakeError
        It is absent, can't be read, was changed, or has rows that no batch of the record knows.
    """
    import pandas as pd

    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except (OSError, ValueError):
        raise IntakeError(Fault("can't be read" if path.exists() else "there is no such file", path.name, remedy=REMEDY)) from None
    faults = [Fault(f'the rows of batch "{batch.batch}" or before it aren\'t those that were drawn', path.name, remedy=REMEDY)
              for batch in record.batches if rows_hash(frame, batch.rows) != batch.rows_hash][:1]
    known = record.batches[-1].rows if record.batches else 0
    if len(frame) > known:
        faults.append(Fault(f"{counted(len(frame) - known, 'row has', 'rows have')} no batch in the record", path.name, remedy=REMEDY))
    collect(IntakeError, faults)
    return frame


def redrawn(record: Record, frame: DataFrame) -> bool:
    """Whether the revealed seed gives the same arms again, and is the one that was committed to."""
    if record.seed is None or record.master is None or commitment(record.seed, record.salt) != record.commitment:
        return False
    again = drawn(frame.drop(columns=record.rule.treatment), record.rule, record.master)
    return list(again.arms) == frame[record.rule.treatment].tolist()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Checked:
    """An assignment file that was held against plan and data: what is wrong, what deserves a look, and how to draw again."""

    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()
    redraw: Redraw | None = None


def checked(material: Material, folder: Path) -> Checked:
    """Hold the plan's assignment file against the plan and the data.

    Returns
    -------
    Checked
        Faults: a file that was changed, a plan that says another draw, units that aren't in it or stand in another arm, a seed that doesn't
        give the draw again. Notes: units of the file that the data don't have.
    """
    from takeup.intake.tables import confined, locate

    name = material.plan.design.assignment
    if not name:
        return Checked()
    try:
        confined(folder, name, "design.assignment")
        if undrawn(material.plan, folder):
            raise IntakeError(nobody_drawn(material.plan, material.columns.roster, folder))
        if not (folder / name).exists():
            raise IntakeError(Fault("there is no such record, though people were drawn", f"design.assignment ({name})", remedy=REMEDY))
        path = locate(folder, name, "design.assignment")
        record = read_record(path)
        if record is None:
            raise IntakeError(Fault("can't be read", path.name, remedy=REMEDY))
        frame = read_rows(path.parent / record.file, record)
        differ = differing(record.rule, allocation_of(material.plan))
    except TakeupError as error:
        return Checked(faults=error.faults)
    faults = [Fault(f"isn't what was drawn, as the record {path.name} says it", f"design ({name})", remedy="Let the plan say the draw that was made.")
              for name in differ]
    notes: list[str] = []
    arms, found = dict(zip(frame[record.rule.unit].map(label_text), frame[record.rule.treatment], strict=True)), _arms_in_data(material)
    faults += _arm_faults(material, found, arms)
    known = {label_text(unit) for unit in material.roster[material.columns.unit].dropna()}
    lost = len((set(arms) & known) - {unit for unit, _ in found.values()})
    if lost:
        faults.append(Fault(f"{counted(lost, 'unit that was drawn has', 'units that were drawn have')} no arm in the data",
                            material.place(str(material.plan.design.treatment)), "the arm of the assignment file"))
    absent = len(set(arms) - known)
    if absent:
        notes.append(f"{path.name}: {counted(absent, 'unit that was drawn is', 'units that were drawn are')} not in the data.")
    waiting = len(known - set(arms))
    if waiting and record.seed is None:
        notes.append(f"{path.name}: {counted(waiting, 'unit of the data was', 'units of the data were')} never drawn; whoever came since the last "
                     "batch is drawn by `takeup randomize PLAN --list FILE --batch NAME`.")
    if record.seed is not None and not redrawn(record, frame):
        faults.append(Fault("the revealed seed doesn't give this draw", path.name, remedy=REMEDY))
    redraw, said = _redraw(material, record, frame) if not faults else (None, "")
    state = "revealed, and gives the same arms again" if record.seed is not None else "committed to, not yet revealed"
    notes += [f"{path.name}: {len(frame)} drawn in {counted(len(record.batches), 'batch', 'batches')}, as the plan says; the seed is {state}.",
              *([said] if said else [])]
    return Checked(faults=tuple(faults), notes=tuple(notes), redraw=redraw)


def differing(one: Allocation, other: Allocation) -> tuple[str, ...]:
    """Which rules differ between the record and the plan."""
    return tuple(item.name for item in fields(Allocation) if getattr(one, item.name) != getattr(other, item.name))


def _arms_in_data(material: Material) -> dict[int, tuple[str, str]]:
    """Unit and arm of each row of the roster that has an arm, by row number."""
    from takeup.intake.trial_checks import arm_text

    treatment = material.column(material.plan.design.treatment)
    if treatment is None:
        return {}
    units = material.roster[material.columns.unit]
    kept = treatment.notna() & units.notna()
    return {row: (label_text(unit), arm_text(arm)) for row, unit, arm in zip(kept.index[kept], units[kept], treatment[kept], strict=True)}


def _arm_faults(material: Material, found: Mapping[int, tuple[str, str]], arms: Mapping[str, str]) -> Iterator[Fault]:
    where = material.place(str(material.plan.design.treatment))
    stray = [row for row, (unit, _) in found.items() if unit not in arms]
    if stray:
        yield Fault(f"{counted(len(stray), 'unit has', 'units have')} an arm but {'was' if len(stray) == 1 else 'were'} never drawn "
                    f"({rows_in_words(stray)})", where, "the units of the assignment file")
    other = [row for row, (unit, arm) in found.items() if unit in arms and arms[unit] != arm]
    if other:
        yield Fault(f"{counted(len(other), 'unit stands', 'units stand')} in another arm than was drawn ({rows_in_words(other)})", where,
                    "the arm of the assignment file", "Keep the arm as drawn; who received the programme is another column (received:).")


def _redraw(material: Material, record: Record, frame: DataFrame) -> tuple[Redraw | None, str]:
    """How to draw again, in the names of the frame of units; a sentence where it isn't known yet."""
    from dataclasses import replace

    made: Any = redraw_of(frame, record.rule, record.master)
    if made is None:
        return None, ""
    if isinstance(made, Hidden):
        return made, f"{made.said} Randomisation inference waits for it. {made.remedy}"
    key = material.plan.design.clusters if record.rule.whole else material.plan.design.unit
    return replace(made, key=material.columns.resolve(str(key))), ""


def _plain(record: Record) -> dict[str, Any]:
    said = {item.name: getattr(record, item.name) for item in fields(record)}
    batches = [{**{item.name: getattr(batch, item.name) for item in fields(batch)}, "arms": dict(batch.arms)} for batch in record.batches]
    return {"assignment": FORM, "algorithm": record.rule.algorithm, **said, "rule": asdict(record.rule), "batches": batches}


def _seal(said: Mapping[str, Any]) -> str:
    return sha256(json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
