"""The flow of a before-after study: who started, who left early and why, who answered at each wave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.measure.outcomes import BASELINE

if TYPE_CHECKING:
    from takeup.results import ResultSet
    from takeup.study.material import Material


def flow(material: Material) -> ResultSet:
    """Every person of the analysed cohort from the start to the analysis."""
    import pandas as pd

    from takeup.describe.participation import participation

    ledger, clusters = material.trial.ledger, material.trial.clusters
    codes = None if clusters is None else pd.factorize(material.frame[clusters])[0]
    counted = participation(leaving(material), answered(material), pairs(material), clusters=codes, assessed=ledger.assessed,
                            excluded=ledger.excluded)
    return material.stamped(counted, "flow", "flow")


def leaving(material: Material) -> list[str] | None:
    """(n,) why each left early, empty for who stayed; None where no column says."""
    from takeup.intake.read import code_text

    name = left_column(material)
    if name is None:
        return None
    column = material.frame[name]
    return ["" if gone else code_text(value) for gone, value in zip(column.isna(), column.astype(object), strict=True)]


def left_column(material: Material) -> str | None:
    """The frame's column with the reason for leaving."""
    programme = material.plan.programme
    named = (None if programme is None else programme.left) or material.plan.flow.status
    return None if named is None else material.trial.resolve(named)


def answered(material: Material) -> dict[str, Any]:
    """(n,) by wave, whether a person answered anything that the plan asks about."""
    out: dict[str, Any] = {}
    for outcome in material.plan.outcomes:
        for wave, column in ((outcome.waves[0], outcome.id + BASELINE), (outcome.follow_up, outcome.id)):
            known = material.frame[column].notna().to_numpy()
            out[wave] = out[wave] | known if wave in out else known
    return out


def pairs(material: Material) -> dict[str, Any]:
    """(n,) by outcome, whether a person has both measurements."""
    frame = material.frame
    return {outcome.id: (frame[outcome.id].notna() & frame[outcome.id + BASELINE].notna()).to_numpy() for outcome in material.plan.outcomes}


def stayed(material: Material) -> Any:
    """(n,) whether a person answered at the last wave."""
    found = answered(material)
    return found[next(reversed(found))] if found else np.zeros(len(material.frame), dtype=bool)
