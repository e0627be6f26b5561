"""The two plain files of a build: results.csv, one row a result, and release_log.csv, one row a decision of the gate."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from takeup.release.gate import Entry, require
from takeup.release.suppress import COUNTS, is_withheld

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from takeup.release.gate import Released
    from takeup.results import Result

FIRST = (
    "id", "section", "type", "outcome", "table", "variable", "level", "wave", "term", "arm", "estimand", "kind",
    "estimate", "value", "std_error", "df", "df_denominator", "statistic", "p_value", "p_adjusted", "conf_low", "conf_high", "conf_level",
    "lower", "upper", "std_error_lower", "std_error_upper", "trimmed_share", "trimmed_arm", "intervals", "shape",
    "n", "n_treated", "n_control", "n_clusters", "n_missing", "count", "unit", "draws", "exact", "mc_error",
    "method", "se_type", "evidence", "reason", "plan_path", "plan_hash", "seed", "version", "pre_specified",
)
"""The columns of results.csv in their order; further numbers of a method follow, by name."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def results_csv(released: Released) -> bytes:
    """Every released result as a row at full precision; a withheld one keeps its id, labels and reason."""
    rows = [row(section, result) for section in require(released) for result in released[section]]
    more = [name for name in dict.fromkeys(name for item in rows for name in item) if name not in FIRST]
    used = [name for name in FIRST if any(name in item for item in rows)]
    return table([*used, *more], rows)


def release_log_csv(released: Released) -> bytes:
    """The gate's log."""
    names = [item.name for item in fields(Entry)]
    return table(names, [{name: getattr(entry, name) for name in names} for entry in require(released).log])


def row(section: str, result: Result) -> dict[str, Any]:
    """One result by column: its fields, its provenance, its extra numbers (``extra.NAME`` where a column has the name already)."""
    found = result.to_dict()
    extra, provenance = found.pop("extra", {}), found.pop("provenance", {})
    found |= {"id": provenance.get("id", ""), "section": section, "type": type(result).__name__.lower()}
    found |= {name: value for name, value in provenance.items() if name != "id"}
    if is_withheld(result):
        found |= dict.fromkeys(COUNTS)
    return found | {name if name not in FIRST else f"extra.{name}": value for name, value in extra.items()}


def table(names: Sequence[str], rows: Iterable[dict[str, Any]]) -> bytes:
    """A CSV file: UTF-8, comma, one line feed a row."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([cell(item.get(name)) for name in names] for item in rows)
    return out.getvalue().encode()


def cell(value: Any) -> str:
    """One value as text: numbers so that they read back the same, nothing for what isn't there, no text that a spreadsheet would run.

    >>> cell(0.1), cell(float("nan")), cell(True), cell("=1+1"), cell(((0.5, 2.0),))
    ('0.1', '', 'true', "'=1+1", '[0.5, 2.0]')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return "" if math.isnan(value) else repr(int(value) if isinstance(value, int) else float(value))
    if isinstance(value, tuple):
        parts = [f"[{', '.join(map(cell, item))}]" if isinstance(item, tuple) else cell(item) for item in value]
        return " ".join(part for part in parts if part.strip("[, ]"))
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
