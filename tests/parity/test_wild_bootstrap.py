"""The wild cluster bootstrap against all sign vectors in R, each with its own regression."""

import pytest

import takeup as tu
from parity.oracle import ITERATIVE, Case, check, entries, frame
from takeup.estimate.tails import p_value

EIGHT = (2, 3, 5, 6, 7, 8, 9, 10)
TEN = (2, 3, 5, 6, 8, 9, 10, 11, 12, 14)
VILLAGE = tu.Design("any", 0, clusters="villnum")


def villages(numbers):
    data = frame("thornton").dropna(subset=["any", "got", "villnum"]).merge(frame("thornton_synth"), on="id", how="left")
    return data[data["villnum"].isin(numbers)]


def compared(numbers, outcome, **more):
    found = tu.wild_bootstrap(villages(numbers), outcome, VILLAGE, draws=2000, interval=False, **more)
    assert found.exact
    return {"estimate": found.extra["estimate"], "std_error": found.extra["std_error"], "statistic": found.statistic, "p_value": found.p_value,
            "df": found.df, "n": found.n, "n_clusters": found.n_clusters, "extra.n_draws": found.draws,
            "extra.count_abs_ge": round(found.p_value * found.draws), "extra.p_equal_tail": found.extra["p_equal_tail"],
            "extra.p_value_t_G_minus_1": p_value(found.statistic, found.df), "extra.p_value_strict": found.extra["p_strict"],
            "extra.count_abs_gt": round(found.extra["p_strict"] * found.draws), "extra.boot_t_sd": found.extra["null_sd"]}


def inverted():
    found = tu.wild_bootstrap(villages(EIGHT), "got", VILLAGE)
    return {"estimate": found.extra["estimate"], "ci_low": found.conf_low, "ci_high": found.conf_high, "n": found.n, "n_clusters": found.n_clusters}


FIELDS = ("estimate", "std_error", "statistic", "p_value", "df", "n", "n_clusters", "extra.n_draws", "extra.count_abs_ge", "extra.p_equal_tail",
          "extra.p_value_t_G_minus_1", "extra.p_value_strict", "extra.count_abs_gt", "extra.boot_t_sd")


def case(entry, numbers, outcome, **more):
    return Case(id=f"thornton/{entry}", call=lambda: compared(numbers, outcome, **more), fields=FIELDS)


CASES = [
    case("wcu_8", EIGHT, "got", restricted=False),
    case("wcr_8", EIGHT, "got"), case("wcr_8_cov", EIGHT, "got", covariates=["distvct"]), case("wcr_8_y", EIGHT, "y_synth"),
    case("wcr_10", TEN, "got"), case("wcr_10_y_cov", TEN, "y_synth", covariates=["distvct"]), case("wcr_10_hiv", TEN, "hiv2004"),
    *(case(f"wcr_8_null_{null}", EIGHT, "got", null=null) for null in (0.4, 0.45, 0.5, 0.55, 0.6)),
    Case(id="thornton/wcr_8_ci", call=inverted, fields=("estimate", "ci_low", "ci_high", "n", "n_clusters"), rtol=ITERATIVE,
         note="The entry's limits were found by bisection to 1e-6."),
]
NOT_OURS: dict[str, str] = {}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_reference_is_reproduced(case):
    check(case)


def test_every_entry_is_here():
    family = {key for key, entry in entries().items() if entry["family"] == "wild_bootstrap"}
    assert {case.id for case in CASES} | set(NOT_OURS) == family
    assert not {case.id for case in CASES} & set(NOT_OURS)
