"""Mediation in JOBS II reproduced by `mediate`: product of coefficients with classical, HC2 and HC3 variances."""

import math

import pytest

import takeup as tu
from parity.oracle import Case, check, entries, frame
from takeup.estimate.tails import critical, p_value

SMALL = ("econ_hard", "sex", "age")
FULL = ("depress1", "econ_hard", "sex", "age", "occp", "marital", "nonwhite", "educ", "income")
MAIN = ("estimate", "std_error", "df", "statistic", "p_value", "ci_low", "ci_high")
PRODUCTS = ("total_minus_ade", "goodman_unbiased_se", "aroian_se")
PARTS = ("a", "a_se", "b", "b_se", "ade", "ade_se", "total", "total_se", "proportion_mediated")


def whole(covariates, se_type):
    acme, ade, total = tu.mediate(frame("jobs2"), "depress2", "job_seek", tu.Design("treat", 0), covariates=covariates, se_type=se_type)[:3]
    parts = (acme.extra["a"], acme.extra["a_se"], acme.extra["b"], acme.extra["b_se"], ade.estimate, ade.std_error, total.estimate, total.std_error,
             acme.extra["share_mediated"])
    a, a_se, b, b_se = parts[:4]
    products = (total.estimate - ade.estimate, *(math.sqrt(acme.std_error**2 + sign * (a_se * b_se) ** 2) for sign in (-1, 1)))
    assert acme.std_error == pytest.approx(math.hypot(a * b_se, b * a_se), rel=1e-12)
    return {**main(acme), "n": acme.n, **dict(zip((f"extra.{name}" for name in (*PARTS, *PRODUCTS)), (*parts, *products), strict=True))}


def maximum_likelihood():
    """Lavaan divides residual variances by n where least squares has n - k: each standard error shrinks by the root of (n - k) / n."""
    acme, ade, total = tu.mediate(frame("jobs2"), "depress2", "job_seek", tu.Design("treat", 0), covariates=SMALL, se_type="classical")[:3]
    mediator, outcome = math.sqrt(total.df / total.n), math.sqrt(ade.df / ade.n)
    a, b, a_se, b_se = acme.extra["a"], acme.extra["b"], mediator * acme.extra["a_se"], outcome * acme.extra["b_se"]
    std_error = math.hypot(a * b_se, b * a_se)
    half = critical(0.95, math.inf) * std_error
    return {"estimate": acme.estimate, "std_error": std_error, "df": acme.df, "statistic": acme.estimate / std_error, "n": acme.n,
            "p_value": p_value(acme.estimate / std_error, math.inf), "ci_low": acme.estimate - half, "ci_high": acme.estimate + half, "extra.a": a,
            "extra.b": b, "extra.a_se": a_se, "extra.b_se": b_se, "extra.ade": ade.estimate, "extra.ade_se": outcome * ade.std_error,
            "extra.total": total.estimate, "extra.total_se": mediator * total.std_error}


def main(row):
    return {"estimate": row.estimate, "std_error": row.std_error, "df": row.df, "statistic": row.statistic, "p_value": row.p_value,
            "ci_low": row.conf_low, "ci_high": row.conf_high}


def interaction():
    design = tu.Design("treat", 0)
    acme, ade, _ = tu.mediate(frame("jobs2"), "depress2", "job_seek", design, covariates=SMALL, se_type="classical", interaction=True)
    errors = {f"extra.{name}_se": acme.extra[f"{name}_se"] for name in ("acme_0", "acme_1", "interaction")}
    return {**main(acme), **errors, "n": acme.n, "extra.acme_0": acme.extra["acme_0"], "extra.acme_1": acme.extra["acme_1"],
            "extra.interaction": acme.extra["interaction"],
            "extra.ade_0": ade.extra["ade_0"], "extra.ade_1": ade.extra["ade_1"], "extra.total": acme.estimate + ade.estimate}


FIELDS = (*MAIN, "n", *(f"extra.{name}" for name in (*PARTS, *PRODUCTS)))
CASES = [
    *(Case(id=f"jobs2/mediation_{name}", call=lambda c=covariates, s=se_type: whole(c, s), fields=FIELDS) for name, covariates, se_type in
      (("small_ols", SMALL, "classical"), ("small_hc2", SMALL, "HC2"), ("full_ols", FULL, "classical"), ("full_hc3", FULL, "HC3"))),
    Case(id="jobs2/mediation_interaction_ols", call=interaction,
         fields=(*MAIN, "n", *(f"extra.{name}" for name in ("acme_0", "acme_1", "interaction", "ade_0", "ade_1", "total", "acme_0_se", "acme_1_se",
                                                            "interaction_se")))),
    Case(id="jobs2/mediation_small_lavaan", call=maximum_likelihood, rtol=1e-6,
         fields=(*MAIN, "n", *(f"extra.{name}" for name in ("a", "a_se", "b", "b_se", "ade", "ade_se", "total", "total_se"))),
         note="maximum likelihood divides residual variances by n where least squares has n - k: standard errors by that ratio"),
]
NOT_OURS: dict[str, str] = {}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_agreement(case):
    check(case)


def test_the_design_chooses_hc2():
    """Without a word about the variance the standard error of the reference with HC2 comes out."""
    found = tu.mediate(frame("jobs2"), "depress2", "job_seek", tu.Design("treat", 0), covariates=SMALL)
    check(Case(id="jobs2/mediation_small_hc2", call=lambda: found["acme"], fields=MAIN))


def test_every_entry_is_accounted_for():
    assert {case.id for case in CASES} | set(NOT_OURS) == {key for key, entry in entries().items() if entry["family"] == "mediation"}
