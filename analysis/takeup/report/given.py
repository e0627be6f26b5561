"""The sentences on the programme as it was given: centres, attendance, editions, languages, reach."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.describe.dose import CORE
from takeup.present.catalogue import mark
from takeup.present.figures.caterpillar import shown_outcomes
from takeup.present.numbers import effect_digits
from takeup.present.reading import pick, section, statistic, statistics
from takeup.present.tables.model import Maker
from takeup.present.tables.programme import caveat, other_years
from takeup.present.tables.reach import digits
from takeup.present.tables.sites import AVERAGE, POOLED, league, whole
from takeup.present.text import fill, in_row, said
from takeup.release.suppress import is_withheld
from takeup.results import Estimate

SIZES = {"small": mark("small"), "moderate": mark("moderate"), "large": mark("large")}

if TYPE_CHECKING:
    from collections.abc import Iterable

    from takeup.present.text import Spans
    from takeup.report.sentences import Teller
    from takeup.results import ResultSet


def centres(tell: Teller) -> Iterable[Spans]:
    """How far centres differ in the primary outcomes, how many are shown, and that it's no ranking."""
    results, _, number = section(tell.released, "sites"), tell._, tell.number
    for name in shown_outcomes(results, tell.labels):
        average, pooled = whole(results, name, AVERAGE), whole(results, name, POOLED)
        if average is None or not average.std_error > 0:
            continue
        size = effect_digits(average.std_error)
        line = _.raw("{outcome}: centres differ from each other by a standard deviation of {spread} ({low} to {high}) around a mean change of "
                     "{mean}; {share} of all variance lies between centres.")
        yield fill(line, outcome=tell.labels.outcome(name, tell.language), spread=number.of(average, "sd_centre", "number", size),
                   low=number.of(average, "sd_centre_low", "number", size), high=number.of(average, "sd_centre_high", "number", size),
                   mean=number.of(average, "estimate", "number", size), share=number.of(average, "icc_centre", "percent", 0))
        if pooled is not None and not math.isnan(pooled.extra.get("prediction_low", math.nan)):
            yield fill(_.raw("In a further centre a mean change between {low} and {high} is to be expected."),
                       low=number.of(pooled, "prediction_low", "number", size), high=number.of(pooled, "prediction_high", "number", size))
    hidden = _hidden(results)
    if hidden:
        yield said(_.plural("{n} centre isn't shown: too few women stand behind its numbers.",
                            "{n} centres aren't shown: too few women stand behind their numbers.", hidden, n=number.integer(hidden)))
    yield said(league(Maker(tell.language)))


def _hidden(results: ResultSet) -> int:
    """Centres of which every change is withheld."""
    seen: dict[str, bool] = {}
    for item in results:
        if isinstance(item, Estimate) and "level" in item.extra:
            seen[str(item.extra["level"])] = seen.get(str(item.extra["level"]), False) or not is_withheld(item)
    return sum(not shown for shown in seen.values())


def attendance(tell: Teller) -> Iterable[Spans]:
    """Mean attendance, the core, months, and the caveat."""
    results, _, number = section(tell.released, "dose"), tell._, tell.number
    plain = {(item.variable, str(item.extra.get("level", ""))): item for item in statistics(results, table="dose") if not math.isnan(item.value)}
    share, core = plain.get(("attendance", "")), plain.get(("core", ""))
    if share is not None and core is not None:
        yield fill(_.raw("On average a woman came to {share} of the sessions to which she was invited; {core} came to at least {least} of them "
                         "(the core)."), least=number.percent(CORE), share=number.of(share, "value", "percent", 0),
                   core=number.of(core, "value", "percent", 0))
    new, known = plain.get(("months", "new")), plain.get(("months", "known"))
    if new is not None and known is not None:
        yield fill(_.raw("In centres in their first year she had {new} months of the programme, elsewhere {known}."),
                   new=number.of(new, "value", "number", 1), known=number.of(known, "value", "number", 1))
    if any(isinstance(item, Estimate) for item in results):
        yield said(caveat(Maker(tell.language)))


def editions(tell: Teller) -> Iterable[Spans]:
    """The trend of each primary outcome, and what it doesn't say."""
    results, _, number = section(tell.released, "cohorts"), tell._, tell.number
    found = [item for item in pick(results, "cohort") if isinstance(item, Estimate) and item.term == "trend" and item.std_error > 0]
    for item in found:
        if tell.labels.plan.outcome(item.outcome).role == "primary":
            size = effect_digits(item.std_error)
            yield fill(_.raw("{outcome}: from one year to the next the mean change differs by {slope} ({low} to {high})."),
                       outcome=tell.labels.outcome(item.outcome, tell.language), slope=number.of(item, "estimate", "number", size),
                       low=number.of(item, "conf_low", "number", size), high=number.of(item, "conf_high", "number", size))
    if found:
        yield said(other_years(Maker(tell.language)))


def languages(tell: Teller) -> Iterable[Spans]:
    """Whether each scale measures the same in both languages, and which items differ."""
    results, _ = section(tell.released, "invariance"), tell._
    for name in dict.fromkeys(item.outcome for item in results):
        mine = [item for item in results if item.outcome == name]
        alike = next((item for item in mine if item.term == "congruence" and not math.isnan(item.estimate)), None)
        flagged = [item for item in mine if item.estimand == "DIF" and item.extra.get("verdict") in SIZES]
        outcome = tell.labels.outcome(name, tell.language)
        if alike is None:
            continue
        value = tell.number.of(alike, "estimate", "number", 3)
        if alike.extra["verdict"] == "equal" and not flagged:
            yield fill(_.raw("{outcome}: the items count for the same in both languages (congruence {value}), and none is answered otherwise at an "
                             "equal score."), outcome=outcome, value=value)
            continue
        same = _.raw("{outcome}: the items count for the same in both languages (congruence {value}).")
        other = _.raw("{outcome}: the items don't count for the same in both languages (congruence {value}); a mean over both languages mixes two "
                      "measures.")
        yield fill(other if alike.extra["verdict"] == "unequal" else same, outcome=outcome, value=value)
        if flagged:
            sizes = [SIZES[str(item.extra["verdict"])] for item in flagged]
            names = in_row([said(_("{item} ({size})", item=tell.labels.variable(item.term, tell.language), size=_(size)))
                            for item, size in zip(flagged, sizes, strict=True)], tell.language)
            yield fill(_.raw("{outcome}: answered otherwise in the one language than in the other, at an equal score: {items}. Look at the "
                             "translation before languages are compared."), outcome=outcome, items=names)


def reach(tell: Teller) -> Iterable[Spans]:
    """How many of the largest and of the smaller centres take part, and how far the places go."""
    results, _, number = section(tell.released, "reach"), tell._, tell.number
    one = {item.variable: item for item in statistics(results, table="reach") if not item.level and not item.wave}
    if {"all", "largest_20", "smaller_half"} <= set(one):
        yield fill(_.raw("{some} of {n} centres take part: {large} of the 20 largest, {small} of the smaller half."),
                   some=number.of(one["all"], "taking_part", "integer"), n=number.of(one["all"], "centres", "integer"),
                   large=number.of(one["largest_20"], "value", "percent", digits(one["largest_20"])),
                   small=number.of(one["smaller_half"], "value", "percent", digits(one["smaller_half"])))
    places, pool, cover = (statistic(results, table="reach", variable=name, level="") for name in ("places", "pool", "cover"))
    if places is not None and pool is not None and cover is not None and not math.isnan(cover.value):
        yield fill(_.raw("There are {places} places for some {pool} single mothers expected in these centres: {cover}."),
                   places=number.of(places, "value", "integer"), pool=number.of(pool, "value", "integer"),
                   cover=number.of(cover, "value", "percent", 0))
