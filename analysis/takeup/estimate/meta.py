"""Random-effects meta-analysis: the average over sites or trials, how far they differ, and what a new one may show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from takeup.errors import EstimateError, Fault, collect, listed
from takeup.estimate.tails import check_level, critical, p_value
from takeup.results import NAN, Estimate, Evidence, FrozenMap

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from takeup.estimate.arrays import Floats

Method = Literal["REML", "DL", "FE"]
METHODS = ("REML", "DL", "FE")
WEAKEST: tuple[Evidence, ...] = ("before_after", "comparison", "randomized")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """A weighted mean of k estimates on arrays: `tau2` between-study variance, `within` the typical sampling variance (Higgins and Thompson)."""

    mean: float
    std_error: float
    tau2: float
    q: float
    within: float
    weights: Floats
    spread: float  # weighted variance of the estimates around the mean: Hartung and Knapp's factor


def meta(
    estimates: Iterable[Estimate | Sequence[float]], *, method: Method = "REML", adjust: Literal["hartung_knapp"] | None = "hartung_knapp",
    conf_level: float = 0.95, evidence: Evidence | None = None,
) -> Estimate:
    """Average effect over sites or trials, and the range in which that of a new one is expected.

    Parameters
    ----------
    estimates : results of one estimator at several sites, or pairs (estimate, standard error); all in the same units. Ratios (those with a
        `log_std_error`) are pooled on the log scale and given back as a ratio.
    method : how the variance between sites is estimated: "REML" by restricted likelihood, "DL" DerSimonian and Laird, "FE" none
    adjust : "hartung_knapp" scales the standard error by the spread that is seen and uses t with k - 1 degrees of freedom, without
        truncation; None is normal inference
    evidence : what pairs rest on; of results the weakest among them is taken, of pairs "comparison" unless told

    Returns
    -------
    Estimate
        In `extra`: `tau2` with `tau2_low` and `tau2_high` (Q-profile), `i2` (share of the variance that is between sites, 0 to 1), `h2`, `q`,
        `q_df`, `q_p`, `prediction_low` and `prediction_high` (t with k - 2), `studies`, `left_out`, `weights` (shares, in the order given).
        `n` is the sum over the results (of pairs: their number).

    Raises
    ------
    EstimateError
        Nothing to pool, unknown options, a standard error that isn't positive, ratios mixed with differences.

    Notes
    -----
    Assumes that the estimates are independent of each other and that their standard errors are known; sites are taken as draws from the
    sites that might take part. Sources: Viechtbauer (2005), Journal of Educational and Behavioral Statistics 30 (REML); DerSimonian and
    Laird (1986); Hartung and Knapp (2001); Viechtbauer (2007), Statistics in Medicine 26 (Q-profile); Higgins, Thompson and Spiegelhalter
    (2009), JRSS A 172, equation 12 (prediction); Higgins and Thompson (2002) for `i2` and `h2`.

    Examples
    --------
    >>> import takeup as tu
    >>> found = tu.meta([(0.30, 0.10), (0.10, 0.12), (0.55, 0.15), (0.20, 0.08)])
    >>> round(found.estimate, 3), found.df, round(found.extra["i2"], 2)
    (0.265, 3.0, 0.51)
    """
    check_level(conf_level)
    collect(EstimateError, [Fault(f'"{value}" is no {name}', name, listed(allowed)) for name, value, allowed in
                            (("method", method, METHODS), ("adjust", adjust, ("hartung_knapp", None))) if value not in allowed])
    given = list(estimates)
    y, se, logs = _numbers(given)
    usable = ~(np.isnan(y) | np.isnan(se))
    results = [item for item, keep in zip(given, usable, strict=True) if keep and isinstance(item, Estimate)]
    shown = results or [item for item in given if isinstance(item, Estimate)]
    left_out = int((~usable).sum())
    counts = {name: sum(getattr(item, name) for item in results) for name in ("n", "n_treated", "n_control", "n_missing")}
    if not shown:
        counts["n"] = int(usable.sum())
    base: dict[str, Any] = {
        **{name: _common(shown, name, "pooled" if name != "arm" else "") for name in ("outcome", "estimand", "arm")}, **counts,
        "n_clusters": int(usable.sum()), "conf_level": conf_level, "method": "meta", "term": "average", "evidence": evidence or _weakest(shown),
        "se_type": method if adjust is None else f"{method}, Hartung-Knapp",
    }
    few = {1: " With one estimate the variance between estimates can't be seen.", 2: " With two estimates a prediction interval can't be had."}
    note = few.get(int(usable.sum()), "")
    note += f" {left_out} of {usable.size} estimates had no standard error and are left out." if left_out else ""
    if not usable.any():
        return Estimate(estimate=NAN, reason=f"No estimate has a standard error, so none is left to pool.{note}", **base)
    pooled = pool_arrays(y[usable], se[usable] ** 2, method)
    std_error, df, why = _inference(pooled, adjust)
    half = critical(conf_level, df) * std_error
    statistic = pooled.mean / std_error if std_error > 0 else NAN
    extra = {**_heterogeneity(pooled, y[usable], se[usable] ** 2, method, conf_level), "studies": int(usable.sum()), "left_out": left_out}
    turn = _exp if logs else float
    if logs:
        extra |= {"log_std_error": std_error, **{name: _exp(extra[name]) for name in ("prediction_low", "prediction_high")}}
    return Estimate(
        estimate=turn(pooled.mean), std_error=std_error * (_exp(pooled.mean) if logs else 1.0), df=df, statistic=statistic,
        p_value=p_value(statistic, df), conf_low=turn(pooled.mean - half), conf_high=turn(pooled.mean + half), reason=why + note,
        extra=FrozenMap(extra), **base,
    )


def pool_arrays(y: Floats, v: Floats, method: Method) -> Pooled:
    """Pool estimates y (k,) with sampling variances v (k,)."""
    k = y.size
    w = 1.0 / v
    fixed = float((w * y).sum() / w.sum())
    q = float((w * (y - fixed) ** 2).sum())
    room = _room(w)
    tau2 = {"FE": lambda: 0.0, "DL": lambda: max(0.0, (q - (k - 1)) / room), "REML": lambda: _reml(y, v)}[method]() if k > 1 else 0.0
    w = 1.0 / (v + tau2)
    mean = float((w * y).sum() / w.sum())
    return Pooled(
        mean=mean, std_error=float(1.0 / np.sqrt(w.sum())), tau2=tau2, q=q, within=(k - 1) / room if k > 1 else NAN, weights=w / w.sum(),
        spread=float((w * (y - mean) ** 2).sum() / (k - 1)) if k > 1 else NAN,
    )


def _room(w: Floats) -> float:
    """Sum of w less sum of squares over sum, without the difference: one weight may outdo all others by many orders."""
    others = np.r_[0.0, np.cumsum(w)[:-1]] + np.r_[np.cumsum(w[::-1])[:-1][::-1], 0.0]
    return float((w / w.sum() * others).sum())


def _reml(y: Floats, v: Floats) -> float:
    """The variance between studies at the maximum of the restricted likelihood: the best of a grid, then the root of the score beside it."""
    from scipy.optimize import brentq

    size = float(y.var(ddof=1) + v.mean())
    grid = np.r_[0.0, np.geomspace(1e-9, 1e3, 121)] * size

    def parts(t: float) -> tuple[Floats, Floats]:
        w = 1.0 / (v + t)
        return w, y - (w * y).sum() / w.sum()

    def likelihood(t: float) -> float:
        w, r = parts(t)
        return float(-0.5 * (np.log(v + t).sum() + np.log(w.sum()) + (w * r**2).sum()))

    def score(t: float) -> float:
        w, r = parts(t)
        return float(-0.5 * size * (_room(w) - (w**2 * r**2).sum()))

    best = int(np.argmax([likelihood(t) for t in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    if best <= 1 and score(0.0) <= 0.0:
        return 0.0
    if not score(low) > 0.0 > score(high):
        return float(grid[best])
    return float(brentq(score, low, high, xtol=1e-16 * size, rtol=1e-14))


def _inference(pooled: Pooled, adjust: str | None) -> tuple[float, float, str]:
    k = pooled.weights.size
    if adjust is None:
        return pooled.std_error, math.inf, "Normal inference: the variance between estimates is taken as known."
    if k == 1:
        return NAN, NAN, "There are no degrees of freedom left for Hartung and Knapp; adjust=None gives the normal interval."
    std_error = pooled.std_error * math.sqrt(pooled.spread)
    if std_error <= 1e-14 * max(abs(pooled.mean), pooled.std_error):
        return NAN, NAN, "The estimates have no variation, so there is no standard error by Hartung and Knapp; adjust=None gives the normal one."
    return std_error, float(k - 1), "Hartung and Knapp (2001), without truncation: t with degrees of freedom estimates less one."


def _heterogeneity(pooled: Pooled, y: Floats, v: Floats, method: str, conf_level: float) -> dict[str, Any]:
    """How far the estimates differ; nan where there are too few."""
    from scipy.special import chdtrc

    k = y.size
    found: dict[str, Any] = dict.fromkeys(("tau2", "tau2_low", "tau2_high", "i2", "h2", "q", "q_df", "q_p", "prediction_low", "prediction_high"), NAN)
    found["weights"] = tuple(float(weight) for weight in pooled.weights)
    if k < 2:
        return found
    i2 = pooled.tau2 / (pooled.tau2 + pooled.within) if method == "REML" else max(0.0, 1.0 - (k - 1) / pooled.q) if pooled.q > 0 else 0.0
    h2 = pooled.q / (k - 1) if method == "FE" else pooled.tau2 / pooled.within + 1.0
    low, high = _q_profile(y, v, conf_level)
    found |= {"tau2": pooled.tau2, "tau2_low": low, "tau2_high": high, "i2": i2, "h2": h2, "q": pooled.q, "q_df": k - 1,
              "q_p": float(chdtrc(k - 1, pooled.q))}
    if k > 2:
        half = critical(conf_level, float(k - 2)) * math.sqrt(pooled.tau2 + pooled.std_error**2)
        found |= {"prediction_low": pooled.mean - half, "prediction_high": pooled.mean + half}
    return found


def _q_profile(y: Floats, v: Floats, conf_level: float) -> tuple[float, float]:
    """The variances between studies at which Q is at the tails of chi-square with k - 1; 0 where it can't reach them."""
    from scipy.optimize import brentq
    from scipy.special import chdtri

    tail = (1.0 - conf_level) / 2.0
    size = float(y.var(ddof=1) + v.mean())

    def q(t: float) -> float:
        w = 1.0 / (v + t * size)
        return float((w * (y - (w * y).sum() / w.sum()) ** 2).sum())

    limits = []
    for level in (float(chdtri(y.size - 1, tail)), float(chdtri(y.size - 1, 1.0 - tail))):
        top = 1.0
        while q(top) > level and top < 1e12:
            top *= 10.0
        limits.append(0.0 if q(0.0) <= level else float(brentq(lambda t, level=level: q(t) - level, 0.0, top, xtol=1e-14)) * size)
    return limits[0], limits[1]


def _numbers(given: list[Estimate | Sequence[float]]) -> tuple[Floats, Floats, bool]:
    """Estimates and standard errors as arrays, on the log scale when they are ratios."""
    if not given:
        raise EstimateError(Fault("there is nothing to pool", "estimates"))
    results = [isinstance(item, Estimate) for item in given]
    if not all(results):
        try:
            pairs = np.array([tuple(cast("Sequence[float]", item)) for item in given], dtype=np.float64).reshape(len(given), 2)
        except (TypeError, ValueError):
            raise EstimateError(Fault("holds something else than results or pairs (estimate, standard error)", "estimates")) from None
        return _checked(pairs[:, 0], pairs[:, 1], logs=False)
    found = cast("list[Estimate]", given)
    on_log = ["log_std_error" in item.extra for item in found]
    if any(on_log) and not all(on_log):
        raise EstimateError(Fault("ratios and differences can't be pooled together", "estimates"))
    if not any(on_log):
        return _checked(np.array([item.estimate for item in found]), np.array([item.std_error for item in found]), logs=False)
    y = np.array([math.log(item.estimate) if item.estimate > 0 else NAN for item in found])
    return _checked(y, np.array([float(item.extra["log_std_error"]) for item in found]), logs=True)


def _checked(y: Floats, se: Floats, *, logs: bool) -> tuple[Floats, Floats, bool]:
    wrong = int((se <= 0).sum() + np.isinf(y).sum() + np.isinf(se).sum())
    if wrong:
        raise EstimateError(Fault(f"{wrong} estimates or standard errors aren't finite, or a standard error isn't positive", "estimates"))
    return y, se, logs


def _exp(value: float) -> float:
    return math.exp(value) if not value > 709.0 else math.inf


def _common(results: list[Estimate], name: str, otherwise: str) -> str:
    values = {getattr(item, name) for item in results}
    return str(values.pop()) if len(values) == 1 else otherwise


def _weakest(results: list[Estimate]) -> Evidence:
    found = {item.evidence for item in results}
    return next((level for level in WEAKEST if level in found), "comparison")
