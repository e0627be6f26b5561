"""The table of effects: per outcome the arm means, the effect with its interval, the p-values and how many people it rests on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.plan.evidence import MAIN
from takeup.present.numbers import Kind, effect_digits
from takeup.present.reading import only, pick, prefix, section
from takeup.present.reasons import translated
from takeup.present.tables.model import EMPTY, Cell, Column, Maker, Row, Table, compact, text_cell
from takeup.present.terms import ADJUSTMENTS, term
from takeup.results import ConfidenceSet, Estimate, ResultSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from takeup.plan.model import Outcome
    from takeup.present.labels import Labels
    from takeup.release.gate import Released
    from takeup.results import Bounds, Test


def effects(released: Released, labels: Labels, language: str) -> Table:
    """Every planned outcome in the order of the plan, by family; a 0/1 outcome has its ratio on a line of its own."""
    if labels.plan.evidence == "before_after":
        from takeup.present.tables.changes import changes

        return changes(released, labels, language)
    make = Maker(language)
    chapter, first = MAIN[labels.plan.evidence]
    results = section(released, chapter)
    several = len({result.arm for result in results if prefix(result) == first}) > 1
    columns = _columns(make, labels, results, several=several)
    rows = tuple(row for outcome in labels.plan.outcomes for row in _rows(make, labels, results, outcome, columns, several=several))
    return compact(Table(id=chapter, title=effects_title(make, labels), columns=columns, rows=rows, notes=_notes(make, labels, results, columns),
                         language=language))


def effects_title(make: Maker, labels: Labels) -> str:
    """What the numbers may be called, by what the design can show."""
    _ = make._
    return {
        "randomized": _("Effects of being offered the programme, by outcome"),
        "comparison": _("Differences with the comparison group, by outcome"),
        "before_after": _("Changes between the two measurements, by outcome"),
    }[labels.plan.evidence]


def quantity(make: Maker, labels: Labels) -> str:
    """The word for one such number: effect, difference or change."""
    _ = make._
    return {"randomized": _("Effect"), "comparison": _("Difference"), "before_after": _("Change")}[labels.plan.evidence]


def named(labels: Labels, outcome: Outcome, make: Maker) -> str:
    """An outcome with its unit."""
    label, unit = labels.outcome(outcome.id, make.language), labels.unit(outcome.id, make.language)
    if outcome.kind == "binary":
        return make._("{outcome} (%)", outcome=label)
    return f"{label} ({unit})" if unit else label


def in_arm(make: Maker, labels: Labels, outcome: Outcome, arm: str, results: Iterable[Estimate | Test | Bounds]) -> str:
    """An outcome with its unit, and with the arm where the results are of several."""
    name = named(labels, outcome, make)
    return f"{name}, {labels.arm(arm, make.language)}" if arm and len({item.arm for item in results if item.arm}) > 1 else name


def scale_of(outcome: Outcome, estimate: Estimate | None) -> tuple[Kind, Kind, int, float]:
    """How an outcome's means and effect are shown: the kind of the means, of the effect, its decimals, and its scale."""
    std_error = math.nan if estimate is None else estimate.std_error
    if outcome.kind == "binary":
        return "percent", "points", 1, 100.0
    return "number", "number", effect_digits(std_error), 1.0


def _columns(make: Maker, labels: Labels, results: ResultSet, *, several: bool) -> tuple[Column, ...]:
    _ = make._
    estimates = [result for result in results if isinstance(result, Estimate)]
    columns = [Column(id="outcome", title=_("Outcome"))]
    if several:
        columns.append(Column(id="arm", title=_("Arm")))
    if labels.plan.evidence != "before_after":
        treated = _("Programme") if several else next((labels.arm(e.arm, make.language) for e in estimates if e.arm), _("Programme"))
        columns += [Column(id="mean_control", title=labels.control(make.language), kind="number", group=_("Mean or %")),
                    Column(id="mean_treated", title=treated, kind="number", group=_("Mean or %"))]
    columns += [Column(id="estimate", title=quantity(make, labels), kind="number"),
                Column(id="interval", title=make.interval_title(e.conf_level for e in estimates), kind="interval", parts=make.limits),
                Column(id="p_value", title=_("p"), kind="p_value")]
    if any(prefix(result) == "ri" for result in results):
        columns.append(Column(id="p_ri", title=_("p, by repeating the draw"), kind="p_value"))
    if any(prefix(result) == "family" for result in results):
        columns.append(Column(id="p_adjusted", title=_("p, family corrected"), kind="p_value"))
    columns.append(Column(id="n", title=_("n"), kind="integer"))
    return tuple(columns)


def _rows(make: Maker, labels: Labels, results: ResultSet, outcome: Outcome, columns: tuple[Column, ...], *, several: bool) -> Iterator[Row]:
    families = {other.family for other in labels.plan.outcomes}
    group = labels.family(outcome.family, make.language) if len(families) > 1 else ""
    for estimate in pick(results, MAIN[labels.plan.evidence][1], outcome.id):
        cells = _effect_cells(make, labels, results, outcome, estimate)
        yield Row(cells=tuple(cells.get(column.id, EMPTY) for column in columns), group=group)
        ratio = only(results, "ratio", outcome.id, estimate.arm)
        if ratio is not None:
            cells = {"outcome": text_cell(make._("{outcome}: ratio of the shares", outcome=labels.outcome(outcome.id, make.language))),
                     "arm": text_cell(labels.arm(estimate.arm, make.language)) if several else EMPTY,
                     "estimate": make.cell(ratio, "estimate", "number", 2), "interval": make.interval(ratio, digits=2),
                     "p_value": make.cell(ratio, "p_value", "p_value"), "n": make.cell(ratio, "n", "integer")}
            yield Row(cells=tuple(cells.get(column.id, EMPTY) for column in columns), group=group, level=1)


def _effect_cells(make: Maker, labels: Labels, results: ResultSet, outcome: Outcome, estimate: Estimate) -> dict[str, Cell]:
    means, kind, digits, scale = scale_of(outcome, estimate)
    return {
        "outcome": text_cell(named(labels, outcome, make)),
        "arm": text_cell(labels.arm(estimate.arm, make.language)),
        "mean_control": make.cell(estimate, "mean_control", means, digits),
        "mean_treated": make.cell(estimate, "mean_treated", means, digits),
        "estimate": make.cell(estimate, "estimate", kind, digits),
        "interval": make.interval(estimate, digits=digits, scale=scale),
        "p_value": make.cell(estimate, "p_value", "p_value"),
        "p_ri": make.cell(only(results, "ri", outcome.id, estimate.arm), "p_value", "p_value"),
        "p_adjusted": make.cell(only(results, "family", outcome.id, estimate.arm), "p_adjusted", "p_value"),
        "n": make.cell(estimate, "n", "integer"),
    }


def _notes(make: Maker, labels: Labels, results: ResultSet, columns: tuple[Column, ...]) -> tuple[str, ...]:
    _ = make._
    notes = []
    if any(outcome.kind == "binary" for outcome in labels.plan.outcomes):
        notes.append(_("Shares are in %; differences between shares are in percentage points."))
    if any(column.id == "p_ri" for column in columns):
        notes.append(_("\u201cBy repeating the draw\u201d: the share of all other draws the trial could have made that give a difference at least "
                       "as large."))
    return (*notes, *family_notes(make, labels, results))


def family_notes(make: Maker, labels: Labels, results: ResultSet) -> tuple[str, ...]:
    """A line for each family of outcomes that is corrected by a rule of the plan."""
    _ = make._
    notes = []
    families = {labels.plan.outcome(result.outcome).family for result in pick(results, "family")}
    for family in sorted(families):
        rule = labels.plan.analyses.families.get(family, "none")
        if rule != "none":
            notes.append(_("Family \u201c{family}\u201d: p corrected for several outcomes by {rule}.",
                           family=labels.family(family, make.language), rule=term(ADJUSTMENTS, rule, make.language)))
    return tuple(notes)


def complier_effects(released: Released, labels: Labels, language: str) -> Table:
    """The effect among those who took part because they were offered it, with the set that stays right when take-up hardly differs."""
    make = Maker(language)
    _ = make._
    results = section(released, "effects")
    estimates = list(pick(results, "cace")) if labels.plan.evidence == "randomized" else []
    several = len({estimate.arm for estimate in estimates}) > 1
    columns = (
        Column(id="outcome", title=_("Outcome")), *([Column(id="arm", title=_("Arm"))] if several else []),
        Column(id="estimate", title=_("Effect on those who took part"), kind="number"),
        Column(id="interval", title=make.interval_title(e.conf_level for e in estimates), kind="interval", parts=make.limits),
        Column(id="p_value", title=_("p"), kind="p_value"), Column(id="set", title=_("Anderson-Rubin set")),
        Column(id="first_stage_f", title=_("First-stage F"), kind="number"), Column(id="n", title=_("n"), kind="integer"),
    )
    rows = []
    for estimate in estimates:
        outcome = labels.plan.outcome(estimate.outcome)
        _means, kind, digits, scale = scale_of(outcome, estimate)
        cells = {
            "outcome": text_cell(named(labels, outcome, make)), "arm": text_cell(labels.arm(estimate.arm, language)),
            "estimate": make.cell(estimate, "estimate", kind, digits), "interval": make.interval(estimate, digits=digits, scale=scale),
            "p_value": make.cell(estimate, "p_value", "p_value"), "set": _set(make, only(results, "ar", outcome.id, estimate.arm), digits, scale),
            "first_stage_f": make.cell(estimate, "first_stage_f", "number", 1), "n": make.cell(estimate, "n", "integer"),
        }
        rows.append(Row(cells=tuple(cells[column.id] for column in columns)))
    notes = (_("Assumes that being offered the programme changes outcomes only by taking part, and that nobody does the opposite of what is offered. "
               "The Anderson-Rubin set stays valid however little the offer changes take-up."),) if rows else ()
    return compact(Table(id="complier_effects", title=_("Effects among those who took part because it was offered"), columns=columns,
                         rows=tuple(rows),
                 notes=notes, language=language))


def _set(make: Maker, found: ConfidenceSet | None, digits: int, scale: float) -> Cell:
    if found is None:
        return EMPTY
    text = make.number.confidence_set(found, digits, scale)
    finite = " ".join(f"[{low!r}, {high!r}]" for low, high in found.intervals if not math.isnan(low))
    return Cell(text=text, value=finite or None, result_id=found.provenance.id, fields="intervals", digits=digits, scale=scale,
                note=translated(found.reason, make.language))
