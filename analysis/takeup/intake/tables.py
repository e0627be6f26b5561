"""Opens one table of a study: its schema, its crosswalk and its file, found inside the study's folders; everything wrong is kept."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from takeup.errors import Fault, IntakeError, nearest
from takeup.intake.check import check_table
from takeup.intake.crosswalk import NONE, Crosswalk, apply_crosswalk, read_crosswalk
from takeup.intake.read import RawTable, code_text, read_table
from takeup.intake.schema import Category, TableSchema
from takeup.intake.schema_file import schema_and_faults
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pandas import DataFrame

    from takeup.intake.faults import BadCells
    from takeup.intake.schema import Field
    from takeup.plan.model import Plan, Table

SHARED = "data_schema"
_ALLOWED: ContextVar[tuple[Path, ...]] = ContextVar("allowed", default=())
_UP = 3


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Opened:
    """A table after opening. `frame` is None where the file couldn't be read, `schema` where that couldn't."""

    name: str
    file: str
    schema: TableSchema | None = None
    frame: DataFrame | None = None
    faults: tuple[Fault, ...] = ()
    bad: tuple[BadCells, ...] = ()
    notes: tuple[str, ...] = ()
    codes: Mapping[str, Mapping[str, int]] = field(default_factory=FrozenMap)

    def __repr__(self) -> str:
        rows = "not read" if self.frame is None else f"{len(self.frame)} rows"
        return f"Opened({self.name}: {rows})"


def study_root(folder: Path) -> Path:
    """The folder that files may lie in: the nearest that holds `data_schema` (up to three levels up), else the plan's own."""
    folder = folder.resolve()
    for up in (folder, *list(folder.parents)[:_UP]):
        if (up / SHARED).is_dir():
            return up
    return folder


@contextmanager
def allowing(*folders: Path) -> Iterator[None]:
    """Within it, files of studies may lie in these folders too; what `takeup --allow FOLDER` says."""
    token = _ALLOWED.set((*_ALLOWED.get(), *(folder.resolve() for folder in folders)))
    try:
        yield
    finally:
        _ALLOWED.reset(token)


def confined(folder: Path, name: str, where: str, allow: Sequence[Path] = ()) -> Path:
    """Where a file or folder that the plan names really lies, links followed.

    Raises
    ------
    IntakeError
        Outside the study's folders and those that are allowed besides.
    """
    if "\x00" in name or not name.strip():
        raise IntakeError(Fault("is no path of a file", where))
    path = (folder / name).resolve()
    if not any(path.is_relative_to(root) for root in (study_root(folder), *_ALLOWED.get(), *(item.resolve() for item in allow))):
        raise IntakeError(Fault(f'"{name}" lies outside the study\'s folders', where, f"the plan's folder, or the one above it that holds {SHARED}",
                                "Move the file there and name it by its path from the plan, or allow its folder: takeup --allow FOLDER ..."))
    return path


def locate(folder: Path, name: str, where: str, allow: Sequence[Path] = ()) -> Path:
    """The file that the plan names, if it exists inside the study's folders.

    Parameters
    ----------
    name : as the plan writes it, from the plan's folder
    where : the plan path, for the message
    allow : further folders that files may lie in

    Raises
    ------
    IntakeError
        It lies elsewhere (also by a link), or doesn't exist.
    """
    path = confined(folder, name, where, allow)
    if not path.is_file():
        what = "is a folder, where a file is needed" if path.is_dir() else "there is no such file"
        beside = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
        parent = Path(name).parent.as_posix()
        remedy = nearest(path.name, beside) or f"Paths are read from the plan's folder; {'look in' if beside else 'there is no folder'} {parent}."
        raise IntakeError(Fault(f'"{name}": {what}', where, remedy=remedy))
    return path


def open_table(plan: Plan, name: str, folder: Path, allow: Sequence[Path] = ()) -> Opened:
    """Open one table; nothing is raised, all that is wrong is in the result."""
    spec = plan.data[name]
    faults: list[Fault] = []

    def found(path: str, key: str) -> Path | None:
        try:
            return locate(folder, path, f"data.{name}.{key}", allow)
        except IntakeError as error:
            faults.extend(error.faults)
            return None

    schema_path, data_path = found(spec.schema_, "schema"), found(spec.file, "file")
    schema: TableSchema | None = None
    if schema_path is not None:
        schema = _kept(faults, lambda: schema_and_faults(schema_path, spec.schema_))
    if schema is None:
        return Opened(name=name, file=spec.file, faults=tuple(faults))
    crosswalk = NONE
    if spec.crosswalk and (crosswalk_path := found(spec.crosswalk, "crosswalk")) is not None:
        crosswalk = _kept(faults, lambda: read_crosswalk(crosswalk_path, name, schema, list(plan.data), name=spec.crosswalk)) or NONE
    raw: RawTable | None = None
    if data_path is not None:
        raw = _kept(faults, lambda: (_read(data_path, spec, name, schema, crosswalk), ()))
    if raw is None or (spec.crosswalk and crosswalk is NONE and faults):  # without its crosswalk a file's names can't be judged
        return Opened(name=name, file=spec.file, schema=schema, faults=tuple(faults))
    return _checked(replace(raw, file=file_label(plan, name)), schema, crosswalk, tuple(faults))


def file_label(plan: Plan, name: str) -> str:
    """How messages call a table's file; with the table where several read the same file."""
    file = plan.data[name].file
    shared = sum(table.file == file for table in plan.data.values()) > 1
    return f"{file} ({name})" if shared else file


def _kept(faults: list[Fault], read: Callable[[], tuple[Any, Sequence[Fault]]]) -> Any:
    """What was read, with its faults kept; None where it can't be read at all."""
    try:
        value, found = read()
    except IntakeError as error:
        value, found = None, error.faults
    faults.extend(found)
    return value


def _read(path: Path, spec: Table, name: str, schema: TableSchema, crosswalk: Crosswalk) -> RawTable:
    """Text stays text, and codes that the crosswalk maps too: 007 is no 7."""
    numeric = {"integer", "number", "year"}
    texts = [item for item in schema.fields if item.type not in numeric or item.name in crosswalk.values]
    return read_table(
        path, spec, name=name, names=[crosswalk.in_file(item) for item in schema.names], texts=[crosswalk.in_file(item.name) for item in texts],
        numbers=[crosswalk.in_file(item.name) for item in schema.fields if item.type == "number"],
    )


def _checked(raw: RawTable, schema: TableSchema, crosswalk: Crosswalk, faults: tuple[Fault, ...]) -> Opened:
    frame, mapped, told = apply_crosswalk(raw.frame, crosswalk, schema, raw.file)
    ours = {crosswalk.columns.get(column, column): codes for column, codes in raw.missing.items()}
    headers = {ours: theirs for theirs, ours in crosswalk.columns.items()}
    checked = check_table(frame, schema, file=raw.file, missing=ours, decimal=raw.decimal, headers=headers)
    notes = (f"{raw.name} ({raw.file}): {len(frame):,} rows, {frame.shape[1]} columns.", *raw.notes, *told)
    return Opened(
        name=raw.name, file=raw.file, schema=_with_words(schema, raw, crosswalk), frame=checked.frame, faults=(*faults, *mapped, *checked.faults),
        bad=checked.bad, notes=(" ".join(notes),), codes=checked.codes,
    )


def _with_words(schema: TableSchema, raw: RawTable, crosswalk: Crosswalk) -> TableSchema:
    """The schema, with the words of an SPSS or Stata file where it has none of its own."""
    if not raw.labels and not raw.titles:
        return schema

    def worded(item: Field) -> Field:
        column = crosswalk.in_file(item.name)
        labels = raw.labels.get(column, {}) if item.name not in crosswalk.values else {}
        categories = tuple(code if code.label else Category(code.value, labels.get(code_text(code.value), "")) for code in item.categories)
        missing = tuple(code if code.label else Category(code.value, labels.get(code_text(code.value), "")) for code in item.missing_values)
        return replace(item, title=item.title or raw.titles.get(column, ""), categories=categories, missing_values=missing)

    return replace(schema, fields=tuple(worded(item) for item in schema.fields))
