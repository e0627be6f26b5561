"""Love plots: how far apart the arms were at baseline, one line a characteristic, largest first; and what weighting made of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from takeup.present.figures.model import Figure, finished
from takeup.present.reading import arms, section, statistics
from takeup.present.style import BAND, GREY, INK, PALE, PAPER, SMALL, WIDTH, ArmStyle, arm_style, bare, drawing, house_style, text_width, wrapped
from takeup.present.tables.model import Column, Maker, Row, Table, text_cell
from takeup.release.suppress import is_withheld
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
    """One characteristic and its standardised difference in each treated arm, or by each way of weighting."""

    label: str
    lines: tuple[str, ...]
    points: tuple[Statistic, ...]

    @property
    def size(self) -> float:
        """The largest of its differences, without its sign."""
        return max((abs(point.value) for point in self.points if not math.isnan(point.value)), default=-1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What a point belongs to, an arm or a way of weighting, with its name and style. `of` tells which statistic is its."""

    of: str
    name: str
    style: ArmStyle


def love_plot(released: Released, labels: Labels, language: str) -> Figure | None:
    """All standardised differences; None where balance wasn't described."""
    make = Maker(language)
    found = statistics(section(released, "balance"), kind="standardized_difference")
    if not found:
        return None
    shown = arms(ResultSet(found), "")
    keys = tuple(Key(of=arm, name=labels.arm(arm, language), style=arm_style(1 + place)) for place, arm in enumerate(shown))
    entries = sorted(_entries(make, labels, found), key=lambda entry: -entry.size)
    title = make._("Differences between the arms at the start")
    with house_style():
        figure = _draw(entries, keys, labels, make)
        return finished(figure, id_="love_plot", title=title, data=_data(entries, keys, make, ("love_plot", title)), alt=_alt(entries, make, title))


def love_weighted(released: Released, labels: Labels, language: str) -> Figure | None:
    """What weighting made of the differences between groups that weren't drawn; None where nothing was weighted."""
    make = Maker(language)
    _ = make._
    found = statistics(section(released, "differences"), table="weighting", kind="standardized_difference")
    if not found:
        return None
    # each way of weighting takes the place that arms have in the other plot
    ways = ResultSet(tuple(item.replace(arm=item.wave) for item in found if item.arm == found[0].arm))
    names = {"unweighted": _("Without weights"), "overlap": _("Overlap weights"), "entropy": _("Entropy balancing")}
    keys = tuple(Key(of=way, name=names[way], style=arm_style(place)) for place, way in enumerate(names) if way in arms(ways, ""))
    entries = sorted(_entries(make, labels, statistics(ways)), key=lambda entry: -entry.size)
    title = _("Differences between the groups at the start, before and after weighting")
    with house_style():
        figure = _draw(entries, keys, labels, make)
        return finished(figure, id_="love_weighted", title=title, data=_data(entries, keys, make, ("love_weighted", title)),
                        alt=_weighted_alt(entries, keys, make, title))


def _entries(make: Maker, labels: Labels, found: tuple[Statistic, ...]) -> list[Entry]:
    entries = []
    for variable, level in dict.fromkeys((item.variable, item.level) for item in found):
        name = labels.described(variable, make.language)
        if level:
            name = labels.with_level(variable, level, make.language)
        points = tuple(item for item in found if (item.variable, item.level) == (variable, level))
        entries.append(Entry(label=name, lines=tuple(wrapped(name, LABEL - 0.1, SMALL)), points=points))
    return entries


def _draw(entries: list[Entry], keys: tuple[Key, ...], labels: Labels, make: Maker) -> Drawing:
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
        points = {point.arm: point.value for point in entry.points}
        for key in keys:
            if not math.isnan(points.get(key.of, math.nan)):
                panel.plot([points[key.of]], [middle], zorder=3, **_marked(key.style))
        if all(map(is_withheld, entry.points)):
            canvas.text(WIDTH - 0.2, middle, make._("withheld"), size=SMALL, ha="right", va="center", color=GREY)
        y += tall
    _words(canvas, keys, labels, make, height)
    return figure


def _marked(style: ArmStyle) -> dict[str, Any]:
    return {"marker": style.marker, "markersize": 5.5, "color": style.colour, "markerfacecolor": style.colour if style.filled else PAPER}


def _words(canvas: Axes, keys: tuple[Key, ...], labels: Labels, make: Maker, height: float) -> None:
    _ = make._
    middle = LABEL + (WIDTH - LABEL - 0.15) / 2
    canvas.text(middle, height - 0.1, _("Standardised difference; grey: within {usual}, usually seen as small", usual=make.number.decimal(USUAL, 1)),
                size=SMALL, ha="center", va="center", color=GREY)
    control = labels.control(make.language)
    if len(keys) == 1:
        arm = keys[0].name
        canvas.text(middle - 0.1, 0.2, _("\u2190 higher in {arm}", arm=control), size=SMALL, ha="right", va="center", color=GREY)
        canvas.text(middle + 0.1, 0.2, _("higher in {arm} \u2192", arm=arm), size=SMALL, ha="left", va="center", color=GREY)
        return
    x = LABEL
    for key in keys:
        canvas.plot([x + 0.05], [0.2], **_marked(key.style))
        canvas.text(x + 0.15, 0.2, key.name, size=SMALL, va="center", color=GREY)
        x += 0.35 + text_width(key.name, SMALL)


def _data(entries: list[Entry], keys: tuple[Key, ...], make: Maker, named: tuple[str, str]) -> Table:
    columns = [Column(id="variable", title=make._("Characteristic"))]
    for key in keys:
        name = make._("Standardised difference") if len(keys) == 1 else make._("Standardised difference, {arm}", arm=key.name)
        columns.append(Column(id=f"difference_{key.of}", title=name, kind="number"))
    rows = []
    for entry in entries:
        points = {point.arm: point for point in entry.points}
        rows.append(Row(cells=(text_cell(entry.label), *(make.cell(points.get(key.of), "value", "number", 3) for key in keys))))
    return Table(id=named[0], title=named[1], columns=tuple(columns), rows=tuple(rows), language=make.language)


def _alt(entries: list[Entry], make: Maker, title: str) -> str:
    _ = make._
    largest = entries[0]
    outside = sum(entry.size > USUAL for entry in entries)
    size = _("withheld") if largest.size < 0 else make.number.decimal(largest.size, 2)
    return _("{title}. Standardised differences of {n} characteristics; {outside} of them above {usual}. The largest is {largest}, {size}.",
             title=title, n=make.number.integer(len(entries)), outside=make.number.integer(outside), largest=largest.label, size=size,
             usual=make.number.decimal(USUAL, 1))


def _weighted_alt(entries: list[Entry], keys: tuple[Key, ...], make: Maker, title: str) -> str:
    """The largest difference by each way."""
    _ = make._
    parts = []
    for key in keys:
        sizes = [abs(point.value) for entry in entries for point in entry.points if point.arm == key.of and not math.isnan(point.value)]
        parts.append(_("{name}: {size}", name=key.name, size=make.number.decimal(max(sizes), 2) if sizes else _("withheld")))
    return _("{title}. {n} characteristics. The largest standardised difference by each way: {parts}.", title=title,
             n=make.number.integer(len(entries)), parts="; ".join(parts))
