"""Change by how often women came: a band of attendance each, with its interval, and the caveat in the figure's table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.present.figures.model import Figure, finished
from takeup.present.figures.ticks import numbered
from takeup.present.reading import pick, section
from takeup.present.style import BLUE, GREY, LINE, NORMAL, SMALL, WIDTH, drawing, house_style, wrapped
from takeup.present.tables.model import Column, Maker, Row, Table, text_cell
from takeup.present.tables.programme import caveat
from takeup.results import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from takeup.present.labels import Labels
    from takeup.release.gate import Released

HEIGHT, TOP, FOOT, LEFT, GAP, NOTE = 2.3, 0.35, 0.5, 0.5, 0.45, 0.42


def attendance(released: Released, labels: Labels, language: str) -> Figure | None:
    """The bands of the primary outcomes, a panel each; None where attendance wasn't recorded."""
    make = Maker(language)
    bands = [item for item in pick(section(released, "dose"), "dose") if isinstance(item, Estimate) and item.term == "band"]
    names = list(dict.fromkeys(item.outcome for item in bands))
    shown = [name for name in names if labels.plan.outcome(name).role == "primary"][:3] or names[:1]
    if not shown:
        return None
    title = make._("Change by attendance")
    height = HEIGHT + NOTE
    with house_style():
        figure = drawing(height)
        width = (WIDTH - LEFT - 0.1 - GAP * (len(shown) - 1)) / len(shown)
        for place, name in enumerate(shown):
            panel = figure.add_axes(((LEFT + place * (width + GAP)) / WIDTH, (FOOT + NOTE) / height, width / WIDTH, (HEIGHT - TOP - FOOT) / height))
            _bands(panel, [item for item in bands if item.outcome == name], labels.outcome(name, language), make)
        for turn, line in enumerate(wrapped(caveat(make), WIDTH - 0.2, SMALL)):
            figure.text(0.1 / WIDTH, (NOTE - 0.14 - 0.135 * turn) / height, line, size=SMALL, color=GREY, va="center")
        return finished(figure, id_="attendance", title=title, data=_data(bands, shown, labels, make, title),
                        alt=_alt(bands, shown, labels, make, title))


def band(item: Estimate, make: Maker) -> str:
    """A band of attendance in words: from so much to under so much."""
    low, high = (make.number.integer(round(100 * float(end))) for end in str(item.extra["level"]).rpartition(" ")[2].split("-"))
    return f"{low}\u2013{high}"


def _bands(panel: Axes, found: list[Estimate], name: str, make: Maker) -> None:
    panel.axhline(0, color=LINE, linewidth=0.9, linestyle=":", zorder=1)
    for place, item in enumerate(found):
        if math.isnan(item.estimate):
            panel.text(place, 0, make._("withheld"), size=SMALL, ha="center", va="bottom", color=GREY, rotation=90)
            continue
        panel.plot([place, place], [item.conf_low, item.conf_high], color=BLUE, linewidth=1.4, zorder=2)
        panel.plot([place], [item.estimate], marker="o", markersize=5.5, color=BLUE, zorder=3)
    panel.set_xticks(range(len(found)))
    panel.set_xticklabels([band(item, make) for item in found], fontsize=SMALL)
    panel.set_xlim(-0.6, len(found) - 0.4)
    panel.tick_params(axis="y", labelsize=SMALL)
    panel.set_title("\n".join(wrapped(name, 3.0, NORMAL, bold=True)))
    panel.set_xlabel(make._("Attendance in %"), fontsize=SMALL, color=GREY)
    numbered(panel.yaxis, make)


def _data(bands: list[Estimate], shown: list[str], labels: Labels, make: Maker, title: str) -> Table:
    _ = make._
    rows = tuple(Row(cells=(text_cell(band(item, make)), make.cell(item, "estimate", "number", 2), make.interval(item, digits=2),
                            make.cell(item, "n", "integer")), group=labels.outcome(item.outcome, make.language))
                 for item in bands if item.outcome in shown)
    columns = (Column(id="band", title=_("Attendance in %")), Column(id="change", title=_("Mean change"), kind="number"),
               Column(id="interval", title=make.interval_title(item.conf_level for item in bands), kind="interval", parts=make.limits),
               Column(id="n", title=_("n"), kind="integer"))
    return Table(id="attendance", title=title, columns=columns, rows=rows, notes=(caveat(make),), language=make.language, sortable=False)


def _alt(bands: list[Estimate], shown: list[str], labels: Labels, make: Maker, title: str) -> str:
    _ = make._
    parts = []
    for name in shown:
        lines = "; ".join(f"{band(item, make)} %: {make.number.of(item, 'estimate', 'number', 2).text}" for item in bands if item.outcome == name)
        parts.append(_("{outcome}: {lines}.", outcome=labels.outcome(name, make.language), lines=lines))
    return " ".join((f"{title}.", *parts, caveat(make)))
