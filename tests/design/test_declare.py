"""A design is declared once: what doesn't fit together is refused, all at once."""

import dataclasses

import pytest

from takeup import Design
from takeup.errors import DesignError


def test_a_design_says_all_that_is_wrong_at_once():
    with pytest.raises(DesignError) as caught:
        Design("arm", 0, draw="blocked_clustered", probability=1.0)
    assert [fault.where for fault in caught.value.faults] == ["blocks", "clusters", "probability"]


def test_an_unknown_draw_names_the_nearest():
    with pytest.raises(DesignError, match='Did you mean "blocked"'):
        Design("arm", 0, draw="bloked", blocks="b")


def test_a_design_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Design("arm", 0).draw = "simple"


def test_columns_are_listed_once_without_numbers():
    design = Design("arm", 0, draw="pairs", blocks="pair", clusters="pair", probability=0.5, received="came")
    assert design.columns == ("arm", "pair", "came")


@pytest.mark.parametrize(("draw", "more", "whole"), [
    ("complete", {"clusters": "c"}, False), ("clustered", {"clusters": "c"}, True), ("pairs", {"blocks": "b"}, False),
    ("pairs", {"blocks": "b", "clusters": "c"}, True), ("blocked_clustered", {"blocks": "b", "clusters": "c"}, True),
])
def test_whether_whole_clusters_are_drawn(draw, more, whole):
    assert Design("arm", 0, draw=draw, **more).draws_clusters is whole
