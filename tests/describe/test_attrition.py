"""Attrition: exact tests of two by two tables, the boundary against the model behind it, selection tests by hand and by simulation."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, least_squares
from scipy.stats import hypergeom, norm

import takeup as tu
from takeup.describe.wwc import CAUTIOUS, OPTIMISTIC, boundary, judge
from takeup.errors import DescribeError, TakeupError

DESIGN = tu.Design("arm", "c")


def trial(n=120, seed=1, *, selective=0.0):
    rng = np.random.default_rng(seed)
    arm, before = np.arange(n) % 2, rng.normal(size=n)
    answered = rng.random(n) < norm.cdf(0.8 - 0.2 * arm + selective * before * arm)
    return pd.DataFrame({"arm": np.where(arm == 1, "t", "c"), "before": before, "other": rng.exponential(size=n), "answered": answered.astype(int),
                         "village": np.arange(n) // 4})


def test_rates_and_their_difference_by_hand():
    frame = trial()
    found = tu.attrition(frame, "answered", DESIGN, draws=200)
    lost = 1 - frame["answered"]
    rates = lost.groupby(frame["arm"]).mean()
    assert [arm.rate for arm in found.arms] == pytest.approx([rates["c"], rates["t"]])
    assert found.rate == pytest.approx(lost.mean())
    assert found.difference == pytest.approx(rates["t"] - rates["c"])
    assert found.contrasts[0].difference.std_error == tu.difference_in_means(frame.assign(answered=lost), "answered", DESIGN).std_error


@pytest.mark.parametrize("lost", [(0, 3), (1, 4), (5, 1), (2, 2)])
def test_the_difference_has_fishers_exact_p_value(lost):
    frame = pd.DataFrame({"arm": ["t"] * 6 + ["c"] * 6, "answered": [0] * lost[0] + [1] * (6 - lost[0]) + [0] * lost[1] + [1] * (6 - lost[1])})
    found = tu.attrition(frame, "answered", DESIGN)
    null = hypergeom(12, sum(lost), 6)
    expected = min(1.0, 2 * min(null.cdf(lost[0]), null.sf(lost[0] - 1)))
    assert found.contrasts[0].test.exact
    assert found.p_value == pytest.approx(expected, rel=1e-12)


def test_the_boundary_is_that_of_the_model_behind_it():
    """Deke and Chiang's normal selection model, its two correlations fitted, gives every row from 10 % on to about its one decimal."""

    def bias(share, rho):
        return rho * norm.pdf(norm.ppf(share)) / share

    def limit(overall, treated, control):
        def excess(gap):
            return bias(1 - overall - gap / 2, treated) - bias(1 - overall + gap / 2, control) - 0.05

        return brentq(excess, -2 * min(overall, 1 - overall) + 1e-9, 2 * min(overall, 1 - overall) - 1e-9)

    for table, last in ((CAUTIOUS, 58), (OPTIMISTIC, 66)):
        assert len(table) == last
        rows = np.arange(10, 58)
        fit = least_squares(lambda rho, table=table, rows=rows: [100 * limit(row / 100, *rho) - table[row] for row in rows], [0.3, 0.25])
        assert np.abs(fit.fun).max() < 0.075  # rounding to one decimal, and a little of the fit
        # the steep end of the optimistic table, beyond the rows of the fit
        assert all(abs(100 * limit(row / 100, *fit.x) - table[row]) < 0.11 for row in range(58, last))


def test_boundary_between_rows_and_beyond_its_end():
    assert boundary(0.10, CAUTIOUS) == pytest.approx(0.063)
    assert boundary(0.105, CAUTIOUS) == pytest.approx(0.0625)
    assert boundary(0.0, OPTIMISTIC) == pytest.approx(0.10)
    assert boundary(0.57, CAUTIOUS) == pytest.approx(0.0)
    assert math.isnan(boundary(0.58, CAUTIOUS))
    assert judge(0.58, 0.0, CAUTIOUS) == "high"
    assert judge(0.10, -0.063, CAUTIOUS) == "low"
    # the worked examples of the table's own users: 20/40 against 31/49 answered is high, 100/200 against 10/20 is low at 50 % without difference
    assert judge(1 - 51 / 89, 0.5 - 31 / 49, OPTIMISTIC) == "high"
    assert judge(1 - 110 / 220, 0.0, CAUTIOUS) == "low"
    assert (judge(1 - 70 / 88, 0.75 - 40 / 48, OPTIMISTIC), judge(1 - 70 / 88, 0.75 - 40 / 48, CAUTIOUS)) == ("low", "high")


def test_selection_tests_by_hand():
    frame = trial(400, 2)
    respondents, population = tu.attrition(frame, "answered", DESIGN, baseline=["before"], draws=50).baseline
    cells = frame.groupby(["arm", "answered"])["before"].agg(["mean", "var", "size"])
    variance = cells["var"] / cells["size"]

    def gap(one, two):
        return (cells["mean"][one] - cells["mean"][two]) ** 2 / (variance[one] + variance[two])

    # two independent contrasts with HC2 in a saturated regression; the reference takes off what few degrees of freedom cost
    whole = gap(("t", 1), ("c", 1)) + gap(("t", 0), ("c", 0))
    eta = respondents.df_denominator + 1
    assert respondents.statistic == pytest.approx(whole / 2 * respondents.df_denominator / eta, rel=1e-9)
    means, inverse = cells["mean"].to_numpy(), np.linalg.inv(np.diag(variance[[("c", 0), ("t", 0), ("t", 1)]]) + variance[("c", 1)])
    contrast = means[[0, 2, 3]] - means[1]
    eta = population.df_denominator + 2
    assert population.statistic == pytest.approx(contrast @ inverse @ contrast / 3 * population.df_denominator / eta, rel=1e-9)
    assert (respondents.df, population.df, respondents.n) == (2, 3, 400)


def test_selective_attrition_is_found_and_by_whom():
    found = tu.attrition(trial(2000, 3, selective=0.8), "answered", DESIGN, baseline=["before", "other"], draws=50)
    by = {(test.outcome, test.term): test.p_value for test in found.baseline}
    assert by["before", "respondents"] < 1e-6
    assert by["joint", "study population"] < 1e-6
    assert by["other", "respondents"] > 0.01


def test_one_column_twice_scaled_is_one_test_whatever_its_units():
    frame = trial(200, 5)
    plain = tu.attrition(frame, "answered", DESIGN, baseline=["before"], draws=50).baseline
    scaled = tu.attrition(frame.assign(before=frame["before"] * 1000 + 7), "answered", DESIGN, baseline=["before"], draws=50).baseline
    assert [test.p_value for test in scaled] == pytest.approx([test.p_value for test in plain])
    doubled = tu.attrition(frame.assign(copy=frame["before"]), "answered", DESIGN, baseline=["before", "copy"], draws=50).baseline
    assert "joint" in {test.outcome for test in doubled}
    assert all(test.reason for test in doubled if math.isnan(test.p_value))


def test_clusters_blocks_and_missing_baselines():
    frame = trial(240, 6)
    frame = frame.assign(arm=np.where(frame["village"] % 2 == 1, "t", "c"), batch=frame["village"] // 20)
    frame.loc[::9, "before"] = np.nan
    design = tu.Design("arm", "c", draw="blocked_clustered", clusters="village", blocks="batch")
    found = tu.attrition(frame, "answered", design, baseline=["before", "other"], draws=100)
    assert all(test.n_clusters == 60 for test in found.baseline)
    assert all(0 <= test.p_value <= 1 for test in found.baseline)
    assert {test.n for test in found.baseline if test.outcome == "before"} == {240 - len(range(0, 240, 9))}


def test_several_arms_have_a_contrast_each_and_one_p_value():
    frame = trial(90).assign(arm=["c", "x", "y"] * 30)
    found = tu.attrition(frame, "answered", DESIGN, baseline=["before"], draws=300)
    assert [contrast.arm for contrast in found.contrasts] == ["x", "y"]
    assert math.isnan(found.difference)
    assert 0 < found.p_value <= 1
    assert {test.arm for test in found.baseline} == {"x", "y"}


def test_results_and_frame_say_whom_they_rest_on():
    frame = trial()
    found = tu.attrition(frame, "answered", DESIGN, baseline=["before"], draws=50)
    results = found.results()
    shares = results.where(variable="attrition", kind="share")
    assert [one.count for one in shares] == [int((1 - frame["answered"]).sum()), *(arm.n_lost for arm in found.arms)]
    cells = results.where(variable="before")
    assert {(one.arm, one.level): one.n for one in cells}[("t", "respondents")] == int(((frame["arm"] == "t") & (frame["answered"] == 1)).sum())
    table = found.to_frame()
    assert table["n_lost"].sum() == (1 - frame["answered"]).sum()
    assert table["conservative"].tolist()[1] in {"low", "high"}
    assert len(found.tests) == 3
    assert "Attrition" in found._repr_html_()


@pytest.mark.parametrize("answer", [1, 0])
def test_nobody_or_everybody_lost_has_a_reason(answer):
    found = tu.attrition(trial().assign(answered=answer), "answered", DESIGN, baseline=["before"], draws=20)
    assert math.isnan(found.p_value)
    assert "was lost" in found.reason
    assert found.rate == 1 - answer
    by = {test.term: test for test in found.baseline}
    assert by["respondents"].df == 1  # one pair of groups is left to compare


def test_weights_of_respondents_are_not_asked_of_the_others():
    frame = trial().assign(w=lambda one: np.where(one["answered"] == 1, 1.2, np.nan))
    weighted = tu.attrition(frame, "answered", tu.Design("arm", "c", weights="w"), draws=50)
    assert weighted.difference == tu.attrition(frame, "answered", DESIGN, draws=50).difference


def test_faults_come_together():
    frame = trial(20)
    with pytest.raises(DescribeError) as caught:
        tu.attrition(frame.assign(answered=2, before=np.inf), "answered", tu.Design("arm", "zz"), baseline=["before"])
    assert len(caught.value.faults) == 3
    for broken, column, baseline in (
        (frame, "nowhere", ["nor here"]), (frame.assign(answered="yes"), "answered", []), (frame, "answered", ["answered"]), (frame, "arm", []),
        (frame.assign(answered=np.nan), "answered", []), (frame.assign(arm="c"), "answered", []),
    ):
        with pytest.raises(DescribeError):
            tu.attrition(broken, column, DESIGN, baseline=baseline)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["t", "c"]), st.booleans(), st.one_of(st.none(), st.integers(0, 2)), st.integers(0, 1)), min_size=1,
                max_size=9))
def test_any_trial_is_described_or_refused_clearly(rows):
    frame = pd.DataFrame(rows, columns=["arm", "answered", "x", "z"]).astype({"x": "float64"})
    try:
        found = tu.attrition(frame, "answered", DESIGN, baseline=["x", "z"], draws=30)
    except TakeupError:
        return
    assert found.reason
    for test in found.tests:
        assert test.reason or math.isfinite(test.p_value)
    for contrast in found.contrasts:
        assert contrast.difference.reason or math.isfinite(contrast.difference.std_error)


@pytest.mark.slow
def test_selection_tests_keep_their_size():
    from takeup.describe.selection import selection_tests

    runs = 1500
    low = {}
    for seed in range(runs):
        frame = trial(100, seed)
        frame["second"] = np.random.default_rng(10_000 + seed).normal(size=100) + 0.5 * frame["before"]
        for test in selection_tests(frame, frame["answered"].to_numpy(dtype=float), ["before", "second"], DESIGN, "t"):
            low[test.outcome, test.term] = low.get((test.outcome, test.term), 0) + (test.p_value <= 0.05)
    # normal baseline values, groups of about ten non-respondents. (Exponential ones bring the study-population test to 10 % at n = 100 and
    # to 6-7 % at n = 400: the price of robust variances with skewness in small groups, said in the docstring)
    error = math.sqrt(0.05 * 0.95 / runs)
    assert {name: abs(count / runs - 0.05) < 4 * error for name, count in low.items()} == dict.fromkeys(low, True)
