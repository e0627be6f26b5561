"""The flow of a trial in counts: assessed, left out, randomised, allocated, received, followed up, lost, analysed (CONSORT 2025, item 22)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.results import FrozenMap, ResultSet, Statistic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from takeup.intake.ledger import Ledger
    from takeup.intake.trial import TrialData
    from takeup.plan.model import Plan

TABLE = "flow"


def flow(trial: TrialData, plan: Plan, analysed: Mapping[str, Any] | None = None) -> ResultSet:
    """Count every box of the flow from the ledger.

    Parameters
    ----------
    plan : Plan
        Its outcomes give the order of the last boxes.
    analysed : mapping of outcome id -> (units,) booleans, optional
        Who is in the analysis of each outcome, in the order of ``trial.units``. Without it: whose outcome is observed, for outcomes
        made of one column.

    Returns
    -------
    ResultSet of Statistic
        table "flow", kind "count". `variable`: assessed, excluded, randomized, allocated, received, not_received, followed_up, lost,
        analysed. `level` is empty for a whole box, and a reason (excluded, lost) or an outcome (analysed) for a part of it; a whole
        analysed box exists where all outcomes are analysed on the same units. `arm` is empty before the draw. `wave` is the wave of
        followed_up and lost. In a trial with clusters `extra["clusters"]` counts them.

    Raises
    ------
    IntakeError
        An array in `analysed` of another length than there are units.
    """
    ledger = trial.ledger if analysed is None else trial.ledger.with_analysed(analysed)
    order = [outcome.id for outcome in plan.outcomes if outcome.id in ledger.analysed]
    return ResultSet((*_before(ledger), *(box for arm in ledger.arms for box in _arm(ledger, arm, order))))


def _before(ledger: Ledger) -> Iterator[Statistic]:
    if ledger.assessed is not None:
        yield _count("assessed", ledger.assessed)
        yield _count("excluded", ledger.assessed - ledger.n)
        for reason, count in ledger.excluded.items():
            yield _count("excluded", count, level=reason)
    yield _units(ledger, "randomized", np.ones(ledger.n, dtype=bool))


def _arm(ledger: Ledger, arm: str, outcomes: list[str]) -> Iterator[Statistic]:
    inside = ledger.in_arm(arm)
    yield _units(ledger, "allocated", inside, arm=arm)
    if ledger.received is not None:
        took = inside & (np.nan_to_num(ledger.received) > 0)
        yield _units(ledger, "received", took, arm=arm)
        unknown = int((inside & np.isnan(ledger.received)).sum())
        yield _units(ledger, "not_received", inside & ~took, arm=arm, extra={"not_recorded": unknown} if unknown else {})
    for row, wave in enumerate(ledger.waves):
        followed = ledger.followed[row]
        yield _units(ledger, "followed_up", inside & followed, arm=arm, wave=wave)
        yield _units(ledger, "lost", inside & ~followed, arm=arm, wave=wave)
        for reason, count in ledger.lost(wave, arm).items():
            yield _count("lost", count, level=reason, arm=arm, wave=wave)
    masks = [ledger.analysed[name] for name in outcomes]
    if masks and all(np.array_equal(masks[0], mask) for mask in masks):
        yield _units(ledger, "analysed", inside & masks[0], arm=arm)
    for name, mask in zip(outcomes, masks, strict=True):
        yield _units(ledger, "analysed", inside & mask, arm=arm, level=name)


def _units(
    ledger: Ledger, variable: str, units: Any, *, arm: str = "", wave: str = "", level: str = "", extra: Mapping[str, int] | None = None
) -> Statistic:
    count, clusters = ledger.count(units)
    more = {**({} if clusters is None else {"clusters": clusters}), **(extra or {})}
    return _count(variable, count, level=level, arm=arm, wave=wave, extra=FrozenMap(more))


def _count(variable: str, count: int, *, level: str = "", arm: str = "", wave: str = "", extra: FrozenMap | None = None) -> Statistic:
    return Statistic(table=TABLE, variable=variable, level=level, arm=arm, wave=wave, kind="count", value=float(count), n=count, count=count,
                     extra=extra or FrozenMap())
