"""How it came about: the links of the chain, what the case managers did, and what preceded rights that were obtained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.present.numbers import Kind, effect_digits
from takeup.present.reading import pick, section, statistics
from takeup.present.tables.model import EMPTY, Column, Maker, Row, Table, compact, text_cell
from takeup.present.tables.takeup import stages
from takeup.results import Estimate

if TYPE_CHECKING:
    from takeup.present.labels import Labels
    from takeup.release.gate import Released


def mechanism_chain(released: Released, labels: Labels, language: str) -> Table:
    """What assignment changed on every link from contact to well-being, and the share of the last link that runs through new rights."""
    make = Maker(language)
    _ = make._
    results = section(released, "mechanism")
    links = [item for item in pick(results, "chain") if isinstance(item, Estimate)]
    names = {**stages(language), "contact": _("Has contact with the case manager")}
    rows = []
    for item in links:
        share = item.outcome in names
        digits = 0 if share else effect_digits(item.std_error)
        kind: Kind = "percent" if share else "number"
        rows.append(Row(cells=(
            text_cell(names.get(item.outcome) or labels.outcome(item.outcome, language)),
            text_cell(labels.arm(item.arm, language)) if len({other.arm for other in links}) > 1 else EMPTY,
            make.cell(item, "mean_control", kind, digits), make.cell(item, "mean_treated", kind, digits),
            make.cell(item, "estimate", "points" if share else "number", digits), make.interval(item, digits=digits, scale=100.0 if share else 1.0),
            make.cell(item, "n", "integer"),
        ), group=_("Effects of assignment on each link")))
    terms = {"acme": _("Through new rights"), "ade": _("By other ways")}
    for item in pick(results, "mediation"):
        if isinstance(item, Estimate) and item.term in terms:
            digits = effect_digits(item.std_error)
            rows.append(Row(cells=(text_cell(terms[item.term]), EMPTY, EMPTY, EMPTY, make.cell(item, "estimate", "number", digits),
                                   make.interval(item, digits=digits), make.cell(item, "n", "integer")),
                            group=_("Of the effect on \u201c{outcome}\u201d", outcome=labels.outcome(item.outcome, language))))
    columns = (
        Column(id="link", title=_("Link")), Column(id="arm", title=_("Arm")),
        Column(id="mean_control", title=labels.control(language), kind="number", group=_("Mean or %")),
        Column(id="mean_treated", title=_("Programme"), kind="number", group=_("Mean or %")), Column(id="effect", title=_("Effect"), kind="number"),
        Column(id="interval", title=make.interval_title(item.conf_level for item in links), kind="interval", parts=make.limits),
        Column(id="n", title=_("n"), kind="integer"),
    )
    notes = (
        _("Effects on links are of the draw itself. How much of the last one runs through new rights also assumes that, within an arm and given "
          "the baseline, families with more and with fewer new rights would have fared alike: the draw doesn't guarantee that."),
    ) if rows else ()
    return compact(Table(id="mechanism_chain", title=_("From contact to well-being"), columns=columns, rows=tuple(rows), notes=notes,
                         language=language, sortable=False))


def contacts(released: Released, labels: Labels, language: str) -> Table:
    """How often families had contact, by channel, life domain, action and initiative."""
    make = Maker(language)
    _ = make._
    heads = {"channel": _("Channel"), "domain": _("Life domain"), "action": _("Action"), "initiator": _("Initiative")}
    rows = [Row(cells=(text_cell(labels.level(item.variable, item.level, language)), make.cell(item, "value", "number", 1),
                       make.cell(item, "count", "integer"), make.cell(item, "n", "integer")), group=heads[item.variable])
            for item in statistics(section(released, "mechanism"), table="contacts")]
    columns = (Column(id="kind", title=_("Contacts")), Column(id="mean", title=_("Mean per family"), kind="number"),
               Column(id="any", title=_("Families with any"), kind="integer"), Column(id="n", title=_("n"), kind="integer"))
    return Table(id="contacts", title=_("Contacts with the case manager"), columns=columns, rows=tuple(rows), language=language,
                 notes=(_("Of all families offered a case manager, those without any contact counted in."),) if rows else ())


def working_elements(released: Released, labels: Labels, language: str) -> Table:
    """Which actions were logged about rights that were then obtained, and about those that weren't."""
    make = Maker(language)
    _ = make._
    found = statistics(section(released, "mechanism"), table="elements")
    rows = []
    for action, arm in dict.fromkeys((item.extra["action"], item.arm) for item in found):
        at = {item.extra["state"]: item for item in found if (item.extra["action"], item.arm) == (action, arm)}
        rows.append(Row(cells=(text_cell(labels.level("action", action, language)),
                               *(make.cell(at.get(state), "value", "percent", 0) for state in ("obtained", "not_obtained")))))
    columns = (Column(id="action", title=_("Action")), Column(id="obtained", title=_("Rights then obtained"), kind="percent"),
               Column(id="not_obtained", title=_("Rights not obtained"), kind="percent"))
    notes = (_("Description, not an effect: what was done for a family followed from its situation. Rights that a family was entitled to and lacked "
               "at the start; for those obtained only what came before."),) if rows else ()
    return Table(id="working_elements", title=_("What was done about rights"), columns=columns, rows=tuple(rows), notes=notes, language=language)


def cost(released: Released, labels: Labels, language: str) -> Table:
    """Hours and euros a family, and the cost of one more, by what is assumed."""
    make = Maker(language)
    _ = make._
    results = section(released, "cost")
    units = {"hours": _("Hours of a case manager, per family"), "euros": _("Cost in euros, per family")}
    rows = [Row(cells=(text_cell(_("{first}: {second}", first=units[item.variable], second=labels.arm(item.arm, language))),
                       make.cell(item, "value", "number", 1 if item.variable == "hours" else 0), EMPTY), group=_("What it took"))
            for item in statistics(results, table="cost")]
    words = {"hour": _("Cost of an hour"), "indirect": _("Hours beside each logged hour")}
    sides = {"low": _("lowest"), "high": _("highest")}
    estimates = [item for item in results if isinstance(item, Estimate)]
    for item in estimates:
        side = item.extra.get("side", "")
        label = _("{first}: {second}", first=words[item.extra["what"]], second=sides[side]) if side else _("As planned")
        label = f"{label}, {labels.arm(item.arm, language)}" if len({other.arm for other in estimates}) > 1 else label
        rows.append(Row(cells=(text_cell(label), make.cell(item, "estimate", "number", 0), make.interval(item)),
                        group=_("Cost in euros of one more: {what}", what=one_more(labels, item.outcome, language))))
    columns = (Column(id="what", title=_("Quantity")), Column(id="value", title=_("Value"), kind="number"),
               Column(id="interval", title=make.interval_title(item.conf_level for item in estimates), kind="interval", parts=make.limits))
    notes = (_("Fieller's interval; without an end where the effect can't be told from none."),) if rows else ()
    return compact(Table(id="cost", title=_("What it costs"), columns=columns, rows=tuple(rows), notes=notes, language=language, sortable=False))


def one_more(labels: Labels, outcome: str, language: str) -> str:
    """What one more is of."""
    make = Maker(language)
    return make._("new right") if outcome == "n_new" else labels.outcome(outcome, language)
