"""How soon families get a first new right: a curve an arm, month by month."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.present.figures.model import Figure, finished
from takeup.present.reading import arms, pick, section, statistics
from takeup.present.style import GREY, INK, PALE, SMALL, WIDTH, ArmStyle, arm_style, bare, drawing, house_style, text_width
from takeup.present.tables.model import Column, Maker, Row, Table, text_cell
from takeup.results import Estimate, ResultSet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from takeup.present.labels import Labels
    from takeup.release.gate import Released
    from takeup.results import Statistic

End = tuple[float, str, ArmStyle]
"""Where an arm's curve ends, the arm, and how it is drawn."""
HEIGHT, LEFT, FOOT, TOP = 2.7, 0.55, 0.52, 0.42


def time_to_takeup(released: Released, labels: Labels, language: str) -> Figure | None:
    """Share of families with a new right by months since the draw; None where days weren't recorded. Withheld points leave a gap."""
    found = statistics(section(released, "waiting"), table="waiting")
    if not found:
        return None
    make = Maker(language)
    _ = make._
    shown = arms(ResultSet(found), str(labels.plan.design.control))
    title = _("How soon families get a first new right")
    right = 0.25 + max(text_width(f"{labels.arm(arm, language)} {make.number.percent(1.0)}", SMALL, bold=True) for arm in shown)
    with house_style():
        figure = drawing(HEIGHT)
        canvas = figure.add_axes((0, 0, 1, 1))
        canvas.set_xlim(0, WIDTH)
        canvas.set_ylim(HEIGHT, 0)
        bare(canvas)
        panel = figure.add_axes((LEFT / WIDTH, FOOT / HEIGHT, (WIDTH - LEFT - right) / WIDTH, (HEIGHT - FOOT - TOP) / HEIGHT))
        panel.set_ylim(0, 1)
        panel.yaxis.set_major_formatter(lambda value, _place: make.number.percent(value))
        panel.xaxis.set_major_formatter(lambda value, _place: make.number.integer(value))
        panel.grid(axis="y", color=PALE, linewidth=0.8)
        panel.set_xlabel(_("Months since the draw"), color=GREY, fontsize=SMALL)
        panel.tick_params(axis="y", labelsize=SMALL)
        last = max(item.extra["month"] for item in found if "month" in item.extra) if any("month" in item.extra for item in found) else 1
        panel.set_xlim(0, last)
        panel.set_xticks(range(0, int(last) + 1, 1 if last <= 12 else 3))
        ends = []
        for place, arm in enumerate(shown):
            points = [(int(item.wave), item.value) for item in found if item.arm == arm]
            style = arm_style(place)
            panel.plot([month for month, _value in points], [value for _month, value in points], marker=style.marker, markersize=3.5,
                       color=style.colour, linestyle=style.line, linewidth=1.8)
            ends.append((next((value for _month, value in reversed(points) if not math.isnan(value)), math.nan), arm, style))
        for height, arm, style, value in _apart(ends):
            text = f"{labels.arm(arm, language)} {make.number.percent(value)}"
            panel.annotate(text, (last, height), xytext=(6, 0), textcoords="offset points", va="center", size=SMALL, color=style.colour,
                           weight="bold", annotation_clip=False)
        _below(canvas, released, make)
        return finished(figure, id_="time_to_takeup", title=title, data=_data(found, shown, labels, make, title),
                        alt=_alt(ends, labels, make, title))


def _apart(ends: list[End]) -> list[tuple[float, str, ArmStyle, float]]:
    """Labels at the ends of the curves, moved apart where they would overlap."""
    placed: list[tuple[float, str, ArmStyle, float]] = []
    for value, arm, style in sorted((end for end in ends if not math.isnan(end[0])), key=lambda end: end[0]):
        height = max(value, placed[-1][0] + 0.09) if placed else value
        placed.append((height, arm, style, value))
    return placed


def _below(canvas: Axes, released: Released, make: Maker) -> None:
    """The difference in mean waiting time, in words."""
    found = [item for item in pick(section(released, "waiting"), "waiting") if isinstance(item, Estimate) and not math.isnan(item.estimate)]
    if len(found) != 1:
        return
    item = found[0]
    days = 365.25 / 12
    low, high = sorted((-item.conf_low * days, -item.conf_high * days))
    sooner = -item.estimate * days
    if sooner >= 0:
        text = make._("On average {n} days sooner over {months} months ({limits})", n=make.number.decimal(sooner, 0),
                      months=make.number.decimal(item.extra["horizon"], 0), limits=make.number.interval(low, high, 0))
    else:
        text = make._("On average {n} days later over {months} months ({limits})", n=make.number.decimal(-sooner, 0),
                      months=make.number.decimal(item.extra["horizon"], 0), limits=make.number.interval(-high, -low, 0))
    canvas.text(LEFT, 0.2, text, size=SMALL + 0.5, va="center", color=INK, weight="bold")


def _data(found: tuple[Statistic, ...], shown: tuple[str, ...], labels: Labels, make: Maker, title: str) -> Table:
    _ = make._
    rows = []
    for month in dict.fromkeys(item.wave for item in found):
        at = {item.arm: item for item in found if item.wave == month}
        rows.append(Row(cells=(text_cell(str(int(month))), *(make.cell(at.get(arm), "value", "percent", 0) for arm in shown))))
    columns = (Column(id="month", title=_("Months since the draw")),
               *(Column(id=f"share_{arm}", title=labels.arm(arm, make.language), kind="percent") for arm in shown))
    notes = (_("Kaplan-Meier: who wasn't followed longer counts as waiting until then. Rights that were obtained and lost again before the last "
               "interview aren't seen."),)
    return Table(id="time_to_takeup", title=title, columns=columns, rows=tuple(rows), notes=notes, language=make.language, sortable=False)


def _alt(ends: list[End], labels: Labels, make: Maker, title: str) -> str:
    lines = "; ".join(make._("{arm}: {share} at the end of the curve", arm=labels.arm(arm, make.language), share=make.number.percent(value))
                      for value, arm, _style in ends)
    return make._("{title}. {lines}.", title=title, lines=lines)
