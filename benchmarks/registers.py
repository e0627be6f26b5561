"""Registers: seconds, rows a second and peak memory, beside DuckDB's own bare scan of the same columns.

Run: python benchmarks/registers.py [ROWS ...]     (100000 and 1000000 unless said)

A Parquet file is made by DuckDB itself: persons in 581 municipalities, half of them treated, with a numeric and a 0/1 outcome. Each
measurement has a process of its own. `scan` is one sum of every column that the ANCOVA reads, asked of DuckDB directly: what it costs to
look at the rows once. Ends with 1 when memory grows with the rows by more than ALLOWED megabytes.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ALLOWED = 400.0
"""Megabytes of growth from the smallest to the largest number of rows: DuckDB's buffers by thread, which stop growing."""
COVARIATES = ["age", "income"]
CASES = (
    "scan", "difference, clusters (CR2)", "ANCOVA, clusters (CR2)", "difference, units (Neyman)", "ANCOVA, units (HC2)",
    "binary ratio, clusters (CR2)",
)


def make(path: Path, rows: int) -> None:
    """The register, written without passing through Python."""
    import duckdb

    duckdb.execute("SELECT setseed(0.5)")
    duckdb.execute(f"""
        COPY (
            SELECT i AS person, town, town % 2 AS arm, age, income, 100 + age * 0.1 + (town % 2) + 8 * random() + (town % 7) AS months,
                   CAST(random() < 0.3 + 0.05 * (town % 2) AS INTEGER) AS took
            FROM (SELECT i, CAST(floor(random() * 581) AS INTEGER) AS town, round(18 + 60 * random(), 1) AS age, exp(7 + random()) AS income
                  FROM range({rows}) AS r(i))
        ) TO '{path}' (FORMAT parquet)
    """)


def work(case: str, path: Path) -> None:
    """One measurement: what is timed, after all that is loaded once."""
    import duckdb
    import ibis  # noqa: F401

    import takeup as tu

    if case == "scan":
        ask = "SELECT sum(town), sum(arm), sum(age), sum(income), sum(months) FROM read_parquet(?)"
        duckdb.execute(ask, [str(path)]).fetchall()  # the first look also fetches the file from disk
        begun = time.perf_counter()
        duckdb.execute(ask, [str(path)]).fetchall()
    else:
        clustered = tu.Design("arm", 0, draw="clustered", clusters="town")
        design = clustered if "clusters" in case else tu.Design("arm", 0)
        options: dict[str, object] = {"covariates": COVARIATES} if "ANCOVA" in case else {}
        outcome = "months"
        if "binary" in case:
            outcome, options = "took", {"method": "binary", "scale": "ratio"}
        tu.from_register(path.parent / "warm.parquet", outcome, design, **options)
        begun = time.perf_counter()
        found = tu.from_register(path, outcome, design, **options)
        assert found.std_error > 0, found.reason
    seconds = time.perf_counter() - begun
    print(json.dumps({"seconds": seconds, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def main(sizes: list[int]) -> int:
    memory: dict[str, list[float]] = {case: [] for case in CASES}
    print(f"{'rows':>12}  {'case':<30} {'seconds':>8} {'rows a second':>14} {'x scan':>7} {'peak MB':>8}")
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder) / "warm.parquet", 5000)
        for rows in sizes:
            path = Path(folder) / "register.parquet"
            make(path, rows)
            scan = 0.0
            for case in CASES:
                run = subprocess.run([sys.executable, __file__, "--one", case, str(path)], check=True, capture_output=True, text=True)
                found = json.loads(run.stdout)
                scan = found["seconds"] if case == "scan" else scan
                memory[case].append(found["megabytes"])
                rate, ratio = rows / found["seconds"], found["seconds"] / scan
                print(f"{rows:>12,}  {case:<30} {found['seconds']:>8.2f} {rate:>14,.0f} {ratio:>7.1f} {found['megabytes']:>8.0f}", flush=True)
    growth = max(seen[-1] - seen[0] for case, seen in memory.items() if case != "scan")
    print(f"largest growth of memory, {min(sizes):,} to {max(sizes):,} rows: {growth:.0f} MB (allowed: {ALLOWED:.0f})")
    return 0 if growth <= ALLOWED else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        work(sys.argv[2], Path(sys.argv[3]))
    else:
        sys.exit(main(sorted(int(float(size)) for size in sys.argv[1:]) or [100_000, 1_000_000]))
