"""Power family: closed forms and R's power.t.test and power.prop.test."""

import math

import pytest

import takeup as tu
from parity import oracle
from parity.oracle import Case

# R leaves the rejections in the wrong direction out unless strict = TRUE; ours counts both tails of a two-sided t test. The one-tailed
# number is ours with alternative="greater" at half the level, so that every digit is compared.
ONE_TAIL = {"alternative": "greater", "alpha": 0.025}
NORMAL = {"distribution": "normal"}
EVEN = 0.25
"""Share treated times share in control."""
N_TAILS = "R counts one tail: alternative greater at half the level"


def noncentrality(found):
    """The effect over the standard error that the result's own factors make (sd is 1)."""
    return found.effect / math.sqrt(found.variance_factor * found.design_effect / (EVEN * found.n))


def clusters_per_arm(found):
    """Hayes and Bennett add one cluster an arm."""
    whole = found.n_whole / 40
    return {"estimate": found.clusters / 2, "extra.ceiling": whole, "extra.plus_one_hayes": whole + 1}


CASES = [
    Case(id="power/t_power_n64_d0.5", call=lambda: {"estimate": tu.power(0.5, 128, **ONE_TAIL).power, "extra.power_strict": tu.power(0.5, 128).power,
         "extra.power_normal": tu.power(0.5, 128, **NORMAL).power}, fields=("estimate", "extra.power_strict", "extra.power_normal"), note=N_TAILS),
    Case(id="power/t_n_d0.3", call=lambda: {"estimate": tu.sample_size(0.3, **ONE_TAIL).n / 2, "extra.n_ceiling": tu.sample_size(0.3).n_whole / 2,
         "extra.n_normal": tu.sample_size(0.3, **NORMAL).n / 2}, fields=("estimate", "extra.n_ceiling", "extra.n_normal"), note=N_TAILS),
    Case(id="power/t_mde_n100_p0.9_sd2", call=lambda: {"estimate": tu.mde(200, sd=2.0, power=0.9, **ONE_TAIL).effect,
         "extra.mde_normal": tu.mde(200, sd=2.0, power=0.9, **NORMAL).effect}, fields=("estimate", "extra.mde_normal"), note=N_TAILS),
    Case(id="power/paired_power_n30", call=lambda: {"estimate": tu.power(0.5, 30, paired=True, **ONE_TAIL).power},
         fields=("estimate",), note=N_TAILS),
    Case(id="power/t_n_one_sided", call=lambda: {"estimate": tu.sample_size(0.4, alternative="greater").n / 2}, fields=("estimate",)),
    Case(id="power/prop_power", call=lambda: {"estimate": tu.power(0.12, 400, control_rate=0.5).power}, fields=("estimate",)),
    Case(id="power/prop_n", call=lambda: {"estimate": tu.sample_size(0.1, control_rate=0.3).n / 2,
         "extra.n_unpooled": tu.sample_size(0.1, control_rate=0.3, pooled=False).n / 2,
         "extra.n_arcsine": tu.sample_size(0.1, control_rate=0.3).extra["n_arcsine"] / 2,
         "extra.n_fleiss_cc": tu.sample_size(0.1, control_rate=0.3).extra["n_continuity"] / 2},
         fields=("estimate", "extra.n_unpooled", "extra.n_arcsine", "extra.n_fleiss_cc")),
    Case(id="power/mde_unequal", call=lambda: {"estimate": tu.mde(500, treated_share=0.3, **NORMAL).effect}, fields=("estimate",)),
    Case(id="power/mde_ancova", call=lambda: {"estimate": tu.mde(400, r2=0.5, **NORMAL).effect}, fields=("estimate",)),
    Case(id="power/mde_itt_takeup", call=lambda: {"estimate": tu.mde(400, takeup=0.62, **NORMAL).effect}, fields=("estimate",)),
    Case(id="power/deff", call=lambda: {"estimate": tu.power(0.3, 400, cluster_size=20, icc=0.05).design_effect}, fields=("estimate",)),
    Case(id="power/deff_cv", call=lambda: {"estimate": tu.power(0.3, 400, cluster_size=20, icc=0.05, cluster_size_cv=0.5).design_effect},
         fields=("estimate",)),
    Case(id="power/cluster_mde_normal", call=lambda: {"estimate": tu.mde(1000, cluster_size=25, icc=0.1, **NORMAL).effect,
         "extra.mde_t_J_minus_2": tu.mde(1000, cluster_size=25, icc=0.1, distribution="bloom").effect,
         "extra.mde_with_r2_cluster_0.4_ind_0.2": tu.mde(1000, cluster_size=25, icc=0.1, r2=0.2, cluster_r2=0.4, **NORMAL).effect},
         fields=("estimate", "extra.mde_t_J_minus_2", "extra.mde_with_r2_cluster_0.4_ind_0.2")),
    Case(id="power/clusters_per_arm", call=lambda: clusters_per_arm(tu.sample_size(0.3, cluster_size=20, icc=0.05, **NORMAL)),
         fields=("estimate", "extra.ceiling", "extra.plus_one_hayes")),
    Case(id="power/cluster_power_t", call=lambda: {"estimate": tu.power(0.4, 600, cluster_size=20, icc=0.05).power,
         "extra.ncp": noncentrality(tu.power(0.4, 600, cluster_size=20, icc=0.05)),
         "extra.power_normal": tu.power(0.4, 600, cluster_size=20, icc=0.05, **NORMAL).power},
         fields=("estimate", "extra.ncp", "extra.power_normal")),
    Case(id="power/ancova_factor", call=lambda: {"estimate": tu.power(0.3, 400, correlation=0.6).variance_factor,
         "extra.n_ratio_ancova": tu.sample_size(0.3, correlation=0.6, **NORMAL).n / tu.sample_size(0.3, pre=0, **NORMAL).n},
         fields=("estimate", "extra.n_ratio_ancova")),
    Case(id="power/ancova_factor", call=lambda: {"extra.change_vs_post": tu.power(0.3, 400, correlation=0.6, change=True).variance_factor},
         fields=("extra.change_vs_post",)),
    Case(id="power/mckenzie", call=lambda: {"extra.did": tu.power(0.3, 400, correlation=0.4, post=3, change=True).variance_factor},
         fields=("extra.did",)),
    Case(id="power/mckenzie", call=lambda: {"estimate": tu.power(0.3, 400, correlation=0.4, pre=1, post=3).variance_factor,
         "extra.post_only": tu.power(0.3, 400, correlation=0.4, pre=0, post=3).variance_factor}, fields=("estimate", "extra.post_only")),
    Case(id="power/attrition_inflation", call=lambda: {"estimate": tu.sample_size(0.3, attrition=0.15, **NORMAL).n / 2}, fields=("estimate",)),
    Case(id="power/bonferroni_alpha", call=lambda: {"estimate": tu.sample_size(0.3, alternative="greater", alpha=0.025, comparisons=4).n / 2},
         fields=("estimate",), note=N_TAILS),
    Case(id="power/noninferiority_n", call=lambda: {"estimate": tu.sample_size(0.25, power=0.9, **ONE_TAIL, **NORMAL).n / 2}, fields=("estimate",),
         note="the margin is the effect, one-sided at 2.5 %"),
    Case(id="nsw_dw/ancova_variance_factor", call=lambda: {"n": len(oracle.frame("nsw_dw")),
         "estimate": 1 - tu.power(1000, 445, frame=oracle.frame("nsw_dw"), outcome="re78",
         covariates=["re74", "re75"]).extra["r2"]}, fields=("estimate", "n"),
         note="r2 read from the file; no design, so over all rows as in the entry"),
]
CASES += [
    Case(id="power/mde_t_df", call=lambda: {"estimate": tu.mde(60, distribution="bloom").effect}, fields=("estimate",)),
    Case(id="power/anova_power", call=lambda: {"estimate": tu.arms_power([-0.075**0.5, 0.0, 0.075**0.5], 50).power}, fields=("estimate",),
         note="three means whose variance is the entry's"),
    Case(id="power/hayes_bennett", fields=("estimate",),
         call=lambda: {"estimate": tu.clusters_for_rates(0.5, 0.4, cluster_size=30, between_cv=0.25).extra["clusters_per_arm"]}),
]
NOT_OURS: dict[str, str] = {}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_power_agrees_with_r(case):
    oracle.check(case)


def test_every_entry_of_the_family_is_accounted_for():
    family = {name for name, entry in oracle.entries().items() if entry["family"] == "power"}
    assert family == {case.id for case in CASES} | set(NOT_OURS)


def test_counting_both_tails_moves_r_by_less_than_the_other_tail():
    # the difference from R's default is the wrong-sided tail and nothing else
    both, one = tu.power(0.5, 128).power, tu.power(0.5, 128, **ONE_TAIL).power
    assert 0 < both - one < 1e-6


def test_bloom_is_close_to_the_non_central_answer():
    assert tu.mde(60).effect == pytest.approx(oracle.reference("power/mde_t_df", "estimate"), rel=5e-3)
