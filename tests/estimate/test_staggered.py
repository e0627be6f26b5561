"""Group-time effects: by hand, where two-way fixed effects are wrong, and how often their intervals cover."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.errors import DesignError, EstimateError

RTOL = 1e-8
ROLLOUT = tu.Rollout("district", "month", "adopted")


def panel(seed=0, districts=24, months=10, *, noise=0.5, cohorts=(3, 5, 8, np.nan), effect=lambda event, _cohort: 1.0 + event):
    """Districts of four cohorts with their own level and a common course; effects grow with time since adoption and differ between cohorts."""
    rng = np.random.default_rng(seed)
    adopted = np.resize(np.array(cohorts, dtype=float), districts)
    level, course = rng.normal(size=districts), np.cumsum(rng.normal(size=months))
    rows = []
    for district in range(districts):
        for month in range(1, months + 1):
            on = month >= adopted[district]
            y = level[district] + course[month - 1] + noise * rng.normal()
            y += effect(month - adopted[district], adopted[district]) if on else 0.0
            rows.append((district, month, adopted[district], y))
    return pd.DataFrame(rows, columns=["district", "month", "adopted", "y"])


def by_hand(frame, cohort, month):
    """ATT(g, t) from four means."""
    wide = frame.pivot_table(index="district", columns="month", values="y")
    first = frame.groupby("district")["adopted"].first().fillna(np.inf)
    change = wide[month] - wide[cohort - 1]
    treated, controls = first == cohort, (first > max(month, cohort - 1)) & (first != cohort)
    return change[treated].mean() - change[controls].mean()


def test_every_cell_is_four_means():
    frame = panel()
    found = tu.group_time(frame, "y", ROLLOUT)
    assert len(found.by_group_time) == 30  # three cohorts, ten months, the untreated left to the last
    for item in found.by_group_time:
        assert item.estimate == pytest.approx(by_hand(frame, int(item.extra["cohort"]), int(item.extra["period"])), rel=RTOL, abs=1e-10)


def test_the_event_study_and_the_overall_effect_weigh_cohorts_by_size():
    frame = panel(cohorts=(3, 3, 5, np.nan))
    found = tu.group_time(frame, "y", ROLLOUT)
    cells = {(item.extra["cohort"], item.extra["event"]): item.estimate for item in found.by_group_time}
    for item in found.event_study:
        event = item.extra["event"]
        here = [(size, cells[cohort, event]) for cohort, size in ((3.0, 12), (5.0, 6)) if (cohort, event) in cells]
        assert item.estimate == pytest.approx(sum(size * value for size, value in here) / sum(size for size, _ in here), abs=1e-10)
    means = {cohort: np.mean([value for (group, event), value in cells.items() if group == cohort and event >= 0]) for cohort in (3.0, 5.0)}
    assert found.overall.estimate == pytest.approx((12 * means[3.0] + 6 * means[5.0]) / 18, rel=RTOL)


def test_right_where_two_way_fixed_effects_are_wrong():
    """Everybody adopts in the end and effects grow: the regression subtracts the growth of early adopters from the late ones."""
    import statsmodels.formula.api as smf

    frame = panel(noise=0.01, months=10, cohorts=(2, 5, 10), effect=lambda event, cohort: 3.0 * (event + 1) if cohort == 2 else 1.0)
    frame["on"] = (frame["month"] >= frame["adopted"]).astype(float)
    fixed = smf.ols("y ~ on + C(district) + C(month)", frame).fit().params["on"]
    found = tu.group_time(frame, "y", ROLLOUT)
    truth = {(2.0, period): 3.0 * (period - 1) for period in range(2, 10)} | {(5.0, period): 1.0 for period in range(5, 10)}
    for item in found.by_group_time:
        if item.extra["event"] >= 0:
            assert item.estimate == pytest.approx(truth[item.extra["cohort"], item.extra["period"]], abs=0.05)
    assert found.overall.estimate == pytest.approx((np.mean([truth[2.0, p] for p in range(2, 10)]) + 1.0) / 2, abs=0.05)
    assert fixed < 0.6 * found.overall.estimate


def test_one_cohort_against_never_is_a_difference_in_differences():
    frame = panel(cohorts=(5, np.nan), districts=20)
    item = next(item for item in tu.group_time(frame, "y", ROLLOUT, controls="never").by_group_time if item.extra["period"] == 7)
    wide = frame.pivot_table(index="district", columns="month", values="y")
    change, treated = (wide[7] - wide[4]).to_numpy(), frame.groupby("district")["adopted"].first().notna().to_numpy()
    parts = [change[treated], change[~treated]]
    assert item.estimate == pytest.approx(parts[0].mean() - parts[1].mean(), rel=RTOL)
    spread = sum(((part - part.mean()) ** 2).sum() / part.size**2 for part in parts) * 20 / 19
    assert item.std_error == pytest.approx(np.sqrt(spread), rel=RTOL)


def test_people_in_districts_give_what_districts_weighted_by_people_give():
    frame = panel(districts=12)
    sizes = {district: 3 + district % 4 for district in range(12)}
    people = pd.concat([frame[frame["district"] == district].assign(person=100 * district + i) for district, n in sizes.items() for i in range(n)])
    each = tu.group_time(people, "y", tu.Rollout("person", "month", "adopted", clusters="district"))
    whole = tu.group_time(frame.assign(n=frame["district"].map(sizes)), "y", tu.Rollout("district", "month", "adopted", weights="n"))
    assert each.overall.estimate == pytest.approx(whole.overall.estimate, rel=RTOL)
    assert each.overall.std_error == pytest.approx(whole.overall.std_error, rel=RTOL)


def test_a_cohort_alone_has_no_error_and_the_base_period_compares_with_itself():
    frame = panel(districts=8, cohorts=(4, *[np.nan] * 7))
    found = tu.group_time(frame, "y", ROLLOUT)
    assert np.isnan(found.overall.std_error)
    assert "One cluster only" in found.overall.reason
    base = next(item for item in found.event_study if item.extra["event"] == -1)
    assert base.estimate == 0
    assert np.isnan(base.std_error)
    assert found.plot() is not None


def test_faults_come_at_once_and_show_no_value():
    frame = panel(districts=4).astype({"month": float})
    frame.loc[0, "month"] = 1.5
    frame.loc[1, "adopted"] = 7777
    with pytest.raises(EstimateError) as caught:
        tu.group_time(pd.concat([frame, frame.tail(1)]), "y", ROLLOUT)
    assert len(caught.value.faults) == 3
    assert "7777" not in str(caught.value)
    with pytest.raises(EstimateError, match="no cohort has units"):
        tu.group_time(panel(cohorts=(3,), districts=6), "y", ROLLOUT)
    with pytest.raises(EstimateError, match="no controls"):
        tu.group_time(panel(), "y", ROLLOUT, controls="all")
    with pytest.raises(EstimateError, match="gaps"):
        tu.group_time(panel()[lambda d: d["month"] != 4], "y", ROLLOUT)
    with pytest.raises(DesignError):
        tu.Rollout("a", "b", "a")


def test_early_adopters_leave_with_a_note():
    found = tu.group_time(panel(cohorts=(1, 4, 7, np.nan)), "y", ROLLOUT)
    assert "can't be compared" in found.overall.reason
    assert found.overall.n == 18


@pytest.mark.slow
def test_intervals_cover_the_truth():
    draws, truth = 400, np.mean([np.mean([1.0 + event for event in range(10 - cohort + 1)]) for cohort in (3, 5, 8)])
    hits = together = 0
    for seed in range(draws):
        found = tu.group_time(panel(seed, districts=36), "y", ROLLOUT, draws=199)
        hits += found.overall.conf_low <= truth <= found.overall.conf_high
        before = [item for item in found.event_study if item.extra["event"] < -1]
        together += all(item.extra["simultaneous_low"] <= 0 <= item.extra["simultaneous_high"] for item in before)
    assert 0.91 <= hits / draws <= 0.98  # 95 % and three Monte-Carlo errors, few clusters
    assert together / draws >= 0.91
