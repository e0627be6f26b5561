"""Participation of all centres from the largest to the smallest: each bar is seven centres and how many of them take part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.present.figures.model import Figure, finished
from takeup.present.reading import section, statistics
from takeup.present.style import BLUE, GREY, INK, NORMAL, PALE, SMALL, WIDTH, drawing, house_style
from takeup.present.tables.model import Column, Maker, Row, Table, text_cell
from takeup.present.tables.reach import digits

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

    from takeup.present.labels import Labels
    from takeup.release.gate import Released
    from takeup.results import Statistic

HEIGHT, TOP, FOOT, LEFT = 2.5, 0.5, 0.5, 0.4


def reach(released: Released, _labels: Labels, language: str) -> Figure | None:
    """Bars from the largest centres to the smallest; None where not all centres are known."""
    make = Maker(language)
    found = statistics(section(released, "reach"), table="reach")
    bars = [item for item in found if item.variable == "bar"]
    if not bars:
        return None
    title = make._("Which centres take part, from the largest to the smallest")
    with house_style():
        figure = _draw(bars, {item.variable: item for item in found if not item.level and not item.wave}, make)
        return finished(figure, id_="reach", title=title, data=_data(bars, make, title), alt=_alt(bars, found, make, title))


def _draw(bars: list[Statistic], one: dict[str, Statistic], make: Maker) -> Drawing:
    _ = make._
    figure = drawing(HEIGHT)
    panel = figure.add_axes((LEFT / WIDTH, FOOT / HEIGHT, (WIDTH - LEFT - 0.1) / WIDTH, (HEIGHT - TOP - FOOT) / HEIGHT))
    place = range(len(bars))
    most = max(item.extra["centres"] for item in bars)
    panel.bar(place, [item.extra["centres"] for item in bars], width=0.82, color=PALE, linewidth=0)
    panel.bar(place, [item.extra["taking_part"] for item in bars], width=0.82, color=BLUE, linewidth=0)
    panel.set_xlim(-0.7, len(bars) - 0.3)
    panel.set_ylim(0, most)
    panel.set_yticks(range(0, most + 1, max(1, most // 7)))
    panel.tick_params(axis="y", labelsize=SMALL, colors=GREY)
    edges = [0, *(number for number in (len(bars) // 4, len(bars) // 2, 3 * len(bars) // 4) if number), len(bars) - 1]
    panel.set_xticks(sorted(set(edges)))
    panel.set_xticklabels([make.number.integer(bars[edge].extra["first"]) for edge in sorted(set(edges))], fontsize=SMALL)
    panel.set_xlabel(_("Place of the first centre of a bar in the order of size: people with a minimum income"), fontsize=SMALL, color=GREY)
    top = (HEIGHT - TOP + 0.3) / HEIGHT
    figure.text(0.02 / WIDTH, top, _("Centres that take part, of each {n}", n=make.number.integer(most)), size=NORMAL, weight="bold", color=INK)
    half = one.get("smaller_half")
    if half is not None:
        panel.axvline(len(bars) / 2 - 0.5, color=GREY, linewidth=0.8, linestyle="--")
        panel.text(len(bars) / 2, most * 0.97, _("The smaller half: {some} of {n}", some=make.number.integer(half.extra["taking_part"]),
                                                         n=make.number.integer(half.extra["centres"])), size=SMALL, color=GREY, va="top")
    return figure


def _data(bars: list[Statistic], make: Maker, title: str) -> Table:
    _ = make._
    rows = tuple(Row(cells=(text_cell(f"{item.extra['first']}\u2013{item.extra['last']}"), make.cell(item, "taking_part", "integer"),
                            make.cell(item, "centres", "integer"))) for item in bars)
    columns = (Column(id="places", title=_("Place in the order of size")), Column(id="taking_part", title=_("Take part"), kind="integer"),
               Column(id="centres", title=_("Of so many"), kind="integer"))
    return Table(id="reach_bars", title=title, columns=columns, rows=rows, language=make.language, sortable=False)


def _alt(bars: list[Statistic], found: tuple[Statistic, ...], make: Maker, title: str) -> str:
    _ = make._
    one = {item.variable: make.number.of(item, "value", "percent", digits(item)).text for item in found if not item.level and not item.wave}
    return _("{title}. {n} bars. Of the 6 largest centres {six} take part, of the 20 largest {twenty}, of the 50 largest {fifty}, of the smaller "
             "half {half}, of all {all}.", title=title, n=make.number.integer(len(bars)), six=one.get("largest_6", "\u2013"),
             twenty=one.get("largest_20", "\u2013"), fifty=one.get("largest_50", "\u2013"), half=one.get("smaller_half", "\u2013"),
             all=one.get("all", "\u2013"))
