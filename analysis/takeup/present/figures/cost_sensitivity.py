"""What one more right costs, and how that changes with each assumption."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.present.figures.model import Figure, finished
from takeup.present.reading import section
from takeup.present.style import BLUE, GREY, INK, LINE, PALE, SKY, SMALL, WIDTH, bare, drawing, house_style
from takeup.present.tables.mechanism import cost, one_more
from takeup.present.tables.model import Maker
from takeup.results import Estimate

if TYPE_CHECKING:
    from takeup.present.labels import Labels
    from takeup.release.gate import Released

LABEL, ROW, TOP, FOOT = 2.3, 0.32, 0.34, 0.48


def cost_sensitivity(released: Released, labels: Labels, language: str) -> Figure | None:
    """The estimate with its interval, and a bar for each assumption from its lowest to its highest; None where costs aren't planned or endless."""
    found = [item for item in section(released, "cost") if isinstance(item, Estimate) and not math.isnan(item.estimate)]
    base = next((item for item in found if "side" not in item.extra), None)
    if base is None:
        return None
    make = Maker(language)
    _ = make._
    words = {"hour": _("Cost of an hour"), "indirect": _("Hours beside each logged hour")}
    bars = {what: sorted(item.estimate for item in found if item.extra.get("what") == what and item.arm == base.arm) for what in words}
    rows = [(_("Chance (interval)"), base.conf_low, base.conf_high), *((words[what], ends[0], ends[-1]) for what, ends in bars.items() if ends)]
    endless = math.isinf(base.conf_low) or math.isinf(base.conf_high)
    ends = [value for _name, low, high in rows for value in (low, high) if math.isfinite(value)] + [base.estimate]
    low, high = min(0.0, *ends), max(ends) * 1.08 if max(ends) > 0 else 1.0
    height = TOP + ROW * len(rows) + FOOT
    title = _("What one more costs: {what}", what=one_more(labels, base.outcome, language))
    with house_style():
        figure = drawing(height)
        canvas = figure.add_axes((0, 0, 1, 1))
        canvas.set_xlim(0, WIDTH)
        canvas.set_ylim(height, 0)
        bare(canvas)
        panel = figure.add_axes((LABEL / WIDTH, FOOT / height, (WIDTH - LABEL - 0.35) / WIDTH, ROW * len(rows) / height))
        panel.set_xlim(low, high)
        panel.set_ylim(len(rows), 0)
        panel.set_yticks([])
        panel.spines["left"].set_visible(False)
        panel.grid(axis="x", color=PALE, linewidth=0.8)
        panel.set_axisbelow(True)
        panel.xaxis.set_major_formatter(lambda value, _place: make.number.integer(value))
        panel.set_xlabel(_("Euros"), color=GREY, fontsize=SMALL)
        for place, (name, first, last) in enumerate(rows):
            canvas.text(LABEL - 0.12, TOP + ROW * (place + 0.5), name, size=SMALL, ha="right", va="center", color=INK)
            shown = [min(max(value, low), high) for value in (first, last)]
            panel.barh([place + 0.5], [shown[1] - shown[0]], left=shown[0], height=0.5, color=LINE if place == 0 else SKY)
        panel.axvline(base.estimate, color=BLUE, linewidth=1.8)
        money = _("{n} euros", n=make.number.decimal(base.estimate, 0))
        panel.annotate(money, (base.estimate, 0), xytext=(0, 5), textcoords="offset points", ha="center", va="bottom", size=SMALL + 0.5,
                       color=BLUE, weight="bold", annotation_clip=False)
        lines = [_("{first}: {second}", first=name, second=make.number.interval(first, last, 0)) for name, first, last in rows]
        if endless:
            lines.append(_("the interval has no end"))
        return finished(figure, id_="cost_sensitivity", title=title, data=cost(released, labels, language),
                        alt=_("{title}. {lines}.", title=title, lines="; ".join([money, *lines])))
