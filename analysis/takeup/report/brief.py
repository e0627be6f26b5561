"""The policy brief: what was found first, one figure, what it means, how sure, what it cost, what isn't known. Two pages in every format.

It says what the full report says: the same released results through the same rule, so a brief can't claim more than its study.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from takeup.errors import Fault, ReportError, TakeupError
from takeup.plan.evidence import MAIN
from takeup.present.catalogue import mark
from takeup.present.catalogue import words as catalogue
from takeup.present.labels import in_language
from takeup.present.numbers import numbers
from takeup.present.tables.summary import summary
from takeup.present.text import Span, joined, said
from takeup.present.wording import finding
from takeup.release.gate import require
from takeup.report.brief_figure import Chart, chart, memorable
from takeup.report.brief_parts import changed, costs, result_ids
from takeup.report.document import Block, Bullets, Callout, Document, FigureBlock, Heading, Note, Paragraph, TableBlock
from takeup.report.full import TONES, plan_hash_of
from takeup.report.limits import limitations
from takeup.report.marks import long_mark, marked_figure, marked_pictures, marked_table, short_mark
from takeup.report.methods import methods
from takeup.report.placeholders import bound, typed
from takeup.report.programme import design_lines
from takeup.report.sentences import Teller
from takeup.report.words import blocks, sentence
from takeup.results import FrozenMap
from takeup.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from takeup.plan.model import Plan
    from takeup.present.figures.model import Figure
    from takeup.present.labels import Labels
    from takeup.present.tables.model import Table
    from takeup.present.text import Spans
    from takeup.present.wording import Finding
    from takeup.release.gate import Released
    from takeup.report.marks import Kind
    from takeup.results import Estimate

OWN = ("message", "meaning", "cost", "unknown")
"""The sections of the authors' words that only a brief has."""
ROWS, UNKNOWNS = 9, 4
"""Rows of the table, and limitations told, at most; the full report has them all."""
LANGUAGE_NAMES = {"en": mark("English"), "nl": mark("Dutch"), "fr": mark("French")}
KINDS = {"randomized": mark("Randomised trial"), "comparison": mark("Comparison without a draw"), "before_after": mark("Before-and-after study")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A headed part of a brief. `language` is that of the authors' words in it, which may have fallen back to another."""

    id: str
    title: str
    blocks: tuple[Block, ...]
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """A brief in one language, before any format.

    Attributes
    ----------
    title, kind, language : str
        The study's title, and what sort of study it is.
    warning : Spans
        What must be said before anything else (made-up data); empty where there is nothing.
    message : tuple of Callout
        The main finding, in the rule's own words, one an arm.
    figure : Figure or None
        The one picture.
    chart : Chart or None
        The same arms as numbers, for a native chart.
    table : Table
        Every planned outcome at a glance, the primary ones first; `shortened` to what a page or a slide holds.
    meaning, sure, cost, unknown : Part
        `cost` has no blocks where the plan has no costs.
    sources : Spans
        The ids of the results shown, and what the brief was made from.
    method : tuple of Spans
        How it was done, for the notes of a speaker.
    complaints : tuple of Fault
        Words and labels that aren't written in this language, and numbers typed by hand that a result holds.
    """

    title: str
    kind: str
    language: str
    warning: Spans
    message: tuple[Callout, ...]
    lead: tuple[Block, ...]
    figure: Figure | None
    chart: Chart | None
    table: Table
    meaning: Part
    sure: Part
    cost: Part
    unknown: Part
    sources: Spans
    method: tuple[Spans, ...]
    complaints: tuple[Fault, ...] = ()
    meta: FrozenMap = field(default_factory=FrozenMap)

    def pages(self) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
        """The blocks of the two pages in reading order."""
        first: list[Block] = [*([Note(spans=self.warning)] if self.warning else []), *self.lead, *self.message]
        if self.figure is not None:
            first.append(FigureBlock(figure=self.figure, with_data=False))
        second: list[Block] = [TableBlock(table=shortened(self.table, ROWS))] if self.table.rows else []
        for blocks_, parts in ((first, (self.meaning,)), (second, (self.sure, self.cost, self.unknown))):
            blocks_.extend(block for part in parts if part.blocks for block in (Heading(text=part.title, id=part.id), *part.blocks))
        return tuple(first), (*second, Note(spans=self.sources))

    def document(self) -> Document:
        """Both pages as one document."""
        first, second = self.pages()
        return Document(title=self.title, subtitle=self.kind, language=self.language, blocks=(*first, *second), meta=self.meta)


def brief(
    released: Released, plan: Plan, labels: Labels, words: Mapping[str, Mapping[str, str]], language: str, *, kind: Kind = "final",
) -> Brief:
    """The brief of a study in one language.

    Parameters
    ----------
    released : Released
    plan : Plan
        The plan the results were made by; `labels` holds the same.
    labels : Labels
    words : mapping of language to (mapping of section to Markdown)
        The authors' own words; the brief uses `message`, `meaning`, `cost` and `unknown`. A section that isn't written in the language is
        taken from the first language that has it, and the brief says so.
    language : {"en", "nl", "fr"}
    kind : {"final", "masked", "mock"}
        The kind of build, which a brief that isn't final says on every page.

    Returns
    -------
    Brief

    Raises
    ------
    ReleaseError
        Results that didn't pass the gate.
    ReportError
        No result of a main estimate; a placeholder that names no result; words outside the small part of Markdown.
    """
    require(released)
    if labels.plan is not plan and labels.plan != plan:
        raise ReportError(Fault("the labels belong to another plan", "labels"))
    writer = _Writer(Teller(released, labels, language), words)
    if not writer.tell.main():
        raise ReportError(Fault("a brief needs the estimate of at least one outcome, and there is none", MAIN[plan.evidence][0]))
    with marked_pictures(kind, language, synthetic=plan.about.synthetic):
        return _marked(writer.written(), kind)


def _marked(made: Brief, kind: Kind) -> Brief:
    """The brief with the mark of a masked or mock build at its top and in its title, table and figure."""
    if kind == "final":
        return made
    language = made.language
    short, top = short_mark(kind, language), said(long_mark(kind, language), strong=True)
    return replace(made, title=catalogue(language)("{first}: {second}", first=short, second=made.title), warning=joined(top, made.warning),
                   figure=None if made.figure is None else marked_figure(made.figure, kind, language),
                   chart=None if made.chart is None else replace(made.chart, title=f"{short}: {made.chart.title}"),
                   table=marked_table(made.table, kind, language))


class _Writer:
    """Writes the parts."""

    def __init__(self, tell: Teller, words: Mapping[str, Mapping[str, str]]) -> None:
        self.tell, self.words = tell, words
        self.labels, self.language, self._, self.plan = tell.labels, tell.language, tell._, tell.labels.plan
        self.complaints: list[Fault] = []
        self.faults: list[Fault] = []
        primary = tell.main("primary") or tell.main()[:1]
        self.first = [item for item in primary if item.outcome == primary[0].outcome]
        self.primary = primary

    def written(self) -> Brief:
        """The whole brief. ReportError with every fault in the authors' words at once."""
        _, plan = self._, self.plan
        own, _language = self.own("message")
        lead = (*design_lines(self.tell), *own)
        parts = {part.id: part for part in (self.meaning(), self.sure(), self.cost(), self.unknown())}
        if self.faults:
            raise ReportError(*self.faults)
        warning = said(_("These data are made up by a computer: no conclusion about a real programme can be drawn from them.")) \
            if plan.about.synthetic else ()
        outcomes = list(dict.fromkeys(item.outcome for item in self.primary))
        made = Brief(
            title=self.labels.title(self.language), kind=self.kind(), language=self.language, warning=warning, lead=lead,
            message=tuple(self.card(item) for item in self.first), figure=memorable(self.first, self.labels, self.language),
            chart=chart([[item for item in self.primary if item.outcome == name] for name in outcomes], self.labels, self.language),
            table=self.table(), meaning=parts["meaning"], sure=parts["sure"], cost=parts["cost"], unknown=parts["unknown"],
            sources=(), method=self.method(), complaints=(*self.complaints, *self.unwritten()),
            meta=FrozenMap(study=plan.study, plan_hash=plan_hash_of(self.tell.released), version=__version__, evidence=plan.evidence),
        )
        return replace(made, sources=self.sources(made))

    def kind(self) -> str:
        """The line over the title: what sort of study, and of how many."""
        _ = self._
        kind = _(KINDS[self.plan.evidence])
        whole = self.tell.entered()
        if whole is None or math.isnan(whole.value):
            return _("Policy brief \u00b7 {kind}", kind=kind)
        return _("Policy brief \u00b7 {kind} \u00b7 {n} {people}", kind=kind, n=self.tell.number.integer(whole.value),
                 people=self.labels.units(self.language))

    def card(self, estimate: Estimate) -> Callout:
        """The message: the verdict as the big line, the sentence and its numbers under it."""
        found = finding(estimate, self.labels, self.language)
        return Callout(title=self.of_arm(found, estimate), badge=found.short, tone=TONES[found.verdict], result_id=found.result_id,
                       lines=tuple(line for line in (found.says, joined(found.numbers, self.tell.rounded(estimate))) if line))

    def of_arm(self, found: Finding, estimate: Estimate) -> str:
        """An outcome's name, with the arm where there are several."""
        several = len(self.plan.design.arms) > 2
        return self._("{outcome}, {arm}", outcome=found.outcome, arm=self.labels.arm(estimate.arm, self.language)) if several else found.outcome

    def table(self) -> Table:
        """The primary outcomes, then others as far as the page holds them."""
        shown = [*self.primary, *(item for item in self.tell.main() if item not in self.primary)]
        return replace(summary(shown, self.labels, self.language), title=self._("The planned outcomes at a glance"))

    def own(self, name: str) -> tuple[tuple[Block, ...], str]:
        """The authors' words of a section with their numbers bound, in this language or, said so, in another; and the language."""
        language = next((spoken for spoken in (self.language, *self.plan.languages, "en", "nl", "fr")
                         if self.words.get(spoken, {}).get(name, "").strip()), "")
        if not language:
            return (), self.language
        where, text = f"words/{language}/{name}.md", self.words[language][name]
        tell = self.tell if language == self.language else Teller(self.tell.released, self.labels, language)
        try:
            made = bound(blocks(text, name), tell, where)
        except TakeupError as error:
            self.faults += [replace(fault, where=fault.where.replace(f"words/{name}.md", where)) for fault in error.faults]
            return (), language
        self.complaints += typed(text, tell, where)
        if language == self.language:
            return made, language
        self.complaints.append(Fault("isn't written", f"words/{self.language}/{name}.md", remedy=f"The brief shows {where} and says so."))
        note = self._("The authors wrote this part in another language only: {language}.", language=self._(LANGUAGE_NAMES[language]))
        return (Paragraph(spans=(Span(text=note, emphasis=True),)), *made), language

    def part(self, name: str, title: str, first: tuple[Block, ...], *, before: bool = False) -> Part:
        """A part: what follows from the results and what the authors wrote."""
        own, language = self.own(name) if name in OWN else ((), self.language)
        return Part(id=name, title=title, blocks=(*own, *first) if before else (*first, *own), language=language)

    def meaning(self) -> Part:
        """What was tried, with whom, and what the difference comes down to."""
        _, about = self._, self.plan.about
        what = [(_("Programme"), about.intervention), (_("Compared with"), about.comparator)]
        items = [(Span(text=_("{first}: {second}", first=name, second=""), strong=True), *sentence(in_language(text, self.language), "plan"))
                 for name, text in what if text]
        base = self.tell.released.rules.base
        rounded = said(_("Counts are rounded to the nearest {base}.", base=self.tell.number.integer(base))) if base > 1 else ()
        items.append(joined(_whole(self.tell.flow()), rounded, _whole(self.tell.takeup())))
        items.append(_whole(self.tell.rights()))
        items += [_whole(line) for line in changed(self.tell)]
        items.append(finding(self.first[0], self.labels, self.language).matters)
        return self.part("meaning", _("What it means"), (Bullets(items=tuple(item for item in items if item)),), before=True)

    def sure(self) -> Part:
        """What the design allows to be said, whether the draw was fair, whether other methods agree."""
        tell = self.tell
        start = self._("The groups at the start:")
        balance = (Span(text=f"{start} ", strong=True), *tell.draw()) if tell.draw() else ()
        items = (tell.evidence_line(), balance, *(tell.same_verdict(item) for item in self.primary[:2]), self.unregistered())
        return self.part("sure", self._("How sure is this?"), (Bullets(items=tuple(item for item in items if item)),))

    def unregistered(self) -> Spans:
        """The limitation that concerns trust in the study, where it applies."""
        told = said(self._("The plan names no public registration made before the results were known."))
        return told if told in limitations(self.tell) else ()

    def cost(self) -> Part:
        """What it cost, and one more of what it is for."""
        items = tuple(costs(self.tell))
        source = self.plan.cost.source if self.plan.cost is not None else ""
        if source:
            items = (*items, sentence(in_language(source, self.language), "plan"))
        known = bool(items) or self.plan.cost is not None
        return self.part("cost", self._("What did it cost?"), (Bullets(items=items),) if items else ()) if known else \
            Part(id="cost", title="", blocks=(), language=self.language)

    def unknown(self) -> Part:
        """What the numbers say of their own limits, after the authors."""
        _ = self._
        synthetic = said(_("The data are made up by a computer. They show how the report works and say nothing about any real programme."))
        elsewhere = (self.tell.evidence_line(), self.unregistered(), synthetic)
        found = [item for item in limitations(self.tell) if item not in elsewhere][:UNKNOWNS]
        nothing = said(_("The numbers themselves point to no limitation beyond their intervals."))
        first: tuple[Block, ...] = (Bullets(items=tuple(found)),) if found else ()
        told = self.part("unknown", _("What we do not know"), first, before=True)
        return told if told.blocks else replace(told, blocks=(Paragraph(spans=nothing),))

    def method(self) -> tuple[Spans, ...]:
        """The methods in running text."""
        return tuple(block.spans for block in methods(self.tell) if isinstance(block, Paragraph))

    def sources(self, made: Brief) -> Spans:
        """Where every number comes from, by result id, and how to cite."""
        _, plan = self._, self.plan
        ids = list(dict.fromkeys(result_ids(made.document())))
        parts = [_("Every number is a result with an id of its own in results.csv: {ids}.", ids=", ".join(ids))]
        if plan.registration is not None:
            parts.append(_("Registered: {registry}, {id}.", registry=plan.registration.registry, id=plan.registration.id))
        elif plan.about.citation:
            parts.append(_("Please cite: {citation}", citation=in_language(plan.about.citation, self.language)))
        made_by = _("Made by takeup {version} from plan {hash}; the full report has the methods, every outcome and every check.", version=__version__,
                    hash=str(made.meta["plan_hash"])[:12])
        return said(" ".join((*parts, made_by)))

    def unwritten(self) -> Iterator[Fault]:
        """The labels of plan and schemas that exist in other languages only."""
        missing = self.labels.complaint(self.language)
        if missing:
            yield missing


def shortened(table: Table, most: int) -> Table:
    """The first rows of the table, and how many the full report has more."""
    left = len(table.rows) - most
    if left <= 0:
        return table
    more = catalogue(table.language).plural("{n} more outcome is in the full report.", "{n} more outcomes are in the full report.", left,
                                            n=numbers(table.language).integer(left))
    return replace(table, rows=table.rows[:most], notes=(*table.notes, more))


def _whole(spans: Spans) -> Spans:
    """The sentence, or nothing where a number in it was withheld: a brief has no room for a sentence without its point."""
    return () if any(span.result_id and (span.value is None or math.isnan(span.value)) for span in spans) else spans
