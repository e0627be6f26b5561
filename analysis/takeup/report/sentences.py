"""The sentences of the full report that state facts of the trial, each number tied to its result."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from takeup.present.catalogue import words
from takeup.present.flow import boxes
from takeup.present.numbers import numbers
from takeup.present.reading import main, only, pick, prefix, section, statistic, statistics
from takeup.present.text import Span, fill, in_row, joined, said
from takeup.present.wording import verdict
from takeup.results import Estimate, Statistic, Test

if TYPE_CHECKING:
    from takeup.present.flow import Count
    from takeup.present.labels import Labels
    from takeup.present.text import Spans
    from takeup.release.gate import Released

ALARM, UNUSUAL = 0.01, 0.1
"""The omnibus test of balance raises an alarm at this p-value (Lin, Green and Coppock 2016); up to the second value
the report says how seldom."""


class Teller:
    """Says facts of one study in one language."""

    def __init__(self, released: Released, labels: Labels, language: str) -> None:
        self.released, self.labels, self.language = released, labels, language
        self._, self.number = words(language), numbers(language)
        self.evidence = labels.plan.evidence

    def count(self, count: Count) -> Span:
        """A count of the flow as a number tied to its result."""
        text = self._("withheld") if math.isnan(count.value) else self.number.integer(count.value)
        return Span(text=text, result_id=count.result_id, field="value", value=count.value)

    def evidence_line(self) -> Spans:
        """What the design allows to be said."""
        _ = self._
        return said({
            "randomized": _("Who got what was decided by lot, so differences between the arms that are larger than chance are due to the programme."),
            "comparison": _("The groups weren't formed by lot. They may have differed from the start in ways that weren't measured, so the "
                            "differences "
                            "can't be put down to the programme alone."),
            "before_after": _("There is no control group. What changed may have changed without the programme too, so these numbers are changes "
                              "and don't say where those came from."),
        }[self.evidence])

    def rounded(self, estimate: Estimate) -> Spans:
        """Why the percentages beside a difference in a yes-or-no outcome needn't differ by it: rounded counts give the one, exact ones the other."""
        _, base = self._, self.released.rules.base
        shares = self.labels.plan.outcome(estimate.outcome).kind == "binary" and {"mean_control", "mean_before"} & set(estimate.extra)
        if base <= 1 or not shares or math.isnan(estimate.estimate):
            return ()
        return said(_("The percentages come from counts rounded to the nearest {base} and the change from the counts as they are, so subtracting the "
                      "percentages needn't give the change.", base=self.number.integer(base)) if self.evidence == "before_after" else
                    _("The percentages come from counts rounded to the nearest {base} and the difference from the counts as they are, so "
                      "subtracting the percentages needn't give the difference.", base=self.number.integer(base)))

    def entered(self) -> Statistic | None:
        """How many were randomised, or started where nothing was drawn."""
        variable = "started" if self.evidence == "before_after" else "randomized"
        return statistic(section(self.released, "flow"), variable=variable, level="")

    def flow(self) -> Spans:
        """How many were randomised, to which arm, and how many were followed up."""
        if self.evidence == "before_after":
            from takeup.report.changed import flow

            return flow(self)
        if not len(section(self.released, "flow")):
            return ()
        found = boxes(self.released, self.labels)
        arms = [arm for arm in found.arms if arm.allocated is not None]
        each = [self._in_arm(arm.allocated, arm.arm) for arm in arms if arm.allocated is not None]
        start: Spans = ()
        if found.randomized is not None and each:
            start = fill(self._.raw("{n} {people} took part: {arms}."), n=self.count(found.randomized), people=self.labels.units(self.language),
                         arms=in_row(each, self.language))
        lost = [(wave[1], arm.arm) for arm in arms for wave in arm.waves[-1:] if wave[1] is not None]
        if not lost:
            return start
        if not any(count.value for count, _arm in lost):
            return joined(start, said(self._("Nobody was lost to follow-up.")))
        return joined(start, fill(self._.raw("Lost to follow-up: {arms}."),
                                  arms=in_row([self._in_arm(count, arm) for count, arm in lost], self.language)))

    def _in_arm(self, count: Count, arm: str) -> Spans:
        return fill(self._.raw("{n} in \u201c{arm}\u201d"), n=self.count(count), arm=self.labels.arm(arm, self.language))

    def omnibus(self) -> Test | None:
        """The one test of balance."""
        return next((item for item in section(self.released, "balance") if isinstance(item, Test)), None)

    def draw(self) -> Spans:
        """Whether the draw could have made the differences at the start."""
        test = self.omnibus()
        if test is None or math.isnan(test.p_value):
            return ()
        shown = self.number.p_equals(test.p_value)
        p = Span(text=shown, result_id=test.provenance.id, field="p_value", value=test.p_value)
        if test.p_value <= ALARM:
            return fill(self._.raw("A fair draw would seldom give differences as large as these ({p}). Check how the draw was carried out before "
                                   "using the results."), p=p)
        if test.p_value <= UNUSUAL:
            return fill(self._.raw("A fair draw gives differences as large as these in {n} of 100 draws ({p}, one test of all characteristics "
                                   "together): "
                                   "unusual, but no alarm."), n=self.number.decimal(test.p_value * 100, 0), p=p)
        return fill(self._.raw("Differences as large as these are what a fair draw gives ({p}, one test of all characteristics together)."), p=p)

    def takeup(self) -> Spans:
        """The share of each arm that took part, and what the offer changed."""
        results = section(self.released, "compliance")
        control = str(self.labels.plan.design.control)
        shares = [item for item in results if isinstance(item, Statistic) and prefix(item) == "compliance" and item.kind == "share"]
        own = next((item for item in shares if item.arm == control), None)
        sentences = []
        for item in shares:
            if item.arm == control:
                continue
            fields: dict[str, Any] = {"share": self.number.of(item, "value", "percent", 0), "arm": self.labels.arm(item.arm, self.language),
                                      "received": self.labels.received(self.language), "control_arm": self.labels.control(self.language)}
            if own is not None:
                fields["control"] = self.number.of(own, "value", "percent", 0)
                sentences.append(fill(self._.raw("In \u201c{arm}\u201d {share} {received}; in \u201c{control_arm}\u201d {control}."), **fields))
            else:
                sentences.append(fill(self._.raw("In \u201c{arm}\u201d {share} {received}."), **fields))
        return joined(*sentences)

    def rights(self) -> Spans:
        """The share of a family's rights that it receives at the end, by arm."""
        results = section(self.released, "takeup")
        control = str(self.labels.plan.design.control)
        sentences = []
        for effect in results:
            if not isinstance(effect, Estimate) or effect.outcome != "all" or math.isnan(effect.estimate):
                continue
            waves = statistics(results, table="takeup", variable="all")
            own, other = (next((item for item in reversed(waves) if item.arm == arm), None) for arm in (effect.arm, control))
            if own is None or other is None:
                continue
            sentences.append(fill(
                self._.raw("At the end, the average family in \u201c{arm}\u201d received {share} of the rights it was entitled to before the draw; "
                           "in \u201c{control_arm}\u201d {control}."),
                arm=self.labels.arm(effect.arm, self.language), share=self.number.of(own, "value", "percent", 0),
                control_arm=self.labels.control(self.language), control=self.number.of(other, "value", "percent", 0),
            ))
        return joined(*sentences)

    def same_verdict(self, estimate: Estimate) -> Spans:
        """Whether other methods give the same conclusion."""
        planned = self.labels.plan.outcome(estimate.outcome)

        def of(item: Estimate) -> str:
            return verdict(item.conf_low, item.conf_high, item.estimate, planned.smallest_effect, better=planned.better)

        others = [item for item in pick(section(self.released, "robustness"), "robust", estimate.outcome, estimate.arm)
                  if isinstance(item, Estimate) and not math.isnan(item.conf_low)]
        if not others or math.isnan(estimate.conf_low):
            return ()
        same = sum(of(item) == of(estimate) for item in others)
        name = self.labels.outcome(estimate.outcome, self.language)
        if same == len(others):
            return said(self._.plural("{outcome}: another method gives the same conclusion.", "{outcome}: other methods give the same conclusion.",
                                      same, outcome=name))
        if not same:
            return said(self._("{outcome}: no other method gives the same conclusion; see the table.", outcome=name))
        return said(self._.plural("{outcome}: {same} of {n} other methods gives the same conclusion; see the table.",
                                  "{outcome}: {same} of {n} other methods give the same conclusion; see the table.", same, outcome=name,
                                  same=self.number.integer(same), n=self.number.integer(len(others))))

    def main(self, role: str = "") -> list[Estimate]:
        """The main estimates in the order of the plan, of one role where it is given."""
        return [item for outcome in self.labels.plan.outcomes if not role or outcome.role == role
                for item in main(self.released, self.evidence, outcome.id)]

    def complier(self, outcome: str, arm: str) -> Estimate | None:
        """The effect among those who took part because it was offered."""
        found: Estimate | None = only(section(self.released, "effects"), "cace", outcome, arm)
        return found

    def missing_rates(self) -> list[Statistic]:
        """For every arm the share whose outcome is missing, of the outcome with most missing."""
        found = [item for item in statistics(section(self.released, "attrition"), variable="attrition", kind="share") if item.arm
                 and not math.isnan(item.value)]
        worst = max(found, key=lambda item: item.value, default=None)
        if worst is None:
            return []
        outcome = worst.provenance.id.split(".")[1]
        return [item for item in found if item.provenance.id.split(".")[1] == outcome]
