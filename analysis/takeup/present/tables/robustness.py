"""The same effect by other roads, and the bounds that hold whoever is missing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.present.numbers import id_of
from takeup.present.reading import main as main_of
from takeup.present.reading import prefix, section
from takeup.present.tables.effects import in_arm, quantity, scale_of
from takeup.present.tables.model import EMPTY, Column, Maker, Row, Table, compact, text_cell
from takeup.present.terms import method, method_of, variance
from takeup.results import Bounds, Estimate, Result

if TYPE_CHECKING:
    from takeup.present.labels import Labels
    from takeup.release.gate import Released


def robustness(released: Released, labels: Labels, language: str) -> Table:
    """The main estimate of each outcome and the same by other methods, one under the other."""
    make = Maker(language)
    _ = make._
    others = [item for item in section(released, "robustness") if isinstance(item, Estimate)]
    rows = []
    for outcome in labels.plan.outcomes:
        found = [item for item in others if item.outcome == outcome.id]
        for arm in dict.fromkeys(item.arm for item in found):
            main: Estimate | None = next(main_of(released, labels.plan.evidence, outcome.id, arm), None)
            _means, kind, digits, scale = scale_of(outcome, main or found[0])
            group = in_arm(make, labels, outcome, arm, others)
            for item in ([main] if main is not None else []) + [item for item in found if item.arm == arm]:
                name = _("{method}, the main estimate", method=way(item, language)) if item is main else way(item, language)
                rows.append(Row(cells=(text_cell(name), make.cell(item, "estimate", kind, digits), make.cell(item, "std_error", kind, digits),
                                       make.interval(item, digits=digits, scale=scale), make.cell(item, "p_value", "p_value"),
                                       text_cell(variance(item.se_type, language)), make.cell(item, "n", "integer")), group=group))
    columns = (Column(id="method", title=_("Method")), Column(id="estimate", title=quantity(make, labels), kind="number"),
               Column(id="std_error", title=_("Standard error"), kind="number"),
               Column(id="interval", title=make.interval_title(item.conf_level for item in others), kind="interval", parts=make.limits),
               Column(id="p_value", title=_("p"), kind="p_value"), Column(id="se_type", title=_("Variance")),
               Column(id="n", title=_("n"), kind="integer"))
    return compact(Table(id="robustness", title=_("The main estimate and others"), columns=columns, rows=tuple(rows), language=language))


def way(item: Result, language: str) -> str:
    """What a robustness result is called: the words for its method, else for the last part of its id."""
    tail = id_of(item).removeprefix(f"{prefix(item)}.").partition(".")[2]
    return method_of(item, language) if getattr(item, "method", "") else method(tail, language)


def bounds(released: Released, labels: Labels, language: str) -> Table:
    """Between which values the effect lies under weak assumptions on those who are missing, weakest assumptions last."""
    make = Maker(language)
    _ = make._
    found = [item for item in section(released, "robustness") if isinstance(item, Bounds)]
    rows: list[Row] = []
    for outcome in labels.plan.outcomes:
        main = next(main_of(released, labels.plan.evidence, outcome.id), None)
        digits, scale = scale_of(outcome, main)[2:]
        of_outcome = [item for item in found if item.outcome == outcome.id]
        rows.extend(
            Row(cells=(text_cell(way(item, language)), make.interval(item, "lower", "upper", digits, scale),
                       make.interval(item, digits=digits, scale=scale),
                       EMPTY if math.isnan(item.trimmed_share) else make.cell(item, "trimmed_share", "percent", 1),
                       make.cell(item, "n", "integer"), make.cell(item, "n_missing", "integer")),
                group=in_arm(make, labels, outcome, item.arm, found))
            for item in of_outcome
        )
    columns = (Column(id="method", title=_("Method")), Column(id="bounds", title=_("Bounds"), kind="interval",
                                                              parts=(_("lower bound"), _("upper bound"))),
               Column(id="interval", title=make.interval_title(item.conf_level for item in found), kind="interval", parts=make.limits),
               Column(id="trimmed", title=_("Share set aside"), kind="percent"), Column(id="n", title=_("n"), kind="integer"),
               Column(id="n_missing", title=_("Missing"), kind="integer"))
    return compact(Table(id="bounds", title=_("Between which values the result could lie, whoever is missing"), columns=columns, rows=tuple(rows),
                         language=language))
