"""How much of the programme families got: shares with at least so many contacts, and contacts by channel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.present.figures.model import Figure, finished
from takeup.present.reading import arms, section, statistics
from takeup.present.style import BLUE, GREY, INK, NORMAL, PALE, SMALL, WIDTH, bare, drawing, house_style, text_width, wrapped
from takeup.present.tables.model import Column, Maker, Row, Table, text_cell
from takeup.results import ResultSet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from takeup.present.labels import Labels
    from takeup.release.gate import Released
    from takeup.results import Statistic

ROW, TOP, LINE = 0.24, 0.36, 0.17


def dose(released: Released, labels: Labels, language: str) -> Figure | None:
    """The ladder of the treated arm, and the mean number of contacts by channel; None where contacts weren't logged."""
    results = section(released, "mechanism")
    found = statistics(results, table="dose")
    shown = [arm for arm in arms(ResultSet(found), "") if arm != str(labels.plan.design.control)]
    if not found or not shown:
        return None
    make = Maker(language)
    _ = make._
    title = _("How much contact families had with the case manager")
    ladder = [item for item in found if item.arm == shown[0]]
    channels = statistics(results, table="contacts", variable="channel", arm=shown[0])
    half = WIDTH / 2
    heads = [wrapped(_("Of 100 families offered a case manager"), half - 0.2, NORMAL, bold=True), [_("Contacts per family")]]
    top = TOP + LINE * (len(heads[0]) - 1)
    height = top + ROW * max(len(ladder), len(channels)) + 0.1
    with house_style():
        figure = drawing(height)
        canvas = figure.add_axes((0, 0, 1, 1))
        canvas.set_xlim(0, WIDTH)
        canvas.set_ylim(height, 0)
        bare(canvas)
        rungs = [(_.plural("at least {n} contact", "at least {n} contacts", int(item.wave), n=make.number.integer(int(item.wave))), item)
                 for item in ladder]
        _head(canvas, heads[0], 0.02)
        _bars(canvas, [(name, item.value, make.number.of(item, "value", "percent", 0).text) for name, item in rungs], top, (0.02, half - 0.2), 1.0)
        if channels:
            _head(canvas, heads[1], half + 0.1)
            most = max((item.value for item in channels if not math.isnan(item.value)), default=1.0)
            _bars(canvas, [(labels.level("channel", item.level, language), item.value, make.number.of(item, "value", "number", 1).text)
                           for item in channels], top, (half + 0.1, WIDTH - 0.1), most)
        return finished(figure, id_="dose", title=title, data=_data(found, labels, make, title),
                        alt=_("{title}. {lines}.", title=title, lines="; ".join(
                            f"{name} {make.number.of(item, 'value', 'percent', 0).text}" for name, item in rungs)))


def _head(canvas: Axes, lines: list[str], left: float) -> None:
    for place, line in enumerate(lines):
        canvas.text(left, 0.16 + LINE * place, line, size=NORMAL, weight="bold", va="center")


def _bars(canvas: Axes, rows: list[tuple[str, float, str]], top: float, sides: tuple[float, float], most: float) -> None:
    from matplotlib.patches import Rectangle

    left, right = sides
    start = left + 0.12 + max(text_width(name, SMALL) for name, _value, _text in rows)
    wide = right - start - 0.45
    for place, (name, value, text) in enumerate(rows):
        y = top + ROW * (place + 0.5)
        canvas.text(start - 0.1, y, name, size=SMALL, ha="right", va="center", color=INK)
        canvas.add_patch(Rectangle((start, y - 0.08), wide, 0.16, facecolor=PALE))
        if not math.isnan(value):
            canvas.add_patch(Rectangle((start, y - 0.08), wide * value / most, 0.16, facecolor=BLUE))
        canvas.text(start + wide + 0.08, y, text, size=SMALL, va="center", color=GREY if math.isnan(value) else INK)


def _data(found: tuple[Statistic, ...], labels: Labels, make: Maker, title: str) -> Table:
    _ = make._
    rows = tuple(Row(cells=(text_cell(str(int(item.wave))), text_cell(labels.arm(item.arm, make.language)), make.cell(item, "value", "percent", 0),
                            make.cell(item, "n", "integer"))) for item in found)
    columns = (Column(id="rung", title=_("At least so many contacts")), Column(id="arm", title=_("Arm")),
               Column(id="share", title=_("Share"), kind="percent"), Column(id="n", title=_("n"), kind="integer"))
    notes = (_("Description, not an effect of dose: families with more contacts had other needs."),)
    return Table(id="dose", title=title, columns=columns, rows=rows, notes=notes, language=make.language, sortable=False)
