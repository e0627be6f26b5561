"""Take-up tables of a whole population from its registers, by the code that makes a study's chapter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.measure.registers import Registers, connected, held_from_registers, units_frame, waits_from_registers
from takeup.measure.rights import Rights
from takeup.measure.rights_catalogue import read_catalogue
from takeup.results import Provenance, Result, ResultSet
from takeup.study.takeup import Takers, tables
from takeup.study.waiting import HAPPENED, MONTHS, curves
from takeup.version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from takeup.design import Design

__all__ = ["Registers", "takeup_of_registers"]


def takeup_of_registers(
    registers: Registers, design: Design, catalogue: str | Path, *, conf_level: float = 0.95, memory: str = "512MB", folder: str | Path | None = None,
) -> ResultSet:
    """The chapter of take-up (`Study.takeup`) from Parquet files, in bounded memory.

    Parameters
    ----------
    registers : Registers
    design : treatment, control, draw, blocks ... : columns of ``registers.units``
    catalogue : path of the catalogue of rights
    memory : what the engine may use before it puts things into `folder`; the codes come on top, ten bytes a unit and right

    Returns
    -------
    ResultSet
        As in a study, effects by difference in means with the design's inference; with days of receipt also the waiting curves and the difference in
        mean waiting time. Not yet through the disclosure gate.

    Raises
    ------
    MeasureError
        Files, columns or rights that don't fit; DuckDB that isn't installed.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import duckdb, takeup as tu
    >>> with TemporaryDirectory() as folder:
    ...     truth = tu.demo("mission", folder)  # for its catalogue
    ...     people = "SELECT range AS id, CASE WHEN range % 2 = 0 THEN 'treated' ELSE 'usual' END AS arm FROM range(400)"
    ...     rows = "SELECT range AS id, 'uitpas' AS right, wave, 1 AS eligible, (wave = 'endline' AND range % 4 = 0)::INT AS receives"
    ...     for name, query in (("people", people), ("held", f"{rows} FROM range(400), (VALUES ('baseline'), ('endline')) t(wave)")):
    ...         _ = duckdb.execute(f"COPY ({query}) TO '{folder}/{name}.parquet' (FORMAT parquet)")
    ...     registers = tu.Registers(units=f"{folder}/people.parquet", unit="id", held=f"{folder}/held.parquet")
    ...     found = tu.takeup_of_registers(registers, tu.Design("arm", "usual"), f"{folder}/data_schema/mission/rights.yaml")
    >>> found["uitpas"].estimate
    0.5
    """
    words = read_catalogue(catalogue)
    session = connected(memory, folder)
    try:
        held = held_from_registers(session, registers, words)
        waits = waits_from_registers(session, registers, held)
        frame = units_frame(session, registers, design.columns)
    finally:
        session.close()
    present = frame[design.treatment].dropna().unique().tolist()
    arms = tuple(sorted((value for value in present if value != design.control), key=str))
    takers = Takers(rights=Rights(catalogue=words, held=held), frame=frame, design=design, arms=arms, estimator="difference_in_means",
                    conf_level=conf_level)
    found = [*tables(takers)]
    if waits is not None:
        months, happened = waits
        found += curves(takers, frame[list(design.columns)].assign(**{MONTHS: months, HAPPENED: happened}))
    return ResultSet(tuple(_stamped(name, result) for name, result in found))


def _stamped(name: str, result: Result) -> Result:
    return result.replace(provenance=Provenance(id=name, version=__version__))
