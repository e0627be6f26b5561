"""Power by simulation: the same draw, the same estimator and the same inference as the trial will have."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from takeup.design import Design
from takeup.design.assign import check_seed
from takeup.design.power import Power
from takeup.design.sizing import number
from takeup.errors import DesignError, Fault, InferError, collect
from takeup.infer.compare import Alternative, check_options
from takeup.infer.executor import spread
from takeup.infer.simulate import INFERENCES, Inference, Task, simulate
from takeup.infer.statistics import METHODS
from takeup.infer.trial import check_draws
from takeup.infer.worlds import Assumptions, from_frame, from_numbers
from takeup.results import FrozenMap, Provenance, ResultSet
from takeup.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from pandas import DataFrame

    from takeup.infer.randomization import Method

Floats = np.ndarray[Any, np.dtype[np.float64]]

MOST_SIMULATIONS = 10_000_000
HALVINGS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedPower(Power):
    """Power from simulated trials: the fields of `Power`, and how sure it is.

    Attributes
    ----------
    simulations : how many trials were simulated
    mc_error : Monte-Carlo standard error of `power`
    extra : mean and standard deviation of the estimates, mean standard error, share of intervals that hold the effect tested, that effect, simulated
        trials without a test, and for a detectable effect its own Monte-Carlo error
    """

    simulations: int = 0
    mc_error: float = math.nan


def simulate_power(
    plan_or_design: Any, effect: float | Sequence[float] | None = None, n: int | None = None, *, power: float = 0.80, method: Method = "ancova",
    inference: Inference = "design", simulations: int = 2_000, draws: int = 999, seed: int = 0, sd: float = 1.0, control_rate: float | None = None,
    treated_share: float = 0.5, cluster_size: float | None = None, cluster_size_cv: float = 0.0, icc: float = 0.0, provider_size: float | None = None,
    provider_icc: float = 0.0, r2: float = 0.0, block_size: int = 10, block_r2: float = 0.0, correlation: float = 0.0, takeup: float = 1.0,
    attrition: float = 0.0, alpha: float = 0.05, alternative: Alternative = "two-sided", frame: DataFrame | None = None, outcome: str | None = None,
    covariates: Sequence[str] = (), backend: Executor | None = None,
) -> Any:
    """The chance that the trial finds an effect, by drawing, measuring and analysing it many times.

    Parameters
    ----------
    plan_or_design : a `Design`, or anything with one as its `design` (a plan, a study)
    effect : in units of the outcome (for a 0/1 outcome treated rate less control rate), on those who take the programme up; several give a
        power curve; None asks for the effect that is found with the chance `power`
    n : people in both arms, where no frame is given
    method : "ancova" (blocks fixed; baseline and prognostic covariate, or `covariates`), "lin", "difference_in_means", "cace"
    inference : "design", the variance and degrees of freedom that the design chooses; or "randomization", the randomisation test with `draws`
    simulations, seed : how many trials; the same seed gives the same trials for one version of NumPy, whatever the backend
    sd, control_rate : of the outcome; a rate makes it 0/1 (correlations then hold for the normal score behind it)
    treated_share, cluster_size, cluster_size_cv, block_size : structure, where no frame is given; block_size counts units of the draw
    icc : correlation within clusters; provider_size, provider_icc : people per provider in the treated arm and their correlation
    block_r2, r2 : share of the variance between blocks, and share of the rest that a covariate explains
    correlation : with the baseline measurement, which then enters as a covariate
    takeup : share of the treated who take the programme up; attrition : share lost by chance
    alpha, alternative : of the test
    frame : the trial's own rows, with blocks and clusters and, once it is drawn, the treatment (numbers treated are kept)
    outcome : column of the frame with the outcome as it would be without the programme; with `correlation` it is the baseline of it
    covariates : columns of the frame
    backend : as in `randomization_test`

    Returns
    -------
    SimulatedPower
        A ResultSet of them for several effects, all on the same simulated trials.

    Raises
    ------
    InferError, DesignError, EstimateError
        Numbers out of range, a structure that the design doesn't have, columns that can't be used; all at once where they can be.

    Notes
    -----
    Outcomes are normal, or the frame's own. Whole clusters with at most one covariate are simulated by their sums, exactly in law: means and, by
    Bartlett's decomposition of the Wishart distribution, sums of squares, whatever the number of people. A trial whose estimate has no
    standard error counts as not finding the effect.

    Examples
    --------
    >>> import takeup as tu
    >>> school = tu.Design("arm", "control", draw="clustered", clusters="school")
    >>> found = tu.simulate_power(school, 0.4, 600, cluster_size=20, icc=0.05, simulations=500, seed=1)
    >>> 0.8 < found.power < 0.95, round(found.mc_error, 3) < 0.02
    (True, True)
    """
    check_options(method=(method, METHODS), inference=(inference, INFERENCES), alternative=(alternative, Alternative))
    design = design_of(plan_or_design)
    effects = tuple(effect) if isinstance(effect, Iterable) else (effect,)
    assumed = Assumptions(sd=sd, control_rate=control_rate, icc=icc, provider_size=provider_size, provider_icc=provider_icc, r2=r2, block_r2=block_r2,
                          correlation=correlation, takeup=takeup, attrition=attrition)
    _check(assumed, effects, simulations, alpha=alpha, power=power, treated_share=treated_share, cluster_size_cv=cluster_size_cv)
    check_draws(draws)
    check_seed(seed)
    if (frame is None) == (n is None):
        raise InferError(Fault("the number of people is given by n= or by frame=, one of them", "n"))
    if frame is None:
        if outcome is not None or covariates:
            raise InferError(Fault("outcome= and covariates= name columns of a frame, which is missing", "frame"))
        world = from_numbers(int(n or 0), design, treated_share=treated_share, cluster_size=cluster_size, cluster_size_cv=cluster_size_cv,
                             block_size=block_size, assumed=assumed, seed=seed)
    else:
        names = (covariates,) if isinstance(covariates, str) else tuple(covariates)
        world = from_frame(frame, design, treated_share=treated_share, outcome=outcome, covariates=names, assumed=assumed, seed=seed)
    task = Task.of(world, design, method=method, inference=inference, covariates=tuple(covariates), alternative=alternative, seed=seed,
                   simulations=simulations, draws=draws)
    if effects == (None,):
        return _detectable(task, power, alpha, backend)
    found = tuple(_answer(replace(task, effect=float(size)), _run(replace(task, effect=float(size)), backend), alpha) for size in effects)  # type: ignore[arg-type]
    return ResultSet(found) if isinstance(effect, Iterable) else found[0]


def design_of(thing: Any) -> Design:
    """The `Design` that is given, or that a plan or study holds."""
    if isinstance(thing, Design):
        return thing
    held = getattr(thing, "design", None)
    if isinstance(held, Design):
        return held
    if held is None or not hasattr(held, "treatment"):
        raise InferError(Fault("this is neither a design nor has one", "plan_or_design", "a Design, a plan or a study"))
    names = ("treatment", "control", "draw", "blocks", "clusters", "probability", "nested_in", "received", "weights")
    plain: dict[str, Any] = {}
    for name in names:
        value = getattr(held, name, None)
        # a plan may say table.column; the frame has the column
        plain[name] = value.split(".")[-1] if isinstance(value, str) and name not in {"control", "draw"} else value
    return Design(**plain)


def _check(assumed: Assumptions, effects: tuple[float | None, ...], simulations: int, **others: float) -> None:
    share = {"icc": assumed.icc, "provider_icc": assumed.provider_icc, "correlation": abs(assumed.correlation)}
    below = {"r2": assumed.r2, "block_r2": assumed.block_r2, "attrition": assumed.attrition}
    faults = [number(name, value, 0.0, 1.0, closed=True) for name, value in share.items()]
    faults += [number(name, value, -1e-300, 1.0) for name, value in below.items()]
    faults += [number(name, others[name], 0.0, 1.0) for name in ("alpha", "power", "treated_share")]
    faults += [number("takeup", assumed.takeup, 0.0, 1.0 + 1e-12), number("sd", assumed.sd, 0.0, math.inf),
               number("cluster_size_cv", others["cluster_size_cv"], 0.0, 10.0, closed=True)]
    faults += [number("effect", effect, -math.inf, math.inf) for effect in effects if effect is not None or len(effects) != 1]
    if assumed.control_rate is not None:
        faults.append(number("control_rate", assumed.control_rate, 0.0, 1.0, closed=True))
        faults += [Fault("takes the treated rate out of [0, 1]", "effect") for effect in effects
                   if effect is not None and not 0.0 <= assumed.control_rate + effect <= 1.0]
    if isinstance(simulations, bool) or not isinstance(simulations, int | np.integer) or not 0 < simulations <= MOST_SIMULATIONS:
        faults.append(Fault("the number of simulations is a whole number", "simulations", f"1 to {MOST_SIMULATIONS:,}"))
    collect(InferError, [fault for fault in faults if fault is not None])


def _run(task: Task, backend: Executor | None) -> Floats:
    """Estimates, standard errors, p-values and whether the interval holds the effect of assignment, shape (4, simulations)."""
    parts = spread(simulate, task, -(-task.simulations // task.sets), backend=backend, label="trials", per_item=task.sets,
                   stays=task.world.found.accept is not None)
    return np.concatenate(parts, axis=1)[:, : task.simulations]


def _answer(task: Task, found: Floats, alpha: float, **extra: float) -> SimulatedPower:
    estimate, std_error, p, covered = found
    chance = float((p <= alpha).mean())
    world = task.world
    n, treated = len(world.frame), round(float(world.found.shares[:, 1][world.found.units].sum()), 9)
    known = np.isfinite(p)
    size = float(np.nanstd(estimate, ddof=1)) if known.sum() > 1 else math.nan
    test = "randomisation test" if task.inference == "randomization" else "the design's variance and degrees of freedom"
    return SimulatedPower(
        effect=task.effect, n=float(n), power=chance, n_treated=treated, n_control=n - treated, alpha=alpha, n_whole=n,
        clusters=None if world.clusters is None else float(np.unique(world.clusters).size), simulations=task.simulations,
        mc_error=math.sqrt(chance * (1.0 - chance) / task.simulations),
        method=f"{task.simulations:,} simulated trials, {task.method}, {test}, {task.alternative}",
        reason="" if known.all() else f"{int((~known).sum()):,} trials had no test and count as not finding the effect.",
        extra=FrozenMap({"mean_estimate": float(np.nanmean(estimate)) if known.any() else math.nan, "sd_estimate": size,
                         "mean_std_error": float(np.nanmean(std_error)) if np.isfinite(std_error).any() else math.nan,
                         "coverage": float(np.nanmean(covered)) if np.isfinite(covered).any() else math.nan,
                         "effect_tested": task.target, "untested": float((~known).sum()), **extra}),
        provenance=Provenance(seed=task.seed, version=__version__),
    )


def _detectable(task: Task, power: float, alpha: float, backend: Executor | None) -> SimulatedPower:
    """The effect found with the chance asked for: bisection on the same simulated trials, which makes power a smooth function of the effect."""
    sign = -1.0 if task.alternative == "less" else 1.0
    rate = task.world.assumed.control_rate
    largest = math.inf if rate is None else (rate if sign < 0 else 1.0 - rate)

    def chance(size: float) -> float:
        return float((_run(replace(task, effect=sign * size), backend)[2] <= alpha).mean())

    low, high = 0.0, min(largest, 0.5 * (task.world.assumed.sd if task.world.y0 is None else float(task.world.y0.std())))
    while chance(high) < power:
        if high >= largest or high > 1e3 * (1.0 + task.world.assumed.sd):
            raise DesignError(Fault("no effect is found with that power", "power", remedy="Ask for more people or less power."))
        low, high = high, min(largest, 2.0 * high)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if chance(middle) < power else (low, middle)
    step = 0.05 * high
    slope = (chance(min(high + step, largest)) - chance(high - step)) / (min(high + step, largest) - high + step)
    error = math.sqrt(power * (1.0 - power) / task.simulations) / slope if slope > 0 else math.nan
    final = replace(task, effect=sign * high)
    return _answer(final, _run(final, backend), alpha, effect_mc_error=error)
