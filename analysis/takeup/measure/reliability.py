"""How well the items of a scale hang together: Cronbach's alpha and McDonald's omega, each with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from takeup.errors import Fault, MeasureError
from takeup.measure.items import Floats, item_matrix
from takeup.results import Estimate, FrozenMap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame


def cronbach_alpha(
    frame: DataFrame, items: Sequence[str], *, conf_level: float = 0.95, missing: Literal["complete", "pairwise"] = "complete",
) -> Estimate:
    """Cronbach's alpha of items that all point the same way, over the rows that have them all.

    Parameters
    ----------
    frame : DataFrame
    items : columns, reverse-worded ones already turned round
    conf_level : of Feldt's interval
    missing : "complete" rows only, or each covariance over the rows that have both items ("pairwise", as R's psych does by default); then there is
        neither standard error nor interval, since such a covariance matrix belongs to no data set

    Returns
    -------
    Estimate
        `std_error` by van Zyl, Neudecker and Nel (2000, equation 20); interval by Feldt, Woodruff and Salih (1987), from F with n - 1 and
        (n - 1)(k - 1) degrees of freedom, so it isn't symmetric. `reason` names items that correlate negatively with the others.
        `extra`: k, alpha_standardized, average_interitem_r, guttman_lambda2 and guttman_lambda6, eigenvalues (of the correlations, largest
        first), sum_mean, sum_sd and sem (standard error of measurement of the sum), and by item alpha_if_dropped, item_total_r (corrected),
        item_means and item_sds.

    Raises
    ------
    MeasureError
        Columns that are absent or hold no numbers, fewer than two items.

    Notes
    -----
    Assumes normal items for the standard error, and equal loadings for alpha to be the reliability (otherwise it's a lower bound).

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> answers = pd.DataFrame({"q1": [1, 2, 3, 4, 5], "q2": [2, 2, 3, 5, 4], "q3": [1, 3, 3, 4, 5]})
    >>> round(tu.cronbach_alpha(answers, ["q1", "q2", "q3"]).estimate, 3)
    0.945
    """
    if missing not in {"complete", "pairwise"}:
        raise MeasureError(Fault("rows with all items, or pairs of items", "missing", "complete, pairwise"))
    x, incomplete = _complete(frame, items, conf_level)
    if missing == "pairwise":
        return _pairwise_alpha(frame, items, conf_level)
    n, k = x.shape
    common: dict[str, Any] = {"n": n, "n_missing": incomplete, "conf_level": conf_level, "method": "cronbach_alpha", "estimand": "reliability",
                              "outcome": ", ".join(map(str, items)), "term": "alpha", "se_type": "van Zyl, Neudecker and Nel"}
    problem = _unusable(x)
    if problem:
        return Estimate(estimate=np.nan, reason=problem, **common)
    c = np.cov(x, rowvar=False)
    value = _alpha(c)
    total_r = _item_total(x)
    low, high = _feldt(value, n, k, conf_level)
    reason = _reversed_note(items, total_r)
    r: Floats = np.asarray(np.corrcoef(x, rowvar=False))
    mean_r = float((r.sum() - k) / (k * (k - 1)))
    dropped = tuple(_alpha(np.delete(np.delete(c, j, 0), j, 1)) for j in range(k)) if k > 2 else (np.nan,) * k
    extra = {"k": k, "alpha_standardized": k * mean_r / (1 + (k - 1) * mean_r), "average_interitem_r": mean_r, "alpha_if_dropped": dropped,
             "item_total_r": tuple(map(float, total_r)), **_spread_of(x, c, r, value)}
    return Estimate(estimate=value, std_error=_alpha_error(c, n), conf_low=low, conf_high=high, reason=reason, extra=FrozenMap(extra), **common)


def _spread_of(x: Floats, c: Floats, r: Floats, alpha: float) -> dict[str, Any]:
    """Means and spreads of the items and of their sum, Guttman's (1945) lambda 2 and 6, and the eigenvalues of the correlations."""
    k, total = len(c), x.sum(axis=1)
    off = c - np.diag(np.diag(c))
    values: Floats = np.asarray(np.linalg.eigvalsh(r)[::-1])
    # one less each item's squared multiple correlation with the others is one over the diagonal of the inverse
    smallest = float(1 - (1 / np.diag(np.linalg.inv(r))).sum() / r.sum()) if values[-1] > 1e-12 * values[0] else float("nan")
    return {
        "guttman_lambda2": float((off.sum() + np.sqrt(k / (k - 1) * (off**2).sum())) / c.sum()), "guttman_lambda6": smallest,
        "eigenvalues": tuple(map(float, values)), "sum_mean": float(total.mean()), "sum_sd": float(total.std(ddof=1)),
        "sem": float(total.std(ddof=1) * np.sqrt(max(1 - alpha, 0.0))), "item_means": tuple(map(float, x.mean(axis=0))),
        "item_sds": tuple(map(float, np.sqrt(np.diag(c)))),
    }


def _pairwise_alpha(frame: DataFrame, items: Sequence[str], conf_level: float) -> Estimate:
    """Alpha from covariances that each use all rows they can."""
    from pandas import DataFrame as Frame

    values = Frame(item_matrix(frame, items))
    c, k = values.cov(min_periods=3).to_numpy(), len(items)
    spread = np.sqrt(np.diag(c))
    r = np.divide(c, np.outer(spread, spread), out=np.full((k, k), np.nan), where=np.outer(spread, spread) > 0)
    answered = int((~values.isna()).any(axis=1).sum())
    common: dict[str, Any] = {"n": answered, "n_missing": len(values) - answered, "conf_level": conf_level, "method": "cronbach_alpha",
                              "estimand": "reliability", "outcome": ", ".join(map(str, items)), "term": "alpha", "se_type": "pairwise"}
    if np.isnan(r).any():
        return Estimate(estimate=np.nan, reason="Some pair of items has no variation, or fewer than three rows.", **common)
    mean_r = float((r.sum() - k) / (k * (k - 1)))
    extra = {"k": k, "alpha_standardized": k * mean_r / (1 + (k - 1) * mean_r), "average_interitem_r": mean_r}
    return Estimate(estimate=_alpha(c), reason="Covariances by pairs of items: no standard error.", extra=FrozenMap(extra), **common)


def mcdonald_omega(frame: DataFrame, items: Sequence[str], *, conf_level: float = 0.95, method: Literal["ml", "minres"] = "ml") -> Estimate:
    """McDonald's omega (total) from a one-factor model fitted by maximum likelihood, over the rows that have all items.

    Parameters and errors as in `cronbach_alpha`; at least three items. With method "minres" the model is fitted to the correlations by least
    squares of what is left off their diagonal (Harman and Jones 1966), and omega is one less the uniquenesses over the sum of the correlations, as
    R's psych has it: of standardised items, without standard error.

    Returns
    -------
    Estimate
        `std_error` by the delta method from the expected information; interval on the logit scale, so it stays below 1. `extra`: loadings,
        uniquenesses, fit (chi_square, its df). A uniqueness at 0 (Heywood case) gives nan with the reason.

    Notes
    -----
    omega = (sum of loadings)^2 / ((sum of loadings)^2 + sum of uniquenesses), McDonald (1999), Test Theory, equation 6.20. Assumes one
    factor, uncorrelated errors and normal items for the standard error.

    Examples
    --------
    >>> import numpy as np, pandas as pd, takeup as tu
    >>> rng = np.random.default_rng(1)
    >>> trait = rng.normal(size=400)
    >>> answers = pd.DataFrame({f"q{i}": trait + rng.normal(size=400) for i in range(4)})
    >>> round(tu.mcdonald_omega(answers, list(answers)).estimate, 2)
    0.76
    """
    if method not in {"ml", "minres"}:
        raise MeasureError(Fault(f'"{method}" is no way to fit a factor', "method", "ml, minres"))
    x, incomplete = _complete(frame, items, conf_level)
    n, k = x.shape
    common: dict[str, Any] = {"n": n, "n_missing": incomplete, "conf_level": conf_level, "method": "mcdonald_omega", "estimand": "reliability",
                              "outcome": ", ".join(map(str, items)), "term": "omega", "se_type": "delta method, expected information"}
    problem = _unusable(x) or ("Omega needs at least three items." if k < 3 else "")
    if method == "minres" and not problem:
        return _minres_omega(np.asarray(np.corrcoef(x, rowvar=False)), common)
    fit = None if problem else _one_factor(np.cov(x, rowvar=False))
    if fit is None:
        return Estimate(estimate=np.nan, reason=problem or "A uniqueness went to 0 or the one-factor model didn't converge.", **common)
    loadings, unique, discrepancy = fit
    total, error = loadings.sum() ** 2, unique.sum()
    value = float(total / (total + error))
    if not 1e-12 < value < 1 - 1e-12:
        return Estimate(estimate=value, reason="Omega is at the end of its range, so it has no standard error.", **common)
    gradient = np.r_[np.full(k, 2 * loadings.sum() * error), np.full(k, -total)] / (total + error) ** 2
    information = _information(loadings, unique) * (n - 1) / 2
    std_error = float(np.sqrt(gradient @ np.linalg.solve(information, gradient)))
    half = _normal_critical(conf_level) * std_error / (value * (1 - value))
    centre = np.log(value / (1 - value))
    extra = {"k": k, "loadings": tuple(map(float, loadings)), "uniquenesses": tuple(map(float, unique)),
             "chi_square": float((n - 1) * discrepancy), "chi_square_df": k * (k + 1) // 2 - 2 * k}
    low, high = (float(1 / (1 + np.exp(-centre + shift))) for shift in (half, -half))
    return Estimate(estimate=value, std_error=std_error, conf_low=low, conf_high=high, reason=_reversed_note(items, _item_total(x)),
                    extra=FrozenMap(extra), **common)


def _minres_omega(r: Floats, common: dict[str, Any]) -> Estimate:
    """Loadings that leave the least squares of off-diagonal residuals, one after the other (each has a closed form) until none moves."""
    k = len(r)
    off = r - np.diag(np.diag(r))
    values, vectors = np.linalg.eigh(r)
    loadings = vectors[:, -1] * np.sqrt(values[-1])
    common = {**common, "se_type": "minres"}
    for _ in range(20_000):
        before = loadings.copy()
        for j in range(k):
            loadings[j] = off[j] @ loadings / max(loadings @ loadings - loadings[j] ** 2, 1e-300)
        if np.abs(loadings - before).max() < 1e-14:
            break
    loadings = loadings if loadings.sum() >= 0 else -loadings
    if not (loadings**2 < 1).all() or np.abs(np.abs(loadings) - np.abs(before)).max() > 1e-8:
        return Estimate(estimate=np.nan, reason="A uniqueness went to 0 or the one-factor model didn't converge.", **common)
    error = float((1 - loadings**2).sum())
    extra = {"k": k, "loadings": tuple(map(float, loadings)), "uniquenesses": tuple(map(float, 1 - loadings**2))}
    return Estimate(estimate=1 - error / float(r.sum()), extra=FrozenMap(extra), **common)


def _complete(frame: DataFrame, items: Sequence[str], conf_level: float) -> tuple[Floats, int]:
    if not 0 < conf_level < 1:
        raise MeasureError(Fault("a confidence level lies strictly between 0 and 1", "conf_level"))
    if isinstance(items, str) or len(items) < 2:
        raise MeasureError(Fault("at least two items are needed", "items"))
    values = item_matrix(frame, items)
    whole = ~np.isnan(values).any(axis=1)
    return values[whole], int((~whole).sum())


def _unusable(x: Floats) -> str:
    if len(x) < 3:
        return f"{len(x)} rows have all items; three are needed."
    constant = int((np.ptp(x, axis=0) <= 1e-12 * np.abs(x).max(axis=0)).sum())
    if constant:
        return f"{constant} items don't vary among the complete rows."
    return "The sum of the items doesn't vary." if np.ptp(x.sum(axis=1)) <= 1e-12 * np.abs(x).max() else ""


def _alpha(c: Floats) -> float:
    k = len(c)
    return float(k / (k - 1) * (1 - np.trace(c) / c.sum())) if c.sum() > 0 else float("nan")


def _alpha_error(c: Floats, n: int) -> float:
    k, total, trace = len(c), c.sum(), np.trace(c)
    q = 2 * k**2 / ((k - 1) ** 2 * total**3) * (total * (np.trace(c @ c) + trace**2) - 2 * trace * (c @ c).sum())
    return float(np.sqrt(max(q, 0.0) / n))


def _item_total(x: Floats) -> Floats:
    """Correlation of each item with the sum of the others; nan where that sum doesn't vary."""
    rest = x.sum(axis=1)[:, None] - x
    dx, dr = x - x.mean(axis=0), rest - rest.mean(axis=0)
    scale = np.sqrt((dx**2).sum(axis=0) * (dr**2).sum(axis=0))
    return np.asarray(np.divide((dx * dr).sum(axis=0), scale, out=np.full(x.shape[1], np.nan), where=scale > 1e-12))


def _reversed_note(items: Sequence[str], total_r: Floats) -> str:
    negative = [str(name) for name, r in zip(items, total_r, strict=True) if r < 0]
    return f"{', '.join(negative)} correlates negatively with the other items: is it reverse-worded?" if negative else ""


def _feldt(alpha: float, n: int, k: int, conf_level: float) -> tuple[float, float]:
    from scipy.special import fdtri

    tail, df1, df2 = (1 - conf_level) / 2, n - 1, (n - 1) * (k - 1)
    # the upper quantile of F as one over the lower quantile with the degrees of freedom exchanged
    return float(1 - (1 - alpha) / fdtri(df2, df1, tail)), float(1 - (1 - alpha) * fdtri(df1, df2, tail))


def _normal_critical(conf_level: float) -> float:
    from scipy.special import ndtri

    return float(-ndtri((1 - conf_level) / 2))


def _information(loadings: Floats, unique: Floats) -> Floats:
    """tr(S^-1 dS_a S^-1 dS_b) over loadings and uniquenesses, shape (2k, 2k); S the covariance of the model."""
    k = loadings.size
    inverse = np.linalg.inv(np.outer(loadings, loadings) + np.diag(unique))
    w = inverse @ loadings
    v = float(loadings @ w)
    both = 2 * (inverse * v + np.outer(w, w))
    cross = 2 * inverse * w[None, :]
    out = np.empty((2 * k, 2 * k))
    out[:k, :k], out[k:, k:] = both, inverse**2
    out[k:, :k] = cross.T
    out[:k, k:] = cross
    return out


def _one_factor(c: Floats, steps: int = 500) -> tuple[Floats, Floats, float] | None:
    """Loadings, uniquenesses and discrepancy of the one-factor model by Fisher scoring; None in a Heywood case or without convergence.

    On the correlation scale, from the first principal factor; a step is halved until the discrepancy falls.
    """
    spread = np.sqrt(np.diag(c))
    r = c / np.outer(spread, spread)
    values, vectors = np.linalg.eigh(r)
    first = vectors[:, -1] * np.sqrt(max(values[-1] - 0.5, 0.1))
    loadings = np.clip(first if first.sum() > 0 else -first, -0.95, 0.95)
    unique = np.maximum(1 - loadings**2, 0.05)
    best = _discrepancy(r, loadings, unique)
    k = len(r)
    for _ in range(steps):
        sigma = np.outer(loadings, loadings) + np.diag(unique)
        inverse = np.linalg.inv(sigma)
        gap = inverse @ (r - sigma) @ inverse
        score = np.r_[2 * gap @ loadings, np.diag(gap)]
        try:
            step = np.linalg.solve(_information(loadings, unique), score)
        except np.linalg.LinAlgError:
            return None
        size = 1.0
        while size > 1e-8:
            new_loadings, new_unique = loadings + size * step[:k], unique + size * step[k:]
            new = _discrepancy(r, new_loadings, new_unique) if (new_unique > 1e-6).all() else np.inf
            if new <= best + 1e-15:
                break
            size /= 2
        else:
            break
        loadings, unique, best = new_loadings, new_unique, new
        if np.abs(size * step).max() < 1e-12:
            break
    if np.abs(score).max() > 1e-7 or (unique < 1e-5).any():
        return None
    return (loadings if loadings.sum() >= 0 else -loadings) * spread, unique * spread**2, best


def _discrepancy(r: Floats, loadings: Floats, unique: Floats) -> float:
    """ML discrepancy: log|S| + tr(R S^-1) - log|R| - k."""
    if (unique <= 0).any():
        return float("inf")
    sigma = np.outer(loadings, loadings) + np.diag(unique)
    sign, log_det = np.linalg.slogdet(sigma)
    sign_r, log_r = np.linalg.slogdet(r)
    if sign <= 0:
        return float("inf")
    return float(log_det + np.trace(np.linalg.solve(sigma, r)) - len(r) - (log_r if sign_r > 0 else 0.0))
