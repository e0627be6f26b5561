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
       "extra.bounds_fractional", "extra.im_critical", "extra.union_ci_low", "extra.union_ci_high")
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


def lee(entry, data, design=TREAT):
    return Case(id=entry, call=lambda: fields(tu.lee_bounds(data(), "y", design)), fields=LEE)


def manski(entry, data, support, design=TREAT):
    return Case(id=entry, call=lambda: fields(tu.manski_bounds(data(), "y", design, support=support)),
                fields=(*INTERVAL, "extra.missing_share_treated", "extra.missing_share_control", "extra.im_critical"))


def kling(entry, data, sd, design=TREAT):
    return Case(id=entry, call=lambda: fields(tu.kling_liebman_bounds(data(), "y", design, sd=sd)), fields=("estimate", "std_error"),
                note="the entry has no interval; ours is Imbens and Manski's")


CASES = [
    lee("nsw_dw/lee_re78_positive", lambda: nsw("selected")),
    lee("nsw_dw/lee_log_re78", lambda: nsw("log")),
    lee("btheb/lee_8m", lambda: btheb("8m")),
    lee("btheb/lee_4m", lambda: btheb("4m")),
    lee("star_k/lee_read1", star, SMALL),
    lee("toenail/lee_6", lambda: toenail(6)),
    lee("toenail/lee_7", lambda: toenail(7)),
    Case(id="star_k/lee_tightened_free_lunch", call=lambda: fields(tu.lee_bounds(star(), "y", SMALL, tighten="free_lunch")), fields=("estimate",)),
    manski("nsw_dw/manski_employed", lambda: nsw("employed78"), (0, 1)),
    manski("btheb/manski_8m", lambda: btheb("8m"), (0, 63)),
    manski("star_k/manski_read1", star, (412, 651), SMALL),
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
