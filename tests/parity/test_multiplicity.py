"""Adjusted p-values against R's p.adjust, the two-stage procedure solved by hand, and full enumerations of step-down max-T and min-P."""

import numpy as np
import pytest

import takeup as tu
from parity.oracle import Case, check, entries, frame
from parity.test_permutation import BTHEB, TREAT, btheb

ADJUSTMENTS = {"bonferroni": "bonferroni", "holm": "holm", "hochberg": "hochberg", "BH": "bh", "BY": "by", "bky_sharpened_q_exact": "sharpened_q",
               "hommel": "hommel", "sidak_single_step": "sidak", "holm_sidak": "holm_sidak"}
MONTHS = ["bdi_2m", "bdi_4m", "bdi_6m", "bdi_8m"]
SCORES = ["readk", "mathk", "read1", "math1"]
PUPILS = (26446, 48321, 61201, 64321, 83213, 85297, 3739, 4828, 10074, 15435, 21100, 28365)


def nsw():
    data = frame("nsw_dw")
    return data.loc[[*data.index[data["treat"] == 1][:6], *data.index[data["treat"] == 0][:6]]]


def pooled_t():
    """The tests behind the second list of p-values."""
    data = frame("nsw_dw")
    data["employed78"] = (data["re78"] > 0).astype(int)
    columns = ("re78", "employed78", "re75", "re74", "age", "educ", "nodegree", "marr", "black", "hisp")
    return [tu.ancova(data, column, TREAT, se_type="classical").p_value for column in columns]


def star():
    return frame("star_k").set_index("id").loc[list(PUPILS)].reset_index()


def max_t(data, outcomes, design, statistic="studentized"):
    tests = tu.stepdown(data, outcomes, design, method="difference_in_means", statistic=statistic)
    assert all(test.exact for test in tests)
    return {"n": tests[0].n, "statistic": [abs(test.statistic) for test in tests], "p_value": [test.p_adjusted for test in tests],
            "extra.p_raw": [test.p_value for test in tests], "extra.p_stepdown_maxT": [test.p_adjusted for test in tests],
            "extra.p_single_step_maxT": [test.extra["p_single_step"] for test in tests], "extra.n_perm": tests[0].draws}


def smallest_p(data, outcomes, design):
    """The entry's statistic is each outcome's own p-value."""
    tests = tu.stepdown(data, outcomes, design, method="difference_in_means", by="min_p")
    raw, adjusted, single = ([test.p_value for test in tests], [test.p_adjusted for test in tests], [test.extra["p_single_step"] for test in tests])
    return {"n": tests[0].n, "statistic": raw, "p_value": adjusted, "extra.p_raw": raw, "extra.p_stepdown_minP": adjusted,
            "extra.p_single_step_minP": single, "extra.n_perm": tests[0].draws}


MAX_T = ("n", "statistic", "p_value", "extra.p_raw", "extra.p_stepdown_maxT", "extra.p_single_step_maxT", "extra.n_perm")
MIN_P = ("n", "statistic", "p_value", "extra.p_raw", "extra.p_stepdown_minP", "extra.p_single_step_minP", "extra.n_perm")
GRID = "extra.bky_sharpened_q_grid_0.001"
SMALL = tu.Design("small", 0)


def listed(entry):
    return entries()[entry]["extra"]["p_values"]


def adjustments(entry, p_values):
    fields = tuple(f"extra.{name}" for name in ADJUSTMENTS if name in entries()[entry]["extra"])
    return Case(id=entry, call=lambda: adjusted(p_values), fields=("n", *fields, GRID))


def adjusted(p_values):
    """Anderson's published loop gives our exact q rounded up to a thousandth."""
    found = {f"extra.{name}": tu.adjust(p_values, method) for name, method in ADJUSTMENTS.items()}
    grid = np.maximum(np.ceil(found["extra.bky_sharpened_q_exact"] * 1000 - 1e-9) / 1000, 0.001)
    return {**found, "n": len(p_values), GRID: grid}


CASES = [
    adjustments("nsw_dw/padjust_pv", listed("nsw_dw/padjust_pv")),
    adjustments("nsw_dw/padjust_pv2", listed("nsw_dw/padjust_pv2")),
    Case(id="nsw_dw/padjust_pv2", call=lambda: {"extra.p_values": pooled_t()}, fields=("extra.p_values",)),
    Case(id="btheb/wy_maxT_welch", call=lambda: max_t(btheb(), MONTHS, TREAT), fields=MAX_T),
    Case(id="btheb/wy_maxT_dim", call=lambda: max_t(btheb(), MONTHS, TREAT, "estimate"), fields=MAX_T),
    Case(id="btheb/wy_minP_welch", call=lambda: smallest_p(btheb(), MONTHS, TREAT), fields=MIN_P),
    Case(id="nsw_dw/wy_maxT_exact12", call=lambda: max_t(nsw(), ["re78", "age", "educ"], TREAT), fields=MAX_T),
    Case(id="nsw_dw/wy_minP_exact12", call=lambda: smallest_p(nsw(), ["re78", "age", "educ"], TREAT), fields=MIN_P),
    Case(id="star_k/wy_maxT_exact12", call=lambda: max_t(star(), SCORES, SMALL), fields=MAX_T),
    Case(id="star_k/wy_minP_exact12", call=lambda: smallest_p(star(), SCORES, SMALL), fields=MIN_P),
]
ARMS = tu.Design("stark", "regular")


def three_arms():
    data = frame("star_k")
    return data.assign(score=data["readk"] + data["mathk"]).dropna(subset=["score"])


def alike(**options):
    found = tu.arms_test(three_arms(), "score", ARMS, **options)
    return {"df": found.df_denominator, "statistic": found.statistic, "p_value": found.p_value, "n": found.n, "extra.df1": found.df}


def dunnett():
    found = [tu.compare_arms(three_arms(), "score", ARMS)[f"{arm} - regular"] for arm in ("small", "regular+aide")]
    raw = [one.extra["p_unadjusted"] for one in found]
    return {"df": found[0].df, "statistic": [one.statistic for one in found], "p_value": [one.p_value for one in found], "n": len(three_arms()),
            "extra.critical_value_95": found[0].extra["critical"], "extra.correlation": found[0].extra["correlations"][0],
            "extra.p_raw": raw, "extra.p_holm": tu.adjust(raw, "holm"),
            "extra.ci_low_simultaneous": [one.conf_low for one in found], "extra.ci_high_simultaneous": [one.conf_high for one in found]}


def tukey():
    """The entry's third comparison is regular+aide less small; ours is the other way round."""
    found = tu.compare_arms(three_arms(), "score", ARMS, method="tukey")
    one, two, three = (found[term] for term in ("small - regular", "regular+aide - regular", "small - regular+aide"))
    return {"estimate": [one.estimate, two.estimate, -three.estimate], "df": one.df, "p_value": [one.p_value, two.p_value, three.p_value],
            "ci_low": [one.conf_low, two.conf_low, -three.conf_high], "ci_high": [one.conf_high, two.conf_high, -three.conf_low],
            "n": len(three_arms())}


def family():
    data, p = frame("star_k"), []
    for arm, other in (("small", "aide"), ("aide", "small")):
        design = tu.Design(arm, 0, draw="blocked", blocks="schoolidk")
        p += [tu.ancova(data.dropna(subset=[score]), score, design, covariates=[other], se_type="HC2", df="residual").p_value for score in SCORES]
    return {"p_value": p, **adjusted(p)}


CASES += [
    Case(id="star_k/family_8", call=family,
         fields=("p_value", "n", GRID, *(f"extra.{name}" for name in ADJUSTMENTS if name in entries()["star_k/family_8"]["extra"]))),
    Case(id="star_k/single_step_dunnett", call=dunnett,
         fields=("df", "statistic", "p_value", "n", "extra.critical_value_95", "extra.correlation", "extra.p_raw", "extra.p_holm",
                 "extra.ci_low_simultaneous",
                 "extra.ci_high_simultaneous")),
    Case(id="star_k/tukey_three_arms", call=tukey, fields=("estimate", "df", "p_value", "ci_low", "ci_high", "n"), rtol=1e-6,
         note="R's ptukey is good to about 1e-7 in the critical value"),
    Case(id="star_k/anova_three_arms", call=lambda: alike(se_type="classical"), fields=("df", "statistic", "p_value", "n")),
    Case(id="star_k/welch_anova", call=lambda: alike(method="welch"), fields=("df", "statistic", "p_value", "n", "extra.df1")),
]
NOT_OURS: dict[str, str] = {}
INPUTS = {"nsw_dw/padjust_pv": {"extra.p_values": "the list that is adjusted, made up for the entry"}}
"""Numbers of the entries that are given to a call, and so can't be compared with what comes out of it."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_reference_is_reproduced(case):
    check(case)


def test_every_entry_is_here():
    family = {key for key, entry in entries().items() if entry["family"] == "multiplicity"}
    assert {case.id for case in CASES} | set(NOT_OURS) == family
    assert not {case.id for case in CASES} & set(NOT_OURS)


def test_the_rows_are_those_of_the_entries():
    assert len(BTHEB) == entries()["btheb/wy_maxT_welch"]["n"]
    assert len(star()) == entries()["star_k/wy_maxT_exact12"]["n"]
