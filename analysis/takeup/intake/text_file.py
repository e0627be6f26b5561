"""What a text file looks like before it is read: encoding, delimiter, decimal sign, header, and the shape of every record.

All of it is found here and *stated*; nothing is guessed in silence. A record is a row as a spreadsheet shows it: the header is
row 1, and a quoted text that holds a line break doesn't begin a new row.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import Fault, IntakeError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

DELIMITERS = (",", ";", "\t", "|")
NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar", " ": "space"}
_WORDS = {name: mark for mark, name in NAMES.items()}
_SAMPLE = 1 << 18
_CHUNK = 1 << 24
_UTF8_LETTER = re.compile(rb"\xc3[\x80-\xbf]")
"""A letter with an accent as UTF-8 writes it; in Windows-1252 these would be a letter and a sign that hardly ever follow each other."""
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig", "UTF-8"), (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"), (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TextShape:
    """How a text file is to be read.

    Attributes
    ----------
    header : names of the columns, in order
    skip : records before the first row of data (the header, and the line ``sep=;`` that Excel knows)
    ragged : rows, as a spreadsheet counts them, with more or fewer cells than the header
    longest : bytes of the longest cell, the quotes with it
    notes : sentences that state what was found
    """

    encoding: str
    delimiter: str
    decimal: str
    header: tuple[str, ...]
    skip: int
    ragged: tuple[int, ...] = ()
    open_quote: bool = False
    longest: int = 0
    notes: tuple[str, ...] = ()


def text_shape(
    data: bytes, *, file: str, encoding: str = "", delimiter: str = "", decimal: str = "", names: Collection[str] = (), numbers: Collection[str] = ()
) -> TextShape:
    """Find out how a text file is written.

    Parameters
    ----------
    encoding, delimiter, decimal : as declared in the plan; empty to find out
    names : columns that are expected; the delimiter that yields most of them is taken
    numbers : those that hold numbers; the decimal sign is read off them

    Raises
    ------
    IntakeError
        The file is empty, isn't text, or isn't written in the encoding that was declared.
    """
    if not data.strip(b"\r\n\t \xef\xbb\xbf\x00"):
        raise IntakeError(Fault("is empty", file))
    delimiter = _WORDS.get(delimiter, delimiter)
    if len(delimiter) > 1:
        raise IntakeError(Fault("the delimiter is one sign", file, ", ".join(_WORDS), "Correct delimiter: in the plan, or leave it out."))
    encoding, told = _encoding(data, encoding, file)
    notes = [told]
    try:
        sample = codecs.getincrementaldecoder(encoding)("strict").decode(data[:_SAMPLE])
    except UnicodeError:  # an encoding such as UTF-16 that begins with a mark, and this file doesn't
        remedy = "Correct encoding: in the plan, or leave it out to have it found."
        raise IntakeError(Fault(f"isn't written in {encoding}", file, remedy=remedy)) from None
    lines = sample.split("\n", 1)
    skip = 1
    declared = re.fullmatch(r'"?sep=(.)"?\r?', lines[0]) if len(lines) > 1 else None
    if declared:
        delimiter, sample, skip = delimiter or declared[1], lines[1], 2
    records = {mark: _records(sample, mark) for mark in ((delimiter,) if delimiter else DELIMITERS)}
    mark = max(records, key=lambda mark: _fit(records[mark], names))
    header = tuple(cell.strip() for cell in records[mark][0])
    notes.append(f"Columns are separated by a {NAMES.get(mark, mark)}{'' if delimiter else ' (found in the file)'}.")
    sign, told = (decimal, f'The decimal sign is "{decimal}".') if decimal else _decimal(records[mark], header, numbers)
    if told:
        notes.append(told)
    ragged, open_quote, longest = _ragged(data, encoding, mark, len(header), skip)
    return TextShape(
        encoding=encoding, delimiter=mark, decimal=sign, header=header, skip=skip, ragged=ragged, open_quote=open_quote, longest=longest,
        notes=tuple(notes),
    )


def _encoding(data: bytes, declared: str, file: str) -> tuple[str, str]:
    for mark, name, words in _BOMS:
        if data.startswith(mark) and (not declared or codecs_same(declared, words)):
            return _decodes(data, name, file), f"The encoding is {words} (the file says so)."
    if declared:
        try:
            codecs.lookup(declared)
        except LookupError:
            raise IntakeError(Fault(f'"{declared}" is no encoding', file, "utf-8, windows-1252, latin-1 and others")) from None
        return _decodes(data, declared, file), f"The encoding is {declared}, as declared."
    if b"\x00" in data:
        raise IntakeError(Fault("holds zero bytes, so it isn't a plain text file", file, remedy="Save it again as CSV, encoding UTF-8."))
    for name, words in (("utf-8", "UTF-8"), ("cp1252", "Windows-1252")):
        try:
            data.decode(name)
        except UnicodeDecodeError:
            continue
        if name == "cp1252" and _UTF8_LETTER.search(data):
            raise IntakeError(Fault("mixes letters in UTF-8 with letters in Windows-1252", file,
                                    remedy="Parts of it come from two programs; save each as UTF-8 before they are put together."))
        plain = "" if not data.isascii() else " (only plain letters occur)"
        doubt = ": it isn't UTF-8; look at a word with an accent, and declare encoding: if it is wrong" if name == "cp1252" else ""
        return name, f"The encoding is {words}{plain}, found in the file{doubt}."
    raise IntakeError(Fault("is neither UTF-8 nor Windows-1252 text", file, remedy="Declare its encoding: in the plan, or save it again as UTF-8."))


def codecs_same(declared: str, name: str) -> bool:
    """Whether two names mean the same family of encodings (utf-8 and utf-8-sig do)."""
    return re.sub(r"[^a-z0-9]", "", declared.lower()).startswith(re.sub(r"[^a-z0-9]", "", name.lower()))


def _decodes(data: bytes, encoding: str, file: str) -> str:
    try:
        data.decode(encoding)
    except (UnicodeDecodeError, UnicodeError) as error:
        start = getattr(error, "start", 0)
        row = data[:start].count(b"\n") + 1
        raise IntakeError(Fault(f"isn't written in {encoding}; line {row} holds a byte that can't be", file,
                                remedy="Correct encoding: in the plan, or leave it out to have it found.")) from None
    return encoding


def _records(sample: str, mark: str) -> list[list[str]]:
    try:
        rows = list(csv.reader(io.StringIO(sample[: _SAMPLE // 2]), delimiter=mark))
    except csv.Error:
        rows = []
    return [row for row in rows if row] or [[""]]


def _fit(rows: Sequence[Sequence[str]], names: Collection[str]) -> tuple[int, int, int]:
    """Expected names found, rows as wide as the header, columns: more is better."""
    header = [cell.strip() for cell in rows[0]]
    wide = len(header)
    return len(set(header) & set(names)), sum(len(row) == wide for row in rows) if wide > 1 else 0, wide


def _decimal(rows: Sequence[Sequence[str]], header: Sequence[str], numbers: Collection[str]) -> tuple[str, str]:
    """The sign that the columns of numbers use. Without a fraction anywhere, a point."""
    places = [i for i, name in enumerate(header) if name in numbers]
    cells = [row[i].strip() for row in rows[1:] for i in places if i < len(row)]
    commas = sum(bool(re.fullmatch(r"[-+]?\d*,\d+", cell)) for cell in cells)
    points = sum(bool(re.fullmatch(r"[-+]?\d*\.\d+", cell)) for cell in cells)
    if not commas and not points:
        return ".", ""
    sign = "," if commas > points else "."
    return sign, f"The decimal sign is a {'comma' if sign == ',' else 'point'} (found in the file)."


def _ragged(data: bytes, encoding: str, mark: str, width: int, skip: int) -> tuple[tuple[int, ...], bool, int]:
    """Rows that don't have as many cells as the header, counted on the bytes; whether a quote is left open at the end; the longest cell."""
    if encoding == "utf-16":
        data = data.decode(encoding).encode("utf-8")
    separators, breaks, inside = _marks(np.frombuffer(data, dtype=np.uint8), mark.encode())
    ends = np.append(breaks, len(data))
    starts = np.concatenate(([0], breaks + 1))
    cells = np.searchsorted(separators, ends) - np.searchsorted(separators, starts) + 1
    blank = (ends - starts <= 1) & (cells == 1)  # nothing, or a carriage return
    odd = (cells != width) & ~blank
    odd[: skip] = False
    cuts = np.sort(np.concatenate((separators, breaks, [-1, len(data)])))
    longest = int(np.diff(cuts).max()) - 1
    rows = tuple(int(row) + 1 for row in np.flatnonzero(odd))
    if rows or inside:  # a quote in the middle of a cell can mislead the count of bytes: look again with the full rules
        return (*_ragged_slowly(data.decode("utf-8" if encoding == "utf-16" else encoding), mark, width, skip), longest)
    return rows, False, longest


def _marks(bytes_: np.ndarray[Any, np.dtype[np.uint8]], mark: bytes) -> tuple[Any, Any, bool]:
    """Positions of the separators and line breaks that stand outside quotes, in pieces to bound the memory."""
    separators, breaks, inside = [], [], False
    for start in range(0, bytes_.size, _CHUNK):
        piece = bytes_[start : start + _CHUNK]
        is_mark, is_break = piece == mark[0], piece == 0x0A
        quotes = piece == 0x22
        if inside or quotes.any():
            quoted = (np.cumsum(quotes, dtype=np.int64) + inside) % 2 == 1
            is_mark &= ~quoted
            is_break &= ~quoted
            inside = bool(quoted[-1])
        separators.append(np.flatnonzero(is_mark) + start)
        breaks.append(np.flatnonzero(is_break) + start)
    return np.concatenate(separators), np.concatenate(breaks), inside


def _ragged_slowly(text: str, mark: str, width: int, skip: int) -> tuple[tuple[int, ...], bool]:
    rows = []
    position = 0
    try:
        for position, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True), start=1):
            if position > skip and row and len(row) != width:
                rows.append(position)
    except csv.Error:
        return (*rows, position + 1), "unexpected end" in _last_problem(text, mark)
    return tuple(rows), False


def _last_problem(text: str, mark: str) -> str:
    try:
        for _ in csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True):
            pass
    except csv.Error as error:
        return str(error)
    return ""
