"""The boxes of the flow, read from the results and added up: a count that doesn't reconcile stops the report."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from takeup.errors import Fault, ReportError, collect
from takeup.present.catalogue import mark
from takeup.present.labels import Labels, spoken
from takeup.present.reading import arms, each_once, section, statistic, statistics
from takeup.present.terms import FLOW, term

if TYPE_CHECKING:
    from collections.abc import Iterator

    from takeup.release.gate import Released
    from takeup.results import ResultSet, Statistic

VARIABLES = ("assessed", "excluded", "randomized", "started", "measured", "completed", "left", "allocated", "received", "not_received", "followed_up",
             "lost", "analysed")
UNDRAWN = {"randomized": mark("Enrolled"), "allocated": mark("In the group")}
ONE_GROUP = {"followed_up": mark("Answered at the end")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A number in a box, nan where it is withheld, with the reasons it is made of and, where clusters were drawn, how many they are."""

    variable: str
    value: float
    clusters: int | None = None
    result_id: str = ""
    level: str = ""
    wave: str = ""
    reasons: tuple[Count, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmFlow:
    """The boxes of one arm. `waves` holds (followed up, lost) by wave; `analysed` has one count, or one an outcome."""

    arm: str
    allocated: Count | None
    received: Count | None
    not_received: Count | None
    waves: tuple[tuple[Count | None, Count | None], ...]
    analysed: tuple[Count, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowBoxes:
    """The whole flow."""

    assessed: Count | None
    excluded: Count | None
    randomized: Count | None
    arms: tuple[ArmFlow, ...]


def reason_words(labels: Labels, variable: str, level: str, language: str) -> str:
    """A reason in words: an outcome's name in the analysis box, else what plan, schema or takeup call it, else its id as it stands."""
    if variable == "analysed":
        return labels.outcome(level, language)
    return labels.reason(variable, level, language) or (level if " " in level else spoken(level).lower())


def step(labels: Labels, variable: str, language: str) -> str:
    """What a box is called: nobody was randomised or allocated where nothing was drawn."""
    undrawn = UNDRAWN if labels.plan.evidence == "comparison" else ONE_GROUP if labels.plan.evidence == "before_after" else {}
    return term(undrawn if variable in undrawn else FLOW, variable, language)


def boxes(released: Released, labels: Labels) -> FlowBoxes:
    """The boxes of the flow section.

    Raises
    ------
    ReportError
        Counts that don't add up, all at once. Rounded counts may differ by their rounding, withheld ones aren't compared.
    """
    results = section(released, "flow")
    shown = arms(results, str(labels.plan.design.control))
    found = FlowBoxes(
        assessed=_count(results, "assessed"), excluded=_count(results, "excluded"), randomized=_count(results, "randomized"),
        arms=tuple(_arm(results, arm) for arm in shown),
    )
    collect(ReportError, _faults(found, released.rules.base))
    return found


def _arm(results: ResultSet, arm: str) -> ArmFlow:
    waves = each_once(item.wave for item in statistics(results, arm=arm) if item.variable in {"followed_up", "lost"})
    analysed = [item for item in statistics(results, variable="analysed", arm=arm) if not math.isnan(item.value) or item.reason]
    whole = [item for item in analysed if not item.level]
    return ArmFlow(
        arm=arm, allocated=_count(results, "allocated", arm), received=_count(results, "received", arm),
        not_received=_count(results, "not_received", arm),
        waves=tuple((_count(results, "followed_up", arm, wave), _count(results, "lost", arm, wave)) for wave in waves),
        analysed=tuple(_as_count(item) for item in (whole or analysed)),
    )


def _count(results: ResultSet, variable: str, arm: str = "", wave: str = "") -> Count | None:
    item = statistic(results, variable=variable, level="", arm=arm, wave=wave)
    if item is None:
        return None
    reasons = tuple(_as_count(part) for part in statistics(results, variable=variable, arm=arm, wave=wave) if part.level)
    return _as_count(item, reasons)


def _as_count(item: Statistic, reasons: tuple[Count, ...] = ()) -> Count:
    clusters = item.extra.get("clusters")
    return Count(variable=item.variable, value=item.value, clusters=clusters if isinstance(clusters, int) else None, result_id=item.provenance.id,
                 level=item.level, wave=item.wave, reasons=reasons)


def _faults(found: FlowBoxes, base: int) -> Iterator[Fault]:
    yield from _sum("randomised and excluded", found.assessed, (found.randomized, found.excluded), base)
    yield from _sum("the arms together", found.randomized, tuple(arm.allocated for arm in found.arms), base)
    for arm in found.arms:
        yield from _sum("took part and did not", arm.allocated, (arm.received, arm.not_received), base, arm.arm)
        for followed, lost in arm.waves:
            yield from _sum("followed up and lost", arm.allocated, (followed, lost), base, arm.arm)
    for count in _all(found):
        if count.reasons:
            yield from _sum("the reasons", count, count.reasons, base)


def _all(found: FlowBoxes) -> Iterator[Count]:
    single = [found.excluded]
    for arm in found.arms:
        single += [arm.not_received, *(lost for _, lost in arm.waves)]
    yield from (count for count in single if count is not None)


def _sum(what: str, whole: Count | None, parts: tuple[Count | None, ...], base: int, arm: str = "") -> Iterator[Fault]:
    if whole is None or any(part is None for part in parts):
        return
    values = [part.value for part in parts if part is not None]
    gap = sum(values) - whole.value
    tolerance = 0.0 if base == 1 else base * (len(values) + 1) / 2
    if not math.isnan(gap) and abs(gap) > tolerance:
        where = ".".join(part for part in ("flow", whole.variable, arm) if part)
        yield Fault(f"{what} make {sum(values):g}, and the box holds {whole.value:g}", where, remedy="The flow must add up before it is shown.")
