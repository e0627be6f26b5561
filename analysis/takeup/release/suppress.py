"""Which numbers are withheld, and what is left of a number that is: pure rules on results, no order of work.

A row of a table is one level of one variable at one wave. When a cell of a level is too small the whole row goes, in every arm and in
total, since a cell that is missing between its total and the other arm is no secret. When one level of a variable goes, its total less
the levels that stay would give it away: the next smallest level goes too, until those that went hold enough people together, and
whatever else is about a level that went (a profile, a subgroup) goes with it. A variable without levels is one number an arm: there the
cell goes alone, with the differences and totals that it is part of.
"""

from __future__ import annotations

import math
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from takeup.results import Bounds, ConfidenceSet, Estimate, FrozenMap, Result, Statistic, Test

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from takeup.release.rules import Rules

Row = tuple[str, str, str, str]
"""table, variable, wave, level"""

COUNTS = ("n", "n_treated", "n_control", "n_missing", "count", "n_clusters")
FLOW = "flow"
WITHHELD = "Withheld:"
LABELS = frozenset({"conf_level"})


def row_of(result: Statistic) -> Row:
    """The row of its table that a statistic stands in."""
    return result.table, result.variable, result.wave, result.level


def too_small(result: Result, rules: Rules) -> bool:
    """Whether a result rests on, or reveals, a group under the minimum cell."""
    if isinstance(result, Statistic):
        return _statistic_small(result, rules)
    if isinstance(result, Estimate | Bounds) and (result.n_treated or result.n_control):
        groups: list[float] = [result.n_treated, result.n_control]
    elif isinstance(result, Estimate | Bounds | Test | ConfidenceSet):
        groups = [result.n]
    else:
        groups = []
    cells = [value for key, value in result.extra.items() if key.startswith("count") and _number(value)]  # type: ignore[attr-defined]  # every kind has it
    return any(rules.small(size) for size in (*groups, *cells))


def _statistic_small(result: Statistic, rules: Rules) -> bool:
    if result.kind == "count":
        return rules.small(result.value if result.count is None else result.count)
    if rules.small(result.n):
        return True
    if result.count is None:
        return False
    return rules.small(result.count) or (result.kind == "share" and rules.small(result.n - result.count))


def is_count(key: str) -> bool:
    """Whether an extra number is a number of people, by its name: ``count...`` of a group that is described, ``n...`` of rows that were used."""
    return key in {"n", "count"} or key.startswith(("n_", "count_"))


def withheld_rows(statistics: Iterable[Statistic], rules: Rules) -> tuple[frozenset[Row], frozenset[Row]]:
    """The rows that go because a cell is too small, and those that go with them so that no total gives the first away."""
    statistics = tuple(statistics)
    alone = {row_of(item) for item in statistics if item.level and too_small(item, rules)}
    together: set[Row] = set()
    for variable in sorted({row[:3] for row in alone}):
        counts = _counts(item for item in statistics if row_of(item)[:3] == variable and item.level)
        gone = {row[3] for row in alone if row[:3] == variable}
        candidates = sorted((level for level in counts if level not in gone), key=lambda level: (sum(counts[level].values()), level))
        while candidates and not _hidden(gone, counts, rules):
            level = candidates.pop(0)
            gone.add(level)
            together.add((*variable, level))
    return frozenset(alone), frozenset(together)


def derived_cells(statistics: Iterable[Statistic], rules: Rules) -> frozenset[str]:
    """The ids of differences and totals of variables without levels, where an arm's cell that they are made of is too small.

    The boxes of the flow aren't among them: each is a count of its own, and rounding hides a small one between its neighbours.
    """
    plain = [item for item in statistics if not item.level and item.table != FLOW]
    small = {row_of(item) for item in plain if item.arm and too_small(item, rules)}
    return frozenset(item.provenance.id for item in plain if row_of(item) in small and (not item.arm or "difference" in item.kind))


def about(result: Result) -> frozenset[tuple[str, str]]:
    """The levels of variables that a result is about: its own, and those of the groups that it compares."""
    if isinstance(result, Statistic):
        return frozenset({(result.variable, result.level)} if result.level else ())
    if not isinstance(result, Estimate):
        return frozenset()
    by = result.extra.get("by")
    groups = {(str(by), str(result.extra[name])) for name in ("level", "reference") if by is not None and name in result.extra}
    return frozenset(groups | ({(result.outcome, result.term)} if result.term else set()))


def _counts(statistics: Iterable[Statistic]) -> dict[str, dict[str, int]]:
    """How many people each level holds, by arm."""
    counts: dict[str, dict[str, int]] = {}
    for item in statistics:
        if item.count is not None:
            counts.setdefault(item.level, {})[item.arm] = item.count
        elif item.kind == "count" and math.isfinite(item.value):
            counts.setdefault(item.level, {})[item.arm] = int(item.value)
    return counts


def _hidden(gone: set[str], counts: Mapping[str, Mapping[str, int]], rules: Rules) -> bool:
    """Whether at least two levels went and what they hold together in each arm isn't itself too small."""
    if len(gone) < 2:
        return False
    arms = sorted({arm for level in gone for arm in counts.get(level, {})})
    return not any(rules.small(sum(counts.get(level, {}).get(arm, 0) for level in gone)) for arm in arms)


def withhold(result: Result, why: str) -> Result:
    """The same id and labels with every number gone: nan, no people, no further numbers, and the reason."""
    changes: dict[str, Any] = {}
    for item in fields(result):
        value = getattr(result, item.name)
        if item.name in COUNTS:
            changes[item.name] = None if item.name in {"count", "n_clusters"} else 0
        elif isinstance(value, int | float) and not isinstance(value, bool) and item.name not in LABELS:
            changes[item.name] = math.nan
    if isinstance(result, ConfidenceSet):
        changes["intervals"] = ((math.nan, math.nan),)
    if isinstance(result, Test):
        changes["draws"] = None
    words = {key: value for key, value in result.extra.items() if isinstance(value, str)}  # type: ignore[attr-defined]
    return result.replace(**changes, extra=FrozenMap(words), reason=f"{WITHHELD} {why}")


def is_withheld(result: Result) -> bool:
    """Whether the gate kept the numbers of this result back."""
    return str(getattr(result, "reason", "")).startswith(WITHHELD)


def rounded(result: Result, rules: Rules) -> Result:
    """The same with its counts to the rounding base, and a share as the quotient of the rounded counts."""
    if rules.base == 1:
        return result
    changes: dict[str, Any] = {name: _each(getattr(result, name), rules.rounded) for name in COUNTS if name != "n_clusters" and hasattr(result, name)}
    if isinstance(result, Statistic):
        if result.kind == "count" and math.isfinite(result.value):
            changes["value"] = float(rules.rounded(result.value))
        elif result.kind == "share" and result.count is not None:
            changes["value"] = changes["count"] / changes["n"] if changes["n"] else math.nan
    extra = {key: _each(value, rules.rounded) if is_count(key) and _number(value) else value for key, value in result.extra.items()}  # type: ignore[attr-defined]
    return result.replace(**changes, extra=FrozenMap(extra))


def _each(value: float | None, change: Callable[[float], int]) -> int | None:
    return None if value is None else change(value)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
