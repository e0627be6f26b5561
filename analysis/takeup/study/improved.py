"""How many improved: shares better, the same and worse, reliable change, the ends of the scale; and of a yes or no who gained and who lost it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.errors import TakeupError
from takeup.estimate.change import RELIABLE
from takeup.estimate.rank_tests import mcnemar, without_noise
from takeup.measure.outcomes import BASELINE, items_at
from takeup.release.paired import PAIRS, YES
from takeup.results import FrozenMap, Result, ResultSet, Statistic, Test
from takeup.study.questions import SMALLEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from takeup.plan.model import Outcome
    from takeup.study.material import Material

Floats = np.ndarray[Any, np.dtype[np.float64]]
Named = tuple[str, Result]
DIRECTIONS = ("better", "same", "worse")


def improved(material: Material) -> ResultSet:
    """All shares of the chapter, outcome by outcome."""
    out: list[Result] = []
    for place, outcome in enumerate(material.plan.outcomes):
        before, after = measurements(material, outcome)
        pairs = ~(np.isnan(before) | np.isnan(after))
        made = _paired(outcome, before, after, pairs) if outcome.kind == "binary" else _measured(material, outcome, before, after, pairs)
        out += [material.stamp(result, name, f"outcomes[{place}]") for name, result in made]
    return ResultSet(tuple(out))


def measurements(material: Material, outcome: Outcome) -> tuple[Floats, Floats]:
    """(n,) the outcome at the start and at the end."""
    return tuple(material.frame[name].to_numpy(dtype=float, na_value=np.nan) for name in (outcome.id + BASELINE, outcome.id))  # type: ignore[return-value]


def _measured(material: Material, outcome: Outcome, before: Floats, after: Floats, pairs: Any) -> Iterator[Named]:
    """Of a measured outcome: who improved, who did reliably, who was at an end of the scale."""
    turned = 1.0 if outcome.better == "higher" else -1.0
    moved = turned * (after[pairs] - before[pairs])
    yield from _split("improved", outcome, without_noise(moved), 0.0)
    kept, source = reliability(material, outcome)
    if not math.isnan(kept) and moved.size > 1:
        beyond = RELIABLE * float(np.std(before[pairs], ddof=1)) * math.sqrt(2.0 * (1.0 - kept))
        yield from _split("reliable", outcome, moved, beyond, FrozenMap(reliability=kept, beyond=beyond, source=source))
    if outcome.support is not None:
        for wave, values in ((outcome.waves[0], before[pairs]), (outcome.follow_up, after[pairs])):
            for name, end in zip(("lowest", "highest"), outcome.support, strict=True):
                yield f"limits.{outcome.id}.{wave}.{name}", _share("limits", f"{outcome.id}.limits", values == end, level=name, wave=wave)


def _split(table: str, outcome: Outcome, moved: Floats, beyond: float, extra: FrozenMap | None = None) -> Iterator[Named]:
    """Better, the same and worse as shares of those with both measurements."""
    for name, rows in zip(DIRECTIONS, (moved > beyond, np.abs(moved) <= beyond, moved < -beyond), strict=True):
        yield f"{table}.{outcome.id}.{name}", _share(table, f"{outcome.id}.{table}", rows, level=name, extra=extra)


def _paired(outcome: Outcome, before: Floats, after: Floats, pairs: Any) -> Iterator[Named]:
    """Of a yes or no: the share at each wave among all who answered then and among those who answered twice, the four cells, McNemar's test."""
    for wave, values in ((outcome.waves[0], before), (outcome.follow_up, after)):
        seen = values[~np.isnan(values)]
        yield f"answers.{outcome.id}.{wave}", _share("answers", outcome.id, seen == 1.0, wave=wave)
        yield f"yes.{outcome.id}.{wave}", _share("yes", outcome.id + YES, values[pairs] == 1.0, wave=wave)
    first, last = before[pairs] == 1.0, after[pairs] == 1.0
    cells = {"kept": first & last, "gained": ~first & last, "lost": first & ~last, "never": ~first & ~last}
    for name, rows in cells.items():
        yield f"pairs.{outcome.id}.{name}", _share("pairs", outcome.id + PAIRS, rows, level=name)
    up, down = int(cells["gained"].sum()), int(cells["lost"].sum())
    if outcome.better == "lower":
        up, down = down, up
    found = mcnemar(up, down)
    yield f"mcnemar.{outcome.id}", Test(
        outcome=outcome.id, term="change", statistic=found["mcnemar_chi2"], df=1.0, p_value=found["mcnemar_p"], n=first.size, exact=True,
        method="mcnemar", reason="McNemar's exact test takes people as independent, whatever their group.",
        extra=FrozenMap({"p_mid": found["mcnemar_midp"], SMALLEST: min((size for size in (up, down) if size), default=0)}),
    )


def reliability(material: Material, outcome: Outcome) -> tuple[float, str]:
    """The reliability of one measurement and where it is from: the plan, else Cronbach's alpha of the items at the start; nan where neither is."""
    if outcome.reliability is not None:
        return outcome.reliability, "plan"
    if len(outcome.items) < 2:
        return math.nan, ""
    from takeup.measure.reliability import cronbach_alpha

    try:
        items = items_at(material.plan, material.trial, outcome, outcome.waves[0])
        turned = material.frame[items].astype("Float64")
        names = {name.rpartition(".")[2] for name in (outcome.rule.reverse if outcome.rule is not None else ())}
        for name in items:
            if name.rpartition(".")[2] in names and outcome.rule is not None:
                turned[name] = sum(outcome.rule.range) - turned[name]
        found = cronbach_alpha(turned, items).estimate
    except TakeupError:
        return math.nan, ""
    return (found, "alpha") if 0.0 < found < 1.0 else (math.nan, "")


def _share(table: str, variable: str, rows: Any, *, level: str = "", wave: str = "", extra: FrozenMap | None = None) -> Statistic:
    n = int(rows.size)
    return Statistic(table=table, variable=variable, level=level, wave=wave, kind="share", value=float(rows.mean()) if n else math.nan, n=n,
                     count=int(rows.sum()), reason="" if n else "Nobody has both measurements.", extra=extra or FrozenMap())
