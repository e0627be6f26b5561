"""Missing-data family: Rubin's rules (mice), response models and weighted analyses (glm, estimatr)."""

import numpy as np
import pytest

import takeup as tu
from parity import oracle
from parity.oracle import Case

TREAT = tu.Design("treat", 0)
POOLED = (*oracle.MAIN, "extra.within", "extra.between", "extra.total", "extra.riv", "extra.lambda", "extra.fmi", "extra.df_com",
          "extra.m", "extra.df_old", "extra.df_obs", "extra.estimates", "extra.variances")
MITOOLS = (*POOLED, "extra.df_mitools_df_complete")
LOGIT = ("estimate", "std_error", "extra.sum_weights")


def pooled(outcome, covariates=(), se_type="classical"):
    copies = oracle.frame("btheb_imputed").groupby("imp")
    parts = [tu.ancova(copy, outcome, TREAT, covariates=covariates, se_type=se_type, df="residual") for _, copy in copies]
    found = tu.pool(parts)
    extra = found.extra
    # mitools: as Barnard and Rubin, but the share of the variance within has no 1 + 1/m in it
    seen = (extra["df_complete"] + 1) / (extra["df_complete"] + 3) * extra["df_complete"] * extra["within"] / (extra["within"] + extra["between"])
    return {
        "extra.df_mitools_df_complete": 1 / (1 / extra["df_rubin"] + 1 / seen),
        "n": found.n, "extra.m": found.extra["m"], "extra.df_old": found.extra["df_rubin"], "extra.df_obs": found.extra["df_observed"],
        "extra.estimates": [one.estimate for one in parts], "extra.variances": [one.std_error**2 for one in parts],
        "estimate": found.estimate, "std_error": found.std_error, "df": found.df, "statistic": found.statistic, "p_value": found.p_value,
        "ci_low": found.conf_low, "ci_high": found.conf_high, "extra.total": found.std_error**2, "extra.df_com": found.extra["df_complete"],
        **{f"extra.{name}": found.extra[name] for name in ("within", "between", "riv", "lambda", "fmi")},
    }


def btheb():
    frame = oracle.frame("btheb")
    return frame.assign(r8=frame["bdi_8m"].notna().astype(int)), "r8", ["treat", "bdi_pre", "drug", "length_gt6m"]


def star():
    frame = oracle.frame("star_k").dropna(subset=["readk", "mathk", "girl", "white_asian", "free_lunch"])
    covariates = ["small", "aide", "readk", "mathk", "girl", "white_asian", "free_lunch"]
    return frame.assign(resp=frame["read1"].notna().astype(int)), "resp", covariates


def toenail(visit=6):
    frame = oracle.frame("toenail")
    wide = frame.pivot_table(index=["patient", "treat"], columns="visit", values="moderate_severe").reset_index()
    wide.columns = [f"y{name}" if isinstance(name, int) else name for name in wide.columns]
    return wide.assign(r=wide[f"y{visit}"].notna().astype(int)), "r", ["treat", "y1"]


def response(data):
    frame, responded, covariates = data
    weights = tu.response_weights(frame, responded, covariates=covariates)
    found = {"estimate": list(weights.attrs["coefficients"].values()), "std_error": list(weights.attrs["std_errors"].values()),
             "extra.sum_weights": weights[frame[responded] == 1].sum(), "n": len(frame)}
    if responded == "r8":
        found["extra.weights_first5_responders"] = weights[frame[responded] == 1][:5]
    if responded == "resp":
        found["extra.first5_probability"], found["extra.loglik"] = 1 / weights[:5], weights.attrs["log_likelihood"]
        found |= {f"extra.response_rate_by_arm.{arm}": rate for arm, rate in rates_by_arm(frame).items()}
    return found


def rates_by_arm(frame):
    found = tu.attrition(frame, "resp", tu.Design("stark", "regular"), draws=200)
    return {one.arm: 1 - one.value for one in found.results() if one.variable == "attrition" and one.kind == "share" and one.arm}


def weighted(data, outcome, treatment, covariates, se_type, *, stabilised=False):
    frame, responded, model = data
    weights = tu.response_weights(frame, responded, covariates=model)
    if stabilised:
        weights = weights * frame.groupby("stark")[responded].transform("mean")
    return tu.ancova(frame.assign(w=weights), outcome, tu.Design(treatment, 0, weights="w"), covariates=covariates, se_type=se_type, df="residual")


def hc2(frame, outcome, design, covariates=()):
    return tu.ancova(frame, outcome, design, covariates=covariates, se_type="HC2", df="residual")


def interaction(frame):
    return hc2(frame.assign(both=frame["treat"] * frame["y1"]), "r", tu.Design("both", 0), ["treat", "y1"])


def star_effect(se_type, *, stabilised=False):
    # the regression of the entry: all three arms, the aide class as a covariate
    return weighted(star(), "read1", "small", ["aide"], se_type, stabilised=stabilised)


CASES = [
    Case(id="btheb/mi_8m_ols", call=lambda: pooled("bdi_8m", ["bdi_pre", "drug", "length_gt6m"]), fields=MITOOLS),
    Case(id="btheb/mi_2m_ols", call=lambda: pooled("bdi_2m", ["bdi_pre"]), fields=MITOOLS),
    Case(id="btheb/mi_6m_unadjusted", call=lambda: pooled("bdi_6m"), fields=MITOOLS),
    Case(id="btheb/mi_8m_hc2", call=lambda: pooled("bdi_8m", ["bdi_pre", "drug", "length_gt6m"], "HC2"), fields=POOLED,
         note="complete-data df n - k as in the entry; by default ours are Bell and McCaffrey's, averaged"),
    Case(id="btheb/attrition_logit_8m", call=lambda: response(btheb()), fields=(*LOGIT, "extra.weights_first5_responders")),
    Case(id="star_k/attrition_logit", call=lambda: response(star()), fields=(
        "estimate", "std_error", "extra.first5_probability", "extra.loglik",
        *(f"extra.response_rate_by_arm.{arm}" for arm in ("regular", "regular+aide", "small")))),
    Case(id="toenail/attrition_logit_6", call=lambda: response(toenail()), fields=LOGIT),
    Case(id="btheb/ipw_8m_hc0", call=lambda: weighted(btheb(), "bdi_8m", "treat", ["bdi_pre"], "HC0")),
    Case(id="btheb/ipw_8m_hc2", call=lambda: weighted(btheb(), "bdi_8m", "treat", ["bdi_pre"], "HC2")),
    Case(id="star_k/ipw_hc1", call=lambda: star_effect("HC1")),
    Case(id="star_k/ipw_hc2", call=lambda: star_effect("HC2")),
    Case(id="star_k/ipw_stabilised_hc2", call=lambda: star_effect("HC2", stabilised=True)),
    Case(id="toenail/ipw_6_hc0", call=lambda: weighted(toenail(), "y6", "treat", [], "HC0")),
    Case(id="toenail/ipw_6_hc1", call=lambda: weighted(toenail(), "y6", "treat", [], "HC1")),
    Case(id="toenail/ipw_6_hc2", call=lambda: weighted(toenail(), "y6", "treat", [], "HC2")),
    Case(id="btheb/missing_indicator_hc2", call=lambda: hc2(oracle.frame("btheb"), "bdi_2m", TREAT, ["bdi_4m"]),
         note="27 % missing: mean and indicator by our own rule"),
    Case(id="star_k/complete_case_hc2", call=lambda: hc2(star()[0], "read1", tu.Design("small", 0), ["aide"])),
    Case(id="star_k/differential_attrition", call=lambda: hc2(star()[0], "resp", tu.Design("small", 0), ["aide"])),
    Case(id="toenail/differential_attrition_6", call=lambda: hc2(toenail()[0], "r", TREAT)),
    Case(id="toenail/differential_attrition_7", call=lambda: interaction(toenail(7)[0]),
         note="the product as the treatment, its parts as covariates: the same regression"),
]
NOT_OURS: dict[str, str] = {}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_missing_data_methods_agree_with_r(case):
    oracle.check(case)


def test_every_entry_of_the_family_is_accounted_for():
    family = {name for name, entry in oracle.entries().items() if entry["family"] == "missing_data"}
    assert family == {case.id for case in CASES} | set(NOT_OURS)


def test_attrition_of_three_arms_has_a_p_value():
    assert np.isfinite(tu.attrition(star()[0], "resp", tu.Design("stark", "regular"), draws=200).p_value)
