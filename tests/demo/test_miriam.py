"""The synthetic MIRIAM: what its parameters say is what its women do, its truth is that of brute force, and only n and seed decide."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from takeup.demo.miriam.country import LAST, country
from takeup.demo.miriam.editions import Editions, edition, make_editions
from takeup.demo.miriam.first import First, make_first
from takeup.demo.miriam.scores import SATISFACTION, SCORES, bar, first_scores, parameters, scores
from takeup.demo.miriam.truth import population, true_changes, true_differences, true_sites
from takeup.demo.mission.parameters import TAGS, read_parameters
from takeup.errors import BuildError
from takeup.plan.read import read

ROOT = Path(__file__).parents[2]
MANY = 12_000


@pytest.fixture(scope="module")
def world() -> Editions:
    return make_editions()


@pytest.fixture(scope="module")
def many():
    """So many women of 2023-24 that a mean is known to two hundredths."""
    said = parameters()
    return edition(said, country(said, 5, 10.0), LAST, MANY, 5)


@pytest.fixture(scope="module")
def crowd() -> First:
    """Edition 1.0 with eighty times as many groups and women."""
    return make_first(9, times=80)


def value(told, name: str, points: float):
    answer = told[name]
    return answer.mean(axis=1) * points if answer.ndim == 2 else answer.astype(float)


# --- parameters ---------------------------------------------------------------------------------------------------------------------


def test_every_parameter_says_where_it_comes_from() -> None:
    known = parameters().known
    assert {tagged.tag for tagged in known.values()} == set(TAGS)
    assert not [name for name, tagged in known.items() if tagged.tag != "assumed" and not tagged.source]


def test_a_parameter_without_an_honest_tag_is_refused(tmp_path: Path) -> None:
    text = (ROOT / "analysis" / "takeup" / "demo" / "miriam" / "parameters.yaml").read_text(encoding="utf-8")
    path = tmp_path / "parameters.yaml"
    sourced = 'leisure: {value: 1.8, tag: published, source: "mi-is.be"}'
    path.write_text(text.replace(sourced, "leisure: {value: 1.8, tag: published}"), encoding="utf-8")
    with pytest.raises(BuildError, match=r"change_2022\.leisure.*names no source"):
        read_parameters(path)


def test_what_the_plan_assumes_is_what_the_data_are_made_with() -> None:
    plan = read(ROOT / "reports" / "miriam-2024" / "plan.yaml")
    names = {"wellbeing": "who5"}
    truth = true_changes(parameters(), LAST)
    for outcome in plan.outcomes:
        true = truth.get(names.get(outcome.id, outcome.id))
        if outcome.stability is None or true is None:
            continue
        assert true.reliability - 0.01 <= outcome.stability <= true.reliability, outcome.id  # rounded down, so that the bound is none too low
        assert outcome.population_mean == pytest.approx(true.population_mean, rel=0.002), outcome.id
    assert plan.programme is not None
    assert plan.programme.recruited_share == parameters()["women.recruited"]


# --- the programme as public sources describe it ------------------------------------------------------------------------------------


def test_sizes_are_those_that_were_published(world: Editions) -> None:
    sizes = {cohort: made.women.n for cohort, made in world.cohorts.items()}
    assert (sizes[2022], sizes[2023]) == (988, 1144)
    women = world.cohorts[LAST].women
    assert len(np.unique(women.centre)) == 44
    assert women.centre_of.size == 92
    assert world.land.n == 581
    assert world.land.new.size == 12
    first = make_first()
    assert (int(first.miriam.sum()), int((~first.miriam).sum()), len(np.unique(first.city))) == (117, 118, 5)
    assert {int((first.group == group).sum()) for group in range(10)} == {11, 12}


def test_a_few_centres_are_small_and_none_has_more_groups_than_the_largest_in_life(world: Editions) -> None:
    women = world.cohorts[LAST].women
    sizes = np.bincount(women.centre)[np.unique(women.centre)]
    assert 1 <= (sizes < 8).sum() <= 6
    assert np.bincount(women.centre_of).max() <= 5


def test_larger_centres_take_part_more_often(world: Editions) -> None:
    order = np.argsort(-world.land.recipients, kind="stable")
    taking = np.isin(order, world.land.taking_part[LAST])
    assert taking[:20].mean() > taking[20:100].mean() > taking[291:].mean()


def test_first_year_centres_start_in_november(world: Editions) -> None:
    women = world.cohorts[LAST].women
    new = np.isin(women.centre, world.land.new)
    month = women.start.astype("datetime64[M]").astype(int) % 12 + 1
    assert set(month[new]) == {11}
    assert set(month[~new]) == {9}


# --- means and changes --------------------------------------------------------------------------------------------------------------


def test_means_and_changes_are_the_published_ones_in_expectation(many) -> None:
    said = parameters()
    twice = many.women.answered
    for name in SCORES:
        points = scores(said, LAST)[name].points
        before, after = value(many.answers.before, name, points), value(many.answers.after, name, points)
        change = (after - before)[twice]
        # four standard errors; women of one group resemble each other (design effect about two)
        error = 4 * np.sqrt(2.2 / twice.sum())
        assert before.mean() == pytest.approx(said[f"baseline.{name}"], abs=error * before.std()), name
        assert change.mean() == pytest.approx(said[f"change.{name}"], abs=error * change.std()), name


def test_shares_that_rose_are_the_published_ones(many) -> None:
    twice = many.women.answered
    changes = [(many.answers.after[name] - many.answers.before[name])[twice] for name in SATISFACTION]
    assert (np.sum(changes, axis=0) > 0).mean() == pytest.approx(0.76, abs=0.02)
    rise = (many.answers.after["empowerment"].sum(axis=1) - many.answers.before["empowerment"].sum(axis=1))[twice]
    assert (rise > 0).mean() == pytest.approx(0.72, abs=0.02)
    said = parameters()
    earlier = edition(said, country(said, 5, 10.0), 2022, MANY, 5)
    changes = [(earlier.answers.after[name] - earlier.answers.before[name])[earlier.women.answered] for name in SATISFACTION]
    assert (np.sum(changes, axis=0) > 0).mean() == pytest.approx(0.73, abs=0.02)


def test_rights_rise_as_published(many) -> None:
    for name, points in (("gp", 6), ("dentist", 12), ("social_housing_list", 17)):
        had, has = many.rights[name]
        assert 100 * (has.mean() - had.mean()) == pytest.approx(points, abs=2.0), name


def test_a_fifth_leaves_and_irregular_members_more(many) -> None:
    women = many.women
    assert women.left.mean() == pytest.approx(0.20, abs=0.02)
    assert women.left[~women.core].mean() == pytest.approx(0.30, abs=0.03)
    assert 0.65 <= women.answered.mean() <= 0.75


def test_attendance_is_a_mixture_of_a_core_and_irregular_members(many) -> None:
    women = many.women
    assert women.core.mean() == pytest.approx(0.55, abs=0.02)
    assert women.attendance[women.core].mean() == pytest.approx(9 / 11, abs=0.01)
    assert women.attendance[~women.core].mean() == pytest.approx(3 / 7, abs=0.01)


def test_groups_and_centres_have_their_shares_of_the_variance(many) -> None:
    women = many.women
    found = []
    for name in ("finances", "housing", "health"):
        change = (many.answers.after[name] - many.answers.before[name]).astype(float)
        _, code = np.unique(women.group, return_inverse=True)
        sizes = np.bincount(code)
        means = np.bincount(code, weights=change) / sizes
        within = ((change - means[code]) ** 2).sum() / (change.size - sizes.size)
        between = (sizes * (means - change.mean()) ** 2).sum() / (sizes.size - 1)
        size = (change.size - (sizes**2).sum() / change.size) / (sizes.size - 1)
        found.append(max(between - within, 0.0) / size / (within + max(between - within, 0.0) / size))
    # a group's share and its centre's together; rounding to whole points adds to what is within
    assert np.mean(found) == pytest.approx(0.11, abs=0.025)


# --- the truth, by brute force --------------------------------------------------------------------------------------------------------


def test_regression_to_the_mean_is_what_recruitment_at_a_low_point_makes() -> None:
    from scipy.special import ndtri

    said, rng = parameters(), np.random.default_rng(3)
    state = ndtri(said["women.recruited"] * rng.random(2_000_000))
    keep = said["women.stability"]
    later = keep * state + np.sqrt(1 - keep**2) * rng.standard_normal(state.size)
    for name in ("leisure", "housing"):
        score = scores(said, LAST)[name]
        rest = rng.standard_normal(state.size)
        after = keep * rest + np.sqrt(1 - keep**2) * rng.standard_normal(state.size)
        latent = [score.location + score.scale * (score.pull * a + score.rest * b) for a, b in ((state, rest), (later, after))]
        codes = [np.clip(np.rint(one), 0, 10) for one in latent]
        # groups and centres spread the later answer but don't move it, except through the ends of the scale
        assert true_changes(said, LAST)[name].returned == pytest.approx((codes[1] - codes[0]).mean(), abs=0.05), name


def test_reliability_is_the_correlation_without_a_programme() -> None:
    said, rng = parameters(), np.random.default_rng(4)
    keep = said["women.stability"]
    z = rng.standard_normal(400_000)
    later = keep * z + np.sqrt(1 - keep**2) * rng.standard_normal(z.size)
    for name in ("social", "empowerment"):
        score = scores(said, LAST)[name]
        both = []
        for latent in (z, later):
            item = score.location + score.scale * latent[:, None] + score.noise * rng.standard_normal((z.size, score.items))
            both.append(np.clip(np.rint(item), score.low, score.high).mean(axis=1) * score.points)
        mean, sd, reliability = population(score, keep)
        assert reliability == pytest.approx(np.corrcoef(*both)[0, 1], abs=0.005)
        assert mean == pytest.approx(both[0].mean(), abs=0.01)
        assert sd == pytest.approx(both[0].std(), rel=0.01)


def test_bound_by_reliability_is_just_above_what_comes_back() -> None:
    said = parameters()
    for name, true in true_changes(said, LAST).items():
        if name not in SCORES:
            continue
        bound = (1 - true.reliability) * (true.population_mean - true.baseline)
        assert true.returned <= bound <= 1.4 * true.returned, name
        assert 0 < true.returned < true.change, name


def test_sites_average_to_the_change(world: Editions) -> None:
    sites = true_sites(world)
    women = world.cohorts[LAST].women
    assert set(sites) == {str(centre + 1) for centre in np.unique(women.centre)}
    sizes = np.bincount(women.centre, minlength=world.land.n)
    for name in ("leisure", "who5"):
        true = true_changes(world.said, LAST)[name]
        whole = sum(sizes[int(centre) - 1] * rows[name] for centre, rows in sites.items()) / women.n
        # 92 groups and 44 centres of a standard deviation of a quarter of the answer's
        assert whole == pytest.approx(true.change, abs=0.15 * true.population_sd)


def test_what_miriam_adds_is_the_difference_between_both_fates(crowd: First) -> None:
    said = crowd.said
    other = make_first(9, said.changed({"first.moves": dict.fromkeys(SCORES, 0.0), "programme.group_icc": 1e-9}), times=80)
    for name in ("leisure", "empowerment", "who5"):
        points = first_scores(said)[name].points
        added = (value(crowd.answers.after, name, points) - value(other.answers.after, name, points))[crowd.miriam]
        true = true_differences(said)[name]
        assert added.mean() == pytest.approx(true.added, abs=5 * added.std() / np.sqrt(800)), name


def test_published_percentages_of_the_first_edition(crowd: First) -> None:
    for name, numbers in (("alimony_claimed", (0.51, 0.605, 0.50, 0.50)), ("training", (0.057, 0.25, 0.09, 0.07))):
        had, has = crowd.rights[name]
        seen = (had[crowd.miriam].mean(), has[crowd.miriam].mean(), had[~crowd.miriam].mean(), has[~crowd.miriam].mean())
        np.testing.assert_allclose(seen, numbers, atol=0.025)
    added = true_differences(crowd.said)["empowerment"].added
    assert 0.25 <= added / crowd.said["spread.empowerment"]["sd"] <= 0.35


def test_groups_differ_before_anything_happens(crowd: First) -> None:
    finances = crowd.answers.before["leisure"]
    assert finances[crowd.miriam].mean() < finances[~crowd.miriam].mean() - 0.2
    assert crowd.youngest[crowd.miriam].mean() < crowd.youngest[~crowd.miriam].mean() - 0.5


def test_the_bar_of_recruitment() -> None:
    assert bar(0.5) == pytest.approx(0.0, abs=1e-12)
