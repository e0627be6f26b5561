"""Results as small HTML tables for a notebook: a caption, heads with their scope, the notebook's own colours.

Nothing here knows a kind of result: what is shown comes as names and values. The only style set is where words stand: a dark theme stays dark.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

MOST_ROWS = 20
"""Rows of a table in a notebook; the rest is in the frame."""
LEFT = ' style="text-align:left"'
MINUS = "\u2212"


def number(value: float) -> str:
    """A number for the eye: four figures, never an exponent for what can be read without one.

    >>> number(-0.04857), number(12345.6), number(897.0), number(1e-9), number(float("-inf"))
    ('−0.04857', '12346', '897', '1e−9', '−∞')
    """
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return "\u221e" if value > 0 else f"{MINUS}\u221e"
    size = abs(value)
    if size and not 1e-4 <= size < 1e9:
        mantissa, _, exponent = f"{value:.3e}".partition("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}".replace("-", MINUS)
    digits = max(0, 3 - math.floor(math.log10(size))) if size else 0
    text = f"{value:.{digits}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", MINUS)


def probability(value: float) -> str:
    """A p-value: three decimals.

    >>> probability(0.0004), probability(0.2476)
    ('<0.001', '0.248')
    """
    return "" if math.isnan(value) else "<0.001" if value < 0.001 else f"{value:.3f}"


def interval(low: float, high: float) -> str:
    r"""Two limits, kept on one line.

    >>> interval(-0.131, 0.034)
    '−0.131\xa0to\xa00.034'
    """
    return "" if math.isnan(low) and math.isnan(high) else f"{number(low)}\u00a0to\u00a0{number(high)}"


def empty(value: object) -> bool:
    """Whether there is nothing to show.

    >>> [empty(value) for value in (None, "", float("nan"), {}, (), 0, False)]
    [True, True, True, True, True, False, False]
    """
    return value is None or (isinstance(value, str | Mapping | tuple) and not value) or (isinstance(value, float) and math.isnan(value))


def shown(value: object, name: str = "") -> str:
    r"""One value as words, by its name where that decides how it is written.

    >>> shown(0.25, "p_value"), shown({"rho": 0.5, "note": ""}), shown(((0.5, 2.0),)), shown(True)
    ('0.250', 'rho 0.5', '0.5\xa0to\xa02', 'yes')
    """
    if empty(value):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value).replace("-", MINUS)
    if isinstance(value, Mapping):
        return "; ".join(f"{key.replace('_', ' ')} {shown(item, key)}" for key, item in value.items() if not empty(item))
    if isinstance(value, tuple):
        pairs = all(isinstance(part, tuple) and len(part) == 2 for part in value)
        return " or ".join(interval(*part) for part in value) if pairs else ", ".join(shown(part) for part in value)
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return str(value)
    return str(value) if isinstance(value, str) else probability(found) if name in {"p_value", "p_adjusted"} else number(found)


def spoken(name: str) -> str:
    """A field's name as words.

    >>> spoken("std_error"), spoken("p_value")
    ('standard error', 'p')
    """
    return {"std_error": "standard error", "p_value": "p", "p_adjusted": "p, adjusted", "n_clusters": "clusters"}.get(name, name.replace("_", " "))


def table(
    caption: str, names: Sequence[str], rows: Sequence[Mapping[str, Any]], *, notes: Iterable[str] = (), language: str = "en", most: int = MOST_ROWS,
    right: Iterable[str] = (),
) -> str:
    """Rows as an HTML table: heads have a scope, the first column names its row, words stand left and numbers right.

    >>> print(table("Effects", ["outcome", "estimate"], [{"outcome": "a<b", "estimate": 0.5}]))
    <table lang="en"><caption>Effects</caption><thead><tr><th scope="col" style="text-align:left">outcome</th><th scope="col">estimate</th></tr></thead><tbody><tr><th scope="row" style="text-align:left">a&lt;b</th><td>0.5</td></tr></tbody></table>
    """  # noqa: E501  # one line of HTML
    kept = rows[:most]
    words = {name for name in names if any(isinstance(row.get(name), str) for row in rows)} - {"interval", *right}
    head = "".join(f'<th scope="col"{LEFT if name in words or not place else ""}>{escape(spoken(name))}</th>' for place, name in enumerate(names))
    body = "".join("<tr>" + "".join(_cell(row.get(name), name, words, first=not place) for place, name in enumerate(names)) + "</tr>" for row in kept)
    more = f"{len(rows) - len(kept)} more rows in .to_frame()." if len(rows) > len(kept) else ""
    under = "".join(f"<p>{escape(note)}</p>" for note in (more, *notes) if note)
    return f'<table lang="{language}"><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{under}'


def pairs(caption: str, values: Mapping[str, Any], *, keys: bool = False) -> str:
    """Names and values, one pair a row; names that are keys are left as they are.

    >>> print(pairs("Power", {"effect": 0.3, "reason": ""}))
    <table lang="en"><caption>Power</caption><tbody><tr><th scope="row" style="text-align:left">effect</th><td>0.3</td></tr></tbody></table>
    """
    rows = "".join(
        f'<tr><th scope="row"{LEFT}>{escape(name if keys else spoken(name))}</th>'
        f'{_cell(value, name, {name} if isinstance(value, str | Mapping) else set())}</tr>'
        for name, value in values.items() if not empty(value)
    )
    return f'<table lang="en"><caption>{escape(caption)}</caption><tbody>{rows}</tbody></table>'


def folded(summary: str, inside: str) -> str:
    """What is seen on request."""
    return f"<details><summary>{escape(summary)}</summary>{inside}</details>" if inside else ""


def _cell(value: object, name: str, words: set[str], *, first: bool = False) -> str:
    text = escape(shown(value, name))
    if first:
        return f'<th scope="row"{LEFT}>{text}</th>'
    return f"<td{LEFT if name in words else ''}>{text}</td>"


LEAD = (
    "table", "variable", "level", "wave", "kind", "outcome", "estimand", "term", "arm", "value", "count", "unit", "effect", "estimate", "lower",
    "upper", "intervals", "std_error", "statistic", "df", "interval", "p_value", "p_adjusted", "power", "n", "n_clusters", "method",
)
"""What is seen at once, in this order; the rest of a result is folded."""
SHARED = ("table", "kind", "wave", "term", "arm", "unit", "df", "method")
"""What the caption says once where all rows have the same."""
NUMBERS = ("estimate", "value", "lower", "p_value", "power", "intervals")
"""The fields one of which a result is about: where none holds a number, the reason is shown in its place."""


def record(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A result's fields with its two limits as one, and the reason where there is no number."""
    row = dict(fields)
    low, high, level = (row.pop(name, math.nan) for name in ("conf_low", "conf_high", "conf_level"))
    if any(isinstance(limit, float) and not math.isnan(limit) for limit in (low, high)):
        row["interval"] = interval(low, high) + (f" ({level:.0%})" if isinstance(level, float) and level != 0.95 else "")
    if all(empty(row.get(name)) for name in NUMBERS):
        row["no number"] = row.get("reason", "")
    return row


def result(kind: str, fields: Mapping[str, Any], inner: Sequence[str] = (), main: str = "") -> str:
    """One result: its main numbers in a row, why they are what they are, and the rest folded.

    Parameters
    ----------
    kind : the name of its class, which is the caption
    fields : its fields by name; those that are results themselves are left out
    inner : what to show of those, as HTML
    main : a table in place of the row of numbers
    """
    row = record(fields)
    lead = [name for name in LEAD if not empty(row.get(name))]
    rest = {name: value for name, value in row.items() if name not in {*lead, "reason", "no number"} and _plain(value)}
    reason = str(row.get("reason", ""))
    if main:
        rest = {name: row[name] for name in lead if _plain(row[name])} | rest
    top = main or (table(kind, lead, [row]) if lead else pairs(kind, rest))
    under = f"<p>{escape(reason)}</p>" if reason else ""
    return top + under + "".join(inner) + folded("Details", pairs("Details", rest) if rest and (main or lead) else "")


def results(kinds: Sequence[str], fields: Sequence[Mapping[str, Any]]) -> str:
    """Many results: a table for each kind of them, in the order in which the kinds come."""
    if not kinds:
        return '<p lang="en">No results.</p>'
    out = []
    for kind in dict.fromkeys(kinds):
        rows = [record(row) for name, row in zip(kinds, fields, strict=True) if name == kind]
        names = [name for name in (*LEAD, "no number") if any(not empty(row.get(name)) for row in rows)]
        same = {name: rows[0][name] for name in SHARED if len(rows) > 1 and name in names and len({row.get(name) for row in rows}) == 1}
        said = ", ".join(f"{spoken(name)} {shown(value)}" for name, value in same.items() if shown(value) != "\u221e")
        head = f"{kind} ({len(rows)})" if len(rows) > 1 else kind
        out.append(table(f"{head}: {said}" if said else head, [name for name in names if name not in same], rows))
    return "".join(out)


def frame(caption: str, found: Any, names: Sequence[str] = (), *, notes: Iterable[str] = ()) -> str:
    """A data frame of results (never of people) as such a table."""
    columns = [str(name) for name in found.columns if not names or name in names]
    rows = [dict(zip(map(str, found.columns), values, strict=True)) for values in found.itertuples(index=False, name=None)]
    return table(caption, [name for name in columns if any(not empty(row[name]) for row in rows)], rows, notes=notes)


def _plain(value: object) -> bool:
    """Whether a value is shown as it stands: no result, and no tuple of them."""
    first = value[0] if isinstance(value, tuple) and value else value
    return not hasattr(first, "to_dict") or isinstance(first, Mapping)
