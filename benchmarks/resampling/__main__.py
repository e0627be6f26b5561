"""Measure the resampling engine: ``python benchmarks/resampling [--quick] [--only 1,2,8a]`` writes benchmarks/results/resampling.md.

Peers that aren't installed are left out with a note; pyfixest and wildboottest are not among the project's dependencies.
"""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"
sys.path.insert(0, str(Path(__file__).parent))

# ruff: noqa: E402  # the threads must be fixed before NumPy is loaded
import parts
import peers
import peers_r
import process
import targets
from race import Contestant, race, seconds
from targets import DRAWS, Job, jobs

PAGE = Path(__file__).resolve().parents[1] / "results" / "resampling.md"
FOREIGN = ("pyfixest",)


def here(one: Contestant) -> bool:
    """Whether what the contestant needs is installed."""
    return peers_r.has(one.package) if one.package else peers.PYFIXEST or not one.name.startswith(FOREIGN)


def compared(job: Job, turns: int) -> list[str]:
    """The rows of one job: ours, then each peer with its ratio and the target."""
    others = [one for one in job.peers if here(one)]
    found = race(job.data(), job.replicates, [Contestant("takeup", job.ours), *others], turns)
    ours = found["takeup"].seconds
    rows = [f"| {job.number} | {job.title} | **takeup** | {seconds(ours)} | | | |"]
    for one in job.peers:
        target = f"{job.targets[one.name]:,.0f}" if one.name in job.targets else ""
        if one not in others:
            rows.append(f"| | | {one.name} | not installed | | {target} | |")
            continue
        ratio = one.seconds / ours
        verdict = "" if not target else "met" if ratio >= job.targets[one.name] else "MISSED"
        scaled = "" if one.run >= job.replicates else " (scaled)"
        rows.append(f"| | | {one.name} | {seconds(one.seconds)}{scaled} | {ratio:,.0f} | {target} | {f'{verdict} {one.remark}'.strip()} |")
    print("\n".join(rows), flush=True)
    return rows


def main(words: list[str]) -> int:
    """Run and write; 1 where a target is missed."""
    only = next((words[place + 1].split(",") for place, word in enumerate(words) if word == "--only"), [])
    turns = 3 if "--quick" in words else 5
    lines = ["# The resampling engine against its peers", "", *machine(), "",
             f"Times for {DRAWS:,} draws (5,000 simulations for power) of all outcomes, one thread, contestants taking turns in one run; ratios are",
             f"of medians over {turns} turns. Slow loops run fewer replicates and are scaled. Ours includes reading the frame, p-values and the",
             "step-down.", "",
             "| target | job | who | time | ratio | asked for | remark |", "| --- | --- | --- | --- | --- | --- | --- |"]
    for job in jobs():
        if not only or job.number in only:
            lines += compared(job, turns)
    if not only:
        lines += ["", *own(), "", *fresh()]
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")
        print("\n".join(lines[-60:]))
    return 1 if any("MISSED" in line for line in lines) else 0


def machine() -> list[str]:
    """What was measured on."""
    from importlib.metadata import PackageNotFoundError, version

    versions = []
    for package in ("numpy", "scipy", "statsmodels", "pyfixest", "wildboottest"):
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            versions.append(f"{package} not installed")
    return [f"Made by `python benchmarks/resampling` on {platform.machine()}, Python {platform.python_version()}, {', '.join(versions)}."]


def verdict(*, met: bool) -> str:
    """A word for the table."""
    return "met" if met else "MISSED"


def own() -> list[str]:
    """Efficiency, interval, whole trial and growth."""
    lines = ["## Distance to the machine", "",
             "Nanoseconds per unit and draw. Parts: drawing, unpacking, products and passes, each measured hot by itself. Ideal: random bits at the",
             "raw rate of the generator and products at the peak rate of the machine.", "",
             "| job | engine | sum of parts | ratio (at most 1.5) | ideal |", "| --- | --- | --- | --- | --- |"]
    for n, k in ((1000, 1), (1000, 12), (10_000, 12)):
        for studentized in (False, True):
            engine, total, ideal = parts.pieces(n, k, studentized=studentized)
            kind, ratio = "HC2" if studentized else "coefficient", engine / total
            lines.append(f"| {kind}, n = {n:,}, {k} outcomes | {engine:.2f} | {total:.2f} | {ratio:.2f} {verdict(met=ratio <= 1.5)} | {ideal:.2f} |")
    without, with_, search = parts.interval_cost()
    trial = parts.hot(lambda: targets.whole_trial(parts.data.mission(), 10_000), 1.0)
    more = with_ / without - 1.0
    lines += ["", f"Interval (target 13): the pass with its extra columns takes {more:.0%} more (at most 30 %: {verdict(met=more <= 0.30)}),",
              f"the search {search * 1e3:.1f} ms an interval (at most 10 ms: {verdict(met=search <= 0.010)}).", "",
              "A whole trial like MISSION (target 12): 133 families, 12 outcomes with their baselines and missing values, 5 subgroups, 10,000",
              f"draws, 72 regressions a draw, intervals and step-down: {seconds(trial)} (at most 1 s: {verdict(met=trial <= 1.0)}).", "",
              "## Growth", "", "| what grows | seconds |", "| --- | --- |"]
    lines += [f"| {what} | {'; '.join(f'{size:,}: {seconds(time)}' for size, time in sizes)} |" for what, sizes in parts.growth().items()]
    return lines


def fresh() -> list[str]:
    """Cold start and memory."""
    cold, heavy, memory = process.cold(), process.imported(), process.memory()
    again = cold["first job, n = 500, 10,000 draws"] / cold["third job"]
    lines = ["## A fresh process", "", "| what | seconds |", "| --- | --- |", *(f"| {what} | {time:.3f} |" for what, time in cold.items()), "",
             f"With the engine's names `takeup` loads {', '.join(heavy) or 'none of pandas, scipy, statsmodels, matplotlib'} (target 16: at",
             f"most 0.1 s above NumPy: {verdict(met=cold[f'or {process.ENGINE}'] <= 0.1 and not heavy)}). The first job takes {again:.2f} times the",
             f"third (at most 1.2 times: {verdict(met=again <= 1.2)}).", "", "## Memory", "",
             "100,000 rows, 12 outcomes, 3 covariates, 10,000 draws; megabytes above what the process held with its data (1,000 allowed), and the",
             "whole of each child.", "", "| how | above the data | each child |", "| --- | --- | --- |"]
    lines += [f"| {how} | {above:.0f} {verdict(met=above <= 1000)} | {child:.0f} |" for how, (above, child) in memory.items()]
    lines += ["", "Around 10,000 rows, 12 outcomes and 1,000 draws, in one process:", "",
              "| what grows | megabytes above the data |", "| --- | --- |"]
    lines += [f"| {what} | {'; '.join(f'{size:,}: {above:.0f}' for size, above in sizes)} |" for what, sizes in process.memory_growth().items()]
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
