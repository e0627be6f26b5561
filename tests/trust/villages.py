"""A sound study with recognisable values, and how a fault is planted in one of its text files.

Of a mutation `expect` says what must happen: "refused" (the study is refused, and a message names the file), "same" (it opens, with the very same
values: the change is one of form), "caught" (either of these), "either" (it opens or is refused, and whatever it says holds no value).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from intake.planted import write_study

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

Expect = Literal["refused", "same", "caught", "either"]
STUDY = "reports/villages"
NAMES = ("Анна Петрова", "李小龍", "Ελένη", "محمد", "Zoë Ångström", "O'Neill", "Łukasz", "ܫܠܡܐ")
FIRST = 70_010_000
"""Ids begin here: eight digits that stand nowhere else, so that one in a message is known."""
SECRETS = ("Zonneschijn", "84729153", "4711.2589", "317,7531", "Ζωή-9931")


@dataclass(frozen=True)
class Mutation:
    """One class of faults: what goes wrong, what must happen, and what sees it."""

    topic: str
    name: str
    expect: Expect
    detector: str
    plant: Callable[[Path, random.Random], str]
    """Changes the study's folder; the name of the file that the message must hold, or nothing."""


def write(folder: Path) -> Path:
    """The villages of `intake.planted` with ids and names that can be recognised; the path of the plan."""
    plan = write_study(folder)
    people = folder / "data_schema" / "villages" / "people.yaml"
    text = people.read_text(encoding="utf-8").replace("primaryKey: id", "  - {name: naam, type: string, sensitive: true}\nprimaryKey: id")
    people.write_text(text, encoding="utf-8")
    for table, mark in (("people", ","), ("baseline", ","), ("endline", ";")):
        rows = read(folder, table)
        for row in rows[1:]:
            row[0] = str(FIRST + int(row[0]))
        if table == "people":
            rows = [[*rows[0], "naam"], *([*row, NAMES[i % len(NAMES)]] for i, row in enumerate(rows[1:]))]
        put(folder, table, rows, mark)
    return plan


def file_of(folder: Path, table: str) -> Path:
    """The data file of a table."""
    return folder / STUDY / "data" / f"{table}.csv"


def read(folder: Path, table: str) -> list[list[str]]:
    """The rows of a table, the header first."""
    return [line.split(";" if table == "endline" else ",") for line in file_of(folder, table).read_text(encoding="utf-8").splitlines()]


def put(folder: Path, table: str, rows: list[list[str]], mark: str = "", encoding: str = "utf-8", end: str = "\n") -> str:
    """Write the rows of a table back; its name as messages have it."""
    mark = mark or (";" if table == "endline" else ",")
    file_of(folder, table).write_bytes("".join(mark.join(row) + end for row in rows).encode(encoding))
    return f"data/{table}.csv"


TABLES = ("people", "baseline", "endline")
NUMBERS = {"people": ("age",), "baseline": ("income", "trust"), "endline": ("inc", "trust")}
DATES = {"people": "drawn_on", "baseline": "day", "endline": "day"}


def cell(table: str, column: str, value: Callable[[str, random.Random], str]) -> Callable[[Path, random.Random], str]:
    """A fault in one cell of a column."""

    def plant(folder: Path, rng: random.Random) -> str:
        rows = read(folder, table)
        place = rows[0].index(column)
        row = rng.choice([row for row in rows[1:] if row[place] not in {"", "-9"}])
        row[place] = value(row[place], rng)
        return put(folder, table, rows)

    return plant


def anywhere(columns: dict[str, tuple[str, ...]], value: Callable[[str, random.Random], str]) -> Callable[[Path, random.Random], str]:
    """The same in one of several columns."""

    def plant(folder: Path, rng: random.Random) -> str:
        table = rng.choice(list(columns))
        return cell(table, rng.choice(columns[table]), value)(folder, rng)

    return plant


def header(change: Callable[[list[str], random.Random], None], tables: tuple[str, ...] = TABLES) -> Callable[[Path, random.Random], str]:
    """A fault in the row of names."""

    def plant(folder: Path, rng: random.Random) -> str:
        table = rng.choice(tables)
        rows = read(folder, table)
        change(rows[0], rng)
        return put(folder, table, rows)

    return plant


def rows_changed(change: Callable[[list[list[str]], random.Random], None], tables: tuple[str, ...] = TABLES) -> Callable[[Path, random.Random], str]:
    """A fault of whole rows; the header isn't among them."""

    def plant(folder: Path, rng: random.Random) -> str:
        table = rng.choice(tables)
        head, *rows = read(folder, table)
        change(rows, rng)
        return put(folder, table, [head, *rows])

    return plant


def content(change: Callable[[bytes, random.Random], bytes], tables: tuple[str, ...] = TABLES) -> Callable[[Path, random.Random], str]:
    """A fault of the file's bytes."""

    def plant(folder: Path, rng: random.Random) -> str:
        table = rng.choice(tables)
        path = file_of(folder, table)
        path.write_bytes(change(path.read_bytes(), rng))
        return f"data/{table}.csv"

    return plant
