"""One group measured before and after: the mean change, and what can be said about it without a comparison group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from takeup.errors import EstimateError, Fault, collect
from takeup.estimate.columns import Codes, Floats, codes, columns_exist, numeric
from takeup.estimate.effect_sizes import change_sizes
from takeup.estimate.linear import least_squares
from takeup.estimate.rank_tests import binomial_interval, hodges_lehmann, mcnemar, sign_test, signed_rank, without_noise
from takeup.estimate.tails import check_level, critical, p_value
from takeup.estimate.vcov import covariance, satterthwaite
from takeup.results import NAN, Estimate, FrozenMap

if TYPE_CHECKING:
    from pandas import DataFrame

RELIABLE = 1.959963984540054
"""A change beyond this many standard errors of a difference of two measurements is unlikely to be measurement error alone."""


def change(
    frame: DataFrame, before: str, after: str, *, clusters: str | None = None, conf_level: float = 0.95, reliability: float | None = None,
    better: Literal["higher", "lower"] = "higher", weights: str | None = None,
) -> Estimate:
    """Mean change of one group from `before` to `after`, with effect sizes and the tests that go with pairs.

    Parameters
    ----------
    frame : DataFrame, one row a unit; rows without both measurements are left out and counted
    before, after : column names of the two measurements, in the same units
    clusters : column of groups whose members share an environment (a site, a group of twelve); the variance is then CR2 with
        Satterthwaite degrees of freedom at that level
    reliability : of the scale, strictly between 0 and 1; gives the share with a reliable change (Jacobson and Truax 1991)
    better : whether a higher or a lower value is an improvement
    weights : column of response weights, positive where both measurements are there; the mean change is then weighted, and `extra` says
        nothing but their name

    Returns
    -------
    Estimate
        `estimand` "change", `evidence` "before_after". In `extra`: means, SDs and correlation of the two measurements; `cohen_dz`, `dav`,
        `dav_rms`, `drm` each with `_low` and `_high`, `hedges_gz`, `hedges_gav`, `d_baseline_sd`; `share_improved`, `share_worse`,
        `share_same`; without clusters the p-values `wilcoxon_p` (exact up to 300 differences; beside it the normal approximation, with and without
        correction, and Pratt's ranks with zeros), `sign_p` and, for 0/1 measurements, `mcnemar_p` (exact; beside it the chi-squares); with
        `reliability` the shares `reliable_improved` and `reliable_worse` and the change `reliable_beyond` which they pass.

    Raises
    ------
    EstimateError
        Unknown or unusable columns, no complete pair, an impossible reliability or direction.

    Notes
    -----
    Without a comparison group this is a change and not what the programme caused: time, season, regression to the mean and drop-out are in it.
    Sources: Cumming (2012), chapter 11; Lakens (2013), Frontiers in Psychology 4:863; Jacobson and Truax (1991), Journal of Consulting and
    Clinical Psychology 59.

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> group = pd.DataFrame({"start": [30, 42, 25, 50, 38, 44], "end": [41, 45, 40, 48, 52, 50]})
    >>> found = tu.change(group, "start", "end")
    >>> round(found.estimate, 2), round(found.extra["cohen_dz"], 2), round(found.extra["share_improved"], 2)
    (7.83, 1.17, 0.83)
    """
    check_level(conf_level)
    _check(reliability, better)
    columns_exist(frame, [name for name in (before, after, clusters, weights) if name is not None])
    start, end = numeric(frame[before], before), numeric(frame[after], after)
    pairs = ~(np.isnan(start) | np.isnan(end))
    if not pairs.any():
        raise EstimateError(Fault("no row has both measurements", f"{before}, {after}"))
    groups = None if clusters is None else codes(frame[clusters][pairs], "clusters")
    start, end = start[pairs], end[pairs]
    differences = end - start
    weight = None if weights is None else _weights(numeric(frame[weights], weights)[pairs], weights)
    mean, std_error, df, why = _mean(differences, groups, max(float(np.abs(start).max()), float(np.abs(end).max())), weight)
    extra: dict[str, Any] = {"weights": weights} if weight is not None else {
        **change_sizes(start, end, std_error=std_error, df=df, conf_level=conf_level), **_shares(differences, better),
        **(_tests(start, end, conf_level) if groups is None else {}), **_reliable(start, differences, reliability, better),
    }
    if std_error > 0 and any(isinstance(value, float) and np.isnan(value) for value in extra.values()):
        why += " A standardised change that is missing has a denominator without variation."
    statistic = mean / std_error if std_error > 0 else NAN
    half = critical(conf_level, df) * std_error
    return Estimate(
        outcome=after, estimand="change", term="change", estimate=mean, std_error=std_error, df=df, statistic=statistic,
        p_value=p_value(statistic, df), conf_low=mean - half, conf_high=mean + half, conf_level=conf_level, n=differences.size,
        n_treated=differences.size, n_clusters=None if groups is None else int(np.unique(groups).size), n_missing=int((~pairs).sum()),
        method="change", se_type="HC2" if groups is None else "CR2", reason=why, evidence="before_after", extra=FrozenMap(extra),
    )


def _check(reliability: float | None, better: str) -> None:
    faults = []
    if reliability is not None and not 0.0 < reliability < 1.0:
        faults.append(Fault("a reliability lies strictly between 0 and 1", "reliability"))
    if better not in {"higher", "lower"}:
        faults.append(Fault(f'"{better}" is no direction', "better", "higher, lower"))
    collect(EstimateError, faults)


def _weights(values: Floats, name: str) -> Floats:
    if not (values > 0).all():  # missing ones aren't either
        raise EstimateError(Fault("weights are positive numbers for all who have both measurements", name))
    return values


def _mean(differences: Floats, groups: Codes | None, scale: float, weights: Floats | None = None) -> tuple[float, float, float, str]:
    """Mean, standard error, degrees of freedom and the sentences that go with them."""
    alone = "One group measured twice, without a comparison group: a change, wherever it came from. "
    fit = least_squares(np.ones((differences.size, 1)), differences, weights)
    mean = float(fit.coefficients[0])
    if groups is None:
        level = "Pairs are independent: the paired t test (for a mean HC2 is the ordinary standard error, degrees of freedom pairs less one)."
        if differences.size < 2:
            return mean, NAN, NAN, f"{alone}One pair: there are no degrees of freedom left for a variance."
    else:
        level = "Clusters share an environment: CR2 at that level, Satterthwaite degrees of freedom (Bell and McCaffrey 2002). "
        level += "Rank and sign tests take people as independent and are left out."
        if np.unique(groups).size < 2:
            return mean, NAN, NAN, f"{alone}One cluster: there are no degrees of freedom left for a variance."
    se_type: Literal["HC2", "CR2"] = "HC2" if groups is None else "CR2"
    std_error = float(np.sqrt(covariance(fit.regression, se_type, groups)[0, 0]))
    if std_error <= 1e-12 * max(scale, 1e-300):
        return mean, NAN, NAN, f"{alone}The changes have no variation, so there is no standard error and no standardised change. {level}"
    return mean, std_error, satterthwaite(fit.regression, np.ones(1), se_type, groups), alone + level


def _shares(differences: Floats, better: str) -> dict[str, float]:
    steady = without_noise(differences) * (1.0 if better == "higher" else -1.0)
    return {"share_improved": float((steady > 0).mean()), "share_worse": float((steady < 0).mean()), "share_same": float((steady == 0).mean())}


def _tests(start: Floats, end: Floats, conf_level: float) -> dict[str, Any]:
    differences = end - start
    ranks = signed_rank(differences)
    moved = differences.size - ranks.n_zero
    up = int((without_noise(differences) > 0).sum())
    low, high = binomial_interval(up, moved, conf_level) if moved else (0.0, 1.0)
    found: dict[str, Any] = {
        "wilcoxon_v": ranks.statistic, "wilcoxon_p": ranks.p_value, "wilcoxon_z": ranks.z, "wilcoxon_p_normal": ranks.p_normal,
        "wilcoxon_p_corrected": ranks.p_corrected, "wilcoxon_p_pratt": ranks.p_pratt, "n_changed": moved, "n_unchanged": ranks.n_zero,
        "hodges_lehmann": hodges_lehmann(differences), "sign_up": up, "sign_p": sign_test(up, moved),
        "sign_share": up / moved if moved else NAN, "sign_share_low": low, "sign_share_high": high,
    }
    if np.isin(np.r_[start, end], (0.0, 1.0)).all():
        found |= {"mcnemar_up": up, "mcnemar_down": moved - up, **mcnemar(up, moved - up)}
    return found


def _reliable(start: Floats, differences: Floats, reliability: float | None, better: str) -> dict[str, float]:
    """Shares beyond RELIABLE standard errors of a difference, which is SD(before) sqrt(2 (1 - reliability))."""
    if reliability is None or start.size < 2:
        return {}
    beyond = RELIABLE * float(np.std(start, ddof=1)) * float(np.sqrt(2.0 * (1.0 - reliability)))
    toward = differences if better == "higher" else -differences
    return {"reliable_improved": float((toward > beyond).mean()), "reliable_worse": float((toward < -beyond).mean()), "reliable_beyond": beyond}
