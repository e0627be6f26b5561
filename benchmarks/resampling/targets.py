"""The jobs that are timed, who else does them, and the ratio that is asked for (the targets of the project's speed budget)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import data
import peers
import peers_r
from race import Contestant

import takeup as tu

if TYPE_CHECKING:
    from collections.abc import Callable

DRAWS = 9_999
NO_SHARE = "draws each unit by a fair coin whatever the shares and strata; p can be 0"
NO_CLUSTER = "draws rows, not clusters"
NO_BOUND = "ours takes Lee's formula for the standard errors, so it needs no resamples"


@dataclass(frozen=True, slots=True)
class Job:
    """One row of targets: what is done, by whom, and how many times faster than each ours must be."""

    number: str
    title: str
    data: Callable[[], Any]
    ours: Callable[[Any, int], object]
    peers: tuple[Contestant, ...]
    targets: dict[str, float]
    replicates: int = DRAWS


def hc2(material, draws):
    frame, outcomes, covariates = material
    return tu.randomization_test(frame, outcomes, data.UNITS, covariates=covariates, draws=draws)


def hc2_stepdown(material, draws):
    frame, outcomes, covariates = material
    return tu.stepdown(frame, outcomes, data.UNITS, covariates=covariates, draws=draws)


def means(material, draws):
    frame, outcomes, _ = material
    return tu.randomization_test(frame, outcomes, data.UNITS, method="difference_in_means", statistic="estimate", draws=draws)


def means_in_blocks(material, draws):
    frame, outcomes, _ = material
    return tu.randomization_test(frame, outcomes, data.BLOCKS, method="difference_in_means", statistic="estimate", draws=draws)


def imputed(method):
    return lambda frame, m: tu.impute(frame, data.UNITS, columns=[name for name in frame if name != "arm"], m=m, iterations=10, method=method)


def lee(frame, _):
    return tu.lee_bounds(frame, "y", data.UNITS)


def coin():
    return Contestant("R coin", peers_r.coin, clocked=True, package="coin")


def mice(method):
    return Contestant(f"R mice, {method}", peers_r.mice(method), clocked=True, package="mice", remark="one model for both arms")


def cr1(material, draws):
    frame, outcomes, covariates = material
    return tu.randomization_test(frame, outcomes, data.CLUSTERS, covariates=covariates, draws=draws)


def wild(material, draws):
    frame, outcomes, covariates = material
    return [tu.wild_bootstrap(frame, name, data.CLUSTERS, covariates=covariates, draws=draws, interval=False) for name in outcomes]


def wild_stepdown(material, draws):
    frame, outcomes, covariates = material
    return tu.stepdown(frame, outcomes, data.CLUSTERS, covariates=covariates, draws=draws, resampling="wild")


def whole_trial(material, draws):
    """A trial like MISSION: 72 regressions a draw, intervals of the 12 outcomes and step-down over them."""
    frame, outcomes, covariates = material
    main = [name for name in outcomes if " in " not in name]
    own, groups = {name: covariates[name] for name in main}, {name: covariates[name] for name in outcomes if name not in main}
    return (tu.randomization_test(frame, list(groups), data.UNITS, covariates=groups, draws=draws),
            tu.randomization_test(frame, main, data.UNITS, covariates=own, draws=draws, interval=True, family=True))


def ritest_coefficient(probe):
    return Contestant("pyfixest ritest, coefficient", peers.fixest_coefficient, probe, NO_SHARE)


def ritest_t(probe):
    return Contestant("pyfixest ritest, t", peers.fixest_t, probe, NO_SHARE)


def numpy_loop(probe=50):
    return Contestant("NumPy loop", peers.numpy_hc2, probe)


def statsmodels_loop(probe=8):
    return Contestant("statsmodels loop", peers.statsmodels_hc2, probe)


def jobs() -> tuple[Job, ...]:
    """All of them, in the order of the targets."""
    return (
        Job("1", "RI HC2 + step-down, n = 200, 1 outcome", lambda: data.units(200, 1), hc2_stepdown,
            (ritest_coefficient(300), ritest_t(12), statsmodels_loop(), numpy_loop()),
            {"pyfixest ritest, coefficient": 15, "pyfixest ritest, t": 2000, "statsmodels loop": 80, "NumPy loop": 10}),
        Job("2", "RI HC2 + step-down, n = 200, 12 outcomes", lambda: data.units(200, 12), hc2_stepdown,
            (ritest_coefficient(300), ritest_t(3), statsmodels_loop(), numpy_loop()),
            {"pyfixest ritest, coefficient": 150, "pyfixest ritest, t": 20_000, "statsmodels loop": 400, "NumPy loop": 10}),
        Job("3", "RI HC2 + step-down, n = 1,000, 1 outcome", lambda: data.units(1000, 1), hc2_stepdown,
            (ritest_coefficient(300), ritest_t(12), statsmodels_loop(), numpy_loop()),
            {"pyfixest ritest, coefficient": 12, "pyfixest ritest, t": 600, "statsmodels loop": 40, "NumPy loop": 6}),
        Job("4", "RI HC2 + step-down, n = 1,000, 12 outcomes", lambda: data.units(1000, 12), hc2_stepdown,
            (ritest_coefficient(100), ritest_t(3), statsmodels_loop(4), numpy_loop()),
            {"pyfixest ritest, coefficient": 150, "pyfixest ritest, t": 5000, "statsmodels loop": 300, "NumPy loop": 6}),
        Job("5", "RI HC2, n = 10,000, 12 outcomes", lambda: data.units(10_000, 12), hc2, (ritest_t(2), numpy_loop(8)),
            {"pyfixest ritest, t": 800, "NumPy loop": 6}),
        Job("6a", "mean difference, n = 200, 1 outcome", lambda: data.units(200, 1), means,
            (Contestant("scipy permutation_test", peers.scipy_means, 500), coin()), {"scipy permutation_test": 8, "R coin": 4}),
        Job("6b", "mean difference, n = 1,000, 12 outcomes", lambda: data.units(1000, 12), means,
            (Contestant("scipy permutation_test", peers.scipy_means, 200), coin()), {"scipy permutation_test": 12, "R coin": 4}),
        Job("6c", "mean difference, n = 1,000 in blocks of 4, 12 outcomes", lambda: data.blocks(1000, 12), means_in_blocks, (coin(),), {"R coin": 5}),
        Job("7", "RI CR1, 119 villages (Thornton 2008)", data.thornton, cr1,
            (ritest_coefficient(100), ritest_t(12), Contestant("statsmodels loop", peers.statsmodels_cr1, 8),
             Contestant("NumPy loop", peers.numpy_cr1, 50)), {"pyfixest ritest, coefficient": 300, "pyfixest ritest, t": 4000}),
        Job("8a", "wild bootstrap, 12 clusters (all signs), n = 200", lambda: data.clusters(12, 200, 1), wild,
            (Contestant("pyfixest wildboottest", peers.fixest_wild),), {"pyfixest wildboottest": 150}),
        Job("8b", "wild bootstrap, 119 villages (Thornton 2008)", data.thornton, wild,
            (Contestant("pyfixest wildboottest", peers.fixest_wild),), {"pyfixest wildboottest": 25}),
        Job("8c", "wild bootstrap + step-down, 50 clusters, n = 1,000, 12 outcomes", lambda: data.clusters(50, 1000, 12), wild_stepdown,
            (Contestant("pyfixest rwolf, wild", peers.fixest_stepdown_wild),), {"pyfixest rwolf, wild": 50}),
        Job("8d", "step-down on the trial's draws, 50 clusters, n = 1,000, 12 outcomes", lambda: data.clusters(50, 1000, 12),
            lambda material, draws: tu.stepdown(material[0], material[1], data.CLUSTERS, covariates=material[2], draws=draws),
            (Contestant("pyfixest rwolf, ri", peers.fixest_stepdown_ri, 3, NO_CLUSTER),), {}),
        Job("9a", "power, clustered ANCOVA, 40 clusters of 25, by sums", lambda: (40, 25, 0.05, 0.5, 0.3), power,
            (Contestant("statsmodels loop", peers.statsmodels_power, 20),), {"statsmodels loop": 40}, 5000),
        Job("9b", "power, ANCOVA of 200 people, every row drawn", lambda: (200, 1, 0.0, 0.5, 0.3), power_rows,
            (Contestant("statsmodels loop", peers.statsmodels_power, 20),), {"statsmodels loop": 6}, 5000),
        Job("10a", "20 imputations, normal, 500 people, 8 variables", data.holes, imputed("normal"), (mice("norm"),), {"R mice, norm": 30}, 20),
        Job("10b", "20 imputations, donors, 500 people, 8 variables", data.holes, imputed("pmm"), (mice("pmm"),), {"R mice, pmm": 15}, 20),
        Job("11", "Lee bounds with interval, n = 1,000 (peers: 999 resamples)", data.attrition, lee,
            (Contestant("scipy.stats.bootstrap", peers.scipy_lee, 200, NO_BOUND), Contestant("pandas loop", peers.pandas_lee, 20, NO_BOUND)),
            {"scipy.stats.bootstrap": 2, "pandas loop": 80}, 999),
        Job("12", "a whole trial like MISSION: 72 regressions a draw, intervals, step-down", data.mission, whole_trial,
            (Contestant("NumPy loop", peers.numpy_trial, 20, "without intervals and step-down"),), {"NumPy loop": 35}),
    )


def power(study, simulations):
    groups, size, icc, correlation, effect = study
    return tu.simulate_power(data.CLUSTERS, effect, groups * size, cluster_size=size, icc=icc, correlation=correlation, simulations=simulations)


def power_rows(study, simulations):
    n, _, _, correlation, effect = study
    return tu.simulate_power(data.UNITS, effect, n, correlation=correlation, simulations=simulations)
