"""The whole rule table, against a restatement of it by hand; and what a sentence may never claim."""

import itertools
import math

import pytest

from present import made_up
from takeup.present.text import plain
from takeup.present.wording import SENTENCES, SHORT, finding, verdict
from takeup.results import FrozenMap

D = 0.5
GOLDEN = [  # low, high, estimate, verdict, with d = 0.5 and higher better
    (0.6, 1.4, 1.0, "better_matters"), (0.5, 0.9, 0.7, "better_matters"), (0.1, 0.9, 0.5, "better"), (0.1, 0.5, 0.3, "better"),
          (0.1, 0.4, 0.2, "better_small"),
    (-0.1, 1.1, 0.5, "probably_better"), (0.0, 1.2, 0.6, "probably_better"), (-0.4, 0.6, 0.1, "maybe_better"), (-0.4, 0.4, 0.0, "little"),
    (-0.1, 0.4, 0.2, "little"), (-0.5, 0.5, 0.0, "unclear"), (-2.0, 3.0, 0.5, "unclear"), (-0.6, 0.4, -0.1, "maybe_worse"),
          (-1.1, 0.1, -0.5, "probably_worse"),
    (-0.4, -0.1, -0.2, "worse_small"), (-0.9, -0.1, -0.5, "worse"), (-1.4, -0.6, -1.0, "worse_matters"), (math.nan, 1.0, 0.5, "none"),
]


@pytest.mark.parametrize(("low", "high", "estimate", "expected"), GOLDEN)
def test_the_rule_table(low, high, estimate, expected):
    assert verdict(low, high, estimate, D) == expected


@pytest.mark.parametrize(("low", "high", "expected"), [(0.1, 0.4, "better_plain"), (-0.4, -0.1, "worse_plain"), (-0.4, 0.1, "unclear_plain"),
                                                       (0.0, 0.4, "unclear_plain")])
def test_without_a_smallest_difference_little_is_never_said(low, high, expected):
    assert verdict(low, high, (low + high) / 2, None) == expected


def test_every_interval_has_one_verdict_and_its_mirror():
    ends = [-1.0, -0.6, -0.5, -0.3, -0.1, 0.0, 0.1, 0.3, 0.5, 0.6, 1.0]
    seen = set()
    for low, high in itertools.combinations(ends, 2):
        for share in (0.1, 0.5, 0.9):
            estimate = low + share * (high - low)
            found, turned = verdict(low, high, estimate, D), verdict(-high, -low, -estimate, D)
            assert verdict(-high, -low, -estimate, D, better="lower") == found
            assert turned == (found.replace("better", "worse") if "better" in found else found.replace("worse", "better"))
            assert ("better" in found and "maybe" not in found and "probably" not in found) == (low > 0)
            if found == "little":
                assert -D < low <= 0 <= high < D
            if "matters" in found:
                assert min(abs(low), abs(high)) >= D
            seen.add(found)
    assert seen == {name for name in SHORT if "plain" not in name and name != "none"}


def test_every_kind_of_evidence_has_a_sentence_for_every_verdict():
    assert {tuple(sorted(table)) for table in SENTENCES.values()} == {tuple(sorted(SHORT))}


def test_a_before_after_study_speaks_of_change_and_never_of_an_effect():
    for sentence in SENTENCES["before_after"].values():
        assert not any(word in sentence.lower() for word in ("effect", "led to", "programme", "improve", "cause", "because"))
    for sentence in SENTENCES["comparison"].values():
        assert not any(word in sentence.lower() for word in ("effect", "led to", "cause", "because"))


def found(outcome: str, value: float, std_error: float, plan=None, **more):
    labels = made_up.labels(plan)
    return finding(made_up.estimate(outcome, value, std_error, extra=made_up.MEANS[outcome], **more), labels, "en")


def test_a_measured_outcome_in_words():
    said = found("depression", -0.0493, 0.0479)
    assert said.verdict == "maybe_better"
    assert plain(said.numbers) == ("The average was 1.717 with “Seminar” and 1.775 with “Booklet”. Allowing for where people started, the "
                                   "difference is "
                                   "−0.049 scale points (95% confidence interval −0.143 to 0.045).")
    assert plain(said.matters) == "The smallest difference that matters was set at 0.07 scale points."
    assert {span.result_id for span in said.numbers if span.field} == {"effect.depression"}


def test_an_estimate_without_adjustment_is_not_said_to_allow_for_anything():
    for more in ({"method": "difference_in_means"}, {"extra": FrozenMap(**made_up.MEANS["depression"], covariates="")}):
        labels = made_up.labels()
        estimate = made_up.estimate("depression", -0.0577, 0.0479, **{"extra": made_up.MEANS["depression"], **more})
        assert "Allowing" not in plain(finding(estimate, labels, "en").numbers)


@pytest.mark.parametrize(("value", "std_error", "expected"), [
    (0.0661, 0.0311, "33% with “Seminar”, against 26% with “Booklet”: 7 more in every 100 (95% confidence interval: 1 more to 13 more)."),
    (0.07, 0.06, "33% with “Seminar”, against 26% with “Booklet”: 7 more in every 100 (95% confidence interval: 5 fewer to 19 more)."),
    (-0.0661, 0.0311,
     "32.6% with “Seminar”, against 26.0% with “Booklet”: 6.6 fewer in every 100 (95% confidence interval: 12.7 fewer to 0.5 fewer)."),
    (0.004, 0.002, "32.6% with “Seminar”, against 26.0% with “Booklet”: 0.4 more in every 100 (95% confidence interval: 0.0 more to 0.8 more)."),
])
def test_shares_are_told_as_natural_frequencies(value, std_error, expected):
    assert plain(found("employed", value, std_error).numbers) == expected


def test_whole_numbers_that_would_not_add_up_get_a_decimal():
    extra = FrozenMap(mean_treated=0.345, mean_control=0.2876, sd_control=0.45)
    text = plain(finding(made_up.estimate("employed", 0.0574, 0.033, extra=extra), made_up.labels(), "en").numbers)
    assert text.startswith("34.5% with “Seminar”, against 28.8% with “Booklet”: 5.7 more")


def test_a_withheld_result_is_said_to_be_kept_back_and_shows_no_number():
    said = found("depression", math.nan, math.nan, conf_low=math.nan, conf_high=math.nan,
                 reason="Withheld: a group of fewer than 10 people could be seen.")
    assert said.verdict == "none"
    assert plain(said.numbers) == "The number was kept back to protect the people it rests on."


def test_with_several_arms_the_sentence_names_the_arm():
    arms = {**made_up.PLAN["design"], "arms": {0: "Booklet", 1: "Seminar", 2: "Coach"}}
    plan = made_up.plan(design=arms)
    assert plain(found("depression", -0.3, 0.05, plan).says).startswith("“Seminar” led to an improvement")
    assert plain(found("depression", -0.3, 0.05).says).startswith("The programme led to an improvement")
