"""Many outcomes at a glance: what can be said of each, and the number behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.present.tables.effects import named, quantity, scale_of
from takeup.present.tables.model import Column, Maker, Row, Table, text_cell
from takeup.present.wording import finding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from takeup.present.labels import Labels
    from takeup.results import Estimate


def summary(estimates: Iterable[Estimate], labels: Labels, language: str) -> Table:
    """One line an estimate: the verdict in a few words, the estimate and its interval. The estimates have passed the gate."""
    make = Maker(language)
    _ = make._
    shown = list(estimates)
    several = len({estimate.arm for estimate in shown}) > 1
    rows = []
    for estimate in shown:
        outcome = labels.plan.outcome(estimate.outcome)
        _means, kind, digits, scale = scale_of(outcome, estimate)
        name = named(labels, outcome, make)
        rows.append(Row(cells=(
            text_cell(_("{outcome}, {arm}", outcome=name, arm=labels.arm(estimate.arm, language)) if several else name),
            text_cell(finding(estimate, labels, language).short), make.cell(estimate, "estimate", kind, digits),
            make.interval(estimate, digits=digits, scale=scale),
        )))
    columns = (Column(id="outcome", title=_("Outcome")), Column(id="verdict", title=_("What can be said")),
               Column(id="estimate", title=quantity(make, labels), kind="number"),
               Column(id="interval", title=make.interval_title(estimate.conf_level for estimate in shown), kind="interval", parts=make.limits))
    notes = (_("Shares are in %; differences between shares are in percentage points."),) if any(
        labels.plan.outcome(estimate.outcome).kind == "binary" for estimate in shown) else ()
    return Table(id="summary", title=_("The other outcomes at a glance"), columns=columns, rows=tuple(rows), notes=notes, language=language)
