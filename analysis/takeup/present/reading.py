"""How the presenters look up results: by section, by the first part of the id, by outcome and arm. They read `Released` and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from takeup.plan.evidence import MAIN
from takeup.release.gate import Released, require
from takeup.results import Result, ResultSet, Statistic

if TYPE_CHECKING:
    from collections.abc import Iterator


def main(released: Released, evidence: str, outcome: str = "", arm: str | None = None) -> Iterator[Any]:
    """The main estimates of a study, of one outcome and arm where these are given."""
    chapter, first = MAIN[evidence]
    return pick(section(released, chapter), first, outcome, arm)


def section(released: Released, name: str) -> ResultSet:
    """A section of the study; empty where the study has none. ReleaseError for anything that didn't pass the gate."""
    found: ResultSet = require(released).sections.get(name, ResultSet())
    return found


def prefix(result: Result) -> str:
    """The first part of a result's id: what it is in the study (effect, ratio, ri, family, cace, ar, robust, bounds ...)."""
    provenance: Any = getattr(result, "provenance", None)
    return str(provenance.id).partition(".")[0] if provenance is not None else ""


def pick(results: ResultSet, first: str, outcome: str = "", arm: str | None = None) -> Iterator[Any]:
    """The results whose id begins with `first.`, of one outcome and one arm where these are given. A result without an arm fits all."""
    for result in results:
        fits_arm = arm is None or getattr(result, "arm", "") in {arm, ""}
        if prefix(result) == first and (not outcome or getattr(result, "outcome", "") == outcome) and fits_arm:
            yield result


def only(results: ResultSet, first: str, outcome: str = "", arm: str | None = None) -> Any:
    """The first of `pick`, None where there is none."""
    return next(pick(results, first, outcome, arm), None)


def statistics(results: ResultSet, **fields: object) -> tuple[Statistic, ...]:
    """The statistics of a section with these fields."""
    return tuple(item for item in results if isinstance(item, Statistic) and all(getattr(item, name) == value for name, value in fields.items()))


def statistic(results: ResultSet, **fields: object) -> Statistic | None:
    """The one statistic with these fields, None where there is none."""
    return next(iter(statistics(results, **fields)), None)


def arms(results: ResultSet, control: str) -> tuple[str, ...]:
    """The arms that occur, control first, then in the order in which they occur."""
    found = dict.fromkeys(str(result.arm) for result in results if getattr(result, "arm", ""))
    return (*([control] if control in found else []), *(arm for arm in found if arm != control))


def each_once(names: Iterator[str]) -> tuple[str, ...]:
    """Names in order of first occurrence."""
    return tuple(dict.fromkeys(names))
