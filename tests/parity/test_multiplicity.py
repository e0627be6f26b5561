"""Adjusted p-values against R's p.adjust, the two-stage procedure solved by hand, and full enumerations of step-down max-T and min-P."""

import numpy as np
import pytest

import takeup as tu
from parity.oracle import Case, check, entries, frame
from parity.test_permutation import BTHEB, TREAT, btheb
from takeup.infer.multiplicity import min_p
from takeup.infer.trial import trial_null

ADJUSTMENTS = {"bonferroni": "bonferroni", "holm": "holm", "hochberg": "hochberg", "BH": "bh", "BY": "by", "bky_sharpened_q_exact": "sharpened_q"}
MONTHS = ["bdi_2m", "bdi_4m", "bdi_6m", "bdi_8m"]
SCORES = ["readk", "mathk", "read1", "math1"]
PUPILS = (26446, 48321, 61201, 64321, 83213, 85297, 3739, 4828, 10074, 15435, 21100, 28365)


def nsw():
    data = frame("nsw_dw")
    return data.loc[[*data.index[data["treat"] == 1][:6], *data.index[data["treat"] == 0][:6]]]


def star():
    return frame("star_k").set_index("id").loc[list(PUPILS)].reset_index()



def max_t(data, outcomes, design, statistic="studentized"):
    tests = tu.stepdown(data, outcomes, design, method="difference_in_means", statistic=statistic)
    assert all(test.exact for test in tests)
    return {"statistic": [abs(test.statistic) for test in tests], "p_value": [test.p_adjusted for test in tests],
            "extra.p_raw": [test.p_value for test in tests], "extra.p_stepdown_maxT": [test.p_adjusted for test in tests],
            "extra.p_single_step_maxT": [test.extra["p_single_step"] for test in tests], "extra.n_perm": tests[0].draws}


def smallest_p(data, outcomes, design):
    found = trial_null(data, outcomes, design, covariates=(), method="difference_in_means", studentized=True, draws=1000, seed=0, interval=False,
                       null=0.0, arm=None, backend=None)
    p = min_p(found.statistics, found.null.weights)
    return {"p_value": p, "extra.p_stepdown_minP": p}


MAX_T = ("statistic", "p_value", "extra.p_raw", "extra.p_stepdown_maxT", "extra.p_single_step_maxT", "extra.n_perm")
MIN_P = ("p_value", "extra.p_stepdown_minP")
SMALL = tu.Design("small", 0)


def listed(entry):
    return entries()[entry]["extra"]["p_values"]


def adjustments(entry, p_values):
    fields = tuple(f"extra.{name}" for name in ADJUSTMENTS if name in entries()[entry]["extra"])
    return Case(id=entry, call=lambda: {f"extra.{name}": tu.adjust(p_values, method) for name, method in ADJUSTMENTS.items()}, fields=fields)


CASES = [
    adjustments("nsw_dw/padjust_pv", listed("nsw_dw/padjust_pv")),
    adjustments("nsw_dw/padjust_pv2", listed("nsw_dw/padjust_pv2")),
    adjustments("star_k/family_8", entries()["star_k/family_8"]["p_value"]),
    Case(id="btheb/wy_maxT_welch", call=lambda: max_t(btheb(), MONTHS, TREAT), fields=MAX_T),
    Case(id="btheb/wy_maxT_dim", call=lambda: max_t(btheb(), MONTHS, TREAT, "estimate"), fields=MAX_T),
    Case(id="btheb/wy_minP_welch", call=lambda: smallest_p(btheb(), MONTHS, TREAT), fields=MIN_P),
    Case(id="nsw_dw/wy_maxT_exact12", call=lambda: max_t(nsw(), ["re78", "age", "educ"], TREAT), fields=MAX_T),
    Case(id="nsw_dw/wy_minP_exact12", call=lambda: smallest_p(nsw(), ["re78", "age", "educ"], TREAT), fields=MIN_P),
    Case(id="star_k/wy_maxT_exact12", call=lambda: max_t(star(), SCORES, SMALL), fields=MAX_T),
    Case(id="star_k/wy_minP_exact12", call=lambda: smallest_p(star(), SCORES, SMALL), fields=MIN_P),
]
NOT_OURS = {
    "star_k/single_step_dunnett": "arms against one control under equal variances: no call of ours pools the arms",
    "star_k/tukey_three_arms": "all pairs of arms under equal variances",
    "star_k/anova_three_arms": "one test of all arms under equal variances",
    "star_k/welch_anova": "one test of all arms, normal outcomes",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_reference_is_reproduced(case):
    check(case)


def test_every_entry_is_here():
    family = {key for key, entry in entries().items() if entry["family"] == "multiplicity"}
    assert {case.id for case in CASES} | set(NOT_OURS) == family
    assert not {case.id for case in CASES} & set(NOT_OURS)


@pytest.mark.parametrize("entry", ["nsw_dw/padjust_pv", "nsw_dw/padjust_pv2", "star_k/family_8"])
def test_the_published_grid_is_the_ceiling_of_the_exact_q(entry):
    values = entries()[entry]
    p_values = values["p_value"] or values["extra"]["p_values"]
    grid = np.ceil(tu.adjust(p_values, "sharpened_q") * 1000 - 1e-9) / 1000
    np.testing.assert_allclose(np.maximum(grid, 0.001), values["extra"]["bky_sharpened_q_grid_0.001"], atol=1e-12)


def test_the_rows_are_those_of_the_entries():
    assert len(BTHEB) == entries()["btheb/wy_maxT_welch"]["n"]
    assert len(star()) == entries()["star_k/wy_maxT_exact12"]["n"]
