"""Residual maximum likelihood for groups nested in centres, one mean: y = mean + centre + group + rest, from sums over groups.

With ratios a = var(centre) / var(rest) and b = var(group) / var(rest), a group of m rows has the weight m / (1 + b m) in its centre, a centre
whose groups weigh W together the weight W / (1 + a W) in the mean: the likelihood and its derivatives need no matrix. A variance of zero is a
point like any other. Source: Searle, Casella and McCulloch (1992), Variance Components, sections 6.6 (criterion) and 7.4 (predicted means).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from takeup.estimate.arrays import Codes, Floats

STARTS = ((0.05, 0.05), (0.4, 0.1), (0.0, 0.3), (0.3, 0.0), (0.0, 0.0))
"""Ratios at which the search starts; the lowest of the minima is taken."""
FLAT = 1e-12
"""A spread smaller than this share of the values' size counts as no variation."""
FAR = 1e6
NEAR = 1e-6
"""How exactly the ends of an interval are found, on values of variance 1."""
PARTS = ("centre", "group", "residual")


@dataclass(frozen=True, slots=True, kw_only=True)
class Nested:
    """A fit.

    Attributes
    ----------
    mean, std_error : float, the mean over centres and its standard error given the variances
    variances : (3,) of centres, of groups in a centre, of the rest
    limits : (3, 2) of the variances, by profile likelihood; 0 and inf where an end isn't reached
    predicted, errors : (C,) best linear unbiased prediction of each centre's mean, and its standard error
    raw, raw_errors : (C,) mean of each centre's groups by their weights, and the standard error of that as a measurement of the centre
    own : (C,) the weight of a centre's own data in its prediction, 0 to 1
    sizes : (C,) rows
    deviance : float, -2 log restricted likelihood
    problem : empty, or why there is no fit
    """

    mean: float
    std_error: float
    variances: Floats
    limits: Floats
    predicted: Floats
    errors: Floats
    raw: Floats
    raw_errors: Floats
    own: Floats
    sizes: Floats
    deviance: float
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    """What the likelihood needs: rows and means by group, the centre of each group, squares within groups."""

    m: Floats
    means: Floats
    centre: Codes
    centres: int
    within: float

    @property
    def n(self) -> float:
        """Rows."""
        return float(self.m.sum())

    def by_centre(self, values: Floats) -> Floats:
        """Sums over the groups of each centre."""
        added: Floats = np.bincount(self.centre, weights=values, minlength=self.centres).astype(np.float64)
        return added


def nested(y: Floats, groups: Codes, centres: Codes, *, conf_level: float = 0.95) -> Nested:
    """Fit values (n,) of rows in groups (codes) nested in centres (codes 0..C-1).

    A group with members in two centres counts as two. Where each centre is one group, their variance is the centres'.
    """
    sums, size, shift = _sums(y, groups, centres)
    if size <= FLAT * max(float(np.abs(y).max()), 1e-300):
        return _nothing(sums, float(y.mean()), "The values have no variation, so there is no variance to divide.")
    if sums.centres < 3 or y.size <= sums.m.size:
        return _nothing(sums, float(y.mean()), "Three centres, and more people than groups, are needed to tell the variances apart.")
    alone = sums.m.size == sums.centres
    ratios = np.append(_best(lambda free: _first(sums, free), ((0.05,), (1.0,), (0.0,))), 0.0) if alone else \
        _best(lambda free: _profiled(sums, free[0], free[1]), STARTS)
    value, _ = _profiled(sums, *ratios)
    rest = _rest(sums, *ratios)
    variances = np.array([ratios[0] * rest, ratios[1] * rest, rest])
    found = _predictions(sums, variances)
    limits = np.array([(np.nan, np.nan) if alone and place == 1 else _limits(sums, variances, place, conf_level) for place in range(3)])
    return Nested(
        mean=found["mean"] * size + shift, std_error=found["std_error"] * size, variances=variances * size**2, limits=limits * size**2,
        predicted=found["predicted"] * size + shift, errors=found["errors"] * size, raw=found["raw"] * size + shift,
        raw_errors=found["raw_errors"] * size, own=found["own"], sizes=sums.by_centre(sums.m),
        deviance=value + (sums.n - 1.0) * (1.0 + np.log(2.0 * np.pi / (sums.n - 1.0)) + 2.0 * np.log(size)),
    )


def _sums(y: Floats, groups: Codes, centres: Codes) -> tuple[_Sums, float, float]:
    pairs, place = np.unique(np.column_stack([centres, groups]), axis=0, return_inverse=True)
    place = np.asarray(place).ravel()
    shift, size = float(y.mean()), float(y.std())
    scaled = (y - shift) / (size if size > 0 else 1.0)
    m = np.bincount(place).astype(float)
    means = np.bincount(place, weights=scaled) / m
    within = float(((scaled - means[place]) ** 2).sum())
    return _Sums(m=m, means=means, centre=pairs[:, 0].astype(np.int64), centres=int(centres.max()) + 1, within=within), size, shift


def _nothing(sums: _Sums, mean: float, problem: str) -> Nested:
    blank, three = np.full(sums.centres, np.nan), np.full(3, np.nan)
    return Nested(mean=mean, std_error=np.nan, variances=three, limits=np.full((3, 2), np.nan), predicted=blank, errors=blank, raw=blank,
                  raw_errors=blank, own=blank, sizes=sums.by_centre(sums.m), deviance=np.nan, problem=problem)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """Sums of the criterion at two ratios, each with its derivatives in (a, b): 1'V'1, the quadratic form, log determinants."""

    ones: float
    ones_slope: Floats
    form: float
    form_slope: Floats
    logs: float
    logs_slope: Floats


def _terms(s: _Sums, a: float, b: float) -> _Terms:
    weight = s.m / (1.0 + b * s.m)
    whole, total = s.by_centre(weight), s.by_centre(weight * s.means)
    whole2, total2 = s.by_centre(weight**2), s.by_centre(weight**2 * s.means)
    d = 1.0 + a * whole
    ones, cross = float((whole / d).sum()), float((total / d).sum())
    ones_slope = np.array([-((whole / d) ** 2).sum(), -(whole2 / d**2).sum()])
    cross_slope = np.array([-(total * whole / d**2).sum(), (-total2 / d + a * total * whole2 / d**2).sum()])
    squares = s.within + float((weight * s.means**2).sum()) - float((a * total**2 / d).sum())
    squares_slope = np.array([-((total / d) ** 2).sum(),
                              -(weight**2 * s.means**2).sum() - a * (-2.0 * total * total2 / d + a * total**2 * whole2 / d**2).sum()])
    return _Terms(
        ones=ones, ones_slope=ones_slope, form=squares - cross**2 / ones,
        form_slope=squares_slope - 2.0 * cross * cross_slope / ones + cross**2 * ones_slope / ones**2,
        logs=float(np.log1p(b * s.m).sum() + np.log(d).sum()), logs_slope=np.array([(whole / d).sum(), weight.sum() - a * (whole2 / d).sum()]),
    )


def _profiled(s: _Sums, a: float, b: float) -> tuple[float, Floats]:
    """-2 log restricted likelihood, less a constant, at its best variance of the rest; and its slope in (a, b)."""
    t = _terms(s, a, b)
    free = s.n - 1.0
    slope = free * t.form_slope / t.form + t.logs_slope + t.ones_slope / t.ones
    return free * float(np.log(t.form)) + t.logs + float(np.log(t.ones)), slope


def _first(s: _Sums, free: Floats) -> tuple[float, Floats]:
    """The same where each centre is one group."""
    value, slope = _profiled(s, float(free[0]), 0.0)
    return value, slope[:1]


def _rest(s: _Sums, a: float, b: float) -> float:
    return _terms(s, a, b).form / (s.n - 1.0)


def _whole(s: _Sums, variances: Floats) -> tuple[float, Floats]:
    """The same criterion at three variances, on the scale of `_profiled`, and its slope in them."""
    rest = float(variances[2])
    t = _terms(s, float(variances[0]) / rest, float(variances[1]) / rest)
    free = s.n - 1.0
    value = free * np.log(rest) + t.logs + np.log(t.ones) + t.form / rest + free * (np.log(free) - 1.0)
    in_ratio = t.logs_slope + t.ones_slope / t.ones + t.form_slope / rest
    in_rest = free / rest - t.form / rest**2 - float(in_ratio @ variances[:2]) / rest**2
    return float(value), np.array([in_ratio[0] / rest, in_ratio[1] / rest, in_rest])


def _best(criterion: Callable[[Floats], tuple[float, Floats]], starts: Any, low: tuple[float, ...] | None = None, near: float = 1e-9) -> Floats:
    """The point of the lowest value, none of it below `low` (zero unless told), to a slope of `near`."""
    from scipy.optimize import minimize

    found = []
    for start in starts:
        bounds = [(edge, FAR) for edge in (low or (0.0,) * len(start))]
        found.append(minimize(criterion, np.array(start, dtype=float), jac=True, method="L-BFGS-B", bounds=bounds,
                              options={"ftol": 1e-15, "gtol": near, "maxiter": 500}))
    best: Floats = min(found, key=lambda item: float(item.fun)).x
    return best


def _limits(s: _Sums, variances: Floats, place: int, conf_level: float) -> tuple[float, float]:
    """The values of one variance at which twice the log likelihood, the others at their best, is lower by the chi-square quantile."""
    from scipy.optimize import brentq
    from scipy.special import chdtri

    alone = s.m.size == s.centres
    others = [other for other in range(3) if other != place and not (alone and other == 1)]
    least = [1e-8 if other == 2 else 0.0 for other in others]
    best, _ = _whole(s, variances)
    drop = float(chdtri(1, 1.0 - conf_level))
    nearby = variances[others].copy()

    def above(value: float) -> float:
        def criterion(free: Floats) -> tuple[float, Floats]:
            point = np.zeros(3)
            point[place], point[others] = value, free
            found, slope = _whole(s, point)
            return found, slope[others]

        nearby[:] = _best(criterion, (np.maximum(nearby, least),), tuple(least), 1e-5)
        return criterion(nearby)[0] - best - drop

    center, floor = float(variances[place]), 1e-6 if place == 2 else 0.0
    low = 0.0 if center <= floor or above(floor) <= 0 else float(brentq(above, floor, center, xtol=NEAR))
    top = max(2.0 * center, 0.05)
    while above(top) < 0 and top < FAR:
        top *= 2.0
    return low, float(brentq(above, center, top, xtol=NEAR)) if top < FAR else float("inf")


def _predictions(s: _Sums, variances: Floats) -> dict[str, Any]:
    rest = float(variances[2])
    a, b = float(variances[0]) / rest, float(variances[1]) / rest
    weight = s.m / (1.0 + b * s.m)
    whole = s.by_centre(weight)
    d = 1.0 + a * whole
    raw = s.by_centre(weight * s.means) / whole
    mean = float((whole / d * raw).sum() / (whole / d).sum())
    variance = rest / float((whole / d).sum())
    own = a * whole / d
    return {"mean": mean, "std_error": variance**0.5, "raw": raw, "raw_errors": np.sqrt(rest / whole), "own": own,
            "predicted": mean + own * (raw - mean), "errors": np.sqrt(float(variances[0]) / d + variance / d**2)}
