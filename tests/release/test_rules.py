"""Thresholds of the disclosure profiles."""

import pytest

from takeup.errors import ReleaseError
from takeup.plan.model import Release
from takeup.release.rules import Rules


def test_a_plan_gives_its_thresholds():
    rules = Rules.from_plan(Release(minimum_cell=7, round_counts_to=3))
    assert (rules.cell, rules.base) == (7, 3)


@pytest.mark.parametrize(("profile", "cell", "base"), [("default", 10, 5), ("strict", 20, 10), ("public", 1, 1)])
def test_profiles(profile, cell, base):
    rules = Rules(profile=profile)
    assert (rules.cell, rules.base) == (cell, base)


def test_what_the_plan_leaves_out_is_its_profiles():
    assert Rules.from_plan(Release(profile="public")).cell == 1
    assert Rules.from_plan(Release(profile="public", minimum_cell=10)).cell == 10
    assert Rules.from_plan(Release(profile="public", round_counts_to=10)).base == 1
    assert Rules.from_plan(Release(profile="strict", minimum_cell=5, round_counts_to=5)) == Rules(profile="strict", minimum_cell=5, round_counts_to=5)


def test_strict_keeps_a_stricter_threshold():
    assert Rules(profile="strict", minimum_cell=30).cell == 30
    assert Rules(profile="strict", minimum_cell=5, round_counts_to=1).base == 10


def test_nobody_is_no_small_group():
    rules = Rules(minimum_cell=10)
    assert [rules.small(n) for n in (0, 1, 9, 10)] == [False, True, True, False]


def test_rounding_is_half_up_and_never_further_than_half_the_base():
    rules = Rules(round_counts_to=5)
    assert [rules.rounded(n) for n in (0, 2, 3, 7, 8, 899)] == [0, 0, 5, 5, 10, 900]
    assert all(abs(Rules(round_counts_to=4).rounded(n) - n) <= 2 for n in range(100))
    assert Rules(round_counts_to=4).rounded(6) == 8


def test_faults_come_together():
    with pytest.raises(ReleaseError) as caught:
        Rules(minimum_cell=0, round_counts_to=0, profile="loose")
    assert [fault.where for fault in caught.value.faults] == ["release.minimum_cell", "release.round_counts_to", "release.profile"]
