"""Which rights families took up: right by right, by domain and level of government, over all rights, and the causes where they didn't."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.present.catalogue import words
from takeup.present.numbers import Kind, effect_digits
from takeup.present.reading import section, statistic, statistics
from takeup.present.tables.model import EMPTY, Cell, Column, Maker, Row, Table, compact, text_cell
from takeup.results import Bounds, Estimate, ResultSet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from takeup.present.labels import Labels
    from takeup.release.gate import Released
    from takeup.results import Statistic


def effects_of(results: ResultSet, name: str) -> tuple[Estimate, ...]:
    """The effects on the take-up of a right or a group of rights, an arm each."""
    return tuple(item for item in results if isinstance(item, Estimate) and item.provenance.id.startswith("takeup.effect.") and item.outcome == name)


def stages(language: str) -> dict[str, str]:
    """The stages on the way to a right, in words."""
    _ = words(language)
    return {"eligible": _("Is entitled to it"), "knows": _("Knows the right"), "applied": _("Applied for it"), "granted": _("Was granted it"),
            "receives": _("Receives it")}


def group_name(labels: Labels, name: str, language: str) -> str:
    """The name of a right, of a group of rights or of a number over all rights."""
    _ = words(language)
    kind, _sep, rest = name.partition("_")
    if kind == "domain":
        return labels.domain(rest, language)
    if kind == "level":
        return labels.government(rest, language)
    over_all = {"all": _("All rights together"), "any_new": _("Any new right"), "n_new": _("New rights"),
                "euros_per_month": _("Euros a month from rights"), "share_held": _("Share of rights taken up")}
    return over_all.get(name) or labels.right(name, language)


def takeup_rights(released: Released, labels: Labels, language: str) -> Table:
    """Each right by life domain: take-up before and after by arm, the difference at the end, and the worst and best case."""
    make = Maker(language)
    results = section(released, "takeup")
    rows = []
    for domain in labels.catalogue.domains if labels.catalogue is not None else ():
        for right in labels.catalogue if labels.catalogue is not None else ():
            if right.domain == domain:
                rows += list(_rows(make, labels, results, right.id, labels.domain(domain, language)))
    _ = make._
    notes: tuple[str, ...] = (
        _("Among families that were entitled to the right before the draw, and whose receipt is known."),
        _("q: sharpened for the number of rights (Benjamini, Krieger and Yekutieli 2006)."),
        _("Worst to best case: whoever were entitled among the families of whom that isn't known."),
    )
    if statistics(results, table="not_entitled"):
        notes += (_("Some families received a right before the draw without being entitled to it by its rule: nothing was changed, and take-up of "
                    "that right isn't asked of them."),)
    return compact(Table(id="takeup_rights", title=_("Take-up of rights, right by right"), columns=_columns(make, labels, results), rows=tuple(rows),
                         notes=notes if rows else (), language=language))


def takeup_groups(released: Released, labels: Labels, language: str) -> Table:
    """All rights together, by life domain, by level of government, and what is new."""
    make = Maker(language)
    _ = make._
    results = section(released, "takeup")
    catalogue = labels.catalogue
    rows: list[Row] = []
    if catalogue is not None:
        rows += _rows(make, labels, results, "all", _("Share of the family's rights"))
        for kind, names, head in (("domain", catalogue.domains, _("By life domain")), ("level", catalogue.levels, _("By level of government"))):
            for name in names:
                rows += _rows(make, labels, results, f"{kind}_{name}", head)
        for name in ("any_new", "n_new", "euros_per_month"):
            rows += _rows(make, labels, results, name, _("Over all rights, among all families"))
    notes = (_("The share of the rights to which a family was entitled before the draw that it receives, averaged over families."),)
    return compact(Table(id="takeup_groups", title=_("Take-up of rights by domain and level"), columns=_columns(make, labels, results),
                         rows=tuple(rows), notes=notes if rows else (), language=language))


def takeup_causes(released: Released, labels: Labels, language: str) -> Table:
    """Why rights weren't taken up, by arm: at the level of the rule, the administration and the person."""
    make = Maker(language)
    _ = make._
    found = statistics(section(released, "takeup"), table="causes")
    arms = tuple(dict.fromkeys(item.arm for item in found))
    names = {"rule": _("The rule"), "administration": _("The administration"), "person": _("The person")}
    rows: list[Row] = []
    for item in found:
        if item.arm != arms[0]:
            continue
        label = names[item.level] if item.variable == "cause" else labels.level("reason", item.level, language)
        cells = [make.cell(statistic(ResultSet(found), variable=item.variable, level=item.level, arm=arm), "value", "percent", 0) for arm in arms]
        rows.append(Row(cells=(text_cell(label), *cells), group=_("Where the cause lies") if item.variable == "cause" else _("Main reason")))
    columns = (Column(id="cause", title=_("Cause")), *(Column(id=f"share_{arm}", title=labels.arm(arm, language), kind="percent") for arm in arms))
    notes = (_("Of the rights that families were entitled to, don't receive, and gave a reason for."),) if rows else ()
    return Table(id="takeup_causes", title=_("Why rights aren't taken up"), columns=columns, rows=tuple(rows), notes=notes, language=language)


def _columns(make: Maker, labels: Labels, results: ResultSet) -> tuple[Column, ...]:
    _ = make._
    estimates = [item for item in results if isinstance(item, Estimate)]
    control, several = labels.control(make.language), len({item.arm for item in estimates}) > 1
    treated = _("Programme") if several else next((labels.arm(item.arm, make.language) for item in estimates), _("Programme"))
    return (
        Column(id="right", title=_("Right")), Column(id="arm", title=_("Arm")),
        Column(id="control_before", title=_("Before"), kind="percent", group=control),
        Column(id="control_after", title=_("After"), kind="percent", group=control),
        Column(id="treated_before", title=_("Before"), kind="percent", group=treated),
        Column(id="treated_after", title=_("After"), kind="percent", group=treated),
        Column(id="difference", title=_("Difference"), kind="points"),
        Column(id="interval", title=make.interval_title(e.conf_level for e in estimates), kind="interval", parts=make.limits),
        Column(id="bounds", title=_("Worst to best case"), kind="interval", parts=make.limits),
        Column(id="q_value", title=_("q"), kind="p_value"), Column(id="n", title=_("n"), kind="integer"),
    )


def _rows(make: Maker, labels: Labels, results: ResultSet, name: str, group: str) -> Iterator[Row]:
    """A line for each treated arm."""
    found = effects_of(results, name)
    control = str(labels.plan.design.control)
    for estimate in found:
        shares: Kind = "number" if name in {"n_new", "euros_per_month"} else "percent"
        digits = effect_digits(estimate.std_error) if shares == "number" else 1
        kind: Kind = "number" if shares == "number" else "points"
        at = {(arm, time): rate(results, name, arm, time) for arm in (control, estimate.arm) for time in ("before", "after")}
        bounds = next((item for item in results if isinstance(item, Bounds) and item.outcome == name and item.arm == estimate.arm), None)
        label = group_name(labels, name, make.language)
        cells: tuple[Cell, ...] = (
            text_cell(label), text_cell(labels.arm(estimate.arm, make.language)) if len(found) > 1 else EMPTY,
            *(make.cell(at[arm, time], "value", shares, digits if shares == "number" else 0)
              for arm in (control, estimate.arm) for time in ("before", "after")),
            make.cell(estimate, "estimate", kind, digits), make.interval(estimate, digits=digits, scale=1.0 if shares == "number" else 100.0),
            EMPTY if bounds is None else make.interval(bounds, "lower", "upper", digits=1, scale=100.0),
            make.cell(estimate, "q_value", "p_value") if not math.isnan(estimate.extra.get("q_value", math.nan)) else EMPTY,
            make.cell(estimate, "n", "integer"),
        )
        yield Row(cells=cells, group=group)


def rate(results: ResultSet, name: str, arm: str, time: str) -> Statistic | None:
    """The take-up of an arm before the draw or at the last wave."""
    found = [item for table in ("takeup", "over_all") for item in statistics(results, table=table, variable=name, arm=arm)]
    waves = tuple(dict.fromkeys(item.wave for item in statistics(results, table="takeup")))
    wave = waves[0] if time == "before" else waves[-1]
    return next((item for item in found if item.wave == wave), None)
