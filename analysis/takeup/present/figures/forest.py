"""The forest of effects: every outcome on one scale, by family, with the arm means and the numbers beside it.

The scale is standard deviations of the control group, turned so that the right is better for every outcome; a grey band marks differences too
small to matter. The numbers at the side are in each outcome's own units.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from takeup.present.catalogue import words
from takeup.present.figures.event_study import event_study_plot
from takeup.present.figures.model import Figure, finished
from takeup.present.numbers import numbers, value_of
from takeup.present.reading import main
from takeup.present.style import BAND, BLUE, GREY, INK, LINE, PALE, PAPER, SMALL, WIDTH, arm_style, bare, drawing, house_style, text_width, wrapped
from takeup.present.tables.effects import named, quantity, scale_of
from takeup.present.tables.model import Cell, Column, Maker, Row, Table, text_cell
from takeup.release.suppress import is_withheld
from takeup.results import Estimate, ResultSet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

    from takeup.plan.model import Outcome
    from takeup.present.labels import Labels
    from takeup.release.gate import Released

LABEL = 2.0
ROW, HEAD, LINE_HEIGHT = 0.2, 0.27, 0.145
TICKS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the columns stand, in inches: the right edges of the two means, the panel's two edges and the heads of the means."""

    means: tuple[float, float]
    left: float
    right: float
    heads: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line: an estimate of an outcome and how it is placed."""

    outcome: Outcome
    estimate: Estimate
    label: tuple[str, ...]
    family: str
    arm: int
    sd: float
    sign: float

    def placed(self, field: str) -> float:
        """A field on the figure's scale."""
        return self.sign * value_of(self.estimate, field) / self.sd

    @property
    def height(self) -> float:
        """Inches."""
        return ROW + LINE_HEIGHT * max(len(self.label), 1)


def forest(released: Released, labels: Labels, language: str) -> Figure | None:
    """All planned outcomes; None where there is no effect to show."""
    entries = _entries(released, labels, language)
    if not entries:
        return None
    make = Maker(language)
    title = {"randomized": make._("Effects on all outcomes"), "comparison": make._("Differences on all outcomes"),
             "before_after": make._("Changes on all outcomes")}[labels.plan.evidence]
    with house_style():
        figure = _draw(entries, labels, make)
        return finished(figure, id_="forest", title=title, data=_data(entries, labels, make, title), alt=_alt(entries, labels, make, title))


def _entries(released: Released, labels: Labels, language: str) -> list[Entry]:
    found = list(main(released, labels.plan.evidence))
    families = len({outcome.family for outcome in labels.plan.outcomes}) > 1
    arms = list(dict.fromkeys(result.arm for result in found))
    _ = words(language)
    entries = []
    for outcome in labels.plan.outcomes:
        for estimate in (item for item in found if item.outcome == outcome.id):
            text = labels.outcome(outcome.id, language)
            lines = wrapped(text, LABEL - 0.1, SMALL + 0.5)
            if len(arms) > 1:
                lines = [*(lines if estimate.arm == arms[0] else []), labels.arm(estimate.arm, language)]
            elif outcome.better == "lower":
                lines = [*lines, _("lower is better")]
            sd = value_of(estimate, "sd_control")
            sd = value_of(estimate, "sd_before") if math.isnan(sd) else sd
            entries.append(Entry(outcome=outcome, estimate=estimate, label=tuple(lines),
                                 family=labels.family(outcome.family, language) if families else "",
                                 arm=1 + arms.index(estimate.arm), sd=sd if sd > 0 else math.nan, sign=-1.0 if outcome.better == "lower" else 1.0))
    return entries


def _draw(entries: list[Entry], labels: Labels, make: Maker) -> Drawing:
    place = _layout(entries, labels, make)
    heads = len(dict.fromkeys(entry.family for entry in entries if entry.family))
    height = 0.42 + heads * HEAD + sum(entry.height for entry in entries) + TICKS
    figure = drawing(height)
    canvas = figure.add_axes((0, 0, 1, 1))
    canvas.set_xlim(0, WIDTH)
    canvas.set_ylim(height, 0)
    bare(canvas)
    low, high = _limits(entries)
    panel = figure.add_axes((place.left / WIDTH, TICKS / height, (place.right - place.left) / WIDTH, (height - TICKS - 0.42) / height))
    panel.set_xlim(low, high)
    panel.set_ylim(height - TICKS, 0.42)
    panel.patch.set_visible(False)
    _axis(panel, make)
    _heads(canvas, place, labels, make)
    y, family = 0.42, ""
    for entry in entries:
        if entry.family != family:
            family = entry.family
            y += HEAD
            canvas.text(0.02, y - HEAD / 2 + 0.03, family, size=SMALL + 0.5, weight="bold", va="center", color=INK)
            canvas.plot([0.02, WIDTH - 0.02], [y - HEAD + 0.02] * 2, color=PALE, linewidth=0.8)
        _line(canvas, panel, place, entry, y + entry.height / 2, make)
        y += entry.height
    _key(canvas, entries, height - 0.1, make)
    canvas.text((place.left + place.right) / 2, height - 0.1, _scale(labels, make), size=SMALL, ha="center", va="center", color=GREY)
    return figure


def _scale(labels: Labels, make: Maker) -> str:
    """Whose standard deviations the scale has."""
    _ = make._
    return {"before_after": _("Standard deviations at the start"), "comparison": _("Standard deviations in the comparison group")}.get(
        labels.plan.evidence, _("Standard deviations among controls"))


def _layout(entries: list[Entry], labels: Labels, make: Maker) -> Layout:
    """As much room for the means and the numbers at the side as they need, the rest for the panel."""
    heads: tuple[str, ...] = ()
    if labels.plan.evidence != "before_after":
        arms = [arm for arm in labels.plan.design.arms if str(arm) != str(labels.plan.design.control)]
        heads = (labels.control(make.language), labels.arm(str(arms[0]), make.language) if len(arms) == 1 else make._("Programme"))
    widths = [0.12 + max([0.45, *(text_width(word, SMALL - 0.3) for word in head.split(" "))]) for head in heads]
    text = max(text_width(_beside(entry, make), SMALL) for entry in entries)
    head = max(text_width(word, SMALL - 0.3) for word in (quantity(make, labels), make._("(confidence interval)")))
    right = WIDTH - max(text, head) - 0.14
    edges = [LABEL + sum(widths[: count + 1]) for count in range(len(widths))] or [LABEL, LABEL]
    return Layout(means=(edges[0], edges[-1]), left=min(edges[-1] + 0.14, right - 1.2), right=right, heads=heads)


def _beside(entry: Entry, make: Maker) -> str:
    """The estimate and its interval in the outcome's own units."""
    _means, kind, digits, scale = scale_of(entry.outcome, entry.estimate)
    shown = make.number.of(entry.estimate, "estimate", kind, digits).text
    if is_withheld(entry.estimate) or math.isnan(entry.estimate.estimate):
        return shown
    limits = make.number.interval(entry.estimate.conf_low, entry.estimate.conf_high, digits, scale)
    said = make._("{n} pp", n=shown) if entry.outcome.kind == "binary" else shown
    return f"{said} ({limits})"


def _limits(entries: list[Entry]) -> tuple[float, float]:
    """The scale: all intervals, the bands that matter and nought."""
    ends = [0.0]
    for entry in entries:
        ends += [entry.placed("conf_low"), entry.placed("conf_high")]
        if entry.outcome.smallest_effect is not None:
            ends += [entry.outcome.smallest_effect / entry.sd, -entry.outcome.smallest_effect / entry.sd]
    finite = [end for end in ends if math.isfinite(end)]
    low, high = min(finite), max(finite)
    room = 0.06 * max(high - low, 0.02)
    return low - room, high + room


def _axis(panel: Axes, make: Maker) -> None:
    from matplotlib.ticker import MaxNLocator

    panel.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    ticks = panel.get_xticks()
    gap = float(ticks[1] - ticks[0])
    digits = max(0, -math.floor(math.log10(gap) + 1e-9))
    panel.xaxis.set_major_formatter(lambda value, _place: make.number.decimal(value, digits))
    panel.set_yticks([])
    panel.spines["left"].set_visible(False)
    panel.axvline(0, color=GREY, linewidth=0.9, zorder=1)


def _heads(canvas: Axes, place: Layout, labels: Labels, make: Maker) -> None:
    _ = make._
    style: dict[str, Any] = {"size": SMALL - 0.3, "color": GREY, "va": "bottom", "linespacing": 1.15}
    starts = (LABEL, place.means[0])
    for start, edge, name in zip(starts, place.means, place.heads, strict=False):
        canvas.text(edge, 0.36, "\n".join(wrapped(name, edge - start - 0.1, SMALL - 0.3)[:3]), ha="right", **style)
    canvas.text(place.left, 0.36, _("\u2190 worse"), ha="left", **style)
    canvas.text(place.right, 0.36, _("better \u2192"), ha="right", **style)
    canvas.text(place.right + 0.1, 0.36, quantity(make, labels) + "\n" + _("(confidence interval)"), ha="left", **style)


def _key(canvas: Axes, entries: list[Entry], y: float, make: Maker) -> None:
    """What the band and the two kinds of marker mean, where they occur."""
    from matplotlib.patches import Rectangle

    _ = make._
    x = 0.02

    def word(text: str, x: float) -> float:
        canvas.text(x, y, text, size=SMALL - 0.5, va="center", color=GREY)
        return x + text_width(text, SMALL - 0.5) + 0.16

    if any(entry.outcome.smallest_effect is not None for entry in entries):
        canvas.add_patch(Rectangle((x, y - 0.06), 0.2, 0.12, facecolor=BAND, edgecolor="none"))
        x = word(_("too small to matter"), x + 0.26)
    roles = {entry.outcome.role == "primary" for entry in entries}
    if len(roles) == 2 and len({entry.arm for entry in entries}) == 1:
        for primary, text in ((True, _("primary")), (False, _("other"))):
            canvas.plot([x + 0.05], [y], marker="o", markersize=5, color=BLUE, markerfacecolor=BLUE if primary else PAPER, markeredgewidth=1.2)
            x = word(text, x + 0.15)
    if len({entry.arm for entry in entries}) > 1:
        for arm in sorted({entry.arm for entry in entries}):
            style = arm_style(arm)
            canvas.plot([x + 0.05], [y], marker=style.marker, markersize=5, color=style.colour)
            x = word(next(entry.label[-1] for entry in entries if entry.arm == arm), x + 0.15)


def _line(canvas: Axes, panel: Axes, place: Layout, entry: Entry, y: float, make: Maker) -> None:
    means, _kind, digits, _scale = scale_of(entry.outcome, entry.estimate)
    primary = entry.outcome.role == "primary"
    start = y - LINE_HEIGHT * (len(entry.label) - 1) / 2
    small = len(entry.label) - 1 if entry.outcome.better == "lower" and entry.label[-1] == make._("lower is better") else len(entry.label)
    for turn, text in enumerate(entry.label):
        canvas.text(0.02, start + LINE_HEIGHT * turn, text, size=SMALL + 0.5 if turn < small else SMALL - 0.8, va="center",
                    color=INK if turn < small else GREY,
                    weight="bold" if primary and turn < small else "normal")
    for edge, field in zip(place.means, ("mean_control", "mean_treated"), strict=True):
        if not math.isnan(value_of(entry.estimate, field)):
            canvas.text(edge, y, make.number.of(entry.estimate, field, means, digits).text, size=SMALL, ha="right", va="center")
    missing = is_withheld(entry.estimate) or math.isnan(entry.estimate.estimate)
    canvas.text(place.right + 0.1, y, _beside(entry, make), size=SMALL, va="center", color=GREY if missing else INK)
    if missing:
        return
    if math.isnan(entry.sd):
        return
    style = arm_style(entry.arm)
    if entry.outcome.smallest_effect is not None:
        half = entry.outcome.smallest_effect / entry.sd
        panel.fill_between([-half, half], y - entry.height / 2 + 0.03, y + entry.height / 2 - 0.03, color=BAND, linewidth=0, zorder=0)
    panel.plot([entry.placed("conf_low"), entry.placed("conf_high")], [y, y], color=style.colour, linewidth=1.6, solid_capstyle="butt", zorder=2)
    panel.plot([entry.placed("estimate")], [y], marker=style.marker, markersize=6.5 if primary else 5.5, color=style.colour,
               markerfacecolor=style.colour if primary else PAPER, markeredgewidth=1.3, zorder=3)


def _data(entries: list[Entry], labels: Labels, make: Maker, title: str) -> Table:
    """What is drawn, on the scale of the figure."""
    _ = make._
    rows = []
    for entry in entries:
        scale = entry.sign / entry.sd if entry.sd > 0 else math.nan
        cells = []
        for field in ("estimate", "conf_low", "conf_high"):
            placed, value = entry.placed(field), value_of(entry.estimate, field)
            text = make._("withheld") if is_withheld(entry.estimate) else make.number.decimal(placed, 3)
            cells.append(Cell(text=text, value=None if math.isnan(value) else value, result_id=entry.estimate.provenance.id, fields=field, digits=3,
                              scale=scale))
        low, high = (cells[1], cells[2]) if entry.sign > 0 else (cells[2], cells[1])
        several = len({other.arm for other in entries}) > 1
        name = named(labels, entry.outcome, make)
        name = _("{first}: {second}", first=name, second=labels.arm(entry.estimate.arm, make.language)) if several else name
        rows.append(Row(cells=(text_cell(name), cells[0], low, high), group=entry.family))
    columns = (Column(id="outcome", title=_("Outcome")), Column(id="standardized", title=_("In standard deviations, right is better"), kind="number"),
               Column(id="low", title=_("lower limit"), kind="number"), Column(id="high", title=_("upper limit"), kind="number"))
    return Table(id="forest", title=title, columns=columns, rows=tuple(rows), language=make.language,
                 notes=(_("In a data file the values are in the outcome's own units; the text is on the scale of the figure."),))


def _alt(entries: list[Entry], labels: Labels, make: Maker, title: str) -> str:
    _ = make._
    parts = []
    for entry in entries:
        _means, kind, digits, scale = scale_of(entry.outcome, entry.estimate)
        shown = make.number.of(entry.estimate, "estimate", kind, digits).text
        limits = make.number.interval(entry.estimate.conf_low, entry.estimate.conf_high, digits, scale)
        parts.append(_("{outcome}: {estimate} (interval {interval})", outcome=named(labels, entry.outcome, make), estimate=shown, interval=limits))
    return _("{title}. One line an outcome with its estimate and confidence interval. {lines}.", title=title, lines="; ".join(parts))


def forest_plot(results: ResultSet) -> Drawing:
    """A plain forest of the estimates in a set, in their own units, for a notebook: no plan, no labels, not for release.

    An event study is drawn over time instead.
    """
    shown = [result for result in results if isinstance(result, Estimate) and not math.isnan(result.estimate)]
    if shown and all(result.estimand == "event study" for result in shown):
        return event_study_plot(ResultSet(tuple(shown)))
    make = numbers("en")
    with house_style():
        figure = drawing(0.7 + 0.3 * max(len(shown), 1), 6.4)
        axes = figure.add_axes((0.34, 0.45 / (0.7 + 0.3 * max(len(shown), 1)), 0.42, 1 - 0.6 / (0.7 + 0.3 * max(len(shown), 1))))
        for place, result in enumerate(shown):
            axes.plot([result.conf_low, result.conf_high], [place, place], color=BLUE, linewidth=1.6)
            axes.plot([result.estimate], [place], marker="o", color=BLUE, markersize=5.5)
            text = f"{make.decimal(result.estimate, 3)} ({make.interval(result.conf_low, result.conf_high, 3)})"
            axes.annotate(text, (1.03, place), xycoords=("axes fraction", "data"), va="center", size=SMALL)
        axes.axvline(0, color=LINE, linewidth=0.9, zorder=0)
        axes.set_yticks(range(len(shown)), [_called(result) for result in shown])
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.spines["left"].set_visible(False)
    return figure


def _called(result: Estimate) -> str:
    parts = [result.outcome, result.term if result.term not in {"", "treatment"} else "", result.method]
    name = ", ".join(part for part in parts if part)
    return name if len(name) <= 34 else f"{name[:32]}\u2026"
