"""Effects by group, with the test of whether they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.present.reading import section
from takeup.present.tables.effects import in_arm, quantity, scale_of
from takeup.present.tables.model import EMPTY, Cell, Column, Maker, Row, Table, compact, text_cell
from takeup.results import Estimate, Test

if TYPE_CHECKING:
    from takeup.present.labels import Labels
    from takeup.release.gate import Released


def subgroups(released: Released, labels: Labels, language: str) -> Table:
    """One line a level, a contrast or a joint test, under its outcome."""
    make = Maker(language)
    _ = make._
    found = [item for item in section(released, "subgroups") if isinstance(item, Estimate | Test)]
    rows = []
    for outcome in labels.plan.outcomes:
        of_outcome = [item for item in found if item.outcome == outcome.id]
        _means, kind, digits, scale = scale_of(outcome, next((item for item in of_outcome if isinstance(item, Estimate)), None))
        for item in of_outcome:
            estimate = item if isinstance(item, Estimate) else None
            rows.append(Row(cells=(
                text_cell(_name(make, labels, item)), make.cell(estimate, "estimate", kind, digits),
                make.interval(estimate, digits=digits, scale=scale),
                make.cell(item, "p_value", "p_value"), make.cell(item, "n", "integer"), _planned(make, item),
            ), group=in_arm(make, labels, outcome, item.arm, found)))
    columns = (Column(id="group", title=_("Group")), Column(id="estimate", title=quantity(make, labels), kind="number"),
               Column(id="interval", title=make.interval_title(item.conf_level for item in found if isinstance(item, Estimate)), kind="interval",
                      parts=make.limits),
               Column(id="p_value", title=_("p"), kind="p_value"), Column(id="n", title=_("n"), kind="integer"),
               Column(id="planned", title=_("In the plan")))
    notes = (_("A difference between groups is shown by its own line, not by one group's interval leaving out nought and another's not."),
             ) if rows else ()
    return compact(Table(id="subgroups", title=_("Does it differ between groups?"), columns=columns, rows=tuple(rows), notes=notes,
                         language=language))


def _name(make: Maker, labels: Labels, item: Estimate | Test) -> str:
    """The group in words: a level, a contrast of two levels, or the joint test."""
    _ = make._
    column = _grouping(labels, item)
    title = labels.variable(column, make.language)
    if isinstance(item, Test):
        return _("{variable}: do they differ?", variable=title)
    level = item.term.partition(":")[2].strip() if ":" in item.term else item.term
    first, _minus, second = level.partition(" - ")
    names = [labels.level(column, part.strip(), make.language) for part in (first, second) if part]
    if len(names) == 2:
        return _("{variable}: {first} less {second}", variable=title, first=names[0], second=names[1])
    return labels.with_level(column, first.strip(), make.language) if names else title


def _grouping(labels: Labels, item: Estimate | Test) -> str:
    """The column of the plan's subgroups that a result's id names (subgroup.OUTCOME.BY...)."""
    rest = item.provenance.id.removeprefix(f"subgroup.{item.outcome}.")
    for group in labels.plan.analyses.subgroups:
        if rest == group.by or rest.startswith(f"{group.by}."):
            return group.by
    return rest.partition(".")[0]


def _planned(make: Maker, item: Estimate | Test) -> Cell:
    planned = item.provenance.pre_specified
    return EMPTY if planned is None else text_cell(make._("yes") if planned else make._("no"))
