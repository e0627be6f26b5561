"""A template filled with plain values, as a PDF by Typst: PDF/A-2a and PDF/UA-1 at once, every font embedded, no warning tolerated.

Typst ends the whole process where it gets no memory. Under a limit on memory it therefore works in a process of its own:
``python -m takeup.report.typeset`` takes template, fonts and values from standard input and answers with the PDF, or with what Typst said.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from takeup.errors import Fault, ReportError
from takeup.memory import limited

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from typst import Fonts

STANDARDS: list[Any] = ["a-2a", "ua-1"]
REFUSED = 3
"""Exit code of the process of its own where Typst stopped or warned."""


def compiled(template: Path, values: Mapping[str, Any]) -> bytes:
    """The PDF. ReportError with what Typst said where it stopped or warned; MemoryError where a limit keeps it from working."""
    from takeup.present.style import font_folder
    from takeup.report.document import FIXED_DATE

    order = {"template": template.read_text(encoding="utf-8"), "fonts": str(font_folder()), "time": int(FIXED_DATE.timestamp()),
             "data": json.dumps(values, ensure_ascii=False, allow_nan=False)}
    made, said = _apart(order) if limited() else _typst(order)
    if said:
        raise ReportError(*(Fault(one, "report.pdf") for one in said))
    return made


def _typst(order: Mapping[str, Any]) -> tuple[bytes, list[str]]:
    """The PDF and nothing said, or nothing and what was said."""
    import typst

    try:
        made, warnings = typst.compile_with_warnings(
            order["template"].encode(), sys_inputs={"data": order["data"]}, font_paths=_fonts(order["fonts"]), ignore_system_fonts=True, format="pdf",
            pdf_standards=STANDARDS, timestamp=order["time"],
        )
    except typst.TypstError as error:
        return b"", [f"the PDF could not be made: {error.diagnostic or error}"]
    return (b"", [f"Typst warned: {warning}" for warning in warnings]) if warnings else (bytes(made), [])


@lru_cache(maxsize=1)
def _fonts(folder: str) -> Fonts:
    """The typeface of the figures and no other, whatever the machine has."""
    import typst

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


def _apart(order: Mapping[str, Any]) -> tuple[bytes, list[str]]:
    """The same in a process of its own."""
    done = subprocess.run([sys.executable, "-m", "takeup.report.typeset"], input=json.dumps(order).encode(), capture_output=True, check=False)
    if done.returncode == REFUSED:
        return b"", list(json.loads(done.stdout))
    words = done.stderr.decode(errors="replace")
    if done.returncode < 0 or any(word in words for word in ("emory", "map segment")):  # ended by the system, or a library couldn't be loaded
        raise MemoryError
    return (b"", [f"the PDF could not be made: Typst's process ended with code {done.returncode}"]) if done.returncode else (done.stdout, [])


def main() -> int:
    """Answer one order."""
    made, said = _typst(json.loads(sys.stdin.buffer.read()))
    sys.stdout.buffer.write(json.dumps(said).encode() if said else made)
    return REFUSED if said else 0


if __name__ == "__main__":
    sys.exit(main())
