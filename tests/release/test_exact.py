"""No number tells, by its many digits, the count that is rounded beside it."""

import csv
import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.small import plan, write
from takeup.build.sheets import results_csv
from takeup.release.exact import freedom, step_of, stepped, untold
from takeup.release.rules import Rules
from takeup.release.suppress import rounded
from takeup.results import Estimate, FrozenMap, Statistic
from takeup.study import open_study

RULES = Rules(minimum_cell=10, round_counts_to=5)


def alike(n):
    return [other for other in range(max(1, n - 5), n + 6) if RULES.rounded(other) == RULES.rounded(n)]


def fits(value, n, parts=1, width=1e-9):
    """Whether n people with whole answers (means of `parts` of them) can have this mean, known to within `width`."""
    low, high = math.ceil((value - width / 2 - 1e-12) * n * parts), math.floor((value + width / 2 + 1e-12) * n * parts)
    return low <= high


@given(st.integers(15, 500), st.integers(0, 20_000), st.sampled_from([1, 2, 5, 14]))
def test_every_n_that_is_rounded_alike_can_have_the_mean(n, total, parts):
    mean = total / (n * parts)
    step = step_of(mean, n)
    shown = stepped(mean, step)
    assert abs(shown - mean) <= step / 2 + 1e-12
    assert all(fits(shown, other, parts, max(step, 1 / (min(alike(n)) * parts))) for other in alike(n))
    assert step >= (1 - 1e-9) / (n * parts)


def test_without_steps_only_the_true_n_fits():
    assert [n for n in range(113, 124) if fits(3887 / 118, n)] == [118]
    kept = rounded(Statistic(table="balance", variable="age", kind="mean", value=3887 / 118, n=118), RULES)
    assert (kept.value, kept.n) == (32.94, 120)
    assert {n for n in alike(118) if fits(kept.value, n, width=0.01)} == set(alike(118))


def test_differences_their_limits_and_statistics_go_together():
    """Else the middle of the interval, or the statistic times the error, is the exact difference."""
    exact = 311 / 92 - 288 / 90
    made = Estimate(outcome="score", estimate=exact, std_error=0.0912345678, statistic=exact / 0.0912345678, p_value=0.0123456789,
                    conf_low=exact - 0.18, conf_high=exact + 0.18, df=177.9, n=182, n_treated=92, n_control=90, extra=FrozenMap(
                        mean_treated=311 / 92, mean_control=288 / 90, sd_control=0.54128416, ess_treated=92.0, wu_hausman_df=178.0, from_share=2 / 3))
    kept = rounded(made, RULES)
    for told in (kept.estimate, (kept.conf_low + kept.conf_high) / 2, kept.statistic * kept.std_error):
        assert abs(told - exact) > 1e-9
        assert abs(told - exact) < 1e-3
    assert (kept.extra["mean_treated"], kept.extra["sd_control"], kept.extra["from_share"]) == (3.38, 0.541, 2 / 3)
    assert (kept.df, kept.extra["ess_treated"], kept.extra["wu_hausman_df"]) == (180.0, 90.0, 180.0)


def test_clusters_of_one_are_people():
    """Families of the control arm that are their own clusters would tell the arm's size."""
    nested = Estimate(outcome="x", estimate=math.pi, n=44, n_treated=28, n_control=16, n_clusters=21, df=4.8642)
    assert rounded(nested, RULES).n_clusters == 21
    assert rounded(nested.replace(n_clusters=23), RULES).n_clusters == 25
    assert rounded(nested, RULES).df == 4.9
    assert freedom(99.0, 100, RULES) == 100.0


def test_numbers_that_tell_no_n_and_public_data_are_as_they_were():
    plain = Estimate(outcome="x", estimate=math.pi, std_error=math.e, n=90, n_treated=45, n_control=45)
    assert untold(plain, RULES) == plain
    assert rounded(Statistic(table="t", variable="age", kind="mean", value=3887 / 118, n=118), Rules(profile="public")).value == 3887 / 118


def test_no_mean_in_a_results_file_tells_its_n(tmp_path):
    """An attack on a whole file: of each mean of whole numbers more than one n can be true."""
    few = {"outcomes": plan()["outcomes"][:3], "analyses": {"seed": 7, "draws": 99, "balance": ["age"]}, "languages": ["en"]}
    study = open_study(write(tmp_path, n=144, changed=few))
    rows = list(csv.DictReader(io.StringIO(results_csv(study.released()).decode())))
    whole = ("age", "wellbeing")  # worry is in tenths, and whoever takes it for whole finds a wrong n
    means = [row for row in rows if row["kind"] == "mean" and row["value"] and row["n"] not in {"", "0"} and row["variable"].startswith(whole)]
    assert means
    for row in means:
        value, digits = float(row["value"]), len(row["value"].partition(".")[2])
        step = next(size for size in (5 * 10.0**-digits, 2 * 10.0**-digits, 10.0**-digits) if abs(value / size - round(value / size)) < 1e-6)

        assert sum(fits(value, n, width=step) for n in alike(int(row["n"]))) > 1, row["id"]


@pytest.mark.parametrize("value", [math.nan, math.inf, 0.0])
def test_nothing_is_done_to_what_is_no_number(value):
    assert stepped(value, step_of(value, 50)) == value or math.isnan(value)


@pytest.mark.parametrize(("said", "heard"), [
    ("baseline: 0.9% missing, replaced by its overall mean.", "baseline: fewer than 10% missing, replaced by its overall mean."),
    ("baseline: 12% missing, replaced by its mean with an indicator.", "baseline: 14% missing, replaced by its mean with an indicator."),
    ("Every missing outcome at 0 or 1, whichever is worse.", "Every missing outcome at 0 or 1, whichever is worse."),
])
def test_a_share_of_a_few_in_a_reason_isnt_told(said, heard):
    from takeup.present.reasons import translated

    kept = rounded_and_said(Estimate(outcome="x", estimate=1.0, n=108, n_treated=54, n_control=54, reason=said))
    assert kept.reason == heard
    assert "in het Engels" not in translated(kept.reason, "nl") or "missing," not in said


def rounded_and_said(result):
    from takeup.release.suppress import said

    return rounded(said(result, RULES), RULES)


def test_a_mean_of_shares_isnt_taken_for_answers_in_fives():
    """Ten of twelve, as a mean attendance may be by chance: in steps of a half it would be everybody."""
    assert step_of(10 / 12, 12) == 0.5
    assert step_of(10 / 12, 12, coarse=False) == 0.1
