"""The event-study figure: effects by periods since adoption, with intervals and the band that holds all of them at once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.present.numbers import numbers
from takeup.present.style import BAND, BLUE, GREY, LINE, PALE, SMALL, drawing, house_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

    from takeup.results import ResultSet


def event_study_plot(results: ResultSet) -> Drawing:
    """A dot a period since adoption; grey: the simultaneous band; before adoption: how far the cohorts ran apart. Not for release."""
    make = numbers("en")
    rows = sorted(results, key=lambda item: item.extra["event"])
    events = [item.extra["event"] for item in rows]
    with house_style():
        figure = drawing(2.9, 6.4)
        axes = figure.add_axes((0.11, 0.19, 0.86, 0.74))
        axes.axhline(0, color=LINE, linewidth=0.9, zorder=1)
        axes.axvline(-0.5, color=LINE, linewidth=0.9, linestyle="--", zorder=1)
        for item in rows:
            event = item.extra["event"]
            low, high = item.extra.get("simultaneous_low", math.nan), item.extra.get("simultaneous_high", math.nan)
            if not math.isnan(low + high):
                axes.fill_between([event - 0.32, event + 0.32], low, high, color=BAND, linewidth=0, zorder=0)
            colour = BLUE if event >= 0 else GREY
            axes.plot([event, event], [item.conf_low, item.conf_high], color=colour, linewidth=1.6, zorder=2)
            axes.plot([event], [item.estimate], marker="o", markersize=5, color=colour, zorder=3)
        axes.set_xticks([event for event in events if len(events) <= 16 or event % 2 == 0])
        axes.yaxis.set_major_formatter(lambda value, _place: make.decimal(value, 2))
        axes.tick_params(axis="y", labelsize=SMALL)
        axes.grid(axis="y", color=PALE, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.set_xlabel("Periods since adoption (left of the line: before it)", color=GREY, fontsize=SMALL)
    return figure
