"""The weekly fieldwork page: what has come in, what is missing, what looks odd; released counts only, the arms under letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.present.catalogue import words
from takeup.present.figures.enrolment import enrolment_figure
from takeup.present.reading import section, statistics
from takeup.present.tables.model import Column, Maker, Row, Table, text_cell
from takeup.present.text import fill, said
from takeup.report.document import Block, Document, FigureBlock, Heading, Paragraph, TableBlock
from takeup.results import FrozenMap
from takeup.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from takeup.present.labels import Labels
    from takeup.release.gate import Released
    from takeup.results import Statistic


def fieldwork_document(released: Released, labels: Labels, language: str) -> Document:
    """The page in one language."""
    _ = words(language)
    make = Maker(language)
    found = section(released, "fieldwork")

    def part(name: str, **fields: str) -> tuple[Statistic, ...]:
        return statistics(found, table=name, **fields)

    blocks: list[Block] = [Paragraph(spans=said(_(
        "Counts for those in the field: rounded, and left out where they are of few people. The arms are called A and B in an order that nobody "
        "knows.")))]
    blocks += [Heading(text=_("Enrolment"), id="enrolment"), *_enrolment(part("enrolment", variable="drawn"), make, labels)]
    figure = enrolment_figure(released, labels, language)
    blocks += [FigureBlock(figure=figure)] if figure is not None else []
    if part("balance"):
        blocks += [Heading(text=_("Are the arms alike?"), id="balance"), Paragraph(spans=said(_(
            "Standardised differences without their sign. Chance makes most of them smaller than {limit}.",
            limit=make.number.decimal(_by_chance(part("balance")), 2)))), TableBlock(table=_balance(part("balance"), make, labels))]
    blocks += [Heading(text=_("Who has answered"), id="response"), TableBlock(table=_response(part("response"), make, labels))]
    for name, title, empty in (("missing", _("Missing answers"), _("No answer is missing.")),
                               ("doubles", _("Interviews that look the same"), _("There is nothing to compare yet.")),
                               ("outliers", _("Numbers far from the others"), _("There is nothing to compare yet."))):
        rows = part(name)
        blocks.append(Heading(text=title, id=name))
        blocks.append(TableBlock(table=_columns(name, title, rows, make, labels)) if rows else Paragraph(spans=said(empty)))
    return Document(title=_("Fieldwork"), subtitle=labels.title(language), language=language, blocks=tuple(blocks),
                    meta=FrozenMap(study=labels.plan.study, version=__version__))


def _enrolment(rows: Iterable[Statistic], make: Maker, labels: Labels) -> Iterable[Block]:
    planned = labels.plan.flow.planned
    for item in rows:
        number = make.number.of(item, "value", "integer")
        message = make._.raw("{n} drawn, of {planned} planned.") if planned else make._.raw("{n} drawn.")
        yield Paragraph(spans=fill(message, n=number, planned=make.number.integer(planned or 0)))


def _by_chance(rows: tuple[Statistic, ...]) -> float:
    """What a standardised difference stays under in 19 of 20 draws: 1.96 times its standard error, two arms of equal size."""
    n = max((item.n for item in rows), default=0)
    return 1.96 * 2.0 / n**0.5 if n else float("nan")


def _balance(rows: tuple[Statistic, ...], make: Maker, labels: Labels) -> Table:
    _, language = make._, make.language
    made = [Row(cells=(text_cell(labels.variable(item.variable, language)),
                       text_cell(labels.level(item.variable, item.level, language) if item.level else ""),
                       text_cell(item.arm), make.cell(item, "value", "number", 2))) for item in rows]
    return Table(id="balance", title=_("Differences between the arms"), rows=tuple(made), language=language, columns=(
        Column(id="variable", title=_("Characteristic")), Column(id="level", title=_("Answer")), Column(id="arms", title=_("Arms")),
        Column(id="difference", title=_("Standardised difference"), kind="number")))


def _response(rows: tuple[Statistic, ...], make: Maker, labels: Labels) -> Table:
    _, language = make._, make.language
    made = [Row(cells=(text_cell(labels.wave(item.wave, language)), text_cell(item.arm or _("All")), make.cell(item, "n", "integer"),
                       make.cell(item, "count", "integer"), make.cell(item, "value", "percent"))) for item in rows]
    return Table(id="response", title=_("Who has answered"), rows=tuple(made), language=language, sortable=False, columns=(
        Column(id="wave", title=_("Wave")), Column(id="arm", title=_("Arm")), Column(id="due", title=_("Drawn"), kind="integer"),
        Column(id="answered", title=_("Answered"), kind="integer"), Column(id="share", title=_("Share"), kind="percent")))


def _columns(name: str, title: str, rows: tuple[Statistic, ...], make: Maker, labels: Labels) -> Table:
    """Counts by table and column."""
    _, language = make._, make.language
    asked = name != "doubles"
    made = []
    for item in rows:
        what = (text_cell(labels.variable(f"{item.level}.{item.variable}", language)),) if asked else ()
        made.append(Row(cells=(text_cell(labels.wave(item.level, language)), *what, make.cell(item, "n", "integer"),
                               make.cell(item, "count", "integer"))))
    return Table(id=name, title=title, rows=tuple(made), language=language, columns=(
        Column(id="table", title=_("Table")), *((Column(id="column", title=_("Question")),) if asked else ()),
        Column(id="n", title=_("Rows"), kind="integer"), Column(id="count", title=_("Count"), kind="integer")))
