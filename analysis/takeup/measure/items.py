"""Columns of items as one matrix of numbers: the only place in this room where a frame is read for scales, indices and reliability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import Fault, MeasureError, collect, is_frame, listed, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame

Floats = np.ndarray[Any, np.dtype[np.float64]]


def item_matrix(frame: DataFrame, items: Sequence[str], *, where: str = "items") -> Floats:
    """The columns as numbers with nan for missing, shape (rows, items).

    Raises
    ------
    MeasureError
        Every column that is absent, named twice, not numeric or infinite, at once.
    """
    is_frame(frame, MeasureError)
    names = tuple(items)
    faults = [
        Fault(f'no column "{name}"', where, listed(map(str, frame.columns)), nearest(name, frame.columns))
        for name in dict.fromkeys(names) if name not in frame.columns
    ]
    faults += [Fault(f'"{name}" is named more than once', where) for name in dict.fromkeys(names) if names.count(name) > 1]
    faults += [
        Fault(f'the column "{name}" stands in the frame more than once', where)
        for name in dict.fromkeys(names) if list(frame.columns).count(name) > 1
    ]
    if not names:
        faults.append(Fault("no column is named", where))
    collect(MeasureError, faults)
    columns = []
    for name in names:
        values = _numbers(frame, name)
        if values is None:
            faults.append(Fault("holds text or categories where numbers are needed", name, remedy="Give the codes their numbers in the crosswalk."))
        elif np.isinf(values).any():
            faults.append(Fault(f"{int(np.isinf(values).sum())} values are infinite", name))
        else:
            columns.append(values)
    collect(MeasureError, faults)
    return np.column_stack(columns)


def _numbers(frame: DataFrame, name: str) -> Floats | None:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    column = frame[name]
    if not (is_numeric_dtype(column.dtype) or is_bool_dtype(column.dtype)):
        try:
            column = column.astype("object").astype("Float64")
        except (TypeError, ValueError):
            return None
    return np.asarray(column.to_numpy(dtype=float, na_value=np.nan), dtype=np.float64)
