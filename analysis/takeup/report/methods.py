"""The methods chapter, written from what ran: the draw, the estimators and variances that the results name, the tests, the families."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING

from takeup.plan.evidence import MAIN
from takeup.present.catalogue import words
from takeup.present.reading import pick, prefix, section
from takeup.present.tables import methods as methods_table
from takeup.present.tables.model import compact, text_cell
from takeup.present.terms import ADJUSTMENTS, DRAWS, method, method_of, term, variance
from takeup.present.text import said
from takeup.report.document import Block, Details, Paragraph, TableBlock
from takeup.results import Bounds

if TYPE_CHECKING:
    from takeup.present.tables.model import Table
    from takeup.present.text import Spans
    from takeup.report.sentences import Teller


def methods(tell: Teller) -> tuple[Block, ...]:
    """The chapter: paragraphs in the order of the work, one line for each main estimate, and the other numbers folded away."""
    sentences = (_draw(tell), _estimators(tell), _inference(tell), _repeating(tell), _families(tell), _compliers(tell), _missing(tell))
    table = methods_table(tell.released, tell.labels, tell.language)
    main = {result_id for estimate in tell.main() if (result_id := estimate.provenance.id)}
    first, rest = split(table, main)
    first = said_once(first)
    out: list[Block] = [Paragraph(spans=spans) for spans in sentences if spans]
    if first.rows:
        out.append(TableBlock(table=first))
    if rest.rows:
        out.append(Details(title=tell._("Every other number"), blocks=(TableBlock(table=rest),), on_paper=False))
    return tuple(out)


def split(table: Table, main: set[str]) -> tuple[Table, Table]:
    """The table's lines of the main estimates, and the others."""
    inside = tuple(row for row in table.rows if row.cells[0].text in main)
    outside = tuple(row for row in table.rows if row.cells[0].text not in main)
    return compact(replace(table, rows=inside)), compact(replace(table, id="methods_other", rows=outside))


def said_once(table: Table) -> Table:
    """The table with the sentences that open every line's reason in a note below it, instead of in each line."""
    reasons = [re.split(r"(?<=\.) ", row.cells[-1].text) for row in table.rows]
    shared = [each[0] for each in takewhile(lambda each: len(set(each)) == 1, zip(*reasons, strict=False))]
    if len(reasons) < 2 or not any(shared):
        return table
    rows = tuple(replace(row, cells=(*row.cells[:-1], text_cell(" ".join(reason[len(shared):]))))
                 for row, reason in zip(table.rows, reasons, strict=True))
    _ = words(table.language)
    note = _("For all numbers here: {reasons}", reasons=" ".join(shared))
    return compact(replace(table, rows=rows, notes=(*table.notes, note)))


def _draw(tell: Teller) -> Spans:
    _, design = tell._, tell.labels.plan.design
    if tell.evidence != "randomized":
        return tell.evidence_line()
    parts = [term(DRAWS, design.draw, tell.language)]
    if design.blocks is not None:
        parts.append(_("Blocks: {column}.", column=tell.labels.variable(design.blocks, tell.language)))
    if design.clusters is not None:
        parts.append(_("Clusters: {column}.", column=tell.labels.variable(design.clusters, tell.language)))
    parts.append(_("Everybody is analysed in the arm they were assigned to, whether they took part or not."))
    return said(" ".join(parts))


def _estimators(tell: Teller) -> Spans:
    used: dict[str, list[str]] = {}
    for estimate in tell.main():
        used.setdefault(method_of(estimate, tell.language), []).append(tell.labels.outcome(estimate.outcome, tell.language))
    if not used:
        return ()
    parts = [tell._("{method}: {outcomes}.", method=name, outcomes=", ".join(dict.fromkeys(outcomes))) for name, outcomes in used.items()]
    return said(" ".join((tell._("Main estimates."), *parts)))


def _inference(tell: Teller) -> Spans:
    _ = tell._
    kinds = sorted({variance(estimate.se_type, tell.language) for estimate in tell.main() if estimate.se_type})
    if not kinds:
        return ()
    level = tell.number.percent(tell.labels.plan.analyses.confidence, 0)
    return said(_("Standard errors: {kinds}; {level} confidence intervals and p-values from the t distribution with the degrees of freedom listed "
                  "below.",
                  kinds=", ".join(kinds), level=level))


def _repeating(tell: Teller) -> Spans:
    tests = list(pick(section(tell.released, "effects"), "ri"))
    draws = {test.draws for test in tests if test.draws}
    if not draws:
        return ()
    if all(test.exact for test in tests):
        return said(tell._("Randomisation inference: the test statistic was recomputed for every assignment that the draw could have made ({draws}).",
                           draws=tell.number.integer(max(draws))))
    return said(tell._("Randomisation inference: the test statistic was recomputed for {draws} assignments drawn anew by the trial's own scheme "
                       "(seed {seed}).",
                       draws=tell.number.integer(max(draws)), seed=tell.labels.plan.analyses.seed))


def _families(tell: Teller) -> Spans:
    parts = []
    for family in dict.fromkeys(outcome.family for outcome in tell.labels.plan.outcomes):
        members = [outcome.id for outcome in tell.labels.plan.outcomes if outcome.family == family]
        rules = {test.method for test in pick(section(tell.released, MAIN[tell.evidence][0]), "family") if test.outcome in members}
        if len(members) > 1 and rules:
            parts.append(tell._("{family}: {rule}.", family=tell.labels.family(family, tell.language),
                                rule=term(ADJUSTMENTS, min(rules), tell.language)))
    return said(" ".join((tell._("Correction for several outcomes, by family."), *parts))) if parts else ()


def _compliers(tell: Teller) -> Spans:
    if tell.evidence != "randomized" or not any(prefix(result) == "cace" for result in section(tell.released, "effects")):
        return ()
    return said(tell._("Effects among those who took part because it was offered: two-stage least squares with assignment as the instrument and "
                       "the same variance as the main "
                       "estimate, and the Anderson-Rubin set."))


def _missing(tell: Teller) -> Spans:
    used = dict.fromkeys(method(item.method, tell.language) for item in section(tell.released, "robustness") if isinstance(item, Bounds)
                         and item.method)
    if used:
        return said(tell._("People without a follow-up measurement aren't in the estimates; bounds show what they could change: {methods}.",
                           methods=", ".join(used)))
    return said(tell._("People without a follow-up measurement of an outcome aren't in the estimates of that outcome."))
