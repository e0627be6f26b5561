"""The way to a right in steps: of a hundred rights, how many are known, applied for, granted and received, by arm, and where most are lost."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from takeup.present.figures.model import Figure, finished
from takeup.present.reading import arms, section, statistics
from takeup.present.style import GREY, INK, NORMAL, PAPER, SMALL, WIDTH, arm_style, bare, drawing, house_style, text_width
from takeup.present.tables.model import Cell, Column, Maker, Row, Table, text_cell
from takeup.present.tables.takeup import group_name, stages
from takeup.results import ResultSet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from takeup.present.labels import Labels
    from takeup.release.gate import Released
    from takeup.results import Statistic

BAR, STEP, TOP, FOOT, RIGHT = 0.2, 0.2, 0.42, 0.12, 2.0


def cascade(released: Released, labels: Labels, language: str) -> Figure | None:
    """Over all rights; the table beside it has the domains too. None for a study without rights."""
    found = statistics(section(released, "takeup"), table="cascade")
    if not found:
        return None
    make = Maker(language)
    shown = arms(ResultSet(found), str(labels.plan.design.control))
    title = make._("Where families drop out on the way to a right")
    whole = {(item.extra["stage"], item.arm): item for item in found if item.extra["group"] == "all"}
    steps = list(dict.fromkeys(stage for stage, _arm in whole))
    tall = len(shown) * BAR + STEP
    height = TOP + len(steps) * tall + FOOT
    names = stages(language)
    with house_style():
        figure = drawing(height)
        canvas = figure.add_axes((0, 0, 1, 1))
        canvas.set_xlim(0, WIDTH)
        canvas.set_ylim(height, 0)
        bare(canvas)
        left = 0.2 + max(text_width(names[stage], NORMAL, bold=True) for stage in steps)
        _key(canvas, shown, labels, make, left)
        for place, stage in enumerate(steps):
            top = TOP + place * tall
            canvas.text(left - 0.12, top + len(shown) * BAR / 2, names[stage], size=NORMAL, weight="bold", ha="right", va="center", color=INK)
            before = {arm: 1.0 if place == 0 else whole[steps[place - 1], arm].value for arm in shown}
            for turn, arm in enumerate(shown):
                _bar(canvas, whole[stage, arm], before[arm], top + turn * BAR, left, turn, make, largest=_largest(whole, steps, arm) == place)
        return finished(figure, id_="cascade", title=title, data=_data(found, shown, labels, make, title),
                        alt=_alt(whole, steps, shown, labels, make, title))


def _largest(whole: dict[tuple[str, str], Statistic], steps: list[str], arm: str) -> int:
    """The step at which an arm loses most."""
    levels = [1.0, *(whole[stage, arm].value for stage in steps)]
    losses = [before - after for before, after in pairwise(levels)]
    return max(range(len(losses)), key=lambda place: -1.0 if math.isnan(losses[place]) else losses[place])


def _bar(canvas: Axes, item: Statistic, before: float, y: float, left: float, turn: int, make: Maker, *, largest: bool) -> None:
    from matplotlib.patches import Rectangle

    style, wide = arm_style(turn), WIDTH - left - RIGHT
    text = make.number.of(item, "value", "percent", 0).text
    if math.isnan(item.value):
        canvas.text(left, y + BAR / 2, text, size=SMALL, va="center", color=GREY)
        return
    canvas.add_patch(Rectangle((left, y + 0.02), wide * item.value, BAR - 0.04, facecolor=style.colour if style.filled else PAPER,
                               edgecolor=style.colour, linewidth=1.0))
    canvas.text(left + wide * item.value + 0.06, y + BAR / 2, text, size=SMALL, va="center", color=INK, weight="bold")
    lost = before - item.value
    if not math.isnan(lost):
        shown = make._("{n} of 100 lost here", n=make.number.decimal(100 * lost, 0))
        canvas.text(WIDTH - 0.05, y + BAR / 2, shown, size=SMALL, ha="right", va="center", color=INK if largest else GREY,
                    weight="bold" if largest else "normal")


def _key(canvas: Axes, shown: tuple[str, ...], labels: Labels, make: Maker, left: float) -> None:
    from matplotlib.patches import Rectangle

    x = left
    for turn, arm in enumerate(shown):
        style, name = arm_style(turn), labels.arm(arm, make.language)
        canvas.add_patch(Rectangle((x, 0.13), 0.14, 0.11, facecolor=style.colour if style.filled else PAPER, edgecolor=style.colour))
        canvas.text(x + 0.2, 0.185, name, size=SMALL, va="center", color=INK)
        x += 0.45 + text_width(name, SMALL)
    canvas.text(WIDTH - 0.05, 0.185, make._("Of 100 rights a family is entitled to"), size=SMALL, ha="right", va="center", color=GREY)


def _data(found: tuple[Statistic, ...], shown: tuple[str, ...], labels: Labels, make: Maker, title: str) -> Table:
    _ = make._
    names = stages(make.language)
    rows = []
    for group, stage in dict.fromkeys((item.extra["group"], item.extra["stage"]) for item in found):
        label = group_name(labels, "all" if group == "all" else f"domain_{group}", make.language)
        at = {item.arm: item for item in found if (item.extra["group"], item.extra["stage"]) == (group, stage)}
        cells: list[Cell] = [text_cell(names[stage])]
        for arm in shown:
            cells += [make.cell(at.get(arm), "value", "percent", 0), make.cell(at.get(arm), "n", "integer")]
        rows.append(Row(cells=tuple(cells), group=label))
    columns = [Column(id="stage", title=_("Step"))]
    for arm in shown:
        name = labels.arm(arm, make.language)
        columns += [Column(id=f"share_{arm}", title=_("Share of rights"), kind="percent", group=name),
                    Column(id=f"n_{arm}", title=_("n"), kind="integer", group=name)]
    notes = (_("Of the rights to which a family was entitled before the draw and of which every step is known, averaged over families. Who is at a "
               "later step has passed the earlier ones."),)
    return Table(id="cascade", title=title, columns=tuple(columns), rows=tuple(rows), notes=notes, language=make.language, sortable=False)


def _alt(whole: dict[tuple[str, str], Statistic], steps: list[str], shown: tuple[str, ...], labels: Labels, make: Maker, title: str) -> str:
    names = stages(make.language)
    lines = [f"{labels.arm(arm, make.language)}: " + ", ".join(
        f"{names[stage]} {make.number.of(whole[stage, arm], 'value', 'percent', 0).text}" for stage in steps) for arm in shown]
    return make._("{title}. {lines}.", title=title, lines="; ".join(lines))
