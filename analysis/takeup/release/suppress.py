"""Which numbers are withheld on their own account or with another, and what is left of a number that is: pure rules on results.

A result goes where a group it rests on, or reveals, is too small. With it go the numbers that are made of it: the difference between arms
of which one is withheld, the spread of a mean that is, the profile and the groups of a level that is, the numbers of a group whose size is.
What totals, other levels and other tables tell of it is `release.told` and `release.solve`'s.
"""

from __future__ import annotations

import math
import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from takeup.release.exact import untold
from takeup.release.precision import coarse, quotient
from takeup.release.told import people_of
from takeup.results import Bounds, ConfidenceSet, Estimate, FrozenMap, Result, Statistic, Test

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from takeup.release.rules import Rules
    from takeup.results import ResultSet

Row = tuple[str, str, str, str]
"""table, variable, wave, level"""

COUNTS = ("n", "n_treated", "n_control", "n_missing", "count", "n_clusters")
FLOW = "flow"
WITHHELD = "Withheld:"
PROFILE = "complier mean"
CLOSE = 1e-6
LABELS = frozenset({"conf_level"})


_PEOPLE = re.compile(r"(?<![\w.,])\d[\d,]*(?= (?:units?|rows?|people|persons?|families|households|respondents)\b)")
_MISSING = re.compile(r"(\d+(?:\.\d+)?)% missing\b")


def row_of(result: Statistic) -> Row:
    """The row of its table that a statistic stands in."""
    return result.table, result.variable, result.wave, result.level


def too_small(result: Result, rules: Rules, binary: frozenset[str] = frozenset()) -> bool:
    """Whether a result rests on, or reveals, a group under the minimum cell; `binary` are the variables of which a mean is a share."""
    if isinstance(result, Statistic):
        return _statistic_small(result, rules, binary)
    if isinstance(result, Estimate | Bounds) and (result.n_treated or result.n_control):
        groups: list[float] = [result.n_treated, result.n_control]
    elif isinstance(result, Estimate | Bounds | Test | ConfidenceSet):
        groups = [result.n]
    else:
        groups = []
    cells = [value for key, value in result.extra.items() if key.startswith("count") and _number(value)]  # type: ignore[attr-defined]  # every kind has it
    if isinstance(result, Estimate) and result.outcome in binary:
        for side, n in (("mean_treated", result.n_treated), ("mean_control", result.n_control)):
            people = result.extra.get(side, math.nan) * n
            if math.isfinite(people) and abs(people - round(people)) < CLOSE:
                cells += [round(people), n - round(people)]
    return any(rules.small(size) for size in (*groups, *cells))


def _statistic_small(result: Statistic, rules: Rules, binary: frozenset[str]) -> bool:
    if result.kind == "count":
        return rules.small(result.value if result.count is None else result.count)
    if rules.small(result.n) or rules.small(result.count or 0):
        return True
    people = people_of(result, binary)
    return people is not None and (rules.small(people) or rules.small(result.n - people))


def nobody_or_everybody(result: Result, binary: frozenset[str] = frozenset()) -> bool:
    """Whether a share is of nobody or of everybody of a group."""
    people = people_of(result, binary) if isinstance(result, Statistic) and result.n else None
    return people is not None and people in {0, result.n}  # type: ignore[attr-defined]


def made_of(sections: Mapping[str, ResultSet], gone: Collection[str], cell: int = 0) -> frozenset[str]:
    """The ids of results that are made of withheld ones, these not among them; `cell` is the minimum cell, for means of parts of a whole."""
    every = [(name, item) for name, results in sections.items() for item in results]
    cells = [item for _, item in every if isinstance(item, Statistic) and item.provenance.id in gone and item.table != FLOW]
    rows = {row_of(item) for item in cells}
    places = {_place(item) for item in cells if item.kind in {"mean", "share"}}
    levels = {(item.variable, item.level) for item in cells}
    groups = {(item.variable, item.level, item.arm) for _, item in every if isinstance(item, Statistic) and item.level and item.provenance.id in gone}
    out = set()
    for _, item in every:
        if isinstance(item, Statistic):
            group = str(item.extra.get("by", "")), str(item.extra.get("level", "")), item.arm
            follows = ("difference" in item.kind and row_of(item) in rows) or (item.kind == "sd" and _place(item) in places) or group in groups
        else:
            follows = bool(about(item) & levels)
        if follows:
            out.add(item.provenance.id)
    return frozenset(out | _means_of_parts(every, gone) | _means_of_groups(every, {*gone, *out}, cell)) - frozenset(gone)


def _place(item: Statistic) -> tuple[object, ...]:
    """The cell of its table that a statistic stands in, whatever it says of it."""
    return *row_of(item), item.arm, item.extra.get("by"), item.extra.get("level")


def _means_of_parts(every: Iterable[tuple[str, Any]], gone: Collection[str]) -> set[str]:
    """Where one part's mean is withheld and that of the whole is shown, the smallest other part's, so that it can't be worked out."""
    parts: dict[tuple[str, str], list[Statistic]] = {}
    wholes: dict[tuple[str, str], set[int]] = {}
    for _, item in every:
        if isinstance(item, Statistic) and item.kind == "mean" and item.arm:
            if item.level:
                parts.setdefault((item.variable, item.arm), []).append(item)
            elif item.provenance.id not in gone:
                wholes.setdefault((item.variable, item.arm), set()).add(item.n)
    out = set()
    for place, items in parts.items():
        hidden = [item for item in items if item.provenance.id in gone]
        shown = sorted((item.n, item.provenance.id) for item in items if item.provenance.id not in gone)
        if len(hidden) == 1 and shown and sum(item.n for item in items) in wholes.get(place, ()):
            out.add(shown[0][1])
    return out


def _means_of_groups(every: Iterable[tuple[str, Any]], gone: Collection[str], cell: int) -> set[str]:
    """Where groups (`by`, `level`) that make up a whole have means of their own and some are withheld: those of the smallest others.

    So many that those hidden are two and hold the minimum cell of people together: then the whole, less what is shown, tells of no fewer.
    """
    groups: dict[tuple[object, ...], list[Any]] = {}
    for _, item in every:
        if "by" in item.extra and "level" in item.extra and _is_mean(item):
            what = (item.variable, item.wave) if isinstance(item, Statistic) else (item.outcome, item.estimand)
            groups.setdefault((type(item), *what, item.arm, item.extra["by"]), []).append(item)
    out: set[str] = set()
    for items in groups.values():
        hidden = [item for item in items if item.provenance.id in gone]
        shown = sorted((item for item in items if item.provenance.id not in gone), key=lambda item: (item.n, item.provenance.id))
        while hidden and shown and (len(hidden) < 2 or sum(item.n for item in hidden) < cell):  # one alone is the whole less the rest
            hidden.append(shown.pop(0))
            out.add(hidden[-1].provenance.id)
    return out


def _is_mean(item: Any) -> bool:
    """Whether a result is the mean of one group of people, rather than what sets two groups apart."""
    return item.kind == "mean" if isinstance(item, Statistic) else isinstance(item, Estimate) and item.estimand in {"change", "mean"}


def about(result: Result) -> frozenset[tuple[str, str]]:
    """The levels of variables that an estimate is about: those of the groups that it compares, that of a profile."""
    if not isinstance(result, Estimate):
        return frozenset()
    by = result.extra.get("by")
    groups = {(str(by), str(result.extra[name])) for name in ("level", "reference") if by is not None and name in result.extra}
    return frozenset(groups | ({(result.outcome, result.term)} if result.estimand == PROFILE else set()))


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


def rounded(result: Result, rules: Rules, binary: frozenset[str] = frozenset()) -> Result:
    """The same with its counts to the rounding base, a share as the quotient of the rounded counts, and nothing that tells them exactly.

    A number of missing under the minimum cell leaves as 0, since a small one would tell the box of the flow that is kept back.
    """
    if rules.base == 1:
        return result
    two = (result.variable if isinstance(result, Statistic) else getattr(result, "outcome", "")) in binary
    coarser = untold(coarse(result, rules, binary), rules, two=two)
    changes: dict[str, Any] = {name: _each(getattr(result, name), rules.rounded) for name in COUNTS if name != "n_clusters" and hasattr(result, name)}
    if rules.small(getattr(result, "n_missing", 0)):
        changes["n_missing"] = 0
    if isinstance(result, Statistic):
        if result.kind == "count" and math.isfinite(result.value):
            changes["value"] = float(rules.rounded(result.value))
        elif result.count is not None and people_of(result, binary) is not None:
            changes["value"] = quotient(result.count, result.n, rules)
    return coarser.replace(**changes)


def said(result: Result, rules: Rules) -> Result:
    """The same with the numbers of people in its reasons as rounded as elsewhere, and small ones not told."""
    reason, n = str(getattr(result, "reason", "")), int(getattr(result, "n", 0))
    told = _MISSING.sub(lambda found: _share(float(found[1]), n, rules), _PEOPLE.sub(lambda found: _spoken(found[0], rules), reason))
    return result if told == reason else result.replace(reason=told)


def _spoken(number: str, rules: Rules) -> str:
    count = int(number.replace(",", ""))
    return f"fewer than {rules.cell}" if rules.small(count) else str(rules.rounded(count))


def _share(percent: float, n: int, rules: Rules) -> str:
    """A percentage of the people of a result, as it leaves: of those whom the result is of as they are shown, and none of a few."""
    people = percent / 100 * n
    if 0 < people < rules.cell:
        return f"fewer than {math.ceil(100 * rules.cell / max(n, rules.cell))}% missing"
    return f"{100 * quotient(round(people), n, rules):.0f}% missing"


def _each(value: float | None, change: Callable[[float], int]) -> int | None:
    return None if value is None else change(value)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
