"""Balance: standardised differences against R, the omnibus test against enumeration by brute force."""

import math
from dataclasses import FrozenInstanceError
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import takeup as tu
from parity import oracle
from takeup.errors import DescribeError, TakeupError

JOBS2 = tu.Design("treat", 0)


@pytest.fixture
def small():
    rng = np.random.default_rng(3)
    return pd.DataFrame({
        "arm": ["c", "t"] * 5, "age": rng.integers(20, 60, 10), "income": rng.normal(size=10), "kind": list("abcabcabca"),
        "batch": [1, 1, 1, 1, 2, 2, 2, 2, 2, 2],
    })


@pytest.mark.parametrize("name", ["depress1", "econ_hard", "sex", "age", "nonwhite"])
def test_standardised_differences_are_those_of_r(name):
    frame = tu.balance(oracle.frame("jobs2"), [name], JOBS2, draws=50).to_frame()
    row, entry = frame.iloc[0], f"jobs2/smd_{name}"
    assert oracle.difference(row["standardized_difference"], oracle.reference(entry, "estimate")) < oracle.CLOSED_FORM
    for ours, theirs in (("mean_treated", "mean_treated"), ("sd_control", "sd_control"), ("variance_ratio", "variance_ratio")):
        assert oracle.difference(row[ours], oracle.reference(entry, f"extra.{theirs}")) < oracle.CLOSED_FORM


def test_omnibus_agrees_with_the_large_sample_tests_of_jobs2():
    columns = ["depress1", "econ_hard", "sex", "age", "nonwhite"]
    found = tu.balance(oracle.frame("jobs2"), columns, JOBS2, draws=4000)
    # the F test asks the same question of the same columns; at n = 899 they differ by the Monte-Carlo error (0.008) and little more
    assert found.p_value == pytest.approx(oracle.reference("jobs2/balance_joint_f", "p_value"), abs=0.03)
    from scipy.stats import chi2

    assert found.p_value == pytest.approx(chi2.sf(found.statistic, found.df), abs=0.03)
    assert found.df == 5


def brute_force(frame, x, treated):
    """d' V^- d over all assignments of the same number treated, by lists."""
    n = len(frame)
    totals = np.array([x[list(chosen)].sum(axis=0) for chosen in combinations(range(n), int(treated.sum()))])
    centre, inverse = totals.mean(axis=0), np.linalg.pinv(np.cov(totals.T, bias=True))
    value = [float((d - centre) @ inverse @ (d - centre)) for d in totals]
    mine = x[treated].sum(axis=0) - centre
    observed = float(mine @ inverse @ mine)
    return observed, np.mean([v >= observed - 1e-9 for v in value])


def test_exact_omnibus_is_that_of_brute_force(small):
    found = tu.balance(small, ["age", "income"], tu.Design("arm", "c"))
    statistic, p = brute_force(small, small[["age", "income"]].to_numpy(dtype=float), (small["arm"] == "t").to_numpy())
    assert (found.exact, found.draws, found.df) == (True, math.comb(10, 5), 2)
    assert found.statistic == pytest.approx(statistic, rel=1e-9)
    assert found.p_value == pytest.approx(p, rel=1e-12)


def test_drawn_omnibus_is_near_the_exact_one_and_counts_the_trial(small):
    exact = tu.balance(small, ["age", "income"], tu.Design("arm", "c"))
    drawn = tu.balance(small, ["age", "income"], tu.Design("arm", "c"), draws=251)
    assert (drawn.exact, drawn.draws) == (False, 251)
    assert drawn.p_value == pytest.approx(exact.p_value, abs=4 * math.sqrt(0.25 / 251))
    assert drawn.p_value >= 1 / 252


def test_blocks_that_the_draw_balances_are_not_tested(small):
    blocked = tu.Design("arm", "c", draw="blocked", blocks="batch")
    assert tu.balance(small, ["batch"], blocked).reason.startswith("The columns have the same totals")
    assert math.isnan(tu.balance(small, ["batch"], blocked).p_value)
    both = tu.balance(small, ["batch", "age"], blocked)
    assert both.df == 1
    assert both.p_value == tu.balance(small, ["age"], blocked).p_value


def test_unequal_coins_weigh_the_assignments():
    frame = pd.DataFrame({"arm": [1, 0, 0, 0], "x": [4.0, 1.0, 2.0, 0.0]})
    found = tu.balance(frame, ["x"], tu.Design("arm", 0, draw="simple", probability=0.25))
    z = np.array([[(i >> j) & 1 for j in range(4)] for i in range(16)])
    weight = 0.25 ** z.sum(axis=1) * 0.75 ** (4 - z.sum(axis=1))
    totals = z @ (frame["x"] - frame["x"].mean()).to_numpy()
    mean = weight @ totals
    square = (totals - mean) ** 2 / (weight @ (totals - mean) ** 2)
    mine = ((4.0 - 1.75) - mean) ** 2 / (weight @ (totals - mean) ** 2)
    assert found.exact
    assert found.p_value == pytest.approx(weight[square >= mine - 1e-12].sum(), rel=1e-12)


def test_clusters_move_as_one():
    frame = pd.DataFrame({"arm": np.repeat([0, 1, 0, 1], 5), "village": np.repeat([1, 2, 3, 4], 5), "x": np.repeat([1.0, 5.0, 2.0, 6.0], 5)})
    found = tu.balance(frame, ["x"], tu.Design("arm", 0, draw="clustered", clusters="village"))
    assert found.draws == 6
    assert found.p_value == pytest.approx(2 / 6)  # the two most different of six assignments


def test_several_arms_each_against_control(small):
    frame = small.assign(arm=["c", "x", "y"] * 3 + ["c"], kind=list("aabbccabca"))
    found = tu.balance(frame, ["age", "kind"], tu.Design("arm", "c"))
    rows = found.to_frame()
    assert rows["arm"].unique().tolist() == ["x", "y"]
    assert len(rows) == 2 * (1 + 3)
    alone = tu.balance(frame[frame["arm"] != "y"], ["age", "kind"], tu.Design("arm", "c")).to_frame()
    pd.testing.assert_frame_equal(rows[rows["arm"] == "x"].reset_index(drop=True), alone)
    # labels are only names: the omnibus test doesn't depend on which arm is called what
    other = frame.assign(arm=frame["arm"].map({"c": "c", "x": "z", "y": "a"}))
    assert tu.balance(other, ["age", "kind"], tu.Design("arm", "c")).p_value == pytest.approx(found.p_value, abs=0.02)


def test_categories_missing_values_and_booleans(small):
    frame = small.assign(kind=pd.Categorical(small["kind"], categories=["c", "b", "a", "never"]), lone=small["age"] > 40)
    frame.loc[[0, 1, 4], "kind"] = None
    frame["income"] = frame["income"].mask(frame.index == 2)
    found = tu.balance(frame, ["kind", "lone", "income"], tu.Design("arm", "c"))
    rows = found.to_frame().set_index(["variable", "level"])
    assert rows.index.tolist() == [("kind", "c"), ("kind", "b"), ("kind", "a"), ("lone", ""), ("income", "")]
    assert rows["kind"].tolist() == ["share"] * 4 + ["mean"]
    assert rows["n_missing"].tolist() == [3, 3, 3, 0, 1]
    assert rows.loc["kind"][["mean_treated", "mean_control"]].sum().tolist() == pytest.approx([1.0, 1.0])
    without = tu.balance(frame.assign(income=frame["income"].fillna(frame["income"].mean())), ["kind", "lone", "income"], tu.Design("arm", "c"))
    assert found.df == without.df + 1  # who is missing is tested too


def test_results_say_whom_they_rest_on_and_reveal(small):
    found = tu.balance(small, ["age", "kind"], tu.Design("arm", "c")).results()
    shares = found.where(kind="share", arm="t")
    assert [(one.level, one.n, one.count) for one in shares] == [
        (level, 5, int(((small["arm"] == "t") & (small["kind"] == level)).sum())) for level in "abc"
    ]
    assert [one.kind for one in found.where(variable="age")] == ["mean", "sd", "mean", "sd", "standardized_difference"]
    assert all(one.count is None for one in found.where(variable="age"))
    assert found.to_frame()["table"].unique().tolist() == ["balance"]


def test_what_cannot_be_computed_has_a_reason(small):
    frame = small.assign(flat=1, empty=np.nan, split=np.where(small["arm"] == "t", 1.0, 2.0), half=small["income"].mask(small["arm"] == "t"))
    rows = tu.balance(frame, ["flat", "empty", "split", "half"], tu.Design("arm", "c")).to_frame().set_index("variable")
    assert rows["standardized_difference"].isna().all()
    assert (rows["reason"] != "").all()
    assert rows.loc["split", "difference"] == -1.0
    nothing = tu.balance(frame, ["flat", "empty"], tu.Design("arm", "c"))
    assert math.isnan(nothing.p_value)
    assert "nothing to test" in nothing.reason
    assert not nothing.alarm
    one = tu.balance(small.assign(arm=["t"] + ["c"] * 9), ["age"], tu.Design("arm", "c"))
    assert "one observed value" in one.rows[0].reason


def test_faults_come_together(small):
    with pytest.raises(DescribeError) as caught:
        tu.balance(small, ["agee", "age", "age", "arm"], tu.Design("arm", "c", blocks="bach"))
    assert len(caught.value.faults) == 4
    with pytest.raises(DescribeError) as caught:
        tu.balance(small.assign(age=np.inf), ["age"], tu.Design("arm", "zz"))
    assert len(caught.value.faults) == 2
    for columns, design in (([], tu.Design("arm", "c")), (["age"], tu.Design("kind", "zz"))):
        with pytest.raises(DescribeError):
            tu.balance(small, columns, design)
    with pytest.raises(DescribeError):
        tu.balance(small, ["age"], tu.Design("arm", "c"), draws=0)


def test_rows_without_an_arm_are_left_out_and_counted(small):
    found = tu.balance(small.assign(arm=small["arm"].mask(small.index == 9)), ["age"], tu.Design("arm", "c"))
    assert found.n == 9
    assert "1 rows without an arm" in found.reason


def test_frozen_and_without_rows_of_data(small):
    found = tu.balance(small, ["age"], tu.Design("arm", "c"))
    with pytest.raises(FrozenInstanceError):
        found.p_value = 0
    assert "standardised" in found._repr_html_().lower()
    assert found.test.p_value == found.p_value


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(10)), st.floats(0.1, 100), st.floats(-50, 50))
def test_row_order_and_units_do_not_matter(order, scale, shift):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"arm": ["c", "t"] * 5, "age": rng.integers(20, 60, 10), "income": rng.normal(size=10)})
    found = tu.balance(frame, ["age", "income"], tu.Design("arm", "c"))
    moved = frame.assign(income=frame["income"] * scale + shift).iloc[list(order)]
    again = tu.balance(moved, ["income", "age"], tu.Design("arm", "c"))
    assert again.p_value == pytest.approx(found.p_value, rel=1e-9)
    assert again.rows[0].standardized_difference == pytest.approx(found.rows[1].standardized_difference, rel=1e-6)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["c", "t"]), st.one_of(st.none(), st.integers(0, 3)), st.one_of(st.none(), st.sampled_from("ab"))),
                min_size=1, max_size=9))
def test_any_frame_is_described_or_refused_clearly(rows):
    frame = pd.DataFrame(rows, columns=["arm", "x", "kind"]).astype({"x": "float64"})
    try:
        found = tu.balance(frame, ["x", "kind"], tu.Design("arm", "c"), draws=30)
    except TakeupError:
        return
    for row in found.rows:
        assert row.reason or math.isfinite(row.standardized_difference)
    assert found.reason
    assert math.isnan(found.p_value) or 0 < found.p_value <= 1


@pytest.mark.slow
def test_the_omnibus_test_keeps_its_size():
    rng = np.random.default_rng(12)
    covariates = pd.DataFrame(rng.lognormal(size=(40, 6)), columns=list("abcdef"))
    low = 0
    for _ in range(2000):
        arm = rng.permutation(np.repeat([0, 1], 20))
        low += tu.balance(covariates.assign(arm=arm), list("abcdef"), tu.Design("arm", 0), draws=199, seed=int(rng.integers(2**31))).p_value <= 0.05
    assert abs(low / 2000 - 0.05) < 4 * math.sqrt(0.05 * 0.95 / 2000)
