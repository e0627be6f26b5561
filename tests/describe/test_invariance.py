"""Invariance: principal axes and statsmodels' regressions as witnesses, planted items found, and none where there is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.describe.invariance import minimum_residuals
from takeup.errors import EstimateError

ITEMS = [f"q{place}" for place in range(8)]


def answers(seed, n=600, shift=0.0, weak=1.0):
    """Eight items of one factor answered in two languages; q3 shifted, and q5 weighing less, in the second."""
    rng = np.random.default_rng(seed)
    language = rng.permutation(np.repeat(["fr", "nl"], n // 2))
    trait = rng.normal(size=n) + 0.4 * (language == "nl")
    weights = np.linspace(0.6, 1.2, 8)
    values = trait[:, None] * weights + rng.normal(size=(n, 8))
    second = language == "nl"
    values[second, 3] += shift
    values[second, 5] += (weak - 1.0) * weights[5] * trait[second]
    return pd.DataFrame(values, columns=ITEMS).assign(language=language)


def flagged(found):
    return [item.term for item in found if item.estimand == "DIF" and item.extra["verdict"] in {"moderate", "large"}]


def test_loadings_are_those_of_iterated_principal_axes():
    from statsmodels.multivariate.factor import Factor

    x = answers(1)[ITEMS].to_numpy()
    other = Factor(x, n_factor=1, method="pa", smc=True).fit(maxiter=2000, tol=1e-10).loadings[:, 0]
    assert minimum_residuals(x) == pytest.approx(np.abs(other), abs=1e-6)


def test_no_other_loadings_leave_smaller_residuals():
    r = np.corrcoef(answers(2)[ITEMS].to_numpy(), rowvar=False)
    off = ~np.eye(8, dtype=bool)
    best = minimum_residuals(answers(2)[ITEMS].to_numpy())
    least = ((r - np.outer(best, best))[off] ** 2).sum()
    for step in (*np.eye(8) * 0.01, *-np.eye(8) * 0.01):
        assert ((r - np.outer(best + step, best + step))[off] ** 2).sum() > least


def test_an_items_test_is_that_of_the_two_regressions():
    import statsmodels.formula.api as smf

    frame = answers(3, shift=0.5)
    found = next(item for item in tu.invariance(frame, ITEMS, by="language") if item.estimand == "DIF" and item.term == "q3")
    frame["rest"] = frame[ITEMS].drop(columns="q3").sum(axis=1)
    frame["z"] = (frame["q3"] - frame["q3"].mean()) / frame["q3"].std()
    small, middle, whole = (smf.ols(f"z ~ {terms}", frame).fit() for terms in ("rest", "rest + language", "rest * language"))
    f, p, _ = whole.compare_f_test(small)
    assert (found.statistic, found.p_value, found.extra["gain"]) == pytest.approx((f, p, whole.rsquared - small.rsquared), rel=1e-8)
    assert found.estimate == pytest.approx(middle.params["language[T.nl]"], rel=1e-8)
    assert found.std_error == pytest.approx(middle.bse["language[T.nl]"], rel=1e-8)


def test_a_planted_item_is_flagged_and_a_difference_in_the_trait_alone_is_not():
    assert flagged(tu.invariance(answers(5, shift=1.0), ITEMS, by="language")) == ["q3"]
    assert [flagged(tu.invariance(answers(seed), ITEMS, by="language")) for seed in range(6, 16)] == [[]] * 10


def test_congruence_falls_where_an_item_measures_something_else_in_one_language():
    same = tu.invariance(answers(20, n=2000), ITEMS, by="language")["congruence"]
    other = tu.invariance(answers(20, n=2000, weak=-1.0), ITEMS, by="language")["congruence"]
    assert same.extra["verdict"] == "equal"
    assert same.estimate > 0.99
    assert other.estimate < 0.9
    assert other.extra["verdict"] != "equal"


def test_reliability_by_language_is_that_of_its_own_rows():
    frame = answers(9)
    found = tu.invariance(frame, ITEMS, by="language", name="empowerment")
    for language in ("fr", "nl"):
        own = frame[frame["language"] == language]
        for term, find in (("alpha", tu.cronbach_alpha), ("omega", tu.mcdonald_omega)):
            mine = next(item for item in found if item.term == term and item.extra["level"] == language)
            expected = find(own, ITEMS)
            assert (mine.estimate, mine.conf_low, mine.n, mine.outcome) == (expected.estimate, expected.conf_low, len(own), "empowerment")


def test_what_cannot_be_compared_is_said():
    with pytest.raises(EstimateError, match="one language only"):
        tu.invariance(answers(1).assign(language="nl"), ITEMS, by="language")
    with pytest.raises(EstimateError, match="three items"):
        tu.invariance(answers(1), ITEMS[:2], by="language")
    constant = tu.invariance(answers(1).assign(q0=1.0), ITEMS, by="language")
    assert all(item.reason for item in constant if np.isnan(item.estimate))
    assert any(np.isnan(item.estimate) for item in constant)
