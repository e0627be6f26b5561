"""The design chooses the inference: every branch, its words, and what goes wrong without it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.errors import EstimateError
from takeup.estimate.arrays import arrays
from takeup.estimate.rules import assignment_weights, choose, complete_blocks, nested_clusters


def frame(pairs: int = 6) -> pd.DataFrame:
    """Two clusters of three rows in each pair; two pairs make a block."""
    unit = np.arange(6 * pairs)
    return pd.DataFrame({
        "arm": (unit // 3) % 2, "y": np.sin(unit) * 10, "cluster": unit // 3, "pair": unit // 6, "block": unit // 12,
        "provider": np.where((unit // 3) % 2 == 1, unit // 9, None), "p": np.where(unit % 6 < 3, 0.3, 0.6),
        "flat": np.where(unit // 12 == 0, 0.3, 0.6),
    })


def chosen(*, fixed_effects=True, se_type=None, df=None, **design):
    how = tu.Design("arm", 0, **design)
    return choose(arrays(frame(), "y", how), how, se_type=se_type, df=df, fixed_effects=fixed_effects)


@pytest.mark.parametrize(
    ("design", "fixed", "se_type", "level", "words"),
    [
        ({}, True, "HC2", None, "one by one"),
        ({"draw": "blocked", "blocks": "block"}, True, "HC2", None, "one by one"),
        ({"draw": "clustered", "clusters": "cluster"}, True, "CR2", "cluster", "Whole clusters were drawn"),
        ({"clusters": "cluster"}, True, "CR2", "cluster", "The design names clusters"),
        ({"draw": "blocked_clustered", "clusters": "cluster", "blocks": "block"}, True, "CR2", "block", "Blocks of few clusters"),
        ({"draw": "blocked_clustered", "clusters": "cluster", "blocks": "block"}, False, "CR2", "cluster", "Whole clusters were drawn"),
        ({"draw": "pairs", "blocks": "pair"}, True, "CR2", "pair", "in each pair"),
        ({"draw": "pairs", "blocks": "pair", "clusters": "cluster"}, False, "CR2", "pair", "in each pair"),
        ({"nested_in": "provider"}, True, "CR2", "provider", "partially nested"),
    ],
)
def test_the_level_follows_the_draw(design, fixed, se_type, level, words):
    found = chosen(fixed_effects=fixed, **design)
    assert found.se_type == se_type
    assert found.df_rule == ("nested" if "nested_in" in design else "bell_mccaffrey")
    assert words in found.reason
    if level is None:
        assert found.clusters is None
    elif level == "provider":
        assert np.unique(found.clusters).size == frame()["provider"].nunique() + (frame()["arm"] == 0).sum()
    else:
        assert (pd.factorize(frame()[level])[0] == found.clusters).all()


def test_what_the_user_asks_for_is_given_or_refused():
    assert chosen(se_type="HC1").df_rule == "residual"
    assert chosen(se_type="classical").clusters is None
    assert chosen(se_type="HC2", clusters="cluster").clusters is None
    assert chosen(se_type="CR1", clusters="cluster").df_rule == "clusters"
    assert chosen(se_type="CR2", df="normal", clusters="cluster").df_rule == "normal"
    assert "asked for" in chosen(se_type="HC3").reason
    for options, words in (
        ({"se_type": "CR2"}, "needs clusters"), ({"se_type": "HC9"}, "no variance"), ({"df": "welch"}, "no rule"),
        ({"se_type": "HC1", "df": "bell_mccaffrey"}, "belong to HC2 and clustered"), ({"df": "clusters"}, "need a clustered variance"),
        ({"df": "nested"}, "for providers in the treated arm only"),
        ({"df": "nested", "clusters": "cluster"}, "for providers in the treated arm only"),
    ):
        with pytest.raises(EstimateError, match=words):
            chosen(**options)


def test_providers_cluster_the_treated_arm_only():
    data = arrays(frame(), "y", tu.Design("arm", 0, nested_in="provider"))
    found = nested_clusters(data)
    alone = np.bincount(found)[found]
    assert (alone[data.treated == 0] == 1).all()
    assert alone[data.treated == 1].max() > 1


def test_weights_by_probability_only_where_it_differs():
    def found(within=None, **design):
        data = arrays(frame().assign(w=2.0), "y", tu.Design("arm", 0, **design))
        return data, assignment_weights(data, data.blocks if within else None)

    assert found()[1] == (None, "")
    assert found(probability=0.3)[1] == (None, "")
    assert found(within=True, draw="blocked", blocks="block", probability="flat")[1] == (None, "")
    data, (weights, words) = found(probability="p", weights="w")
    np.testing.assert_allclose(weights, 2.0 / np.where(data.treated == 1, data.probability, 1 - data.probability))
    assert "probability" in words
    assert found(draw="blocked", blocks="block", probability="flat")[1][0] is not None  # blocks don't enter: their shares would confound


def test_blocks_with_one_arm_leave_the_comparison():
    data = frame()
    data.loc[data["block"] == 1, "arm"] = 1
    part = complete_blocks(arrays(data, "y", tu.Design("arm", 0, draw="blocked", blocks="block")))
    assert part.n == 24
    assert "1 block (12 rows) with one arm only" in part.notes[-1]
    assert complete_blocks(part) is part


def fixed_effects_p(data, level):
    """p-value of an additive regression with pair effects, CR1, at the level asked for."""
    return tu.ancova(data, "y", tu.Design("arm", 0, draw="blocked", blocks="pair", clusters=level), se_type="CR1").p_value


@pytest.mark.slow
def test_with_pair_effects_only_the_pair_is_the_right_level():
    """Pairs of clusters, no effect: rejections at 5 % are 5 % at the pair, 15 to 18 % at the cluster (de Chaisemartin and Ramirez-Cuellar 2024)."""
    draw = np.random.default_rng(20240101)
    pairs, size, runs = 20, 5, 2_000
    cluster = np.repeat(np.arange(2 * pairs), size)
    rejected = np.zeros((runs, 2))
    default = np.zeros(runs)
    for run in range(runs):
        first = draw.integers(0, 2, pairs)
        arm = np.column_stack([first, 1 - first]).ravel()[cluster]
        y = draw.normal(size=2 * pairs)[cluster] + np.repeat(draw.normal(size=pairs), 2 * size) + draw.normal(size=cluster.size)
        data = pd.DataFrame({"arm": arm, "y": y, "cluster": cluster, "pair": cluster // 2})
        rejected[run] = [fixed_effects_p(data, level) < 0.05 for level in ("pair", "cluster")]
        default[run] = tu.ancova(data, "y", tu.Design("arm", 0, draw="pairs", blocks="pair", clusters="cluster")).p_value < 0.05
    at_pair, at_cluster = rejected.mean(axis=0)
    error = 3 * np.sqrt(0.05 * 0.95 / runs)
    assert abs(at_pair - 0.05) < error
    assert abs(default.mean() - 0.05) < error  # what the design chooses by itself
    assert 0.13 < at_cluster < 0.20
