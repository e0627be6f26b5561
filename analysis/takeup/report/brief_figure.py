"""The one figure of a brief: a hundred people of each arm, or where the difference may lie against what would matter; and the chart for slides."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from takeup.present.figures.model import Figure, finished
from takeup.present.numbers import effect_digits, id_of, value_of
from takeup.present.style import BAND, BLUE, GREY, INK, LINE, SMALL, VERMILION, WIDTH, arm_style, bare, drawing, house_style, wrapped
from takeup.present.tables.effects import quantity
from takeup.present.tables.model import Column, Maker, Row, Table, text_cell
from takeup.release.suppress import is_withheld

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from takeup.present.labels import Labels
    from takeup.results import Estimate

SQUARE, GAP, TOP = 0.13, 0.034, 0.12
MOST_ARMS, MOST_OUTCOMES = 4, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One arm of a chart, its value in each category, and the results behind them."""

    name: str
    values: tuple[float, ...]
    result_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart as numbers, for programs that draw it themselves and let it be edited."""

    title: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    percent: bool
    digits: int
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """An arm of the figure: its name, the mean or share, and the result it is a field of."""

    arm: str
    value: float
    estimate: Estimate
    field: str


def sides(estimates: Sequence[Estimate], labels: Labels, language: str) -> tuple[Side, ...]:
    """Control first, then each arm with an estimate of the same outcome; empty where an arm's number is missing."""
    if not estimates or any(is_withheld(item) or math.isnan(value_of(item, "mean_treated")) for item in estimates):
        return ()
    first = estimates[0]
    out = [Side(arm=labels.control(language), value=value_of(first, "mean_control"), estimate=first, field="mean_control")]
    out += [Side(arm=labels.arm(item.arm, language), value=value_of(item, "mean_treated"), estimate=item, field="mean_treated") for item in estimates]
    return () if any(math.isnan(side.value) for side in out) else tuple(out)


def memorable(estimates: Sequence[Estimate], labels: Labels, language: str) -> Figure | None:
    """The figure of one outcome, by its estimates (one an arm): a hundred people where it is yes or no, else its interval.

    None where every number was withheld.
    """
    if not estimates:
        return None
    planned = labels.plan.outcome(estimates[0].outcome)
    found = sides(estimates, labels, language)
    if planned.kind == "binary" and found and len(found) <= MOST_ARMS:
        return _hundred(found, labels, language)
    usable = [item for item in estimates if not is_withheld(item) and math.isfinite(item.conf_low) and math.isfinite(item.conf_high)]
    return _interval(usable, labels, language) if usable else None


def _hundred(found: tuple[Side, ...], labels: Labels, language: str) -> Figure:
    """Ten rows of ten squares an arm, as many filled as have the outcome, and the number beside them."""
    make = Maker(language)
    _ = make._
    outcome, people = labels.outcome(found[0].estimate.outcome, language), labels.units(language)
    title = _("{outcome}: in every 100 {people}", outcome=outcome, people=people)
    wide, block = WIDTH / len(found), 10 * (SQUARE + GAP)
    stacked = len(found) > 2
    height = TOP * 2 + block + (0.75 if stacked else 0.0)
    with house_style():
        figure = drawing(height)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(height, 0)
        bare(axes)
        for place, side in enumerate(found):
            left, colour = wide * place + 0.08, arm_style(place).colour
            _squares(axes, left, round(side.value * 100), colour)
            number = make.number.decimal(side.value * 100, 0)
            if stacked:
                axes.text(left, TOP + block + 0.24, number, size=20, weight="bold", color=colour, va="center")
                _lines(axes, left + 0.55, TOP + block + 0.12, side.arm, wide - 0.75)
            else:
                axes.text(left + block + 0.16, TOP + block / 2 - 0.16, number, size=34, weight="bold", color=colour, va="center")
                _lines(axes, left + block + 0.18, TOP + block / 2 + 0.22, side.arm, wide - block - 0.4)
        return _done(figure, "hundred", title, found, labels, make)


def _squares(axes: Axes, left: float, filled: int, colour: str) -> None:
    from matplotlib.patches import Rectangle

    for place in range(100):
        across, down = place % 10, place // 10
        axes.add_patch(Rectangle((left + across * (SQUARE + GAP), TOP + down * (SQUARE + GAP)), SQUARE, SQUARE, linewidth=0.5,
                                 edgecolor=colour if place < filled else LINE, facecolor=colour if place < filled else "white"))


def _lines(axes: Axes, left: float, top: float, text: str, width: float) -> None:
    for place, line in enumerate(wrapped(text, width, SMALL + 2)[:4]):
        axes.text(left, top + 0.165 * place, line, size=SMALL + 2, color=INK, va="center")


def _interval(estimates: Sequence[Estimate], labels: Labels, language: str) -> Figure:
    """Each arm's estimate with its interval; the band holds the differences too small to matter, words say which side is better."""
    make = Maker(language)
    _ = make._
    planned = labels.plan.outcome(estimates[0].outcome)
    unit = labels.unit(planned.id, language)
    scale = 100.0 if planned.kind == "binary" else 1.0
    message = _.raw("{outcome}: where the change may lie") if labels.plan.evidence == "before_after" else \
        _.raw("{outcome}: where the difference may lie")
    title = message.format(outcome=labels.outcome(planned.id, language))
    small = (planned.smallest_effect or 0.0) * scale
    reach = max(abs(limit) * scale for item in estimates for limit in (item.conf_low, item.conf_high, item.estimate))
    reach = max(reach, small * 1.6) * 1.25 or 1.0
    height = 1.12 + 0.42 * len(estimates)
    with house_style():
        figure = drawing(height)
        axes = figure.add_axes((0.03, 0.46 / height, 0.94, 1 - 0.92 / height))
        axes.set_xlim(-reach, reach)
        axes.set_ylim(len(estimates), 0)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        if small:
            axes.axvspan(-small, small, color=BAND, linewidth=0)
            axes.annotate(_("too small to matter"), (0, 0), xytext=(0, 3), textcoords="offset points", ha="center", va="bottom", size=SMALL,
                          color=GREY, annotation_clip=False)
        axes.axvline(0, color=GREY, linewidth=1.0)
        digits = max(effect_digits(estimates[0].std_error, scale) - 1, 0)
        axes.xaxis.set_major_formatter(lambda value, _place: make.number.decimal(value, digits if value else 0))
        axes.set_xlabel(unit if scale == 1.0 else _("in every 100"), color=GREY, fontsize=SMALL)
        for side, name in ((1, _("better")), (-1, _("worse"))):
            right = side if planned.better == "higher" else -side
            axes.annotate(f"{name} \u2192" if right > 0 else f"\u2190 {name}", (1 if right > 0 else 0, 1), xycoords="axes fraction", xytext=(0, 3),
                          textcoords="offset points", ha="right" if right > 0 else "left", va="bottom", size=SMALL + 1, weight="bold",
                          color=BLUE if side > 0 else VERMILION, annotation_clip=False)
        for place, item in enumerate(estimates):
            _whisker(axes, item, place, scale, arm_style(place + 1).colour, labels.arm(item.arm, language) if len(estimates) > 1 else "")
        return _done(figure, "interval", title, (), labels, make, estimates)


def _whisker(axes: Axes, item: Estimate, place: int, scale: float, colour: str, name: str) -> None:
    y = place + 0.5
    axes.plot([item.conf_low * scale, item.conf_high * scale], [y, y], color=colour, linewidth=5, solid_capstyle="butt", alpha=0.45)
    axes.plot([item.estimate * scale], [y], marker="o", markersize=10, color=colour, markeredgecolor="white")
    if name:
        axes.annotate(name, (item.estimate * scale, y), xytext=(0, 8), textcoords="offset points", ha="center", va="bottom", size=SMALL, color=INK)


def _done(figure: object, kind: str, title: str, found: tuple[Side, ...], labels: Labels, make: Maker, estimates: Sequence[Estimate] = ()) -> Figure:
    """The figure with its table and the description made of the same numbers."""
    _, language = make._, make.language
    if found:
        digits = 0
        rows = tuple(Row(cells=(text_cell(side.arm), make.cell(side.estimate, side.field, "percent", digits))) for side in found)
        columns: tuple[Column, ...] = (
            Column(id="arm", title=_("Arm")), Column(id="share", title=labels.outcome(found[0].estimate.outcome, language), kind="percent"),
        )
        said = "; ".join(f"{side.arm}: {make.number.decimal(side.value * 100, 0)}" for side in found)
    else:
        binary = labels.plan.outcome(estimates[0].outcome).kind == "binary"
        scale = 100.0 if binary else 1.0
        digits = effect_digits(estimates[0].std_error, scale)
        rows = tuple(Row(cells=(text_cell(labels.arm(item.arm, language) if item.arm else labels.outcome(item.outcome, language)),
                                make.cell(item, "estimate", "points" if binary else "number", digits),
                                make.interval(item, digits=digits, scale=scale)))
                     for item in estimates)
        columns = (Column(id="arm", title=_("Arm")), Column(id="estimate", title=quantity(make, labels), kind="number"),
                   Column(id="interval", title=make.interval_title(item.conf_level for item in estimates), kind="interval", parts=make.limits))
        said = "; ".join(f"{row.cells[0].text}: {row.cells[1].text} ({row.cells[2].text})" for row in rows)
    data = Table(id=f"brief_{kind}", title=title, columns=columns, rows=rows, language=language)
    alt = _("{title}. {lines}.", title=title, lines=said)
    return finished(figure, id_=f"brief_{kind}", title=title, data=data, alt=alt, with_pdf=False)  # type: ignore[arg-type]


def chart(outcomes: Sequence[Sequence[Estimate]], labels: Labels, language: str) -> Chart | None:
    """A chart of the arms: the shares of up to four yes-or-no outcomes, or the means of the first outcome where none is; None without means."""
    make = Maker(language)
    _ = make._
    pairs = [(items, sides(items, labels, language)) for items in outcomes]
    usable = [(items, found) for items, found in pairs if found]
    if not usable:
        return None
    shares = [(items, found) for items, found in usable if labels.plan.outcome(items[0].outcome).kind == "binary"]
    percent = bool(shares) and labels.plan.outcome(usable[0][0][0].outcome).kind == "binary"
    shown = shares[:MOST_OUTCOMES] if percent else usable[:1]
    shown = [(items, found) for items, found in shown if len(found) == len(shown[0][1])]
    names = tuple(labels.outcome(items[0].outcome, language) for items, _found in shown)
    series = tuple(Series(name=shown[0][1][place].arm, values=tuple(found[place].value for _items, found in shown),
                          result_ids=tuple(id_of(found[place].estimate) for _items, found in shown)) for place in range(len(shown[0][1])))
    digits = 0 if percent else effect_digits(shown[0][0][0].std_error)
    unit = labels.unit(shown[0][0][0].outcome, language)
    title = _("Share of {people}, by arm", people=labels.units(language)) if percent else f"{names[0]} ({unit})" if unit else names[0]
    lines = "; ".join(f"{item.name}, {name}: {make.number.percent(value) if percent else make.number.decimal(value, digits)}"
                      for item in series for name, value in zip(names, item.values, strict=True))
    return Chart(title=title, categories=names, series=series, percent=percent, digits=digits, alt=_("{title}. {lines}.", title=title, lines=lines))


