"""Differences in means and Horvitz-Thompson against estimatr and R's t.test."""

from __future__ import annotations

import math

import pytest

import takeup as tu
from parity import oracle
from parity.oracle import MAIN, Case
from takeup.estimate.tails import p_value

FIELDS = (*MAIN, "n", "n_clusters")
BALANCE = ("estimate", "n", *(f"extra.{name}" for name in ("mean_treated", "mean_control", "sd_treated", "sd_control", "variance_ratio", "welch_p",
                                                          "smd_control_sd", "smd_pooled_weighted")))


def difference(data, outcome, treatment, *, draw="complete", conf_level=0.95, **design):
    return tu.difference_in_means(data, outcome, tu.Design(treatment, 0, draw=draw, **design), conf_level=conf_level)


def jobs2():
    return oracle.frame("jobs2")


def nsw():
    data = oracle.frame("nsw_dw")
    return data.assign(block=2 * data["black"] + data["nodegree"], p=185 / 445)


def star():
    """Small and regular classes with a score; zc is a placebo assignment of schools, `pair` the i-th odd with the i-th even school."""
    data = oracle.frame("star_k")
    data = data[data["aide"] == 0].assign(score=data["readk"] + data["mathk"]).dropna(subset="score")
    data = data.assign(zc=data["schoolidk"] % 2)
    schools = sorted(data["schoolidk"].unique())
    odd, even = ([school for school in schools if school % 2 == parity] for parity in (1, 0))
    pairs = {school: number for number, pair in enumerate(zip(odd, even, strict=False)) for school in pair}
    return data.assign(pair=data["schoolidk"].map(pairs), pc=len(odd) / len(schools))


def two_in_each_arm(data, treatment, block):
    ones, rows = (data.groupby(block)[treatment].transform(how) for how in ("sum", "size"))
    return data[(ones >= 2) & (rows - ones >= 2)]


def strata():
    data = oracle.frame("btheb")
    return data.assign(stratum=2 * data["drug"] + data["length_gt6m"])


def maize():
    data = oracle.frame("zeamays")
    long = data.melt(id_vars="pair", value_vars=["cross", "self"], var_name="arm", value_name="y")
    return long.assign(z=(long["arm"] == "cross").astype(int))


def one_sided():
    """A one-sided interval of 95 % has the limit of a two-sided one of 90 %, and none on the other side."""
    wide = difference(jobs2(), "depress2", "treat", conf_level=0.90)
    fields = {name: getattr(wide, name) for name in ("estimate", "std_error", "df", "statistic")}
    return {**fields, "p_value": p_value(wide.statistic, wide.df, "less"), "ci_high": wide.conf_high, "ci_low": -math.inf,
            "n": wide.n}


def balance_row(column):
    found = tu.balance(jobs2(), [column], tu.Design("treat", 0)).to_frame().iloc[0]
    arms = {f"extra.{part}_{arm}": found[f"{part}_{arm}"] for part in ("mean", "sd") for arm in ("treated", "control")}
    sd1, sd0 = arms["extra.sd_treated"], arms["extra.sd_control"]
    welch = difference(jobs2(), column, "treat")
    size = tu.standardized_difference(jobs2(), column, tu.Design("treat", 0))
    return {"estimate": found["standardized_difference"], **arms, "extra.variance_ratio": sd1**2 / sd0**2, "n": welch.n,
            "extra.welch_p": welch.p_value, "extra.smd_control_sd": size.extra["glass_delta"], "extra.smd_pooled_weighted": size.estimate}


def school_means():
    return star().groupby(["schoolidk", "zc"], as_index=False)["score"].mean()


CASES = [
    Case(id="jobs2/dim_welch", call=lambda: difference(jobs2(), "depress2", "treat"), fields=FIELDS),
    Case(id="jobs2/dim_one_sided", call=one_sided, fields=("estimate", "std_error", "df", "statistic", "p_value", "ci_low", "ci_high"),
         note="one-sided p-value from the same statistic; the limit is that of a two-sided 90 % interval"),
    Case(id="btheb/dim_welch_2m", call=lambda: difference(oracle.frame("btheb"), "bdi_2m", "treat"), fields=FIELDS),
    Case(id="btheb/dim_blocked_2m", call=lambda: difference(strata(), "bdi_2m", "treat", draw="blocked", blocks="stratum"), fields=FIELDS),
    Case(id="nsw_dw/dim_welch", call=lambda: difference(nsw(), "re78", "treat"), fields=FIELDS),
    Case(id="nsw_dw/dim_welch_90", call=lambda: difference(nsw(), "re78", "treat", conf_level=0.90), fields=FIELDS),
    Case(id="nsw_dw/dim_pooled_t", call=lambda: tu.ancova(nsw(), "re78", tu.Design("treat", 0), se_type="classical"), fields=FIELDS,
         note="ancova without covariates, classical variance"),
    Case(id="nsw_dw/dim_blocked", call=lambda: difference(nsw(), "re78", "treat", draw="blocked", blocks="block"), fields=FIELDS),
    Case(id="nsw_dw/ht_simple", fields=FIELDS,
         call=lambda: tu.horvitz_thompson(nsw(), "re78", tu.Design("treat", 0, draw="simple", probability="p"))),
    Case(id="nsw_dw/ht_complete", call=lambda: tu.horvitz_thompson(nsw(), "re78", tu.Design("treat", 0)), fields=FIELDS),
    Case(id="star_k/dim_welch", call=lambda: difference(star(), "score", "small"), fields=FIELDS),
    Case(id="star_k/dim_blocked_school", fields=FIELDS,
         call=lambda: difference(two_in_each_arm(star(), "small", "schoolidk"), "score", "small", draw="blocked", blocks="schoolidk")),
    Case(id="star_k/placebo_dim_cluster", call=lambda: difference(star(), "score", "zc", draw="clustered", clusters="schoolidk"), fields=FIELDS),
    Case(id="star_k/placebo_dim_matched_cluster", fields=FIELDS,
         call=lambda: difference(star().dropna(subset="pair"), "score", "zc", draw="pairs", blocks="pair", clusters="schoolidk")),
    Case(id="star_k/placebo_cluster_means", call=lambda: difference(school_means(), "score", "zc"), fields=FIELDS),
    Case(id="star_k/placebo_ht_cluster", fields=FIELDS,
         call=lambda: tu.horvitz_thompson(star(), "score", tu.Design("zc", 0, draw="simple", clusters="schoolidk", probability="pc")),
         note="draw simple with clusters: each school by its own coin, squares of school totals"),
    Case(id="thornton/dim_welch", call=lambda: difference(oracle.frame("thornton"), "got", "any"), fields=FIELDS),
    Case(id="thornton/dim_blocked_village", fields=FIELDS,
         call=lambda: difference(two_in_each_arm(oracle.frame("thornton"), "any", "villnum"), "got", "any", draw="blocked", blocks="villnum")),
    Case(id="zeamays/dim_matched_pair", call=lambda: difference(maize(), "y", "z", draw="pairs", blocks="pair"), fields=FIELDS),
    Case(id="zeamays/unpaired_welch", call=lambda: difference(maize(), "y", "z"), fields=FIELDS),
    *(Case(id=f"jobs2/smd_{column}", call=lambda column=column: balance_row(column), fields=BALANCE)
      for column in ("depress1", "econ_hard", "sex", "age", "nonwhite")),
]

NOT_OURS: dict[str, str] = {}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_parity(case):
    oracle.check(case)


def test_the_family_is_covered():
    family = {name for name, entry in oracle.entries().items() if entry["family"] == "difference_in_means"}
    assert family == {case.id for case in CASES} | set(NOT_OURS)
