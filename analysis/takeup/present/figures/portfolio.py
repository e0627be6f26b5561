"""A forest of studies: the first primary outcome of each in standard deviations, their average and where a new study would lie."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

from takeup.present.figures.model import Figure, finished
from takeup.present.figures.ticks import numbered
from takeup.present.labels import in_language
from takeup.present.style import GREY, INK, PALE, SMALL, WIDTH, arm_style, drawing, house_style, text_width
from takeup.present.tables.model import Cell, Column, Maker, Row, Table, text_cell

if TYPE_CHECKING:
    from takeup.results import Estimate

ROW, FOOT, HEAD = 0.34, 0.5, 0.15


class Averaged(Protocol):
    """A portfolio, as the figure needs it (`build.portfolio.Portfolio`)."""

    @property
    def lines(self) -> Any:
        """The studies' outcomes."""

    @property
    def average(self) -> Estimate | None:
        """The average of the first primary outcomes."""

    @property
    def by_measure(self) -> Any:
        """Averages in a measure's own units."""


def portfolio_forest(found: Averaged, language: str) -> Figure | None:
    """The figure; None where no study has a standardised effect."""
    make = Maker(language)
    _, number = make._, make.number
    shown = [(line, line.standardized) for line in found.lines if line.primary and line.standardized is not None]
    if not shown:
        return None
    names = [f"{in_language(line.title, language)}" for line, _estimate in shown]
    names = [name if len(name) <= 44 else f"{name[:43]}…" for name in names]
    average = found.average
    rows = [estimate for _line, estimate in shown] + ([average] if average is not None else [])
    labels = [*names, *([_("Average of the studies")] if average is not None else [])]
    height = HEAD + ROW * len(rows) + FOOT
    left = max(text_width(name, SMALL, bold=True) for name in labels) + 0.2
    title = _("Studies side by side")
    with house_style():
        figure = drawing(height)
        panel = figure.add_axes((left / WIDTH, FOOT / height, (WIDTH - left - 1.55) / WIDTH, (height - FOOT - HEAD) / height))
        panel.set_ylim(len(rows) - 0.4, -0.6)
        panel.set_yticks([])
        ends = [end for item in rows for end in (item.conf_low, item.conf_high) if math.isfinite(end)]
        room = 0.15 * (max(*ends, 0.0) - min(*ends, 0.0))
        panel.set_xlim(min(*ends, 0.0) - room, max(*ends, 0.0) + room)
        panel.axvline(0.0, color=INK, linewidth=0.8)
        panel.grid(axis="x", color=PALE, linewidth=0.8)
        panel.tick_params(axis="x", labelsize=SMALL)
        numbered(panel.xaxis, make)
        panel.set_xlabel(_("Standard deviations; to the right is better"), color=GREY, fontsize=SMALL)
        edge = panel.get_yaxis_transform()
        for place, (name, item) in enumerate(zip(labels, rows, strict=True)):
            pooled = item is average
            style = arm_style(1 if not pooled else 2)
            if pooled:
                low, high = (float(item.extra.get(end, math.nan)) for end in ("prediction_low", "prediction_high"))
                if math.isfinite(low) and math.isfinite(high):
                    panel.plot([low, high], [place, place], color=style.colour, linewidth=1.0, linestyle=(0, (2, 2)))
            panel.plot([item.conf_low, item.conf_high], [place, place], color=style.colour, linewidth=1.8, solid_capstyle="butt")
            panel.plot([item.estimate], [place], marker="D" if pooled else "o", markersize=6, color=style.colour)
            panel.text(-0.02, place, name, transform=edge, ha="right", va="center", fontsize=SMALL, weight="bold" if pooled else "normal")
            text = f"{number.decimal(item.estimate, 2)} ({number.interval(item.conf_low, item.conf_high, 2)})"
            panel.text(1.02, place, text, transform=edge, ha="left", va="center", fontsize=SMALL, weight="bold" if pooled else "normal")
        data = Table(id="forest", title=title, language=language, sortable=False, rows=tuple(
            Row(cells=(text_cell(name), _cell(make, item.estimate), _cell(make, item.std_error), _cell(make, item.conf_low),
                       _cell(make, item.conf_high))) for name, item in zip(labels, rows, strict=True)), columns=(
            Column(id="study", title=_("Study")), Column(id="estimate", title=_("Standardised"), kind="number"),
            Column(id="std_error", title=_("Standard error"), kind="number"), Column(id="low", title=_("lower limit"), kind="number"),
            Column(id="high", title=_("upper limit"), kind="number")))
        alt = "; ".join(f"{name}: {number.decimal(item.estimate, 2)}" for name, item in zip(labels, rows, strict=True))
        return finished(figure, id_="forest", title=title, data=data, alt=alt)


def _cell(make: Maker, value: float) -> Cell:
    return Cell(text=make.number.decimal(value, 2), value=value if math.isfinite(value) else None, digits=2)
