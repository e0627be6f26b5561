"""Differences in means against scipy, brute force, the regression they equal, and all assignments a draw can make."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest

import takeup as tu

RTOL = 1e-8
FIELDS = ("estimate", "std_error", "df", "p_value", "conf_low", "conf_high")


def trial(n=60, seed=1) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame({"block": np.arange(n) // 20, "cluster": np.arange(n) // 4, "pair": np.arange(n) // 2})
    frame["arm"] = np.concatenate([draw.permutation(np.repeat([0, 1], [13 - 2 * b, 7 + 2 * b])) for b in range(n // 20)])
    return frame.assign(y=draw.normal(10, 3, n) * (1 + frame["arm"]) + frame["block"], w=draw.uniform(0.5, 2, n), p=draw.uniform(0.2, 0.8, n))


def design(**options):
    return tu.Design("arm", 0, **options)


def fields(found, names=FIELDS):
    return [getattr(found, name) for name in names]


def test_welch():
    stats = pytest.importorskip("scipy.stats")
    frame = trial()
    ours = tu.difference_in_means(frame, "y", design(), conf_level=0.9)
    theirs = stats.ttest_ind(frame["y"][frame["arm"] == 1], frame["y"][frame["arm"] == 0], equal_var=False)
    limits = theirs.confidence_interval(0.9)
    np.testing.assert_allclose(fields(ours, ("statistic", "p_value", "df")), (theirs.statistic, theirs.pvalue, theirs.df), rtol=RTOL)
    np.testing.assert_allclose((ours.conf_low, ours.conf_high), (limits.low, limits.high), rtol=RTOL)
    means = frame.groupby("arm")["y"].mean()
    np.testing.assert_allclose((ours.extra["mean_control"], ours.extra["mean_treated"]), means, rtol=RTOL)


def test_pairs_are_the_paired_t_test():
    stats = pytest.importorskip("scipy.stats")
    frame = trial().assign(arm=np.tile([0, 1], 30))
    ours = tu.difference_in_means(frame, "y", design(draw="pairs", blocks="pair"))
    theirs = stats.ttest_rel(frame["y"][frame["arm"] == 1], frame["y"][frame["arm"] == 0])
    np.testing.assert_allclose(fields(ours, ("statistic", "p_value", "df")), (theirs.statistic, theirs.pvalue, theirs.df), rtol=RTOL)
    assert ours.extra["n_blocks"] == 30


def test_blocks_by_hand():
    frame = trial()
    ours = tu.difference_in_means(frame, "y", design(draw="blocked", blocks="block"))
    value = variance = 0.0
    for _, part in frame.groupby("block"):
        t, c = (part["y"][part["arm"] == arm] for arm in (1, 0))
        value += len(part) / 60 * (t.mean() - c.mean())
        variance += (len(part) / 60) ** 2 * (t.var() / len(t) + c.var() / len(c))
    np.testing.assert_allclose(fields(ours, ("estimate", "std_error", "df")), (value, np.sqrt(variance), 60 - 6), rtol=RTOL)
    np.testing.assert_allclose(ours.extra["mean_treated"] - ours.extra["mean_control"], value, rtol=RTOL)


def test_clusters_are_the_regression():
    frame = trial().assign(arm=lambda data: data["cluster"] % 2)
    how = design(draw="clustered", clusters="cluster")
    ours, regression = tu.difference_in_means(frame, "y", how), tu.ancova(frame, "y", how)
    np.testing.assert_allclose(fields(ours), fields(regression), rtol=RTOL)
    assert ours.n_clusters == 15


def test_clusters_of_one_size_are_the_welch_test_of_their_means():
    stats = pytest.importorskip("scipy.stats")
    frame = trial().assign(arm=lambda data: data["cluster"] % 2)
    means = frame.groupby(["cluster", "arm"], as_index=False)["y"].mean()
    theirs = stats.ttest_ind(means["y"][means["arm"] == 1], means["y"][means["arm"] == 0], equal_var=False)
    ours = tu.difference_in_means(frame, "y", design(draw="clustered", clusters="cluster"))
    np.testing.assert_allclose(ours.statistic, theirs.statistic, rtol=RTOL)


def test_clusters_within_blocks_by_hand():
    """Block by block the clustered difference; weights n_block / n; clusters less two a block degrees of freedom."""
    frame = trial(80).assign(arm=lambda data: data["cluster"] % 2)
    ours = tu.difference_in_means(frame, "y", design(draw="blocked_clustered", blocks="block", clusters="cluster"))
    value = variance = 0.0
    for _, part in frame.groupby("block"):
        within = tu.difference_in_means(part, "y", design(draw="clustered", clusters="cluster"))
        value += len(part) / 80 * within.estimate
        variance += (len(part) / 80) ** 2 * within.std_error**2
    np.testing.assert_allclose(fields(ours, ("estimate", "std_error", "df")), (value, np.sqrt(variance), 20 - 8), rtol=RTOL)
    assert ours.n_clusters == 20


def test_weights_are_the_weighted_regression_with_hc2():
    frame = trial()
    ours = tu.difference_in_means(frame, "y", design(weights="w"))
    regression = tu.ancova(frame, "y", design(weights="w"), se_type="HC2")
    np.testing.assert_allclose((ours.estimate, ours.std_error), (regression.estimate, regression.std_error), rtol=RTOL)
    equal = tu.difference_in_means(frame.assign(w=3.5), "y", design(weights="w"))
    np.testing.assert_allclose(fields(equal), fields(tu.difference_in_means(frame, "y", design())), rtol=RTOL)


def test_blocks_count_by_their_weight():
    frame = trial()
    ours = tu.difference_in_means(frame, "y", design(draw="blocked", blocks="block", weights="w"))
    parts = [(part["w"].sum(), tu.difference_in_means(part, "y", design(weights="w"))) for _, part in frame.groupby("block")]
    whole = sum(weight for weight, _ in parts)
    np.testing.assert_allclose(ours.estimate, sum(weight / whole * part.estimate for weight, part in parts), rtol=RTOL)
    np.testing.assert_allclose(ours.std_error**2, sum((weight / whole * part.std_error) ** 2 for weight, part in parts), rtol=RTOL)


def test_probabilities_are_weights():
    frame = trial()
    weighted = frame.assign(v=np.where(frame["arm"] == 1, 1 / frame["p"], 1 / (1 - frame["p"])))
    ours = tu.difference_in_means(frame, "y", design(draw="simple", probability="p"))
    np.testing.assert_allclose(fields(ours), fields(tu.difference_in_means(weighted, "y", design(weights="v"))), rtol=RTOL)
    assert "probability of the own arm" in ours.reason
    constant = tu.difference_in_means(frame, "y", design(draw="simple", probability=0.3))
    assert fields(constant) == fields(tu.difference_in_means(frame, "y", design()))


def test_partially_nested_providers_cluster_the_treated_arm():
    frame = trial().assign(who=lambda data: np.where(data["arm"] == 1, data["pair"] % 4, None))
    ours = tu.difference_in_means(frame, "y", design(nested_in="who"))
    alone = np.where(frame["arm"] == 1, frame["pair"] % 4, 100 + np.arange(60))
    expected = tu.difference_in_means(frame.assign(k=alone), "y", design(clusters="k"))
    np.testing.assert_allclose((ours.estimate, ours.std_error), (expected.estimate, expected.std_error), rtol=RTOL)
    assert ours.df < expected.df  # allows for likeness within a provider and a spread of its own in each arm


def test_clusters_that_cross_blocks_are_one_regression():
    frame = trial().assign(k=np.arange(60) % 7)
    ours = tu.difference_in_means(frame, "y", design(draw="blocked", blocks="block", clusters="k"))
    saturated = tu.lin(frame, "y", design(draw="blocked", blocks="block", clusters="k"))
    np.testing.assert_allclose(fields(ours), fields(saturated), rtol=RTOL)
    assert "several blocks" in ours.reason


def test_each_block_in_one_cluster():
    """Treatment varies within villages that are also the blocks: the variance is between villages."""
    frame = trial(120).assign(village=np.arange(120) // 20, block=np.arange(120) // 10)
    frame["arm"] = np.tile([0, 1], 60)
    ours = tu.difference_in_means(frame, "y", design(draw="blocked", blocks="block", clusters="village"))
    means = frame.groupby(["arm", "village", "block"])["y"].mean()
    parts = ((means.loc[1] - means.loc[0]) / 12).groupby(level="village").sum()
    np.testing.assert_allclose(ours.std_error, np.sqrt(6 / 5 * ((parts - parts.mean()) ** 2).sum()), rtol=RTOL)
    assert (ours.df, ours.se_type) == (5.0, "between_clusters")


def every_split(blocks, treated):
    """All assignments that treat `treated` of the units in each block."""
    options = [list(combinations(np.flatnonzero(blocks == block), treated)) for block in np.unique(blocks)]
    for chosen in product(*options):
        arm = np.zeros(blocks.size, dtype=int)
        arm[np.concatenate(chosen)] = 1
        yield arm


@pytest.mark.parametrize(
    ("blocks", "treated", "draw", "clusters"),
    [
        ([0] * 7, 3, "complete", None), ([0, 0, 0, 0, 1, 1, 1, 1, 1], 2, "blocked", None), ([0, 0, 1, 1, 2, 2, 3, 3], 1, "pairs", None),
        ([0, 0, 0, 1, 1, 1, 1], 1, "blocked", None), ([0, 0, 1, 1, 2, 2], 1, "pairs", 2),
    ],
    ids=["complete", "blocked", "pairs", "blocks_with_one_treated", "pairs_of_clusters"],
)
def test_over_every_assignment_the_estimate_is_unbiased_and_the_variance_not_too_small(blocks, treated, draw, clusters):
    """Exact: averages over all assignments of a finite population with effects that differ between people."""
    random = np.random.default_rng(3)
    blocks = np.asarray(blocks)
    size = clusters or 1  # rows a unit
    y0, effect = random.normal(size=blocks.size * size), random.normal(1, 1, blocks.size * size)
    unit = np.repeat(np.arange(blocks.size), size)
    how = design(draw=draw, blocks=None if draw == "complete" else "block", clusters="unit" if clusters else None)
    estimates, variances = [], []
    for arm in every_split(blocks, treated):
        frame = pd.DataFrame({"arm": arm[unit], "unit": unit, "block": blocks[unit], "y": y0 + effect * arm[unit]})
        found = tu.difference_in_means(frame, "y", how)
        estimates.append(found.estimate)
        variances.append(found.std_error**2)
    np.testing.assert_allclose(np.mean(estimates), effect.mean(), rtol=RTOL)
    truth, expected = np.var(estimates), np.mean(variances)
    assert expected >= truth
    if draw == "complete":  # Neyman: the excess is the variance of effects over n
        np.testing.assert_allclose(expected - truth, effect.var(ddof=1) / blocks.size, rtol=RTOL)


def test_incomplete_pairs_and_blocks_leave_the_comparison_and_say_so():
    frame = trial().assign(arm=np.tile([0, 1], 30))
    frame.loc[[0, 5], "y"] = np.nan
    ours = tu.difference_in_means(frame, "y", design(draw="pairs", blocks="pair"))
    complete = tu.difference_in_means(frame[~frame["pair"].isin([0, 2])], "y", design(draw="pairs", blocks="pair"))
    assert fields(ours) == fields(complete)
    assert (ours.n, ours.n_missing, ours.extra["n_blocks"], ours.extra["n_left_out"]) == (56, 2, 28, 2)
    assert "2 blocks (2 rows) with one arm only left the comparison" in ours.reason


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        (lambda data: data.assign(arm=(data.index == 3) * 1), {}, "one unit only in the treated arm"),
        (lambda data: data.assign(y=4.0), {}, "no variation"),
        (lambda data: data.assign(y=4.0), {"draw": "blocked", "blocks": "block"}, "no variation"),
        (lambda data: data.assign(arm=(data["block"] == 1) * 1), {"draw": "blocked", "blocks": "block"}, "nothing to compare"),
        (lambda data: data.assign(arm=(data["cluster"] == 1) * 1), {"draw": "clustered", "clusters": "cluster"}, "one cluster only in the treated"),
        (lambda data: data.head(2).assign(arm=[0, 1]), {"draw": "pairs", "blocks": "pair"}, "one block only"),
        (lambda data: data.assign(arm=(data.index % 20 == 3) * 1), {"draw": "blocked", "blocks": "block"}, "3 blocks have one unit only in an arm"),
    ],
)
def test_reasons(change, options, words):
    found = tu.difference_in_means(change(trial()), "y", design(**options))
    assert words in found.reason
    if "blocks have" not in words:
        assert np.isnan(found.std_error)


def test_providers_over_blocks_so_small_that_units_are_alone_share_one_effect() -> None:
    """Twelve blocks of three, four providers in the treated arm: the interacted fit hides too much, so blocks become fixed effects."""
    rng = np.random.default_rng(8)
    block = np.repeat(np.arange(12), 3)
    treated = np.tile([1, 0, 0, 1, 1, 0], 6)
    frame = pd.DataFrame({"arm": treated, "block": block, "provider": np.where(treated == 1, rng.permutation(36) % 4, -1), "y": rng.normal(size=36)})
    frame["provider"] = frame["provider"].where(frame["arm"] == 1)
    design = tu.Design("arm", 0, draw="blocked", blocks="block", nested_in="provider")
    found, fixed = tu.difference_in_means(frame, "y", design), tu.ancova(frame, "y", design)
    assert (found.estimate, found.std_error, found.df) == pytest.approx((fixed.estimate, fixed.std_error, fixed.df), rel=1e-10)
    assert found.extra["mean_treated"] - found.extra["mean_control"] == pytest.approx(found.estimate, rel=1e-10)
    assert "one effect for all" in found.reason
    large = pd.concat([frame.assign(y=rng.normal(size=36)) for _ in range(8)], ignore_index=True)
    weights = large.groupby("block").size() / len(large)
    by_block = large.pivot_table(index="block", columns="arm", values="y")
    assert tu.difference_in_means(large, "y", design).estimate == pytest.approx(float((weights * (by_block[1] - by_block[0])).sum()), rel=1e-10)
