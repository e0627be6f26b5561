"""The programme as it was given: attendance and months, the change that goes along with them, and the editions one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.describe.dose import CORE
from takeup.present.numbers import effect_digits
from takeup.present.reading import pick, section, statistics
from takeup.present.tables.model import EMPTY, Column, Maker, Row, Table, compact, text_cell
from takeup.results import Estimate

if TYPE_CHECKING:
    from takeup.present.labels import Labels
    from takeup.release.gate import Released


def attendance(released: Released, _labels: Labels, language: str) -> Table:
    """How often women came, how many are in the core, and for how many months."""
    make = Maker(language)
    _ = make._
    results = section(released, "dose")
    words = {
        ("attendance", ""): (_("Attendance: share of sessions to which a woman was invited"), "percent", 0),
        ("core", ""): (_("Women in the core: came to at least {share} of them", share=make.number.percent(CORE)), "percent", 0),
        ("months", ""): (_("Months from start to end"), "number", 1),
        ("months", "new"): (_("Centres in their first year"), "number", 1),
        ("months", "known"): (_("Other centres"), "number", 1),
    }
    rows = []
    for item in statistics(results, table="dose"):
        name, kind, digits = words[item.variable, str(item.extra.get("level", ""))]
        rows.append(Row(cells=(text_cell(name), make.cell(item, "value", kind, digits), make.cell(item, "n", "integer")),  # type: ignore[arg-type]
                        level=int("level" in item.extra)))
    columns = (Column(id="what", title=_("Quantity")), Column(id="value", title=_("Mean or %"), kind="number"),
               Column(id="n", title=_("n"), kind="integer"))
    notes = (_("Centres in their first year often start later in the autumn, so their women have fewer months."),) \
        if any("level" in item.extra for item in results) and rows else ()
    return Table(id="attendance", title=_("How much of the programme women got"), columns=columns, rows=tuple(rows), notes=notes, language=language,
                 sortable=False)


def dose_change(released: Released, labels: Labels, language: str) -> Table:
    """The mean change of the core and of the others, and what goes along with ten percentage points more attendance."""
    make = Maker(language)
    _ = make._
    estimates = [item for item in pick(section(released, "dose"), "dose") if isinstance(item, Estimate)]
    rows = []
    for name in dict.fromkeys(item.outcome for item in estimates):
        of = {item.term: item for item in estimates if item.outcome == name}
        line = of.get("slope")
        digits, fine = effect_digits(of["core"].std_error), effect_digits(line.std_error) if line is not None else 0
        rows.append(Row(cells=(
            text_cell(labels.outcome(name, language)),
            *(cell for term in ("core", "irregular") for cell in (
                make.cell(of[term], "estimate", "number", digits), make.interval(of[term], digits=digits), make.cell(of[term], "n", "integer"))),
            make.cell(line, "estimate", "number", fine), make.interval(line, digits=fine),
        )))
    title = make.interval_title(item.conf_level for item in estimates)
    core, others, step = _("Core"), _("Irregular"), _("Goes along with 10 points more attendance")
    columns = (
        Column(id="outcome", title=_("Outcome")),
        *(column for key, group in (("core", core), ("irregular", others)) for column in (
            Column(id=f"{key}_change", title=_("Change"), kind="number", group=group),
            Column(id=f"{key}_interval", title=title, kind="interval", group=group, parts=make.limits),
            Column(id=f"{key}_n", title=_("n"), kind="integer", group=group))),
        Column(id="slope", title=_("Change"), kind="number", group=step),
        Column(id="slope_interval", title=title, kind="interval", group=step, parts=make.limits),
    )
    return Table(id="dose_change", title=_("Change by attendance"), columns=columns, rows=tuple(rows), notes=(caveat(make),) if rows else (),
                 language=language)


def caveat(make: Maker) -> str:
    """What such a description doesn't say."""
    return make._("A description. Women who came more often differ from those who came less often in ways that nobody measured, and a woman who "
                  "fares better may come more: this doesn't say what more sessions would do.")


def cohort_changes(released: Released, labels: Labels, language: str) -> Table:
    """The change in each edition, outcome by outcome, and the difference from a year to the next."""
    make = Maker(language)
    _ = make._
    estimates = [item for item in pick(section(released, "cohorts"), "cohort") if isinstance(item, Estimate)]
    rows = []
    for name in dict.fromkeys(item.outcome for item in estimates):
        mine = [item for item in estimates if item.outcome == name]
        digits = max(effect_digits(item.std_error) for item in mine if item.term != "trend")
        for item in mine:
            trend = item.term == "trend"
            rows.append(Row(cells=(
                text_cell(_("Difference from a year to the next") if trend else _("Began in {year}", year=item.term), item.term),
                make.cell(item, "estimate", "number", effect_digits(item.std_error) if trend else digits),
                make.interval(item, digits=effect_digits(item.std_error) if trend else digits), make.cell(item, "n", "integer"),
                EMPTY if trend else make.cell(item, "n_clusters", "integer"),
            ), group=labels.outcome(name, language)))
    columns = (Column(id="cohort", title=_("Edition")), Column(id="change", title=_("Mean change"), kind="number"),
               Column(id="interval", title=make.interval_title(item.conf_level for item in estimates), kind="interval", parts=make.limits),
               Column(id="n", title=_("n"), kind="integer"), Column(id="groups", title=_("Groups"), kind="integer"))
    return compact(Table(id="cohort_changes", title=_("Change in each edition"), columns=columns, rows=tuple(rows),
                         notes=(other_years(make),) if rows else (), language=language, sortable=False))


def other_years(make: Maker) -> str:
    """What a line over the years doesn't say."""
    return make._("Editions differ in centres, in women and in the times, so a line over the years doesn't say that the programme got better or "
                  "worse. Intervals are clustered by group.")
