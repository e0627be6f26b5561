"""The table of baseline characteristics by arm: described, never tested column by column."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.present.numbers import spread_digits
from takeup.present.reading import arms, each_once, section, statistic, statistics
from takeup.present.tables.model import EMPTY, Cell, Column, Maker, Row, Table, text_cell
from takeup.release.suppress import is_withheld
from takeup.results import ResultSet, Statistic, Test

if TYPE_CHECKING:
    from takeup.present.labels import Labels
    from takeup.release.gate import Released


def baseline(released: Released, labels: Labels, language: str) -> Table:
    """Means and standard deviations (shares) by arm at baseline, and standardised differences."""
    make = Maker(language)
    results = section(released, "balance")
    shown = arms(ResultSet(statistics(results)), str(labels.plan.design.control))
    rows: list[Row] = []
    for variable in each_once(item.variable for item in statistics(results)):
        levels = each_once(item.level for item in statistics(results, variable=variable))
        nested = any(levels)
        if nested:
            rows.append(_head(labels.variable(variable, language), _width(shown)))
        rows.extend(_row(make, labels, results, shown, variable, level, nested=nested) for level in levels)
    return Table(id="baseline", title=make._("Who took part: baseline characteristics by arm"), columns=_columns(make, labels, results, shown),
                 rows=tuple(rows), notes=_notes(make, labels, results), language=language, sortable=False)


def _width(shown: tuple[str, ...]) -> int:
    return 3 * len(shown)


def _head(title: str, empty: int) -> Row:
    return Row(cells=(text_cell(title), *(EMPTY,) * empty), head=True)


def _columns(make: Maker, labels: Labels, results: ResultSet, shown: tuple[str, ...]) -> tuple[Column, ...]:
    _ = make._
    columns = [Column(id="variable", title=_("Characteristic"))]
    for arm in shown:
        sizes = {item.n for item in statistics(results, arm=arm) if item.kind != "standardized_difference"}
        name = labels.arm(arm, make.language)
        group = _("{arm}, n\u00a0=\u00a0{n}", arm=name, n=make.number.integer(sizes.pop())) if len(sizes) == 1 else name
        columns += [Column(id=f"mean_{arm}", title=_("Mean or %"), kind="number", group=group),
                    Column(id=f"sd_{arm}", title=_("SD"), kind="number", group=group)]
    for arm in shown[1:]:
        title = _("Standardised difference") if len(shown) == 2 else _("Standardised difference, {arm}", arm=labels.arm(arm, make.language))
        columns.append(Column(id=f"difference_{arm}", title=title, kind="number"))
    columns.append(Column(id="n", title=_("n observed"), kind="integer"))
    return tuple(columns)


def _row(make: Maker, labels: Labels, results: ResultSet, shown: tuple[str, ...], variable: str, level: str, *, nested: bool) -> Row:
    if nested:
        name = labels.level(variable, level, make.language)
        cells = [text_cell(name, labels.with_level(variable, level, make.language))]
    else:
        cells = [text_cell(labels.described(variable, make.language))]
    sds = [item.value for item in statistics(results, variable=variable, level=level, kind="sd") if not math.isnan(item.value)]
    digits = spread_digits(max(sds, default=1.0))
    for arm in shown:
        cells += _arm(make, results, variable, level, arm, digits)
    found: list[Statistic | None] = [statistic(results, variable=variable, level=level, arm=arm, kind="standardized_difference") for arm in shown[1:]]
    cells += [make.cell(item, "value", "number", 2) for item in found]
    cells.append(_observed(make, results, variable, level, found))
    return Row(cells=tuple(cells), level=1 if nested else 0)


def _arm(make: Maker, results: ResultSet, variable: str, level: str, arm: str, digits: int) -> tuple[Cell, Cell]:
    share = statistic(results, variable=variable, level=level, arm=arm, kind="share")
    if share is not None:
        return make.cell(share, "value", "percent", 1), EMPTY
    mean = statistic(results, variable=variable, level=level, arm=arm, kind="mean")
    sd = statistic(results, variable=variable, level=level, arm=arm, kind="sd")
    return make.cell(mean, "value", "number", digits), make.cell(sd, "value", "number", digits)


def _observed(make: Maker, results: ResultSet, variable: str, level: str, differences: list[Statistic | None]) -> Cell:
    """How many were observed: from the standardised difference with two arms, the sum over arms with more."""
    if len(differences) == 1:
        return make.cell(differences[0], "n", "integer")
    each = [item for item in statistics(results, variable=variable, level=level) if item.kind in {"mean", "share"}]
    hidden = next((item for item in each if is_withheld(item)), None)
    if hidden is not None:
        return make.cell(hidden, "n", "integer")
    total = sum(item.n for item in each)
    return Cell(text=make.number.integer(total), value=total)


def _notes(make: Maker, labels: Labels, results: ResultSet) -> tuple[str, ...]:
    _ = make._
    if labels.plan.evidence != "randomized":
        return (_("SD: standard deviation. Standardised difference: the difference between the groups divided by the square root of the mean of "
                  "their variances; differences under 0.1 are usually seen as small. Nothing was drawn, so differences may be of any size."),)
    notes = [_("SD: standard deviation. Standardised difference: the difference between the arms divided by the square root of the mean of their "
               "variances; differences under 0.1 are usually seen as small. Single differences aren't tested: under a fair draw all differences "
               "are due to chance.")]
    omnibus = next((item for item in results if isinstance(item, Test)), None)
    if omnibus is not None and not math.isnan(omnibus.p_value):
        notes.append(_("One test of all characteristics together, by repeating the draw: {p}.", p=make.number.p_equals(omnibus.p_value)))
    return tuple(notes)

