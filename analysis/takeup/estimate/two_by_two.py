"""Tests and intervals of a 2 x 2 table: Fisher, Barnard, Boschloo, Pearson, Newcombe, and Mantel and Haenszel over strata.

The randomisation test is exact for the draw that was made; these are the classical tests that readers of a trial ask for beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from takeup.errors import EstimateError, Fault, collect, listed, nearest
from takeup.estimate import exact_tables
from takeup.estimate.arrays import Arrays, arrays
from takeup.estimate.tails import Alternative, check_level, critical, p_value
from takeup.results import NAN, Estimate, FrozenMap

if TYPE_CHECKING:
    from collections.abc import Callable

    from pandas import DataFrame

    from takeup.design import Design

TableMethod = Literal["fisher", "barnard", "boschloo", "chi_square", "yates", "newcombe", "mantel_haenszel"]
ONE_SIDED = {"fisher", "newcombe"}


def table_test(
    frame: DataFrame, outcome: str, design: Design, *, method: TableMethod = "fisher", alternative: Alternative = "two-sided", arm: object = None,
    conf_level: float = 0.95,
) -> Estimate:
    """Test whether a 0/1 outcome differs between the arms by one of the classical methods for a 2 x 2 table.

    Parameters
    ----------
    frame : DataFrame, one row a unit
    outcome : column of 0 and 1 (or False and True)
    method : "fisher" (conditional odds ratio with Clopper and Pearson's kind of interval), "barnard" and "boschloo" (unconditional tests,
        ordered by the pooled z and by Fisher's p), "chi_square" (Pearson), "yates" (with continuity correction), "newcombe" (pooled z, and the
        interval of a difference from Wilson's intervals of the two risks), "mantel_haenszel" (odds ratio common to the design's blocks)
    alternative : "fisher" and "newcombe" can be one-sided; the others are two-sided
    arm : which treated arm, where there are several
    conf_level : of the interval

    Returns
    -------
    Estimate
        `estimand` says what `estimate` is: an odds ratio (fisher, mantel_haenszel) or a risk difference. `extra`: risk_treated and
        risk_control; fisher also p_mid (two-sided p less half the chance of the table seen) and sample_odds_ratio; barnard and boschloo the
        nuisance risk at which the p-value is largest; newcombe Wilson's limits; chi_square and yates z, the root of the statistic with its sign.

    Raises
    ------
    EstimateError
        Unknown or unusable columns, an outcome that isn't 0/1, unknown options, more people than an unconditional test can list.

    Notes
    -----
    Each person counts once: clusters and weights aren't used, and blocks by "mantel_haenszel" only. Two-sided Fisher: all tables no more
    likely than the one seen. Sources: Fisher (1935); Barnard (1947); Boschloo (1970); Newcombe (1998), method 10; Mantel and Haenszel (1959) with
    the variance of Robins, Breslow and Greenland (1986).

    Examples
    --------
    >>> import pandas as pd, takeup as tu
    >>> trial = pd.DataFrame({"arm": [1] * 8 + [0] * 8, "work": [1] * 6 + [0] * 2 + [1] * 2 + [0] * 6})
    >>> found = tu.table_test(trial, "work", tu.Design("arm", 0))
    >>> round(found.estimate, 2), round(found.p_value, 4)
    (7.61, 0.1319)
    """
    check_level(conf_level)
    faults = [
        Fault(f'"{value}" is no {name}', name, listed(get_args(allowed)), nearest(str(value), get_args(allowed)))
        for name, value, allowed in (("method", method, TableMethod), ("alternative", alternative, Alternative)) if value not in get_args(allowed)
    ]
    if not faults and alternative != "two-sided" and method not in ONE_SIDED:
        faults.append(Fault(f"{method} is two-sided", "alternative", remedy='Choose "fisher" or "newcombe".'))
    collect(EstimateError, faults)
    data = arrays(frame, outcome, design, arm=arm, needs=("blocks",) if method == "mantel_haenszel" else ())
    if not np.isin(data.y, (0.0, 1.0)).all():
        raise EstimateError(Fault("holds other values than 0 and 1", outcome, "0 and 1, or False and True"))
    table = Table(
        x1=int(data.y[data.treated == 1].sum()), n1=data.n_treated, x0=int(data.y[data.treated == 0].sum()), n0=data.n_control,
    )
    fields = _mantel_haenszel(data, conf_level) if method == "mantel_haenszel" else _METHODS[method](table, alternative, conf_level)
    extra = {"risk_treated": table.p1, "risk_control": table.p0, **fields.pop("extra", {})}
    return Estimate(
        outcome=outcome, term="treatment", arm=data.arm, conf_level=conf_level, n=data.n, n_treated=data.n_treated, n_control=data.n_control,
        n_missing=data.n_missing, method=method, extra=FrozenMap(extra), **fields,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """x1 of n1 treated and x0 of n0 controls have the outcome."""

    x1: int
    n1: int
    x0: int
    n0: int

    @property
    def p1(self) -> float:
        """Risk among the treated."""
        return self.x1 / self.n1

    @property
    def p0(self) -> float:
        """Risk among controls."""
        return self.x0 / self.n0

    @property
    def difference(self) -> float:
        """Difference of the risks."""
        return self.p1 - self.p0

    @property
    def unpooled(self) -> float:
        """Standard error of the difference, each arm with its own risk."""
        return float(np.sqrt(self.p1 * (1 - self.p1) / self.n1 + self.p0 * (1 - self.p0) / self.n0))

    @property
    def pooled(self) -> float:
        """Standard error of the difference where the risks are the same."""
        p = (self.x1 + self.x0) / (self.n1 + self.n0)
        return float(np.sqrt(p * (1 - p) * (1 / self.n1 + 1 / self.n0)))


SAME = "Everybody has the same outcome, so there is nothing to test."


def wilson(count: int, n: int, conf_level: float) -> tuple[float, float]:
    """Wilson's (1927) interval of a share.

    >>> [round(limit, 4) for limit in wilson(8, 10, 0.95)]
    [0.4902, 0.9433]
    """
    z = critical(conf_level, np.inf)
    share, shrink = count / n, 1 + z**2 / n
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return float((share + z**2 / (2 * n) - half) / shrink), float((share + z**2 / (2 * n) + half) / shrink)


def _fisher(table: Table, alternative: Alternative, conf_level: float) -> dict[str, Any]:
    found = exact_tables.conditional(table.x1, table.n1, table.x0, table.n0, alternative, conf_level)
    odds = [x * (n - y) for x, y, n in ((table.x1, table.x0, table.n0), (table.x0, table.x1, table.n1))]
    extra = {"p_mid": found.p_mid, "sample_odds_ratio": odds[0] / odds[1] if odds[1] else (np.inf if odds[0] else NAN)}
    reason = "" if found.estimate == found.estimate else SAME
    return {"estimand": "odds ratio", "estimate": found.estimate, "p_value": found.p_value, "conf_low": found.low, "conf_high": found.high,
            "reason": reason, "extra": extra}


def _unconditional(table: Table, order: Literal["barnard", "boschloo"]) -> dict[str, Any]:
    if table.n1 * table.n0 > exact_tables.LARGEST:
        raise EstimateError(Fault("has too many rows for an unconditional exact test", "frame", remedy='Choose "fisher" or "newcombe".'))
    found = exact_tables.unconditional(table.x1, table.n1, table.x0, table.n0, order)
    return {"estimand": "risk difference", "estimate": table.difference, "statistic": found.statistic, "p_value": found.p_value,
            "extra": {"nuisance": found.nuisance}}


def _chi_square(table: Table, conf_level: float, *, corrected: bool) -> dict[str, Any]:
    spread = 1 / table.n1 + 1 / table.n0
    correction = min(0.5, abs(table.difference) / spread) * spread if corrected else 0.0
    half = critical(conf_level, np.inf) * table.unpooled + correction
    z = np.sign(table.difference) * (abs(table.difference) - correction) / table.pooled if table.pooled > 0 else NAN
    low, high = max(table.difference - half, -1.0), min(table.difference + half, 1.0)
    return {"estimand": "risk difference", "estimate": table.difference, "std_error": table.unpooled, "df": 1.0, "statistic": float(z**2),
            "p_value": p_value(float(z), np.inf), "conf_low": low, "conf_high": high, "reason": "" if table.pooled > 0 else SAME,
            "extra": {"z": float(z)}}


def _newcombe(table: Table, alternative: Alternative, conf_level: float) -> dict[str, Any]:
    (l1, u1), (l0, u0) = wilson(table.x1, table.n1, conf_level), wilson(table.x0, table.n0, conf_level)
    z = table.difference / table.pooled if table.pooled > 0 else NAN
    low = table.difference - float(np.hypot(table.p1 - l1, u0 - table.p0))
    high = table.difference + float(np.hypot(u1 - table.p1, table.p0 - l0))
    return {"estimand": "risk difference", "estimate": table.difference, "std_error": table.pooled, "df": np.inf, "statistic": z,
            "p_value": p_value(z, np.inf, alternative), "conf_low": low, "conf_high": high, "reason": "" if table.pooled > 0 else SAME,
            "extra": {"risk_treated_low": l1, "risk_treated_high": u1, "risk_control_low": l0, "risk_control_high": u0}}


_METHODS: dict[str, Callable[[Table, Alternative, float], dict[str, Any]]] = {
    "fisher": _fisher, "newcombe": _newcombe,
    "barnard": lambda table, *_: _unconditional(table, "barnard"), "boschloo": lambda table, *_: _unconditional(table, "boschloo"),
    "chi_square": lambda table, _, level: _chi_square(table, level, corrected=False),
    "yates": lambda table, _, level: _chi_square(table, level, corrected=True),
}


def _mantel_haenszel(data: Arrays, conf_level: float) -> dict[str, Any]:
    """The odds ratio common to the blocks, and the test that it is 1 (without continuity correction)."""
    from scipy.special import chdtrc

    assert data.blocks is not None
    strata = int(data.blocks.max()) + 1
    a, b, c, d = (
        np.bincount(data.blocks, weights=(data.treated == side) * (data.y == value), minlength=strata) for side in (1, 0) for value in (1, 0)
    )
    n = a + b + c + d
    used = n > 1
    a, b, c, d, n = (values[used] for values in (a, b, c, d, n))
    agree, against = a * d / n, b * c / n
    total_agree, total_against = float(agree.sum()), float(against.sum())
    variance = float(((a + b) * (c + d) * (a + c) * (b + d) / (n**2 * (n - 1))).sum())
    base = {"estimand": "odds ratio", "se_type": "Robins, Breslow and Greenland"}
    if not (total_agree > 0 and total_against > 0 and variance > 0):
        return {**base, "estimate": NAN, "reason": "No block has both outcomes in both arms in a way that fixes an odds ratio."}
    statistic = float((a - (a + b) * (a + c) / n).sum()) ** 2 / variance
    p, q = (a + d) / n, (b + c) / n
    log_variance = float((p * agree).sum() / (2 * total_agree**2) + (p * against + q * agree).sum() / (2 * total_agree * total_against)
                         + (q * against).sum() / (2 * total_against**2))
    value, half = total_agree / total_against, critical(conf_level, np.inf) * np.sqrt(log_variance)
    return {**base, "estimate": value, "std_error": value * float(np.sqrt(log_variance)), "df": 1.0, "statistic": statistic,
            "p_value": float(chdtrc(1, statistic)), "conf_low": float(value * np.exp(-half)), "conf_high": float(value * np.exp(half)),
            "extra": {"log_std_error": float(np.sqrt(log_variance)), "strata": int(used.sum())}}
