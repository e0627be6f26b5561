# ruff: noqa: S608  # statements hold names of columns, quoted, and the engine's own words; values and paths go beside them
"""Rights held by a whole population, read where they lie: DuckDB joins and folds the registers, right by right, and hands back small codes.

The result is the same `Held` as from a study's tables (`measure.rights.held`), so everything after it is the same code. It holds one byte a
unit, right, stage and wave, whatever the number of rows in the registers.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import Fault, MeasureError, collect
from takeup.measure.rights import ELIGIBLE, RECEIVES, STAGES, UNKNOWN, Held

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from takeup.measure.rights_catalogue import Catalogue

WAVES = ("baseline", "endline")
MEMORY = "512MB"
MONTH = 365.25 / 12
"""Days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registers:
    """Parquet files (or patterns of files) with the rights of a population.

    Parameters
    ----------
    units : one row a unit: its id and the columns of the design; for a monthly register also `drawn`
    unit : name of the id's column, the same in all files
    held : one row a unit, right and wave, with the columns of a study's table of rights held; or
    monthly, eligible : one row a unit, right and month in which it is received (unit, right, month, amount), and one a unit and right to which
        it was entitled at the draw (unit, right). A register is complete: a month without a row is a month without the right.
    drawn : column of `units` with the month of the draw (a number); received then is before, `follow_up` months later is after
    drawn_on, asked_on : with `held`, columns of `units` with the days of the draw and of the last interview: where `held` has `since`, the day of
        first receipt, the waiting times are told
    missing : with `held`, numbers that stand for no answer in its columns (-9 refused, -8 not known), beside those that are empty
    """

    units: str | Path
    unit: str
    held: str | Path | None = None
    monthly: str | Path | None = None
    eligible: str | Path | None = None
    drawn: str = "drawn"
    follow_up: int = 6
    drawn_on: str | None = None
    asked_on: str | None = None
    missing: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        both = (self.monthly is None) == (self.eligible is None)
        if not both or (self.held is None) == (self.monthly is None):
            raise MeasureError(Fault("are either held, or monthly and eligible", "registers"))


def connected(memory: str = MEMORY, folder: str | Path | None = None) -> Any:
    """A DuckDB session with bounded memory, that puts what doesn't fit into `folder`; MeasureError where DuckDB isn't installed."""
    try:
        import duckdb
    except ImportError:
        raise MeasureError(Fault("reading registers needs DuckDB", "registers", remedy="Install takeup[registers].")) from None
    session = duckdb.connect()
    session.execute(f"SET memory_limit = '{memory}'")
    session.execute("SET preserve_insertion_order = false")
    session.execute("SET enable_progress_bar = false")
    if folder is not None:
        session.execute("SET temp_directory = ?", [str(folder)])
    return session


def held_from_registers(session: Any, registers: Registers, catalogue: Catalogue) -> Held:
    """The rights of all units, in the order of their ids.

    Raises
    ------
    MeasureError
        A file that can't be read, a column that isn't there; rows of rights that aren't in the catalogue, counted.
    """
    unit, monthly = _name(registers.unit), registers.monthly is not None
    for view in ("units", "held", "monthly", "eligible"):
        if getattr(registers, view) is not None:
            _guarded(lambda view=view: session.read_parquet(str(getattr(registers, view))).create_view(view, replace=True))  # type: ignore[misc]
    drawn = f", {_name(registers.drawn)} AS drawn" if monthly else ""
    numbered = f"SELECT {unit} AS unit, row_number() OVER (ORDER BY {unit}) - 1 AS place{drawn} FROM units"
    _run(session, f"CREATE OR REPLACE TEMP TABLE numbered AS {numbered}")
    n = int(_run(session, "SELECT count(*) FROM numbered").fetchone()[0])
    source = "monthly" if monthly else "held"
    strange = int(_run(session, f'SELECT count(*) FROM {source} WHERE NOT list_contains(?, "right")', [list(catalogue.ids)]).fetchone()[0])
    rows = "1 row names" if strange == 1 else f"{strange} rows name"
    collect(MeasureError, [Fault(f"{rows} a right that isn't in the catalogue", "right")] if strange else [])
    columns = _columns(session, source)
    shape = (n, len(catalogue))
    asked = [(ELIGIBLE, WAVES[0]), *((RECEIVES, wave) for wave in WAVES)] if monthly else [
        (stage, wave) for stage in STAGES if stage in columns for wave in WAVES]
    codes = {key: np.full(shape, UNKNOWN, dtype=np.int8) for key in asked}
    amounts: dict[str, Any] = {wave: np.full(shape, np.nan, dtype=np.float32) for wave in WAVES}
    answered = {wave: np.full(n, monthly) for wave in WAVES}
    for place, right in enumerate(catalogue.ids):
        if monthly:
            _fill_monthly(session, registers, right, place, codes, amounts)
        else:
            _fill_held(session, registers, right, place, codes, amounts, answered, columns)
    reasons, reason = _reasons(session, unit, catalogue.ids, n) if source == "held" and "reason" in columns else ((), None)
    return Held(rights=catalogue.ids, waves=WAVES, codes=MappingProxyType(codes), amounts=MappingProxyType(amounts), since=None, reasons=reasons,
                reason=reason, answered=MappingProxyType(answered))


def _reasons(session: Any, unit: str, rights: tuple[str, ...], n: int) -> tuple[tuple[str, ...], Any]:
    """Why a right isn't received at the last wave: the words, and their place for each unit and right (-1 where none is given)."""
    given = "reason IS NOT NULL AND reason <> ''"
    words = tuple(str(row[0]) for row in _run(session, f"SELECT DISTINCT reason FROM held WHERE {given} ORDER BY reason").fetchall())
    places = np.full((n, len(rights)), -1, dtype=np.int16)
    statement = (f"SELECT u.place, (list_position(?, r.reason) - 1)::SMALLINT AS code FROM held r JOIN numbered u ON u.unit = r.{unit} "
                 f'WHERE r."right" = ? AND r.wave = ? AND {given}')
    for place, right in enumerate(rights):
        found = _run(session, statement, [list(words), right, WAVES[1]]).fetchnumpy()
        places[_plain(found["place"]), place] = _plain(found["code"])
    return words, places


def _fill_held(
    session: Any, registers: Registers, right: str, place: int, codes: Mapping[tuple[str, str], Any], amounts: Mapping[str, Any],
    answered: Mapping[str, Any], columns: set[str],
) -> None:
    """One right from a table of rights held."""
    unit, kept = _name(registers.unit), [stage for stage in STAGES if stage in columns]
    none = ", ".join(str(int(code)) for code in (*registers.missing, UNKNOWN))
    wanted = ["u.place", *(f"CASE WHEN r.{stage} IS NULL OR r.{stage}::SMALLINT IN ({none}) THEN {UNKNOWN} ELSE r.{stage}::SMALLINT END::TINYINT "
                           f"AS {stage}" for stage in kept)]
    if "monthly_amount" in columns:
        wanted.append("r.monthly_amount::FLOAT AS euros")
    statement = f'SELECT {", ".join(wanted)} FROM held r JOIN numbered u ON u.unit = r.{unit} WHERE r."right" = ? AND r.wave = ?'
    for wave in WAVES:
        found = _run(session, statement, [right, wave]).fetchnumpy()
        rows = _plain(found["place"])
        for stage in kept:
            given = _plain(found[stage])
            odd = int((~np.isin(given, (0, 1, UNKNOWN))).sum())
            collect(MeasureError, [Fault(f"{odd} values are neither 0 nor 1", stage, "0, 1 or missing",
                                         "Name the codes that stand for no answer in missing=.")] if odd else [])
            codes[stage, wave][rows, place] = given
        if "euros" in found:
            amounts[wave][rows, place] = np.ma.filled(found["euros"].astype(np.float32), np.nan)
        answered[wave][rows] = True


def _fill_monthly(
    session: Any, registers: Registers, right: str, place: int, codes: Mapping[tuple[str, str], Any], amounts: Mapping[str, Any],
) -> None:
    """One right from a monthly register and the list of those entitled at the draw."""
    joined = f"JOIN numbered u ON u.unit = r.{_name(registers.unit)}"
    entitled = _run(session, f'SELECT DISTINCT u.place FROM eligible r {joined} WHERE r."right" = ?', [right]).fetchnumpy()
    codes[ELIGIBLE, WAVES[0]][:, place] = 0
    codes[ELIGIBLE, WAVES[0]][_plain(entitled["place"]), place] = 1
    later = f"u.drawn + {int(registers.follow_up)}"
    wanted = ", ".join(
        f"max((r.month = {month})::TINYINT) AS {name}, sum(CASE WHEN r.month = {month} THEN r.amount ELSE 0 END)::FLOAT AS euros_{name}"
        for name, month in (("before", "u.drawn"), ("after", later)))
    statement = f'SELECT u.place, {wanted} FROM monthly r {joined} WHERE r."right" = ? AND r.month IN (u.drawn, {later}) GROUP BY u.place'
    found = _run(session, statement, [right]).fetchnumpy()
    rows = _plain(found["place"])
    for wave, time in zip(WAVES, ("before", "after"), strict=True):
        codes[RECEIVES, wave][:, place] = 0
        codes[RECEIVES, wave][rows, place] = _plain(found[time])
        here = _plain(found[time]) == 1
        amounts[wave][rows[here], place] = _plain(found[f"euros_{time}"])[here]


def waits_from_registers(session: Any, registers: Registers, held: Held) -> tuple[Any, Any] | None:
    """Months from the draw to the first new right (to the end of follow-up where there was none), nan where not known, and whether there was one.

    In a monthly register the first month of a right that wasn't received in the month of the draw. In a table of rights held, as in a study: a right
    that is received at the last wave and wasn't before, from its day. None where days aren't kept. Call it after `held_from_registers`.
    """
    if registers.monthly is not None:
        first = np.full(held.n, np.inf)
        later = f"u.drawn + {int(registers.follow_up)}"
        statement = (f"SELECT u.place, min(r.month - u.drawn)::DOUBLE AS wait FROM monthly r JOIN numbered u ON u.unit = r.{_name(registers.unit)} "
                     f'WHERE r."right" = ? AND r.month BETWEEN u.drawn AND {later} GROUP BY u.place')
        for right in held.rights:
            found = _run(session, statement, [right]).fetchnumpy()
            rows, wait = _plain(found["place"]), _plain(found["wait"])
            new = wait > 0  # 0: received in the month of the draw already
            first[rows[new]] = np.minimum(first[rows[new]], wait[new])
        happened = np.isfinite(first)
        return np.where(happened, first, float(registers.follow_up)), happened.astype(float)
    if registers.drawn_on is None or registers.asked_on is None or "since" not in _columns(session, "held"):
        return None
    return _waits_held(session, registers, held)


def _waits_held(session: Any, registers: Registers, held: Held) -> tuple[Any, Any]:
    drawn, asked, unit = (_name(str(name)) for name in (registers.drawn_on, registers.asked_on, registers.unit))
    followed = np.full(held.n, np.nan)
    statement = f"SELECT u.place, date_diff('day', {drawn}, {asked})::DOUBLE AS days FROM units JOIN numbered u ON u.unit = units.{unit}"
    found = _run(session, statement).fetchnumpy()
    followed[_plain(found["place"])] = np.ma.filled(found["days"], np.nan)
    first, any_new = np.full(held.n, np.inf), np.zeros(held.n, dtype=bool)
    statement = (f"SELECT u.place, date_diff('day', {drawn}, r.since)::DOUBLE AS days FROM held r JOIN numbered u ON u.unit = r.{unit} "
                 f'JOIN units ON units.{unit} = r.{unit} WHERE r."right" = ? AND r.wave = ? AND r.since IS NOT NULL AND {drawn} IS NOT NULL')
    for place, right in enumerate(held.rights):
        new = (held.at(RECEIVES, WAVES[1])[:, place] == 1) & (held.at(RECEIVES, WAVES[0])[:, place] == 0)
        any_new |= new
        found = _run(session, statement, [right, WAVES[1]]).fetchnumpy()
        rows, days = _plain(found["place"]), _plain(found["days"])
        kept = new[rows] & (days >= 0)
        first[rows[kept]] = np.minimum(first[rows[kept]], days[kept])
    none = held.heard(WAVES[1]) & ~any_new
    days = np.where(none, np.where(followed >= 0, followed, np.nan), np.where(np.isfinite(first), first, np.nan))
    return days / MONTH, np.where(np.isnan(days), np.nan, (~none).astype(float))


def _columns(session: Any, view: str) -> set[str]:
    return {str(row[0]) for row in _run(session, f"DESCRIBE {view}").fetchall()}


def units_frame(session: Any, registers: Registers, columns: tuple[str, ...]) -> Any:
    """The design's columns of all units in the order of their ids, as a DataFrame; texts as categories."""
    names = ", ".join(_name(name) for name in dict.fromkeys(columns))
    frame = _run(session, f"SELECT {names} FROM units ORDER BY {_name(registers.unit)}").df()
    return frame.astype(dict.fromkeys(_texts(frame), "category"))


def _texts(frame: Any) -> Iterator[str]:
    from pandas.api.types import is_object_dtype, is_string_dtype

    return (str(name) for name in frame.columns if is_object_dtype(frame[name].dtype) or is_string_dtype(frame[name].dtype))


def _run(session: Any, statement: str, values: list[Any] | None = None) -> Any:
    """Run a statement; see `_guarded`."""
    return _guarded(lambda: session.execute(statement, values or []))


def _guarded(work: Callable[[], Any]) -> Any:
    """What the engine does, or a MeasureError without any value of the data where it refuses."""
    import duckdb

    try:
        return work()
    except duckdb.IOException:
        raise MeasureError(Fault("a file can't be read", "registers", remedy="Check the paths and that the files are Parquet.")) from None
    except duckdb.BinderException:
        raise MeasureError(Fault("a column isn't there", "registers", "unit, right, wave or month, and the columns of the design")) from None
    except duckdb.Error as error:
        raise MeasureError(Fault(f"the engine refused to read them ({type(error).__name__})", "registers")) from None


def _plain(values: Any) -> Any:
    """An array without a mask: these columns have no missing values."""
    return np.ma.getdata(values)


def _name(column: str) -> str:
    """A column's name as a statement writes it."""
    return '"' + column.replace('"', '""') + '"'
