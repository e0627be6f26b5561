"""What assignment changed in the take-up of rights, by life domain and level of government: a point and an interval each."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.present.figures.model import Figure, finished
from takeup.present.reading import section
from takeup.present.style import BLUE, GREY, INK, LINE, PALE, PAPER, SMALL, WIDTH, bare, drawing, house_style
from takeup.present.tables.model import Maker
from takeup.present.tables.takeup import effects_of, group_name, takeup_groups
from takeup.release.suppress import is_withheld

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from takeup.present.labels import Labels
    from takeup.release.gate import Released
    from takeup.results import Estimate

LABEL, TEXT, TOP, FOOT, ROW, HEAD = 2.0, 1.6, 0.1, 0.5, 0.23, 0.28


def domain_forest(released: Released, labels: Labels, language: str) -> Figure | None:
    """Effects on the share of a family's rights that it receives; None for a study without rights."""
    if labels.catalogue is None:
        return None
    make = Maker(language)
    _ = make._
    results = section(released, "takeup")
    groups = [("all", ""), *((f"domain_{name}", _("By life domain")) for name in labels.catalogue.domains),
              *((f"level_{name}", _("By level of government")) for name in labels.catalogue.levels)]
    lines = [(group, _named(labels, item, len(found) > 1, language), item) for name, group in groups
             for found in [effects_of(results, name)] for item in found]
    if not lines:
        return None
    title = _("Effect on the share of a family's rights that it receives")
    heads = len({group for group, _name, _item in lines if group})
    height = TOP + HEAD * heads + ROW * len(lines) + FOOT
    with house_style():
        figure = drawing(height)
        canvas = figure.add_axes((0, 0, 1, 1))
        canvas.set_xlim(0, WIDTH)
        canvas.set_ylim(height, 0)
        bare(canvas)
        panel = figure.add_axes((LABEL / WIDTH, FOOT / height, (WIDTH - LABEL - TEXT) / WIDTH, (height - FOOT - TOP) / height))
        ends = [100 * value for _group, _name, item in lines for value in (item.conf_low, item.conf_high) if math.isfinite(value)]
        panel.set_xlim(min([-5.0, *ends]) * 1.05, max([5.0, *ends]) * 1.05)
        panel.set_ylim(height - FOOT, TOP)
        panel.patch.set_visible(False)
        panel.set_yticks([])
        panel.spines["left"].set_visible(False)
        panel.axvline(0, color=GREY, linewidth=0.9, zorder=1)
        panel.grid(axis="x", color=PALE, linewidth=0.8)
        panel.set_axisbelow(True)
        panel.xaxis.set_major_formatter(lambda value, _place: make.number.integer(value))
        panel.set_xlabel(_("Difference, percentage points"), color=GREY, fontsize=SMALL)
        y, last = TOP, ""
        for group, name, item in lines:
            if group != last:
                last = group
                canvas.plot([0.02, WIDTH - 0.02], [y + 0.02] * 2, color=LINE, linewidth=0.6)
                canvas.text(0.02, y + HEAD / 2 + 0.03, group, size=SMALL + 0.5, weight="bold", va="center", color=INK)
                y += HEAD
            _line(canvas, panel, name, item, y + ROW / 2, make, bold=not group)
            y += ROW
        alt = _("{title}. {lines}.", title=title, lines="; ".join(f"{name} {_text(item, make)}" for _group, name, item in lines))
        return finished(figure, id_="domain_forest", title=title, data=takeup_groups(released, labels, language), alt=alt)


def _named(labels: Labels, item: Estimate, several: bool, language: str) -> str:  # noqa: FBT001  # whether the arm must be told
    name = group_name(labels, item.outcome, language)
    return f"{name}, {labels.arm(item.arm, language)}" if several else name


def _text(item: Estimate, make: Maker) -> str:
    shown = make.number.of(item, "estimate", "points", 0).text
    if is_withheld(item) or math.isnan(item.estimate):
        return shown
    return f"{make._('{n} pp', n=shown)} ({make.number.interval(item.conf_low, item.conf_high, 0, 100.0)})"


def _line(canvas: Axes, panel: Axes, name: str, item: Estimate, y: float, make: Maker, *, bold: bool) -> None:
    canvas.text(LABEL - 0.15, y, name, size=SMALL, ha="right", va="center", color=INK, weight="bold" if bold else "normal")
    canvas.text(WIDTH - TEXT + 0.12, y, _text(item, make), size=SMALL, va="center", color=INK if not math.isnan(item.estimate) else GREY)
    if math.isnan(item.estimate):
        return
    panel.plot([100 * item.conf_low, 100 * item.conf_high], [y, y], color=BLUE, linewidth=1.6, zorder=2)
    panel.plot([100 * item.estimate], [y], marker="o", markersize=6 if bold else 5, color=BLUE, markerfacecolor=BLUE if bold else PAPER,
               markeredgewidth=1.3, zorder=3)
