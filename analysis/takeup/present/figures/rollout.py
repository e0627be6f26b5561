"""The event study of a roll-out: what changed by periods since the programme came, with intervals and a band that holds all of them at once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.present.figures.model import Figure, finished
from takeup.present.numbers import effect_digits
from takeup.present.style import BAND, BLUE, GREY, LINE, PALE, SMALL, WIDTH, drawing, house_style
from takeup.present.tables.model import Maker
from takeup.present.tables.rollout import events, overall, subject
from takeup.present.tables.rollout import rollout as table
from takeup.release.suppress import is_withheld

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from takeup.present.labels import Labels
    from takeup.release.gate import Released
    from takeup.results import Estimate

HEIGHT, MOST_TICKS = 3.0, 16


def rollout(released: Released, labels: Labels, language: str) -> Figure | None:
    """A dot a period; None where the study has no roll-out, or nothing of it can be shown."""
    found = [item for item in events(released) if not is_withheld(item) and not math.isnan(item.estimate)]
    whole = overall(released)
    if not found or whole is None:
        return None
    make = Maker(language)
    _ = make._
    what = subject(labels, language)
    title = _("Roll-out: {what}", what=what)
    with house_style():
        figure = drawing(HEIGHT)
        axes = figure.add_axes((0.62 / WIDTH, 0.17, (WIDTH - 0.8) / WIDTH, 0.77))
        axes.axhline(0, color=LINE, linewidth=0.9, zorder=1)
        axes.axvline(-0.5, color=LINE, linewidth=0.9, linestyle="--", zorder=1)
        for item in found:
            _dot(axes, item)
        places = [int(item.extra["event"]) for item in found]
        axes.set_xticks([place for place in places if len(places) <= MOST_TICKS or place % 2 == 0])
        axes.xaxis.set_major_formatter(lambda value, _place: make.number.integer(value))
        digits = effect_digits(whole.std_error)
        axes.yaxis.set_major_formatter(lambda value, _place: make.number.decimal(value, digits))
        axes.tick_params(labelsize=SMALL)
        axes.grid(axis="y", color=PALE, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.set_xlabel(_("Periods since the programme came (left of the line: before it)"), color=GREY, fontsize=SMALL)
        lines = "; ".join(f"{make.number.integer(int(item.extra['event']))}: {make.number.decimal(item.estimate, digits)}" for item in found)
        alt = _("{title}. {lines}.", title=title, lines=lines)
        return finished(figure, id_="rollout", title=title, data=table(released, labels, language), alt=alt)


def _dot(axes: Axes, item: Estimate) -> None:
    event = int(item.extra["event"])
    low, high = item.extra.get("simultaneous_low", math.nan), item.extra.get("simultaneous_high", math.nan)
    if not math.isnan(low + high):
        axes.fill_between([event - 0.32, event + 0.32], low, high, color=BAND, linewidth=0, zorder=0)
    color = BLUE if event >= 0 else GREY
    axes.plot([event, event], [item.conf_low, item.conf_high], color=color, linewidth=1.6, zorder=2)
    axes.plot([event], [item.estimate], marker="o", markersize=5, color=color, zorder=3)
