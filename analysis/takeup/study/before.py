"""The chapters before the effect: who took part, was the draw fair, who is missing, who took the programme up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.errors import TakeupError
from takeup.results import Estimate, ResultSet, Statistic, Test
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
    return ResultSet((*material.stamped(table.results(), "balance", "analyses.balance"), omnibus))


def attrition(material: Material) -> ResultSet:
    """For each outcome: who has it at follow-up, by arm, whatever the test says."""
    from takeup.describe.attrition import attrition as describe
    from takeup.measure.outcomes import baseline_of

    out: list[Result] = []
    for position, outcome in enumerate(material.plan.outcomes):
        frame = material.frame.assign(**{outcome.id: material.frame[outcome.id].notna().astype(float)})
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
    out: list[Result] = []
    for arm in material.arms:
        frame, end = material.of_arm(arm), material.suffix(arm)
        share: Estimate = describe(frame, design).share
        out.append(material.stamp(share, f"compliance.share{end}", path))
        columns = tuple(dict.fromkeys(material.trial.resolve(name) for name in plan.analyses.balance))
        if columns:
            try:
                profile = complier_profile(frame, columns, design)
            except TakeupError:
                continue  # a profile needs compliers; the share above says how many there are
            out.extend(material.stamped(profile, f"complier{end}", path))
    return _received(material) + out


def _received(material: Material) -> ResultSet:
    """How many of each arm received the programme."""
    design = material.design
    assert design.received is not None
    out = []
    for arm in (design.control, *material.arms):
        rows = material.frame[material.frame[design.treatment] == arm]
        received = rows[design.received].astype("Float64").dropna().to_numpy(dtype=float)
        n, took = received.size, int((received > 0).sum())
        share = Statistic(
            table="compliance", variable=design.received, arm=str(arm), kind="share", value=took / n if n else float("nan"), n=n, count=took,
            reason="" if n else "Receipt wasn't recorded for anyone in this arm.",
        )
        out.append(material.stamp(share, f"compliance.received.{slug(arm)}", "design.received"))
    return ResultSet(tuple(out))
