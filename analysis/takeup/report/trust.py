"""What was promised, what was kept: the lines on page one, the label of every outcome, and the page of deviations from the locked plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from takeup.plan.evidence import MAIN
from takeup.present.catalogue import LOCALES, mark, words
from takeup.present.labels import in_language
from takeup.present.reading import main as main_of
from takeup.present.tables.model import Column, Row, Table, text_cell
from takeup.present.text import Span, said
from takeup.report.document import Block, Bullets, Document, Heading, Note, Paragraph, TableBlock
from takeup.report.html import html
from takeup.results import FrozenMap
from takeup.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from takeup.plan.deviations import Deviation, Standing
    from takeup.present.labels import Labels
    from takeup.present.text import Spans
    from takeup.release.gate import Released

PAGE = "deviations.html"
SHORT_HASH = 12
CHANGES: Mapping[str, str] = FrozenMap({
    "outcome_added": mark("An outcome was added"), "outcome_removed": mark("An outcome was removed"), "role": mark("The role of an outcome changed"),
    "family": mark("An outcome moved to another family"), "better": mark("The direction of an outcome was turned"),
    "smallest_effect": mark("The smallest effect that matters changed"), "measure": mark("How an outcome is measured changed"),
    "correction": mark("The correction of a family changed"), "covariate_added": mark("A covariate was added"),
    "covariate_dropped": mark("A covariate was dropped"), "order": mark("The order of covariates changed"),
    "estimator": mark("The estimator changed"), "confidence": mark("The confidence level changed"), "draws": mark("The number of draws changed"),
    "seed": mark("The seed changed"), "balance": mark("The table of baseline characteristics changed"),
    "subgroup_added": mark("A subgroup was added"), "subgroup_removed": mark("A subgroup was removed"),
    "subgroup_kind": mark("A subgroup became confirmatory or exploratory"), "design": mark("The description of the draw changed"),
    "exclusion": mark("An exclusion changed"), "data": mark("The data files changed"), "rights": mark("The rights studied changed"),
    "cost": mark("The costs assumed changed"), "release": mark("The rules of disclosure changed"), "evidence": mark("The kind of evidence changed"),
    "file": mark("A schema, crosswalk or catalogue changed"), "words": mark("Words for readers changed"),
})


def with_trust(document: Document, standing: Standing, released: Released, labels: Labels) -> Document:
    """The report with a note on page one about the lock, and with the label of each outcome at the head of the effects."""
    out: list[Block] = []
    for block in document.blocks:
        out.append(block)
        if isinstance(block, Heading) and block.id == "found":
            out += first_page(standing, labels, document.language)
        elif isinstance(block, Heading) and block.id == MAIN[labels.plan.evidence][0] and standing.lock is not None:
            out += labelled_outcomes(released, labels, document.language)
    return replace(document, blocks=tuple(out))


def first_page(standing: Standing, labels: Labels, language: str) -> tuple[Block, ...]:
    """What page one says: a note where something has to be known before reading on, a paragraph where the plan was kept."""
    _ = words(language)
    if standing.lock is None:
        return (Note(spans=said(_("No plan was locked before the results were known: everything here counts as exploratory."))),)
    lines = [locked_line(standing, language)]
    open_, changes = standing.unexplained, standing.changes
    if open_:
        named = "; ".join(f"{_(CHANGES[item.change])} ({_about(item, labels, language)})" for item in open_)
        lines.append(_.plural("{n} change since has no reason: {changes}.", "{n} changes since have no reason: {changes}.", len(open_),
                              n=len(open_), changes=named))
    if len(changes) > len(open_):
        lines.append(_.plural("{n} change since has its reason on the page of deviations.",
                              "{n} changes since have their reasons on the page of deviations.", len(changes) - len(open_),
                              n=len(changes) - len(open_)))
    if not changes:
        lines.append(_("Nothing was changed since."))
    if standing.after_unmasking:
        lines.append(_("The arms had been shown before that."))
    calm = standing.timing == "before" and not open_ and not standing.after_unmasking
    spans = said(" ".join(lines))
    return (Paragraph(spans=spans),) if calm else (Note(spans=spans),)


def locked_line(standing: Standing, language: str) -> str:
    """When the plan was locked, and what was known then."""
    _ = words(language)
    assert standing.lock is not None
    day = _day(standing.lock.time, language)
    if standing.timing == "before":
        return _("The plan was locked on {date}, before the first measurement after the draw.", date=day)
    if standing.timing == "after":
        return _("The plan was locked on {date}, when measurements after the draw had begun.", date=day)
    return _("The plan was locked on {date}; no date of a measurement after the draw is recorded, so nothing shows which came first.", date=day)


def labelled_outcomes(released: Released, labels: Labels, language: str) -> tuple[Block, ...]:
    """Which outcomes were promised beforehand, and which are exploratory."""
    _ = words(language)
    main = {result.outcome: result.provenance.pre_specified for result in main_of(released, labels.plan.evidence)}
    lines: list[Spans] = []
    for wanted, title in ((True, _("Pre-specified")), (False, _("Exploratory"))):
        names = [labels.outcome(name, language) for name, planned in main.items() if bool(planned) is wanted]
        if names:
            lines.append((Span(text=_("{first}: {second}", first=title, second="").rstrip(), strong=True), Span(text=f" {', '.join(names)}")))
    return (Bullets(items=tuple(lines)),) if lines else ()


def deviations_document(standing: Standing, released: Released, labels: Labels, language: str) -> Document:
    """The page of deviations: the lock, each change with its reason, what changed for readers only, and the label of every result."""
    _ = words(language)
    blocks: list[Block] = [*first_page(standing, labels, language), *_lock(standing, language)]
    tables = ((_("Changes from the locked plan"), standing.changes, "changes"),
              (_("Changes of words only, which need no reason"), tuple(item for item in standing.deviations if not item.needs_reason), "words"))
    for title, items, name in tables:
        if items:
            blocks += [Heading(text=title, id=name), TableBlock(table=_table(name, title, items, labels, language))]
    blocks += [Heading(text=_("Every result and its label"), id="labels"), TableBlock(table=_results(released, labels, language))]
    return Document(title=_("Deviations from the plan"), subtitle=labels.title(language), language=language, blocks=tuple(blocks),
                    meta=FrozenMap(study=labels.plan.study, version=__version__))


def deviations_html(standing: Standing, released: Released, labels: Labels, languages: Iterable[str]) -> str:
    """The page of deviations in several languages."""
    return html({language: deviations_document(standing, released, labels, language) for language in languages})


def change_line(item: Deviation) -> str:
    """A change in one line for the command line, in English."""
    sides = f": {_short(item.before) or '(nothing)'} -> {_short(item.after) or '(nothing)'}" if item.before != item.after else ""
    reason = "" if not item.needs_reason else " [no reason]" if item.unexplained else f" [{in_language(item.reason, 'en')}]"
    return f"{item.place}: {CHANGES[item.change][0].lower()}{CHANGES[item.change][1:]}{sides}{reason}"


def _lock(standing: Standing, language: str) -> tuple[Block, ...]:
    _, lock = words(language), standing.lock
    lines = []
    if lock is not None:
        lines += [_("Locked plan: {hash}", hash=lock.plan_hash), _("Made with takeup {version}", version=lock.version)]
        lines += [_("Signature: {file}", file=name) for name in standing.signatures or (lock.signature,) if name]
        lines += [_("An earlier lock of {date}: {hash}", date=_day(item.time, language), hash=item.plan_hash) for item in lock.earlier]
    lines += [_("The arms were first shown on {date}, with the plan {hash}.", date=_day(item.time, language), hash=item.plan_hash)
              for item in standing.unmasked]
    return (Bullets(items=tuple(said(line) for line in lines)),) if lines else ()


def _table(name: str, title: str, items: tuple[Deviation, ...], labels: Labels, language: str) -> Table:
    _ = words(language)
    heads = [_("Change"), _("About"), _("As locked"), _("As run"), *([_("Reason")] if name == "changes" else []), _("Place in the plan")]
    rows = []
    for item in items:
        cells = [_(CHANGES[item.change]), _about(item, labels, language), _short(item.before), _short(item.after)]
        if name == "changes":
            cells.append(in_language(item.reason, language) if item.reason else _("No reason was given."))
        rows.append(Row(cells=tuple(text_cell(text) for text in (*cells, item.place))))
    columns = tuple(Column(id=str(place), title=head) for place, head in enumerate(heads))
    return Table(id=f"deviations_{name}", title=title, columns=columns, rows=tuple(rows), language=language)


def _about(item: Deviation, labels: Labels, language: str) -> str:
    """What a change is about: an outcome by its label, a column or key as the plan writes it."""
    return labels.outcome(item.subject, language) if item.subject in {outcome.id for outcome in labels.plan.outcomes} else item.subject


def _results(released: Released, labels: Labels, language: str) -> Table:
    """How many results each part of the plan asked for, by label; every single one has its label in results.csv."""
    _ = words(language)
    counted: dict[str, list[int]] = {}
    for section in released:
        for result in released[section]:
            counted.setdefault(_asked(result, labels, language), [0, 0])[0 if result.provenance.pre_specified else 1] += 1
    rows = tuple(Row(cells=(text_cell(name), text_cell(str(planned)), text_cell(str(open_)))) for name, (planned, open_) in counted.items())
    heads = {"part": _("Part of the plan"), "planned": _("Pre-specified"), "open": _("Exploratory")}
    columns = tuple(Column(id=name, title=title) for name, title in heads.items())
    return Table(id="labels", title=_("Results by part of the plan"), columns=columns, rows=rows, language=language,
                 notes=(_("The label of each single result stands in results.csv, in the column pre_specified."),))


def _asked(result: object, labels: Labels, language: str) -> str:
    path = str(result.provenance.plan_path)  # type: ignore[attr-defined]  # every kind of result has it
    for position, outcome in enumerate(labels.plan.outcomes):
        if path == f"outcomes[{position}]":
            return labels.outcome(outcome.id, language)
    return path


def _short(text: str) -> str:
    """A value in a cell: of a hash the first characters."""
    return text[:SHORT_HASH] if len(text) == 64 and " " not in text else text


def _day(time: str, language: str) -> str:
    from babel.dates import format_date

    return str(format_date(date.fromisoformat(time[:10]), format="long", locale=LOCALES[language]))
