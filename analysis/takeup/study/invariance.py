"""The chapter of languages: whether each scale measures the same in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.describe.invariance import invariance as describe
from takeup.errors import TakeupError
from takeup.measure.outcomes import item_column
from takeup.results import ResultSet
from takeup.study.material import slug
from takeup.study.programme import PATH, column

if TYPE_CHECKING:
    from takeup.study.material import Material

FEWEST = 3


def invariance(material: Material) -> ResultSet:
    """Reliability, loadings and items by language at the first wave, for outcomes made of three items or more: `invariance.*`."""
    by = column(material, "language")
    if by is None:
        return ResultSet()
    out = []
    for outcome in material.plan.outcomes:
        if len(outcome.items) < FEWEST:
            continue
        columns = {item_column(material.plan, material.trial, item, outcome.waves[0]): item.rpartition(".")[2] for item in outcome.items}
        frame = material.frame[[*columns, by]].rename(columns=columns)
        try:
            found = describe(frame, tuple(columns.values()), by=by, name=outcome.id, conf_level=material.plan.analyses.confidence)
        except TakeupError:
            continue  # one language only, or nobody answered: there is nothing to compare
        for item in found:
            names = [outcome.id, "" if item.estimand == "reliability" else item.estimand.lower(), item.term, str(item.extra.get("level", ""))]
            names += [str(item.extra["compared"])] if "compared" in item.extra else []
            out.append(material.stamp(item, ".".join(dict.fromkeys(slug(part) for part in ("invariance", *names) if part)), PATH))
    return ResultSet(tuple(out))
