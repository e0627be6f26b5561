"""Tables as a file whose form follows from its ending."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from takeup.errors import Fault, ReportError, collect, listed, nearest
from takeup.results import Estimate, FrozenMap, ResultSet

if TYPE_CHECKING:
    from collections.abc import Callable

    from takeup.present.tables.model import Table


def write_tables(tables: Any, path: str | Path, *, language: str = "en", title: str = "") -> Path:
    """Write tables, or effects as a table, as CSV, Excel, LaTeX or Word: by the ending of the file.

    Parameters
    ----------
    tables : Table, several of them, or what `Study.tables` gives; or an Estimate or a ResultSet, which become one table
    path : str or Path
        ``.csv`` (one table), ``.xlsx`` (a sheet each), ``.tex`` (as `report.export.latex` says) or ``.docx``. A file that is there is replaced.
    language, title : of a table made of effects; other tables have their own

    Returns
    -------
    Path

    Raises
    ------
    ReportError
        Nothing to write, an ending that isn't known, several tables for CSV, or a package that isn't installed.

    Notes
    -----
    Numbers stay numbers in CSV and Excel, at full precision and with the ids of their results. The tables of a study have passed the disclosure
    gate. Effects that you worked out yourself have not.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import takeup as tu
    >>> with TemporaryDirectory() as folder:
    ...     path = tu.write_tables(tu.Estimate(outcome="y", estimate=0.25, std_error=0.1), f"{folder}/effects.csv")
    ...     path.read_text().splitlines()[1]
    'y,0.25,0.1,,,,'
    """
    path = Path(path)
    made = _tables(tables, language, title)
    faults = [] if made else [Fault("there is no table to write", "tables", remedy="Give tables, or results with estimates in them.")]
    if path.suffix not in WRITERS:
        faults.append(Fault(f'a table isn\'t written as "{path.suffix}"', path.name, listed(WRITERS), nearest(path.suffix, WRITERS)))
    elif path.suffix == ".csv" and len(made) > 1:
        faults.append(Fault("a CSV file holds one table", path.name, remedy="Write them one by one, or as .xlsx."))
    collect(ReportError, faults)
    path.write_bytes(WRITERS[path.suffix](made))
    return path


def _tables(given: Any, language: str, title: str) -> list[Table]:
    from takeup.present.tables.plain import plain_table

    if isinstance(given, Estimate):
        given = ResultSet((given,))
    if isinstance(given, ResultSet):
        table = plain_table(given, language=language, title=title)
        return [] if table.empty else [table]
    if isinstance(given, Mapping):
        return list(given.values())
    return list(given) if isinstance(given, Iterable) else [given]


def _csv(tables: list[Table]) -> bytes:
    from takeup.report.export import csv

    return csv(tables[0])


def _xlsx(tables: list[Table]) -> bytes:
    from takeup.report.export import xlsx

    return xlsx(*tables)


def _tex(tables: list[Table]) -> bytes:
    from takeup.report.export import latex

    return "\n".join(latex(table) for table in tables).encode()


def _docx(tables: list[Table]) -> bytes:
    from takeup.report.table_docx import docx_tables

    return docx_tables(*tables)


WRITERS: Mapping[str, Callable[[list[Table]], bytes]] = FrozenMap({".csv": _csv, ".xlsx": _xlsx, ".tex": _tex, ".docx": _docx})
"""How each ending is written."""
