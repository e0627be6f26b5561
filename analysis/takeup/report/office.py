"""Office files that are the same bytes every time: members in order, one date, one way of packing."""

from __future__ import annotations

import re
from importlib.util import find_spec
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from takeup.errors import Fault, ReportError

STAMP = (1980, 1, 1, 0, 0, 0)
FIXED = b"2000-01-01T00:00:00Z"
FIRST = "[Content_Types].xml"
_DATES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</dcterms:)")


def normalized(content: bytes) -> bytes:
    """The same document in a zip file without clocks: what differs between two runs is taken out, what a reader sees isn't touched.

    Notes
    -----
    Workbooks inside (the data of a native chart) are packed anew too. How well Deflate packs may differ between builds of zlib; the
    members never do.
    """
    out = BytesIO()
    with ZipFile(BytesIO(content)) as source, ZipFile(out, "w") as target:
        for name in sorted(source.namelist(), key=lambda name: (name != FIRST, name)):
            member = source.read(name)
            if name.endswith(".xlsx"):
                member = normalized(member)
            if name.endswith("core.xml"):
                member = _DATES.sub(rb"\g<1>" + FIXED + rb"\g<2>", member)
            info = ZipInfo(name, STAMP)
            info.compress_type, info.external_attr, info.create_system = ZIP_DEFLATED, 0o600 << 16, 3
            target.writestr(info, member)
    return out.getvalue()


def needed(package: str, what: str) -> None:
    """Raise ReportError where a package of the `office` extra isn't installed."""
    if not installed(package):
        remedy = 'Install it with pip install "takeup[office]".'
        raise ReportError(Fault(f"{what} files need the package python-{package}", what.lower(), remedy=remedy))


def installed(package: str) -> bool:
    """Whether a package of the `office` extra is there."""
    return find_spec(package) is not None
