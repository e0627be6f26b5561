"""Items to scores by a written rule: the registry's scales, and rules that a plan or a notebook states itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import Fault, MeasureError, collect, listed, nearest
from takeup.measure.catalogue import Scale, rule_of, scale_of
from takeup.measure.items import Floats, item_matrix

if TYPE_CHECKING:
    from pandas import DataFrame, Series

WHOLE = 1e-9
"""A code this near to a whole number is one."""


def score(frame: DataFrame, scale: str | Mapping[str, Any] | Scale, items: Sequence[str] | Mapping[str, str]) -> Series:
    """Score a scale for each row.

    Parameters
    ----------
    frame : DataFrame
    scale : str or mapping
        A scale of the registry, or a rule: ``{"range": [0, 4], "reverse": ["q2"], "score": "mean", "min_items": 4}`` with score "mean",
        "sum" or "percent" and all items needed unless `min_items` says fewer. ``{"scale": "k6", "range": [1, 5]}`` is a scale of the registry
        coded from another number; ``{"scale": "djg6", "turned": True}`` one whose codes run the other way in the file (1 yes to 3 no);
        ``{"scale": "eq5d5l", "value_set": ...}`` brings the value set. What each code means stands in the scale's `note`
        (`takeup.measure.catalogue.scale_of`).
    items : sequence or mapping
        Columns in the scale's order, or the scale's item names with their columns.

    Returns
    -------
    Series
        Scores in the scale's units, nan where too few items are observed. `attrs` says how many rows are scored in full, from part of the
        items, and not at all.

    Raises
    ------
    MeasureError
        Unknown scales and columns, a wrong number of items, codes outside the range: all at once, codes as counts and never shown.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> answers = pd.DataFrame({"q1": [5, 1], "q2": [4, 1], "q3": [5, 0], "q4": [3, 2], "q5": [4, None]})
    >>> tu.score(answers, "who5", ["q1", "q2", "q3", "q4", "q5"]).tolist()
    [84.0, nan]
    >>> tu.score(answers, {"range": [0, 5], "reverse": ["q3"], "score": "mean", "min_items": 4}, ["q1", "q2", "q3", "q4", "q5"]).tolist()
    [3.2, 2.25]
    """
    from pandas import Series

    columns = tuple(items.values()) if isinstance(items, Mapping) else (items,) if isinstance(items, str) else tuple(items)
    rule, offset = rule_of(scale, columns)
    if isinstance(items, Mapping):
        unknown = [
            Fault(f'"{name}" is no item of {rule.id}', "items", listed(rule.items), nearest(name, rule.items))
            for name in items if name not in rule.items
        ]
        absent = [Fault(f'the item "{name}" has no column', "items") for name in rule.items if name not in items]
        collect(MeasureError, unknown + absent)
        columns = tuple(items[name] for name in rule.items)
    values = item_matrix(frame, columns) - offset
    collect(MeasureError, _code_faults(values, columns, rule, offset))
    scores = score_items(values, rule)
    observed = (~np.isnan(values)).sum(axis=1)
    result = Series(scores, index=frame.index, name=rule.id)
    result.attrs = {
        "scale": rule.id, "complete": int((observed == len(columns)).sum()),
        "partial": int(((observed < len(columns)) & ~np.isnan(scores)).sum()), "missing": int(np.isnan(scores).sum()),
    }
    return result


def score_items(values: Floats, rule: Scale) -> Floats:
    """Scores of items, shape (rows, items) to (rows,); codes have been checked."""
    low, high = rule.codes
    points = low + high - values if rule.turned else values.copy()
    for position, name in enumerate(rule.items):
        if name in rule.reverse:
            points[:, position] = low + high - points[:, position]
        if name in rule.recode:
            points[:, position] = _recoded(points[:, position], rule.recode[name])
    if rule.score == "value_set":
        return _index_values(points, rule)
    seen = ~np.isnan(points)
    observed = seen.sum(axis=1)
    total = np.where(seen, points, 0.0).sum(axis=1)
    enough = observed >= max(rule.min_items, 1)
    if rule.missing == "prorate":
        share = np.divide(len(rule.items), observed, out=np.ones(len(points)), where=observed > 0)
        total = total * share
    total[~enough] = np.nan
    if rule.table:
        return _looked_up(total, rule)
    if rule.score == "mean":
        total = total / len(rule.items)
    elif rule.score == "percent":
        total = 100.0 * (total / len(rule.items) - low) / (high - low)
    return np.asarray(total * rule.multiply)


def classify(scores: Series, scale: str | Scale, *, language: str = "") -> Series:
    """The band of each score, as an ordered category of band ids (labels in a language when one is named).

    Parameters
    ----------
    scores : scale scores, as `score` gives them
    scale : a scale's name in the registry, or the scale itself
    language : of the labels; the bands' ids when empty

    Returns
    -------
    Series
        Ordered categories; missing where the score is.

    Raises
    ------
    MeasureError
        The scale has no bands, or no label in the language.

    Examples
    --------
    >>> import pandas as pd
    >>> classify(pd.Series([24.0, 50.0, 84.0]), "who5").tolist()
    ['likely_depression', 'poor', 'good']
    """
    from pandas import Categorical, Series

    rule = scale_of(scale) if isinstance(scale, str) else scale
    if not rule.bands:
        raise MeasureError(Fault(f"{rule.id} has no bands", "scale"))
    if language and any(language not in band.label for band in rule.bands):
        raise MeasureError(Fault(f'no label in "{language}"', "language", listed(rule.bands[0].label)))
    names = [band.label[language] if language else band.id for band in rule.bands]
    values = np.asarray(scores.to_numpy(dtype=float, na_value=np.nan))
    edges = np.array([band.above for band in rule.bands[1:]], dtype=float)
    place = np.where(np.isnan(values), -1, np.searchsorted(edges, values, side="left"))
    found = [names[position] if position >= 0 else None for position in place]
    return Series(Categorical(found, categories=names, ordered=True), index=scores.index, name=scores.name)


def _recoded(codes: Floats, points: Mapping[Any, float]) -> Floats:
    out = np.full(codes.size, np.nan)
    for code, value in points.items():
        out[np.abs(codes - float(code)) < WHOLE] = value
    return out


def _looked_up(total: Floats, rule: Scale) -> Floats:
    lowest = rule.codes[0] * len(rule.items)
    place = np.where(np.isnan(total), 0, np.rint(np.nan_to_num(total) - lowest)).astype(int)
    return np.where(np.isnan(total), np.nan, np.asarray(rule.table)[place])


def _index_values(points: Floats, rule: Scale) -> Floats:
    """EQ-5D: a value for each profile, or a constant and a number for each level of each dimension."""
    out = np.full(len(points), np.nan)
    whole = ~np.isnan(points).any(axis=1)
    levels = np.rint(points[whole]).astype(int)
    if "constant" in rule.value_set:
        parts = [np.asarray(rule.value_set[name], dtype=float)[levels[:, position] - 1] for position, name in enumerate(rule.items)]
        out[whole] = float(rule.value_set["constant"]) + np.sum(parts, axis=0)
        return out
    by_profile = {str(profile): float(value) for profile, value in rule.value_set.items()}
    out[whole] = [by_profile.get("".join(map(str, row)), np.nan) for row in levels]
    return out


def _code_faults(values: Floats, columns: Sequence[str], rule: Scale, offset: float) -> list[Fault]:
    low, high = rule.codes
    faults = []
    for name, column in zip(columns, values.T, strict=True):
        observed = column[~np.isnan(column)]
        outside = (observed < low - WHOLE) | (observed > high + WHOLE)
        if rule.whole:
            outside |= np.abs(observed - np.rint(observed)) > WHOLE
        if outside.any():
            kind = "whole numbers " if rule.whole else ""
            faults.append(Fault(
                f"{int(outside.sum())} values are no codes of {rule.id}", str(name), f"{kind}{low + offset:g} to {high + offset:g}",
                "Declare missing codes in the schema, or state the range.",
            ))
    return faults
