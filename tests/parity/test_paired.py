"""Paired tests and effect sizes of R reproduced by `change`.

The reference set's tolerance for the family is 1e-6 (limits from the non-central t distribution); all but those meet 1e-8.
"""

import math

import pytest

import takeup as tu
from parity.oracle import CLOSED_FORM, ITERATIVE, MAIN, Case, check, entries, frame
from takeup.estimate.tails import critical, p_value

SIZES = ("dz_se_large_sample", "hedges_J_approx", "sd_diff", "correlation", "cohens_dz", "hedges_gz", "hedges_J_exact",
         "cohens_dav", "cohens_dav_rms", "cohens_drm", "d_baseline_sd",
         "mean_pre", "mean_post")
SIGNS = ("n", "estimate", "statistic", "p_value", "ci_low", "ci_high")
OURS = {"dz_se_large_sample": "cohen_dz_std_error", "hedges_J_approx": "hedges_j_approximate", "sd_diff": "sd_change",
        "cohens_dz": "cohen_dz", "hedges_J_exact": "hedges_j", "cohens_dav": "dav", "cohens_dav_rms": "dav_rms",
        "cohens_drm": "drm", "mean_pre": "mean_before", "mean_post": "mean_after"}


def months(arm):
    data = frame("btheb")
    return tu.change(data[data.treat == arm].dropna(subset=["bdi_2m"]), "bdi_pre", "bdi_2m")


def maize():
    return tu.change(frame("zeamays"), "self", "cross")


def below_twenty():
    data = frame("btheb").dropna(subset=["bdi_2m"])
    return tu.change((data[["bdi_pre", "bdi_2m"]] < 20), "bdi_pre", "bdi_2m")


MCNEMAR = {"b_up": "mcnemar_up", "c_down": "mcnemar_down", "p_no_correction": "mcnemar_chi2_p", "p_midp": "mcnemar_midp",
           "statistic_correction": "mcnemar_corrected", "p_correction": "mcnemar_corrected_p"}


def mcnemar(found):
    """One degree of freedom: up against down."""
    return {"statistic": found.extra["mcnemar_chi2"], "p_value": found.extra["mcnemar_p"], "df": 1, "n": found.n,
            **{f"extra.{name}": found.extra[ours] for name, ours in MCNEMAR.items()}}


def sizes(found, names=SIZES):
    return {"n": found.n, **{f"extra.{name}": found.extra[OURS.get(name, name)] for name in names}}


def limits(found):
    return {"extra.dz_ci_noncentral": (found.extra["cohen_dz_low"], found.extra["cohen_dz_high"]), "ci_low": found.extra["cohen_dz_low"],
            "ci_high": found.extra["cohen_dz_high"]}


def ranks(found):
    extra = found.extra
    return {"n": found.n, "extra.p_exact_pratt": extra["wilcoxon_p_pratt"], "extra.z_asymptotic": extra["wilcoxon_z"],
            "extra.z": extra["wilcoxon_z"], "extra.p_asymptotic_cc": extra["wilcoxon_p_corrected"],
            "statistic": extra["wilcoxon_v"], "p_value": extra["wilcoxon_p"], "extra.n_zero": extra["n_unchanged"],
            "extra.p_asymptotic_no_cc": extra["wilcoxon_p_normal"], "extra.p_asymptotic": extra["wilcoxon_p_normal"],
            "extra.hodges_lehmann": extra["hodges_lehmann"]}


def signs(found):
    extra = found.extra
    return {"n": extra["n_changed"], "estimate": extra["sign_share"], "statistic": extra["sign_up"], "p_value": extra["sign_p"],
            "ci_low": extra["sign_share_low"],
            "ci_high": extra["sign_share_high"]}


def one_sided():
    found = maize()
    half = critical(0.90, found.df) * found.std_error
    return {"estimate": found.estimate, "std_error": found.std_error, "df": found.df, "statistic": found.statistic, "n": found.n,
            "p_value": p_value(found.statistic, found.df, "greater"), "ci_low": found.estimate - half, "ci_high": math.inf}


CASES = [
    *(Case(id=f"btheb/paired_t_2m_{name}", call=lambda arm=arm: months(arm)) for name, arm in (("control", 0), ("treated", 1))),
    *(Case(id=f"btheb/paired_t_2m_{name}", call=lambda arm=arm: sizes(months(arm)), fields=tuple(f"extra.{size}" for size in SIZES))
      for name, arm in (("control", 0), ("treated", 1))),
    *(Case(id=f"btheb/paired_t_2m_{name}", call=lambda arm=arm: limits(months(arm)), fields=("extra.dz_ci_noncentral",), rtol=ITERATIVE)
      for name, arm in (("control", 0), ("treated", 1))),
    *(Case(id=f"btheb/wilcoxon_2m_{name}", call=lambda arm=arm: ranks(months(arm)),
           fields=("n", "statistic", "p_value", "extra.n_zero", "extra.p_asymptotic_no_cc", "extra.p_asymptotic_cc", "extra.z_asymptotic",
                   "extra.p_exact_pratt")) for name, arm in (("control", 0), ("treated", 1))),
    *(Case(id=f"btheb/sign_test_2m_{name}", call=lambda arm=arm: signs(months(arm)), fields=SIGNS)
      for name, arm in (("control", 0), ("treated", 1))),
    Case(id="btheb/mcnemar_2m", call=lambda: mcnemar(below_twenty()),
         fields=("df", "n", "statistic", "p_value", *(f"extra.{name}" for name in MCNEMAR))),
    Case(id="zeamays/paired_t", call=maize),
    Case(id="zeamays/wilcoxon_signed_rank", call=lambda: ranks(maize()),
         fields=("n", "statistic", "p_value", "extra.z", "extra.p_asymptotic", "extra.hodges_lehmann")),
    Case(id="zeamays/sign_test", call=lambda: signs(maize()), fields=SIGNS),
    Case(id="zeamays/effect_sizes", call=lambda: sizes(maize(), ("cohens_dav", "cohens_dav_rms", "cohens_drm", "hedges_gz", "correlation")),
         fields=tuple(f"extra.{name}" for name in ("cohens_dav", "cohens_dav_rms", "cohens_drm", "hedges_gz", "correlation"))),
    Case(id="zeamays/effect_sizes", call=lambda: {"estimate": maize().extra["cohen_dz"], **limits(maize())}, fields=("estimate", "ci_low", "ci_high"),
         rtol=ITERATIVE, note="limits from the non-central t distribution"),
    Case(id="zeamays/paired_t_greater", call=one_sided, fields=("estimate", "std_error", "df", "statistic", "p_value", "ci_low", "ci_high", "n"),
         note="the call is two-sided; the tail and the limit follow from its fields"),
]


def two_arms():
    found = tu.standardized_difference(frame("btheb").dropna(subset=["bdi_2m"]), "bdi_2m", tu.Design("treat", 0))
    return {"estimate": found.estimate, "std_error": found.std_error, "ci_low": found.conf_low, "ci_high": found.conf_high, "n": found.n,
            "extra.hedges_g": found.extra["hedges_g"], "extra.hedges_J_exact": found.extra["hedges_j"],
            "extra.hedges_J_approx": found.extra["hedges_j_approximate"], "extra.glass_delta": found.extra["glass_delta"],
            "extra.pooled_sd": found.extra["pooled_sd"], "extra.se_nu_denominator": found.extra["std_error_df"]}


CASES.append(Case(
    id="btheb/cohens_d_2m", call=two_arms, rtol=ITERATIVE, note="limits from the non-central t distribution",
    fields=("estimate", "std_error", "ci_low", "ci_high", "n", "extra.hedges_g", "extra.hedges_J_exact", "extra.hedges_J_approx", "extra.glass_delta",
            "extra.pooled_sd", "extra.se_nu_denominator"),
))
NOT_OURS: dict[str, str] = {}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_agreement(case):
    check(case)


def test_main_fields_are_compared():
    assert CASES[0].fields == MAIN
    assert CASES[0].rtol == CLOSED_FORM


def test_every_entry_is_accounted_for():
    assert {case.id for case in CASES} | set(NOT_OURS) == {key for key, entry in entries().items() if entry["family"] == "paired"}
