"""Columns of a frame as arrays: numbers, labels as codes, covariates with dummies and their missing values filled in."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import EstimateError, Fault, collect, is_frame, listed, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame, Series

Floats = np.ndarray[Any, np.dtype[np.float64]]
Codes = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]

LARGEST = 1e100
"""Numbers beyond this are refused: their squares would overflow."""
NUMBERS = frozenset({"integer", "floating", "mixed-integer-float", "boolean", "decimal", "empty"})
"""What a column of Python objects may hold to count as numbers, in pandas' words."""
MANY_LEVELS = 50
"""A text column with more labels than this, and than half its rows, is taken for an identifier."""
MISSING_SHARE = 0.10
"""Up to this share of missing values a covariate gets its mean; above it also an indicator (Lin, Green and Coppock 2016, SOP)."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Some rows of a frame, all where `places` is None; only the columns that are asked for are cut."""

    frame: DataFrame
    places: Codes | None

    def __getitem__(self, name: str) -> Series:
        """One column."""
        column = self.frame[name]
        return column if self.places is None else column.iloc[self.places]

    def __len__(self) -> int:
        return len(self.frame) if self.places is None else int(self.places.size)


def columns_exist(frame: DataFrame, names: Sequence[str]) -> None:
    """Raise one error for all columns that are absent or stand in the frame more than once, and for what is no frame or no name."""
    is_frame(frame, EstimateError)
    if not all(isinstance(name, Hashable) for name in names):
        raise EstimateError(Fault("a column is asked for by its name, one at a time", "frame", remedy='Write "outcome", not ["outcome"].'))
    faults = [
        Fault(f'no column "{name}"', "frame", listed(map(str, frame.columns)), nearest(name, frame.columns))
        for name in dict.fromkeys(names) if name not in frame.columns
    ]
    repeated = [] if frame.columns.is_unique else [name for name in dict.fromkeys(names) if list(frame.columns).count(name) > 1]
    faults += [Fault(f'the column "{name}" stands in the frame more than once', "frame") for name in repeated]
    collect(EstimateError, faults)


def numeric(column: Series, name: str) -> Floats:
    """A column as float64 with nan for missing; booleans count as 0 and 1, text never counts as a number."""
    if _is_plain(column):
        values = np.array(column.to_numpy(), dtype=np.float64)
    else:
        values = np.array(_as_numbers(column, name).to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
    return _checked(values, name)


def _checked(values: Floats, name: str) -> Floats:
    large = np.abs(values) > LARGEST
    if large.any():
        raise EstimateError(Fault(f"{int(large.sum())} values are infinite or beyond {LARGEST:g}", name))
    return values


def _is_plain(column: Series) -> bool:
    """Whether it holds numbers of NumPy's own types, as most do: then the further questions would cost more than the answer."""
    return isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf"


def _as_numbers(column: Series, name: str) -> Series:
    from pandas.api.types import is_bool_dtype, is_complex_dtype, is_numeric_dtype

    if not is_complex_dtype(column.dtype) and (is_numeric_dtype(column.dtype) or is_bool_dtype(column.dtype)):
        return column
    if _kind(getattr(column.dtype, "categories", column)) not in NUMBERS:
        raise EstimateError(Fault("holds text, dates or categories where numbers are needed", name, remedy="Turn it into numbers first."))
    return column.astype("Float64")


def _kind(values: Any) -> str:
    from pandas.api.types import infer_dtype

    return str(infer_dtype(values, skipna=True))


def codes(column: Series, role: str) -> Codes:
    """A column of labels as codes 0.. in order of first appearance; a missing label is an error."""
    labels, _ = factorized(column)
    if (labels < 0).any():
        raise EstimateError(Fault(f"{int((labels < 0).sum())} rows have no value", f"{role} ({column.name})"))
    return labels


def factorized(column: Series) -> tuple[Codes, Any]:
    """The code of each row, in order of first appearance and -1 where the value is missing, and the label of each code."""
    from pandas import factorize

    labels, values = factorize(column.to_numpy() if _is_plain(column) else column)
    return np.asarray(labels, dtype=np.int64), values


def equals(column: Series, value: object) -> Flags:
    """Which rows hold the value; a missing one doesn't."""
    return np.asarray(column.to_numpy() == value if _is_plain(column) else (column == value).to_numpy(dtype=bool, na_value=False))


def covariate_matrix(
    frame: DataFrame, columns: Sequence[str], rows: Codes | None = None,
) -> tuple[Floats, tuple[str, ...], tuple[str, ...]]:
    """Covariates as columns: numbers as they are, text and categories as dummies (first level left out), missing values filled.

    Up to 10 % missing: the overall mean. Above: the mean and an indicator. Never an arm's own mean, never a dropped row.
    """
    parts: list[Floats] = []
    names: list[str] = []
    notes: list[str] = []
    for name in columns:
        block, labels, absent = _block(frame[name], name, rows)
        if absent.any():
            block = block.copy()
            block[absent] = block[~absent].mean(axis=0)
            share = absent.mean()
            if share > MISSING_SHARE:
                block, labels = np.column_stack([block, absent.astype(float)]), [*labels, f"{name}[missing]"]
                notes.append(f"{name}: {share:.0%} missing, replaced by its mean with an indicator.")
            else:
                notes.append(f"{name}: {share:.1%} missing, replaced by its overall mean.")
        parts.append(block)
        names.extend(labels)
    values = np.concatenate(parts, axis=1) if parts else np.zeros((len(frame) if rows is None else rows.size, 0))
    return values, tuple(names), tuple(notes)


def _block(column: Series, name: str, rows: Codes | None) -> tuple[Floats, list[str], Flags]:
    """The columns (n, k) that one covariate becomes, their names, and which rows have no value."""
    if _is_plain(column):
        values = column.to_numpy() if rows is None else column.to_numpy()[rows]
        numbers = _checked(np.array(values, dtype=np.float64), name)
        return numbers[:, None], [name], _some_observed(np.isnan(numbers), name)
    from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype, is_timedelta64_dtype

    column = column if rows is None else column.iloc[rows]
    absent = _some_observed(column.isna().to_numpy(), name)
    if is_datetime64_any_dtype(column.dtype) or is_timedelta64_dtype(column.dtype):
        raise EstimateError(Fault("holds dates where numbers or categories are needed", name, remedy="Turn them into a number of days first."))
    if is_numeric_dtype(column.dtype) or is_bool_dtype(column.dtype) or (column.dtype == object and _kind(column) in NUMBERS):
        return numeric(column, name)[:, None], [name], absent
    levels = _levels(column)
    if len(levels) > max(MANY_LEVELS, len(column) / 2):
        fault = Fault(f"has {len(levels)} different labels in {len(column)} rows", name, remedy="Group them, or leave the column out.")
        raise EstimateError(fault)
    ones = [(column == level).to_numpy(dtype=bool, na_value=False).astype(float) for level in levels[1:]]
    return np.column_stack([np.zeros((len(column), 0)), *ones]), [f"{name}[{level}]" for level in levels[1:]], absent


def _some_observed(absent: Flags, name: str) -> Flags:
    if absent.all():
        raise EstimateError(Fault("has no observed value in the rows that are analysed", name, remedy="Leave it out of the covariates."))
    return absent


def _levels(column: Series) -> list[object]:
    categories = getattr(column.dtype, "categories", None)
    present = set(column.dropna().unique())
    if categories is not None:
        return [level for level in categories if level in present]
    return sorted(present, key=str)
