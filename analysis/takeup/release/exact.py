"""How an exact number tells of how many people it is, although the count beside it is rounded; and the steps in which it doesn't.

A mean of whole numbers over n people is a multiple of 1/n: with sixteen digits only the true n fits (GRIM, Brown and Heathers 2017). So does the
difference of two such means, and degrees of freedom or clusters that are people in all but name. Such numbers leave in steps that every n which
is rounded alike could have made. What isn't such a multiple tells no n, and leaves as it is.
"""

from __future__ import annotations

import math
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.results import Estimate, FrozenMap, Statistic

if TYPE_CHECKING:
    from collections.abc import Iterable

    from takeup.release.rules import Rules
    from takeup.results import Result

PARTS = np.arange(1, 1001)
"""Answers in whole numbers, or means of so many of them (also where some of an item are missing), or amounts in cents."""
GRAINS = (100.0, 50.0, 25.0, 20.0, 10.0, 5.0, 4.0, 2.0)
"""Answers in steps of more than one: amounts, or the scores of WHO-5 in fours."""
FINE, FEW = 0.01, 5.0
"""A grain counts that is up to five, or so small that a person's share of it is under a hundredth of the number."""
NEAR, SHARE = 1e-11, "share"
STEPS = (1.0, 2.0, 5.0, 10.0)
NUMBERS = ("estimate", "conf_low", "conf_high", "lower", "upper", "std_error", "std_error_lower", "std_error_upper")
TOLD = ("mean", "complier_mean", "raw", "itt", "change", "unchanged", "by_", "cost", "effect", "bootstrap")
"""How the names of extra numbers begin that are means of people, or made of them."""
OWN_CLUSTERS = 2
"""Clusters with fewer people than this on average are people in all but name."""


def step_of(value: float, people: float, *, coarse: bool = True) -> float:
    """The step in which a number leaves that is of so many people: at least one part of one person's share; 0 where it tells nothing.

    Of what can't be more than one a person, as a share of sessions, no `coarse` grain is looked for.

    >>> step_of(3887 / 118, 118), step_of(3.14159265358979, 118), step_of(1235 / (14 * 92), 92)
    (0.01, 0.0, 0.001)
    """
    if not math.isfinite(value) or people <= 0:
        return 0.0
    parts = np.array([*(1.0 / grain for grain in GRAINS if coarse and grain <= max(FEW, FINE * abs(value) * people)), *PARTS])
    whole = value * people * parts
    fits = np.flatnonzero(np.abs(whole - np.rint(whole)) <= NEAR * np.maximum(1.0, np.abs(whole)))
    return _at_least(1.0 / (people * float(parts[fits[0]]))) if fits.size else 0.0


def _at_least(size: float) -> float:
    """The smallest of 1, 2, 5, 10, 20 ... that is no smaller."""
    power = 10.0 ** math.floor(math.log10(size))
    return next(step * power for step in STEPS if step * power >= size * (1 - 1e-9))


def stepped(value: float, step: float) -> float:
    """The nearest multiple, without the noise of the last digits.

    >>> stepped(32.932203389830505, 0.01), stepped(5.1, 0.0)
    (32.93, 5.1)
    """
    return value if step <= 0 or not math.isfinite(value) else round(round(value / step) * step, max(0, 2 - math.floor(math.log10(step)))) + 0.0


def untold(result: Result, rules: Rules, *, two: bool = False) -> Result:
    """A result without what tells its exact number of people: means, what is made of them, degrees of freedom, clusters of one.

    Numbers on 0/1 values (`two`) are the business of `release.precision`; of those only the latter two are looked at here.
    """
    if isinstance(result, Statistic):
        return result if two else _description(result)
    n = float(getattr(result, "n", 0))
    changes: dict[str, Any] = {name: freedom(getattr(result, name), n, rules) for name in ("df", "df_denominator") if hasattr(result, name)}
    clusters = getattr(result, "n_clusters", None)
    if clusters and n and clusters * OWN_CLUSTERS > n:
        changes["n_clusters"] = rules.rounded(clusters)
    sides = tuple(float(getattr(result, name, 0)) for name in ("n_treated", "n_control"))
    sizes = [size for size in (n, *sides, sides[0] * sides[1]) if size]
    if not two and isinstance(result, Estimate) and (step := _step(result.estimate, sizes)):
        changes |= {name: stepped(getattr(result, name), step) for name in NUMBERS if hasattr(result, name) and not name.startswith("std")}
        changes |= {name: _digits(getattr(result, name), 4) for name in ("std_error", "statistic")} | {"p_value": _digits(result.p_value, 3)}
    sizes = [] if two else sizes
    extra = {key: _extra(key, value, sizes, n, rules) for key, value in result.extra.items()}  # type: ignore[attr-defined]  # all kinds have it
    present = {item.name for item in fields(result)}
    return result.replace(**{name: value for name, value in changes.items() if name in present}, extra=FrozenMap(extra))


def _description(result: Statistic) -> Statistic:
    """A mean in its step, a spread in as many digits as are read."""
    if result.kind == "sd" or "standardized" in result.kind:
        return result.replace(value=_digits(result.value, 3))
    counted = result.kind == "share" and result.count is not None
    step = step_of(result.value, float(result.n), coarse=result.unit != SHARE)
    return result if counted or result.kind == "count" else result.replace(value=stepped(result.value, step))


def _step(value: float, sizes: Iterable[float]) -> float:
    return max((step_of(value, size) for size in sizes), default=0.0)


def _extra(key: str, value: Any, sizes: list[float], n: float, rules: Rules) -> Any:
    if isinstance(value, tuple):
        return tuple(_extra(key, item, sizes, n, rules) for item in value)
    if not isinstance(value, float) or not math.isfinite(value):
        return value
    if key.startswith("ess_"):
        return float(rules.rounded(value))
    if key.endswith("_df"):
        return freedom(value, n, rules)
    if key.startswith("sd_") and sizes:
        return _digits(value, 3)
    return stepped(value, _step(value, sizes)) if key.startswith(TOLD) else value


def freedom(df: float, people: float, rules: Rules) -> float:
    """Degrees of freedom in two digits, or to the base of counts where they come near the number of people.

    >>> from takeup.release.rules import Rules
    >>> [freedom(df, 118, Rules()) for df in (14.2928, 116.0, 7.0)]
    [14.0, 115.0, 7.0]
    """
    if not math.isfinite(df):
        return df
    return float(max(rules.rounded(df), rules.base)) if people and df > people / 4 else _digits(df, 2)


def _digits(value: float, digits: int) -> float:
    return value if not math.isfinite(value) or value == 0 else float(f"{value:.{digits - 1}e}")
