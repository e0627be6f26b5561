"""From a result to a sentence, by rule: the interval against the smallest difference that matters, and never p alone.

The rule, with the interval turned so that higher is better, d the smallest difference that matters, e the estimate:

=====================  =====================================================
verdict                when
=====================  =====================================================
better_matters         low >= d
better                 0 < low < d <= high
better_small           0 < low and high < d
probably_better        -d < low <= 0, high >= d and e >= d
maybe_better           -d < low <= 0, high >= d and e < d
little                 -d < low <= 0 <= high < d
unclear                low <= -d and high >= d
better_plain           0 < low, no d was set
unclear_plain          low <= 0 <= high, no d was set
none                   there is no interval
=====================  =====================================================

and the mirror image for worse. What a sentence may claim follows from the design: a trial speaks of what the programme did, a comparison
of a difference, an uncontrolled before-after study of a change.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from takeup.present.catalogue import mark, words
from takeup.present.numbers import effect_digits, id_of, numbers, value_of
from takeup.present.text import Span, Spans, fill, said
from takeup.release.suppress import is_withheld

if TYPE_CHECKING:
    from takeup.plan.model import Outcome
    from takeup.present.labels import Labels
    from takeup.results import Estimate

Verdict = Literal[
    "better_matters", "better", "better_small", "probably_better", "maybe_better", "little", "unclear", "maybe_worse", "probably_worse",
    "worse_small", "worse", "worse_matters", "better_plain", "worse_plain", "unclear_plain", "none",
]

RANDOMIZED: dict[str, str] = {
    "better_matters": mark("{programme} led to an improvement, by enough to matter."),
    "better": mark("{programme} led to an improvement. Whether it is large enough to matter isn't certain."),
    "better_small": mark("{programme} led to an improvement, but one too small to matter."),
    "probably_better": mark("{programme} probably led to an improvement, though no difference at all can't be ruled out."),
    "maybe_better": mark("{programme} may have led to an improvement, or have made little difference. "
                         "A worsening large enough to matter is unlikely."),
    "little": mark("{programme} made little or no difference."),
    "unclear": mark("It is too uncertain to say what {programme} did: an improvement and a worsening large enough to matter are both possible."),
    "maybe_worse": mark("{programme} may have led to a worsening, or have made little difference. "
                        "An improvement large enough to matter is unlikely."),
    "probably_worse": mark("{programme} probably led to a worsening, though no difference at all can't be ruled out."),
    "worse_small": mark("{programme} led to a worsening, but one too small to matter."),
    "worse": mark("{programme} led to a worsening. Whether it is large enough to matter isn't certain."),
    "worse_matters": mark("{programme} led to a worsening, by enough to matter."),
    "better_plain": mark("{programme} led to an improvement."),
    "worse_plain": mark("{programme} led to a worsening."),
    "unclear_plain": mark("It is too uncertain to say what {programme} did: an improvement and a worsening are both possible."),
    "none": mark("No result can be given."),
}
COMPARISON: dict[str, str] = {
    "better_matters": mark("Results were better with {programme} than in the comparison group, by enough to matter."),
    "better": mark("Results were better with {programme} than in the comparison group. Whether by enough to matter isn't certain."),
    "better_small": mark("Results were better with {programme} than in the comparison group, but by too little to matter."),
    "probably_better": mark("Results were probably better with {programme} than in the comparison group, though no difference at all can't be "
                            "ruled out."),
    "maybe_better": mark("Results may have been better with {programme} than in the comparison group, or little different."),
    "little": mark("Results differed little or not at all between {programme} and the comparison group."),
    "unclear": mark("It is too uncertain to say how results with {programme} differed from those in the comparison group."),
    "maybe_worse": mark("Results may have been worse with {programme} than in the comparison group, or little different."),
    "probably_worse": mark("Results were probably worse with {programme} than in the comparison group, though no difference at all can't be ruled "
                           "out."),
    "worse_small": mark("Results were worse with {programme} than in the comparison group, but by too little to matter."),
    "worse": mark("Results were worse with {programme} than in the comparison group. Whether by enough to matter isn't certain."),
    "worse_matters": mark("Results were worse with {programme} than in the comparison group, by enough to matter."),
    "better_plain": mark("Results were better with {programme} than in the comparison group."),
    "worse_plain": mark("Results were worse with {programme} than in the comparison group."),
    "unclear_plain": mark("It is too uncertain to say how results with {programme} differed from those in the comparison group."),
    "none": mark("No result can be given."),
}
BEFORE_AFTER: dict[str, str] = {
    "better_matters": mark("Things were better at the end than at the start, by enough to matter."),
    "better": mark("Things were better at the end than at the start. Whether by enough to matter isn't certain."),
    "better_small": mark("Things were better at the end than at the start, but by too little to matter."),
    "probably_better": mark("Things were probably better at the end than at the start, though no change at all can't be ruled out."),
    "maybe_better": mark("Things may have been better at the end than at the start, or little changed."),
    "little": mark("Little or nothing changed between the start and the end."),
    "unclear": mark("It is too uncertain to say what changed between the start and the end."),
    "maybe_worse": mark("Things may have been worse at the end than at the start, or little changed."),
    "probably_worse": mark("Things were probably worse at the end than at the start, though no change at all can't be ruled out."),
    "worse_small": mark("Things were worse at the end than at the start, but by too little to matter."),
    "worse": mark("Things were worse at the end than at the start. Whether by enough to matter isn't certain."),
    "worse_matters": mark("Things were worse at the end than at the start, by enough to matter."),
    "better_plain": mark("Things were better at the end than at the start."),
    "worse_plain": mark("Things were worse at the end than at the start."),
    "unclear_plain": mark("It is too uncertain to say what changed between the start and the end."),
    "none": mark("No result can be given."),
}
SENTENCES: dict[str, dict[str, str]] = {"randomized": RANDOMIZED, "comparison": COMPARISON, "before_after": BEFORE_AFTER}
SHORT: dict[str, str] = {
    "better_matters": mark("Better, by enough to matter"),
    "better": mark("Better, size uncertain"),
    "better_small": mark("Better, too little to matter"),
    "probably_better": mark("Probably better"),
    "maybe_better": mark("Perhaps better, or little difference"),
    "little": mark("Little or no difference"),
    "unclear": mark("Too uncertain to say"),
    "maybe_worse": mark("Perhaps worse, or little difference"),
    "probably_worse": mark("Probably worse"),
    "worse_small": mark("Worse, too little to matter"),
    "worse": mark("Worse, size uncertain"),
    "worse_matters": mark("Worse, by enough to matter"),
    "better_plain": mark("Better"),
    "worse_plain": mark("Worse"),
    "unclear_plain": mark("Too uncertain to say"),
    "none": mark("No result"),
}
_MIRROR = {"better": "worse", "worse": "better"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is said about one estimate.

    Attributes
    ----------
    outcome : str
        The outcome's name.
    verdict : str
        Which line of the rule applied.
    short : str
        The verdict in a few words.
    says : Spans
        The verdict as a sentence, within what the design can show.
    numbers : Spans
        The numbers in a sentence, each tied to its result.
    matters : Spans
        What the smallest difference that matters was set at; empty where none was.
    result_id : str
    """

    outcome: str
    verdict: Verdict
    short: str
    says: Spans
    numbers: Spans
    matters: Spans
    result_id: str


def verdict(low: float, high: float, estimate: float, smallest: float | None, *, better: str = "higher") -> Verdict:
    """The rule at the top of this file.

    >>> verdict(-0.14, 0.05, -0.05, 0.07, better="lower")
    'maybe_better'
    """
    if math.isnan(low) or math.isnan(high) or math.isnan(estimate):
        return "none"
    if better == "lower":
        low, high, estimate = -high, -low, -estimate
    if smallest is None:
        return "better_plain" if low > 0 else "worse_plain" if high < 0 else "unclear_plain"
    if high < 0 or (low <= -smallest and high < smallest):
        found: Any = _better(-high, -low, -estimate, smallest)
        return found.replace("better", "worse")  # type: ignore[no-any-return]
    return _better(low, high, estimate, smallest)


def _better(low: float, high: float, estimate: float, smallest: float) -> Verdict:
    """The half of the rule for an interval that doesn't lean to the worse side."""
    if low >= smallest:
        return "better_matters"
    if low > 0:
        return "better" if high >= smallest else "better_small"
    if low <= -smallest:
        return "unclear"
    if high < smallest:
        return "little"
    return "probably_better" if estimate >= smallest else "maybe_better"


def finding(estimate: Estimate, labels: Labels, language: str) -> Finding:
    """What is said about an estimate of an outcome of the plan."""
    _ = words(language)
    planned = labels.plan.outcome(estimate.outcome)
    found = verdict(estimate.conf_low, estimate.conf_high, estimate.estimate, planned.smallest_effect, better=planned.better)
    says = _capital(fill(_.raw(SENTENCES[labels.plan.evidence][found]), programme=_subject(estimate, labels, language)))
    if found == "none":
        reason = _("The number was kept back to protect the people it rests on.") if is_withheld(estimate) else ""
        return Finding(outcome=labels.outcome(planned.id, language), verdict=found, short=_(SHORT[found]), says=says, numbers=said(reason),
                       matters=(),
                       result_id=id_of(estimate))
    numbers_ = natural(estimate, labels, language) if planned.kind == "binary" else averages(estimate, planned, labels, language)
    return Finding(outcome=labels.outcome(planned.id, language), verdict=found, short=_(SHORT[found]), says=says, numbers=numbers_,
                   matters=_matters(planned, estimate, labels, language), result_id=id_of(estimate))


def _subject(estimate: Estimate, labels: Labels, language: str) -> str:
    """What is said to have made the difference: the programme, or the arm by its name where there are several."""
    _ = words(language)
    several = len({*labels.plan.design.arms}) > 2
    return _("\u201c{arm}\u201d", arm=labels.arm(estimate.arm, language)) if several and estimate.arm else _("the programme")


def _capital(spans: Spans) -> Spans:
    """The sentence with its first letter as a capital."""
    return (replace(spans[0], text=spans[0].text[:1].upper() + spans[0].text[1:]), *spans[1:]) if spans else ()


def averages(estimate: Estimate, planned: Outcome, labels: Labels, language: str) -> Spans:
    """The arm means and the difference of a measured outcome."""
    _, number = words(language), numbers(language)
    digits = effect_digits(estimate.std_error)
    unit = labels.unit(planned.id, language)
    fields: dict[str, Any] = {
        "estimate": number.of(estimate, "estimate", "number", digits), "unit": unit, "interval": interval(estimate, language, digits),
        "control": number.of(estimate, "mean_control", "number", digits), "treated": number.of(estimate, "mean_treated", "number", digits),
        "arm": labels.arm(estimate.arm, language), "control_arm": labels.control(language),
    }
    if labels.plan.evidence == "before_after":
        return _from_to(estimate, unit, fields, language, digits)
    if "mean_control" not in estimate.extra:
        return fill(_.raw("The difference was {estimate} {unit} ({interval}).") if unit else _.raw("The difference was {estimate} ({interval})."),
                    **fields)
    if labels.plan.evidence == "comparison":
        message = (_.raw("The average was {treated} with \u201c{arm}\u201d and {control} with \u201c{control_arm}\u201d. "
                         "The difference with the comparison group after adjustment is {estimate} {unit} ({interval}).") if unit else
                   _.raw("The average was {treated} with \u201c{arm}\u201d and {control} with \u201c{control_arm}\u201d. "
                         "The difference with the comparison group after adjustment is {estimate} ({interval})."))
    elif adjusted(estimate):
        message = (_.raw("The average was {treated} with \u201c{arm}\u201d and {control} with \u201c{control_arm}\u201d. "
                         "Allowing for where people started, the difference is {estimate} {unit} ({interval}).") if unit else
                   _.raw("The average was {treated} with \u201c{arm}\u201d and {control} with \u201c{control_arm}\u201d. "
                         "Allowing for where people started, the difference is {estimate} ({interval})."))
    else:
        message = (_.raw("The average was {treated} with \u201c{arm}\u201d and {control} with \u201c{control_arm}\u201d: "
                         "a difference of {estimate} {unit} ({interval}).") if unit else
                   _.raw("The average was {treated} with \u201c{arm}\u201d and {control} with \u201c{control_arm}\u201d: a difference of "
                         "{estimate} ({interval})."))
    return fill(message, **fields)


def _from_to(estimate: Estimate, unit: str, fields: dict[str, Any], language: str, digits: int) -> Spans:
    """The means at both times and the change between them."""
    _, number = words(language), numbers(language)
    if "mean_before" not in estimate.extra:
        return fill(_.raw("The mean change was {estimate} {unit} ({interval}).") if unit else _.raw("The mean change was {estimate} ({interval})."),
                    **fields)
    message = _.raw("The mean went from {before} to {after}: a change of {estimate} {unit} ({interval}).") if unit else \
        _.raw("The mean went from {before} to {after}: a change of {estimate} ({interval}).")
    return fill(message, before=number.of(estimate, "mean_before", "number", digits), after=number.of(estimate, "mean_after", "number", digits),
                **fields)


def adjusted(estimate: Estimate) -> bool:
    """Whether the estimate allows for what was known at the start, so that it needn't equal the difference of the arm means."""
    if "covariates" in estimate.extra:
        return bool(estimate.extra["covariates"])
    return estimate.method not in {"difference_in_means", "horvitz_thompson", "difference in means", ""}


def natural(estimate: Estimate, labels: Labels, language: str) -> Spans:
    """A difference of shares as natural frequencies: how many more or fewer in every hundred."""
    _, number = words(language), numbers(language)
    digits = _whole(estimate)
    fields: dict[str, Any] = {
        name: Span(text=number.decimal(abs(value) * 100, digits), result_id=id_of(estimate), field=field, value=value,
                   scale=math.copysign(100.0, value))
        for name, field, value in (("n", "estimate", estimate.estimate), ("low", "conf_low", estimate.conf_low),
                                   ("high", "conf_high", estimate.conf_high))
    }
    fields["level"] = number.percent(estimate.conf_level)
    low, high = round(estimate.conf_low * 100, digits), round(estimate.conf_high * 100, digits)
    more = estimate.estimate >= 0
    if low >= 0:
        message = _.raw("{n} more in every 100 ({level} confidence interval: {low} more to {high} more).")
    elif high <= 0:
        message = _.raw("{n} fewer in every 100 ({level} confidence interval: {low} fewer to {high} fewer).")
    elif more:
        message = _.raw("{n} more in every 100 ({level} confidence interval: {low} fewer to {high} more).")
    else:
        message = _.raw("{n} fewer in every 100 ({level} confidence interval: {low} fewer to {high} more).")
    difference = fill(message, **fields)
    if "mean_before" in estimate.extra:
        return (*fill(_.raw("{before} at the start and {after} at the end: "), before=number.of(estimate, "mean_before", "percent", digits),
                      after=number.of(estimate, "mean_after", "percent", digits)), *difference)
    if "mean_control" not in estimate.extra:
        return difference
    message = _.raw("{treated} with \u201c{arm}\u201d, against {control} with \u201c{control_arm}\u201d; after adjustment, ") \
        if labels.plan.evidence == "comparison" else \
        _.raw("{treated} with \u201c{arm}\u201d, against {control} with \u201c{control_arm}\u201d; allowing for where people started, ") \
        if _apart(estimate) else _.raw("{treated} with \u201c{arm}\u201d, against {control} with \u201c{control_arm}\u201d: ")
    shares = fill(message,
                  treated=number.of(estimate, "mean_treated", "percent", digits),
                  control=number.of(estimate, "mean_control", "percent", digits), arm=labels.arm(estimate.arm, language),
                  control_arm=labels.control(language))
    return (*shares, *difference)


def _whole(estimate: Estimate) -> int:
    """Decimals of a number in every hundred: none, unless it is small or whole numbers would seem not to add up."""
    if max(abs(estimate.conf_low), abs(estimate.conf_high)) * 100 < 2:
        return 1
    treated, control = value_of(estimate, "mean_treated"), value_of(estimate, "mean_control")
    if math.isnan(treated) or math.isnan(control) or _apart(estimate):
        return 0
    return 0 if round(treated * 100) - round(control * 100) == round(estimate.estimate * 100) else 1


def _apart(estimate: Estimate) -> bool:
    """Whether covariates move the estimate so far from the difference of the shares that a reader who subtracts them sees it."""
    gap = value_of(estimate, "mean_treated") - value_of(estimate, "mean_control") - estimate.estimate
    return bool(estimate.extra.get("covariates")) and abs(gap) * 100 >= 0.05


def interval(estimate: Estimate, language: str, digits: int) -> Spans:
    """"95% confidence interval −0.143 to 0.045", its limits tied to the result."""
    _, number = words(language), numbers(language)
    return fill(_.raw("{level} confidence interval {low} to {high}"), level=number.percent(estimate.conf_level),
                low=number.of(estimate, "conf_low", "number", digits), high=number.of(estimate, "conf_high", "number", digits))


def _matters(planned: Outcome, estimate: Estimate, labels: Labels, language: str) -> Spans:
    _, number = words(language), numbers(language)
    if planned.smallest_effect is None:
        return ()
    change = labels.plan.evidence == "before_after"
    if planned.kind == "binary":
        size = number.decimal(planned.smallest_effect * 100, 0 if float(planned.smallest_effect * 100).is_integer() else 1)
        message = _.raw("The smallest change that matters was set at {size} in every 100.") if change else \
            _.raw("The smallest difference that matters was set at {size} in every 100.")
        return fill(message, size=size)
    digits = max(effect_digits(estimate.std_error) - 1, _decimals(planned.smallest_effect))
    size = number.decimal(planned.smallest_effect, digits)
    unit = labels.unit(planned.id, language)
    text = f"{size} {unit}" if unit else size
    return fill(_.raw("The smallest change that matters was set at {size}.") if change
                else _.raw("The smallest difference that matters was set at {size}."), size=text)


def _decimals(value: float) -> int:
    return next((digits for digits in range(6) if math.isclose(round(value, digits), value, rel_tol=1e-9)), 6)
