"""Centres: how far they differ, and each of them beside all, in the order of their names and never of their results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.present.numbers import effect_digits
from takeup.present.reading import section, statistics
from takeup.present.tables.model import EMPTY, Cell, Column, Maker, Row, Table, compact, text_cell
from takeup.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from takeup.present.labels import Labels
    from takeup.release.gate import Released
    from takeup.results import ResultSet, Statistic

AVERAGE, POOLED = "average", "pooled"


def centre_estimates(results: ResultSet, outcome: str) -> tuple[Estimate, ...]:
    """The centres' estimates of one outcome, withheld ones too, in the order of their labels."""
    return tuple(item for item in results if isinstance(item, Estimate) and item.outcome == outcome and "level" in item.extra)


def whole(results: ResultSet, outcome: str, term: str) -> Estimate | None:
    """The estimate of one outcome over all centres: their average, or pooled."""
    return next((item for item in results if isinstance(item, Estimate) and item.outcome == outcome and item.term == term), None)


def outcomes(results: Iterable[object]) -> tuple[str, ...]:
    """The outcomes that are described by centre, in the order of the plan."""
    return tuple(dict.fromkeys(item.outcome for item in results if isinstance(item, Estimate)))


def site_spread(released: Released, labels: Labels, language: str) -> Table:
    """One row an outcome: the average over centres, the spread between centres and between groups of a centre, the range for a further centre."""
    make = Maker(language)
    _ = make._
    results = section(released, "sites")
    rows, levels = [], []
    for name in outcomes(results):
        average, pooled = whole(results, name, AVERAGE), whole(results, name, POOLED)
        if average is None:
            continue
        levels.append(average.conf_level)
        digits = effect_digits(average.std_error)
        rows.append(Row(cells=(
            text_cell(labels.outcome(name, language)), make.cell(average, "estimate", "number", digits), make.interval(average, digits=digits),
            make.cell(average, "sd_centre", "number", digits), make.interval(average, "sd_centre_low", "sd_centre_high", digits),
            make.cell(average, "sd_group", "number", digits),
            make.cell(average, "icc_centre", "percent", 0), make.interval(pooled, "prediction_low", "prediction_high", digits),
        )))
    title = make.interval_title(levels)
    spread, average_ = _("Spread between centres"), _("Mean change over centres")
    columns = (
        Column(id="outcome", title=_("Outcome")), Column(id="mean", title=_("Mean"), kind="number", group=average_),
        Column(id="interval", title=title, kind="interval", group=average_, parts=make.limits),
        Column(id="sd_centre", title=_("SD"), kind="number", group=spread),
        Column(id="sd_centre_interval", title=title, kind="interval", group=spread, parts=make.limits),
        Column(id="sd_group", title=_("Between groups of a centre: SD"), kind="number"),
        Column(id="icc", title=_("Between centres, of all variance"), kind="percent"),
        Column(id="prediction", title=_("Expected in a further centre"), kind="interval", parts=make.limits),
    )
    notes = (_("Women in groups in centres: a mixed model (restricted maximum likelihood); intervals of the spreads by profile likelihood. What is "
               "expected in a further centre is the prediction interval of a meta-analysis that lets centres differ."),) if rows else ()
    return Table(id="site_spread", title=_("How far centres differ"), columns=columns, rows=tuple(rows), notes=notes, language=language)


def site_list(released: Released, labels: Labels, language: str) -> Table:
    """One row a centre: women, stayers, attendance, and the change of the primary outcomes, its own and the steadied one."""
    make = Maker(language)
    _ = make._
    results = section(released, "sites")
    women = [item for item in statistics(results, table="sites", kind="share") if item.level]
    shown = [name for name in outcomes(results) if labels.plan.outcome(name).role == "primary"] or list(outcomes(results))[:1]
    found = {name: {str(item.extra["level"]): item for item in centre_estimates(results, name)} for name in shown}
    rows = []
    for item in women:
        of = {name: statistic_of(results, name, item.level) for name in ("stayed", "attendance")}
        cells: list[Cell] = [text_cell(labels.level(item.variable, item.level, language)), make.cell(item, "count", "integer"),
                             make.cell(of["stayed"], "value", "percent", 0), make.cell(of["attendance"], "value", "percent", 0)]
        for name in shown:
            mine = found[name].get(item.level)
            digits = effect_digits(mine.std_error) if mine is not None else 0
            cells += [make.cell(mine, "raw", "number", digits), make.cell(mine, "estimate", "number", digits), make.interval(mine, digits=digits)] \
                if mine is not None else [EMPTY, EMPTY, EMPTY]
        rows.append(Row(cells=tuple(cells)))
    columns = [Column(id="centre", title=labels.variable(women[0].variable, language) if women else ""),
               Column(id="women", title=_("Began"), kind="integer"), Column(id="stayed", title=_("Stayed"), kind="percent"),
               Column(id="attendance", title=_("Attendance"), kind="percent")]
    for name in shown:
        group = labels.outcome(name, language)
        level = make.interval_title(item.conf_level for item in found[name].values())
        columns += [Column(id=f"{name}_own", title=_("Own mean change"), kind="number", group=group),
                    Column(id=f"{name}_steadied", title=_("Steadied"), kind="number", group=group),
                    Column(id=f"{name}_interval", title=level, kind="interval", group=group, parts=make.limits)]
    notes = (league(make), _("Steadied: drawn to the average of all centres by as much as the centre's few women leave to chance.")) if rows else ()
    return compact(Table(id="site_list", title=_("Centres one by one, in the order of their numbers"), columns=tuple(columns), rows=tuple(rows),
                         notes=notes, language=language, sortable=False))


def league(make: Maker) -> str:
    """Why no order is made of it."""
    return make._("This is no league table. A centre of a dozen or two women has a mean that chance moves more than anything the centre does; its "
                  "place in an order of centres would be mostly chance as well.")


def statistic_of(results: ResultSet, variable: str, level: str, **fields: object) -> Statistic | None:
    """The statistic of one centre, or of all where `level` is empty."""
    if not level:
        return next((item for item in statistics(results, variable=variable, **fields) if "level" not in item.extra), None)
    return next((item for item in statistics(results, variable=variable, **fields) if item.extra.get("level") == level), None)
