"""Files damaged at random: the study opens, or says why it doesn't; never another error, never a warning, never a value."""

from __future__ import annotations

import random

import pytest

from intake.planted import SECRETS, write_study
from takeup.errors import IntakeError, TakeupError
from takeup.intake.read import read_table
from takeup.intake.trial import open_files
from takeup.plan.model import Table

PIECES = (b"\x00", b'"', b",", b";", b"\n", b"\xff", b"\xef\xbb\xbf", b"1e400", b"-", b"  ", b"nan", b"True", b"2019-13-01", b"9" * 30, b"\r", b"\t",
          b"{", b"}",
          b"[", b":", b"*a", b"&a", b"!!x", b"''", b"#", b"null", b"id", b"9999-12-31", b"0001-01-01")
VALUES = tuple(secret.encode() for secret in SECRETS)
"""Only tables get these: what is written into a schema or a plan is no value of the data, and messages say it."""


def damaged(content: bytes, rng: random.Random, pieces: tuple[bytes, ...] = (*PIECES, *VALUES)) -> bytes:
    """Insert, cut, truncate, repeat, or exchange two lines."""
    start = rng.randrange(len(content) + 1)
    match rng.randrange(5):
        case 0:
            return content[:start] + rng.choice(pieces) + content[start:]
        case 1:
            return content[:start] + content[start + rng.randrange(1, 8) :]
        case 2:
            return content[:start]
        case 3:
            other = rng.randrange(len(content) + 1)
            return content[:start] + content[other : other + rng.randrange(40)] + content[start:]
        case _:
            lines = content.split(b"\n")
            first, second = rng.randrange(len(lines)), rng.randrange(len(lines))
            lines[first], lines[second] = lines[second], lines[first]
            return b"\n".join(lines)


def survives(tmp_path, seed: int, cases: int) -> None:
    plan = write_study(tmp_path)
    sound = {path: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()}
    rng = random.Random(seed)
    for _ in range(cases):
        for path in rng.sample(list(sound), k=rng.choice([1, 1, 1, 2])):
            path.write_bytes(damaged(sound[path], rng, (*PIECES, *VALUES) if path.suffix == ".csv" else PIECES))
        try:
            open_files(plan)
        except TakeupError as error:
            data = [str(fault) for fault in error.faults if "data/" in fault.where]
            assert not [secret for secret in SECRETS for message in data if secret in message]
        for path, content in sound.items():
            path.write_bytes(content)


def test_a_damaged_study_opens_or_says_why_not(tmp_path):
    survives(tmp_path, 20191130, 60)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_a_damaged_study_opens_or_says_why_not_many_times(tmp_path, seed):
    survives(tmp_path, seed, 2000)


def test_a_category_that_stands_twice_is_told_with_what_is_wrong_in_the_data(tmp_path):
    plan = write_study(tmp_path)
    for path in tmp_path.rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("categories: [D0, D1, D2]", "categories: [D0, D1, D1]"), encoding="utf-8")
    with pytest.raises(TakeupError) as info:
        open_files(plan)
    assert "a category stands twice" in str(info.value)
    assert "no category of the schema" in str(info.value)


@pytest.mark.parametrize("kind", ["xlsx", "sav", "dta", "parquet"])
def test_damaged_binary_files_are_refused_or_read(tmp_path, kind):
    """A few of each kind, since each is read by a process of its own; `make fuzz` damages thousands."""
    import pandas as pd

    path = tmp_path / f"survey.{kind}"
    frame = pd.DataFrame({"id": range(40), "q": [1.0, 99.0] * 20, "naam": ["Zonneschijn", "bé"] * 20})
    if kind == "xlsx":
        xlsxwriter = pytest.importorskip("xlsxwriter")
        pytest.importorskip("python_calamine")
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet()
            for i, row in enumerate([list(frame.columns), *frame.itertuples(index=False, name=None)]):
                sheet.write_row(i, 0, row)
    elif kind in {"sav", "dta"}:
        getattr(pytest.importorskip("pyreadstat"), f"write_{kind}")(frame, str(path))
    else:
        pytest.importorskip("pyarrow")
        frame.to_parquet(path)
    sound, rng = path.read_bytes(), random.Random(7)
    for _ in range(8):
        content = bytearray(sound[: rng.randrange(4, len(sound))] if rng.random() < 0.2 else sound)
        for _ in range(rng.choice([1, 2, 8])):
            content[rng.randrange(len(content))] = rng.randrange(256)
        path.write_bytes(bytes(content))
        try:
            read_table(path, Table(file=path.name, schema="s.yaml"), name="survey")
        except IntakeError as error:
            assert "Zonneschijn" not in str(error)  # noqa: PT017
