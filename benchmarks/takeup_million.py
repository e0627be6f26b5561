"""A million households with monthly rights: the take-up tables through DuckDB, in under 2 GB. `python benchmarks/takeup_million.py [HOUSEHOLDS]`.

Made-up registers are written by the engine, then read in a process of its own whose peak memory is measured. Ends with 1 where a target is missed.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import takeup as tu

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = ROOT / "data_schema" / "mission" / "rights.yaml"
GIGABYTES, LIFT = 2.0, 0.05


def write(folder: Path, households: int) -> None:
    """Registers by the engine: every household entitled to half of the rights, a fifth received, five in a hundred more with the programme."""
    from takeup.measure.registers import connected
    from takeup.measure.rights_catalogue import read_catalogue

    session = connected("1GB", folder)
    names = ", ".join(f"({place}, '{right}')" for place, right in enumerate(read_catalogue(CATALOGUE).ids))
    session.execute(f'CREATE TEMP TABLE rights AS SELECT * FROM (VALUES {names}) t(place, "right")')
    session.execute(f"""COPY (SELECT range AS household, range // 4000 AS batch, 12 + range // 4000 % 12 AS drawn,
                        CASE WHEN hash(range) % 4000 < 2000 THEN 'outreach' ELSE 'control' END AS arm FROM range({households}))
                        TO '{folder}/units.parquet' (FORMAT parquet)""")
    session.execute(f"""COPY (SELECT household, "right" FROM read_parquet('{folder}/units.parquet'), rights
                        WHERE hash(household, place, 1) % 100 < 50) TO '{folder}/eligible.parquet' (FORMAT parquet)""")
    received = f"""SELECT household, "right", place,
                   CASE WHEN hash(household, place, 2) % 100 < 15 THEN 0 ELSE drawn + 1 + hash(household, place, 3) % 6 END AS since
                   FROM read_parquet('{folder}/units.parquet'), rights WHERE hash(household, place, 1) % 100 < 50 AND
                   hash(household, place, 4) % 100 < 20 + CASE WHEN arm = 'outreach' THEN {100 * LIFT} ELSE 0 END"""
    session.execute(f"""COPY (SELECT household, "right", month, 40 + place AS amount FROM ({received}), range(12, 36) t(month)
                        WHERE month >= since) TO '{folder}/monthly.parquet' (FORMAT parquet)""")
    session.close()


def measured(folder: Path) -> dict[str, float]:
    """The tables, in this process: seconds, peak memory, and the effect that was put in."""
    begun = perf_counter()
    registers = tu.Registers(units=folder / "units.parquet", unit="household", monthly=folder / "monthly.parquet",
                             eligible=folder / "eligible.parquet")
    found = tu.takeup_of_registers(registers, tu.Design("arm", "control", draw="blocked", blocks="batch"), CATALOGUE, folder=folder)
    effect = next(item for item in found if item.provenance.id == "takeup.effect.all")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return {"seconds": perf_counter() - begun, "gigabytes": peak, "results": len(found), "effect": effect.estimate, "std_error": effect.std_error}


def main(words: list[str]) -> int:
    """Write, read in a child, judge."""
    if words[:1] == ["--read"]:
        print(json.dumps(measured(Path(words[1]))))
        return 0
    households = int(words[0]) if words else 1_000_000
    with TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, households)
        sizes = sum(path.stat().st_size for path in folder.glob("*.parquet")) / 1024**2
        child = subprocess.run([sys.executable, __file__, "--read", name], check=True, capture_output=True, text=True)
        found = json.loads(child.stdout)
    kept = found["gigabytes"] < GIGABYTES and abs(found["effect"] - LIFT) < 5 * found["std_error"]
    print(f"{households:,} households, registers of {sizes:.0f} MB: {found['results']} results in {found['seconds']:.0f} s, "
          f"peak {found['gigabytes']:.2f} GB (target {GIGABYTES:g}), effect {found['effect']:.4f} (put in {LIFT}){'' if kept else '   MISSED'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
