"""The rule that chooses an estimator: each branch at its edge."""

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from parity.oracle import frame as oracle_frame
from takeup.errors import EstimateError
from takeup.estimate.choose import choose, estimate


def trial(treated, control, **more):
    n = treated + control
    rng = np.random.default_rng(n)
    numbers = {name: rng.normal(size=n) for name in ("before", "age", "after")}
    return pd.DataFrame({"arm": [1] * treated + [0] * control, **numbers, **more})


DESIGN = tu.Design("arm", 0)


@pytest.mark.parametrize(
    ("treated", "control", "estimator", "rule"),
    [
        (20, 20, "lin", "enough"), (20, 300, "lin", "enough"), (19, 300, "ancova", "smaller_arm"), (300, 19, "ancova", "smaller_arm"),
        (19, 1, "ancova", "smaller_arm"), (10, 9, "difference_in_means", "few_units"), (18, 1, "difference_in_means", "few_units"),
    ],
)
def test_the_smaller_arm_and_both_decide(treated, control, estimator, rule):
    choice = choose(trial(treated, control), "after", DESIGN, covariates=["before"])
    assert (choice.estimator, choice.rule) == (estimator, rule)
    assert choice.covariates == (() if estimator == "difference_in_means" else ("before",))


def test_units_without_an_outcome_dont_count():
    data = trial(20, 20)
    data.loc[0, "after"] = np.nan
    assert choose(data, "after", DESIGN, covariates=["before"]).rule == "smaller_arm"


def test_only_whether_an_outcome_is_observed_matters():
    data = trial(21, 20)
    assert choose(data, "after", DESIGN, covariates=["before"]) == choose(data.assign(after=-3 * data.after), "after", DESIGN, covariates=["before"])


def test_without_covariates_there_is_nothing_to_adjust():
    choice = choose(trial(100, 100), "after", DESIGN)
    assert (choice.estimator, choice.rule) == ("difference_in_means", "no_covariates")


@pytest.mark.parametrize(("arm_size", "kept"), [(20, ("before",)), (39, ("before",)), (40, ("before", "age"))])
def test_at_most_one_interacted_covariate_for_twenty_units_of_the_smaller_arm(arm_size, kept):
    choice = choose(trial(arm_size, 100), "after", DESIGN, covariates=["before", "age"])
    assert choice.covariates == kept
    assert ("left out: age" in choice.reason) is (len(kept) == 1)


@pytest.mark.parametrize(("control", "kept"), [(20, ("before",)), (30, ("before", "age"))])
def test_at_most_one_additive_covariate_for_twenty_units_of_both_arms(control, kept):
    choice = choose(trial(10, control), "after", DESIGN, covariates=["before", "age"])
    assert (choice.estimator, choice.covariates) == ("ancova", kept)


def test_a_category_counts_once_for_each_dummy_and_leaves_room_for_what_fits():
    data = trial(40, 40, family=list("abcd") * 20)
    choice = choose(data, "after", DESIGN, covariates=["before", "family", "age"])
    assert choice.covariates == ("before", "age")
    assert "left out: family" in choice.reason


def test_clusters_are_counted_where_they_were_drawn_and_people_where_they_werent():
    data = trial(200, 200, village=[i // 20 for i in range(400)])
    drawn = choose(data, "after", tu.Design("arm", 0, draw="clustered", clusters="village"), covariates=["before"])
    level = choose(data, "after", tu.Design("arm", 0, draw="complete", clusters="village"), covariates=["before"])
    assert (drawn.estimator, drawn.rule) == ("ancova", "smaller_arm")
    assert "10 clusters in the smaller arm" in drawn.reason
    assert level.estimator == "lin"


def test_pairs_cant_be_interacted():
    data = pd.DataFrame({"arm": [1, 0] * 30, "pair": np.repeat(range(30), 2), "before": np.arange(60.0) ** 1.5, "after": np.arange(60.0)})
    choice = choose(data, "after", tu.Design("arm", 0, draw="pairs", blocks="pair"), covariates=["before"])
    assert (choice.estimator, choice.rule) == ("ancova", "small_blocks")


def blocked(shares):
    rows = [(block, arm) for block, (treated, control) in enumerate(shares) for arm in [1] * treated + [0] * control]
    data = pd.DataFrame(rows, columns=["block", "arm"])
    rng = np.random.default_rng(5)
    return data.assign(before=rng.normal(size=len(data)), after=rng.normal(size=len(data)))


BLOCKED = tu.Design("arm", 0, draw="blocked", blocks="block")


def test_blocks_with_two_of_each_arm_are_interacted():
    assert choose(blocked([(10, 10), (4, 12), (8, 2)]), "after", BLOCKED, covariates=["before"]).estimator == "lin"


def test_small_blocks_with_equal_shares_are_additive_and_with_unequal_ones_arent_adjusted():
    equal = choose(blocked([(20, 20), (1, 1), (20, 20)]), "after", BLOCKED, covariates=["before"])
    unequal = choose(blocked([(20, 20), (1, 3), (20, 20), (30, 6)]), "after", BLOCKED, covariates=["before"])
    assert (equal.estimator, equal.rule) == ("ancova", "small_blocks")
    assert (unequal.estimator, unequal.rule) == ("difference_in_means", "unequal_blocks")


def test_odd_blocks_whose_shares_differ_by_rounding_count_as_equal():
    assert choose(blocked([(3, 2), (2, 3)] * 4 + [(1, 1)]), "after", BLOCKED, covariates=["before"]).rule == "small_blocks"


def test_a_plan_overrides_the_rule():
    data = trial(200, 200)
    named = choose(data, "after", DESIGN, covariates=["before", "age"], estimator="ancova")
    assert (named.estimator, named.covariates, named.rule) == ("ancova", ("before", "age"), "plan")
    assert choose(data, "after", DESIGN, covariates=["before"], estimator="difference_in_means").covariates == ()
    with pytest.raises(EstimateError, match="Did you mean"):
        choose(data, "after", DESIGN, estimator="ancovaa")


def test_the_estimate_is_the_estimators_own_with_the_rule_and_its_reason():
    data = oracle_frame("jobs2")
    design = tu.Design("treat", 0)
    choice = choose(data, "depress2", design, covariates=["depress1"], estimator="ancova")
    found = estimate(data, "depress2", design, choice)
    plain = tu.ancova(data, "depress2", design, covariates=["depress1"])
    assert (found.estimate, found.std_error, found.df) == (plain.estimate, plain.std_error, plain.df)
    assert found.estimate == pytest.approx(-0.0486229761292015, rel=1e-8)
    assert found.reason == f"The plan names ANCOVA. {plain.reason}"
    assert found.extra["rule"] == "plan"
    assert found.extra["covariates"] == "depress1"
