"""Reads a data file of any of the five kinds into a frame, with what the file itself says: labels, missing codes, encoding.

Rows keep the number that a person sees: in a text file and a workbook the header is row 1; in SPSS, Stata and Parquet files the
first case is row 1. Nothing is typed here beyond what the file fixes; `takeup.intake.check` does that against the schema.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field
from decimal import Decimal
from importlib import import_module
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from takeup.errors import Fault, IntakeError, collect, listed, nearest
from takeup.intake.apart import MOST_CELL, arrays, endless_cell, read_apart
from takeup.intake.text_file import text_shape
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from pandas import DataFrame

    from takeup.plan.model import Table

MOST_BYTES = 16 * 2**30
MOST_UNPACKED = 4 * 2**30
MOST_COLUMNS = 20_000
_PIECE, _PIECES = 2**22, 4
"""A line of a text file fits in so many pieces of so many bytes."""
_NEEDS = {"pyreadstat": ".sav and .dta", "python_calamine": ".xlsx", "pyarrow": ".parquet"}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RawTable:
    """A file as it was read. The index of `frame` is the row number as in the file.

    Attributes
    ----------
    labels : words for values, by column (SPSS, Stata)
    titles : words for columns (SPSS, Stata)
    missing : codes and ranges (low, high) that the file marks as missing, by column
    notes : what was found out about the file
    """

    name: str
    file: str
    frame: DataFrame
    labels: Mapping[str, Mapping[Any, str]] = field(default_factory=FrozenMap)
    titles: Mapping[str, str] = field(default_factory=FrozenMap)
    missing: Mapping[str, tuple[Any, ...]] = field(default_factory=FrozenMap)
    decimal: str = "."
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"RawTable({self.name}: {len(self.frame)} rows, {self.frame.shape[1]} columns)"


def read_table(
    path: Path, spec: Table, *, name: str, names: Collection[str] = (), texts: Collection[str] = (), numbers: Collection[str] = ()
) -> RawTable:
    """Read one data file.

    Parameters
    ----------
    spec : the plan's entry for the table (declared encoding, delimiter, decimal sign, sheet)
    names : columns that are expected, as the file writes them
    texts : those to be kept as text whatever they look like (a code such as 007)
    numbers : those that hold numbers

    Raises
    ------
    IntakeError
        The file is of an unknown kind, damaged, not rectangular, or needs a package that isn't installed.
    """
    kind = path.suffix.lower()
    readers: Mapping[str, Callable[[], RawTable]] = {
        **dict.fromkeys((".csv", ".tsv", ".txt"), lambda: _text(path, spec, name, names, texts, numbers)),
        **dict.fromkeys((".xlsx", ".xlsm", ".xls", ".ods"), lambda: _workbook(path, spec, name)),
        ".sav": lambda: _statistical(path, spec, name, "sav"), ".zsav": lambda: _statistical(path, spec, name, "sav"),
        ".dta": lambda: _statistical(path, spec, name, "dta"), ".parquet": lambda: _parquet(path, spec, name),
    }
    if kind not in readers:
        raise IntakeError(Fault(f'"{kind}" is no kind of data file that is read here', spec.file, listed(readers), nearest(kind, readers)))
    if path.stat().st_size == 0:
        raise IntakeError(Fault("is empty", spec.file))
    if path.stat().st_size > MOST_BYTES:
        raise IntakeError(Fault("is too large to be read at once", spec.file, f"at most {MOST_BYTES // 2**30} GB"))
    raw = readers[kind]()
    _header(list(raw.frame.columns), spec.file)
    return raw


def _header(columns: list[Any], file: str) -> None:
    """Names exist and are different. A name that isn't text (no header row) is never repeated in the message."""
    faults = []
    if len(columns) > MOST_COLUMNS:
        faults.append(Fault(f"has {len(columns):,} columns", file, f"at most {MOST_COLUMNS:,}"))
    empty = [i + 1 for i, name in enumerate(columns) if not isinstance(name, str) or not name.strip()]
    if empty:
        faults.append(Fault(f"{counted(len(empty), 'column has', 'columns have')} no name in the header (columns {listed(empty, 5)})", file,
                            remedy="Give each column a name in the first row, or remove the empty columns."))
    places: dict[Any, list[int]] = {}
    for i, name in enumerate(columns):
        places.setdefault(name, []).append(i + 1)
    for name, where in places.items():
        if len(where) > 1 and _named(name):
            faults.append(Fault(f"columns {listed(where, 5)} have the same name", file, remedy="Rename or remove all but one."))
    collect(IntakeError, faults)


def _named(name: object) -> bool:
    return isinstance(name, str) and bool(name.strip())


def _text(path: Path, spec: Table, name: str, names: Collection[str], texts: Collection[str], numbers: Collection[str]) -> RawTable:
    import pandas as pd

    _has_lines(path, spec.file)
    data = path.read_bytes()
    if b"\n" not in data:  # line ends of old Macs
        data = data.replace(b"\r", b"\n")
    shape = text_shape(data, file=spec.file, encoding=spec.encoding, delimiter=spec.delimiter, decimal=spec.decimal, names=names, numbers=numbers)
    faults = []
    if shape.open_quote:
        faults.append(Fault("a quote that is opened isn't closed, or the file is cut off", spec.file,
                            remedy=f"Look at row {shape.ragged[-1]} and below."))
    elif shape.ragged:
        what = f"{counted(len(shape.ragged), 'row has', 'rows have')} more or fewer cells than the header ({rows_in_words(shape.ragged)})"
        remedy = f'Look for a "{shape.delimiter}" inside an unquoted text, or a file that is cut off.'
        faults.append(Fault(what, spec.file, f"{len(shape.header)} cells a row", remedy))
    if shape.longest > MOST_CELL:
        faults.append(endless_cell(spec.file))
    collect(IntakeError, faults)
    _header(list(shape.header), spec.file)
    source = io.BytesIO(data)
    try:
        frame = pd.read_csv(
            source, sep=shape.delimiter, decimal=shape.decimal, encoding=shape.encoding, header=None, names=list(shape.header), skiprows=shape.skip,
            index_col=False, skip_blank_lines=False, keep_default_na=False, na_values=[""], low_memory=False,
            dtype={column: str for column in shape.header if column in texts},
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError, OverflowError, MemoryError):
        remedy = "Open it in a spreadsheet, look whether the columns line up, and save it again."
        raise IntakeError(Fault("can't be read as a table", spec.file, remedy=remedy)) from None
    frame.index = pd.RangeIndex(shape.skip + 1, shape.skip + 1 + len(frame))
    return RawTable(name=name, file=spec.file, frame=_filled(frame), decimal=shape.decimal, notes=shape.notes)


def _has_lines(path: Path, file: str) -> None:
    """Refuse a file with an endless line before it is read whole."""
    without = 0
    with path.open("rb") as content:
        while piece := content.read(_PIECE):
            without = 0 if b"\n" in piece or b"\r" in piece else without + 1
            if without > _PIECES:
                most = f"{_PIECES * _PIECE // 2**20} MB"
                raise IntakeError(Fault(f"holds a line of more than {most}", file, remedy="Look whether it is a table at all."))


def _filled(frame: DataFrame) -> DataFrame:
    """Without the rows in which nothing stands."""
    if frame.shape[1] == 0:
        return frame
    first = frame.iloc[:, 0].isna().to_numpy()
    if not first.any():
        return frame
    empty = frame.loc[first].isna().all(axis=1)
    return frame.drop(index=empty.index[empty]) if empty.any() else frame


def _workbook(path: Path, spec: Table, name: str) -> RawTable:
    import pandas as pd

    _needed("python_calamine", spec.file)
    _unpacks(path, spec.file)
    said = read_apart(path, "workbook", spec.file, options={"sheet": spec.sheet}).said
    sheets, sheet, rows = said["sheets"], said["sheet"], said["rows"]
    if rows is None:
        raise IntakeError(Fault(f'has no sheet "{sheet}"', spec.file, listed(sheets), nearest(sheet, sheets)))
    top = next((i for i, row in enumerate(rows) if any(cell != "" for cell in row)), None)
    if top is None:
        raise IntakeError(Fault(f'the sheet "{sheet}" is empty', spec.file))
    header = [str(cell).strip() if isinstance(cell, str) else cell for cell in rows[top]]
    width = max((i + 1 for i, cell in enumerate(header) if cell != ""), default=0)
    beyond = [top + 2 + i for i, row in enumerate(rows[top + 1 :]) if any(cell != "" for cell in row[width:])]
    if beyond:
        raise IntakeError(Fault(f"{counted(len(beyond), 'row has', 'rows have')} cells beyond the last column with a name ({rows_in_words(beyond)})",
                                spec.file, remedy="Give those columns a name in the header, or empty them."))
    body = [[None if cell == "" else cell for cell in row[:width]] for row in rows[top + 1 :]]
    frame = pd.DataFrame(body, columns=pd.Index(header[:width], dtype=object), index=pd.RangeIndex(top + 2, top + 2 + len(body)), dtype=object)
    note = f'Sheet "{sheet}"' + ("." if spec.sheet or len(sheets) == 1 else f", the first of {len(sheets)}.")
    return RawTable(name=name, file=spec.file, frame=_filled(frame), notes=(note,))


def _statistical(path: Path, spec: Table, name: str, kind: str) -> RawTable:
    """SPSS and Stata: value labels and user-missing codes are kept beside the values."""
    import pandas as pd

    _needed("pyreadstat", spec.file)
    found = read_apart(path, kind, spec.file, options={"encoding": spec.encoding})
    said, numbers = found.said, arrays(found)
    if len(set(said["names"])) < len(said["names"]):
        raise IntakeError(_damaged(spec.file))
    columns = {column: numbers[str(place)] if str(place) in numbers else said["others"].get(str(place), [])
               for place, column in enumerate(said["names"])}
    frame = pd.DataFrame(columns, index=pd.RangeIndex(1, 1 + max((len(values) for values in columns.values()), default=0)))
    ranges = {column: tuple((item["lo"], item["hi"]) for item in items) for column, items in said["ranges"].items()}
    codes = {column: tuple(items) for column, items in said["codes"].items()}
    notes = [f"The encoding is {said['encoding']} (the file says so)."] if said["encoding"] else []
    if ranges or codes:
        notes.append(f"The file marks codes as missing in {len(ranges) + len(codes)} columns; they are read as missing.")
    return RawTable(
        name=name, file=spec.file, frame=frame, missing=FrozenMap({**ranges, **codes}), notes=tuple(notes),
        labels=FrozenMap({column: FrozenMap(_by_text(dict(words))) for column, words in said["labels"].items()}),
        titles=FrozenMap({column: words for column, words in said["titles"].items() if words}),
    )


def _by_text(words: Mapping[Any, str]) -> dict[str, str]:
    return {code_text(value): str(label) for value, label in words.items()}


def code_text(value: object) -> str:
    """A code as text, the same for 1, 1.0 and "1 ": how codes of files, crosswalks and schemas are compared.

    >>> code_text(1.0), code_text(" 007"), code_text(True)
    ('1', '007', 'true')
    """
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Real | Decimal) and not isinstance(value, Integral) and float(value).is_integer():
        return str(int(float(value)))
    return str(value)


def _parquet(path: Path, spec: Table, name: str) -> RawTable:
    import pandas as pd

    arrow = _needed("pyarrow", spec.file)
    found = read_apart(path, "parquet", spec.file)
    try:
        frame = arrow.ipc.open_stream(found.payload).read_all().to_pandas(ignore_metadata=True)
    except (arrow.ArrowException, ValueError, TypeError, OverflowError):  # a date or a number that no column of a frame holds
        raise IntakeError(_damaged(spec.file)) from None
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return RawTable(name=name, file=spec.file, frame=frame)


def _needed(package: str, file: str) -> Any:
    try:
        return import_module(package)
    except ImportError:
        raise IntakeError(Fault(f"reading {_NEEDS[package]} files needs the package {package.replace('_', '-')}", file,
                                remedy='Install it with: pip install "takeup[io]".')) from None


def _damaged(file: str) -> Fault:
    return Fault("is damaged or cut off, or isn't what its name says", file, remedy="Export it again from the program that made it.")


def _unpacks(path: Path, file: str) -> None:
    """A workbook is a compressed archive: refuse one that would fill the memory."""
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(item.file_size for item in archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError):
        raise IntakeError(_damaged(file)) from None
    if size > MOST_UNPACKED:
        raise IntakeError(Fault("unpacks to more than is reasonable", file, f"at most {MOST_UNPACKED // 2**30} GB"))


def rows_in_words(rows: Collection[int], most: int = 5) -> str:
    """Row numbers for a message.

    >>> rows_in_words([3, 17])
    'rows 3 and 17'
    >>> rows_in_words(range(2, 12))
    'rows 2, 3, 4, 5, 6 and 5 more'
    """
    shown = [str(int(row)) for _, row in zip(range(most), rows, strict=False)]
    if len(rows) > most:
        return f"rows {', '.join(shown)} and {len(rows) - most:,} more"
    return f"row {shown[0]}" if len(shown) == 1 else f"rows {', '.join(shown[:-1])} and {shown[-1]}"


def counted(number: int, one: str, several: str) -> str:
    """A number with its words.

    >>> counted(1, "row is", "rows are"), counted(1200, "row is", "rows are")
    ('1 row is', '1,200 rows are')
    """
    return f"1 {one}" if number == 1 else f"{number:,} {several}"
