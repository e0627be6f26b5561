"""Many outcomes, one claim: adjusted p-values, from p-values alone or from the joint null distribution of the trial's own draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from takeup.design.assign import check_seed
from takeup.errors import Fault, InferError
from takeup.estimate.arrays import choose_arm
from takeup.infer.compare import absolute_shares, check_options, monte_carlo_error
from takeup.infer.randomization import Method, Which, reasons
from takeup.infer.statistics import METHODS
from takeup.infer.step_down import max_t, min_p
from takeup.infer.trial import check_draws, names_of, read, trial_null
from takeup.infer.wild import family
from takeup.results import FrozenMap, Provenance, ResultSet, Test
from takeup.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from numpy.typing import ArrayLike
    from pandas import DataFrame

    from takeup.design import Design
    from takeup.estimate.arrays import Arrays
    from takeup.infer.trial import Covariates

Floats = np.ndarray[Any, np.dtype[np.float64]]
Resampling = Literal["design", "wild"]
By = Literal["max_t", "min_p"]
NAMES = {"max_t": "max-T", "min_p": "min-P"}
Adjustment = Literal["holm", "hochberg", "hommel", "bonferroni", "sidak", "holm_sidak", "bh", "by", "sharpened_q"]


def stepdown(
    frame: DataFrame, outcomes: Sequence[str], design: Design, *, covariates: Covariates = (), method: Method = "ancova",
    statistic: Which = "studentized", draws: int = 10_000, seed: int = 0, arm: object = None, resampling: Resampling = "design",
    by: By = "max_t", backend: Executor | None = None,
) -> ResultSet:
    """P-values adjusted for a family of outcomes by step-down max-T on the trial's own draws.

    Parameters
    ----------
    outcomes : the family
    covariates, method, statistic, draws, seed, arm, backend : as in `randomization_test`
    resampling : "design" draws the trial again; "wild" is the wild cluster bootstrap with the null imposed (method "ancova", studentised), for a
        draw that can't be repeated
    by : what is compared over outcomes: "max_t" the largest absolute statistic, or "min_p" the smallest p-value of its own null distribution, for
        outcomes whose statistics are spread unlike each other

    Returns
    -------
    ResultSet of Test
        In the order asked: `p_value` (two-sided by absolute value, unadjusted) and `p_adjusted`, the chance under no effect on any outcome that
        is still in the family that the largest absolute statistic among them reaches this one. `extra` holds p_single_step (the same among all).

    Raises
    ------
    DesignError, EstimateError, InferError
        As `randomization_test`.

    Notes
    -----
    The family-wise error is controlled for any dependence between outcomes, which the shared draws keep; missing values of one outcome change
    no other. An outcome without a statistic has none here either and takes no part. Sources: Westfall and Young (1993, algorithms 4.1 and 2.8);
    Romano and Wolf (2005, 2016: p-values that count the observed draw).

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1, 1, 1, 1, 0, 0, 0, 0], "y": [7, 9, 8, 11, 4, 5, 5, 6], "z": [1, 2, 2, 3, 2, 1, 3, 1]})
    >>> [round(test.p_adjusted, 3) for test in tu.stepdown(trial, ["y", "z"], tu.Design("arm", 0))]
    [0.029, 1.0]
    """
    check_options(method=(method, METHODS), statistic=(statistic, Which), resampling=(resampling, Resampling), by=(by, By))
    names = names_of(outcomes)
    if resampling == "wild":
        return _wild(frame, names, design, covariates=covariates, method=method, statistic=statistic, draws=draws, seed=seed, arm=arm, by=by)
    found = trial_null(frame, names, design, covariates=covariates, method=method, studentized=statistic == "studentized", draws=draws, seed=seed,
                       interval=False, null=0.0, arm=arm, backend=backend)
    compared = found.statistics if statistic == "studentized" else found.statistics * found.scale[:, None]
    return _tests(found.data, compared, found.null.weights, exact=found.null.exact, seed=seed, reason=reasons(found, design),
                  method=f"step-down {NAMES[by]}, {method}, {statistic}", by=by)


def _wild(
    frame: DataFrame, names: tuple[str, ...], design: Design, *, covariates: Covariates, method: str, statistic: str, draws: int, seed: int,
    arm: object, by: By,
) -> ResultSet:
    if method != "ancova" or statistic != "studentized":
        raise InferError(Fault("the wild bootstrap is for studentised ANCOVA", "resampling"))
    check_draws(draws)
    chosen = choose_arm(frame[design.treatment], design, arm)
    data = read(frame, names, design, covariates, method, chosen)
    _, statistics, counted, exact = family(frame, data, design, arm=chosen, draws=draws, weights="rademacher", seed=check_seed(seed))
    made = f"All {statistics.shape[1] - 1:,} sign vectors" if exact else f"{draws:,} draws of signs"
    return _tests(data, statistics, counted, exact=exact, seed=seed, reason=f"{made} of the wild cluster bootstrap, null imposed.",
                  method=f"step-down {NAMES[by]}, wild cluster bootstrap", by=by)


def _tests(data: Sequence[Arrays], statistics: Floats, weights: Floats, *, exact: bool, seed: int, reason: str, method: str, by: By) -> ResultSet:
    draws = statistics.shape[1] - 1
    adjusted, single = (max_t if by == "max_t" else min_p)(statistics, weights)
    raw = absolute_shares(statistics, weights)
    return ResultSet(tuple(
        Test(outcome=one.outcome, arm=one.arm, statistic=float(row[0]), p_value=float(p), p_adjusted=float(q), n=one.n, draws=draws, exact=exact,
             n_clusters=one.n_clusters, mc_error=monte_carlo_error(float(q), np.inf if exact else draws, doubled=False), method=method, reason=reason,
             extra=FrozenMap(p_single_step=float(s), family=len(data)), provenance=Provenance(seed=None if exact else seed, version=__version__))
        for one, row, p, q, s in zip(data, statistics, raw, adjusted, single, strict=True)
    ))


def adjust(p_values: ArrayLike, method: Adjustment) -> Floats:
    """P-values adjusted for their number, in the order given.

    Parameters
    ----------
    p_values : numbers in [0, 1]; nan for a test that couldn't be made, which stays nan and isn't counted
    method : "bonferroni" and "holm", "hochberg" and "hommel" (independent or positively dependent tests), "sidak" and "holm_sidak" (independent
        tests; both also hold for positively dependent normal ones) control the chance of any false rejection; "bh"
        (Benjamini and Hochberg 1995), "by" (Benjamini and Yekutieli 2001, any dependence) and "sharpened_q" the expected share of false ones

    Returns
    -------
    ndarray
        For "sharpened_q" the smallest q at which the two-stage procedure of Benjamini, Krieger and Yekutieli (2006, definition 6) rejects, as
        Anderson (2008) proposed, found exactly and not on a grid; it can be smaller than p.

    Raises
    ------
    InferError
        For a method or a p-value that doesn't exist.

    Examples
    --------
    >>> adjust([0.01, 0.04, 0.03], "holm").round(3).tolist()
    [0.03, 0.06, 0.06]
    >>> adjust([0.01, 0.04, 0.03], "sharpened_q").round(4).tolist()
    [0.0309, 0.0309, 0.0309]
    """
    check_options(method=(method, get_args(Adjustment)))
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1:
        raise InferError(Fault("p-values come as one row of numbers", "p_values"))
    known = np.flatnonzero(~np.isnan(p))
    if ((p[known] < 0) | (p[known] > 1)).any():
        raise InferError(Fault("a p-value lies between 0 and 1", "p_values"))
    order = known[np.argsort(p[known], kind="stable")]
    out = np.full(p.size, np.nan)
    if order.size:
        out[order] = np.minimum(_RULES[method](p[order]), 1.0)
    return out


def _holm(p: Floats) -> Floats:
    return np.asarray(np.maximum.accumulate(np.arange(p.size, 0, -1) * p))


def _hochberg(p: Floats) -> Floats:
    return _from_largest(np.arange(p.size, 0, -1) * p)


def _bh(p: Floats) -> Floats:
    return _from_largest(p.size / np.arange(1, p.size + 1) * p)


def _by(p: Floats) -> Floats:
    return np.asarray(_bh(p) * (1.0 / np.arange(1, p.size + 1)).sum())


def _from_largest(values: Floats) -> Floats:
    return np.asarray(np.minimum.accumulate(values[::-1])[::-1])


def _hommel(p: Floats) -> Floats:
    """Hommel (1988), by the algorithm of Wright (1992)."""
    n = p.size
    ranks = np.arange(1, n + 1)
    out = np.full(n, float((n * p / ranks).min()))
    found = out.copy()
    for m in range(n - 1, 1, -1):
        split = n - m + 1
        late = float((m * p[split:] / np.arange(2, m + 1)).min())
        found[:split] = np.minimum(m * p[:split], late)
        found[split:] = found[split - 1]
        out = np.maximum(out, found)
    return np.asarray(np.maximum(out, p))


def _sidak(p: Floats, n: Any) -> Floats:
    """1 - (1 - p)**n, with the digits of small p kept."""
    return np.asarray(-np.expm1(n * np.log1p(-np.minimum(p, 1.0 - 1e-16))))


def _holm_sidak(p: Floats) -> Floats:
    return np.asarray(np.maximum.accumulate(_sidak(p, np.arange(p.size, 0, -1))))


def _sharpened_q(p: Floats) -> Floats:
    """The infimum of q at which each of the sorted p-values is rejected.

    At q the first stage is Benjamini-Hochberg at level u = q / (1 + q): it rejects r tests for u in [a_r, a_(r+1)), a the adjusted p-values of
    that procedure. The second rejects test k where a_k <= u m / (m - r). So in each of these stretches the smallest u is max(a_r, a_k (m - r) / m).
    """
    m = p.size
    a = _bh(p)  # not capped at 1
    starts, stops, rejected = np.concatenate([[0.0], a]), np.concatenate([a, [np.inf]]), np.arange(m + 1)
    needed = np.maximum(starts[None, :], a[:, None] * ((m - rejected) / m)[None, :])
    u = np.where(needed < stops[None, :], needed, np.inf).min(axis=1)
    return np.where(u < 1.0, u / np.where(u < 1.0, 1.0 - u, 1.0), 1.0)


_RULES = {
    "bonferroni": lambda p: p.size * p, "holm": _holm, "hochberg": _hochberg, "hommel": _hommel, "sidak": lambda p: _sidak(p, p.size),
    "holm_sidak": _holm_sidak, "bh": _bh, "by": _by, "sharpened_q": _sharpened_q,
}
