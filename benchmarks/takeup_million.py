"""A million households: the take-up tables through DuckDB, in under 2 GB. `python benchmarks/takeup_million.py [HOUSEHOLDS]`.

Two ways. Made-up monthly registers, written by the engine; and the synthetic MISSION itself (`takeup demo mission --n 1000000`), rights held with the
day since which each is received. The generator and both readings each run in a process of its own, whose peak memory is measured. Ends with 1 where a
target is missed.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

import takeup as tu

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = ROOT / "data_schema" / "mission" / "rights.yaml"
DESIGN = tu.Design("arm", "control", draw="blocked", blocks="batch")
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


def read_monthly(folder: Path) -> dict[str, Any]:
    """The tables of the monthly registers, and the effect that was put in."""
    registers = tu.Registers(units=folder / "units.parquet", unit="household", monthly=folder / "monthly.parquet",
                             eligible=folder / "eligible.parquet")
    found = tu.takeup_of_registers(registers, DESIGN, CATALOGUE, folder=folder)
    effect = next(item for item in found if item.provenance.id == "takeup.effect.all")
    return {"results": len(found), "off": abs(effect.estimate - LIFT) / effect.std_error}


def make_mission(folder: Path, households: int) -> dict[str, Any]:
    """The synthetic MISSION, and what it was made with: the true effect on supplementary support."""
    truth = tu.demo("mission", folder, n=households)
    return {"truth": truth["supplementary_support"].population}


def read_mission(folder: Path) -> dict[str, Any]:
    """The tables of the rights held, waiting times among them, and how far the effect on supplementary support is from the truth."""
    import duckdb

    data = folder / "reports" / "mission" / "data"
    with duckdb.connect() as session:
        session.execute("SET memory_limit = '512MB'")
        session.execute(f"""COPY (SELECT h.*, e.asked_on FROM read_parquet('{data}/households.parquet') h LEFT JOIN
                            read_parquet('{data}/endline.parquet') e USING (household_id)) TO '{folder}/units.parquet' (FORMAT parquet)""")
    registers = tu.Registers(units=folder / "units.parquet", unit="household_id", held=data / "rights.parquet", drawn_on="randomized_on",
                             asked_on="asked_on", missing=(-9, -8))
    found = {item.provenance.id: item for item in tu.takeup_of_registers(registers, DESIGN, CATALOGUE, folder=folder)}
    effect = found["takeup.effect.aanvullende_steun"]
    waits = [name for name in found if name.startswith("waiting")]
    return {"results": len(found), "waits": len(waits), "estimate": effect.estimate, "std_error": effect.std_error}


STEPS = {"read_monthly": read_monthly, "make_mission": make_mission, "read_mission": read_mission}


def peak() -> float:
    """Most memory this process held, in GB; where the system tells it, without what the parent held before it began."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text(encoding="ascii", errors="ignore").splitlines() if line.startswith("VmHWM"))
        return float(line.split()[1]) / 1024**2
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 ** (3 if sys.platform == "darwin" else 2)


def measured(step: str, folder: Path, *numbers: int) -> dict[str, Any]:
    """What a step finds, in a process of its own, with its seconds, processor seconds and peak memory."""
    words = [sys.executable, __file__, "--step", step, str(folder), *map(str, numbers)]
    found: dict[str, Any] = json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return found


def step(words: list[str]) -> dict[str, Any]:
    """One step, in this process."""
    begun = perf_counter()
    found = STEPS[words[0]](Path(words[1]), *map(int, words[2:]))
    return {**found, "seconds": perf_counter() - begun, "processor": process_time(), "gigabytes": peak()}


def told(name: str, found: dict[str, Any], more: str = "") -> str:
    missed = "" if found["gigabytes"] < GIGABYTES else "   MISSED"
    return (f"{name}: {found['seconds']:.0f} s ({found['processor']:.0f} s of processor), peak {found['gigabytes']:.2f} GB "
            f"(target {GIGABYTES:g}){more}{missed}")


def main(words: list[str]) -> int:
    """Write, read, judge."""
    if words[:1] == ["--step"]:
        print(json.dumps(step(words[1:])))
        return 0
    households = int(words[0]) if words else 1_000_000
    with TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, households)
        sizes = sum(path.stat().st_size for path in folder.glob("*.parquet")) / 1024**2
        monthly = measured("read_monthly", folder)
        print(told(f"{households:,} households, monthly registers of {sizes:.0f} MB", monthly, f", {monthly['results']} results"))
    with TemporaryDirectory() as name:
        made = measured("make_mission", Path(name), households)
        print(told(f"{households:,} families of MISSION written", made))
        held = measured("read_mission", Path(name))
        print(told("their take-up tables", held, f", {held['results']} results, {held['waits']} of waiting times"))
    off = abs(held["estimate"] - made["truth"]) / held["std_error"]
    print(f"effect put in and found: {monthly['off']:.1f} and {off:.1f} standard errors apart")
    kept = max(found["gigabytes"] for found in (monthly, made, held)) < GIGABYTES and max(monthly["off"], off) < 5
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
