"""Who improved: a bar an outcome, in the shares that got worse, stayed the same and improved."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.present.figures.model import Figure, finished
from takeup.present.reading import section, statistic
from takeup.present.style import BLUE, GREY, INK, LINE, ORANGE, PAPER, SMALL, WIDTH, bare, drawing, house_style, text_width, wrapped
from takeup.present.tables.changes import improved as improved_table
from takeup.present.tables.model import Maker

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from takeup.present.labels import Labels
    from takeup.release.gate import Released
    from takeup.results import Statistic

LABEL, ROW, HEAD = 2.1, 0.36, 0.3
LEVELS = ("worse", "same", "better")
COLOURS = {"worse": ORANGE, "same": LINE, "better": BLUE}


def improved(released: Released, labels: Labels, language: str) -> Figure | None:
    """The figure; None where no measured outcome has shares."""
    make = Maker(language)
    _ = make._
    results = section(released, "improved")
    found: dict[str, list[Statistic | None]] = {
        outcome.id: [statistic(results, table="improved", variable=f"{outcome.id}.improved", level=level) for level in LEVELS]
        for outcome in labels.plan.outcomes
    }
    shown = {name: parts for name, parts in found.items() if all(part is not None for part in parts)}
    if not shown:
        return None
    title = _("Who improved, outcome by outcome")
    words = {"worse": _("Worse"), "same": _("The same"), "better": _("Improved")}
    with house_style():
        height = HEAD + ROW * len(shown) + 0.08
        figure = drawing(height)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(height, 0)
        bare(axes)
        _key(axes, words)
        for place, (name, parts) in enumerate(shown.items()):
            _bar(axes, HEAD + ROW * (place + 0.5), labels.outcome(name, language), [part for part in parts if part is not None], make)
        lines = "; ".join(_line(labels.outcome(name, language), [part for part in parts if part is not None], words, make)
                          for name, parts in shown.items())
        return finished(figure, id_="improved", title=title, data=improved_table(released, labels, language),
                        alt=_("{title}. {lines}.", title=title, lines=lines))


def _key(axes: Axes, words: dict[str, str]) -> None:
    from matplotlib.patches import Rectangle

    x = LABEL
    for level in LEVELS:
        axes.add_patch(Rectangle((x, 0.08), 0.14, 0.12, facecolor=COLOURS[level], edgecolor="none"))
        axes.text(x + 0.2, 0.14, words[level], size=SMALL, va="center", color=GREY)
        x += 0.4 + text_width(words[level], SMALL)


def _bar(axes: Axes, y: float, name: str, parts: list[Statistic], make: Maker) -> None:
    from matplotlib.patches import Rectangle

    lines = wrapped(name, LABEL - 0.15, SMALL + 0.5)[:2]
    for turn, text in enumerate(lines):
        axes.text(0.02, y + 0.13 * (turn - (len(lines) - 1) / 2), text, size=SMALL + 0.5, va="center", color=INK)
    size = make._("n = {n}", n=make.number.integer(max(part.n for part in parts)))
    room = WIDTH - LABEL - 0.12 - text_width("n = 8,888", SMALL)
    if any(math.isnan(part.value) for part in parts):
        axes.text(LABEL, y, make._("withheld"), size=SMALL, va="center", color=GREY)
        return
    x = LABEL
    for level, part in zip(LEVELS, parts, strict=True):
        width = room * part.value
        axes.add_patch(Rectangle((x, y - 0.12), width, 0.24, facecolor=COLOURS[level], edgecolor=PAPER, linewidth=0.8))
        text = make.number.of(part, "value", "percent", 0).text
        if width > text_width(text, SMALL) + 0.06:
            axes.text(x + width / 2, y, text, size=SMALL, ha="center", va="center", color=PAPER if level == "better" else INK)
        x += width
    axes.text(LABEL + room + 0.08, y, size, size=SMALL, va="center", color=GREY)


def _line(name: str, parts: list[Statistic], words: dict[str, str], make: Maker) -> str:
    said = ", ".join(f"{words[level].lower()} {make.number.of(part, 'value', 'percent', 0).text}" for level, part in zip(LEVELS, parts, strict=True))
    return make._("{first}: {second}", first=name, second=said)
