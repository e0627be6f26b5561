"""The chapter of the other editions: each one's own numbers, as those of the edition that the study is about stand in the chapter of centres."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from takeup.results import ResultSet
from takeup.study.parts import MOVED, parts, people, twice
from takeup.study.programme import PATH, column

if TYPE_CHECKING:
    from takeup.study.material import Material

TABLE = "editions"


def editions(material: Material) -> ResultSet:
    """Who stayed, and every outcome at the start and the end, edition by edition: `edition.YEAR.*`. Empty where the plan names no editions.

    The edition that the study is about isn't among them, and each edition's women and mean changes stand in the chapter of cohorts.
    """
    by = column(material, "cohort")
    programme = material.plan.programme
    if by is None or programme is None or material.everyone[by].nunique() < 2:
        return ResultSet()
    out: list[Any] = []
    for part in parts(material.everyone, by):
        if part.level in {"", str(programme.analysed)}:
            continue
        told = (*people(material, material.everyone, part, TABLE), *twice(material, material.everyone, part, TABLE))
        out += [material.stamp(item, ".".join(("edition", part.level, *names)), PATH) for names, item in told if names[-1] != MOVED]
    return ResultSet(tuple(out))
