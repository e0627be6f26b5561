"""Rubin's rules: the estimates of completed data sets as one, with the uncertainty of the imputation added."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from takeup.errors import Fault, MissingError, collect
from takeup.estimate.tails import critical, p_value
from takeup.results import Estimate, FrozenMap

if TYPE_CHECKING:
    from collections.abc import Iterable


def pool(estimates: Iterable[Estimate]) -> Estimate:
    """Combine the estimates of m completed data sets.

    Parameters
    ----------
    estimates : the same estimator's results, one for each completed data set

    Returns
    -------
    Estimate
        Their mean; total variance within + (1 + 1/m) between; degrees of freedom by Barnard and Rubin from the mean complete-data degrees of
        freedom. Ratios (which carry a log_std_error) are combined on the log scale. ``extra``: m, within, between, riv (relative
        increase in variance), lambda, fmi (fraction of missing information), df_complete.

    Raises
    ------
    MissingError
        Fewer than two estimates, or estimates of different things.

    Notes
    -----
    Sources: Rubin (1987), Multiple Imputation for Nonresponse in Surveys, section 3.1; Barnard and Rubin (1999), Biometrika 86, equation 3.

    Examples
    --------
    >>> import takeup as tu
    >>> parts = [tu.Estimate(outcome="y", estimate=value, std_error=1.0, df=50.0) for value in (1.0, 2.0, 1.5)]
    >>> found = tu.pool(parts)
    >>> found.estimate, round(found.std_error, 4), round(found.df, 2)
    (1.5, 1.1547, 16.96)
    """
    parts = tuple(estimates)
    _check(parts)
    first = parts[0]
    logged = "log_std_error" in first.extra
    values = np.array([math.log(one.estimate) if logged and one.estimate > 0 else math.nan if logged else one.estimate for one in parts])
    errors = np.array([float(one.extra["log_std_error"]) if logged else one.std_error for one in parts])
    unknown = int((np.isnan(values) | np.isnan(errors)).sum())
    if unknown:
        return first.replace(
            estimate=float(np.mean([one.estimate for one in parts])), std_error=math.nan, df=math.nan, statistic=math.nan, p_value=math.nan,
            conf_low=math.nan, conf_high=math.nan, method=f"{first.method}, pooled", extra=FrozenMap(m=len(parts)),
            reason=f"{unknown} of {len(parts)} completed data sets have no estimate or standard error, so there is no pooled one. {first.reason}",
        )
    centre, within, between = float(values.mean()), float((errors**2).mean()), float(values.var(ddof=1))
    between = 0.0 if np.ptp(values) == 0 else between
    added = (1.0 + 1.0 / len(parts)) * between
    total = within + added
    share = added / total if total > 0 else 0.0
    df_complete = float(np.mean([one.df for one in parts]))
    df = barnard_rubin(share, len(parts), df_complete)
    std_error = math.sqrt(total)
    statistic = centre / std_error if std_error > 0 else math.nan
    half = critical(first.conf_level, df) * std_error
    riv = added / within if within > 0 else math.inf
    fmi = (riv + 2.0 / (df + 3.0)) / (riv + 1.0) if math.isfinite(riv) else 1.0
    extra = {"m": len(parts), "within": within, "between": between, "riv": riv, "lambda": share, "fmi": fmi, "df_complete": df_complete,
             "df_rubin": df_of_rubin(share, len(parts)), "df_observed": df_observed(share, df_complete)}
    reason = f"Rubin's rules over {len(parts)} completed data sets, degrees of freedom of Barnard and Rubin (1999). {first.reason}"
    ends = centre - half, centre + half
    if logged:
        extra["log_std_error"] = std_error
        centre, std_error, ends = math.exp(centre), math.exp(centre) * std_error, (math.exp(ends[0]), math.exp(ends[1]))
    return first.replace(
        estimate=centre, std_error=std_error, df=df, statistic=statistic, p_value=p_value(statistic, df), conf_low=ends[0], conf_high=ends[1],
        method=f"{first.method}, pooled", reason=reason.strip(), extra=FrozenMap(extra),
    )


def barnard_rubin(share: float, m: int, df_complete: float) -> float:
    """Degrees of freedom from the share of the total variance that is due to imputation, and the complete-data degrees of freedom."""
    old, seen = df_of_rubin(share, m), df_observed(share, df_complete)
    if math.isinf(old) or math.isinf(seen) or seen <= 0:
        return min(old, seen)
    return old * seen / (old + seen)


def df_of_rubin(share: float, m: int) -> float:
    """Degrees of freedom where the complete data would have infinitely many (Rubin 1987)."""
    return (m - 1) / share**2 if share > 0 else math.inf


def df_observed(share: float, df_complete: float) -> float:
    """Degrees of freedom that are left of those of the complete data."""
    return math.inf if math.isinf(df_complete) else (df_complete + 1.0) / (df_complete + 3.0) * df_complete * (1.0 - share)


def _check(parts: tuple[object, ...]) -> None:
    if len(parts) < 2 or not all(isinstance(one, Estimate) for one in parts):
        raise MissingError(Fault("at least two estimates are pooled", "estimates", "results of the same estimator on completed data sets"))
    collect(MissingError, [
        Fault(f"the estimates differ in their {name}", "estimates")
        for name in ("outcome", "estimand", "term", "arm", "method", "conf_level") if len({getattr(one, name) for one in parts}) > 1
    ])
