"""Who is missing at the end: rates by arm, their difference, and whether those who left differ."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.present.catalogue import mark
from takeup.present.labels import Labels, spoken
from takeup.present.reading import arms, each_once, prefix, section, statistics
from takeup.present.tables.model import EMPTY, Cell, Column, Maker, Row, Table, compact, text_cell
from takeup.results import Estimate, ResultSet, Statistic, Test

if TYPE_CHECKING:
    from takeup.release.gate import Released

MEASURES = {
    "responded": mark("Answered"),
    "response": mark("Answered"),
    "attrition": mark("Missing"),
    "missing": mark("Missing"),
    "lost": mark("Missing"),
    "overall": mark("Missing, all arms"),
    "differential": mark("Difference between the arms"),
}


def attrition(released: Released, labels: Labels, language: str) -> Table:
    """Rates by arm, the difference with its p-value, and the tests of who left."""
    make = Maker(language)
    _ = make._
    results = section(released, "attrition")
    shown = arms(ResultSet(tuple(item for item in results if isinstance(item, Statistic))), str(labels.plan.design.control))
    rows = [*_rates(make, labels, results, shown), *_differences(make, labels, results, shown), *_tests(make, labels, results, shown)]
    columns = (
        Column(id="measure", title=_("Measure")), Column(id="all", title=_("All"), kind="number"),
        *(Column(id=f"arm_{arm}", title=labels.arm(arm, language), kind="number") for arm in shown),
        Column(id="difference", title=_("Difference"), kind="number"), Column(id="p_value", title=_("p"), kind="p_value"),
        Column(id="n", title=_("n"), kind="integer"),
    )
    notes = (_("Shares are in %; differences between shares are in percentage points."),) if rows else ()
    return compact(Table(id="attrition", title=_("Who is missing at the end"), columns=columns, rows=tuple(rows), notes=notes, language=language,
                         sortable=False))


def _rates(make: Maker, labels: Labels, results: ResultSet, shown: tuple[str, ...]) -> list[Row]:
    rows = []
    found = [item for item in statistics(results) if item.kind in {"share", "mean"}]
    for variable, level, wave in dict.fromkeys((item.variable, item.level, item.wave) for item in found):
        at = {arm: next((item for item in found if (item.variable, item.level, item.wave, item.arm) == (variable, level, wave, arm)), None)
              for arm in ("", *shown)}
        kind = next(item.kind for item in at.values() if item is not None)
        cells = [make.cell(item, "value", "percent" if kind == "share" else "number", 1 if kind == "share" else 2) for item in at.values()]
        gap = next((item for item in statistics(results, variable=variable, level=level, wave=wave) if item.kind == "difference"), None)
        difference = make.cell(gap, "value", "points" if kind == "share" else "number", 1 if kind == "share" else 2)
        rows.append(Row(cells=(text_cell(_name(make, labels, variable, level, wave)), *cells, difference,
                               make.cell(gap, "p_value", "p_value") if gap else EMPTY,
                               _n(make, list(at.values())))))
    return rows


def _n(make: Maker, found: list[Statistic | None]) -> Cell:
    whole = found[0]
    if whole is not None:
        return make.cell(whole, "n", "integer")
    total = sum(item.n for item in found if item is not None)
    return Cell(text=make.number.integer(total), value=total)


def _differences(make: Maker, labels: Labels, results: ResultSet, shown: tuple[str, ...]) -> list[Row]:
    """Differences that stand as estimates of their own, and those whose rates are not in the table."""
    shared = {(item.variable, item.level, item.wave) for item in statistics(results) if item.kind in {"share", "mean"}}
    alone = [item for item in statistics(results) if item.kind == "difference" and (item.variable, item.level, item.wave) not in shared]
    blank = (EMPTY,) * (1 + len(shown))
    rows = [Row(cells=(text_cell(_name(make, labels, item.variable, item.level, item.wave)), *blank, make.cell(item, "value", "points", 1),
                       make.cell(item, "p_value", "p_value"), make.cell(item, "n", "integer"))) for item in alone]
    estimates = [item for item in results if isinstance(item, Estimate) and prefix(item) == "attrition"]
    rows.extend(
        Row(cells=(text_cell(_name(make, labels, item.outcome, "" if item.term == "treatment" else item.term, "")), *blank,
                   make.cell(item, "estimate", "points", 1), make.cell(item, "p_value", "p_value"), make.cell(item, "n", "integer")))
        for item in estimates
    )
    return rows


def _tests(make: Maker, labels: Labels, results: ResultSet, shown: tuple[str, ...]) -> list[Row]:
    blank = (EMPTY,) * (2 + len(shown))
    return [
        Row(cells=(text_cell(_name(make, labels, item.outcome, item.term, "")), *blank, make.cell(item, "p_value", "p_value"),
                   make.cell(item, "n", "integer")))
        for item in results if isinstance(item, Test)
    ]


def _name(make: Maker, labels: Labels, variable: str, level: str, wave: str) -> str:
    """What a line measures: a known measure, an outcome or a column, with its level and wave."""
    planned = {outcome.id for outcome in labels.plan.outcomes}
    if variable in MEASURES:
        name = make._(MEASURES[variable])
    elif variable in planned:
        name = labels.outcome(variable, make.language)
    else:
        name = labels.variable(variable, make.language)
    detail = labels.outcome(level, make.language) if level in planned else make._(MEASURES[level]) if level in MEASURES else spoken(level)
    parts = [part for part in (detail, labels.wave(wave, make.language) if wave else "") if part]
    return f"{name}: {', '.join(parts)}" if parts else name


def missing_share(released: Released) -> dict[str, float]:
    """The share missing by arm ("" for all arms), where the section has it under one of its known names."""
    results = section(released, "attrition")
    for variable in each_once(item.variable for item in statistics(results)):
        if variable not in MEASURES:
            continue
        shares = {item.arm: item.value for item in statistics(results, variable=variable, kind="share", level="") if not math.isnan(item.value)}
        if shares:
            answered = variable in {"responded", "response"}
            return {arm: 1.0 - share if answered else share for arm, share in shares.items()}
    return {}
