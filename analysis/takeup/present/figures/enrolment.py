"""Enrolment against the plan: people drawn by the end of each month, and how many the plan says."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.present.figures.model import Figure, finished
from takeup.present.reading import section, statistics
from takeup.present.style import GREY, INK, PALE, SMALL, WIDTH, arm_style, bare, drawing, house_style
from takeup.present.tables.model import Cell, Column, Maker, Row, Table, text_cell

if TYPE_CHECKING:
    from takeup.present.labels import Labels
    from takeup.release.gate import Released

HEIGHT = 2.6


def enrolment_figure(released: Released, labels: Labels, language: str) -> Figure | None:
    """A line for those drawn and one for the plan; None where no day is known. Withheld months leave a gap."""
    found = statistics(section(released, "fieldwork"), table="enrolment", variable="drawn_by")
    if len(found) < 2:
        return None
    make = Maker(language)
    _ = make._
    months = [item.level for item in found]
    drawn = [item.value for item in found]
    planned = [float(item.extra.get("expected", math.nan)) for item in found]
    title = _("Enrolment against the plan")
    with house_style():
        figure = drawing(HEIGHT)
        canvas = figure.add_axes((0, 0, 1, 1))
        canvas.set_xlim(0, WIDTH)
        bare(canvas)
        panel = figure.add_axes((0.09, 0.17, 0.86, 0.72))
        panel.grid(axis="y", color=PALE, linewidth=0.8)
        panel.yaxis.set_major_formatter(lambda value, _place: make.number.integer(value))
        heights = [value for value in (*drawn, *planned, float(labels.plan.flow.planned or 0)) if not math.isnan(value)]
        panel.set_ylim(0, 1.1 * max(heights, default=1.0))
        style = arm_style(1)
        panel.plot(range(len(found)), drawn, marker=style.marker, markersize=3.5, color=style.colour, linewidth=1.8, label=_("Drawn"))
        if not all(map(math.isnan, planned)):
            panel.plot(range(len(found)), planned, color=GREY, linewidth=1.4, linestyle=(0, (4, 3)), label=_("Planned"))
        if labels.plan.flow.planned:
            panel.axhline(labels.plan.flow.planned, color=INK, linewidth=0.8, label=_("Planned") if all(map(math.isnan, planned)) else None)
        step = max(1, math.ceil(len(months) / 9))
        panel.set_xticks(range(0, len(months), step), months[::step], fontsize=SMALL)
        panel.tick_params(axis="y", labelsize=SMALL)
        panel.legend(frameon=False, fontsize=SMALL, loc="lower right")
        alt = _("{n} were drawn by the end of {month}.", n=make.cell(found[-1], "value", "integer").text, month=months[-1])
        rows = tuple(Row(cells=(text_cell(item.level), make.cell(item, "value", "integer"),
                                Cell(text="" if math.isnan(value) else make.number.integer(value), value=None if math.isnan(value) else value)))
                     for item, value in zip(found, planned, strict=True))
        data = Table(id="enrolment", title=title, language=language, rows=rows, sortable=False, columns=(
            Column(id="month", title=_("Month")), Column(id="drawn", title=_("Drawn"), kind="integer"),
            Column(id="planned", title=_("Planned"), kind="integer")))
        return finished(figure, id_="enrolment", title=title, data=data, alt=alt)
