"""What limits the findings, as far as the numbers themselves can tell: generated from facts, never left to memory."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from takeup.plan.evidence import MAIN
from takeup.present.reading import pick, section, statistics
from takeup.present.text import fill, said
from takeup.present.wording import finding
from takeup.release.suppress import is_withheld

if TYPE_CHECKING:
    from takeup.present.text import Spans
    from takeup.report.sentences import Teller

WEAK_F = 104.7
"""First-stage F under which a t-based 95 % interval of a complier effect is too narrow (Lee, McCrary, Moreira and Porter 2022)."""
MUCH_LOST, UNEVEN = 0.05, 0.05
FEW_CLUSTERS, FEW_DF = 40, 20.0
TAKEUP_GAP = 0.9


def limitations(tell: Teller) -> tuple[Spans, ...]:
    """The list, most serious first; empty sentences are left out."""
    parts = [_evidence(tell), _synthetic(tell), _registration(tell), *_uncertain(tell), _attrition(tell), *_weak(tell), _takeup(tell),
             _mixed(tell), _not_entitled(tell),
             _clusters(tell), _thresholds(tell),
             _families(tell), _exploratory(tell), _withheld(tell)]
    return tuple(part for part in parts if part)


def _evidence(tell: Teller) -> Spans:
    return () if tell.evidence == "randomized" else tell.evidence_line()


def _synthetic(tell: Teller) -> Spans:
    return said(tell._("The data are made up by a computer. They show how the report works and say nothing about any real programme.")) \
        if tell.labels.plan.about.synthetic else ()


def _registration(tell: Teller) -> Spans:
    return () if tell.labels.plan.registration is not None else said(tell._("The plan names no public registration made before the results were "
                                                                            "known."))


def _uncertain(tell: Teller) -> list[Spans]:
    out = []
    for estimate in tell.main("primary"):
        found = finding(estimate, tell.labels, tell.language)
        if found.verdict in {"unclear", "unclear_plain"}:
            out.append(said(tell._("{outcome}: the interval is wide. That no clear difference was found isn't evidence that there is none.",
                                   outcome=found.outcome)))
    return out


def _attrition(tell: Teller) -> Spans:
    rates = sorted(tell.missing_rates(), key=lambda item: item.value)
    if not rates or rates[-1].value == 0:
        return ()
    low, high = (tell.number.of(item, "value", "percent", 1) for item in (rates[0], rates[-1]))
    outcome = tell.labels.outcome(rates[-1].provenance.id.split(".")[1], tell.language)
    if rates[-1].value - rates[0].value > UNEVEN:
        return fill(tell._.raw("{outcome}: different shares of the arms are missing ({low} to {high}), so those who remain may no longer be alike. "
                               "The bounds show what that could mean."), outcome=outcome, low=low, high=high)
    if rates[-1].value > MUCH_LOST:
        return fill(tell._.raw("{outcome}: up to {high} of an arm is missing. The estimates assume that those who are missing don't differ from the "
                               "others in ways that matter; the bounds don't."), outcome=outcome, high=high)
    return ()


def _weak(tell: Teller) -> list[Spans]:
    out: list[Spans] = []
    if tell.evidence != "randomized":
        return out
    for estimate in pick(section(tell.released, "effects"), "cace"):
        strength = estimate.extra.get("first_stage_f", math.nan)
        if isinstance(strength, float) and strength < WEAK_F:
            f = tell.number.of(estimate, "first_stage_f", "number", 1)
            out.append(fill(tell._.raw("Being offered the programme changed take-up only weakly (F = {f}), so the effects among those who took "
                                       "part are imprecise; "
                                       "use the Anderson-Rubin sets."), f=f))
            break
    return out


def _takeup(tell: Teller) -> Spans:
    if tell.evidence != "randomized":
        return ()
    share = next((item for item in section(tell.released, "compliance") if item.provenance.id.startswith("compliance.share")), None)
    if share is None or math.isnan(share.estimate) or share.estimate >= TAKEUP_GAP:
        return ()
    return fill(tell._.raw("Not everybody took the programme up: the offer raised take-up by {share} percentage points. The effects are those of "
                           "being offered it; "
                           "the effects of taking part rest on further assumptions."), share=tell.number.of(share, "estimate", "points", 0))


def _mixed(tell: Teller) -> Spans:
    item = next(iter(statistics(section(tell.released, "flags"), variable="provider_in_control")), None)
    if item is None:
        return ()
    arm, people = tell.labels.arm(item.arm, tell.language), tell.labels.units(tell.language)
    provider = tell.labels.variable(str(tell.labels.plan.design.nested_in), tell.language)
    if is_withheld(item):
        return said(tell._("A few {people} of \u201c{arm}\u201d have an entry under \u201c{provider}\u201d, which belongs to the programme: the arms "
                           "may have mixed, which makes a difference look smaller.", people=people, arm=arm, provider=provider))
    return fill(tell._.raw("In \u201c{arm}\u201d {n} {people} have an entry under \u201c{provider}\u201d, which belongs to the programme: "
                           "the arms may have mixed, which makes a difference look smaller."),
                n=tell.number.of(item, "value", "integer"), people=people, arm=arm, provider=provider)


def _not_entitled(tell: Teller) -> Spans:
    found = statistics(section(tell.released, "takeup"), table="not_entitled")
    return said(tell._("Some {people} were recorded as receiving a right before the draw to which they weren't entitled. The records stay as they "
                       "are, and take-up of that right isn't asked of them.", people=tell.labels.units(tell.language))) if found else ()


def _clusters(tell: Teller) -> Spans:
    plan, main = tell.labels.plan, tell.main()
    if plan.design.nested_in is not None:
        if not any(0 < estimate.df < FEW_DF for estimate in main if estimate.df is not None):
            return ()
        provider = tell.labels.variable(str(plan.design.nested_in), tell.language)
        return said(tell._("Several {people} share one \u201c{provider}\u201d and may be alike for that. With so few of these, intervals are wide "
                           "and stay approximate.",
                           people=tell.labels.units(tell.language), provider=provider))
    counts = [estimate.n_clusters for estimate in main if estimate.n_clusters]
    if not counts or min(counts) >= FEW_CLUSTERS:
        return ()
    return said(tell._("The uncertainty rests on {n} clusters only; intervals use small-sample corrections and stay approximate.",
                       n=tell.number.integer(min(counts))))


def _thresholds(tell: Teller) -> Spans:
    without = [tell.labels.outcome(outcome.id, tell.language) for outcome in tell.labels.plan.outcomes if outcome.smallest_effect is None]
    return said(tell._("No smallest difference that matters was set for: {outcomes}. A small difference can't be told from none that matters there.",
                       outcomes=", ".join(without))) if without else ()


def _families(tell: Teller) -> Spans:
    plan = tell.labels.plan
    corrected = {result.outcome for result in pick(section(tell.released, MAIN[tell.evidence][0]), "family")}
    families: dict[str, int] = {}
    for outcome in plan.outcomes:
        families[outcome.family] = families.get(outcome.family, 0) + (outcome.id not in corrected)
    several = [tell.labels.family(name, tell.language) for name, count in families.items() if count > 1]
    return said(tell._("Several outcomes were tested without correction in: {families}. With many tests some small p-values come by chance.",
                       families=", ".join(several))) if several else ()


def _exploratory(tell: Teller) -> Spans:
    named = [tell.labels.outcome(outcome.id, tell.language) for outcome in tell.labels.plan.outcomes if outcome.role == "exploratory"]
    return said(tell._("Exploratory outcomes, to be confirmed elsewhere: {outcomes}.", outcomes=", ".join(named))) if named else ()


def _withheld(tell: Teller) -> Spans:
    n = len(tell.released.withheld())
    return said(tell._.plural("{n} number was withheld to protect the people behind it.",
                              "{n} numbers were withheld to protect the people behind them.", n,
                              n=tell.number.integer(n))) if n else ()
