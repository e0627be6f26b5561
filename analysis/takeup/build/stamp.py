"""The kind of build in each file: a page says it at its top, a data file in a column. Tables, figures and documents carry their own mark."""

from __future__ import annotations

import csv
import io
from html import escape
from typing import TYPE_CHECKING

from takeup.report.marks import long_mark, short_mark

if TYPE_CHECKING:
    from takeup.report.marks import Kind

COLUMN = "build"
RESULTS = "results.csv"


def stamped(name: str, content: bytes, kind: Kind, language: str) -> bytes:
    r"""A file with the kind of its build.

    results.csv always has the column ``build``; other files are left as they are in a final build.

    >>> stamped("tables/a.csv", b"x\n1\n", "masked", "en")
    b'x,build\n1,masked\n'
    """
    if name.endswith(".csv") and (kind != "final" or name == RESULTS):
        return _with_column(content, kind)
    if kind == "final":
        return content
    if name.endswith(".html"):
        return _with_banner(content, kind, language)
    if name.endswith(".tex"):
        return f"% {long_mark(kind, language)}\n".encode() + content
    return content


def _with_column(content: bytes, kind: str) -> bytes:
    head, *rows = csv.reader(io.StringIO(content.decode("utf-8"), newline=""))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*head, COLUMN])
    writer.writerows([*row, kind] for row in rows)
    return out.getvalue().encode()


def _with_banner(content: bytes, kind: Kind, language: str) -> bytes:
    """The page with a line that stays at its top, also on each sheet of paper, and the mark before its title."""
    banner = f'<body>\n<p class="watermark" role="note">{escape(long_mark(kind, language))}</p>'
    page = content.decode("utf-8").replace("<body>", banner, 1)
    short = f"<title>{escape(short_mark(kind, language))}: "
    return (page if short in page else page.replace("<title>", short, 1)).encode()
