"""The sentences of a before-after report: the flow of one group, who improved, rights, coming back by itself, who is missing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from takeup.present.reading import main, pick, section, statistic, statistics
from takeup.present.tables.effects import scale_of
from takeup.present.text import fill, in_row, joined, said
from takeup.results import Statistic, Test

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from takeup.plan.model import Outcome
    from takeup.present.text import Span, Spans
    from takeup.report.sentences import Teller
    from takeup.results import Estimate

ALPHA, MOST = 0.05, 3
"""Below the first, p says that groups differ; so many reasons to leave are told in words."""
DIFFERS = 0.1
"""Those lost are said to differ from those who answered beyond so many standard deviations."""


def flow(tell: Teller) -> Spans:
    """How many started, completed and answered at the end."""
    results = section(tell.released, "flow")
    whole = {item.variable: item for item in statistics(results, level="") if item.variable in {"started", "completed", "followed_up"}}
    if "started" not in whole:
        return ()
    people = tell.labels.units(tell.language)
    parts = [fill(tell._.raw("{n} {people} started."), n=_count(tell, whole["started"]), people=people)]
    if "completed" in whole:
        parts.append(fill(tell._.raw("{n} of them stayed until the end."), n=_count(tell, whole["completed"])))
    if "followed_up" in whole:
        parts.append(fill(tell._.raw("{n} answered the last questionnaire."), n=_count(tell, whole["followed_up"])))
    return joined(*parts)


def improved(tell: Teller) -> Iterable[Spans]:
    """Of each primary measured outcome how many improved, stayed the same and got worse."""
    results = section(tell.released, "improved")
    for outcome in _first(tell, "continuous"):
        parts = {level: statistic(results, table="improved", variable=f"{outcome.id}.improved", level=level) for level in ("better", "same", "worse")}
        found = [item for item in parts.values() if item is not None]
        if len(found) < len(parts) or any(math.isnan(item.value) for item in found):
            continue
        fields: dict[str, Any] = {level: _share(tell, item) for level, item in parts.items() if item is not None}
        first = fill(tell._.raw("{outcome}: {better} improved, {same} stayed the same and {worse} got worse, of {n} {people} who answered at both "
                                "times."), outcome=_name(tell, outcome),
                     n=tell.number.of(found[0], "n", "integer"), people=tell.labels.units(tell.language), **fields)
        sure = statistic(results, table="reliable", variable=f"{outcome.id}.reliable", level="better")
        more = fill(tell._.raw("Beyond measurement error {share} improved."), share=_share(tell, sure)) \
            if sure is not None and not math.isnan(sure.value) else ()
        yield joined(first, more)


def answers(tell: Teller) -> Iterable[Spans]:
    """Of each yes or no the shares at both times of the same people, and how many gained and lost it."""
    results = section(tell.released, "improved")
    for outcome in tell.labels.plan.outcomes:
        waves = (outcome.waves[0], outcome.follow_up)
        both = [statistic(results, table="yes", variable=f"{outcome.id}.yes", wave=wave) for wave in waves] if outcome.kind == "binary" else []
        shares = [item for item in both if item is not None and not math.isnan(item.value)]
        if len(shares) != len(waves):
            continue
        yield fill(tell._.raw("{outcome}: {before} at the start and {after} at the end, of the same {n} {people}."), outcome=_name(tell, outcome),
                   before=_share(tell, shares[0]), after=_share(tell, shares[1]), n=tell.number.of(shares[0], "n", "integer"),
                   people=tell.labels.units(tell.language))


def regression(tell: Teller) -> Iterable[Spans]:
    """What coming back from a low point is, and for each primary outcome how much of the change it could be."""
    changed = {item.outcome: item for item in main(tell.released, "before_after")}
    bounds = {item.outcome: item for item in pick(section(tell.released, "regression"), "regression")}
    shown = [outcome for outcome in _first(tell, "continuous") if outcome.id in bounds and outcome.id in changed]
    if shown:
        yield said(tell._("People who are asked at a low point are on average better off later, programme or not. The plan says how stable each "
                          "answer is and what the mean is of all who could take part; from these follows how much of a change could come back by "
                          "itself."))
    for outcome in shown:
        change, bound = changed[outcome.id], bounds[outcome.id]
        if not math.isnan(bound.upper) and not math.isnan(change.estimate):
            yield _bounded(tell, outcome, change, bound)


def by_itself(tell: Teller) -> tuple[Spans, ...]:
    """The same for each primary outcome, without what coming back is: for those who read the first page only. Nothing for studies with two groups."""
    return tuple(regression(tell))[1:]


def _bounded(tell: Teller, outcome: Outcome, change: Estimate, bound: Any) -> Spans:
    _means, kind, digits, _scale = scale_of(outcome, change)
    fields: dict[str, Any] = {
        "outcome": _name(tell, outcome), "change": tell.number.of(change, "estimate", kind, digits),
        "most": tell.number.of(bound, "upper" if outcome.better == "higher" else "lower", kind, digits),
    }
    if math.isnan(float(bound.extra.get("by_population", math.nan))):
        return fill(tell._.raw("{outcome}: of the change of {change}, up to {most} could come back by itself."), **fields)
    return fill(tell._.raw("{outcome}: of the change of {change}, {expected} could come back by itself, and up to {most} if people were chosen on "
                           "this very answer."), expected=tell.number.of(bound, "by_population", kind, digits), **fields)


def completers(tell: Teller) -> Iterable[Spans]:
    """How many didn't answer at the end and why, how far groups differ in it, and how those lost differed at the start."""
    results = section(tell.released, "completers")
    lost = statistic(results, table="lost")
    if lost is not None and not math.isnan(lost.value):
        yield fill(tell._.raw("{share} of the {n} {people} who started didn't answer at the end."), share=_share(tell, lost),
                   n=tell.number.of(lost, "n", "integer"), people=tell.labels.units(tell.language))
    yield _reasons(tell)
    test = next((item for item in results if isinstance(item, Test)), None)
    if test is not None and not math.isnan(test.p_value):
        fields: dict[str, Any] = {"p": tell.number.of(test, "p_value", "p_value")}
        if test.p_value < ALPHA:
            yield fill(tell._.raw("Groups differ in this by more than chance (p {p}): what is beyond chance in their shares has a standard "
                                  "deviation of {sd} percentage points."), sd=tell.number.of(test, "sd_between", "points", 0), **fields)
        else:
            yield fill(tell._.raw("Groups differ in this by no more than chance would have it (p {p})."), **fields)
    yield _apart(tell, [item for item in results if isinstance(item, Statistic) and item.kind == "standardized_difference"
                        and not math.isnan(item.value)])


def _reasons(tell: Teller) -> Spans:
    """How many left early, for what reasons above all, and how many stayed without answering."""
    boxes = [item for item in statistics(section(tell.released, "flow")) if not math.isnan(item.value)]
    left = next((item for item in boxes if item.variable == "left" and not item.level), None)
    if left is None:
        return ()
    why = sorted((item for item in boxes if item.variable == "left" and item.level), key=lambda item: -item.value)[:MOST]
    names = [fill(tell._.raw("{reason} ({n})"), reason=tell.labels.reason("left", item.level, tell.language) or item.level, n=_count(tell, item))
             for item in why]
    parts = [fill(tell._.raw("{n} {people} left early; the reasons given most: {reasons}.") if names else tell._.raw("{n} {people} left early."),
                  n=_count(tell, left), people=tell.labels.units(tell.language), **({"reasons": in_row(names, tell.language)} if names else {}))]
    silent = next((item for item in boxes if item.variable == "lost" and item.level == "no_answer"), None)
    if silent is not None:
        parts.append(fill(tell._.raw("{n} stayed, but didn't answer the last questionnaire."), n=_count(tell, silent)))
    return joined(*parts)


def _apart(tell: Teller, found: list[Statistic]) -> Spans:
    """The three characteristics in which those lost differ most from those who answered."""
    far = sorted((item for item in found if abs(item.value) >= DIFFERS), key=lambda item: -abs(item.value))[:3]
    if not found:
        return ()
    if not far:
        return said(tell._("At the start those who didn't answer were much like those who did."))
    names = [fill(tell._.raw("{name} ({d})"), name=tell.labels.variable(item.variable, tell.language) if not item.level else
                  tell.labels.with_level(item.variable, item.level, tell.language), d=tell.number.of(item, "value", "number", 2)) for item in far]
    return fill(tell._.raw("Those who didn't answer differed most at the start in {names}, in standard deviations."),
                names=in_row(names, tell.language))


def published(tell: Teller) -> Iterator[Spans]:
    """How many published numbers can't be what they say."""
    from takeup.measure.grim import grim

    told = [item for item in tell.labels.plan.published if item.n is not None]
    wrong = [item for item in told if item.n is not None and not grim(item.value, item.n, items=item.items, percent=item.kind == "percent").possible]
    if told:
        yield said(tell._("{wrong} of {n} published numbers can't come from the number of people printed beside them.",
                          wrong=tell.number.integer(len(wrong)), n=tell.number.integer(len(told))))


def _first(tell: Teller, kind: str) -> list[Outcome]:
    """The primary outcomes of a kind, or all of it where none is primary."""
    every = [outcome for outcome in tell.labels.plan.outcomes if outcome.kind == kind]
    return [outcome for outcome in every if outcome.role == "primary"] or every


def _name(tell: Teller, outcome: Outcome) -> str:
    return tell.labels.outcome(outcome.id, tell.language)


def _share(tell: Teller, item: Statistic) -> Span:
    return tell.number.of(item, "value", "percent", 0)


def _count(tell: Teller, item: Statistic) -> Span:
    return tell.number.of(item, "value", "integer")
