"""Two-stage least squares and Anderson-Rubin sets against estimatr, AER, clubSandwich and exact algebra.

An R user's ``iv_robust(se_type = "HC2")`` has n - k degrees of freedom, hence df="residual"; ours are Bell and McCaffrey's by default.
"""

from __future__ import annotations

import math

import pytest

import takeup as tu
from parity import oracle
from parity.oracle import MAIN, Case

FIELDS = (*MAIN, "n", "n_clusters")
COVARIATES = ("depress1", "econ_hard", "sex", "age")
AR_FIELDS = ("estimate", "statistic", "df", "p_value", "ci_low", "ci_high", "n", "extra.critical_value", "extra.ar_f_at_0")
SHAPES = {"interval": "interval", "complement of an open interval": "two_rays", "whole line": "line"}


def jobs2(outcome="depress2", covariates=(), *, se_type, received="comply", call=tu.cace, rows=899, df=None):
    data = oracle.frame("jobs2").head(rows)
    df = "residual" if se_type == "HC2" and df is None else df
    return call(data, outcome, tu.Design("treat", 0, received=received), covariates=covariates, se_type=se_type, df=df)


def thornton(*, se_type, call=tu.cace, df=None):
    data = oracle.frame("thornton").merge(oracle.frame("thornton_synth"), on="id", validate="one_to_one")
    return call(data, "y_synth", tu.Design("any", 0, received="got", clusters="villnum"), covariates=["distvct"], se_type=se_type, df=df)


def rubin(entry_id, trial, **options):
    """The fields of an Anderson-Rubin entry: limits of the interval, or of the gap between two rays; none for the whole line."""
    found = trial(call=tu.anderson_rubin, **options)
    assert found.shape == SHAPES[oracle.reference(entry_id, "extra.set_kind")]
    limits = sorted(limit for interval in found.intervals for limit in interval if math.isfinite(limit)) or [math.nan, math.nan]
    return {
        "estimate": found.extra["estimate"], "statistic": found.extra["statistic"], "df": found.df, "n": found.n,
        "p_value": found.extra["p_value"], "ci_low": limits[0], "ci_high": limits[1], "extra.critical_value": found.extra["critical_value"],
        "extra.ar_f_at_0": found.extra["statistic"] ** 2,
    }


def first_stage():
    """The first stage is an ANCOVA of what was received; its F by each variance is an extra of cace."""
    data, design = oracle.frame("jobs2"), tu.Design("treat", 0, received="comply")
    fit = tu.ancova(data, "comply", tu.Design("treat", 0), covariates=COVARIATES, se_type="HC2", df="residual")
    strength = {
        f"extra.f_{kind.lower()}": tu.cace(data, "depress2", design, covariates=COVARIATES, se_type=kind).extra["first_stage_f"]
        for kind in ("classical", "HC2", "HC1")
    }
    names = {"ci_low": "conf_low", "ci_high": "conf_high"}
    classical = tu.cace(data, "depress2", design, covariates=COVARIATES, se_type="classical").extra
    hausman = {"extra.wu_hausman_f": classical["wu_hausman_f"], "extra.wu_hausman_p": classical["wu_hausman_p"],
               "extra.wu_hausman_df2": classical["wu_hausman_df"]}
    return {**{name: getattr(fit, names.get(name, name)) for name in (*MAIN, "n")}, **strength, **hausman}


def first_stage_by_cluster():
    found = {kind: thornton(se_type=kind) for kind in ("CR0", "CR1", "CR2", "classical")}
    return {"estimate": found["CR2"].extra["first_stage"], "n": found["CR2"].n, "n_clusters": found["CR2"].n_clusters,
            "extra.f_cr0": found["CR0"].extra["first_stage_f"],
            "extra.f_cr1s": found["CR1"].extra["first_stage_f"], "extra.f_cr2": found["CR2"].extra["first_stage_f"],
            "extra.f_classical": found["classical"].extra["first_stage_f"]}


def wald():
    data, design = oracle.frame("jobs2"), tu.Design("treat", 0, received="comply")
    found, taken = tu.cace(data, "depress2", design), tu.compliance(data, design)
    return {"estimate": found.estimate, "n": found.n, "extra.share_compliers": taken.share.estimate, "extra.share_never_takers": taken.never_takers,
            "extra.mean_y_compliers_treated": found.extra["complier_mean_treated"],
            "extra.mean_y_compliers_control": found.extra["complier_mean_control"],
            "extra.mean_y_never_takers": found.extra["never_taker_mean"]}


def two_instruments():
    data = oracle.frame("jobs2")
    design = tu.Design("treat", 0, received="comply")
    return tu.cace(data, "depress2", design, covariates=["sex", "depress1"], interacted=["sex"], se_type="classical")


def agreement():
    found = two_instruments()
    extra = found.extra
    return {"df": extra["overidentification_df"], "statistic": extra["sargan"], "p_value": extra["sargan_p"], "n": found.n,
            "extra.first_stage_f": extra["first_stage_f"], "extra.first_stage_df1": extra["first_stage_df"],
            "extra.first_stage_df2": extra["first_stage_df_denominator"], "extra.wu_hausman_f": extra["wu_hausman_f"],
            "extra.wu_hausman_p": extra["wu_hausman_p"]}


CASES = [
    *(Case(id=f"jobs2/iv_{kind.lower()}", call=lambda kind=kind: jobs2(se_type=kind), fields=FIELDS)
      for kind in ("classical", "HC0", "HC1", "HC2", "HC3")),
    *(Case(id=f"jobs2/iv_cov_{kind.lower()}", call=lambda kind=kind: jobs2(covariates=COVARIATES, se_type=kind), fields=FIELDS)
      for kind in ("HC1", "HC2")),
    Case(id="jobs2/iv_cov_aer_hc2", fields=FIELDS,
         call=lambda: jobs2(covariates=COVARIATES, se_type="HC2_structural", df="residual")),
    Case(id="jobs2/iv_binary_hc2", call=lambda: jobs2("work1", se_type="HC2"), fields=FIELDS),
    Case(id="jobs2/first_stage", call=first_stage, fields=(*MAIN, "n", "extra.f_classical", "extra.f_hc1", "extra.f_hc2", "extra.wu_hausman_f",
                                                               "extra.wu_hausman_p", "extra.wu_hausman_df2")),
    Case(id="jobs2/wald_by_hand", call=wald,
         fields=("estimate", "n", "extra.share_compliers", "extra.share_never_takers", "extra.mean_y_compliers_treated",
                 "extra.mean_y_compliers_control", "extra.mean_y_never_takers")),
    Case(id="jobs2/iv_overid_classical", call=two_instruments, fields=FIELDS),
    Case(id="jobs2/iv_overid_tests", call=agreement,
         fields=("df", "statistic", "p_value", "n", "extra.first_stage_f", "extra.first_stage_df1", "extra.first_stage_df2", "extra.wu_hausman_f",
                 "extra.wu_hausman_p")),
    Case(id="jobs2/ar_classical", call=lambda: rubin("jobs2/ar_classical", jobs2, se_type="classical"), fields=AR_FIELDS),
    Case(id="jobs2/ar_hc2", call=lambda: rubin("jobs2/ar_hc2", jobs2, se_type="HC2"), fields=AR_FIELDS),
    Case(id="jobs2/ar_hc2_normal", call=lambda: rubin("jobs2/ar_hc2_normal", jobs2, se_type="HC2", df="normal"), fields=AR_FIELDS),
    Case(id="jobs2/ar_hc1_cov", call=lambda: rubin("jobs2/ar_hc1_cov", jobs2, covariates=COVARIATES, se_type="HC1"), fields=AR_FIELDS),
    Case(id="jobs2/ar_weak_complement", fields=AR_FIELDS,
         call=lambda: rubin("jobs2/ar_weak_complement", jobs2, se_type="HC2", received="sex", rows=55),
         note="two rays: the limits are those of the gap"),
    Case(id="jobs2/ar_weak_whole_line", fields=AR_FIELDS,
         call=lambda: rubin("jobs2/ar_weak_whole_line", jobs2, se_type="HC2", received="sex", rows=40)),
    *(Case(id=f"thornton/iv_{name}", call=lambda kind=kind: thornton(se_type=kind), fields=FIELDS)
      for name, kind in (("cr0", "CR0"), ("stata", "CR1"), ("cr2", "CR2"))),
    Case(id="thornton/first_stage_cluster", call=first_stage_by_cluster,
         fields=("estimate", "extra.f_cr0", "extra.f_cr1s", "extra.f_cr2", "extra.f_classical")),
    Case(id="thornton/ar_cr1s", call=lambda: rubin("thornton/ar_cr1s", thornton, se_type="CR1"), fields=AR_FIELDS),
    Case(id="thornton/ar_cr2_normal", call=lambda: rubin("thornton/ar_cr2_normal", thornton, se_type="CR2", df="normal"), fields=AR_FIELDS),
]

NOT_OURS: dict[str, str] = {}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_parity(case):
    oracle.check(case)


def test_the_family_is_covered():
    family = {name for name, entry in oracle.entries().items() if entry["family"] == "iv"}
    assert family == {case.id for case in CASES} | set(NOT_OURS)
