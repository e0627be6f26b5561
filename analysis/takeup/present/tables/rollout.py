"""What changed where the programme came later, by time since it came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.present.labels import in_language
from takeup.present.numbers import effect_digits
from takeup.present.reading import section
from takeup.present.tables.model import Column, Maker, Row, Table, text_cell
from takeup.results import Estimate

if TYPE_CHECKING:
    from takeup.present.labels import Labels
    from takeup.release.gate import Released


def overall(released: Released) -> Estimate | None:
    """The one number of the roll-out; None where the study has none."""
    return next((item for item in section(released, "rollout") if isinstance(item, Estimate) and item.term == "overall"), None)


def events(released: Released) -> list[Estimate]:
    """Estimates by periods since adoption, in order."""
    found = [item for item in section(released, "rollout") if isinstance(item, Estimate) and "event" in item.extra]
    return sorted(found, key=lambda item: int(item.extra["event"]))


def subject(labels: Labels, language: str) -> str:
    """The outcome's name: the plan's words, else the column's title."""
    stated = labels.plan.rollout
    if stated is None:
        return ""
    return in_language(stated.label, language) if stated.label else labels.variable(f"{stated.table}.{stated.outcome}", language)


def rollout(released: Released, labels: Labels, language: str) -> Table:
    """The overall effect and those by period since adoption."""
    make = Maker(language)
    _ = make._
    whole = overall(released)
    digits = 1 if whole is None else effect_digits(whole.std_error)
    rows = [] if whole is None else [_row(_("All periods with the programme"), whole, make, digits)]
    rows += [_row(make.number.integer(int(item.extra["event"])), item, make, digits) for item in events(released)]
    columns = (
        Column(id="since", title=_("Periods since it came")), Column(id="difference", title=_("Difference"), kind="number"),
        Column(id="interval", title=make.interval_title(item.conf_level for item in events(released)), kind="interval", parts=make.limits),
    )
    notes = (_("Each place against places that didn't have the programme yet, as changes from the period before it came. Below zero: before it "
               "came, where no difference is expected."),)
    return Table(id="rollout", title=_("Roll-out: {what}", what=subject(labels, language)), columns=columns, rows=tuple(rows),
                 notes=notes if rows else (), language=language, sortable=False)


def _row(name: str, item: Estimate, make: Maker, digits: int) -> Row:
    return Row(cells=(text_cell(name), make.cell(item, "estimate", "number", digits), make.interval(item, digits=digits)))
