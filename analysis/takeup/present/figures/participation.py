"""The flow of one group: who started, completed, answered at the end and is in the numbers, with those who went at the side."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.present.figures.model import Figure, finished
from takeup.present.flow import reason_words, step
from takeup.present.reading import section, statistics
from takeup.present.style import GREY, INK, LINE, NORMAL, PALE, PAPER, SMALL, WIDTH, bare, drawing, house_style, wrapped
from takeup.present.tables.flow import flow as flow_table
from takeup.present.tables.model import Maker

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from takeup.present.labels import Labels
    from takeup.release.gate import Released
    from takeup.results import Statistic

MAIN = ("assessed", "started", "measured", "completed", "followed_up", "analysed")
SIDE = {"assessed": "excluded", "measured": "left", "completed": "lost"}
"""Beside which box those who went stand."""
BOX, GAP, LINE_HEIGHT = 2.9, 0.22, 0.155


def participation(released: Released, labels: Labels, language: str) -> Figure | None:
    """The figure; None for a study with arms."""
    if labels.plan.evidence != "before_after":
        return None
    make = Maker(language)
    _ = make._
    results = section(released, "flow")
    boxes = {name: found for name in (*MAIN, *SIDE.values()) if (found := statistics(results, variable=name))}
    if "started" not in boxes:
        return None
    people = labels.units(language)
    rows = [(_folded(_lines(name, boxes[name], labels, make, people), BOX),
             _folded(_lines(SIDE.get(name, ""), boxes.get(SIDE.get(name, ""), ()), labels, make, people), WIDTH - BOX - 1.1))
            for name in MAIN if name in boxes]
    heights = [max(0.22 + LINE_HEIGHT * len(lines) for lines in pair if lines) for pair in rows]
    title = _("Flow of participants")
    with house_style():
        total = sum(heights) + GAP * (len(rows) - 1) + 0.1
        figure = drawing(total)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(total, 0)
        bare(axes)
        y = 0.05
        for place, ((lines, side), height) in enumerate(zip(rows, heights, strict=True)):
            last = place == len(rows) - 1
            _box(axes, 0.3, y, BOX, 0.22 + LINE_HEIGHT * len(lines), lines, strong=True)
            if side:
                _box(axes, 0.3 + BOX + 0.6, y, WIDTH - BOX - 1.1, 0.22 + LINE_HEIGHT * len(side), side, strong=False)
                axes.plot([0.3 + BOX, 0.3 + BOX + 0.6], [y + 0.18] * 2, color=GREY, linewidth=0.9)
            if not last:
                axes.annotate("", (0.3 + BOX / 2, y + height + GAP), (0.3 + BOX / 2, y + 0.22 + LINE_HEIGHT * len(lines)),
                              arrowprops={"arrowstyle": "-|>", "color": GREY, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0})
            y += height + GAP
        said = "; ".join(", ".join(line for line in lines) for pair in rows for lines in pair if lines)
        return finished(figure, id_="participation", title=title, data=flow_table(released, labels, language),
                        alt=_("{title}. {lines}.", title=title, lines=said))


def _lines(variable: str, found: tuple[Statistic, ...], labels: Labels, make: Maker, people: str) -> list[str]:
    """A box in lines: the step with its number, groups beside it, and the reasons or outcomes under it."""
    if not found:
        return []
    whole = next((item for item in found if not item.level), None)
    name = step(labels, variable, make.language)
    if whole is None:  # one number an outcome
        known = [item.value for item in found if not math.isnan(item.value)]
        if not known:
            return [_pair(name, make._("withheld"), make)]
        low, high = make.number.integer(min(known)), make.number.integer(max(known))
        return [name, make._("{low} to {high} {people}, by outcome", low=low, high=high, people=people) if low != high else f"{low} {people}"]
    head = [_pair(name, _count(whole, make), make)]
    groups = whole.extra.get("clusters")
    if variable == "started" and isinstance(groups, int):
        head.append(make._("in {n} groups", n=make.number.integer(groups)))
    return [*head, *(_pair(reason_words(labels, variable, item.level, make.language), _count(item, make), make) for item in found if item.level)]


def _pair(name: str, value: str, make: Maker) -> str:
    return make._("{first}: {second}", first=name, second=value)


def _folded(lines: list[str], width: float) -> list[str]:
    """Lines that fit in a box of this width; the first is set larger and in bold."""
    return [part for place, line in enumerate(lines) for part in wrapped(line, width - 0.2, SMALL + 0.5 if place else NORMAL, bold=not place)]


def _count(item: Statistic, make: Maker) -> str:
    return make._("withheld") if math.isnan(item.value) else make.number.integer(item.value)


def _box(axes: Axes, x: float, y: float, width: float, height: float, lines: list[str], *, strong: bool) -> None:
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((x, y), width, height, facecolor=PALE if strong else PAPER, edgecolor=LINE, linewidth=0.9))
    for place, line in enumerate(lines):
        axes.text(x + 0.1, y + 0.18 + LINE_HEIGHT * place, line, size=NORMAL if not place else SMALL + 0.5,
                  va="center", color=INK if not place else GREY, weight="bold" if not place and strong else "normal")
