"""Reading how a frame was drawn: codes and counts, and every contradiction in one message without a value."""

import numpy as np
import pandas as pd
import pytest

from takeup import Design
from takeup.design.scheme import multinomial, scheme
from takeup.errors import DesignError


def faults(frame, design):
    with pytest.raises(DesignError) as caught:
        scheme(frame, design)
    return str(caught.value)


def test_units_strata_and_counts_follow_the_frame():
    frame = pd.DataFrame({"arm": ["t", "t", "c", "c", "c", "t", "c"], "school": ["x", "x", "y", "z", "z", "w", "v"], "region": [1, 1, 1, 2, 2, 2, 2]})
    found = scheme(frame, Design("arm", "c", draw="blocked_clustered", blocks="region", clusters="school"))
    assert found.units.tolist() == [0, 0, 1, 2, 2, 3, 4]
    assert found.strata.tolist() == [0, 0, 1, 1, 1]
    assert found.assigned.tolist() == [1, 0, 0, 1, 0]
    assert found.counts.tolist() == [[1, 1], [2, 1]]
    np.testing.assert_allclose(found.shares[:, 1], [1 / 2, 1 / 2, 1 / 3, 1 / 3, 1 / 3])
    assert found.count() == 2 * 3


def test_a_contrast_keeps_the_units_of_its_two_arms():
    frame = pd.DataFrame({"arm": [0, 1, 2, 2, 0, 1, 0], "block": [7, 7, 7, 8, 8, 8, 8]})
    found = scheme(frame, Design("arm", 0, draw="blocked", blocks="block")).contrast(2)
    assert found.rows.tolist() == [0, 2, 3, 4, 6]
    assert found.units.tolist() == [0, 1, 2, 3, 4]
    assert found.assigned.tolist() == [0, 1, 1, 0, 0]
    assert found.counts.tolist() == [[1, 1], [2, 1]]
    np.testing.assert_allclose(found.shares.sum(axis=1), 1.0)


def test_a_contrast_of_clusters_keeps_their_rows():
    frame = pd.DataFrame({"arm": [0, 0, 1, 2, 2, 1], "school": [3, 3, 4, 5, 5, 6]})
    found = scheme(frame, Design("arm", 0, draw="clustered", clusters="school")).contrast(2)
    assert found.rows.tolist() == [0, 1, 3, 4]
    assert found.units.tolist() == [0, 0, 1, 1]
    assert found.assigned.tolist() == [0, 1]


def test_the_rule_of_a_contrast_sees_the_whole_trial():
    seen = []
    frame = pd.DataFrame({"arm": [0, 1, 2, 0, 1, 2]})
    found = scheme(frame, Design("arm", 0, accept=lambda codes: seen.append(codes.copy()) or True)).contrast(2)
    found.accepts(np.array([1, 0, 1, 0]))
    assert seen[-1].tolist() == [2, 1, 0, 2, 1, 0]


BASE = pd.DataFrame({"arm": ["t", "c", "t", "c"], "block": [1, 1, 2, 2], "cluster": [1, 2, 3, 4], "p": [0.5, 0.5, 0.5, 0.5]})


@pytest.mark.parametrize(("change", "design", "words"), [
    ({}, Design("arms", "c"), ['no column "arms"', 'Did you mean "arm"']),
    ({}, Design("arm", "x"), ["no row has the control value"]),
    ({"arm": ["c", "c", "c", "c"]}, Design("arm", "c"), ["no row is in a treated arm"]),
    ({"arm": ["t", None, "t", "c"]}, Design("arm", "c"), ["1 rows have no arm"]),
    ({"block": [1, 1, None, 2], "cluster": [1, None, 3, 4]}, Design("arm", "c", draw="blocked_clustered", blocks="block", clusters="cluster"),
     ["1 rows have no block", "1 rows have no cluster"]),
    ({"cluster": [1, 1, 3, 3]}, Design("arm", "c", draw="clustered", clusters="cluster"), ["the arm varies within 2 clusters"]),
    ({"cluster": [1, 2, 1, 4]}, Design("arm", "c", draw="blocked_clustered", blocks="block", clusters="cluster"),
     ["the block varies within 1 clusters"]),
    ({"arm": ["t", "t", "c", "c"]}, Design("arm", "c", draw="blocked", blocks="block"), ["1 blocks have no control", "1 blocks have nobody treated"]),
    ({"block": [1, 1, 1, 2]}, Design("arm", "c", draw="pairs", blocks="block"), ["2 pairs don't have two members"]),
    ({"arm": ["t", "t", "t", "c"]}, Design("arm", "c", draw="pairs", blocks="block"), ["1 pairs have both members in the same arm"]),
    ({"arm": ["t", "c", "u", "c"]}, Design("arm", "c", draw="pairs", blocks="block"), ["there are 3 arms"]),
    ({}, Design("arm", "c", blocks="block"), ["a complete draw doesn't use them", 'draw="blocked"']),
    ({"p": [0.5, 1.5, None, 0.5]}, Design("arm", "c", draw="simple", probability="p"), ["2 rows have no probability strictly between"]),
    ({"p": [0.5, 0.4, 0.3, 0.3]}, Design("arm", "c", draw="blocked", blocks="block", probability="p"), ["varies within 1 strata"]),
    ({}, Design("arm", "c", accept=lambda _: False), ["refused by the design's accept rule"]),
])
def test_every_contradiction_is_said(change, design, words):
    message = faults(BASE.assign(**change), design)
    for word in words:
        assert word in message


def test_an_empty_frame_is_refused():
    assert "no rows" in faults(BASE.iloc[:0], Design("arm", "c"))


def test_multinomial_counts_the_orders_of_labels():
    assert multinomial([2, 1, 1]) == 12
    assert multinomial([0, 3]) == 1
