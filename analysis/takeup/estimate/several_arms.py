"""Several arms at once: one test that all are alike, and every arm against control (Dunnett) or against every other (Tukey)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from takeup.errors import EstimateError, Fault, listed, nearest
from takeup.estimate.arrays import Arrays, Codes, Floats, arrays, dummies
from takeup.estimate.linear import Fit, least_squares, thin
from takeup.estimate.rules import assignment_weights, choose
from takeup.estimate.tails import check_level, f_tail
from takeup.estimate.wald import wald
from takeup.results import Estimate, FrozenMap, ResultSet, Test

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame

    from takeup.design import Design

ArmsMethod = Literal["regression", "welch"]
Comparisons = Literal["dunnett", "tukey"]
ANY = "any arm"
MANY = 30
"""Degrees of freedom above which the pooled SD is near enough to normal for narrower limits of its quadrature."""


def arms_test(
    frame: DataFrame, outcome: str, design: Design, *, covariates: Sequence[str] = (), method: ArmsMethod = "regression",
    se_type: str | None = None, df: str | None = None,
) -> Test:
    """Test that no arm differs from control in the mean of an outcome, all treated arms at once.

    Parameters
    ----------
    frame : DataFrame, one row a unit
    outcome : column name
    covariates : baseline columns, as in `ancova`; blocks enter as dummies
    method : "regression" (F test of the arms' coefficients with the design's variance) or "welch" (one-way analysis of variance without equal
        variances; without covariates, blocks, clusters and weights)
    se_type, df : as in `ancova`; "classical" without covariates is the one-way analysis of variance

    Returns
    -------
    Test
        `statistic` F on `df` and `df_denominator` degrees of freedom. With HC2 and CR2 the HTZ test of Pustejovsky and Tipton, whose
        denominator is estimated. `extra` has the number of units by arm.

    Raises
    ------
    EstimateError
        Unknown or unusable columns, unknown options.

    Notes
    -----
    Sources: Tipton and Pustejovsky (2015), section 3.2; Welch (1951).

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": ["a", "b", "none"] * 4, "y": [5, 9, 4, 6, 7, 3, 7, 8, 5, 6, 9, 4]})
    >>> found = tu.arms_test(trial, "y", tu.Design("arm", "none"), se_type="classical")
    >>> round(found.statistic, 2), found.df, found.df_denominator
    (24.11, 2.0, 9.0)
    """
    if method not in get_args(ArmsMethod):
        raise EstimateError(Fault(f'"{method}" is no method', "method", listed(get_args(ArmsMethod)), nearest(method, get_args(ArmsMethod))))
    data, arms, arm_of = _all_arms(frame, outcome, design, covariates)
    sizes = {f"n_{name}": int((arm_of == place).sum()) for place, name in enumerate((data.control, *arms))}
    base = Test(outcome=outcome, term="arms", n=data.n, method=f"arms_{method}", extra=FrozenMap(sizes))
    if method == "welch":
        return _welch(data, arm_of, base, plain=not covariates and design.draw in {"simple", "complete"})
    fit, first = _saturated(data, arm_of)
    inference = choose(data, design, se_type=se_type, df=df)
    trouble = thin(data, fit, inference)
    if not trouble and not fit.kept[first:].all():
        trouble = "The arms follow from the other columns, so that there is nothing left to compare."
    groups = None if inference.clusters is None else int(np.unique(inference.clusters).size)
    base = base.replace(n_clusters=groups)
    if trouble:
        return base.replace(reason=f"{trouble} {inference.reason}")
    found = wald(fit, _contrasts(fit, first), inference)
    return base.replace(statistic=found.statistic, df=found.df, df_denominator=found.df_denominator, p_value=found.p_value,
                        reason=" ".join(filter(None, (found.problem, inference.reason, *data.notes))))


def compare_arms(
    frame: DataFrame, outcome: str, design: Design, *, method: Comparisons = "dunnett", conf_level: float = 0.95,
) -> ResultSet:
    """Compare several arms with simultaneous intervals, their outcomes with one common variance: each with control, or all pairs.

    Parameters
    ----------
    frame : DataFrame, one row a unit
    outcome : column name; estimates are in its units
    method : "dunnett" (every treated arm with control) or "tukey" (every pair of arms, Tukey and Kramer)
    conf_level : of all intervals together

    Returns
    -------
    ResultSet
        An Estimate a comparison, arms in the order of their labels; `term` says which. `p_value`, `conf_low` and `conf_high` allow for all
        comparisons at once; extra["p_unadjusted"] doesn't. extra["correlations"]: of the t statistic with those of all comparisons, in order.

    Raises
    ------
    EstimateError
        Unknown or unusable columns, unknown options, fewer than two treated arms.

    Notes
    -----
    Exact for normal outcomes of equal variance, drawn one by one. Clusters, blocks and weights aren't used: `stepdown` and `adjust` go with
    those. Sources: Dunnett (1955); Tukey (1953) and Kramer (1956).

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": ["a", "b", "none"] * 4, "y": [5, 9, 4, 6, 7, 3, 7, 8, 5, 6, 9, 4]})
    >>> [(one.term, round(one.estimate, 2), round(one.p_value, 4)) for one in tu.compare_arms(trial, "y", tu.Design("arm", "none"))]
    [('a - none', 2.0, 0.0177), ('b - none', 4.25, 0.0001)]
    """
    if method not in get_args(Comparisons):
        raise EstimateError(Fault(f'"{method}" is no comparison', "method", listed(get_args(Comparisons)), nearest(method, get_args(Comparisons))))
    check_level(conf_level)
    data, arms, arm_of = _all_arms(frame, outcome, design, ())
    if len(arms) < 2:
        raise EstimateError(Fault("there is one treated arm only", design.treatment, remedy="Use tu.difference_in_means."))
    names = (data.control, *arms)
    sizes = np.bincount(arm_of, minlength=len(names)).astype(float)
    means = np.bincount(arm_of, weights=data.y, minlength=len(names)) / sizes
    df = float(data.n - len(names))
    variance = float(((data.y - means[arm_of]) ** 2).sum()) / df if df > 0 else np.nan
    pairs = [(place, 0) for place in range(1, len(names))]
    if method == "tukey":
        pairs += [(second, first) for first in range(1, len(names)) for second in range(first + 1, len(names))]
    usable = variance > 1e-24 * float(np.abs(data.y).max()) ** 2
    reason = "" if usable else "The outcome doesn't vary within the arms, so there is no standard error."
    found = []
    joint = (_Tukey if method == "tukey" else _Dunnett)(sizes, df) if usable else None
    cut = np.nan if joint is None else joint.critical(conf_level)
    correlations = _correlations(pairs, sizes)
    for place, (one, other) in enumerate(pairs):
        gap, error = float(means[one] - means[other]), float(np.sqrt(variance * (1 / sizes[one] + 1 / sizes[other]))) if usable else np.nan
        t = gap / error if usable else np.nan
        found.append(Estimate(
            outcome=outcome, term=f"{names[one]} - {names[other]}", arm=names[one], estimate=gap, std_error=error, df=df, statistic=t,
            p_value=np.nan if joint is None else joint.tail(abs(t)), conf_low=gap - cut * error, conf_high=gap + cut * error, conf_level=conf_level,
            n=int(sizes[one] + sizes[other]), n_treated=int(sizes[one]), n_control=int(sizes[other]), method=method, se_type="classical",
            reason=reason,
            extra=FrozenMap(p_unadjusted=f_tail(t**2, 1.0, df) if usable else np.nan, critical=cut, correlations=correlations[place]),
        ))
    return ResultSet(tuple(found))


def _correlations(pairs: Sequence[tuple[int, int]], sizes: Floats) -> tuple[tuple[float, ...], ...]:
    """Of the differences between means of arms of these sizes."""
    contrasts = np.zeros((len(pairs), sizes.size))
    for place, (one, other) in enumerate(pairs):
        contrasts[place, one], contrasts[place, other] = 1.0, -1.0
    covariance = contrasts / sizes @ contrasts.T
    spread = np.sqrt(np.diag(covariance))
    return tuple(tuple(map(float, row)) for row in covariance / np.outer(spread, spread))


class _Joint:
    """The largest |t| of all comparisons, by quadrature over the pooled SD s (over the true one) and one standard normal variable z.

    The tail is integrated itself, by log1p and expm1, so that small p-values keep their digits.
    """

    def __init__(self, sizes: Floats, df: float) -> None:
        from scipy.special import gammaln

        nodes, weights = np.polynomial.legendre.leggauss(200)
        self.sizes, self.z = sizes, 9.0 * nodes
        self.z_mass = 9.0 * weights * np.exp(-0.5 * self.z**2) / np.sqrt(2.0 * np.pi)
        low, high = max(1e-9, 1.0 - 9.0 / np.sqrt(2.0 * df)), 1.0 + 9.0 / np.sqrt(2.0 * df if df > MANY else df)
        self.s = low + (high - low) * (nodes + 1.0) / 2.0
        log_density = np.log(2.0) + df / 2 * np.log(df / 2) - gammaln(df / 2) + (df - 1) * np.log(self.s) - df * self.s**2 / 2
        self.s_mass = (high - low) / 2 * weights * np.exp(log_density)

    def tail(self, t: float) -> float:
        """P(largest |t| > t)."""
        return min(1.0, sum(float(mass * (self.z_mass @ self.outside(s * t))) for s, mass in zip(self.s, self.s_mass, strict=True)))

    def outside(self, t: float) -> Floats:
        """The same given s = 1, by z."""
        raise NotImplementedError

    def critical(self, conf_level: float) -> float:
        """The t at which the tail is 1 - conf_level."""
        from scipy.optimize import brentq

        return float(brentq(lambda t: self.tail(t) - (1.0 - conf_level), 0.0, 1e3, xtol=1e-11))


class _Dunnett(_Joint):
    """Comparisons with one control: given the control's mean they are independent (Dunnett 1955, equation 3)."""

    def outside(self, t: float) -> Floats:
        from scipy.special import ndtr

        share = self.sizes[1:] / (self.sizes[1:] + self.sizes[0])
        root, rest = np.sqrt(share)[:, None], np.sqrt(1.0 - share)[:, None]
        above = ndtr((root * self.z - t) / rest) + ndtr((-root * self.z - t) / rest)
        return np.asarray(-np.expm1(np.log1p(-np.minimum(above, 1.0 - 1e-16)).sum(axis=0)))


class _Tukey(_Joint):
    """All pairs: the range of k means of one size; z is the largest of them."""

    def outside(self, t: float) -> Floats:
        from scipy.special import ndtr

        below, k = ndtr(self.z), self.sizes.size
        ratio = np.minimum(ndtr(self.z - t * np.sqrt(2.0)) / below, 1.0 - 1e-16)
        return np.asarray(-k * below ** (k - 1) * np.expm1((k - 1) * np.log1p(-ratio)))


def _all_arms(frame: DataFrame, outcome: str, design: Design, covariates: Sequence[str]) -> tuple[Arrays, tuple[str, ...], Codes]:
    """The rows of all arms as if there were one treated arm, the arms' names, and the arm of each row (0 is control)."""
    column = frame[design.treatment] if design.treatment in frame.columns else None
    if column is None:
        return arrays(frame, outcome, design, covariates=covariates), (), np.zeros(0, dtype=np.int64)  # raises: the column is absent
    labels = column.astype(object)
    merged = labels.where(labels.isna() | (labels == design.control), ANY)
    data = arrays(frame.assign(**{design.treatment: merged}), outcome, design, covariates=covariates)
    own = labels.iloc[data.rows]
    arms = sorted({value for value in own if value != design.control}, key=str)
    places = {design.control: 0, **{value: place for place, value in enumerate(arms, start=1)}}
    return replace(data, control=str(design.control)), tuple(map(str, arms)), np.array([places[value] for value in own], dtype=np.int64)


def _saturated(data: Arrays, arm_of: Codes) -> tuple[Fit, int]:
    """Outcome on blocks (or a constant), covariates, and a dummy for each treated arm; and the place of the first of these."""
    base = np.ones((data.n, 1)) if data.blocks is None else dummies(data.blocks)
    x = np.column_stack([base, data.covariates, dummies(arm_of)[:, 1:]])
    weights, _ = assignment_weights(data, data.blocks)
    return least_squares(x, data.y, weights), base.shape[1] + data.covariates.shape[1]


def _contrasts(fit: Fit, first: int) -> Floats:
    place = np.cumsum(fit.kept)[first:] - 1
    rows = np.zeros((place.size, int(fit.kept.sum())))
    rows[np.arange(place.size), place] = 1.0
    return rows


def _welch(data: Arrays, arm_of: Codes, base: Test, *, plain: bool) -> Test:
    """Welch's (1951) F."""
    if not plain:
        raise EstimateError(Fault("Welch's test takes units drawn one by one, without covariates", "method", remedy='Choose "regression".'))
    k = int(arm_of.max()) + 1
    groups = [data.y[arm_of == place] for place in range(k)]
    sizes = np.array([one.size for one in groups], dtype=float)
    if sizes.min() < 2 or min(np.ptp(one) for one in groups) <= 1e-12 * np.abs(data.y).max():
        return base.replace(reason="Some arm has one unit only or an outcome that doesn't vary, so its variance can't be used.")
    w = sizes / np.array([one.var(ddof=1) for one in groups])
    means = np.array([one.mean() for one in groups])
    between = float((w * (means - (w @ means) / w.sum()) ** 2).sum()) / (k - 1)
    spread = float(((1 - w / w.sum()) ** 2 / (sizes - 1)).sum())
    statistic, denominator = between / (1 + 2 * (k - 2) / (k**2 - 1) * spread), (k**2 - 1) / (3 * spread)
    return base.replace(statistic=statistic, df=float(k - 1), df_denominator=denominator, p_value=f_tail(statistic, k - 1, denominator),
                        reason="Welch's analysis of variance.")


