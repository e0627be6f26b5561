"""How exact a number leaves that tells how many people have something: no more so than the rounded counts beside it.

A mean of zeros and ones times the people it is of is a count, and so is a difference of two such means, nearly. Where counts are rounded,
such means leave as quotients of rounded counts, and what is made of them in steps under which one person can't be told.
"""

from __future__ import annotations

import math
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from takeup.results import Estimate, FrozenMap, Result, Statistic

if TYPE_CHECKING:
    from collections.abc import Iterable

    from takeup.release.rules import Rules

COARSE = frozenset({
    "estimate", "std_error", "conf_low", "conf_high", "lower", "upper", "std_error_lower", "std_error_upper", "trimmed_share", "intervals",
})
"""The fields of results that are in the outcome's own units."""
STATISTICS = frozenset({"statistic", "p_value", "p_adjusted"})
P_LIKE = ("p_", "q_")
PEOPLE = ("n_", "count_", "kept_", "unknown_", "rows_")
"""How the names of extra numbers begin that are numbers of people."""
SHARES = ("missing_share", "response_", "rate_", "overall", "trimmed_share", "difference")
"""And of those that are shares of people, whatever the outcome."""


def looks_binary(means: Iterable[tuple[float, int]]) -> bool:
    """Whether means (each with its number of people) are those of zeros and ones: all whole numbers of people, at least one not nobody or everybody.

    >>> looks_binary([(0.25, 8), (0.5, 6)]), looks_binary([(0.25, 8), (0.3, 8)]), looks_binary([(2.0, 8)])
    (True, False, False)
    """
    pairs = [(mean, n) for mean, n in means if math.isfinite(mean)]
    whole = all(0 <= mean <= 1 and abs(mean * n - round(mean * n)) < 1e-6 for mean, n in pairs)
    return whole and len(pairs) > 1 and any(0 < mean < 1 for mean, _ in pairs)


def step(people: int) -> float:
    """The largest power of ten that isn't above one person's share.

    >>> step(56), step(100), step(449)
    (0.01, 0.01, 0.001)
    """
    return 10.0 ** math.floor(math.log10(1 / people) + 1e-9) if people > 0 else 1.0


def coarse(result: Result, rules: Rules, binary: frozenset[str]) -> Result:
    """A result on a variable of zeros and ones in steps that tell no person; another as it is, but for extra numbers of people."""
    if isinstance(result, Statistic):
        return _coarse_statistic(result, rules, two=result.variable in binary)
    extra: dict[str, Any] = dict(result.extra)  # type: ignore[attr-defined]  # every kind of result has it
    two = getattr(result, "outcome", "") in binary
    width = width_of(result)
    changes: dict[str, Any] = {}
    if two:
        for item in fields(result):
            if item.name in COARSE:
                changes[item.name] = _each(getattr(result, item.name), width)
            elif item.name in STATISTICS:
                changes[item.name] = _significant(getattr(result, item.name))
    return result.replace(**changes, extra=FrozenMap(_extra(extra, result, rules, width, two=two)))


def _coarse_statistic(result: Statistic, rules: Rules, *, two: bool) -> Statistic:
    n, width = result.n, width_of(result)
    extra = FrozenMap(_extra(dict(result.extra), result, rules, width, two=two))
    if "difference" in result.kind:
        return result.replace(value=_each(result.value, width) if two or result.kind == "difference" else result.value, extra=extra)
    if two and result.kind == "mean" and math.isfinite(result.value):
        return result.replace(value=quotient(round(result.value * n), n, rules), extra=extra)
    if two and result.kind == "sd":
        return result.replace(value=_each(result.value, 0.1), extra=extra)
    return result.replace(extra=extra)


def quotient(people: int, of: int, rules: Rules) -> float:
    """A share as the quotient of its rounded counts."""
    whole = rules.rounded(of)
    return min(rules.rounded(people) / whole, 1.0) if whole else math.nan


def width_of(result: Result) -> float:
    """The step that a result's numbers on 0/1 values leave in: by the smaller arm where it has arms, by half of its people otherwise."""
    sizes = [size for size in (getattr(result, "n_treated", 0), getattr(result, "n_control", 0)) if size]
    return step(min(sizes) if sizes else max(int(getattr(result, "n", 0)) // 2, 1))


def _extra(extra: dict[str, Any], result: Result, rules: Rules, width: float, *, two: bool) -> dict[str, Any]:
    """Extra numbers: of people to the rounding base or, where they are too few, not at all; shares and what is made of 0/1 values in steps."""
    out: dict[str, Any] = {}
    for key, value in extra.items():
        if isinstance(value, int) and not isinstance(value, bool):
            if not key.startswith(PEOPLE) or not rules.small(value):
                out[key] = rules.rounded(value) if key.startswith(PEOPLE) else value
        elif isinstance(value, float | tuple) and (two or key.startswith(SHARES)):
            out[key] = _extra_float(key, value, _side(key, result), width, rules)
        else:
            out[key] = value
    if two and isinstance(result, Estimate):
        for side in ("treated", "control"):
            share = out.get(f"mean_{side}", math.nan)
            if f"sd_{side}" in out and 0 <= share <= 1:
                out[f"sd_{side}"] = math.sqrt(share * (1 - share))
    return out


def _side(key: str, result: Result) -> int:
    """The people that an extra number is about, by its name: an arm's, or all."""
    ends = {"treated": "n_treated", "control": "n_control"}
    return int(getattr(result, ends.get(key.rpartition("_")[2], "n"), 0))


def _extra_float(key: str, value: Any, n: int, width: float, rules: Rules) -> Any:
    """A whole number of people as the quotient of rounded counts, p-values to two digits, the rest in steps."""
    if key.startswith(P_LIKE):
        return _significant(value)
    scale = 100.0 if key.startswith("per_100") else 1.0
    if isinstance(value, float) and math.isfinite(value) and n and 0 <= value <= scale and abs(value / scale * n - round(value / scale * n)) < 1e-6:
        return quotient(round(value / scale * n), n, rules) * scale
    return _each(value, width * scale)


def _each(value: Any, width: float) -> Any:
    """Numbers, in pairs and lists as they come, to the nearest multiple of the width."""
    if isinstance(value, tuple):
        return tuple(_each(item, width) for item in value)
    if not isinstance(value, float) or not math.isfinite(value):
        return value
    return round(value, max(0, round(-math.log10(width)))) + 0.0


def _significant(value: Any) -> Any:
    """Two significant digits."""
    return float(f"{value:.1e}") if isinstance(value, float) and math.isfinite(value) else value


