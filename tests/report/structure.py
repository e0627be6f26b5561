"""What PDF/UA-1 and PDF/A-2a ask of a file's structure, as far as it can be read without the reference validator: each fault in words."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOWS = {b"Tj", b"TJ", b"'", b'"', b"Do", b"f", b"F", b"f*", b"S", b"s", b"B", b"b", b"B*", b"b*", b"sh"}
"""Operators that put something on the page: ISO 14289-1, 7.1: all of it is tagged or an artifact."""
HEADS = re.compile(r"^H([1-6])$")


def faults(content: bytes) -> list[str]:
    """Everything that is missing; empty for a file that is as it should be."""
    from pypdf import PdfReader

    reader = PdfReader(BytesIO(content))
    catalog = reader.trailer["/Root"].get_object()
    return [*_catalog(reader, catalog), *_metadata(catalog), *_tree(catalog), *_fonts(reader), *_pages(reader)]


def _catalog(reader: Any, catalog: Any) -> Iterator[str]:
    if not catalog.get("/MarkInfo", {}).get("/Marked"):
        yield "isn't marked as tagged"
    if not str(catalog.get("/Lang", "")):
        yield "has no language"
    if not catalog.get("/ViewerPreferences", {}).get("/DisplayDocTitle"):
        yield "a reader's window shows the file's name instead of its title"
    if not (reader.metadata and reader.metadata.title):
        yield "has no title"
    if "/OutputIntents" not in catalog:
        yield "has no output intent"
    if reader.is_encrypted or "/ID" not in reader.trailer:
        yield "is encrypted or has no ID"
    names = catalog.get("/Names", {}).get_object() if "/Names" in catalog else {}
    if "/JavaScript" in names or ("/OpenAction" in catalog and "/JS" in str(catalog["/OpenAction"])):
        yield "holds a script"
    if "/Outlines" not in catalog:
        yield "has no bookmarks"


def _metadata(catalog: Any) -> Iterator[str]:
    text = catalog["/Metadata"].get_data().decode("utf-8") if "/Metadata" in catalog else ""
    for name, value in (("pdfaid:part", "2"), ("pdfaid:conformance", "A"), ("pdfuaid:part", "1")):
        if not re.search(rf"{name}(?:>|=['\"]){value}", text):
            yield f"its metadata don't say {name} {value}"
    if "dc:title" not in text or "dc:language" not in text:
        yield "its metadata have no title or no language"


def walk(element: Any, parent: str = "") -> Iterator[tuple[str, Any, str]]:
    """Every element of the structure tree with its kind and that of the element above."""
    element = element.get_object()
    if not isinstance(element, dict):
        return
    kind = str(element.get("/S", ""))[1:]
    if kind:
        yield kind, element, parent
    inside = element.get("/K", [])
    inside = inside.get_object() if hasattr(inside, "get_object") else inside
    for child in inside if isinstance(inside, list) else [inside]:
        if not isinstance(child, int):
            yield from walk(child, kind or parent)


def _tree(catalog: Any) -> Iterator[str]:
    root = catalog.get("/StructTreeRoot")
    if root is None:
        yield "has no structure tree"
        return
    root = root.get_object()
    if "/ParentTree" not in root:
        yield "its structure has no way back from the page"
    mapped = {str(name)[1:]: str(value)[1:] for name, value in (root.get("/RoleMap") or {}).items()}
    last = 0
    kinds = list(walk(root))
    if not kinds or kinds[0][0] != "Document":
        yield "its structure doesn't begin with a document"
    for kind, element, above in kinds:
        kind = mapped.get(kind, kind)  # noqa: PLW2901  # the standard kind behind a name of the writer's
        if kind == "Figure" and not str(element.get("/Alt", "")).strip():
            yield "a figure has no description"
        if kind in {"TH", "TD"} and above != "TR":
            yield "a cell stands outside a row"
        if kind == "TH" and "/Scope" not in str(element.get("/A", "")):
            yield "a head of a table doesn't say what it is the head of"
        if kind == "LI" and above != "L":
            yield "an item stands outside a list"
        if head := HEADS.match(kind):
            level = int(head[1])
            if level > last + 1:
                yield f"a heading of level {level} follows one of level {last}"
            last = level


def _fonts(reader: Any) -> Iterator[str]:
    seen = set()
    for page in reader.pages:
        for font in (page["/Resources"].get("/Font") or {}).values():
            font = font.get_object()  # noqa: PLW2901
            name = str(font["/BaseFont"])
            inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
            about = inner["/FontDescriptor"].get_object() if "/FontDescriptor" in inner else {}
            if name not in seen and not {"/FontFile", "/FontFile2", "/FontFile3"} & set(about):
                yield f"{name} isn't embedded"
            if name not in seen and "/ToUnicode" not in font:
                yield f"{name} doesn't say which letters it shows"
            seen.add(name)


def _pages(reader: Any) -> Iterator[str]:
    from pypdf.generic import ContentStream

    for number, page in enumerate(reader.pages, start=1):
        if "/StructParents" not in page:
            yield f"page {number} isn't in the structure"
        notes = [note.get_object() for note in page.get("/Annots") or []]
        if notes and page.get("/Tabs") != "/S":
            yield f"page {number}: the keyboard doesn't follow the structure"
        for note in notes:
            if note["/Subtype"] == "/Link" and not ("/Contents" in note and "/StructParent" in note):
                yield f"page {number}: a link without words or without a place in the structure"
        depth, loose = [], 0
        for operands, operator in ContentStream(page.get_contents(), reader).operations:
            if operator in {b"BDC", b"BMC"}:
                depth.append(operands)
            elif operator == b"EMC":
                depth.pop()
            elif operator in SHOWS and not depth:
                loose += 1
        if loose:
            yield f"page {number}: {loose} marks are neither tagged nor artifacts"
