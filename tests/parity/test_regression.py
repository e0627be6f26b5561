"""ANCOVA and Lin's estimator against estimatr and clubSandwich.

An R user's ``lm_robust(se_type = "HC2")`` has n - k degrees of freedom, hence df="residual" below; ours are Bell and McCaffrey's by default.
CR2 has Satterthwaite's in both.
"""

from __future__ import annotations

import pytest

import takeup as tu
from parity import oracle
from parity.oracle import MAIN, Case

FIELDS = (*MAIN, "n", "n_clusters")
JOBS2 = ("depress1", "econ_hard", "sex", "age", "nonwhite")
NSW = ("age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75")
BTHEB = ("bdi_pre", "drug", "length_gt6m")


def regress(data, outcome, treatment, covariates=(), *, se_type, draw="complete", estimator=tu.ancova, df=None, blocks=None, **design):
    df = "residual" if se_type == "HC2" and df is None else df
    options = {"blocks": "fixed" if blocks else None} if estimator is tu.ancova else {}
    return estimator(
        data, outcome, tu.Design(treatment, 0, draw=draw, blocks=blocks, **design), covariates=covariates, se_type=se_type, df=df, **options,
    )


def lin(*args, **options):
    return regress(*args, estimator=tu.lin, **options)


def jobs2():
    data = oracle.frame("jobs2")
    return data.assign(change=data["depress2"] - data["depress1"], treat_sex=data["treat"] * data["sex"])


def nsw():
    data = oracle.frame("nsw_dw")
    return data.assign(block=2 * data["black"] + data["nodegree"], w=1 + data["educ"] / 10)


def star(*columns):
    data = oracle.frame("star_k")
    return data.assign(score=data["readk"] + data["mathk"]).dropna(subset=["score", *columns])


def two_arms():
    data = star("girl", "free_lunch")
    return data[data["aide"] == 0]


def thornton(*columns):
    data = oracle.frame("thornton")
    return data.dropna(subset=list(columns)).assign(w=1 / (1 + data["distvct"]))


def maize():
    data = oracle.frame("zeamays")
    long = data.melt(id_vars="pair", value_vars=["cross", "self"], var_name="arm", value_name="y")
    return long.assign(z=(long["arm"] == "cross").astype(int))


def toenail():
    return oracle.frame("toenail").astype({"visit": str})


VILLAGE = {"clusters": "villnum"}
VILLAGE_EFFECTS = {"clusters": "villnum", "blocks": "villnum", "draw": "blocked"}
SCHOOL = {"clusters": "schoolidk"}

CASES = [
    *(Case(id=f"btheb/ancova_bdi_{month}m_{kind.lower()}", fields=FIELDS,
           call=lambda month=month, kind=kind: regress(oracle.frame("btheb"), f"bdi_{month}m", "treat", BTHEB, se_type=kind))
      for month in (2, 8) for kind in ("HC1", "HC2", "HC3")),
    Case(id="btheb/lin_2m_hc3", call=lambda: lin(oracle.frame("btheb"), "bdi_2m", "treat", BTHEB, se_type="HC3"), fields=FIELDS),
    *(Case(id=f"jobs2/ancova_{kind.lower()}", call=lambda kind=kind: regress(jobs2(), "depress2", "treat", ["depress1"], se_type=kind), fields=FIELDS)
      for kind in ("HC1", "HC2", "HC3")),
    Case(id="jobs2/change_score_hc2", call=lambda: regress(jobs2(), "change", "treat", se_type="HC2"), fields=FIELDS),
    Case(id="jobs2/lin_hc2", call=lambda: lin(jobs2(), "depress2", "treat", JOBS2, se_type="HC2"), fields=FIELDS),
    Case(id="jobs2/lin_factor_hc2", call=lambda: lin(jobs2(), "depress2", "treat", ("depress1", "marital", "educ"), se_type="HC2"), fields=FIELDS),
    Case(id="jobs2/subgroup_interaction_hc2", fields=FIELDS,
         call=lambda: regress(jobs2(), "depress2", "treat_sex", ("treat", "sex", "depress1"), se_type="HC2"),
         note="the product as the treatment, its parts as covariates: the same regression"),
    *(Case(id=f"nsw_dw/lm_{kind.lower()}", call=lambda kind=kind: regress(nsw(), "re78", "treat", se_type=kind), fields=FIELDS)
      for kind in ("HC0", "HC1", "HC2", "HC3")),
    *(Case(id=f"nsw_dw/ancova_{kind.lower()}", call=lambda kind=kind: regress(nsw(), "re78", "treat", NSW, se_type=kind), fields=FIELDS)
      for kind in ("classical", "HC1", "HC2", "HC3")),
    Case(id="nsw_dw/lin_hc2", call=lambda: lin(nsw(), "re78", "treat", NSW, se_type="HC2"), fields=FIELDS),
    Case(id="nsw_dw/lin_hc3_two_cov", call=lambda: lin(nsw(), "re78", "treat", ("re74", "re75"), se_type="HC3"), fields=FIELDS),
    Case(id="nsw_dw/block_fe_hc2", call=lambda: regress(nsw(), "re78", "treat", se_type="HC2", draw="blocked", blocks="block"), fields=FIELDS),
    Case(id="nsw_dw/weighted_hc2", call=lambda: regress(nsw(), "re78", "treat", se_type="HC2", weights="w"), fields=FIELDS),
    Case(id="star_k/stock_watson_small", call=lambda: regress(star(), "score", "small", ["aide"], se_type="HC1"), fields=FIELDS,
         note="three arms in one regression: the other arm's dummy as a covariate"),
    Case(id="star_k/stock_watson_aide", call=lambda: regress(star(), "score", "aide", ["small"], se_type="HC1"), fields=FIELDS,
         note="three arms in one regression: the other arm's dummy as a covariate"),
    Case(id="star_k/fe_hc2", fields=FIELDS,
         call=lambda: regress(star(), "score", "small", ["aide"], se_type="HC2", draw="blocked", blocks="schoolidk")),
    Case(id="star_k/fe_hc1_aide", fields=FIELDS,
         call=lambda: regress(star(), "score", "aide", ["small"], se_type="HC1", draw="blocked", blocks="schoolidk")),
    Case(id="star_k/fe_cov_cr2", fields=FIELDS,
         call=lambda: regress(star("girl", "white_asian", "free_lunch"), "score", "small", ("aide", "girl", "white_asian", "free_lunch"),
                              se_type="CR2", draw="blocked", blocks="schoolidk", **SCHOOL)),
    *(Case(id=f"star_k/cluster_{name}", fields=FIELDS, call=lambda kind=kind: regress(star(), "score", "small", ["aide"], se_type=kind, **SCHOOL))
      for name, kind in (("cr0", "CR0"), ("stata", "CR1"), ("cr2", "CR2"))),
    Case(id="star_k/lin_school", call=lambda: lin(two_arms(), "score", "small", ("girl", "free_lunch"), se_type="HC2"), fields=FIELDS),
    Case(id="star_k/lin_cluster_cr2", call=lambda: lin(two_arms(), "score", "small", ("girl", "free_lunch"), se_type="CR2", **SCHOOL), fields=FIELDS),
    *(Case(id=f"thornton/lm_{name}", fields=FIELDS, call=lambda kind=kind: regress(thornton(), "got", "any", se_type=kind, **VILLAGE))
      for name, kind in (("cr0", "CR0"), ("stata", "CR1"), ("cr2", "CR2"))),
    *(Case(id=f"thornton/lm_{name}", fields=FIELDS,
           call=lambda kind=kind: regress(thornton(), "got", "any", se_type=kind, df="bell_mccaffrey", **VILLAGE))
      for name, kind in (("cr1", "CR1G"), ("cr1p", "CR1p"), ("cr3", "CR3"))),
    *(Case(id=f"thornton/cov_{name}", fields=FIELDS,
           call=lambda kind=kind: regress(thornton("age"), "got", "any", ("distvct", "age"), se_type=kind, **VILLAGE))
      for name, kind in (("cr0", "CR0"), ("stata", "CR1"), ("cr2", "CR2"))),
    *(Case(id=f"thornton/fe_{name}", fields=FIELDS, call=lambda kind=kind: regress(thornton(), "got", "any", se_type=kind, **VILLAGE_EFFECTS))
      for name, kind in (("stata", "CR1"), ("cr2", "CR2"))),
    Case(id="thornton/lin_cr2", call=lambda: lin(thornton("age"), "got", "any", ("distvct", "age"), se_type="CR2", **VILLAGE), fields=FIELDS),
    *(Case(id=f"thornton/weighted_{name}", fields=FIELDS,
           call=lambda kind=kind: regress(thornton(), "got", "any", se_type=kind, weights="w", **VILLAGE))
      for name, kind in (("stata", "CR1"), ("cr2", "CR2"))),
    Case(id="thornton/weighted_cr2_inverse_target", fields=FIELDS,
         call=lambda: regress(thornton(), "got", "any", se_type="CR2_precision", weights="w", **VILLAGE)),
    Case(id="toenail/lpm_cr2", fields=FIELDS,
         call=lambda: regress(toenail(), "moderate_severe", "treat", ["visit"], se_type="CR2", clusters="patient")),
    Case(id="zeamays/pair_fe_hc2", call=lambda: regress(maize(), "y", "z", se_type="HC2", draw="pairs", blocks="pair"), fields=FIELDS),
    Case(id="zeamays/pair_cluster_cr2", call=lambda: regress(maize(), "y", "z", se_type="CR2", clusters="pair"), fields=FIELDS),
]


def balance_f(se_type):
    found = tu.balance_f_test(jobs2(), ["depress1", "econ_hard", "sex", "age", "nonwhite"], tu.Design("treat", 0), se_type=se_type, df="residual")
    return {"df": found.df_denominator, "statistic": found.statistic, "p_value": found.p_value, "n": found.n, "extra.df1": found.df,
            "extra.df2": found.df_denominator}


def joint():
    design = tu.Design("stark", "regular", clusters="schoolidk")
    found, naive = tu.arms_test(star(), "score", design), tu.arms_test(star(), "score", design, se_type="CR2", df="clusters")
    return {"df": found.df_denominator, "statistic": found.statistic, "p_value": found.p_value, "n": found.n, "n_clusters": found.n_clusters,
            "extra.df_num": found.df, "extra.naive_f": naive.statistic, "extra.naive_f_df": naive.df_denominator, "extra.naive_f_p": naive.p_value}


CASES += [
    Case(id="jobs2/balance_joint_f", call=lambda: balance_f("classical"), fields=("df", "statistic", "p_value", "n", "extra.df1", "extra.df2")),
    Case(id="jobs2/balance_joint_f_hc2", call=lambda: balance_f("HC2"), fields=("df", "statistic", "p_value", "n", "extra.df1", "extra.df2")),
    Case(id="star_k/joint_arms_cr2", call=joint,
         fields=("df", "statistic", "p_value", "n", "n_clusters", "extra.df_num", "extra.naive_f", "extra.naive_f_df", "extra.naive_f_p")),
    Case(id="thornton/dose_cr2", fields=FIELDS,
         call=lambda: tu.assigned_dose(thornton(), "got", tu.Design("any", 0, **VILLAGE), dose="tinc", covariates=["distvct"], se_type="CR2")),
]
NOT_OURS: dict[str, str] = {}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_parity(case):
    oracle.check(case)


def test_the_family_is_covered():
    family = {name for name, entry in oracle.entries().items() if entry["family"] == "regression"}
    assert family == {case.id for case in CASES} | set(NOT_OURS)
