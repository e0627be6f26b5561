"""The endline of `trust.villages` as a workbook, SPSS, Stata and Parquet file, and the ways in which such files go wrong."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from intake.planted import edit
from trust.mutations import damaged
from trust.villages import SECRETS, STUDY, Mutation, read

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

    from pandas import DataFrame

KINDS = ("xlsx", "sav", "dta", "parquet")
READER = "reader in a process of its own"


def frame_of(folder: Path) -> DataFrame:
    """The endline as numbers; -9 is its code for no answer."""
    import pandas as pd

    head, *rows = read(folder, "endline")
    frame = pd.DataFrame(rows, columns=head)
    return frame.assign(id=frame["id"].astype("int64"), inc=frame["inc"].str.replace(",", ".").astype(float), trust=frame["trust"].astype("int64"),
                        day=pd.to_datetime(frame["day"]))


def save(path: Path, frame: DataFrame, **options: Any) -> None:
    """Write a frame in the form that the path's ending says."""
    kind = path.suffix[1:]
    if kind == "parquet":
        frame.to_parquet(path)
    elif kind == "xlsx":
        import xlsxwriter

        with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd", "nan_inf_to_errors": True}) as book:
            sheet = book.add_worksheet("Data")
            sheet.write_row(0, 0, list(frame.columns))
            for i, row in enumerate(frame.itertuples(index=False), start=1):
                for j, value in enumerate(row):
                    if hasattr(value, "to_pydatetime"):
                        sheet.write_datetime(i, j, value.to_pydatetime())
                    else:
                        sheet.write(i, j, value)
    else:
        import pyreadstat

        day = {"day": frame["day"].dt.date} if "day" in frame and frame["day"].dtype.kind == "M" else {}
        getattr(pyreadstat, f"write_{kind}")(frame.assign(**day), str(path), **options)


@cache
def sound(folder: Path, kind: str) -> bytes:
    """The sound file of a kind."""
    path = folder / STUDY / "data" / f"endline.{kind}"
    save(path, frame_of(folder))
    return path.read_bytes()


def _as(folder: Path, kind: str, data: bytes | None = None, frame: DataFrame | None = None, **options: Any) -> str:
    """The study with its endline in a file of this kind."""
    path = folder / STUDY / "data" / f"endline.{kind}"
    edit("plan.yaml", "endline: {file: data/endline.csv", f"endline: {{file: data/endline.{kind}")(folder)
    if frame is not None:
        save(path, frame, **options)
    else:
        path.write_bytes(sound(folder, kind) if data is None else data)
    return f"data/endline.{kind}"


def whole(kind: str) -> Callable[[Path, random.Random], str]:
    """Nothing wrong: another kind of file."""
    return lambda folder, _: _as(folder, kind)


def cut(kind: str) -> Callable[[Path, random.Random], str]:
    """The file cut off."""

    def plant(folder: Path, rng: random.Random) -> str:
        data = sound(folder, kind)
        return _as(folder, kind, data[: rng.randrange(1, len(data) - 8)])

    return plant


def struck(kind: str) -> Callable[[Path, random.Random], str]:
    """Bytes of the file changed."""

    def plant(folder: Path, rng: random.Random) -> str:
        data = bytearray(sound(folder, kind))
        if rng.random() < 0.3:
            data = bytearray(damaged(bytes(data), rng))
        for _ in range(rng.choice((1, 2, 8))):
            data[rng.randrange(len(data))] = rng.randrange(256)
        return _as(folder, kind, bytes(data))

    return plant


def planted(kind: str) -> Callable[[Path, random.Random], str]:
    """One cell that the schema doesn't allow."""

    def plant(folder: Path, rng: random.Random) -> str:
        import pandas as pd

        frame = frame_of(folder)
        row = rng.randrange(len(frame))
        column, value = rng.choice((
            ("trust", 99), ("inc", -84729.153), ("id", 84729153), ("day", pd.Timestamp("2019-01-01")), ("work", "Zonneschijn"),
            ("trust", SECRETS[0] if kind == "xlsx" else -5), ("inc", float("inf") if kind == "parquet" else -1.0),
        ))
        if isinstance(value, str):
            frame[column] = frame[column].astype(object)
        frame.loc[row, column] = value
        return _as(folder, kind, frame=frame)

    return plant


def otherwise(folder: Path, rng: random.Random) -> str:
    """A file that isn't what its name says."""
    kind, other = rng.sample((*KINDS, "csv"), 2)
    kind = "xlsx" if kind == "csv" else kind
    data = (folder / STUDY / "data" / "endline.csv").read_bytes() if other in {"csv", kind} else sound(folder, other)
    return _as(folder, kind, data)


def many_columns(folder: Path, rng: random.Random) -> str:
    """5,000 columns that nobody asked for."""
    import pandas as pd

    kind, frame = rng.choice(("xlsx", "sav", "parquet")), frame_of(folder)
    more = pd.DataFrame(np.ones((len(frame), 5000)), columns=[f"v{i}" for i in range(5000)])
    return _as(folder, kind, frame=pd.concat([frame, more], axis=1).head(20))


def nothing(folder: Path, rng: random.Random) -> str:
    """A file without a row, or without a column."""
    kind, frame = rng.choice(("xlsx", "parquet", "sav", "dta")), frame_of(folder)
    if rng.random() < 0.4:
        return _as(folder, kind, b"")
    return _as(folder, kind, frame=frame[["id"]].iloc[:0] if kind in {"sav", "dta"} else frame.iloc[:0, :0])


def spss_ranges(folder: Path, rng: random.Random) -> str:
    """Answers that the SPSS file itself declares missing, by a range or by codes: the same as empty cells."""
    frame = frame_of(folder)
    gone = frame["inc"] == -9
    codes = [-9.0] if rng.random() < 0.5 else [-7.0, -8.0, -9.0]
    frame.loc[gone, "inc"] = [rng.choice(codes) for _ in range(int(gone.sum()))]
    said = [{"lo": -9, "hi": -7}] if rng.random() < 0.5 else codes
    return _as(folder, "sav", frame=frame, missing_ranges={"inc": said})


def spss_undeclared(folder: Path, rng: random.Random) -> str:
    """A code for no answer that nobody declared."""
    frame = frame_of(folder)
    frame.loc[rng.randrange(len(frame)), "trust"] = rng.choice((98, 99, -9, 88))
    return _as(folder, "sav", frame=frame, missing_ranges={"inc": [-9]})


def stata_missing(folder: Path, rng: random.Random) -> str:
    """Stata's own codes for no answer: the same as empty cells."""
    frame = frame_of(folder)
    frame["inc"] = [rng.choice("abz") if value == -9 else value for value in frame["inc"]]
    return _as(folder, "dta", frame=frame, missing_user_values={"inc": ["a", "b", "z"]})


BINARY: tuple[Mutation, ...] = (
    *(Mutation(f".{kind}", "as it is", "same", "", whole(kind)) for kind in KINDS),
    *(Mutation(f".{kind}", "cut off", "refused", READER, cut(kind)) for kind in KINDS),
    *(Mutation(f".{kind}", "bytes changed at random", "either", f"{READER}; rules; else the hash in the manifest", struck(kind)) for kind in KINDS),
    *(Mutation(f".{kind}", "a cell that isn't allowed", "refused", "rules of the schema, checks of the trial", planted(kind)) for kind in KINDS),
    Mutation("SPSS missing ranges", "declared in the file", "same", "", spss_ranges),
    Mutation("SPSS missing ranges", "a code that isn't declared", "refused", "limits of the schema", spss_undeclared),
    Mutation(".dta", "codes .a to .z", "same", "", stata_missing),
    Mutation("kind of file", "isn't what its name says", "refused", READER, otherwise),
    Mutation("5,000 columns", "in other files", "refused", "names of columns", many_columns),
    Mutation("empty file", "of other kinds", "refused", "emptiness, names of columns", nothing),
)
