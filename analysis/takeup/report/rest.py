"""The numbers of a study that stand in no sentence, table or figure of its report, so that every id leads somewhere; and how to cite the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.present.catalogue import words
from takeup.present.labels import in_language
from takeup.present.numbers import effect_digits, id_of
from takeup.present.tables.model import EMPTY, Cell, Column, Maker, Row, Table, compact, text_cell
from takeup.report.document import Block, Bullets, Callout, Details, Facts, FigureBlock, Note, Paragraph, TableBlock, walk
from takeup.results import Bounds, ConfidenceSet, Estimate, Statistic
from takeup.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from takeup.present.labels import Labels
    from takeup.release.gate import Released
    from takeup.results import Result

SHORT_HASH = 12


def rest(released: Released, blocks: tuple[Block, ...], language: str) -> tuple[Block, ...]:
    """A folded table of the released results that the blocks don't show; nothing where they show all."""
    _ = words(language)
    shown = set(shown_ids(blocks))
    left = [result for name in released for result in released[name] if id_of(result) and id_of(result) not in shown]
    if not left:
        return ()
    make = Maker(language)
    columns = (Column(id="id", title=_("Number")), Column(id="value", title=_("Value"), kind="number"),
               Column(id="interval", title=make.interval_title(level for result in left if (level := getattr(result, "conf_level", None))),
                      kind="interval", parts=make.limits),
               Column(id="p_value", title=_("p"), kind="p_value"), Column(id="n", title=_("n"), kind="integer"))
    title = _("Numbers that stand in no table above")
    table = Table(id="rest", title=title, columns=columns, rows=tuple(_row(make, result) for result in left), language=language)
    return (Details(title=title, blocks=(TableBlock(table=compact(table)),), on_paper=False),)


def shown_ids(blocks: tuple[Block, ...]) -> Iterator[str]:
    """The ids of the results that stand in blocks: in cells, in sentences, in the data of figures."""
    for block in walk(blocks):
        if isinstance(block, TableBlock):
            yield from _table_ids(block.table)
        elif isinstance(block, FigureBlock):
            yield from _table_ids(block.figure.data) if block.with_data else ()
        elif isinstance(block, Paragraph | Note):
            yield from (span.result_id for span in block.spans)
        elif isinstance(block, Bullets):
            yield from (span.result_id for item in block.items for span in item)
        elif isinstance(block, Callout):
            yield from (span.result_id for line in block.lines for span in line)
        elif isinstance(block, Facts):
            yield from (span.result_id for fact in block.items for span in fact.number)


def _table_ids(table: Table) -> Iterator[str]:
    return (cell.result_id for row in table.rows for cell in row.cells)


def _row(make: Maker, result: Result) -> Row:
    value, interval = EMPTY, EMPTY
    digits = effect_digits(getattr(result, "std_error", 0.0) or 0.0) if isinstance(result, Estimate) else 3
    if isinstance(result, Estimate):
        value, interval = make.cell(result, "estimate", "number", digits), make.interval(result, digits=digits)
    elif isinstance(result, Statistic):
        kind = "integer" if result.kind == "count" else "percent" if result.kind == "share" else "number"
        value = make.cell(result, "value", kind, 1 if kind == "percent" else digits)  # type: ignore[arg-type]  # the kinds above
    elif isinstance(result, Bounds):
        interval = make.interval(result, "lower", "upper", digits)
    elif not isinstance(result, ConfidenceSet):
        value = make.cell(result, "statistic", "number", 2)
    p = make.cell(result, "p_value", "p_value") if hasattr(result, "p_value") else EMPTY
    n = make.cell(result, "n", "integer") if getattr(result, "n", 0) else EMPTY
    cells: tuple[Cell, ...] = (text_cell(id_of(result)), value, interval, p, n)
    if not any(cell.result_id for cell in cells):
        cells = (Cell(text=id_of(result), value=None, result_id=id_of(result), fields="id"), *cells[1:])
    return Row(cells=cells)


def citation(labels: Labels, plan_hash: str, language: str) -> str:
    """How to cite a report: its title, what made it from which plan, where the trial is registered, and whose data it rests on."""
    _, plan = words(language), labels.plan
    parts = [_("{title}: report made with takeup {version} from plan {hash}.", title=labels.title(language), version=__version__,
               hash=plan_hash[:SHORT_HASH])]
    if plan.registration is not None:
        parts.append(_("Registered: {registry}, {id}.", registry=plan.registration.registry, id=plan.registration.id))
    if plan.about.citation:
        parts.append(in_language(plan.about.citation, language))
    return " ".join(parts)
