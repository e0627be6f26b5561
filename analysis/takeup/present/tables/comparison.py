"""Two groups that nobody drew: how strong something unmeasured would have to be, and what few groups and cities can show."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.plan.evidence import MAIN
from takeup.present.reading import only, pick, section
from takeup.present.tables.effects import named, quantity, scale_of
from takeup.present.tables.model import EMPTY, Cell, Column, Maker, Row, Table, compact, text_cell

if TYPE_CHECKING:
    from takeup.plan.model import Outcome
    from takeup.present.labels import Labels
    from takeup.release.gate import Released
    from takeup.results import Estimate, ResultSet, Test

CHAPTER, FIRST = MAIN["comparison"]
LEVELS = ("group", "place")
SIGNS_TOO_FEW = 8
"""With fewer clusters even signs that all agree give no p under a hundredth."""


def unmeasured(released: Released, labels: Labels, language: str) -> Table:
    """For each outcome what an unmeasured cause would have to be like to account for the difference."""
    make = Maker(language)
    _ = make._
    results = section(released, CHAPTER)
    rows = []
    for outcome in labels.plan.outcomes:
        for item in pick(results, FIRST, outcome.id):
            _means, kind, digits, scale = scale_of(outcome, item)
            cells = (text_cell(named(labels, outcome, make)), make.cell(item, "estimate", kind, digits), _known(make, item, "e_value", 2),
                     _known(make, item, "e_value_limit", 2), _known(make, item, "robustness_value", 1, percent=True),
                     _known(make, item, "robustness_value_limit", 1, percent=True), _known(make, item, "selection_ratio", 1),
                     _benchmark(make, labels, item), _known(make, item, "benchmark_estimate", digits, percent=scale > 1))
            rows.append(Row(cells=cells))
    columns = (
        Column(id="outcome", title=_("Outcome")), Column(id="estimate", title=quantity(make, labels), kind="number"),
        Column(id="e_value", title=_("all of it"), kind="number", group=_("E-value")),
        Column(id="e_value_limit", title=_("its interval"), kind="number", group=_("E-value")),
        Column(id="robustness_value", title=_("all of it"), kind="percent", group=_("Robustness value")),
        Column(id="robustness_value_limit", title=_("its interval"), kind="percent", group=_("Robustness value")),
        Column(id="selection_ratio", title=_("Selection ratio"), kind="number"), Column(id="benchmark", title=_("Strongest covariate")),
        Column(id="benchmark_estimate", title=_("Left with another as strong"), kind="number"),
    )
    notes = (
        _("E-value: the risk ratio by which something unmeasured would have to go with both the group and the outcome to account for the whole "
          "difference, or to let its interval reach zero (VanderWeele and Ding 2017). Robustness value: the share of what is left of both, in %, "
          "that it would have to take up (Cinelli and Hazlett 2020). Selection ratio: how many times more strongly than all covariates together it "
          "would have to go with the group; negative where it would have to pull the other way (Oster 2019)."),
        _("Left with another as strong: the difference by least squares that would remain if something unmeasured were as strong as the covariate "
          "that moves it most."),
    )
    return compact(Table(id="unmeasured", title=_("What would have to be unmeasured to account for the differences"), columns=columns,
                         rows=tuple(rows), notes=notes if rows else (), language=language))


def few_clusters(released: Released, labels: Labels, language: str) -> Table:
    """For each outcome the difference by least squares, with intervals and p by the wild bootstrap over groups and over places."""
    make = Maker(language)
    _ = make._
    results = section(released, CHAPTER)
    rows = []
    for outcome in labels.plan.outcomes:
        tests = {level: _test(results, outcome, level) for level in LEVELS}
        main = only(results, FIRST, outcome.id)
        shown = next((test for test in tests.values() if test is not None), None)
        if main is None or shown is None:
            continue
        _means, kind, digits, scale = scale_of(outcome, main)
        cells: list[Cell] = [text_cell(named(labels, outcome, make)), make.cell(shown, "estimate", kind, digits)]
        for test in tests.values():
            cells += [EMPTY, EMPTY] if test is None else [make.interval(test, digits=digits, scale=scale), make.cell(test, "p_value", "p_value")]
        rows.append(Row(cells=tuple(cells)))
    heads = {"group": _("By group"), "place": _("By place")}
    columns = [Column(id="outcome", title=_("Outcome")), Column(id="estimate", title=_("Difference by least squares"), kind="number")]
    for level in LEVELS:
        found = [test for outcome in labels.plan.outcomes if (test := _test(results, outcome, level)) is not None]
        columns += [
            Column(id=f"interval_{level}", title=make.interval_title(test.conf_level for test in found), kind="interval", group=heads[level],
                   parts=make.limits),
            Column(id=f"p_{level}", title=_("p"), kind="p_value", group=heads[level]),
        ]
    return compact(Table(id="few_clusters", title=_("The differences when few groups or places are taken into account"), columns=tuple(columns),
                         rows=tuple(rows), notes=_few_notes(make, labels, results) if rows else (), language=language))


def _few_notes(make: Maker, labels: Labels, results: ResultSet) -> tuple[str, ...]:
    """What the bootstrap does, and what as few places as there are can show."""
    _ = make._
    notes = [_("Wild bootstrap with the null imposed, of the regression with all covariates (Cameron, Gelbach and Miller 2008). By group: each group "
               "is a cluster, and so is each person who had none.")]
    sizes = {level: [test.n_clusters for outcome in labels.plan.outcomes if (test := _test(results, outcome, level)) is not None and test.n_clusters]
             for level in LEVELS}
    if all(sizes.values()):
        notes.append(_("Clusters: {low} to {high} by group, {places} by place.", low=make.number.integer(min(sizes["group"])),
                       high=make.number.integer(max(sizes["group"])), places=make.number.integer(max(sizes["place"]))))
    places = sizes["place"]
    if places and (few := min(places)) < SIGNS_TOO_FEW:
        notes.append(_("{n} places are few: with plus and minus signs alone there are {samples} samples and no p under {least}, so weights of six "
                       "points are drawn (Webb 2023). What such an interval shows rests on how differently the programme went in {n} places, and it "
                       "assumes that they are alike; it can warn, but it can't settle anything.",
                       n=make.number.integer(few), samples=make.number.integer(2**few), least=make.number.decimal(2.0 / 2**few, 2)))
    return tuple(notes)


def _test(results: ResultSet, outcome: Outcome, level: str) -> Test | None:
    found: Test | None = next((item for item in pick(results, "wild", outcome.id) if f".{level}" in item.provenance.id), None)
    return found


def _known(make: Maker, item: Estimate, name: str, digits: int, *, percent: bool = False) -> Cell:
    """A further number of an estimate; an empty cell where it has no meaning."""
    value = item.extra.get(name, math.nan)
    if not math.isfinite(value):
        return EMPTY
    return make.cell(item, name, "percent" if percent else "number", digits)


def _benchmark(make: Maker, labels: Labels, item: Estimate) -> Cell:
    name = item.extra.get("benchmark", "")
    return text_cell(labels.described(name, make.language), name) if name else EMPTY
