"""Did people get it: take-up by arm, the difference the offer made, and who the people are whom it moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.present.numbers import Kind, spread_digits
from takeup.present.reading import arms, pick, prefix, section
from takeup.present.tables.model import EMPTY, Column, Maker, Row, Table, compact, text_cell
from takeup.results import Estimate, ResultSet, Statistic

if TYPE_CHECKING:
    from takeup.present.labels import Labels
    from takeup.release.gate import Released


def compliance(released: Released, labels: Labels, language: str) -> Table:
    """Take-up by arm and its difference with control."""
    make = Maker(language)
    _ = make._
    results = section(released, "compliance")
    shares = [item for item in results if isinstance(item, Statistic) and prefix(item) == "compliance" and item.kind in {"share", "mean"}]
    shown = arms(ResultSet(tuple(shares)), str(labels.plan.design.control))
    estimates = {estimate.arm: estimate for estimate in pick(results, "compliance") if isinstance(estimate, Estimate)}
    dose = bool(shares) and all(item.kind == "mean" for item in shares)
    rows = []
    for arm in shown:
        item = next(item for item in shares if item.arm == arm)
        estimate = estimates.get(arm) or (next(iter(estimates.values()), None) if arm != shown[0] and len(shown) == 2 else None)
        rows.append(Row(cells=(
            text_cell(labels.arm(arm, language)), make.cell(item, "n", "integer"),
            EMPTY if dose else make.cell(item, "count", "integer"),
            make.cell(item, "value", "number" if dose else "percent", 2 if dose else 1),
            make.cell(estimate, "estimate", "number" if dose else "points", 2 if dose else 1),
            make.interval(estimate, digits=2 if dose else 1, scale=1.0 if dose else 100.0),
        )))
    columns = (
        Column(id="arm", title=_("Arm")), Column(id="n", title=_("n"), kind="integer"),
        Column(id="count", title=_("Took part"), kind="integer"), Column(id="share", title=_("Share") if not dose else _("Mean"), kind="percent"),
        Column(id="difference", title=_("Difference, percentage points") if not dose else _("Difference"), kind="points"),
        Column(id="interval", title=make.interval_title(e.conf_level for e in estimates.values()), kind="interval", parts=make.limits),
    )
    notes = (_("Took part: {received}.", received=labels.received(language)),) if labels.plan.design.received_label else ()
    return compact(Table(id="compliance", title=_("Take-up by arm"), columns=columns, rows=tuple(rows), notes=notes, language=language))


def complier_profile(released: Released, labels: Labels, language: str) -> Table:
    """Who takes part because it is offered, beside everybody in the trial."""
    make = Maker(language)
    _ = make._
    found = ResultSet(tuple(item for item in section(released, "compliance") if prefix(item) == "complier"))
    several = len({item.arm for item in found}) > 1
    rows = []
    for item in found:
        if isinstance(item, Estimate):
            name, level, kind = item.outcome, item.term, ""
            mean, everybody, digits = "estimate", "mean_all", spread_digits(item.std_error * 10)
        elif isinstance(item, Statistic):
            name, level, kind = item.variable, item.level, item.kind
            mean, everybody, digits = "value", "mean_all", 2
        else:
            continue
        shown: Kind = "percent" if kind == "share" or _is_share(labels, name, level) else "number"
        title = labels.described(name, language)
        label = labels.with_level(name, level, language) if level else title
        digits = 1 if shown == "percent" else digits
        rows.append(Row(cells=(text_cell(label), make.cell(item, mean, shown, digits), make.cell(item, everybody, shown, digits),
                               make.cell(item, "ratio", "number", 2)), group=labels.arm(item.arm, language) if several else ""))
    columns = (Column(id="variable", title=_("Characteristic")), Column(id="compliers", title=_("Took part because offered"), kind="number",
                                                                        group=_("Mean or %")),
               Column(id="everybody", title=_("Everybody"), kind="number", group=_("Mean or %")), Column(id="ratio", title=_("Ratio"), kind="number"))
    return compact(Table(id="complier_profile", title=_("Who took part because it was offered"), columns=columns, rows=tuple(rows),
                         language=language))


def _is_share(labels: Labels, name: str, level: str) -> bool:
    field = labels.field(name)
    return bool(level) or (field is not None and {str(category.value) for category in field.categories} == {"0", "1"})
