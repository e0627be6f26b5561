"""The report's chapters on one group and its programme: what the design can and can't show, who changed, sites, dose, editions, languages, reach.

A chapter is a line of `LIST`: its id, its title, a sentence or two, and the figures and tables under it by their ids. One without anything to
show is left out. To add one, make its tables and figures (`present.tables.BUILDERS`, `present.figures.all_figures`) and add its line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from takeup.present.catalogue import mark
from takeup.present.causal import NOT_SHOWN
from takeup.present.text import joined, said
from takeup.report import changed, given, spread
from takeup.report.document import Bullets, Details, Heading, Paragraph

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from takeup.present.text import Spans
    from takeup.report.document import Block
    from takeup.report.sentences import Teller


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One chapter.

    Attributes
    ----------
    id, title : its anchor, and its heading as a message of the catalogue
    says : what it says in sentences, from the released results
    figures, tables, folded : ids of figures, of tables, and of tables that are folded away
    with_data : whether the numbers of each figure stand under it
    """

    id: str
    title: str
    says: Callable[[Teller], Iterable[Spans]] | None = None
    figures: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    folded: tuple[str, ...] = ()
    with_data: bool = False


LIST = (
    Shown(id="improved", title=mark("Who improved?"), says=changed.improved, figures=("improved",), tables=("improved",), folded=("limits",)),
    Shown(id="answers", title=mark("Rights and services"), says=changed.answers, tables=("answers", "everybody")),
    Shown(id="regression", title=mark("How much would have come back by itself?"), says=changed.regression, figures=("regression",),
          tables=("regression",)),
    Shown(id="completers", title=mark("Who is missing at the end?"), says=changed.completers,
          tables=("leavers", "completers", "dropout")),
    Shown(id="centres", title=mark("How far do centres differ?"), says=given.centres, figures=("caterpillar", "funnel"), tables=("site_spread",),
          folded=("site_list",)),
    Shown(id="attendance", title=mark("How much of the programme did women get?"), says=given.attendance, figures=("attendance",),
          tables=("attendance",), folded=("dose_change",)),
    Shown(id="editions", title=mark("Edition after edition"), says=given.editions, figures=("cohorts",), folded=("cohort_changes",)),
    Shown(id="languages", title=mark("Does the questionnaire measure the same in each language?"), says=given.languages, tables=("scale_languages",),
          folded=("item_languages",)),
    Shown(id="reach", title=mark("Whom does it reach?"), says=given.reach, figures=("reach",), tables=("reach",)),
    Shown(id="published", title=mark("Published numbers, checked"), says=changed.published, tables=("published",)),
)
AFTERWARDS = (
    Shown(id="rollout", title=mark("What happened where it came later?"), says=spread.rollout, figures=("rollout",), tables=("rollout",)),
)
"""What came after the trial is told after all of the trial."""
CAN = {
    "before_after": (
        mark("This study measured one group of people twice, at the start and at the end. There was no comparison group."),
        mark("It can show: what changed between the two measurements, for how many people, by how much, and how sure those numbers are."),
        mark("It can't show: whether that would have happened without the programme too. Time, season, people coming back from a low point by "
             "themselves, and who had stopped answering are all in the numbers."),
        NOT_SHOWN,
    ),
    "comparison": (
        mark("This study compared people in the programme with a comparison group. Who was in which group wasn't decided by lot."),
        mark("It can show: the difference with the comparison group after adjustment for what was measured at the start."),
        mark("It can't show: a difference free of what wasn't measured. The groups may have differed from the start in other ways."),
    ),
}
"""By evidence, what the report opens with."""


def opening(tell: Teller) -> tuple[Block, ...]:
    """What this design can and can't show, before anything else; nothing for a trial, of which the first chapter says it."""
    lines = CAN.get(tell.evidence, ())
    title = Heading(text=tell._("What this study can and can't show"), id="design")
    return (title, Bullets(items=tuple(said(tell._(line)) for line in lines))) if lines else ()


def design_lines(tell: Teller) -> tuple[Block, ...]:
    """The same in the fewest lines, for the head of a brief: how it was done, and what it can't show."""
    lines = CAN.get(tell.evidence, ())
    return (Paragraph(spans=joined(*(said(tell._(line)) for line in (lines[0], lines[-1])))),) if lines else ()


def chapters(
    tell: Teller, figure: Callable[..., tuple[Block, ...]], table: Callable[[str], tuple[Block, ...]], *, listed: tuple[Shown, ...] = LIST,
) -> tuple[Block, ...]:
    """Every chapter of the list that has something to show.

    Parameters
    ----------
    figure, table : give the blocks of a figure or table by its id, none where there is none
    listed : the chapters, in order
    """
    out: list[Block] = []
    for shown in listed:
        pictures = [block for name in shown.figures for block in figure(name, with_data=shown.with_data)]
        tables = [block for name in shown.tables for block in table(name)]
        folded = [block for name in shown.folded for block in table(name)]
        if not (pictures or tables or folded):
            continue
        lines = tuple(line for line in (shown.says(tell) if shown.says is not None else ()) if line)
        text: list[Block] = [Paragraph(spans=lines[0])] if len(lines) == 1 else [Bullets(items=lines)] if lines else []
        more: list[Block] = [Details(title=tell._("More numbers"), blocks=tuple(folded))] if folded else []
        out += [Heading(text=tell._(shown.title), id=shown.id), *text, *pictures, *tables, *more]
    return tuple(out)
