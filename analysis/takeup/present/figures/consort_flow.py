"""The CONSORT flow diagram, drawn from the flow section: parallel arms, reasons at every exit, and counts that add up."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from takeup.present.catalogue import words
from takeup.present.figures.model import Figure, finished
from takeup.present.flow import ArmFlow, Count, FlowBoxes, boxes, reason_words, step
from takeup.present.numbers import NBSP, numbers
from takeup.present.reading import section
from takeup.present.style import GREY, INK, PALE, PAPER, SMALL, WIDTH, bare, drawing, house_style, text_width, wrapped
from takeup.present.tables.flow import flow as flow_table
from takeup.present.terms import PHASES, term

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from takeup.present.labels import Labels
    from takeup.release.gate import Released

SIZE = 8.0
LEADING = SIZE * 1.35 / 72
PAD, GAP, STRIP, INDENT, OVER = 0.1, 0.26, 0.3, 0.12, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a box; `indent` in inches."""

    text: str
    bold: bool = False
    indent: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A box with its place, in inches from the upper left corner; `width` and `top` are set by the layout."""

    lines: tuple[Line, ...]
    left: float
    width: float
    top: float = 0.0

    @property
    def height(self) -> float:
        """Inches."""
        return 2 * PAD + LEADING * len(self.lines)

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.top + self.height

    @property
    def middle(self) -> float:
        """The middle from left to right."""
        return self.left + self.width / 2


def consort_flow(released: Released, labels: Labels, language: str) -> Figure | None:
    """The diagram; None where the study has no flow.

    Raises
    ------
    ReportError
        Counts that don't add up (`present.flow.boxes`).
    """
    if not len(section(released, "flow")) or labels.plan.evidence == "before_after":
        return None
    found = boxes(released, labels)
    writer = Writer(labels, language)
    rows = writer.rows(found)
    with house_style():
        height = rows[-1].bottom + OVER + 0.02
        figure = drawing(height)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(height, 0)
        bare(axes)
        _bands(axes, rows, language)
        _lines(axes, rows)
        for row in rows:
            for box in row.boxes:
                _box(axes, box)
        return finished(figure, id_="consort_flow", title=writer._("Flow of participants"), data=flow_table(released, labels, language),
                        alt=writer.alt(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A row of boxes under one phase. A `side` tier stands beside the line, not in it."""

    phase: str
    boxes: tuple[Box, ...]
    side: bool = False

    @property
    def top(self) -> float:
        """The upper edge of its highest box."""
        return min(box.top for box in self.boxes)

    @property
    def bottom(self) -> float:
        """The lower edge of its lowest box."""
        return max(box.bottom for box in self.boxes)


class Writer:
    """The words of the diagram in one language."""

    def __init__(self, labels: Labels, language: str) -> None:
        self.labels, self.language = labels, language
        self._, self.number = words(language), numbers(language)

    def count(self, count: Count) -> str:
        """"n = 500", never broken over two lines."""
        if math.isnan(count.value):
            return "({})".format(self._("withheld")).replace(" ", NBSP)
        if count.clusters is not None and count.value:
            return self._("(n\u00a0=\u00a0{n}, {clusters}\u00a0clusters)", n=self.number.integer(count.value),
                          clusters=self.number.integer(count.clusters))
        return self._("(n\u00a0=\u00a0{n})", n=self.number.integer(count.value))

    def lines(self, count: Count | None, width: float, title: str = "", *, bold: bool = False, indent: float = 0.0) -> list[Line]:
        """A count with its name, and its reasons set in below."""
        if count is None:
            return []
        name = title or (step(self.labels, count.variable, self.language) if not count.level
                         else reason_words(self.labels, count.variable, count.level, self.language))
        shown = f"{name} {self.count(count)}"
        out = [Line(text=text, bold=bold, indent=indent + (INDENT if turn and indent else 0.0))
               for turn, text in enumerate(wrapped(shown, width - indent - (INDENT if indent else 0.0), SIZE, bold=bold))]
        for reason in count.reasons:
            if reason.value != 0:
                out += self.lines(reason, width, indent=indent + INDENT)
        return out

    def rows(self, found: FlowBoxes) -> list[Tier]:
        """All boxes, laid out from top to bottom."""
        left, right = STRIP + 0.12, WIDTH - 0.05
        many = max(len(found.arms), 1)
        between = 0.22
        width = min((right - left - between * (many - 1)) / many, 3.2)
        start = left + (right - left - many * width - between * (many - 1)) / 2
        lefts = [start + i * (width + between) for i in range(many)]
        tiers = self._top(found, left, right)
        phase = "groups" if self.labels.plan.design.draw == "none" else "allocation"
        tiers.append(self._tier(phase, [self._allocation(arm, width) for arm in found.arms], lefts, width))
        for wave in range(max((len(arm.waves) for arm in found.arms), default=0)):
            tiers.append(self._tier("follow_up", [self._follow_up(arm, wave, width) for arm in found.arms], lefts, width))
        tiers.append(self._tier("analysis", [self._analysis(arm, width) for arm in found.arms], lefts, width))
        return _stacked([tier for tier in tiers if tier.boxes])

    def _top(self, found: FlowBoxes, left: float, right: float) -> list[Tier]:
        centre, wide = (left + right) / 2, 2.7
        text = wide - 2 * PAD
        tiers = []
        if found.assessed is not None:
            middle = [Box(lines=tuple(self.lines(found.assessed, text, bold=True)), left=centre - wide / 2, width=wide)]
            side = False
            if found.excluded is not None and found.excluded.value != 0:
                aside = centre + 0.35
                lines = self.lines(found.excluded, right - aside - 2 * PAD, bold=True)
                tiers.append(Tier(phase="enrolment", boxes=tuple(middle)))
                middle, side = [Box(lines=tuple(lines), left=aside, width=right - aside)], True
            tiers.append(Tier(phase="enrolment", boxes=tuple(middle), side=side))
        if found.randomized is not None:
            box = Box(lines=tuple(self.lines(found.randomized, text, bold=True)), left=centre - wide / 2, width=wide)
            tiers.append(Tier(phase="enrolment", boxes=(box,)))
        return tiers

    def _tier(self, phase: str, texts: list[list[Line]], lefts: list[float], width: float) -> Tier:
        most = max((len(lines) for lines in texts), default=0)
        if most == 0:
            return Tier(phase=phase, boxes=())
        padded = [[*lines, *[Line(text="")] * (most - len(lines))] for lines in texts]
        return Tier(phase=phase, boxes=tuple(Box(lines=tuple(lines), left=left, width=width) for lines, left in zip(padded, lefts, strict=True)))

    def _allocation(self, arm: ArmFlow, width: float) -> list[Line]:
        text = width - 2 * PAD
        name = self.labels.arm(arm.arm, self.language)
        title = name if self.labels.plan.design.draw == "none" else self._("Allocated to {arm}", arm=name)
        taken = self.labels.received(self.language)
        took = taken[:1].upper() + taken[1:] if self.labels.plan.design.received_label else ""
        out = self.lines(arm.allocated, text, title, bold=True)
        out += self.lines(arm.received, text, took)
        return out + self.lines(arm.not_received, text, self._("Did not") if took else "")

    def _follow_up(self, arm: ArmFlow, wave: int, width: float) -> list[Line]:
        if wave >= len(arm.waves):
            return []
        followed, lost = arm.waves[wave]
        text = width - 2 * PAD
        name = step(self.labels, "followed_up", self.language)
        at = (followed or lost)
        title = f"{name}, {self.labels.wave(at.wave, self.language).lower()}" if at is not None and at.wave else name
        return [*self.lines(followed, text, title, bold=True), *self.lines(lost, text)]

    def _analysis(self, arm: ArmFlow, width: float) -> list[Line]:
        text = width - 2 * PAD
        whole = [count for count in arm.analysed if not count.level]
        each = [count for count in arm.analysed if count.level]
        if whole:
            return self.lines(whole[0], text, bold=True)
        if len({count.value for count in each}) == 1:
            return self.lines(each[0], text, step(self.labels, "analysed", self.language), bold=True)
        parts = [line for count in each for line in self.lines(count, text, indent=INDENT)]
        return [Line(text=step(self.labels, "analysed", self.language), bold=True), *parts] if each else []

    def alt(self, found: FlowBoxes) -> str:
        """The diagram in sentences."""
        parts = [self._said(count) for count in (found.assessed, found.excluded, found.randomized) if count is not None]
        for arm in found.arms:
            counts = [arm.allocated, arm.received, arm.not_received, *(count for wave in arm.waves for count in wave), *arm.analysed]
            shown = "; ".join(self._said(count) for count in counts if count is not None)
            parts.append(f"{self.labels.arm(arm.arm, self.language)}: {shown}")
        return self._("Flow diagram of participants. {boxes}.", boxes=". ".join(parts))

    def _said(self, count: Count) -> str:
        name = step(self.labels, count.variable, self.language)
        value = self._("withheld") if math.isnan(count.value) else self.number.integer(count.value)
        if count.level:
            name = f"{name} ({reason_words(self.labels, count.variable, count.level, self.language)})"
        return f"{name} {value}"


def _stacked(tiers: list[Tier]) -> list[Tier]:
    """The tiers one under the other."""
    out, top = [], OVER + 0.02
    for tier in tiers:
        placed = tuple(Box(lines=box.lines, left=box.left, width=box.width, top=top) for box in tier.boxes)
        out.append(Tier(phase=tier.phase, boxes=placed, side=tier.side))
        top = out[-1].bottom + GAP
    return out


def _box(axes: Axes, box: Box) -> None:
    from matplotlib.patches import FancyBboxPatch

    axes.add_patch(FancyBboxPatch((box.left, box.top), box.width, box.height, boxstyle="round,pad=0,rounding_size=0.04", facecolor=PAPER,
                                  edgecolor=GREY, linewidth=0.8))
    for turn, line in enumerate(box.lines):
        axes.text(box.left + PAD + line.indent, box.top + PAD + LEADING * (turn + 0.5), line.text, size=SIZE, va="center_baseline", ha="left",
                  color=INK,
                  fontweight="bold" if line.bold else "normal")


def _bands(axes: Axes, tiers: list[Tier], language: str) -> None:
    """The phases at the left, each over all its tiers; a name too long for its band is set smaller."""
    from matplotlib.patches import FancyBboxPatch

    for phase in dict.fromkeys(tier.phase for tier in tiers):
        of_phase = [tier for tier in tiers if tier.phase == phase]
        top, bottom = of_phase[0].top - OVER, of_phase[-1].bottom + OVER
        axes.add_patch(FancyBboxPatch((0.03, top), STRIP - 0.06, bottom - top, boxstyle="round,pad=0,rounding_size=0.04", facecolor=PALE,
                                      edgecolor="none"))
        name = term(PHASES, phase, language)
        size = min(SMALL, SMALL * (bottom - top - 0.06) / text_width(name, SMALL))
        axes.text(STRIP / 2, (top + bottom) / 2, name, size=size, rotation=90, ha="center", va="center", color=GREY)


def _lines(axes: Axes, tiers: list[Tier]) -> None:
    """Arrows from tier to tier; a box beside the line gets a branch of its own."""
    line = [tier for tier in tiers if not tier.side]
    for upper, lower in pairwise(line):
        _connect(axes, upper, lower)
    for place, tier in enumerate(tiers):
        if tier.side:
            box = tier.boxes[0]
            above = next(other for other in reversed(tiers[:place]) if not other.side)
            _arrow(axes, above.boxes[0].middle, (box.top + box.bottom) / 2, box.left, (box.top + box.bottom) / 2)


def _connect(axes: Axes, upper: Tier, lower: Tier) -> None:
    if len(upper.boxes) == len(lower.boxes):
        for a, b in zip(upper.boxes, lower.boxes, strict=True):
            _arrow(axes, a.middle, a.bottom, b.middle, b.top)
        return
    start = upper.boxes[0]
    y = (upper.bottom + lower.top) / 2
    axes.plot([start.middle, start.middle], [start.bottom, y], color=GREY, linewidth=0.9, solid_capstyle="butt")
    axes.plot([lower.boxes[0].middle, lower.boxes[-1].middle], [y, y], color=GREY, linewidth=0.9)
    for box in lower.boxes:
        _arrow(axes, box.middle, y, box.middle, box.top)


def _arrow(axes: Axes, x0: float, y0: float, x1: float, y1: float) -> None:
    style = {"arrowstyle": "-|>", "color": GREY, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 8}
    axes.annotate("", xy=(x1, y1), xytext=(x0, y0), arrowprops=style)

