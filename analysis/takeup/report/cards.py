"""The result card: one page a centre, its own numbers beside those of all centres, and one page for all of them. Of released results only.

What the gate withheld stands on the card as such. Numbers are cells, each tied to its result, so that every one can be followed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from takeup.errors import Fault, ReportError
from takeup.present.causal import NOT_SHOWN
from takeup.present.numbers import effect_digits
from takeup.present.reading import pick, section, statistics
from takeup.present.tables.model import EMPTY, Cell, Maker, text_cell
from takeup.present.tables.sites import AVERAGE, league, whole
from takeup.release.gate import require
from takeup.report.full import plan_hash_of
from takeup.report.marks import long_mark, short_mark
from takeup.results import Estimate, FrozenMap, Statistic
from takeup.version import __version__

if TYPE_CHECKING:
    from takeup.plan.model import Outcome
    from takeup.present.labels import Labels
    from takeup.release.gate import Released
    from takeup.report.marks import Kind
    from takeup.results import ResultSet

MASK = "x"
"""What stands in the place of a withheld number; a note on the card says so."""
START, END, MOVED, IMPROVED = "start", "end", "change", "improved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One outcome on a card.

    Attributes
    ----------
    name, unit : str
    own, every : tuple of Cell
        By the card's heads; `own` is empty on the card of all centres.
    marks : tuple of four floats, optional
        Own start and end, start and end of all, as shares of the outcome's range; nan where there is none. None for an outcome without range.
    """

    name: str
    unit: str
    own: tuple[Cell, ...]
    every: tuple[Cell, ...]
    marks: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPart:
    """A table of a card: its title, the heads of the numbers, of the own ones and of those of all, and its lines."""

    title: str
    own: tuple[str, ...]
    every: tuple[str, ...]
    lines: tuple[Line, ...]
    drawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A page.

    Attributes
    ----------
    level : str
        The centre's label in the data; empty on the card of all centres.
    kind, title, subtitle : str
    facts : tuple of (Cell, Cell, str)
        A number of the centre, the same of all, what it is of.
    parts : tuple of CardPart
    heads : (own, all), what the two sets of columns are called
    notes : tuple of str
    """

    level: str
    language: str
    kind: str
    title: str
    subtitle: str
    warning: str
    facts: tuple[tuple[Cell, Cell, str], ...]
    parts: tuple[CardPart, ...]
    heads: tuple[str, str]
    notes: tuple[str, ...]
    meta: FrozenMap = field(default_factory=FrozenMap)

    @property
    def withheld(self) -> bool:
        """Whether any number on the card is kept back."""
        facts = [cell for own, every, _ in self.facts for cell in (own, every)]
        return any(cell.text == MASK for cell in (*facts, *(cell for part in self.parts for line in part.lines for cell in (*line.own, *line.every))))


def levels(released: Released) -> tuple[str, ...]:
    """The centres there are cards of, in the order of their labels."""
    return tuple(item.level for item in statistics(section(require(released), "sites"), table="sites", kind="share") if item.level)


def card(released: Released, labels: Labels, language: str, level: str = "", *, kind: Kind = "final") -> Card:
    """The card of one centre, or of all where no level is named.

    Parameters
    ----------
    released : Released
    labels : Labels
    language : {"en", "nl", "fr"}
    level : one of `levels`
    kind : {"final", "masked", "mock"}
        The kind of build, which a card that isn't final says at its top.

    Raises
    ------
    ReportError
        A study without centres, or a centre that isn't in it.
    """
    known = levels(released)
    if not known:
        raise ReportError(Fault("the plan names no column of centres, so there are no cards", "programme.centre"))
    if level and level not in known:
        raise ReportError(Fault("there is no such centre in the study", "level"))
    return _Writer(released, labels, language, level).written(kind)


class _Writer:
    """Writes one card."""

    def __init__(self, released: Released, labels: Labels, language: str, level: str) -> None:
        self.released, self.labels, self.language, self.level = released, labels, language, level
        self.make = Maker(language)
        self._ = self.make._
        self.hidden = self._("withheld")
        self.results: ResultSet = section(released, "sites")
        self.known = {(item.variable, item.wave, str(item.extra.get("level", ""))): item
                      for item in statistics(self.results, table="sites") if not item.level}
        self.steady = {(item.outcome, str(item.extra["level"])): item
                       for item in self.results if isinstance(item, Estimate) and "level" in item.extra}

    def written(self, kind: Kind) -> Card:
        """The whole card."""
        _, plan, labels = self._, self.labels.plan, self.labels
        women = next(item for item in statistics(self.results, table="sites", kind="share") if item.level)
        name = f"{labels.variable(women.variable, self.language)} {labels.level(women.variable, self.level, self.language)}" if self.level \
            else _("All centres together")
        cohort = str(plan.programme.analysed) if plan.programme is not None and plan.programme.analysed is not None else ""
        edition = _("edition that began in {year}", year=cohort) if cohort else ""
        marked = short_mark(kind, self.language)
        made_up = _("These data are made up by a computer: no conclusion about a real programme can be drawn from them.")
        lines = [self.line(outcome) for outcome in plan.outcomes if outcome.kind == "continuous"]
        answers = [self.answer(outcome) for outcome in plan.outcomes if outcome.kind == "binary"]
        own, every = self.heads(women.variable)
        moved = (_("Start"), _("End"), _("Change"))
        steadied = (*moved, _("Steadied, with interval"), _("Improved"))
        shares = (_("Start"), _("End"))
        parts = (
            CardPart(title=_("What women said at the start and at the end"), own=steadied if self.level else (),
                     every=moved if self.level else (*moved, _("Interval"), _("Improved")), lines=tuple(line for line in lines if line is not None),
                     drawn=True),
            CardPart(title=_("Rights and services: share of women"), own=shares if self.level else (), every=shares,
                     lines=tuple(line for line in answers if line is not None)),
        )
        return Card(
            level=self.level, language=self.language, kind=" \u00b7 ".join(part for part in (_("Result card"), edition) if part),
            title=f"{marked}: {name}" if marked else name, subtitle=labels.title(self.language),
            warning=" ".join(part for part in (long_mark(kind, self.language), made_up if plan.about.synthetic else "") if part),
            facts=tuple((self.masked(own_), self.masked(all_), words) for own_, all_, words in self.facts()),
            parts=tuple(part for part in (*parts, self.editions()) if part.lines), heads=(own, every), notes=self.notes(),
            meta=FrozenMap(study=plan.study, plan_hash=plan_hash_of(self.released), version=__version__),
        )

    def masked(self, cell: Cell) -> Cell:
        """The cell with the mask for the word."""
        return replace(cell, text=MASK) if cell.text == self.hidden else cell

    def heads(self, variable: str) -> tuple[str, str]:
        """What the own columns and those of all are called."""
        return (self.labels.variable(variable, self.language), self._("All centres")) if self.level else ("", self._("All centres"))

    def of(self, variable: str, level: str, wave: str = "") -> Statistic | None:
        """A statistic of the centre or of all."""
        return self.known.get((variable, wave, level))

    def facts(self) -> tuple[tuple[Cell, Cell, str], ...]:
        """Women who began, who stayed, and how often they came."""
        _, make = self._, self.make
        sizes = {item.level: item for item in statistics(self.results, table="sites", kind="share") if item.level}
        whole_ = self.of("women", "")
        out = [(make.cell(sizes.get(self.level), "count", "integer") if self.level else EMPTY, make.cell(whole_, "value", "integer"),
                _("women began"))]
        for name, words in (("stayed", _("stayed to the end")), ("attendance", _("mean attendance at the sessions"))):
            every = self.of(name, "")
            if every is not None:
                out.append((make.cell(self.of(name, self.level), "value", "percent", 0) if self.level else EMPTY,
                            make.cell(every, "value", "percent", 0), words))
        return tuple(out)

    def line(self, outcome: Outcome) -> Line | None:
        """One outcome in numbers."""
        every = {wave: self.of(outcome.id, "", wave=wave) for wave in (START, END, MOVED)}
        if every[START] is None:
            return None
        average = whole(self.results, outcome.id, AVERAGE)
        digits = min(effect_digits(average.std_error), 2) if average is not None and average.std_error > 0 else 1
        mine = {wave: self.of(outcome.id, self.level, wave=wave) for wave in (START, END, MOVED)} if self.level else {}
        low, high = outcome.support or (math.nan, math.nan)
        marks = tuple((found.value - low) / (high - low) if found is not None else math.nan
                      for found in (mine.get(START), mine.get(END), every[START], every[END])) if outcome.support else None
        own = self._own(outcome, mine, digits) if self.level else ()
        return Line(name=self.labels.outcome(outcome.id, self.language), unit=self.labels.unit(outcome.id, self.language),
                    own=tuple(map(self.masked, own)), every=tuple(map(self.masked, self._every(outcome, every, average, digits))),
                    marks=marks)  # type: ignore[arg-type]  # four of them

    def _own(self, outcome: Outcome, mine: dict[str, Statistic | None], digits: int) -> tuple[Cell, ...]:
        make = self.make
        return (*(make.cell(mine[wave], "value", "number", digits) for wave in (START, END, MOVED)),
                self.steadied(self.steady.get((outcome.id, self.level)), digits),
                make.cell(self.of(f"{outcome.id}.{IMPROVED}", self.level), "value", "percent", 0))

    def _every(self, outcome: Outcome, every: dict[str, Statistic | None], average: Estimate | None, digits: int) -> tuple[Cell, ...]:
        make = self.make
        cells = tuple(make.cell(every[wave], "value", "number", digits) for wave in (START, END, MOVED))
        if self.level:
            return cells
        return (*cells, make.interval(average, digits=digits), make.cell(self.of(f"{outcome.id}.{IMPROVED}", ""), "value", "percent", 0))

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
        every = [self.of(outcome.id, "", wave=wave) for wave in (START, END)]
        if every[0] is None:
            return None
        mine = [self.of(outcome.id, self.level, wave=wave) for wave in (START, END)] if self.level else []
        own, all_ = (tuple(self.masked(self.make.cell(found, "value", "percent", 0)) for found in cells) for cells in (mine, every))
        return Line(name=self.labels.outcome(outcome.id, self.language), unit="", own=own, every=all_)

    def editions(self) -> CardPart:
        """On the card of all centres: the mean change of each outcome, edition by edition."""
        found = [] if self.level else [item for item in pick(section(self.released, "cohorts"), "cohort")
                                       if isinstance(item, Estimate) and item.term.isdigit()]
        years = sorted({item.term for item in found})
        at = {(item.outcome, item.term): item for item in found}
        lines = []
        for name in dict.fromkeys(item.outcome for item in found):
            digits = min(max((effect_digits(item.std_error) for item in found if item.outcome == name), default=1), 2)
            cells = tuple(self.masked(self.make.cell(at.get((name, year)), "estimate", "number", digits)) for year in years)
            lines.append(Line(name=self.labels.outcome(name, self.language), unit="", own=(), every=cells))
        return CardPart(title=self._("Mean change in each edition, by the year in which it began"), own=(), every=tuple(years), lines=tuple(lines))

    def notes(self) -> tuple[str, ...]:
        """How to read it, and what it doesn't say."""
        _, rules = self._, self.released.rules
        number = self.make.number
        notes = [_("Start and end are of the women who answered both times. There was no comparison group.") + " " + _(NOT_SHOWN)]
        if self.level:
            notes.append(_("Steadied: drawn to the average of all centres by as much as the centre's few women leave to chance.") + " "
                         + league(self.make))
        if rules.cell > 1:
            notes.append(_("{mask}: withheld, because fewer than {cell} women, or all but so few, would be seen, or could be worked out from the "
                           "card of all centres and the others.", mask=MASK, cell=number.integer(rules.cell)))
        if rules.base > 1:
            notes.append(_("Counts are rounded to the nearest {base}.", base=number.integer(rules.base)))
        return tuple(notes)
