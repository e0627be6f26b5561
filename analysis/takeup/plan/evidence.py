"""What a plan's evidence demands of its design: arms where two groups are compared, none where one group is measured twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from takeup.errors import Fault
from takeup.plan.yamlfile import Steps
from takeup.results import FrozenMap

Finding = tuple[Steps, Fault]
MAIN: Mapping[str, tuple[str, str]] = FrozenMap(
    randomized=("effects", "effect"), comparison=("differences", "difference"), before_after=("changes", "change"),
)
"""By evidence: the chapter of a study's main numbers, and the word that their ids begin with."""
COMPARED = {"treatment": "Column with the arm as assigned.", "control": "Value of the control arm in the treatment column."}
OF_ARMS = ("treatment", "control", "arms", "blocks", "probability", "nested_in", "received", "received_label", "assigned_on")
OF_EFFECTS = {"rights": "take-up of rights is compared between arms", "cost": "the cost of one more is a cost of an effect"}
PROGRAMME_COLUMNS = ("group", "centre", "cohort", "language", "start", "end", "left", "reenrolled")
PROGRAMME_TABLES = ("sessions", "centres", "participation")


def evidence_findings(plan: Mapping[str, Any]) -> list[Finding]:
    """Every disagreement between the evidence that a plan claims and the design, outcomes and parts that it has."""
    evidence, design = plan.get("evidence"), plan.get("design")
    if not isinstance(design, Mapping):
        return []
    if evidence == "before_after":
        return [*_one_group(design), *_twice(plan), *_without_effects(plan)]
    return [*_two_groups(design), *_draw(design, str(evidence)), *_one_cohort(plan)]


def _one_cohort(plan: Mapping[str, Any]) -> Iterator[Finding]:
    """The units of a study with arms are its files' rows: none of them is set aside later."""
    programme = plan.get("programme")
    if isinstance(programme, Mapping) and programme.get("analysed") is not None:
        yield ("programme", "analysed"), Fault("is for a before-after study; the units of a study with arms are all in its files",
                                               remedy="Keep other cohorts in files of their own.")


def _two_groups(design: Mapping[str, Any]) -> Iterator[Finding]:
    """A trial and a comparison have a treatment and a control arm."""
    for name, described in COMPARED.items():
        if design.get(name) is None:
            remedy = f"Add it. {described} (A study of one group that is measured twice says evidence: before_after.)"
            yield ("design", name), Fault("is missing", remedy=remedy)


def _draw(design: Mapping[str, Any], evidence: str) -> Iterator[Finding]:
    """A trial was drawn; a comparison wasn't, so nothing may be inferred from how it might have been drawn."""
    draw = design.get("draw", "complete")
    if evidence == "randomized" and draw == "none":
        yield ("design", "draw"), Fault("a randomised trial was drawn", allowed="how it was drawn: simple, complete, blocked and so on",
                                        remedy="Say how the arms were drawn, or let evidence be comparison.")
    if evidence == "comparison" and draw != "none":
        yield ("design", "draw"), Fault("the arms of a comparison weren't drawn, so there is no draw to infer from", allowed="none",
                                        remedy="Write draw: none.")
    if evidence == "comparison" and design.get("probability") is not None:
        yield ("design", "probability"), Fault("nobody knows the chance of treatment where nothing was drawn", remedy="Take it out.")


def _one_group(design: Mapping[str, Any]) -> Iterator[Finding]:
    """One group that is measured twice has no arms, and nothing that goes with them."""
    for name in OF_ARMS:
        if design.get(name) not in (None, {}, ""):
            yield ("design", name), Fault("can't stand in a before-after study: it has one group and nothing was drawn",
                                          remedy="Take it out; or, where two groups are compared, let evidence be comparison.")
    if design.get("draw", "complete") != "none":
        yield ("design", "draw"), Fault("nothing was drawn in a before-after study", allowed="none", remedy="Write draw: none.")


def _twice(plan: Mapping[str, Any]) -> Iterator[Finding]:
    """A change is of an outcome that was measured twice."""
    outcomes = plan.get("outcomes")
    for i, outcome in enumerate(outcomes if isinstance(outcomes, Sequence) and not isinstance(outcomes, str) else ()):
        if not isinstance(outcome, Mapping):
            continue
        waves = outcome.get("waves", ("endline",))
        if isinstance(waves, Sequence) and not isinstance(waves, str) and len(waves) < 2:
            yield ("outcomes", i, "waves"), Fault("a change needs two waves", allowed="the wave before and the wave after",
                                                  remedy="Write waves: [baseline, endline].")


def _without_effects(plan: Mapping[str, Any]) -> Iterator[Finding]:
    for name, why in OF_EFFECTS.items():
        if plan.get(name):
            yield (name,), Fault(f"can't stand in a before-after study: {why}", remedy="Take it out, or list what was asked twice under outcomes.")


def programme_columns(plan: Mapping[str, Any]) -> Iterator[tuple[Steps, str]]:
    """The columns that the programme's part names, with their paths."""
    yield from _written(plan, PROGRAMME_COLUMNS)


def programme_tables(plan: Mapping[str, Any]) -> Iterator[tuple[Steps, str]]:
    """The tables that the programme's part names, with their paths."""
    yield from _written(plan, PROGRAMME_TABLES)


def _written(plan: Mapping[str, Any], keys: tuple[str, ...]) -> Iterator[tuple[Steps, str]]:
    part = plan.get("programme")
    if isinstance(part, Mapping):
        yield from ((("programme", key), name) for key in keys if isinstance(name := part.get(key), str))
