"""The same change in one edition after the other: small panels, one an outcome, with intervals clustered by group."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.present.figures.model import Figure, finished
from takeup.present.figures.ticks import numbered
from takeup.present.reading import pick, section
from takeup.present.style import BLUE, GREY, LINE, NORMAL, SMALL, WIDTH, drawing, house_style, text_width
from takeup.present.tables.model import Column, Maker, Row, Table, text_cell
from takeup.results import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from takeup.present.labels import Labels
    from takeup.release.gate import Released

ACROSS, HEIGHT, LEFT, GAP, TOP, FOOT = 3, 1.55, 0.42, 0.42, 0.3, 0.35


def cohorts(released: Released, labels: Labels, language: str) -> Figure | None:
    """All outcomes, three panels in a row; None where there is one edition only."""
    make = Maker(language)
    found = [item for item in pick(section(released, "cohorts"), "cohort") if isinstance(item, Estimate) and item.term.isdigit()]
    names = list(dict.fromkeys(item.outcome for item in found))
    names = [name for name in names if any(not math.isnan(item.estimate) for item in found if item.outcome == name)]
    if not names:
        return None
    title = make._("Change in each edition")
    tall = -(-len(names) // ACROSS)
    height = tall * HEIGHT + 0.05
    width = (WIDTH - LEFT - 0.1 - GAP * (ACROSS - 1)) / ACROSS
    years = sorted({int(item.term) for item in found})
    with house_style():
        figure = drawing(height)
        for place, name in enumerate(names):
            down, across = divmod(place, ACROSS)
            panel = figure.add_axes(((LEFT + across * (width + GAP)) / WIDTH, (height - (down + 1) * HEIGHT + FOOT) / height, width / WIDTH,
                                     (HEIGHT - TOP - FOOT) / height))
            _panel(panel, [item for item in found if item.outcome == name], years, labels.outcome(name, language), width, make)
        return finished(figure, id_="cohorts", title=title, data=_data(found, labels, make, title), alt=_alt(found, names, labels, make, title))


def _panel(panel: Axes, found: list[Estimate], years: list[int], name: str, width: float, make: Maker) -> None:
    panel.axhline(0, color=LINE, linewidth=0.9, linestyle=":", zorder=1)
    seen = [item for item in found if not math.isnan(item.estimate)]
    panel.plot([int(item.term) for item in seen], [item.estimate for item in seen], color=BLUE, linewidth=1.0, alpha=0.5, zorder=2)
    for item in seen:
        panel.plot([int(item.term)] * 2, [item.conf_low, item.conf_high], color=BLUE, linewidth=1.3, zorder=2)
        panel.plot([int(item.term)], [item.estimate], marker="o", markersize=4.5, color=BLUE, zorder=3)
    panel.set_xlim(years[0] - 0.5, years[-1] + 0.5)
    panel.set_xticks(years if len(years) <= 6 else years[::2])
    panel.set_xticklabels([str(year) for year in (years if len(years) <= 6 else years[::2])], fontsize=SMALL - 1)
    panel.tick_params(axis="y", labelsize=SMALL)
    numbered(panel.yaxis, make)
    size = min(NORMAL, NORMAL * width / max(text_width(name, NORMAL, bold=True), 1e-9))
    panel.set_title(name, fontsize=size)
    panel.tick_params(axis="x", colors=GREY)


def _data(found: list[Estimate], labels: Labels, make: Maker, title: str) -> Table:
    _ = make._
    rows = tuple(Row(cells=(text_cell(item.term), make.cell(item, "estimate", "number", 2), make.interval(item, digits=2),
                            make.cell(item, "n", "integer")), group=labels.outcome(item.outcome, make.language)) for item in found)
    columns = (Column(id="cohort", title=_("Year in which the edition began")), Column(id="change", title=_("Mean change"), kind="number"),
               Column(id="interval", title=make.interval_title(item.conf_level for item in found), kind="interval", parts=make.limits),
               Column(id="n", title=_("n"), kind="integer"))
    return Table(id="cohorts", title=title, columns=columns, rows=rows, language=make.language, sortable=False)


def _alt(found: list[Estimate], names: list[str], labels: Labels, make: Maker, title: str) -> str:
    _ = make._
    parts = []
    for name in names:
        lines = "; ".join(f"{item.term}: {make.number.of(item, 'estimate', 'number', 2).text}" for item in found if item.outcome == name)
        parts.append(_("{outcome}: {lines}.", outcome=labels.outcome(name, make.language), lines=lines))
    return " ".join((f"{title}.", *parts))
