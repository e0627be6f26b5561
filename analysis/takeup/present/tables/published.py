"""Numbers that were published before, held against the numbers of people they can be of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.measure.grim import grim, grim_sizes
from takeup.present.labels import in_language
from takeup.present.tables.model import EMPTY, Cell, Column, Maker, Row, Table, compact, text_cell
from takeup.release.gate import require

if TYPE_CHECKING:
    from takeup.plan.model import Published
    from takeup.present.labels import Labels
    from takeup.release.gate import Released

SHOWN = 8
"""Up to so many possible numbers of people are listed."""


def published(released: Released, labels: Labels, language: str) -> Table:
    """Each published percentage or mean of the plan: whether it can come from its n, or from which n it can come."""
    require(released)  # nothing here is a result, and yet nothing is shown beside results that didn't pass
    make = Maker(language)
    _ = make._
    rows = tuple(Row(cells=_cells(make, item)) for item in labels.plan.published)
    columns = (Column(id="label", title=_("Published")), Column(id="value", title=_("Number"), kind="number"),
               Column(id="n", title=_("n"), kind="integer"), Column(id="possible", title=_("Can it be?")),
               Column(id="sizes", title=_("Possible numbers of people")), Column(id="source", title=_("Source")))
    notes = (_("A percentage is a whole number of people out of n: the check (GRIM, Brown and Heathers 2017) tells which n can give the number as "
               "it was printed."),) if rows else ()
    return compact(Table(id="published", title=_("Published numbers and the numbers of people they can be of"), columns=columns, rows=rows,
                         notes=notes, language=language))


def _cells(make: Maker, item: Published) -> tuple[Cell, ...]:
    _, percent = make._, item.kind == "percent"
    shown = item.value.replace(".", make.number.decimal(0.5, 1)[1]) + ("\u00a0%" if percent and make.language != "en" else "%" if percent else "")
    possible: str = ""
    sizes = ""
    if item.n is not None:
        found = grim(item.value, item.n, items=item.items, percent=percent)
        possible = _("yes") if found.possible else _("no")
    elif item.most is not None:
        fits = grim_sizes(item.value, item.most, items=item.items, percent=percent)
        listed = ", ".join(make.number.integer(n) for n in fits[:SHOWN])
        sizes = listed if len(fits) <= SHOWN else _("{sizes} and {n} more", sizes=listed, n=make.number.integer(len(fits) - SHOWN))
        possible = _("yes") if fits else _("no")
    count = EMPTY if item.n is None else Cell(text=make.number.integer(item.n), value=item.n)
    value = Cell(text=shown, value=float(item.value.replace(",", ".")))
    return text_cell(in_language(item.label, make.language)), value, count, text_cell(possible), text_cell(sizes), \
        text_cell(in_language(item.source, make.language))
