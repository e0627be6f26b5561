"""Take-up right by right: two dots a right, one an arm, by life domain, with the difference in words at the side."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from takeup.present.figures.model import Figure, finished
from takeup.present.reading import section
from takeup.present.style import BLUE, GREY, INK, LINE, PALE, PAPER, SMALL, WIDTH, arm_style, bare, drawing, house_style, text_width, wrapped
from takeup.present.tables.model import Maker
from takeup.present.tables.takeup import effects_of, group_name, rate, takeup_groups, takeup_rights
from takeup.release.suppress import is_withheld

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from takeup.present.labels import Labels
    from takeup.present.tables.model import Table
    from takeup.release.gate import Released
    from takeup.results import Estimate, Statistic

LABEL, TEXT, TOP, FOOT = 2.55, 1.55, 0.36, 0.7
ROW, HEAD, LINE_HEIGHT = 0.21, 0.27, 0.13


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One line: a right (or group of rights), its rate in control and treated arm, and the effect."""

    lines: tuple[str, ...]
    group: str
    control: Statistic | None
    treated: Statistic | None
    effect: Estimate
    bold: bool = False

    @property
    def hidden(self) -> bool:
        """Whether there is nothing to draw of it."""
        return all(item is None or math.isnan(item.value) for item in (self.control, self.treated)) and math.isnan(self.effect.estimate)

    @property
    def height(self) -> float:
        """Inches."""
        return ROW + LINE_HEIGHT * (len(self.lines) - 1)


def takeup_dumbbell(released: Released, labels: Labels, language: str) -> Figure | None:
    """Every right of the catalogue; None for a study without rights."""
    make = Maker(language)
    pairs = [pair for domain in (labels.catalogue.domains if labels.catalogue is not None else ())
             for right in labels.catalogue or () if right.domain == domain
             for pair in _pairs(released, labels, make, right.id, labels.domain(domain, language))]
    title = make._("Who receives the rights they are entitled to")
    return _figure("takeup_dumbbell", title, pairs, labels, make, takeup_rights(released, labels, language))


def takeup_domains(released: Released, labels: Labels, language: str) -> Figure | None:
    """All rights together, by life domain and by level of government; None for a study without rights."""
    make = Maker(language)
    _ = make._
    if labels.catalogue is None:
        return None
    groups = [("all", ""), *((f"domain_{name}", _("By life domain")) for name in labels.catalogue.domains),
              *((f"level_{name}", _("By level of government")) for name in labels.catalogue.levels)]
    pairs = [pair for name, head in groups for pair in _pairs(released, labels, make, name, head, bold=name == "all")]
    title = _("Share of a family's rights that it receives")
    return _figure("takeup_domains", title, pairs, labels, make, takeup_groups(released, labels, language))


def _pairs(released: Released, labels: Labels, make: Maker, name: str, group: str, *, bold: bool = False) -> list[Pair]:
    results = section(released, "takeup")
    control = str(labels.plan.design.control)
    out = []
    for effect in effects_of(results, name):
        text = group_name(labels, name, make.language)
        if len(effects_of(results, name)) > 1:
            text = f"{text}, {labels.arm(effect.arm, make.language)}"
        out.append(Pair(lines=tuple(wrapped(text, LABEL - 0.2, SMALL, bold=bold)), group=group, effect=effect, bold=bold,
                        control=rate(results, name, control, "after"), treated=rate(results, name, effect.arm, "after")))
    return out


def _figure(id_: str, title: str, pairs: list[Pair], labels: Labels, make: Maker, data: Table) -> Figure | None:
    shown = [pair for pair in pairs if not pair.hidden]
    if not shown:
        return None
    hidden, pairs = len(pairs) - len(shown), shown
    heads = len(dict.fromkeys(pair.group for pair in pairs if pair.group))
    height = TOP + heads * HEAD + sum(pair.height for pair in pairs) + FOOT
    with house_style():
        figure = drawing(height)
        canvas = figure.add_axes((0, 0, 1, 1))
        canvas.set_xlim(0, WIDTH)
        canvas.set_ylim(height, 0)
        bare(canvas)
        panel = figure.add_axes((LABEL / WIDTH, FOOT / height, (WIDTH - LABEL - TEXT) / WIDTH, (height - FOOT - TOP) / height))
        panel.set_xlim(-0.02, 1.02)
        panel.set_ylim(height - FOOT, TOP)
        panel.patch.set_visible(False)
        panel.set_yticks([])
        panel.spines["left"].set_visible(False)
        panel.xaxis.set_major_formatter(lambda value, _place: make.number.percent(value))
        panel.grid(axis="x", color=PALE, linewidth=0.8)
        panel.set_axisbelow(True)
        _key(canvas, pairs, labels, make)
        y, group = TOP, ""
        for pair in pairs:
            if pair.group != group:
                group = pair.group
                canvas.text(0.02, y + HEAD / 2 + 0.03, group, size=SMALL + 0.5, weight="bold", va="center", color=INK)
                canvas.plot([0.02, WIDTH - 0.02], [y + 0.02] * 2, color=LINE, linewidth=0.6)
                y += HEAD
            _line(canvas, panel, pair, y + pair.height / 2, make)
            y += pair.height
        _foot(canvas, pairs, height, hidden, make)
        return finished(figure, id_=id_, title=title, data=data, alt=_alt(title, pairs, labels, make))


def _foot(canvas: Axes, pairs: list[Pair], height: float, hidden: int, make: Maker) -> None:
    """What the dots are of, what the difference is adjusted for, and how many lines aren't shown."""
    _ = make._
    middle = LABEL + (WIDTH - LABEL - TEXT) / 2
    canvas.text(middle, height - 0.35, _("Of those entitled before the draw, at the end"), size=SMALL, ha="center", va="center", color=GREY)
    notes = []
    if any(pair.effect.method != "difference_in_means" for pair in pairs):
        notes.append(_("Dots are shares as observed; the difference takes account of where each arm started."))
    if hidden:
        notes.append(_.plural("{n} right isn't shown: too few families.", "{n} rights aren't shown: too few families.", hidden, n=hidden))
    lines = wrapped(" ".join(notes), WIDTH - 0.1, SMALL - 0.5) if notes else []
    for turn, line in enumerate(lines):
        canvas.text(0.02, height - 0.07 - 0.13 * (len(lines) - 1 - turn), line, size=SMALL - 0.5, va="center", color=GREY)


def _line(canvas: Axes, panel: Axes, pair: Pair, y: float, make: Maker) -> None:
    for turn, text in enumerate(pair.lines):
        canvas.text(LABEL - 0.15, y + LINE_HEIGHT * (turn - (len(pair.lines) - 1) / 2), text, size=SMALL, ha="right", va="center", color=INK,
                    weight="bold" if pair.bold else "normal")
    start = WIDTH - TEXT + 0.1
    if is_withheld(pair.effect) or math.isnan(pair.effect.estimate):
        text = make.number.of(pair.effect, "estimate", "points", 0).text
        canvas.text(start, y, text if is_withheld(pair.effect) else make._("too few families"), size=SMALL, va="center", color=GREY)
    ends = [math.nan if item is None else item.value for item in (pair.control, pair.treated)]
    if not any(map(math.isnan, ends)):
        panel.plot(ends, [y, y], color=LINE, linewidth=2.2, solid_capstyle="butt", zorder=2)
    for place, value in enumerate(ends):
        if not math.isnan(value):
            style = arm_style(place)
            fill = style.colour if style.filled else PAPER
            panel.plot([value], [y], marker=style.marker, markersize=6.5, color=style.colour, markerfacecolor=fill, markeredgewidth=1.3,
                       zorder=3 + place, clip_on=False)
    if is_withheld(pair.effect) or math.isnan(pair.effect.estimate):
        return
    sure = pair.effect.conf_low > 0 or pair.effect.conf_high < 0
    shown = make.number.of(pair.effect, "estimate", "points", 0).text
    shown = f"+{shown}" if pair.effect.estimate > 0 and not shown.startswith("0") else shown
    limits = make.number.interval(pair.effect.conf_low, pair.effect.conf_high, 0, 100.0)
    canvas.text(start, y, f"{make._('{n} pp', n=shown)} ({limits})", size=SMALL, va="center", color=BLUE if sure else GREY,
                weight="bold" if sure else "normal")


def _key(canvas: Axes, pairs: list[Pair], labels: Labels, make: Maker) -> None:
    x = LABEL
    for place, arm in enumerate((str(labels.plan.design.control), pairs[0].effect.arm)):
        style, name = arm_style(place), labels.arm(arm, make.language)
        fill = style.colour if style.filled else PAPER
        canvas.plot([x + 0.05], [0.18], marker=style.marker, markersize=6.5, color=style.colour, markerfacecolor=fill, markeredgewidth=1.3)
        canvas.text(x + 0.15, 0.18, name, size=SMALL, va="center", color=INK)
        x += 0.4 + text_width(name, SMALL)
    canvas.text(WIDTH - TEXT + 0.1, 0.18, make._("Difference"), size=SMALL, va="center", color=INK)


def _alt(title: str, pairs: list[Pair], labels: Labels, make: Maker) -> str:
    _ = make._
    lines = []
    for pair in pairs:
        control, treated = ("" if item is None else make.number.of(item, "value", "percent", 0).text for item in (pair.control, pair.treated))
        lines.append(_("{right}: {control} in \u201c{control_arm}\u201d, {treated} in \u201c{arm}\u201d", right=" ".join(pair.lines), control=control,
                       control_arm=labels.control(make.language), treated=treated, arm=labels.arm(pair.effect.arm, make.language)))
    return _("{title}. {lines}.", title=title, lines="; ".join(lines))
