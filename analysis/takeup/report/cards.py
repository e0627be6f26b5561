"""The result card: one page a centre, an edition or a place, its own numbers beside those of all, and one page for all of them.

Of released results only. What the gate withheld stands on the card as such. Numbers are cells, each tied to its result, so that every one can be
followed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from takeup.errors import Fault, ReportError
from takeup.present.reading import pick, section, statistics
from takeup.present.tables.model import Maker
from takeup.release.gate import require
from takeup.report.full import plan_hash_of
from takeup.report.marks import long_mark, short_mark
from takeup.results import FrozenMap
from takeup.version import __version__

if TYPE_CHECKING:
    from takeup.present.labels import Labels
    from takeup.present.tables.model import Cell
    from takeup.release.gate import Released
    from takeup.report.marks import Kind

MASK = "x"
"""What stands in the place of a withheld number; a note on the card says so."""
START, END, MOVED, IMPROVED = "start", "end", "change", "improved"
Marks = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One outcome, or one place, on a card.

    Attributes
    ----------
    name, unit : str
    cells : tuple of tuples of Cell
        By the part's groups of columns.
    marks : tuple of four floats, optional
        Start and end of the first group, start and end of those beside it, as shares of the outcome's range; nan where there is none. None for an
        outcome without range.
    """

    name: str
    unit: str = ""
    cells: tuple[tuple[Cell, ...], ...]
    marks: Marks | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Columns that belong together: what they are of, empty where that is plain, and their titles."""

    head: str
    titles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPart:
    """A table of a card; `legend` says what the marks of its picture are, and is empty where nothing is drawn."""

    title: str
    groups: tuple[Group, ...]
    lines: tuple[Line, ...]
    legend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A page.

    Attributes
    ----------
    level, edition : str
        The centre's or place's label in the data, or the year in which the edition began; both empty on the card of all.
    kind, title, subtitle : str
    facts : tuple of (Cell, Cell, str)
        A number, the same of those beside, what it is of.
    beside : str
        Who the second number of each fact is of; empty where there is none.
    parts : tuple of CardPart
    notes : tuple of str
    """

    level: str
    edition: str = ""
    language: str
    kind: str
    title: str
    subtitle: str
    warning: str
    facts: tuple[tuple[Cell, Cell, str], ...]
    beside: str
    parts: tuple[CardPart, ...]
    notes: tuple[str, ...]
    meta: FrozenMap = field(default_factory=FrozenMap)

    @property
    def withheld(self) -> bool:
        """Whether any number on the card is kept back."""
        facts = (cell for own, every, _ in self.facts for cell in (own, every))
        told = (cell for part in self.parts for line in part.lines for group in line.cells for cell in group)
        return any(cell.text == MASK for cell in (*facts, *told))


def levels(released: Released) -> tuple[str, ...]:
    """The centres, or of a comparison the places, that there are cards of, in the order of their labels."""
    every = [item for name in ("sites", "places") for item in statistics(section(require(released), name), table=name, kind="share")]
    return tuple(dict.fromkeys(item.level for item in every if item.level))


def editions(released: Released) -> tuple[str, ...]:
    """The years in which the other editions began, each of which has a card."""
    return tuple(dict.fromkeys(str(item.extra["level"]) for item in pick(section(require(released), "editions"), "edition")))


def card(released: Released, labels: Labels, language: str, level: str = "", *, edition: str = "", kind: Kind = "final") -> Card:
    """The card of one centre, place or edition, or of all where none is named.

    Parameters
    ----------
    released : Released
    labels : Labels
    language : {"en", "nl", "fr"}
    level : one of `levels`
    edition : one of `editions`
    kind : {"final", "masked", "mock"}
        The kind of build, which a card that isn't final says at its top.

    Raises
    ------
    ReportError
        A study without centres and without places of two groups, or a centre, place or edition that isn't in it.
    """
    known = levels(released)
    if not known:
        raise ReportError(Fault("there are cards of centres, or of a comparison's places, and the results have neither", "programme.centre",
                                "evidence: before_after with programme.centre, evidence: comparison with design.blocks or programme.centre"))
    if level and level not in known:
        raise ReportError(Fault("there is no such centre in the study", "level"))
    if edition and edition not in editions(released):
        raise ReportError(Fault("there is no such edition in the study", "edition"))
    from takeup.report.cards_changes import Changes
    from takeup.report.cards_compared import Compared

    writer = Compared if labels.plan.evidence == "comparison" else Changes
    return writer(released, labels, language, level, edition).written(kind)


class Writer:
    """What writes a card in one language: its frame; the parts are the kinds'."""

    def __init__(self, released: Released, labels: Labels, language: str, level: str, edition: str = "") -> None:
        self.released, self.labels, self.language, self.level, self.edition = released, labels, language, level, edition
        self.make = Maker(language)
        self._ = self.make._
        self.hidden = self._("withheld")

    def framed(self, kind: Kind, name: str, subject: str, beside: str, facts: tuple[tuple[Cell, Cell, str], ...],
               parts: tuple[CardPart, ...], notes: tuple[str, ...]) -> Card:
        """The card with its head, its warnings and the notes that every card has; withheld numbers masked."""
        _, plan = self._, self.labels.plan
        marked = short_mark(kind, self.language)
        made_up = _("These data are made up by a computer: no conclusion about a real programme can be drawn from them.")
        return Card(
            level=self.level, edition=self.edition, language=self.language,
            kind=" \u00b7 ".join(part for part in (_("Result card"), subject) if part),
            title=self._("{first}: {second}", first=marked, second=name) if marked else name, subtitle=self.labels.title(self.language),
            warning=" ".join(part for part in (long_mark(kind, self.language), made_up if plan.about.synthetic else "") if part),
            facts=tuple((self.masked(own), self.masked(every), words) for own, every, words in facts), beside=beside,
            parts=tuple(part for part in parts if part.lines), notes=(*notes, *self.rules()),
            meta=FrozenMap(study=plan.study, plan_hash=plan_hash_of(self.released), version=__version__),
        )

    def masked(self, cell: Cell) -> Cell:
        """The cell with the mask for the word."""
        return replace(cell, text=MASK) if cell.text == self.hidden else cell

    def line(self, name: str, *groups: tuple[Cell, ...], unit: str = "", marks: Marks | None = None) -> Line:
        """A line with its withheld numbers masked."""
        return Line(name=name, unit=unit, cells=tuple(tuple(map(self.masked, group)) for group in groups), marks=marks)

    def named(self, variable: str, level: str) -> str:
        """A centre or place as its card is called: its own name where the schema has one, else the column's with the number."""
        own = self.labels.level(variable, level, self.language)
        return f"{self.labels.variable(variable, self.language)} {level}" if own == level else own

    def rules(self) -> tuple[str, ...]:
        """What is kept back and rounded."""
        _, rules, number = self._, self.released.rules, self.make.number
        notes = []
        if rules.cell > 1:
            notes.append(_("{mask}: withheld. Fewer than {cell} women would be seen, or all but fewer than {cell}, here or by comparing cards.",
                           mask=MASK, cell=number.integer(rules.cell)))
        if rules.base > 1:
            notes.append(_("Counts are rounded to the nearest {base}, and means to steps that don't tell them, so numbers may not add up to the last "
                           "digit.", base=number.integer(rules.base)))
        return tuple(notes)

