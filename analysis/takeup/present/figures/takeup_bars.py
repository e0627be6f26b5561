"""Take-up by arm: a bar an arm, with the count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.present.figures.distribution import draw_bar
from takeup.present.figures.model import Figure, finished
from takeup.present.reading import arms, prefix, section
from takeup.present.style import NORMAL, WIDTH, bare, drawing, house_style, text_width
from takeup.present.tables.compliance import compliance
from takeup.present.tables.model import Maker
from takeup.results import ResultSet, Statistic

if TYPE_CHECKING:
    from takeup.present.labels import Labels
    from takeup.release.gate import Released


def takeup_by_arm(released: Released, labels: Labels, language: str) -> Figure | None:
    """The share of each arm that took the programme up; None where that wasn't recorded as yes or no."""
    found = tuple(item for item in section(released, "compliance") if isinstance(item, Statistic) and prefix(item) == "compliance"
                  and item.kind == "share")
    if not found:
        return None
    make = Maker(language)
    shown = arms(ResultSet(found), str(labels.plan.design.control))
    title = make._("Take-up by arm: who {received}", received=labels.received(language))
    row = 0.34
    with house_style():
        figure = drawing(row * len(shown) + 0.1)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(row * len(shown) + 0.1, 0)
        bare(axes)
        start = 0.2 + max(text_width(labels.arm(arm, language), NORMAL) for arm in shown)
        for place, arm in enumerate(shown):
            item = next(item for item in found if item.arm == arm)
            draw_bar(axes, 0.05 + row * (place + 0.5), start, WIDTH - start - 1.6, labels.arm(arm, language), item, place, make)
        lines = "; ".join(f"{labels.arm(item.arm, language)} {make.number.of(item, 'value', 'percent', 0).text}" for item in found)
        return finished(figure, id_="takeup_by_arm", title=title, data=compliance(released, labels, language),
                        alt=make._("{title}. {lines}.", title=title, lines=lines))
