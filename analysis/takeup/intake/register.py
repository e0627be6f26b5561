"""Registers: administrative sources of a whole population, read where they lie and linked to the trial's units in the engine.

Nothing is loaded here: a `Register` holds an expression that an engine (DuckDB by default, any that Ibis knows otherwise) works out when
sums are asked for. Names and values go into it as expressions, never as text of a query, so a column may have any name.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args
from warnings import catch_warnings, simplefilter

from takeup import display
from takeup.errors import Fault, IntakeError, collect, listed, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pandas import DataFrame

Several = Literal["refuse", "sum", "mean", "max", "min"]

PARQUET = (".parquet", ".pq")
TEXT = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
DATABASE = (".duckdb", ".db")
MOST_ARMS = 1000
"""More labels of an arm than this are taken for an identifier."""
DRIVER = 'Install the driver of that engine; for PostgreSQL: pip install "takeup[postgres]".'
EXTRA = 'Install the extra that reads registers: pip install "takeup[registers]".'


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """A table of an engine, not read yet.

    Attributes
    ----------
    table : an Ibis table expression
    engine : its name ("duckdb", "postgres", ...)
    """

    table: Any
    engine: str

    def __repr__(self) -> str:
        return f"Register({self.engine}, {len(self.table.columns)} columns)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmLink:
    """How the units of one arm link to a register: how many there are, found and not found; `duplicated`: found in several rows."""

    arm: str
    units: int
    matched: int
    unmatched: int
    duplicated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkReport:
    """How a trial links to a register, in counts; no key is kept.

    Attributes
    ----------
    arms : one `ArmLink` an arm, sorted by name
    without_key : units whose key is missing; they count as unmatched
    rows : rows of the register; `rows_linked` of them are of the trial's units
    """

    arms: tuple[ArmLink, ...]
    without_key: int
    rows: int
    rows_linked: int

    def to_frame(self) -> DataFrame:
        """One row an arm."""
        from pandas import DataFrame

        names = ("arm", "units", "matched", "unmatched", "duplicated")
        return DataFrame([{name: getattr(one, name) for name in names} for one in self.arms], columns=list(names))

    def _repr_html_(self) -> str:
        return display.frame("Links to the register", self.to_frame(), notes=(self.sentence(),))

    def sentence(self) -> str:
        """The counts in words."""
        units, matched = sum(one.units for one in self.arms), sum(one.matched for one in self.arms)
        several = sum(one.duplicated for one in self.arms)
        more = f", {several:,} of them in several rows" if several else ""
        return f"{matched:,} of {units:,} units were found in the register{more}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """A trial's units with one column of a register beside them, not worked out yet, and how they link."""

    register: Register
    report: LinkReport


def engine_library() -> Any:
    """Ibis, or the error that names the extra it comes with."""
    try:
        import ibis
    except ImportError:
        raise IntakeError(Fault("Ibis isn't installed, which registers are read with", "source", remedy=EXTRA)) from None
    return ibis


def open_register(source: Any, table: str | None = None) -> Register:
    """A register where it lies.

    Parameters
    ----------
    source : what holds it
        A Parquet or CSV file, a folder or a pattern of Parquet files, or a DuckDB file (with `table`), read by DuckDB; a connection string
        such as ``"postgres://host/database"`` or an Ibis backend (both with `table`); an Ibis table; a DataFrame; a `Register`.
    table : name of the table in a database; ``schema.table`` where it isn't in the first schema

    Raises
    ------
    IntakeError
        The extra isn't installed; there is no such file or table; the engine can't be reached. A connection string is never repeated.

    Examples
    --------
    >>> import pandas as pd
    >>> open_register(pd.DataFrame({"person": [1, 2], "months": [0, 12]}))
    Register(duckdb, 2 columns)
    """
    if isinstance(source, Register):
        return source
    ibis = engine_library()
    if isinstance(source, ibis.expr.types.Table):
        return _register(source)
    if hasattr(source, "list_tables"):
        return _register(_table(source, table))
    if isinstance(source, str) and "://" in source:
        return _register(_table(attempt(lambda: ibis.connect(source), "The engine can't be reached"), table))
    if isinstance(source, str | Path):
        return _file(ibis, source, table)
    from pandas import DataFrame

    if isinstance(source, DataFrame):
        if not source.columns.is_unique or not all(isinstance(name, str) for name in source.columns):
            raise IntakeError(Fault("column names must be text and each stand once", "source"))
        return _register(in_memory(source))
    raise IntakeError(Fault("isn't a register", "source", "a file, a connection string, an Ibis backend or table, a DataFrame"))


def link(
    units: Any, source: Any, outcome: str, treatment: str, key: str | tuple[str, str], *, table: str | None = None,
    several: Several = "refuse", absent: float | None = None,
) -> Linked:
    """Put a register's column beside the trial's units, by a (pseudonymised) key.

    Parameters
    ----------
    units : DataFrame, file or table with one row a unit: the key and the columns of the design. A file is read by the register's own engine
    source, table : as in `open_register`
    outcome : column of the register
    treatment : column of the arm in `units`, by which the report counts
    key : column that both have, or its names in the units and in the register. Both sides hold the same type
    several : what a unit with several rows gets: an error, or the sum, mean, max or min of them
    absent : outcome of units that aren't in the register (0 where it lists those who receive); None leaves it missing

    Raises
    ------
    IntakeError
        Columns that are absent or of different types, a key that isn't unique among the units, units in several rows.

    Examples
    --------
    >>> import pandas as pd
    >>> trial = pd.DataFrame({"person": ["a", "b", "c", "d"], "arm": [1, 1, 0, 0]})
    >>> months = pd.DataFrame({"person": ["a", "a", "c", "x"], "months": [3.0, 4.0, 6.0, 1.0]})
    >>> link(trial, months, "months", "arm", "person", several="sum", absent=0).report.sentence()
    '2 of 4 units were found in the register, 1 of them in several rows.'
    """
    if several not in get_args(Several):
        raise IntakeError(Fault(f'"{several}" is no way to take several rows together', "several", listed(get_args(Several))))
    register = open_register(source, table)
    roster = _beside(units, register)
    left, right = (key, key) if isinstance(key, str) else key
    faults = [*missing(roster.table, (left, treatment), "units"), *missing(register.table, (right, outcome), "register")]
    collect(IntakeError, faults)
    if outcome in roster.table.columns:
        raise IntakeError(Fault("stands in the units too, so it can't come from the register", outcome, remedy="Leave it out of the units."))
    _same_type(roster.table[left], register.table[right], left, right)
    gathered = _gathered(roster.table, register.table, left, right, outcome, several)
    linked = roster.table.left_join(gathered, roster.table[left] == gathered["takeup_key"])
    report = _report(linked, roster.table, register.table, left, treatment)
    repeated = sum(one.duplicated for one in report.arms)
    if repeated and several == "refuse":
        fault = Fault(f"{repeated:,} units have several rows", outcome, listed(get_args(Several)[1:]), "Say with several= how to take them together.")
        raise IntakeError(fault)
    value = linked["takeup_value"]
    if absent is not None:
        value = engine_library().ifelse(linked["takeup_rows"].isnull(), float(absent), value.cast("float64"))  # noqa: PD003  # Ibis
    whole = linked.select(*roster.table.columns, **{outcome: value})
    return Linked(register=Register(table=whole, engine=register.engine), report=report)


def missing(table: Any, names: Iterable[str], where: str) -> list[Fault]:
    """A fault for each name that isn't a column of the table."""
    return [
        Fault(f'no column "{name}"', where, listed(table.columns), nearest(name, table.columns))
        for name in dict.fromkeys(names) if name not in table.columns
    ]


def work_out(expression: Any) -> DataFrame:
    """What the engine makes of an expression, as a frame; its own errors become one that shows no value and no query."""
    found: DataFrame = attempt(lambda: expression.to_pyarrow().to_pandas(), "The engine can't work this out")
    return found


def in_memory(frame: DataFrame) -> Any:
    """A frame as a table that any engine can join; by way of Arrow, which keeps types and has missing values of its own."""
    from pyarrow import Table

    made = attempt(lambda: Table.from_pandas(frame, preserve_index=False), "A column holds several types")
    return engine_library().memtable(made)


def attempt(work: Callable[[], Any], what: str) -> Any:
    """What an engine makes; its errors become one that shows no value, no query and no password."""
    try:
        with catch_warnings():  # engines and their drivers warn each other of what they will change
            simplefilter("ignore", category=DeprecationWarning)
            simplefilter("ignore", category=FutureWarning)
            return work()
    except ImportError as error:
        name = error.name or getattr(error.__cause__, "name", None)
        words = f"{what}: its driver isn't installed ({name})" if name else f"{what}: its driver isn't installed"
        raise IntakeError(Fault(words, "source", remedy=EXTRA if name in {None, "duckdb"} else DRIVER)) from None
    except Exception as error:  # noqa: BLE001  # every engine has errors of its own, and their texts can hold values and passwords
        raise IntakeError(Fault(f"{what} ({type(error).__name__})", "source")) from None


def _register(table: Any) -> Register:
    return Register(table=table, engine=attempt(table.get_backend, "The engine can't be found").name)


def _table(backend: Any, name: str | None) -> Any:
    if name is None:
        raise IntakeError(Fault("a database holds several tables", "table", listed(_tables(backend)), "Say which one with table=."))
    schema, _, bare = name.rpartition(".")
    for place, inside in ((name, None), (bare, schema)) if schema else ((name, None),):
        try:
            return attempt(partial(backend.table, place, database=inside), "The table can't be opened")
        except IntakeError:
            continue
    present = _tables(backend)
    raise IntakeError(Fault(f'no table "{name}"', "table", listed(present), nearest(name, present)))


def _tables(backend: Any) -> list[str]:
    """Names for a message; none where the engine can't list them."""
    try:
        return [str(name) for name in attempt(backend.list_tables, "The tables can't be listed")]
    except IntakeError:
        return []


def _file(ibis: Any, source: str | Path, table: str | None) -> Register:
    path = Path(source)
    if not path.exists() and not any(sign in str(source) for sign in "*?["):
        raise IntakeError(Fault("there is no such file", path.name))
    name = path.name.lower()
    if name.endswith(DATABASE):
        return _register(_table(attempt(lambda: ibis.duckdb.connect(str(path), read_only=True), "The file can't be opened"), table))
    return _register(_reading(attempt(ibis.duckdb.connect, "DuckDB can't be opened"), path))


def _reading(backend: Any, path: Path) -> Any:
    """A Parquet or CSV file (folder, pattern) as a table of a DuckDB backend."""
    name = path.name.lower()
    if path.is_dir():
        return attempt(lambda: backend.read_parquet(str(path / "**" / "*.parquet")), "The folder can't be read as Parquet")
    if name.endswith(PARQUET):
        return attempt(lambda: backend.read_parquet(str(path)), "The file can't be read as Parquet")
    if name.endswith(TEXT):
        return attempt(lambda: backend.read_csv(str(path)), "The file can't be read as CSV")
    raise IntakeError(Fault("is of no known kind", path.name, listed((*PARQUET, *TEXT, *DATABASE))))


def _beside(units: Any, register: Register) -> Register:
    """The units in the engine of the register: what another engine holds can't be joined there."""
    if not isinstance(units, str | Path):
        return open_register(units)
    if register.engine != "duckdb":
        raise IntakeError(Fault(f"a file can't be joined inside {register.engine}", "units", remedy="Read it into a DataFrame first."))
    if not Path(units).exists():
        raise IntakeError(Fault("there is no such file", Path(units).name))
    return _register(_reading(register.table.get_backend(), Path(units)))


def _same_type(left: Any, right: Any, name: str, other: str) -> None:
    def kind(column: Any) -> str:
        return "whole numbers" if column.type().is_integer() else "text" if column.type().is_string() else str(column.type())

    if kind(left) != kind(right):
        what = f"the key holds {kind(left)} among the units and {kind(right)} in the register"
        raise IntakeError(Fault(what, name if name == other else f"{name}, {other}", remedy="Give both the same type; text keeps leading zeros."))


def _gathered(roster: Any, register: Any, left: str, right: str, outcome: str, several: Several) -> Any:
    """One row a key of the register's rows that are of the trial: rows of others are left out before anything is grouped."""
    ours = register.semi_join(roster, register[right] == roster[left])
    value = ours[outcome]
    if value.type().is_boolean():
        value = value.cast("int32")
    ours = ours.select(takeup_key=ours[right], takeup_value=value)
    how = "max" if several == "refuse" else several
    return ours.group_by("takeup_key").aggregate(takeup_value=getattr(ours["takeup_value"], how)(), takeup_rows=ours.count())


def _report(linked: Any, roster: Any, register: Any, key: str, treatment: str) -> LinkReport:
    rows = linked["takeup_rows"]
    counts = linked.group_by(takeup_arm=linked[treatment]).aggregate(
        units=linked.count(), matched=rows.count(), duplicated=(rows > 1).sum().fill_null(0), linked=rows.sum().fill_null(0),
        keyless=linked[key].isnull().sum(),  # noqa: PD003  # Ibis
    )
    found = work_out(counts.limit(MOST_ARMS + 1))
    if len(found) > MOST_ARMS:
        raise IntakeError(Fault(f"has more than {MOST_ARMS} different labels", treatment, remedy="Name the column of the arm."))
    distinct = work_out(roster.aggregate(keys=roster[key].nunique(), present=roster[key].count())).iloc[0]
    if int(distinct["present"]) > int(distinct["keys"]):
        more = int(distinct["present"]) - int(distinct["keys"])
        raise IntakeError(Fault(f"{more:,} units have a key that another unit has too", key, remedy="Give each unit one row."))
    arms = tuple(
        ArmLink(arm=str(row["takeup_arm"]), units=int(row["units"]), matched=int(row["matched"]), unmatched=int(row["units"] - row["matched"]),
                duplicated=int(row["duplicated"]))
        for _, row in found.iterrows()
    )
    total = int(work_out(register.aggregate(rows=register.count()))["rows"].iloc[0])
    return LinkReport(arms=tuple(sorted(arms, key=lambda one: one.arm)), without_key=int(found["keyless"].sum()), rows=total,
                      rows_linked=int(found["linked"].sum()))
