"""Compliance by arm, the dose ladder, and complier means: known strata, the ratio they equal, and numerical derivatives."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import takeup as tu
from takeup.errors import DescribeError, EstimateError
from takeup.results import Estimate, Statistic

RTOL = 1e-8


def trial(n=400, seed=0) -> pd.DataFrame:
    """Strata are known: `stratum` n(ever-taker), c(omplier), a(lways-taker)."""
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame({"arm": draw.permutation(np.arange(n) % 2), "stratum": draw.choice(["n", "c", "a"], n, p=[0.3, 0.5, 0.2]),
                          "block": np.arange(n) // 100, "cluster": np.arange(n) // 5, "w": draw.uniform(0.5, 2, n)})
    came = (frame["stratum"] == "a") | ((frame["stratum"] == "c") & (frame["arm"] == 1))
    age = 40 + 5 * (frame["stratum"] == "c") - 10 * (frame["stratum"] == "a") + draw.normal(0, 6, n)
    return frame.assign(came=came * 1, age=age, town=np.where(draw.random(n) < 0.3 + 0.3 * (frame["stratum"] == "c"), "big", "small"))


def design(**options):
    return tu.Design("arm", 0, received=options.pop("received", "came"), **options)


def test_rates_strata_and_the_first_stage():
    frame = trial()
    found = tu.compliance(frame, design())
    rates = frame.groupby("arm")["came"].mean()
    table = found.to_frame()
    assert table["arm"].tolist() == ["0", "1"]
    np.testing.assert_allclose(table["rate"], rates, rtol=RTOL)
    assert table["received"].tolist() == frame.groupby("arm")["came"].sum().tolist()
    np.testing.assert_allclose(found.share.estimate, rates[1] - rates[0], rtol=RTOL)
    np.testing.assert_allclose((found.always_takers, found.never_takers), (rates[0], 1 - rates[1]), rtol=RTOL)
    np.testing.assert_allclose(found.first_stage_f, tu.cace(frame, "age", design()).extra["first_stage_f"], rtol=RTOL)
    assert (found.sided, found.dose, found.ladder, found.refusals) == ("two", False, (), 200 - frame.query("arm == 1")["came"].sum())


@pytest.mark.parametrize(
    ("came", "sided"),
    [(lambda data: data["came"] * data["arm"], "one"), (lambda data: data["came"].where(data["arm"] == 0, 1), "one"),
     (lambda data: data["arm"], "one"), (lambda data: data["came"], "two")],
    ids=["nobody in control", "everybody treated", "all comply", "both"],
)
def test_one_or_two_sided(came, sided):
    assert tu.compliance(trial().assign(came=came), design()).sided == sided


def test_full_compliance_has_no_error_and_says_so():
    found = tu.compliance(trial().assign(came=lambda data: data["arm"]), design())
    assert found.share.estimate == pytest.approx(1.0, rel=RTOL)
    assert found.first_stage_f == np.inf
    assert "no variation" in found.share.reason


def test_every_arm_is_shown_and_one_is_compared():
    frame = trial()
    frame.loc[frame.index[:50], "arm"] = 2
    with pytest.raises(EstimateError, match="2 treated arms"):
        tu.compliance(frame, design())
    found = tu.compliance(frame, design(), arm=2)
    assert [row.arm for row in found.arms] == ["0", "1", "2"]
    assert found.share.arm == "2"


def test_missing_receipts_are_counted():
    frame = trial().astype({"came": float})
    frame.loc[frame.index[:10], "came"] = np.nan
    found = tu.compliance(frame, design())
    assert (found.n, found.n_missing) == (390, 10)
    assert sum(row.n_missing for row in found.arms) == 10


def test_the_dose_ladder():
    frame = trial().assign(dose=lambda data: data["came"] * (1 + data.index % 4))
    found = tu.compliance(frame, design(received="dose"))
    treated, control = (frame["dose"][frame["arm"] == arm] for arm in (1, 0))
    assert [step.dose for step in found.ladder] == [1, 2, 3, 4]
    assert [step.treated for step in found.ladder] == [(treated >= level).sum() for level in (1, 2, 3, 4)]
    assert found.refusals == (treated == 0).sum()
    np.testing.assert_allclose(sum(step.weight for step in found.ladder), 1.0, rtol=RTOL)  # Angrist and Imbens: the weights add up to 1
    np.testing.assert_allclose(found.share.estimate, treated.mean() - control.mean(), rtol=RTOL)
    np.testing.assert_allclose(found.to_frame()["mean_dose"], [control.mean(), treated.mean()], rtol=RTOL)
    assert "chose them" in found.reason
    many = tu.compliance(frame.assign(dose=frame["came"] * (1 + np.arange(400) / 7)), design(received="dose"))
    assert len(many.ladder) <= 12
    assert all(np.isnan(step.weight) for step in many.ladder)
    shares = [step.share_treated for step in many.ladder]
    assert shares == sorted(shares, reverse=True)


def test_results_hold_counts_for_the_gate():
    frame = trial().assign(dose=lambda data: data["came"] * 2.0)
    for received in ("came", "dose"):
        found = list(tu.compliance(frame, design(received=received)).results())
        assert isinstance(found[-1], Estimate)
        shares = [row for row in found[:-1] if row.kind == "share"]
        assert all(isinstance(row, Statistic) for row in found[:-1])
        assert all(row.count == round(row.value * row.n) for row in shares)


def test_complier_means_are_the_ratio_of_two_effects():
    """Without always-takers' weights in the way: E[x D] moved by assignment, over D moved by assignment, from both sides."""
    frame = trial()
    found = tu.complier_profile(frame, ["age"], design())["age"]
    treated, control = (frame[frame["arm"] == arm] for arm in (1, 0))
    everybody = frame["age"].mean() - (control["age"] * control["came"]).mean() - (treated["age"] * (1 - treated["came"])).mean()
    share = 1 - control["came"].mean() - (1 - treated["came"]).mean()
    np.testing.assert_allclose(found.estimate, everybody / share, rtol=RTOL)
    np.testing.assert_allclose(found.extra["mean_all"], frame["age"].mean(), rtol=RTOL)
    np.testing.assert_allclose(found.extra["ratio"], found.estimate / frame["age"].mean(), rtol=RTOL)
    np.testing.assert_allclose(found.extra["standardized_difference"], (found.estimate - frame["age"].mean()) / frame["age"].std(ddof=0), rtol=RTOL)


def test_levels_of_a_category_add_up_to_one():
    found = tu.complier_profile(trial(), ["town"], design())
    assert [row.term for row in found] == ["big", "small"]
    np.testing.assert_allclose(sum(row.estimate for row in found), 1.0, rtol=RTOL)
    np.testing.assert_allclose(found[0].std_error, found[1].std_error, rtol=RTOL)


@pytest.mark.parametrize("options", [{}, {"draw": "blocked", "blocks": "block"}, {"weights": "w"}], ids=["complete", "blocked", "weighted"])
def test_the_standard_error_is_the_infinitesimal_jackknife(options):
    """Derivative of the estimate by the weight of each row, numerically; rows are independent."""
    frame = trial(120).assign(w=lambda data: data["w"] if "weights" in options else 1.0)
    how = design(**{**options, "weights": "w"})

    def value(data):
        return tu.complier_profile(data, ["age"], how)["age"].estimate

    influence = []
    for row in range(120):
        step = 1e-5 * frame["w"].iloc[row]
        up, down = (frame.assign(w=frame["w"] + sign * step * (np.arange(120) == row)) for sign in (1, -1))
        influence.append((value(up) - value(down)) / 2e-5)
    expected = np.sqrt((np.array(influence) ** 2).sum() * 120 / 119)
    ours = tu.complier_profile(frame, ["age"], design(**options))["age"].std_error
    np.testing.assert_allclose(ours, expected, rtol=1e-6)  # central differences


@pytest.mark.slow
def test_complier_means_are_unbiased_and_covered():
    """500 trials with known strata: the mean of estimates is the compliers' mean, intervals of 95 % hold it about as often."""
    found = np.array([
        (row.estimate, row.conf_low <= 45 <= row.conf_high) for row in
        (tu.complier_profile(trial(600, seed), ["age"], design())["age"] for seed in range(500))
    ])
    assert abs(found[:, 0].mean() - 45) < 4 * found[:, 0].std() / np.sqrt(500)
    assert abs(found[:, 1].mean() - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 500)


def test_clusters_widen_it_when_rows_are_copies():
    frame = trial(200)
    copies = pd.concat([frame.assign(who=frame.index), frame.assign(who=frame.index)])
    once = tu.complier_profile(frame, ["age"], design())["age"]
    twice = tu.complier_profile(copies, ["age"], design(clusters="who"))["age"]
    np.testing.assert_allclose((twice.estimate, twice.std_error), (once.estimate, once.std_error), rtol=RTOL)


def test_missing_values_and_nobody_to_describe():
    frame = trial(100)
    frame.loc[frame.index[:7], "age"] = np.nan
    found = tu.complier_profile(frame, ["age"], design())["age"]
    assert (found.n, found.n_missing) == (93, 7)
    assert "no compliers to speak of" in tu.complier_profile(frame.assign(came=0), ["age"], design())["age"].reason
    assert "No row with a value" in tu.complier_profile(frame.assign(age=np.nan), ["age"], design())["age"].reason
    assert "no variation" in tu.complier_profile(frame.assign(age=3.0), ["age"], design())["age"].reason
    described = tu.complier_profile(frame, ["age"], design())["age"]
    assert np.isnan(described.p_value)
    assert "not tested" in described.reason


def test_what_can_t_be_described():
    frame = trial(40).assign(dose=lambda data: data["came"] * 3)
    with pytest.raises(DescribeError, match="dose"):
        tu.complier_profile(frame, ["age"], design(received="dose"))
    with pytest.raises(DescribeError, match="received"):
        tu.compliance(frame, tu.Design("arm", 0))
    with pytest.raises(EstimateError, match="no column"):
        tu.complier_profile(frame, ["agee"], design())
