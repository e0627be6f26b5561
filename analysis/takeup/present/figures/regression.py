"""Each change beside what people coming back from a low point could be by themselves: a band from nought to the bound, in standard deviations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from takeup.present.figures.model import Figure, finished
from takeup.present.numbers import value_of
from takeup.present.reading import main, pick, section
from takeup.present.style import BLUE, GREY, INK, LINE, ORANGE, SMALL, WIDTH, bare, drawing, house_style, text_width, wrapped
from takeup.present.tables.changes import regression as regression_table
from takeup.present.tables.effects import scale_of
from takeup.present.tables.model import Maker

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from takeup.plan.model import Outcome
    from takeup.present.labels import Labels
    from takeup.release.gate import Released
    from takeup.results import Bounds, Estimate

LABEL, ROW, HEAD, FOOT, SIDE = 2.1, 0.36, 0.34, 0.42, 0.15


@dataclass(frozen=True, slots=True)
class Line:
    """One outcome: its change, its bound, the standard deviation at the start, and the sign that turns it so that right is better."""

    outcome: Outcome
    change: Estimate
    bound: Bounds
    sd: float
    sign: float

    def placed(self, value: float) -> float:
        """A value of the outcome on the scale of the figure."""
        return self.sign * value / self.sd


def regression(released: Released, labels: Labels, language: str) -> Figure | None:
    """The figure; None where no change has a bound."""
    make = Maker(language)
    _ = make._
    lines = _lines(released, labels)
    if not lines:
        return None
    title = _("Changes, and how much of them could come back by itself")
    with house_style():
        height = HEAD + ROW * len(lines) + FOOT
        figure = drawing(height)
        canvas = figure.add_axes((0, 0, 1, 1))
        canvas.set_xlim(0, WIDTH)
        canvas.set_ylim(height, 0)
        bare(canvas)
        panel = figure.add_axes((LABEL / WIDTH, FOOT / height, (WIDTH - LABEL - SIDE) / WIDTH, ROW * len(lines) / height))
        panel.set_ylim(len(lines), 0)
        panel.patch.set_visible(False)
        _key(canvas, make)
        for place, line in enumerate(lines):
            _draw(canvas, panel, place, line, labels, make)
        _axis(panel, make)
        middle = (LABEL + WIDTH - SIDE) / 2
        canvas.text(middle, height - 0.09, _("Standard deviations at the start"), size=SMALL, ha="center", va="center", color=GREY)
        said = "; ".join(_said(line, labels, make) for line in lines)
        return finished(figure, id_="regression", title=title, data=regression_table(released, labels, language),
                        alt=_("{title}. {lines}.", title=title, lines=said))


def _lines(released: Released, labels: Labels) -> list[Line]:
    changed = {item.outcome: item for item in main(released, "before_after")}
    out = []
    for bound in pick(section(released, "regression"), "regression"):
        change, outcome = changed.get(bound.outcome), labels.plan.outcome(bound.outcome)
        sd = math.nan if change is None else value_of(change, "sd_before")
        if change is not None and sd > 0 and not math.isnan(bound.upper) and not math.isnan(change.estimate):
            out.append(Line(outcome, change, bound, sd, -1.0 if outcome.better == "lower" else 1.0))
    return out


def _key(canvas: Axes, make: Maker) -> None:
    from matplotlib.patches import Rectangle

    _ = make._
    canvas.plot([0.1], [0.14], marker="o", markersize=5.5, color=BLUE)
    text = _("change, with its interval")
    canvas.text(0.22, 0.14, text, size=SMALL, va="center", color=GREY)
    x = 0.5 + text_width(text, SMALL)
    canvas.add_patch(Rectangle((x, 0.08), 0.24, 0.12, facecolor=ORANGE, alpha=0.3, edgecolor="none"))
    canvas.plot([x + 0.12] * 2, [0.06, 0.22], color=ORANGE, linewidth=1.8)
    canvas.text(x + 0.3, 0.14, _("could come back by itself (line: by the mean of all)"), size=SMALL, va="center", color=GREY)


def _draw(canvas: Axes, panel: Axes, place: int, line: Line, labels: Labels, make: Maker) -> None:
    names = wrapped(labels.outcome(line.outcome.id, make.language), LABEL - 0.15, SMALL + 0.5)[:2]
    y = HEAD + ROW * (place + 0.5)
    for turn, text in enumerate(names):
        canvas.text(0.02, y + 0.13 * (turn - (len(names) - 1) / 2), text, size=SMALL + 0.5, va="center", color=INK)
    ends = sorted((line.placed(line.bound.lower), line.placed(line.bound.upper)))
    panel.fill_between(ends, place + 0.16, place + 0.84, color=ORANGE, alpha=0.3, linewidth=0, zorder=1)
    expected = value_of(line.bound, "by_population")
    if not math.isnan(expected):
        panel.plot([line.placed(expected)] * 2, [place + 0.12, place + 0.88], color=ORANGE, linewidth=1.8, zorder=2)
    panel.plot([line.placed(line.change.conf_low), line.placed(line.change.conf_high)], [place + 0.5] * 2, color=BLUE, linewidth=1.6, zorder=3)
    panel.plot([line.placed(line.change.estimate)], [place + 0.5], marker="o", markersize=5.5, color=BLUE, zorder=4)


def _axis(panel: Axes, make: Maker) -> None:
    from matplotlib.ticker import MaxNLocator

    panel.axvline(0, color=GREY, linewidth=0.9, zorder=0)
    panel.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    ticks = panel.get_xticks()
    digits = max(0, -math.floor(math.log10(float(ticks[1] - ticks[0])) + 1e-9))
    panel.xaxis.set_major_formatter(lambda value, _place: make.number.decimal(value, digits))
    panel.xaxis.grid(visible=True, color=LINE, linewidth=0.4, alpha=0.6)
    panel.set_yticks([])
    panel.spines["left"].set_visible(False)


def _said(line: Line, labels: Labels, make: Maker) -> str:
    _means, kind, digits, scale = scale_of(line.outcome, line.change)
    return make._("{outcome}: change {change}, could come back by itself {bound}", outcome=labels.outcome(line.outcome.id, make.language),
                  change=make.number.of(line.change, "estimate", kind, digits).text,
                  bound=make.number.interval(line.bound.lower, line.bound.upper, digits, scale))
