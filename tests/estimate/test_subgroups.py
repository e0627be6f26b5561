"""`subgroups` held against separate regressions, statsmodels and a reference value from R."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

import takeup as tu
from estimate.hostile import sound, trials
from parity.oracle import frame as reference_frame
from parity.oracle import reference
from takeup.errors import EstimateError
from takeup.results import Test

DESIGN = tu.Design("arm", 0)


def made(seed: int = 1, n: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"arm": rng.integers(0, 2, n), "x": rng.normal(size=n), "site": rng.integers(0, 12, n),
                          "level": rng.choice(["low", "middle", "top"], n)})
    return frame.assign(y=2 + frame.x + frame.arm * (0.3 + (frame.level == "top")) + rng.normal(size=n))


def test_the_interaction_of_jobs2_from_r():
    """The reference has HC2 with residual degrees of freedom."""
    found = tu.subgroups(reference_frame("jobs2"), "depress2", "sex", tu.Design("treat", 0), covariates=["depress1"], se_type="HC2", df="residual")
    contrast = found["sex: 1 - 0"]
    for ours, theirs in (("estimate", "estimate"), ("std_error", "std_error"), ("df", "df"), ("p_value", "p_value"), ("conf_low", "ci_low")):
        assert getattr(contrast, ours) == pytest.approx(reference("jobs2/subgroup_interaction_hc2", theirs), rel=1e-8)
    joint = found["sex: joint"]
    assert joint.p_value == pytest.approx(contrast.p_value, rel=1e-8)


def test_order_and_kinds_of_rows():
    found = tu.subgroups(made(), "y", "level", DESIGN)
    assert [row.term for row in found] == ["level: low", "level: middle", "level: top", "level: middle - low", "level: top - low", "level: joint"]
    assert isinstance(found[-1], Test)
    assert found[-1].df == 2
    assert [row.estimand for row in found[:5]] == ["ITT"] * 3 + ["ITT contrast"] * 2


def test_without_covariates_each_level_is_its_own_comparison():
    frame = made()
    found = tu.subgroups(frame, "y", "level", DESIGN)
    for level in ("low", "middle", "top"):
        alone = tu.difference_in_means(frame[frame.level == level], "y", DESIGN)
        row = found[f"level: {level}"]
        assert (row.estimate, row.std_error) == pytest.approx((alone.estimate, alone.std_error), rel=1e-10)
        assert (row.n, row.n_treated) == (alone.n, alone.n_treated)
    contrast = found["level: top - low"]
    assert contrast.estimate == pytest.approx(found["level: top"].estimate - found["level: low"].estimate)
    assert contrast.std_error**2 == pytest.approx(found["level: top"].std_error ** 2 + found["level: low"].std_error ** 2)


def test_statsmodels_agrees_on_the_clustered_joint_test():
    import statsmodels.formula.api as smf

    frame = made(seed=2)
    fit = smf.ols("y ~ x + arm * C(level)", frame).fit(cov_type="cluster", cov_kwds={"groups": frame.site}, use_t=True)
    theirs = fit.wald_test("arm:C(level)[T.middle] = 0, arm:C(level)[T.top] = 0", scalar=True, use_f=True)
    found = tu.subgroups(frame, "y", "level", tu.Design("arm", 0, clusters="site"), covariates=["x"], se_type="CR1")
    joint = found["level: joint"]
    assert (joint.statistic, joint.df_denominator, joint.p_value) == pytest.approx((float(theirs.statistic), 11, float(theirs.pvalue)), rel=1e-8)
    assert joint.n_clusters == 12
    by_design = tu.subgroups(frame, "y", "level", tu.Design("arm", 0, clusters="site"), covariates=["x"])["level: joint"]
    assert "HTZ" in by_design.reason
    assert by_design.df_denominator < 11


def test_levels_keep_their_order_and_missing_ones_are_counted():
    frame = made()
    frame["level"] = pd.Categorical(frame.level, ["top", "middle", "low", "unused"], ordered=True)
    frame.loc[[0, 1, 2], "level"] = np.nan
    found = tu.subgroups(frame, "y", "level", DESIGN)
    assert found[0].term == "level: top"
    assert found[0].n_missing == 3
    assert "3 rows without a value of level" in found[0].reason
    numbers = tu.subgroups(frame.assign(level=np.tile([10.0, 9.0, 2.5], 40)), "y", "level", DESIGN)
    assert [row.term for row in numbers[:3]] == ["level: 2.5", "level: 9", "level: 10"]


def test_order_labels_and_units_change_nothing():
    frame = made(seed=4)
    design = tu.Design("arm", 0, clusters="site")
    found = tu.subgroups(frame, "y", "level", design, covariates=["x"])
    moved = frame.sample(frac=1, random_state=5)
    moved = moved.assign(level="g" + moved.level, y=5 - 20 * moved.y, site="s" + moved.site.astype(str))
    other = tu.subgroups(moved, "y", "level", design, covariates=["x", "level"])
    for a, b in zip(found[:5], other[:5], strict=True):
        assert b.estimate == pytest.approx(-20 * a.estimate, rel=1e-8)
        assert b.df == pytest.approx(a.df, rel=1e-8)
    assert other[-1].p_value == pytest.approx(found[-1].p_value, rel=1e-8)


def test_a_level_with_one_arm_is_explained_and_leaves_the_joint_test():
    frame = made()
    frame.loc[frame.level == "top", "arm"] = 1
    found = tu.subgroups(frame, "y", "level", DESIGN)
    assert math.isnan(found["level: top"].estimate)
    assert "isn't identified" in found["level: top"].reason
    assert found["level: joint"].df == 1
    assert "1 of 3 levels" in found["level: joint"].reason
    frame.loc[frame.level == "middle", "arm"] = 0
    assert "can't be a joint test" in tu.subgroups(frame, "y", "level", DESIGN)["level: joint"].reason


def test_refusals():
    frame = made()
    with pytest.raises(EstimateError, match="at most 20"):
        tu.subgroups(frame, "y", "x", DESIGN)
    with pytest.raises(EstimateError, match="one value only"):
        tu.subgroups(frame.assign(level="a"), "y", "level", DESIGN)
    with pytest.raises(EstimateError, match="before assignment"):
        tu.subgroups(frame, "y", "arm", DESIGN)
    with pytest.raises(EstimateError, match="2 problems"):
        tu.subgroups(frame, "yy", "levels", DESIGN)


@settings(max_examples=150, deadline=None)
@given(trials(24))
def test_no_trial_breaks_it(frame):
    sound(lambda: tu.subgroups(frame, "y", "level", DESIGN, covariates=["x"]))
    sound(lambda: tu.subgroups(frame, "y", "level", tu.Design("arm", 0, clusters="group")))
