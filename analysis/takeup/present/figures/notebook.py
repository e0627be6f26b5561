"""Figures of results as they come, for a notebook: no plan, no labels, not for release."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from takeup.errors import Fault, ReportError
from takeup.present.figures.event_study import event_study_plot
from takeup.present.figures.forest import forest_plot
from takeup.present.numbers import numbers
from takeup.present.style import BLUE, GREY, LINE, PALE, SMALL, arm_style, drawing, house_style
from takeup.results import Bounds, ConfidenceSet, Estimate, Result, ResultSet, Statistic, Test

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

WIDE, LEFT, PANEL = 6.4, 0.36, 0.42
"""Inches of a figure; where its panel begins and how wide it is, as shares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: a name, a point (nan for none), intervals (the inner one drawn thicker) and the words beside them."""

    name: str
    point: float = math.nan
    inner: tuple[tuple[float, float], ...] = ()
    outer: tuple[float, float] = (math.nan, math.nan)
    text: str = ""


def plot_of(results: Any) -> Drawing:
    """The figure of one result or of a set, by what there is in it.

    Effects, bounds and confidence sets become lines with intervals; an event study is drawn over time; a balance table as differences in standard
    deviations; shares as dots by arm; power as a curve; an imputation's tipping point as lines.

    Raises
    ------
    ReportError
        Nothing in it can be drawn.

    Examples
    --------
    >>> import takeup as tu
    >>> len(plot_of(tu.Estimate(outcome="y", estimate=1.0, conf_low=0.5, conf_high=1.5)).axes)
    1
    """
    found: ResultSet = results if isinstance(results, ResultSet) else ResultSet(_opened(results))
    for kept, draw in _WAYS:
        chosen = ResultSet(tuple(one for one in found if kept(one)))
        if len(chosen):
            return draw(chosen)
    kinds = ", ".join(sorted({type(one).__name__ for one in found})) or "an empty set"
    raise ReportError(Fault(f"there is no figure for this ({kinds})", "plot", "effects, bounds, balance, shares, power",
                            "Use .to_frame() and draw it as you like."))


def _opened(result: Any) -> tuple[Result, ...]:
    """The single results that a result with several parts holds."""
    for parts in ("tests", "results"):
        made = getattr(result, parts, None)
        if callable(made):
            return tuple(made())
    return (result,)


def _known(value: Any) -> bool:
    return isinstance(value, float | int) and math.isfinite(value)


def _is_event(one: Any) -> bool:
    return isinstance(one, Estimate) and one.estimand == "event study" and _known(one.estimate)


def _is_line(one: Any) -> bool:
    if isinstance(one, Estimate):
        return _known(one.estimate)
    return isinstance(one, Bounds | ConfidenceSet) or (isinstance(one, Test) and _known(one.conf_low))


def _is_difference(one: Any) -> bool:
    return isinstance(one, Statistic) and one.kind == "standardized_difference" and _known(one.value)


def _is_share(one: Any) -> bool:
    return isinstance(one, Statistic) and one.kind == "share" and _known(one.value)


def _is_power(one: Any) -> bool:
    return _known(getattr(one, "power", None)) and hasattr(one, "effect")


def _lines(results: ResultSet) -> Drawing:
    """Effects beside bounds and confidence sets; effects alone as the plain forest."""
    return forest_plot(results) if all(isinstance(one, Estimate) for one in results) else _intervals([_line(one) for one in results])


def _line(one: Any) -> Line:
    make = numbers("en")
    name = ", ".join(part for part in (one.outcome, getattr(one, "term", ""), one.method) if part)
    if isinstance(one, Bounds):
        return Line(name=name, inner=((one.lower, one.upper),), outer=(one.conf_low, one.conf_high), text=make.interval(one.lower, one.upper, 3))
    if isinstance(one, ConfidenceSet):
        text = " or ".join(make.interval(low, high, 3) for low, high in one.intervals) or "empty"
        return Line(name=name, inner=one.intervals, text=text)
    limits = (one.conf_low, one.conf_high)
    point = one.estimate if isinstance(one, Estimate) else math.nan
    return Line(name=name, point=point, outer=limits, text=make.interval(*limits, 3))


def _intervals(lines: Sequence[Line]) -> Drawing:
    limits = [value for line in lines for pair in (*line.inner, line.outer, (line.point, 0.0)) for value in pair if math.isfinite(value)]
    low, high = min(limits, default=0.0), max(limits, default=1.0)
    room = 0.08 * (high - low or 1.0)
    with house_style():
        figure, axes = _panel(len(lines))
        for place, line in enumerate(lines):
            for pair, width in ((line.outer, 1.4), *((inner, 3.6) for inner in line.inner)):
                ends = [max(pair[0], low - room), min(pair[1], high + room)]
                if not math.isnan(sum(ends)):
                    axes.plot(ends, [place, place], color=BLUE, linewidth=width, solid_capstyle="butt")
            axes.plot([line.point], [place], marker="o", color=BLUE, markersize=5.5)
            axes.annotate(line.text, (1.03, place), xycoords=("axes fraction", "data"), va="center", size=SMALL)
        axes.axvline(0, color=LINE, linewidth=0.9, zorder=0)
        axes.set_xlim(low - room, high + room)
        _named(axes, [line.name for line in lines])
    return figure


def _panel(rows: int) -> tuple[Drawing, Axes]:
    height = 0.7 + 0.3 * max(rows, 1)
    figure = drawing(height, WIDE)
    return figure, figure.add_axes((LEFT, 0.45 / height, PANEL, 1 - 0.6 / height))


def _named(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), [name if len(name) <= 34 else f"{name[:32]}\u2026" for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.spines["left"].set_visible(False)


def _dots(results: ResultSet, title: str, *, line: float | None) -> Drawing:
    """One line a variable and level, one dot an arm."""
    names = list(dict.fromkeys(_label(one) for one in results))
    arms = list(dict.fromkeys(one.arm for one in results))
    with house_style():
        figure, axes = _panel(len(names))
        for position, arm in enumerate(arms):
            style = arm_style(position if len(arms) > 1 else 1)
            rows = [one for one in results if one.arm == arm]
            axes.plot([one.value for one in rows], [names.index(_label(one)) for one in rows], linestyle="none", marker=style.marker, markersize=5,
                      color=style.colour, label=arm or "all")
        axes.grid(axis="y", color=PALE, linewidth=0.8)
        axes.set_axisbelow(True)
        if line is not None:
            axes.axvline(line, color=LINE, linewidth=0.9, zorder=0)
        axes.set_xlabel(title, color=GREY, fontsize=SMALL)
        if len(arms) > 1:
            axes.legend(frameon=False, fontsize=SMALL, loc="center left", bbox_to_anchor=(1.02, 0.5))
        _named(axes, names)
    return figure


def _label(one: Statistic) -> str:
    return ", ".join(part for part in (one.variable, one.level, one.wave) if part)


def _differences(results: ResultSet) -> Drawing:
    rows = sorted(results, key=lambda one: -abs(one.value))
    return _dots(ResultSet(tuple(rows)), "Difference in standard deviations", line=0.0)


def _shares(results: ResultSet) -> Drawing:
    return _dots(results, "Share", line=None)


def _power(results: ResultSet) -> Drawing:
    """Power against the effect, or against the number of people where the effect is one and the same."""
    by_people = len({one.effect for one in results}) == 1 and len({one.n for one in results}) > 1
    rows = sorted(results, key=lambda one: one.n if by_people else one.effect)
    with house_style():
        figure = drawing(2.9, WIDE)
        axes = figure.add_axes((0.11, 0.19, 0.86, 0.74))
        axes.axhline(0.8, color=LINE, linewidth=0.9, linestyle="--", zorder=0)
        axes.plot([one.n if by_people else one.effect for one in rows], [one.power for one in rows], marker="o", color=BLUE, markersize=4.5)
        axes.set_ylim(0, 1.02)
        axes.set_xlim(left=0, right=None if len(rows) > 1 else 2 * (rows[0].n if by_people else abs(rows[0].effect)) or 1.0)
        axes.grid(axis="y", color=PALE, linewidth=0.8)
        axes.set_xlabel("People" if by_people else "Effect", color=GREY, fontsize=SMALL)
        axes.set_ylabel("Power", color=GREY, fontsize=SMALL)
    return figure


_WAYS: tuple[tuple[Callable[[Any], bool], Callable[[ResultSet], Drawing]], ...] = (
    (_is_event, event_study_plot), (_is_line, _lines), (_is_difference, _differences), (_is_share, _shares), (_is_power, _power),
)
"""What is drawn first where a set holds several kinds, and how."""
