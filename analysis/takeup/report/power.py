"""The page on the size of a study: what was assumed, what it can find, what would buy more."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

from takeup.present.catalogue import mark, words
from takeup.present.figures.power_curve import power_curve
from takeup.present.labels import spoken
from takeup.present.numbers import numbers
from takeup.present.tables.model import EMPTY, Cell, Column, Row, Table, compact, text_cell
from takeup.present.text import said
from takeup.report.document import Block, Document, FigureBlock, Heading, Paragraph, TableBlock
from takeup.results import FrozenMap
from takeup.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from takeup.design.family_power import FamilyPower
    from takeup.design.gains import Gain

INPUTS: Mapping[str, str] = FrozenMap({
    "sd": mark("Standard deviation of the outcome"), "control_rate": mark("Rate among controls"), "treated_share": mark("Share treated"),
    "cluster_size": mark("People in a cluster"), "cluster_size_cv": mark("Variation of the cluster sizes"),
    "icc": mark("Correlation within clusters"),
    "provider_size": mark("People with a provider"), "provider_icc": mark("Correlation within providers"),
    "r2": mark("Variance that covariates explain"), "block_r2": mark("Variance between blocks"),
    "correlation": mark("Correlation between two measurements"), "pre": mark("Measurements before"), "post": mark("Measurements after"),
    "takeup": mark("Take-up of the programme"), "attrition": mark("Share lost"), "alpha": mark("Level of the test"),
    "comparisons": mark("Outcomes tested together"),
})
ORIGINS: Mapping[str, str] = FrozenMap(said=mark("as asked"), plan=mark("plan"), data=mark("data before the draw"), assumed=mark("assumed"))
CHANGES: Mapping[str, str] = FrozenMap({
    "as_planned": mark("As planned"), "more_people": mark("A quarter more people"), "half_as_many_more": mark("Half as many people more"),
    "more_providers": mark("Twice as many providers ({value} people each)"), "more_clusters": mark("Clusters of half the size ({value} people each)"),
    "another_wave": mark("One more measurement after ({value} in all)"), "baseline": mark("A baseline measurement (correlation {value})"),
    "better_covariates": mark("Covariates that explain {value} of the variance"), "less_attrition": mark("Loss of {value}"),
    "more_takeup": mark("Take-up of {value}"), "fewer_comparisons": mark("One outcome alone"),
})
SHARES = {"better_covariates", "less_attrition", "more_takeup"}


class Sized(Protocol):
    """An answer, as the page needs it (`build.power.Answer`)."""

    @property
    def question(self) -> Any:
        """What was asked."""

    @property
    def detectable(self) -> Any:
        """Smallest effect found."""

    @property
    def chance(self) -> Any:
        """Power for the effect asked for."""

    @property
    def needed(self) -> Any:
        """People who find it."""

    @property
    def gains(self) -> tuple[Gain, ...]:
        """What would buy more."""

    @property
    def simulated(self) -> Any:
        """The same by simulation."""


def power_document(answers: Sequence[Sized], family: FamilyPower | None, language: str) -> Document:
    """The page in one language."""
    _ = words(language)
    blocks: list[Block] = [Heading(text=_("What the study can find"), id="answers"), TableBlock(table=answers_table(answers, language))]
    first = answers[0]
    blocks.append(FigureBlock(figure=power_curve(first.question.study, first.question.n, first.question.effect, first.question.wanted, language)))
    blocks += [Paragraph(spans=said(line)) for line in _family(family, language)]
    blocks += [Heading(text=_("What would buy more"), id="gains"),
               Paragraph(spans=said(_("Each line changes one thing and leaves the rest as planned ({outcome}).",
                                      outcome=spoken(first.question.name)))),
               TableBlock(table=gains_table(first, language)),
               Heading(text=_("What was assumed"), id="inputs"), TableBlock(table=inputs_table(answers, language)),
               Paragraph(spans=said(_("Formulas: variance of a difference of two means, design effects of clusters and providers (Eldridge, "
                                      "Ashby and Kerry 2006), repeated measurements (McKenzie 2012), take-up by division.")))]
    return Document(title=_("How many?"), language=language, blocks=tuple(blocks), meta=FrozenMap(study=first.question.name, version=__version__))


def answers_table(answers: Sequence[Sized], language: str) -> Table:
    """A row an outcome: people, smallest effect found, power, people needed."""
    _, number = words(language), numbers(language)
    rows = []
    for answer in answers:
        question = answer.question
        rows.append(Row(cells=(text_cell(spoken(question.name)), Cell(text=number.integer(question.n), value=question.n),
                               _size(answer.detectable.effect, language),
                               EMPTY if question.effect is None else _size(question.effect, language),
                               EMPTY if answer.chance is None else _share(answer.chance.power, language),
                               EMPTY if answer.simulated is None else _share(answer.simulated.power, language),
                               EMPTY if answer.needed is None else Cell(text=number.integer(answer.needed.n_whole), value=answer.needed.n_whole))))
    columns = (Column(id="outcome", title=_("Outcome")), Column(id="n", title=_("People"), kind="integer"),
               Column(id="mde", title=_("Smallest effect found"), kind="number"), Column(id="effect", title=_("Effect that matters"), kind="number"),
               Column(id="power", title=_("Chance to find it"), kind="percent"), Column(id="simulated", title=_("by simulation"), kind="percent"),
               Column(id="needed", title=_("People who would find it"), kind="integer"))
    wanted = number.percent(answers[0].question.wanted)
    return compact(Table(id="answers", title=_("Size and chances (power asked for: {power})", power=wanted), rows=tuple(rows), columns=columns,
                         language=language, sortable=False))


def gains_table(answer: Sized, language: str) -> Table:
    """What each change buys."""
    _, number = words(language), numbers(language)
    rows = []
    for gain in answer.gains:
        value = number.percent(gain.value) if gain.change in SHARES else number.decimal(gain.value, 0 if float(gain.value).is_integer() else 1)
        rows.append(Row(cells=(text_cell(_(CHANGES[gain.change], value=value)), Cell(text=number.integer(gain.n), value=gain.n),
                               _size(gain.mde, language), _share(gain.power, language),
                               EMPTY if gain.needed is None else Cell(text=number.integer(gain.needed), value=gain.needed))))
    return compact(Table(id="gains", title=_("One change at a time"), rows=tuple(rows), language=language, sortable=False, columns=(
        Column(id="change", title=_("Change")), Column(id="n", title=_("People"), kind="integer"),
        Column(id="mde", title=_("Smallest effect found"), kind="number"), Column(id="power", title=_("Chance to find it"), kind="percent"),
        Column(id="needed", title=_("People who would find it"), kind="integer"))))


def inputs_table(answers: Sequence[Sized], language: str) -> Table:
    """Every keyword that was used, and where it comes from."""
    _ = words(language)
    columns = (Column(id="outcome", title=_("Outcome")), Column(id="input", title=_("Input")), Column(id="value", title=_("Value"), kind="number"),
               Column(id="origin", title=_("Comes from")))
    return Table(id="inputs", title=_("What was assumed"), rows=tuple(_inputs(answers, language)), columns=columns, language=language, sortable=False)


def _inputs(answers: Sequence[Sized], language: str) -> Iterator[Row]:
    _ = words(language)
    for answer in answers:
        for name, title in INPUTS.items():
            value = answer.question.study.get(name)
            if value is not None:
                origin = ORIGINS[answer.question.origin.get(name, "said")]
                yield Row(cells=(text_cell(spoken(answer.question.name)), text_cell(_(title)), _size(float(value), language), text_cell(_(origin))))


def _family(family: FamilyPower | None, language: str) -> Iterator[str]:
    if family is None:
        return
    _, number = words(language), numbers(language)
    yield _("With all outcomes tested together ({method}): at least one is found with a chance of {some}, all of them with {every}.",
            method=spoken(family.method), some=number.percent(family.any), every=number.percent(family.all))


def _size(value: float | None, language: str) -> Cell:
    """An effect in three digits."""
    if value is None or not math.isfinite(value):
        return EMPTY
    digits = 0 if value == 0 else max(0, 2 - math.floor(math.log10(abs(value))))
    if float(value).is_integer() and abs(value) >= 1:
        digits = 0
    return Cell(text=numbers(language).decimal(value, digits), value=value, digits=digits)


def _share(value: float | None, language: str) -> Cell:
    return EMPTY if value is None or not math.isfinite(value) else Cell(text=numbers(language).percent(value), value=value, scale=100.0)
