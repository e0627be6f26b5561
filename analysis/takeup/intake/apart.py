"""Binary data files are read in a process of their own, with limits on its time and memory.

The libraries that parse SPSS, Stata, Excel and Parquet files are written in C, C++ and Rust. A damaged or hostile file can crash them, keep them busy
for ever or fill the memory; a process of its own takes none of that along. It hands its values back through a pipe, so that none of them
ever lies on a disk, and in plain forms (JSON, arrays of numbers, Arrow), so that nothing is run on the way in.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import Fault, IntakeError
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

GIB = 2**30
MEMORY, MEMORY_A_BYTE = 4 * GIB, 40
"""Address space that a reader may fill: so much, and so many bytes for each byte of the file."""
SECONDS, BYTES_A_SECOND = 120.0, 200_000
MOST_CELL = 1_000_000
"""Characters in one cell."""
REFUSED, NO_MEMORY, TOO_LONG = 3, 4, 5
_EXPORT = "Export it again from the program that made it."


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Apart:
    """What the other process read: `said` about the file, and its `payload` (arrays or Arrow) as bytes."""

    said: Mapping[str, Any]
    payload: bytes

    def __repr__(self) -> str:
        return f"Apart({len(self.payload)} bytes)"


def read_apart(path: Path, kind: str, file: str, *, options: Mapping[str, Any] = FrozenMap(), seconds: float = 0.0, memory: int = 0) -> Apart:
    """Read a file in a process of its own.

    Parameters
    ----------
    kind : "sav", "dta", "workbook" or "parquet"
    file : how messages call it
    seconds, memory : limits, in seconds and bytes; by the size of the file where they are 0

    Raises
    ------
    IntakeError
        The file is damaged, or reading it crashes, takes too long or needs too much memory.
    """
    size = path.stat().st_size
    seconds, memory = seconds or SECONDS + size / BYTES_A_SECOND, memory or MEMORY + MEMORY_A_BYTE * size
    order = json.dumps({"path": str(path), "kind": kind, "seconds": seconds, "memory": memory, **options})  # by the pipe: arguments are seen by all
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    places = os.pathsep.join(str(Path(place).resolve()) for place in (sys.path or ["."]))
    environment = {**os.environ, **one_thread, "PYTHONPATH": places, "ARROW_DEFAULT_MEMORY_POOL": "system", "PYTHONWARNINGS": "ignore"}
    try:
        ended = subprocess.run([sys.executable, "-P", "-m", "takeup.intake.apart"], input=order.encode(), env=environment, capture_output=True,
                               timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise IntakeError(Fault("takes too long to read: it is damaged, or made to stop its reader", file,
                                f"{seconds:.0f} seconds for a file of this size", _EXPORT)) from None
    except OSError:
        raise IntakeError(Fault("can't be read: the system lets no further process start", file, remedy="Close other programs.")) from None
    return _answer(ended.returncode, ended.stdout, file, memory)


def _answer(code: int, content: bytes, file: str, memory: int) -> Apart:
    """What came through the pipe, or why nothing did."""
    if code == 0 and len(content) >= 8:
        end = 8 + int.from_bytes(content[:8], "big")
        return Apart(said=FrozenMap(json.loads(content[8:end], object_hook=_untagged)), payload=content[end:])
    if code == TOO_LONG:
        raise IntakeError(endless_cell(file))
    if code == NO_MEMORY:
        raise IntakeError(Fault("unpacks to more than is reasonable", file, f"at most {memory / GIB:.0f} GB in memory", _EXPORT))
    raise IntakeError(Fault("is damaged or cut off, or isn't what its name says", file, remedy=_EXPORT))


def endless_cell(file: str) -> Fault:
    """What is said of a cell that no answer fills."""
    return Fault("holds a cell of more characters than any answer has", file, f"at most {MOST_CELL:,} a cell", _EXPORT)


def arrays(found: Apart) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays of numbers in an answer, by the position of their column."""
    with np.load(io.BytesIO(found.payload), allow_pickle=False) as held:
        return {name: held[name] for name in held.files}


def _tagged(value: object) -> dict[str, Any]:
    """A value that JSON has no form for."""
    match value:
        case datetime() | date() | time():
            return {f"\x00{type(value).__name__.lower()}": value.isoformat()}
        case timedelta():
            return {"\x00timedelta": value.total_seconds()}
        case np.generic():
            return {"\x00plain": value.item()}
    return {"\x00plain": str(value)}


_FORMS: Mapping[str, Callable[[Any], Any]] = FrozenMap({
    "\x00datetime": datetime.fromisoformat, "\x00date": date.fromisoformat, "\x00time": time.fromisoformat, "\x00timestamp": datetime.fromisoformat,
    "\x00timedelta": lambda seconds: timedelta(seconds=seconds), "\x00plain": lambda value: value,
})


def _untagged(block: dict[str, Any]) -> Any:
    """The other way round."""
    if len(block) == 1:
        (key, value), = block.items()
        if key in _FORMS:
            return _FORMS[key](value)
    return block


# --- what runs in the other process --------------------------------------------------------------------------------------------------------------


def _statistical(order: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """SPSS and Stata: numbers as arrays, everything else as JSON."""
    import pyreadstat

    reader = {"sav": pyreadstat.read_sav, "dta": pyreadstat.read_dta}[order["kind"]]
    columns, meta = reader(order["path"], user_missing=True, apply_value_formats=False, encoding=order["encoding"] or None, output_format="dict")
    numbers: dict[str, np.ndarray[Any, Any]] = {}
    others: dict[int, list[Any]] = {}
    for place, name in enumerate(list(columns)):
        values = columns.pop(name)
        if meta.readstat_variable_types.get(name) != "string" and all(value is None or type(value) in {float, int} for value in values):
            whole = all(type(value) is int for value in values) and bool(values)
            numbers[str(place)] = np.array(values, dtype=np.int64 if whole else np.float64)
        else:
            _bounded(values)
            others[place] = values
    said = {
        "names": list(meta.column_names), "others": others, "titles": meta.column_names_to_labels or {}, "encoding": meta.file_encoding or "",
        "rows": int(meta.number_rows or 0), "ranges": meta.missing_ranges or {}, "codes": meta.missing_user_values or {},
        "labels": {column: [[value, str(label)] for value, label in words.items()] for column, words in (meta.variable_value_labels or {}).items()},
    }
    held = io.BytesIO()
    np.savez(held, **numbers)  # type: ignore[arg-type]  # the stubs take the arrays for another argument
    return said, held.getvalue()


def _workbook(order: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The names of the sheets, and the cells of the one that is wanted (the first where none is)."""
    import python_calamine

    book = python_calamine.load_workbook(order["path"])
    sheets = list(book.sheet_names)
    sheet = order["sheet"] or sheets[0]
    rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False) if sheet in sheets else None
    for row in rows or ():
        _bounded(row)
    return {"sheets": sheets, "sheet": sheet, "rows": rows}, b""


def _parquet(order: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The table as a stream of Arrow."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    held = io.BytesIO()
    with pq.ParquetFile(order["path"]) as file:
        schema, size = file.schema_arrow.remove_metadata(), 0
        with pa.ipc.new_stream(held, schema) as stream:
            for batch in file.iter_batches(batch_size=4096, use_threads=False):
                size += batch.nbytes
                if size > order["memory"] // 4:
                    raise MemoryError
                if any(_longest(column) > MOST_CELL for column in batch.columns):
                    sys.exit(TOO_LONG)
                stream.write_batch(batch.replace_schema_metadata(None))
    return {}, held.getvalue()


def _longest(column: Any) -> int:
    """Bytes of the longest text in a column of Arrow."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind)):
        return 0
    texts = column.dictionary if pa.types.is_dictionary(column.type) else column
    return pc.max(pc.binary_length(texts)).as_py() or 0


def _bounded(values: Sequence[Any]) -> None:
    """Refuse a cell that no answer can fill."""
    if any(type(value) is str and len(value) > MOST_CELL for value in values):
        sys.exit(TOO_LONG)


READERS = {"sav": _statistical, "dta": _statistical, "workbook": _workbook, "parquet": _parquet}


def main() -> int:
    """Read the order from the pipe, the file within its limits, and write the answer to the pipe."""
    order = json.loads(sys.stdin.buffer.read())
    _limit(order)
    try:
        said, payload = READERS[order["kind"]](order)
        head = json.dumps(said, default=_tagged).encode()
        sys.stdout.buffer.write(len(head).to_bytes(8, "big") + head)
        sys.stdout.buffer.write(payload)
    except MemoryError:
        return NO_MEMORY
    except BaseException as error:  # noqa: BLE001  # libraries raise their own kinds, one of them outside of Exception; their words may hold values
        if isinstance(error, SystemExit) and error.code == TOO_LONG:
            return TOO_LONG
        return NO_MEMORY if "emory" in type(error).__name__ or "alloc" in str(error) else REFUSED
    return 0


def _limit(order: Mapping[str, Any]) -> None:
    """Limits on memory and time, and no core file, which would hold the data; where the system knows such limits."""
    if sys.platform == "win32":
        return
    import resource

    for what, most in ((resource.RLIMIT_AS, int(order["memory"])), (resource.RLIMIT_CPU, int(order["seconds"]) + 1), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(what)
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


if __name__ == "__main__":
    sys.exit(main())
