"""Bounds family: Lee, Manski and Kling-Liebman as derived in R."""

import math

import numpy as np
import pytest

import takeup as tu
from parity import oracle
from parity.oracle import Case
from takeup.estimate.tails import critical

TREAT = tu.Design("treat", 0)
SMALL = tu.Design("small", 0)
INTERVAL = ("estimate", "std_error", "ci_low", "ci_high")
LEE = (*INTERVAL, "extra.trim_share", "extra.selection_rate_treated", "extra.selection_rate_control", "extra.n_kept_lower", "extra.n_kept_upper",
       "extra.bounds_fractional", "extra.im_critical", "extra.union_ci_low", "extra.union_ci_high", "extra.n_selected_trim_arm",
       "extra.quantile_upper_cut", "extra.quantile_lower_cut", "extra.var_trim_share", "extra.se_population_variance",
       "extra.naive_difference_selected")
# R solves for Imbens and Manski's critical value to 1e-14; its printed value is right to 1e-11, below the tolerance of 1e-8


def nsw(name="re78"):
    frame = oracle.frame("nsw_dw").assign(employed78=lambda one: (one["re78"] > 0).astype(float))
    if name == "selected":
        return frame.assign(y=frame["re78"].where(frame["re78"] > 0))
    if name == "log":
        return frame.assign(y=np.log(frame["re78"].where(frame["re78"] > 0)))
    return frame.assign(y=frame[name].mask(frame["id"] % 9 == 0))


def star():
    frame = oracle.frame("star_k").dropna(subset=["readk", "mathk", "girl", "white_asian", "free_lunch"])
    return frame[frame["aide"] == 0].assign(y=lambda one: one["read1"])


def btheb(wave):
    frame = oracle.frame("btheb")
    return frame.assign(y=frame[f"bdi_{wave}"])


def toenail(visit):
    frame = oracle.frame("toenail")
    wide = frame.pivot_table(index=["patient", "treat"], columns="visit", values="moderate_severe").reset_index()
    return wide.assign(y=wide[visit])


def fields(found):
    return {
        "estimate": (found.lower, found.upper), "std_error": (found.std_error_lower, found.std_error_upper), "ci_low": found.conf_low,
        "ci_high": found.conf_high, "extra.trim_share": found.trimmed_share, "extra.selection_rate_treated": found.extra.get("response_treated"),
        "extra.selection_rate_control": found.extra.get("response_control"), "extra.n_kept_lower": found.extra.get("kept_lower"),
        "extra.n_kept_upper": found.extra.get("kept_upper"), "extra.bounds_fractional": found.extra.get("fractional"),
        "extra.missing_share_treated": found.extra.get("missing_share_treated"),
        "extra.missing_share_control": found.extra.get("missing_share_control"), "n": found.n, "extra.im_critical": found.extra.get("im_critical"),
        "extra.union_ci_low": found.lower - critical(0.95, math.inf) * found.std_error_lower,
        "extra.union_ci_high": found.upper + critical(0.95, math.inf) * found.std_error_upper,
    }


def trimmed(found):
    """What bounds that trim also say: the cuts are those of the trimmed arm, from its top and from its bottom."""
    extra = found.extra
    top, bottom = ("cut_upper", "cut_lower") if found.trimmed_arm == "control" else ("cut_lower", "cut_upper")
    return {**fields(found), "extra.n_selected_trim_arm": extra["n_responded_trimmed"], "extra.quantile_upper_cut": extra[top],
            "extra.quantile_lower_cut": extra[bottom], "extra.var_trim_share": extra["trimmed_share_std_error"] ** 2,
            "extra.se_population_variance": extra["std_error_population"], "extra.naive_difference_selected": extra["observed_difference"]}


def in_cells():
    found = tu.lee_bounds(star(), "y", SMALL, tighten="free_lunch")
    one, none = (next(cell for label, cell in found.extra["cells"].items() if float(label) == value) for value in (1, 0))
    return {**fields(found), "extra.weight_free_lunch": one[0], "extra.bounds_cell_1": one[1:], "extra.bounds_cell_0": none[1:]}


def lee(entry, data, design=TREAT):
    return Case(id=entry, call=lambda: trimmed(tu.lee_bounds(data(), "y", design)), fields=LEE)


def manski(entry, data, support, design=TREAT):
    def call():
        found = tu.manski_bounds(data(), "y", design, support=support)
        return {**fields(found), "extra.y_min": found.extra["support"][0], "extra.y_max": found.extra["support"][1]}

    return Case(id=entry, call=call, fields=(*INTERVAL, "extra.missing_share_treated", "extra.missing_share_control", "extra.im_critical",
                                             "extra.y_min", "extra.y_max"))


def kling(entry, data, sd, design=TREAT):
    def call():
        found = tu.kling_liebman_bounds(data(), "y", design, sd=sd)
        arms = {f"extra.arm_{what}s": [found.extra[f"observed_{what}_{arm}"] for arm in ("control", "treated")] for what in ("mean", "sd")}
        return {**fields(found), **arms, "extra.k_sd": found.extra["sd"]}

    return Case(id=entry, call=call, fields=("estimate", "std_error", "extra.arm_means", "extra.arm_sds", "extra.k_sd"),
                note="the entry has no interval; ours is Imbens and Manski's")


CASES = [
    lee("nsw_dw/lee_re78_positive", lambda: nsw("selected")),
    lee("nsw_dw/lee_log_re78", lambda: nsw("log")),
    lee("btheb/lee_8m", lambda: btheb("8m")),
    lee("btheb/lee_4m", lambda: btheb("4m")),
    lee("star_k/lee_read1", star, SMALL),
    lee("toenail/lee_6", lambda: toenail(6)),
    lee("toenail/lee_7", lambda: toenail(7)),
    Case(id="star_k/lee_tightened_free_lunch", call=in_cells, fields=("estimate", "extra.weight_free_lunch", "extra.bounds_cell_1",
                                                                      "extra.bounds_cell_0")),
    manski("nsw_dw/manski_employed", lambda: nsw("employed78"), (0, 1)),
    manski("btheb/manski_8m", lambda: btheb("8m"), (0, 63)),
    manski("star_k/manski_read1", star, (float(star()["y"].min()), float(star()["y"].max())), SMALL),
    manski("toenail/manski_6", lambda: toenail(6), (0, 1)),
    manski("toenail/manski_7", lambda: toenail(7), (0, 1)),
    *(kling(f"btheb/kling_liebman_8m_{sd}", lambda: btheb("8m"), sd) for sd in (0.1, 0.25, 0.5)),
    *(kling(f"nsw_dw/kling_liebman_{sd}", lambda: nsw("re78"), sd) for sd in (0.05, 0.25)),
    kling("star_k/kling_liebman_0.1", star, 0.1, SMALL),
    kling("toenail/kling_liebman_6", lambda: toenail(6), 0.25),
    kling("toenail/kling_liebman_7", lambda: toenail(7), 0.25),
]
NOT_OURS: dict[str, str] = {}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_bounds_agree_with_r(case):
    oracle.check(case)


def test_every_entry_of_the_family_is_accounted_for():
    family = {name for name, entry in oracle.entries().items() if entry["family"] == "bounds"}
    assert family == {case.id for case in CASES} | set(NOT_OURS)


@pytest.mark.parametrize("cell", [0, 1])
def test_each_cell_of_the_tightened_bounds_agrees(cell):
    frame = star()
    found = tu.lee_bounds(frame[frame["free_lunch"] == cell], "y", SMALL)
    assert oracle.difference((found.lower, found.upper), oracle.reference("star_k/lee_tightened_free_lunch", f"extra.bounds_cell_{cell}")) < 1e-8


@pytest.mark.parametrize(("entry", "data"), [("nsw_dw/lee_log_re78", lambda: nsw("log")), ("btheb/lee_4m", lambda: btheb("4m"))])
def test_the_trimmed_arm_agrees(entry, data):
    assert tu.lee_bounds(data(), "y", TREAT).trimmed_arm == oracle.reference(entry, "extra.trimmed_arm")
