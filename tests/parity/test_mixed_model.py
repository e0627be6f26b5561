"""Mixed models of lmerTest reproduced by `mixed`.

Fixed effects, their standard errors and degrees of freedom to 1e-6; variance components to 1e-4, the tolerance of the reference
set (its optimisers stop on a flat top, ours at the root of the score).
"""

import math

import numpy as np
import pytest

import takeup as tu
from parity.oracle import ITERATIVE, MAIN, Case, check, entries, frame, reference
from takeup.estimate.tails import p_value

VARIANCES = ("extra.var_group", "extra.var_residual", "extra.icc")


def village(**options):
    data = frame("thornton").dropna(subset=["any", "got", "villnum"])
    return tu.mixed(data, "got", tu.Design("any", 0), group="villnum", covariates=["distvct"], **options)


def months(criterion="REML", **options):
    data = frame("btheb").melt(["id", "treat", "drug", "length_gt6m", "bdi_pre"], [f"bdi_{m}m" for m in (2, 4, 6, 8)], "wave", "bdi")
    data["month"] = data.wave.str.extract(r"(\d)").astype(int)
    covariates = ["bdi_pre", "month", "drug", "length_gt6m"]
    return tu.mixed(data, "bdi", tu.Design("treat", 0), group="id", covariates=covariates, criterion=criterion, **options)


def schools(covariates=("aide",), criterion="REML"):
    data = frame("star_k").assign(score=lambda d: d.readk + d.mathk)
    data = data.dropna(subset=["score", *covariates])
    return tu.mixed(data, "score", tu.Design("small", 0), group="schoolidk", covariates=covariates, criterion=criterion)


def parts(found):
    return {"extra.var_group": found.extra["var_group"], "extra.var_residual": found.extra["var_residual"], "extra.icc": found.extra["icc"]}


def fixed_fields(key):
    extra = entries()[key]["extra"]
    return [*(f"extra.fixef.{name}" for name in extra["fixef"]), *(name for name in ("extra.aide_std_error",) if name[6:] in extra)]


def fixed(key, extra):
    """Fixed effects by R's names; the treatment is the column that isn't a covariate."""
    ours = dict(extra["coefficients"])
    treatment = next(name for name in entries()[key]["extra"]["fixef"] if name not in ours)
    ours[treatment] = ours.pop("treatment")
    return {**{f"extra.fixef.{name}": value for name, value in ours.items()}, "extra.aide_std_error": extra["std_errors"].get("aide")}


def anova(found):
    extra = found.extra
    size, spread, icc = extra["group_size_mean"], extra["group_size_cv"], extra["icc_anova"]
    wider = [tu.power(0.3, found.n, cluster_size=size, icc=icc, cluster_size_cv=cv).design_effect for cv in (0.0, spread)]
    return {"estimate": icc, "n": found.n, "n_clusters": found.n_clusters, "extra.msb": extra["mean_square_between"],
            "extra.msw": extra["mean_square_within"], "extra.n0": extra["group_size_anova"], "extra.mean_cluster_size": size,
            "extra.cv_cluster_size": spread, "extra.deff_equal": wider[0], "extra.deff_cv": wider[1]}


LIKELIHOOD = {"REML": "extra.reml_loglik", "ML": "extra.ml_loglik"}
FITS = {
    "thornton/lmer_village": (village, "REML"),
    "btheb/lmer_intercept": (months, "REML"),
    "btheb/lmer_intercept_ml": (lambda: months("ML"), "ML"),
    "star_k/lmer_school": (schools, "REML"),
    "star_k/lmer_school_ml": (lambda: schools(("aide", "girl", "free_lunch"), "ML"), "ML"),
}
CASES = [
    *(Case(id=key, call=call, rtol=ITERATIVE) for key, (call, _) in FITS.items()),
    *(Case(id=key, call=lambda call=call, criterion=criterion: {**parts(found := call()), LIKELIHOOD[criterion]: found.extra["loglik"]},
           fields=(*(name for name in VARIANCES if name.removeprefix("extra.") in entries()[key]["extra"]), LIKELIHOOD[criterion]), rtol=1e-4,
           note="variance components: R's optimiser stops on a flat top") for key, (call, criterion) in FITS.items()),
    *(Case(id=key, call=lambda key=key, call=call: fixed(key, call().extra), rtol=ITERATIVE,
           fields=tuple(fixed_fields(key))) for key, (call, _) in FITS.items() if "fixef" in entries()[key]["extra"]),
    Case(id="thornton/icc_anova", call=lambda: anova(village()),
         fields=("estimate", "n", "n_clusters", *(f"extra.{name}" for name in (
             "msb", "msw", "n0", "mean_cluster_size", "cv_cluster_size", "deff_equal", "deff_cv")))),
]


def parametrisation():
    """R's coefficients, with month 8 as base, as combinations of ours, which has a level and an effect a month."""
    rows = {"(Intercept)": {"8": 1}, "bdi_pre": {"bdi_pre": 1}, "treat": {"treatment:8": 1}}
    for month in (2, 4, 6):
        rows[f"fmonth{month}"] = {str(month): 1, "8": -1}
        rows[f"treat:fmonth{month}"] = {f"treatment:{month}": 1, "treatment:8": -1}
    return rows


def repeated():
    data = frame("btheb").melt(["id", "treat", "bdi_pre"], [f"bdi_{m}m" for m in (2, 4, 6, 8)], "wave", "bdi").dropna(subset="bdi")
    data["month"] = data.wave.str.extract(r"(\d)").astype(int)
    found = tu.repeated_measures(data, "bdi", tu.Design("treat", 0), person="id", time="month", covariates=["bdi_pre"], df="residual")
    eight, beta = found["8"], reference("btheb/mmrm_8m", "extra.beta")
    main = {name: getattr(eight, {"ci_low": "conf_low", "ci_high": "conf_high"}.get(name, name)) for name in MAIN}
    value, square = np.array(list(eight.extra["coefficients"].values())), np.array(eight.extra["coefficient_covariance"])
    rows = {name: np.array([parts.get(own, 0.0) for own in eight.extra["coefficients"]]) for name, parts in parametrisation().items()}
    assert set(rows) == set(beta)
    whole = {f"extra.beta.{name}": row @ value for name, row in rows.items()}
    whole |= {f"extra.se.{name}": np.sqrt(row @ square @ row) for name, row in rows.items()}
    return {**main, **whole, "extra.cov_months_2_4_6_8": eight.extra["covariance"], "n": sum(one.n for one in found), "n_clusters": eight.n_clusters,
            "extra.reml_loglik": eight.extra["reml_log_likelihood"], "extra.p_normal": p_value(eight.statistic, math.inf)}


CASES.append(Case(
    id="btheb/mmrm_8m", call=repeated, rtol=ITERATIVE,
    fields=(*MAIN, "n", "n_clusters", "extra.reml_loglik", "extra.p_normal", *(f"extra.{what}.{name}" for what in ("beta", "se")
                                                                               for name in entries()["btheb/mmrm_8m"]["extra"]["beta"])),
))
CASES.append(Case(id="btheb/mmrm_8m", call=repeated, rtol=1e-4, fields=("extra.cov_months_2_4_6_8",),
                  note="covariances: R's optimiser stops on a flat top"))


def kenward_roger(fit):
    found = fit(df="kenward_roger")
    return {"extra.kr_std_error": found.std_error, "extra.kr_df": found.df, "extra.kr_p": found.p_value}


CASES += [
    Case(id=key, call=lambda fit=fit: kenward_roger(fit), fields=("extra.kr_std_error", "extra.kr_df", "extra.kr_p"), rtol=1e-5,
         note="Kenward and Roger at R's variances, which stop on a flat top")
    for key, fit in (("thornton/lmer_village", village), ("btheb/lmer_intercept", months))
]
NOT_OURS: dict[str, str] = {}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.id}-{case.fields[0]}")
def test_fixed_effects(case):
    check(case)


@pytest.mark.parametrize("key", FITS)
def test_variances_and_likelihood(key):
    call, criterion = FITS[key]
    found = call()
    fields = tuple(name for name in VARIANCES if name.removeprefix("extra.") in entries()[key]["extra"])
    check(Case(id=key, call=lambda: parts(found), fields=fields, rtol=1e-4))
    assert found.extra["loglik"] == pytest.approx(reference(key, LIKELIHOOD[criterion]), rel=1e-10)


def test_every_entry_is_accounted_for():
    assert {case.id for case in CASES} | set(NOT_OURS) == {key for key, entry in entries().items() if entry["family"] == "mixed_model"}
