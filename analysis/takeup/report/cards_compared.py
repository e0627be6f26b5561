"""The cards of a comparison: all places together with the difference after adjustment, and each place with both groups and no difference."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.plan.evidence import MAIN
from takeup.present.numbers import effect_digits
from takeup.present.reading import only, section
from takeup.present.tables.effects import scale_of
from takeup.report.cards import END, START, CardPart, Group, Writer, levels
from takeup.report.programme import CAN
from takeup.results import Statistic

if TYPE_CHECKING:
    from takeup.plan.model import Outcome
    from takeup.present.labels import Labels
    from takeup.present.tables.model import Cell
    from takeup.release.gate import Released
    from takeup.report.cards import Card, Line
    from takeup.report.marks import Kind

CHAPTER, FIRST = MAIN["comparison"]


class Compared(Writer):
    """Writes one card of a comparison. Of several treated arms it shows the first beside the comparison group."""

    def __init__(self, released: Released, labels: Labels, language: str, level: str, edition: str = "") -> None:
        super().__init__(released, labels, language, level, edition)
        found = [item for item in section(released, "places") if isinstance(item, Statistic)]
        self.control = str(labels.plan.design.control)
        self.arm = next(item.arm for item in found if item.arm != self.control)
        self.sizes = {(item.level, item.arm): item for item in found if item.level}
        self.place = next(item.variable for item in found if item.level)
        self.known = {(item.variable, item.wave, str(item.extra.get("level", "")), item.arm): item for item in found if not item.level}
        self.arms = (self.arm, self.control)

    def written(self, kind: Kind) -> Card:
        """The whole card."""
        _, plan = self._, self.labels.plan
        spoken = tuple(self.labels.arm(arm, self.language) for arm in self.arms)
        name = self.named(self.place, self.level) if self.level else _("All places together")
        shares = (_("Start"), _("End"))
        groups = tuple(Group(head, shares) for head in spoken)
        difference = Group(_("Difference with the comparison group after adjustment"), (_("Difference"), _("Interval")))
        if self.level:
            groups = (*(Group(_("{first}: {second}", first=name, second=head), shares) for head in spoken),
                      *(Group(_("All places: {group}", group=head), shares) for head in spoken))
        points = Group(difference.head, (_("Percentage points"), _("Interval")))
        parts = (
            CardPart(title=_("What women said at the start and at the end"), groups=groups if self.level else (*groups, difference),
                     lines=tuple(self.measured(outcome) for outcome in plan.outcomes if outcome.kind == "continuous"),
                     legend=_("\u25cb start  \u25cf end; blue: {programme}, grey: {others}", programme=spoken[0], others=spoken[1])),
            CardPart(title=_("Rights and services: share of women"), groups=groups if self.level else (*groups, points),
                     lines=tuple(self.answer(outcome) for outcome in plan.outcomes if outcome.kind == "binary")),
            *(() if self.level else (self.by_place(spoken),)),
        )
        return self.framed(kind, name, _("Comparison without a draw"), spoken[1], self.facts(spoken[0]), parts, self.notes())

    def of(self, variable: str, wave: str = "", level: str | None = None) -> tuple[Statistic | None, Statistic | None]:
        """A number of each group, of the card's place where no other is named."""
        where = self.level if level is None else level
        first, other = (self.known.get((variable, wave, where, arm)) for arm in self.arms)
        return first, other

    def facts(self, programme: str) -> tuple[tuple[Cell, Cell, str], ...]:
        """Women who began and who stayed, in both groups."""
        _, make = self._, self.make
        flow = {item.arm: item for item in section(self.released, "flow") if isinstance(item, Statistic) and item.variable == "allocated"}
        sizes = [self.sizes.get((self.level, arm)) if self.level else flow.get(arm) for arm in self.arms]
        began, others = (make.cell(item, "count", "integer") for item in sizes)
        stayed, gone = (make.cell(item, "value", "percent", 0) for item in self.of("stayed"))
        return ((began, others, _("women began: {group}", group=programme)), (stayed, gone, _("stayed to the end: {group}", group=programme)))

    def measured(self, outcome: Outcome) -> Line:
        """One outcome in numbers: both groups at both times, and the difference, or those of all places."""
        found = only(section(self.released, CHAPTER), FIRST, outcome.id, self.arm)
        digits = min(effect_digits(found.std_error), 2) if found is not None and found.std_error > 0 else 1
        groups = self._groups(outcome, "number", digits)
        beside = self._groups(outcome, "number", digits, level="") if self.level else (
            (self.make.cell(found, "estimate", "number", digits), self.make.interval(found, digits=digits)),)
        low, high = outcome.support or (math.nan, math.nan)
        ends = [self.of(outcome.id, wave) for wave in (START, END)]
        shown = (ends[0][0], ends[1][0], ends[0][1], ends[1][1])
        first, last, one, other = (math.nan if item is None else (item.value - low) / (high - low) for item in shown)
        return self.line(self.labels.outcome(outcome.id, self.language), *groups, *beside, unit=self.labels.unit(outcome.id, self.language),
                         marks=(first, last, one, other) if outcome.support else None)

    def answer(self, outcome: Outcome) -> Line:
        """One right or service as shares, and the difference in points."""
        found = only(section(self.released, CHAPTER), FIRST, outcome.id, self.arm)
        _means, kind, _digits, scale = scale_of(outcome, found)
        beside = self._groups(outcome, "percent", 0, level="") if self.level else (
            (self.make.cell(found, "estimate", kind, 0), self.make.interval(found, digits=0, scale=scale)),)
        return self.line(self.labels.outcome(outcome.id, self.language), *self._groups(outcome, "percent", 0), *beside)

    def _groups(self, outcome: Outcome, kind: str, digits: int, level: str | None = None) -> tuple[tuple[Cell, ...], ...]:
        ends = [self.of(outcome.id, wave, level) for wave in (START, END)]
        return tuple(tuple(self.make.cell(end[side], "value", kind, digits) for end in ends) for side in (0, 1))  # type: ignore[arg-type]

    def by_place(self, spoken: tuple[str, ...]) -> CardPart:
        """On the card of all places: who began and who stayed in each."""
        _, make = self._, self.make
        lines = []
        for level in levels(self.released):
            stayed = self.of("stayed", level=level)
            groups = (((make.cell(self.sizes.get((level, arm)), "count", "integer"), make.cell(stayed[side], "value", "percent", 0))
                       for side, arm in enumerate(self.arms)))
            lines.append(self.line(self.named(self.place, level), *groups))
        return CardPart(title=_("Women who began and who stayed, by place"), groups=tuple(Group(head, (_("Began"), _("Stayed"))) for head in spoken),
                        lines=tuple(lines))

    def notes(self) -> tuple[str, ...]:
        """How to read it, and what it doesn't say."""
        _ = self._
        opening = CAN["comparison"]
        notes = [_("Start and end are of the women who answered both times. The difference is of all who answered at the end.")] if not self.level \
            else [_("Start and end are of the women who answered both times. No difference is worked out for one place: its few women leave too "
                    "much to chance.")]
        return (*notes, f"{_(opening[0])} {_(opening[2])}")
