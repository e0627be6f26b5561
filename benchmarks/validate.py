"""How long the validator takes: a million rows x 40 columns, once read, with seeded faults that must all be found.

Run: python benchmarks/validate.py [ROWS]
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd

from takeup.intake.check import check_table
from takeup.intake.schema import Category, Field, TableSchema

TARGET = 1.0
MISSING = (Category(""), Category("-9"), Category("-8"))


def schema() -> TableSchema:
    """One key, 12 whole numbers, 10 numbers, 6 columns of labels, 6 scale items, 2 dates, 2 booleans, 1 code with a pattern."""
    words = tuple(Category(word) for word in ("single", "couple", "widowed", "divorced", "other"))
    return TableSchema(name="million", primary_key=("id",), fields=(
        Field(name="id", type="integer", required=True, unique=True, minimum=1),
        *(Field(name=f"int{i}", type="integer", minimum=0, maximum=120, missing_values=MISSING) for i in range(12)),
        *(Field(name=f"num{i}", type="number", minimum=-10, maximum=10, required=i < 3) for i in range(10)),
        *(Field(name=f"label{i}", type="string", categories=words) for i in range(6)),
        *(Field(name=f"item{i}", type="integer", ordered=True, categories=tuple(map(Category, range(6))), missing_values=MISSING) for i in range(6)),
        *(Field(name=f"day{i}", type="date") for i in range(2)),
        *(Field(name=f"yes{i}", type="boolean") for i in range(2)),
        Field(name="centre", type="string", pattern=r"[A-Z]{2}[0-9]{3}", min_length=5, max_length=5),
    ))


def frame(rows: int, rng: np.random.Generator) -> tuple[pd.DataFrame, int]:
    """The table as a reader gives it, and the number of cells at fault in it."""
    words = np.array(["single", "couple", "widowed", "divorced", "other"], dtype=object)
    columns: dict[str, object] = {"id": np.arange(1, rows + 1)}
    columns |= {f"int{i}": rng.integers(0, 121, rows) for i in range(12)}
    columns |= {f"num{i}": rng.uniform(-10, 10, rows) for i in range(10)}
    columns |= {f"label{i}": pd.array(words[rng.integers(0, 5, rows)], dtype="str") for i in range(6)}
    columns |= {f"item{i}": rng.integers(0, 6, rows) for i in range(6)}
    columns |= {f"day{i}": np.datetime64("2017-04-01", "us") + rng.integers(0, 700, rows).astype("timedelta64[D]") for i in range(2)}
    columns |= {f"yes{i}": rng.random(rows) < 0.5 for i in range(2)}
    columns["centre"] = pd.array(np.array([f"BE{i:03d}" for i in range(581)], dtype=object)[rng.integers(0, 581, rows)], dtype="str")
    table = pd.DataFrame(columns)
    bad = rng.choice(rows, 200, replace=False)
    for name in ("int3", "num4", "item2"):
        table.loc[bad, name] = 999
    table.loc[bad, "label1"] = "singel"
    table.loc[bad, "centre"] = "be1"
    table.loc[bad, "num0"] = np.nan
    table.index += 2
    return table, 200 * 7  # two rules for the centre: pattern and length


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    table, planted = frame(rows, np.random.default_rng(20191130))
    definition = schema()
    times, work = [], []
    for _ in range(5):
        start, busy = time.perf_counter(), time.process_time()
        checked = check_table(table, definition, file="million.parquet")
        times.append(time.perf_counter() - start)
        work.append(time.process_time() - busy)
    found = sum(len(cells) for cells in checked.bad)
    print(f"{rows:,} rows x {len(definition.fields)} columns: median {np.median(times):.2f} s, best {min(times):.2f} s; "
          f"processor {np.median(work):.2f} s (one thread, nothing else running); "
          f"{found} of {planted} cells at fault found; target {TARGET} s")
    if found != planted or (rows >= 1_000_000 and np.median(work) > TARGET):
        sys.exit(1)


if __name__ == "__main__":
    main()
