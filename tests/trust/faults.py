"""Builds that are killed, starved and crossed: the page `docs/evidence/faults.md`.

Each case has a finished build of a study and begins another, of the same study with another seed, in a process of its own; then something goes
wrong. It survives if the folder of outputs is, to the byte, the old build or the new one, if nothing half-written is left after the next
build, and if a build that ended by itself either made the new one or said in words what to do. Run from the repository: ``make faults``.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from trust.villages import write

PAGE = Path(__file__).resolve().parents[2] / "docs" / "evidence" / "faults.md"
WITHOUT_PDF = ("--only", "results", "--only", "tables", "--only", "deviations", "--only", "codebook")
PARTS = (*WITHOUT_PDF, "--only", "pdf")
KILLS = 200
LONGEST = 300
"""Seconds after which a build that hasn't ended counts as hung."""
SIGNALS = {signal.SIGKILL: "kill -9 at a random moment", signal.SIGTERM: "terminated (SIGTERM)", signal.SIGINT: "interrupted (Ctrl-C)"}


@dataclass(frozen=True, slots=True)
class Case:
    """What became of one build."""

    fault: str
    found: str
    """old, new, broken or hung"""
    code: int
    said: str

    @property
    def killed(self) -> bool:
        """Whether a signal ended it."""
        return self.code < 0

    @property
    def survived(self) -> bool:
        """Whether everything is whole, and a build that failed said why in its own words."""
        told = self.killed or (self.code == 0) == (self.found == "new")
        words = self.killed or self.code == 0 or ("." in self.said and "Traceback" not in self.said and "has a fault" not in self.said)
        return self.found in {"old", "new"} and told and words


class Bench:
    """A study twice, with two seeds, and what each build of it holds."""

    def __init__(self, place: Path) -> None:
        self.place, self.out = place, place / "place" / "out"
        self.plans, self.whole = {}, {}
        for name, seed in (("old", "seed: 1\n"), ("new", "seed: 2\n")):
            plan = write(place / name)
            text = plan.read_text(encoding="utf-8").replace("  seed: 1\n", f"  {seed}")
            plan.write_text(text, encoding="utf-8")
            self.plans[name] = plan
            code, said = ended(fork(lambda plan=plan: command(plan, self.out)))
            assert code == 0, said
            self.whole[name] = contents(self.out)
        assert self.whole["old"] != self.whole["new"]
        self.seconds = self.timed()

    def timed(self) -> float:
        """How long a build takes here."""
        begin = time.perf_counter()
        ended(fork(lambda: command(self.plans["new"], self.out)))
        return time.perf_counter() - begin

    def reset(self) -> None:
        """The old build in its place."""
        for path in self.out.parent.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for name, content in self.whole["old"].items():
            target = self.out / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)

    def found(self) -> str:
        """Which build stands in the place."""
        now = contents(self.out)
        return next((name for name, whole in self.whole.items() if now == whole), "broken")

    def case(self, fault: str, limit=lambda: None, interrupt=lambda _: None, environment=None) -> Case:
        """Begin the new build with something wrong."""
        self.reset()
        pid = fork(lambda: command(self.plans["new"], self.out), limit, environment)
        interrupt(pid[0])
        code, said = ended(pid)
        return Case(fault, self.swept(), code, said)

    def swept(self) -> str:
        """What is found after the sweep that the next build begins with; broken where something half-written is left then."""
        from takeup.build.folder import sweep

        sweep(self.out)
        left = [path.name for path in self.out.parent.iterdir() if path.name != "out"]
        return "broken" if left else self.found()


def contents(place: Path) -> dict[str, bytes]:
    """All files of a folder."""
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file()}


def command(plan: Path, out: Path, parts: tuple[str, ...] = PARTS) -> int:
    """What a user runs."""
    from takeup.cli import run

    return run(["build", str(plan), "--out", str(out), *parts])


def fork(work, limit=lambda: None, environment=None) -> tuple[int, int]:
    """A child of this process, everything imported: its id, and the pipe that it speaks through."""
    read, write_end = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fork of a process with threads: BLAS is told to use one
        pid = os.fork()
    if pid:
        os.close(write_end)
        return pid, read
    code = 70
    try:
        os.close(read)
        os.dup2(write_end, 1)
        os.dup2(write_end, 2)
        sys.stdout = sys.stderr = os.fdopen(write_end, "w", encoding="utf-8", errors="replace", buffering=1)
        os.environ.update(environment or {})
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background ignores it, and so would its children
        limit()
        code = work()
        sys.stdout.flush()
    except BaseException:  # noqa: BLE001  # a finding, whatever it is
        traceback.print_exc()
    finally:
        os._exit(code)
    return 0, 0


def ended(child: tuple[int, int]) -> tuple[int, str]:
    """Its exit code (negative: the signal that ended it), and all that it said."""
    with os.fdopen(child[1], "rb") as pipe:
        said = pipe.read().decode(errors="replace")
    return os.waitstatus_to_exitcode(os.waitpid(child[0], 0)[1]), said


def killed(bench: Bench, rng: random.Random, how: int = signal.SIGKILL) -> Case:
    """Killed at a moment between the first step and the last."""
    moment = rng.uniform(0.0, 1.2 * bench.seconds)

    def interrupt(pid: int) -> None:
        time.sleep(moment)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, how)

    return bench.case(SIGNALS[how], interrupt=interrupt)


def disk_full(bench: Bench, rng: random.Random) -> Case:
    """No file may grow beyond a size, as on a disk without room (the system then says EFBIG instead of ENOSPC)."""
    most = int(10 ** rng.uniform(1, 4.5))

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    return bench.case("files that can't grow (RLIMIT_FSIZE)", limit)


def small_disk(bench: Bench, rng: random.Random) -> Case | None:
    """The outputs on a file system of a few pages, where one may be mounted."""
    held = bench.out.parent
    size = rng.randrange(80, 500) * 1024
    room = sum(map(len, bench.whole["old"].values())) + 4096 * (len(bench.whole["old"]) + 12) + size
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={room}", "tmpfs", str(held)], capture_output=True, check=False).returncode:
        return None
    try:
        return bench.case("disk full (a small tmpfs)")
    finally:
        subprocess.run(["umount", str(held)], capture_output=True, check=False)


def read_only(bench: Bench, rng: random.Random) -> Case:
    """The folder of the outputs may not be written; for root, whom no permission stops, as somebody else."""
    del rng

    def limit() -> None:
        if os.getuid() == 0:
            os.setgid(65534)
            os.setuid(65534)

    bench.reset()
    bench.place.chmod(0o755)
    bench.out.parent.chmod(0o555)
    try:
        pid = fork(lambda: command(bench.plans["new"], bench.out), limit)
        code, said = ended(pid)
        found = bench.found()
    finally:
        bench.out.parent.chmod(0o755)
    return Case("outputs read-only", found, code, said)


def two_at_once(bench: Bench, rng: random.Random) -> Case:
    """Two builds on one place, begun a moment apart: one of them stands at the end, whole."""
    bench.reset()
    first = fork(lambda: command(bench.plans["new"], bench.out))
    time.sleep(rng.uniform(0, bench.seconds))
    second = fork(lambda: command(bench.plans["old"], bench.out))
    results = ended(first), ended(second)
    code = next((code for code, _ in results if code), 0)
    found = bench.swept()
    return Case("two builds at once", "new" if found == "old" and not code else found, code, "".join(said for _, said in results))


def clock(bench: Bench, rng: random.Random) -> Case:
    """A clock that jumps by years at every look, and files from the past and the future."""
    for path in sorted((bench.place / "new").rglob("*")):
        os.utime(path, (moment := rng.choice((0, 2**31 - 1, 4_000_000_000, time.time())), moment))

    def limit() -> None:
        genuine = time.time
        time.time = lambda: genuine() + rng.uniform(-3e8, 3e8)

    return bench.case("clock that jumps, files of 1970 and 2096", limit)


def no_locale(bench: Bench, rng: random.Random) -> Case:
    """No locale, one that doesn't exist, an ASCII terminal."""
    del rng
    environment = {**os.environ, "LC_ALL": "xx_XX.klingon", "LANG": "", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "PYTHONCOERCECLOCALE": "0"}
    bench.reset()
    done = subprocess.run([sys.executable, "-m", "takeup.cli", "build", str(bench.plans["new"]), "--out", str(bench.out), *PARTS], env=environment,
                          capture_output=True, text=True, check=False)
    return Case("no locale", bench.swept(), done.returncode, done.stderr)


def one_core(bench: Bench, rng: random.Random) -> Case:
    """One processor."""
    core = rng.choice(sorted(os.sched_getaffinity(0)))
    return bench.case("one core", lambda: os.sched_setaffinity(0, {core}))


def little_memory(bench: Bench, rng: random.Random) -> Case:
    """A limit on the memory of a process from its start, this side of what the libraries take and beyond it."""
    most = rng.randrange(400, 1100) * 2**20
    bench.reset()
    try:
        done = subprocess.run([sys.executable, "-m", "takeup.cli", "build", str(bench.plans["new"]), "--out", str(bench.out), *PARTS], check=False,
                              capture_output=True, text=True, timeout=LONGEST,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (most, most)))
    except subprocess.TimeoutExpired:
        return Case("memory limit", "hung", 1, "")
    return Case("memory limit", bench.swept(), done.returncode, done.stderr)


FAULTS = {
    "kill": (killed, KILLS), "term": (lambda bench, rng: killed(bench, rng, signal.SIGTERM), 10),
    "int": (lambda bench, rng: killed(bench, rng, signal.SIGINT), 10), "files": (disk_full, 20), "disk": (small_disk, 15), "only": (read_only, 5),
    "two": (two_at_once, 15), "clock": (clock, 6), "locale": (no_locale, 3), "core": (one_core, 4), "memory": (little_memory, 12),
}


def run_all(share: float = 1.0, *, progress: bool = False) -> list[Case]:
    """Every fault as often as it says, or a share of that (once at least)."""
    out = []
    with tempfile.TemporaryDirectory() as place:
        with contextlib.redirect_stdout(io.StringIO()):
            # everything is imported, so that a child begins at once; the PDF waits, for Typst's threads wouldn't live on in a child
            command(write(Path(place) / "first"), Path(place) / "once" / "out", WITHOUT_PDF)
        bench = Bench(Path(place))
        for name, (make, times) in FAULTS.items():
            for number in range(max(1, round(share * times))):
                case = make(bench, random.Random(f"{name} {number}"))
                if case is None:
                    break
                out.append(case)
                if not case.survived:
                    sys.stderr.write(f"{name} {number}: {case.found}, code {case.code}: {case.said[-300:]}\n")
            if progress:
                sys.stderr.write(f"{name}: done\n")
    return out


def page(cases: list[Case]) -> str:
    """The table of all cases, by fault."""
    lines = [
        "# Builds that are killed, starved and crossed", "",
        f"Written by `make faults` (`tests/trust/faults.py`): {len(cases)} builds, {sum(case.survived for case in cases)} survived. {ABOUT}", "",
        "| Fault | Tried | Survived | Old build whole | New build whole | Ended by a signal | What was said, for example |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    groups: dict[str, list[Case]] = {}
    for case in cases:
        groups.setdefault(case.fault, []).append(case)
    for fault, group in groups.items():
        count = Counter(case.found for case in group)
        said = next((case.said.strip().splitlines()[-1] for case in group if case.code > 0 and case.said.strip()), "")
        lines.append(f"| {fault} | {len(group)} | {sum(case.survived for case in group)} | {count['old']} | {count['new']} "
                     f"| {sum(case.killed for case in group)} | {said} |")
    return "\n".join(lines) + "\n"


ABOUT = (
    "Each begins while an older build of the study stands in the folder of the outputs, and something goes wrong on the way. It survives if that "
    "folder then is, to the byte, the old build or the new one; if nothing half-written is left once the next build has begun; and if a build that "
    "ended by itself made the new one, or said what to do."
)


def main(share: float = 1.0) -> int:
    """Run all and write the page; 1 where a case didn't survive."""
    found = run_all(share, progress=True)
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(found), encoding="utf-8")
    return 0 if all(case.survived for case in found) else 1


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
