"""Centres side by side without their names: steadied changes from the lowest to the highest, and the funnel of chance around the mean."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from takeup.estimate.tails import critical
from takeup.present.figures.model import Figure, finished
from takeup.present.figures.ticks import numbered
from takeup.present.reading import section
from takeup.present.style import BAND, BLUE, GREY, INK, LINE, NORMAL, SMALL, VERMILION, WIDTH, drawing, house_style, wrapped
from takeup.present.tables.model import Column, Maker, Row, Table, text_cell
from takeup.present.tables.sites import AVERAGE, centre_estimates, league, outcomes, whole
from takeup.release.suppress import is_withheld

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from takeup.present.labels import Labels
    from takeup.release.gate import Released
    from takeup.results import Estimate, ResultSet

ROW, TOP, FOOT, LEFT, GAP, NOTE = 0.082, 0.4, 0.45, 0.5, 0.5, 0.36
FUNNEL = 2.9
LIMITS = (0.95, 0.998)
"""Between the inner and the outer lines of a funnel so many centres are expected if all of them had one and the same mean."""


def caterpillar(released: Released, labels: Labels, language: str) -> Figure | None:
    """The steadied changes of the primary outcomes, a panel each; None where centres aren't described."""
    results, make = section(released, "sites"), Maker(language)
    shown = shown_outcomes(results, labels)
    if not shown:
        return None
    title = make._("Change by centre, steadied")
    sets = {name: sorted(_released(results, name), key=lambda item: item.estimate) for name in shown}
    with house_style():
        height = TOP + ROW * max(len(found) for found in sets.values()) + FOOT + NOTE
        figure = drawing(height)
        for panel, name in zip(_panels(figure, len(shown), height), shown, strict=True):
            _lines(panel, sets[name], whole(results, name, AVERAGE), labels.outcome(name, language), make)
        _note(figure, league(make), height)
        return finished(figure, id_="caterpillar", title=title, data=_data(results, shown, labels, make, "caterpillar", title),
                        alt=_alt(results, shown, labels, make, title))


def funnel(released: Released, labels: Labels, language: str) -> Figure | None:
    """Own mean changes against the number of women, with the lines between which chance alone would keep nearly all; None likewise."""
    results, make = section(released, "sites"), Maker(language)
    shown = [name for name in shown_outcomes(results, labels) if (found := whole(results, name, AVERAGE)) is not None and found.std_error > 0]
    if not shown:
        return None
    title = make._("Change by centre and its number of women")
    with house_style():
        height = FUNNEL + TOP + NOTE
        figure = drawing(height)
        for panel, name in zip(_panels(figure, len(shown), height), shown, strict=True):
            average = whole(results, name, AVERAGE)
            assert average is not None
            if name == shown[0]:
                panel.set_ylabel(make._("Own mean change"), fontsize=SMALL, color=GREY)
            _funnel(panel, _released(results, name), average, labels.outcome(name, language), make)
        _note(figure, make._("Lines: were all centres alike, chance alone would keep 95 of 100 centres between the dashed lines and 998 of 1,000 "
                             "between the outer ones. Diamonds lie beyond by their own standard error."), height)
        return finished(figure, id_="funnel", title=title, data=_data(results, shown, labels, make, "funnel", title),
                        alt=_alt_funnel(results, shown, labels, make, title))


def shown_outcomes(results: ResultSet, labels: Labels) -> list[str]:
    """The primary outcomes that are described by centre; the first where none is primary."""
    found = [name for name in outcomes(results) if _released(results, name)]
    return [name for name in found if labels.plan.outcome(name).role == "primary"][:3] or found[:1]


def _released(results: ResultSet, name: str) -> list[Estimate]:
    return [item for item in centre_estimates(results, name) if not is_withheld(item) and not math.isnan(item.estimate)]


def _panels(figure: Drawing, count: int, height: float) -> list[Axes]:
    width = (WIDTH - LEFT - 0.1 - GAP * (count - 1)) / count
    return [figure.add_axes(((LEFT + place * (width + GAP)) / WIDTH, (FOOT + NOTE) / height, width / WIDTH, (height - TOP - FOOT - NOTE) / height))
            for place in range(count)]


def _lines(panel: Axes, found: list[Estimate], average: Estimate | None, name: str, make: Maker) -> None:
    y = np.arange(len(found))
    if average is not None and average.std_error > 0:
        panel.axvspan(average.conf_low, average.conf_high, color=BAND, linewidth=0, zorder=0)
        panel.axvline(average.estimate, color=GREY, linewidth=0.9, zorder=1)
    panel.axvline(0, color=LINE, linewidth=0.9, linestyle=":", zorder=1)
    panel.hlines(y, [item.conf_low for item in found], [item.conf_high for item in found], color=BLUE, linewidth=1.0, zorder=2)
    panel.plot([item.estimate for item in found], y, linestyle="", marker="o", markersize=3.4, color=BLUE, zorder=3)
    panel.set_ylim(-1, len(found))
    panel.set_yticks([])
    panel.spines["left"].set_visible(False)
    panel.set_title("\n".join(wrapped(name, 3.0, NORMAL, bold=True)))
    panel.set_xlabel(make._("Mean change, steadied; grey: all centres"), fontsize=SMALL, color=GREY)
    numbered(panel.xaxis, make)


def _funnel(panel: Axes, found: list[Estimate], average: Estimate, name: str, make: Maker) -> None:
    extra = average.extra
    most = max(item.n for item in found)
    people = np.linspace(4, most * 1.08, 120)
    typical = average.n / extra["groups"] if extra["groups"] else 1.0
    # women come in groups of a typical size: a centre of n has n / size of them (one at least)
    spread = np.sqrt(extra["var_residual"] / people + extra["var_group"] / np.maximum(people / typical, 1.0))
    for level, colour, style in zip(LIMITS, (GREY, LINE), ("--", "-"), strict=True):
        half = critical(level, math.inf) * spread
        for sign in (-1.0, 1.0):
            panel.plot(people, average.estimate + sign * half, color=colour, linewidth=0.9, linestyle=style, zorder=1)
    panel.axhline(average.estimate, color=GREY, linewidth=0.9, zorder=1)
    panel.plot([item.n for item in found], [item.extra["raw"] for item in found], linestyle="", marker="o", markersize=4.2, color=BLUE,
               markerfacecolor="none", zorder=3)
    outer = critical(LIMITS[1], math.inf)
    beyond = [item for item in found if abs(item.extra["raw"] - average.estimate) > outer * item.extra["raw_error"]]
    panel.plot([item.n for item in beyond], [item.extra["raw"] for item in beyond], linestyle="", marker="D", markersize=5.2, color=VERMILION,
               zorder=4)
    panel.set_xlim(0, most * 1.08)
    panel.set_title("\n".join(wrapped(name, 3.0, NORMAL, bold=True)), color=INK)
    panel.set_xlabel(make._("Women with both measurements"), fontsize=SMALL, color=GREY)
    panel.tick_params(axis="y", labelsize=SMALL)
    numbered(panel.yaxis, make)


def _note(figure: Drawing, text: str, height: float) -> None:
    """Lines of small words at the foot."""
    for turn, line in enumerate(wrapped(text, WIDTH - 0.2, SMALL)):
        figure.text(0.1 / WIDTH, (NOTE - 0.1 - 0.135 * turn) / height, line, size=SMALL, color=GREY, va="center")


def _data(results: ResultSet, shown: list[str], labels: Labels, make: Maker, id_: str, title: str) -> Table:
    """Every centre that is shown, in the order of its number, so that no order of results can be read off."""
    _ = make._
    rows = [Row(cells=(text_cell(labels.level(str(item.extra["by"]), str(item.extra["level"]), make.language)), make.cell(item, "n", "integer"),
                       make.cell(item, "raw", "number", 2), make.cell(item, "estimate", "number", 2), make.interval(item, digits=2)),
                group=labels.outcome(name, make.language)) for name in shown for item in centre_estimates(results, name)]
    columns = (Column(id="centre", title=_("Centre")), Column(id="n", title=_("Women"), kind="integer"),
               Column(id="own", title=_("Own mean change"), kind="number"), Column(id="steadied", title=_("Steadied"), kind="number"),
               Column(id="interval", title=make.interval_title(item.conf_level for name in shown for item in centre_estimates(results, name)),
                      kind="interval", parts=make.limits))
    return Table(id=id_, title=title, columns=columns, rows=tuple(rows), notes=(league(make),), language=make.language, sortable=False)


def _alt(results: ResultSet, shown: list[str], labels: Labels, make: Maker, title: str) -> str:
    """What the lines say: how many centres there are, the lowest and highest, and how many can't be told from the average."""
    _, number = make._, make.number
    parts = []
    for name in shown:
        found, average = _released(results, name), whole(results, name, AVERAGE)
        values = sorted(item.estimate for item in found)
        unclear = sum(item.conf_low <= average.estimate <= item.conf_high for item in found) if average is not None else 0
        parts.append(_("{outcome}: {n} centres from {low} to {high}; for {unclear} of them the interval holds the average.",
                       outcome=labels.outcome(name, make.language), n=number.integer(len(found)), low=number.decimal(values[0], 2),
                       high=number.decimal(values[-1], 2), unclear=number.integer(unclear)))
    return " ".join((f"{title}.", *parts, league(make)))


def _alt_funnel(results: ResultSet, shown: list[str], labels: Labels, make: Maker, title: str) -> str:
    _, number = make._, make.number
    outer = critical(LIMITS[1], math.inf)
    parts = []
    for name in shown:
        found, average = _released(results, name), whole(results, name, AVERAGE)
        assert average is not None
        beyond = sum(abs(item.extra["raw"] - average.estimate) > outer * item.extra["raw_error"] for item in found)
        parts.append(_("{outcome}: of {n} centres {beyond} lie beyond the outer lines, between which chance alone keeps 998 of 1,000.",
                       outcome=labels.outcome(name, make.language), n=number.integer(len(found)), beyond=number.integer(beyond)))
    return " ".join((f"{title}.", *parts))
