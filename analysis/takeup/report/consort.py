"""The CONSORT 2025 checklist: each item met in the report, pointed to in a file, or left to the authors. Nothing is claimed that isn't there.

The items are those of Hopewell and others (2025), CONSORT 2025 statement, in our own words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from takeup.present.catalogue import mark, words
from takeup.present.numbers import numbers
from takeup.present.reading import pick, section
from takeup.present.tables.model import Cell, Column, Row, Table, text_cell
from takeup.present.text import said
from takeup.release.gate import require
from takeup.report.document import Block, Document, Paragraph, TableBlock
from takeup.report.html import html
from takeup.results import FrozenMap
from takeup.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from takeup.present.labels import Labels
    from takeup.release.gate import Released

Status = Literal["filled", "pointed", "authors", "not_applicable"]
STATUS: dict[str, str] = {
    "filled": mark("in the report"), "pointed": mark("in a file beside it"), "authors": mark("for the authors"),
    "not_applicable": mark("doesn't apply"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What the rules look at."""

    released: Released
    labels: Labels
    words: Mapping[str, str]

    def has(self, name: str) -> bool:
        """Whether a section has results."""
        return bool(len(section(self.released, name)))

    def own(self, *names: str) -> bool:
        """Whether the authors wrote one of these sections."""
        return any(self.words.get(name, "").strip() for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of the checklist.

    Attributes
    ----------
    number, part, asks : str
    chapter : str
        The anchor of the chapter that meets it.
    own : tuple of str
        The sections of the authors' words that meet it.
    test : function of the case
        Whether the plan or the results meet it; none where only words can.
    otherwise : Status
        What holds when neither does.
    file : str
        The files beside the report that meet it.
    """

    number: str
    part: str
    asks: str
    chapter: str
    own: tuple[str, ...] = ()
    test: Callable[[Case], bool] | None = None
    otherwise: Status = "authors"
    file: str = ""

    def status(self, case: Case) -> Status:
        """Where the item stands in this case."""
        if self.file:
            return "pointed"
        met = (self.test is not None and self.test(case)) or case.own(*self.own)
        return "filled" if met else self.otherwise


def _always(case: Case) -> bool:
    del case
    return True


def _randomised_in_title(case: Case) -> bool:
    title = case.labels.plan.title
    texts = [title] if isinstance(title, str) else list(title.values())
    return any(part in text.lower() for text in texts for part in ("random", "gerandomiseerd", "geloot", "tirage au sort", "by lot"))


def _both_scales(case: Case) -> bool:
    """Every outcome has its estimate, and every 0/1 outcome its ratio as well."""
    effects = section(case.released, "effects")
    have = {result.outcome for result in pick(effects, "effect")}
    ratios = {result.outcome for result in pick(effects, "ratio")}
    return all(outcome.id in have and (outcome.kind != "binary" or outcome.id in ratios) for outcome in case.labels.plan.outcomes)


TITLE, OPEN, START, HOW, WHAT, MEANS = (
    mark("Title and summary"), mark("Open science"), mark("Introduction"), mark("Methods"), mark("Results"), mark("Discussion"),
)
ITEMS: tuple[Item, ...] = (
    Item(number="1a", part=TITLE, asks=mark("The title says that the trial was randomised"), chapter="", test=_randomised_in_title),
    Item(number="1b", part=TITLE, asks=mark("A summary of design, methods, results and conclusions"), chapter="found", test=_always),
    Item(number="2", part=OPEN, asks=mark("Registry, number and date of registration"), chapter="provenance",
         test=lambda case: case.labels.plan.registration is not None),
    Item(number="3", part=OPEN, asks=mark("Where the protocol and the analysis plan can be read"), chapter="provenance", file="plan.yaml"),
    Item(number="4", part=OPEN, asks=mark("Where data, data dictionary, code and materials can be had"), chapter="provenance",
         file="codebook.html, manifest.json, results.csv"),
    Item(number="5a", part=OPEN, asks=mark("Who paid, and the part the funders played"), chapter="study", own=("funding",),
         test=lambda case: bool(case.labels.plan.about.funding)),
    Item(number="5b", part=OPEN, asks=mark("Financial and other interests of the authors"), chapter="study", own=("interests",)),
    Item(number="6", part=START, asks=mark("Background and reasons for the trial"), chapter="study", own=("background",)),
    Item(number="7", part=START, asks=mark("Aims, on benefits and on harms"), chapter="study", own=("objectives",)),
    Item(number="8", part=HOW, asks=mark("How participants and the public had a say"), chapter="study", own=("involvement",)),
    Item(number="9", part=HOW, asks=mark("Design, shares of the arms, question asked"), chapter="methods", test=_always),
    Item(number="10", part=HOW, asks=mark("What was changed after the start, unplanned outcomes and analyses, and why"), chapter="methods",
         own=("changes",)),
    Item(number="11", part=HOW, asks=mark("Settings and places"), chapter="study", own=("setting",),
         test=lambda case: bool(case.labels.plan.about.setting)),
    Item(number="12a", part=HOW, asks=mark("Who could take part"), chapter="study", own=("eligibility",)),
    Item(number="12b", part=HOW, asks=mark("Which places and providers could take part"), chapter="study", own=("eligibility",)),
    Item(number="13", part=HOW, asks=mark("Programme and comparison, so that others could repeat them"), chapter="study",
         own=("programme",), test=lambda case: bool(case.labels.plan.about.intervention and case.labels.plan.about.comparator)),
    Item(number="14", part=HOW, asks=mark("Outcomes: variable, measure, summary and time"), chapter="effects", test=_always),
    Item(number="15", part=HOW, asks=mark("How harms were defined and recorded"), chapter="effects", own=("harms",)),
    Item(number="16a", part=HOW, asks=mark("How the number of participants was set"), chapter="methods", own=("sample_size",)),
    Item(number="16b", part=HOW, asks=mark("Interim analyses and rules for stopping"), chapter="methods", own=("interim",)),
    Item(number="17a", part=HOW, asks=mark("Who drew the lots, and how"), chapter="draw", own=("allocation",)),
    Item(number="17b", part=HOW, asks=mark("Type of draw, blocks and strata"), chapter="methods", test=_always),
    Item(number="18", part=HOW, asks=mark("How the draw was kept hidden until assignment"), chapter="draw", own=("allocation",)),
    Item(number="19", part=HOW, asks=mark("Whether those who enrolled and assigned could know the draw"), chapter="draw", own=("allocation",)),
    Item(number="20a", part=HOW, asks=mark("Who didn't know the arm"), chapter="draw", own=("blinding",)),
    Item(number="20b", part=HOW, asks=mark("How they were kept from knowing"), chapter="draw", own=("blinding",)),
    Item(number="21a", part=HOW, asks=mark("Statistical methods"), chapter="methods", test=_always),
    Item(number="21b", part=HOW, asks=mark("Who is in each analysis, and in which arm"), chapter="methods", test=_always),
    Item(number="21c", part=HOW, asks=mark("What was done about missing data"), chapter="methods", test=_always),
    Item(number="21d", part=HOW, asks=mark("Further analyses, planned or not"), chapter="methods",
         test=lambda case: case.has("robustness") or case.has("subgroups"), otherwise="not_applicable"),
    Item(number="22a", part=WHAT, asks=mark("Numbers randomised, treated and analysed, by arm"), chapter="people",
         test=lambda case: case.has("flow")),
    Item(number="22b", part=WHAT, asks=mark("Losses and exclusions by arm, with reasons"), chapter="people", test=lambda case: case.has("flow")),
    Item(number="23a", part=WHAT, asks=mark("Dates of recruitment and follow-up"), chapter="study", own=("dates",)),
    Item(number="23b", part=WHAT, asks=mark("Why the trial ended or was stopped"), chapter="study", own=("dates",)),
    Item(number="24a", part=WHAT, asks=mark("How the programme was delivered and taken up"), chapter="takeup",
         test=lambda case: case.has("compliance")),
    Item(number="24b", part=WHAT, asks=mark("Other help received at the same time"), chapter="study", own=("programme",)),
    Item(number="25", part=WHAT, asks=mark("Baseline characteristics by arm"), chapter="people", test=lambda case: case.has("balance")),
    Item(number="26", part=WHAT, chapter="effects",
         asks=mark("For each outcome: numbers analysed, results by arm, difference and its precision; absolute and relative for shares"),
         test=_both_scales),
    Item(number="27", part=WHAT, asks=mark("Harms in each arm"), chapter="effects", own=("harms",)),
    Item(number="28", part=WHAT, asks=mark("Other analyses, planned or found on the way"), chapter="effects",
         test=lambda case: case.has("subgroups") or case.has("robustness"), otherwise="not_applicable"),
    Item(number="29", part=MEANS, asks=mark("What the results mean, benefits against harms"), chapter="limits", own=("interpretation",)),
    Item(number="30", part=MEANS, asks=mark("Limitations: bias, imprecision, for whom they hold, many tests"), chapter="limits", test=_always),
)


def checklist(released: Released, labels: Labels, own: Mapping[str, str], language: str, *, base: str = "") -> Table:
    """The checklist as a table.

    Parameters
    ----------
    own : the authors' words by section, in this language
    base : what links to the report's chapters begin with; empty inside the report itself
    """
    case = Case(released=require(released), labels=labels, words=own)
    return table_of(case, ITEMS, "consort", words(language)("CONSORT 2025 checklist"), language, base)


def table_of(case: Case, items: tuple[Item, ...], id_: str, title: str, language: str, base: str) -> Table:
    """Items as a table: what is asked, where it stands, and the chapter, the file or the words that meet it."""
    _ = words(language)
    rows = []
    for item in items:
        status = item.status(case)
        rows.append(Row(cells=(text_cell(item.number), text_cell(_(item.asks)), text_cell(_(STATUS[status]), status),
                               _where(item, status, base, language)), group=_(item.part)))
    columns = (Column(id="item", title=_("Item")), Column(id="asks", title=_("What a report should say")), Column(id="status", title=_("Where")),
               Column(id="chapter", title=_("Chapter or file")))
    return Table(id=id_, title=title, columns=columns, rows=tuple(rows), language=language, sortable=False)


def _where(item: Item, status: Status, base: str, language: str) -> Cell:
    if status == "pointed":
        return text_cell(item.file)
    if status == "authors" and item.own:
        return text_cell(f"words/{language}/{item.own[0]}.md")
    if status == "filled" and item.chapter:
        return Cell(text=chapter_title(item.chapter, language), value=item.chapter, href=f"{base}#{item.chapter}")
    return text_cell("")


def chapter_title(chapter: str, language: str) -> str:
    """What a chapter of the report is called, for any kind of evidence that is randomised."""
    _ = words(language)
    return {
        "found": _("What was found"), "study": _("About the study"), "people": _("Who took part"), "draw": _("Was the draw fair?"),
        "takeup": _("Did people get the programme?"), "effects": _("Effects"), "robustness": _("Does the answer depend on the method?"),
        "missing": _("Who is missing, and does it matter?"), "methods": _("How it was done"), "limits": _("What limits these findings"),
        "provenance": _("Where the numbers come from"),
    }[chapter]


def checklists(released: Released, labels: Labels, own: Mapping[str, str], language: str, *, base: str = "") -> tuple[Table, ...]:
    """The checklist and those of the extensions that apply; see `checklist`."""
    from takeup.report.consort_extensions import extensions

    return (checklist(released, labels, own, language, base=base), *extensions(released, labels, own, language, base=base))


def consort_document(released: Released, labels: Labels, own: Mapping[str, str], language: str) -> Document:
    """The checklist as a page of its own, with links into `report.html`."""
    _, number = words(language), numbers(language)
    tables = checklists(released, labels, own, language, base="report.html")
    table = tables[0]
    left = sum(row.cells[2].value == "authors" for row in table.rows)
    text = said(_.plural("{n} of {total} items is left to the authors.", "{n} of {total} items are left to the authors.", left,
                         n=number.integer(left),
                         total=number.integer(len(table.rows))))
    source = said(_("The items are those of CONSORT 2025, in our own words. An item counts as met only where the report "
                    "has something to show for it."))
    content: tuple[Block, ...] = (Paragraph(spans=text), Paragraph(spans=source), *(TableBlock(table=item) for item in tables))
    return Document(title=_("CONSORT 2025 checklist"), subtitle=labels.title(language), language=language, blocks=content,
                    meta=FrozenMap(study=labels.plan.study, version=__version__))


def consort_html(released: Released, labels: Labels, own: Mapping[str, Mapping[str, str]]) -> str:
    """The page in every language that `own` (language to section to Markdown) has a key for."""
    return html({language: consort_document(released, labels, texts, language) for language, texts in own.items()})

