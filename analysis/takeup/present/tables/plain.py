"""Estimates as a plain table, for results that belong to no study: their own names, no labels, not for release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.present.tables.model import Column, Maker, Row, Table, compact, text_cell
from takeup.present.terms import method_of
from takeup.results import Estimate

if TYPE_CHECKING:
    from takeup.results import ResultSet


def plain_table(results: ResultSet, *, language: str = "en", digits: int = 3, title: str = "") -> Table:
    """The estimates in a set, one a row, in the order of the set.

    Examples
    --------
    >>> import takeup as tu
    >>> table = plain_table(tu.ResultSet((tu.Estimate(outcome="y", estimate=0.25, std_error=0.1),)))
    >>> [cell.text for cell in table.rows[0].cells]
    ['y', '0.250', '0.100', '–', '–']
    """
    make = Maker(language)
    _ = make._
    found = [one for one in results if isinstance(one, Estimate)]
    arms = len({one.arm for one in found}) > 1
    rows = tuple(
        Row(cells=(text_cell(", ".join(part for part in (one.outcome, one.term if one.term not in {"", "treatment"} else "", one.arm if arms else "")
                                       if part)),
                   make.cell(one, "estimate", "number", digits), make.cell(one, "std_error", "number", digits), make.interval(one, digits=digits),
                   make.cell(one, "p_value", "p_value"), make.cell(one, "n", "integer") if one.n else text_cell(""),
                   text_cell(method_of(one, language) if one.method else "")))
        for one in found
    )
    columns = (Column(id="outcome", title=_("Outcome")), Column(id="estimate", title=_("Effect"), kind="number"),
               Column(id="std_error", title=_("Standard error"), kind="number"),
               Column(id="interval", title=make.interval_title(one.conf_level for one in found), kind="interval", parts=make.limits),
               Column(id="p_value", title=_("p"), kind="p_value"), Column(id="n", title=_("n"), kind="integer"),
               Column(id="method", title=_("Method")))
    return compact(Table(id="estimates", title=title or _("Results"), columns=columns, rows=rows, language=language))
