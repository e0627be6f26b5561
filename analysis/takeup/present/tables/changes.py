"""The tables of a before-after study: changes, who improved, rights at both times with every n, regression to the mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeup.present.reading import main, only, pick, section, statistic, statistics
from takeup.present.tables.effects import effects_title, family_notes, named, scale_of
from takeup.present.tables.model import EMPTY, Cell, Column, Maker, Row, Table, compact, text_cell

if TYPE_CHECKING:
    from takeup.plan.model import Outcome
    from takeup.present.labels import Labels
    from takeup.release.gate import Released
    from takeup.results import ResultSet, Statistic

MONTHS = "months"


def changes(released: Released, labels: Labels, language: str) -> Table:
    """Every planned outcome: the means at both times, the change with its interval, its size in standard deviations, and the people."""
    make = Maker(language)
    _ = make._
    found = {item.outcome: item for item in main(released, "before_after")}
    several = len({outcome.family for outcome in labels.plan.outcomes}) > 1
    rows = []
    for outcome in labels.plan.outcomes:
        item = found.get(outcome.id)
        if item is None:
            continue
        means, kind, digits, scale = scale_of(outcome, item)
        rows.append(Row(cells=(
            text_cell(named(labels, outcome, make)), make.cell(item, "mean_before", means, digits), make.cell(item, "mean_after", means, digits),
            make.cell(item, "estimate", kind, digits), make.interval(item, digits=digits, scale=scale), make.cell(item, "p_value", "p_value"),
            make.cell(only(section(released, "changes"), "family", outcome.id), "p_adjusted", "p_value"), make.cell(item, "cohen_dz", "number", 2),
            make.cell(item, "dav", "number", 2), make.cell(item, "n", "integer"),
            make.cell(item, "n_clusters", "integer") if item.n_clusters else EMPTY,
        ), group=labels.family(outcome.family, language) if several else ""))
    columns = (
        Column(id="outcome", title=_("Outcome")), Column(id="before", title=_("At the start"), kind="number", group=_("Mean or %")),
        Column(id="after", title=_("At the end"), kind="number", group=_("Mean or %")), Column(id="estimate", title=_("Change"), kind="number"),
        Column(id="interval", title=make.interval_title(item.conf_level for item in found.values()), kind="interval", parts=make.limits),
        Column(id="p_value", title=_("p"), kind="p_value"), Column(id="p_adjusted", title=_("p, family corrected"), kind="p_value"),
        Column(id="dz", title=_("d (changes)"), kind="number"), Column(id="dav", title=_("d (average)"), kind="number"),
        Column(id="n", title=_("n"), kind="integer"), Column(id="groups", title=_("Groups"), kind="integer"),
    )
    notes = [_("Both means are of the people who answered at both times. d (changes): the mean change over the standard deviation of the changes; "
               "d (average): over the average of the standard deviations at the two times.")] if rows else []
    return compact(Table(id="changes", title=effects_title(make, labels), columns=columns, rows=tuple(rows), language=language,
                         notes=(*notes, *family_notes(make, labels, section(released, "changes")))))


def improved(released: Released, labels: Labels, language: str) -> Table:
    """Of each measured outcome the shares that improved, stayed the same and got worse, and those beyond measurement error."""
    make = Maker(language)
    _ = make._
    results = section(released, "improved")
    rows = []
    for outcome in labels.plan.outcomes:
        parts = [_of(results, "improved", outcome, level) for level in ("better", "same", "worse")]
        if parts[0] is None:
            continue
        sure = [_of(results, "reliable", outcome, level) for level in ("better", "worse")]
        rows.append(Row(cells=(
            text_cell(labels.outcome(outcome.id, language)), *(make.cell(item, "value", "percent", 0) for item in parts),
            *(make.cell(item, "value", "percent", 0) for item in sure), make.cell(sure[0], "beyond", "number", 1),
            make.cell(sure[0], "reliability", "number", 2), make.cell(parts[0], "n", "integer"),
        )))
    group = _("Beyond measurement error")
    columns = (
        Column(id="outcome", title=_("Outcome")), Column(id="better", title=_("Improved"), kind="percent"),
        Column(id="same", title=_("The same"), kind="percent"), Column(id="worse", title=_("Worse"), kind="percent"),
        Column(id="reliable_better", title=_("Improved"), kind="percent", group=group),
        Column(id="reliable_worse", title=_("Worse"), kind="percent", group=group), Column(id="beyond", title=_("Limit"), kind="number", group=group),
        Column(id="reliability", title=_("Reliability"), kind="number", group=group),
        Column(id="n", title=_("n"), kind="integer"),
    )
    limit = _("Beyond measurement error: by more than 1.96 standard errors of a difference between two measurements (Jacobson and Truax 1991).")
    return compact(Table(id="improved", title=_("Who improved, outcome by outcome"), columns=columns, rows=tuple(rows), language=language,
                         notes=(limit,) if any(row.cells[4].text for row in rows) else ()))


def _of(results: ResultSet, table: str, outcome: Outcome, level: str) -> Statistic | None:
    return statistic(results, table=table, variable=f"{outcome.id}.{table}", level=level)


def limits(released: Released, labels: Labels, language: str) -> Table:
    """How many were at an end of the scale, where they could get no worse or no better."""
    make = Maker(language)
    _ = make._
    results = section(released, "improved")
    rows = []
    for outcome in labels.plan.outcomes:
        found = [statistic(results, table="limits", variable=f"{outcome.id}.limits", wave=wave, level=level)
                 for wave in (outcome.waves[0], outcome.follow_up) for level in ("lowest", "highest")]
        if any(item is not None for item in found):
            rows.append(Row(cells=(text_cell(labels.outcome(outcome.id, language)), *(make.cell(item, "value", "percent", 0) for item in found),
                                   make.cell(found[0], "n", "integer"))))
    start, end = _("At the start"), _("At the end")
    columns = (Column(id="outcome", title=_("Outcome")), Column(id="start_lowest", title=_("Lowest value"), kind="percent", group=start),
               Column(id="start_highest", title=_("Highest value"), kind="percent", group=start),
               Column(id="end_lowest", title=_("Lowest value"), kind="percent", group=end),
               Column(id="end_highest", title=_("Highest value"), kind="percent", group=end), Column(id="n", title=_("n"), kind="integer"))
    return compact(Table(id="limits", title=_("At an end of the scale"), columns=columns, rows=tuple(rows), language=language))


def answers(released: Released, labels: Labels, language: str) -> Table:
    """Of each yes or no: the shares at both times of those who answered twice, who gained and who lost it, and the change with McNemar's test."""
    make = Maker(language)
    _ = make._
    results = section(released, "improved")
    changed = {item.outcome: item for item in main(released, "before_after")}
    rows = []
    for outcome in labels.plan.outcomes:
        both = [statistic(results, table="yes", variable=f"{outcome.id}.yes", wave=wave) for wave in (outcome.waves[0], outcome.follow_up)]
        if outcome.kind != "binary" or any(part is None for part in both):
            continue
        cells = [statistic(results, table="pairs", variable=f"{outcome.id}.pairs", level=level) for level in ("gained", "lost")]
        item = changed.get(outcome.id)
        rows.append(Row(cells=(
            text_cell(labels.outcome(outcome.id, language)), *(make.cell(part, "value", "percent", 1) for part in both),
            *(make.cell(part, "count", "integer") for part in cells), make.cell(item, "estimate", "points", 1),
            make.interval(item, digits=1, scale=100.0), make.cell(next(pick(results, "mcnemar", outcome.id), None), "p_value", "p_value"),
            make.cell(both[0], "n", "integer"),
        )))
    columns = (
        Column(id="outcome", title=_("Outcome")), Column(id="start", title=_("Start"), kind="percent"),
        Column(id="end", title=_("End"), kind="percent"), Column(id="gained", title=_("Gained"), kind="integer"),
        Column(id="lost", title=_("Lost it"), kind="integer"), Column(id="estimate", title=_("Change (pp)"), kind="number"),
        Column(id="interval", title=make.interval_title(item.conf_level for item in changed.values()), kind="interval", parts=make.limits),
        Column(id="p_value", title=_("p (McNemar)"), kind="p_value"), Column(id="n", title=_("n"), kind="integer"),
    )
    base = released.rules.base
    coarse = (_("Shares are of counts rounded to {base}, so their difference may not be the change.", base=base),) if base > 1 and rows else ()
    return compact(Table(id="answers", title=_("Rights and services of the people who answered at both times"), columns=columns, rows=tuple(rows),
                         notes=coarse, language=language))


def everybody(released: Released, labels: Labels, language: str) -> Table:
    """Of each yes or no the share of everybody who answered at each time, with its n; starred where these aren't the same people."""
    make = Maker(language)
    _ = make._
    results = section(released, "improved")
    rows, uneven = [], False
    for outcome in labels.plan.outcomes:
        waves = (outcome.waves[0], outcome.follow_up)
        apart = [statistic(results, table="answers", variable=outcome.id, wave=wave) for wave in waves]
        both = statistic(results, table="yes", variable=f"{outcome.id}.yes", wave=waves[0])
        if outcome.kind != "binary" or any(part is None for part in apart):
            continue
        name = labels.outcome(outcome.id, language)
        differ = len({part.n for part in (*apart, both) if part is not None and part.n}) > 1
        uneven = uneven or differ
        rows.append(Row(cells=(
            text_cell(f"{name} *" if differ else name, name),
            *(cell for part in apart for cell in (make.cell(part, "value", "percent", 1), make.cell(part, "n", "integer"))),
        )))
    start, end = _("At the start"), _("At the end")
    columns = (Column(id="outcome", title=_("Outcome")), Column(id="start", title="%", kind="percent", group=start),
               Column(id="n_start", title=_("n"), kind="integer", group=start), Column(id="end", title="%", kind="percent", group=end),
               Column(id="n_end", title=_("n"), kind="integer", group=end))
    note = _("* These percentages aren't of the same people: the numbers of people differ. Only those who answered at both times show a change.")
    return compact(Table(id="everybody", title=_("Rights and services of everybody who answered then"), columns=columns, rows=tuple(rows),
                         notes=(note,) if uneven else (), language=language))


def regression(released: Released, labels: Labels, language: str) -> Table:
    """Beside each change: how much of it people coming back from a low point could be by themselves."""
    make = Maker(language)
    _ = make._
    changed = {item.outcome: item for item in main(released, "before_after")}
    rows = []
    for item in pick(section(released, "regression"), "regression"):
        outcome = labels.plan.outcome(item.outcome)
        _means, kind, digits, scale = scale_of(outcome, changed.get(outcome.id))
        rows.append(Row(cells=(
            text_cell(named(labels, outcome, make)), make.cell(changed.get(outcome.id), "estimate", kind, digits),
            make.interval(changed.get(outcome.id), digits=digits, scale=scale), make.cell(item, "by_population", kind, digits),
            make.cell(item, "by_truncation", kind, digits), make.interval(item, "lower", "upper", digits, scale),
            make.cell(item, "stability", "number", 2), _planned(outcome.population_mean, make, digits, outcome), make.cell(item, "n", "integer"),
        )))
    group = _("Coming back by itself")
    columns = (
        Column(id="outcome", title=_("Outcome")), Column(id="estimate", title=_("Change"), kind="number"),
        Column(id="interval", title=make.interval_title(item.conf_level for item in changed.values()), kind="interval", parts=make.limits),
        Column(id="by_population", title=_("By the mean of all"), kind="number", group=group),
        Column(id="by_truncation", title=_("If chosen on this answer"), kind="number", group=group),
        Column(id="bound", title=_("Bound"), kind="interval", parts=make.limits, group=group),
        Column(id="stability", title=_("Stability"), kind="number"), Column(id="population_mean", title=_("Mean of all"), kind="number"),
        Column(id="n", title=_("n"), kind="integer"),
    )
    notes = (_("Stability and the mean of all who could take part come from the plan. \u201cIf chosen on this answer\u201d: as if those recruited "
               "had the lowest values of all on this very measurement, which is the most that it can be."),) if rows else ()
    return compact(Table(id="regression", title=_("Changes, and how much of them could come back by itself"), columns=columns, rows=tuple(rows),
                         notes=notes, language=language))


def _planned(value: float | None, make: Maker, digits: int, outcome: Outcome) -> Cell:
    """A number that the plan states."""
    if value is None:
        return EMPTY
    scale = 100.0 if outcome.kind == "binary" else 1.0
    return Cell(text=make.number.decimal(value * scale, digits), value=value)


def completers(released: Released, labels: Labels, language: str) -> Table:
    """What was known at the start: of all who started, of those who answered at the end and of those who didn't."""
    make = Maker(language)
    _ = make._
    results = section(released, "completers")
    rows = []
    for item in statistics(results, table="completers", kind="standardized_difference"):
        kind = "percent" if statistic(results, table="completers", variable=item.variable, level=item.level, kind="share") else "number"
        cells = [make.cell(next((part for part in statistics(results, table="completers", variable=item.variable, level=item.level, arm=arm)
                                 if part.kind in {"mean", "share"}), None), "value", "percent" if kind == "percent" else "number",
                           0 if kind == "percent" else 2) for arm in ("", "answered", "lost")]
        name = labels.variable(item.variable, language) if not item.level else labels.with_level(item.variable, item.level, language)
        rows.append(Row(cells=(text_cell(name), *cells, make.cell(item, "value", "number", 2), make.cell(item, "n", "integer"))))
    columns = (
        Column(id="variable", title=_("At the start")), Column(id="all", title=_("All who started"), kind="number", group=_("Mean or %")),
        Column(id="answered", title=_("Answered at the end"), kind="number", group=_("Mean or %")),
        Column(id="lost", title=_("Did not answer"), kind="number", group=_("Mean or %")),
        Column(id="difference", title=_("Standardised difference"), kind="number"), Column(id="n", title=_("n"), kind="integer"),
    )
    return compact(Table(id="completers", title=_("Those who started, and those who answered at the end"), columns=columns, rows=tuple(rows),
                         language=language))


def dropout(released: Released, labels: Labels, language: str) -> Table:
    """Groups by the share of their people who didn't answer at the end, beside the share of groups that chance alone lets expect there."""
    del labels  # nothing here is named by the plan
    make = Maker(language)
    _, percent = make._, make.number.percent
    found = statistics(section(released, "completers"), table="groups")
    ends = [int(item.level.rpartition("_")[2]) / 100 for item in found]
    rows = []
    for place, item in enumerate(found):
        if item.level.startswith("over"):
            name = _("More than {share}", share=percent(ends[place], 0))
        elif place:
            name = _("More than {low}, up to {high}", low=percent(ends[place - 1], 0), high=percent(ends[place], 0))
        else:
            name = _("Up to {share}", share=percent(ends[place], 0))
        rows.append(Row(cells=(text_cell(name), make.cell(item, "count", "integer"), make.cell(item, "value", "percent", 0),
                               make.cell(item, "expected", "percent", 0))))
    columns = (Column(id="band", title=_("Share missing at the end")), Column(id="groups", title=_("Groups"), kind="integer"),
               Column(id="share", title=_("Share of the groups"), kind="percent"),
               Column(id="expected", title=_("By chance alone"), kind="percent"))
    notes = (_("By chance alone: if those missing were given out over the groups at random."),) if rows else ()
    return Table(id="dropout", title=_("Groups by the share missing at the end"), columns=columns, rows=tuple(rows), notes=notes, language=language,
                 sortable=False)


def leavers(released: Released, labels: Labels, language: str) -> Table:
    """For each reason to leave early how many had it, how long they had stayed, and how they were at the start; all who started in the last row."""
    make = Maker(language)
    _ = make._
    boxes, told = section(released, "flow"), statistics(section(released, "completers"), table="reasons")
    names = tuple(dict.fromkeys(item.variable for item in told if item.variable != MONTHS))
    digits = {MONTHS: 1}
    rows = []
    for box in (item for item in statistics(boxes, variable="left") if item.level):
        mine = {item.variable: item for item in told if item.extra.get("level") == box.level}
        cells = [make.cell(mine.get(name), "value", "number", digits.get(name, 2)) for name in (MONTHS, *names)]
        word = labels.reason("left", box.level, language) or box.level
        rows.append(Row(cells=(text_cell(word[:1].upper() + word[1:]), make.cell(box, "value", "integer"), *cells)))
    if rows:
        long = next((item for item in statistics(section(released, "dose"), variable=MONTHS) if "level" not in item.extra), None)
        every = [statistic(section(released, "completers"), table="completers", variable=name, arm="", kind="mean") for name in names]
        rows.append(Row(cells=(text_cell(_("All who started")), make.cell(statistic(boxes, variable="started"), "value", "integer"),
                               make.cell(long, "value", "number", 1), *(make.cell(item, "value", "number", 2) for item in every))))
    columns = (Column(id="reason", title=_("Reason")), Column(id="people", title=labels.units(language).capitalize(), kind="integer"),
               Column(id="months", title=_("Months in the programme"), kind="number", group=_("Mean")),
               *(Column(id=f"start_{place}", title=labels.variable(name, language), kind="number", group=_("Mean"))
                 for place, name in enumerate(names)))
    return compact(Table(id="leavers", title=_("Why they left early"), columns=columns, rows=tuple(rows), language=language))
