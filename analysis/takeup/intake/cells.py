"""One column of a file becomes numbers, or distinct values and where they stand; missing codes and misfits are set apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.intake.read import code_text
from takeup.results import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pandas import Index, Series

    from takeup.intake.schema import Field

Mask = np.ndarray[Any, np.dtype[np.bool_]]
NUMERIC = frozenset({"integer", "number", "year"})
_LARGEST = 2.0**53  # above this a float no longer holds every whole number


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class Typed:
    """A column in the type of its field.

    Attributes
    ----------
    values : (n,) int64 or float64 for numbers; else (n,) positions in `levels`, -1 where there is none
    absent : (n,) empty cells and missing codes
    bad : (n,) cells that can't be read in the field's type
    levels : the distinct values, or None for numbers
    codes : how many cells hold each missing code (the empty cell is none)
    """

    values: np.ndarray[Any, Any]
    absent: Mask
    bad: Mask
    levels: Sequence[Any] | None = None
    codes: Mapping[str, int] = field(default_factory=FrozenMap)

    def series(self, item: Field, index: Index) -> Series:
        """The column for the checked frame: missing where it is absent or bad."""
        import pandas as pd

        gone = self.absent | self.bad
        array: Any
        if item.categories and item.nominal:
            array = self._categorical(item, gone)
        elif self.levels is None:
            array = self._numbers(item, gone)
        elif item.type == "boolean":
            array = np.append(np.asarray(self.levels, dtype=bool), False)[self.values]
            array = pd.arrays.BooleanArray(array, gone) if gone.any() else array
        elif item.type in {"date", "datetime"}:
            array = np.append(np.asarray(self.levels, dtype="datetime64[us]"), np.datetime64("NaT", "us"))[self.values]
        else:
            array = pd.array(list(self.levels), dtype="string").take(self.values, allow_fill=True)
        return pd.Series(array, index=index, copy=False)

    def _numbers(self, item: Field, gone: Mask) -> Any:
        import pandas as pd

        some = bool(gone.any())
        if item.type == "number":
            values = self.values.astype(np.float64)
            return np.where(gone, np.nan, values) if some else values
        if not some:
            return self.values.astype(np.int64, copy=False)
        return pd.arrays.IntegerArray(np.where(gone, 0, self.values).astype(np.int64), gone)

    def _categorical(self, item: Field, gone: Mask) -> Any:
        import pandas as pd

        allowed: list[Any] = [category.value for category in item.categories]
        if self.levels is None:
            codes = np.full(self.values.size, -1, dtype=np.int64)
            for position, value in enumerate(allowed):
                codes[(self.values == value) & ~gone] = position
        else:
            places = {value: position for position, value in enumerate(allowed)}
            codes = np.array([*(places.get(level, -1) for level in self.levels), -1], dtype=np.int64)[self.values]
        return pd.Categorical.from_codes(codes, categories=pd.Index(allowed), ordered=item.ordered)


def typed(column: Series, item: Field, *, missing: Sequence[Any] = (), decimal: str = ".") -> Typed:
    """Read a column in the type of its field.

    Parameters
    ----------
    missing : further missing codes and (low, high) ranges, as an SPSS or Stata file declares them
    decimal : decimal sign of numbers that are still text
    """
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    texts, ranges = _marks(item, missing)
    if item.type in NUMERIC and is_numeric_dtype(column.dtype) and not is_bool_dtype(column.dtype):
        return _numbers(_array(column), item, texts, ranges)
    return _distinct(column, item, texts, ranges, decimal)


def _marks(item: Field, declared: Sequence[Any]) -> tuple[frozenset[str], tuple[tuple[float, float], ...]]:
    """Missing codes of a field as text, and ranges of numbers."""
    texts = {code_text(code.value) for code in item.missing_values} | {""}
    ranges = []
    for entry in declared:
        low, high = entry if isinstance(entry, tuple) else (entry, entry)
        if isinstance(low, str) or low == high:
            texts.add(code_text(low))
        else:
            ranges.append((float(low), float(high)))
    return frozenset(texts), tuple(ranges)


def _array(column: Series) -> np.ndarray[Any, Any]:
    """Numbers as int64 where all are whole by type and none is missing, else as float64."""
    if getattr(column.dtype, "kind", "") in "iu" and not column.isna().any():
        values = column.to_numpy()
        if values.dtype.kind == "i" or (values.size == 0 or values.max() < 2**63):
            return values.astype(np.int64, copy=False)
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _numbers(values: np.ndarray[Any, Any], item: Field, texts: frozenset[str], ranges: tuple[tuple[float, float], ...]) -> Typed:
    whole_type = values.dtype.kind == "i"
    absent = np.zeros(values.size, dtype=bool) if whole_type else np.isnan(values)
    codes: dict[str, int] = {}
    for text in sorted(texts):
        try:
            code = float(text)
        except ValueError:
            continue
        hits = values == code
        if count := int(np.count_nonzero(hits)):
            codes[text] = count
            absent |= hits
    for low, high in ranges:
        hits = (values >= low) & (values <= high)
        if count := int(np.count_nonzero(hits & ~absent)):
            codes[f"{low:g} to {high:g}"] = count
            absent |= hits
    return Typed(values=values, absent=absent, bad=_misfits(values, absent, item), codes=FrozenMap(codes))


def _misfits(values: np.ndarray[Any, Any], absent: Mask, item: Field) -> Mask:
    """Infinite numbers, and numbers with a fraction where whole ones are asked for."""
    if values.dtype.kind == "i":
        return np.abs(values) > 9999 if item.type == "year" else np.zeros(values.size, dtype=bool)
    bad: Mask = np.isinf(values)
    if item.type != "number":
        with np.errstate(invalid="ignore"):
            bad |= (values != np.rint(values)) | (np.abs(values) > (9999 if item.type == "year" else _LARGEST))
    bad &= ~absent
    return bad


def _distinct(column: Series, item: Field, texts: frozenset[str], ranges: tuple[tuple[float, float], ...], decimal: str) -> Typed:
    """A column that isn't a plain array of numbers: its distinct values are read one by one."""
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    positions, uniques = pd.factorize(column)
    raw = list(uniques)
    words = [code_text(value) for value in raw]
    out = [word in texts for word in words]
    if item.type in NUMERIC:
        numbers = _parsed(raw, words, decimal)
        parsed = _numbers(numbers, item, frozenset(), ranges)
        unread = np.isnan(numbers) | parsed.bad
        gone = np.array(out, dtype=bool) | parsed.absent & ~np.isnan(numbers)
        return _spread_numbers(positions, numbers, gone, unread & ~gone, words, item)
    kept: dict[Any, int] = {}
    places = np.full(len(raw) + 1, -1, dtype=np.int64)  # by distinct value: its level, -1 without one
    for place, level in enumerate(_levels(raw, words, item)):
        if level is not None and not out[place]:
            places[place] = kept.setdefault(level, len(kept))
    gone = np.array([*out, True], dtype=bool)
    return Typed(values=places[positions], absent=gone[positions], bad=((places < 0) & ~gone)[positions], levels=tuple(kept),
                 codes=FrozenMap(_counts(positions, out, words)))


def _spread_numbers(positions: Any, numbers: Any, gone: Mask, bad: Mask, words: list[str], item: Field) -> Typed:
    filled = np.append(np.where(gone | bad, np.nan, numbers), np.nan)
    absent = np.append(gone, True)[positions]
    values = filled[positions]
    if item.type != "number" and not np.isnan(values).any():
        values = values.astype(np.int64)
    return Typed(values=values, absent=absent, bad=np.append(bad, False)[positions], codes=FrozenMap(_counts(positions, gone.tolist(), words)))


def _counts(positions: Any, out: Sequence[bool], words: Sequence[str]) -> dict[str, int]:
    if not any(out):
        return {}
    counts = np.bincount(positions[positions >= 0], minlength=len(words))
    found: dict[str, int] = {}
    for word, gone, count in zip(words, out, counts.tolist(), strict=True):
        if gone and word:
            found[word] = found.get(word, 0) + count
    return found


def _parsed(raw: Sequence[Any], words: Sequence[str], decimal: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Distinct values as numbers, nan where they are none. Words such as "nan" and true or false are no numbers."""
    import pandas as pd

    plain = [word if decimal == "." else "" if "." in word else word.replace(decimal, ".") for word in words]
    numbers = pd.to_numeric(pd.Series(plain, dtype=object), errors="coerce").to_numpy(dtype=np.float64).copy()
    for place, value in enumerate(raw):
        if isinstance(value, int | float | np.number | Decimal) and not isinstance(value, bool | np.bool_):
            numbers[place] = float(value)
    return numbers


def _levels(raw: Sequence[Any], words: Sequence[str], item: Field) -> list[Any]:
    """Distinct values in the field's type, None where they can't be read in it."""
    if item.type == "string":
        return list(words)
    if item.type == "boolean":
        true, false = set(item.true_values), set(item.false_values)
        known = {**dict.fromkeys(false, False), **dict.fromkeys(true, True)}
        return [bool(value) if isinstance(value, bool | np.bool_) else known.get(word) for value, word in zip(raw, words, strict=True)]
    return _dates(raw, words, item)


def _dates(raw: Sequence[Any], words: Sequence[str], item: Field) -> list[Any]:
    import pandas as pd

    text = [word if isinstance(value, str) else None for value, word in zip(raw, words, strict=True)]
    way = item.format or ("%Y-%m-%d" if item.type == "date" else "ISO8601")
    stamps = list(pd.to_datetime(pd.Series(text, dtype=object), format=way, errors="coerce", utc=True).dt.tz_localize(None))
    for place, value in enumerate(raw):
        if isinstance(value, date | datetime | np.datetime64):
            stamps[place] = _stamp(value)
    day = item.type == "date"
    return [None if pd.isna(stamp) or (day and stamp != stamp.normalize()) else stamp for stamp in stamps]


def _stamp(value: Any) -> Any:
    import pandas as pd

    try:
        stamp = pd.Timestamp(value)
    except (ValueError, OverflowError):
        return pd.NaT
    return stamp if pd.isna(stamp) or stamp.tz is None else stamp.tz_convert("UTC").tz_localize(None)
