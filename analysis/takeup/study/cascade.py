"""Where families drop out on the way to a right, stage by stage, and the causes that they give: of the rule, the administration, the person."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.measure.rights import ELIGIBLE, RECEIVES, STAGES, UNKNOWN, reached
from takeup.results import FrozenMap, Statistic
from takeup.study.material import slug

if TYPE_CHECKING:
    from collections.abc import Iterator

    from takeup.estimate.arrays import Floats
    from takeup.study.takeup import Named, Takers

STEPS = STAGES[1:]
LEVELS = ("rule", "administration", "person")
"""Where a cause lies; the first word of a reason says which."""


def steps(takers: Takers, places: np.ndarray[Any, Any], wave: str = "") -> dict[str, Floats]:
    """By stage, for each unit, the share of its rights that reached it; of rights for which every stage is known, so that shares only fall.

    At the last wave where none is named.

    Returns
    -------
    dict of stage -> (n,) shares; nan for a unit that was eligible for none of these rights, or told nothing of them
    """
    held = takers.rights.held
    at = {stage: reached(held, stage, wave or takers.after)[:, places] for stage in STEPS}
    asked = held.at(ELIGIBLE, takers.before)[:, places] == 1
    for codes in at.values():
        asked = asked & (codes != UNKNOWN)
    count = asked.sum(axis=1)
    return {stage: np.where(count > 0, (asked & (codes == 1)).sum(axis=1) / np.maximum(count, 1), np.nan) for stage, codes in at.items()}


def cascade(takers: Takers) -> Iterator[Named]:
    """The average family's shares of its rights known, applied for, granted and received, by arm: over all rights and by domain."""
    for name in ("", *takers.rights.catalogue.domains):
        places = takers.rights.places(domain=name)
        if not places.size:
            continue
        for stage, values in steps(takers, places).items():
            for arm in takers.all_arms():
                seen = values[takers.rows(arm)]
                seen = seen[~np.isnan(seen)]
                found = Statistic(
                    table="cascade", variable=f"{name or 'all'}.{stage}", arm=str(arm), wave=takers.after, kind="mean", n=seen.size,
                    value=float(seen.mean()) if seen.size else math.nan, reason="" if seen.size else "Nobody to ask it of.",
                    extra=FrozenMap(stage=stage, group=name or "all"),
                )
                yield f"cascade.{name or 'all'}.{stage}.{slug(arm)}", found


def causes(takers: Takers) -> Iterator[Named]:
    """Of the rights not taken up for which a cause was given, the shares that lie with the rule, the administration and the person, by arm.

    `count` is the number of families that name such a cause, `n` those that name any.
    """
    held = takers.rights.held
    if held.reason is None or not held.reasons:
        return
    asked = (held.at(ELIGIBLE, takers.before) == 1) & (held.at(RECEIVES, takers.after) == 0) & (held.reason >= 0)
    of_level = np.array([next((level for level in LEVELS if reason.startswith(level)), "") for reason in held.reasons], dtype=object)
    groups = [*(("cause", level, of_level == level) for level in LEVELS),
              *(("reason", reason, np.arange(len(held.reasons)) == place) for place, reason in enumerate(held.reasons))]
    for arm in takers.all_arms():
        inside = asked & takers.rows(arm)[:, None]
        total, families = int(inside.sum()), int(inside.any(axis=1).sum())
        for variable, level, which in groups:
            here = inside & which[np.maximum(held.reason, 0)]
            found = Statistic(
                table="causes", variable=variable, level=level, arm=str(arm), wave=takers.after, kind="mean", n=families,
                count=int(here.any(axis=1).sum()), value=float(here.sum()) / total if total else math.nan,
                reason="" if total else "Nobody gave a cause.",
            )
            yield f"causes.{variable}.{slug(level)}.{slug(arm)}", found
