"""The certificate of a draw: what was drawn, how, by whose seed, and what anybody can check; for the appendix of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.design.allocation import JOINED, MISFITS, WAITING
from takeup.present.catalogue import words
from takeup.present.labels import in_language
from takeup.present.numbers import numbers
from takeup.present.tables.model import Cell, Column, Row, Table, text_cell
from takeup.present.text import Span, said
from takeup.report.document import Block, Bullets, Document, Heading, Paragraph, TableBlock
from takeup.results import FrozenMap
from takeup.version import __version__

if TYPE_CHECKING:
    from takeup.design.allocation import Allocation
    from takeup.intake.assignment import Record
    from takeup.plan.model import Plan
    from takeup.present.text import Spans


def certificate(plan: Plan, record: Record, language: str) -> Document:
    """The certificate in one language.

    Examples
    --------
    >>> from takeup.design.allocation import Allocation
    >>> from takeup.intake.assignment import Record
    >>> from takeup.plan.model import Plan
    >>> from takeup.report.certificate import certificate
    >>> plan = Plan.model_validate({
    ...     "takeup": 1, "study": "small", "title": "Small", "evidence": "randomized",
    ...     "data": {"units": {"file": "units.csv", "schema": "units.yaml"}},
    ...     "design": {"unit": "id", "treatment": "arm", "control": "usual"},
    ...     "outcomes": [{"id": "income", "column": "income"}], "analyses": {"seed": 1}})
    >>> rule = Allocation(unit="id", treatment="arm", draw="complete", arms=("usual", "visit"), shares=(0.5, 0.5))
    >>> certificate(plan, Record(study="small", file="assignment.csv", rule=rule, commitment="0" * 64), "en").title
    'Certificate of the draw'
    """
    _ = words(language)
    blocks: list[Block] = [Paragraph(spans=said(_opening(record, language))), Heading(text=_("How it was drawn"), id="how"),
                           Bullets(items=tuple(said(line) for line in _rules(record.rule, language)))]
    if record.batches:
        blocks += [Heading(text=_("What was drawn"), id="drawn"), TableBlock(table=_arms(plan, record, language)),
                   TableBlock(table=_batches(record, language))]
    blocks += [Heading(text=_("What anybody can check"), id="check"), Bullets(items=_proofs(record, language)),
               Heading(text=_("Signatures"), id="signatures"), Bullets(items=tuple(
                   said(_("{first}: {second}", first=line, second="_" * 40)) for line in (
                       _("Drawn by"), _("In the presence of"), _("Place and date"))))]
    return Document(title=_("Certificate of the draw"), subtitle=in_language(plan.title, language), language=language, blocks=tuple(blocks),
                    meta=FrozenMap(study=plan.study, version=__version__))


def note_words(note: str, language: str) -> str:
    """What a batch notes (`allocation.MISFITS` and the others), in words."""
    _ = words(language)
    kind, _sep, count = note.partition(" ")
    n = int(count or 0)
    if kind == MISFITS:
        return _.plural("{n} stratum doesn't divide by the shares; the places left over were given by chance.",
                        "{n} strata don't divide by the shares; the places left over were given by chance.", n, n=n)
    if kind == WAITING:
        return _.plural("{n} has no partner and waits for the next batch.", "{n} have no partner and wait for the next batch.", n, n=n)
    if kind == JOINED:
        return _.plural("{n} joined a cluster that was drawn before and takes its arm.",
                        "{n} joined clusters that were drawn before and take their arm.", n, n=n)
    return note


def _opening(record: Record, language: str) -> str:
    _ = words(language)
    if not record.batches:
        return _("Nobody was drawn yet; the seed is committed to.")
    total = record.batches[-1].rows
    return _.plural("{rows} were drawn in {n} batch. Nobody chose who goes where: the arms follow from the list, the rules below and one seed.",
                    "{rows} were drawn in {n} batches. Nobody chose who goes where: the arms follow from the list, the rules below and one seed.",
                    len(record.batches), n=len(record.batches), rows=numbers(language).integer(total))


def _rules(rule: Allocation, language: str) -> list[str]:
    _, number = words(language), numbers(language)
    what = {
        "simple": _("An independent coin for each."), "pairs": _("One of each pair, by chance."),
        "clustered": _("Whole clusters ({column}), a fixed number in each arm.", column=rule.clusters or ""),
        "blocked_clustered": _("Whole clusters ({column}), a fixed number in each arm within each block.", column=rule.clusters or ""),
        "blocked": _("A fixed number in each arm within each block."),
    }.get(rule.draw, _("A fixed number in each arm."))
    lines = [what]
    if rule.blocks and rule.draw != "pairs":
        lines.append(_("Blocks: {column}.", column=rule.blocks))
    if rule.block_sizes:
        lines[0] = _("Permuted blocks in order of arrival, each of a size that chance gave it ({sizes}) and that nobody knew.",
                     sizes=", ".join(map(str, rule.block_sizes)))
    if rule.minimize:
        lines[0] = _("Minimisation over {columns}: with probability {coin} the arm that keeps the margins most even (Pocock and Simon 1975).",
                     columns=", ".join(rule.minimize), coin=number.percent(rule.coin))
        if rule.measure == "variance":
            lines.append(_("Uneven numbers are measured by the variance over the arms, not by the range."))
    if rule.match:
        lines.append(_("Pairs of those most alike by Mahalanobis distance on {columns}.", columns=", ".join(rule.match)))
    if rule.balance:
        lines.append(_("Only the best balanced {share} of assignments were accepted, by Mahalanobis distance on {columns}, batch by batch.",
                       share=number.percent(rule.accept, 1 if rule.accept < 0.1 else 0), columns=", ".join(rule.balance)))
    shares = "; ".join(f"{arm} {number.percent(share, 0 if abs(share * 100 - round(share * 100)) < 1e-9 else 1)}"
                       for arm, share in zip(rule.arms, rule.shares, strict=True))
    return [*lines, _("Shares: {shares}.", shares=shares),
            _("Random numbers: SFC64, its streams keyed by the SHA-256 of seed and salt; takeup {version}.", version=__version__)]


def _arms(plan: Plan, record: Record, language: str) -> Table:
    _, number = words(language), numbers(language)
    labels = {str(arm): in_language(text, language) or str(arm) for arm, text in plan.design.arms.items()}
    rows = tuple(Row(cells=(text_cell(labels.get(arm, arm), arm), Cell(text=number.integer(count), value=count))) for arm, count in (
        (arm, sum(batch.arms.get(arm, 0) for batch in record.batches)) for arm in record.rule.arms))
    return Table(id="arms", title=_("Drawn, by arm"), columns=(Column(id="arm", title=_("Arm")), Column(id="n", title=_("Drawn"), kind="integer")),
                 rows=rows, language=language, sortable=False)


def _batches(record: Record, language: str) -> Table:
    _, number = words(language), numbers(language)
    rows, before = [], 0
    for batch in record.batches:
        count, before = batch.rows - before, batch.rows
        notes = " ".join(note_words(note, language) for note in batch.notes)
        rows.append(Row(cells=(text_cell(batch.batch), text_cell(batch.time), Cell(text=number.integer(count), value=count), text_cell(notes))))
    return Table(id="batches", title=_("The batches"), rows=tuple(rows), language=language, sortable=False, columns=(
        Column(id="batch", title=_("Batch")), Column(id="time", title=_("Drawn at")), Column(id="n", title=_("Drawn"), kind="integer"),
        Column(id="notes", title=_("What didn't fit"))))


def _proofs(record: Record, language: str) -> tuple[Spans, ...]:
    _ = words(language)
    items = [(_("Commitment to the seed (SHA-256 of seed, colon, salt)"), record.commitment)]
    if record.batches:
        items.append((_("Assignment file (SHA-256)"), record.batches[-1].rows_hash))
        items += [(_("List of batch {batch} (SHA-256)", batch=batch.batch), batch.list_hash) for batch in record.batches]
    if record.seed is not None:
        items += [(_("Seed"), str(record.seed)), (_("Salt"), record.salt), (_("Revealed"), record.revealed)]
    lines: list[Spans] = [(Span(text=_("{first}: {second}", first=name, second=""), strong=True), Span(text=value)) for name, value in items]
    closing = (_("The seed gives the same arms again; so does anybody's own run of it on the assignment file.") if record.seed is not None else
               _("The seed is secret until enrolment ends. Once it is revealed, anybody can hold it against the commitment and make the draw again."))
    return (*lines, said(closing))
