"""The cards of a before-after study: all centres together, each centre beside all of them, each other edition beside the one of the study."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.present.causal import NOT_SHOWN
from takeup.present.numbers import effect_digits
from takeup.present.reading import pick, section, statistics
from takeup.present.tables.model import EMPTY, Cell, text_cell
from takeup.present.tables.sites import AVERAGE, league, whole
from takeup.report.cards import END, IMPROVED, MOVED, START, CardPart, Group, Writer
from takeup.results import Estimate, Statistic

if TYPE_CHECKING:
    from takeup.plan.model import Outcome
    from takeup.present.labels import Labels
    from takeup.release.gate import Released
    from takeup.report.cards import Card, Line
    from takeup.report.marks import Kind

Three = dict[str, Statistic | Estimate | None]


class Changes(Writer):
    """Writes one card of changes."""

    def __init__(self, released: Released, labels: Labels, language: str, level: str, edition: str = "") -> None:
        super().__init__(released, labels, language, level, edition)
        self.results = section(released, "sites")
        self.own = level or edition
        where = section(released, "editions") if edition else self.results
        self.known = {(item.variable, item.wave): item for item in self.results if isinstance(item, Statistic) and not item.level
                      and "level" not in item.extra}
        self.mine = {(item.variable, item.wave): item for item in where if isinstance(item, Statistic) and item.extra.get("level") == self.own}
        self.steady = {item.outcome: item for item in self.results if isinstance(item, Estimate) and item.extra.get("level") == level}
        self.years = [item for item in pick(section(released, "cohorts"), "cohort") if isinstance(item, Estimate) and item.term.isdigit()]
        self.women = next(item for item in statistics(self.results, table="sites", kind="share") if item.level)
        programme = labels.plan.programme
        self.analysed = "" if programme is None or programme.analysed is None else str(programme.analysed)

    def written(self, kind: Kind) -> Card:
        """The whole card."""
        _, plan = self._, self.labels.plan
        name = self.named(self.women.variable, self.level) if self.level else _("Edition that began in {year}", year=self.edition) if self.edition \
            else _("All centres together")
        subject = _("edition that began in {year}", year=self.analysed) if self.analysed and not self.edition else ""
        lines = tuple(filter(None, (self.measured(outcome) for outcome in plan.outcomes if outcome.kind == "continuous")))
        answers = tuple(filter(None, (self.answer(outcome) for outcome in plan.outcomes if outcome.kind == "binary")))
        own, every = self.heads()
        moved, shares = (_("Start"), _("End"), _("Change")), (_("Start"), _("End"))
        ends = (*moved, _("Steadied, with interval") if self.level else _("Interval"), _("Improved"))
        mine = (Group(own, ends), Group(every, moved)) if self.own else (Group("", ends),)
        parts = (
            CardPart(title=_("What women said at the start and at the end"), groups=mine, lines=lines, legend=self.legend()),
            CardPart(title=_("Rights and services: share of women"),
                     groups=(Group(own, shares), Group(every, shares)) if self.own else (Group("", shares),), lines=answers),
            *(() if self.own else (self.editions(),)),
        )
        return self.framed(kind, name, subject, every if self.own else "", self.facts(), parts, self.notes())

    def heads(self) -> tuple[str, str]:
        """What the own columns and those beside them are called."""
        _ = self._
        if self.edition:
            return _("Edition {year}", year=self.edition), _("Edition {year}", year=self.analysed) if self.analysed else _("All editions")
        return self.labels.variable(self.women.variable, self.language), _("All centres")

    def legend(self) -> str:
        """What the marks of the picture are."""
        _ = self._
        if self.level:
            return _("\u25cb start  \u25cf end; grey: all centres")
        if self.edition:
            return _("\u25cb start  \u25cf end; grey: edition {year}", year=self.analysed) if self.analysed \
                else _("\u25cb start  \u25cf end; grey: all editions")
        return _("\u25cb start  \u25cf end")

    def facts(self) -> tuple[tuple[Cell, Cell, str], ...]:
        """Women who began, who stayed, and how often they came."""
        _, make = self._, self.make
        every = [item for name in ("sites", "cohorts") for item in statistics(section(self.released, name), table=name, kind="share")]
        size = next((item for item in every if item.level == self.own and item.table == ("cohorts" if self.edition else "sites")), None)
        out = [(make.cell(size, "count", "integer"), make.cell(self.known.get(("women", "")), "value", "integer"), _("women began"))]
        for name, words in (("stayed", _("stayed to the end")), ("attendance", _("mean attendance at the sessions"))):
            mine, all_ = self.mine.get((name, "")), self.known.get((name, ""))
            if all_ is not None and (mine is not None or not self.own):
                out.append((make.cell(mine, "value", "percent", 0), make.cell(all_, "value", "percent", 0), words))
        return tuple(out) if self.own else tuple((all_, EMPTY, words) for _own, all_, words in out)

    def measured(self, outcome: Outcome) -> Line | None:
        """One outcome in numbers."""
        every: Three = {wave: self.known.get((outcome.id, wave)) for wave in (START, END, MOVED)}
        if every[START] is None:
            return None
        average = whole(self.results, outcome.id, AVERAGE)
        digits = min(effect_digits(average.std_error), 2) if average is not None and average.std_error > 0 else 1
        mine: Three = {wave: self.mine.get((outcome.id, wave)) for wave in (START, END, MOVED)}
        if self.edition:
            mine[MOVED] = next((item for item in self.years if item.outcome == outcome.id and item.term == self.edition), None)
        low, high = outcome.support or (math.nan, math.nan)
        shown = (mine[START], mine[END], every[START], every[END]) if self.own else (every[START], every[END], None, None)
        first, last, one, other = (math.nan if found is None else (found.value - low) / (high - low)  # type: ignore[union-attr]  # means of a wave
                                   for found in shown)
        groups = (self._own(outcome, mine, digits), self._three(every, digits)) if self.own else (self._all(outcome, every, average, digits),)
        return self.line(self.labels.outcome(outcome.id, self.language), *groups, unit=self.labels.unit(outcome.id, self.language),
                         marks=(first, last, one, other) if outcome.support else None)

    def _three(self, found: Three, digits: int) -> tuple[Cell, ...]:
        return tuple(self.make.cell(item, "estimate" if isinstance(item, Estimate) else "value", "number", digits) for item in found.values())

    def _own(self, outcome: Outcome, mine: Three, digits: int) -> tuple[Cell, ...]:
        moved = mine[MOVED]
        beside = self.steadied(self.steady.get(outcome.id), digits) if self.level \
            else self.make.interval(moved if isinstance(moved, Estimate) else None, digits=digits)
        better = self.mine.get((f"{outcome.id}.{IMPROVED}", ""))
        return (*self._three(mine, digits), beside, self.make.cell(better, "value", "percent", 0))

    def _all(self, outcome: Outcome, every: Three, average: Estimate | None, digits: int) -> tuple[Cell, ...]:
        better = self.known.get((f"{outcome.id}.{IMPROVED}", ""))
        return (*self._three(every, digits), self.make.interval(average, digits=digits), self.make.cell(better, "value", "percent", 0))

    def steadied(self, found: Estimate | None, digits: int) -> Cell:
        """The shrunken change and its interval in one cell."""
        if found is None or math.isnan(found.estimate):
            return self.make.cell(found, "estimate", "number", digits) if found is not None else text_cell("\u2013")
        number = self.make.number
        text = f"{number.decimal(found.estimate, digits)} ({number.interval(found.conf_low, found.conf_high, digits)})"
        return Cell(text=text, value=(found.estimate, found.conf_low, found.conf_high), result_id=found.provenance.id,
                    fields="estimate conf_low conf_high", digits=digits)

    def answer(self, outcome: Outcome) -> Line | None:
        """One right or service as shares."""
        if (outcome.id, START) not in self.known:
            return None
        where = (self.mine, self.known) if self.own else (self.known,)
        groups = (tuple(self.make.cell(found.get((outcome.id, wave)), "value", "percent", 0) for wave in (START, END)) for found in where)
        return self.line(self.labels.outcome(outcome.id, self.language), *groups)

    def editions(self) -> CardPart:
        """On the card of all centres: the mean change of each outcome, edition by edition."""
        years = tuple(sorted({item.term for item in self.years}))
        at = {(item.outcome, item.term): item for item in self.years}
        lines = []
        for name in dict.fromkeys(item.outcome for item in self.years):
            digits = min(max((effect_digits(item.std_error) for item in self.years if item.outcome == name), default=1), 2)
            cells = tuple(self.make.cell(at.get((name, year)), "estimate", "number", digits) for year in years)
            lines.append(self.line(self.labels.outcome(name, self.language), cells))
        return CardPart(title=self._("Mean change in each edition, by the year in which it began"), groups=(Group("", years),), lines=tuple(lines))

    def notes(self) -> tuple[str, ...]:
        """How to read it, and what it doesn't say."""
        _ = self._
        notes = [_("Start and end are of the women who answered both times. There was no comparison group.") + " " + _(NOT_SHOWN)]
        if self.level:
            notes.append(_("Steadied: drawn to the average of all centres by as much as the centre's few women leave to chance.") + " "
                         + league(self.make))
        if self.edition:
            notes.append(_("Editions differ in centres, in women and in the times: that women changed more in one than in another doesn't say that "
                           "the programme was better in it."))
        return tuple(notes)
