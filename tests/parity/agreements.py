"""Write (or check) the table of agreements in `docs/evidence/parity.md` from the cases of the parity tests.

Run from the repository: ``python tests/parity/agreements.py`` writes, ``--check`` fails when the table is out of date. The differences
are printed to one significant digit of their power of ten, so that the last bits of a machine don't change the page.
"""

from __future__ import annotations

import importlib
import math
import sys
from functools import cache
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
        found = gaps(case)
        yield case.id, entry["package"], ", ".join(found), f"{power(max(found.values()))} ({case.rtol:.0e})", case.note


@cache
def gaps(case: oracle.Case) -> dict[str, float]:
    """The differences of a case, worked out once."""
    return oracle.differences(case)


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
    parts.insert(1, f"\n{total} agreements in {len(FAMILIES)} families.\n")
    return "".join((*parts, *left_over()))


def left_over() -> Iterator[str]:
    """What the entries hold besides the fields compared: how many numbers, and their names."""
    compared: dict[str, set[str]] = {}
    refused: set[str] = set()
    for family in FAMILIES:
        module = importlib.import_module(f"parity.test_{family}")
        refused |= set(module.NOT_OURS)
        for case in (*module.CASES, *getattr(module, "OMEGA", ())):
            compared.setdefault(case.id, set()).update(gaps(case))
    rest: dict[str, int] = {}
    whole = 0
    for name, entry in oracle.entries().items():
        held = oracle.numbers(entry)
        whole += len(held)
        if name not in refused:
            done = compared[name]
            for field in held:
                if field not in done and not any(one.startswith(f"{field}.") for one in done):
                    rest[field] = rest.get(field, 0) + 1
    outside = sum(len(oracle.numbers(oracle.entries()[name])) for name in refused)
    shown = whole - sum(rest.values()) - outside
    yield f"\n## What is left of the entries\n\nOf {whole} numbers and lists of numbers in the entries {shown} are compared above, "
    yield f"{outside} belong to the entries not offered, and {sum(rest.values())} are inputs, or by-products that no call of ours returns: "
    order = sorted(rest.items(), key=lambda pair: (-pair[1], pair[0]))
    yield ", ".join(f"{field.removeprefix('extra.')} ({count})" for field, count in order) + ".\n"


if __name__ == "__main__":
    text = page()
    if "--check" in sys.argv:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            sys.exit("docs/evidence/parity.md is out of date: run python tests/parity/agreements.py")
    else:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(text, encoding="utf-8")
