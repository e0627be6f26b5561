"""Dose, cohorts and reach against counts and regressions done by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.describe.dose import CAVEAT, CORE
from takeup.errors import EstimateError


def women(seed=1, n=300):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"group": np.repeat(np.arange(n // 10), 10), "came": rng.uniform(0, 1, n), "year": rng.integers(2019, 2025, n),
                          "start": rng.normal(5, 2, n)})
    frame["end"] = frame["start"] + frame["came"] + rng.normal(0, 1, n)
    return frame


def test_core_and_irregular_are_the_changes_of_those_people():
    frame = women()
    found = tu.dose(frame, "end", before="start", attended="came", clusters="group")
    for term, part in (("core", frame[frame["came"] >= CORE]), ("irregular", frame[frame["came"] < CORE])):
        expected = tu.change(part, "start", "end", clusters="group")
        mine = found[term]
        assert (mine.estimate, mine.std_error, mine.df, mine.n) == (expected.estimate, expected.std_error, expected.df, expected.n)
    assert sum(item.n for item in found if item.term == "band") == len(frame)
    assert all(CAVEAT in item.reason for item in found)


def test_the_line_is_that_of_least_squares():
    frame = women()
    mine = tu.dose(frame, "end", before="start", attended="came")["slope"]
    assert mine.estimate == pytest.approx(np.polyfit(frame["came"], frame["end"] - frame["start"], 1)[0] * 0.1, rel=1e-9)
    assert mine.extra["per"] == 0.1


def test_the_threshold_can_be_moved_and_the_bands_move_with_it():
    found = tu.dose(women(), "end", attended="came", core=0.9)
    assert found["core"].extra["from_share"] == 0.9
    assert [item.extra["from_share"] for item in found if item.term == "band"] == [0.0, 0.25, 0.5, 0.85, 0.9]


def test_attendance_counts_sessions_with_an_entry():
    log = pd.DataFrame({"woman": [3, 3, 1, 1, 1], "came": pd.array([1, None, 0, 1, 1], dtype="Int64")})
    found = tu.attendance(log, unit="woman", attended="came")
    assert found.index.tolist() == [1, 3]
    assert found["invited"].tolist() == [3, 1]
    assert found["share"].tolist() == pytest.approx([2 / 3, 1.0])
    with pytest.raises(EstimateError, match="1 entries are neither 0 nor 1"):
        tu.attendance(log.assign(came=[1, 0, 2, 0, 1]), unit="woman", attended="came")


def test_impossible_shares_are_counted_and_not_shown():
    with pytest.raises(EstimateError, match="2 shares lie outside"):
        tu.dose(women().assign(came=[1.5, -1.0] + [0.5] * 298), "end", attended="came")


def test_cohorts_are_changes_by_year_and_the_trend_a_line_through_all():
    frame = women(2)
    found = tu.cohorts(frame, "end", before="start", cohort="year", clusters="group")
    assert [item.term for item in found] == ["2019", "2020", "2021", "2022", "2023", "2024", "trend"]
    part = frame[frame["year"] == 2021]
    assert found["2021"].conf_low == tu.change(part, "start", "end", clusters="group").conf_low
    assert found["trend"].estimate == pytest.approx(np.polyfit(frame["year"], frame["end"] - frame["start"], 1)[0], rel=1e-9)
    assert np.isnan(tu.cohorts(part, "end", before="start", cohort="year")["trend"].estimate)


def test_reach_of_eighty_bars_of_seven():
    rng = np.random.default_rng(3)
    centres = pd.DataFrame({"size": rng.permutation(np.arange(1, 582)) * 10, "joins": 0, "seats": np.nan})
    centres.loc[centres["size"] > 5200, ["joins", "seats"]] = [1, 20.0]
    found = tu.reach(centres, size="size", taking_part="joins", places="seats")
    by = {item.variable: item for item in found}
    bars = [item for item in found if item.variable == "bar"]
    assert len(bars) == 83
    assert sum(item.extra["centres"] for item in bars) == 581
    assert sum(item.extra["taking_part"] for item in bars) == 61
    assert [item.value for item in bars[:10]] == [1.0] * 8 + [5 / 7, 0.0]
    assert (by["largest_50"].value, by["smaller_half"].value, by["smaller_half"].extra["centres"]) == (1.0, 0.0, 290)
    recipients = centres.loc[centres["joins"] == 1, "size"].sum()
    assert by["pool"].value == round(0.2 * recipients)
    assert by["cover"].value == pytest.approx(61 * 20 / (0.2 * recipients))


def test_what_reach_refuses_is_said_at_once():
    centres = pd.DataFrame({"size": [10.0, None], "joins": [1, 3]})
    with pytest.raises(EstimateError) as caught:
        tu.reach(centres, size="size", taking_part="joins", expected_share=2.0)
    assert len(caught.value.faults) == 3
