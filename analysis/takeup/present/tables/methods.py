"""How each number was made: the estimator, the variance, the degrees of freedom, and why the design asks for these."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.plan.evidence import MAIN
from takeup.present.numbers import id_of
from takeup.present.reading import prefix, section
from takeup.present.reasons import translated
from takeup.present.tables.model import EMPTY, Cell, Column, Maker, Row, Table, compact, text_cell
from takeup.present.terms import method_of, variance

if TYPE_CHECKING:
    from takeup.present.labels import Labels
    from takeup.release.gate import Released
    from takeup.results import Result

_SHOWN = ("effect", "difference", "change", "ratio", "ri", "cace", "ar", "robust", "bounds", "subgroup")


def methods(released: Released, labels: Labels, language: str) -> Table:
    """One line for every estimate, test and bound: which rule fired and why."""
    make = Maker(language)
    _ = make._
    chapters = (MAIN[labels.plan.evidence][0], "robustness", "subgroups")
    found = [item for name in chapters for item in section(released, name) if prefix(item) in _SHOWN]
    rows = [_row(make, labels, item, labels.outcome(outcome.id, language)) for outcome in labels.plan.outcomes for item in found
            if getattr(item, "outcome", "") == outcome.id]
    columns = (Column(id="id", title=_("Number")), Column(id="method", title=_("Method")), Column(id="se_type", title=_("Variance")),
               Column(id="df", title=_("Degrees of freedom"), kind="number"), Column(id="draws", title=_("Draws"), kind="integer"),
               Column(id="reason", title=_("Why")))
    return compact(Table(id="methods", title=_("How each number was made"), columns=columns, rows=tuple(rows), language=language))


def _row(make: Maker, labels: Labels, item: Result, group: str) -> Row:
    df = getattr(item, "df", math.nan)
    normal = isinstance(df, float) and math.isinf(df)
    degrees = Cell(text=make._("normal"), value="inf", result_id=id_of(item), fields="df") if normal else make.cell(item, "df", "number", 1)
    no_df = isinstance(df, float) and math.isnan(df)
    draws = getattr(item, "draws", None)
    return Row(cells=(
        text_cell(id_of(item)), text_cell(method_of(item, make.language)), text_cell(variance(str(getattr(item, "se_type", "")), make.language)),
        EMPTY if no_df else degrees, make.cell(item, "draws", "integer") if draws else EMPTY,
        text_cell(translated(str(getattr(item, "reason", "")), make.language, labels)),
    ), group=group)
