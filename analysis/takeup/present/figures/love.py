"""The love plot: how far apart the arms were at baseline, one line a characteristic, largest first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from takeup.present.figures.model import Figure, finished
from takeup.present.reading import arms, section, statistics
from takeup.present.style import BAND, GREY, INK, PALE, SMALL, WIDTH, arm_style, bare, drawing, house_style, text_width, wrapped
from takeup.present.tables.model import Column, Maker, Row, Table, text_cell
from takeup.results import ResultSet, Statistic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from takeup.present.labels import Labels
    from takeup.release.gate import Released

USUAL = 0.1
"""Differences within this many standard deviations are usually seen as small; drawn as a guide, not as a rule."""
LABEL, LINE_HEIGHT, ROW, TOP, FOOT = 2.7, 0.135, 0.2, 0.32, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One characteristic and its standardised difference in each treated arm."""

    label: str
    lines: tuple[str, ...]
    points: tuple[Statistic, ...]

    @property
    def size(self) -> float:
        """The largest of its differences, without its sign."""
        return max((abs(point.value) for point in self.points if not math.isnan(point.value)), default=-1.0)


def love_plot(released: Released, labels: Labels, language: str) -> Figure | None:
    """All standardised differences; None where balance wasn't described."""
    make = Maker(language)
    found = statistics(section(released, "balance"), kind="standardized_difference")
    if not found:
        return None
    shown = arms(ResultSet(found), "")
    entries = sorted(_entries(make, labels, found), key=lambda entry: -entry.size)
    title = make._("Differences between the arms at the start")
    with house_style():
        figure = _draw(entries, shown, labels, make)
        return finished(figure, id_="love_plot", title=title, data=_data(entries, shown, labels, make, title), alt=_alt(entries, make, title))


def _entries(make: Maker, labels: Labels, found: tuple[Statistic, ...]) -> list[Entry]:
    entries = []
    for variable, level in dict.fromkeys((item.variable, item.level) for item in found):
        name = labels.described(variable, make.language)
        if level:
            name = labels.with_level(variable, level, make.language)
        points = tuple(item for item in found if (item.variable, item.level) == (variable, level))
        entries.append(Entry(label=name, lines=tuple(wrapped(name, LABEL - 0.1, SMALL)), points=points))
    return entries


def _draw(entries: list[Entry], shown: tuple[str, ...], labels: Labels, make: Maker) -> Drawing:
    heights = [ROW + LINE_HEIGHT * (len(entry.lines) - 1) for entry in entries]
    height = TOP + sum(heights) + FOOT
    figure = drawing(height)
    canvas = figure.add_axes((0, 0, 1, 1))
    canvas.set_xlim(0, WIDTH)
    canvas.set_ylim(height, 0)
    bare(canvas)
    panel = figure.add_axes((LABEL / WIDTH, FOOT / height, (WIDTH - LABEL - 0.15) / WIDTH, sum(heights) / height))
    most = max(0.25, *(entry.size * 1.15 for entry in entries))
    panel.set_xlim(-most, most)
    panel.set_ylim(height - FOOT, TOP)
    panel.patch.set_visible(False)
    panel.axvspan(-USUAL, USUAL, color=BAND, linewidth=0, zorder=0)
    panel.axvline(0, color=GREY, linewidth=0.9, zorder=1)
    panel.set_yticks([])
    panel.spines["left"].set_visible(False)
    digits = 1 if most > 0.5 else 2
    panel.xaxis.set_major_formatter(lambda value, _place: make.number.decimal(value, digits))
    y = TOP
    for entry, tall in zip(entries, heights, strict=True):
        middle = y + tall / 2
        canvas.plot([0.02, WIDTH - 0.15], [y + tall] * 2, color=PALE, linewidth=0.6, zorder=0)
        for turn, text in enumerate(entry.lines):
            canvas.text(LABEL - 0.1, middle + LINE_HEIGHT * (turn - (len(entry.lines) - 1) / 2), text, size=SMALL, ha="right", va="center", color=INK)
        for point in entry.points:
            style = arm_style(1 + shown.index(point.arm))
            if not math.isnan(point.value):
                panel.plot([point.value], [middle], marker=style.marker, markersize=5.5, color=style.colour, zorder=3)
        y += tall
    _words(canvas, shown, labels, make, height)
    return figure


def _words(canvas: Axes, shown: tuple[str, ...], labels: Labels, make: Maker, height: float) -> None:
    _ = make._
    middle = LABEL + (WIDTH - LABEL - 0.15) / 2
    canvas.text(middle, height - 0.1, _("Standardised difference; grey: within {usual}, usually seen as small", usual=make.number.decimal(USUAL, 1)),
                size=SMALL, ha="center", va="center", color=GREY)
    control = labels.control(make.language)
    if len(shown) == 1:
        arm = labels.arm(shown[0], make.language)
        canvas.text(middle - 0.1, 0.2, _("\u2190 higher in {arm}", arm=control), size=SMALL, ha="right", va="center", color=GREY)
        canvas.text(middle + 0.1, 0.2, _("higher in {arm} \u2192", arm=arm), size=SMALL, ha="left", va="center", color=GREY)
        return
    x = LABEL
    for place, arm in enumerate(shown):
        style, name = arm_style(1 + place), labels.arm(arm, make.language)
        canvas.plot([x + 0.05], [0.2], marker=style.marker, markersize=5.5, color=style.colour)
        canvas.text(x + 0.15, 0.2, name, size=SMALL, va="center", color=GREY)
        x += 0.35 + text_width(name, SMALL)


def _data(entries: list[Entry], shown: tuple[str, ...], labels: Labels, make: Maker, title: str) -> Table:
    columns = [Column(id="variable", title=make._("Characteristic"))]
    for arm in shown:
        name = make._("Standardised difference") if len(shown) == 1 else make._("Standardised difference, {arm}", arm=labels.arm(arm, make.language))
        columns.append(Column(id=f"difference_{arm}", title=name, kind="number"))
    rows = []
    for entry in entries:
        points = {point.arm: point for point in entry.points}
        rows.append(Row(cells=(text_cell(entry.label), *(make.cell(points.get(arm), "value", "number", 3) for arm in shown))))
    return Table(id="love_plot", title=title, columns=tuple(columns), rows=tuple(rows), language=make.language)


def _alt(entries: list[Entry], make: Maker, title: str) -> str:
    _ = make._
    largest = entries[0]
    outside = sum(entry.size > USUAL for entry in entries)
    size = _("withheld") if largest.size < 0 else make.number.decimal(largest.size, 2)
    return _("{title}. Standardised differences of {n} characteristics; {outside} of them above {usual}. The largest is {largest}, {size}.",
             title=title, n=make.number.integer(len(entries)), outside=make.number.integer(outside), largest=largest.label, size=size,
             usual=make.number.decimal(USUAL, 1))
