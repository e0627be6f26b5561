"""The chapter of places in a comparison: both groups side by side in each, at the start and at the end. No difference is worked out by place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from takeup.results import ResultSet, Statistic
from takeup.study.material import slug
from takeup.study.parts import Within, parts, people, twice
from takeup.study.programme import PATH, column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from takeup.study.material import Material

TABLE, WOMEN = "places", "women"


def places(material: Material) -> ResultSet:
    """Women, stayers and outcomes by place and arm: `place.PLACE.ARM.*`, and `places.ARM.*` for all places. Empty where the plan names no places."""
    by = material.design.blocks if isinstance(material.design.blocks, str) else column(material, "centre")
    if by is None or by not in material.frame or material.plan.programme is None:
        return ResultSet()
    arms = material.frame[material.design.treatment]
    out: list[Any] = []
    for part in parts(material.frame, by):
        for arm in (material.design.control, *material.arms):
            mine = replace(part, rows=part.rows & (arms == arm).to_numpy(dtype=bool, na_value=False), arm=str(arm))
            head = ("place", slug(part.level), slug(arm)) if part.level else ("places", slug(arm))
            out += [material.stamp(item, ".".join((*head, *names)), PATH) for names, item in _of(material, mine)]
    return ResultSet(tuple(out))


def _of(material: Material, part: Within) -> Iterator[tuple[tuple[str, ...], Statistic]]:
    """One arm's numbers in one place; how many women only where it is a place, since the flow tells how many each arm has."""
    if part.level:
        arm = int((material.frame[material.design.treatment].astype(str) == part.arm).sum())
        count = int(part.rows.sum())
        yield (WOMEN,), Statistic(table=TABLE, variable=part.by, level=part.level, arm=part.arm, kind="share", value=count / arm, n=arm, count=count)
    yield from people(material, material.frame, part, TABLE)
    yield from twice(material, material.frame, part, TABLE)
