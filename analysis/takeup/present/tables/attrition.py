"""Who is missing at the end: rates by arm and their difference, and the start of those who left beside those who stayed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.present.catalogue import mark
from takeup.present.numbers import id_of, spread_digits
from takeup.present.reading import arms, section, statistics
from takeup.present.tables.model import EMPTY, Cell, Column, Maker, Row, Table, compact, text_cell
from takeup.release.suppress import is_withheld
from takeup.results import ResultSet, Statistic, Test

if TYPE_CHECKING:
    from collections.abc import Iterator

    from takeup.present.labels import Labels
    from takeup.release.gate import Released

RATE = "attrition"
LEVELS: dict[str, str] = {
    "respondents": mark("{variable}: those who were measured"),
    "non-respondents": mark("{variable}: those who weren't"),
}
TESTS: dict[str, str] = {
    "difference in attrition": mark("Do the arms lose different shares? (by repeating the draw)"),
    "attrition": mark("Do the arms lose different shares?"),
    "internal validity": mark("Do those measured still compare like with like?"),
    "respondents": mark("Do those measured still compare like with like?"),
    "population": mark("Do those measured stand for everybody?"),
}
BOUNDARY: dict[tuple[object, object], str] = {
    ("low", "low"): mark("{outcome}: attrition is low by the boundaries of the What Works Clearinghouse, cautious and optimistic."),
    ("high", "low"): mark("{outcome}: attrition is low by the optimistic boundary of the What Works Clearinghouse, high by the cautious one."),
    ("high", "high"): mark("{outcome}: attrition is high by the boundaries of the What Works Clearinghouse, cautious and optimistic."),
}


def attrition(released: Released, labels: Labels, language: str) -> Table:
    """For each outcome the share that is missing, by arm, and whether it can bias the comparison."""
    make = Maker(language)
    _ = make._
    results = section(released, "attrition")
    shown = arms(ResultSet(statistics(results)), str(labels.plan.design.control))
    rows = [row for outcome in labels.plan.outcomes for row in _rows(make, labels, of_outcome(results, outcome.id), outcome.id, shown)]
    columns = (
        Column(id="measure", title=_("Measure")), Column(id="all", title=_("All"), kind="number"),
        *(Column(id=f"arm_{arm}", title=labels.arm(arm, language), kind="number") for arm in shown),
        *(Column(id=f"difference_{arm}", kind="points", title=_("Difference, percentage points") if len(shown) == 2
                 else _("Difference, {arm}, percentage points", arm=labels.arm(arm, language))) for arm in shown[1:]),
        Column(id="p_value", title=_("p"), kind="p_value"), Column(id="n", title=_("n"), kind="integer"),
    )
    return compact(Table(id="attrition", title=_("Who is missing at the end"), columns=columns, rows=tuple(rows), language=language,
                         notes=tuple(_notes(make, labels, results)), sortable=False))


def of_outcome(results: ResultSet, outcome: str) -> ResultSet:
    """The results of one outcome: its id stands second in theirs."""
    return ResultSet(tuple(item for item in results if id_of(item).startswith(f"attrition.{outcome}.")))


def _rows(make: Maker, labels: Labels, results: ResultSet, outcome: str, shown: tuple[str, ...]) -> Iterator[Row]:
    group = labels.outcome(outcome, make.language)
    rates = {item.arm: item for item in statistics(results, variable=RATE, kind="share")}
    gaps = {item.arm: item for item in statistics(results, variable=RATE, kind="difference")}
    if rates:
        p = make.cell(gaps[shown[1]], "p_value", "p_value") if len(shown) == 2 and shown[1] in gaps else EMPTY
        yield Row(group=group, cells=(
            text_cell(make._("Missing")), *(make.cell(rates.get(arm), "value", "percent", 1) for arm in ("", *shown)),
            *(make.cell(gaps.get(arm), "value", "points", 1) for arm in shown[1:]), p if gaps and p.value is not None else EMPTY,
            make.cell(rates.get(""), "n", "integer"),
        ))
    for variable, level in dict.fromkeys((item.variable, item.level) for item in statistics(results, kind="mean")):
        means = {item.arm: item for item in statistics(results, variable=variable, level=level, kind="mean")}
        if all(math.isnan(item.value) and not item.n and not item.reason.startswith("Withheld") for item in means.values()):
            continue  # nobody is in this group in any arm
        share = _is_share(labels, variable)
        digits = 1 if share else spread_digits(max((abs(item.value) for item in means.values() if not math.isnan(item.value)), default=1.0) / 5)
        name = labels.variable(variable, make.language)
        yield Row(group=group, cells=(
            text_cell(make._(LEVELS[level], variable=name) if level in LEVELS else name), EMPTY,
            *(make.cell(means.get(arm), "value", "percent" if share else "number", digits) for arm in shown), *(EMPTY,) * len(shown[1:]), EMPTY,
            _total(make, means),
        ))
    for test in (item for item in results if isinstance(item, Test) and not math.isnan(item.p_value)):
        name = make._(TESTS[test.term]) if test.term in TESTS else test.term or labels.variable(test.outcome, make.language)
        yield Row(group=group, cells=(text_cell(name), *(EMPTY,) * (2 * len(shown)), make.cell(test, "p_value", "p_value"),
                                      make.cell(test, "n", "integer")))


def _is_share(labels: Labels, variable: str) -> bool:
    """Whether the baseline of an outcome is 0/1."""
    outcome = variable.rpartition(".")[0]
    return any(planned.id == outcome and planned.kind == "binary" for planned in labels.plan.outcomes)


def _total(make: Maker, means: dict[str, Statistic]) -> Cell:
    """All arms together; withheld where the n of one is, since what is left would be the n of the others."""
    hidden = next((item for item in means.values() if is_withheld(item)), None)
    if hidden is not None:
        return make.cell(hidden, "n", "integer")
    total = sum(item.n for item in means.values())
    return Cell(text=make.number.integer(total), value=total)


def _notes(make: Maker, labels: Labels, results: ResultSet) -> Iterator[str]:
    if len(results):
        yield make._("Missing: the share of those assigned whose outcome wasn't measured.")
    found: dict[tuple[object, object], list[str]] = {}
    for outcome in labels.plan.outcomes:
        for item in statistics(of_outcome(results, outcome.id), variable=RATE, kind="difference"):
            judged = (item.extra.get("conservative"), item.extra.get("liberal"))
            found.setdefault(judged, []).append(labels.outcome(outcome.id, make.language))
    for judged, names in found.items():
        if judged in BOUNDARY:
            yield make._(BOUNDARY[judged], outcome=", ".join(dict.fromkeys(names)))
