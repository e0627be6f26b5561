"""Power by formula beside power by simulation and beside R, written to `docs/evidence/power.md`.

Run from the repository: ``python tests/simulation/power.py [TRIALS]`` (``make simulate`` does). Seeds are fixed, so every run gives the same page.
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import takeup as tu
from takeup.design.family_power import family_power

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "evidence" / "power.md"
VALUES = HERE.parent / "parity" / "values" / "power.json"
TRIALS = 4000
BAND = 3.0
"""Monte-Carlo standard errors within which simulation and formula agree; of some twenty comparisons one beyond two is chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A study: its size, its effect, what the formula is told and how it is drawn.

    `expected`: why simulation and formula may part, where the formula leaves something out
    """

    name: str
    n: int
    effect: float
    study: dict[str, Any] = field(default_factory=dict)
    design: dict[str, Any] = field(default_factory=dict)
    method: str = "ancova"
    simulated: dict[str, Any] = field(default_factory=dict)
    expected: str = ""


CLUSTERS = {"draw": "clustered", "clusters": "cluster"}
NESTED = {"nested_in": "provider"}
CASES = (
    Case(name="individuals, 64 an arm", n=128, effect=0.5),
    Case(name="individuals, 12 an arm", n=24, effect=1.2),
    Case(name="three in ten treated", n=200, effect=0.45, study={"treated_share": 0.3}),
    Case(name="one-sided", n=100, effect=0.5, study={"alternative": "greater"}),
    Case(name="level of one of four outcomes (Bonferroni)", n=180, effect=0.5, study={"comparisons": 4}),
    Case(name="baseline, correlation 0.6", n=120, effect=0.42, study={"correlation": 0.6}),
    Case(name="covariates explain 40 %", n=120, effect=0.4, study={"r2": 0.4}),
    Case(name="a fifth lost", n=160, effect=0.5, study={"attrition": 0.2}),
    Case(name="blocks of ten hold 30 % of the variance", n=150, effect=0.4, study={"block_r2": 0.3}, design={"draw": "blocked", "blocks": "block"}),
    Case(name="30 clusters of 20, ICC 0.05", n=600, effect=0.35, study={"cluster_size": 20, "icc": 0.05}, design=CLUSTERS),
    Case(name="10 clusters of 30, ICC 0.05", n=300, effect=0.6, study={"cluster_size": 30, "icc": 0.05}, design=CLUSTERS),
    Case(name="40 clusters of unequal size (CV 0.5), ICC 0.05", n=800, effect=0.28, study={"cluster_size": 20, "icc": 0.05, "cluster_size_cv": 0.5},
         design=CLUSTERS, method="difference_in_means",
         expected="Satterthwaite's degrees of freedom fall with unequal sizes; the formula keeps clusters - 2"),
    Case(name="24 providers of 10 in the treated arm, ICC 0.1", n=480, effect=0.32, study={"provider_size": 10, "provider_icc": 0.1}, design=NESTED),
    Case(name="5 providers of 13 in the treated arm, ICC 0.05", n=130, effect=0.6, study={"provider_size": 13, "provider_icc": 0.05}, design=NESTED),
    Case(name="4 providers of 10, one in three treated, a fifth lost, ICC 0.05", n=120, effect=0.8, design=NESTED,
         study={"provider_size": 10, "provider_icc": 0.05, "treated_share": 1 / 3, "attrition": 0.2}),
    Case(name="6 providers of 10, baseline with correlation 0.6, ICC 0.05", n=120, effect=0.5, design=NESTED,
         study={"provider_size": 10, "provider_icc": 0.05, "correlation": 0.6}),
    Case(name="6 providers of 10, ICC 0.2, one-sided", n=120, effect=0.6, design=NESTED,
         study={"provider_size": 10, "provider_icc": 0.2, "alternative": "greater"}),
    Case(name="six in ten take it up (effect on compliers)", n=400, effect=0.5, study={"takeup": 0.6}, design={"received": "received"}, method="cace",
         expected="the formula divides by take-up as known; 2SLS also estimates it, and compliance mixes the effect into the spread"),
    Case(name="rates 30 % and 45 %", n=330, effect=0.15, study={"control_rate": 0.3}, method="difference_in_means"),
)


HEAD = """# Power: formula, simulation, R

Made by `tests/simulation/power.py` (`make simulate`); do not edit.

## Simulated and analytic

Each study was drawn, measured and analysed {trials:,} times by the package's own draw and estimators; the formula is `tu.power`. The last column but
one is the difference in Monte-Carlo standard errors; within {band:g} they agree. Where the formula leaves something out, the last column says what.

| study | formula | simulated | Monte-Carlo error | difference | |
| --- | ---: | ---: | ---: | ---: | --- |
"""
AGAINST_R = """
## Against R and published formulas

R counts one tail of a two-sided t test unless `strict = TRUE`; ours is asked the same. The tests (`tests/parity/test_power.py`) demand six digits and
more.

| R | R's answer | takeup | relative difference |
| --- | ---: | ---: | ---: |
"""


def formula(case: Case) -> float:
    """Power by formula."""
    return tu.power(case.effect, case.n, **case.study).power


def by_simulation(case: Case, trials: int) -> tuple[float, float]:
    """Power of as many simulated trials, and its Monte-Carlo standard error."""
    design = tu.Design("arm", "control", **case.design)
    study = {name: value for name, value in case.study.items() if name != "comparisons"}
    alpha = 0.05 / case.study.get("comparisons", 1)
    found = tu.simulate_power(design, case.effect, case.n, method=case.method, simulations=trials, seed=20191130, alpha=alpha, **study)
    return found.power, found.mc_error


def waves(trials: int, *, n: int, effect: float, c: float, pre: int, post: int) -> float:
    """Trials with several waves of equal correlation: the mean of the later ones regressed on arm and the mean of the earlier ones, t test."""
    from scipy.special import stdtr

    rng = np.random.default_rng([1, n, pre, post])
    treated = np.repeat([0.0, 1.0], n // 2)
    shared = math.sqrt(c) * rng.standard_normal((trials, n, 1))
    y = shared + math.sqrt(1 - c) * rng.standard_normal((trials, n, pre + post))
    later = y[:, :, pre:].mean(axis=2) + effect * treated
    x = np.stack([np.ones((trials, n)), np.broadcast_to(treated, (trials, n)), *([y[:, :, :pre].mean(axis=2)] if pre else [])], axis=2)
    gram = np.linalg.inv(x.transpose(0, 2, 1) @ x)
    beta = (gram @ (x.transpose(0, 2, 1) @ later[..., None]))[..., 0]
    rest = later - (x @ beta[..., None])[..., 0]
    df = n - x.shape[2]
    t = beta[:, 1] / np.sqrt((rest**2).sum(axis=1) / df * gram[:, 1, 1])
    return float((2 * stdtr(df, -np.abs(t)) <= 0.05).mean())


def families(trials: int, *, n: int, effects: tuple[float, ...], rho: float) -> dict[str, tuple[float, float]]:
    """Trials with correlated outcomes, each tested by Welch's t, corrected by Holm: any and all found; the formula's beside them."""
    from scipy.special import stdtr

    rng = np.random.default_rng([2, n])
    k, half = len(effects), n // 2
    shared = rng.standard_normal((trials, n, 1))
    y = math.sqrt(rho) * shared + math.sqrt(1 - rho) * rng.standard_normal((trials, n, k))
    y[:, half:] += np.array(effects)
    gap = y[:, half:].mean(axis=1) - y[:, :half].mean(axis=1)
    error = np.sqrt((y[:, half:].var(axis=1, ddof=1) + y[:, :half].var(axis=1, ddof=1)) / half)
    p = 2 * stdtr(n - 2, -np.abs(gap / error))
    found = np.array([tu.adjust(row, "holm") for row in p]) <= 0.05
    shifts = [effect / math.sqrt(4.0 / n) for effect in effects]
    told = family_power(shifts, correlation=rho, method="holm", draws=100_000)
    return {"at least one": (told.any, float(found.any(axis=1).mean())), "all": (told.all, float(found.all(axis=1).mean()))}


def against_r() -> list[tuple[str, float, float]]:
    """R's own answers (`tests/parity/values/power.json`) beside ours."""
    entries = {item["id"]: item for item in json.loads(VALUES.read_text(encoding="utf-8"))["entries"]}
    one = {"alternative": "greater", "alpha": 0.025}
    ours = {
        "power/t_power_n64_d0.5": tu.power(0.5, 128, **one).power, "power/t_n_d0.3": tu.sample_size(0.3, **one).n / 2,
        "power/t_mde_n100_p0.9_sd2": tu.mde(200, sd=2.0, power=0.9, **one).effect,
        "power/paired_power_n30": tu.power(0.5, 30, paired=True, **one).power,
        "power/t_n_one_sided": tu.sample_size(0.4, alternative="greater").n / 2, "power/prop_power": tu.power(0.12, 400, control_rate=0.5).power,
        "power/prop_n": tu.sample_size(0.1, control_rate=0.3).n / 2, "power/deff": tu.power(0.3, 400, cluster_size=20, icc=0.05).design_effect,
        "power/deff_cv": tu.power(0.3, 400, cluster_size=20, icc=0.05, cluster_size_cv=0.5).design_effect,
        "power/cluster_power_t": tu.power(0.4, 600, cluster_size=20, icc=0.05).power,
        "power/ancova_factor": tu.power(0.3, 400, correlation=0.6).variance_factor,
        "power/mckenzie": tu.power(0.3, 400, correlation=0.4, pre=1, post=3).variance_factor,
    }
    return [(entries[name]["r_call"], float(entries[name]["estimate"]), value) for name, value in ours.items()]


def row(name: str, told: float, found: float, error: float, expected: str = "") -> str:
    """A line of the table."""
    gap = (found - told) / error
    verdict = "agrees" if abs(gap) <= BAND else expected or "**differs**"
    return f"| {name} | {told:.3f} | {found:.3f} | {error:.3f} | {gap:+.1f} | {verdict} |\n"


def page(trials: int = TRIALS) -> str:
    """The whole page."""
    parts = [HEAD.format(trials=trials, band=BAND)]
    for case in CASES:
        found, error = by_simulation(case, trials)
        parts.append(row(case.name, formula(case), found, error, case.expected))
    for pre, post in ((0, 3), (1, 2), (2, 2)):
        told = tu.power(0.4, 120, correlation=0.5, pre=pre, post=post).power
        found = waves(trials, n=120, effect=0.4, c=0.5, pre=pre, post=post)
        parts.append(row(f"measured {pre} times before and {post} after, correlation 0.5", told, found, math.sqrt(found * (1 - found) / trials)))
    for what, (told, found) in families(trials, n=200, effects=(0.4, 0.4, 0.3, 0.0), rho=0.3).items():
        if what == "all":
            continue  # one of the four has no effect: finding all of them is an error, not power
        parts.append(row(f"four outcomes with Holm's correction, correlation 0.3: {what}", told, found, math.sqrt(found * (1 - found) / trials)))
    for what, (told, found) in families(trials, n=240, effects=(0.4, 0.4, 0.4), rho=0.5).items():
        parts.append(row(f"three outcomes with Holm's correction, correlation 0.5: {what}", told, found, math.sqrt(found * (1 - found) / trials)))
    parts.append(AGAINST_R)
    parts += [f"| `{call}` | {theirs:.8g} | {ours:.8g} | {_power(abs(ours / theirs - 1))} |\n" for call, theirs, ours in against_r()]
    return "".join(parts)


def _power(gap: float) -> str:
    """A difference as the next power of ten, so that the last bits of a machine don't change the page."""
    return "at most 1e-9" if gap <= 1e-9 else f"1e{math.ceil(math.log10(gap)):+03d}"


if __name__ == "__main__":
    PAGE.write_text(page(int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS), encoding="utf-8")
