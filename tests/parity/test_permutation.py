"""Permutation tests and exact intervals against full enumerations in R (own code, coin, exactRankTests)."""

import numpy as np
import pytest

import takeup as tu
from parity.oracle import Case, check, entries, frame

FIRST = {"nsw_dw": (7, 7), "jobs2": (7, 6)}
BTHEB = (2, 4, 6, 9, 10, 15, 7, 8, 11, 14, 16, 19)
VILLAGES = (30, 31, 32, 33, 42, 50, 58, 64, 74, 75, 76, 77, 87, 90, 102, 103, 150, 151, 152, 153, 160, 161, 162)
SCHOOLS = (6, 10, 14, 26, 31, 38, 52, 65, 67, 69)


def first_rows(name):
    """The first rows of each arm, treated first, as the entries' filters say."""
    data = frame(name)
    treated, control = FIRST[name]
    return np.concatenate([data.index[data["treat"] == 1][:treated], data.index[data["treat"] == 0][:control]]), data


def small(name):
    rows, data = first_rows(name)
    return data.loc[rows]


def btheb():
    return frame("btheb").set_index("id").loc[list(BTHEB)].reset_index()


def blocked():
    data = frame("nsw_dw")
    rows = [data.index[(data["black"] == black) & (data["treat"] == treat)][:4] for black in (0, 1) for treat in (1, 0)]
    return data.loc[np.concatenate(rows)]


def villages():
    data = frame("thornton").merge(frame("thornton_synth"), on="id").set_index("id").loc[list(VILLAGES)]
    return data.dropna(subset=["any", "got", "villnum"])


def schools():
    data = frame("star_k")
    data["score"] = data["readk"] + data["mathk"]
    data = data[data["score"].notna() & (data["aide"] == 0) & data["schoolidk"].isin(SCHOOLS)]
    return data.assign(zc=data["schoolidk"] % 2)


def school_means():
    return schools().groupby("schoolidk", as_index=False)[["score", "zc"]].mean()


def inches():
    return maize().assign(height=lambda data: data["height"] / 8)


def maize():
    data = frame("zeamays")
    long = data.melt(id_vars=["pair"], value_vars=["cross", "self"], var_name="arm", value_name="height")
    return long.assign(height=long["height"] * 8)  # eighths of an inch: whole numbers, so that ties are ties


TREAT = tu.Design("treat", 0)
BLACK = tu.Design("treat", 0, draw="blocked", blocks="black")
VILLAGE = tu.Design("any", 0, draw="blocked", blocks="villnum")
SCHOOL = tu.Design("zc", 0, draw="clustered", clusters="schoolidk")
PAIR = tu.Design("arm", "self", draw="pairs", blocks="pair")


def compared(data, outcome, design, method="difference_in_means", statistic="estimate", **more):
    """Every field of an entry: one pass for each way of counting a tail, all of them exact."""

    def run(**how):
        return tu.randomization_test(data, outcome, design, method=method, statistic=statistic, draws=200_000, **more, **how)

    absolute, doubled = run(two_sided="absolute"), run()
    greater, less = run(alternative="greater"), run(alternative="less")
    assert absolute.exact
    count = absolute.draws
    return {"n": absolute.n, "n_clusters": absolute.n_clusters, "extra.perm_mean": absolute.null_mean, "extra.perm_sd": absolute.null_sd,
            "estimate": absolute.statistic, "statistic": absolute.statistic, "p_value": absolute.p_value, "extra.p_two_sided": absolute.p_value,
            "extra.n_perm": count,
            "extra.p_two_sided_doubled": doubled.p_value,
            "extra.p_greater": greater.p_value, "extra.p_less": less.p_value, "extra.count_abs": round(absolute.p_value * count),
            "extra.count_ge": round(greater.p_value * count), "extra.count_le": round(less.p_value * count)}


FIELDS = ("estimate", "statistic", "p_value", "extra.p_two_sided", "extra.n_perm", "extra.p_two_sided_doubled", "extra.p_greater", "extra.p_less",
          "extra.count_abs",
          "extra.count_ge", "extra.count_le", "extra.perm_mean", "extra.perm_sd")
EDGES = ("p_inside_low", "p_outside_low", "p_inside_high", "p_outside_high")


def tails(entry, call):
    return Case(id=entry, call=call, fields=FIELDS)


def limits(entry, data, outcome, design, turned=dict, **more):
    def test(**how):
        return tu.randomization_test(data(), outcome, design, method="difference_in_means", statistic="estimate", two_sided="absolute", draws=200_000,
                                     **how)

    def call():
        """The p-value is a step function of the hypothesised effect: its values just inside and just outside the limits."""
        found = test(interval=True)
        away = 1e-6 * (found.conf_high - found.conf_low)
        places = (found.conf_low + away, found.conf_low - away, found.conf_high - away, found.conf_high + away)
        edges = {f"extra.{name}": test(null=null).p_value for name, null in zip(EDGES, places, strict=True)}
        return turned({"estimate": found.estimate, "ci_low": found.conf_low, "ci_high": found.conf_high, "n": found.n,
                       "n_clusters": found.n_clusters, "extra.n_perm": found.draws, **edges})

    held = tuple(f"extra.{name}" for name in ("n_perm", *EDGES) if name in entries()[entry]["extra"])
    return Case(id=entry, call=call, fields=("estimate", "ci_low", "ci_high", *held), **more)


def in_inches(found):
    return {**found, "estimate": found["estimate"] / 8, "statistic": 15 * found["statistic"], "n": found["n"] // 2,
            "extra.perm_mean": 15 * found["extra.perm_mean"], "extra.perm_sd": 15 * found["extra.perm_sd"]}


def in_pairs(found):
    return {**found, "n": found["n"] // 2}


def of_schools(found):
    """The entry counts pupils behind the means, our rows are schools."""
    return {**found, "n": len(schools()), "n_clusters": found["n"]}


CASES = [
    tails("btheb/perm_welch_exact12", lambda: compared(btheb(), "bdi_2m", TREAT, statistic="studentized")),
    tails("btheb/perm_dim_exact12", lambda: compared(btheb(), "bdi_2m", TREAT)),
    tails("btheb/perm_ancova_t_exact12", lambda: compared(btheb(), "bdi_2m", TREAT, "ancova", "studentized", covariates=["bdi_pre"])),
    tails("jobs2/perm_dim_exact13", lambda: compared(small("jobs2"), "depress2_x990", TREAT)),
    tails("jobs2/perm_ols_hc2_exact13", lambda: compared(small("jobs2"), "depress2_x990", TREAT, "ancova", "studentized", covariates=["depress1"])),
    limits("jobs2/perm_ci_exact13", lambda: small("jobs2"), "depress2_x990", TREAT),
    tails("nsw_dw/perm_dim_exact14", lambda: compared(small("nsw_dw"), "re78", TREAT)),
    tails("nsw_dw/perm_welch_exact14", lambda: compared(small("nsw_dw"), "re78", TREAT, statistic="studentized")),
    limits("nsw_dw/perm_ci_exact14", lambda: small("nsw_dw"), "re78", TREAT),
    tails("nsw_dw/perm_blocked_exact16", lambda: compared(blocked(), "re78", BLACK)),
    tails("nsw_dw/perm_blocked_t_exact16", lambda: compared(blocked(), "re78", BLACK, statistic="studentized")),
    limits("nsw_dw/perm_blocked_ci_exact16", blocked, "re78", BLACK),
    tails("thornton/perm_blocked_exact", lambda: compared(villages(), "y_synth", VILLAGE)),
    tails("thornton/perm_blocked_t_exact", lambda: compared(villages(), "y_synth", VILLAGE, statistic="studentized")),
    tails("star_k/perm_cluster_dim_exact", lambda: compared(schools(), "score", SCHOOL)),
    tails("star_k/perm_cluster_mean_exact", lambda: of_schools(compared(school_means(), "score", tu.Design("zc", 0)))),
    limits("star_k/perm_cluster_ci", schools, "score", SCHOOL),
    Case(id="zeamays/sign_flip_exact", fields=FIELDS, call=lambda: in_inches(compared(maize(), "height", PAIR)),
         note="The entry's statistic is the sum over the 15 pairs, ours the mean difference."),
    Case(id="zeamays/sign_flip_t_exact", call=lambda: in_pairs(compared(maize(), "height", PAIR, statistic="studentized")), fields=FIELDS,
         note="n of the entry are pairs, ours plants"),
    limits("zeamays/sign_flip_ci", inches, "height", PAIR, in_pairs, note="n of the entry are pairs, ours plants"),
]

def ranks(data, outcome, design=TREAT, **options):
    found = tu.rank_test(data, outcome, design, **options)
    return {"df": found.df, "statistic": found.statistic, "p_value": found.p_value, "n": found.n, "extra.W": found.extra.get("mann_whitney_u")}


def exact_ranks():
    data = frame("btheb").dropna(subset="bdi_2m")
    return {**ranks(data, "bdi_2m", exact=True), "extra.p_asymptotic": ranks(data, "bdi_2m")["p_value"]}


def four_blocks():
    return frame("nsw_dw").assign(block=lambda data: 2 * data["black"] + data["nodegree"])


NORMAL = ("df", "statistic", "p_value", "n")
CASES += [
    Case(id="btheb/wilcoxon_rank_sum_2m", call=exact_ranks, fields=("statistic", "p_value", "n", "extra.p_asymptotic", "extra.W")),
    Case(id="jobs2/coin_stratified_sex", fields=NORMAL,
         call=lambda: ranks(frame("jobs2"), "depress2", tu.Design("treat", 0, draw="blocked", blocks="sex"), scores="values")),
    Case(id="nsw_dw/coin_asymptotic", fields=NORMAL, call=lambda: ranks(frame("nsw_dw"), "re78", scores="values")),
    Case(id="nsw_dw/coin_stratified_asymptotic", fields=NORMAL,
         call=lambda: ranks(four_blocks(), "re78", tu.Design("treat", 0, draw="blocked", blocks="block"), scores="values")),
    Case(id="nsw_dw/coin_wilcoxon_asymptotic", fields=NORMAL, call=lambda: ranks(frame("nsw_dw"), "re78")),
]
NOT_OURS: dict[str, str] = {}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_reference_is_reproduced(case):
    check(case)


def test_every_entry_is_here():
    family = {key for key, entry in entries().items() if entry["family"] == "permutation"}
    assert {case.id for case in CASES} | set(NOT_OURS) == family
    assert not {case.id for case in CASES} & set(NOT_OURS)
