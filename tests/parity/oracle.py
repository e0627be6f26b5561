"""Reference values from R on real trials, and how a number of ours is held against them.

`values/*.json` and `data/*.csv` are described in `README.md` beside this file. A parity test is a `Case`: the entry's id, the call that
must reproduce it, and the fields compared. The table of agreements in the documentation is made from the same cases.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

HERE = Path(__file__).parent
CLOSED_FORM = 1e-8
ITERATIVE = 1e-6
MAIN = ("estimate", "std_error", "df", "statistic", "p_value", "ci_low", "ci_high")
COUNTS = ("n", "n_clusters")
OURS = {"ci_low": "conf_low", "ci_high": "conf_high"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One agreement to show.

    `call` returns a result with our field names, or a mapping {reference field: our value} where the entry has fields of its own
    (`extra.name` reads the entry's extra). `fields` are those compared; `note` says what differs by convention and why.
    """

    id: str
    call: Callable[[], Any]
    fields: tuple[str, ...] = MAIN
    rtol: float = CLOSED_FORM
    note: str = ""
    counted: bool = True


@cache
def entries() -> Mapping[str, dict[str, Any]]:
    """All entries by id."""
    found = {}
    for path in sorted((HERE / "values").glob("*.json")):
        for entry in json.loads(path.read_text(encoding="utf-8"))["entries"]:
            found[entry["id"]] = entry
    return found


@cache
def _read(name: str) -> pd.DataFrame:
    return pd.read_csv(HERE / "data" / f"{name}.csv")


def frame(name: str) -> pd.DataFrame:
    """A fresh copy of a reference data set."""
    return _read(name).copy()


def reference(entry_id: str, field: str) -> Any:
    """A reference value; `extra.name` looks into the entry's extra. "Inf" becomes a float."""
    value: Any = entries()[entry_id]
    whole = field.removeprefix("extra.")
    if field != whole and whole in value["extra"]:  # a name may have dots of its own
        return _number(value["extra"][whole])
    for part in field.split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return _number(value)


@cache
def differences(case: Case) -> dict[str, float]:
    """Difference of each field, relative to max(|reference|, 1) for values near zero as the reference set prescribes; nan if ours is nan."""
    ours = case.call()
    found = {}
    for field in fields_of(case, ours):
        expected = reference(case.id, field)
        if expected is None:
            continue
        value = ours[field] if isinstance(ours, Mapping) else getattr(ours, OURS.get(field, field))
        found[field] = difference(value, expected)
    assert found, f"{case.id}: the entry has none of the fields {case.fields}"
    return found


def fields_of(case: Case, ours: Any) -> tuple[str, ...]:
    """The fields of the case, and the numbers of rows and clusters where both sides have them."""
    entry = entries()[case.id]
    there = ours if isinstance(ours, Mapping) else {name: getattr(ours, name, None) for name in COUNTS}
    if not case.counted:
        return case.fields
    return tuple(dict.fromkeys((*case.fields, *(name for name in COUNTS if entry.get(name) is not None and there.get(name)))))


def numbers(entry: Mapping[str, Any]) -> list[str]:
    """The fields of an entry that hold a number or numbers; labels (terms, an order of arms) aren't."""
    main = [name for name in (*MAIN, *COUNTS) if entry.get(name) is not None]
    extra = {f"extra.{name}": value for name, value in (entry.get("extra") or {}).items() if value is not None and not _label(value)}
    inner = [f"{name}.{key}" for name, value in extra.items() if isinstance(value, dict) for key in value]
    return [*main, *(name for name, value in extra.items() if not isinstance(value, dict)), *inner]


def difference(value: Any, expected: Any) -> float:
    """The largest relative difference of two numbers or sequences; infinite ones must be equal."""
    if isinstance(expected, list):
        values = list(value)
        assert len(values) == len(expected)
        return max(difference(a, b) for a, b in zip(values, expected, strict=True))
    value, expected = float(value), float(_number(expected))
    if math.isinf(expected) or math.isinf(value):
        return 0.0 if value == expected else math.inf
    # p-values and small effects are compared relative to themselves when that is the stricter reading
    scale = abs(expected) if abs(expected) > 1e-6 else 1.0
    return abs(value - expected) / scale if not math.isnan(value) else math.nan


def _label(value: Any) -> bool:
    return isinstance(value, str | bool) or (isinstance(value, list) and all(isinstance(item, str) for item in value) and "Inf" not in value)


def check(case: Case) -> None:
    """Fail with the fields that disagree."""
    wrong = {name: gap for name, gap in differences(case).items() if not gap <= case.rtol}
    assert not wrong, f"{case.id}: relative differences {wrong} exceed {case.rtol}"


def _number(value: Any) -> Any:
    if isinstance(value, str) and value in {"Inf", "-Inf"}:
        return float(value.replace("Inf", "inf"))
    if isinstance(value, list):
        return [_number(item) for item in value]
    return value
