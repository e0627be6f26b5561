"""Reach: which centres take part, by size, and places against the women the programme is meant for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.present.reading import section, statistics
from takeup.present.tables.model import EMPTY, Column, Maker, Row, Table, compact, text_cell

if TYPE_CHECKING:
    from takeup.present.labels import Labels
    from takeup.release.gate import Released
    from takeup.results import Statistic

SIZES = ("all", "largest_6", "largest_20", "largest_50", "smaller_half")


def digits(item: Statistic) -> int:
    """Decimals of a share of centres in %: one where there would be nothing before the point."""
    return int(0 < item.value < 0.01)


def reach(released: Released, labels: Labels, language: str) -> Table:
    """Shares of centres that take part, by size and by year, and the places beside the women expected."""
    make = Maker(language)
    _ = make._
    found = statistics(section(released, "reach"), table="reach")
    one = {item.variable: item for item in found if not item.level and not item.wave}
    words = {"all": _("All centres"), "smaller_half": _("The smaller half of the centres"),
             **{f"largest_{most}": _("The {n} largest centres", n=str(most)) for most in (6, 20, 50)}}
    year = str(next((item.extra["year"] for item in found if "year" in item.extra), ""))
    rows = [Row(cells=(text_cell(words[name]), make.cell(one[name], "taking_part", "integer"), make.cell(one[name], "centres", "integer"),
                       make.cell(one[name], "value", "percent", digits(one[name])), EMPTY),
                group=_("Centres that take part, edition of {year}", year=year))
            for name in SIZES if name in one]
    women = {"places": _("Places"), "pool": _("Single mothers expected in the centres that take part"),
             "cover": _("Places for every 100 of them"), "pool_all": _("Single mothers expected in all centres")}
    rows += [Row(cells=(text_cell(words_), EMPTY, EMPTY, make.cell(one[name], "value", "percent", 0) if name == "cover" else EMPTY,
                        EMPTY if name == "cover" else make.cell(one[name], "value", "integer")), group=_("Places and women"))
             for name, words_ in women.items() if name in one]
    places = {item.level: item for item in found if item.variable == "places" and item.level}
    rows += [Row(cells=(text_cell(item.level), make.cell(item, "taking_part", "integer"), make.cell(item, "centres", "integer"),
                        make.cell(item, "value", "percent", digits(item)), make.cell(places.get(item.level), "value", "integer")),
                 group=_("By year of the start"))
             for item in found if item.variable == "year"]
    columns = (Column(id="what", title=_("Reach")), Column(id="taking_part", title=_("Take part"), kind="integer"),
               Column(id="centres", title=_("Of so many"), kind="integer"), Column(id="share", title=_("Share"), kind="percent"),
               Column(id="people", title=_("Women or places"), kind="integer"))
    share = make.number.percent(labels.plan.programme.expected_share) if labels.plan.programme is not None else ""
    notes = (_("Expected: {share} of the people with a minimum income are single mothers. Centres are ordered by how many such people they have.",
               share=share),) if rows else ()
    return compact(Table(id="reach", title=_("Which centres take part, and for how many women"), columns=columns, rows=tuple(rows), notes=notes,
                         language=language, sortable=False))
