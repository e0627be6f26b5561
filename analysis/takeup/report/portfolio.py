"""The page of a portfolio: the studies, their average, and each measure that several of them have."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.present.catalogue import mark, words
from takeup.present.figures.portfolio import portfolio_forest
from takeup.present.labels import in_language, spoken
from takeup.present.numbers import effect_digits, numbers
from takeup.present.tables.model import EMPTY, Cell, Column, Row, Table, text_cell
from takeup.present.text import said
from takeup.report.document import Block, Document, FigureBlock, Heading, Note, Paragraph, TableBlock
from takeup.results import FrozenMap
from takeup.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from takeup.present.figures.portfolio import Averaged
    from takeup.results import Estimate

EVIDENCE: Mapping[str, str] = FrozenMap(
    randomized=mark("randomised"), comparison=mark("compared, not randomised"), before_after=mark("before and after"),
)
AVERAGES: Mapping[str, str] = FrozenMap(
    randomized=mark("Averaged over {n} studies, the effect on the first primary outcome is {size} standard deviations ({interval}); above zero is "
                    "better."),
    comparison=mark("On average the first primary outcome of these {n} studies differs by {size} standard deviations ({interval}); not all of them "
                    "were randomised, so this is a difference and no effect."),
    before_after=mark("On average the first primary outcome of these {n} studies differs by {size} standard deviations ({interval}); at least one "
                      "has no control group, so this is no effect."),
)


def portfolio_document(found: Averaged, language: str) -> Document:
    """The page in one language."""
    _ = words(language)
    figure = portfolio_forest(found, language)
    blocks: list[Block] = [Heading(text=_("The studies"), id="studies")]
    if figure is not None:
        blocks.append(FigureBlock(figure=figure))
    blocks += [_sentence(found.average, language)]
    blocks.append(TableBlock(table=_lines(found, language)))
    if found.by_measure:
        blocks += [Heading(text=_("The same measure in several studies"), id="measures"), TableBlock(table=_measures(found, language))]
    blocks += [Heading(text=_("How it was averaged"), id="how"), Paragraph(spans=said(_(
        "Random effects by restricted likelihood, intervals by Hartung and Knapp; a dashed line shows where a new study would lie. Each study counts "
        "once, with its first primary outcome divided by the standard deviation of its controls. The numbers are those that each study released.")))]
    return Document(title=_("Portfolio"), language=language, blocks=tuple(blocks), meta=FrozenMap(study="portfolio", version=__version__))


def _sentence(average: Estimate | None, language: str) -> Block:
    _, number = words(language), numbers(language)
    if average is None:
        return Note(spans=said(_("Fewer than two studies released a number that can be averaged.")))
    text = _(AVERAGES[average.evidence], n=average.extra["studies"], size=number.decimal(average.estimate, 2),
             interval=number.interval(average.conf_low, average.conf_high, 2))
    i2 = _("Of the variance between these results {share} is between the studies.", share=number.percent(float(average.extra["i2"])))
    return Paragraph(spans=said(f"{text} {i2}"))


def _lines(found: Averaged, language: str) -> Table:
    _, number = words(language), numbers(language)
    rows = []
    for line in found.lines:
        item, standard = line.estimate, line.standardized
        digits = effect_digits(item.std_error)
        rows.append(Row(group=in_language(line.title, language), cells=(
            text_cell(in_language(line.label, language)), text_cell(_(EVIDENCE[item.evidence])),
            Cell(text=number.integer(item.n), value=item.n) if item.n else EMPTY,
            Cell(text=number.decimal(item.estimate, digits), value=item.estimate),
            text_cell(number.interval(item.conf_low, item.conf_high, digits)),
            EMPTY if standard is None else Cell(text=number.decimal(standard.estimate, 2), value=standard.estimate))))
    return Table(id="studies", title=_("What each study released"), rows=tuple(rows), language=language, sortable=False, columns=(
        Column(id="outcome", title=_("Outcome")), Column(id="evidence", title=_("Evidence")), Column(id="n", title=_("People"), kind="integer"),
        Column(id="estimate", title=_("Difference"), kind="number"), Column(id="interval", title=_("Confidence interval")),
        Column(id="standardized", title=_("Standardised"), kind="number")))


def _measures(found: Averaged, language: str) -> Table:
    _, number = words(language), numbers(language)
    rows = []
    for measure, item in found.by_measure.items():
        name = next((line.label for line in found.lines if line.measure == measure), spoken(measure))
        digits = effect_digits(item.std_error) if math.isfinite(item.std_error) and item.std_error > 0 else 2
        rows.append(Row(cells=(text_cell(in_language(name, language)), text_cell(_(EVIDENCE[item.evidence])),
                               Cell(text=number.integer(item.extra["studies"]), value=item.extra["studies"]),
                               Cell(text=number.decimal(item.estimate, digits), value=item.estimate),
                               text_cell(number.interval(item.conf_low, item.conf_high, digits)),
                               Cell(text=number.percent(float(item.extra["i2"])), value=float(item.extra["i2"]), scale=100.0))))
    return Table(id="measures", title=_("Averages in the measure's own units"), rows=tuple(rows), language=language, columns=(
        Column(id="measure", title=_("Measure")), Column(id="evidence", title=_("Weakest evidence")),
        Column(id="k", title=_("Studies"), kind="integer"),
        Column(id="estimate", title=_("Average"), kind="number"), Column(id="interval", title=_("Confidence interval")),
        Column(id="i2", title=_("Variance between studies"), kind="percent")))
