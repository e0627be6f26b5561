"""How an outcome is spread in each arm at each wave: outlines of the shares, the same bins in every panel; bars for a 0/1 outcome."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.present.figures.model import Figure, finished
from takeup.present.reading import arms, each_once, section, statistics
from takeup.present.style import GREY, INK, LINE, NORMAL, PALE, PAPER, SMALL, WIDTH, arm_style, bare, drawing, house_style, text_width
from takeup.present.tables.model import Column, Maker, Row, Table, text_cell
from takeup.results import ResultSet, Statistic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from takeup.plan.model import Outcome
    from takeup.present.labels import Labels
    from takeup.release.gate import Released

HEIGHT, KEY, ROW = 2.45, 0.52, 0.34


def distributions(released: Released, labels: Labels, language: str) -> tuple[Figure, ...]:
    """One figure an outcome, in the order of the plan."""
    made = (distribution(released, labels, language, outcome.id) for outcome in labels.plan.outcomes)
    return tuple(figure for figure in made if figure is not None)


def distribution(released: Released, labels: Labels, language: str, outcome: str) -> Figure | None:
    """The spread of one outcome by arm at every wave it was measured; None where there is nothing to show."""
    found = statistics(section(released, "distributions"), variable=outcome)
    if not found:
        return None
    make, planned = Maker(language), labels.plan.outcome(outcome)
    if labels.plan.evidence == "before_after":
        found = tuple(item.replace(arm=item.wave, wave="") for item in found)  # one group: its two waves in the place of arms, in one panel
    waves = each_once(item.wave for item in found)
    shown = arms(ResultSet(found), str(labels.plan.design.control) if waves[0] else found[0].arm)
    name = labels.outcome(outcome, language)
    title = make._("{outcome}, by arm and time of measurement", outcome=name) if waves[0] else \
        make._("{outcome}, by time of measurement", outcome=name)
    with house_style():
        figure = _bars(found, waves, shown, labels, make) if planned.kind == "binary" else _outlines(found, waves, shown, planned, labels, make)
        return finished(figure, id_=f"distribution_{outcome}", title=title,
                        data=_data(found, waves, shown, labels, make, f"distribution_{outcome}", title),
                        alt=_alt(found, waves, shown, planned, labels, make, title))


def _edges(item: Statistic) -> tuple[float, float]:
    return float(item.extra.get("low", math.nan)), float(item.extra.get("high", math.nan))


def _outlines(found: tuple[Statistic, ...], waves: tuple[str, ...], shown: tuple[str, ...], planned: Outcome, labels: Labels, make: Maker) -> Drawing:
    figure = drawing(HEIGHT + KEY)
    total = HEIGHT + KEY
    left, gap, right = 0.62, 0.3, 0.1
    width = (WIDTH - left - right - gap * (len(waves) - 1)) / len(waves)
    unit = min((high - low for low, high in map(_edges, found) if high > low), default=1.0)
    top = 0.0
    panels = []
    for place, wave in enumerate(waves):
        panel = figure.add_axes(((left + place * (width + gap)) / WIDTH, 0.5 / total, width / WIDTH, (HEIGHT - 0.8) / total))
        panels.append(panel)
        for position, arm in enumerate(shown):
            bins = [item for item in found if item.wave == wave and item.arm == arm]
            heights = [item.value / (_edges(item)[1] - _edges(item)[0]) * unit * 100 for item in bins]
            top = max([top, *(height for height in heights if not math.isnan(height))])
            _outline(panel, bins, heights, position)
        n = {arm: next((item.n for item in found if item.wave == wave and item.arm == arm and item.n), 0) for arm in shown}
        sizes = ", ".join(f"{labels.arm(arm, make.language)} {make.number.integer(size)}" for arm, size in n.items())
        panel.set_title(labels.wave(wave, make.language), size=NORMAL, pad=14)
        panel.text(0, 1.02, make._("n: {sizes}", sizes=sizes), transform=panel.transAxes, size=SMALL - 0.8, color=GREY, va="bottom")
    for place, panel in enumerate(panels):
        _scale(panel, found, planned, labels, make, top, first=place == 0)
    size = "" if unit == 1 else make.number.decimal(unit, _decimals(unit))
    name = labels.unit(planned.id, make.language)
    height = make._("Height: share of people per {width} {unit}", width=size, unit=name).strip() if size else make._("Height: share of people")
    _key(figure, shown, labels, make, total, height)
    return figure


def _outline(panel: Axes, bins: list[Statistic], heights: list[float], position: int) -> None:
    """One arm as steps; control is filled. A withheld bin leaves a gap."""
    style = arm_style(position)
    xs: list[float] = []
    ys: list[float] = []
    for item, height in zip(bins, heights, strict=True):
        low, high = _edges(item)
        xs += [low, high]
        ys += [height, height]
    if not xs:
        return
    if position == 0:
        panel.fill_between(xs, ys, color=LINE, alpha=0.45, linewidth=0, zorder=1)
    panel.plot([xs[0], *xs, xs[-1]], [0.0, *ys, 0.0], color=style.colour, linestyle=style.line if position else "-",
               linewidth=0.9 if position == 0 else 1.7, zorder=2 + position)


def _scale(panel: Axes, found: tuple[Statistic, ...], planned: Outcome, labels: Labels, make: Maker, top: float, *, first: bool) -> None:
    from matplotlib.ticker import MaxNLocator

    lows, highs = zip(*map(_edges, found), strict=True)
    panel.set_xlim(min(lows), max(highs))
    panel.set_ylim(0, top * 1.08 if top > 0 else 1)
    panel.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    panel.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    step = _step(panel.get_xticks())
    panel.xaxis.set_major_formatter(lambda value, _place: make.number.decimal(value, step))
    panel.yaxis.set_major_formatter(lambda value, _place: f"{make.number.percent(value / 100)}")
    panel.tick_params(axis="y", labelsize=SMALL, labelleft=first)
    panel.spines["left"].set_visible(False)
    panel.yaxis.grid(visible=True, color=LINE, linewidth=0.4, alpha=0.6)
    panel.set_axisbelow(True)
    name = labels.unit(planned.id, make.language)
    panel.set_xlabel(name or labels.outcome(planned.id, make.language), size=SMALL, color=GREY)


def _step(ticks: object) -> int:
    values = [float(tick) for tick in ticks]  # type: ignore[attr-defined]
    gap = abs(values[1] - values[0]) if len(values) > 1 else 1.0
    return next((digits for digits in range(5) if math.isclose(round(gap, digits), gap, rel_tol=1e-6)), 2)


def _key(figure: Drawing, shown: tuple[str, ...], labels: Labels, make: Maker, total: float, height: str) -> None:
    """The arms in their own colour and line, above the panels."""
    canvas = figure.add_axes((0, (total - KEY) / total, 1, KEY / total))
    canvas.set_xlim(0, WIDTH)
    canvas.set_ylim(0, KEY)
    bare(canvas)
    x = 0.62
    for position, arm in enumerate(shown):
        style, name = arm_style(position), labels.arm(arm, make.language)
        if position == 0:
            canvas.fill_between([x, x + 0.28], KEY - ROW / 2 - 0.05, KEY - ROW / 2 + 0.05, color=LINE, alpha=0.45, linewidth=0)
            canvas.plot([x, x + 0.28], [KEY - ROW / 2 + 0.05] * 2, color=style.colour, linewidth=0.9)
        else:
            canvas.plot([x, x + 0.28], [KEY - ROW / 2] * 2, color=style.colour, linestyle=style.line, linewidth=1.7)
        canvas.text(x + 0.35, KEY - ROW / 2, name, size=NORMAL, va="center", color=INK, weight="bold")
        x += 0.65 + text_width(name, NORMAL, bold=True)
    canvas.text(0.62, 0.11, height, size=SMALL - 0.5, va="center", color=GREY)


def _bars(found: tuple[Statistic, ...], waves: tuple[str, ...], shown: tuple[str, ...], labels: Labels, make: Maker) -> Drawing:
    """The share with the outcome, a bar an arm and wave."""
    ones = [item for item in found if _edges(item)[0] <= 1.0 <= _edges(item)[1] or item.level == "1"]
    lines = [(wave, arm) for wave in waves for arm in shown]
    row, head = 0.3, 0.3 if len(waves) > 1 else 0.0
    height = 0.1 + row * len(lines) + head * len(waves)
    figure = drawing(height)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(height, 0)
    bare(axes)
    start = 0.2 + max(text_width(labels.arm(arm, make.language), NORMAL) for arm in shown)
    room = WIDTH - start - 1.5
    y, wave_before = 0.05, None
    for wave, arm in lines:
        if head and wave != wave_before:
            axes.text(0.02, y + head / 2, labels.wave(wave, make.language), size=NORMAL, weight="bold", va="center")
            y += head
        wave_before = wave
        item = next((item for item in ones if item.wave == wave and item.arm == arm), None)
        draw_bar(axes, y + row / 2, start, room, labels.arm(arm, make.language), item, shown.index(arm), make)
        y += row
    return figure


def draw_bar(axes: Axes, y: float, start: float, room: float, name: str, item: Statistic | None, position: int, make: Maker) -> None:
    """One horizontal bar of a share with its name before and its number behind it."""
    from matplotlib.patches import Rectangle

    style = arm_style(position)
    axes.text(start - 0.1, y, name, size=NORMAL, ha="right", va="center", color=INK)
    axes.plot([start, start], [y - 0.13, y + 0.13], color=LINE, linewidth=0.8)
    if item is None:
        return
    axes.add_patch(Rectangle((start, y - 0.09), room, 0.18, facecolor=PALE, edgecolor="none"))
    share = item.value if not math.isnan(item.value) else 0.0
    axes.add_patch(Rectangle((start, y - 0.09), room * share, 0.18, facecolor=style.colour if position else PAPER, edgecolor=style.colour,
                             linewidth=1.0))
    text = make.number.of(item, "value", "percent", 0).text
    if item.count is not None:
        text = make._("{share} ({count} of {n})", share=text, count=make.number.integer(item.count), n=make.number.integer(item.n))
    axes.text(start + room * share + 0.08, y, text, size=NORMAL, va="center", color=INK)


def _data(found: tuple[Statistic, ...], waves: tuple[str, ...], shown: tuple[str, ...], labels: Labels, make: Maker, id_: str, title: str) -> Table:
    columns = [Column(id="level", title=make._("Value"))]
    columns += [Column(id=f"{wave}_{arm}".strip("_"), title=labels.arm(arm, make.language), kind="percent", group=labels.wave(wave, make.language))
                for wave in waves for arm in shown]
    rows = []
    for level in each_once(item.level for item in found):
        cells = [make.cell(next((item for item in found if (item.level, item.wave, item.arm) == (level, wave, arm)), None), "value", "percent", 1)
                 for wave in waves for arm in shown]
        rows.append(Row(cells=(text_cell(_range(found, level, make)), *cells)))
    return Table(id=id_, title=title, columns=tuple(columns), rows=tuple(rows), language=make.language, sortable=False)


def _range(found: tuple[Statistic, ...], level: str, make: Maker) -> str:
    """A bin in the reader's own numbers; a bin around one whole number by that number."""
    low, high = next(_edges(item) for item in found if item.level == level)
    if "-" not in level.lstrip("-") or math.isnan(low):
        return level
    digits = max(_decimals(low), _decimals(high))
    return make._("{low} to {high}", low=make.number.decimal(low, digits), high=make.number.decimal(high, digits))


def _decimals(value: float) -> int:
    return next((digits for digits in range(5) if math.isclose(round(value, digits), value, abs_tol=1e-9)), 4)


def _alt(found: tuple[Statistic, ...], waves: tuple[str, ...], shown: tuple[str, ...], planned: Outcome, labels: Labels, make: Maker,
         title: str) -> str:
    _ = make._
    parts = []
    for wave in waves:
        for arm in shown:
            of_arm = [item for item in found if item.wave == wave and item.arm == arm and not math.isnan(item.value)]
            if planned.kind == "binary":
                of_arm = [item for item in of_arm if item.level == "1"] or of_arm[-1:]
            if of_arm:
                most = max(of_arm, key=lambda item: item.value)
                share = make.number.percent(most.value)
                there = _range(found, most.level, make)
                where = share if planned.kind == "binary" else _("most people ({share}) at {range}", share=share, range=there)
                place = ", ".join(part for part in (labels.wave(wave, make.language) if wave else "", labels.arm(arm, make.language)) if part)
                parts.append(_("{first}: {second}", first=place, second=where))
    return _("{title}. {lines}.", title=title, lines="; ".join(parts))
