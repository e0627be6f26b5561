"""Meta-analyses of metafor reproduced by `meta`: normal inference, Hartung-Knapp and the prediction interval of each entry.

The reference reports I2 in per cent; `extra["i2"]` is a share.
"""

from functools import cache

import numpy as np
import pytest

import takeup as tu
from parity.oracle import Case, check, entries, frame, reference
from parity.test_binary import persons

FAMILY = tuple(key for key, entry in entries().items() if entry["family"] == "meta")
ADJUSTED = ("extra.hk_std_error", "extra.hk_statistic", "extra.hk_df", "extra.hk_p_value", "extra.hk_ci_low", "extra.hk_ci_high")
SITES = ("extra.yi", "extra.vi")
SPREAD = ("extra.tau2", "extra.Q", "extra.Q_df", "extra.Q_p", "extra.I2_percent", "extra.H2", "extra.pi_low_t_km2", "extra.pi_high_t_km2")


@cache
def vaccine(scale):
    """The effect of vaccination and its variance in each trial, from one row a person: difference of risks, or log of their ratio."""
    design, ratio = tu.Design("vaccine", 0), scale == "log_rr"
    sites = [tu.binary(part, "tb", design, scale="ratio" if ratio else "difference", se_type="HC0", df="normal")
             for _, part in persons().groupby("study", sort=False)]
    if ratio:
        return np.log([one.estimate for one in sites]), np.array([one.extra["log_std_error"] ** 2 for one in sites])
    return np.array([one.estimate for one in sites]), np.array([one.std_error**2 for one in sites])


def schools():
    data = frame("star_k").assign(score=lambda d: d.readk + d.mathk).dropna(subset=["score"])
    data = data[data.aide == 0]
    design = tu.Design("small", 0)
    return [tu.difference_in_means(part, "score", design) for _, part in data.groupby("schoolidk") if part.small.nunique() == 2]


def pairs(key):
    if key.startswith("star_k"):
        return [(site.estimate, site.std_error) for site in schools()]
    y, v = vaccine("log_rr" if "log_rr" in key else "rd")
    return list(zip(y, np.sqrt(v), strict=True))


def whole(key):
    method = key.rsplit("_", 1)[1].upper()
    plain, adjusted = tu.meta(pairs(key), method=method, adjust=None), tu.meta(pairs(key), method=method)
    extra = plain.extra
    return {
        "estimate": plain.estimate, "std_error": plain.std_error, "df": plain.df, "statistic": plain.statistic, "p_value": plain.p_value,
        "ci_low": plain.conf_low, "ci_high": plain.conf_high, "n": plain.n,
        **dict(zip(ADJUSTED, (adjusted.std_error, adjusted.statistic, adjusted.df, adjusted.p_value, adjusted.conf_low, adjusted.conf_high),
                   strict=True)),
        **dict(zip(SPREAD, (extra["tau2"], extra["q"], extra["q_df"], extra["q_p"], 100 * extra["i2"], extra["h2"], extra["prediction_low"],
                            extra["prediction_high"]), strict=True)),
        **({} if key.startswith("star_k") else dict(zip(SITES, vaccine("log_rr" if "log_rr" in key else "rd"), strict=True))),
    }


MAIN = ("estimate", "std_error", "df", "statistic", "p_value", "ci_low", "ci_high", "n")
CASES = [Case(id=key, call=lambda key=key: whole(key),
              fields=(*MAIN, *ADJUSTED, *SPREAD, *(name for name in SITES if name.removeprefix("extra.") in entries()[key]["extra"])))
         for key in FAMILY]
NOT_OURS: dict[str, str] = {}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_agreement(case):
    check(case)


def test_the_published_vaccine_figures():
    """Metafor's documentation: REML -0.7145 (0.1798), tau2 0.3132; DL -0.7141 (0.1787), tau2 0.3088."""
    for method, figures in (("REML", (-0.7145, 0.1798, 0.3132)), ("DL", (-0.7141, 0.1787, 0.3088))):
        found = tu.meta(pairs("bcg/log_rr_reml"), method=method, adjust=None)
        assert (round(found.estimate, 4), round(found.std_error, 4), round(found.extra["tau2"], 4)) == figures


def test_results_and_pairs_agree():
    assert tu.meta(schools()).estimate == pytest.approx(reference("star_k/meta_school_reml", "estimate"), rel=1e-8)


def test_every_entry_is_accounted_for():
    assert {case.id for case in CASES} | set(NOT_OURS) == set(FAMILY)
