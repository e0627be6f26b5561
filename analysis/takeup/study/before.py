"""The chapters before the effect: who took part, was the draw fair, who is missing, who took the programme up."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from takeup.errors import TakeupError
from takeup.release.magnitude import LARGEST, largest
from takeup.results import Estimate, FrozenMap, ResultSet, Statistic, Test
from takeup.study.material import Material, slug

if TYPE_CHECKING:
    from takeup.results import Result


def flow(material: Material) -> ResultSet:
    """Every unit from assessed to analysed, from the ledger."""
    from takeup.describe.flow import flow as count_flow

    analysed = {outcome.id: material.frame[outcome.id].notna() for outcome in material.plan.outcomes}
    return material.stamped(count_flow(material.trial, material.plan, analysed), "flow", "flow")


def balance(material: Material) -> ResultSet:
    """The arms at baseline over the plan's columns, and the omnibus test by the trial's own draw."""
    from takeup.describe.balance import balance as describe

    analyses = material.plan.analyses
    columns = tuple(dict.fromkeys(material.trial.resolve(name) for name in analyses.balance))
    if not columns:
        return ResultSet()
    table = describe(material.frame, columns, material.design, draws=analyses.draws, seed=analyses.seed)
    omnibus = material.stamp(table.test, "balance.omnibus", "analyses.balance", analyses.seed)
    found = (_with_amounts(material, item) for item in table.results())
    return ResultSet((*material.stamped(found, "balance", "analyses.balance"), omnibus))


def _with_amounts(material: Material, item: Result) -> Result:
    """A mean of numbers with the largest of them, for the disclosure gate."""
    frame = material.frame
    if not isinstance(item, Statistic) or item.kind not in {"mean", "sd"} or item.level or item.variable not in frame.columns:
        return item
    values = frame[item.variable][frame[material.design.treatment].astype(str).eq(item.arm).to_numpy(dtype=bool, na_value=False) | (not item.arm)]
    if values.dtype.kind not in "iuf":
        return item
    return item.replace(extra=FrozenMap({**item.extra, LARGEST: largest(values.to_numpy(dtype=float, na_value=math.nan))}))


def attrition(material: Material) -> ResultSet:
    """For each outcome: who has it at follow-up, by arm, whatever the test says."""
    from takeup.describe.attrition import attrition as describe
    from takeup.measure.outcomes import baseline_of

    out: list[Result] = []
    for position, outcome in enumerate(material.plan.outcomes):
        asked = material.asked(outcome, material.frame)
        frame = asked.assign(**{outcome.id: asked[outcome.id].notna().astype(float)})
        own = baseline_of(outcome)
        path = f"outcomes[{position}]"
        try:
            found = describe(frame, outcome.id, material.design, baseline=() if own is None else (own,)).results()
        except TakeupError as error:
            found = ResultSet((Test(outcome=outcome.id, term="attrition", method="attrition", reason=str(error)),))
        out.extend(material.stamped(found, f"attrition.{outcome.id}", path))
    return ResultSet(tuple(out))


def compliance(material: Material) -> ResultSet:
    """The share that received the programme, by arm, and who the compliers are; empty where receipt wasn't recorded."""
    design, plan = material.design, material.plan
    if design.received is None:
        return ResultSet()
    from takeup.describe.compliance import compliance as describe
    from takeup.describe.compliance import complier_profile

    path = "design.received"
    columns = tuple(dict.fromkeys(material.trial.resolve(name) for name in plan.analyses.balance))
    out: list[Result] = list(_received(material))
    for arm in material.arms:
        end = material.suffix(arm)
        try:
            share = describe(material.frame, design, arm=arm, conf_level=plan.analyses.confidence).share
        except TakeupError as error:
            share = Estimate(outcome=design.received, estimand="take-up", arm=str(arm), estimate=math.nan, method="first_stage", reason=str(error))
        out.append(material.stamp(share, f"compliance.share{end}", path))
        try:
            profile = complier_profile(material.frame, columns, design, arm=arm, conf_level=plan.analyses.confidence) if columns else ()
        except TakeupError:
            continue  # of a dose, or of nobody, there is no profile; the share above says which
        for found in profile:
            names = ".".join(slug(part) for part in (found.outcome, found.term) if part)
            out.append(material.stamp(found, f"complier.{names}{end}", path))
    return ResultSet(tuple(out))


def _received(material: Material) -> ResultSet:
    """How many of each arm received the programme, or how much of it where that is an amount."""
    design = material.design
    assert design.received is not None
    values = material.frame[design.received].astype("Float64").to_numpy(dtype=float, na_value=math.nan)
    dose = not np.isin(values[~np.isnan(values)], (0.0, 1.0)).all()
    out = []
    for arm in (design.control, *material.arms):
        here = values[(material.frame[design.treatment] == arm).to_numpy(dtype=bool, na_value=False)]
        known = here[~np.isnan(here)]
        share = Statistic(
            table="compliance", variable=design.received, arm=str(arm), kind="mean" if dose else "share", n=known.size,
            value=float(known.mean()) if known.size else math.nan, count=None if dose else int(known.sum()),
            reason="" if known.size else "Nobody in this arm has a receipt on record.",
        )
        out.append(material.stamp(share, f"compliance.received.{slug(arm)}", "design.received"))
    return ResultSet(tuple(out))
