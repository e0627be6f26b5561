"""Binary outcomes: Wald, Katz and Woolf intervals, least squares, and g-computation from a logit with clustered variances."""

from __future__ import annotations

import math

import pandas as pd
import pytest

import takeup as tu
from parity import oracle
from parity.oracle import MAIN, Case

FIELDS = (*MAIN, "n", "n_clusters")
WALD = (*MAIN, "n", "extra.p1", "extra.p0", "extra.rd", "extra.rd_se_wald", "extra.rd_wald", "extra.rr", "extra.log_rr_se", "extra.rr_katz",
        "extra.or", "extra.log_or_se", "extra.or_woolf", "extra.nnt", "extra.wilson1", "extra.wilson0", "extra.rd_newcombe", "extra.z_pooled",
        "extra.z_pooled_p")
R_PRINTS = ("extra.r_fisher_test_estimate", "extra.r_fisher_test_ci")
RISKS = ("risk_treated", "risk_control", "risk_treated_se", "risk_control_se", "risk_ratio", "log_risk_ratio_se", "risk_ratio_ci", "risk_ratio_p",
         "risk_ratio_se_delta", "marginal_odds_ratio", "log_odds_ratio_se", "odds_ratio_ci", "conditional_log_or", "conditional_log_or_se",
         "log_risk_ratio", "log_odds_ratio", "conditional_odds_ratio", "risk_cov")
GCOMP = (*FIELDS, *(f"extra.{name}" for name in RISKS))
NAMES = {"ci_low": "conf_low", "ci_high": "conf_high"}
NSW = ("age", "educ", "black", "re75", "employed75")
JOBS2 = ("depress1", "econ_hard", "sex", "age", "nonwhite")


def main(found):
    return {name: getattr(found, NAMES.get(name, name)) for name in FIELDS}


def wald(data, outcome, treatment="treat"):
    """HC0 and normal inference: Wald for the difference, Katz for the ratio, Woolf for the odds ratio."""
    difference, ratio, odds = (
        tu.binary(data, outcome, tu.Design(treatment, 0), scale=scale, se_type="HC0", df="normal") for scale in ("difference", "ratio", "odds_ratio")
    )
    score = tu.table_test(data, outcome, tu.Design(treatment, 0), method="newcombe")
    shares = {f"extra.wilson{side}": (score.extra[f"risk_{name}_low"], score.extra[f"risk_{name}_high"])
              for side, name in ((1, "treated"), (0, "control"))}
    return {
        **shares, "extra.rd_newcombe": (score.conf_low, score.conf_high), "extra.z_pooled": score.statistic, "extra.z_pooled_p": score.p_value,
        **main(difference), "extra.p1": difference.extra["risk_treated"], "extra.p0": difference.extra["risk_control"],
        "extra.rd": difference.estimate, "extra.rd_se_wald": difference.std_error,
        "extra.rd_wald": (difference.conf_low, difference.conf_high), "extra.rr": ratio.estimate,
        "extra.log_rr_se": ratio.extra["log_std_error"], "extra.rr_katz": (ratio.conf_low, ratio.conf_high), "extra.or": odds.estimate,
        "extra.log_or_se": odds.extra["log_std_error"], "extra.or_woolf": (odds.conf_low, odds.conf_high),
        "extra.nnt": difference.extra["number_needed_to_treat"],
    }


def gcomp(data, outcome, treatment="treat", covariates=(), *, se_type, clusters=None):
    design = tu.Design(treatment, 0, clusters=clusters)
    difference, ratio, odds = (
        tu.binary(data, outcome, design, covariates=covariates, scale=scale, model="logit", se_type=se_type)
        for scale in ("difference", "ratio", "odds_ratio")
    )
    extra = difference.extra
    assert (extra["risk_ratio"], extra["risk_ratio_low"], extra["risk_ratio_high"]) == (ratio.estimate, ratio.conf_low, ratio.conf_high)
    values = (
        extra["risk_treated"], extra["risk_control"], extra["risk_treated_std_error"], extra["risk_control_std_error"], ratio.estimate,
        ratio.extra["log_std_error"], (ratio.conf_low, ratio.conf_high), ratio.p_value, ratio.std_error, odds.estimate, odds.extra["log_std_error"],
        (odds.conf_low, odds.conf_high), extra["conditional_log_odds_ratio"], extra["conditional_log_odds_ratio_std_error"],
        math.log(ratio.estimate), math.log(odds.estimate), math.exp(extra["conditional_log_odds_ratio"]),
        extra["risk_covariance"],
    )
    return {**main(difference), **{f"extra.{name}": value for name, value in zip(RISKS, values, strict=True)}}


def least_squares(data, outcome, covariates=(), *, se_type):
    df = "residual" if se_type == "HC2" else None
    return tu.binary(data, outcome, tu.Design("treat", 0), covariates=covariates, se_type=se_type, df=df)


def nsw():
    data = oracle.frame("nsw_dw")
    return data.assign(employed78=(data["re78"] > 0).astype(int), employed75=(data["re75"] > 0).astype(int))


def thornton():
    return oracle.frame("thornton").dropna(subset="age")


def toenail():
    return oracle.frame("toenail").astype({"visit": str})


CASES = [
    Case(id="jobs2/rd_wald", call=lambda: wald(oracle.frame("jobs2"), "work1"), fields=WALD),
    Case(id="nsw_dw/rd_wald", call=lambda: wald(nsw(), "employed78"), fields=WALD),
    Case(id="sinusitis/two_by_two", call=lambda: wald(oracle.frame("sinusitis"), "improved"), fields=WALD),
    Case(id="thornton/two_by_two", call=lambda: wald(oracle.frame("thornton"), "got", "any"), fields=WALD),
    Case(id="jobs2/lpm_hc2", call=lambda: least_squares(oracle.frame("jobs2"), "work1", JOBS2, se_type="HC2"), fields=FIELDS),
    Case(id="nsw_dw/rd_hc2", call=lambda: least_squares(nsw(), "employed78", se_type="HC2"), fields=FIELDS),
    Case(id="sinusitis/rd_hc0", call=lambda: least_squares(oracle.frame("sinusitis"), "improved", se_type="HC0"), fields=FIELDS),
    Case(id="sinusitis/rd_hc2", call=lambda: least_squares(oracle.frame("sinusitis"), "improved", se_type="HC2"), fields=FIELDS),
    *(Case(id=f"jobs2/gcomp_{name}", call=lambda kind=kind: gcomp(oracle.frame("jobs2"), "work1", covariates=JOBS2, se_type=kind), fields=GCOMP)
      for name, kind in (("model", "classical"), ("hc0", "HC0"), ("hc1", "HC1"))),
    *(Case(id=f"nsw_dw/gcomp_logit_{name}", fields=GCOMP,
           call=lambda kind=kind, columns=columns: gcomp(nsw(), "employed78", covariates=columns, se_type=kind))
      for name, kind, columns in (("hc0", "HC0", NSW), ("model", "classical", NSW), ("unadjusted", "HC0", ()),
                                  ("unadjusted_model", "classical", ()))),
    Case(id="sinusitis/gcomp_model", call=lambda: gcomp(oracle.frame("sinusitis"), "improved", se_type="classical"), fields=GCOMP),
    *(Case(id=f"thornton/gcomp_cluster_{kind.lower()}", fields=GCOMP,
           call=lambda kind=kind: gcomp(thornton(), "got", "any", ("distvct", "age"), se_type=kind, clusters="villnum")) for kind in ("CR0", "CR1")),
    Case(id="toenail/gcomp_cluster", fields=GCOMP,
         call=lambda: gcomp(toenail(), "moderate_severe", covariates=["visit"], se_type="CR0", clusters="patient")),
]

EXACT = ("estimate", "p_value", "ci_low", "ci_high", "n", "extra.p_mid", "extra.sample_odds_ratio")
MANTEL = ("estimate", "df", "statistic", "p_value", "ci_low", "ci_high", "n")


def table(data, outcome, treatment="treat", method="fisher", **options):
    found = tu.table_test(data, outcome, tu.Design(treatment, 0, **options.pop("design", {})), method=method, **options)
    return {**main(found), "extra.p_mid": found.extra.get("p_mid"), "extra.sample_odds_ratio": found.extra.get("sample_odds_ratio"),
            "extra.nuisance_at_sup": found.extra.get("nuisance"), R_PRINTS[0]: found.estimate, R_PRINTS[1]: (found.conf_low, found.conf_high)}


def barnard(data, outcome):
    found = tu.table_test(data, outcome, tu.Design("treat", 0), method="barnard")
    return {"statistic": found.statistic, "p_value": found.p_value, "n": found.n, "extra.nuisance_at_sup": found.extra["nuisance"]}


def remission():
    data = oracle.frame("btheb").dropna(subset="bdi_8m")
    return data.assign(well=(data["bdi_8m"] < 10).astype(int))


def seventh():
    data = oracle.frame("toenail")
    return data[data["visit"] == 7]


def parity_of_rows():
    data = oracle.frame("sinusitis")
    return data.assign(stratum=[1 + row % 2 for row in range(len(data))])


def persons():
    """One row a person from the counts of the trials of BCG vaccine."""
    data = oracle.frame("bcg")
    counts = {(1, 1): data["tb_vacc"], (1, 0): data["n_vacc"] - data["tb_vacc"], (0, 1): data["tb_ctrl"], (0, 0): data["n_ctrl"] - data["tb_ctrl"]}
    parts = [pd.DataFrame({"study": data["study"].repeat(n), "vaccine": arm, "tb": tb}) for (arm, tb), n in counts.items()]
    return pd.concat(parts, ignore_index=True)


CASES += [
    Case(id="btheb/fisher_remission_8m", call=lambda: table(remission(), "well"), fields=EXACT),
    Case(id="jobs2/fisher", call=lambda: table(oracle.frame("jobs2"), "work1"), fields=EXACT),
    Case(id="nsw_dw/fisher", call=lambda: table(nsw(), "employed78"), fields=EXACT),
    Case(id="thornton/fisher", call=lambda: table(oracle.frame("thornton"), "got", "any"), fields=EXACT),
    Case(id="toenail/fisher_7", call=lambda: table(seventh(), "moderate_severe"), fields=EXACT),
    Case(id="sinusitis/fisher_two_sided", call=lambda: table(oracle.frame("sinusitis"), "improved"), fields=EXACT),
    *(Case(id=f"sinusitis/fisher_{side}", fields=EXACT, call=lambda side=side: table(oracle.frame("sinusitis"), "improved", alternative=side))
      for side in ("less", "greater")),
    Case(id="sinusitis/fisher_mid_p", fields=("p_value", "n"),
         call=lambda: {"p_value": table(oracle.frame("sinusitis"), "improved")["extra.p_mid"], "n": 166}),
    *(Case(id=key, call=call, fields=("statistic", "p_value", "n", "extra.nuisance_at_sup"), rtol=oracle.ITERATIVE,
           note="the largest chance over the common risk is searched for")
      for key, call in (("btheb/barnard_remission_8m", lambda: barnard(remission(), "well")),
                        ("sinusitis/barnard", lambda: barnard(oracle.frame("sinusitis"), "improved")))),
    Case(id="jobs2/prop_test_cc", fields=MANTEL, call=lambda: table(oracle.frame("jobs2"), "work1", method="yates")),
    Case(id="sinusitis/mantel_haenszel", fields=MANTEL,
         call=lambda: table(parity_of_rows(), "improved", method="mantel_haenszel", design={"draw": "blocked", "blocks": "stratum"})),
    Case(id="bcg/mantel_haenszel_or", fields=MANTEL,
         call=lambda: table(persons(), "tb", "vaccine", method="mantel_haenszel", design={"draw": "blocked", "blocks": "study"})),
]
CASES += [
    Case(id=case.id, call=case.call, fields=R_PRINTS, rtol=1e-3, note="what fisher.test itself prints: its search stops at about 1e-4")
    for case in CASES if "r_fisher_test_ci" in oracle.entries()[case.id]["extra"]
]
NOT_OURS: dict[str, str] = {}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.id}-{case.fields[-1]}")
def test_parity(case):
    oracle.check(case)


def test_the_family_is_covered():
    family = {name for name, entry in oracle.entries().items() if entry["family"] == "binary"}
    assert family == {case.id for case in CASES} | set(NOT_OURS)
