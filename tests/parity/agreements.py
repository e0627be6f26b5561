"""Write (or check) the table of agreements in `docs/evidence/parity.md` from the cases of the parity tests.

Run from the repository: ``python tests/parity/agreements.py`` writes, ``--check`` fails when the table is out of date. The differences
are printed to one significant digit of their power of ten, so that the last bits of a machine don't change the page.
"""

from __future__ import annotations

import importlib
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from parity import oracle  # noqa: E402  # needs the path above when run as a script

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = HERE.parent.parent / "docs" / "evidence" / "parity.md"
FAMILIES = tuple(sorted(path.stem.removeprefix("test_") for path in HERE.glob("test_*.py") if path.stem != "test_agreements"))

HEADER = "| entry | from | fields | difference (tolerance) | note |\n| --- | --- | --- | --- | --- |\n"
INTRODUCTION = """# Agreement with reference values

Made by `tests/parity/agreements.py` from the cases of `tests/parity/test_*.py`; do not edit. Each row is one number or group of numbers
computed in R (package named in the entry) on a real trial and reproduced here. "Difference" is the power of ten of the largest relative
difference over the fields compared; "at most 1e-12" covers everything smaller. "Tolerance" is what the test demands.
"""


def rows(family: str) -> Iterator[tuple[str, str, str, str, str]]:
    """One row a case: id, R call, fields, difference and tolerance, note."""
    module = importlib.import_module(f"parity.test_{family}")
    for case in module.CASES:
        entry = oracle.entries()[case.id]
        found = oracle.differences(case)
        yield case.id, entry["package"], ", ".join(found), f"{power(max(found.values()))} ({case.rtol:.0e})", case.note


def power(gap: float) -> str:
    """A difference as the next power of ten."""
    if math.isnan(gap) or math.isinf(gap):
        return "none"
    return "at most 1e-12" if gap <= 1e-12 else f"1e{math.ceil(math.log10(gap)):+03d}"


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    total = 0
    for family in FAMILIES:
        module = importlib.import_module(f"parity.test_{family}")
        table = list(rows(family))
        total += len(table)
        parts.append(f"\n## {family.replace('_', ' ').capitalize()}\n\n{HEADER}")
        parts += [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |\n" for row in table]
        if module.NOT_OURS:
            parts.append("\nNot offered, and why:\n\n")
            parts += [f"- `{name}`: {why}\n" for name, why in module.NOT_OURS.items()]
    compared, whole, rest = coverage()
    entries = len(oracle.entries())
    counts = f"{entries} of {entries} entries, {compared:,} of {whole:,} numbers and lists of numbers"
    parts.insert(1, f"\n{total} agreements in {len(FAMILIES)} families: {counts}.\n")
    return "".join((*parts, *left_over(rest)))


def coverage() -> tuple[int, int, dict[tuple[str, str], str]]:
    """How many numbers of the entries are compared, of how many, and those that aren't with the reason a family gives (empty without one)."""
    compared: dict[str, set[str]] = {}
    reasons: dict[tuple[str, str], str] = {}
    for family in FAMILIES:
        module = importlib.import_module(f"parity.test_{family}")
        for case in module.CASES:
            compared.setdefault(case.id, set()).update(oracle.differences(case))
        reasons |= {(name, field): why for name, fields in getattr(module, "INPUTS", {}).items() for field, why in fields.items()}
    held = [(name, field) for name, entry in oracle.entries().items() for field in oracle.numbers(entry)]
    rest = {(name, field): reasons.get((name, field), "") for name, field in held if field not in compared.get(name, set())}
    return len(held) - len(rest), len(held), rest


def left_over(rest: dict[tuple[str, str], str]) -> Iterator[str]:
    """What the entries hold besides the numbers compared, and why."""
    yield "\n## What is left of the entries\n\nNumbers that are given to a call rather than come out of it; labels aren't numbers.\n\n"
    yield from (f"- `{name}`, {field.removeprefix('extra.')}: {why}\n" for (name, field), why in rest.items())


if __name__ == "__main__":
    text = page()
    if "--check" in sys.argv:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            sys.exit("docs/evidence/parity.md is out of date: run python tests/parity/agreements.py")
    else:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(text, encoding="utf-8")
