"""Bounds: against brute force over fillings and trimmings, the bootstrap for their standard errors, and degenerate trials."""

import math
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import norm

import takeup as tu
from takeup.errors import MissingError, TakeupError
from takeup.missing.bounds import call_attempt_bounds
from takeup.missing.interval import imbens_manski

DESIGN = tu.Design("arm", "c")


def trial(n=400, seed=1, *, clusters=False, effect=1.0):
    rng = np.random.default_rng(seed)
    village = np.arange(n) // 8
    arm = (village if clusters else np.arange(n)) % 2
    shock = rng.normal(size=n // 8 + 1)[village] if clusters else 0.0
    lone = rng.integers(0, 2, n)
    y = rng.normal(size=n) + effect * arm + 1.5 * lone + shock
    calls = rng.integers(1, 5, n)
    answers = rng.random(n) < np.where(arm == 1, 0.9 - 0.2 * lone, 0.7 - 0.2 * lone)
    return pd.DataFrame({"arm": np.where(arm == 1, "t", "c"), "y": np.where(answers, y, np.nan), "lone": lone, "village": village, "calls": calls})


def test_imbens_manski_solves_its_equation():
    for gap, se in ((0.0, (1.0, 2.0)), (0.4, (0.5, 0.3)), (30.0, (1.0, 1.0))):
        low, high, c = imbens_manski(0.0, gap, *se, 0.9)
        expected = brentq(lambda k, gap=gap, se=se: norm.cdf(k + gap / max(se)) - norm.cdf(-k) - 0.9, 0, 5, xtol=1e-14)
        assert c == pytest.approx(expected, rel=1e-10)
        assert (low, high) == pytest.approx((-c * se[0], gap + c * se[1]))
    assert imbens_manski(0.0, 0.0, 1.0, 1.0, 0.95)[2] == pytest.approx(1.959963984540054)
    assert imbens_manski(0.0, 1e9, 1.0, 1.0, 0.95)[2] == pytest.approx(1.6448536269514722)


def test_manski_is_the_widest_of_all_fillings():
    frame = pd.DataFrame({"arm": list("tttccc"), "y": [1.0, np.nan, 0.0, np.nan, 1.0, 0.0]})
    found = tu.manski_bounds(frame, "y", DESIGN, support=(0, 1))
    effects = []
    for filling in product((0.0, 0.5, 1.0), repeat=2):
        y = frame["y"].copy()
        y[frame["y"].isna()] = filling
        effects.append(y[:3].mean() - y[3:].mean())
    assert (found.lower, found.upper) == pytest.approx((min(effects), max(effects)))


def test_horowitz_manski_ratio_is_the_widest_of_all_fillings():
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2, 60).astype(float)
    frame = pd.DataFrame({"arm": ["t", "c"] * 30, "y": np.where(np.arange(60) % 12 < 2, np.nan, y)})
    found = tu.manski_bounds(frame, "y", DESIGN, support=(0, 1), scale="ratio")
    one, zero = frame["y"].fillna(1.0), frame["y"].fillna(0.0)
    treated = frame["arm"] == "t"
    assert found.lower == pytest.approx(zero[treated].mean() / one[~treated].mean())
    assert found.upper == pytest.approx(one[treated].mean() / zero[~treated].mean())
    assert found.conf_low < found.lower <= found.upper < found.conf_high
    with pytest.raises(MissingError):
        tu.manski_bounds(frame.assign(y=frame["y"] * 2), "y", DESIGN, support=(0, 2), scale="ratio")


def brute_lee(frame):
    """Worst and best subset of the better arm's respondents of the size at which response is alike."""
    from itertools import combinations

    arms = {name: part["y"] for name, part in frame.groupby("arm")}
    rates = {name: y.notna().mean() for name, y in arms.items()}
    better = "t" if rates["t"] >= rates["c"] else "c"
    worse = "c" if better == "t" else "t"
    seen = arms[better].dropna().to_numpy()
    kept = round(rates[worse] * len(arms[better]))
    means = [seen[list(chosen)].mean() for chosen in combinations(range(len(seen)), kept)]
    ends = np.array([min(means), max(means)]) - arms[worse].mean()
    return tuple(ends) if better == "t" else (-ends[1], -ends[0])


@pytest.mark.parametrize("swap", [False, True])
def test_exact_trimming_is_the_worst_subset(swap):
    rng = np.random.default_rng(6)
    y = rng.normal(size=20)
    y[[15, 17, 18]] = np.nan
    frame = pd.DataFrame({"arm": ["t"] * 10 + ["c"] * 10, "y": y})
    frame = frame.assign(arm=frame["arm"].map({"t": "c", "c": "t"})) if swap else frame
    found = tu.lee_bounds(frame, "y", DESIGN)
    assert found.extra["fractional"] == pytest.approx(brute_lee(frame))
    assert found.trimmed_arm == ("control" if swap else "treatment")
    assert found.trimmed_share == pytest.approx(0.3)


def bootstrap(frame, estimate, seed, *, by=None, draws=400):
    rng = np.random.default_rng(seed)
    found = []
    groups = None if by is None else [part for _, part in frame.groupby(by)]
    for _ in range(draws):
        if groups is None:
            sample = frame.iloc[rng.integers(0, len(frame), len(frame))]
        else:
            sample = pd.concat([groups[i].assign(**{by: k}) for k, i in enumerate(rng.integers(0, len(groups), len(groups)))])
        found.append(estimate(sample))
    return np.std(np.array(found), axis=0)


@pytest.mark.parametrize("tighten", [None, "lone"])
def test_standard_errors_are_those_of_the_bootstrap(tighten):
    frame = trial()
    found = tu.lee_bounds(frame, "y", DESIGN, tighten=tighten)

    def ends(sample):
        one = tu.lee_bounds(sample, "y", DESIGN, tighten=tighten)
        return one.lower, one.upper

    expected = bootstrap(frame, ends, 3)
    # 400 resamples have a Monte-Carlo error of 3.5 %; the rest is the smoothness that the formula takes for granted
    assert (found.std_error_lower, found.std_error_upper) == pytest.approx(tuple(expected), rel=0.15)


def test_clustered_standard_errors_are_those_of_the_cluster_bootstrap():
    frame = trial(800, 5, clusters=True)
    design = tu.Design("arm", "c", draw="clustered", clusters="village")
    found = tu.lee_bounds(frame, "y", design)

    def ends(sample):
        one = tu.lee_bounds(sample, "y", DESIGN)
        return one.lower, one.upper

    expected = bootstrap(frame, ends, 4, by="village", draws=300)
    assert (found.std_error_lower, found.std_error_upper) == pytest.approx(tuple(expected), rel=0.2)
    alone = tu.lee_bounds(frame, "y", DESIGN)
    assert (found.lower, found.upper) == (alone.lower, alone.upper)
    assert found.std_error_lower > 1.3 * alone.std_error_lower


def test_influences_give_lees_variance_when_there_are_no_clusters():
    frame = trial(3000, 8)
    plain = tu.lee_bounds(frame, "y", DESIGN)
    # each unit its own cluster goes by the influences; Lee's closed form has n - 1 variances
    by_influence = tu.lee_bounds(frame.assign(unit=range(len(frame))), "y", tu.Design("arm", "c", clusters="unit"))
    assert by_influence.std_error_lower == pytest.approx(plain.std_error_lower, rel=5e-3)
    assert by_influence.std_error_upper == pytest.approx(plain.std_error_upper, rel=5e-3)


def test_one_cell_is_no_cell():
    frame = trial().assign(same="x")
    plain, one = tu.lee_bounds(frame, "y", DESIGN), tu.lee_bounds(frame, "y", DESIGN, tighten=["same"])
    assert one == plain


def test_tightened_bounds_are_narrower_when_the_cells_tell_outcomes_apart():
    frame = trial(4000, 2)
    plain, tight = tu.lee_bounds(frame, "y", DESIGN), tu.lee_bounds(frame, "y", DESIGN, tighten="lone")
    assert plain.lower < tight.lower <= tight.upper < plain.upper


def test_bounds_hold_the_effect_on_those_who_always_respond():
    rng = np.random.default_rng(9)
    n = 20_000
    arm, y0 = np.arange(n) % 2, rng.normal(size=n)
    eager = rng.random(n)
    answers = eager < np.where(arm == 1, 0.9, 0.7)
    y = y0 + arm * (0.5 + (eager > 0.5))
    frame = pd.DataFrame({"arm": np.where(arm == 1, "t", "c"), "y": np.where(answers, y, np.nan)})
    found = tu.lee_bounds(frame, "y", DESIGN)
    truth = 0.5 + (eager[eager < 0.7] > 0.5).mean()
    assert found.lower < truth < found.upper


def test_blocks_of_unequal_shares_are_weighted():
    rng = np.random.default_rng(4)
    n = 40_000
    block = np.arange(n) % 2
    arm = rng.random(n) < np.where(block == 1, 0.8, 0.2)
    y = 3.0 * block + rng.normal(size=n)
    frame = pd.DataFrame({"arm": np.where(arm, "t", "c"), "block": block, "y": np.where(rng.random(n) < 0.95, y, np.nan)})
    found = tu.lee_bounds(frame, "y", tu.Design("arm", "c", draw="blocked", blocks="block"))
    assert abs(sum(found.extra["fractional"]) / 2) < 0.1  # no effect; unweighted it would be 1.8
    assert "unequal shares" in found.reason
    with_p = tu.lee_bounds(frame.assign(p=np.where(block == 1, 0.8, 0.2)), "y", tu.Design("arm", "c", probability="p"))
    assert with_p.extra["fractional"] == pytest.approx(found.extra["fractional"], abs=0.05)


def test_integer_weights_are_copies():
    frame = trial(120, 3)
    weight = np.random.default_rng(0).integers(1, 4, len(frame))
    weighted = tu.lee_bounds(frame.assign(w=weight), "y", tu.Design("arm", "c", weights="w"))
    copied = tu.lee_bounds(frame.loc[frame.index.repeat(weight)], "y", DESIGN)
    assert weighted.extra["fractional"] == pytest.approx(copied.extra["fractional"])
    assert weighted.trimmed_share == pytest.approx(copied.trimmed_share)


def test_call_attempts_meet_where_response_is_alike_and_are_never_wider_than_lee():
    # a quarter of the better arm is trimmed, well inside the last of three attempts: at a boundary the bounds have a kink and the bootstrap fails
    frame = trial(2000, 7).assign(calls=np.random.default_rng(1).integers(1, 4, 2000))
    found, lee = call_attempt_bounds(frame, "y", "calls", DESIGN), tu.lee_bounds(frame, "y", DESIGN)
    assert lee.extra["fractional"][0] - 1e-12 <= found.lower <= found.upper <= lee.extra["fractional"][1] + 1e-12
    # one attempt for all is Lee's trimming
    same = call_attempt_bounds(frame.assign(calls=1), "y", "calls", DESIGN)
    assert (same.lower, same.upper) == pytest.approx(lee.extra["fractional"])
    assert same.std_error_lower == pytest.approx(lee.std_error_lower, rel=0.02)

    def ends(sample):
        one = call_attempt_bounds(sample, "y", "calls", DESIGN)
        return one.lower, one.upper

    expected = bootstrap(frame, ends, 3, draws=300)
    assert (found.std_error_lower, found.std_error_upper) == pytest.approx(tuple(expected), rel=0.2)


def test_call_attempts_of_respondents_must_be_known():
    frame = trial(40, 7)
    frame.loc[frame["y"].first_valid_index(), "calls"] = np.nan
    with pytest.raises(MissingError, match="1 respondents"):
        call_attempt_bounds(frame, "y", "calls", DESIGN)


def test_kling_liebman_by_hand_and_in_order():
    frame = trial(60, 4)
    arms = {name: part["y"] for name, part in frame.groupby("arm")}
    found = tu.kling_liebman_bounds(frame, "y", DESIGN, sd=0.3)
    low = arms["t"].fillna(arms["t"].mean() - 0.3 * arms["t"].std()).mean() - arms["c"].fillna(arms["c"].mean() + 0.3 * arms["c"].std()).mean()
    assert found.lower == pytest.approx(low)
    none = tu.kling_liebman_bounds(frame, "y", DESIGN, sd=0.0)
    assert none.lower == none.upper == pytest.approx(arms["t"].mean() - arms["c"].mean())
    assert found.lower < none.lower < found.upper


def test_the_designs_variance_is_used_on_the_filled_outcome():
    frame = trial(160, 5, clusters=True)
    design = tu.Design("arm", "c", draw="clustered", clusters="village")
    found = tu.manski_bounds(frame, "y", design, support=(-20, 20))
    filled = frame.assign(y=frame["y"].where(frame["y"].notna(), np.where(frame["arm"] == "t", -20.0, 20.0)))
    assert found.std_error_lower == tu.difference_in_means(filled, "y", design).std_error


def test_nobody_missing_gives_the_point_and_its_usual_interval():
    frame = trial(80, 2).assign(y=lambda one: one["y"].fillna(0.0))
    plain = tu.difference_in_means(frame, "y", DESIGN)
    ladder = (tu.manski_bounds(frame, "y", DESIGN, support=(-30, 30)), tu.kling_liebman_bounds(frame, "y", DESIGN), tu.lee_bounds(frame, "y", DESIGN))
    for found in ladder:
        assert found.lower == pytest.approx(plain.estimate)
        assert found.upper == pytest.approx(plain.estimate)
        assert found.n_missing == 0
    assert found.trimmed_arm == ""
    assert "nothing is trimmed" in found.reason


@pytest.mark.parametrize(
    "call",
    [
        lambda frame: tu.manski_bounds(frame, "y", DESIGN, support=(0, 1)), lambda frame: tu.manski_bounds(frame, "y", DESIGN, support=(1, 0)),
        lambda frame: tu.manski_bounds(frame, "y", DESIGN, support=3),
        lambda frame: tu.manski_bounds(frame, "y", DESIGN, support=(-99, 99), scale="log"),
        lambda frame: tu.kling_liebman_bounds(frame, "y", DESIGN, sd=-1), lambda frame: tu.lee_bounds(frame, "y", DESIGN, tighten="y"),
        lambda frame: tu.lee_bounds(frame, "y", DESIGN, tighten="nowhere"), lambda frame: tu.lee_bounds(frame, "z", DESIGN),
        lambda frame: tu.lee_bounds(frame.assign(y=np.nan), "y", DESIGN),
        lambda frame: tu.lee_bounds(frame, "y", DESIGN, conf_level=95),
    ],
)
def test_what_cannot_be_bounded_is_refused(call):
    with pytest.raises(TakeupError):
        call(trial(40))


def test_an_empty_cell_has_a_reason():
    frame = trial(60, 2)
    frame["thin"] = np.where(frame.index == 0, 1, 0)
    found = tu.lee_bounds(frame, "y", DESIGN, tighten="thin")
    assert math.isnan(found.lower)
    assert "1 of 2 cells" in found.reason


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["t", "c"]), st.one_of(st.none(), st.integers(0, 3)), st.integers(0, 1)), min_size=1, max_size=10))
def test_any_trial_is_bounded_or_refused_clearly(rows):
    frame = pd.DataFrame(rows, columns=["arm", "y", "x"]).astype({"y": "float64"})
    calls = (lambda: tu.lee_bounds(frame, "y", DESIGN), lambda: tu.lee_bounds(frame, "y", DESIGN, tighten="x"),
             lambda: tu.manski_bounds(frame, "y", DESIGN, support=(0, 3)), lambda: tu.kling_liebman_bounds(frame, "y", DESIGN),
             lambda: call_attempt_bounds(frame, "y", "x", DESIGN))
    for call in calls:
        try:
            found = call()
        except TakeupError:
            continue
        assert found.reason or math.isfinite(found.lower + found.upper + found.conf_low)
        assert not found.lower > found.upper + 1e-9 or found.method == "lee"  # Lee's quantile keeps all of a tied value
        if found.method == "lee" and not math.isnan(found.lower):
            assert found.extra["fractional"][0] <= found.extra["fractional"][1] + 1e-9


@settings(max_examples=20, deadline=None)
@given(st.floats(0.1, 50), st.floats(-20, 20), st.randoms(use_true_random=False))
def test_units_order_and_labels_do_not_matter(scale, shift, random):
    frame = trial(60, 3)
    order = list(range(60))
    random.shuffle(order)
    moved = frame.assign(y=frame["y"] * scale + shift, arm=frame["arm"].map({"t": 7, "c": 2})).iloc[order]
    found, again = tu.lee_bounds(frame, "y", DESIGN), tu.lee_bounds(moved, "y", tu.Design("arm", 2))
    assert (again.lower, again.upper) == pytest.approx((found.lower * scale, found.upper * scale), rel=1e-9)
    assert again.std_error_lower == pytest.approx(found.std_error_lower * scale, rel=1e-8)


@pytest.mark.slow
def test_intervals_cover_the_effect_on_those_who_always_respond():
    rng = np.random.default_rng(77)
    cover = 0
    for _ in range(1000):
        arm = rng.permutation(np.arange(300) % 2)
        eager, y0 = rng.random(300), rng.normal(size=300)
        y = np.where(eager < np.where(arm == 1, 0.9, 0.75), y0 + 0.4 * arm, np.nan)
        found = tu.lee_bounds(pd.DataFrame({"arm": np.where(arm == 1, "t", "c"), "y": y}), "y", DESIGN)
        cover += found.conf_low <= 0.4 <= found.conf_high
    assert cover / 1000 >= 0.95 - 4 * math.sqrt(0.05 * 0.95 / 1000)


def test_columns_that_are_an_index_as_well_tighten():
    frame = pd.DataFrame({"arm": [1, 0] * 20, "sex": [0, 0, 1, 1] * 10, "y": np.arange(40.0)})
    frame.loc[::7, "y"] = np.nan
    plain = tu.lee_bounds(frame, "y", tu.Design("arm", 0), tighten="sex")
    assert tu.lee_bounds(frame.set_index("sex", drop=False), "y", tu.Design("arm", 0), tighten="sex") == plain
